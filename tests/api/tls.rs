//! TLS of the service's own: who is let in, what is shown, and how a certificate is renewed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::support::TestApp;
use crate::support::client::{Client, Response};
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file, run_command};

const FIRST: (&[u8], &[u8]) = (include_bytes!("mail/tls/server.pem"), include_bytes!("mail/tls/server.key.pem"));
const RENEWED: (&[u8], &[u8]) = (include_bytes!("tls/renewed.pem"), include_bytes!("tls/renewed.key.pem"));
const AUTHORITIES: [&[u8]; 2] = [include_bytes!("mail/tls/authority.pem"), include_bytes!("tls/renewed_authority.pem")];

const SETTINGS: &str = "server.tls_certificate = \"server.pem\"\nserver.tls_key = \"server.key.pem\"\n";

const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// By then a connection is closed that was given a second.
const HASTE_IS_OVER: Duration = Duration::from_secs(10);

type Secured = StreamOwned<ClientConnection, TcpStream>;

/// A connection of this version to a service that one of the two authorities vouches for.
fn secure(client: Client, version: &'static SupportedProtocolVersion) -> Secured {
    let mut roots = RootCertStore::empty();
    for authority in AUTHORITIES {
        roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), client.connect());
    stream.conn.complete_io(&mut stream.sock).expect("a handshake");
    stream
}

/// The answer to one request on a connection that stays.
fn ask(stream: &mut Secured, request: &[u8]) -> Response {
    stream.write_all(request).expect("it goes out");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b"}") {
        let length = stream.read(&mut buffer).expect("an answer");
        assert_ne!(length, 0, "cut off: {}", answer.escape_ascii());
        answer.extend(&buffer[..length]);
    }
    Response::parse(&answer).expect("an answer")
}

fn shown(stream: &Secured) -> Vec<u8> {
    stream.conn.peer_certificates().expect("a certificate")[0].to_vec()
}

fn der((certificate, _): (&[u8], &[u8])) -> Vec<u8> {
    CertificateDer::from_pem_slice(certificate).unwrap().to_vec()
}

fn put(database: &TestDatabase, (certificate, key): (&[u8], &[u8])) -> [PathBuf; 2] {
    let files = ["server.pem", "server.key.pem"].map(|name| database.folder().join(name));
    std::fs::write(&files[0], certificate).unwrap();
    std::fs::write(&files[1], key).unwrap();
    files
}

