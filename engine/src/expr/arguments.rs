//! What can be known about arguments without playing: how many there are, and the names and formats in them.

use std::ops::{Range, RangeInclusive};

use minijinja::machinery::ast::{CallArg, Expr, Filter};

use super::environment as known;
use super::filters::format::Format;
use super::path::range;
use super::{SyntaxError, filters};

/// Checks the arguments of a filter that exists. `name_at` is the place of its name.
pub(super) fn check_filter(filter: &Filter<'_>, name_at: Range<usize>) -> Result<(), SyntaxError> {
    if let Some((name, takes)) = filters::FILTERS.iter().find(|(name, _)| *name == filter.name) {
        count(name, takes, &filter.args, name_at)?;
    }
    match filter.name {
        "date" | "time" => format(filter),
        // A filter or test named in an argument: `map('upper')`, `selectattr('x', 'eq', 1)`.
        "map" => named(filter, 0, |name, at| {
            let exists = known::known_filters().any(|known| known == name);
            if exists { Ok(()) } else { Err(SyntaxError::unknown_filter(name, at)) }
        }),
        "select" | "reject" => named(filter, 0, known_test),
        "selectattr" | "rejectattr" => named(filter, 1, known_test),
        _ => Ok(()),
    }
}

/// Checks the arguments of a function that exists.
pub(super) fn check_function(
    name: &str,
    args: &[CallArg<'_>],
    name_at: Range<usize>,
) -> Result<(), SyntaxError> {
    match filters::FUNCTIONS.iter().find(|(known, _)| *known == name) {
        Some((name, takes)) => count(name, takes, args, name_at),
        None => Ok(()),
    }
}

fn count(
    name: &str,
    takes: &RangeInclusive<usize>,
    args: &[CallArg<'_>],
    at: Range<usize>,
) -> Result<(), SyntaxError> {
    // What is spread (`*list`) is known only when playing.
    if args.iter().any(|arg| matches!(arg, CallArg::PosSplat(_) | CallArg::KwargSplat(_)))
        || takes.contains(&args.len())
    {
        return Ok(());
    }
    let (least, most) = (*takes.start(), *takes.end());
    let (pt, en) = match (least, most) {
        (0, 0) => ("não recebe argumentos".to_owned(), "takes no arguments".to_owned()),
        (least, most) if args.len() < least && least == most => {
            (format!("precisa de {least} argumento(s)"), format!("needs {least} argument(s)"))
        }
        (least, _) if args.len() < least => (
            format!("precisa de pelo menos {least} argumento(s)"),
            format!("needs at least {least} argument(s)"),
        ),
        (_, most) => {
            (format!("recebe no máximo {most} argumento(s)"), format!("takes at most {most} argument(s)"))
        }
    };
    Err(SyntaxError::arguments(name, format!("`{name}` {pt}"), format!("`{name}` {en}"), at))
}

/// The text written at a position of the arguments, and its place.
fn written<'f>(filter: &'f Filter<'_>, position: usize) -> Option<(&'f str, Range<usize>)> {
    match filter.args.get(position) {
        Some(CallArg::Pos(Expr::Const(constant))) => Some((constant.value.as_str()?, range(constant.span()))),
        _ => None,
    }
}

fn named(
    filter: &Filter<'_>,
    position: usize,
    check: impl Fn(&str, Range<usize>) -> Result<(), SyntaxError>,
) -> Result<(), SyntaxError> {
    written(filter, position).map_or(Ok(()), |(name, at)| check(name, at))
}

fn known_test(name: &str, at: Range<usize>) -> Result<(), SyntaxError> {
    let exists = known::known_tests().any(|known| known == name);
    if exists { Ok(()) } else { Err(SyntaxError::unknown_test(name, at)) }
}

/// A date format in the words of another program would be read by patients.
fn format(filter: &Filter<'_>) -> Result<(), SyntaxError> {
    let Some((source, at)) = written(filter, 0) else {
        return Ok(());
    };
    Format::parse(source).map(drop).map_err(|mistake| {
        SyntaxError::arguments(filter.name, mistake.message_pt(), mistake.message_en(), at)
    })
}
