//! Messages come in: once each, in order, and never lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::Content;

use super::world::{ACCOUNT, Hospital, SECOND, phone};
use crate::channels::Told;
use crate::conversations::play::INBOX;
use crate::foundation::clock::Clock;
use crate::foundation::metrics;
use crate::releases::{Announcement, Disk};
use crate::store::{LineBody, Mode, Occasion, Revision, SendState};

#[tokio::test]
async fn a_usual_message_costs_one_commit() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.here.intake("whatsapp", vec![hospital.told(&ana, "1", "oi")]).await.unwrap();
    let id = hospital.only().await;
    let loaded = hospital.read(&id).await;
    assert_eq!(loaded.revision, Revision(1));
    assert_eq!(loaded.outbox.len(), 1);
    assert_eq!(loaded.contact.contact.name.as_deref(), Some("Ana"));
    assert_eq!(loaded.contact.contact.phone.as_deref(), Some("+5511987654321"));
    assert_eq!(hospital.here.store().journal(&id, 10).await.unwrap().len(), 1);
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"]);
    assert!(hospital.read(&id).await.conversation.asked.unwrap().accepted_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_message_five_times_at_the_same_moment_is_played_once() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    for (round, text) in ["oi", "de novo"].into_iter().enumerate() {
        let told = hospital.told(&ana, text, text);
        let five = (0..5).map(|_| hospital.here.intake("whatsapp", vec![told.clone()]));
        let taken = futures_util::future::try_join_all(five).await.unwrap();
        assert_eq!(taken.iter().map(|sum| sum.messages).sum::<usize>(), 1);
        assert_eq!(taken.iter().map(|sum| sum.duplicates).sum::<usize>(), 4);
        hospital.works().await;
        assert_eq!(hospital.said().len(), round + 1);
    }
    assert_eq!(hospital.said(), ["v1 ouviu oi", "eco de novo"]);
    hospital.only().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_of_thirty_messages_from_ten_people_keeps_each_ones_order() {
    let hospital = Hospital::open().await;
    let told: Vec<Told> = (0..30)
        .map(|n| hospital.told(&phone(&format!("551198765{:04}", n % 10)), &format!("m{n}"), &format!("{n}")))
        .collect();
    let taken = hospital.here.intake("whatsapp", told.clone()).await.unwrap();
    assert_eq!((taken.messages, taken.duplicates), (30, 0));
    hospital.works().await;
    assert_eq!(hospital.all().await.len(), 10);
    for person in 0..10 {
        let to = phone(&format!("551198765{person:04}"));
        let sent = hospital.sent();
        let heard: Vec<_> =
            sent.iter().filter(|(at, _, _)| *at == to).map(|(_, text, _)| text.as_str()).collect();
        let expected =
            [format!("v1 ouviu {person}"), format!("eco {}", person + 10), format!("eco {}", person + 20)];
        assert_eq!(heard, expected);
    }
    let again = hospital.here.intake("whatsapp", told).await.unwrap();
    assert_eq!((again.messages, again.duplicates), (0, 30));
}

#[tokio::test]
async fn what_comes_while_a_call_is_in_flight_is_held_and_then_played_in_order() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    for (id, text) in [("1", "chamar"), ("2", "um"), ("3", "dois")] {
        hospital.here.intake("whatsapp", vec![hospital.told(&ana, id, text)]).await.unwrap();
    }
    let id = hospital.only().await;
    assert_eq!(hospital.read(&id).await.inbox.len(), 2);
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "200", "eco um", "eco dois"]);
    assert_eq!(hospital.read(&id).await.inbox.len(), 0);
    assert_eq!(hospital.line.called.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn held_messages_survive_a_kill() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    for (id, text) in [("1", "chamar"), ("2", "um")] {
        hospital.here.intake("whatsapp", vec![hospital.told(&ana, id, text)]).await.unwrap();
    }
    let hospital = hospital.killed().await;
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "200", "eco um"]);
    let again = hospital.here.intake("whatsapp", vec![hospital.told(&ana, "2", "um")]).await.unwrap();
    assert_eq!(again.duplicates, 1);
}

