//! What is wrong with a template before it is ever played, with the place in its source.

use std::fmt;
use std::ops::Range;

use super::hint::hint;
use super::suggest::suggest;

/// A template or expression that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// For analysts, in Portuguese.
    pub message_pt: String,
    /// The same in English.
    pub message_en: String,
    /// The bytes of the source it is about.
    pub range: Range<usize>,
    /// What kind of mistake it is.
    pub kind: SyntaxErrorKind,
}

/// The kinds of mistake that can be seen without playing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// The text does not parse.
    Syntax,
    /// There is no such filter.
    UnknownFilter {
        /// The name as written.
        name: String,
        /// The known name most like it.
        suggestion: Option<String>,
    },
    /// There is no such test (`x is …`).
    UnknownTest {
        /// The name as written.
        name: String,
        /// The known name most like it.
        suggestion: Option<String>,
    },
    /// There is no such function.
    UnknownFunction {
        /// The name as written.
        name: String,
        /// The known name most like it.
        suggestion: Option<String>,
    },
    /// A filter or function was given arguments it cannot take: too many, too few, or a format that is none.
    Arguments {
        /// The filter or function.
        name: String,
    },
    /// A part of the template language that flows do not have.
    Forbidden,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message_en)
    }
}

impl std::error::Error for SyntaxError {}

impl SyntaxError {
    pub(super) fn unknown_filter(name: &str, range: Range<usize>) -> Self {
        let suggestion = suggest(name, super::environment::known_filters());
        SyntaxError {
            message_pt: with_hint_pt(format!("o filtro `{name}` não existe"), &suggestion),
            message_en: with_hint_en(format!("there is no filter `{name}`"), &suggestion),
            range,
            kind: SyntaxErrorKind::UnknownFilter { name: name.to_owned(), suggestion },
        }
    }

    pub(super) fn unknown_test(name: &str, range: Range<usize>) -> Self {
        let suggestion = suggest(name, super::environment::known_tests());
        SyntaxError {
            message_pt: with_hint_pt(format!("o teste `is {name}` não existe"), &suggestion),
            message_en: with_hint_en(format!("there is no test `is {name}`"), &suggestion),
            range,
            kind: SyntaxErrorKind::UnknownTest { name: name.to_owned(), suggestion },
        }
    }

    pub(super) fn unknown_function(name: &str, range: Range<usize>) -> Self {
        let suggestion = suggest(name, super::environment::known_functions());
        let mut error = SyntaxError {
            message_pt: with_hint_pt(format!("a função `{name}` não existe"), &suggestion),
            message_en: with_hint_en(format!("there is no function `{name}`"), &suggestion),
            range,
            kind: SyntaxErrorKind::UnknownFunction { name: name.to_owned(), suggestion: suggestion.clone() },
        };
        if suggestion.is_none() && super::environment::known_filters().any(|known| known == name) {
            error.message_pt = format!("`{name}` é um filtro: escreva `valor | {name}`");
            error.message_en = format!("`{name}` is a filter: write `value | {name}`");
        }
        error
    }

    pub(super) fn arguments(
        name: &str,
        pt: impl Into<String>,
        en: impl Into<String>,
        range: Range<usize>,
    ) -> Self {
        SyntaxError {
            kind: SyntaxErrorKind::Arguments { name: name.to_owned() },
            ..SyntaxError::plain(pt, en, range)
        }
    }

    pub(super) fn forbidden(what: &str, range: Range<usize>) -> Self {
        SyntaxError {
            message_pt: format!("`{what}` não é permitido em fluxos"),
            message_en: format!("`{what}` is not allowed in flows"),
            range,
            kind: SyntaxErrorKind::Forbidden,
        }
    }

    pub(super) fn plain(pt: impl Into<String>, en: impl Into<String>, range: Range<usize>) -> Self {
        SyntaxError { message_pt: pt.into(), message_en: en.into(), range, kind: SyntaxErrorKind::Syntax }
    }

