//! A menu's choices in play: frozen when it is asked, laid out on pages, found again in what the contact sends.

use super::bubbles::{clip, split_before};
use super::context::NodeContext;
use super::menu::{Menu, Style};
use super::play::Stop;
use crate::answer::fold::fold_words;
use crate::ids::EffectId;
use crate::protocol::{ChannelLimits, Choice, Content, Inbound, Message, TroubleCode};
use crate::session::{FrozenMenu, FrozenOption, OptionSource, Tapped, WaitKind};

/// On the button that opens a list, unless the menu says otherwise.
const LIST_BUTTON: &str = "Ver opções";
/// On the row that leads to the next page, unless the menu says otherwise.
const MORE_TITLE: &str = "Ver mais";

/// What a message means to a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// An option, by its place.
    Option(usize),
    /// Another page, from 0.
    Page(usize),
}

impl Menu {
    /// Computes the options as they stay while the menu is open.
    pub(super) fn freeze(&self, cx: &mut NodeContext<'_>) -> Result<FrozenMenu, Stop> {
        let mut options = Vec::new();
        if let Some(each) = &self.each {
            for item in cx.list(&each.list)? {
                cx.local(&each.item, item);
                let id = cx.text(&each.id)?;
                let title = cx.text(&each.title)?;
                let description = cx.text_if(each.description.as_ref())?;
                let item = cx.take_local(&each.item).unwrap_or_default();
                options.push(FrozenOption { id, title, description, source: OptionSource::Each(item) });
            }
        }
        for (at, option) in self.options.iter().enumerate() {
            options.push(FrozenOption {
                id: option.id.clone(),
                title: cx.text(&option.title)?,
                description: cx.text_if(option.description.as_ref())?,
                source: OptionSource::Fixed(at),
            });
        }
        for (at, option) in options.iter().enumerate() {
            if options[..at].iter().any(|before| before.id == option.id) {
                return Err(Stop::trouble(TroubleCode::MenuEqualIds, "two options have the same id"));
            }
        }
        let limits = &cx.world.conversation.limits;
        let mut menu = FrozenMenu { options, page_rows: 0, page: 0, buttons: false };
        menu.buttons = match self.style {
            Style::Auto => fits_buttons(&menu.options, limits),
            Style::Buttons => menu.options.len() <= limits.buttons,
            Style::List => false,
        };
        fit_titles(&mut menu, limits);
        if !menu.buttons && menu.options.len() > limits.rows {
            // One row leads on; the fixed options stand on every page.
            let fixed = menu.options.len() - menu.each_rows();
            menu.page_rows = limits.rows.saturating_sub(1 + fixed).max(1);
        }
        Ok(menu)
    }

    /// Puts the open page under a text.
    pub(super) fn put(
        &self,
        cx: &mut NodeContext<'_>,
        menu: &FrozenMenu,
        text: &str,
    ) -> Result<EffectId, Stop> {
        let limits = cx.world.conversation.limits.clone();
        let wait = cx.wait_id();
        let mut choices: Vec<Choice> = menu
            .on_page(menu.page)
            .into_iter()
            .map(|place| Choice {
                id: FrozenOption::wire_id(&wait, place),
                title: menu.options[place].title.clone(),
                description: menu.options[place].description.clone(),
            })
            .collect();
        if menu.pages() > 1 {
            // The last page leads back to the first: someone who has seen them all may want one of the others.
            let page = (menu.page + 1) % menu.pages();
            let title = match &self.more_title {
                Some(title) => cx.text(title)?,
                None => MORE_TITLE.to_owned(),
            };
            choices.push(Choice {
                id: FrozenOption::page_id(&wait, page),
                title: clip(&title, limits.row_title),
                description: None,
            });
        }
        choices.truncate(if menu.buttons { limits.buttons } else { limits.rows });
        let limit = if menu.buttons { limits.buttons_text } else { limits.text };
        let (before, text) = split_before(text, limits.text, limit);
        for text in before {
            cx.say(Message::Text { text })?;
        }
        if menu.buttons {
            return cx.question(Message::Buttons { text, buttons: choices });
        }
        let button = match &self.list_button {
            Some(button) => cx.text(button)?,
            None => LIST_BUTTON.to_owned(),
        };
        cx.question(Message::List { text, button: clip(&button, limits.list_button), rows: choices })
    }

