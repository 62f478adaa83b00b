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
use serde_json::Value;

use super::bubbles::{clip, split_before, texts};
use super::context::NodeContext;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use super::question::OnFailed;
use crate::expr::{Template, TemplateTree};
use crate::ids::NodeId;
use crate::protocol::{MediaKind, MediaSource, Message as Bubbled, Place, TroubleCode};

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

impl Play for Message {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        // All values first: a hole in the last bubble is trouble before the first one is sent.
        let mut bubbles = Vec::new();
        for said in self.said() {
            said.bubbles(cx, &mut bubbles)?;
        }
        for bubble in bubbles {
            cx.say(bubble)?;
        }
        Ok(Next::port("next", &self.next))
    }

    fn failed(&self) -> Option<&NodeId> {
        self.on.failed.as_ref()
    }
}

impl Said<'_> {
    fn bubbles(self, cx: &mut NodeContext<'_>, bubbles: &mut Vec<Bubbled>) -> Result<(), Stop> {
        let limit = cx.world.conversation.limits.text;
        match self {
            Said::Text(text) => bubbles.extend(texts(&cx.text(text)?, limit)),
            Said::Media(media) => bubbles.push(media.bubble(cx)?),
            Said::Location(location) => bubbles.push(Bubbled::Location { place: location.place(cx)? }),
            Said::Link(text, link) => {
                let limits = &cx.world.conversation.limits;
                let (before, text) = split_before(&cx.text(text)?, limit, limits.buttons_text);
                bubbles.extend(before.into_iter().map(|text| Bubbled::Text { text }));
                let title = clip(&cx.text(&link.title)?, limits.button_title);
                bubbles.push(Bubbled::Link { text, title, url: cx.text(&link.url)? });
            }
        }
        Ok(())
    }
}

impl Media {
    /// Where the bytes are: an address, or the channel's own id.
    pub(super) fn source(&self, cx: &mut NodeContext<'_>) -> Result<MediaSource, Stop> {
        match (&self.url, &self.media) {
            (Some(url), _) => Ok(MediaSource::Url(cx.text(url)?)),
            (None, Some(media)) => Ok(MediaSource::Id(cx.text(media)?)),
            (None, None) => {
                Err(Stop::trouble(TroubleCode::ValueAbsent, "media without an address and without an id"))
            }
        }
    }

    fn bubble(&self, cx: &mut NodeContext<'_>) -> Result<Bubbled, Stop> {
        Ok(Bubbled::Media {
            media: self.kind,
            source: self.source(cx)?,
            caption: cx.text_if(self.caption.as_ref())?,
            filename: cx.text_if(self.filename.as_ref())?,
        })
    }
}

impl Location {
    /// The place itself.
    pub(super) fn place(&self, cx: &mut NodeContext<'_>) -> Result<Place, Stop> {
        Ok(Place {
            latitude: degrees(cx, &self.latitude, 90.0)?,
            longitude: degrees(cx, &self.longitude, 180.0)?,
            name: cx.text_if(self.name.as_ref())?,
            address: cx.text_if(self.address.as_ref())?,
        })
    }
}

/// A number, or a text that holds one, between the two ends of the scale.
fn degrees(cx: &mut NodeContext<'_>, tree: &TemplateTree, end: f64) -> Result<f64, Stop> {
    let degrees = match cx.tree(tree)? {
        None | Some(Value::Null) => {
            return Err(Stop::trouble(TroubleCode::ValueAbsent, "a coordinate is absent"));
        }
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    degrees
        .filter(|degrees| (-end..=end).contains(degrees))
        .ok_or_else(|| Stop::trouble(TroubleCode::ValueInvalid, "a coordinate is not a number of degrees"))
}
