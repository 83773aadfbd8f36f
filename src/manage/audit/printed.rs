//! Rows as they are printed: text or JSON, one line and plain ASCII each, whatever the table holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Map, Value};

use super::{Failure, PAGE};
use crate::store::audit::Row;
use crate::store::{Store, users};

/// The names that users have now, by their ids.
type Names = BTreeMap<i32, String>;

/// Prints `rows` in their order.
pub(super) fn print(store: &Store, rows: &[Row], as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    for rows in rows.chunks(PAGE as usize) {
        let ids: BTreeSet<i32> = rows.iter().flat_map(|row| [row.user_id, row.actor_id]).flatten().collect();
        let names = store.run_blocking(|connection| users::find_usernames(connection, &ids))?.into_iter().collect();
        for row in rows {
            let fields = fields(row, &names);
            writeln!(out, "{}", if as_json { object(fields) } else { line(&fields) })?;
        }
    }
    Ok(())
}

/// What is there of a row, by its names and in their order.
fn fields(row: &Row, names: &Names) -> Map<String, Value> {
    let name = |id: Option<i32>| names.get(&id?).map(|name| Value::from(name.as_str()));
    let fields = [
        ("time", Some(Value::from(row.at().to_rfc3339()))),
        ("event", Some(Value::from(row.event.as_str()))),
        ("outcome", Some(Value::from(row.outcome.as_str()))),
        ("reason", row.reason.as_deref().map(Value::from)),
        ("user", row.user_id.map(Value::from)),
        ("username", name(row.user_id)),
        ("by", row.actor_id.map(Value::from)),
        ("by_username", name(row.actor_id)),
        ("account", row.account.as_deref().map(Value::from)),
        ("client", Some(Value::from(row.client.as_str()))),
        ("request_id", row.request_id.as_deref().map(Value::from)),
        ("token", row.token.as_deref().map(Value::from)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// JSON in which everything beyond ASCII is escaped.
fn object(fields: Map<String, Value>) -> String {
    let json = Value::from(fields).to_string();
    json.chars().fold(String::new(), |mut text, c| {
        match c {
            ' '..='~' => text.push(c),
            // Writing to a String never fails.
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(text, "\\u{unit:04x}");
            }),
        }
        text
    })
}

/// The time, what happened and how it ended, and the rest by name. What could be taken for another field is quoted.
fn line(fields: &Map<String, Value>) -> String {
    fields.iter().fold(String::new(), |mut line, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let is_plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '=');
        let value = if is_plain { value } else { format!("\"{}\"", value.escape_default()) };
        // Writing to a String never fails.
        let _ = match name.as_str() {
            "time" => write!(line, "{value}"),
            "event" | "outcome" => write!(line, " {value}"),
            name => write!(line, " {name}={value}"),
        };
        line
    })
}
