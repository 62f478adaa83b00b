//! Effects: in order, at least once, and twice only where doubt was handled first.

use std::time::Duration;

use super::world::{ACCOUNT, Hospital, SECOND, phone};
use crate::channels::{SendError, Told};
use crate::foundation::clock::{Clock, after};
use crate::store::{Commit, DeadLetter, LineBody, OutboxEntry, OutboxState, SendState, StoreError};
use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::SendFailure;

fn status(hospital: &Hospital, effect: Option<EffectId>, message: &str, state: SendState) -> Vec<Told> {
    vec![Told::Status {
        account: ACCOUNT.to_owned(),
        message: message.to_owned(),
        effect,
        state,
        at: hospital.clock.now(),
        failure: (state == SendState::Failed).then_some(SendFailure::NotReachable),
    }]
}

fn again() -> SendError {
    SendError::Retry { after: None, reason: "busy".into(), account_wide: false }
}

async fn asked(hospital: &Hospital, text: &str) {
    hospital.hears(&phone("5511987654321"), text).await;
}

#[tokio::test]
async fn a_kill_between_commit_and_effect_loses_nothing() {
    let hospital = Hospital::open().await;
    let told = hospital.told(&phone("5511987654321"), "1", "oi");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hospital = hospital.killed().await;
    assert!(hospital.said().is_empty());
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"]);
    let hospital = hospital.killed().await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.said().len(), 1);
}

#[tokio::test]
async fn a_send_in_doubt_waits_for_its_status_and_is_not_repeated_when_it_comes() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear]);
    asked(&hospital, "oi").await;
    asked(&hospital, "segunda").await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"], "what follows waits");
    let effect = hospital.last_effect();
    let told = status(&hospital, Some(effect), "out-x", SendState::Delivered);
    hospital.here.intake("whatsapp", told).await.unwrap();
    hospital.later(Duration::from_secs(60)).await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "eco segunda"]);
}

#[tokio::test]
async fn a_send_in_doubt_is_repeated_once_at_most_and_then_given_up() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear, SendError::Unclear]);
    asked(&hospital, "oi").await;
    hospital.later(Duration::from_secs(29)).await;
    assert_eq!(hospital.said().len(), 1);
    hospital.later(SECOND).await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "v1 ouviu oi"]);
    let sent = hospital.sent();
    assert_eq!(sent[0].2, sent[1].2, "the same effect, told apart by the provider");
    hospital.later(Duration::from_secs(30)).await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.said().len(), 2);
    assert_eq!(hospital.here.store().dead_letters(None, 10).await.unwrap().len(), 1);
    assert!(hospital.notices().await.contains(&"falhou Unclear".to_owned()), "the session heard of it");
}

#[tokio::test]
async fn a_kill_during_a_send_leaves_doubt_and_not_a_second_message() {
    let hospital = Hospital::open().await;
    *hospital.phone.hangs.lock().unwrap() = true;
    let told = hospital.told(&phone("5511987654321"), "1", "oi");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hospital = hospital.killed_when(|hospital| hospital.said().len() == 1).await;
    *hospital.phone.hangs.lock().unwrap() = false;
    hospital.works().await;
    assert_eq!(hospital.said().len(), 1, "a status is waited for");
    let effect = hospital.last_effect();
    let told = status(&hospital, Some(effect), "out-x", SendState::Sent);
    hospital.here.intake("whatsapp", told).await.unwrap();
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.said().len(), 1);
}

#[tokio::test]
async fn a_kill_before_a_send_left_sends_it_after_the_pause() {
    let hospital = Hospital::open().await;
    *hospital.phone.hangs.lock().unwrap() = true;
    let told = hospital.told(&phone("5511987654321"), "1", "oi");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hospital = hospital.killed_when(|hospital| hospital.said().len() == 1).await;
    *hospital.phone.hangs.lock().unwrap() = false;
    hospital.works().await;
    hospital.later(Duration::from_secs(30)).await;
    assert_eq!(hospital.said().len(), 2);
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.said().len(), 2);
}

