//! `POST /{phone_number_id}/messages`: takes, refuses or half-takes a message (whatsapp-cloud.md §6).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{checks, error::GraphError};
use crate::{
    faults::{Asked, Fault},
    live::Change,
    phone::{
        entry::{Author, Entry, Stamp},
        number,
        statuses::{self, Fate, Sent},
    },
    shared::Shared,
};

/// How long a typing indicator shows.
const TYPING_MS: i64 = 25_000;

/// Whom a message is for.
struct Recipient {
    wa_id: String,
    to_bsuid: bool,
    /// As the request named them.
    input: String,
}

pub(crate) async fn send(shared: &Arc<Shared>, path: &str, body: &[u8]) -> Result<Response, GraphError> {
    let message: Value = serde_json::from_slice(body)
        .map_err(|_| GraphError::parameter("Invalid parameter").details("the body is not valid JSON"))?;
    if message["messaging_product"] != "whatsapp" {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    }
    if message["status"] == "read" {
        return receipt(shared, &message);
    }
    let callback_data = message.get("biz_opaque_callback_data").filter(|data| !data.is_null());
    let callback_data = callback_data
        .map(|data| data.as_str().filter(|data| data.chars().count() <= 512).map(str::to_owned))
        .map(|data| {
            data.ok_or_else(|| {
                GraphError::invalid("biz_opaque_callback_data", "length invalid. Max length: 512")
            })
        })
        .transpose()?;
    let recipient = recipient(shared, &message)?;
    let kind = message["type"].as_str().unwrap_or("text");
    let mut entry = blank(shared, kind, &message, callback_data.clone());
    let category = if kind == "template" { fill_template(shared, &message, &mut entry)? } else { "service" };
    if kind != "template" {
        checks::check(kind, &message, &mut entry)?;
    }
    check_media_id(shared, &message, kind)?;
    entry.context = message["context"]["message_id"].as_str().map(str::to_owned);
    let settings = shared.settings().clone();
    shared.buckets.admit(&settings, &recipient.wa_id, shared.clock.now_ms())?;

    let fate = fate(shared, path, &recipient, kind, &message).await?;
    let account = shared.phones.lock().get(&recipient.wa_id).map(|chat| chat.account.clone());
    let account = account.ok_or_else(|| GraphError::new(500, 131_000, "Something went wrong"))?;
    let wamid = new_wamid(shared, &recipient.wa_id);
    entry.wamid.clone_from(&wamid);
    match fate {
        Fate::Read if kind == "reaction" => react(shared, &recipient.wa_id, &message["reaction"]),
        Fate::Read => {
            shared.phones.add(&recipient.wa_id, entry);
        }
        Fate::Failed { .. } => shared.phones.add_failed(&recipient.wa_id, entry),
    }
    shared.live.tell(Change::Chat { phone: recipient.wa_id.clone() });
    let sent = Sent {
        account: account.clone(),
        wamid: wamid.clone(),
        callback_data,
        category,
        to_bsuid: recipient.to_bsuid,
    };
    if kind != "reaction" {
        statuses::tell(shared, sent, fate).await;
    }

    let mut contact = json!({ "input": recipient.input });
    if recipient.to_bsuid {
        contact["user_id"] = json!(account.bsuid);
    } else {
        contact["wa_id"] = json!(account.wa_id);
    }
    let mut accepted = json!({ "id": wamid });
    if kind == "template" {
        accepted["message_status"] = json!("accepted");
    }
    Ok(Json(json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted] }))
        .into_response())
}

fn recipient(shared: &Shared, message: &Value) -> Result<Recipient, GraphError> {
    if !message["recipient_type"].is_null() && message["recipient_type"] != "individual" {
        return Err(GraphError::parameter("Param recipient_type must be one of {INDIVIDUAL}"));
    }
    // `to` wins where both are given.
    let Some(input) = message["to"].as_str() else {
        let bsuid = message["recipient"]
            .as_str()
            .ok_or_else(|| GraphError::parameter("The parameter to is required."))?;
        let wa_id = shared
            .phones
            .by_bsuid(bsuid)
            .ok_or_else(|| GraphError::invalid("recipient", "unknown user id"))?;
        return Ok(Recipient { wa_id, to_bsuid: true, input: bsuid.to_owned() });
    };
    let foreign = input.chars().any(|c| !c.is_ascii_digit() && !"+-() .".contains(c));
    let mut digits = number::digits(input);
    if foreign || digits.len() < 8 || digits.len() > 15 {
        return Err(GraphError::invalid("to", "is not a valid WhatsApp phone number"));
    }
    // Without `+` and country code the business's own country is meant (§6).
    if !input.trim_start().starts_with('+') && digits.len() <= 11 {
        digits.insert_str(0, "55");
    }
    let variants = number::variants(&digits);
    if variants.contains(&number::digits(&shared.options.display_phone)) {
        return Err(GraphError::new(400, 131_021, "Recipient cannot be the sender")
            .details("The recipient phone number is the same as the sender phone number"));
    }
    let settings = shared.settings().clone();
    if let Some(allowed) = &settings.allowed_recipients
        && !allowed.iter().any(|one| variants.contains(&number::digits(one)))
    {
        return Err(GraphError::new(400, 131_030, "Recipient phone number not in allowed list")
            .details("Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again."));
    }
    Ok(Recipient { wa_id: shared.phones.open(&digits, &settings), to_bsuid: false, input: input.to_owned() })
}

fn blank(shared: &Shared, kind: &str, message: &Value, callback_data: Option<String>) -> Entry {
    Entry {
        n: 0,
        from: Author::Service,
        wamid: String::new(),
        kind: kind.to_owned(),
        text: None,
        header: None,
        footer: None,
        buttons: Vec::new(),
        rows: Vec::new(),
        list_button: None,
        template: None,
        media: None,
        location: None,
        context: None,
        choice: None,
        reaction: None,
        statuses: Vec::new(),
        time: shared.clock.stamp(shared.clock.now_ms()),
        biz_opaque_callback_data: callback_data,
        raw: message.clone(),
    }
}

