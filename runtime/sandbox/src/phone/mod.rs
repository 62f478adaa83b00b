//! The patients' side of WhatsApp: accounts, chats, and the webhooks that tell the service what they write.

pub(crate) mod chat;
pub(crate) mod compose;
pub(crate) mod delivery;
pub(crate) mod entry;
pub(crate) mod number;
pub(crate) mod signature;
pub(crate) mod statuses;
