//! What a project's settings become, and what is said of those that become nothing.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::rules::{As, DJANGO, DJOSER, PERMISSIONS, REST_FRAMEWORK, Rule, SIMPLE_JWT};
use super::{project, special};

/// What stands in the place of a permission that is not known: whoever had one must not let everybody in.
const STRICTEST: &str = "is_admin_user";

/// Settings of hallpass, in the order in which they were found.
#[derive(Default)]
pub(super) struct Translation {
    settings: Vec<(String, Value)>,
    notes: Vec<String>,
}

impl Translation {
    pub(super) fn of(mut project: Map<String, Value>) -> Self {
        let mut translation = Self::default();
        special::django(&mut translation, &mut project);
        translation.apply("", &mut project, DJANGO);
        // What else a project sets is none of hallpass's business; what is left of these three is.
        for (name, rules) in [("REST_FRAMEWORK", REST_FRAMEWORK), ("SIMPLE_JWT", SIMPLE_JWT), ("DJOSER", DJOSER)] {
            let mut dict = dict(&mut project, name);
            match name {
                "REST_FRAMEWORK" => special::rest_framework(&mut translation, &mut dict),
                "SIMPLE_JWT" => special::simple_jwt(&mut translation, &mut dict),
                _ => {
                    let mut permissions = self::dict(&mut dict, "PERMISSIONS");
                    translation.apply("DJOSER[\"PERMISSIONS\"]", &mut permissions, PERMISSIONS);
                    translation.leave("DJOSER[\"PERMISSIONS\"]", permissions);
                }
            }
            translation.apply(name, &mut dict, rules);
            translation.leave(name, dict);
        }
        translation
    }

    /// Sets a key, unless it was set before.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        if self.get(key).is_none() {
            self.settings.push((key.to_owned(), value.into()));
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.settings.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        // What a project wrote must not command a terminal, nor end a comment.
        self.notes.push(note.into().chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
    }

    /// A line for each setting that has no counterpart.
    pub(super) fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// A file of settings that says in comments what is missing from it.
    pub(super) fn to_toml(&self) -> String {
        let mut text =
            String::from("# The settings of a Django project, as `hallpass import-settings` understood them.\n");
        for (key, value) in &self.settings {
            // Writing to a String never fails.
            let _ = writeln!(text, "{key} = {}", toml(value));
        }
        if !self.notes.is_empty() {
            text.push_str("\n# Not carried over:\n");
        }
        for note in &self.notes {
            let _ = writeln!(text, "# - {note}");
        }
        text
    }

    /// Carries over what these rules are about, and takes it out of `dict`.
    fn apply(&mut self, dict_name: &str, dict: &mut Map<String, Value>, rules: &[Rule]) {
        for (name, key, kind) in rules {
            let Some(value) = dict.remove(*name).filter(|value| !value.is_null()) else { continue };
            let full_name = full(dict_name, name);
            match self.converted(&full_name, &value, *kind) {
                Some(converted) => self.set(key, converted),
                None => self.note(format!("{full_name}: its value is none that {key} can have")),
            }
        }
    }

    fn converted(&mut self, name: &str, value: &Value, kind: As) -> Option<Value> {
        match kind {
            As::Flag => value.as_bool().map(Value::from),
            As::Text => value.as_str().map(Value::from),
            As::Number => value.as_u64().map(Value::from),
            As::Span => project::span(value).map(|span| project::written(span).into()),
            As::Texts => project::texts(value).map(Value::from),
            As::Words(words) => {
                let known = self.words(name, value, words)?;
                (!known.is_empty()).then(|| known.into())
            }
            As::Permission(words) => {
                let classes = project::texts(value);
                let known = match classes.as_deref() {
                    Some([class]) => words.iter().find(|(python, _)| *python == project::class_name(class)),
                    _ => None,
                };
                if known.is_none() {
                    let classes = classes.filter(|classes| !classes.is_empty());
                    let classes = classes.map_or_else(|| value.to_string(), |classes| classes.join(" and "));
                    self.note(format!("{name}: {classes}; here it is {STRICTEST}"));
                }
                Some(known.map_or(STRICTEST, |(_, ours)| ours).into())
            }
        }
    }

    /// What these classes are called here; those that have no name are noted.
    pub(super) fn words(
        &mut self,
        name: &str,
        value: &Value,
        words: &[(&'static str, &'static str)],
    ) -> Option<Vec<&'static str>> {
        let mut known = Vec::new();
        for path in project::texts(value)? {
            let class = project::class_name(&path);
            match words.iter().find(|(python, _)| *python == class) {
                Some((_, ours)) if known.contains(ours) => {}
                Some((_, ours)) => known.push(*ours),
                None => self.note(format!("{name}: {path}")),
            }
        }
        Some(known)
    }

    /// Names what is left. What a package sets by itself was never chosen, and is not missed.
    fn leave(&mut self, dict_name: &str, dict: Map<String, Value>) {
        const OWN: [&str; 4] = ["rest_framework.", "rest_framework_simplejwt.", "djoser.", "django."];
        for (name, value) in dict {
            let is_own = |text: &str| OWN.iter().any(|package| text.starts_with(package));
            let is_default = match &value {
                Value::Null => true,
                Value::String(text) => is_own(text),
                Value::Array(items) => items.iter().all(|item| item.as_str().is_some_and(is_own)),
                Value::Object(items) => items.is_empty(),
                _ => false,
            };
            if !is_default {
                self.note(full(dict_name, &name));
            }
        }
    }
}

fn full(dict: &str, name: &str) -> String {
    if dict.is_empty() { name.to_owned() } else { format!("{dict}[\"{name}\"]") }
}

/// Takes a dictionary out; an empty one when there is none.
fn dict(project: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match project.remove(name) {
        Some(Value::Object(dict)) => dict,
        _ => Map::new(),
    }
}

/// A value as TOML has it: JSON's texts are TOML's but for one character.
fn toml(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}
