//! The limits of each message type (whatsapp-cloud.md §6.1), and what the phone shows of a message that keeps them.

use std::collections::HashSet;

use serde_json::Value;

use super::{error::GraphError, media};
use crate::phone::entry::{Choice, Entry};

type Checked = Result<(), GraphError>;

/// Checks a message's content and writes what is to be seen of it into the entry. Templates are checked elsewhere.
pub(crate) fn check(kind: &str, message: &Value, entry: &mut Entry) -> Checked {
    let content = &message[kind];
    if content.is_null() {
        return Err(GraphError::missing(kind));
    }
    match kind {
        "text" => {
            let body = text(content, "body", "text['body']", 4096)?;
            entry.text = Some(body);
            Ok(())
        }
        "image" | "video" | "audio" | "document" | "sticker" => check_media(kind, content, entry),
        "location" => check_location(content, entry),
        "contacts" => check_contacts(content, entry),
        "reaction" => {
            present(content, "message_id", "reaction['message_id']")?;
            content["emoji"].as_str().ok_or_else(|| GraphError::missing("reaction['emoji']")).map(|_| ())
        }
        "interactive" => check_interactive(content, entry),
        _ => Err(GraphError::new(400, 131_051, "Unsupported message type")
            .details(format!("Message type '{kind}' is not currently supported."))),
    }
}

fn check_media(kind: &str, content: &Value, entry: &mut Entry) -> Checked {
    match (content["id"].as_str(), content["link"].as_str()) {
        (None, None) => return Err(GraphError::missing(&format!("{kind}['id'] or {kind}['link']"))),
        (Some(_), Some(_)) => {
            return Err(GraphError::parameter("Invalid parameter")
                .details(format!("{kind}: only one of 'id' and 'link' may be given")));
        }
        (None, Some(link)) if !link.starts_with("http://") && !link.starts_with("https://") => {
            return Err(GraphError::invalid(&format!("{kind}['link']"), "must be a valid URL"));
        }
        (Some(_), None) | (None, Some(_)) => {}
    }
    if !content["caption"].is_null() {
        if matches!(kind, "audio" | "sticker") {
            return Err(GraphError::parameter(format!("Unexpected key \"caption\" on param \"{kind}\"")));
        }
        text(content, "caption", &format!("{kind}['caption']"), 1024)?;
    }
    entry.media = Some(media::shown(kind, content));
    Ok(())
}

fn check_location(content: &Value, entry: &mut Entry) -> Checked {
    for (name, most) in [("latitude", 90.0), ("longitude", 180.0)] {
        let value = &content[name];
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        let field = format!("location['{name}']");
        let number = number.ok_or_else(|| GraphError::missing(&field))?;
        if !(-most..=most).contains(&number) {
            return Err(GraphError::invalid(&field, format_args!("must be between -{most} and {most}")));
        }
    }
    entry.location = Some(content.clone());
    Ok(())
}

fn check_contacts(content: &Value, entry: &mut Entry) -> Checked {
    let list = content.as_array().ok_or_else(|| GraphError::invalid("contacts", "must be an array"))?;
    if list.is_empty() || list.len() > 257 {
        return Err(GraphError::invalid("contacts", "must have between 1 and 257 elements"));
    }
    let mut names = Vec::new();
    for (at, contact) in list.iter().enumerate() {
        let name = &contact["name"];
        let formatted =
            text(name, "formatted_name", &format!("contacts[{at}]['name']['formatted_name']"), 1024)?;
        let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !parts.iter().any(|part| name[*part].as_str().is_some_and(|text| !text.is_empty())) {
            return Err(GraphError::missing(&format!("contacts[{at}]['name']['first_name']")));
        }
        names.push(formatted);
    }
    entry.text = Some(names.join(", "));
    Ok(())
}

fn check_interactive(content: &Value, entry: &mut Entry) -> Checked {
    let kind = content["type"].as_str().ok_or_else(|| GraphError::missing("interactive['type']"))?;
    kind.clone_into(&mut entry.kind);
    let longest = if kind == "list" { 4096 } else { 1024 };
    entry.text = Some(text(&content["body"], "text", "interactive['body']['text']", longest)?);
    let bare = matches!(kind, "location_request_message" | "request_contact_info");
    for part in ["header", "footer"] {
        if bare && !content[part].is_null() {
            return Err(GraphError::parameter(format!("Unexpected key \"{part}\" on param \"interactive\"")));
        }
    }
    check_header(kind, &content["header"], entry)?;
    if !content["footer"].is_null() {
        let footer = line(&content["footer"], "text", "interactive['footer']['text']", 60)?;
        entry.footer = Some(footer);
    }
    let action = &content["action"];
    match kind {
        "button" => check_buttons(action, entry),
        "list" => check_list(action, entry),
        "cta_url" => {
            named(action, "cta_url")?;
            let parameters = &action["parameters"];
            let title =
                line(parameters, "display_text", "interactive['action']['parameters']['display_text']", 20)?;
            let url = text(parameters, "url", "interactive['action']['parameters']['url']", 2000)?;
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err(GraphError::invalid(
                    "interactive['action']['parameters']['url']",
                    "must be a valid URL",
                ));
            }
            entry.buttons = vec![Choice { title, url: Some(url), ..Choice::default() }];
            Ok(())
        }
        "location_request_message" => named(action, "send_location"),
        "request_contact_info" => named(action, "request_contact_info"),
        "flow" => {
            named(action, "flow")?;
            let title = line(
                &action["parameters"],
                "flow_cta",
                "interactive['action']['parameters']['flow_cta']",
                20,
            )?;
            entry.buttons = vec![Choice { title, url: Some(String::new()), ..Choice::default() }];
            Ok(())
        }
        other => Err(GraphError::invalid("interactive['type']", format_args!("'{other}' is not a type"))),
    }
}

