//! Offers choices, as buttons or as a list, and waits for one.
//!
//! ```json
//! {
//!   "type": "menu",
//!   "text": "Qual horário você prefere?",
//!   "style": "list",
//!   "list_button": "Ver horários",
//!   "options": [
//!     { "id": "outro_dia", "title": "Outro dia", "synonyms": ["nenhum", "outra data"], "save": { "dia": null }, "next": "escolher_dia" }
//!   ],
//!   "each": {
//!     "in": "horarios", "as": "horario",
//!     "id": "{{ horario.id }}",
//!     "title": "{{ horario.StartTime | time }}",
//!     "description": "{{ horario.PractitionerName }}",
//!     "save": { "escolhido": "{{ horario }}" },
//!     "next": "resumo"
//!   },
//!   "more_title": "Mais horários",
//!   "invalid": { "text": "Toque em um dos horários.", "attempts": 2, "next": "atendente" },
//!   "no_answer": { "after": "15m", "next": "inatividade" }
//! }
//! ```

use serde::Deserialize;

use super::choices::{Meant, frozen};
use super::context::NodeContext;
use super::entries::Entries;

use super::inspection::{Inspect, Inspection, MissingPort, MissingReason};
use super::play::{Next, Play, Stop};
use super::question::{self, Invalid, NoAnswer};
use crate::expr::{Expression, Template, TemplateTree};
use crate::ids::NodeId;
use crate::protocol::{Content, Event, Inbound, TroubleCode, Wake};
use crate::session::{OptionSource, WaitKind};

/// What an author writes for a `menu`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Said above the choices.
    pub text: Template,
    /// How the choices look.
    #[serde(default)]
    pub style: Style,
    /// On the button that opens a list; "Ver opções" unless set.
    pub list_button: Option<Template>,
    /// Fixed choices. They stand on every page, after the rows of `each`.
    #[serde(default)]
    pub options: Vec<MenuOption>,
    /// A choice for each item of a list.
    pub each: Option<Each>,
    /// The row that leads to the next page; "Ver mais" unless set. It takes one of the channel's rows.
    pub more_title: Option<Template>,
    /// What happens to an answer that is none of the choices.
    pub invalid: Option<Invalid>,
    /// What happens when no answer comes.
    pub no_answer: Option<NoAnswer>,
    /// Ways out besides those of the choices.
    #[serde(default)]
    pub on: OnMenu,
}

/// How choices look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Buttons for up to three short options, else a list.
    #[default]
    Auto,
    /// Buttons.
    Buttons,
    /// A list that opens on a tap.
    List,
}

/// A fixed choice.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MenuOption {
    /// Unique in the menu; `input.choice` when it is chosen. The port is `options/<id>`.
    pub id: String,
    /// What the patient sees; clipped to the channel's length.
    pub title: Template,
    /// Below the title, in lists.
    pub description: Option<Template>,
    /// Typed texts that count as this choice, besides its title and number. Compared folded.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Variables assigned when it is chosen.
    #[serde(default)]
    pub save: Entries<TemplateTree>,
    /// Where it leads.
    pub next: NodeId,
}

/// A choice for each item of a list. Every member but `next` is computed once, when the menu is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// The list.
    #[serde(rename = "in")]
    pub list: Expression,
    /// The name of the item in this object's templates.
    #[serde(rename = "as")]
    pub item: String,
    /// Unique in the menu.
    pub id: Template,
    /// What the patient sees; clipped to the channel's length.
    pub title: Template,
    /// Below the title, in lists.
    pub description: Option<Template>,
    /// Variables assigned when it is chosen.
    #[serde(default)]
    pub save: Entries<TemplateTree>,
    /// Where any of them leads. The port is `each`.
    pub next: NodeId,
}

/// Ways out of a menu besides those of the choices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnMenu {
    /// The channel refused for good, or the window for free text is closed.
    pub failed: Option<NodeId>,
    /// There is nothing to offer: `each` over nothing and no `options`.
    pub empty: Option<NodeId>,
}

