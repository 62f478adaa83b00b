//! `[project]`: what the hospital is called and where conversations go when a flow cannot say.

use fluxo_engine::ids::{FlowId, QueueId};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use toml::Spanned;

/// `[project]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSection {
    /// As people call it.
    pub name: String,
    /// Local times are of this zone.
    #[serde(default)]
    pub time_zone: Zone,
    /// How values are written. One for now.
    #[serde(default)]
    pub locale: Locale,
    /// Where a conversation goes when nothing else can be done.
    pub default_queue: Spanned<String>,
    /// Handles trouble that no flow handles.
    pub trouble_flow: Option<FlowIdText>,
    /// Said when a tap arrives for which no wait and no session is open.
    pub stale_tap_text: Option<String>,
}

/// Languages that values are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Locale {
    /// Brazilian Portuguese.
    #[default]
    #[serde(rename = "pt-BR")]
    PtBr,
}

/// A flow's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct FlowIdText(pub FlowId);

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(pub TimeZone);

impl ProjectSection {
    /// The default queue's name.
    pub fn default_queue(&self) -> QueueId {
        self.default_queue.get_ref().as_str().into()
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::get("America/Sao_Paulo").expect("the bundled database has it"))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        TimeZone::get(&name).map(Self).map_err(|_| {
            D::Error::custom("este fuso horário não existe; use um nome como \"America/Sao_Paulo\"")
        })
    }
}
