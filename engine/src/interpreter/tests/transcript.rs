//! What a turn did, in lines that a person can read and judge.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::protocol::{Choice, Due, EffectKind, Event, HttpRequest, Message, TimerChange, Turn};
use crate::session::Session;

/// The lines of a turn: the way taken, what was said and asked, timers, the contact, and where it stands.
pub(super) fn lines(session: &Session, turn: &Turn, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    let mut way = String::new();
    for event in &turn.events {
        match event {
            Event::NodeEntered { node, .. } => way.push_str(&format!("> {node} ")),
            Event::PortTaken { port, .. } => way.push_str(&format!("-{port}")),
            Event::WaitBegan { .. } | Event::SessionStarted { .. } => {}
            Event::Answered { how, .. } => way.push_str(&format!("(answered {how}) ")),
            Event::AnswerInvalid { reason, attempt, .. } => {
                way.push_str(&format!("(invalid: {reason}, attempt {attempt}) "));
            }
            Event::NotPlayed { reason } => way.push_str(&format!("(not played: {}) ", word(&json!(reason)))),
            Event::Interrupted { flow, index } => way.push_str(&format!("| interrupt {flow}/{index} ")),
            Event::Trouble(trouble) => way.push_str(&format!(
                "| trouble {} at {}/{}: {} ",
                trouble.code.as_str(),
                trouble.flow,
                trouble.node,
                trouble.detail
            )),
            Event::FlowEntered { flow } => way.push_str(&format!("[call {flow} ")),
            Event::FlowEnded { flow, outcome } => way.push_str(&format!("{flow} ends {outcome}] ")),
            Event::WentTo { flow } => way.push_str(&format!("[goto {flow}] ")),
            Event::ResultTooLate { wait } => way.push_str(&format!("(result too late for {wait}) ")),
            Event::SessionEnded { outcome } => way.push_str(&format!("| session ends {outcome} ")),
        }
    }
    if !way.is_empty() {
        lines.push(format!("way: {}", way.trim_end().trim_start_matches("> ")));
    }
    lines.extend(turn.effects.iter().map(|effect| asked(&effect.kind)));
    lines.extend(turn.contact.iter().map(|change| format!("contact: {}", json!(change))));
    lines.extend(turn.timers.iter().map(|change| timer(change, now)));
    if session.is_ended() {
        return lines.into_iter().map(shortened).collect();
    }
    let place: Vec<String> = session.place().iter().map(|(flow, node)| format!("{flow}/{node}")).collect();
    lines.push(format!("at: {} {:?}", place.join(" > "), session.hearing()));
    if let Some(variables) = session.variables().filter(|variables| !variables.is_empty()) {
        lines.push(format!("vars: {}", Value::Object(variables.clone())));
    }
    lines.into_iter().map(shortened).collect()
}

/// A line that nobody would read to its end loses its middle.
fn shortened(line: String) -> String {
    const ENDS: usize = 180;
    let length = line.chars().count();
    if length <= 2 * ENDS {
        return line;
    }
    let (start, end): (String, String) =
        (line.chars().take(ENDS).collect(), line.chars().skip(length - ENDS).collect());
    format!("{start} … {} more … {end}", length - 2 * ENDS)
}

fn asked(effect: &EffectKind) -> String {
    match effect {
        EffectKind::SendMessage { message } => said(message),
        EffectKind::CallHttp { request } => called(request),
        EffectKind::OpenHandoff { handoff } => format!("handoff: {}", json!(handoff)),
        EffectKind::OpenTicket { ticket } => format!("ticket: {}", json!(ticket)),
        EffectKind::Notify { queue, desk, text } => {
            let whom = queue.as_ref().map(|queue| queue.as_str()).or(desk.as_ref().map(|desk| desk.as_str()));
            format!("notify {}: {text}", whom.unwrap_or("nobody"))
        }
        EffectKind::SendEmail { .. } => format!("email: {}", json!(effect)),
    }
}

fn said(message: &Message) -> String {
    let titles = |choices: &[Choice]| {
        let written = |choice: &Choice| match &choice.description {
            Some(description) => format!("{} ({description})", choice.title),
            None => choice.title.clone(),
        };
        choices.iter().map(written).collect::<Vec<_>>().join(" | ")
    };
    match message {
        Message::Text { text } => format!("say: {text}"),
        Message::Buttons { text, buttons } => format!("buttons: {text} [{}]", titles(buttons)),
        Message::List { text, button, rows } => format!("list: {text} <{button}> [{}]", titles(rows)),
        Message::Link { text, title, url } => format!("link: {text} [{title}] {url}"),
        Message::LocationRequest { text } => format!("ask for location: {text}"),
        Message::PhoneRequest { text } => format!("ask for phone: {text}"),
        Message::Media { .. } | Message::Location { .. } | Message::Template { .. } => {
            format!("send: {}", json!(message))
        }
    }
}

fn called(request: &HttpRequest) -> String {
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut line = format!("http: {} {}", request.method.as_str(), request.path);
    if !query.is_empty() {
        line.push_str(&format!("?{}", query.join("&")));
    }
    if let Some(body) = &request.body {
        line.push_str(&format!(" {body}"));
    }
    for (name, value) in &request.headers {
        line.push_str(&format!(" {name}: {value}"));
    }
    if let Some(key) = &request.idempotency_key {
        line.push_str(&format!(" key {key}"));
    }
    if let Some(retry) = &request.retry {
        line.push_str(&format!(" retry {}x{}ms", retry.attempts, retry.wait_ms));
    }
    format!("{line} within {}ms", request.timeout_ms)
}

fn timer(change: &TimerChange, now: Timestamp) -> String {
    match change {
        TimerChange::Arm(timer) => {
            let due = match &timer.due {
                Due::At(moment) => format!("in {}", moment.duration_since(now)),
                Due::AfterAccepted { ms, .. } => {
                    format!("{} after the question is seen", SignedDuration::from_millis(*ms))
                }
            };
            format!("timer: {} {due}", word(&json!(timer.kind)))
        }
        TimerChange::Disarm { kind, .. } => format!("timer: {} off", word(&json!(kind))),
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A case file as people like to read it: what is short stands on one line.
pub(super) fn layout(file: &Value) -> String {
    let mut out = String::new();
    write(&mut out, file, 0);
    out.push('\n');
    out
}

fn write(out: &mut String, value: &Value, indent: usize) {
    const WIDTH: usize = 110;
    let short = one_line(value);
    if indent > 0 && indent + short.chars().count() <= WIDTH {
        out.push_str(&short);
        return;
    }
    let pad = " ".repeat(indent + 2);
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ",\n" } else { "\n" });
                out.push_str(&pad);
                write(out, item, indent + 2);
            }
            out.push_str(&format!("\n{}]", " ".repeat(indent)));
        }
        Value::Object(members) if !members.is_empty() => {
            out.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                out.push_str(if at > 0 { ",\n" } else { "\n" });
                out.push_str(&format!("{pad}{}: ", Value::from(name.as_str())));
                write(out, member, indent + 2);
            }
            out.push_str(&format!("\n{}}}", " ".repeat(indent)));
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => out.push_str(&short),
    }
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => {
            format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) if !members.is_empty() => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), one_line(value))
            };
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => value.to_string(),
    }
}
