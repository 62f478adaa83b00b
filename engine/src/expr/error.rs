//! Why an expression gave no value. Never carries the value itself: it may be personal data.

use std::fmt;

/// What went wrong while evaluating. Displayed in English, for the journal and for developers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// Something absent (missing or null) would have been printed.
    Absent {
        /// The expression as the author wrote it.
        expression: String,
    },
    /// A boolean, a list or a map would have been printed.
    NotPrintable {
        /// The expression as the author wrote it.
        expression: String,
        /// What kind of value it was: `bool`, `list`, `map`.
        kind: &'static str,
    },
    /// The fuel ran out ([`FUEL`](super::FUEL)).
    Fuel,
    /// The result is larger than allowed ([`MAX_OUTPUT`](super::MAX_OUTPUT)).
    TooLarge,
    /// A value cannot stand as one segment of a URL path: it is empty, `.` or `..`.
    Segment {
        /// The expression as the author wrote it.
        expression: String,
    },
    /// An operator or a builtin got values it cannot work with.
    Type {
        /// What was tried, without the values.
        detail: String,
    },
    /// A filter or function refused its input.
    Filter {
        /// Its name.
        name: &'static str,
        /// Why, without the value.
        detail: String,
    },
    /// Anything else the template machinery reports.
    Other {
        /// The kind of failure.
        detail: String,
    },
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Absent { expression } => {
                write!(f, "`{expression}` is absent and cannot be printed")
            }
            EvalError::NotPrintable { expression, kind } => {
                write!(f, "`{expression}` is a {kind} and cannot be printed")
            }
            EvalError::Fuel => f.write_str("the expression runs for too long"),
            EvalError::TooLarge => f.write_str("the result of the expression is too large"),
            EvalError::Segment { expression } => {
                write!(f, "`{expression}` cannot stand as a segment of a path")
            }
            EvalError::Type { detail } => f.write_str(detail),
            EvalError::Filter { name, detail } => write!(f, "`{name}`: {detail}"),
            EvalError::Other { detail } => f.write_str(detail),
        }
    }
}

impl std::error::Error for EvalError {}

/// Carries an [`EvalError`] through the template machinery.
impl From<EvalError> for minijinja::Error {
    fn from(error: EvalError) -> Self {
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "refused").with_source(error)
    }
}

/// Only the kind of a foreign error is kept: its detail may quote values.
impl From<minijinja::Error> for EvalError {
    fn from(error: minijinja::Error) -> Self {
        use minijinja::ErrorKind as K;
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            if let Some(own) = cause.downcast_ref::<EvalError>() {
                return own.clone();
            }
            source = cause.source();
        }
        let kind = error.kind();
        let detail = || kind.to_string();
        match kind {
            K::OutOfFuel => EvalError::Fuel,
            K::InvalidOperation
            | K::NonPrimitive
            | K::NonKey
            | K::TooManyArguments
            | K::MissingArgument
            | K::CannotUnpack
            | K::CannotDeserialize
            | K::BadSerialization
            | K::UndefinedError => EvalError::Type { detail: detail() },
            K::SyntaxError
            | K::TemplateNotFound
            | K::UnknownFilter
            | K::UnknownTest
            | K::UnknownFunction
            | K::UnknownMethod
            | K::BadEscape
            | K::BadInclude
            | K::EvalBlock
            | K::WriteFailure
            | K::InvalidDelimiter
            | _ => EvalError::Other { detail: detail() },
        }
    }
}
