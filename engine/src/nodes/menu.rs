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

use super::entries::Entries;
use super::inspection::{Inspect, Inspection, MissingPort, MissingReason};
use super::question::{self, Invalid, NoAnswer};
use crate::expr::{Expression, Template, TemplateTree};
use crate::ids::NodeId;

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
