//! E-mail: the one server that the project names, over SMTP. Which mails there are is decided by flows, what becomes
//! of a failed one by `conversations`; here is only the way out.

mod error;
mod message;
#[cfg(test)]
pub(crate) mod scripted;
mod server;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use error::{MailError, Refusal};
pub use server::MailServer;

/// One e-mail, as a flow asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Email<'a> {
    /// Addresses. It goes to all of them or to none.
    pub to: &'a [String],
    /// The subject, in any script.
    pub subject: &'a str,
    /// The plain body.
    pub text: &'a str,
    /// The same as HTML, for readers that show it.
    pub html: Option<&'a str>,
    /// When it was asked for: its date, also when it is sent again.
    pub asked_at: Timestamp,
}
