//! What a value may not be although its type could: the `=> limit` of a section's field.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::values::{ByteSize, InvalidValue, duration};

/// A number in `range`.
pub(crate) fn within<T: PartialOrd + Display>(range: RangeInclusive<T>) -> impl Fn(&T) -> Result<(), InvalidValue> {
    move |value| match range.contains(value) {
        true => Ok(()),
        false => Err(InvalidValue::new(format!("{value} is not in {} to {}", range.start(), range.end()))),
    }
}

/// A time of at least `least`.
pub(crate) fn at_least(least: Duration) -> impl Fn(&Duration) -> Result<(), InvalidValue> {
    move |value| match *value >= least {
        true => Ok(()),
        false => Err(InvalidValue::new(format!(
            "{:?} is too short; the least is {:?}",
            duration::text(*value),
            duration::text(least)
        ))),
    }
}

/// A time above zero.
pub(crate) fn not_zero(value: &Duration) -> Result<(), InvalidValue> {
    at_least(Duration::from_millis(1))(value)
}

/// A size above zero.
pub(crate) fn some_bytes(value: &ByteSize) -> Result<(), InvalidValue> {
    match value.bytes() {
        0 => Err(InvalidValue::new("must be more than no bytes")),
        _ => Ok(()),
    }
}

/// Whatever `limit` says, where there is a value.
pub(crate) fn if_set<T>(
    limit: impl Fn(&T) -> Result<(), InvalidValue>,
) -> impl Fn(&Option<T>) -> Result<(), InvalidValue> {
    move |value| value.as_ref().map_or(Ok(()), &limit)
}

/// A text with something in it.
pub(crate) fn not_blank(value: &str) -> Result<(), InvalidValue> {
    match value.trim().is_empty() {
        true => Err(InvalidValue::new("must not be empty")),
        false => Ok(()),
    }
}

/// A list that names nothing twice.
pub(crate) fn distinct<T: PartialEq + Display>(items: &[T]) -> Result<(), InvalidValue> {
    let twice = items.iter().enumerate().find(|(place, item)| items.iter().take(*place).any(|other| other == *item));
    twice.map_or(Ok(()), |(_, item)| Err(InvalidValue::new(format!("names {:?} twice", item.to_string()))))
}

/// A list of at least one, which names nothing twice.
pub(crate) fn some_distinct<T: PartialEq + Display>(items: &[T]) -> Result<(), InvalidValue> {
    match items.is_empty() {
        true => Err(InvalidValue::new("must name at least one")),
        false => distinct(items),
    }
}