impl Inspect for Menu {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = true;
        found.waits.patient = true;
        found.template("/text", &self.text);
        found.template_if("/list_button", self.list_button.as_ref());
        found.template_if("/more_title", self.more_title.as_ref());
        for (at, option) in self.options.iter().enumerate() {
            let port = format!("options/{}", option.id);
            found.template(format!("/options/{at}/title"), &option.title);
            found.template_if(format!("/options/{at}/description"), option.description.as_ref());
            found.saves(&format!("/options/{at}/save"), &option.save, &[&port]);
            found.port(port, format!("/options/{at}/next"), &option.next);
        }
        if let Some(each) = &self.each {
            found.expression("/each/in", &each.list);
            found.with_names(&[&each.item], |found| {
                found.template("/each/id", &each.id);
                found.template("/each/title", &each.title);
                found.template_if("/each/description", each.description.as_ref());
                found.saves("/each/save", &each.save, &["each"]);
            });
            found.port("each", "/each/next", &each.next);
            if self.options.is_empty() && self.on.empty.is_none() {
                found.missing.push(MissingPort { name: "empty", reason: MissingReason::EmptyMenu });
            }
        }
        question::inspect(self.invalid.as_ref(), self.no_answer.as_ref(), found);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
        found.port_if("empty", "/on/empty", self.on.empty.as_ref());
    }
}

impl Play for Menu {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let menu = self.freeze(cx)?;
        if menu.options.is_empty() {
            return Next::port_or("empty", self.on.empty.as_ref(), TroubleCode::MenuEmpty);
        }
        cx.check_size_with(menu.size())?;
        let text = cx.text(&self.text)?;
        let question = self.put(cx, &menu, &text)?;
        question::begin(cx, WaitKind::Menu(menu), question, self.no_answer.as_ref())
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        let message = match wake {
            Wake::Message { message, .. } => message,
            Wake::Timer { timer, .. } => return question::silence(cx, *timer, self.no_answer.as_ref()),
            Wake::Http { .. }
            | Wake::SendFailed { .. }
            | Wake::Desk { .. }
            | Wake::Ticket { .. }
            | Wake::Close { .. } => return Err(cx.wrong_wait()),
        };
        let meant = match (self.exactly(cx, message), &message.content) {
            (Some(meant), _) => Some(meant),
            (None, Content::Text { text }) => {
                frozen(cx).and_then(|menu| menu.numbered(text)).map(Meant::Option)
            }
            (
                None,
                Content::Tap { .. }
                | Content::TemplateTap { .. }
                | Content::Media(_)
                | Content::Location(_)
                | Content::Contacts { .. }
                | Content::Reaction { .. }
                | Content::Other { .. },
            ) => None,
        };
        match meant {
            Some(Meant::Option(place)) => self.choose(cx, place),
            Some(Meant::Page(page)) => {
                if let Some(menu) = frozen(cx) {
                    menu.page = page;
                }
                self.repeat(cx)?;
                Ok(Next::Stay)
            }
            None => {
                if let Some(out) = question::refuse(cx, self.invalid.as_ref(), "no_such_option")? {
                    return Ok(out);
                }
                let text =
                    self.invalid.as_ref().and_then(|invalid| invalid.text.as_ref()).unwrap_or(&self.text);
                let text = cx.text(text)?;
                self.put_again(cx, &text)?;
                Ok(Next::Stay)
            }
        }
    }

    fn repeat(&self, cx: &mut NodeContext<'_>) -> Result<(), Stop> {
        let text = cx.text(&self.text)?;
        self.put_again(cx, &text)
    }

    fn claims(&self, cx: &mut NodeContext<'_>, message: &Inbound) -> bool {
        self.exactly(cx, message).is_some()
    }

    fn failed(&self) -> Option<&NodeId> {
        self.on.failed.as_ref()
    }
}

impl Menu {
    fn put_again(&self, cx: &mut NodeContext<'_>, text: &str) -> Result<(), Stop> {
        let Some(menu) = frozen(cx).map(std::mem::take) else { return Err(cx.wrong_wait()) };
        let put = self.put(cx, &menu, text);
        if let Some(open) = frozen(cx) {
            *open = menu;
        }
        put.map(|_| ())
    }

    fn choose(&self, cx: &mut NodeContext<'_>, place: usize) -> Result<Next, Stop> {
        let option = frozen(cx).and_then(|menu| menu.options.get(place)).cloned();
        let Some(option) = option else { return Err(cx.wrong_wait()) };
        let wait = cx.wait_id();
        cx.set_choice(&option.id);
        cx.event(Event::Answered { wait, how: option.id });
        let (save, next) = match (option.source, &self.each) {
            (OptionSource::Each(item), Some(each)) => {
                cx.local(&each.item, item);
                (&each.save, Next::port("each", &each.next))
            }
            (OptionSource::Fixed(at), _) if at < self.options.len() => {
                let fixed = &self.options[at];
                (&fixed.save, Next::port(format!("options/{}", fixed.id), &fixed.next))
            }
            (OptionSource::Each(_) | OptionSource::Fixed(_), _) => return Err(cx.wrong_wait()),
        };
        for (name, tree) in save.iter() {
            let value = cx.tree(tree)?;
            cx.assign(name, value)?;
        }
        Ok(next)
    }
}
