//! Takes each key's value out of the layers, typed, and keeps what was wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::complaint::{Complaint, Complaints};
use super::exposures;
use super::layer::Layer;
use super::layers::Layers;
use super::node::{Node, Setting};
use super::raw::Raw;
use super::show::Page;
use super::values::InvalidValue;

/// The layer that each key's value came from, and the files that secrets came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Origins {
    layers: BTreeMap<String, Layer>,
    secret_files: Vec<(String, PathBuf)>,
}

impl Origins {
    pub(crate) fn of(&self, key: &str) -> Layer {
        self.layers.get(key).cloned().unwrap_or(Layer::Default)
    }

    /// Each with the key of the setting.
    pub(crate) fn secret_files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.secret_files.iter().map(|(key, path)| (key.as_str(), path.as_path()))
    }
}

/// No key of its own: it travels in the settings so that they can be shown with their layers.
impl Node for Origins {
    fn keys(_: &str, _: &mut Vec<String>) {}

    fn read(_: &str, reader: &mut Reader) -> Option<Self> {
        Some(reader.origins.clone())
    }

    fn write(&self, _: &str, _: &mut Page<'_>) {}
}

/// Hands out typed values and collects complaints.
pub(crate) struct Reader {
    values: BTreeMap<String, Raw>,
    defaults: BTreeMap<String, Raw>,
    origins: Origins,
    directory: PathBuf,
    complaints: Vec<Complaint>,
}

impl Reader {
    pub(crate) fn new(layers: Layers) -> Self {
        let secret_files = layers.found.iter().flat_map(|(key, (raw, layer))| {
            let files = exposures::files(key, raw, layer, &layers.directory);
            files.into_iter().map(|file| (key.clone(), file))
        });
        let origins = Origins {
            secret_files: secret_files.collect(),
            layers: layers.found.iter().map(|(key, (_, layer))| (key.clone(), layer.clone())).collect(),
        };
        let values = layers.found.into_iter().map(|(key, (raw, _))| (key, raw)).collect();
        let (directory, complaints) = (layers.directory, layers.complaints);
        Self { values, defaults: layers.defaults, origins, directory, complaints }
    }

    /// The value of `key`. One that is wrong is complained of and its default taken, so that all the rest can still be
    /// looked at; the settings that come of it are never handed out.
    pub(crate) fn take<T: Setting>(&mut self, key: &str, limit: impl Fn(&T) -> Result<(), InvalidValue>) -> Option<T> {
        let parsed = match self.values.get(key) {
            Some(raw) => T::parse(raw, &self.directory),
            None => Err(InvalidValue::new("is missing")),
        };
        match parsed.and_then(|value| limit(&value).map(|()| value)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.complain(key, error);
                self.defaults.get(key).and_then(|raw| T::parse(raw, &self.directory).ok())
            }
        }
    }

    /// Complains that the settings of `keys` do not go together, to the layer that set the first of them. When one of
    /// them is wrong by itself, or a whole file could not be read, it is too early to say.
    pub(crate) fn complain_together(&mut self, keys: &[&str], what: impl std::fmt::Display) {
        if let (Some(key), false) = (keys.first(), self.is_too_early(keys)) {
            self.complain(key, what);
        }
    }

    /// Whether one of these settings is wrong by itself, or a whole file could not be read.
    pub(crate) fn is_too_early(&self, keys: &[&str]) -> bool {
        self.complaints.iter().any(|complaint| complaint.key().is_none_or(|key| keys.contains(&key)))
    }

    pub(crate) fn into_complaints(self) -> Complaints {
        Complaints::new(self.complaints)
    }

    /// Complains of `key`, to the layer that set it.
    pub(crate) fn complain(&mut self, key: &str, what: impl std::fmt::Display) {
        self.complaints.push(Complaint::of_key(self.origins.of(key), key, what));
    }
}
