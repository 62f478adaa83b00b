//! Asks for a consent, records one, or withdraws it, with evidence.
//!
//! ```json
//! {
//!   "type": "consent",
//!   "purpose": "lembretes",
//!   "action": "ask",
//!   "text": "Podemos enviar lembretes de consulta por aqui?",
//!   "invalid": { "text": "Responda sim ou não.", "attempts": 2, "next": "sem_lembretes" },
//!   "no_answer": { "after": "1h", "next": "inatividade" },
//!   "on": { "granted": "com_lembretes", "denied": "sem_lembretes" }
//! }
//! ```

use jiff::civil::Date;
use serde::Deserialize;

use super::bubbles::split_before;
use super::context::NodeContext;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use super::question::{self, Invalid, NoAnswer};
use crate::answer::{AnswerType, Rules, read_text};
use crate::expr::Template;
use crate::ids::{EffectId, NodeId, WaitId};
use crate::protocol::{
    Choice, Consent as Evidence, ContactChange, Content, Event, Inbound, Message, TroubleCode, Wake,
};
use crate::session::WaitKind;

/// What an author writes for a `consent`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// What for, a stable word: `contact.consents.<purpose>`.
    pub purpose: String,
    /// What to do.
    pub action: Action,
    /// The question for `ask`; said after `grant` and `withdraw` when given. Kept as evidence word for word.
    pub text: Option<Template>,
    /// What happens to an answer that is neither yes nor no.
    pub invalid: Option<Invalid>,
    /// What happens when no answer comes.
    pub no_answer: Option<NoAnswer>,
    /// Ways out.
    pub on: OnConsent,
}

/// What to do with a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Asks with yes and no buttons and records the answer.
    Ask,
    /// Records that it is given; leaves by `granted`.
    Grant,
    /// Records that it is withdrawn; leaves by `denied`.
    Withdraw,
}

/// Ways out of a consent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnConsent {
    /// Given.
    pub granted: Option<NodeId>,
    /// Refused or withdrawn.
    pub denied: Option<NodeId>,
    /// The channel refused for good, or the window for free text is closed.
    pub failed: Option<NodeId>,
}

impl Inspect for Consent {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = self.text.is_some();
        found.waits.patient = self.action == Action::Ask;
        found.template_if("/text", self.text.as_ref());
        found.port_if("granted", "/on/granted", self.on.granted.as_ref());
        found.port_if("denied", "/on/denied", self.on.denied.as_ref());
        question::inspect(self.invalid.as_ref(), self.no_answer.as_ref(), found);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}

impl Play for Consent {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let words = cx.text_if(self.text.as_ref())?;
        match self.action {
            Action::Ask => {
                let words = words.ok_or_else(|| {
                    Stop::trouble(TroubleCode::ValueAbsent, "a consent that is asked for needs a text")
                })?;
                let question = put(cx, &words)?;
                question::begin(cx, WaitKind::Consent { words }, question, self.no_answer.as_ref())
            }
            Action::Grant => self.record(cx, true, words),
            Action::Withdraw => self.record(cx, false, words),
        }
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        let message = match wake {
            Wake::Message { message, .. } => message,
            Wake::Timer { timer, .. } => return question::silence(cx, *timer, self.no_answer.as_ref()),
            Wake::Http { .. }
            | Wake::SendFailed { .. }
            | Wake::Desk { .. }
            | Wake::Ticket { .. }
            | Wake::Close { .. } => return Err(cx.wrong_wait()),
        };
        let Some(granted) = answer(&cx.wait_id(), message) else {
            if let Some(out) = question::refuse(cx, self.invalid.as_ref(), "not_yes_or_no")? {
                return Ok(out);
            }
            if let Some(text) = self.invalid.as_ref().and_then(|invalid| invalid.text.as_ref()) {
                let text = cx.text(text)?;
                cx.say_text(&text)?;
            }
            self.repeat(cx)?;
            return Ok(Next::Stay);
        };
        let choice = if granted { YES } else { NO };
        cx.set_choice(choice);
        let wait = cx.wait_id();
        cx.event(Event::Answered { wait, how: choice.to_owned() });
        let WaitKind::Consent { words } = &cx.waiting()?.kind else { return Err(cx.wrong_wait()) };
        let words = words.clone();
        let evidence =
            Evidence { granted, at: cx.world.now, words: Some(words), message: Some(message.id.clone()) };
        self.leave(cx, evidence)
    }

    fn repeat(&self, cx: &mut NodeContext<'_>) -> Result<(), Stop> {
        // The words that were frozen as evidence, not what the template would say now.
        let WaitKind::Consent { words } = &cx.waiting()?.kind else { return Err(cx.wrong_wait()) };
        let words = words.clone();
        put(cx, &words)?;
        Ok(())
    }

    fn claims(&self, cx: &mut NodeContext<'_>, message: &Inbound) -> bool {
        answer(&cx.wait_id(), message).is_some()
    }

    fn failed(&self) -> Option<&NodeId> {
        self.on.failed.as_ref()
    }
}

impl Consent {
    /// Records without asking: the contact's last message is the evidence.
    fn record(&self, cx: &mut NodeContext<'_>, granted: bool, words: Option<String>) -> Result<Next, Stop> {
        if let Some(words) = &words {
            cx.say_text(words)?;
        }
        let message = cx.session.heard.clone();
        let evidence = Evidence { granted, at: cx.world.now, words, message };
        self.leave(cx, evidence)
    }

    fn leave(&self, cx: &mut NodeContext<'_>, consent: Evidence) -> Result<Next, Stop> {
        let granted = consent.granted;
        cx.change_contact(ContactChange::SetConsent { purpose: self.purpose.clone(), consent });
        if granted {
            Next::port_or("granted", self.on.granted.as_ref(), TroubleCode::PortMissing)
        } else {
            Next::port_or("denied", self.on.denied.as_ref(), TroubleCode::PortMissing)
        }
    }
}

const YES: &str = "yes";
const NO: &str = "no";

/// Puts the question with its two buttons.
fn put(cx: &mut NodeContext<'_>, words: &str) -> Result<EffectId, Stop> {
    let limits = &cx.world.conversation.limits;
    let (before, text) = split_before(words, limits.text, limits.buttons_text);
    for text in before {
        cx.say(Message::Text { text })?;
    }
    let wait = cx.wait_id();
    let button = |id: &str, title: &str| Choice {
        id: format!("{wait}/{id}"),
        title: title.to_owned(),
        description: None,
    };
    cx.question(Message::Buttons { text, buttons: vec![button(YES, "Sim"), button(NO, "Não")] })
}

/// What the message says, if it says yes or no to this question.
fn answer(wait: &WaitId, message: &Inbound) -> Option<bool> {
    match &message.content {
        Content::Tap { id, .. } => match id.strip_prefix(&format!("{wait}/"))? {
            YES => Some(true),
            NO => Some(false),
            _ => None,
        },
        Content::Text { text } => yes_no(text),
        // The button of a template asked something else.
        Content::TemplateTap { .. }
        | Content::Media(_)
        | Content::Location(_)
        | Content::Contacts { .. }
        | Content::Reaction { .. }
        | Content::Other { .. } => None,
    }
}

fn yes_no(text: &str) -> Option<bool> {
    // The day matters only to dates.
    let read = read_text(AnswerType::YesNo, text, &Rules::default(), Date::MIN);
    read.ok().and_then(|answer| answer.as_bool())
}