#[tokio::test]
async fn an_inbox_holds_a_hundred_and_the_rest_is_told_to_the_staff() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.here.intake("whatsapp", vec![hospital.told(&ana, "first", "chamar")]).await.unwrap();
    let many = (0..INBOX + 2).map(|n| hospital.told(&ana, &format!("{n}"), &format!("{n}"))).collect();
    assert_eq!(hospital.here.intake("whatsapp", many).await.unwrap().messages, INBOX + 2);
    let id = hospital.only().await;
    assert_eq!(hospital.read(&id).await.inbox.len(), INBOX);
    assert_eq!(hospital.notices().await.len(), 2);
    let lines = hospital.here.store().lines(&id, 0, 1000).await.unwrap();
    let inbound = lines.iter().filter(|(_, line)| matches!(line.body, LineBody::Inbound(_))).count();
    assert_eq!(inbound, INBOX + 3, "every message stands in the transcript");
}

#[tokio::test]
async fn a_poison_message_goes_to_people_and_its_neighbours_are_not_touched() {
    for poison in ["erro", "panico"] {
        let hospital = Hospital::open().await;
        let (ana, bia) = (phone("5511987654321"), phone("5511987650000"));
        hospital.hears(&ana, "oi").await;
        let batch = vec![
            hospital.told(&bia, "b1", "olá"),
            hospital.told(&ana, "a1", poison),
            hospital.told(&bia, "b2", "tudo bem"),
            hospital.told(&ana, "a2", "alguém aí?"),
        ];
        assert_eq!(hospital.here.intake("whatsapp", batch).await.unwrap().messages, 4);
        hospital.works().await;
        assert_eq!(hospital.said(), ["v1 ouviu oi", "v1 ouviu olá", "eco tudo bem"]);
        let queued = hospital.here.store().with_people(10).await.unwrap();
        assert_eq!(queued.len(), 1);
        assert_eq!(queued[0].address, ana);
        assert!(
            matches!(&queued[0].mode, Mode::Queued { queue, wait: None, .. } if queue.as_str() == "recepcao")
        );
        assert_eq!(
            hospital.notices().await,
            ["The flow failed in this conversation and it was given to people"]
        );
        assert!(hospital.read(&queued[0].id).await.inbox.is_empty());
    }
}

#[tokio::test]
async fn a_damaged_session_goes_to_people() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    let loaded = hospital.read(&id).await;
    let mut damaged = loaded.conversation.clone();
    damaged.session = Some(b"{\"not\":\"a session\"}".to_vec());
    hospital.here.store().commit(crate::store::Commit::of(loaded.revision, damaged)).await.unwrap();
    hospital.hears(&ana, "e agora?").await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"]);
    assert!(matches!(hospital.read(&id).await.conversation.mode, Mode::Queued { .. }));
}

#[tokio::test]
async fn a_message_of_the_day_before_yesterday_is_for_people() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    let told = hospital.told_of(&ana, "old", Content::Text { text: "oi".into() }, SECOND * 25 * 60 * 60);
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    hospital.works().await;
    assert!(hospital.said().is_empty());
    assert_eq!(hospital.notices().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_the_flow_finds_too_old_is_told_to_the_staff() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    hospital.hears(&ana, "velha").await;
    let notices = hospital.notices().await;
    assert!(notices.iter().any(|text| text.contains("24 hours after")), "{notices:?}");
}

#[tokio::test]
async fn a_delivery_for_another_account_is_acknowledged_and_told_once() {
    let hospital = Hospital::open().await;
    let counted = metrics::OTHER_ACCOUNTS.get();
    for account in ["999", "999", "998"] {
        let told = Told::OtherAccount { account: account.to_owned() };
        hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    }
    assert_eq!(metrics::OTHER_ACCOUNTS.get() - counted, 3);
    let told = hospital.here.other_accounts.lock().unwrap().clone();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), ["998", "999"]);
    for n in 0..100 {
        hospital.here.tell_other_account("whatsapp", n.to_string());
    }
    assert!(hospital.here.other_accounts.lock().unwrap().len() < 50, "strangers do not fill the memory");
}

