//! Which flow gets a message.

use serde_json::{Value, json};

use super::refusals::{begin, library, said};
use crate::flow::{Flow, Library};
use crate::protocol::{Content, Inbound, Origin, Project, Referral};
use crate::session::Session;
use crate::{Route, route};

fn flows() -> Library {
    let flow = |id: &str, triggers: Value| {
        let document = json!({
            "format": 1, "flow": id, "title": id, "start": "fim", "triggers": triggers,
            "nodes": { "fim": { "type": "end", "outcome": "ok" } }
        });
        Flow::parse(&document.to_string()).expect("a flow")
    };
    Library::new([
        flow("confirma", json!([{ "when": "message", "keywords": ["confirmar"] }])),
        flow("anuncio", json!([{ "when": "ad" }])),
        flow("menu", json!([{ "when": "default" }])),
    ])
}

fn routed(message: &Inbound, session: Option<&Session>) -> Route {
    let project = Project { stale_tap_text: Some("Este botão expirou.".to_owned()), ..Project::default() };
    route(&flows(), &project, "whatsapp", message, session)
}

fn message(content: Content) -> Inbound {
    Inbound { content, ..said("") }
}

fn starts(flow: &str, origin: Origin) -> Route {
    Route::Start { flow: flow.into(), origin }
}

#[test]
fn an_open_session_comes_before_keywords() {
    let asks = json!({ "q": { "type": "ask", "text": "x", "answer": { "type": "text" }, "next": "q" } });
    assert_eq!(routed(&said("confirmar"), Some(&begin(&library(&asks)))), Route::Resume);
    let ended = begin(&library(&json!({ "fim": { "type": "end", "outcome": "ok" } })));
    assert_eq!(routed(&said("confirmar"), Some(&ended)), starts("confirma", Origin::Message));
}

#[test]
fn without_a_session_keywords_then_the_default() {
    assert_eq!(routed(&said("Quero CONFIRMAR, por favor"), None), starts("confirma", Origin::Message));
    assert_eq!(routed(&said("oi"), None), starts("menu", Origin::Default));
    let place = json!({ "kind": "location", "latitude": 1.0, "longitude": 2.0 });
    let place = message(serde_json::from_value(place).expect("a content"));
    assert_eq!(routed(&place, None), starts("menu", Origin::Default));
}

#[test]
fn an_advertisement_has_its_flow() {
    let referral =
        Referral { id: "77".to_owned(), source: "ad".to_owned(), url: None, headline: None, body: None };
    let from_ad = Inbound { referral: Some(referral), ..said("oi") };
    assert_eq!(routed(&from_ad, None), starts("anuncio", Origin::Ad));
}

#[test]
fn a_stale_tap_gets_the_projects_text_and_then_the_default() {
    let tap = message(Content::Tap { id: "s0:1/1".to_owned(), title: "Sim".to_owned() });
    let text = Some("Este botão expirou.".to_owned());
    assert_eq!(routed(&tap, None), Route::StaleTap { text, flow: Some("menu".into()) });
}

#[test]
fn a_templates_button_that_no_campaign_claims_is_its_words() {
    let tap = |payload: &str, title: &str| {
        message(Content::TemplateTap { payload: payload.to_owned(), title: title.to_owned() })
    };
    assert_eq!(routed(&tap("x", "Confirmar"), None), starts("confirma", Origin::Message));
    assert_eq!(routed(&tap("confirmar", "Sim"), None), starts("confirma", Origin::Message));
    assert_eq!(routed(&tap("x", "y"), None), starts("menu", Origin::Default));
}

#[test]
fn reactions_and_old_messages_begin_nothing() {
    let reaction = message(Content::Reaction { emoji: Some("👍".to_owned()), to: "m0".to_owned() });
    assert_eq!(routed(&reaction, None), Route::Nothing);
    let mut old = said("confirmar");
    old.written_at -= jiff::SignedDuration::from_hours(25);
    assert_eq!(routed(&old, None), Route::Nothing);
}
