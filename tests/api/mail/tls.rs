//! The way to the mail server: protected, and to the right server only.
//!
//! Which authorities are trusted is the system's business, said in a variable. A program cannot change its own, so a test
//! runs itself once more in a process that has it.

use std::process::Command;

use hallpass::mail::MailKind;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::server::MailServer;
use super::support::{Office, letter, smtp, waiting};
use crate::support::database::{Kind, TestDatabase};

/// What rustls trusts in place of the system's authorities.
const TRUSTED: &str = "SSL_CERT_FILE";

/// The authority that the certificate of these tests is from, for the name `localhost`.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/mail/tls/authority.pem");

/// Neither is of any use outside these tests.
fn certified() -> ServerConfig {
    let chain = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key.pem")).expect("a key");
    ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a certificate for this key")
}

/// Sends a mail with a password over a protected way; gives what the server heard and whether the mail still waits.
fn send(scheme: &str, host: &str, option: &str) -> (Vec<String>, bool) {
    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    server.protect(certified(), scheme == "smtps");
    server.offer("STARTTLS");
    server.offer("AUTH PLAIN");
    let plain = format!("smtp://{}", server.address);
    let url = format!("{scheme}://user:word@{host}:{}{option}", server.address.port());
    let office = Office::new(&database, &smtp(server.address, "").replace(&plain, &url));
    office.enqueue(&letter(MailKind::Activation));

    office.send_due();

    let verbs = server.commands().iter().map(|line| line[..4].to_owned()).collect();
    (verbs, !waiting(&database).is_empty())
}

#[test]
fn a_server_that_is_not_trusted_hears_neither_the_password_nor_the_mail() {
    assert_eq!(send("smtps", "localhost", ""), (vec![], true));
    assert_eq!(send("smtp", "localhost", "?tls=required"), (vec!["EHLO".to_owned(), "STAR".to_owned()], true));
}

#[test]
fn a_server_that_is_trusted_gets_both() {
    if std::env::var_os(TRUSTED).is_none_or(|file| file != AUTHORITY) {
        let program = std::env::current_exe().expect("this program");
        let this_test = ["--exact", "mail::tls::a_server_that_is_trusted_gets_both"];
        let ended = Command::new(program).args(this_test).env(TRUSTED, AUTHORITY).output().expect("it runs");
        let output = String::from_utf8_lossy(&ended.stdout);
        return assert!(ended.status.success() && output.contains("1 passed"), "{output}");
    }
    let mail = ["MAIL", "RCPT", "DATA", "QUIT"];
    let implicit = [&["EHLO", "AUTH"][..], &mail].concat();
    let explicit = [&["EHLO", "STAR", "EHLO", "AUTH"][..], &mail].concat();

    assert_eq!(send("smtps", "localhost", ""), (owned(&implicit), false));
    assert_eq!(send("smtp", "localhost", "?tls=required"), (owned(&explicit), false));
    // The right authority, and not the name that was meant.
    assert_eq!(send("smtps", "127.0.0.1", ""), (vec![], true));
}

fn owned(verbs: &[&str]) -> Vec<String> {
    verbs.iter().map(|verb| (*verb).to_owned()).collect()
}
