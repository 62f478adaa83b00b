//! `pick`: of what a system answers, only what the conversation needs.

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, Value};

use super::super::operators::is_absent;
use super::refused;

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("pick", pick);
}

/// `items | pick('id', hora='StartTime')`: of each item of a list, or of one object, the named members, those given
/// with `=` under the new name. A member that is absent is left out.
fn pick(value: Value, names: Rest<String>, renamed: Kwargs) -> Result<Value, Error> {
    let mut members: Vec<(String, String)> = names.0.into_iter().map(|name| (name.clone(), name)).collect();
    for new in renamed.args().map(str::to_owned).collect::<Vec<_>>() {
        let old = renamed.get::<String>(&new)?;
        members.push((new, old));
    }
    renamed.assert_all_used()?;
    if members.is_empty() {
        return Err(refused("pick", "needs the names of the members to keep"));
    }
    if is_absent(&value) {
        return Ok(Value::UNDEFINED);
    }
    if value.kind() == ValueKind::Map {
        return picked(&value, &members);
    }
    if value.as_str().is_some() {
        return Err(refused("pick", "needs an object or a list of objects, got a string"));
    }
    let items = value.try_iter().map_err(|_| {
        refused("pick", format!("needs an object or a list of objects, got a {}", value.kind()))
    })?;
    items.map(|item| picked(&item, &members)).collect::<Result<Vec<_>, _>>().map(Value::from)
}

fn picked(item: &Value, members: &[(String, String)]) -> Result<Value, Error> {
    if item.kind() != ValueKind::Map {
        return Err(refused("pick", format!("needs objects in the list, got a {}", item.kind())));
    }
    let mut kept = Vec::with_capacity(members.len());
    for (new, old) in members {
        let member = item.get_attr(old)?;
        if !is_absent(&member) {
            kept.push((new.clone(), member));
        }
    }
    Ok(Value::from_pairs(kept))
}
