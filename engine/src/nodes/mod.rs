//! The kinds of node a flow is made of: one file per type, and the closed list of them.
//!
//! A file holds what an author writes (the spec struct), what that declares (`Inspect`), and how it is played.

pub mod ask;
pub mod authored;
pub mod branch;
mod bubbles;
pub mod call;
mod choices;
pub mod consent;
pub(crate) mod context;
pub mod duration;
pub mod email;
pub mod end;
pub mod entries;
pub mod goto;
pub mod handoff;
pub mod http;
pub(crate) mod input;
pub mod inspection;
pub mod menu;
pub mod message;
pub mod notify;
pub(crate) mod play;
pub mod question;
pub mod set;
pub mod tag;
pub mod template;
pub mod ticket;
pub(crate) mod values;
pub mod wait;

use serde_json::{Map, Value};

use authored::ReadError;
pub use duration::Duration;
pub use entries::{Entries, Ports};
pub use inspection::{Inspect, Inspection, Port};
use play::Play;

macro_rules! node_kinds {
    ($($(#[doc = $doc:literal])* $kind:ident($spec:path) = $name:literal,)*) => {
        /// A node's type with what its author wrote. Adding a type is a line here and a `mod` line above.
        #[derive(Debug, Clone, PartialEq)]
        pub enum NodeKind { $($(#[doc = $doc])* $kind(Box<$spec>),)* }

        impl NodeKind {
            /// Every type, as authors write it.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The type, as authors write it.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)* }
            }

            /// What an author wrote for a node of a type; `None` when there is no such type.
            fn read(name: &str, members: &Value) -> Option<Result<Self, ReadError>> {
                match name {
                    $($name => Some(authored::read(members).map(|spec| Self::$kind(Box::new(spec)))),)*
                    _ => None,
                }
            }

            /// Reads a node's members into its spec through any deserializer, for tests that watch it.
            #[cfg(test)]
            pub(crate) fn probe<'de, D: serde::Deserializer<'de>>(name: &str, from: D) -> Result<Self, D::Error> {
                use serde::{Deserialize, de::Error};
                match name {
                    $($name => <$spec>::deserialize(from).map(|spec| Self::$kind(Box::new(spec))),)*
                    _ => Err(D::Error::custom("no such type")),
                }
            }
        }

        impl NodeKind {
            /// The node in play.
            pub(crate) fn play(&self) -> &dyn Play {
                match self { $(Self::$kind(spec) => &**spec,)* }
            }
        }

        impl Inspect for NodeKind {
            fn inspect(&self, found: &mut Inspection) {
                match self { $(Self::$kind(spec) => spec.inspect(found),)* }
            }
        }
    };
}

node_kinds! {
    /// Says something.
    Message(message::Message) = "message",
    /// Sends an approved template.
    Template(template::Template) = "template",
    /// Asks for one typed answer.
    Ask(ask::Ask) = "ask",
    /// Offers choices.
    Menu(menu::Menu) = "menu",
    /// Goes the first way whose condition holds.
    Branch(branch::Branch) = "branch",
    /// Computes variables.
    Set(set::Set) = "set",
    /// Calls a REST API.
    Http(http::Http) = "http",
    /// Gives the conversation to people.
    Handoff(handoff::Handoff) = "handoff",
    /// Opens a ticket.
    Ticket(ticket::Ticket) = "ticket",
    /// Tells the staff something.
    Notify(notify::Notify) = "notify",
    /// Sends an e-mail.
    Email(email::Email) = "email",
    /// Adds or removes tags of the contact.
    Tag(tag::Tag) = "tag",
    /// Asks for, records or withdraws a consent.
    Consent(consent::Consent) = "consent",
    /// Waits for a while or until a moment.
    Wait(wait::Wait) = "wait",
    /// Plays another flow and comes back.
    Call(call::Call) = "call",
    /// Moves to another flow for good.
    Goto(goto::Goto) = "goto",
    /// Ends its flow.
    End(end::End) = "end",
}

/// One node of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// For people: how it is called on drawings and in reports.
    pub title: Option<String>,
    /// Its type and what its author wrote for it.
    pub kind: NodeKind,
}

/// Members that every node may have and that are no part of its spec.
const COMMON: [&str; 3] = ["type", "title", "allow"];

impl Node {
    /// Reads a node as authors write it.
    pub fn read(value: &Value) -> Result<Self, ReadError> {
        let misfit = |message: &str| <ReadError as serde::de::Error>::custom(message);
        let members = value.as_object().ok_or_else(|| misfit("a node is an object"))?;
        let name =
            members.get("type").and_then(Value::as_str).ok_or_else(|| misfit("a node has a `type`"))?;
        let title = match members.get("title") {
            None => None,
            Some(title) => Some(title.as_str().ok_or_else(|| misfit("a node's `title` is text"))?.to_owned()),
        };
        let own: Map<String, Value> = members
            .iter()
            .filter(|(key, _)| !COMMON.contains(&key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let kind = NodeKind::read(name, &Value::Object(own))
            .ok_or_else(|| misfit(&format!("there is no node type `{name}`")))??;
        Ok(Self { title, kind })
    }

    /// What it declares.
    pub fn inspection(&self) -> Inspection {
        Inspection::of(&self.kind)
    }
}

#[cfg(test)]
pub(crate) mod tests;
