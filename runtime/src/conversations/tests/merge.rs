//! Two contacts found to be one: nothing of either is lost, and nobody becomes somebody else.

use fluxo_engine::ids::ConversationId;
use fluxo_engine::protocol::{ContactChange, Object};
use serde_json::json;

use super::world::{ACCOUNT, Hospital, SECOND, both, phone, user};
use crate::channels::Told;
use crate::foundation::clock::Clock;
use crate::store::{Address, Commit, Mode, SendState};

const NUMBER: &str = "5511987654321";

/// Known by a user id alone, and by a phone alone: two contacts, the one of the phone wrote last.
async fn two() -> (Hospital, ConversationId, ConversationId) {
    let hospital = Hospital::open().await;
    hospital.hears(&user("BR.1"), "oi").await;
    let by_user = hospital.only().await;
    hospital.clock.forward(SECOND);
    hospital.hears(&phone(NUMBER), "olá").await;
    let all = hospital.all().await;
    let by_phone = all.into_iter().find(|one| one.id != by_user).unwrap().id;
    (hospital, by_user, by_phone)
}

/// Remembers something of the contact of a conversation.
async fn remember(hospital: &Hospital, id: &ConversationId, name: &str) {
    let loaded = hospital.read(id).await;
    let mut commit = Commit::of(loaded.revision, loaded.conversation);
    let value = Some(json!(name));
    commit.contact_changes = vec![ContactChange::SetField { name: name.to_owned(), value }];
    hospital.here.store().commit(commit).await.unwrap();
}

async fn notes(hospital: &Hospital, id: &ConversationId) -> String {
    let lines = hospital.here.store().lines(id, 0, 100).await.unwrap();
    lines.iter().map(|(_, line)| format!("{:?}\n", line.body)).collect()
}

#[tokio::test]
async fn the_most_recently_active_survives_and_the_others_session_ends_merged() {
    let (hospital, by_user, by_phone) = two().await;
    remember(&hospital, &by_user, "cpf").await;
    remember(&hospital, &by_phone, "plano").await;
    let told = hospital.told(&both("BR.1", NUMBER), "m", "sou os dois");
    hospital.here.intake("whatsapp", vec![told.clone()]).await.unwrap();
    // Whatever dies after the commit, it is done, and done once.
    let hospital = hospital.killed().await;
    assert_eq!(hospital.here.intake("whatsapp", vec![told]).await.unwrap().duplicates, 1);
    hospital.works().await;
    assert_eq!(hospital.said().last().unwrap(), "eco sou os dois", "the survivor's session goes on");
    let (kept, gone) = (hospital.read(&by_phone).await, hospital.read(&by_user).await);
    assert_eq!(kept.conversation.address, both("BR.1", NUMBER));
    assert!(kept.conversation.session.is_some() && gone.conversation.session.is_none());
    assert_eq!(kept.contact.contact.id, gone.contact.contact.id);
    let fields = &kept.contact.contact.fields;
    assert_eq!((&fields["cpf"], &fields["plano"]), (&json!("cpf"), &json!("plano")));
    assert!(notes(&hospital, &by_user).await.contains("Session ended: merged"));
    assert!(notes(&hospital, &by_phone).await.contains(by_user.as_str()));
    assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 1);
    for address in [user("BR.1"), phone(NUMBER), phone("551187654321")] {
        hospital.hears(&address, "eu").await;
    }
    assert_eq!(hospital.all().await.len(), 2, "nobody new");
    assert_eq!(hospital.read(&by_user).await.revision, gone.revision, "nothing reaches the other any more");
}

#[tokio::test]
async fn the_outbox_of_the_one_that_goes_drains_under_its_own_id_and_what_waited_there_is_played() {
    let (hospital, by_user, by_phone) = two().await;
    // A call is in flight in the one that goes, and a message waits for it.
    for (id, text) in [("1", "gravar"), ("2", "esperei")] {
        hospital.here.intake("whatsapp", vec![hospital.told(&user("BR.1"), id, text)]).await.unwrap();
    }
    hospital.clock.forward(SECOND);
    hospital.here.intake("whatsapp", vec![hospital.told(&phone(NUMBER), "3", "três")]).await.unwrap();
    assert_eq!(hospital.read(&by_user).await.inbox.len(), 1);
    let told = hospital.told(&both("BR.1", NUMBER), "4", "quatro");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let gone = hospital.read(&by_user).await;
    assert!(gone.inbox.is_empty() && gone.conversation.closing);
    assert_eq!(gone.outbox.len(), 2, "what was asked is still asked");
    let hospital = hospital.killed().await;
    hospital.works().await;
    let gone = hospital.read(&by_user).await;
    assert!(gone.outbox.is_empty() && gone.conversation.session.is_none());
    assert_eq!(hospital.line.called.lock().unwrap().len(), 1);
    let texts = |effects: &str| -> Vec<String> {
        let sent = hospital.sent();
        let own = sent.iter().filter(|(_, _, effect)| effect.session.as_str().starts_with(effects));
        own.map(|(_, text, _)| text.clone()).collect()
    };
    assert_eq!(texts(by_user.as_str()), ["v1 ouviu oi", "gravando"]);
    assert_eq!(texts(by_phone.as_str()), ["v1 ouviu olá", "eco três", "eco esperei", "eco quatro"]);
    assert!(notes(&hospital, &by_phone).await.contains("esperei"), "its attendants can read it");
    // A receipt for what the other said still finds it.
    let sent = hospital.sent();
    let effect = sent.iter().find(|(_, text, _)| text == "gravando").unwrap().2.clone();
    let status = Told::Status {
        account: ACCOUNT.to_owned(),
        message: "out-9".to_owned(),
        effect: Some(effect),
        state: SendState::Read,
        at: hospital.clock.now(),
        failure: None,
    };
    hospital.here.intake("whatsapp", vec![status]).await.unwrap();
    assert!(notes(&hospital, &by_user).await.contains("Read"));
}

