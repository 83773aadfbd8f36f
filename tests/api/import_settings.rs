//! `hallpass import-settings`, on what a real project printed: `tests/conformance/moving`.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::program::{Ended, HALLPASS, run_command};

/// What the project of `tests/conformance/django/moving` printed.
const PRINTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/moving/printed.json");

fn import(arguments: &[&str], input: &str) -> Ended {
    let mut program = Command::new(HALLPASS);
    program.arg("import-settings").args(arguments);
    run_command(program, input)
}

#[test]
fn the_settings_of_a_project_become_those_of_hallpass_and_the_rest_is_named() {
    let ended = import(&[PRINTED], "");

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, include_str!("../conformance/moving/hallpass.toml"));
    let told: Vec<&str> = ended.stdout.lines().filter_map(|line| line.strip_prefix("# - ")).collect();
    let said: Vec<&str> = ended.stderr.lines().filter_map(|line| line.strip_prefix("Not carried over: ")).collect();
    assert_eq!((told.len(), told), (8, said));
}

#[test]
fn the_help_has_the_program_that_the_project_ran() {
    let program = include_str!("../conformance/django/moving/print_settings.py").trim_end();

    let help = import(&["--help"], "");

    assert!(help.stdout.contains(&format!("python manage.py shell -c \"{program}\" > django.json")), "{}", help.stdout);
}

#[test]
fn the_guide_has_the_same_program_and_every_setting_that_has_a_counterpart() {
    let guide = include_str!("../../docs/from-django.md");
    let program = include_str!("../conformance/django/moving/print_settings.py").trim_end();
    assert!(guide.contains(&format!("python manage.py shell -c \"{program}\" > django.json")));

    let (mut section, mut has_counterpart) = (String::new(), false);
    for line in include_str!("../../config/default.toml").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some(counterpart) = line.strip_prefix("# Django: ") {
            has_counterpart = counterpart != "-";
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#') && has_counterpart) {
            assert!(guide.contains(&format!("| `{section}{name}` |")), "{section}{name} is not in the guide");
            has_counterpart = false;
        }
    }
}

#[test]
fn the_file_that_is_written_is_its_owners_alone_and_none_is_written_over() {
    let folder = std::env::temp_dir().join(format!("hallpass-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("hallpass.toml");
    let output = path.to_str().expect("a path");

    let first = import(&[PRINTED, "--output", output], "");
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
    let written = std::fs::read_to_string(&path).expect("a file");
    let second = import(&[PRINTED, "--output", output], "");
    std::fs::remove_dir_all(&folder).expect("it goes");

    assert_eq!((first.code, first.stdout.as_str(), mode), (Some(0), "", 0o600), "{first:?}");
    assert_eq!(written, include_str!("../conformance/moving/hallpass.toml"));
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("cannot write"), "{second:?}");
}

#[test]
fn what_cannot_be_understood_is_said_and_never_makes_a_setting_laxer() {
    let project = r#"{
        "AUTH_USER_MODEL": "shop.Customer",
        "DATABASES": {"default": {"ENGINE": "django.db.backends.mysql"}},
        "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
        "AUTH_PASSWORD_VALIDATORS": "none",
        "SIMPLE_JWT": {"ACCESS_TOKEN_LIFETIME": "soon", "LEEWAY": -1, "AUDIENCE": [1], "ROTATE_REFRESH_TOKENS": "yes"},
        "REST_FRAMEWORK": ["a list"],
        "DJOSER": {"PERMISSIONS": {"user_create": [], "user": ["a.One", "b.Other"], "set_password": 7}, "\n\u001b": 1}
    }"#;

    let ended = import(&["-"], project);

    let settings: Vec<&str> = ended.stdout.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let expected = [
        r#"auth.backends = ["basic"]"#,
        r#"accounts.permissions.set_password = "is_admin_user""#,
        r#"accounts.permissions.user_create = "is_admin_user""#,
        r#"accounts.permissions.user = "is_admin_user""#,
    ];
    assert_eq!((ended.code, settings), (Some(0), expected.to_vec()), "{ended:?}");
    let notes = [
        "AUTH_USER_MODEL: shop.Customer",
        "DATABASES: django.db.backends.mysql",
        "EMAIL_BACKEND: anymail.backends.mailgun.EmailBackend",
        "SIMPLE_JWT[\"ACCESS_TOKEN_LIFETIME\"]",
        "SIMPLE_JWT[\"LEEWAY\"]",
        "SIMPLE_JWT[\"AUDIENCE\"]",
        "SIMPLE_JWT[\"ROTATE_REFRESH_TOKENS\"]",
        "DJOSER[\"PERMISSIONS\"][\"user\"]: a.One and b.Other",
        "DJOSER[\"PERMISSIONS\"][\"set_password\"]: 7",
        "DJOSER[\"PERMISSIONS\"][\"user_create\"]: []",
    ];
    for note in notes {
        assert!(ended.stderr.contains(&format!("Not carried over: {note}")), "{note}: {ended:?}");
    }
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stdout.contains('\u{1b}'), "{ended:?}");
}

#[test]
fn what_is_no_settings_at_all_is_refused_in_one_sentence() {
    for input in ["", "[]", "{", "null", "\u{feff}{}", "8 objects imported automatically\n"] {
        let ended = import(&["-"], input);

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{input:?}: {ended:?}");
        assert!(ended.stderr.starts_with("Error: - is no JSON object"), "{input:?}: {ended:?}");
    }
    assert_eq!(import(&["/nowhere"], "").code, Some(1));
}

#[test]
fn what_hallpass_would_refuse_is_said_at_once() {
    let ended = import(&["-"], r#"{"SECRET_KEY": "short", "SIMPLE_JWT": {"ALGORITHM": "none"}}"#);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("jwt.algorithm"), "{ended:?}");
    assert!(!ended.stderr.contains("short"), "no secret is shown: {ended:?}");
}
