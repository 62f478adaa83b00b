//! What people type, understood: typed answers, documents, telephone numbers, and text made comparable.
//!
//! Knows nothing of flows and templates, and never what day it is: today comes in.

pub mod calendar;
pub mod cnpj;
pub mod cpf;
pub mod fold;
mod kind;
pub mod phone;

pub use kind::AnswerType;

/// The decimal digits of a text; full-width ones count.
pub fn digits_of(text: &str) -> String {
    text.chars().map(fold::narrow).filter(char::is_ascii_digit).collect()
}
