//! Sends an approved template, the only message that the channel takes outside the 24-hour window.
//!
//! ```json
//! {
//!   "type": "template",
//!   "name": "resultado_pronto",
//!   "language": "pt_BR",
//!   "body": [ "{{ contact.name | first_name }}", "{{ exame.data | date('DD/MM') }}" ],
//!   "buttons": [ { "payload": "ver_resultado" }, { "url_suffix": "{{ exame.codigo }}" } ],
//!   "next": "aguardar_toque",
//!   "on": { "failed": "avisar_recepcao" }
//! }
//! ```

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::context::NodeContext;
use super::entries::Entries;
use super::inspection::{Inspect, Inspection, Mention};
use super::message::{Location, Media};
use super::play::{Next, Play, Stop};
use super::question::OnFailed;
use crate::expr::Template as Text;
use crate::ids::NodeId;
use crate::protocol::{Message, TemplateButton, TemplateHeader, TemplateValues};

/// What an author writes for a `template`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name at the provider.
    pub name: String,
    /// The language it was approved in, for example `pt_BR`.
    pub language: String,
    /// What fills its header.
    pub header: Option<Header>,
    /// What fills its body.
    #[serde(default)]
    pub body: Body,
    /// What its buttons carry, by place.
    #[serde(default)]
    pub buttons: Vec<Button>,
    /// Where play goes on, without waiting for the patient.
    pub next: NodeId,
    /// Ways out besides `next`.
    #[serde(default)]
    pub on: OnFailed,
}

/// What fills the header: exactly one of the three.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// A text hole.
    pub text: Option<Text>,
    /// A picture, film or file.
    pub media: Option<Media>,
    /// A place.
    pub location: Option<Location>,
}

/// What fills the body: by position or by name.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `{{1}}`, `{{2}}` …
    Positional(Vec<Text>),
    /// `{{nome}}` …
    Named(Entries<Text>),
}

/// What a button carries: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// Comes back as `input.choice` when it is tapped.
    pub payload: Option<Text>,
    /// The end of the button's address.
    pub url_suffix: Option<Text>,
}

impl Default for Body {
    fn default() -> Self {
        Self::Positional(Vec::new())
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts or an object of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Body, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Body::Positional)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Body::Named)
    }
}

impl Inspect for Template {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = true;
        found.templates.push(Mention::new((self.name.clone(), self.language.clone()), "/name"));
        if let Some(header) = &self.header {
            found.template_if("/header/text", header.text.as_ref());
            if let Some(media) = &header.media {
                media.inspect("/header/media", found);
            }
            if let Some(location) = &header.location {
                location.inspect("/header/location", found);
            }
        }
        match &self.body {
            Body::Positional(texts) => {
                for (at, text) in texts.iter().enumerate() {
                    found.template(format!("/body/{at}"), text);
                }
            }
            Body::Named(texts) => {
                for (name, text) in texts.iter() {
                    found.template(format!("/body/{name}"), text);
                }
            }
        }
        for (at, button) in self.buttons.iter().enumerate() {
            found.template_if(format!("/buttons/{at}/payload"), button.payload.as_ref());
            found.template_if(format!("/buttons/{at}/url_suffix"), button.url_suffix.as_ref());
        }
        found.port("next", "/next", &self.next);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}

impl Play for Template {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let header = self.header.as_ref().map(|header| header.filled(cx)).transpose()?.flatten();
        let body = match &self.body {
            Body::Positional(texts) => TemplateValues::Positional(
                texts.iter().map(|text| cx.text(text)).collect::<Result<_, Stop>>()?,
            ),
            Body::Named(texts) => TemplateValues::Named(
                texts
                    .iter()
                    .map(|(name, text)| Ok((name.to_owned(), cx.text(text)?)))
                    .collect::<Result<_, Stop>>()?,
            ),
        };
        let mut buttons = Vec::with_capacity(self.buttons.len());
        for button in &self.buttons {
            if let Some(payload) = &button.payload {
                buttons.push(TemplateButton::Payload(cx.text(payload)?));
            } else if let Some(suffix) = &button.url_suffix {
                buttons.push(TemplateButton::UrlSuffix(cx.text(suffix)?));
            }
        }
        let (name, language) = (self.name.clone(), self.language.clone());
        cx.say(Message::Template { name, language, header, body, buttons })?;
        Ok(Next::port("next", &self.next))
    }

    fn failed(&self) -> Option<&NodeId> {
        self.on.failed.as_ref()
    }
}

impl Header {
    fn filled(&self, cx: &mut NodeContext<'_>) -> Result<Option<TemplateHeader>, Stop> {
        Ok(match (&self.text, &self.media, &self.location) {
            (Some(text), _, _) => Some(TemplateHeader::Text { text: cx.text(text)? }),
            (None, Some(media), _) => Some(TemplateHeader::Media {
                media: media.kind,
                source: media.source(cx)?,
                filename: cx.text_if(media.filename.as_ref())?,
            }),
            (None, None, Some(location)) => Some(TemplateHeader::Location { place: location.place(cx)? }),
            (None, None, None) => None,
        })
    }
}
