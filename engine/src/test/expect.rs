//! Compares what is with what a test expects.

use super::document::{Expect, When};
use super::mocks::{contains, in_words};
use super::{Failure, Mocks, Player, Said};
use crate::protocol::{Choice, Event, Message};

type Checked = Result<(), Failure>;

/// All that an expectation says, first what the contact sees.
pub(super) fn check(expect: &Expect, player: &Player<'_>, mocks: &Mocks) -> Checked {
    trouble(expect, player)?;
    texts(expect, player)?;
    menu(expect, player)?;
    template(expect, player)?;
    request(expect.http.as_ref(), mocks)?;
    desk(expect, player)?;
    end(expect, player)?;
    node(expect, player)?;
    variables(expect, player)?;
    tags(expect, player)
}

fn fail(pt: String, en: String) -> Checked {
    Err(Failure::new(pt, en))
}

fn words(said: &[Said]) -> String {
    if said.is_empty() {
        return "—".to_owned();
    }
    said.iter().map(Said::in_words).collect::<Vec<_>>().join(" ⏎ ")
}

/// Trouble that nobody expected is the first thing to hear of.
fn trouble(expect: &Expect, player: &Player<'_>) -> Checked {
    let met: Vec<_> = player
        .fresh_events()
        .iter()
        .filter_map(|event| if let Event::Trouble(trouble) = event { Some(trouble) } else { None })
        .collect();
    match (&expect.trouble, met.first()) {
        (Some(code), _) if !met.iter().any(|trouble| trouble.code.as_str() == code) => {
            let found: Vec<_> = met.iter().map(|trouble| trouble.code.as_str()).collect();
            fail(
                format!("esperava o problema {code:?}; houve: {found:?}"),
                format!("expected trouble {code:?}; there was: {found:?}"),
            )
        }
        (Some(_), _) | (None, None) => Ok(()),
        (None, Some(trouble)) => fail(
            format!(
                "houve um problema não esperado: {} no nó {}.{} ({})",
                trouble.code.as_str(),
                trouble.flow,
                trouble.node,
                trouble.detail
            ),
            format!(
                "there was trouble nobody expected: {} at node {}.{} ({})",
                trouble.code.as_str(),
                trouble.flow,
                trouble.node,
                trouble.detail
            ),
        ),
    }
}

fn texts(expect: &Expect, player: &Player<'_>) -> Checked {
    let said: Vec<String> = player.said().iter().map(Said::in_words).collect();
    for text in &expect.text.0 {
        if !said.iter().any(|line| line.contains(text)) {
            let all = words(player.said());
            return fail(
                format!("esperava o texto {text:?}; foi dito: {all}"),
                format!("expected the text {text:?}; what was said: {all}"),
            );
        }
    }
    for text in &expect.no_text.0 {
        if let Some(line) = said.iter().find(|line| line.contains(text)) {
            return fail(
                format!("não esperava o texto {text:?}; foi dito: {line}"),
                format!("did not expect the text {text:?}; what was said: {line}"),
            );
        }
    }
    if expect.silence && !said.is_empty() {
        let all = words(player.said());
        return fail(
            format!("esperava silêncio; foi dito: {all}"),
            format!("expected silence; what was said: {all}"),
        );
    }
    Ok(())
}

fn menu(expect: &Expect, player: &Player<'_>) -> Checked {
    if expect.menu.0.is_empty() {
        return Ok(());
    }
    let offered: Vec<&Choice> = player
        .said()
        .iter()
        .flat_map(|said| match &said.message {
            Message::Buttons { buttons: choices, .. } | Message::List { rows: choices, .. } => {
                choices.as_slice()
            }
            Message::Text { .. }
            | Message::Media { .. }
            | Message::Location { .. }
            | Message::Link { .. }
            | Message::Template { .. }
            | Message::LocationRequest { .. }
            | Message::PhoneRequest { .. } => &[],
        })
        .collect();
    for option in &expect.menu.0 {
        let wire = player.session().and_then(|session| session.wire_id(option));
        let there = offered.iter().any(|choice| choice.title == *option || Some(&choice.id) == wire.as_ref());
        if !there {
            let titles: Vec<_> = offered.iter().map(|choice| choice.title.as_str()).collect();
            return fail(
                format!("esperava a opção {option:?}; opções: {titles:?}"),
                format!("expected the option {option:?}; options: {titles:?}"),
            );
        }
    }
    Ok(())
}

