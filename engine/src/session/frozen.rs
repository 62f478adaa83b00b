//! A menu's options as they were when it was asked, and what a contact may mean by what they send.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json_size;
use crate::ids::WaitId;

/// The options of an open menu. Their order gives their numbers, which run on across pages.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct FrozenMenu {
    /// First the rows of `each`, then the fixed options.
    #[serde(rename = "o")]
    pub(crate) options: Vec<FrozenOption>,
    /// Rows of `each` on one page; 0 when everything stands on one.
    #[serde(rename = "s", default, skip_serializing_if = "is_zero")]
    pub(crate) page_rows: usize,
    /// The page shown last, from 0.
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    pub(crate) page: usize,
    /// Shown as reply buttons, else as a list.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) buttons: bool,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FrozenOption {
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// As shown: clipped and told apart from its equals.
    #[serde(rename = "t")]
    pub(crate) title: String,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(rename = "f")]
    pub(crate) source: OptionSource,
}

/// What an option was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum OptionSource {
    /// An item of the `each` list, kept for its `save`.
    #[serde(rename = "e")]
    Each(Value),
    /// A fixed option, by its place.
    #[serde(rename = "o")]
    Fixed(usize),
}

/// What a tapped id means to a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tapped {
    /// An option, by its place.
    Option(usize),
    /// Another page, from 0.
    Page(usize),
    /// Another menu's button, or one of this menu that does not exist.
    Stranger,
}

impl FrozenMenu {
    /// Bytes it takes in the stored form, near enough.
    pub(crate) fn size(&self) -> usize {
        let option = |option: &FrozenOption| {
            let item = match &option.source {
                OptionSource::Each(item) => json_size(item),
                OptionSource::Fixed(_) => 1,
            };
            option.id.len()
                + option.title.len()
                + option.description.as_ref().map_or(0, String::len)
                + item
                + 40
        };
        self.options.iter().map(option).sum()
    }

    /// How many rows of `each` there are.
    pub(crate) fn each_rows(&self) -> usize {
        self.options.iter().take_while(|option| matches!(option.source, OptionSource::Each(_))).count()
    }

    /// How many pages there are, at least one.
    pub(crate) fn pages(&self) -> usize {
        if self.page_rows == 0 { 1 } else { self.each_rows().div_ceil(self.page_rows).max(1) }
    }

    /// Places of the options on a page: its rows of `each`, then all fixed options.
    pub(crate) fn on_page(&self, page: usize) -> Vec<usize> {
        let each = self.each_rows();
        let rows = if self.page_rows == 0 {
            0..each
        } else {
            (page * self.page_rows).min(each)..((page + 1) * self.page_rows).min(each)
        };
        rows.chain(each..self.options.len()).collect()
    }

    /// What the id of a tapped button or row means. Options are `wait/number` from 1, pages `wait/+page` from 1.
    pub(crate) fn tapped(&self, wait: &WaitId, id: &str) -> Tapped {
        let own = id.rsplit_once('/').filter(|(of, _)| of.parse().as_ref() == Ok(wait));
        let Some((_, rest)) = own else { return Tapped::Stranger };
        if let Some(page) = rest.strip_prefix('+') {
            return match page.parse::<usize>() {
                Ok(page) if (1..=self.pages()).contains(&page) => Tapped::Page(page - 1),
                Ok(_) | Err(_) => Tapped::Stranger,
            };
        }
        match rest.parse::<usize>() {
            Ok(number) if (1..=self.options.len()).contains(&number) => Tapped::Option(number - 1),
            Ok(_) | Err(_) => Tapped::Stranger,
        }
    }

    /// The option that a typed number means.
    pub(crate) fn numbered(&self, text: &str) -> Option<usize> {
        let digits = text.trim().trim_end_matches(['.', ')', '-', 'º', 'ª']).trim_end();
        // More digits are no choice but a phone or a document.
        let number = (digits.len() <= 3).then(|| digits.parse::<usize>().ok()).flatten()?;
        (1..=self.options.len()).contains(&number).then(|| number - 1)
    }
}

impl FrozenOption {
    /// The id that comes back when it is tapped.
    pub(crate) fn wire_id(wait: &WaitId, place: usize) -> String {
        format!("{wait}/{}", place + 1)
    }

    /// The id of the row that shows another page, from 0.
    pub(crate) fn page_id(wait: &WaitId, page: usize) -> String {
        format!("{wait}/+{}", page + 1)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu(each: usize, fixed: usize, page_rows: usize) -> FrozenMenu {
        let option = |n: usize, source| FrozenOption {
            id: n.to_string(),
            title: format!("t{n}"),
            description: None,
            source,
        };
        let each = (0..each).map(|n| option(n, OptionSource::Each(Value::from(n))));
        let fixed = (0..fixed).map(|n| option(100 + n, OptionSource::Fixed(n)));
        FrozenMenu { options: each.chain(fixed).collect(), page_rows, page: 0, buttons: false }
    }

    #[test]
    fn fixed_options_stand_on_every_page_and_numbers_run_on() {
        let menu = menu(17, 1, 8);
        assert_eq!(menu.pages(), 3);
        assert_eq!(menu.on_page(0), [0, 1, 2, 3, 4, 5, 6, 7, 17]);
        assert_eq!(menu.on_page(2), [16, 17]);
        assert_eq!(menu.numbered("9"), Some(8));
        assert_eq!(menu.numbered("18."), Some(17));
        assert_eq!(menu.numbered("19"), None);
        assert_eq!(menu.numbered("0"), None);
        assert_eq!(menu.numbered("0018"), None);
    }

    #[test]
    fn a_tap_names_its_wait() {
        let menu = menu(17, 1, 8);
        let wait = WaitId { session: "s".into(), visit: 4 };
        assert_eq!(menu.tapped(&wait, "s:4/18"), Tapped::Option(17));
        assert_eq!(menu.tapped(&wait, "s:4/+3"), Tapped::Page(2));
        for stranger in ["s:4/19", "s:4/0", "s:4/+4", "s:3/1", "t:4/1", "", "s:4", "s:4/x"] {
            assert_eq!(menu.tapped(&wait, stranger), Tapped::Stranger, "{stranger}");
        }
    }
}
