//! `[channels.*]`: where contacts write. What else a section holds is its channel's own.

use std::sync::Arc;

use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::document::Document;
use super::error::{ConfigError, Problem};
use super::secret::Secret;

/// `[channels.<name>]`, to be read by the channel of its kind.
#[derive(Debug, Clone)]
pub struct ChannelSection {
    /// Its name.
    pub name: String,
    /// Which channel.
    pub kind: String,
    document: Arc<Document>,
}

impl ChannelSection {
    /// All sections. `kinds` are the channels that exist.
    pub(crate) fn all(document: &Arc<Document>) -> Result<Vec<Self>, ConfigError> {
        let mut sections = Vec::new();
        for (name, span) in document.members(&["channels"])? {
            let kind = document.read::<String>(&["channels", &name, "kind"])?.ok_or_else(|| {
                let problem = Problem::Missing("kind".to_owned());
                document.error(Some(span), format!("channels.{name}"), problem)
            })?;
            sections.push(Self { name, kind, document: Arc::clone(document) });
        }
        Ok(sections)
    }

    /// The section as its channel's type, which has `kind` among its members.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let found = self.document.read(&["channels", &self.name])?;
        Ok(found.expect("the section was there when it was listed"))
    }

    /// The value behind one of the section's references.
    ///
    /// # Errors
    /// When there is none.
    pub fn secret(&self, secret: &Secret) -> Result<SecretString, ConfigError> {
        self.document.secret(secret)
    }

    /// Says that no channel is of this kind.
    pub fn unknown_kind(&self, kinds: &[&str]) -> ConfigError {
        let meant = super::error::closest(&self.kind, kinds.iter().copied());
        let allowed = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let key = format!("channels.{}.kind", self.name);
        let span = self.document.read::<toml::Spanned<String>>(&["channels", &self.name, "kind"]);
        let span = span.ok().flatten().map(|kind| kind.span());
        self.document.error(span, key, Problem::UnknownWord { meant, allowed })
    }
}
