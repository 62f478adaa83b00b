//! What people type, understood: typed answers, documents, telephone numbers, and text made comparable.
//!
//! Knows nothing of flows and templates, and never what day it is: today comes in.

pub mod calendar;
mod cep;
pub mod cnpj;
pub mod cpf;
mod date;
mod email;
pub mod fold;
mod invalid;
mod kind;
mod money;
mod name;
mod number;
mod pattern;
pub mod phone;
mod read;
mod rg;
mod rules;
#[cfg(test)]
mod tests;
mod time;
mod words;
mod yes_no;

pub use invalid::Invalid;
pub use kind::AnswerType;
pub use pattern::Pattern;
pub use read::read_text;
pub use rules::Rules;

/// The decimal digits of a text; full-width ones count.
pub fn digits_of(text: &str) -> String {
    text.chars().map(fold::narrow).filter(char::is_ascii_digit).collect()
}