    /// What the message means by an exact word: a tap, a title, a synonym.
    pub(super) fn exactly(&self, cx: &mut NodeContext<'_>, message: &Inbound) -> Option<Meant> {
        let wait = cx.wait_id();
        let menu = frozen(cx)?;
        match &message.content {
            Content::Tap { id, .. } => match menu.tapped(&wait, id) {
                Tapped::Option(place) => Some(Meant::Option(place)),
                Tapped::Page(page) => Some(Meant::Page(page)),
                Tapped::Stranger => None,
            },
            Content::Text { text } => self.named(menu, text),
            Content::TemplateTap { payload, title } => menu
                .options
                .iter()
                .position(|option| option.id == *payload)
                .map(Meant::Option)
                .or_else(|| self.named(menu, title)),
            Content::Media(_)
            | Content::Location(_)
            | Content::Contacts { .. }
            | Content::Reaction { .. }
            | Content::Other { .. } => None,
        }
    }

    fn named(&self, menu: &FrozenMenu, text: &str) -> Option<Meant> {
        let text = fold_words(text);
        if text.is_empty() {
            return None;
        }
        let titled = menu.options.iter().position(|option| fold_words(&option.title) == text);
        let synonym = || {
            menu.options.iter().position(|option| match option.source {
                OptionSource::Fixed(at) => self
                    .options
                    .get(at)
                    .is_some_and(|fixed| fixed.synonyms.iter().any(|synonym| fold_words(synonym) == text)),
                OptionSource::Each(_) => false,
            })
        };
        titled.or_else(synonym).map(Meant::Option).or_else(|| {
            let more = self.more_title.as_ref().map_or(Some(MORE_TITLE), |title| title.literal())?;
            (menu.pages() > 1 && fold_words(more) == text)
                .then(|| Meant::Page((menu.page + 1) % menu.pages()))
        })
    }
}

/// The options of the open menu.
pub(super) fn frozen<'c>(cx: &'c mut NodeContext<'_>) -> Option<&'c mut FrozenMenu> {
    match &mut cx.session.waiting.as_mut()?.kind {
        WaitKind::Menu(menu) => Some(menu),
        WaitKind::Ask(_)
        | WaitKind::Consent { .. }
        | WaitKind::Http(_)
        | WaitKind::Handoff { .. }
        | WaitKind::Ticket { .. }
        | WaitKind::Pause { .. } => None,
    }
}

/// Few enough, short enough, and nothing that only a list can show.
fn fits_buttons(options: &[FrozenOption], limits: &ChannelLimits) -> bool {
    options.len() <= limits.buttons
        && options
            .iter()
            .all(|option| option.description.is_none() && option.title.chars().count() <= limits.button_title)
}

/// Clips titles and descriptions, and tells equal titles apart.
fn fit_titles(menu: &mut FrozenMenu, limits: &ChannelLimits) {
    let limit = if menu.buttons { limits.button_title } else { limits.row_title };
    for at in 0..menu.options.len() {
        let (before, rest) = menu.options.split_at_mut(at);
        let Some(option) = rest.first_mut() else { continue };
        let whole = clip(option.title.trim(), limit);
        let mut title = whole.clone();
        let mut number = 2;
        while before.iter().any(|other| other.title == title) {
            let suffix = format!(" ({number})");
            title = format!("{}{suffix}", clip(&whole, limit.saturating_sub(suffix.chars().count())));
            number += 1;
        }
        option.title = title;
        if let Some(description) = &option.description {
            option.description =
                (!menu.buttons && !description.is_empty()).then(|| clip(description, limits.row_description));
        }
    }
}
