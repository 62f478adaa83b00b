//! A webhook as Meta posts it: one text message, signed (whatsapp-cloud.md §4).

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

/// The number that is written to.
pub(crate) const PHONE_NUMBER_ID: &str = "106540352242922";

/// The body: a phone says something at a moment, in seconds since 1970.
pub(crate) fn text(phone: &str, message: &str, said: &str, at: u64) -> String {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "551130030100", "phone_number_id": PHONE_NUMBER_ID },
            "contacts": [{ "profile": { "name": "Ana" }, "wa_id": phone }],
            "messages": [{ "from": phone, "id": message, "timestamp": at.to_string(),
                           "type": "text", "text": { "body": said } }],
        },
    }]}]})
    .to_string()
}

/// The header `x-hub-signature-256` of a body.
pub(crate) fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
    mac.update(body.as_bytes());
    let digest: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digest}")
}
