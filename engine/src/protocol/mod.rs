//! What goes into the engine and what comes out of it: plain data, serialisable, free of any provider's words.

mod contact;
mod effect;
mod event;
mod http;
mod inbound;
mod message;
mod resume;
mod timer;
mod trigger;
mod trouble;
mod turn;
mod world;

pub use contact::{Consent, Contact, ContactChange, IdentityFailures};
pub use effect::{Assign, Effect, EffectKind, Handoff, TicketRequest};
pub use event::{Event, NotPlayed};
pub use http::{HttpOutcome, HttpRequest, Method, Response, Retry};
pub use inbound::{Content, Inbound, Media, MediaKind, MediaSource, Place, Referral, SharedContact};
pub use message::{Choice, Message, TemplateButton, TemplateHeader, TemplateValues};
pub use resume::{DeskEvent, Resume, SendFailure, TicketOutcome, Wake};
pub use timer::{Due, Timer, TimerChange, TimerKind};
pub use trigger::{Origin, Trigger};
pub use trouble::{Trouble, TroubleCode};
pub use turn::Turn;
pub use world::{ChannelLimits, Conversation, Project, World};

/// A JSON object, in authors' order.
pub type Object = serde_json::Map<String, serde_json::Value>;
