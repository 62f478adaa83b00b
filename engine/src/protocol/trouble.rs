//! Something failed during play: told to the flow's handler, never to nobody.

use serde::{Deserialize, Serialize};

use crate::ids::{FlowId, NodeId};

/// Trouble at a node. `trouble` in the handler's templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind.
    pub code: TroubleCode,
    /// Where.
    pub flow: FlowId,
    /// Where.
    pub node: NodeId,
    /// For the staff, in English; never holds a value of the contact's.
    pub detail: String,
}

macro_rules! trouble_codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// Kinds of trouble. The words are stable: flows compare them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum TroubleCode { $($(#[doc = $doc])* #[serde(rename = $text)] $name,)* }

        impl TroubleCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As flows see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

trouble_codes! {
    /// A text or a required value had a hole.
    ValueAbsent = "value_absent",
    /// A value could not be computed, or is of a type that cannot stand there.
    ValueInvalid = "value_invalid",
    /// A template ran away.
    ValueFuel = "value_fuel",
    /// Over 200 node visits since the last input.
    TooManyNodes = "too_many_nodes",
    /// Over 20 messages since the last input.
    TooManyMessages = "too_many_messages",
    /// Over 50 calls since the last input.
    TooManyCalls = "too_many_calls",
    /// Calls nested deeper than 8.
    TooDeep = "too_deep",
    /// Over 64 KiB of variables and frozen menus.
    TooLarge = "too_large",
    /// The outcome of a call is not known and the node has no `unknown` port.
    HttpUnknown = "http_unknown",
    /// The channel refused a message and the node has no `failed` port.
    SendFailed = "send_failed",
    /// Free text outside the window and the node has no `failed` port.
    WindowClosed = "window_closed",
    /// Two options of one menu have the same id.
    MenuEqualIds = "menu_equal_ids",
    /// A menu has nothing to offer and no `empty` port.
    MenuEmpty = "menu_empty",
    /// A sub-flow ended with an outcome that has no port, and there is no `else`.
    OutcomeUnhandled = "outcome_unhandled",
    /// A sub-flow had trouble and the `call` node has no `failed` port.
    CallFailed = "call_failed",
    /// A port that play needed leads nowhere.
    PortMissing = "port_missing",
    /// The project has no such connection.
    UnknownConnection = "unknown_connection",
    /// The project has no such queue.
    UnknownQueue = "unknown_queue",
    /// The project has no such desk.
    UnknownDesk = "unknown_desk",
    /// The release has no such flow.
    UnknownFlow = "unknown_flow",
    /// A required input of a flow was not given, or is of the wrong type.
    InputInvalid = "input_invalid",
    /// The desk refused for good and the node has no `unavailable` port.
    DeskUnavailable = "desk_unavailable",
    /// The queue is closed or nobody came, and the node has no port for it.
    NobodyThere = "nobody_there",
    /// A ticket was refused and the node has no `failed` port.
    TicketFailed = "ticket_failed",
}
