//! Measures how fast recorded turns are played again, and how many bytes one takes in the journal, on this machine:
//! `cargo run --release -p fluxo --example replay_rate -- DIRECTORY [CONVERSATIONS]`. Each conversation has ten turns.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use fluxo::releases::{Checked, Disk, Release, Releases};
use fluxo::replay::{Replay, Scope};
use fluxo::store::{
    Account, Address, Backdrop, Commit, ContactRecord, Conversation, Input, JournalEntry, Kept, Mode,
    Options, Prints, Recorded, Revision, SledStore, Store, not_said,
};
use fluxo_engine::ENGINE_VERSION;
use fluxo_engine::check::Language;
use fluxo_engine::ids::{ConversationId, SessionId};
use fluxo_engine::protocol::{
    self, Contact, Content, HttpOutcome, Inbound, Object, Origin, Project, Response, Resume, Trigger, Wake,
    World,
};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const TURNS: u32 = 10;

/// Seven questions, two calls that answer 2 KB each, an end.
fn flow(greeting: &str) -> Value {
    let ask = |text: &str, save: &str, next: &str| {
        json!({ "type": "ask", "text": text, "answer": { "type": "text" }, "save": save, "next": next,
            "no_answer": { "after": "15m", "next": "fim" } })
    };
    let call = |next: &str| {
        json!({ "type": "http", "connection": "rm", "request": { "method": "GET", "path": "/x/{{ a }}" },
            "save": { "lista": "{{ response.body.itens }}" }, "on": { "success": next, "failure": "fim" } })
    };
    json!({
        "format": 1, "flow": "taxa", "title": "Taxa", "start": "a", "triggers": [{ "when": "default" }],
        "variables": { "lista": { "type": "list" } },
        "nodes": {
            "a": ask(greeting, "a", "busca1"), "busca1": call("b"),
            "b": ask("E a data, {{ a }}? Temos {{ lista | length }} horários.", "b", "c"),
            "c": ask("E o convênio, {{ a }}?", "c", "busca2"), "busca2": call("d"),
            "d": ask("E a unidade?", "d", "e"), "e": ask("E o médico?", "e", "f"),
            "f": ask("Confirma {{ b }} {{ c }} {{ d }} {{ e }}?", "f", "g"),
            "g": ask("Algo mais?", "g", "fim"),
            "fim": { "type": "end", "outcome": "ok", "text": "Até logo, {{ a | default('você') }}." }
        }
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let directory = arguments.next().map_or_else(|| PathBuf::from("replay_rate"), PathBuf::from);
    let count = arguments.next().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(10_000u32);
    anyhow::ensure!(!directory.exists(), "{} is there already", directory.display());
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&directory, &Options::default()).await?);
    let project = Project { connections: ["rm".into()].into(), ..Project::default() };
    let checked = Arc::new(Checked { project, language: Language::Portuguese });
    let documents = |greeting: &str| vec![("taxa.json".to_owned(), flow(greeting).to_string())];
    let disk = Disk { flows: documents("Qual é o seu nome?"), tests: Vec::new() };
    let opened = Releases::open(Arc::clone(&store), checked, &disk, Timestamp::now(), true).await;
    let releases = Arc::new(opened.map_err(|error| anyhow::anyhow!("{error:?}"))?);

    let began = Instant::now();
    let release = releases.current();
    let bytes = futures_util::stream::iter(0..count)
        .map(|number| record(&*store, &*release, number))
        .buffer_unordered(128)
        .fold(Ok(0), async |sum: anyhow::Result<usize>, bytes| Ok(sum? + bytes?))
        .await?;
    let turns = u64::from(count) * u64::from(TURNS);
    let each = bytes as u64 / turns;
    eprintln!(
        "{turns} turns recorded in {:?}, {each} bytes of input and output as JSON each",
        began.elapsed()
    );

    let replay = Arc::new(Replay::new(Arc::clone(&store), Arc::clone(&releases)));
    for _ in 0..2 {
        let began = Instant::now();
        let Some(again) = replay.all(Scope::default(), |_| true).await? else { continue };
        anyhow::ensure!(again.equal == turns && again.differ == 0, "{again:?}");
        eprintln!("{} turns again on their own release in {:?}", again.equal, began.elapsed());
    }
    let other = releases.unpublished(&documents("Como você se chama?")).map_err(anyhow::Error::msg)?;
    let began = Instant::now();
    if let Some(other) = replay.all_with(other, Scope::default(), |_| true).await? {
        anyhow::ensure!(other.words == u64::from(count), "{other:?}");
        eprintln!("{} turns on another release in {:?}", other.turns, began.elapsed());
    }
    drop((replay, releases, release, store));
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

fn inbound(id: String, now: Timestamp, text: &str) -> Inbound {
    Inbound {
        id,
        written_at: now,
        received_at: now,
        content: Content::Text { text: text.to_owned() },
        quoted: None,
        referral: None,
    }
}

/// One conversation, from its first message to its end; answers how long its entries are as JSON.
async fn record(store: &dyn Store, release: &dyn Release, number: u32) -> anyhow::Result<usize> {
    let id = ConversationId(format!("c{number:027}"));
    let session = SessionId(format!("{id}.1"));
    let account = Account { channel: "whatsapp".to_owned(), id: "106540352242922".to_owned() };
    let phone = format!("55119{number:08}");
    let address = Address { phone: Some(phone.clone()), ..Address::default() };
    let mut contact = Contact::new(format!("p{number}").into());
    contact.phone = Some(format!("+{phone}"));
    contact
        .fields
        .insert("convenio".to_owned(), json!({ "codigo": "12", "nome": "Particular", "plano": "Ouro" }));
    let record = ContactRecord {
        revision: 0,
        contact: contact.clone(),
        addresses: vec![(account.clone(), address.clone())],
        conversations: vec![(account.clone(), id.clone())],
    };
    let backdrop = Backdrop {
        release: release.id().clone(),
        engine: ENGINE_VERSION,
        epoch: store.epoch(),
        channel: account.channel.clone(),
        limits: Default::default(),
        open_queues: Default::default(),
        project: Project { connections: ["rm".into()].into(), ..Project::default() },
    };
    let project = Arc::new(backdrop.project.clone());
    let name = backdrop.id();
    if number == 0 {
        store.keep_backdrop(name, &backdrop).await?;
    }
    let mut conversation = Conversation {
        id: id.clone(),
        contact: contact.id.clone(),
        account,
        address,
        mode: Mode::Bot,
        session: None,
        session_id: Some(session.clone()),
        release: Some(release.id().clone()),
        sessions: 1,
        asked: None,
        last_inbound: None,
        last_message: None,
        journaled: None,
        closing: false,
        next_line: 0,
    };
    let mut now: Timestamp = "2026-11-21T12:00:00Z".parse()?;
    let mut bytes = 0;
    let mut effect = None;
    for turn in 1..=TURNS {
        now += SignedDuration::from_secs(7);
        let world = World {
            now,
            epoch: backdrop.epoch,
            contact: contact.clone(),
            conversation: protocol::Conversation {
                id: id.clone(),
                channel: backdrop.channel.clone(),
                window_open: true,
                limits: backdrop.limits.clone(),
            },
            open_queues: backdrop.open_queues.clone(),
            project: Arc::clone(&project),
        };
        let message = inbound(format!("m.{number}.{turn}"), now, "Ana Lima dos Santos");
        let (played, input) = match (&conversation.session, effect.take()) {
            (None, _) => {
                let (origin, inputs) = (Origin::Default, Object::new());
                let flow = fluxo_engine::ids::FlowId::from("taxa");
                let message = Some(message);
                let trigger = Trigger { session: session.clone(), world, flow, origin, message, inputs };
                let played = release.start(&trigger)?;
                let Trigger { flow, origin, message, inputs, .. } = trigger;
                (played, Input::Start { flow, origin, message, inputs })
            }
            (Some(stored), asked) => {
                let wake = match asked {
                    None => Wake::Message { message, asked_at: Some(now) },
                    Some((wait, effect)) => Wake::Http { wait, effect, outcome: answer() },
                };
                let resume = Resume { world, wake };
                (release.resume(stored, &resume)?, Input::Wake(resume.wake))
            }
        };
        effect =
            played.turn.effects.iter().find_map(|effect| Some((effect.wait.clone()?, effect.id.clone())));
        effect = effect.filter(|_| played.standing.hearing == fluxo::releases::Hearing::Held);
        let recorded = Recorded {
            backdrop: name,
            input,
            contact: (turn == 1).then(|| contact.clone()),
            window_open: true,
            prints: Prints::of(&played.session, &played.turn),
            asked: not_said(&played.turn.effects),
        };
        bytes += serde_json::to_vec(&recorded.input)?.len() + serde_json::to_vec(&played.turn)?.len();
        let ended = played.turn.ended.is_some();
        anyhow::ensure!(ended == (turn == TURNS), "turn {turn} is not as long as the flow");
        conversation.session = (!ended).then_some(played.session);
        let mut commit = Commit::of(Revision(u64::from(turn) - 1), conversation.clone());
        commit.contacts = if turn == 1 { vec![record.clone()] } else { Vec::new() };
        commit.journal = Some(JournalEntry {
            at: now,
            session: session.clone(),
            turn,
            events: played.turn.events,
            kept: Kept::Whole(Box::new(recorded)),
        });
        store.commit(commit).await?;
    }
    Ok(bytes)
}

/// Some 2 KB, as RM answers.
fn answer() -> HttpOutcome {
    let item = |n: u32| json!({ "id": n, "data": "2026-12-01", "hora": "08:30", "medico": "Dra. Helena Prado", "unidade": 3 });
    let body = json!({ "itens": (0..20).map(item).collect::<Vec<_>>() });
    HttpOutcome::Response(Response { status: 200, headers: Default::default(), body, error: None })
}