fn check_header(kind: &str, header: &Value, entry: &mut Entry) -> Checked {
    if header.is_null() {
        return Ok(());
    }
    let header_kind =
        header["type"].as_str().ok_or_else(|| GraphError::missing("interactive['header']['type']"))?;
    match header_kind {
        "text" => entry.header = Some(line(header, "text", "interactive['header']['text']", 60)?),
        "image" | "video" | "document" if kind != "list" => {
            check_media(header_kind, &header[header_kind], entry)?
        }
        other => {
            return Err(GraphError::invalid(
                "interactive['header']['type']",
                format_args!("'{other}' is not possible here"),
            ));
        }
    }
    Ok(())
}

fn check_buttons(action: &Value, entry: &mut Entry) -> Checked {
    let field = "interactive['action']['buttons']";
    let buttons = action["buttons"].as_array().ok_or_else(|| GraphError::missing(field))?;
    if buttons.is_empty() || buttons.len() > 3 {
        return Err(GraphError::invalid(
            field,
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
        ));
    }
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for (at, button) in buttons.iter().enumerate() {
        let place = format!("{field}[{at}]");
        if button["type"] != "reply" {
            return Err(GraphError::invalid(&format!("{place}['type']"), "must be 'reply'"));
        }
        let id = text(&button["reply"], "id", &format!("{place}['reply']['id']"), 256)?;
        let title = line(&button["reply"], "title", &format!("{place}['reply']['title']"), 20)?;
        if !ids.insert(id.clone()) {
            return Err(GraphError::invalid(&format!("{place}['reply']['id']"), "Duplicated button id"));
        }
        if !titles.insert(title.clone()) {
            return Err(GraphError::invalid(
                &format!("{place}['reply']['title']"),
                "Duplicated button title",
            ));
        }
        entry.buttons.push(Choice { id, title, ..Choice::default() });
    }
    Ok(())
}

fn check_list(action: &Value, entry: &mut Entry) -> Checked {
    entry.list_button = Some(line(action, "button", "interactive['action']['button']", 20)?);
    let field = "interactive['action']['sections']";
    let sections = action["sections"].as_array().ok_or_else(|| GraphError::missing(field))?;
    if sections.is_empty() || sections.len() > 10 {
        return Err(GraphError::invalid(field, "Min allowed sections: 1, Max allowed sections: 10"));
    }
    let mut ids = HashSet::new();
    for (at, section) in sections.iter().enumerate() {
        let place = format!("{field}[{at}]");
        let title = if section["title"].is_null() && sections.len() == 1 {
            None
        } else {
            Some(line(section, "title", &format!("{place}['title']"), 24)?)
        };
        let rows =
            section["rows"].as_array().ok_or_else(|| GraphError::missing(&format!("{place}['rows']")))?;
        if rows.is_empty() {
            return Err(GraphError::invalid(&format!("{place}['rows']"), "Min allowed rows: 1"));
        }
        for (number, row) in rows.iter().enumerate() {
            let place = format!("{place}['rows'][{number}]");
            let id = text(row, "id", &format!("{place}['id']"), 200)?;
            if !ids.insert(id.clone()) {
                return Err(GraphError::invalid(&format!("{place}['id']"), "Duplicated row id"));
            }
            let described = Some(&row["description"]).filter(|description| !description.is_null());
            let description = described
                .map(|_| text(row, "description", &format!("{place}['description']"), 72))
                .transpose()?;
            let row_title = line(row, "title", &format!("{place}['title']"), 24)?;
            entry.rows.push(Choice { id, title: row_title, description, section: title.clone(), url: None });
        }
    }
    if entry.rows.len() > 10 {
        return Err(GraphError::invalid(field, "Total row count exceed max allowed count: 10"));
    }
    Ok(())
}

fn named(action: &Value, name: &str) -> Checked {
    if action["name"] == name {
        return Ok(());
    }
    Err(GraphError::invalid("interactive['action']['name']", format_args!("must be '{name}'")))
}

fn present<'a>(object: &'a Value, name: &str, field: &str) -> Result<&'a str, GraphError> {
    object[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| GraphError::missing(field))
}

/// A required text of at most so many characters.
fn text(object: &Value, name: &str, field: &str, longest: usize) -> Result<String, GraphError> {
    let text = present(object, name, field)?;
    if text.trim().is_empty() {
        return Err(GraphError::invalid(field, "must not be blank"));
    }
    if text.chars().count() > longest {
        return Err(GraphError::invalid(
            field,
            format_args!("length invalid. Min length: 1, Max length: {longest}"),
        ));
    }
    Ok(text.to_owned())
}

/// The same, without line breaks.
fn line(object: &Value, name: &str, field: &str, longest: usize) -> Result<String, GraphError> {
    let line = text(object, name, field, longest)?;
    if line.contains(['\n', '\r']) {
        return Err(GraphError::invalid(field, "must not contain new-line characters"));
    }
    Ok(line)
}
