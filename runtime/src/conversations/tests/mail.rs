//! E-mails: taken, refused, in doubt; never pretended, and at most two of one.

use std::time::Duration;

use super::world::{Hospital, SECOND, phone};
use crate::mail::{MailError, Refusal};
use crate::store::DeadLetter;

fn later() -> MailError {
    MailError::Retry { said: "451 busy".into() }
}

fn refused() -> MailError {
    MailError::GiveUp { refusal: Refusal::Server("550 no".into()) }
}

/// Up to the e-mail and what follows it.
async fn asked(hospital: &Hospital) {
    hospital.hears(&phone("5511987654321"), "oi").await;
    hospital.hears(&phone("5511987654321"), "email").await;
}

async fn dead(hospital: &Hospital) -> Vec<DeadLetter> {
    hospital.here.store().dead_letters(None, 10).await.unwrap()
}

/// Given up, with this among what people read, and what follows went on.
async fn given_up(hospital: &Hospital, words: &str) {
    let dead = dead(hospital).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].may_have_arrived(), words.contains("not known"), "{words}");
    assert!(dead[0].reason.contains(words), "{}", dead[0].reason);
    assert!(hospital.notices().await.iter().any(|text| text.contains(words)));
    assert_eq!(hospital.said().last().unwrap(), "enviado?");
}

#[tokio::test]
async fn an_email_without_a_mail_server_is_a_dead_letter_and_never_pretends() {
    let hospital = Hospital::open().await;
    asked(&hospital).await;
    given_up(&hospital, "[mail]").await;
}

#[tokio::test]
async fn an_email_that_is_taken_is_over() {
    let hospital = Hospital::with_mail([]).await;
    asked(&hospital).await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.mailed().len(), 1);
    assert!(dead(&hospital).await.is_empty() && hospital.notices().await.is_empty());
    assert_eq!(hospital.said().last().unwrap(), "enviado?");
}

#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again_until_people_say_so() {
    for (error, words) in
        [(refused(), "550 no"), (MailError::GiveUp { refusal: Refusal::Address }, "no valid address")]
    {
        let hospital = Hospital::with_mail([error]).await;
        asked(&hospital).await;
        given_up(&hospital, words).await;
        hospital.later(Duration::from_secs(600)).await;
        assert_eq!(hospital.mailed().len(), 1);
        assert!(hospital.here.retry_dead_letter(&hospital.mailed()[0]).await.unwrap());
        hospital.works().await;
        assert_eq!(hospital.mailed()[0], hospital.mailed()[1], "the same effect");
        assert!(dead(&hospital).await.is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_before_what_follows() {
    let hospital = Hospital::with_mail([later(), later()]).await;
    asked(&hospital).await;
    assert_eq!((hospital.mailed().len(), hospital.said().len()), (1, 1), "what follows waits");
    hospital.later(SECOND).await;
    assert_eq!(hospital.mailed().len(), 2);
    hospital.later(2 * SECOND).await;
    assert_eq!(hospital.mailed().len(), 3);
    assert!(dead(&hospital).await.is_empty());
    assert_eq!(hospital.said().last().unwrap(), "enviado?");
}

#[tokio::test]
async fn a_server_that_stays_away_holds_back_what_follows_for_two_minutes() {
    let hospital = Hospital::with_mail((0..100).map(|_| later())).await;
    asked(&hospital).await;
    for _ in 0..23 {
        hospital.later(5 * SECOND).await;
        assert_eq!(hospital.said().len(), 1);
    }
    hospital.later(5 * SECOND).await;
    given_up(&hospital, "in time: 451 busy").await;
    let tried = hospital.mailed().len();
    assert!((5..=20).contains(&tried), "{tried}");
}

#[tokio::test]
async fn an_email_in_doubt_is_sent_once_more_at_most() {
    let hospital = Hospital::with_mail([MailError::Unclear]).await;
    asked(&hospital).await;
    hospital.later(SECOND).await;
    let mailed = hospital.mailed();
    assert_eq!(mailed.len(), 2);
    assert_eq!(mailed[0], mailed[1], "by which its Message-ID is the same");
    assert!(dead(&hospital).await.is_empty());

    for second in [MailError::Unclear, refused()] {
        let hospital = Hospital::with_mail([MailError::Unclear, second]).await;
        asked(&hospital).await;
        hospital.later(SECOND).await;
        hospital.later(Duration::from_secs(600)).await;
        assert_eq!(hospital.mailed().len(), 2);
        given_up(&hospital, "not known whether the e-mail arrived").await;
    }
}

#[tokio::test]
async fn a_doubt_stays_one_while_the_server_is_away() {
    let hospital =
        Hospital::with_mail([MailError::Unclear].into_iter().chain((0..100).map(|_| later()))).await;
    asked(&hospital).await;
    for _ in 0..30 {
        hospital.later(5 * SECOND).await;
    }
    given_up(&hospital, "not known whether the e-mail arrived").await;
}

#[tokio::test]
async fn a_kill_under_an_email_leaves_one_more_and_not_many() {
    let hospital = Hospital::with_mail([]).await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    let told = hospital.told(&phone("5511987654321"), "kill", "email");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hangs = |hospital: &Hospital, yes| *hospital.postman.as_ref().unwrap().hangs.lock().unwrap() = yes;
    hangs(&hospital, true);
    let hospital = hospital.killed_when(|hospital| hospital.mailed().len() == 1).await;
    hangs(&hospital, false);
    // The lease of the one that was killed ends first.
    hospital.later(Duration::from_secs(600)).await;
    hospital.later(SECOND).await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.mailed().len(), 2);
    assert_eq!(hospital.mailed()[0], hospital.mailed()[1]);
    assert_eq!(hospital.said().last().unwrap(), "enviado?");

    let hospital = Hospital::with_mail([MailError::Unclear]).await;
    asked(&hospital).await;
    hangs(&hospital, true);
    hospital.clock.forward(SECOND);
    let hospital = hospital.killed_when(|hospital| hospital.mailed().len() == 2).await;
    hangs(&hospital, false);
    hospital.later(Duration::from_secs(600)).await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.mailed().len(), 2, "the second was the last");
    given_up(&hospital, "not known whether the e-mail arrived").await;
}