#[tokio::test]
async fn a_conversation_that_people_have_outranks_one_that_wrote_later() {
    let (hospital, by_user, by_phone) = two().await;
    hospital.hears(&user("BR.1"), "pessoa").await;
    hospital.here.take(&by_user, "Rita").await.unwrap();
    hospital.clock.forward(SECOND);
    hospital.hears(&phone(NUMBER), "mais tarde").await;
    hospital.hears(&both("BR.1", NUMBER), "sou eu, Rita").await;
    let kept = hospital.read(&by_user).await;
    assert!(matches!(&kept.conversation.mode, Mode::People { attendant, .. } if attendant == "Rita"));
    assert_eq!(hospital.read(&by_phone).await.conversation.session, None);
    assert!(notes(&hospital, &by_user).await.contains("sou eu, Rita"));
    hospital.here.give_back(&by_user, "Rita", None, None).await.unwrap();
    hospital.works().await;
    assert_eq!(hospital.said().last().unwrap(), "voltou");
}

#[tokio::test]
async fn of_two_that_people_have_one_goes_and_its_queue_is_told() {
    let (hospital, by_user, by_phone) = two().await;
    for address in [user("BR.1"), phone(NUMBER)] {
        hospital.clock.forward(SECOND);
        hospital.hears(&address, "pessoa").await;
    }
    hospital.here.take(&by_user, "Rita").await.unwrap();
    hospital.hears(&both("BR.1", NUMBER), "oi?").await;
    let waiting = hospital.here.store().with_people(10).await.unwrap();
    assert_eq!(waiting.iter().map(|one| &one.id).collect::<Vec<_>>(), [&by_phone]);
    let notices = hospital.notices().await;
    assert!(notices.iter().any(|text| text.contains(by_phone.as_str())), "{notices:?}");
}

#[tokio::test]
async fn different_user_ids_are_never_merged() {
    let hospital = Hospital::open().await;
    hospital.hears(&user("BR.1"), "oi").await;
    hospital.hears(&both("BR.2", NUMBER), "olá").await;
    hospital.hears(&both("BR.1", NUMBER), "o número é meu agora").await;
    assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 2);
    assert_eq!(hospital.said().last().unwrap(), "eco o número é meu agora");
}

#[tokio::test]
async fn a_number_that_was_somebodys_brings_nothing_of_theirs() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone(NUMBER), "sou a antiga dona").await;
    let old = hospital.only().await;
    hospital.hears(&both("BR.1", "5521987654321"), "oi").await;
    hospital.hears(&both("BR.1", NUMBER), "mudei de número").await;
    assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 2);
    assert_eq!(hospital.read(&old).await.conversation.address, Address::default());
    assert_eq!(hospital.said().last().unwrap(), "eco mudei de número");
}

#[tokio::test]
async fn both_forms_of_a_mobile_become_one() {
    let hospital = Hospital::open().await;
    hospital.hears(&user("BR.1"), "oi").await;
    let (to, inputs, flow) = (phone("5531996883193"), Object::new(), "eco".into());
    let started = hospital.here.start_session("whatsapp", &to, None, &flow, &inputs, None);
    started.await.unwrap();
    hospital.works().await;
    hospital.hears(&both("BR.1", "553196883193"), "sou eu").await;
    assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 1);
    hospital.hears(&to, "eu ainda").await;
    assert_eq!(hospital.all().await.len(), 2);
}

#[tokio::test]
async fn an_announced_user_id_joins_whoever_wrote_under_it_before_the_notice_came() {
    let hospital = Hospital::open().await;
    hospital.hears(&both("BR.1", NUMBER), "oi").await;
    let old = hospital.only().await;
    hospital.clock.forward(SECOND);
    hospital.hears(&both("BR.9", NUMBER), "com id novo").await;
    assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 2);
    let moved = Told::AddressChanged {
        account: ACCOUNT.to_owned(),
        from: both("BR.1", NUMBER),
        to: user("BR.9"),
        id: "sys".to_owned(),
    };
    for _ in 0..2 {
        hospital.here.intake("whatsapp", vec![moved.clone()]).await.unwrap();
        assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 1);
    }
    hospital.hears(&both("BR.9", NUMBER), "eu de novo").await;
    assert_eq!(hospital.said().last().unwrap(), "eco eu de novo");
    assert_eq!(hospital.sent().last().unwrap().0, both("BR.9", NUMBER));
    assert_eq!(hospital.read(&old).await.conversation.session, None);
    assert_eq!(hospital.all().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_merge_in_a_crowd_loses_and_repeats_nothing() {
    let (hospital, ..) = two().await;
    let addresses = [user("BR.1"), phone(NUMBER), both("BR.1", NUMBER)];
    let all = (0..24).map(|n| {
        let told = hospital.told(&addresses[n % 3], &format!("m{n}"), &format!("{n}"));
        hospital.here.intake("whatsapp", vec![told])
    });
    let taken = futures_util::future::try_join_all(all).await.unwrap();
    assert!(taken.iter().all(|sum| sum.messages == 1));
    for _ in 0..40 {
        hospital.later(SECOND * 10).await;
    }
    assert_eq!(hospital.here.store().counts().await.unwrap().contacts, 1);
    let mut said = hospital.said();
    let answered = said.split_off(2);
    assert_eq!(answered.len(), 24, "{answered:?}");
    assert_eq!(hospital.all().await.len(), 2);
}
