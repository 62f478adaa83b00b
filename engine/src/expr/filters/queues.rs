//! `is_open(queue)`: whether people attend a queue right now.

use minijinja::{Environment, Error, State};

use super::moment;

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("is_open", is_open);
    env.add_function("is_open", is_open);
}

fn is_open(state: &State<'_, '_>, queue: &str) -> Result<bool, Error> {
    Ok(moment(state)?.facts.open_queues.get(queue).copied().unwrap_or(false))
}
