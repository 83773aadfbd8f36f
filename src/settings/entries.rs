//! What stands under names in a table of a list, such as `[[jwt.keys]]`.

use std::collections::BTreeMap;
use std::path::Path;

use super::names::nearest;
use super::node::Setting;
use super::raw::Raw;
use super::values::InvalidValue;

/// The entries of one table.
pub(super) type Entries = BTreeMap<String, Raw>;

/// That there is nothing in it but these.
pub(super) fn only(entries: &Entries, names: &[&str]) -> Result<(), InvalidValue> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    match entries.keys().find(|name| !names.contains(name)) {
        Some(name) => {
            Err(InvalidValue::new(format!("no such setting {name:?}; the nearest is {}", nearest(name, &names))))
        }
        None => Ok(()),
    }
}

pub(super) fn required<T: Setting>(entries: &Entries, name: &str, directory: &Path) -> Result<T, InvalidValue> {
    optional(entries, name, directory)?.ok_or_else(|| InvalidValue::new(format!("{name} is missing")))
}

pub(super) fn optional<T: Setting>(entries: &Entries, name: &str, directory: &Path) -> Result<Option<T>, InvalidValue> {
    let Some(raw) = entries.get(name) else { return Ok(None) };
    Option::<T>::parse(raw, directory).map_err(|error| InvalidValue::new(format!("{name} {error}")))
}
