//! Settings that need more than a rule.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::project;
use super::rules::VALIDATORS;
use super::translation::Translation;

/// Characters of an URL that need no escape.
const PLAIN: &[u8] = b"-._~";

type Dict = Map<String, Value>;

pub(super) fn django(to: &mut Translation, project: &mut Dict) {
    if let Some(model) = text(project, "AUTH_USER_MODEL").filter(|model| *model != "auth.User") {
        to.note(format!("AUTH_USER_MODEL: {model}; hallpass works on Django's own auth_user only"));
    }
    database(to, project);
    validators(to, project);
    if let Some(first) = project.get("PASSWORD_HASHERS").and_then(|hashers| hashers.get(0)).and_then(Value::as_str)
        && project::class_name(first) != "BCryptSHA256PasswordHasher"
    {
        to.note(format!(
            "PASSWORD_HASHERS: {first} for new passwords; they are bcrypt_sha256, which Django reads too if its \
                         list has BCryptSHA256PasswordHasher. Those that are there are read as they are"
        ));
    }
    email(to, project);
}

fn database(to: &mut Translation, project: &Dict) {
    let Some(database) = project.get("DATABASES").and_then(|all| all.get("default")) else { return };
    let part = |name: &str| match database.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let engine = part("ENGINE");
    match engine.rsplit('.').next() {
        Some("sqlite3") => to.set("database.url", format!("sqlite://{}", part("NAME"))),
        Some("postgresql" | "postgresql_psycopg2") if part("HOST").starts_with('/') => {
            to.note("DATABASES: a socket as HOST; write database.url as postgresql://USER@localhost/NAME?host=FOLDER");
        }
        Some("postgresql" | "postgresql_psycopg2") => {
            let mut url = "postgresql://".to_owned();
            if !part("USER").is_empty() {
                url.push_str(&escaped(&part("USER")));
                if !part("PASSWORD").is_empty() {
                    url = format!("{url}:{}", escaped(&part("PASSWORD")));
                }
                url.push('@');
            }
            let (host, port) = (part("HOST"), part("PORT"));
            url.push_str(if host.is_empty() { "localhost" } else { &host });
            if !port.is_empty() {
                let _ = write!(url, ":{port}");
            }
            let _ = write!(url, "/{}", escaped(&part("NAME")));
            if let Some(mode) =
                database.get("OPTIONS").and_then(|options| options.get("sslmode")).and_then(Value::as_str)
            {
                let _ = write!(url, "?sslmode={}", escaped(mode));
            }
            to.set("database.url", url);
        }
        _ => to.note(format!("DATABASES: {engine}; hallpass knows SQLite and PostgreSQL")),
    }
}

fn validators(to: &mut Translation, project: &Dict) {
    let Some(Value::Array(validators)) = project.get("AUTH_PASSWORD_VALIDATORS") else { return };
    let names: Vec<Value> = validators.iter().filter_map(|validator| validator.get("NAME").cloned()).collect();
    let known = to.words("AUTH_PASSWORD_VALIDATORS", &Value::Array(names), VALIDATORS).unwrap_or_default();
    to.set("password.validators", known);
    for (validator, options) in
        validators.iter().filter_map(|validator| Some((validator, validator.get("OPTIONS")?.as_object()?)))
    {
        for (option, value) in options {
            match (option.as_str(), value.as_u64()) {
                ("min_length", Some(length)) => to.set("password.min_length", length),
                _ => {
                    let name = validator.get("NAME").and_then(Value::as_str).map_or("?", project::class_name);
                    to.note(format!("AUTH_PASSWORD_VALIDATORS: the option {option} of {name}"));
                }
            }
        }
    }
}

fn email(to: &mut Translation, project: &Dict) {
    let Some(backend) = text(project, "EMAIL_BACKEND") else { return };
    match backend.strip_prefix("django.core.mail.backends.").and_then(|rest| rest.split('.').next()) {
        Some("smtp") => to.set("email.transport", "smtp"),
        Some("console") => to.set("email.transport", "console"),
        Some("filebased") => to.set("email.transport", "file"),
        Some("dummy" | "locmem") => to.set("email.transport", "none"),
        _ => to.note(format!("EMAIL_BACKEND: {backend}")),
    }
    if to.get("email.transport").and_then(Value::as_str) != Some("smtp") {
        return;
    }
    let is_set = |name| project.get(name).and_then(Value::as_bool).unwrap_or_default();
    let (user, password) = (text(project, "EMAIL_HOST_USER"), text(project, "EMAIL_HOST_PASSWORD"));
    let mut url = if is_set("EMAIL_USE_SSL") { "smtps://" } else { "smtp://" }.to_owned();
    if let Some(user) = user.filter(|user| !user.is_empty()) {
        let _ = write!(url, "{}:{}@", escaped(user), escaped(password.unwrap_or_default()));
    }
    let port = project.get("EMAIL_PORT").and_then(Value::as_u64).unwrap_or(25);
    let _ = write!(url, "{}:{port}", text(project, "EMAIL_HOST").unwrap_or("localhost"));
    if !is_set("EMAIL_USE_SSL") && !is_set("EMAIL_USE_TLS") {
        url.push_str("?tls=none");
    }
    to.set("email.smtp_url", url);
}

pub(super) fn rest_framework(to: &mut Translation, dict: &mut Dict) {
    // What REST framework does where nobody says anything else.
    let default = || {
        Value::from(vec![
            "rest_framework.authentication.SessionAuthentication",
            "rest_framework.authentication.BasicAuthentication",
        ])
    };
    dict.entry("DEFAULT_AUTHENTICATION_CLASSES").or_insert_with(default);
    let rates = dict.remove("DEFAULT_THROTTLE_RATES");
    let classes = dict.remove("DEFAULT_THROTTLE_CLASSES").as_ref().and_then(project::texts).unwrap_or_default();
    for path in classes {
        let scope = match project::class_name(&path) {
            "AnonRateThrottle" => "anon",
            "UserRateThrottle" => "user",
            _ => {
                to.note(format!("REST_FRAMEWORK[\"DEFAULT_THROTTLE_CLASSES\"]: {path}"));
                continue;
            }
        };
        match rates.as_ref().and_then(|rates| rates.get(scope)).and_then(Value::as_str) {
            Some(rate) => to.set(&format!("throttle.{scope}"), rate),
            None => to.note(format!("REST_FRAMEWORK[\"DEFAULT_THROTTLE_RATES\"][\"{scope}\"]: it has no rate")),
        }
    }
}

pub(super) fn simple_jwt(to: &mut Translation, dict: &mut Dict) {
    // It is what signs here too where nothing else is named.
    if dict.get("SIGNING_KEY").is_some_and(|key| Some(key) == to.get("secret_key")) {
        dict.remove("SIGNING_KEY");
    }
}

fn text<'d>(dict: &'d Dict, name: &str) -> Option<&'d str> {
    dict.get(name).and_then(Value::as_str)
}

/// For a part of an URL.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}
