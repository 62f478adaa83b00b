//! Asks and waits for one typed, validated answer.
//!
//! ```json
//! {
//!   "type": "ask",
//!   "text": "Qual é a data de nascimento?",
//!   "answer": {
//!     "type": "date",
//!     "past": true,
//!     "check": [ { "if": "nascimento == paciente.BirthDate", "text": "A data não confere com o cadastro." } ]
//!   },
//!   "save": "nascimento",
//!   "identity": true,
//!   "invalid": { "text": "Escreva a data assim: 15/03/1980.", "attempts": 3, "next": "atendente" },
//!   "no_answer": {
//!     "after": "15m",
//!     "next": "inatividade",
//!     "remind": { "after": "5m", "text": "Você ainda está aí? Preciso da data de nascimento." }
//!   },
//!   "next": "ver_agenda"
//! }
//! ```

use serde::Deserialize;
use serde_json::Value;

use super::bubbles::split_before;
use super::context::NodeContext;
use super::context::add;
use super::duration::Duration;
use super::input::{media_value, place_value};
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use super::question::{self, Invalid, NoAnswer, OnFailed};
use crate::answer::{self, AnswerType, Pattern, Rules, read_text};
use crate::error::Error;
use crate::expr::{Expression, Template, TemplateTree};
use crate::ids::{EffectId, NodeId};
use crate::protocol::{
    ContactChange, Content, Due, Event, Inbound, MediaKind, Message, TimerKind, TroubleCode, Wake,
};
use crate::session::{Collected, WaitKind};

/// Bubbles that one collected answer may have.
const MAX_BUBBLES: usize = 10;
/// How long one collected answer may take.
const MAX_COLLECT: Duration = Duration::from_secs(30);

/// What an author writes for an `ask`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The question.
    pub text: Template,
    /// What counts as an answer.
    pub answer: Answer,
    /// The variable that takes the normalised answer. A `check` reads it under this name, before it is kept.
    pub save: Option<String>,
    /// Whether a failed `check` counts as a failed identity check of the contact. When the day's tries are used up
    /// (`[identity] tries`, over all sessions), it leaves by `invalid` at once.
    #[serde(default)]
    pub identity: bool,
    /// Gathers the bubbles of one answer until a silence that long; at most 10 bubbles and 30 seconds.
    pub collect: Option<Duration>,
    /// Asks with the channel's own button.
    pub request: Option<Request>,
    /// What happens to an answer that does not fit.
    pub invalid: Option<Invalid>,
    /// What happens when no answer comes.
    pub no_answer: Option<NoAnswer>,
    /// Where a valid answer leads.
    pub next: NodeId,
    /// Ways out besides those above.
    #[serde(default)]
    pub on: OnFailed,
}

/// What counts as an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What is asked for; decides how it is read and normalised.
    #[serde(rename = "type")]
    pub kind: AnswerType,
    /// The least: a number, an amount, a date, a time; for texts the number of characters, for names of words
    /// (`2` asks for a surname). A template may give it.
    pub min: Option<TemplateTree>,
    /// The most, as `min`.
    pub max: Option<TemplateTree>,
    /// A regular expression that the whole text must match, for the type `pattern`.
    pub pattern: Option<Pattern>,
    /// For dates: only before today.
    #[serde(default)]
    pub past: bool,
    /// For dates: only after today.
    #[serde(default)]
    pub future: bool,
    /// What a format cannot say. In order; the first that does not hold refuses the answer.
    #[serde(default)]
    pub check: Vec<Check>,
}

/// A condition on an answer. It uses the same attempts as a wrong format.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Must hold; sees the answer under the name in `save`, or as `answer` without one.
    #[serde(rename = "if")]
    pub condition: Expression,
    /// Said when it does not hold; `invalid.text` unless set.
    pub text: Option<Template>,
}

/// The channel's own buttons for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// "Send my position".
    Location,
    /// "Share my number".
    Phone,
}

impl Inspect for Ask {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = true;
        found.waits.patient = true;
        found.template("/text", &self.text);
        for (name, bound) in [("min", &self.answer.min), ("max", &self.answer.max)] {
            if let Some(bound) = bound {
                found.tree(format!("/answer/{name}"), bound);
            }
        }
        let answer = self.save.as_deref().unwrap_or("answer");
        found.with_names(&[answer], |found| {
            for (at, check) in self.answer.check.iter().enumerate() {
                found.expression(format!("/answer/check/{at}/if"), &check.condition);
                found.template_if(format!("/answer/check/{at}/text"), check.text.as_ref());
            }
        });
        if let Some(variable) = &self.save {
            found.write(variable, "/save", &["next"]);
        }
        found.port("next", "/next", &self.next);
        question::inspect(self.invalid.as_ref(), self.no_answer.as_ref(), found);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}

