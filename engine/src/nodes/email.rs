//! Sends an e-mail.
//!
//! ```json
//! {
//!   "type": "email",
//!   "to": ["{{ paciente.email }}"],
//!   "subject": "Preparo para o exame de {{ exame.data | date('DD/MM') }}",
//!   "text": "Olá, {{ contact.name | first_name }}. Faça jejum de 8 horas antes do exame.",
//!   "html": "<p>Olá, {{ contact.name | first_name }}.</p><p>Faça jejum de <b>8 horas</b> antes do exame.</p>",
//!   "next": "mais_algo"
//! }
//! ```

use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::context::NodeContext;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use crate::expr::Template;
use crate::ids::NodeId;
use crate::protocol::EffectKind;

/// What an author writes for an `email`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// One address or several.
    pub to: Recipients,
    /// The subject.
    pub subject: Template,
    /// The plain body.
    pub text: Template,
    /// The HTML body; values in it are escaped.
    pub html: Option<Template>,
    /// Where play goes on, at once.
    pub next: NodeId,
}

/// One address, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipients {
    /// One.
    One(Template),
    /// Several.
    Several(Vec<Template>),
}

impl Recipients {
    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Template> {
        match self {
            Self::One(address) => std::slice::from_ref(address).iter(),
            Self::Several(addresses) => addresses.iter(),
        }
    }
}

impl<'de> Deserialize<'de> for Recipients {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecipientsVisitor)
    }
}

struct RecipientsVisitor;

impl<'de> Visitor<'de> for RecipientsVisitor {
    type Value = Recipients;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address or a list of addresses")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Recipients, E> {
        Template::deserialize(serde::de::value::StrDeserializer::new(text)).map(Recipients::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Recipients, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Recipients::Several)
    }
}

impl Inspect for Email {
    fn inspect(&self, found: &mut Inspection) {
        match &self.to {
            Recipients::One(address) => found.template("/to", address),
            Recipients::Several(addresses) => {
                for (at, address) in addresses.iter().enumerate() {
                    found.template(format!("/to/{at}"), address);
                }
            }
        }
        found.template("/subject", &self.subject);
        found.template("/text", &self.text);
        found.template_if("/html", self.html.as_ref());
        found.port("next", "/next", &self.next);
    }
}

impl Play for Email {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let to = self.to.iter().map(|address| cx.text(address)).collect::<Result<Vec<String>, Stop>>()?;
        let subject = cx.text(&self.subject)?;
        let text = cx.text(&self.text)?;
        let html = self.html.as_ref().map(|html| cx.html(html)).transpose()?;
        cx.effect(EffectKind::SendEmail { to, subject, text, html }, false);
        Ok(Next::port("next", &self.next))
    }
}