/// A service in this process.
fn app(more: &str) -> TestApp {
    let database = TestDatabase::create(Kind::Sqlite);
    let [certificate, key] = put(&database, FIRST).map(|file| file.display().to_string());
    let settings = format!("server.tls_certificate = \"{certificate}\"\nserver.tls_key = \"{key}\"\n{more}");
    TestApp::start_on(database, &settings)
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_browsers_are_told_to_stay_with_them() {
    let app = app("");
    for version in [&TLS12, &TLS13] {
        let mut stream = secure(app.client, version);

        let good = ask(&mut stream, LIVEZ);
        let bad = ask(&mut stream, b"GET /livez HTTP/9\r\n\r\n");

        assert_eq!(stream.conn.protocol_version(), Some(version.version));
        assert_eq!((good.status, bad.status), (200, 400));
        for response in [good, bad] {
            assert_eq!(response.header("strict-transport-security"), Some("max-age=31536000"), "{response:?}");
        }
    }
}

#[test]
fn what_is_no_tls_or_an_older_one_is_closed() {
    let app = app("");
    // A greeting of TLS 1.1 with one cipher and nothing more.
    let hello = [&[0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2][..], &[7; 32], &[0, 0, 2, 0xc0, 0x14, 1, 0]].concat();
    for bytes in
        [LIVEZ, hello.as_slice(), b"\x16\x03\x01\xff\xff", b"\0\0\0\0\0\0\0\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = app.client.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);

        // An alert of TLS at the most.
        assert!(answer.is_empty() || answer[0] == 0x15, "{}: {}", bytes.escape_ascii(), answer.escape_ascii());
    }
    assert_eq!(ask(&mut secure(app.client, &TLS13), LIVEZ).status, 200);
}

#[test]
fn a_handshake_that_does_not_end_is_given_up_and_holds_nobody_up() {
    let app = app("server.request_timeout = \"1s\"");
    let started = Instant::now();
    let mut half_open: Vec<TcpStream> = (0..200).map(|_| app.client.connect()).collect();
    for stream in half_open.iter_mut().skip(100) {
        stream.write_all(b"\x16\x03\x01\x00\xa5\x01").unwrap();
    }

    let status = ask(&mut secure(app.client, &TLS13), LIVEZ).status;

    assert_eq!(status, 200);
    for mut stream in half_open {
        let mut answer = Vec::new();
        // The client gives up later than this: what ends the reading is the server.
        let _ = stream.read_to_end(&mut answer);
        assert!(started.elapsed() < HASTE_IS_OVER, "{:?}", started.elapsed());
    }
}

#[test]
fn a_certificate_that_cannot_be_used_ends_the_start_in_one_line() {
    let cases: [(&[u8], &[u8], &str); 6] = [
        (FIRST.0, RENEWED.1, "server.tls_key: it is not the key of server.tls_certificate"),
        (b"", FIRST.1, "server.tls_certificate: server.pem: has no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nCANARY\n", FIRST.1, "server.tls_certificate: server.pem: is no PEM"),
        (b"-----BEGIN CERTIFICATE-----\nQ0FOQVJZ\n-----END CERTIFICATE-----\n", FIRST.1, "server.tls_certificate: "),
        (FIRST.0, FIRST.0, "server.tls_key: server.key.pem: has no private key in PEM"),
        (
            FIRST.0,
            b"-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----\n",
            "server.tls_key: server.key.pem: ",
        ),
    ];
    for (certificate, key, why) in cases {
        let database = TestDatabase::create_empty(Kind::Sqlite);
        config_file(&database, SETTINGS);
        put(&database, (certificate, key));

        let mut program = command(HALLPASS, &database);
        let ended = run_command(
            {
                program.env("RUST_LOG", "off");
                program
            },
            "",
        );

        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{why}: {ended:?}");
        assert!(ended.stderr.starts_with(&format!("Error: {why}")), "{why}: {ended:?}");
        assert!(!ended.stderr.contains("CANARY") && !ended.stderr.contains("Q0FO"), "{ended:?}");
    }
}

#[test]
fn a_certificate_that_is_gone_or_alone_ends_the_start() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let start = |settings: &str| {
        config_file(&database, settings);
        let mut program = command(HALLPASS, &database);
        program.env("RUST_LOG", "off");
        run_command(program, "")
    };

    let gone = start(SETTINGS);
    let alone = start("server.tls_certificate = \"server.pem\"");
    let key_alone = start("server.tls_key = \"server.key.pem\"");

    assert!(gone.stderr.contains("server.tls_certificate: server.pem: cannot be read: "), "{gone:?}");
    assert!(alone.stderr.contains("server.tls_certificate: needs server.tls_key as well"), "{alone:?}");
    assert!(key_alone.stderr.contains("server.tls_key: needs server.tls_certificate as well"), "{key_alone:?}");
    assert!([gone, alone, key_alone].iter().all(|ended| ended.code == Some(1) && ended.stderr.lines().count() == 1));
}

#[test]
fn a_renewed_certificate_is_shown_to_those_who_come_after_and_a_broken_one_to_nobody() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, SETTINGS);
    put(&database, FIRST);
    let mut service = Service::start(command(HALLPASS, &database));
    let mut early = secure(service.client, &TLS13);
    let before = shown(&early);

    put(&database, RENEWED);
    service.signal("HUP");
    service.wait_for("took the certificate from its files again");
    let after = shown(&secure(service.client, &TLS13));
    put(&database, (FIRST.0, RENEWED.1));
    service.signal("HUP");
    service.wait_for("the certificate stays as it is: server.tls_key: it is not the key of server.tls_certificate");
    let mut late = secure(service.client, &TLS12);

    assert_eq!((before, after), (der(FIRST), der(RENEWED)));
    assert_eq!(shown(&late), der(RENEWED));
    assert_eq!(ask(&mut late, LIVEZ).status, 200);
    // Idle connections end after five seconds; this one has not had its first request.
    assert_eq!(ask(&mut early, LIVEZ).status, 200, "the connection from before is still good");
    service.signal("TERM");
    assert_eq!(service.wait().0, Some(0));
}
