//! What a turn asks of the world. Committed with the session, then performed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HttpRequest, Message, Object};
use crate::ids::{DeskId, EffectId, QueueId, WaitId};

/// One thing asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Derived from the turn; the idempotency key as well.
    pub id: EffectId,
    /// The wait that its result wakes, or that it puts the question of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitId>,
    /// What.
    pub kind: EffectKind,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum EffectKind {
    /// Says something to the contact.
    SendMessage {
        /// What.
        message: Message,
    },
    /// Calls a connection; answered by [`super::Wake::Http`].
    CallHttp {
        /// What.
        request: HttpRequest,
    },
    /// Gives the conversation to people; answered by [`super::Wake::Desk`].
    OpenHandoff {
        /// To whom and with what.
        handoff: Handoff,
    },
    /// Opens a ticket; answered by [`super::Wake::Ticket`] when it carries a wait.
    OpenTicket {
        /// Where and with what.
        ticket: TicketRequest,
    },
    /// Tells the staff something.
    Notify {
        /// The queue told, or else the desk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
        /// The desk told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desk: Option<DeskId>,
        /// What.
        text: String,
    },
    /// Sends an e-mail.
    SendEmail {
        /// Addresses.
        to: Vec<String>,
        /// The subject.
        subject: String,
        /// The plain body.
        text: String,
        /// The HTML body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        html: Option<String>,
    },
}

/// A conversation handed to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handoff {
    /// Which queue.
    pub queue: QueueId,
    /// For the attendant, in words.
    pub summary: String,
    /// Also open a ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Value>,
    /// Who gets it.
    pub assign: Assign,
    /// Prefer whoever served the contact last.
    #[serde(default)]
    pub prefer_last_attendant: bool,
}

/// Who of a queue gets a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assign {
    /// Whoever takes it.
    #[default]
    Queue,
    /// One after the other.
    Sequential,
    /// The contact's own attendant.
    Wallet,
}

/// A ticket to open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketRequest {
    /// Where.
    pub desk: DeskId,
    /// What kind, in the desk's words.
    pub kind: String,
    /// One line.
    pub summary: String,
    /// All of it.
    pub description: String,
    /// The desk's own fields.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub fields: Object,
}
