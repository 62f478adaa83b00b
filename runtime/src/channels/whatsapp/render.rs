//! A neutral message as the Graph API wants it (whatsapp-cloud.md §6, §7). What is over a limit is refused here:
//! Meta would do it later and in worse words.

use std::collections::BTreeSet;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{
    ChannelLimits, Choice, MediaKind, MediaSource, Message, Place, SendFailure, TemplateButton,
    TemplateHeader, TemplateValues,
};
use serde_json::{Value, json};

use crate::store::Address;

/// What can be shown (§6.1). Lengths in characters.
pub(super) const LIMITS: ChannelLimits = ChannelLimits {
    buttons: 3,
    button_title: 20,
    rows: 10,
    row_title: 24,
    row_description: 72,
    list_button: 20,
    buttons_text: 1024,
    text: 4096,
};

const CAPTION: usize = 1024;
const BUTTON_ID: usize = 256;
const ROW_ID: usize = 200;
const LINK_TITLE: usize = 20;
const TEMPLATE_BUTTONS: usize = 10;
const TEMPLATE_NAME: usize = 512;
const TEMPLATE_VALUE: usize = 1024;

/// The body of `POST /{phone_number_id}/messages`.
pub(super) fn render(to: &Address, message: &Message, key: &EffectId) -> Result<Value, SendFailure> {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "biz_opaque_callback_data": key.to_string(),
    });
    // The phone as it was received (§11), and the user id where there is no phone; of both, `to` would win.
    match (&to.phone, &to.user) {
        (Some(phone), _) => body["to"] = phone.as_str().into(),
        (None, Some(user)) => body["recipient"] = user.as_str().into(),
        (None, None) => return Err(SendFailure::NotReachable),
    }
    let (kind, content) = content(message)?;
    body["type"] = kind.into();
    body[kind] = content;
    Ok(body)
}

fn content(message: &Message) -> Result<(&'static str, Value), SendFailure> {
    let content = match message {
        Message::Text { text } => {
            within("text", text, 1, LIMITS.text)?;
            ("text", json!({ "body": text }))
        }
        Message::Media { media, source, caption, filename } => {
            (kind(*media), media_content(*media, source, caption.as_deref(), filename.as_deref())?)
        }
        Message::Location { place } => ("location", location(place)?),
        Message::Link { text, title, url } => {
            within("link text", text, 1, LIMITS.buttons_text)?;
            within("link title", title, 1, LINK_TITLE)?;
            if !url.starts_with("https://") && !url.starts_with("http://") {
                return Err(refused("the link is not an http address"));
            }
            let parameters = json!({ "display_text": title, "url": url });
            let action = json!({ "name": "cta_url", "parameters": parameters });
            ("interactive", interactive("cta_url", text, action))
        }
        Message::Buttons { text, buttons } => ("interactive", reply_buttons(text, buttons)?),
        Message::List { text, button, rows } => ("interactive", list(text, button, rows)?),
        Message::Template { name, language, header, body, buttons } => {
            ("template", template(name, language, header.as_ref(), body, buttons)?)
        }
        Message::LocationRequest { text } => {
            within("text", text, 1, LIMITS.buttons_text)?;
            let action = json!({ "name": "send_location" });
            ("interactive", interactive("location_request_message", text, action))
        }
        Message::PhoneRequest { text } => {
            within("text", text, 1, LIMITS.buttons_text)?;
            let action = json!({ "name": "request_contact_info" });
            ("interactive", interactive("request_contact_info", text, action))
        }
    };
    Ok(content)
}

fn interactive(kind: &str, text: &str, action: Value) -> Value {
    json!({ "type": kind, "body": { "text": text }, "action": action })
}

fn reply_buttons(text: &str, buttons: &[Choice]) -> Result<Value, SendFailure> {
    within("text above buttons", text, 1, LIMITS.buttons_text)?;
    count("buttons", buttons.len(), LIMITS.buttons)?;
    distinct("button ids", buttons.iter().map(|button| &button.id))?;
    distinct("button titles", buttons.iter().map(|button| &button.title))?;
    let mut rendered = Vec::new();
    for button in buttons {
        within("button id", &button.id, 1, BUTTON_ID)?;
        within("button title", &button.title, 1, LIMITS.button_title)?;
        rendered.push(json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } }));
    }
    Ok(interactive("button", text, json!({ "buttons": rendered })))
}

fn list(text: &str, button: &str, rows: &[Choice]) -> Result<Value, SendFailure> {
    within("text above a list", text, 1, LIMITS.text)?;
    within("list button", button, 1, LIMITS.list_button)?;
    count("rows", rows.len(), LIMITS.rows)?;
    distinct("row ids", rows.iter().map(|row| &row.id))?;
    let mut rendered = Vec::new();
    for row in rows {
        within("row id", &row.id, 1, ROW_ID)?;
        within("row title", &row.title, 1, LIMITS.row_title)?;
        let mut one = json!({ "id": row.id, "title": row.title });
        if let Some(description) = row.description.as_ref().filter(|description| !description.is_empty()) {
            within("row description", description, 1, LIMITS.row_description)?;
            one["description"] = description.as_str().into();
        }
        rendered.push(one);
    }
    let action = json!({ "button": button, "sections": [{ "rows": rendered }] });
    Ok(interactive("list", text, action))
}

