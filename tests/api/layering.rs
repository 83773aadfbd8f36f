//! Which module may know which: the arrows of `ARCHITECTURE.md`, read off the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module of `src/` may use of the others.
const ARROWS: &[(&str, &[&str])] = &[
    ("bin", &["http", "logging", "manage", "process", "settings"]),
    (
        "http",
        &[
            "accounts",
            "auth",
            "clock",
            "error",
            "json",
            "jwt",
            "mail",
            "passwords",
            "process",
            "python",
            "secret",
            "settings",
            "store",
        ],
    ),
    ("manage", &["accounts", "clock", "jwt", "passwords", "secret", "settings", "store"]),
    ("accounts", &["clock", "mail", "passwords", "python", "secret", "settings", "store"]),
    ("auth", &["clock", "error", "jwt", "passwords", "recent", "secret", "settings", "store"]),
    ("error", &["json", "jwt", "passwords", "store"]),
    ("jwt", &["clock", "python", "recent", "secret", "settings"]),
    ("passwords", &["clock", "process", "python", "secret", "settings"]),
    ("mail", &["clock", "secret", "settings"]),
    ("store", &["clock", "recent", "secret", "settings"]),
    ("logging", &["clock", "settings"]),
    // Only for the targets of `fuzz/`: it is in no build of the service.
    ("fuzzing", &["accounts", "auth", "clock", "http", "jwt", "passwords", "secret", "settings"]),
    ("json", &["python"]),
    // The signing keys are checked together with everything else at the start, so that one complaint names them all.
    ("settings", &["jwt", "python", "secret"]),
    ("process", &[]),
    ("python", &[]),
    ("clock", &[]),
    ("secret", &[]),
    ("recent", &[]),
];

/// The one home of each foreign crate that could spread.
const HOMES: &[(&str, &[&str])] = &[
    ("actix_web", &["auth", "bin", "error", "http"]),
    ("actix_web_httpauth", &["auth"]),
    ("prometheus_client", &["http"]),
    ("utoipa", &["http"]),
    ("utoipa_swagger_ui", &["http"]),
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("r2d2", &["store"]),
    ("tokio_postgres", &["store"]),
    ("jsonwebtoken", &["jwt"]),
    ("lettre", &["mail"]),
    ("minijinja", &["mail"]),
    ("idna", &["mail"]),
    ("bcrypt", &["passwords"]),
    ("argon2", &["passwords"]),
    ("pbkdf2", &["passwords"]),
    ("scrypt", &["passwords"]),
    ("config", &["settings"]),
    ("toml", &["settings"]),
    ("clap", &["bin", "manage"]),
    ("clap_complete", &["manage"]),
    ("indicatif", &["manage"]),
    ("rpassword", &["manage"]),
    ("env_logger", &["logging"]),
    ("rustls", &["http", "jwt"]),
    ("tokio_rustls", &["http"]),
    ("rustix", &["process"]),
    ("jiff", &["clock", "settings"]),
];

#[test]
fn a_module_uses_only_what_it_has_an_arrow_to() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let known: BTreeSet<&str> = arrows.keys().copied().collect();
    let mut broken = Vec::new();

    for (module, file, code) in sources() {
        let allowed = arrows.get(module.as_str()).unwrap_or_else(|| panic!("{module} is in no arrow"));
        for used in known.iter().filter(|used| **used != module && !allowed.contains(used)) {
            if names_module(&code, used) {
                broken.push(format!("{} uses {used}", file.display()));
            }
        }
    }

    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_foreign_crate_stays_in_its_home() {
    let mut broken = Vec::new();

    for (module, file, code) in sources() {
        for (name, homes) in HOMES.iter().filter(|(_, homes)| !homes.contains(&module.as_str())) {
            if names_crate(&code, name) {
                broken.push(format!("{} uses {name}, whose home is {}", file.display(), homes.join(", ")));
            }
        }
    }

    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Whoever else compared passwords would have guesses that no limit counts.
#[test]
fn passwords_are_compared_in_one_place_which_charges_for_it() {
    let is_home = |module: &str, file: &Path| {
        // What `fuzzing` tries are stored hashes, not requests.
        module == "passwords" || module == "fuzzing" || file.ends_with("auth/model_backend.rs")
    };
    let compares = |code: &str| code.contains("Verdict") || (code.contains("Hasher") && code.contains(".verify("));
    let sources = sources();

    let elsewhere: Vec<String> = sources
        .iter()
        .filter(|(module, file, code)| !is_home(module, file) && compares(code))
        .map(|(_, file, _)| file.display().to_string())
        .collect();

    assert_eq!(elsewhere, Vec::<String>::new());
    let (_, _, backend) = sources.iter().find(|(_, file, _)| file.ends_with("auth/model_backend.rs")).expect("it");
    assert_eq!(backend.matches("hasher.verify(").count(), 1);
    // The one function that calls it has the charge in its hand.
    assert_eq!(backend.matches("self.verify(").count(), 1);
    let charge = backend.find("self.guard.charge(").expect("a charge");
    assert!(charge < backend.find("self.verify(").expect("a comparison"));
}

#[test]
fn a_broken_arrow_is_noticed() {
    assert!(names_module("use crate::http::Server;", "http"));
    assert!(names_module("use hallpass::{logging, store};", "store"));
    assert!(names_module("use crate::{clock::Clock, store::Store};", "store"));
    assert!(!names_module("use super::store::Store;", "store"));
    assert!(!names_module("let store = crate::storehouse::open();", "store"));
    assert!(names_crate("use diesel::prelude::*;", "diesel"));
    assert!(names_crate("let c: diesel::PgConnection;", "diesel"));
    assert!(!names_crate("let config = self.config::<u8>();", "config"));
}

/// `crate::name` or `hallpass::name`, alone or in braces.
fn names_module(code: &str, name: &str) -> bool {
    ["crate::", "hallpass::"].iter().any(|root| {
        code.match_indices(root).any(|(at, _)| {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or("").split(',').any(|item| is_path(item.trim(), name)),
                None => is_path(rest, name),
            }
        })
    })
}

/// `name::` where a path begins.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.'))
    })
}

fn is_path(text: &str, name: &str) -> bool {
    text.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Every source file with its module and its code, comments left out.
fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .filter(|file| file != &root.join("lib.rs"))
        .map(|file| {
            let inside = file.strip_prefix(&root).expect("a file in src");
            let first = inside.iter().next().expect("a name").to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            let code = fs::read_to_string(&file).expect("a source file");
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            (module, file, code)
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}
