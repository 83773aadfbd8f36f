//! What mails say: djoser's words, or those of a folder; and nothing that breaks out of its place.

use std::fs;
use std::path::Path;

use hallpass::clock::Clock;
use hallpass::mail::{Letter, MailError, MailKind, Mailer, Message, Templates};
use hallpass::settings::Settings;

use super::server::{MailServer, Received};
use super::support::{Office, TOKEN, letter, site, smtp, to, waiting};
use crate::support::database::{Kind, TestDatabase};

/// What djoser 2.3.5 renders.
fn djoser(kind: MailKind) -> [String; 3] {
    let recorded: serde_json::Value = serde_json::from_str(include_str!("djoser.json")).expect("JSON");
    ["subject", "text", "html"].map(|part| recorded[kind.as_str()][part].as_str().expect("a text").to_owned())
}

fn rendered(folder: Option<&Path>, site_name: &str, letter: &Letter) -> Message {
    Templates::load(folder).expect("templates").render(&site(site_name), letter).expect("a mail")
}

/// A folder of templates, and why a service with it does not start.
fn refusal(files: &[(&str, &str)]) -> String {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let folder = database.folder().join("templates");
    fs::create_dir(&folder).expect("a folder");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    let settings = format!("email.templates = \"{}\"", folder.display());
    let settings = Settings::from_toml(&settings).expect("settings");
    Mailer::open(&settings.email, site("Example")).err().map(|error| error.to_string()).unwrap_or_default()
}

