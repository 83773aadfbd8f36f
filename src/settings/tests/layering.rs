//! Which layer wins, and how a variable is read.

use super::{Directory, under};
use crate::settings::{Backend, Settings, Sources, load};

#[test]
fn a_file_wins_over_the_defaults_and_leaves_the_rest_as_it_is() {
    let settings = Settings::from_toml("[server]\nworkers = 3").unwrap();

    assert_eq!(settings.server.workers, 3);
    assert_eq!(settings.server.bind.port(), 8000);
}

#[test]
fn a_later_file_wins_over_an_earlier_one() {
    let directory = Directory::new()
        .with("one.toml", "[server]\nworkers = 1\ntrusted_proxies = 1")
        .with("two.toml", "server.workers = 2");

    let server = directory.load(&["one.toml", "two.toml"], &[]).unwrap().server;

    assert_eq!((server.workers, server.trusted_proxies), (2, 1));
}

#[test]
fn the_environment_wins_over_every_file() {
    let directory = Directory::new().with("one.toml", "server.workers = 1");

    let settings = directory.load(&["one.toml"], &[("HALLPASS__SERVER__WORKERS", "9")]).unwrap();

    assert_eq!(settings.server.workers, 9);
}

#[test]
fn hallpass_toml_in_the_working_directory_is_read_when_no_file_is_named() {
    let directory = Directory::new().with("hallpass.toml", "server.workers = 4").with("other.toml", "");

    assert_eq!(directory.load(&[], &[]).unwrap().server.workers, 4);
    assert_eq!(directory.load(&["other.toml"], &[]).unwrap().server.workers, 0);
    assert_eq!(directory.load(&[], &[("HALLPASS_CONFIG", "")]).unwrap().server.workers, 4);
}

#[test]
fn the_variable_names_a_file_unless_the_command_line_does() {
    let directory = Directory::new()
        .with("hallpass.toml", "server.workers = 4")
        .with("named.toml", "server.workers = 5")
        .with("given.toml", "server.workers = 6");
    let environment = [("HALLPASS_CONFIG", "named.toml")];

    assert_eq!(directory.load(&[], &environment).unwrap().server.workers, 5);
    assert_eq!(directory.load(&["given.toml"], &environment).unwrap().server.workers, 6);
}

#[test]
fn a_list_in_a_variable_is_separated_by_commas() {
    let backends = |text| under(&[("HALLPASS__AUTH__BACKENDS", text)]).unwrap().auth.backends;

    assert_eq!(backends("basic"), [Backend::Basic]);
    assert_eq!(backends("jwt, token,basic"), [Backend::Jwt, Backend::Token, Backend::Basic]);
    assert_eq!(under(&[("HALLPASS__PASSWORD__VALIDATORS", "")]).unwrap().password.validators, []);
}

#[test]
fn a_variable_is_text_until_its_setting_reads_it() {
    let settings = under(&[
        ("HALLPASS__SERVER__BODY_LIMIT", "1000"),
        ("HALLPASS__JWT__ISSUER", "0012345"),
        ("HALLPASS__JWT__AUDIENCE", "1e5,true"),
        ("HALLPASS__JWT__CHECK_REVOKE_TOKEN", "True"),
        ("HALLPASS__JWT__CHECK_USER_IS_ACTIVE", "false"),
        ("HALLPASS__LOCKOUT__FAILURES", "010"),
        ("HALLPASS__THROTTLE__LOGIN", ""),
    ])
    .unwrap();

    assert_eq!(settings.server.body_limit.bytes(), 1000);
    assert_eq!(settings.jwt.issuer.as_deref(), Some("0012345"));
    assert_eq!(settings.jwt.audience, ["1e5", "true"]);
    assert!(settings.jwt.check_revoke_token && !settings.jwt.check_user_is_active);
    assert_eq!(settings.lockout.failures, 10);
    assert_eq!(settings.throttle.login, None);
}

#[test]
fn variables_of_other_programs_are_left_alone() {
    // Kubernetes sets the second one for a service named hallpass.
    under(&[("PATH", "/bin"), ("HALLPASS_PORT", "tcp://10.0.0.1:80"), ("hallpass__server__bind", "x")]).unwrap();
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_counts_only_when_it_is_a_setting() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let with = |name: &str| {
        let environment = [(OsStr::new(name), OsStr::from_bytes(b"\xff"))];
        load(Sources::new(Vec::new(), environment, Directory::new().path()))
    };

    with("OTHER").unwrap();
    let line = with("HALLPASS__JWT__ISSUER").unwrap_err().to_string();
    assert_eq!(line, "environment variable HALLPASS__JWT__ISSUER: jwt.issuer: is not UTF-8 text");
}
