//! Gives the conversation to people and waits until they give it back.
//!
//! ```json
//! {
//!   "type": "handoff",
//!   "queue": "recepcao",
//!   "text": "Vou chamar alguém da recepção.",
//!   "summary": "{{ contact.name | default('Paciente') }} quer remarcar a consulta.",
//!   "ticket": { "kind": "remarcacao", "fields": { "especialidade": "{{ especialidade.nome | default('') }}" } },
//!   "assign": "sequential",
//!   "prefer": "last_attendant",
//!   "accept_within": "10m",
//!   "on": {
//!     "returned": "mais_algo",
//!     "finished": "despedida",
//!     "off_hours": "fora_do_horario",
//!     "nobody": "ninguem_agora",
//!     "unavailable": "ninguem_agora"
//!   }
//! }
//! ```

use serde::Deserialize;
use serde_json::Value;

use super::context::NodeContext;
use super::duration::Duration;
use super::inspection::{Inspect, Inspection, Mention};
use super::play::{Next, Play, Stop};
use crate::expr::{Template, TemplateTree};
use crate::ids::{NodeId, QueueId};
use crate::protocol::{self, Assign, DeskEvent, Due, EffectKind, Object, TimerKind, TroubleCode, Wake};
use crate::session::WaitKind;

/// What an author writes for a `handoff`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handoff {
    /// Which queue.
    pub queue: QueueId,
    /// Said to the patient before.
    pub text: Option<Template>,
    /// For the attendant, in words.
    pub summary: Template,
    /// Also opens a ticket: its members are the desk's (`kind`, `summary`, `description`, `fields`).
    pub ticket: Option<TemplateTree>,
    /// Who of the queue gets it.
    #[serde(default)]
    pub assign: Assign,
    /// Whoever served the contact last comes before that.
    pub prefer: Option<Prefer>,
    /// Nobody having accepted by then, it leaves by `nobody`; without it, it waits in the queue.
    pub accept_within: Option<Duration>,
    /// Ways out.
    pub on: OnHandoff,
}

/// Whom a handoff prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// Whoever served the contact last.
    LastAttendant,
}

/// Ways out of a handoff. `handoff.outcome` and `handoff.note` say what the attendant chose and wrote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnHandoff {
    /// Given back to the flow.
    pub returned: NodeId,
    /// People ended the conversation. Without it the session ends, with the outcome `finished`.
    pub finished: Option<NodeId>,
    /// The queue is closed. Without it: trouble.
    pub off_hours: Option<NodeId>,
    /// Not accepted within `accept_within`. Without it: trouble.
    pub nobody: Option<NodeId>,
    /// The desk refused for good. Without it: trouble.
    pub unavailable: Option<NodeId>,
    /// The channel refused `text`. Without it the handoff goes on: a patient who waits for people is not left alone.
    pub failed: Option<NodeId>,
}

impl Inspect for Handoff {
    fn inspect(&self, found: &mut Inspection) {
        found.waits.people = true;
        found.sends = self.text.is_some();
        found.queues.push(Mention::new(self.queue.clone(), "/queue"));
        found.template_if("/text", self.text.as_ref());
        found.template("/summary", &self.summary);
        if let Some(ticket) = &self.ticket {
            found.tree("/ticket", ticket);
        }
        found.port("returned", "/on/returned", &self.on.returned);
        found.port_if("finished", "/on/finished", self.on.finished.as_ref());
        found.port_if("off_hours", "/on/off_hours", self.on.off_hours.as_ref());
        found.port_if("nobody", "/on/nobody", self.on.nobody.as_ref());
        found.port_if("unavailable", "/on/unavailable", self.on.unavailable.as_ref());
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
        found.leaves = self.on.finished.is_none();
    }
}

impl Play for Handoff {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        cx.known_queue(&self.queue)?;
        if !cx.world.open_queues.contains(&self.queue) {
            cx.session.handoff = Object::new();
            return Next::port_or("off_hours", self.on.off_hours.as_ref(), TroubleCode::NobodyThere);
        }
        let text = cx.text_if(self.text.as_ref())?;
        let handoff = protocol::Handoff {
            queue: self.queue.clone(),
            summary: cx.text(&self.summary)?,
            ticket: self.ticket.as_ref().map(|ticket| cx.tree(ticket)).transpose()?.flatten(),
            assign: self.assign,
            prefer_last_attendant: self.prefer == Some(Prefer::LastAttendant),
        };
        // Only now: what was said above may tell what came of the handoff before.
        cx.session.handoff = Object::new();
        // A closed window is no reason to leave the patient without people, unless the author says so.
        if let Some(text) = text
            && (cx.world.conversation.window_open || self.on.failed.is_some())
        {
            cx.say_text(&text)?;
        }
        cx.effect(EffectKind::OpenHandoff { handoff }, true);
        cx.wait(WaitKind::Handoff { queue: self.queue.clone(), last_resort: false }, None)?;
        if let Some(within) = self.accept_within {
            let due = Due::At(cx.later(within));
            cx.arm(TimerKind::AcceptWithin, due)?;
        }
        Ok(Next::Stay)
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        let event = match wake {
            Wake::Desk { event, .. } => event,
            Wake::Timer { timer: TimerKind::AcceptWithin, .. } => &DeskEvent::Nobody,
            Wake::Timer { .. }
            | Wake::Message { .. }
            | Wake::Http { .. }
            | Wake::SendFailed { .. }
            | Wake::Ticket { .. }
            | Wake::Close { .. } => return Err(cx.wrong_wait()),
        };
        // Waiting for people, or talking to them, is no silence of the contact's: idleness counts from here.
        cx.session.last_heard = cx.world.now;
        match event {
            DeskEvent::Accepted { attendant } => {
                cx.session.handoff.insert("attendant".to_owned(), Value::from(attendant.as_str()));
                cx.disarm(TimerKind::AcceptWithin)?;
                Ok(Next::Stay)
            }
            DeskEvent::Returned { outcome, note } => {
                note_return(cx, outcome.as_deref(), note.as_deref());
                Ok(Next::port("returned", &self.on.returned))
            }
            DeskEvent::Finished { outcome, note } => {
                note_return(cx, outcome.as_deref(), note.as_deref());
                Ok(match &self.on.finished {
                    Some(to) => Next::port("finished", to),
                    None => Next::Close { outcome: "finished".to_owned() },
                })
            }
            DeskEvent::OffHours => {
                Next::port_or("off_hours", self.on.off_hours.as_ref(), TroubleCode::NobodyThere)
            }
            DeskEvent::Nobody => Next::port_or("nobody", self.on.nobody.as_ref(), TroubleCode::NobodyThere),
            DeskEvent::Unavailable => {
                Next::port_or("unavailable", self.on.unavailable.as_ref(), TroubleCode::DeskUnavailable)
            }
        }
    }

    fn failed(&self) -> Option<&NodeId> {
        self.on.failed.as_ref()
    }
}

/// Keeps what the attendant chose and wrote. Who talked to people until now has broken a silence.
fn note_return(cx: &mut NodeContext<'_>, outcome: Option<&str>, note: Option<&str>) {
    for (name, text) in [("outcome", outcome), ("note", note)] {
        if let Some(text) = text {
            cx.session.handoff.insert(name.to_owned(), Value::from(text));
        }
    }
    cx.session.idled = false;
}
