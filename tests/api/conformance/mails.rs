//! The mails that a request caused, and whether they are the recorded ones.

use std::fs;
use std::path::PathBuf;

use super::answer::{Known, matches};
use super::data::Mail;
use crate::mail::mime::{parse, value};
use crate::support::TestApp;
use crate::support::database::TestDatabase;

/// The folder that mails are written to.
pub struct Mailbox(PathBuf);

impl Mailbox {
    pub fn create(database: &TestDatabase) -> Self {
        let folder = database.folder().join("mail");
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    /// The settings that have mails written here. Nothing is limited: cases follow one another within a second.
    pub fn settings(&self) -> String {
        format!(
            "email.transport = \"file\"\nemail.directory = \"{}\"\nemail.limit_per_minute = 1000\nemail.limit_per_hour = 1000\n",
            self.0.display()
        )
    }

    /// Has all that waits sent, and takes it out.
    pub fn take(&self, app: &TestApp) -> Vec<Mail> {
        app.hallpass.post().send_due().expect("mail that can be sent");
        let mut files: Vec<PathBuf> =
            fs::read_dir(&self.0).expect("the folder").map(|file| file.expect("a file").path()).collect();
        files.sort();
        files
            .into_iter()
            .map(|file| {
                let mail = read(&fs::read_to_string(&file).expect("a mail"));
                fs::remove_file(file).expect("a file");
                mail
            })
            .collect()
    }
}

fn read(mail: &str) -> Mail {
    let (headers, text, html) = parse(mail);
    let html_link = html.split_once("href=\"").and_then(|(_, rest)| rest.split('"').next());
    Mail {
        from: value(&headers, "from"),
        to: value(&headers, "to"),
        subject: value(&headers, "subject"),
        text: text.replace("\r\n", "\n").trim_end_matches('\n').to_owned(),
        html_link: html_link.map(|link| link.replace("&amp;", "&")),
    }
}

pub fn differences(mails: &[Mail], recorded: &[Mail], known: &Known) -> Vec<String> {
    if mails.len() != recorded.len() {
        return vec![format!("{} mails, not {}: {mails:?}", mails.len(), recorded.len())];
    }
    let mut wrong = Vec::new();
    for (mail, recorded) in mails.iter().zip(recorded) {
        let parts = [
            ("from", &mail.from, &recorded.from),
            ("to", &mail.to, &recorded.to),
            ("subject", &mail.subject, &recorded.subject),
            ("text", &mail.text, &recorded.text),
            (
                "html_link",
                &mail.html_link.clone().unwrap_or_default(),
                &recorded.html_link.clone().unwrap_or_default().replace("&amp;", "&"),
            ),
        ];
        for (name, found, expected) in parts {
            if !matches(found, &known.fill_in(expected)) {
                wrong.push(format!("mail's {name} {found:?}, not {expected:?}"));
            }
        }
    }
    wrong
}

/// The uid and the token of the link in the last mail: what stands around the token, whatever the link looks like.
pub fn last_link(mails: &[Mail]) -> Option<(String, String)> {
    let link = mails.last()?.html_link.as_ref()?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let parts: Vec<&str> = link.split(|c| !is_part(c)).filter(|part| !part.is_empty()).collect();
    let at = parts.iter().position(|part| is_token(part))?;
    Some((parts.get(at.checked_sub(1)?)?.to_string(), parts[at].to_owned()))
}

fn is_token(part: &str) -> bool {
    part.split_once('-').is_some_and(|(time, signature)| {
        !time.is_empty() && signature.len() == 32 && signature.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
