//! One play of a flow between two inputs: where it stands, what it knows, what it waits for.
//!
//! Nothing here plays. The fields are the interpreter's; the runtime asks the queries below and keeps the bytes of
//! [`Session::encode`], the only stored form.

mod frame;
mod frozen;
mod size;
mod stored;
mod waiting;

use jiff::Timestamp;

use crate::ids::{EffectId, FlowId, NodeId, ReleaseId, SessionId, WaitId};
use crate::protocol::{Object, SendFailure};

pub(crate) use frame::{Calling, Frame};
pub(crate) use frozen::{FrozenMenu, FrozenOption, OptionSource, Tapped};
pub(crate) use size::json_size;
pub(crate) use waiting::{Collected, Paging, WaitKind, Waiting};

/// Numbers of visits that are left out at least when a session goes on in another epoch: more than it can have used up
/// since the backup.
const LEFT_OUT: u32 = 10_000;
/// How many epochs leave out another number of them.
const EPOCHS: u32 = 10_000;

/// One play of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) release: ReleaseId,
    /// The engine's semantic version that played the last turn.
    pub(crate) engine: u32,
    /// The store's epoch in which the last turn was played; absent in what the first version stored.
    pub(crate) epoch: Option<u32>,
    pub(crate) root: FlowId,
    /// From the root to the innermost; empty once the session has ended or people have it for good.
    pub(crate) frames: Vec<Frame>,
    pub(crate) waiting: Option<Waiting>,
    /// Turns played.
    pub(crate) turns: u32,
    /// Node visits over the whole session; numbers the waits.
    pub(crate) visits: u32,
    /// Frames begun over the whole session; numbers the frames.
    pub(crate) frames_begun: u32,
    pub(crate) since_input: Counters,
    /// `input` in templates.
    pub(crate) input: Object,
    /// The id of the contact's last message that was played.
    pub(crate) heard: Option<String>,
    /// When the contact was last heard, by us or by people.
    pub(crate) last_heard: Timestamp,
    /// An `idle` interrupt has had its turn since then: one silence interrupts once.
    pub(crate) idled: bool,
    /// The last messages sent, so that a refusal finds the node it belongs to.
    pub(crate) sends: Vec<Sent>,
    /// Refusals that came while a call was in flight.
    pub(crate) refused: Vec<Refused>,
    /// The outcome to end with once the call in flight has answered.
    pub(crate) closing: Option<String>,
    /// Trouble has been met since the last input.
    pub(crate) in_trouble: bool,
    /// `handoff` in templates.
    pub(crate) handoff: Object,
    /// `campaign` in templates.
    pub(crate) campaign: Option<Object>,
    /// Set when the session has ended.
    pub(crate) outcome: Option<String>,
}

/// What play has done since the last input that was not the result of an effect: what bounds a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Counters {
    #[serde(rename = "v")]
    pub(crate) visits: u32,
    #[serde(rename = "m")]
    pub(crate) messages: u32,
    #[serde(rename = "c")]
    pub(crate) calls: u32,
}

/// A message sent by a node, remembered for the case that the channel refuses it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) turn: u32,
    pub(crate) n: u32,
    /// [`Frame::number`] of the node's frame.
    pub(crate) frame: u32,
    pub(crate) flow: FlowId,
    pub(crate) node: NodeId,
}

/// A refusal that waits until it can be played.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Refused {
    pub(crate) effect: EffectId,
    pub(crate) failure: SendFailure,
}

/// Who gets the contact's next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// The session: resume it with the message.
    Plays,
    /// Nobody yet: keep it in the inbox until the session has moved on.
    Held,
    /// The people who have the conversation.
    People,
}

impl Session {
    /// Who gets the contact's next message.
    pub fn hearing(&self) -> Hearing {
        match self.waiting.as_ref().map(|waiting| &waiting.kind) {
            Some(WaitKind::Handoff { .. }) => Hearing::People,
            Some(WaitKind::Http(_) | WaitKind::Ticket { .. } | WaitKind::Pause { hears: false }) => {
                Hearing::Held
            }
            Some(WaitKind::Ask(_) | WaitKind::Menu(_) | WaitKind::Consent { .. })
            | Some(WaitKind::Pause { hears: true })
            | None => Hearing::Plays,
        }
    }

    /// Whether the result of something asked of the world is awaited: an `http` call, a ticket.
    pub fn is_in_flight(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.kind.is_in_flight())
    }

    /// The open wait; absent when the session has ended.
    pub fn wait_id(&self) -> Option<WaitId> {
        self.waiting.as_ref().map(|waiting| self.wait_of(waiting.visit))
    }

    /// The message that put the open question, whose acceptance by the channel starts its clock.
    pub fn question(&self) -> Option<&EffectId> {
        self.waiting.as_ref().and_then(|waiting| waiting.question.as_ref())
    }

    /// Its name.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// The release it is pinned to.
    pub fn release(&self) -> &ReleaseId {
        &self.release
    }

    /// The flow it began with.
    pub fn root(&self) -> &FlowId {
        &self.root
    }

    /// The semantic version of the engine that played its last turn. Within one version, playing an input again
    /// gives the same bytes.
    pub fn engine_version(&self) -> u32 {
        self.engine
    }

    /// Turns played so far.
    pub fn turns(&self) -> u32 {
        self.turns
    }

    /// Where it stands, from the root flow to the innermost one.
    pub fn place(&self) -> Vec<(FlowId, NodeId)> {
        self.frames.iter().map(|frame| (frame.flow.clone(), frame.node.clone())).collect()
    }

    /// The variables of the innermost flow: for tests and for people who look into a conversation.
    pub fn variables(&self) -> Option<&Object> {
        self.frames.last().map(|frame| &frame.variables)
    }

    /// The node that sent a message, while that is remembered.
    pub fn sender(&self, effect: &EffectId) -> Option<(&FlowId, &NodeId)> {
        if effect.session != self.id {
            return None;
        }
        let sent = self.sends.iter().find(|sent| (sent.turn, sent.n) == (effect.turn, effect.n));
        sent.map(|sent| (&sent.flow, &sent.node))
    }

    /// What comes back when an option of the open menu is tapped, by the option's own id.
    pub fn wire_id(&self, option: &str) -> Option<String> {
        let waiting = self.waiting.as_ref()?;
        let WaitKind::Menu(menu) = &waiting.kind else { return None };
        let place = menu.options.iter().position(|known| known.id == option)?;
        Some(FrozenOption::wire_id(&self.wait_of(waiting.visit), place))
    }

    /// The outcome it ended with; absent while it goes on.
    pub fn outcome(&self) -> Option<&str> {
        self.outcome.as_deref()
    }

    /// Whether it has ended: it cannot be resumed any more.
    pub fn is_ended(&self) -> bool {
        self.outcome.is_some()
    }

    /// Goes on in a store's epoch. In another one than before, the store was restored from a backup, and what the lost
    /// one played after it has put questions to the contact under numbers that this one has not given yet: they are
    /// left out, so that an answer to one of those is never taken for an answer to another question.
    pub(crate) fn enter(&mut self, epoch: u32) {
        if self.epoch.is_some_and(|before| before != epoch) {
            // Each epoch leaves out another number of them, so that a backup that is restored twice does not come to
            // the same numbers twice.
            self.visits = self.visits.saturating_add(LEFT_OUT * (1 + epoch % EPOCHS));
        }
        self.epoch = Some(epoch);
    }

    /// The wait begun by a visit of this session.
    pub(crate) fn wait_of(&self, visit: u32) -> WaitId {
        WaitId { session: self.id.clone(), visit }
    }
}