#[tokio::test]
async fn a_call_that_is_not_safe_to_repeat_is_never_made_twice() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    *hospital.line.hangs.lock().unwrap() = true;
    let told = hospital.told(&phone("5511987654321"), "1", "gravar");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let calls = |hospital: &Hospital| hospital.line.called.lock().unwrap().len();
    let hospital = hospital.killed_when(|hospital| calls(hospital) == 1).await;
    *hospital.line.hangs.lock().unwrap() = false;
    hospital.works().await;
    assert_eq!(calls(&hospital), 1);
    assert_eq!(hospital.said(), ["v1 ouviu oi", "gravando", "Unknown"]);
}

#[tokio::test]
async fn a_call_that_is_safe_to_repeat_is_made_again_after_a_kill() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    *hospital.line.hangs.lock().unwrap() = true;
    let told = hospital.told(&phone("5511987654321"), "1", "chamar");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let calls = |hospital: &Hospital| hospital.line.called.lock().unwrap().len();
    let hospital = hospital.killed_when(|hospital| calls(hospital) == 1).await;
    *hospital.line.hangs.lock().unwrap() = false;
    hospital.works().await;
    assert_eq!(calls(&hospital), 2);
    assert_eq!(hospital.said(), ["v1 ouviu oi", "200"]);
}

#[tokio::test]
async fn a_send_that_keeps_failing_holds_the_rest_back_for_two_minutes_at_most() {
    let hospital = Hospital::open().await;
    let many = std::iter::repeat_with(again).take(1000);
    hospital.answers(many);
    asked(&hospital, "oi").await;
    asked(&hospital, "segunda").await;
    let start = hospital.clock.now();
    let dead = async || hospital.here.store().dead_letters(None, 10).await.unwrap().len();
    while dead().await == 0 {
        assert!(hospital.clock.now() < after(start, Duration::from_secs(125)), "still silent");
        assert!(hospital.said().iter().all(|text| text == "v1 ouviu oi"));
        hospital.later(SECOND).await;
    }
    assert!(hospital.clock.now() >= after(start, Duration::from_secs(119)));
    assert!(hospital.said().len() < 20, "the attempts are spread: {}", hospital.said().len());
    hospital.phone.answers.lock().unwrap().clear();
    hospital.later(Duration::from_secs(30)).await;
    assert_eq!(hospital.said().last().unwrap(), "eco segunda");
    assert_eq!(dead().await, 1);
    let notices = hospital.notices().await;
    assert_eq!(
        notices.iter().filter(|text| *text == "falhou Deadline").count(),
        1,
        "the session heard of it once"
    );
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_once() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::GiveUp { failure: SendFailure::NotReachable }]);
    asked(&hospital, "oi").await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.said().len(), 1);
    let notices = hospital.notices().await;
    assert_eq!(notices.iter().filter(|text| *text == "falhou NotReachable").count(), 1, "{notices:?}");
    let dead = hospital.here.store().dead_letters(None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(!dead[0].may_have_arrived(), "nothing is in doubt about a refusal");
}

#[tokio::test]
async fn statuses_tie_back_in_any_order_and_a_final_failure_wakes_the_session_once() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    let id = hospital.only().await;
    let states = [SendState::Read, SendState::Sent, SendState::Read, SendState::Delivered];
    for state in states {
        // By message id: this provider does not echo the effect.
        hospital.here.intake("whatsapp", status(&hospital, None, "out-0", state)).await.unwrap();
    }
    let lines = hospital.here.store().lines(&id, 0, 100).await.unwrap();
    let sent: Vec<SendState> = lines
        .iter()
        .filter_map(|(_, line)| match &line.body {
            LineBody::Sent { state, .. } => Some(*state),
            LineBody::Inbound(_) | LineBody::Outbound { .. } | LineBody::Note(_) => None,
        })
        .collect();
    assert_eq!(sent, [SendState::Read, SendState::Sent, SendState::Delivered], "each counts once");
    for _ in 0..3 {
        let told = status(&hospital, Some(hospital.last_effect()), "out-0", SendState::Failed);
        hospital.here.intake("whatsapp", told).await.unwrap();
        hospital.works().await;
    }
    let notices = hospital.notices().await;
    assert_eq!(notices.iter().filter(|text| *text == "falhou NotReachable").count(), 1, "{notices:?}");
}

