//! What the terminal can show: colours, progress, complaints.

use std::io::{IsTerminal, Write};

use super::NotThere;

/// Whether standard output shows colours.
pub(super) fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether standard error shows colours.
pub(super) fn colours_of_errors() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// An ANSI style, or nothing where colours are not shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    pub(super) good: &'static str,
    pub(super) bad: &'static str,
    pub(super) warn: &'static str,
    pub(super) dim: &'static str,
    pub(super) strong: &'static str,
    pub(super) off: &'static str,
}

/// Styles for standard output.
pub(super) fn palette() -> Palette {
    if colours() {
        Palette {
            good: "\x1b[32m",
            bad: "\x1b[31m",
            warn: "\x1b[33m",
            dim: "\x1b[2m",
            strong: "\x1b[1m",
            off: "\x1b[0m",
        }
    } else {
        Palette { good: "", bad: "", warn: "", dim: "", strong: "", off: "" }
    }
}

/// An error on standard error, with nobody left to tell when that fails.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "fluxo: {text}");
}

/// Something the user should know, on standard error, so that what a command answers can be piped.
pub(super) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Asks before something that cannot be taken back. Where nobody can answer it is not done.
///
/// # Errors
/// An answer that cannot be read, or nobody to ask.
pub(super) fn agreed(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(NotThere(format!("{question} Ninguém pode responder aqui: use --yes")).into());
    }
    let mut error = std::io::stderr();
    write!(error, "{question} [s/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "s" | "sim" | "y" | "yes"))
}

/// A bar on standard error, seen only on a terminal.
pub(super) fn progress(length: usize, what: &'static str) -> indicatif::ProgressBar {
    if length < 2 || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    let style = indicatif::ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
