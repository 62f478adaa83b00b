//! The clock on the wall jumps. The service takes its time from the machine, so these rows are tests of the runtime, in which
//! the clock is a part like others; here it is looked after that each of them is there.

use super::{Part, Row};
use crate::tidy::root;

/// Where the tests are.
const SUITE: &str = "runtime/src/conversations/tests/timers.rs";

pub(super) const CLOCK: Part = Part {
    title: "The clock",
    rows: &[
        Row {
            name: "a_machine_that_slept_for_a_year_fires_each_timer_once",
            fault: "the clock jumps a year ahead",
            patient: "each reminder and each farewell that was due, once",
            rm: "-",
            staff: "-",
        },
        Row {
            name: "a_timer_waits_for_its_moment_when_the_clock_goes_back",
            fault: "the clock goes back",
            patient: "reminders at their moment, none twice",
            rm: "-",
            staff: "-",
        },
        Row {
            name: "nothing_in_the_outbox_waits_an_hour_because_the_clock_went_back_by_one",
            fault: "the clock goes back by an hour while messages wait to be sent again",
            patient: "the message after its pause, not an hour later",
            rm: "-",
            staff: "-",
        },
        Row {
            name: "a_doubt_keeps_its_pause_when_the_clock_goes_back",
            fault: "the clock goes back while a message is in doubt",
            patient: "the message at most twice, as without the jump",
            rm: "-",
            staff: "-",
        },
    ],
};

#[test]
fn each_row_of_the_clock_is_a_test() {
    let suite = std::fs::read_to_string(root().join(SUITE)).expect("the suite is readable");
    for row in CLOCK.rows {
        let test = format!("#[tokio::test]\nasync fn {}()", row.name);
        let threaded = format!("async fn {}()", row.name);
        assert!(suite.contains(&test) || suite.contains(&threaded), "{} is no test in {SUITE}", row.name);
    }
}