#[tokio::test]
async fn a_status_that_comes_before_the_response_counts() {
    let hospital = Hospital::open().await;
    // Without the effect's id nothing is known of the message yet.
    hospital.here.intake("whatsapp", status(&hospital, None, "out-0", SendState::Delivered)).await.unwrap();
    asked(&hospital, "oi").await;
    let id = hospital.only().await;
    let lines = hospital.here.store().lines(&id, 0, 100).await.unwrap();
    let delivered = |body: &LineBody| matches!(body, LineBody::Sent { state: SendState::Delivered, .. });
    assert_eq!(lines.iter().filter(|(_, line)| delivered(&line.body)).count(), 1);
    // One of a conversation that was never here is kept, and is no error.
    let stranger = EffectId { epoch: 9, session: "c0.1".into(), turn: 1, n: 0 };
    hospital.here.intake("whatsapp", status(&hospital, Some(stranger), "x", SendState::Read)).await.unwrap();
}

#[tokio::test]
async fn a_questions_clock_starts_when_it_was_accepted() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    hospital.answers([SendError::Unclear]);
    asked(&hospital, "prazo").await;
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 0);
    hospital.later(Duration::from_secs(30)).await;
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 1, "the repeat was accepted");
    hospital.later(Duration::from_secs(59)).await;
    assert_eq!(hospital.said().last().unwrap(), "responda em um minuto");
    hospital.later(SECOND).await;
    assert_eq!(hospital.said().last().unwrap(), "NoAnswer");
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 0);
}

#[tokio::test]
async fn a_timer_for_a_wait_that_is_gone_does_nothing() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    asked(&hospital, "prazo").await;
    asked(&hospital, "respondido").await;
    let said = hospital.said();
    // The script does not disarm: the timer is found stale.
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 1);
    let hospital = hospital.killed().await;
    hospital.later(Duration::from_secs(60)).await;
    assert_eq!(hospital.said(), said);
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 0);
}

#[tokio::test]
async fn a_ticket_is_opened_and_told() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    asked(&hospital, "chamado").await;
    assert!(hospital.said().last().unwrap().contains("Opened"), "{:?}", hospital.said());
    assert!(hospital.notices().await.iter().any(|text| text.contains("sem rede")));
}

#[tokio::test]
async fn a_worker_whose_lease_has_passed_on_tells_nothing() {
    let hospital = Hospital::open().await;
    let told = hospital.told(&phone("5511987654321"), "1", "oi");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let store = hospital.here.store();
    let now = hospital.clock.now();
    let old = store.lease(now, after(now, SECOND), 10).await.unwrap().remove(0);
    hospital.clock.forward(Duration::from_secs(2));
    let now = hospital.clock.now();
    let new = store.lease(now, after(now, SECOND), 10).await.unwrap().remove(0);
    assert!(matches!(hospital.here.perform_next(&old).await, Err(StoreError::Fenced)));
    assert!(hospital.said().is_empty(), "the mark is refused before anything leaves");
    assert!(hospital.here.perform_next(&new).await.unwrap());
    assert_eq!(hospital.said().len(), 1);
    let id = hospital.only().await;
    assert!(hospital.read(&id).await.outbox.is_empty());
}

#[tokio::test]
async fn a_started_send_is_marked_before_it_leaves() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear]);
    asked(&hospital, "oi").await;
    let id = hospital.only().await;
    let entry = hospital.read(&id).await.outbox.remove(0);
    assert!(matches!(entry.state, OutboxState::InDoubt { repeated: false, .. }));
    assert_eq!(entry.attempts, 1);
}

