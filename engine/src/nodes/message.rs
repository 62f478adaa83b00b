//! Says something to the patient: a text, media, a place, a link, or several bubbles.
//!
//! ```json
//! {
//!   "type": "message",
//!   "bubbles": [
//!     { "text": "Sua consulta está marcada para {{ dia | date('DD/MM') }} às {{ hora }}." },
//!     { "location": { "latitude": "{{ unidade.lat }}", "longitude": "{{ unidade.lon }}", "name": "{{ unidade.nome }}" } },
//!     { "media": { "kind": "document", "url": "https://hospital.example/preparo.pdf", "filename": "preparo.pdf" } }
//!   ],
//!   "next": "mais_algo",
//!   "on": { "failed": "avisar_recepcao" }
//! }
//! ```

use serde::Deserialize;

use super::inspection::{Inspect, Inspection};
use super::question::OnFailed;
use crate::expr::{Template, TemplateTree};
use crate::ids::NodeId;
use crate::protocol::MediaKind;

/// What an author writes for a `message`: one bubble in the node itself, or a list of `bubbles`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// A text bubble, or the text of a `link`.
    pub text: Option<Template>,
    /// A media bubble.
    pub media: Option<Media>,
    /// A place on the map.
    pub location: Option<Location>,
    /// A button that opens an address, below `text`.
    pub link: Option<Link>,
    /// Several, said one after the other, instead of the four above.
    pub bubbles: Option<Vec<Bubble>>,
    /// Where play goes on, without waiting for the patient.
    pub next: NodeId,
    /// Ways out besides `next`.
    #[serde(default)]
    pub on: OnFailed,
}

/// One bubble: exactly one of the four, except that `link` needs a `text`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bubble {
    /// A text bubble, or the text of a `link`.
    pub text: Option<Template>,
    /// A media bubble.
    pub media: Option<Media>,
    /// A place on the map.
    pub location: Option<Location>,
    /// A button that opens an address, below `text`.
    pub link: Option<Link>,
}

/// A picture, a recording, a film, a file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// A public address, or else `media`.
    pub url: Option<Template>,
    /// The channel's own id of a file: one that was uploaded, or one that a patient sent (`{{ exame.id }}`).
    pub media: Option<Template>,
    /// The text below it.
    pub caption: Option<Template>,
    /// The file's name, as shown for documents.
    pub filename: Option<Template>,
}

/// A place on the map.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Degrees, a number or a template that gives one.
    pub latitude: TemplateTree,
    /// Degrees, a number or a template that gives one.
    pub longitude: TemplateTree,
    /// What it is called.
    pub name: Option<Template>,
    /// Street, number, city.
    pub address: Option<Template>,
}

/// A button that opens an address.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// On the button.
    pub title: Template,
    /// What it opens.
    pub url: Template,
}

/// One bubble to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said<'a> {
    /// Text.
    Text(&'a Template),
    /// Media.
    Media(&'a Media),
    /// A place.
    Location(&'a Location),
    /// Text with a button that opens an address.
    Link(&'a Template, &'a Link),
}

impl Message {
    /// The bubbles, in order.
    pub fn said(&self) -> Vec<Said<'_>> {
        match &self.bubbles {
            Some(bubbles) => bubbles.iter().filter_map(Bubble::said).collect(),
            None => said(self.text.as_ref(), self.media.as_ref(), self.location.as_ref(), self.link.as_ref())
                .into_iter()
                .collect(),
        }
    }
}

impl Bubble {
    /// What it says; absent only for an empty bubble, which the schema refuses.
    pub fn said(&self) -> Option<Said<'_>> {
        said(self.text.as_ref(), self.media.as_ref(), self.location.as_ref(), self.link.as_ref())
    }
}

fn said<'a>(
    text: Option<&'a Template>,
    media: Option<&'a Media>,
    location: Option<&'a Location>,
    link: Option<&'a Link>,
) -> Option<Said<'a>> {
    match (text, link) {
        (Some(text), Some(link)) => Some(Said::Link(text, link)),
        (Some(text), None) => Some(Said::Text(text)),
        (None, _) => media.map(Said::Media).or_else(|| location.map(Said::Location)),
    }
}

impl Inspect for Message {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = true;
        if let Some(said) =
            said(self.text.as_ref(), self.media.as_ref(), self.location.as_ref(), self.link.as_ref())
        {
            inspect_said("", said, found);
        }
        for (at, bubble) in self.bubbles.iter().flatten().enumerate() {
            if let Some(said) = bubble.said() {
                inspect_said(&format!("/bubbles/{at}"), said, found);
            }
        }
        found.port("next", "/next", &self.next);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}

fn inspect_said(pointer: &str, said: Said<'_>, found: &mut Inspection) {
    match said {
        Said::Text(text) => found.template(format!("{pointer}/text"), text),
        Said::Media(media) => media.inspect(&format!("{pointer}/media"), found),
        Said::Location(location) => location.inspect(&format!("{pointer}/location"), found),
        Said::Link(text, link) => {
            found.template(format!("{pointer}/text"), text);
            found.template(format!("{pointer}/link/title"), &link.title);
            found.template(format!("{pointer}/link/url"), &link.url);
        }
    }
}

impl Media {
    pub(super) fn inspect(&self, pointer: &str, found: &mut Inspection) {
        let parts = [
            ("url", &self.url),
            ("media", &self.media),
            ("caption", &self.caption),
            ("filename", &self.filename),
        ];
        for (name, part) in parts {
            found.template_if(format!("{pointer}/{name}"), part.as_ref());
        }
    }
}

impl Location {
    pub(super) fn inspect(&self, pointer: &str, found: &mut Inspection) {
        found.tree(format!("{pointer}/latitude"), &self.latitude);
        found.tree(format!("{pointer}/longitude"), &self.longitude);
        found.template_if(format!("{pointer}/name"), self.name.as_ref());
        found.template_if(format!("{pointer}/address"), self.address.as_ref());
    }
}
