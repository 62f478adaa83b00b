//! What the engine may know of the world at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Contact, Object};
use crate::ids::{ConnectionId, ConversationId, DeskId, FlowId, QueueId};

/// The world as one turn sees it, frozen for the turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// The moment of the turn.
    pub now: Timestamp,
    /// The store's epoch, the first part of effect ids.
    pub epoch: u32,
    /// The person.
    pub contact: Contact,
    /// Where the person is talked to.
    pub conversation: Conversation,
    /// Queues within their opening hours now.
    #[serde(default)]
    pub open_queues: BTreeSet<QueueId>,
    /// What the project file says. Live: not pinned to a session's release.
    #[serde(skip)]
    pub project: Arc<Project>,
}

/// The conversation's facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Opaque.
    pub id: ConversationId,
    /// The channel's name in the project file.
    pub channel: String,
    /// Whether free text may be sent now.
    pub window_open: bool,
    /// What the channel can show.
    #[serde(default)]
    pub limits: ChannelLimits,
}

/// What a channel can show. Lengths in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelLimits {
    /// Reply buttons in one message.
    pub buttons: usize,
    /// A reply button's title.
    pub button_title: usize,
    /// Rows of a list, over all sections.
    pub rows: usize,
    /// A row's title.
    pub row_title: usize,
    /// A row's description.
    pub row_description: usize,
    /// The text on the button that opens a list.
    pub list_button: usize,
    /// The text above buttons.
    pub buttons_text: usize,
    /// A plain text, and the text above a list.
    pub text: usize,
}

impl Default for ChannelLimits {
    /// whatsapp-cloud.md §6.1.
    fn default() -> Self {
        Self {
            buttons: 3,
            button_title: 20,
            rows: 10,
            row_title: 24,
            row_description: 72,
            list_button: 20,
            buttons_text: 1024,
            text: 4096,
        }
    }
}

/// What the project file says, as far as play needs it. It never holds a secret. Journals keep it, so that a turn can be
/// played again after the file has changed: a member that is added later has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Project {
    /// IANA name.
    pub time_zone: String,
    /// Plain settings of the environment, `env` in templates.
    pub env: Object,
    /// Days without work.
    pub holidays: BTreeSet<Date>,
    /// Connections that exist.
    pub connections: BTreeSet<ConnectionId>,
    /// Queues that exist, with the desk each belongs to.
    pub queues: BTreeMap<QueueId, DeskId>,
    /// Desks that exist.
    pub desks: BTreeSet<DeskId>,
    /// Where a conversation goes when nothing else can be done.
    pub default_queue: Option<QueueId>,
    /// The flow that handles trouble which no flow handles.
    pub trouble_flow: Option<FlowId>,
    /// Sent when a tap arrives for which no wait is open and no session either.
    pub stale_tap_text: Option<String>,
    /// `[sessions] expire`, in seconds.
    pub expire_seconds: i64,
    /// `[identity] tries`: failed identity checks per contact and day.
    pub identity_tries: u32,
}

impl Default for Project {
    fn default() -> Self {
        Self {
            time_zone: "America/Sao_Paulo".to_owned(),
            env: Object::new(),
            holidays: BTreeSet::new(),
            connections: BTreeSet::new(),
            queues: BTreeMap::new(),
            desks: BTreeSet::new(),
            default_queue: None,
            trouble_flow: None,
            stale_tap_text: None,
            expire_seconds: 24 * 60 * 60,
            identity_tries: 5,
        }
    }
}
