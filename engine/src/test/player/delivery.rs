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

    /// What had to wait, in order, as far as it is heard now: by the flow, by people, by a flow that it begins.
    pub(super) fn deliver_held(&mut self, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        while !self.is_held() {
            let Some(message) = self.held.pop_front() else { break };
            self.deliver(message, outside)?;
        }
        Ok(())
    }

    fn is_held(&self) -> bool {
        let open = self.session.as_ref().filter(|session| !session.is_ended());
        open.is_some_and(|session| session.hearing() == Hearing::Held)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::flow::{Flow, Library};
    use crate::protocol::{Contact, Object, Origin, Project};
    use crate::test::{Mocks, Player};

    #[test]
    fn what_had_to_wait_goes_to_the_people_who_have_the_conversation_by_then() {
        let flow = json!({
            "format": 1, "flow": "f", "title": "f", "start": "espera",
            "nodes": {
                "espera": { "type": "wait", "for": "1m", "on": { "done": "gente" } },
                "gente": { "type": "handoff", "queue": "recepcao", "summary": "s", "on": { "returned": "nome" } },
                "nome": { "type": "ask", "text": "Nome?", "answer": { "type": "text" }, "next": "nome" }
            }
        });
        let library = Library::new([Flow::parse(&flow.to_string()).expect("a flow")]);
        let project =
            Project { queues: [("recepcao".into(), "console".into())].into(), ..Project::default() };
        let now = "2026-03-12T12:00:00Z".parse().expect("a moment");
        let mut player = Player::with(&library, project, Contact::new("c".into()), now);
        let mut mocks = Mocks::new(std::iter::empty());
        player.start(&"f".into(), Origin::Api, None, Object::new(), &mut mocks).expect("it starts");
        player.say("um", &mut mocks).expect("held");
        player.say("dois", &mut mocks).expect("held");
        player.after(60_000, &mut mocks).expect("time passes");
        assert_eq!(player.handoffs().count(), 1);
        let returned = crate::protocol::DeskEvent::Returned { outcome: None, note: None };
        player.desk(returned, &mut mocks).expect("people have it");
        let said: Vec<String> = player.said().iter().map(crate::test::Said::in_words).collect();
        assert_eq!(said, ["Nome?"], "neither message is an answer to what was asked afterwards");
    }
}
