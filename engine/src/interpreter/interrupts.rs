//! What comes before the open question: keywords, and silence. Searched from the innermost flow outwards.

use super::walk::Walk;
use crate::error::Error;
use crate::flow::Interrupt;
use crate::nodes::Duration;
use crate::nodes::play::{Next, Stop};
use crate::protocol::{Content, Event, Inbound};

/// An interrupt found: in which frame, and its place in that flow's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    depth: usize,
    index: usize,
}

impl Walk<'_> {
    /// The interrupt whose keyword a message is.
    pub(super) fn keyword_interrupt(&self, message: &Inbound) -> Result<Option<Found>, Error> {
        let text = match &message.content {
            Content::Text { text } => text,
            Content::TemplateTap { title, .. } => title,
            Content::Tap { .. }
            | Content::Media(_)
            | Content::Location(_)
            | Content::Contacts { .. }
            | Content::Reaction { .. }
            | Content::Other { .. } => return Ok(None),
        };
        let found = self.find_interrupt(|interrupt| interrupt.hears(text).then_some(()))?;
        Ok(found.map(|(found, ())| found))
    }

    /// How long a contact may be silent before the flow's `idle` takes over, and which interrupt that is.
    pub(super) fn idle_interrupt(&self) -> Result<Option<(Found, Duration)>, Error> {
        self.find_interrupt(|interrupt| match interrupt {
            Interrupt::Idle { after, .. } => Some(*after),
            Interrupt::Keyword { .. } | Interrupt::Trouble { .. } => None,
        })
    }

    /// Takes play to where an interrupt leads, in the flow that declares it; the flows above are dropped.
    pub(super) fn interrupt(&mut self, found: Found) -> Result<Next, Stop> {
        self.unwind_to(found.depth)?;
        let flow = self.flow()?;
        let interrupt = flow
            .interrupts
            .get(found.index)
            .ok_or_else(|| Error::Invariant("an interrupt was found that is not there".to_owned()))?;
        self.cx.event(Event::Interrupted { flow: flow.id.clone(), index: found.index });
        self.visit(interrupt.next())
    }

    fn find_interrupt<T>(
        &self,
        mut matches: impl FnMut(&Interrupt) -> Option<T>,
    ) -> Result<Option<(Found, T)>, Error> {
        for (depth, frame) in self.cx.session.frames.iter().enumerate().rev() {
            let flow =
                self.library.flow(&frame.flow).ok_or_else(|| Error::UnknownFlow(frame.flow.clone()))?;
            let found = flow.interrupts.iter().enumerate().find_map(|(index, interrupt)| {
                matches(interrupt).map(|value| (Found { depth, index }, value))
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
