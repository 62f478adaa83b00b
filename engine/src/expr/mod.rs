//! Templates and conditions: everything an author writes that is computed. The only place that names `minijinja`.
//!
//! Three forms, all parsed once and evaluated against a [`Scope`]: [`Template`] (text with holes), [`TemplateTree`]
//! (a JSON value whose strings are templates) and [`Expression`] (bare, for conditions). What they mean is
//! flow-format.md section 3. Two rules shape everything here: undefined and null are one thing, *absent*; and what a
//! patient reads is checked when it is printed, so that nobody ever reads a hole, `None` or `True`.
//!
//! No clock, no environment, no files: `now` and the calendar arrive in the scope.

mod arguments;
mod builtins;
mod environment;
mod error;
mod expression;
mod filters;
mod hint;
mod intern;
mod lower;
mod operators;
mod path;
mod print;
mod program;
mod readings;
mod scope;
mod slot;
mod suggest;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use crate::answer::fold::{fold, fold_words};
pub use environment::{filter_names, function_names, test_names};
pub use error::EvalError;
pub use expression::Expression;
pub use readings::Reading;
pub use scope::{Facts, Scope};
pub use syntax::{SyntaxError, SyntaxErrorKind};
pub use template::Template;
pub use tree::{TemplateTree, TreeError};

/// Instructions one evaluation may execute before it is stopped ([`EvalError::Fuel`]). A page of text with a loop over
/// a hundred rows needs some 3,000.
pub const FUEL: u64 = 50_000;

/// Bytes one evaluation may print: what WhatsApp accepts is 4,096 characters, what a request body needs is more.
pub const MAX_OUTPUT: usize = 64 * 1024;
