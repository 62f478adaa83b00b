//! Why an answer was not taken.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an answer was not taken: a code for the journal and for conditions, never the answer itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invalid {
    /// Nothing that can be read in it.
    Empty,
    /// It does not look like what was asked for.
    Format,
    /// Text came where media or a location was asked for.
    WrongKind,
    /// The check digits are wrong: a slip of the finger in a CPF or CNPJ.
    CheckDigits,
    /// Less, earlier or fewer words than `min`.
    TooSmall,
    /// More, later or more words than `max`.
    TooLarge,
    /// Fewer characters than `min`.
    TooShort,
    /// More characters than `max`.
    TooLong,
    /// A day that is not before today.
    NotPast,
    /// A day that is not after today.
    NotFuture,
    /// The calendar has no such day, or it is not the day of the week that was named.
    NoSuchDate,
    /// The clock has no such time.
    NoSuchTime,
    /// A telephone number without an area code, or with one that does not exist.
    AreaCode,
}

impl Invalid {
    /// The code, as it is kept.
    pub fn code(self) -> &'static str {
        match self {
            Invalid::Empty => "empty",
            Invalid::Format => "format",
            Invalid::WrongKind => "wrong_kind",
            Invalid::CheckDigits => "check_digits",
            Invalid::TooSmall => "too_small",
            Invalid::TooLarge => "too_large",
            Invalid::TooShort => "too_short",
            Invalid::TooLong => "too_long",
            Invalid::NotPast => "not_past",
            Invalid::NotFuture => "not_future",
            Invalid::NoSuchDate => "no_such_date",
            Invalid::NoSuchTime => "no_such_time",
            Invalid::AreaCode => "area_code",
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Invalid {}
