//! The words of each mail: templates that are compiled in, and a folder's in their place.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, context, escape_formatter};

use super::{Addressee, Letter, Link, MailKind, Message, Site};
use crate::settings::one_line;

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("templates/", $name)))),*] };
}

/// Every template by its file name.
const BUILT_IN: &[(&str, &str)] = files![
    "base.txt" "base.html"
    "activation.subject.txt" "activation.txt" "activation.html"
    "confirmation.subject.txt" "confirmation.txt" "confirmation.html"
    "password_reset.subject.txt" "password_reset.txt" "password_reset.html"
    "password_changed_confirmation.subject.txt" "password_changed_confirmation.txt" "password_changed_confirmation.html"
    "username_reset.subject.txt" "username_reset.txt" "username_reset.html"
    "username_changed_confirmation.subject.txt" "username_changed_confirmation.txt" "username_changed_confirmation.html"
];

/// Why the templates are of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// When the folder or a file in it cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// When a file in the folder has a name that no mail uses.
    #[error("{0} is no template of any mail; a file that others include must begin with \"_\"")]
    Unknown(String),
    /// When a template is not well formed, or uses what its mail does not have.
    #[error("{}", one_line(&.0.to_string()))]
    Broken(#[from] Error),
    /// When a mail would have no subject or no text.
    #[error("{0} is empty")]
    Empty(String),
}

/// The words of every mail.
pub struct Templates(Environment<'static>);

impl Templates {
    /// The templates of `folder`, and those compiled in for what is not there. Each is rendered once, so that a broken one
    /// is found now and not when somebody waits for a mail.
    ///
    /// # Errors
    /// When a file cannot be read, has a name that no mail uses, or cannot be rendered.
    pub fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut sources: BTreeMap<String, String> =
            BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        if let Some(folder) = folder {
            sources.append(&mut read_folder(folder)?);
        }
        let mut environment = environment()?;
        for (name, text) in sources {
            environment.add_template_owned(name, text)?;
        }
        let templates = Self(environment);
        templates.try_each()?;
        Ok(templates)
    }

    /// What a mail says.
    ///
    /// # Errors
    /// When a template uses what this mail does not have, or gives nothing.
    pub fn render(&self, site: &Site, letter: &Letter) -> Result<Message, TemplateError> {
        let context = context_of(site, letter);
        let part = |part: &str| {
            let name = format!("{}.{part}", letter.kind);
            let text = self.0.get_template(&name)?.render(&context)?;
            match text.trim() {
                "" => Err(TemplateError::Empty(name)),
                text => Ok(text.to_owned()),
            }
        };
        // A line break in the subject would begin another header.
        Ok(Message { subject: one_line(&part("subject.txt")?), text: part("txt")?, html: part("html")? })
    }

    fn try_each(&self) -> Result<(), TemplateError> {
        let text = || "x".to_owned();
        let site = Site { protocol: text(), domain: text(), site_name: text() };
        for kind in MailKind::ALL {
            let link = Link { uid: text(), token: text(), url: text() };
            let user = Addressee { username: text(), email: text() };
            self.render(&site, &Letter { kind, user, link: Some(link).filter(|_| kind.has_link()) })?;
        }
        Ok(())
    }
}

fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |source| TemplateError::Unreadable { path, source }
    };
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.ends_with(".txt") && !name.ends_with(".html") {
            continue;
        }
        if !name.starts_with('_') && !BUILT_IN.iter().any(|(known, _)| *known == name) {
            return Err(TemplateError::Unknown(name));
        }
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        sources.insert(name, text);
    }
    Ok(sources)
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment.set_formatter(write_value);
    Ok(environment)
}

/// Escapes for HTML as Django does. minijinja would escape `/` too, which makes links hard to read.
fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if *state.auto_escape() == AutoEscape::Html && !value.is_safe() => Ok(write_escaped(out, text)?),
        _ => escape_formatter(out, state, value),
    }
}

fn write_escaped(out: &mut Output, text: &str) -> std::fmt::Result {
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#x27;")?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}

fn context_of(site: &Site, letter: &Letter) -> Value {
    let Addressee { username, email } = &letter.user;
    let Site { protocol, domain, site_name } = site;
    let user = context! { username, email };
    match &letter.link {
        Some(Link { uid, token, url }) => {
            context! { user, email, protocol, domain, site_name, uid, token, url }
        }
        None => context! { user, email, protocol, domain, site_name },
    }
}