impl Play for Ask {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        if self.identity && self.tries_are_used_up(cx) {
            return self.no_more_tries();
        }
        let text = cx.text(&self.text)?;
        let question = self.put(cx, &text)?;
        question::begin(cx, WaitKind::Ask(Collected::default()), question, self.no_answer.as_ref())
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        match wake {
            Wake::Message { message, .. } => self.hear(cx, message),
            Wake::Timer { timer: TimerKind::Collect, .. } => self.judge_collected(cx),
            // Silence after some bubbles is the end of an answer, not the lack of one.
            Wake::Timer { timer: TimerKind::NoAnswer, .. } if !self.collected(cx)?.bubbles.is_empty() => {
                let next = self.judge_collected(cx)?;
                // What did not fit is asked for again, and the silence after that must end somewhere too.
                if next == Next::Stay
                    && let Some(no_answer) = &self.no_answer
                {
                    let due = Due::At(cx.later(no_answer.after));
                    cx.arm(TimerKind::NoAnswer, due)?;
                }
                Ok(next)
            }
            Wake::Timer { timer, .. } => question::silence(cx, *timer, self.no_answer.as_ref()),
            Wake::Http { .. }
            | Wake::SendFailed { .. }
            | Wake::Desk { .. }
            | Wake::Ticket { .. }
            | Wake::Close { .. } => Err(cx.wrong_wait()),
        }
    }

    fn repeat(&self, cx: &mut NodeContext<'_>) -> Result<(), Stop> {
        let text = cx.text(&self.text)?;
        self.put(cx, &text)?;
        Ok(())
    }

    fn failed(&self) -> Option<&NodeId> {
        self.on.failed.as_ref()
    }
}

impl Ask {
    fn put(&self, cx: &mut NodeContext<'_>, text: &str) -> Result<EffectId, Stop> {
        let limits = &cx.world.conversation.limits;
        let limit = if self.request.is_some() { limits.buttons_text } else { limits.text };
        let (before, text) = split_before(text, limits.text, limit);
        for text in before {
            cx.say(Message::Text { text })?;
        }
        cx.question(match self.request {
            None => Message::Text { text },
            Some(Request::Location) => Message::LocationRequest { text },
            Some(Request::Phone) => Message::PhoneRequest { text },
        })
    }

    fn hear(&self, cx: &mut NodeContext<'_>, message: &Inbound) -> Result<Next, Stop> {
        match (heard(self.answer.kind, &message.content), self.collect) {
            (Heard::Text(text), Some(silence)) => self.collect(cx, text, silence),
            (heard, Some(_)) if !self.collected(cx)?.bubbles.is_empty() && !heard.is_answer() => {
                // A tap, or media of the wrong kind, ends the answer and is no part of it.
                self.judge_collected(cx)
            }
            (heard, _) => {
                let early = cx.early;
                self.judge(cx, heard, early)
            }
        }
    }

    fn collect(&self, cx: &mut NodeContext<'_>, text: String, silence: Duration) -> Result<Next, Stop> {
        let (now, early) = (cx.world.now, cx.early);
        let WaitKind::Ask(collected) = &mut cx.waiting()?.kind else { return Err(cx.wrong_wait()) };
        collected.early = early && (collected.bubbles.is_empty() || collected.early);
        collected.bubbles.push(text);
        let since = *collected.since.get_or_insert(now);
        if collected.bubbles.len() >= MAX_BUBBLES {
            return self.judge_collected(cx);
        }
        let due = cx.later(silence).min(add(since, MAX_COLLECT));
        cx.arm(TimerKind::Collect, Due::At(due))?;
        Ok(Next::Stay)
    }

    fn collected<'c>(&self, cx: &'c mut NodeContext<'_>) -> Result<&'c mut Collected, Stop> {
        match &mut cx.waiting()?.kind {
            WaitKind::Ask(collected) => Ok(collected),
            WaitKind::Menu(_)
            | WaitKind::Consent { .. }
            | WaitKind::Http(_)
            | WaitKind::Handoff { .. }
            | WaitKind::Ticket { .. }
            | WaitKind::Pause { .. } => {
                Err(Stop::Broken(Error::Invariant("an `ask` waits for something else".to_owned())))
            }
        }
    }

    fn judge_collected(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let collected = std::mem::take(self.collected(cx)?);
        cx.disarm(TimerKind::Collect)?;
        self.judge(cx, Heard::Text(collected.bubbles.join("\n")), collected.early)
    }

    /// Takes an answer, or refuses it.
    fn judge(&self, cx: &mut NodeContext<'_>, heard: Heard, early: bool) -> Result<Next, Stop> {
        // Someone who typed "sim" twice has not answered the next question.
        if early && self.answer.kind == AnswerType::YesNo {
            return question::too_early(cx, self);
        }
        let value = match self.read(cx, heard)? {
            Ok(value) => value,
            Err(_) if early => return question::too_early(cx, self),
            Err(reason) => return self.refuse(cx, reason, None),
        };
        let name = self.save.as_deref().unwrap_or("answer");
        cx.local(name, value);
        for check in &self.answer.check {
            if cx.holds(&check.condition)? {
                continue;
            }
            if self.identity {
                // Counted also when early: otherwise hurrying would be a way to guess for ever.
                let day = cx.now().date();
                cx.change_contact(ContactChange::IdentityFailed { day });
                if self.tries_are_used_up(cx) {
                    return self.no_more_tries();
                }
            }
            if early {
                return question::too_early(cx, self);
            }
            let text = check.text.as_ref().map(|text| cx.text(text)).transpose()?;
            cx.take_local(name);
            return self.refuse(cx, "check", text);
        }
        let value = cx.take_local(name);
        if let Some(variable) = &self.save {
            cx.assign(variable, value)?;
        }
        let wait = cx.wait_id();
        cx.event(Event::Answered { wait, how: self.answer.kind.as_str().to_owned() });
        Ok(Next::port("next", &self.next))
    }

