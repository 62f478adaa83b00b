//! The closed list of what a question can ask for.

use serde::{Deserialize, Serialize};

macro_rules! answer_types {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// What a question asks for: decides how an answer is read, checked and normalised.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum AnswerType { $($(#[doc = $doc])* #[serde(rename = $text)] $name,)* }

        impl AnswerType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As flows write it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

answer_types! {
    /// Any text; `min` and `max` count characters.
    Text = "text",
    /// A person's name; `min` and `max` count words: `min: 2` asks for a surname.
    Name = "name",
    /// Yes or no; kept as a boolean.
    YesNo = "yes_no",
    /// A whole number.
    Integer = "integer",
    /// A number.
    Decimal = "decimal",
    /// An amount in reais.
    Money = "money",
    /// A date as people write it; kept as `2026-03-15`.
    Date = "date",
    /// A time of day; kept as `14:30`.
    Time = "time",
    /// A CPF by its check digits; kept as digits.
    Cpf = "cpf",
    /// A CNPJ by its check digits, the alphanumeric one included; kept without punctuation.
    Cnpj = "cnpj",
    /// An identity card's number.
    Rg = "rg",
    /// A postal code; kept as digits.
    Cep = "cep",
    /// An e-mail address.
    Email = "email",
    /// A telephone number; kept as `+5511987654321`.
    Phone = "phone",
    /// A text that matches the author's regular expression.
    Pattern = "pattern",
    /// A picture.
    Image = "image",
    /// A recording.
    Audio = "audio",
    /// A film.
    Video = "video",
    /// A file.
    Document = "document",
    /// Any of the four before.
    Media = "media",
    /// A place on the map.
    Location = "location",
    /// Anything.
    Any = "any",
}

impl AnswerType {
    /// Whether a written text can be the answer.
    pub fn takes_text(self) -> bool {
        match self {
            AnswerType::Image
            | AnswerType::Audio
            | AnswerType::Video
            | AnswerType::Document
            | AnswerType::Media
            | AnswerType::Location => false,
            AnswerType::Text
            | AnswerType::Name
            | AnswerType::YesNo
            | AnswerType::Integer
            | AnswerType::Decimal
            | AnswerType::Money
            | AnswerType::Date
            | AnswerType::Time
            | AnswerType::Cpf
            | AnswerType::Cnpj
            | AnswerType::Rg
            | AnswerType::Cep
            | AnswerType::Email
            | AnswerType::Phone
            | AnswerType::Pattern
            | AnswerType::Any => true,
        }
    }
}
