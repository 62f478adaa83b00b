//! The one environment all templates are compiled for: which filters, tests and functions there are.

use std::cmp::Ordering;
use std::sync::OnceLock;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, UndefinedBehavior, Value, filters as jinja, functions};

use super::print;
use super::{EvalError, FUEL, MAX_OUTPUT, filters};

/// Names that no author can write, for what the compiler puts in.
pub(super) mod hidden {
    /// The root of the evaluation itself.
    pub(in crate::expr) const RUN: &str = "$run";
    /// Applies the printing rules to what a template emits.
    pub(in crate::expr) const PRINT: &str = "$print";
    /// The operator `~`.
    pub(in crate::expr) const CONCAT: &str = "$concat";
    /// The operator `*`.
    pub(in crate::expr) const TIMES: &str = "$times";
}

/// What a builtin filter does with an absent input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// The result is absent too, so that `default` can stand at the end of a chain; only text and numbers go in.
    Passes,
    /// It counts as a list without items.
    IsEmpty,
}

/// Filters of the template language itself. `pprint` is left out: it prints what nobody should read.
const BUILTIN_FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "zip",
];

const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
    // As names for `selectattr` and the like.
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
];

/// Functions of the template language itself. `debug` is left out: it prints all variables.
const BUILTIN_FUNCTIONS: &[&str] = &["dict", "namespace", "range"];

/// The filters there are, in alphabetical order.
pub fn filter_names() -> Vec<&'static str> {
    let mut names: Vec<_> = known_filters().collect();
    names.sort_unstable();
    names
}

/// The functions there are, in alphabetical order.
pub fn function_names() -> Vec<&'static str> {
    let mut names: Vec<_> = known_functions().collect();
    names.sort_unstable();
    names
}

/// The tests there are (`x is …`), in alphabetical order.
pub fn test_names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        known_tests().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())).collect();
    names.sort_unstable();
    names
}

pub(super) fn known_filters() -> impl Iterator<Item = &'static str> {
    BUILTIN_FILTERS.iter().chain(filters::NAMES).copied()
}

pub(super) fn known_tests() -> impl Iterator<Item = &'static str> {
    TESTS.iter().copied()
}

pub(super) fn known_functions() -> impl Iterator<Item = &'static str> {
    BUILTIN_FUNCTIONS.iter().chain(filters::FUNCTIONS).copied()
}

/// The environment.
pub(super) fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(build)
}

fn build() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_fuel(Some(FUEL));
    // With it every error copies the template and the variables.
    env.set_debug(false);
    env.set_formatter(emit);

    env.remove_filter("pprint");
    env.remove_global("debug");

    passing(&mut env);
    collecting(&mut env);
    operators(&mut env);
    filters::register(&mut env);
    env
}

/// Builtins of which an absent input makes an absent result.
fn passing(env: &mut Environment<'static>) {
    let passing = [
        ("upper", Value::from_function(jinja::upper)),
        ("lower", Value::from_function(jinja::lower)),
        ("title", Value::from_function(jinja::title)),
        ("capitalize", Value::from_function(jinja::capitalize)),
        ("replace", Value::from_function(jinja::replace)),
        ("trim", Value::from_function(jinja::trim)),
        ("split", Value::from_function(jinja::split)),
        ("lines", Value::from_function(jinja::lines)),
        ("round", Value::from_function(jinja::round)),
        ("abs", Value::from_function(jinja::abs)),
        ("int", Value::from_function(jinja::int)),
        ("float", Value::from_function(jinja::float)),
        ("indent", Value::from_function(jinja::indent)),
        ("format", Value::from_function(jinja::format)),
        ("escape", Value::from_function(jinja::escape)),
        ("e", Value::from_function(jinja::escape)),
        ("safe", Value::from_function(jinja::safe)),
        ("string", Value::from_function(string)),
    ];
    for (name, builtin) in passing {
        guarded(env, name, builtin, Absent::Passes);
    }
}