    fn read(&self, cx: &mut NodeContext<'_>, heard: Heard) -> Result<Result<Value, &'static str>, Stop> {
        let text = match heard {
            Heard::Value(value) => return Ok(Ok(value)),
            Heard::Nothing(reason) => return Ok(Err(reason)),
            Heard::Text(text) => text,
        };
        let min = self.answer.min.as_ref().map(|min| cx.tree(min)).transpose()?.flatten();
        let max = self.answer.max.as_ref().map(|max| cx.tree(max)).transpose()?.flatten();
        let rules = Rules {
            min,
            max,
            pattern: self.answer.pattern.clone(),
            past: self.answer.past,
            future: self.answer.future,
        };
        Ok(read_text(self.answer.kind, &text, &rules, cx.now().date()).map_err(answer::Invalid::code))
    }

    /// Says what was wrong, or asks again; or leaves when the attempts are used up.
    fn refuse(&self, cx: &mut NodeContext<'_>, reason: &str, text: Option<String>) -> Result<Next, Stop> {
        if let Some(out) = question::refuse(cx, self.invalid.as_ref(), reason)? {
            return Ok(out);
        }
        let text = match text {
            Some(text) => Some(text),
            None => cx.text_if(self.invalid.as_ref().and_then(|invalid| invalid.text.as_ref()))?,
        };
        match text {
            Some(text) => {
                self.put(cx, &text)?;
            }
            None => self.repeat(cx)?,
        }
        Ok(Next::Stay)
    }

    fn tries_are_used_up(&self, cx: &NodeContext<'_>) -> bool {
        cx.contact.identity_failures_on(cx.now().date()) >= cx.world.project.identity_tries
    }

    fn no_more_tries(&self) -> Result<Next, Stop> {
        let next = self.invalid.as_ref().and_then(|invalid| invalid.next.as_ref());
        Next::port_or("invalid", next, TroubleCode::PortMissing)
    }
}

/// What a message offers as an answer.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    /// Words, still to be read.
    Text(String),
    /// Media, a place.
    Value(Value),
    /// Nothing of the kind asked for, and why.
    Nothing(&'static str),
}

impl Heard {
    fn is_answer(&self) -> bool {
        match self {
            Self::Text(_) | Self::Value(_) => true,
            Self::Nothing(_) => false,
        }
    }
}

fn heard(kind: AnswerType, content: &Content) -> Heard {
    let takes_text = !is_media(kind) && kind != AnswerType::Location;
    match content {
        Content::Text { text } if takes_text => Heard::Text(text.clone()),
        Content::TemplateTap { title, .. } if takes_text => Heard::Text(title.clone()),
        Content::Text { .. } | Content::TemplateTap { .. } => Heard::Nothing("not_media"),
        Content::Media(media) if takes(kind, media.media) => Heard::Value(media_value(media)),
        // A caption is the answer only where any text is one.
        Content::Media(media) if kind == AnswerType::Text => match &media.caption {
            Some(caption) => Heard::Text(caption.clone()),
            None => Heard::Nothing("not_text"),
        },
        Content::Media(_) => Heard::Nothing(if takes_text { "not_text" } else { "wrong_media" }),
        Content::Location(place) if matches!(kind, AnswerType::Location | AnswerType::Any) => {
            Heard::Value(place_value(place))
        }
        Content::Contacts { people } if kind == AnswerType::Phone => {
            let phone = people.iter().find_map(|person| person.phones.first());
            phone.map_or(Heard::Nothing("no_phone"), |phone| Heard::Text(phone.clone()))
        }
        Content::Location(_) | Content::Contacts { .. } => Heard::Nothing("wrong_kind"),
        Content::Tap { .. } | Content::Reaction { .. } | Content::Other { .. } => {
            Heard::Nothing("wrong_kind")
        }
    }
}

fn is_media(kind: AnswerType) -> bool {
    matches!(
        kind,
        AnswerType::Image | AnswerType::Audio | AnswerType::Video | AnswerType::Document | AnswerType::Media
    )
}

fn takes(kind: AnswerType, media: MediaKind) -> bool {
    match media {
        MediaKind::Image => matches!(kind, AnswerType::Image | AnswerType::Media | AnswerType::Any),
        MediaKind::Audio => matches!(kind, AnswerType::Audio | AnswerType::Media | AnswerType::Any),
        MediaKind::Video => matches!(kind, AnswerType::Video | AnswerType::Media | AnswerType::Any),
        MediaKind::Document => matches!(kind, AnswerType::Document | AnswerType::Media | AnswerType::Any),
        MediaKind::Sticker => kind == AnswerType::Any,
    }
}
