//! What a node does in play: entered, and woken while it waits.

use std::borrow::Cow;

use super::context::NodeContext;
use crate::error::Error;
use crate::expr::EvalError;
use crate::ids::{FlowId, NodeId};
use crate::protocol::{Inbound, Object, TroubleCode, Wake};

/// Implemented by every node type.
pub(crate) trait Play {
    /// Play has come to the node.
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop>;

    /// Something happened while the node waited. Only for nodes that wait.
    fn resume(&self, _cx: &mut NodeContext<'_>, _wake: &Wake) -> Result<Next, Stop> {
        Err(Stop::Broken(Error::Invariant("a node that never waits was resumed".to_owned())))
    }

    /// Asks the open question once more, as it was asked. Only for nodes that ask.
    fn repeat(&self, _cx: &mut NodeContext<'_>) -> Result<(), Stop> {
        Err(Stop::Broken(Error::Invariant("a node that never asks was to repeat itself".to_owned())))
    }

    /// Whether the message answers the open question by an exact word of it, so that no interrupt may take it.
    fn claims(&self, _cx: &mut NodeContext<'_>, _message: &Inbound) -> bool {
        false
    }

    /// Where the port `failed` leads: a message was refused, or could not be sent.
    fn failed(&self) -> Option<&NodeId> {
        None
    }
}

/// What comes after a visit, or after a wake.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    /// The node is left by a port.
    Leave {
        /// Its name.
        port: Cow<'static, str>,
        /// Where it leads.
        to: NodeId,
    },
    /// The wait that the node has begun goes on.
    Stay,
    /// Another flow is played for this node, which hears of its end.
    Call {
        /// Which.
        flow: FlowId,
        /// Its inputs.
        inputs: Object,
    },
    /// Another flow takes the place of all that are being played.
    Goto {
        /// Which.
        flow: FlowId,
        /// Its inputs.
        inputs: Object,
    },
    /// The flow ends.
    End {
        /// With which outcome.
        outcome: String,
        /// For the flow that called it.
        outputs: Object,
    },
    /// The session ends, whatever is on the stack.
    Close {
        /// With which outcome.
        outcome: String,
    },
}

impl Next {
    /// Leaves by a port that must lead somewhere.
    pub(crate) fn port(name: impl Into<Cow<'static, str>>, to: &NodeId) -> Self {
        Self::Leave { port: name.into(), to: to.clone() }
    }

    /// Leaves by a port that may be absent; then it is trouble.
    pub(crate) fn port_or(
        name: impl Into<Cow<'static, str>>,
        to: Option<&NodeId>,
        otherwise: TroubleCode,
    ) -> Result<Self, Stop> {
        let name = name.into();
        match to {
            Some(to) => Ok(Self::Leave { port: name, to: to.clone() }),
            None => Err(Stop::trouble(otherwise, format!("the port `{name}` leads nowhere"))),
        }
    }
}

/// Why a node could not go on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stop {
    /// Trouble: an event and a port.
    Trouble {
        /// Of which kind.
        code: TroubleCode,
        /// For the staff; never holds a value of the contact's.
        detail: String,
    },
    /// The engine or its caller is wrong.
    Broken(Error),
}

impl Stop {
    /// Trouble.
    pub(crate) fn trouble(code: TroubleCode, detail: impl Into<String>) -> Self {
        Self::Trouble { code, detail: detail.into() }
    }
}

impl From<EvalError> for Stop {
    fn from(error: EvalError) -> Self {
        let code = match &error {
            EvalError::Absent { .. } => TroubleCode::ValueAbsent,
            EvalError::Fuel => TroubleCode::ValueFuel,
            EvalError::NotPrintable { .. }
            | EvalError::TooLarge
            | EvalError::Segment { .. }
            | EvalError::Type { .. }
            | EvalError::Filter { .. }
            | EvalError::Other { .. } => TroubleCode::ValueInvalid,
        };
        Self::trouble(code, error.to_string())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}
