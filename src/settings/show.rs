//! The effective settings as TOML, for whoever asks why a setting is as it is.

use toml::Value;

use super::Settings;
use super::node::Node;
use super::reader::Origins;

/// A TOML document under way.
pub(crate) struct Page<'o> {
    text: String,
    origins: &'o Origins,
}

impl Page<'_> {
    /// Begins the section `key`; the settings themselves have no header.
    pub(crate) fn section(&mut self, key: &str) {
        if !key.is_empty() {
            self.text.push_str(&format!("\n[{key}]\n"));
        }
    }

    /// One setting and the layer it came from.
    pub(crate) fn line(&mut self, key: &str, value: &Value) {
        let name = key.rsplit('.').next().unwrap_or(key);
        self.text.push_str(&format!("{name} = {value} # {}\n", self.origins.of(key).short()));
    }
}

/// Every setting, in the order of the fields.
pub(crate) fn page(settings: &Settings, origins: &Origins) -> String {
    let mut page = Page { text: String::new(), origins };
    settings.write("", &mut page);
    page.text
}
