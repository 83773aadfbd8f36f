//! How a line of the log is written: for people, or as JSON for programs.
//!
//! What is logged is `RUST_LOG`'s to say (default `info`); it goes to standard error, on a thread of its own. Whatever a
//! value holds, it stays on its line.

mod outlet;

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Duration;

use env_logger::{Builder, Env, Target};
use log::kv::{Key, Value, VisitSource, VisitValue};
use log::{Level, Record};
use serde_json::Value as Json;

use crate::clock::{Clock, Timestamp};
use crate::settings::LogFormat;
use outlet::Outlet;

/// How long the end of the program waits for whoever reads the log.
const PATIENCE: Duration = Duration::from_secs(1);

static OUTLET: OnceLock<Outlet> = OnceLock::new();

/// How much room a thread keeps for its next line, in bytes.
const LONGEST_KEPT: usize = 16 << 10;

thread_local! {
    /// The place for a line, used over and over.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Starts logging. A second call changes nothing.
pub fn start(format: LogFormat, clock: Clock) {
    let mut builder = Builder::from_env(Env::default().default_filter_or("info"));
    builder.format(move |out, record| {
        if tells_secrets(record) {
            return Ok(());
        }
        // What it is formatted into is not borrowed while values are asked for their text, which may log themselves.
        let mut line = LINE.try_with(Cell::take).unwrap_or_default();
        line.clear();
        match format {
            LogFormat::Json => write_json(&mut line, clock.now(), record),
            _ => write_text(&mut line, clock.now(), record),
        }?;
        out.write_all(&line)?;
        if line.capacity() <= LONGEST_KEPT {
            let _ = LINE.try_with(|place| place.set(line));
        }
        Ok(())
    });
    // Without a thread of its own the log is written where it comes up.
    if let Ok(outlet) = Outlet::open(io::stderr()) {
        builder.target(Target::Pipe(Box::new(OUTLET.get_or_init(|| outlet).clone())));
    }
    // It fails only when there is a logger already, and that one is then the application's choice.
    let _ = builder.try_init();
}

/// The client that looks tokens up in PostgreSQL logs every query with its values, for those who debug that client.
fn tells_secrets(record: &Record<'_>) -> bool {
    record.level() > Level::Info && record.target().starts_with("tokio_postgres")
}

/// Waits until what was logged is written, for the end of a program: up to a second.
pub fn flush() {
    if let Some(outlet) = OUTLET.get() {
        outlet.flush(PATIENCE);
    }
}

/// `2026-11-25T10:00:00.000000Z INFO  hallpass::request request method=GET route=/hello/ …`
fn write_text(out: &mut Vec<u8>, time: Timestamp, record: &Record<'_>) -> io::Result<()> {
    write_time(out, time)?;
    out.write_all(match record.level() {
        Level::Error => b" ERROR ",
        Level::Warn => b" WARN  ",
        Level::Info => b" INFO  ",
        Level::Debug => b" DEBUG ",
        Level::Trace => b" TRACE ",
    })?;
    out.write_all(record.target().as_bytes())?;
    out.write_all(b" ")?;
    match record.args().as_str() {
        Some(text) => write_on_one_line(out, text)?,
        None => write_on_one_line(out, &record.args().to_string())?,
    }
    write_fields(out, record, |out, key, value| {
        out.write_all(b" ")?;
        out.write_all(key.as_bytes())?;
        out.write_all(b"=")?;
        match value {
            Field::Text(text) if needs_quotes(text) => write_json_value(out, text),
            Field::Text(text) => out.write_all(text.as_bytes()),
            Field::Number(number) => write_json_value(out, &number),
        }
    })?;
    out.write_all(b"\n")
}

fn write_json(out: &mut Vec<u8>, time: Timestamp, record: &Record<'_>) -> io::Result<()> {
    out.write_all(b"{\"time\":\"")?;
    write_time(out, time)?;
    write!(out, "\",\"level\":\"{}\",\"target\":", record.level())?;
    write_json_value(out, record.target())?;
    out.write_all(b",\"message\":")?;
    write_json_value(out, &record.args().to_string())?;
    write_fields(out, record, |out, key, value| {
        out.write_all(b",")?;
        write_json_value(out, key)?;
        out.write_all(b":")?;
        match value {
            Field::Text(text) => write_json_value(out, text),
            Field::Number(number) => write_json_value(out, &number),
        }
    })?;
    out.write_all(b"}\n")
}

/// The time in RFC 3339. Most lines share their second with the one before, so that its text is kept.
fn write_time(out: &mut Vec<u8>, time: Timestamp) -> io::Result<()> {
    const LENGTH: usize = "2026-11-25T10:00:00".len();
    thread_local! {
        static SECOND: Cell<(i64, [u8; LENGTH])> = const { Cell::new((i64::MIN, [0; LENGTH])) };
    }
    let (second, text) = SECOND.get();
    if second == time.as_seconds() {
        let mut fraction = *b".000000Z";
        let mut micros = time.as_micros().rem_euclid(1_000_000);
        for digit in fraction.iter_mut().skip(1).take(6).rev() {
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        out.write_all(&text)?;
        return out.write_all(&fraction);
    }
    let whole = time.to_rfc3339();
    if let Some(text) = whole.as_bytes().first_chunk::<LENGTH>() {
        SECOND.set((time.as_seconds(), *text));
    }
    out.write_all(whole.as_bytes())
}

/// The value of a key, as it is written.
enum Field<'v> {
    Text(&'v str),
    Number(Json),
}

/// Writes a key and its value.
type WriteField = fn(&mut Vec<u8>, &str, Field<'_>) -> io::Result<()>;

fn write_fields(out: &mut Vec<u8>, record: &Record<'_>, write: WriteField) -> io::Result<()> {
    let mut fields = Fields { out, write, result: Ok(()) };
    // What it does not do is fail: it keeps what failed.
    let _ = record.key_values().visit(&mut fields);
    fields.result
}

struct Fields<'o> {
    out: &'o mut Vec<u8>,
    write: WriteField,
    result: io::Result<()>,
}

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        value.visit(OfKey { key: key.as_str(), fields: self })
    }
}

