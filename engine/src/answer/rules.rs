//! What an author demands of an answer besides its type.

use serde_json::Value;

use super::{Invalid, Pattern};

/// The bounds of an answer, already computed: `min` and `max` may come from templates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// The least: a number; for a date or time its text; for texts characters, for names words.
    pub min: Option<Value>,
    /// The most, as `min`.
    pub max: Option<Value>,
    /// For the type `pattern`.
    pub pattern: Option<Pattern>,
    /// For dates: only before today; also, a day without a year is the last such day.
    pub past: bool,
    /// For dates: only after today.
    pub future: bool,
}

impl Rules {
    /// Holds a number against the bounds. A bound that is no number bounds nothing.
    pub(super) fn bound_number(&self, number: f64) -> Result<(), Invalid> {
        if number_in(self.min.as_ref()).is_some_and(|min| number < min) {
            return Err(Invalid::TooSmall);
        }
        if number_in(self.max.as_ref()).is_some_and(|max| number > max) {
            return Err(Invalid::TooLarge);
        }
        Ok(())
    }

    /// Holds a count of characters against the bounds.
    pub(super) fn bound_length(&self, characters: usize) -> Result<(), Invalid> {
        self.bound_number(characters as f64).map_err(|invalid| {
            if invalid == Invalid::TooSmall { Invalid::TooShort } else { Invalid::TooLong }
        })
    }

    /// Holds ISO text (a date or a time of day) against the bounds; of a longer bound only the beginning counts.
    pub(super) fn bound_text(&self, text: &str) -> Result<(), Invalid> {
        let bound = |value: &Option<Value>| {
            let bound = value.as_ref()?.as_str()?;
            bound.get(..text.len()).map(str::to_owned)
        };
        if bound(&self.min).is_some_and(|min| text < min.as_str()) {
            return Err(Invalid::TooSmall);
        }
        if bound(&self.max).is_some_and(|max| text > max.as_str()) {
            return Err(Invalid::TooLarge);
        }
        Ok(())
    }
}

fn number_in(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}