fn kind(media: MediaKind) -> &'static str {
    match media {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
    }
}

fn media_content(
    media: MediaKind,
    source: &MediaSource,
    caption: Option<&str>,
    filename: Option<&str>,
) -> Result<Value, SendFailure> {
    let mut content = match source {
        MediaSource::Id(id) => json!({ "id": id }),
        MediaSource::Url(url) => json!({ "link": url }),
    };
    if let Some(caption) = caption {
        if matches!(media, MediaKind::Audio | MediaKind::Sticker) {
            return Err(refused("audio and stickers have no caption"));
        }
        within("caption", caption, 1, CAPTION)?;
        content["caption"] = caption.into();
    }
    if let Some(filename) = filename.filter(|_| media == MediaKind::Document) {
        content["filename"] = filename.into();
    }
    Ok(content)
}

fn location(place: &Place) -> Result<Value, SendFailure> {
    if !(-90.0..=90.0).contains(&place.latitude) || !(-180.0..=180.0).contains(&place.longitude) {
        return Err(refused("the place is not on the map"));
    }
    let mut content = json!({ "latitude": place.latitude, "longitude": place.longitude });
    for (name, value) in [("name", &place.name), ("address", &place.address)] {
        if let Some(value) = value {
            content[name] = value.as_str().into();
        }
    }
    Ok(content)
}

fn template(
    name: &str,
    language: &str,
    header: Option<&TemplateHeader>,
    body: &TemplateValues,
    buttons: &[TemplateButton],
) -> Result<Value, SendFailure> {
    let named_well = (1..=TEMPLATE_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !named_well || language.is_empty() || buttons.len() > TEMPLATE_BUTTONS {
        return Err(SendFailure::Template);
    }
    let mut components = Vec::new();
    if let Some(header) = header {
        let parameter = match header {
            TemplateHeader::Text { text } => json!({ "type": "text", "text": value(text)? }),
            TemplateHeader::Media { media, source, filename } => {
                let kind = kind(*media);
                json!({ "type": kind, kind: media_content(*media, source, None, filename.as_deref())? })
            }
            TemplateHeader::Location { place } => json!({ "type": "location", "location": location(place)? }),
        };
        components.push(json!({ "type": "header", "parameters": [parameter] }));
    }
    let parameters = match body {
        TemplateValues::Positional(values) => values
            .iter()
            .map(|text| Ok(json!({ "type": "text", "text": value(text)? })))
            .collect::<Result<Vec<_>, _>>()?,
        TemplateValues::Named(values) => values
            .iter()
            .map(|(name, text)| Ok(json!({ "type": "text", "parameter_name": name, "text": value(text)? })))
            .collect::<Result<Vec<_>, _>>()?,
    };
    if !parameters.is_empty() {
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    for (index, button) in buttons.iter().enumerate() {
        let (sub_type, parameter) = match button {
            TemplateButton::Payload(payload) => {
                within("button payload", payload, 1, BUTTON_ID)?;
                ("quick_reply", json!({ "type": "payload", "payload": payload }))
            }
            TemplateButton::UrlSuffix(suffix) => ("url", json!({ "type": "text", "text": value(suffix)? })),
        };
        components.push(json!({
            "type": "button", "sub_type": sub_type, "index": index.to_string(), "parameters": [parameter],
        }));
    }
    let mut template = json!({ "name": name, "language": { "code": language } });
    if !components.is_empty() {
        template["components"] = components.into();
    }
    Ok(template)
}

/// A template's value: never empty, and on one line (§6.1: no line breaks in template parameters).
fn value(text: &str) -> Result<String, SendFailure> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() || line.chars().count() > TEMPLATE_VALUE {
        return Err(SendFailure::Template);
    }
    Ok(line)
}

fn within(what: &str, text: &str, least: usize, most: usize) -> Result<(), SendFailure> {
    let length = text.chars().count();
    if (least..=most).contains(&length) {
        Ok(())
    } else {
        Err(refused(&format!("the {what} has {length} characters, it may have {least} to {most}")))
    }
}

fn count(what: &str, count: usize, most: usize) -> Result<(), SendFailure> {
    if (1..=most).contains(&count) {
        Ok(())
    } else {
        Err(refused(&format!("there are {count} {what}, there may be 1 to {most}")))
    }
}

fn distinct<'a>(what: &str, texts: impl Iterator<Item = &'a String>) -> Result<(), SendFailure> {
    let mut seen = BTreeSet::new();
    for text in texts {
        if !seen.insert(text) {
            return Err(refused(&format!("two {what} are equal")));
        }
    }
    Ok(())
}

fn refused(why: &str) -> SendFailure {
    SendFailure::Other(why.to_owned())
}
