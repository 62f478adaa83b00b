//! Meta's webhooks: who sent them, and what they tell. Pure.
//!
//! What cannot be read, and what is answered:
//! - a type, a field or a status we do not know: kept or named in the log, acknowledged;
//! - one strange message among others: kept as [`Content::Other`] if it says who sent it and which it is;
//! - lone surrogates and bytes that are not UTF-8: replaced by U+FFFD. They stand in one person's text, and a
//!   refusal would cost everyone else in the batch their message;
//! - a signed body that is not a webhook at all: refused ([`Rejected::Malformed`]), not acknowledged. Meta then
//!   delivers it again for up to seven days, each time with an error in our log and in our figures: time to put
//!   a version in place that reads it. An acknowledgement would lose it for good and in silence.

use fluxo_engine::protocol::{
    Content, Inbound, Media, MediaKind, MediaSource, Place, Referral, SendFailure, SharedContact,
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::config::Settings;
use super::errors;
use super::payload::{
    Button, Card, ContactInfo, Envelope, File, Interactive, Location, MessageHead, Messages, Reaction,
    ReferralInfo, Status, System, Text, Unsupported,
};
use crate::channels::{Rejected, Request, Told};
use crate::store::{Address, SendState};

/// The answer to Meta's check of our address (§2.1).
pub(super) fn challenge(settings: &Settings, query: &[(String, String)]) -> Result<String, Rejected> {
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let ours = settings.verify_token.expose_secret().as_bytes();
    let known = get("hub.verify_token").is_some_and(|token| bool::from(token.as_bytes().ct_eq(ours)));
    match get("hub.challenge") {
        Some(challenge) if known && get("hub.mode") == Some("subscribe") => Ok(challenge.to_owned()),
        Some(_) | None => Err(Rejected::Signature),
    }
}

/// HMAC-SHA256 over the raw bytes, in lower-case hex (§2.2). The older SHA-1 header does not count.
pub(super) fn verify(settings: &Settings, request: &Request<'_>) -> Result<(), Rejected> {
    let header = request.header.get("x-hub-signature-256").ok_or(Rejected::Signature)?;
    let signature = header.strip_prefix("sha256=").and_then(hex).ok_or(Rejected::Signature)?;
    let key = settings.app_secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Rejected::Signature)?;
    mac.update(request.body);
    mac.verify_slice(&signature).map_err(|_| Rejected::Signature)
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Every message and status of every change of every entry, in order.
pub(super) fn parse(account: &str, request: &Request<'_>) -> Result<Vec<Told>, Rejected> {
    let malformed = |error: serde_json::Error| {
        // The category only: the parser's words may quote the contact.
        let (line, column) = (error.line(), error.column());
        Rejected::Malformed(format!("{:?} error at line {line}, column {column}", error.classify()))
    };
    let body: Value = match serde_json::from_slice(request.body) {
        Ok(body) => body,
        Err(_) => serde_json::from_str(&mended(request.body)).map_err(malformed)?,
    };
    let envelope = Envelope::deserialize(body).map_err(malformed)?;
    if envelope.object != "whatsapp_business_account" {
        return Err(Rejected::Malformed("not the object whatsapp_business_account".to_owned()));
    }
    let mut told = Vec::new();
    for change in envelope.entry.into_iter().flat_map(|entry| entry.changes) {
        if change.field != "messages" {
            told.push(Told::Ignored { what: change.field });
            continue;
        }
        let Ok(value) = Messages::deserialize(change.value) else {
            told.push(Told::Ignored { what: "messages without metadata".to_owned() });
            continue;
        };
        if value.metadata.phone_number_id != account {
            told.push(Told::OtherAccount { account: value.metadata.phone_number_id });
            continue;
        }
        let contacts: Vec<ContactInfo> = value.contacts.iter().filter_map(read).collect();
        let from_contact = |raw| message(account, request.received_at, &contacts, raw);
        told.extend(value.messages.iter().map(from_contact));
        told.extend(value.statuses.iter().map(|raw| status(account, request.received_at, raw)));
        for error in &value.errors {
            let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
            told.push(Told::Ignored { what: format!("account error {code}") });
        }
    }
    Ok(told)
}

fn message(account: &str, received_at: Timestamp, contacts: &[ContactInfo], raw: &Value) -> Told {
    let Some(head) = read::<MessageHead>(raw) else {
        return Told::Ignored { what: "a message without id".to_owned() };
    };
    if head.group_id.is_some() {
        return Told::Ignored { what: "a message in a group".to_owned() };
    }
    let same = |ours: &Option<String>, theirs: &Option<String>| ours.is_some() && ours == theirs;
    let contact = contacts
        .iter()
        .find(|contact| same(&contact.wa_id, &head.from) || same(&contact.user_id, &head.from_user_id))
        .or_else(|| contacts.first().filter(|_| head.from.is_none() && head.from_user_id.is_none()));
    let given = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
    let address = Address {
        user: given(head.from_user_id.as_ref().or(contact.and_then(|contact| contact.user_id.as_ref()))),
        phone: given(head.from.as_ref().or(contact.and_then(|contact| contact.wa_id.as_ref()))),
        username: given(contact.and_then(|contact| contact.profile.username.as_ref())),
    };
    if address == Address::default() {
        return Told::Ignored { what: "a message without sender".to_owned() };
    }
    if head.kind == "system" {
        return moved(account, head, address, raw);
    }
    let inbound = Inbound {
        content: content(&head.kind, raw),
        written_at: moment(&head.timestamp).unwrap_or(received_at),
        received_at,
        quoted: head.context.and_then(|context| context.id),
        referral: head.referral.and_then(referral),
        id: head.id,
    };
    Told::Message {
        account: account.to_owned(),
        from: address,
        profile_name: given(contact.and_then(|contact| contact.profile.name.as_ref())),
        message: Box::new(inbound),
    }
}

fn content(kind: &str, raw: &Value) -> Content {
    let file = |media: MediaKind| {
        let file: File = member(raw, kind)?;
        let source = file.id.map(MediaSource::Id).or(file.url.map(MediaSource::Url))?;
        let File { mime_type: mime, caption, filename, voice, .. } = file;
        Some(Content::Media(Media { media, source, mime, caption, filename, voice }))
    };
    let found = match kind {
        "text" => member(raw, kind).map(|Text { body: text }| Content::Text { text }),
        "image" => file(MediaKind::Image),
        "audio" => file(MediaKind::Audio),
        "video" => file(MediaKind::Video),
        "document" => file(MediaKind::Document),
        "sticker" => file(MediaKind::Sticker),
        "location" => member(raw, kind).map(|Location { latitude, longitude, name, address }| {
            Content::Location(Place { latitude, longitude, name, address })
        }),
        "contacts" => member(raw, kind)
            .map(|cards: Vec<Card>| Content::Contacts { people: cards.into_iter().map(person).collect() }),
        "interactive" => return interactive(raw),
        "button" => member(raw, kind).and_then(|Button { payload, text }| {
            // A quick reply without a payload of ours echoes its text (§7).
            let payload = payload.or_else(|| text.clone())?;
            Some(Content::TemplateTap { title: text.unwrap_or_else(|| payload.clone()), payload })
        }),
        "reaction" => member(raw, kind).map(|Reaction { message_id, emoji }| Content::Reaction {
            emoji: emoji.filter(|emoji| !emoji.is_empty()),
            to: message_id,
        }),
        "unsupported" => {
            let inner = member::<Unsupported>(raw, kind).and_then(|unsupported| unsupported.kind);
            inner.map(|inner| Content::Other { name: format!("unsupported/{inner}") })
        }
        _ => None,
    };
    found.unwrap_or_else(|| Content::Other { name: kind.to_owned() })
}

fn interactive(raw: &Value) -> Content {
    let Some(interactive) = member::<Interactive>(raw, "interactive") else {
        return Content::Other { name: "interactive".to_owned() };
    };
    match interactive.button_reply.or(interactive.list_reply) {
        Some(reply) => Content::Tap { id: reply.id, title: reply.title },
        None => Content::Other { name: format!("interactive/{}", interactive.kind) },
    }
}

fn person(card: Card) -> SharedContact {
    SharedContact {
        name: card.name.formatted_name.or(card.name.first_name).unwrap_or_default(),
        phones: card.phones.into_iter().filter_map(|phone| phone.phone.or(phone.wa_id)).collect(),
    }
}

fn referral(info: ReferralInfo) -> Option<Referral> {
    Some(Referral {
        id: info.source_id?,
        source: info.source_type.unwrap_or_else(|| "ad".to_owned()),
        url: info.source_url,
        headline: info.headline,
        body: info.body,
    })
}

/// A notice of WhatsApp itself: a number or a user id has changed (§4, system variants).
fn moved(account: &str, head: MessageHead, from: Address, raw: &Value) -> Told {
    let Some(system) = member::<System>(raw, "system") else {
        return Told::Ignored { what: "system".to_owned() };
    };
    let to = Address { user: system.user_id, phone: system.wa_id, username: None };
    let known = matches!(system.kind.as_str(), "user_changed_number" | "user_changed_user_id");
    if !known || to == Address::default() {
        return Told::Ignored { what: format!("system/{}", system.kind) };
    }
    let from = Address { user: system.previous_user_id.or(from.user), ..from };
    Told::AddressChanged { account: account.to_owned(), from, to, id: head.id }
}

fn status(account: &str, received_at: Timestamp, raw: &Value) -> Told {
    let Some(status) = read::<Status>(raw) else {
        return Told::Ignored { what: "a status without id".to_owned() };
    };
    let state = match status.status.as_str() {
        "sent" => SendState::Sent,
        "delivered" => SendState::Delivered,
        "read" => SendState::Read,
        "played" => SendState::Played,
        "failed" => SendState::Failed,
        other => return Told::Ignored { what: format!("status {other}") },
    };
    let failure = (state == SendState::Failed).then(|| {
        status
            .errors
            .first()
            .map_or_else(|| SendFailure::Other("no reason given".to_owned()), errors::failure)
    });
    Told::Status {
        account: account.to_owned(),
        message: status.id,
        effect: status.biz_opaque_callback_data.and_then(|data| data.parse().ok()),
        state,
        at: moment(&status.timestamp).unwrap_or(received_at),
        failure,
    }
}

/// Seconds since 1970, as text or as a number (§0, rule 5).
fn moment(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Timestamp::from_second(seconds).ok()
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn member<T: DeserializeOwned>(message: &Value, name: &str) -> Option<T> {
    message.get(name).and_then(read)
}

/// The body as text that a JSON parser takes: U+FFFD for bytes that are not UTF-8 and for escaped surrogates
/// without their other half.
fn mended(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let unit = |at: usize| {
        let escape = text.as_bytes().get(at..at + 6)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str("\\ufffd");
                at += 6;
                continue;
            }
            // An escaped backslash goes whole, or its second half would be taken for the start of an escape.
            (_, _) if rest.starts_with("\\\\") => 2,
            (_, _) => rest.chars().next().map_or(1, char::len_utf8),
        };
        mended.push_str(&rest[..length]);
        at += length;
    }
    mended
}