#[tokio::test]
async fn a_read_mark_that_never_ends_holds_nobody_up() {
    let hospital = Hospital::open().await;
    for n in 0..50 {
        hospital.hears(&phone(&format!("55119876{n:05}")), "oi").await;
    }
    assert_eq!(hospital.said().len(), 50);
    // Those that are under way are few; more are left out.
    while hospital.phone.marks.load(Ordering::Relaxed) < 32 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hospital.phone.marks.load(Ordering::Relaxed), 32);
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_begins_again_with_people_and_holds_nobody_up() {
    let hospital = Hospital::open().await;
    let (ana, bia) = (phone("5511987654321"), phone("5521987654321"));
    hospital.hears(&ana, "prazo").await;
    hospital.hears(&ana, "prazo").await;
    let torn = hospital.only().await;
    hospital.hears(&ana, "pessoa").await;
    let told = hospital.told(&bia, "b1", "oi");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hospital = hospital.torn(std::slice::from_ref(&torn)).await;
    hospital.here.recover().await.unwrap();
    hospital.works().await;
    assert_eq!(hospital.said().last().unwrap(), "v1 ouviu oi", "the neighbour is served");
    assert!(hospital.here.store().with_people(10).await.unwrap().is_empty());

    let (one, two) = (hospital.told(&ana, "a1", "alguém?"), hospital.told(&bia, "b2", "dois"));
    let state = SendState::Delivered;
    let effect = Some(EffectId { epoch: 1, session: format!("{torn}.1").as_str().into(), turn: 1, n: 0 });
    let (account, message, at) = (ACCOUNT.to_owned(), "out-0".to_owned(), hospital.clock.now());
    let status = Told::Status { account, message, effect, state, at, failure: None };
    let taken = hospital.here.intake("whatsapp", vec![one, status, two]).await.unwrap();
    assert_eq!((taken.messages, taken.others), (2, 1));
    hospital.works().await;
    let waiting = hospital.here.store().with_people(10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].id != torn && waiting[0].address == ana);
    assert!(hospital.notices().await.iter().any(|text| text.contains(torn.as_str())));
    // Its timers and effects find nothing; those of others do.
    hospital.hears(&bia, "prazo").await;
    hospital.later(Duration::from_secs(60)).await;
    assert_eq!(hospital.said().last().unwrap(), "NoAnswer");
}

#[tokio::test]
async fn nobody_is_met_with_silence_when_no_flow_claims_them() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "ninguem").await;
    assert_eq!(hospital.here.store().with_people(10).await.unwrap().len(), 1);
    assert_eq!(hospital.notices().await.len(), 1);
}

#[tokio::test]
async fn a_button_of_a_session_that_is_gone_gets_the_projects_text_and_a_new_session() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    let tap = Content::Tap { id: "c.1:3/1".into(), title: "Sim".into() };
    let told = hospital.told_of(&ana, "tap", tap, Duration::ZERO);
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    hospital.works().await;
    assert_eq!(hospital.said(), ["botão antigo", "v1 ouviu ?"]);
}

#[tokio::test]
async fn a_session_ends_on_the_release_it_began_on() {
    let hospital = Hospital::open().await;
    let (ana, bia) = (phone("5511987654321"), phone("5511987650000"));
    hospital.hears(&ana, "oi").await;
    let releases = hospital.here.releases();
    let publish = async |text: &str| {
        let disk = Disk { flows: vec![("eco.json".to_owned(), text.to_owned())], tests: Vec::new() };
        let announcement = Announcement::of_ours(Occasion::Edit, hospital.clock.now());
        releases.publish(&disk, &announcement).await.map(|published| published.changed())
    };
    assert!(publish("v2").await.unwrap());
    assert!(!publish("v2").await.unwrap(), "nothing changed");
    assert!(publish("broken").await.is_err());
    hospital.hears(&bia, "olá").await;
    // The next process opens with `v1` again and finds `v2` in the store.
    let hospital = hospital.killed().await;
    hospital.hears(&ana, "ainda").await;
    hospital.hears(&bia, "também").await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "v2 ouviu olá", "eco ainda", "eco também"]);
    assert!(hospital.here.store().with_people(10).await.unwrap().is_empty());
    hospital.later(SECOND).await;
    hospital.hears(&ana, "fim").await;
    hospital.hears(&ana, "oi de novo").await;
    assert_eq!(hospital.said()[4..], ["tchau", "v1 ouviu oi de novo"]);
}

#[tokio::test]
async fn what_cannot_be_stored_goes_to_people_and_is_not_delivered_for_days() {
    let hospital = Hospital::open().await;
    let (ana, bia) = (phone("5511987654321"), phone("5511987650000"));
    hospital.hears(&ana, "oi").await;
    hospital.hears(&ana, "enorme").await;
    assert_eq!(hospital.here.store().with_people(10).await.unwrap().len(), 1);
    let huge = hospital.told(&bia, "huge", &"x".repeat(1024 * 1024));
    assert_eq!(hospital.here.intake("whatsapp", vec![huge.clone()]).await.unwrap().messages, 1);
    assert_eq!(hospital.here.intake("whatsapp", vec![huge]).await.unwrap().duplicates, 1);
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "v1 ouviu ?"]);
}