    /// From what the parser says about `source`.
    pub(super) fn from_parser(error: &minijinja::Error, source: &str) -> Self {
        let range = clamp(error.range().unwrap_or(0..source.len()), source);
        let detail = if error.kind() == minijinja::ErrorKind::BadEscape {
            "bad escape in string".to_owned()
        } else {
            error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
        };
        if let Some(name) = detail.strip_prefix("unknown statement ")
            && FORBIDDEN_STATEMENTS.contains(&name)
        {
            return SyntaxError::forbidden(&format!("{{% {name} %}}"), range);
        }
        let (message_pt, message_en) = match hint(source, &range) {
            Some((pt, en)) => (format!("{}; {pt}", translate(&detail)), format!("{detail}; {en}")),
            None => (translate(&detail), detail),
        };
        SyntaxError::plain(message_pt, message_en, range)
    }

    /// The same error for a source that stands `by` bytes later.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        self.range = self.range.start + by..self.range.end + by;
        self
    }
}

const FORBIDDEN_STATEMENTS: &[&str] =
    &["include", "import", "from", "macro", "call", "extends", "block", "continue", "break"];

fn with_hint_pt(message: String, suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!("{message}; você quis dizer `{name}`?"),
        None => message,
    }
}

fn with_hint_en(message: String, suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message,
    }
}

/// Keeps a range inside the source and on character borders.
fn clamp(range: Range<usize>, source: &str) -> Range<usize> {
    let mut start = range.start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, source.len());
    while !source.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The parser's English in Portuguese.
fn translate(detail: &str) -> String {
    if let Some((found, wanted)) =
        detail.strip_prefix("unexpected ").and_then(|rest| rest.split_once(", expected "))
    {
        return match (found, wanted) {
            ("end of input", "end of variable block") => "faltou fechar com `}}`".into(),
            ("end of input", "end of block") => {
                "o modelo termina antes da hora: faltou `%}`, ou `{% endif %}` ou `{% endfor %}`".into()
            }
            (_, "end of variable block") => {
                format!("não esperava {} aqui: faltou `}}}}` ou um operador?", token(found))
            }
            _ => format!("não esperava {}; esperava {}", token(found), token(wanted)),
        };
    }
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        return format!("o comando `{{% {name} %}}` não existe");
    }
    if let Some(name) = detail.strip_prefix("cannot assign to reserved variable name ") {
        return format!("`{name}` é um nome reservado");
    }
    match detail {
        "unexpected input after expression" => "sobrou texto depois da expressão".into(),
        "unexpected input after end of variable block" => "sobrou texto depois da expressão".into(),
        "unexpected character" => "este caractere não é esperado aqui".into(),
        "unexpected end of string" => "faltou fechar as aspas".into(),
        "unexpected end of comment" => "faltou fechar o comentário com `#}`".into(),
        "unexpected end of raw block" => "faltou `{% endraw %}`".into(),
        "unexpected end of input, expected keyword" => "o modelo termina antes da hora".into(),
        "non-keyword arg after keyword arg" => {
            "um argumento sem nome não pode vir depois de um com nome".into()
        }
        "bad escape in string" => "sequência `\\` inválida dentro das aspas".into(),
        other => match other.strip_prefix("unexpected ") {
            Some(found) => format!("não esperava {} aqui", token(found)),
            None => format!("modelo inválido ({other})"),
        },
    }
}

fn token(name: &str) -> String {
    match name {
        "end of input" => "o fim do texto",
        "end of variable block" => "`}}`",
        "start of variable block" => "`{{`",
        "end of block" => "`%}`",
        "start of block" => "`{%`",
        "template-data" => "texto",
        "identifier" => "um nome",
        "identifier or integer" => "um nome ou número",
        "string" => "um texto entre aspas",
        "integer" => "um número inteiro",
        "float" => "um número",
        "in" => "`in`",
        "block keyword" => "um comando",
        "statement" => "um comando",
        other => return other.to_owned(),
    }
    .to_owned()
}