fn fill_template(shared: &Shared, message: &Value, entry: &mut Entry) -> Result<&'static str, GraphError> {
    if message["template"].is_null() {
        return Err(GraphError::missing("template"));
    }
    let filled = shared.templates.fill(&message["template"])?;
    entry.template = message["template"]["name"].as_str().map(str::to_owned);
    entry.header = filled.header;
    entry.media = filled.media;
    entry.text = Some(filled.text);
    entry.footer = filled.footer;
    entry.buttons = filled.buttons;
    Ok(if filled.category == "marketing" { "marketing" } else { "utility" })
}

/// A media id must be of something that was uploaded and has not expired.
fn check_media_id(shared: &Shared, message: &Value, kind: &str) -> Result<(), GraphError> {
    let header = &message["interactive"]["header"];
    let object = match header["type"].as_str() {
        Some(header_kind) => &header[header_kind],
        None => &message[kind],
    };
    let Some(id) = object["id"]
        .as_str()
        .filter(|_| matches!(kind, "image" | "video" | "audio" | "document" | "sticker" | "interactive"))
    else {
        return Ok(());
    };
    match shared.media.get(id, shared.clock.now_ms()) {
        Some(_) => Ok(()),
        None => Err(GraphError::invalid(
            &format!("{kind}['id']"),
            "is not a valid whatsapp business account media attachment ID",
        )),
    }
}

/// What will become of an accepted message. Some refusals come only later, as a `failed` status (§0.8).
async fn fate(
    shared: &Arc<Shared>,
    path: &str,
    to: &Recipient,
    kind: &str,
    message: &Value,
) -> Result<Fate, GraphError> {
    let failed = |code| Ok(Fate::Failed { code, after_sent: false });
    if let Some(Fault::AsyncFailed { code, after_sent }) =
        shared.faults.operation(Asked { target: "graph", method: "POST", path, body: message })
    {
        return Ok(Fate::Failed { code, after_sent });
    }
    let settings = shared.settings().clone();
    let variants = number::variants(&to.wa_id);
    let (written_to, open) = {
        let chats = shared.phones.lock();
        let chat = chats.get(&to.wa_id);
        let now = shared.clock.now_ms();
        (
            chat.is_some_and(|chat| chat.account.last_inbound_ms.is_some()),
            chat.is_some_and(|chat| chat.window_open(now)),
        )
    };
    let listed = settings.not_on_whatsapp.iter().any(|one| variants.contains(&number::digits(one)));
    if listed || (number::is_landline(&to.wa_id) && !written_to) {
        return failed(131_026);
    }
    if kind == "reaction" {
        let target = message["reaction"]["message_id"].as_str().unwrap_or_default();
        let known = shared
            .phones
            .find(target)
            .is_some_and(|(wa_id, entry)| wa_id == to.wa_id && entry.from == Author::Patient);
        if !known {
            return Err(GraphError::invalid("reaction['message_id']", "is not a message of this user"));
        }
    }
    if settings.window && !open && kind != "template" {
        return failed(131_047);
    }
    if settings.fetch_links
        && let Some(link) = message[kind]["link"].as_str()
    {
        let fetched = shared.http.get(link).timeout(std::time::Duration::from_secs(10)).send().await;
        if !fetched.is_ok_and(|response| response.status().is_success()) {
            return failed(131_053);
        }
    }
    Ok(Fate::Read)
}

/// Marks a patient's message, and all before it, as read; may show that somebody is typing.
fn receipt(shared: &Shared, message: &Value) -> Result<Response, GraphError> {
    let wamid = message["message_id"].as_str().ok_or_else(|| GraphError::missing("message_id"))?;
    let found = shared.phones.find(wamid).filter(|(_, entry)| entry.from == Author::Patient);
    let Some((wa_id, read)) = found else {
        return Err(GraphError::parameter("Invalid parameter")
            .details("message_id: is not the id of a received message"));
    };
    let unread: Vec<String> = {
        let mut chats = shared.phones.lock();
        let Some(chat) = chats.get_mut(&wa_id) else { return Err(GraphError::missing("message_id")) };
        if message["typing_indicator"]["type"] == "text" {
            chat.typing_until_ms = shared.clock.now_ms() + TYPING_MS;
        }
        let entries = chat.entries.iter();
        entries
            .filter(|one| one.from == Author::Patient && one.n <= read.n && !one.has("read"))
            .map(|one| one.wamid.clone())
            .collect()
    };
    let time = shared.clock.stamp(shared.clock.now_ms());
    for wamid in unread {
        shared.phones.stamp(&wa_id, &wamid, Stamp { status: "read".into(), time: time.clone(), code: None });
    }
    shared.live.tell(Change::Chat { phone: wa_id });
    Ok(Json(json!({ "success": true })).into_response())
}

fn react(shared: &Shared, wa_id: &str, reaction: &Value) {
    let emoji = reaction["emoji"].as_str().filter(|emoji| !emoji.is_empty()).map(str::to_owned);
    shared
        .phones
        .edit(wa_id, reaction["message_id"].as_str().unwrap_or_default(), |entry| entry.reaction = emoji);
}

/// A message id that was never given before.
pub(crate) fn new_wamid(shared: &Shared, wa_id: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let inner = format!("\u{1d}{wa_id}\u{15}{:x}.{:x}.{count:x}", shared.clock.now_ms(), std::process::id());
    format!("wamid.HBgN{}", URL_SAFE_NO_PAD.encode(inner))
}
