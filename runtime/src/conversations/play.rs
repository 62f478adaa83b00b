//! Who gets a message: people, the open session, nobody yet, or a new session (flow-format.md §5).

use fluxo_engine::protocol::{Content, Inbound, Message, Object, Origin, Wake};

use super::draft::Draft;
use super::words::Words;
use crate::releases::{Hearing, Route};
use crate::store::{InboxEntry, Mode, OutboxState, Speaker, StartRequest};

/// Messages that may wait in one conversation.
pub(super) const INBOX: usize = 100;

/// Whether an input was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was.
    Yes,
    /// Not now: something else must happen first.
    Later,
}

/// A tap names what it answers.
fn is_tap(message: &Inbound) -> bool {
    matches!(message.content, Content::Tap { .. } | Content::TemplateTap { .. })
}

impl Draft<'_> {
    /// Takes a message that just came, or keeps it for later. Its transcript line is written already.
    pub(super) fn receive(&mut self, message: Inbound) {
        if self.inbox.is_empty() && self.hear(&message) == Taken::Yes {
            self.people_have_the_rest();
            return;
        }
        self.hold(InboxEntry::Message(Box::new(message)));
    }

    /// Takes a request to start a flow, or keeps it for later.
    pub(super) fn receive_start(&mut self, start: StartRequest) {
        if self.inbox.is_empty() && self.try_start(&start) == Taken::Yes {
            return;
        }
        self.hold(InboxEntry::Start(start));
    }

    /// Plays the oldest inbox entry if it can be played now; says whether anything was done.
    pub(super) fn play_next(&mut self) -> bool {
        if self.conversation().mode != Mode::Bot {
            let waiting = !self.inbox.is_empty();
            self.people_have_the_rest();
            return waiting;
        }
        let closing = self.conversation().closing;
        let taken = match self.inbox.front().cloned() {
            None => return false,
            Some(InboxEntry::Message(message)) => self.hear(&message),
            Some(InboxEntry::Start(start)) => self.try_start(&start),
        };
        match taken {
            Taken::Yes => {
                // A quarantine has used it up already.
                if !self.inbox.is_empty() && self.conversation().mode == Mode::Bot {
                    self.consume();
                } else {
                    self.people_have_the_rest();
                }
                true
            }
            // Telling the session to end is something, and happens once.
            Taken::Later => self.conversation().closing != closing || self.conversation().session.is_none(),
        }
    }

    fn hear(&mut self, message: &Inbound) -> Taken {
        if self.conversation().mode != Mode::Bot {
            return Taken::Yes;
        }
        match self.standing() {
            Err(poison) => self.quarantine(poison),
            Ok(None) => self.route(message),
            Ok(Some(standing)) => match standing.hearing {
                Hearing::Plays if self.is_asking() && !is_tap(message) => return Taken::Later,
                Hearing::Plays => {
                    let asked_at = self.conversation().asked.as_ref().and_then(|asked| asked.accepted_at);
                    self.wake(Wake::Message { message: message.clone(), asked_at });
                }
                Hearing::Held => return Taken::Later,
                // The session waits for people and they do not have it: now they do.
                Hearing::People => self.give_to_people(standing.wait, &Words::NoFlow),
            },
        }
        Taken::Yes
    }

    /// Whether the open question has left and it is not known yet if the contact can have seen it. It soon will be, and
    /// only then can be told whether a message answers it; until then nothing else could be sent anyway.
    fn is_asking(&self) -> bool {
        let asked = self.conversation().asked.as_ref().filter(|asked| asked.accepted_at.is_none());
        let entry = asked.and_then(|asked| self.entry(&asked.effect));
        entry.is_some_and(|entry| match entry.state {
            OutboxState::Started { .. } | OutboxState::InDoubt { .. } => true,
            OutboxState::Ready => false,
        })
    }

    fn route(&mut self, message: &Inbound) {
        let channel = self.conversation().account.channel.clone();
        let begins = match self.current.route(&self.here.surroundings.project(), &channel, message) {
            Route::Start { flow, origin } => Some((flow, origin)),
            Route::StaleTap { text, flow } => {
                if let Some(text) = text {
                    self.say(Message::Text { text }, Speaker::Bot);
                }
                flow.map(|flow| (flow, Origin::Default))
            }
            // A reaction is no answer, and nothing to begin a conversation with.
            Route::Nothing if matches!(message.content, Content::Reaction { .. }) => return,
            Route::Nothing | Route::Resume | Route::People => None,
        };
        match begins {
            Some((flow, origin)) => self.begin(flow, origin, Some(message.clone()), Object::new()),
            None => self.give_to_people(None, &Words::NoFlow),
        }
    }

    /// Starts a flow from outside, in a later commit than the one that ends what is open.
    fn try_start(&mut self, start: &StartRequest) -> Taken {
        if self.conversation().session.is_none() {
            self.begin(start.flow.clone(), start.origin.clone(), None, start.inputs.clone());
            return Taken::Yes;
        }
        if !self.conversation().closing {
            self.conversation_mut().closing = true;
            self.wake(Wake::Close { outcome: "replaced".to_owned() });
        }
        Taken::Later
    }

    pub(super) fn hold(&mut self, entry: InboxEntry) {
        if self.inbox.len() >= INBOX {
            self.notice(None, &Words::InboxFull);
            return;
        }
        self.commit.inbox_push.push(entry.clone());
        self.inbox.push_back(entry);
    }
}