/// Builtins that work on lists; something absent is a list without items.
fn collecting(env: &mut Environment<'static>) {
    let collecting = [
        ("length", Value::from_function(jinja::length)),
        ("count", Value::from_function(jinja::length)),
        ("first", Value::from_function(jinja::first)),
        ("last", Value::from_function(jinja::last)),
        ("min", Value::from_function(jinja::min)),
        ("max", Value::from_function(jinja::max)),
        ("sum", Value::from_function(jinja::sum)),
        ("sort", Value::from_function(jinja::sort)),
        ("reverse", Value::from_function(jinja::reverse)),
        ("list", Value::from_function(jinja::list)),
        ("unique", Value::from_function(jinja::unique)),
        ("map", Value::from_function(jinja::map)),
        ("select", Value::from_function(jinja::select)),
        ("reject", Value::from_function(jinja::reject)),
        ("selectattr", Value::from_function(jinja::selectattr)),
        ("rejectattr", Value::from_function(jinja::rejectattr)),
        ("groupby", Value::from_function(jinja::groupby)),
        ("batch", Value::from_function(jinja::batch)),
        ("slice", Value::from_function(jinja::slice)),
        ("chain", Value::from_function(jinja::chain)),
        ("zip", Value::from_function(jinja::zip)),
        ("join", Value::from_function(join)),
    ];
    for (name, builtin) in collecting {
        guarded(env, name, builtin, Absent::IsEmpty);
    }
}

fn guarded(env: &mut Environment<'static>, name: &'static str, builtin: Value, absent: Absent) {
    let guard = move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
        let mut args = args.into_values();
        let alone = args.len() == 1;
        let Some(input) = args.first_mut() else {
            return builtin.call(state, &args);
        };
        let kind = input.kind();
        let is_absent = matches!(kind, ValueKind::Undefined | ValueKind::None);
        match absent {
            // `int(default=0)` answers for an absent input by itself.
            Absent::Passes if is_absent && !alone && matches!(name, "int" | "float") => {}
            Absent::Passes if is_absent => return Ok(Value::UNDEFINED),
            Absent::Passes => {
                if !matches!(kind, ValueKind::String | ValueKind::Number) {
                    return Err(EvalError::Type {
                        detail: format!("`{name}` needs text or a number, got a {kind}"),
                    }
                    .into());
                }
            }
            Absent::IsEmpty if is_absent => *input = Value::from(Vec::<Value>::new()),
            Absent::IsEmpty => {}
        }
        builtin.call(state, &args)
    };
    env.add_filter(name, guard);
}

/// `string`: the text that would be printed, nothing else.
fn string(value: &Value) -> Result<String, Error> {
    Ok(print::plain(value, "string")?)
}

/// `join`: every item must be printable.
fn join(
    value: Value,
    joiner: Option<std::borrow::Cow<'_, str>>,
    kwargs: minijinja::value::Kwargs,
) -> Result<String, Error> {
    let joiner = joiner.unwrap_or_default();
    let attribute: Option<&str> = kwargs.get("attribute")?;
    kwargs.assert_all_used()?;
    let mut out = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        if index > 0 {
            out.push_str(&joiner);
        }
        let item = match attribute {
            Some(name) => item.get_attr(name)?,
            None => item,
        };
        out.push_str(&print::plain(&item, "join")?);
        within_limit(out.len())?;
    }
    Ok(out)
}

fn operators(env: &mut Environment<'static>) {
    env.add_filter(hidden::PRINT, print_hole);
    env.add_filter(hidden::CONCAT, |left: &Value, right: &Value| -> Result<String, Error> {
        let mut out = print::plain(left, "~")?;
        out.push_str(&print::plain(right, "~")?);
        within_limit(out.len())?;
        Ok(out)
    });
    env.add_filter(hidden::TIMES, times);

    for name in ["lt", "lessthan", "<"] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_lt));
    }
    for name in ["le", "<="] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_le));
    }
    for name in ["gt", "greaterthan", ">"] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_gt));
    }
    for name in ["ge", ">="] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_ge));
    }
    env.add_test("in", |item: &Value, container: &Value| -> Result<bool, Error> {
        contains(container, item)
    });
    env.add_test("defined", |value: &Value| !is_absent(value));
    env.add_test("undefined", is_absent);
    env.add_test("none", is_absent);
    env.add_filter("default", default);
    env.add_filter("d", default);
    debug_assert!(BUILTIN_FUNCTIONS.contains(&"range"));
    env.add_function("range", functions::range);
}

