//! What bounds play, so that a mistake in a flow ends in trouble and never in a storm of messages.
//!
//! Messages, calls and sizes are counted where they are made, in the nodes' context.

use super::walk::Walk;
use crate::nodes::play::Stop;
use crate::protocol::TroubleCode;
use crate::session::Counters;

/// Node visits since the last input that was not the result of an effect.
pub(super) const MAX_VISITS: u32 = 200;
/// Flows on the stack.
pub(super) const MAX_DEPTH: usize = 8;

impl Walk<'_> {
    /// Counts a visit before it is made.
    pub(super) fn count_visit(&mut self) -> Result<(), Stop> {
        let since = &mut self.cx.session.since_input;
        if since.visits >= MAX_VISITS {
            let detail = format!("more than {MAX_VISITS} nodes since the last input");
            return Err(Stop::trouble(TroubleCode::TooManyNodes, detail));
        }
        since.visits += 1;
        self.cx.session.visits += 1;
        Ok(())
    }

    /// Whether one more flow may be called.
    pub(super) fn check_depth(&self) -> Result<(), Stop> {
        if self.cx.session.frames.len() >= MAX_DEPTH {
            let detail = format!("calls nested deeper than {MAX_DEPTH}");
            return Err(Stop::trouble(TroubleCode::TooDeep, detail));
        }
        Ok(())
    }

    /// An input that is not the result of an effect: the counts begin again, and trouble may be handled again.
    pub(super) fn fresh_input(&mut self) {
        self.cx.session.since_input = Counters::default();
        self.cx.session.in_trouble = false;
    }

    /// A contact's silence lets play go on but is no input of theirs: what is said to them goes on being counted, or a
    /// question that its own `no_answer` leads back to would be asked for ever.
    pub(super) fn silence(&mut self) {
        let messages = self.cx.session.since_input.messages;
        self.fresh_input();
        self.cx.session.since_input.messages = messages;
    }
}
