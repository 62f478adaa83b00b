//! Messages written, or received, before the open question could be seen.

use jiff::{SignedDuration, Timestamp};

use crate::protocol::{Content, Inbound};

/// A message first seen so long after it was written does not play: it answers nothing that is open now.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24);

/// Whether a message is older than what may play.
pub(super) fn is_too_old(message: &Inbound) -> bool {
    message.received_at.duration_since(message.written_at) > TOO_OLD
}

/// Whether a message came before the channel had accepted the open question, which happened at `asked_at`, if it
/// has happened. Taps are exempt: they name their wait.
pub(super) fn is_early(message: &Inbound, asked_at: Option<Timestamp>) -> bool {
    match &message.content {
        Content::Tap { .. } | Content::TemplateTap { .. } => return false,
        Content::Text { .. }
        | Content::Media(_)
        | Content::Location(_)
        | Content::Contacts { .. }
        | Content::Reaction { .. }
        | Content::Other { .. } => {}
    }
    // The provider's clock has whole seconds: what was written within the second of the question is not early.
    asked_at
        .is_none_or(|asked| message.received_at < asked || message.written_at.as_second() < asked.as_second())
}
