//! Numbers, booleans, texts, lists, and values that may be left out.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use toml::Value;

use super::InvalidValue;
use crate::settings::node::Setting;
use crate::settings::raw::Raw;

impl Setting for bool {
    fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
        raw.boolean()
    }

    fn show(&self) -> Value {
        Value::Boolean(*self)
    }
}

macro_rules! numbers {
    ($($name:ty),*) => {
        $(impl Setting for $name {
            fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
                let number = raw.integer()?;
                let why = if number < 0 { "must not be negative" } else { "is too large" };
                number.try_into().map_err(|_| InvalidValue::new(format!("{number} {why}")))
            }

            fn show(&self) -> Value {
                Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        })*
    };
}
numbers!(u32, usize);

impl Setting for String {
    fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
        raw.text().map(str::to_owned)
    }

    fn show(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Setting for PathBuf {
    fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
        raw.text().map(Self::from)
    }

    fn show(&self) -> Value {
        Value::String(self.display().to_string())
    }
}

impl Setting for TimeZone {
    fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
        let name = raw.text()?;
        let why = || InvalidValue::new(format!("{name:?} is no time zone; write UTC or one such as Europe/Berlin"));
        Self::get(name).ok().filter(|zone| zone.iana_name().is_some()).ok_or_else(why)
    }

    fn show(&self) -> Value {
        Value::String(self.iana_name().unwrap_or("UTC").to_owned())
    }
}

/// The empty text is "none": TOML and the environment have no word for it.
impl<T: Setting> Setting for Option<T> {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        match raw {
            Raw::Text(text) | Raw::Environment(text) if text.is_empty() => Ok(None),
            given => T::parse(given, directory).map(Some),
        }
    }

    fn show(&self) -> Value {
        self.as_ref().map_or_else(|| Value::String(String::new()), Setting::show)
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        raw.list()?.iter().map(|item| T::parse(item, directory)).collect()
    }

    fn show(&self) -> Value {
        Value::Array(self.iter().map(Setting::show).collect())
    }
}
