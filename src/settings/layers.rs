//! The layers, read and laid over one another key by key.
//!
//! The only place that uses the `config` crate's reader. What a value means is its type's business.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use config::{File, FileFormat, Map, Source, Value, ValueKind};
use toml::de::DeTable;

use super::complaint::{Complaint, one_line};
use super::layer::Layer;
use super::names::{PREFIX, bare_or_quoted, nearest, variable};
use super::node::dotted;
use super::raw::Raw;
use super::sources::Sources;

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// What the winning layer says for each known key, and what was wrong on the way.
pub(crate) struct Layers {
    pub(crate) found: BTreeMap<String, (Raw, Layer)>,
    /// What `config/default.toml` says, whatever wins.
    pub(crate) defaults: BTreeMap<String, Raw>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) directory: PathBuf,
    known: Vec<String>,
}

impl Layers {
    /// The defaults, the files and the environment of `sources`.
    pub(crate) fn of(sources: &Sources, known: &[String]) -> Self {
        let mut layers = Self::new(sources.working_directory.clone(), known);
        layers.read_files(sources);
        layers.read_environment(&sources.environment);
        layers
    }

    /// The defaults and `text`.
    pub(crate) fn of_text(text: &str, known: &[String]) -> Self {
        let mut layers = Self::new(PathBuf::new(), known);
        layers.read_toml(text, &Layer::Text);
        layers
    }

    fn new(directory: PathBuf, known: &[String]) -> Self {
        let (found, defaults, complaints) = Default::default();
        let mut layers = Self { found, defaults, complaints, directory, known: known.to_vec() };
        layers.read_toml(DEFAULTS, &Layer::Default);
        layers.defaults = layers.found.iter().map(|(key, (raw, _))| (key.clone(), raw.clone())).collect();
        layers
    }

    fn read_files(&mut self, sources: &Sources) {
        let named = sources.environment.iter().find(|(name, value)| name == "HALLPASS_CONFIG" && !value.is_empty());
        match (sources.files.as_slice(), named) {
            ([], Some((_, path))) => self.read_file(0, Path::new(path), false),
            ([], None) => self.read_file(0, Path::new("hallpass.toml"), true),
            (files, _) => files.iter().enumerate().for_each(|(place, path)| self.read_file(place, path, false)),
        }
    }

    fn read_file(&mut self, place: usize, path: &Path, may_be_absent: bool) {
        let layer = Layer::File(place, path.to_owned());
        match std::fs::read_to_string(self.directory.join(path)) {
            Ok(text) => self.read_toml(&text, &layer),
            Err(error) if may_be_absent && error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.complaints.push(Complaint::of_layer(layer, format!("cannot be read: {error}"))),
        }
    }

    fn read_toml(&mut self, text: &str, layer: &Layer) {
        match File::from_str(text, FileFormat::Toml).collect() {
            Ok(table) => self.lay_table("", table, layer),
            Err(_) => self.complaints.push(Complaint::of_layer(layer.clone(), why_no_toml(text))),
        }
    }

    fn lay_table(&mut self, section: &str, table: Map<String, Value>, layer: &Layer) {
        for (name, value) in table {
            let key = dotted(section, &bare_or_quoted(&name));
            match value.kind {
                // In a section that there is not, each setting has a nearest one.
                ValueKind::Table(inner) if !inner.is_empty() && !self.known.contains(&key) => {
                    self.lay_table(&key, inner, layer);
                }
                ValueKind::Table(_) if self.is_section(&key) => {}
                _ => self.lay(&key, Raw::from(value), layer),
            }
        }
    }

    fn lay(&mut self, key: &str, raw: Raw, layer: &Layer) {
        if self.known.iter().any(|known| known == key) {
            self.found.insert(key.to_owned(), (raw, layer.clone()));
        } else if self.is_section(key) {
            self.complain(layer, key, format!("is a section; write its settings under [{key}]"));
        } else {
            let nearest = nearest(key, &self.known);
            self.complain(layer, key, format!("no such setting; the nearest is {nearest}"));
        }
    }

    fn read_environment(&mut self, environment: &[(OsString, OsString)]) {
        for (name, value) in environment {
            let name = name.to_string_lossy();
            if name.starts_with(PREFIX) {
                self.lay_variable(&name, value);
            }
        }
    }

    fn lay_variable(&mut self, name: &str, value: &OsStr) {
        let layer = Layer::Environment(name.to_owned());
        let known = self.known.iter().find(|key| variable(key) == name).cloned();
        match (known, value.to_str()) {
            (Some(key), Some(text)) => self.lay(&key, Raw::Environment(text.to_owned()), &layer),
            (Some(key), None) => self.complain(&layer, &key, "is not UTF-8 text".to_owned()),
            (None, _) => {
                let key = name.trim_start_matches(PREFIX).to_lowercase().replace("__", ".");
                let nearest = nearest(&key, &self.known);
                let what = format!("no such setting; the nearest is {nearest} ({})", variable(&nearest));
                self.complain(&layer, &key, what);
            }
        }
    }

    fn is_section(&self, key: &str) -> bool {
        self.known.iter().any(|known| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
    }

    fn complain(&mut self, layer: &Layer, key: &str, what: String) {
        self.complaints.push(Complaint::of_key(layer.clone(), key, what));
    }
}

/// Why `text` is no TOML, with line and column. Nothing of the text is quoted: it may be a secret.
fn why_no_toml(text: &str) -> String {
    let Err(error) = DeTable::parse(text) else {
        return "has a number in it that no setting can hold".to_owned();
    };
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("is no TOML, at line {line} column {column}: {}", one_line(error.message()))
}
