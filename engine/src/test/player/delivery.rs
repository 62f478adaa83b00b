//! Where a contact's message goes: to the session, to people, to a flow that it begins, or onto the pile that waits.

use super::super::outside::{Outside, PlayerError};
use super::super::said::Said;
use super::{CHANNEL, Player};
use crate::ids::EffectId;
use crate::interpreter::{self, Route};
use crate::protocol::{Content, Inbound, Message, Object, Origin, Wake};
use crate::session::{Hearing, Session};

impl Player<'_> {
    pub(super) fn inbound(&mut self, content: Content) -> Inbound {
        self.messages += 1;
        Inbound {
            id: format!("test-{}", self.messages),
            written_at: self.now,
            received_at: self.now,
            content,
            quoted: None,
            referral: None,
        }
    }

    /// What the runtime does with a message (flow-format.md §5).
    pub(super) fn deliver(&mut self, message: Inbound, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        let open = self.session.as_ref().filter(|session| !session.is_ended());
        match open.map(Session::hearing) {
            Some(Hearing::People) => Ok(()),
            Some(Hearing::Held) => {
                self.held.push_back(message);
                Ok(())
            }
            Some(Hearing::Plays) => {
                let asked_at =
                    open.and_then(Session::question).and_then(|asked| self.accepted.get(asked)).copied();
                self.resume(Wake::Message { message, asked_at }, outside)
            }
            None => self.begin_with(message, outside),
        }
    }

    fn begin_with(&mut self, message: Inbound, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        match interpreter::route(self.library, &self.project, CHANNEL, &message, None) {
            Route::Start { flow, origin } => self.begin(flow, origin, Some(message), Object::new(), outside),
            Route::StaleTap { text, flow } => {
                if let Some(text) = text {
                    let effect = EffectId { epoch: 1, session: "avulsa".into(), turn: self.messages, n: 0 };
                    self.said.push(Said { effect, message: Message::Text { text } });
                }
                match flow {
                    Some(flow) => self.begin(flow, Origin::Default, Some(message), Object::new(), outside),
                    None => Ok(()),
                }
            }
            Route::Resume | Route::People | Route::Nothing => Ok(()),
        }
    }

    pub(super) fn deliver_held(
        &mut self,
        message: Inbound,
        outside: &mut dyn Outside,
    ) -> Result<(), PlayerError> {
        let held =
            self.is_open() && self.session.as_ref().is_some_and(|session| session.hearing() == Hearing::Held);
        if held {
            self.held.push_front(message);
            return Ok(());
        }
        self.deliver(message, outside)
    }
}
