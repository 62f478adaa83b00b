//! Hears panics of this thread wherever they are caught: nothing in a simulation may panic.

use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    /// What was heard, while this thread listens.
    static HEARD: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Listens to this thread's panics from now on. Other threads are told as ever.
pub(super) fn listen() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let heard = HEARD.with(|heard| {
                let mut heard = heard.borrow_mut();
                heard.as_mut().map(|first| first.get_or_insert_with(|| panic.to_string())).is_some()
            });
            if !heard {
                usual(panic);
            }
        }));
    });
    HEARD.with(|heard| *heard.borrow_mut() = Some(None));
}

/// The first panic since this thread listens.
pub(super) fn heard() -> Option<String> {
    HEARD.with(|heard| heard.borrow_mut().as_mut().and_then(Option::take))
}

/// Listens no more.
pub(super) fn stop() {
    HEARD.with(|heard| *heard.borrow_mut() = None);
}
