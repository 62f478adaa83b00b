//! The flow test as an analyst writes it (flow-format.md §7).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::ids::FlowId;
use crate::nodes::Duration;
use crate::protocol::{
    Content, DeskEvent, Media, MediaKind, MediaSource, Method, Object, Place, SendFailure,
};

/// A file of flow tests.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The version of the format.
    pub format: u32,
    /// The flow that every case starts.
    pub flow: FlowId,
    /// The virtual clock at the start of each case.
    #[serde(deserialize_with = "moment")]
    pub now: Timestamp,
    /// Settings that differ from the project's.
    #[serde(default)]
    pub env: Object,
    /// Who writes, unless a case says otherwise.
    #[serde(default)]
    pub contact: Option<TestContact>,
    /// Simulated answers for all cases.
    #[serde(default)]
    pub http: Vec<Mock>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// The flow's inputs.
    #[serde(default)]
    pub inputs: Object,
    /// What the patient wrote to start the flow; without it the flow starts as by our API.
    #[serde(default)]
    pub message: Option<String>,
    /// Another clock than the document's.
    #[serde(default, deserialize_with = "maybe_moment")]
    pub now: Option<Timestamp>,
    /// Who writes.
    #[serde(default)]
    pub contact: Option<TestContact>,
    /// Queues that are closed. All others are open.
    #[serde(default)]
    pub closed: Vec<String>,
    /// Whether free text may be sent (the channel's 24-hour window).
    #[serde(default = "yes")]
    pub window_open: bool,
    /// The desk refuses every ticket for good.
    #[serde(default)]
    pub refuse_tickets: bool,
    /// Simulated answers, looked at before the document's.
    #[serde(default)]
    pub http: Vec<Mock>,
    /// What happens, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// The contact of a case.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestContact {
    /// `contact.name`.
    pub name: Option<String>,
    /// `contact.phone`, E.164.
    pub phone: Option<String>,
    /// `contact.tags`.
    pub tags: Vec<String>,
    /// Remembered variables.
    pub fields: Object,
}

/// A simulated answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mock {
    /// Which requests it answers.
    pub when: When,
    /// The answer, again and again.
    #[serde(default)]
    pub reply: Option<Reply>,
    /// Answers one after another; the last one stays.
    #[serde(default)]
    pub replies: Vec<Reply>,
}

/// Which requests: every member that stands here must fit.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The connection's name.
    pub connection: Option<String>,
    /// The method.
    pub method: Option<Method>,
    /// The path, as sent; `*` stands for any run of characters.
    pub path: Option<String>,
    /// Members the query must have.
    pub query: BTreeMap<String, String>,
    /// What the body must contain.
    pub body: Option<Value>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The status, 200 unless set.
    #[serde(default)]
    pub status: Option<u16>,
    /// Names in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: Value,
    /// The body is not the JSON it claims.
    #[serde(default)]
    pub broken: bool,
    /// No answer in time.
    #[serde(default)]
    pub timeout: bool,
    /// No connection.
    #[serde(default)]
    pub unreachable: bool,
    /// It left, and nobody knows what became of it.
    #[serde(default)]
    pub unknown: bool,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The patient types.
    Say(String),
    /// The patient taps an option, by its title or id.
    Choose(String),
    /// The patient sends a file, a picture, a place.
    Send(Sent),
    /// Time passes.
    After(Duration),
    /// The attendant gives the conversation back.
    Return(DeskWords),
    /// The attendant ends the conversation.
    Finish(DeskWords),
    /// Something else happens at the desk.
    Desk(DeskStep),
    /// The channel refuses the last message for good.
    Refuse(SendFailure),
    /// What must be true now.
    Expect(Box<Expect>),
}

/// What a patient can send besides text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// A file.
    Media {
        /// What it is.
        kind: MediaKind,
        /// The text below it.
        #[serde(default)]
        caption: Option<String>,
        /// The file's name.
        #[serde(default)]
        filename: Option<String>,
    },
    /// A place.
    Location(Place),
    /// Something the channel cannot read.
    Unknown(String),
    /// A tap on a template's button.
    TemplateButton(String),
}

/// What an attendant chooses and writes.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskWords {
    /// `handoff.outcome`.
    pub outcome: Option<String>,
    /// `handoff.note`.
    pub note: Option<String>,
}

/// What else happens at a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskStep {
    /// Somebody took it.
    Accepted,
    /// Nobody came in time.
    Nobody,
    /// The queue closed.
    OffHours,
    /// The desk refused for good.
    Unavailable,
}

