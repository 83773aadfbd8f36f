//! How a line of the log is written: for people, or as JSON for programs.
//!
//! What is logged is `RUST_LOG`'s to say (default `info`); it goes to standard error. Whatever a value holds, it stays on
//! its line.

use std::io::{self, Write};

use env_logger::{Builder, Env};
use log::Record;
use log::kv::{Key, Value, VisitSource};
use serde_json::{Map, Value as Json};

use crate::clock::Clock;
use crate::settings::LogFormat;

/// Starts logging. A second call changes nothing.
pub fn start(format: LogFormat, clock: Clock) {
    let mut builder = Builder::from_env(Env::default().default_filter_or("info"));
    builder.format(move |out, record| {
        let time = clock.now().to_rfc3339();
        match format {
            LogFormat::Json => write_json(out, &time, record),
            _ => write_text(out, &time, record),
        }
    });
    // It fails only when there is a logger already, and that one is then the application's choice.
    let _ = builder.try_init();
}

/// `2026-11-25T10:00:00.000000Z INFO hallpass::request request method=GET route=/hello/ …`
fn write_text(out: &mut dyn Write, time: &str, record: &Record<'_>) -> io::Result<()> {
    write!(out, "{time} {:5} {} {}", record.level(), record.target(), on_one_line(&record.args().to_string()))?;
    for (key, value) in fields(record) {
        match value {
            Json::String(text) if needs_quotes(&text) => write!(out, " {key}={}", Json::String(text))?,
            Json::String(text) => write!(out, " {key}={text}")?,
            other => write!(out, " {key}={other}")?,
        }
    }
    writeln!(out)
}

fn write_json(out: &mut dyn Write, time: &str, record: &Record<'_>) -> io::Result<()> {
    let text = |text: &str| Json::String(text.to_owned());
    let known = [
        ("time", text(time)),
        ("level", text(record.level().as_str())),
        ("target", text(record.target())),
        ("message", text(&record.args().to_string())),
    ];
    let line: Map<String, Json> =
        known.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(fields(record)).collect();
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

fn fields(record: &Record<'_>) -> Vec<(String, Json)> {
    struct Collect(Vec<(String, Json)>);

    impl<'kvs> VisitSource<'kvs> for Collect {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
            let value = match (value.to_i64(), value.to_f64()) {
                (Some(integer), _) => Json::from(integer),
                (None, Some(float)) => Json::from(float),
                (None, None) => Json::String(value.to_string()),
            };
            self.0.push((key.to_string(), value));
            Ok(())
        }
    }

    let mut collected = Collect(Vec::new());
    // Collecting never fails.
    let _ = record.key_values().visit(&mut collected);
    collected.0
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '='))
}

fn on_one_line(text: &str) -> String {
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use log::{Level, Record};

    use super::{write_json, write_text};

    type Pairs = [(&'static str, &'static str); 2];
    const PAIRS: Pairs = [("route", "/hello/"), ("cause", "two\nlines")];

    #[test]
    fn a_line_stays_one_line_whatever_it_says() {
        let mut out = Vec::new();
        let record =
            Record::builder().level(Level::Info).target("t").args(format_args!("a\nb")).key_values(&PAIRS).build();

        write_text(&mut out, "now", &record).expect("memory takes everything");

        assert_eq!(String::from_utf8_lossy(&out), "now INFO  t a\\nb route=/hello/ cause=\"two\\nlines\"\n");
    }

    #[test]
    fn json_has_one_object_a_line() {
        let mut out = Vec::new();
        let record =
            Record::builder().level(Level::Warn).target("t").args(format_args!("a\nb")).key_values(&PAIRS).build();

        write_json(&mut out, "now", &record).expect("memory takes everything");

        let line = String::from_utf8_lossy(&out);
        assert_eq!(line.matches('\n').count(), 1);
        let parsed: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(parsed["cause"], "two\nlines");
        assert_eq!(parsed["message"], "a\nb");
    }
}
