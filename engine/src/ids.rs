//! Names of things. Ids made by play are derived from the session, never drawn.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

text_id! {
    /// A flow's name, unique in a release.
    FlowId;
    /// A node's key in its flow.
    NodeId;
    /// One play of a flow. Given by the runtime; never contains `:`.
    SessionId;
    /// All flows published together, named by the hash of their texts.
    ReleaseId;
    /// A person, opaque.
    ContactId;
    /// A contact on a channel, opaque.
    ConversationId;
    /// A named REST endpoint of the project file.
    ConnectionId;
    /// A named queue of the project file.
    QueueId;
    /// A named desk of the project file.
    DeskId;
}

/// A wait of a session: `session:visit`, where `visit` counts node visits. Timers, results, handoff returns
/// and menu options address the wait, so that one that comes late finds nothing and does nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitId {
    /// The session that waits.
    pub session: SessionId,
    /// The node visit that began the wait.
    pub visit: u32,
}

/// An effect: `epoch:session:turn:n`. It is the effect's idempotency key as well. The epoch is the store's and
/// changes when a backup is restored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId {
    /// The store's epoch.
    pub epoch: u32,
    /// The session that asked.
    pub session: SessionId,
    /// The turn in which it asked.
    pub turn: u32,
    /// Its place among the turn's effects, from 0.
    pub n: u32,
}

/// Text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: {0}")]
pub struct NotAnId(pub String);

impl fmt::Display for WaitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.session, self.visit)
    }
}

impl FromStr for WaitId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let parsed = text.rsplit_once(':').and_then(|(session, visit)| {
            (!session.is_empty() && !session.contains(':'))
                .then(|| Some(Self { session: session.into(), visit: visit.parse().ok()? }))?
        });
        parsed.ok_or_else(|| NotAnId(text.to_owned()))
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.epoch, self.session, self.turn, self.n)
    }
}

impl FromStr for EffectId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let parts: Vec<&str> = text.split(':').collect();
        let parsed = match parts.as_slice() {
            [epoch, session, turn, n] if !session.is_empty() => {
                match (epoch.parse(), turn.parse(), n.parse()) {
                    (Ok(epoch), Ok(turn), Ok(n)) => {
                        Some(Self { epoch, session: SessionId::from(*session), turn, n })
                    }
                    (_, _, _) => None,
                }
            }
            _ => None,
        };
        parsed.ok_or_else(|| NotAnId(text.to_owned()))
    }
}

macro_rules! serde_as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(WaitId EffectId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_survive_their_text() {
        let wait = WaitId { session: "s1".into(), visit: 7 };
        assert_eq!(wait.to_string(), "s1:7");
        assert_eq!("s1:7".parse(), Ok(wait));
        let effect = EffectId { epoch: 2, session: "s1".into(), turn: 3, n: 0 };
        assert_eq!(effect.to_string(), "2:s1:3:0");
        assert_eq!("2:s1:3:0".parse(), Ok(effect));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", ":", ":1", "s1", "s1:x", "a:b:1", "1:2"] {
            assert_eq!(text.parse::<WaitId>().is_ok(), text == "1:2", "{text}");
        }
        for text in ["", "1:s:2", "1::2:3", "x:s:1:1", "1:s:1:1:1"] {
            assert!(text.parse::<EffectId>().is_err(), "{text}");
        }
    }
}
