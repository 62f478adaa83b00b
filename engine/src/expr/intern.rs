//! Names (variables, attributes, filters) that compiled code keeps for the life of the process.
//!
//! Compiled instructions borrow the names they mention. Interning gives them a place to live without a
//! self-referential type; what is kept is bounded by the distinct names that authors ever wrote, not by templates.

use std::collections::BTreeSet;
use std::sync::Mutex;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The one `'static` copy of `name`.
pub(super) fn intern(name: &str) -> &'static str {
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}
