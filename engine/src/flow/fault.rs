//! What can be wrong with a document as JSON, from the reader's words.

use std::ops::Range;

use jsonc_parser::errors::ParseErrorKind;

/// Something wrong with a document as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Where, in bytes.
    pub span: Range<usize>,
}

/// Ways not to be JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing is in it.
    Empty,
    /// A comma before `]` or `}`.
    TrailingComma,
    /// A comma is missing before this.
    MissingComma,
    /// A comment.
    Comment,
    /// `'text'`.
    SingleQuotes,
    /// `“text”`.
    CurlyQuotes,
    /// A key without quotes.
    BareKey,
    /// A text that is not closed.
    OpenText,
    /// An object that is not closed.
    OpenObject,
    /// A list that is not closed.
    OpenList,
    /// A `\` with something that JSON does not know after it.
    Escape,
    /// A key without a value.
    MissingValue,
    /// A key without `:`.
    MissingColon,
    /// A number that JSON does not know.
    Number,
    /// A word that is no value (`True`, `None`, a text without quotes).
    Word,
    /// Something after the end of the document.
    Rest,
    /// Anything else: the reader's words.
    Other(String),
    /// A key that stands twice in one object; only the last would count.
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Range<usize>,
    },
    /// The byte order mark at the beginning.
    Bom,
    /// Over [`MAX_BYTES`](super::source::MAX_BYTES).
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// Over [`MAX_DEPTH`](super::source::MAX_DEPTH).
    TooDeep,
}

impl FaultKind {
    /// What the reader stumbled over, and the bytes to point at.
    pub(super) fn of(kind: &ParseErrorKind, span: Range<usize>, text: &str) -> (FaultKind, Range<usize>) {
        use ParseErrorKind as K;
        let here = text.get(span.clone()).unwrap_or_default();
        let curly = here.starts_with(['“', '”', '‘', '’'])
            || text.get(span.start..).is_some_and(|rest| rest.starts_with(['“', '”', '‘', '’']));
        let fault = match kind {
            _ if curly => FaultKind::CurlyQuotes,
            K::CommentsNotAllowed | K::UnterminatedCommentBlock => FaultKind::Comment,
            K::TrailingCommasNotAllowed => FaultKind::TrailingComma,
            K::ExpectedComma => FaultKind::MissingComma,
            K::SingleQuotedStringsNotAllowed => FaultKind::SingleQuotes,
            K::ExpectedStringObjectProperty => FaultKind::BareKey,
            K::ExpectedColonAfterObjectKey => FaultKind::MissingColon,
            K::ExpectedObjectValue => FaultKind::MissingValue,
            K::MultipleRootJsonValues => FaultKind::Rest,
            K::UnexpectedWord => FaultKind::Word,
            K::UnterminatedArray => FaultKind::OpenList,
            K::UnterminatedObject => FaultKind::OpenObject,
            K::BareDecimalPointNumbersNotAllowed
            | K::ExpectedDigit
            | K::ExpectedDigitFollowingNegativeSign
            | K::ExpectedPlusMinusOrDigitInNumberLiteral
            | K::HexadecimalNumbersNotAllowed
            | K::NonFiniteNumbersNotAllowed
            | K::UnaryPlusNumbersNotAllowed => FaultKind::Number,
            K::String(jsonc_parser::ParseStringErrorKind::UnterminatedStringLiteral) => FaultKind::OpenText,
            K::String(_) => FaultKind::Escape,
            K::NestingDepthExceeded => FaultKind::TooDeep,
            K::UnexpectedCloseBrace
            | K::UnexpectedCloseBracket
            | K::UnexpectedColon
            | K::UnexpectedComma
            | K::UnexpectedToken
            | K::UnexpectedTokenInObject => FaultKind::Other(kind.to_string()),
        };
        let end = if span.end > span.start { span.end } else { after(text, span.start) };
        (fault, span.start..end)
    }
}

/// The end of the character that begins here.
fn after(text: &str, at: usize) -> usize {
    at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}
