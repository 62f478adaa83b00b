//! Waits for a while or until a moment.
//!
//! ```json
//! {
//!   "type": "wait",
//!   "until": "{{ consulta.data }}T07:00:00",
//!   "on": { "done": "lembrete", "message": "menu" }
//! }
//! ```

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use super::context::NodeContext;
use super::duration::Duration;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use crate::expr::Template;
use crate::ids::NodeId;
use crate::protocol::{Due, TimerKind, TroubleCode, Wake};
use crate::session::WaitKind;

/// What an author writes for a `wait`: `for` or `until`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// So long.
    #[serde(rename = "for")]
    pub length: Option<Duration>,
    /// Until a moment: an ISO date (its start) or date and time, local to the project unless it carries an offset.
    /// A moment that has passed does not wait.
    pub until: Option<Template>,
    /// Ways out.
    pub on: OnWait,
}

/// Ways out of a wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnWait {
    /// The time has come.
    pub done: NodeId,
    /// The patient wrote before that. Without it, what arrives is held until then.
    pub message: Option<NodeId>,
}

impl Inspect for Wait {
    fn inspect(&self, found: &mut Inspection) {
        found.waits.time = true;
        found.waits.patient = self.on.message.is_some();
        found.template_if("/until", self.until.as_ref());
        found.port("done", "/on/done", &self.on.done);
        found.port_if("message", "/on/message", self.on.message.as_ref());
    }
}

impl Play for Wait {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let due = match (&self.length, &self.until) {
            (Some(length), _) => cx.later(*length),
            (None, Some(until)) => moment(cx, until)?,
            (None, None) => cx.world.now,
        };
        if due <= cx.world.now {
            return Ok(Next::port("done", &self.on.done));
        }
        cx.wait(WaitKind::Pause { hears: self.on.message.is_some() }, None)?;
        cx.arm(TimerKind::Until, Due::At(due))?;
        Ok(Next::Stay)
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        match wake {
            Wake::Timer { timer: TimerKind::Until, .. } => {
                // The flow itself was silent: idleness counts from here.
                cx.session.last_heard = cx.world.now;
                Ok(Next::port("done", &self.on.done))
            }
            Wake::Message { .. } => {
                Next::port_or("message", self.on.message.as_ref(), TroubleCode::PortMissing)
            }
            Wake::Timer { .. }
            | Wake::Http { .. }
            | Wake::SendFailed { .. }
            | Wake::Desk { .. }
            | Wake::Ticket { .. }
            | Wake::Close { .. } => Err(cx.wrong_wait()),
        }
    }
}

/// An ISO moment: with an offset, or local to the project; a date alone is its start.
fn moment(cx: &mut NodeContext<'_>, until: &Template) -> Result<Timestamp, Stop> {
    let text = cx.text(until)?;
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local = text.parse::<DateTime>().ok();
    local
        .and_then(|local| local.to_zoned(cx.now().time_zone().clone()).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| {
            let detail = format!("`{}` is not a date or a moment", until.source());
            Stop::trouble(TroubleCode::ValueInvalid, detail)
        })
}