/// The one mail that a server gets for a letter.
fn sent(settings: &str, letter: &Letter, features: &[&str]) -> Received {
    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    features.iter().for_each(|feature| server.offer(feature));
    let office = Office::new(&database, &smtp(server.address, settings));
    office.enqueue(letter);

    office.send_due();

    assert_eq!(waiting(&database), [""; 0]);
    let mut all = server.all();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn called(site_name: &str) -> String {
    format!("accounts.email_frontend_site_name = {}", serde_json::Value::from(site_name))
}

#[test]
fn every_mail_says_what_djosers_does() {
    for kind in MailKind::ALL {
        let mail = sent("", &letter(kind), &[]);

        assert_eq!([mail.header("subject").to_owned(), mail.text.clone(), mail.html.clone()], djoser(kind), "{kind}");
        assert_eq!(
            (mail.from.as_str(), mail.to.as_slice()),
            ("us@example.org", ["zoe@example.com".to_owned()].as_slice())
        );
        assert_eq!((mail.header("from"), mail.header("to")), ("us@example.org", "zoe@example.com"));
        assert_eq!(mail.header("date"), "Fri, 15 Jan 2027 08:00:00 +0000");
        assert_eq!(mail.header("auto-submitted"), "auto-generated");
    }
}

#[test]
fn html_is_escaped_and_text_is_as_it_is() {
    let mut letter = letter(MailKind::PasswordReset);
    letter.user.username = "<b>&\"'/".to_owned();
    letter.link.as_mut().expect("a link").url = format!("#/reset?u=NDI&t={TOKEN}");

    let mail = sent(&called("Tom & \"Jerry\" <1940>"), &letter, &[]);

    assert_eq!(mail.header("subject"), "Password reset on Tom & \"Jerry\" <1940>");
    assert!(mail.text.contains("forgotten: <b>&\"'/\n"), "{}", mail.text);
    assert!(mail.text.contains(&format!("\nhttps://app.example.com/#/reset?u=NDI&t={TOKEN}\n")), "{}", mail.text);
    assert!(mail.html.contains("<b>&lt;b&gt;&amp;&quot;&#x27;/</b>"), "{}", mail.html);
    let link = format!("https://app.example.com/#/reset?u=NDI&amp;t={TOKEN}");
    assert!(mail.html.contains(&format!("<a href=\"{link}\">{link}</a>")), "{}", mail.html);
    assert!(mail.html.contains("The Tom &amp; &quot;Jerry&quot; &lt;1940&gt; team"), "{}", mail.html);
}

#[test]
fn a_name_with_line_breaks_stays_in_its_header() {
    let folder = TestDatabase::create_empty(Kind::Sqlite);
    fs::write(folder.folder().join("activation.subject.txt"), "Hello {{ user.username }}").expect("a file");
    fs::write(folder.folder().join("activation.txt"), "Hello {{ user.username }}\n.\nto you").expect("a file");
    let settings = format!("email.templates = \"{}\"", folder.folder().display());
    for (name, subject) in [
        ("a\r\nBcc: eve@example.net", "Hello a Bcc: eve@example.net"),
        ("a\nBcc: eve@example.net", "Hello a Bcc: eve@example.net"),
        ("a\rBcc: eve@example.net", "Hello a Bcc: eve@example.net"),
        ("ä\r\n\r\n.\r\nRCPT TO:<eve@example.net>", "Hello ä . RCPT TO:<eve@example.net>"),
        ("a\0b\u{1b}[2J", "Hello a b [2J"),
    ] {
        let mut letter = letter(MailKind::Activation);
        letter.user.username = name.to_owned();

        let mail = sent(&settings, &letter, &[]);

        assert_eq!(mail.header("subject"), subject);
        let names: Vec<&str> = mail.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(!names.contains(&"bcc"), "{names:?}");
        assert_eq!(mail.to, ["zoe@example.com"]);
        assert!(mail.text.ends_with("\n.\nto you"), "{}", mail.text);
    }
}

#[test]
fn a_mail_goes_to_one_address_or_to_none() {
    for address in [
        "a@example.com\r\nRCPT TO:<eve@example.net>",
        "a@example.com, eve@example.net",
        "a@example.com> , <eve@example.net",
        "A <a@example.com>",
        "a example.com",
        "@example.com",
        "a@",
        "a@exa mple.com",
    ] {
        let database = TestDatabase::create(Kind::Sqlite);
        let server = MailServer::start();
        let office = Office::with_server(&database, &server);
        office.enqueue(&to(address, MailKind::Activation));

        assert_eq!(office.send_due(), 1, "{address:?}");

        assert_eq!((waiting(&database), server.commands()), (vec![], vec![]), "{address:?}");
    }
}

#[test]
fn names_and_subjects_may_be_in_any_script() {
    let mut letter = letter(MailKind::UsernameReset);
    letter.user.username = "用户".to_owned();

    let mail = sent(&called("Zoës Bücher – 本"), &letter, &[]);

    assert_eq!(mail.header("subject"), "Username reset on Zoës Bücher – 本");
    assert!(mail.text.contains("forgotten: 用户\n") && mail.html.contains("<b>用户</b>"), "{mail:?}");
    assert!(mail.text.ends_with("The Zoës Bücher – 本 team"), "{}", mail.text);
}

#[test]
fn a_domain_goes_in_ascii_and_another_name_before_it_needs_a_server_that_takes_it() {
    let mail = sent("", &to("zoe@bücher.example", MailKind::Confirmation), &[]);
    assert_eq!(mail.to, ["zoe@xn--bcher-kva.example"]);

    let mail = sent("", &to("zoë@bücher.example", MailKind::Confirmation), &["8BITMIME", "SMTPUTF8"]);
    assert_eq!(mail.to, ["zoë@xn--bcher-kva.example"]);
    assert!(mail.commands.iter().any(|line| line.starts_with("MAIL") && line.contains("SMTPUTF8")), "{mail:?}");

    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    let office = Office::with_server(&database, &server);
    office.enqueue(&to("zoë@example.com", MailKind::Confirmation));
    office.send_due();
    assert_eq!((waiting(&database), server.all().len()), (vec![], 0), "it is given up");
}

#[test]
fn the_sender_may_have_a_name() {
    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    let settings = smtp(server.address, "").replace("us@example.org", "Zoë, Ltd. <us@bücher.example>");
    let office = Office::new(&database, &settings);
    office.enqueue(&letter(MailKind::Activation));

    office.send_due();

    let mail = server.next();
    assert_eq!(mail.from, "us@xn--bcher-kva.example");
    assert!(mail.header("from").contains("Zoë, Ltd."), "{}", mail.header("from"));
    assert!(mail.header("from").ends_with("<us@xn--bcher-kva.example>"), "{}", mail.header("from"));
}

#[test]
fn a_folder_has_the_templates_that_it_has_and_the_rest_are_compiled_in() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let write = |name: &str, text: &str| fs::write(database.folder().join(name), text).expect("a file");
    write("activation.subject.txt", "Welcome, {{ user.username }}\n");
    write("base.html", "{% include \"_logo.html\" %}<main>{% block body %}{% endblock %}</main>");
    write("_logo.html", "<img alt=\"{{ site_name }}\">");
    write("README", "{% what this is for");

    let activation = rendered(Some(database.folder()), "A & B", &letter(MailKind::Activation));
    let confirmation = rendered(Some(database.folder()), "A & B", &letter(MailKind::Confirmation));

    assert_eq!(activation.subject, "Welcome, zoë.b+c@d");
    assert_eq!(activation.text, djoser(MailKind::Activation)[1].replace("Example", "A & B"));
    let html = "<img alt=\"A &amp; B\"><main><p>Your account has been created and is ready to use!</p>\n</main>";
    assert_eq!(confirmation.html, html);
}