fn template(expect: &Expect, player: &Player<'_>) -> Checked {
    let Some(wanted) = &expect.template else { return Ok(()) };
    let sent = player
        .said()
        .iter()
        .any(|said| matches!(&said.message, Message::Template { name, .. } if name == wanted));
    if sent {
        return Ok(());
    }
    let all = words(player.said());
    fail(
        format!("esperava o template {wanted:?}; foi dito: {all}"),
        format!("expected the template {wanted:?}; what was said: {all}"),
    )
}

fn request(wanted: Option<&When>, mocks: &Mocks) -> Checked {
    let Some(wanted) = wanted else { return Ok(()) };
    if mocks.requests().iter().any(|request| wanted.fits(request)) {
        return Ok(());
    }
    let made: Vec<String> = mocks.requests().iter().map(in_words).collect();
    fail(
        format!("a chamada esperada não foi feita; chamadas: {made:?}"),
        format!("the expected request was not made; requests: {made:?}"),
    )
}

fn desk(expect: &Expect, player: &Player<'_>) -> Checked {
    if let Some(queue) = &expect.handoff {
        let queues: Vec<&str> = player.handoffs().map(|handoff| handoff.queue.as_str()).collect();
        if !queues.contains(&queue.as_str()) {
            return fail(
                format!("esperava entregar à fila {queue:?}; entregou a: {queues:?}"),
                format!("expected a handoff to queue {queue:?}; handed to: {queues:?}"),
            );
        }
    }
    if let Some(part) = &expect.ticket {
        let tickets: Vec<_> =
            player.tickets().iter().filter_map(|ticket| serde_json::to_value(ticket).ok()).collect();
        if !tickets.iter().any(|ticket| contains(ticket, part)) {
            return fail(
                format!("esperava abrir o chamado {part}; abertos: {tickets:?}"),
                format!("expected the ticket {part}; opened: {tickets:?}"),
            );
        }
    }
    if let Some(text) = &expect.notify
        && !player.notices().iter().any(|notice| notice.contains(text))
    {
        let notices = player.notices();
        return fail(
            format!("esperava avisar a equipe: {text:?}; avisos: {notices:?}"),
            format!("expected the staff to be told {text:?}; told: {notices:?}"),
        );
    }
    Ok(())
}

fn end(expect: &Expect, player: &Player<'_>) -> Checked {
    let Some(outcome) = &expect.end else { return Ok(()) };
    // A session that ended and was followed by another still ended.
    let ended = player
        .fresh_events()
        .iter()
        .any(|event| matches!(event, Event::SessionEnded { outcome: with } if with == outcome));
    let last = player.session().and_then(|session| session.outcome());
    if ended || last == Some(outcome) {
        return Ok(());
    }
    let place = place(player);
    fail(
        format!("esperava o fim {outcome:?}; a conversa está em {place}"),
        format!("expected the end {outcome:?}; the conversation is at {place}"),
    )
}

fn node(expect: &Expect, player: &Player<'_>) -> Checked {
    let Some(wanted) = &expect.node else { return Ok(()) };
    let fits = player.session().filter(|session| !session.is_ended()).is_some_and(|session| {
        session.place().last().is_some_and(|(flow, node)| {
            node.as_str() == wanted || wanted.split_once('.') == Some((flow.as_str(), node.as_str()))
        })
    });
    if fits {
        return Ok(());
    }
    let place = place(player);
    fail(
        format!("esperava estar no nó {wanted:?}; a conversa está em {place}"),
        format!("expected to be at node {wanted:?}; the conversation is at {place}"),
    )
}

fn variables(expect: &Expect, player: &Player<'_>) -> Checked {
    let found = player.session().and_then(|session| session.variables());
    for (name, wanted) in &expect.vars {
        let value = found.and_then(|variables| variables.get(name)).unwrap_or(&serde_json::Value::Null);
        if !contains(value, wanted) {
            return fail(
                format!("esperava {name} = {wanted}; é {value}"),
                format!("expected {name} = {wanted}; it is {value}"),
            );
        }
    }
    Ok(())
}

fn tags(expect: &Expect, player: &Player<'_>) -> Checked {
    let tags = &player.contact().tags;
    match expect.tags.iter().find(|tag| !tags.contains(*tag)) {
        None => Ok(()),
        Some(tag) => fail(
            format!("esperava a etiqueta {tag:?}; há: {tags:?}"),
            format!("expected the tag {tag:?}; there are: {tags:?}"),
        ),
    }
}

fn place(player: &Player<'_>) -> String {
    let Some(session) = player.session() else { return "—".to_owned() };
    if let Some(outcome) = session.outcome() {
        return format!("fim {outcome:?}");
    }
    session.place().last().map_or_else(|| "—".to_owned(), |(flow, node)| format!("{flow}.{node}"))
}
