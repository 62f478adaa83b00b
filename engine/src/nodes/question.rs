//! What every question has: what happens to an answer that does not fit, and to silence.

use serde::Deserialize;

use super::duration::Duration;
use super::inspection::Inspection;
use crate::expr::Template;
use crate::ids::NodeId;

/// Attempts a question allows when `invalid` gives a way out and no number.
pub const DEFAULT_ATTEMPTS: u32 = 3;

/// What happens to an answer that does not fit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invalid {
    /// Said instead of the question being repeated; a `check` with its own text says that one.
    pub text: Option<Template>,
    /// The so-many-th answer that does not fit leaves by `next`; [`DEFAULT_ATTEMPTS`] unless set. Means nothing
    /// without `next`.
    pub attempts: Option<u32>,
    /// Where it goes when the attempts are used up; without it the question is asked again for ever.
    pub next: Option<NodeId>,
}

/// What happens when no answer comes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoAnswer {
    /// Counted from when the channel accepted the question; an answer that does not fit does not restart it.
    pub after: Duration,
    /// Where it goes.
    pub next: NodeId,
    /// A reminder before that.
    pub remind: Option<Remind>,
}

/// A reminder of an open question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remind {
    /// Counted from when the channel accepted the question; shorter than `no_answer.after`.
    pub after: Duration,
    /// What is said.
    pub text: Template,
}

/// The way out of a message that the channel refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnFailed {
    /// The channel refused for good, or the window for free text is closed.
    pub failed: Option<NodeId>,
}

impl Invalid {
    /// How many answers that do not fit are allowed, and where the last one leads; absent: no limit.
    pub fn limit(&self) -> Option<(u32, &NodeId)> {
        self.next.as_ref().map(|next| (self.attempts.unwrap_or(DEFAULT_ATTEMPTS), next))
    }
}

/// Declares `invalid` and `no_answer`.
pub(super) fn inspect(invalid: Option<&Invalid>, no_answer: Option<&NoAnswer>, found: &mut Inspection) {
    if let Some(invalid) = invalid {
        found.template_if("/invalid/text", invalid.text.as_ref());
        found.port_if("invalid", "/invalid/next", invalid.next.as_ref());
    }
    if let Some(no_answer) = no_answer {
        found.port("no_answer", "/no_answer/next", &no_answer.next);
        if let Some(remind) = &no_answer.remind {
            found.template("/no_answer/remind/text", &remind.text);
        }
    }
}
