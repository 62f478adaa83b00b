//! Which flow gets a message (flow-format.md section 5). The conversation with people and campaigns' taps are the
//! runtime's: it knows them before it asks.

use super::early::is_too_old;
use crate::flow::Library;
use crate::ids::{FlowId, WaitId};
use crate::protocol::{Content, Inbound, Origin, Project};
use crate::session::{Hearing, Session};

/// Where a message goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// To the open session: resume it, or hold the message for it (see [`Session::hearing`]).
    Resume,
    /// To the people who have the conversation.
    People,
    /// It begins a session.
    Start {
        /// Of which flow.
        flow: FlowId,
        /// Why.
        origin: Origin,
    },
    /// A tap on a menu that is gone, with no session: the text for that is sent, then the flow begins.
    StaleTap {
        /// The project's text.
        text: Option<String>,
        /// The flow that takes what nothing else claims, if there is one.
        flow: Option<FlowId>,
    },
    /// Nothing plays: a reaction, a message that is too old, or no flow wants it.
    Nothing,
}

/// Where a message of a contact goes on a channel. `library` is the current release, whatever the open session is
/// pinned to.
pub fn route(
    library: &Library,
    project: &Project,
    channel: &str,
    message: &Inbound,
    open_session: Option<&Session>,
) -> Route {
    if let Some(session) = open_session.filter(|session| !session.is_ended()) {
        // Interrupts and the wait come before any flow's keywords; what does not play is journaled by the session.
        return match session.hearing() {
            Hearing::People => Route::People,
            Hearing::Plays | Hearing::Held => Route::Resume,
        };
    }
    if is_too_old(message) {
        return Route::Nothing;
    }
    let by_default = || library.default_flow(channel).cloned();
    let start = |flow: Option<FlowId>, origin: Origin| match flow {
        Some(flow) => Route::Start { flow, origin },
        None => Route::Nothing,
    };
    if let Some(referral) = &message.referral
        && let Some(flow) = library.flow_for_ad(&referral.id, channel)
    {
        return Route::Start { flow: flow.clone(), origin: Origin::Ad };
    }
    let by_text = |text: &str| library.flow_for_text(text, channel).cloned();
    match &message.content {
        Content::Reaction { .. } => Route::Nothing,
        Content::Text { text } => match by_text(text) {
            Some(flow) => Route::Start { flow, origin: Origin::Message },
            None => start(by_default(), Origin::Default),
        },
        // The button of a template that no campaign claims is its words, typed.
        Content::TemplateTap { payload, title } => match by_text(title).or_else(|| by_text(payload)) {
            Some(flow) => Route::Start { flow, origin: Origin::Message },
            None => start(by_default(), Origin::Default),
        },
        Content::Tap { .. } => Route::StaleTap { text: project.stale_tap_text.clone(), flow: by_default() },
        Content::Media(media) => match media.caption.as_deref().and_then(by_text) {
            Some(flow) => Route::Start { flow, origin: Origin::Message },
            None => start(by_default(), Origin::Default),
        },
        Content::Location(_) | Content::Contacts { .. } | Content::Other { .. } => {
            start(by_default(), Origin::Default)
        }
    }
}

/// Whether the id of a tapped button names a wait of this session that is open now.
pub fn names_open_wait(session: &Session, id: &str) -> bool {
    let named = id.rsplit_once('/').and_then(|(wait, _)| wait.parse::<WaitId>().ok());
    named.is_some() && session.wait_id() == named
}
