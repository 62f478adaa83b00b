//! What the world does with what a turn asks: the channel accepts, the hospital answers, the desk opens.

use std::collections::VecDeque;

use super::super::outside::{Outside, PlayerError};
use super::super::said::Said;
use super::Player;
use crate::protocol::{Effect, EffectKind, Message, TicketOutcome, Wake};

impl Player<'_> {
    /// Performs one effect; what comes back of it joins `wakes`.
    pub(super) fn perform(
        &mut self,
        effect: Effect,
        wakes: &mut VecDeque<Wake>,
        outside: &mut dyn Outside,
    ) -> Result<(), PlayerError> {
        match effect.kind {
            EffectKind::SendMessage { message } => {
                self.accepted.insert(effect.id.clone(), self.now);
                match &message {
                    Message::Buttons { buttons: choices, .. } | Message::List { rows: choices, .. } => {
                        self.shown.extend(choices.iter().cloned());
                    }
                    Message::Text { .. }
                    | Message::Media { .. }
                    | Message::Location { .. }
                    | Message::Link { .. }
                    | Message::Template { .. }
                    | Message::LocationRequest { .. }
                    | Message::PhoneRequest { .. } => {}
                }
                self.said.push(Said { effect: effect.id, message });
            }
            EffectKind::CallHttp { request } => {
                let outcome = outside.call(&request).map_err(PlayerError::Unanswered)?;
                if let Some(wait) = effect.wait {
                    wakes.push_back(Wake::Http { wait, effect: effect.id, outcome });
                }
            }
            EffectKind::OpenHandoff { handoff } => self.handoffs.push((effect.wait, handoff)),
            EffectKind::OpenTicket { ticket } => {
                self.tickets.push(ticket);
                if let Some(wait) = effect.wait {
                    let outcome = if self.refuse_tickets {
                        TicketOutcome::Refused("refused in this test".to_owned())
                    } else {
                        TicketOutcome::Opened(
                            serde_json::json!({ "key": "TESTE-1", "url": "https://tickets.test/TESTE-1" }),
                        )
                    };
                    wakes.push_back(Wake::Ticket { wait, outcome });
                }
            }
            EffectKind::Notify { text, .. } => self.notices.push(text),
            EffectKind::SendEmail { subject, .. } => self.notices.push(subject),
        }
        Ok(())
    }
}
