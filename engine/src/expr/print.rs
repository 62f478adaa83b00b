//! How a value becomes text that a person reads, and which values never do.

use minijinja::value::ValueKind;

use super::EvalError;

/// Where the text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Read by people, or sent as data: as it is.
    Text,
    /// One segment of a URL path: percent-encoded.
    Segment,
    /// Inside HTML: what a browser would take for markup is escaped.
    Html,
}

/// Appends a JSON value. `expression` is what the author wrote, for the error.
pub(super) fn json(
    out: &mut String,
    value: Option<&serde_json::Value>,
    expression: &str,
    target: Target,
) -> Result<(), EvalError> {
    use serde_json::Value as Json;
    match value {
        None | Some(Json::Null) => Err(absent(expression)),
        Some(Json::String(text)) => append(out, text, expression, target),
        Some(Json::Number(n)) => {
            let text = match (n.as_i64(), n.as_u64(), n.as_f64()) {
                (Some(i), _, _) => i.to_string(),
                (_, Some(u), _) => u.to_string(),
                (_, _, Some(f)) => float(f),
                _ => n.to_string(),
            };
            append(out, &text, expression, target)
        }
        Some(Json::Bool(_)) => Err(unprintable(expression, "bool")),
        Some(Json::Array(_)) => Err(unprintable(expression, "list")),
        Some(Json::Object(_)) => Err(unprintable(expression, "map")),
    }
}

/// Appends a computed value.
pub(super) fn computed(
    out: &mut String,
    value: &minijinja::Value,
    expression: &str,
    target: Target,
) -> Result<(), EvalError> {
    if let Some(text) = value.as_str() {
        return append(out, text, expression, target);
    }
    append(out, &plain(value, expression)?, expression, target)
}

/// The text of a string or number; anything else refuses.
pub(super) fn plain(value: &minijinja::Value, expression: &str) -> Result<String, EvalError> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Err(absent(expression)),
        ValueKind::String => Ok(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Number if value.is_integer() => Ok(value.to_string()),
        ValueKind::Number => Ok(float(f64::try_from(value.clone()).unwrap_or(f64::NAN))),
        ValueKind::Bool => Err(unprintable(expression, "bool")),
        ValueKind::Seq | ValueKind::Iterable => Err(unprintable(expression, "list")),
        ValueKind::Map => Err(unprintable(expression, "map")),
        ValueKind::Bytes | ValueKind::Plain | ValueKind::Invalid | _ => {
            Err(unprintable(expression, "object"))
        }
    }
}

/// A fraction as JSON writes it, a whole number without `.0`.
pub(super) fn float(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        // Also turns -0.0 into 0.
        format!("{}", number as i64)
    } else {
        format!("{number}")
    }
}

fn append(out: &mut String, text: &str, expression: &str, target: Target) -> Result<(), EvalError> {
    match target {
        Target::Text => out.push_str(text),
        Target::Segment => {
            // A URL parser resolves dots also when they are encoded, and an empty segment names another resource.
            if matches!(text, "" | "." | "..") {
                return Err(EvalError::Segment { expression: expression.to_owned() });
            }
            percent_encode(out, text);
        }
        Target::Html => {
            for c in text.chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    other => out.push(other),
                }
            }
        }
    }
    if out.len() > super::MAX_OUTPUT {
        return Err(EvalError::TooLarge);
    }
    Ok(())
}

/// Encodes all but the unreserved characters of RFC 3986 section 2.3.
pub(super) fn percent_encode(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

pub(super) fn absent(expression: &str) -> EvalError {
    EvalError::Absent { expression: expression.to_owned() }
}

fn unprintable(expression: &str, kind: &'static str) -> EvalError {
    EvalError::NotPrintable { expression: expression.to_owned(), kind }
}