pub(super) fn is_absent(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

/// `default`: for what is absent; `default(x, true)` also for what does not hold.
fn default(value: Value, other: Option<Value>, lax: Option<bool>) -> Value {
    if is_absent(&value) || (lax == Some(true) && !value.is_true()) {
        other.unwrap_or_else(|| Value::from(""))
    } else {
        value
    }
}

/// Compares two values: with something absent it does not hold, with two different kinds it is a mistake.
fn compare(left: &Value, right: &Value, holds: fn(Ordering) -> bool) -> Result<bool, Error> {
    if is_absent(left) || is_absent(right) {
        return Ok(false);
    }
    let alike = match (left.kind(), right.kind()) {
        (ValueKind::Iterable, ValueKind::Seq) | (ValueKind::Seq, ValueKind::Iterable) => true,
        (a, b) => a == b,
    };
    if !alike {
        return Err(EvalError::Type {
            detail: format!("cannot compare a {} with a {}", left.kind(), right.kind()),
        }
        .into());
    }
    Ok(left.partial_cmp(right).is_some_and(holds))
}

fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    if is_absent(container) || is_absent(item) {
        return Ok(false);
    }
    match (container.as_str(), item.as_str()) {
        (Some(text), Some(part)) => return Ok(text.contains(part)),
        (Some(_), None) => {
            return Err(
                EvalError::Type { detail: format!("cannot look for a {} in a text", item.kind()) }.into()
            );
        }
        (None, _) => {}
    }
    for candidate in container.try_iter()? {
        if candidate == *item {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `*`: numbers; a repeated text or list stays within the limits.
fn times(left: Value, right: Value) -> Result<Value, Error> {
    let whole = |v: &Value| i128::try_from(v.clone()).ok().filter(|_| v.is_integer());
    if let (Some(a), Some(b)) = (whole(&left), whole(&right)) {
        let product = a.checked_mul(b).ok_or(EvalError::TooLarge)?;
        return Ok(i64::try_from(product).map_or_else(|_| Value::from(product), Value::from));
    }
    if left.is_number() && right.is_number() {
        return Ok(Value::from(f64::try_from(left)? * f64::try_from(right)?));
    }
    let (repeated, count) = if left.is_number() { (right, left) } else { (left, right) };
    let (Some(text), Some(count)) = (repeated.as_str(), count.as_usize()) else {
        return Err(EvalError::Type {
            detail: format!("cannot multiply a {} with a {}", repeated.kind(), count.kind()),
        }
        .into());
    };
    within_limit(text.len().saturating_mul(count))?;
    Ok(Value::from(text.repeat(count)))
}

/// Applies the printing rules to a hole of a template with statements.
fn print_hole(state: &State<'_, '_>, value: &Value, words: &str) -> Result<String, Error> {
    let target = filters::run(state)?.target;
    let mut out = String::new();
    print::computed(&mut out, value, words, target)?;
    Ok(out)
}

fn within_limit(bytes: usize) -> Result<(), EvalError> {
    if bytes > MAX_OUTPUT {
        return Err(EvalError::TooLarge);
    }
    Ok(())
}

/// Bytes emitted so far by one evaluation.
struct Emitted(usize);

fn emit(out: &mut minijinja::Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    // Everything that is emitted was made text by the compiler.
    let text = value.as_str().unwrap_or_default();
    let emitted = state.get_or_insert_extension(Emitted(0));
    emitted.0 += text.len();
    within_limit(emitted.0)?;
    out.write_str(text).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_to_the_machinery() {
        let env = environment();
        let mut state = env.empty_state();
        for name in known_filters() {
            let result = state.apply_filter(name, &[]);
            let unknown = result.is_err_and(|e| e.kind() == minijinja::ErrorKind::UnknownFilter);
            assert!(!unknown, "filter {name}");
        }
        for name in known_tests() {
            let result = state.perform_test(name, &[Value::from(1)]);
            let unknown = result.is_err_and(|e| e.kind() == minijinja::ErrorKind::UnknownTest);
            assert!(!unknown, "test {name}");
        }
        let globals: Vec<String> = env.globals().map(|(name, _)| name.to_owned()).collect();
        let mut known: Vec<&str> = known_functions().collect();
        known.sort_unstable();
        assert_eq!(globals, known);
    }
}