#[tokio::test]
async fn a_status_at_the_moment_of_the_repeat_spares_it() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear]);
    asked(&hospital, "oi").await;
    let id = hospital.only().await;
    hospital.clock.forward(Duration::from_secs(30));
    let now = hospital.clock.now();
    let lease = hospital.here.store().lease(now, after(now, SECOND), 1).await.unwrap().remove(0);
    let told = status(&hospital, Some(hospital.last_effect()), "out-0", SendState::Delivered);
    // The worker reads the message in doubt and then stands at the conversation's door behind the status.
    let inside = hospital.here.doors.enter(id.as_str()).await;
    let (taken, performed, ()) =
        tokio::join!(hospital.here.intake("whatsapp", told), hospital.here.perform_next(&lease), async {
            drop(inside)
        },);
    taken.unwrap();
    performed.unwrap();
    assert_eq!(hospital.said().len(), 1, "it had arrived");
    assert!(hospital.read(&id).await.outbox.is_empty());
}

#[tokio::test]
async fn people_retry_or_discard_what_was_given_up() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::GiveUp { failure: SendFailure::Media }]);
    asked(&hospital, "oi").await;
    let effect = hospital.last_effect();
    assert!(hospital.here.retry_dead_letter(&effect).await.unwrap());
    assert!(!hospital.here.retry_dead_letter(&effect).await.unwrap(), "it is dead no more");
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "v1 ouviu oi"]);
    assert!(hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty());
    asked(&hospital, "email").await;
    let dead = hospital.here.store().dead_letters(None, 10).await.unwrap();
    assert!(hospital.here.discard_dead_letter(&dead[0].entry.effect.id).await.unwrap());
    hospital.works().await;
    assert!(hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_does_not_wait_for_ever_for_what_people_let_go_after_a_restore() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    let told = hospital.told(&phone("5511987654321"), "1", "gravar");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    // What a restore makes of effects that were pending, without telling the session.
    let id = hospital.only().await;
    let loaded = hospital.read(&id).await;
    let mut commit = Commit::of(loaded.revision, loaded.conversation.clone());
    let letter = |entry: &OutboxEntry| DeadLetter {
        conversation: id.clone(),
        entry: entry.clone(),
        at: hospital.clock.now(),
        reason: "restored".to_owned(),
    };
    commit.dead = loaded.outbox.iter().map(letter).collect();
    hospital.here.store().commit(commit).await.unwrap();
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"], "nothing leaves by itself");
    for entry in &loaded.outbox {
        assert!(hospital.here.discard_dead_letter(&entry.effect.id).await.unwrap());
    }
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "Unknown"]);
    assert!(hospital.line.called.lock().unwrap().is_empty(), "and no call was made");
}

#[tokio::test]
async fn a_message_given_up_in_doubt_that_arrives_is_nobodys_to_retry() {
    for state in [SendState::Sent, SendState::Delivered, SendState::Read] {
        let hospital = Hospital::open().await;
        hospital.answers([SendError::Unclear, SendError::Unclear]);
        asked(&hospital, "oi").await;
        hospital.later(Duration::from_secs(30)).await;
        hospital.later(Duration::from_secs(30)).await;
        let effect = hospital.last_effect();
        let dead = hospital.here.store().dead_letters(None, 10).await.unwrap();
        assert!(dead[0].may_have_arrived());
        let told = status(&hospital, Some(effect.clone()), "out-x", state);
        for _ in 0..2 {
            hospital.here.intake("whatsapp", told.clone()).await.unwrap();
        }
        assert!(hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty(), "{state:?}");
        assert_eq!(hospital.here.store().counts().await.unwrap().dead_letters, 0);
        assert!(!hospital.here.retry_dead_letter(&effect).await.unwrap());
        let heard = hospital.here.heard_of(&hospital.only().await, &effect).await.unwrap();
        assert_eq!(heard.iter().map(|(_, state, _)| *state).collect::<Vec<_>>(), [SendState::Failed, state]);
        let notices = hospital.notices().await;
        assert_eq!(notices.iter().filter(|text| text.contains("has arrived")).count(), 1, "{notices:?}");
        // From now on its statuses tie back without our id, too.
        let told = status(&hospital, None, "out-x", SendState::Played);
        hospital.here.intake("whatsapp", told).await.unwrap();
        let heard = hospital.here.heard_of(&hospital.only().await, &effect).await.unwrap();
        assert_eq!(heard.last().unwrap().1, SendState::Played);
        hospital.later(Duration::from_secs(600)).await;
        assert_eq!(hospital.said().iter().filter(|text| *text == "v1 ouviu oi").count(), 2);
    }
}

