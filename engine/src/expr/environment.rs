//! The one environment all templates are compiled for: which filters, tests and functions there are.

use std::sync::OnceLock;

use minijinja::{Environment, Error, State, UndefinedBehavior, Value};

use super::operators::within_limit;
use super::{FUEL, builtins, filters, operators};

/// Names that no author can write, for what the compiler puts in.
pub(super) mod hidden {
    /// The root of the evaluation itself.
    pub(in crate::expr) const RUN: &str = "$run";
    /// Applies the printing rules to what a template emits.
    pub(in crate::expr) const PRINT: &str = "$print";
    /// The operator `~`.
    pub(in crate::expr) const CONCAT: &str = "$concat";
    /// The operator `+`.
    pub(in crate::expr) const PLUS: &str = "$plus";
    /// The operator `*`.
    pub(in crate::expr) const TIMES: &str = "$times";
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
    BUILTIN_FILTERS.iter().copied().chain(filters::FILTERS.iter().map(|(name, _)| *name))
}

pub(super) fn known_tests() -> impl Iterator<Item = &'static str> {
    TESTS.iter().copied()
}

pub(super) fn known_functions() -> impl Iterator<Item = &'static str> {
    BUILTIN_FUNCTIONS.iter().copied().chain(filters::FUNCTIONS.iter().map(|(name, _)| *name))
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

    builtins::register(&mut env);
    operators::register(&mut env);
    filters::register(&mut env);
    env
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
