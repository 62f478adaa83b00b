//! The people at the desk: they take what waits, answer, and give it back. All they know they read from the desk's API, so
//! that an answer they lost makes them look again, as a page does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::chance::Chance;
use super::stage::Stage;

/// How an attendant begins; the code of the visit follows, as with the others.
pub(super) const GREETING: &str = "Aqui é da recepção: ";
/// How a patient lets go.
pub(super) const THANKS: &str = "Obrigado: ";
/// How an attendant ends.
pub(super) const FAREWELL: &str = "Até logo: ";
/// What is said of a booking whose outcome nobody knew.
const LOOKED_AT: &str = "Olhei: ";

/// Lines that are looked at: a visit has fewer.
const LINES: u64 = 60;

/// For as long as they are let.
pub(super) async fn attend(stage: Arc<Stage>, name: &'static str) {
    let mut chance = Chance::of(stage.seed, name);
    while !stage.is_hopeless() {
        tokio::time::sleep(chance.millis(40..=160)).await;
        let Ok(Some((200, list))) =
            stage.service.api(name, "GET", "/api/desk/conversations", None, None).await
        else {
            continue;
        };
        let waiting = list["conversations"].as_array().map(Vec::as_slice).unwrap_or_default();
        for conversation in waiting {
            if serve(&stage, name, &mut chance, conversation).await.is_none() {
                break;
            }
        }
    }
}

/// One step with one conversation. `None` when the service gave no answer.
async fn serve(stage: &Stage, name: &str, chance: &mut Chance, conversation: &Value) -> Option<()> {
    let text = |member: &str| conversation[member].as_str().unwrap_or_default();
    let id = text("id");
    let Some((why, code)) = text("summary").split_once(' ') else { return Some(()) };
    if text("mode") == "queued" {
        if chance.percent(60) {
            ask(stage, name, chance, id, "take", &json!({}), None).await?;
        }
        return Some(());
    }
    if text("attendant") != name {
        return Some(());
    }
    let last = conversation["next_line"].as_u64().unwrap_or_default();
    let path = format!("/api/desk/conversations/{id}/lines?after={}", last.saturating_sub(LINES));
    let (_, lines) = stage.service.api(name, "GET", &path, None, None).await.ok()??;
    let lines = lines["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |words: &str| {
        let wanted = format!("{words}{code}");
        let mut texts = lines.iter().flat_map(|line| [&line["message"]["text"], &line["content"]["text"]]);
        texts.any(|text| text.as_str() == Some(&wanted))
    };
    let next = match why {
        "incerta" if has(LOOKED_AT) => None,
        "incerta" => Some(LOOKED_AT),
        _ if has(FAREWELL) => None,
        _ if has(THANKS) => Some(FAREWELL),
        _ if has(GREETING) => return Some(()),
        _ => Some(GREETING),
    };
    match next {
        Some(words) => {
            let said = format!("{words}{code}");
            ask(stage, name, chance, id, "reply", &json!({ "text": said }), Some(&said)).await
        }
        None => ask(stage, name, chance, id, "return", &json!({ "outcome": "ok" }), None).await,
    }
}

/// Asks for something; when no answer comes, sometimes at once again: a key says that it is the same.
async fn ask(
    stage: &Stage,
    name: &str,
    chance: &mut Chance,
    id: &str,
    verb: &str,
    body: &Value,
    key: Option<&str>,
) -> Option<()> {
    let path = format!("/api/desk/conversations/{id}/{verb}");
    // A header is ASCII.
    let key = key.map(|key| key.chars().filter(char::is_ascii_graphic).collect::<String>());
    for _ in 0..chance.within(1..=40) {
        match stage.service.api(name, "POST", &path, Some(body), key.as_deref()).await {
            // What does not fit any more is found out by the next look.
            Ok(Some(_)) => return Some(()),
            Ok(None) => tokio::time::sleep(Duration::from_millis(25)).await,
            Err(error) => {
                stage.kit_failed(&error);
                return None;
            }
        }
    }
    None
}
