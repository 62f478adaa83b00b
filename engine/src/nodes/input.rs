//! `input` in templates: what the contact sent last.

use serde_json::{Value, json};

use crate::protocol::{Content, Inbound, Media, MediaKind, MediaSource, Object, Place};

/// `text`, `choice`, `media`, `location`, `referral`: those that the message has.
pub(crate) fn facts(message: &Inbound) -> Object {
    let mut input = Object::new();
    let mut set = |name: &str, value: Value| {
        input.insert(name.to_owned(), value);
    };
    match &message.content {
        Content::Text { text } => set("text", Value::from(text.as_str())),
        Content::Tap { title, .. } => set("text", Value::from(title.as_str())),
        Content::TemplateTap { payload, title } => {
            set("text", Value::from(title.as_str()));
            set("choice", Value::from(payload.as_str()));
        }
        Content::Media(media) => {
            if let Some(caption) = &media.caption {
                set("text", Value::from(caption.as_str()));
            }
            set("media", media_value(media));
        }
        Content::Location(place) => set("location", place_value(place)),
        Content::Contacts { people } => {
            let people: Vec<Value> =
                people.iter().map(|person| json!({ "name": person.name, "phones": person.phones })).collect();
            set("contacts", Value::Array(people));
        }
        Content::Reaction { .. } | Content::Other { .. } => {}
    }
    if let Some(referral) = &message.referral {
        let mut facts = Object::new();
        facts.insert("id".to_owned(), Value::from(referral.id.as_str()));
        facts.insert("source".to_owned(), Value::from(referral.source.as_str()));
        for (name, value) in
            [("url", &referral.url), ("headline", &referral.headline), ("body", &referral.body)]
        {
            if let Some(value) = value {
                facts.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        set("referral", Value::Object(facts));
    }
    input
}

/// A media message as a variable: `kind`, `id` or `url`, `mime`, `caption`, `filename`.
pub(crate) fn media_value(media: &Media) -> Value {
    let mut value = Object::new();
    let mut set = |name: &str, text: &str| {
        value.insert(name.to_owned(), Value::from(text));
    };
    set("kind", media_kind(media.media));
    match &media.source {
        MediaSource::Id(id) => set("id", id),
        MediaSource::Url(url) => set("url", url),
    }
    for (name, text) in [("mime", &media.mime), ("caption", &media.caption), ("filename", &media.filename)] {
        if let Some(text) = text {
            set(name, text);
        }
    }
    Value::Object(value)
}

/// A kind of media as flows see it.
pub(crate) fn media_kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
    }
}

/// A place as a variable: `latitude`, `longitude`, `name`, `address`.
pub(crate) fn place_value(place: &Place) -> Value {
    let mut value = Object::new();
    value.insert("latitude".to_owned(), Value::from(place.latitude));
    value.insert("longitude".to_owned(), Value::from(place.longitude));
    for (name, text) in [("name", &place.name), ("address", &place.address)] {
        if let Some(text) = text {
            value.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    Value::Object(value)
}
