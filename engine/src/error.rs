//! What the engine refuses: mistakes of its caller, never trouble during play (that is an event and a port).

use crate::ids::{FlowId, NodeId, WaitId};

/// A mistake of the caller or a damaged session. The conversation is quarantined by the runtime; play never
/// returns one for what a flow's author or a patient did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The library has no flow of this name.
    #[error("flow {0} is not in this release")]
    UnknownFlow(FlowId),
    /// The session stands on a node that its flow does not have.
    #[error("node {node} is not in flow {flow}")]
    UnknownNode {
        /// Where the session stands.
        flow: FlowId,
        /// The node that is missing.
        node: NodeId,
    },
    /// The session was begun on another release than the library given.
    #[error("session belongs to release {session}, the library is release {library}")]
    WrongRelease {
        /// The release the session is pinned to.
        session: String,
        /// The release that was given.
        library: String,
    },
    /// A message was given to a session that does not hear it now (see [`crate::session::Session::hearing`]).
    #[error("the session does not hear messages while it waits at {0}")]
    NotHearing(WaitId),
    /// A session that has ended was resumed.
    #[error("the session has ended")]
    Ended,
    /// Stored bytes that are not a session of this engine.
    #[error("stored session cannot be read: {0}")]
    Stored(String),
    /// An invariant of the engine does not hold.
    #[error("invariant broken: {0}")]
    Invariant(String),
}