#[tokio::test]
async fn what_has_failed_for_sure_stays_given_up_when_an_older_status_comes_late() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear]);
    asked(&hospital, "oi").await;
    let effect = hospital.last_effect();
    for state in [SendState::Failed, SendState::Sent] {
        let told = status(&hospital, Some(effect.clone()), "out-x", state);
        hospital.here.intake("whatsapp", told).await.unwrap();
    }
    let dead = hospital.here.store().dead_letters(None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(!dead[0].may_have_arrived(), "the only one that left has failed");
    // A phone that has it says more than any refusal.
    let told = status(&hospital, Some(effect), "out-x", SendState::Delivered);
    hospital.here.intake("whatsapp", told).await.unwrap();
    assert!(hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_status_and_a_retry_at_the_same_moment_do_not_send_what_has_arrived() {
    for _ in 0..20 {
        let hospital = Hospital::open().await;
        hospital.answers([SendError::Unclear, SendError::Unclear]);
        asked(&hospital, "oi").await;
        hospital.later(Duration::from_secs(30)).await;
        hospital.later(Duration::from_secs(30)).await;
        let effect = hospital.last_effect();
        let told = status(&hospital, Some(effect.clone()), "out-x", SendState::Delivered);
        let intake = hospital.here.intake("whatsapp", told);
        let (arrived, retried) = tokio::join!(intake, hospital.here.retry_dead_letter(&effect));
        arrived.unwrap();
        retried.unwrap();
        hospital.works().await;
        let times = hospital.said().iter().filter(|text| *text == "v1 ouviu oi").count();
        assert_eq!(times, 2, "whoever came first: it is not sent a third time");
        assert!(hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn nothing_is_tried_again_before_the_provider_said_and_then_a_little_later() {
    let hospital = Hospital::open().await;
    let asked_for = Some(Duration::from_secs(30));
    hospital.answers([SendError::Retry { after: asked_for, reason: "busy".into(), account_wide: false }]);
    asked(&hospital, "oi").await;
    // Whoever else is refused at the same moment comes back at another one.
    hospital.hears(&phone("5511987654322"), "oi").await;
    hospital.later(Duration::from_secs(29)).await;
    assert_eq!(hospital.said().len(), 2);
    hospital.later(Duration::from_secs(9)).await;
    assert_eq!(hospital.said().len(), 3);
}

#[tokio::test]
async fn a_refusal_of_the_whole_number_pauses_it_and_is_told_once() {
    let hospital = Hospital::open().await;
    let minute = Some(Duration::from_secs(60));
    hospital.answers([SendError::Retry { after: minute, reason: "no token".into(), account_wide: true }]);
    asked(&hospital, "oi").await;
    for n in 2..10 {
        hospital.hears(&phone(&format!("551198765432{n}")), "oi").await;
    }
    hospital.later(Duration::from_secs(59)).await;
    assert_eq!(hospital.said().len(), 1, "the others are not even tried");
    hospital.later(Duration::from_secs(20)).await;
    assert_eq!(hospital.said().len(), 10);
    let notices = hospital.notices().await;
    assert_eq!(notices.iter().filter(|text| text.contains("no token")).count(), 1, "{notices:?}");
    assert!(hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_kill_between_the_asking_and_the_ticket_opens_one() {
    let hospital = Hospital::open().await;
    asked(&hospital, "oi").await;
    let told = hospital.told(&phone("5511987654321"), "kill", "chamado");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hospital = hospital.killed().await;
    assert!(!hospital.notices().await.iter().any(|text| text.contains("sem rede")));
    hospital.works().await;
    let hospital = hospital.killed().await;
    hospital.later(Duration::from_secs(600)).await;
    let tickets = hospital.notices().await.into_iter().filter(|text| text.contains("sem rede"));
    assert_eq!(tickets.count(), 1, "the ticket and the end of its effect are one commit");
}