/// The value of a key, as it comes.
struct OfKey<'f, 'o> {
    key: &'f str,
    fields: &'f mut Fields<'o>,
}

impl OfKey<'_, '_> {
    fn write(&mut self, value: Field<'_>) -> Result<(), log::kv::Error> {
        let Fields { out, write, result } = &mut *self.fields;
        let written = write(out, self.key, value);
        if result.is_ok() {
            *result = written;
        }
        Ok(())
    }
}

impl<'v> VisitValue<'v> for OfKey<'_, '_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), log::kv::Error> {
        self.write(Field::Text(&value.to_string()))
    }

    fn visit_str(&mut self, text: &str) -> Result<(), log::kv::Error> {
        self.write(Field::Text(text))
    }

    fn visit_i64(&mut self, number: i64) -> Result<(), log::kv::Error> {
        self.write(Field::Number(Json::from(number)))
    }

    fn visit_u64(&mut self, number: u64) -> Result<(), log::kv::Error> {
        self.write(Field::Number(Json::from(number)))
    }

    fn visit_f64(&mut self, number: f64) -> Result<(), log::kv::Error> {
        self.write(Field::Number(Json::from(number)))
    }
}

fn write_json_value<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> io::Result<()> {
    Ok(serde_json::to_writer(out, value)?)
}

fn needs_quotes(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=');
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
    text.is_empty() || (!text.bytes().all(is_plain) && text.chars().any(is_odd))
}

fn write_on_one_line(out: &mut Vec<u8>, text: &str) -> io::Result<()> {
    match text.chars().any(char::is_control) {
        true => write!(out, "{}", text.escape_debug()),
        false => out.write_all(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use log::{Level, Record};

    use super::{Timestamp, write_json, write_text};

    const NOW: Timestamp = Timestamp::from_micros(1_795_600_800_000_001);

    type Pairs = [(&'static str, &'static str); 2];
    const PAIRS: Pairs = [("route", "/hello/"), ("cause", "two\nlines")];

    #[test]
    fn a_line_stays_one_line_whatever_it_says() {
        let mut out = Vec::new();
        let record =
            Record::builder().level(Level::Info).target("t").args(format_args!("a\nb")).key_values(&PAIRS).build();

        write_text(&mut out, NOW, &record).expect("memory takes everything");

        assert_eq!(
            String::from_utf8_lossy(&out),
            "2026-11-25T10:00:00.000001Z INFO  t a\\nb route=/hello/ cause=\"two\\nlines\"\n"
        );
    }

    #[test]
    fn the_text_of_a_second_is_kept_for_that_second_alone() {
        for micros in [1_795_600_800_000_000, 1_795_600_800_999_999, 1_795_600_801_000_000, 1_795_600_799_000_000, -1] {
            let time = Timestamp::from_micros(micros);
            for _ in 0..2 {
                let mut out = Vec::new();
                super::write_time(&mut out, time).expect("memory takes everything");
                assert_eq!(String::from_utf8_lossy(&out), time.to_rfc3339());
            }
        }
    }

    #[test]
    fn json_has_one_object_a_line() {
        let mut out = Vec::new();
        let record =
            Record::builder().level(Level::Warn).target("t").args(format_args!("a\nb")).key_values(&PAIRS).build();

        write_json(&mut out, NOW, &record).expect("memory takes everything");

        let line = String::from_utf8_lossy(&out);
        assert_eq!(line.matches('\n').count(), 1);
        let parsed: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(parsed["cause"], "two\nlines");
        assert_eq!(parsed["message"], "a\nb");
        assert_eq!(parsed["time"], "2026-11-25T10:00:00.000001Z");
    }
}
