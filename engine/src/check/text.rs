//! What analysts read, in both languages.

/// A language of the checker's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Brazilian Portuguese.
    #[default]
    Portuguese,
    /// English.
    English,
}

/// A text in both languages. Both are always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Brazilian Portuguese.
    pub pt: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Of both.
    pub fn new(pt: impl Into<String>, en: impl Into<String>) -> Self {
        Self { pt: pt.into(), en: en.into() }
    }

    /// In one of them.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Portuguese => &self.pt,
            Language::English => &self.en,
        }
    }
}

/// A text in both languages, from two formats over the same arguments.
macro_rules! say {
    ($pt:literal, $en:literal) => {
        $crate::check::text::Text::new(format!($pt), format!($en))
    };
}
pub(super) use say;
