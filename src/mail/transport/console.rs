//! Mail for whoever is watching: on standard error, to be read by people.

use std::io::Write;

use crate::mail::SendError;
use crate::mail::message::{Envelope, Message};

const RULE: &str = "-------------------------------------------------------------------------------";

/// Writes a mail in plain text. It holds whatever link the mail does, which is what this is for.
pub(super) fn write(out: &mut impl Write, envelope: &Envelope<'_>, message: &Message) -> Result<(), SendError> {
    let (from, to, id) = (envelope.from, &envelope.to, envelope.message_id());
    let page = format!(
        "{RULE}\nSubject: {}\nFrom: {from}\nTo: {to}\nMessage-ID: {id}\n\n{}\n{RULE}\n",
        message.subject, message.text
    );
    // A terminal obeys what a name might hold.
    let page = page.replace(|c: char| c.is_control() && c != '\n', "");
    // In one piece, so that no line of the log comes in between.
    out.write_all(page.as_bytes()).map_err(|error| SendError::Failed(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Message, write};
    use crate::clock::Timestamp;
    use crate::mail::message::{Envelope, mailbox};

    #[test]
    fn a_mail_is_written_as_people_read_it_and_commands_no_terminal() {
        let from = mailbox(Some("Zoë"), "us@example.org").ok().unwrap();
        let to = mailbox(None, "al@example.com").ok().unwrap();
        let envelope = Envelope { from: &from, to, id: "17", date: Timestamp::from_seconds(0) };
        let [subject, text, html] = ["Hello", "Hällo\u{1b}[2J\n\nlink\r\n", "<p>"].map(str::to_owned);
        let mut out = Vec::new();

        write(&mut out, &envelope, &Message { subject, text, html }).unwrap();

        let rule = "-".repeat(79);
        let page = "Subject: Hello\nFrom: Zoë <us@example.org>\nTo: al@example.com\nMessage-ID: <17@example.org>\n\n\
                    Hällo[2J\n\nlink\n\n";
        assert_eq!(String::from_utf8(out).unwrap(), format!("{rule}\n{page}{rule}\n"));
    }
}