/// What must be true. Texts and requests: since the last step that was no expectation.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Each must stand in something that was said.
    pub text: OneOrMany,
    /// None may stand in anything that was said.
    pub no_text: OneOrMany,
    /// Options offered, by title or id, all of these.
    pub menu: OneOrMany,
    /// A template that was sent.
    pub template: Option<String>,
    /// Where the session stands: `node` or `flow.node`.
    pub node: Option<String>,
    /// Variables of the flow that is playing.
    pub vars: Object,
    /// A request that was made.
    pub http: Option<When>,
    /// The queue that got the conversation.
    pub handoff: Option<String>,
    /// What the ticket that was opened must contain.
    pub ticket: Option<Value>,
    /// What the staff was told.
    pub notify: Option<String>,
    /// Tags the contact must have.
    pub tags: Vec<String>,
    /// The outcome the session ended with.
    pub end: Option<String>,
    /// The code of trouble that happened.
    pub trouble: Option<String>,
    /// Nothing was said.
    pub silence: bool,
}

/// A text or a list of texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(vec![text])),
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                serde_json::from_value(other).map(Self).map_err(serde::de::Error::custom)
            }
        }
    }
}

/// A step is an object with one member; `note` and `x-` members may stand beside it.
impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Plain {
            Say(String),
            Choose(String),
            Send(Sent),
            After(Duration),
            Return(DeskWords),
            Finish(DeskWords),
            Desk(DeskStep),
            Refuse(SendFailure),
            Expect(Box<Expect>),
        }
        let mut object = Object::deserialize(deserializer)?;
        object.retain(|key, _| key != "note" && !key.starts_with("x-"));
        let plain = serde_json::from_value(Value::Object(object)).map_err(serde::de::Error::custom)?;
        Ok(match plain {
            Plain::Say(text) => Self::Say(text),
            Plain::Choose(option) => Self::Choose(option),
            Plain::Send(sent) => Self::Send(sent),
            Plain::After(duration) => Self::After(duration),
            Plain::Return(words) => Self::Return(words),
            Plain::Finish(words) => Self::Finish(words),
            Plain::Desk(step) => Self::Desk(step),
            Plain::Refuse(failure) => Self::Refuse(failure),
            Plain::Expect(expect) => Self::Expect(expect),
        })
    }
}

impl Document {
    /// Reads a document from its JSON. Comments for colleagues are taken off first, where they may stand.
    ///
    /// # Errors
    /// What serde says of the first thing that does not fit.
    pub fn from_value(mut value: Value) -> Result<Self, serde_json::Error> {
        let comments = |key: &str| key == "note" || key == "$schema" || key.starts_with("x-");
        if let Value::Object(document) = &mut value {
            document.retain(|key, _| !comments(key));
            for list in ["cases", "http"] {
                let Some(Value::Array(items)) = document.get_mut(list) else { continue };
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    item.retain(|key, _| !comments(key));
                    let Some(Value::Array(mocks)) = item.get_mut("http") else { continue };
                    for mock in mocks.iter_mut().filter_map(Value::as_object_mut) {
                        mock.retain(|key, _| !comments(key));
                    }
                }
            }
        }
        serde_json::from_value(value)
    }
}

impl Sent {
    /// The same as the channel would tell it.
    pub(super) fn content(&self) -> Content {
        match self {
            Self::Media { kind, caption, filename } => Content::Media(Media {
                media: *kind,
                source: MediaSource::Id("test-media".to_owned()),
                mime: None,
                caption: caption.clone(),
                filename: filename.clone(),
                voice: *kind == MediaKind::Audio,
            }),
            Self::Location(place) => Content::Location(place.clone()),
            Self::Unknown(name) => Content::Other { name: name.clone() },
            Self::TemplateButton(payload) => {
                Content::TemplateTap { payload: payload.clone(), title: payload.clone() }
            }
        }
    }
}

impl DeskWords {
    pub(super) fn returned(&self) -> DeskEvent {
        DeskEvent::Returned { outcome: self.outcome.clone(), note: self.note.clone() }
    }

    pub(super) fn finished(&self) -> DeskEvent {
        DeskEvent::Finished { outcome: self.outcome.clone(), note: self.note.clone() }
    }
}

impl DeskStep {
    pub(super) fn event(self) -> DeskEvent {
        match self {
            Self::Accepted => DeskEvent::Accepted { attendant: "atendente".to_owned() },
            Self::Nobody => DeskEvent::Nobody,
            Self::OffHours => DeskEvent::OffHours,
            Self::Unavailable => DeskEvent::Unavailable,
        }
    }
}

fn yes() -> bool {
    true
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn maybe_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}
