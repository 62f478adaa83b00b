//! An e-mail as it stands on the wire (RFC 5322): headers, encodings, and the `Message-ID` that makes a repetition
//! recognisable.

use std::time::SystemTime;

use fluxo_engine::ids::EffectId;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use super::{Email, MailError, Refusal};

/// Writes an e-mail.
pub(super) fn compose(from: &Mailbox, email: &Email<'_>, key: &EffectId) -> Result<Message, MailError> {
    let mut builder = Message::builder()
        .message_id(Some(message_id(key, from.email.domain())))
        .date(SystemTime::from(email.asked_at))
        .from(from.clone())
        .subject(one_line(email.subject))
        // So that no holiday notice answers it (RFC 3834 §5).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for to in email.to {
        builder = builder.to(Mailbox::new(None, address(to).ok_or_else(no_address)?));
    }
    let text = email.text.to_owned();
    let message = match email.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, html.to_owned())),
        None => builder.singlepart(SinglePart::plain(text)),
    };
    // All that can be missing is a recipient.
    message.map_err(|_| no_address())
}

/// The same effect always has the same one, and no other effect has it.
fn message_id(key: &EffectId, domain: &str) -> String {
    // A colon cannot stand there (RFC 5322 §3.6.4); a session's id holds letters, digits and dots.
    format!("<{}@{domain}>", key.to_string().replace(':', "."))
}

/// An address as mail providers give them out. Not all that RFC 5321 allows: nothing quoted, and nothing that only a
/// server with SMTPUTF8 would take.
fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    text.parse().ok().filter(|_| plain)
}

/// A header is one line, whatever a patient wrote.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "")
}

fn no_address() -> MailError {
    MailError::GiveUp { refusal: Refusal::Address }
}
