//! Two hundred contacts write in bursts while RM and WhatsApp answer slowly and in any order: each conversation goes as that
//! of somebody who was alone and waited for every answer.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Phone, World};

const CONTACTS: usize = 200;

/// How the last thing that is said begins.
const LAST: &str = "Tchau";

/// A patient of the simulated RM who writes.
#[derive(Debug, Clone)]
struct Writer {
    n: usize,
    phone: String,
    cpf: String,
    name: String,
}

impl Writer {
    /// What they write, each with a mark of their own so that a stranger's word would be seen.
    fn words(&self) -> [String; 5] {
        let own = |word: &str| format!("{word}-{:03}", self.n);
        [own("oi"), self.cpf.clone(), own("um"), own("dois"), own("três")]
    }

    /// A text without what is this writer's only. What is another's stays and shows.
    fn normal(&self, text: &str) -> String {
        let mark = format!("-{:03}", self.n);
        text.replace(&self.name, "<name>").replace(&self.cpf, "<cpf>").replace(&mark, "")
    }
}

/// Both sides of a conversation: as the phone has it, and as the service keeps it.
#[derive(Debug, PartialEq, Eq)]
struct Transcript {
    on_the_phone: Vec<String>,
    said: Vec<String>,
    received: Vec<String>,
}

async fn writers(world: &World) -> Vec<Writer> {
    let answer = world
        .client
        .get(format!("{}/rm/api/hcg/v2/patients?companyId=1&pageSize=1000", world.sandbox))
        .basic_auth(&world.options.rm_user, Some(&world.options.rm_password))
        .send()
        .await
        .expect("RM answers");
    let answer: Value = answer.json().await.expect("RM answers in JSON");
    let text = |item: &Value, name: &str| item[name].as_str().map(str::to_owned);
    let mut names = BTreeSet::new();
    let items = answer["items"].as_array().expect("a list of patients").iter();
    let found: Vec<Writer> = items
        .filter_map(|item| Some((text(item, "CPF")?, text(item, "PatientName")?)))
        .filter(|(cpf, name)| cpf.len() == 11 && names.insert(name.clone()))
        .enumerate()
        .map(|(n, (cpf, name))| Writer { n, phone: format!("55119820{n:05}"), cpf, name })
        .collect();
    assert!(found.len() > CONTACTS / 2, "the register has only {} people", found.len());
    found
}

/// The conversation, once its last message is there.
async fn transcript(world: &World, phone: &Phone, writer: &Writer) -> Transcript {
    phone.hears(LAST).await;
    let normal =
        |texts: Vec<String>| -> Vec<String> { texts.iter().map(|text| writer.normal(text)).collect() };
    let id = conversation(&phone.messages().await);
    let (status, lines) = world.api(Method::GET, &format!("/api/desk/conversations/{id}/lines"), None).await;
    assert_eq!(status, 200, "{lines}");
    let lines = lines["lines"].as_array().expect("a list of lines");
    let of = |kind: &str, at: &str| -> Vec<String> {
        let own = lines.iter().filter(|line| line["kind"] == kind);
        own.filter_map(|line| line.pointer(at)?.as_str().map(str::to_owned)).collect()
    };
    Transcript {
        on_the_phone: normal(phone.heard().await),
        said: normal(of("said", "/message/text")),
        received: normal(of("received", "/content/text")),
    }
}

#[tokio::test]
async fn bursts_of_two_hundred_are_played_as_if_each_were_alone() {
    let world = World::with_flows(crate::tidy::root().join("tests/flows/order")).await;
    world.control("settings", json!({ "sent_ms": null, "delivered_ms": null, "read_ms": null })).await;
    let mut people = writers(&world).await;

    // Alone, on a quick world, and waiting for each answer.
    let alone = people.pop().expect("somebody");
    let phone = world.phone(&alone.phone);
    for (word, answer) in alone.words().iter().zip(["CPF?", "Primeira", "Segunda", "Terceira", ""]) {
        phone.say(word).await;
        if !answer.is_empty() {
            phone.hears(answer).await;
        }
    }
    let expected = transcript(&world, &phone, &alone).await;
    assert_eq!(expected.received, ["oi", "<cpf>", "um", "dois", "três"]);
    assert_eq!(expected.said, expected.on_the_phone);
    assert_eq!(expected.said.len(), 7, "{expected:?}");

    world
        .faults(json!([
            { "target": "rm", "fault": { "slow_between_ms": [10, 900], "seed": 3 } },
            { "target": "graph", "body_has": "type", "fault": { "slow_between_ms": [0, 250], "seed": 4 } },
        ]))
        .await;
    // People who are not in the register share a CPF with one who is, and say so with words of their own.
    let mut crowd: Vec<Writer> = people.clone();
    for n in crowd.len()..CONTACTS {
        let twin = people[n % people.len()].clone();
        crowd.push(Writer { n: n + 500, phone: format!("55119830{n:05}"), ..twin });
    }
    let mut talks = JoinSet::new();
    for writer in crowd.clone() {
        let phone = world.phone(&writer.phone);
        talks.spawn(async move {
            for word in writer.words() {
                phone.say_with(&word, json!({ "wait": false, "delay_ms": 0 })).await;
            }
        });
    }
    while let Some(talk) = talks.join_next().await {
        talk.expect("everybody writes");
    }
    assert_eq!(crowd.len(), CONTACTS);
    for writer in &crowd {
        let phone = world.phone(&writer.phone);
        let seen = transcript(&world, &phone, writer).await;
        assert_eq!(seen, expected, "{} was not treated as if alone:\n{}", writer.phone, phone.chat().await);
    }
    let asked = world.rm_requests("GET", "/api/hcg").await;
    let turned_round = asked.windows(2).filter(|pair| ended(&pair[0]) > ended(&pair[1])).count();
    assert!(turned_round > CONTACTS / 2, "answers came back in the order of asking: {turned_round}");
}

/// The service's name of a conversation: the messages it sends carry it.
fn conversation(chat: &[Value]) -> String {
    let key = chat.iter().find_map(|message| message["biz_opaque_callback_data"].as_str());
    let session = key.and_then(|key| key.split(':').nth(1)).expect("a message of the service has a key");
    session.rsplit_once('.').expect("a session names its conversation").0.to_owned()
}

/// When a request of the book was answered, in milliseconds of its day.
fn ended(request: &Value) -> u64 {
    let time = request["time"].as_str().expect("a time");
    let part = |range: std::ops::Range<usize>| -> u64 { time[range].parse().expect("a number") };
    let began = Duration::from_secs(part(11..13) * 3_600 + part(14..16) * 60 + part(17..19));
    u64::try_from(began.as_millis()).expect("a day has few milliseconds")
        + part(20..23)
        + request["took_ms"].as_u64().expect("an answered request")
}
