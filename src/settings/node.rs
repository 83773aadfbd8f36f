//! How a struct becomes a section: its fields are its keys, their types its parsers.
//!
//! What one value looks like belongs to `values`.

use std::path::Path;

use toml::Value;

use super::raw::Raw;
use super::reader::Reader;
use super::show::Page;
use super::values::InvalidValue;

/// The value of one key.
pub(crate) trait Setting: Sized {
    /// Reads what a layer says. `directory` is where relative files are looked for.
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue>;

    /// As it would be written in a TOML file; secrets masked.
    fn show(&self) -> Value;
}

/// A part of the settings: one key, or a section of them.
pub(crate) trait Node: Sized {
    /// Adds the dotted keys at and under `key`, in the order of the fields.
    fn keys(key: &str, known: &mut Vec<String>);

    /// Reads itself; `None` when it could not even fall back to the defaults. What was wrong, the reader knows.
    fn read(key: &str, reader: &mut Reader) -> Option<Self>;

    /// Writes its effective value.
    fn write(&self, key: &str, page: &mut Page<'_>);
}

impl<T: Setting> Node for T {
    fn keys(key: &str, known: &mut Vec<String>) {
        known.push(key.to_owned());
    }

    fn read(key: &str, reader: &mut Reader) -> Option<Self> {
        reader.take(key, |_| Ok(()))
    }

    fn write(&self, key: &str, page: &mut Page<'_>) {
        page.line(key, &Setting::show(self));
    }
}

/// The dotted key of `field` in the section `key`; the settings themselves are the section without a name.
pub(crate) fn dotted(key: &str, field: &str) -> String {
    if key.is_empty() { field.to_owned() } else { format!("{key}.{field}") }
}

/// Declares a section. A field is a key of the same name, read by its type; `=> limit` adds a function that may refuse
/// the value. Every field is read, so that all complaints come at once.
macro_rules! section {
    ($(#[$about:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* $visible:vis $field:ident: $kind:ty $(=> $limit:expr)?,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$doc])* $visible $field: $kind,)*
        }

        impl $crate::settings::node::Node for $name {
            fn keys(key: &str, known: &mut Vec<String>) {
                use $crate::settings::node::{Node, dotted};
                $(<$kind as Node>::keys(&dotted(key, stringify!($field)), known);)*
            }

            fn read(key: &str, reader: &mut $crate::settings::reader::Reader) -> Option<Self> {
                use $crate::settings::node::dotted;
                $(let $field = section!(@read reader, &dotted(key, stringify!($field)), $kind $(=> $limit)?);)*
                Some(Self { $($field: $field?,)* })
            }

            fn write(&self, key: &str, page: &mut $crate::settings::show::Page<'_>) {
                use $crate::settings::node::{Node, dotted};
                page.section(key);
                $(Node::write(&self.$field, &dotted(key, stringify!($field)), page);)*
            }
        }
    };
    (@read $reader:ident, $key:expr, $kind:ty) => { <$kind as $crate::settings::node::Node>::read($key, $reader) };
    (@read $reader:ident, $key:expr, $kind:ty => $limit:expr) => {
        $reader.take::<$kind>($key, |value| ($limit)(value))
    };
}
pub(crate) use section;
