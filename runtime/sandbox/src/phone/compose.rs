//! What a phone sends, as Meta would put it into a webhook (whatsapp-cloud.md §3, §4).

use serde_json::{Value, json};

use super::chat::Account;
use crate::Options;

/// How the sender appears in the webhook.
#[derive(Clone, Copy, Default)]
pub(crate) struct Identity {
    /// Without `from` and `wa_id`: a person with a username whom the hospital never wrote to (§4.1).
    pub(crate) no_wa_id: bool,
    /// Without `from_user_id` and `user_id`, as before 2026.
    pub(crate) no_bsuid: bool,
}

/// The member of `contacts[]` for a person.
pub(crate) fn contact(account: &Account, identity: Identity) -> Value {
    let mut contact = json!({ "profile": { "name": account.name } });
    if let Some(username) = &account.username {
        contact["profile"]["username"] = json!(username);
    }
    if !identity.no_wa_id {
        contact["wa_id"] = json!(account.wa_id);
    }
    if !identity.no_bsuid {
        contact["user_id"] = json!(account.bsuid);
    }
    contact
}

/// Puts sender, id and time in front of a message's own members (`type` and what it names).
pub(crate) fn message(
    account: &Account,
    identity: Identity,
    wamid: &str,
    timestamp: i64,
    content: Value,
) -> Value {
    let mut message = json!({});
    if !identity.no_wa_id {
        message["from"] = json!(account.wa_id);
    }
    if !identity.no_bsuid {
        message["from_user_id"] = json!(account.bsuid);
    }
    message["id"] = json!(wamid);
    // Unix seconds as a string (§0.5).
    message["timestamp"] = json!(timestamp.to_string());
    if let (Value::Object(message), Value::Object(content)) = (&mut message, content) {
        message.extend(content);
    }
    message
}

/// One `changes[]` element of the field `messages`.
pub(crate) fn change(options: &Options, members: Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": options.display_phone, "phone_number_id": options.phone_number_id },
    });
    if let (Value::Object(value), Value::Object(members)) = (&mut value, members) {
        value.extend(members);
    }
    json!({ "value": value, "field": "messages" })
}

/// A whole webhook.
pub(crate) fn envelope(options: &Options, changes: Vec<Value>) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": options.waba_id, "changes": changes }] })
}