#[test]
fn a_template_knows_what_djosers_do() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let all = "{{ user.username }} {{ user.email }} {{ email }} {{ domain }} {{ protocol }} {{ site_name }}";
    fs::write(database.folder().join("confirmation.txt"), all).expect("a file");
    fs::write(database.folder().join("activation.txt"), "{{ uid }} {{ token }} {{ url|upper }}").expect("a file");

    let confirmation = rendered(Some(database.folder()), "Example", &letter(MailKind::Confirmation)).text;
    let activation = rendered(Some(database.folder()), "Example", &letter(MailKind::Activation)).text;

    assert_eq!(confirmation, "zoë.b+c@d zoe@example.com zoe@example.com app.example.com https Example");
    assert_eq!(activation, format!("NDI {TOKEN} ACTIVATE/NDI/{}", TOKEN.to_uppercase()));
}

#[test]
fn a_broken_template_stops_the_start() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("activation.txt", "{% if %}")], "activation.txt:1"),
        (&[("activation.txt", "one\n{{ link }}")], "undefined value (in activation.txt:2)"),
        (&[("confirmation.txt", "{{ url }}")], "undefined value (in confirmation.txt:1)"),
        (&[("activation.html", "{% extends \"layout.html\" %}")], "layout.html"),
        (&[("activation.subject.txt", " \n")], "activation.subject.txt is empty"),
        (&[("pasword_reset.txt", "x")], "pasword_reset.txt is no template of any mail"),
        (&[("_part.html", "{{ oops")], "_part.html:1"),
    ];
    for (files, why) in cases {
        let error = refusal(files);
        assert!(error.starts_with("email.templates: ") && error.contains(why), "{files:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert_eq!(refusal(&[]), "");
}

#[test]
fn a_folder_that_is_not_there_stops_the_start() {
    let database = TestDatabase::create_empty(Kind::Sqlite);

    let opened = Office::open(&database, "email.templates = \"/nowhere/at/all\"", Clock::system());

    let Err(error @ MailError::Templates(_)) = opened else { panic!("it started") };
    assert!(error.to_string().starts_with("email.templates: /nowhere/at/all cannot be read: "), "{error}");
}

#[test]
fn neither_a_letter_nor_a_mail_prints_its_link() {
    let letter = letter(MailKind::PasswordReset);
    let message = rendered(None, "Example", &letter);

    for text in [format!("{letter:?}"), format!("{message:?}")] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}
