//! What every question has: what happens to an answer that does not fit, and to silence.

use serde::Deserialize;

use super::context::NodeContext;
use super::duration::Duration;
use super::inspection::Inspection;
use super::play::{Next, Play, Stop};
use crate::expr::Template;
use crate::ids::{EffectId, NodeId};
use crate::protocol::{Event, NotPlayed, TimerKind};
use crate::session::WaitKind;

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

/// Begins the wait for an answer to a question that has been put, with its clock.
pub(super) fn begin(
    cx: &mut NodeContext<'_>,
    kind: WaitKind,
    question: EffectId,
    no_answer: Option<&NoAnswer>,
) -> Result<Next, Stop> {
    cx.wait(kind, Some(question))?;
    if let Some(no_answer) = no_answer {
        cx.arm_after_question(TimerKind::NoAnswer, no_answer.after)?;
        if let Some(remind) = &no_answer.remind {
            cx.arm_after_question(TimerKind::Remind, remind.after)?;
        }
    }
    Ok(Next::Stay)
}

/// Counts an answer that does not fit. The way out when the attempts are used up; `None` to ask again.
pub(super) fn refuse(
    cx: &mut NodeContext<'_>,
    invalid: Option<&Invalid>,
    reason: &str,
) -> Result<Option<Next>, Stop> {
    let waiting = cx.waiting()?;
    waiting.attempts += 1;
    let attempt = waiting.attempts;
    let wait = cx.wait_id();
    cx.event(Event::AnswerInvalid { wait, reason: reason.to_owned(), attempt });
    let used_up = invalid.and_then(Invalid::limit).filter(|(limit, _)| attempt >= *limit);
    Ok(used_up.map(|(_, next)| Next::port("invalid", next)))
}

/// Puts a message aside that came before the question could be seen, and asks once more, once.
pub(crate) fn too_early(cx: &mut NodeContext<'_>, node: &dyn Play) -> Result<Next, Stop> {
    cx.event(Event::NotPlayed { reason: NotPlayed::Early });
    if !std::mem::replace(&mut cx.waiting()?.repeated, true) {
        node.repeat(cx)?;
    }
    Ok(Next::Stay)
}

/// The clock of a question: the reminder, or the way out.
pub(super) fn silence(
    cx: &mut NodeContext<'_>,
    timer: TimerKind,
    no_answer: Option<&NoAnswer>,
) -> Result<Next, Stop> {
    let Some(no_answer) = no_answer else { return Err(cx.wrong_wait()) };
    match timer {
        TimerKind::NoAnswer => Ok(Next::port("no_answer", &no_answer.next)),
        TimerKind::Remind => {
            if let Some(remind) = &no_answer.remind {
                let text = cx.text(&remind.text)?;
                cx.say_text(&text)?;
            }
            Ok(Next::Stay)
        }
        TimerKind::Collect
        | TimerKind::Idle
        | TimerKind::Expire
        | TimerKind::Until
        | TimerKind::AcceptWithin => Err(cx.wrong_wait()),
    }
}
