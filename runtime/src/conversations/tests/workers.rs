//! The workers themselves: woken by commits and by the clock, and stopped in good order.

use std::sync::Arc;
use std::time::Duration;

use super::world::{Hospital, phone};
use crate::channels::SendError;
use crate::foundation::shutdown::Shutdown;
use crate::store::Kept;
use crate::workers;

/// Turns are cut after it.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets everything else run until it has happened.
async fn seen(mut happened: impl AsyncFnMut() -> bool) {
    let give_up = std::time::Instant::now() + Duration::from_secs(20);
    while !happened().await {
        assert!(std::time::Instant::now() < give_up, "it never happened");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_are_woken_by_commits_and_by_the_clock_and_stop_in_good_order() {
    let hospital = Hospital::open().await;
    let shutdown = Shutdown::new();
    workers::start(&hospital.here, DAY, &shutdown);
    let tell = async |id: &str, text: &str| {
        let told = hospital.told(&phone("5511987654321"), id, text);
        hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    };
    let idle = async || hospital.here.store().counts().await.unwrap().outbox == 0;

    tell("1", "oi").await;
    seen(async || hospital.said().len() == 1 && idle().await).await;

    // A retry is woken by the clock, not by a commit.
    let busy = SendError::Retry { after: None, reason: "busy".into(), account_wide: false };
    hospital.answers([busy]);
    tell("2", "prazo").await;
    seen(async || hospital.said().len() == 2).await;
    let id = hospital.only().await;
    seen(async || hospital.read(&id).await.outbox.iter().any(|entry| entry.attempts == 1)).await;
    hospital.clock.forward(Duration::from_secs(2));
    seen(async || hospital.said().len() == 3 && idle().await).await;

    // A timer armed by that acceptance is woken by the clock as well.
    hospital.clock.forward(Duration::from_secs(60));
    seen(async || hospital.said().last().is_some_and(|text| text == "NoAnswer") && idle().await).await;

    // What is asked while stopping is left to the next start.
    assert!(shutdown.finish(Duration::from_secs(20)).await, "the workers did not stop");
    tell("3", "ainda").await;
    let said = hospital.said().len();
    seen(async || Arc::strong_count(&hospital.here) == 1).await;
    let hospital = hospital.killed().await;
    assert_eq!(hospital.said().len(), said);
    hospital.works().await;
    assert_eq!(hospital.said().last().unwrap(), "eco ainda");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_people_at_once_are_each_answered_once_and_in_order() {
    let hospital = Hospital::open().await;
    let shutdown = Shutdown::new();
    workers::start(&hospital.here, DAY, &shutdown);
    let people: Vec<_> = (0..60).map(|n| phone(&format!("55119876{n:05}"))).collect();
    for round in 0..3 {
        let told = people.iter().enumerate().map(|(n, ana)| {
            let told = hospital.told(ana, &format!("{round}/{n}"), &format!("{round}"));
            // Each webhook comes twice, at the same moment.
            futures_util::future::try_join(
                hospital.here.intake("whatsapp", vec![told.clone()]),
                hospital.here.intake("whatsapp", vec![told]),
            )
        });
        let taken = futures_util::future::try_join_all(told).await.unwrap();
        assert!(taken.iter().all(|(one, two)| one.messages + two.messages == 1));
        seen(async || hospital.said().len() == people.len() * (round + 1)).await;
        // The account may send seventy at once, then seventy a second.
        hospital.clock.forward(Duration::from_secs(2));
    }
    assert!(shutdown.finish(Duration::from_secs(20)).await);
    let sent = hospital.sent();
    for ana in &people {
        let heard: Vec<_> =
            sent.iter().filter(|(to, _, _)| to == ana).map(|(_, text, _)| text.as_str()).collect();
        assert_eq!(heard, ["v1 ouviu 0", "eco 1", "eco 2"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_turns_that_are_old_only_the_way_and_the_outcome_stay() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "meu cpf é 52998224725").await;
    hospital.later(DAY).await;
    hospital.hears(&phone("5511987654321"), "fim").await;
    let id = hospital.only().await;
    let inputs = async || -> Vec<bool> {
        let journal = hospital.here.store().journal(&id, 10).await.unwrap();
        journal.iter().map(|entry| matches!(entry.kept, Kept::Whole(_))).collect()
    };
    workers::retention::pass(&hospital.here, DAY).await.unwrap();
    assert_eq!(inputs().await, [true, true], "a day is not over before its end");

    let shutdown = Shutdown::new();
    hospital.clock.forward(Duration::from_secs(1));
    workers::start(&hospital.here, DAY, &shutdown);
    seen(async || inputs().await == [false, true]).await;
    hospital.clock.forward(DAY);
    seen(async || inputs().await == [false, false]).await;
    assert!(shutdown.finish(Duration::from_secs(20)).await, "the workers did not stop");
    let journal = hospital.here.store().journal(&id, 10).await.unwrap();
    let text = format!("{journal:?}");
    assert!(!text.contains("52998224725") && text.contains("SessionEnded"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_on_a_number_waits_its_turn_and_holds_up_no_call() {
    const CROWD: usize = 400;
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    let begun = hospital.said().len();
    let shutdown = Shutdown::new();
    workers::start(&hospital.here, DAY, &shutdown);
    let crowd: Vec<_> = (0..CROWD).map(|n| phone(&format!("55119876{n:05}"))).collect();
    for some in crowd.chunks(100) {
        let told = some.iter().map(|one| {
            let id = format!("in/{}", one.phone.as_ref().unwrap());
            hospital.here.intake("whatsapp", vec![hospital.told(one, &id, "oi")])
        });
        futures_util::future::try_join_all(told).await.unwrap();
    }
    // More wait than workers may have in hand; the clock stands still.
    hospital.here.intake("whatsapp", vec![hospital.told(&ana, "call", "chamar")]).await.unwrap();
    seen(async || !hospital.line.called.lock().unwrap().is_empty()).await;
    assert!(hospital.said().len() <= begun + 70, "{}", hospital.said().len());

    let answered = |hospital: &Hospital| hospital.said().len() - begun;
    for second in 1..=8 {
        hospital.clock.forward(Duration::from_secs(1));
        let expected = (70 * (second + 1) - 2).min(CROWD + 1);
        seen(async || answered(&hospital) >= expected).await;
        assert!(answered(&hospital) <= 70 * (second + 1), "{} after {second} s", answered(&hospital));
    }
    assert!(shutdown.finish(Duration::from_secs(20)).await);
    let sent = hospital.sent();
    for one in &crowd {
        assert_eq!(sent.iter().filter(|(to, _, _)| to == one).count(), 1, "each is answered once");
    }
}

#[tokio::test]
async fn a_contact_who_had_too_much_holds_up_nobody_else() {
    let hospital = Hospital::open().await;
    let (ana, bruno) = (phone("5511987654321"), phone("5511987654322"));
    for n in 0..47 {
        hospital.hears(&ana, &format!("oi {n}")).await;
    }
    assert_eq!(hospital.said().len(), 45, "forty-five at once to one contact");
    hospital.hears(&bruno, "oi").await;
    assert_eq!(hospital.said().len(), 46);
    hospital.later(Duration::from_secs(5)).await;
    assert_eq!(hospital.said().len(), 46);
    hospital.later(Duration::from_secs(1)).await;
    hospital.later(Duration::from_secs(6)).await;
    assert_eq!(hospital.said()[46..], ["eco oi 45", "eco oi 46"], "then one each six seconds, in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_hangs_holds_up_its_own_conversation_only() {
    let hospital = Hospital::open().await;
    let (ana, bruno) = (phone("5511987654321"), phone("5511987654322"));
    let shutdown = Shutdown::new();
    workers::start(&hospital.here, DAY, &shutdown);
    *hospital.phone.hangs.lock().unwrap() = true;
    let told = vec![hospital.told(&ana, "1", "oi"), hospital.told(&ana, "2", "segunda")];
    hospital.here.intake("whatsapp", told).await.unwrap();
    seen(async || hospital.said().len() == 1).await;
    *hospital.phone.hangs.lock().unwrap() = false;
    hospital.here.intake("whatsapp", vec![hospital.told(&bruno, "3", "oi")]).await.unwrap();
    seen(async || hospital.said().len() == 2).await;
    let to: Vec<_> = hospital.sent().into_iter().map(|(to, _, _)| to).collect();
    assert_eq!(to, [ana, bruno]);
    assert!(!shutdown.finish(Duration::from_millis(50)).await, "the one that hangs is still in hand");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_does_not_answer_holds_up_only_those_who_ask_it() {
    let hospital = Hospital::open().await;
    let people: Vec<_> = (0..140).map(|n| phone(&format!("55119876{n:05}"))).collect();
    for some in people.chunks(50) {
        for one in some {
            hospital.hears(one, "oi").await;
        }
        hospital.clock.forward(Duration::from_secs(1));
    }
    let (ana, crowd) = people.split_last().unwrap();
    *hospital.line.hangs.lock().unwrap() = true;
    let shutdown = Shutdown::new();
    workers::start(&hospital.here, DAY, &shutdown);
    for one in crowd {
        let id = format!("call/{}", one.phone.as_ref().unwrap());
        hospital.here.intake("whatsapp", vec![hospital.told(one, &id, "chamar")]).await.unwrap();
    }
    seen(async || hospital.line.called.lock().unwrap().len() == 128).await;
    hospital.here.intake("whatsapp", vec![hospital.told(ana, "ticket", "chamado")]).await.unwrap();
    let opened = async || hospital.notices().await.iter().any(|text| text.contains("sem rede"));
    assert!(!opened().await);
    hospital.clock.forward(Duration::from_secs(1));
    seen(opened).await;
    seen(async || hospital.line.called.lock().unwrap().len() == crowd.len()).await;
    assert!(!shutdown.finish(Duration::from_millis(50)).await, "the calls are still in hand");
}
