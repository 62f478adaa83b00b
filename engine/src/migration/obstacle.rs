//! What keeps a session on the release it was begun on.

use serde::{Deserialize, Serialize};

use crate::check::{Language, Text};
use crate::ids::{FlowId, NodeId};

/// One reason why a session is not moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "obstacle")]
pub enum Obstacle {
    /// It is not a session of the release it is said to be of.
    OtherRelease,
    /// Its last turn was played by an engine of another semantic version.
    Engine {
        /// That version.
        session: u32,
        /// This engine's.
        engine: u32,
    },
    /// It has ended.
    Ended,
    /// An `http` call has not answered yet.
    CallInFlight,
    /// A ticket is being opened.
    TicketInFlight,
    /// People have it, or are asked to take it.
    WithPeople,
    /// It is not known whether a message to the contact has arrived.
    SendInDoubt,
    /// The other release has no such flow.
    NoFlow {
        /// Which.
        flow: FlowId,
    },
    /// The flow has no such node any more.
    NoNode {
        /// The flow.
        flow: FlowId,
        /// The node.
        node: NodeId,
    },
    /// The node is of another type.
    Type {
        /// The flow.
        flow: FlowId,
        /// The node.
        node: NodeId,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// The node has other ways out; the ids of a menu's options are among them.
    Ports {
        /// The flow.
        flow: FlowId,
        /// The node.
        node: NodeId,
        /// Those that are gone.
        gone: Vec<String>,
        /// Those that are new.
        new: Vec<String>,
    },
    /// The node calls another flow than the one being played for it, or calls it otherwise.
    Call {
        /// The flow.
        flow: FlowId,
        /// The node.
        node: NodeId,
    },
    /// The question that the contact sees would mean something else.
    Question {
        /// The flow.
        flow: FlowId,
        /// The node.
        node: NodeId,
    },
    /// A variable may be read from the node on, and the session does not have it.
    Unassigned {
        /// The flow.
        flow: FlowId,
        /// The node where it stands.
        node: NodeId,
        /// The variable.
        variable: String,
    },
}

impl Obstacle {
    /// In words, for operators. Nothing of the contact stands in them.
    pub fn text(&self) -> Text {
        let same = |pt: &str, en: &str| Text::new(pt, en);
        match self {
            Self::OtherRelease => same(
                "a versão em que a sessão começou não pode ser lida",
                "the release the session was begun on cannot be read",
            ),
            Self::Engine { session, engine } => Text::new(
                format!("a última resposta veio da versão {session} do motor, esta é a {engine}"),
                format!("its last turn was played by version {session} of the engine, this is {engine}"),
            ),
            Self::Ended => same("a sessão já terminou", "the session has ended"),
            Self::CallInFlight => same("espera a resposta de um sistema", "a call has not answered yet"),
            Self::TicketInFlight => same("um chamado está sendo aberto", "a ticket is being opened"),
            Self::WithPeople => same("está com pessoas", "people have it"),
            Self::SendInDoubt => same(
                "não se sabe se a última mensagem chegou",
                "it is not known whether a message has arrived",
            ),
            Self::NoFlow { flow } => Text::new(
                format!("o fluxo \"{flow}\" não existe mais"),
                format!("there is no flow \"{flow}\" any more"),
            ),
            Self::NoNode { flow, node } => Text::new(
                format!("o nó \"{node}\" não existe mais em \"{flow}\""),
                format!("there is no node \"{node}\" in \"{flow}\" any more"),
            ),
            Self::Type { flow, node, was, is } => Text::new(
                format!("{flow}/{node} era `{was}` e agora é `{is}`"),
                format!("{flow}/{node} was `{was}` and is `{is}` now"),
            ),
            Self::Ports { flow, node, gone, new } => {
                let list = |word: &str, ports: &[String]| match ports {
                    [] => String::new(),
                    ports => format!(" {word} {}", ports.join(", ")),
                };
                let both = |out: &str, (without, with): (&str, &str)| {
                    format!("{flow}/{node} {out}:{}{}", list(without, gone), list(with, new))
                };
                Text::new(
                    both("tem outras saídas", ("sem", "com")),
                    both("has other ways out", ("without", "with")),
                )
            }
            Self::Call { flow, node } => Text::new(
                format!("{flow}/{node} chama outro fluxo, ou de outro modo"),
                format!("{flow}/{node} calls another flow, or calls it otherwise"),
            ),
            Self::Question { flow, node } => Text::new(
                format!("a pergunta que o paciente vê em {flow}/{node} passaria a significar outra coisa"),
                format!("the question that the contact sees at {flow}/{node} would mean something else"),
            ),
            Self::Unassigned { flow, node, variable } => Text::new(
                format!(
                    "a partir de {flow}/{node} pode ser lida a variável `{variable}`, que a sessão não tem"
                ),
                format!(
                    "from {flow}/{node} on the variable `{variable}` may be read, which the session lacks"
                ),
            ),
        }
    }

    /// In one language.
    pub fn told(&self, language: Language) -> String {
        self.text().get(language).to_owned()
    }
}
