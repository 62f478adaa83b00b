//! Adds or removes tags of the contact.
//!
//! ```json
//! {
//!   "type": "tag",
//!   "add": ["paciente", "convenio_{{ convenio.codigo }}"],
//!   "remove": ["novo"],
//!   "next": "menu"
//! }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use crate::expr::Template;
use crate::ids::NodeId;
use crate::protocol::ContactChange;

/// What an author writes for a `tag`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Tags to add; one that is there already stays.
    #[serde(default)]
    pub add: Vec<Template>,
    /// Tags to remove; one that is not there is no error.
    #[serde(default)]
    pub remove: Vec<Template>,
    /// Where play goes on.
    pub next: NodeId,
}

impl Inspect for Tag {
    fn inspect(&self, found: &mut Inspection) {
        for (name, tags) in [("add", &self.add), ("remove", &self.remove)] {
            for (at, tag) in tags.iter().enumerate() {
                found.template(format!("/{name}/{at}"), tag);
            }
        }
        found.port("next", "/next", &self.next);
    }
}

impl Play for Tag {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        for tag in &self.add {
            let tag = cx.text(tag)?;
            if !cx.contact.tags.contains(&tag) {
                cx.change_contact(ContactChange::AddTag { tag });
            }
        }
        for tag in &self.remove {
            let tag = cx.text(tag)?;
            if cx.contact.tags.contains(&tag) {
                cx.change_contact(ContactChange::RemoveTag { tag });
            }
        }
        Ok(Next::port("next", &self.next))
    }
}
