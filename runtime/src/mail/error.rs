//! Why an e-mail did not leave, by what can be done about it.

/// Why an e-mail did not leave. No text in it holds an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailError {
    /// Nothing was delivered; later it may be.
    Retry {
        /// What the server or the network said.
        said: String,
    },
    /// Nothing was delivered, and nothing ever will be.
    GiveUp {
        /// Why.
        refusal: Refusal,
    },
    /// The text left and no answer came: it may have been delivered.
    Unclear,
}

/// Why an e-mail can never leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It has no recipient, or one that is no e-mail address.
    Address,
    /// The server refuses it for good; what it said.
    Server(String),
}
