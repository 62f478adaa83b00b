//! What each of Meta's error codes means for a message (whatsapp-cloud.md §10). The code decides, never the HTTP
//! status, the title or the text.

use std::time::Duration;

use fluxo_engine::protocol::SendFailure;

use super::payload::GraphError;
use crate::channels::SendError;
use crate::foundation::redact::redact;

/// What to do about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// This message again, after so many seconds if it is known.
    Retry(Option<u64>),
    /// Nothing on this number for so many seconds, then this message again.
    Pause(u64),
    /// Never, and why a flow may want to know.
    GiveUp(Why),
}

/// Reasons a flow can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Window,
    NotReachable,
    OptedOut,
    Template,
    Media,
    Other,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The table, code by code. Codes that are not in it are judged by the HTTP status.
fn action(code: i64) -> Option<Action> {
    use Action::{GiveUp, Pause, Retry};
    Some(match code {
        0 | 190 => Pause(MINUTE), // the token is invalid or has ended: nothing leaves, the staff must act
        1 => Retry(None),         // unknown API error
        2 => Retry(None),         // temporary outage or overload
        3 => GiveUp(Why::Other),  // capability missing
        4 => Pause(5 * MINUTE),   // app-level call limit
        10 | 200..=299 => GiveUp(Why::Other), // permission missing
        33 => GiveUp(Why::Other), // our number is gone
        100 => GiveUp(Why::Other), // invalid parameter
        368 => Pause(HOUR),       // blocked for a policy
        80007 => Pause(5 * MINUTE), // account rate limit
        130429 => Pause(1),       // throughput reached: 80 messages a second
        130472 => GiveUp(Why::Other), // the user is part of an experiment
        130497 => GiveUp(Why::NotReachable), // country restricted
        131000 => Retry(None),    // unknown error
        131005 => GiveUp(Why::Other), // access denied
        131008 | 131009 => GiveUp(Why::Other), // parameter missing or invalid
        131016 => Retry(None),    // service unavailable
        131021 => GiveUp(Why::NotReachable), // the recipient is the sender
        131026 => GiveUp(Why::NotReachable), // not on WhatsApp, blocked us, old client
        131030 => GiveUp(Why::NotReachable), // not in a test number's list
        131031 => Pause(HOUR),    // account locked
        131036 => GiveUp(Why::Other), // not delivered, payload gone
        131037 => Pause(HOUR),    // display name not approved
        131042 | 131044 => Pause(HOUR), // payment problem
        131045 => Pause(HOUR),    // registration or certificate
        131047 => GiveUp(Why::Window), // the 24-hour window is closed
        131048 => Pause(HOUR),    // spam limit of our number
        131049 => GiveUp(Why::Other), // not delivered to protect the ecosystem
        131050 => GiveUp(Why::OptedOut), // no marketing wanted
        131051..=131053 => GiveUp(Why::Media), // unsupported type, media not fetched, upload or type refused
        131055 => GiveUp(Why::Other), // method not allowed
        131056 => Retry(Some(6)), // pair limit: one message in six seconds to one person
        131057 => Pause(MINUTE),  // maintenance, throughput upgrade
        131059 => GiveUp(Why::Other), // invalid cursor
        131062 => GiveUp(Why::Template), // not to a user id
        131063 => GiveUp(Why::Template), // marketing templates are off
        131064 => Pause(HOUR),    // messaging limit
        132015 => GiveUp(Why::Template), // template paused for quality: others go on
        132069 => Retry(Some(HOUR)), // flow throttled
        132000..=132999 => GiveUp(Why::Template), // template missing, disabled, filled wrongly
        133004 => Retry(None),    // registration server busy
        133000..=133999 => GiveUp(Why::Other), // registration
        134101 => Retry(Some(10 * MINUTE)), // marketing API not ready
        134000..=134999 => GiveUp(Why::Other), // payments terms, marketing API
        135000 => GiveUp(Why::Other), // generic user error
        137000 => GiveUp(Why::Other), // identity key does not fit
        138000..=139999 => GiveUp(Why::Other), // calling, blocked users, flows
        147001..=147004 => GiveUp(Why::Other), // business username
        _ => return None,
    })
}

/// What a refused send means.
pub(super) fn refused(http_status: u16, error: &GraphError) -> SendError {
    let by_status = if http_status >= 500 { Action::Retry(None) } else { Action::GiveUp(Why::Other) };
    let reason = || redact(&error.words());
    match action(error.code).unwrap_or(by_status) {
        Action::Retry(after) => {
            SendError::Retry { after: after.map(Duration::from_secs), reason: reason(), account_wide: false }
        }
        Action::Pause(after) => {
            SendError::Retry { after: Some(Duration::from_secs(after)), reason: reason(), account_wide: true }
        }
        Action::GiveUp(why) => SendError::GiveUp { failure: words(why, error) },
    }
}

/// Why a message that had been taken failed after all: final, whatever the code would mean before.
pub(super) fn failure(error: &GraphError) -> SendFailure {
    match action(error.code) {
        Some(Action::GiveUp(why)) => words(why, error),
        Some(Action::Retry(_) | Action::Pause(_)) | None => words(Why::Other, error),
    }
}

fn words(why: Why, error: &GraphError) -> SendFailure {
    match why {
        Why::Window => SendFailure::WindowClosed,
        Why::NotReachable => SendFailure::NotReachable,
        Why::OptedOut => SendFailure::OptedOut,
        Why::Template => SendFailure::Template,
        Why::Media => SendFailure::Media,
        Why::Other => SendFailure::Other(redact(&error.words())),
    }
}
