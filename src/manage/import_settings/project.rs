//! Values as Python's `json.dumps(…, default=str)` writes them.

use std::time::Duration;

use serde_json::Value;

/// A span of time: a `timedelta` as `str()` writes it, `1 day, 0:05:00`, or a number of seconds.
pub(super) fn span(value: &Value) -> Option<Duration> {
    match value {
        Value::Number(seconds) => Duration::try_from_secs_f64(seconds.as_f64()?).ok(),
        Value::String(text) => {
            let (days, clock) = match text.split_once(", ") {
                Some((days, clock)) => (days.split_once(" day")?.0.parse::<u64>().ok()?, clock),
                None => (0, text.as_str()),
            };
            let [hours, minutes, seconds] = clock.split(':').collect::<Vec<_>>().try_into().ok()?;
            let seconds = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
            let whole = days.checked_mul(24)?.checked_add(hours.parse().ok()?)?.checked_mul(60)?;
            let minutes = whole.checked_add(minutes.parse().ok()?)?;
            Duration::from_secs(minutes.checked_mul(60)?).checked_add(seconds)
        }
        _ => None,
    }
}

/// The same as a setting has it, in the largest unit that makes it a whole number.
pub(super) fn written(span: Duration) -> String {
    let millis = span.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match units.into_iter().find(|(unit, _)| millis.is_multiple_of(*unit) && millis > 0) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

/// The name of a class without its module.
pub(super) fn class_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A list of texts, where a text alone is a list of one.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{span, written};

    #[test]
    fn a_timedelta_is_read_as_python_writes_it() {
        let cases = [
            (json!("0:05:00"), Some("5m")),
            (json!("1 day, 0:00:00"), Some("1d")),
            (json!("14 days, 1:00:00"), Some("337h")),
            (json!("0:00:00.500000"), Some("500ms")),
            (json!("0:00:00"), Some("0s")),
            (json!(259_200), Some("3d")),
            (json!(1.5), Some("1500ms")),
            (json!("-1 day, 23:00:00"), None),
            (json!("five minutes"), None),
            (json!(-1), None),
            (json!("99999999999999999999 days, 0:00:00"), None),
            (json!("18446744073709551615 days, 0:00:00"), None),
            (json!(null), None),
        ];
        for (value, expected) in cases {
            assert_eq!(span(&value).map(written).as_deref(), expected, "{value}");
        }
    }
}
