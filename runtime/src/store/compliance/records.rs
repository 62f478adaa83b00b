//! What is listed, found and counted.

use fluxo_engine::protocol::{Assign, ChannelLimits, Handoff, Project, TimerKind, Wake};

use super::Subject;
use super::fixtures::*;
use crate::store::{Backdrop, Commit, Conversation, Counts, Input, Kept, Mode, Revision};

pub(super) async fn timers_are_due_in_order_and_move(subject: &dyn Subject) {
    let store = subject.open().await;
    assert_eq!(store.next_due().await.unwrap(), None);
    let mut commit = birth("a");
    commit.timers_arm = vec![timer("a", 1, TimerKind::NoAnswer, 30), timer("a", 1, TimerKind::Remind, 10)];
    done(&*store, commit).await;
    let mut commit = birth("b");
    commit.timers_arm = vec![timer("b", 1, TimerKind::Idle, 20), timer("b", 2, TimerKind::Until, -5)];
    done(&*store, commit).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(-5)));
    let (early, remind) = (timer("b", 2, TimerKind::Until, -5), timer("a", 1, TimerKind::Remind, 10));
    assert_eq!(store.due(at(-6), None, 10).await.unwrap(), []);
    assert_eq!(store.due(at(10), None, 10).await.unwrap(), [early.clone(), remind.clone()]);
    assert_eq!(store.due(at(10), Some(&early), 10).await.unwrap(), std::slice::from_ref(&remind));
    assert_eq!(store.due(at(10), Some(&remind), 10).await.unwrap(), []);
    assert_eq!(store.due(at(10), None, 1).await.unwrap(), [early]);

    let mut change = next(&load(&*store, "b").await);
    change.timers_disarm = vec![(wait("b", 2), TimerKind::Until), (wait("b", 9), TimerKind::Until)];
    change.timers_arm = vec![timer("b", 1, TimerKind::Idle, 5)];
    done(&*store, change).await;
    assert_eq!(
        store.due(at(99), None, 10).await.unwrap(),
        [timer("b", 1, TimerKind::Idle, 5), remind, timer("a", 1, TimerKind::NoAnswer, 30),]
    );
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
    assert_eq!(store.counts().await.unwrap().timers, 3);
    // Disarmed and armed again in one commit: it is armed.
    let mut change = next(&load(&*store, "b").await);
    change.timers_disarm = vec![(wait("b", 1), TimerKind::Idle)];
    change.timers_arm = vec![timer("b", 1, TimerKind::Idle, 7)];
    done(&*store, change).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(7)));
    assert_eq!(store.counts().await.unwrap().timers, 3);
}

fn ids(found: &[Conversation]) -> Vec<&str> {
    found.iter().map(|conversation| conversation.id.as_str()).collect()
}

pub(super) async fn conversations_are_listed_by_id(subject: &dyn Subject) {
    let store = subject.open().await;
    for id in ["b", "a", "ab", "c"] {
        done(&*store, birth(id)).await;
    }
    assert_eq!(ids(&store.conversations(None, 10).await.unwrap()), ["a", "ab", "b", "c"]);
    assert_eq!(ids(&store.conversations(None, 2).await.unwrap()), ["a", "ab"]);
    assert_eq!(ids(&store.conversations(Some(&"ab".into()), 10).await.unwrap()), ["b", "c"]);
    assert_eq!(ids(&store.conversations(Some(&"c".into()), 10).await.unwrap()), [""; 0]);
    assert_eq!(store.load(&"x".into()).await.unwrap(), None);
}

pub(super) async fn people_see_the_longest_waiting_first(subject: &dyn Subject) {
    let store = subject.open().await;
    let handoff = Handoff {
        queue: "front-desk".into(),
        summary: "asks for a person".to_owned(),
        ticket: None,
        assign: Assign::Queue,
        prefer_last_attendant: false,
    };
    let queued = |since| Mode::Queued {
        queue: "front-desk".into(),
        since: at(since),
        wait: None,
        handoff: handoff.clone(),
    };
    for (id, mode) in [("a", queued(30)), ("b", Mode::Bot), ("c", queued(10)), ("d", queued(20))] {
        let mut commit = birth(id);
        commit.conversation.mode = mode;
        commit.lines = vec![line("hello")];
        done(&*store, commit).await;
    }
    drop(store);
    let store = subject.open().await;
    let waiting = store.with_people(10).await.unwrap();
    assert_eq!(ids(&waiting), ["c", "d", "a"]);
    assert_eq!((waiting[0].mode.clone(), waiting[0].next_line), (queued(10), 2));
    assert_eq!(ids(&store.with_people(1).await.unwrap()), ["c"]);

    let mut taken = next(&load(&*store, "d").await);
    taken.conversation.mode = Mode::People {
        queue: "front-desk".into(),
        since: at(40),
        attendant: "rosa".to_owned(),
        wait: None,
        handoff,
    };
    done(&*store, taken).await;
    let mut over = next(&load(&*store, "c").await);
    over.conversation.mode = Mode::Bot;
    done(&*store, over).await;
    assert_eq!(ids(&store.with_people(10).await.unwrap()), ["a", "d"]);
}

pub(super) async fn lines_and_journal_are_in_order(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("c")).await;
    for n in 1..=130u32 {
        let mut commit = next(&load(&*store, "c").await);
        // What the caller thinks the next number is does not matter.
        commit.conversation.next_line = 0;
        commit.lines = vec![line(&format!("{n}a")), line(&format!("{n}b"))];
        commit.journal = Some(turn("c", n));
        done(&*store, commit).await;
    }
    drop(store);
    let store = subject.open().await;
    let id = "c".into();
    let lines = store.lines(&id, 0, 1000).await.unwrap();
    assert_eq!(lines.len(), 260);
    assert!(lines.iter().zip(1..).all(|((number, _), expected)| *number == expected));
    assert_eq!(lines[259].1, line("130b"));
    assert_eq!(store.lines(&id, 258, 1).await.unwrap(), [(259, line("130a"))]);
    assert_eq!(store.lines(&id, 260, 10).await.unwrap(), []);
    assert_eq!(load(&*store, "c").await.conversation.next_line, 261);
    let journal = store.journal(&id, 1000).await.unwrap();
    assert_eq!(journal.iter().map(|entry| entry.turn).collect::<Vec<_>>(), (1..=130).collect::<Vec<_>>());
    assert_eq!(store.journal(&id, 2).await.unwrap(), [turn("c", 1), turn("c", 2)]);
}

pub(super) async fn a_turn_is_kept_however_long_with_what_it_was_played_against(subject: &dyn Subject) {
    let store = subject.open().await;
    assert_eq!(store.journaled(None, 10).await.unwrap(), []);
    let backdrop = Backdrop {
        release: "r1".into(),
        engine: 1,
        epoch: 1,
        channel: "whatsapp".to_owned(),
        limits: ChannelLimits::default(),
        open_queues: ["recepcao".into()].into(),
        project: Project::default(),
    };
    let other = Backdrop { epoch: 2, ..backdrop.clone() };
    assert_ne!(backdrop.id(), other.id());
    for _ in 0..2 {
        store.keep_backdrop(backdrop.id(), &backdrop).await.unwrap();
    }
    let mut long = turn("b", 1);
    if let Kept::Whole(recorded) = &mut long.kept {
        recorded.input = Input::Wake(Wake::Close { outcome: "x".repeat(1 << 20) });
    }
    for id in ["a", "b", "c"] {
        done(&*store, birth(id)).await;
        for n in 1..=2 {
            let mut commit = next(&load(&*store, id).await);
            commit.journal = Some(if (id, n) == ("b", 1) { long.clone() } else { turn(id, n) });
            done(&*store, commit).await;
        }
    }
    done(&*store, birth("d")).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(store.journal(&"b".into(), 10).await.unwrap(), [long.clone(), turn("b", 2)]);
    assert_eq!(store.journaled(None, 10).await.unwrap(), ["a".into(), "b".into(), "c".into()]);
    assert_eq!(store.journaled(Some(&"a".into()), 1).await.unwrap(), ["b".into()]);
    assert_eq!(store.journaled(Some(&"c".into()), 1).await.unwrap(), []);
    assert_eq!(store.backdrop(backdrop.id()).await.unwrap(), Some(backdrop));
    assert_eq!(store.backdrop(other.id()).await.unwrap(), None);
    assert_eq!(store.cut_journal(at(1000)).await.unwrap(), 6);
    assert_eq!(store.journal(&"b".into(), 10).await.unwrap(), [long.cut(), turn("b", 2).cut()]);
}

pub(super) async fn old_turns_are_cut_once_and_stay_in_order(subject: &dyn Subject) {
    let store = subject.open().await;
    for id in ["a", "b"] {
        done(&*store, birth(id)).await;
        for n in 1..=150u32 {
            let mut commit = next(&load(&*store, id).await);
            commit.journal = Some(turn(id, n));
            done(&*store, commit).await;
        }
    }
    assert_eq!(store.cut_journal(at(1)).await.unwrap(), 0);
    assert_eq!(store.cut_journal(at(141)).await.unwrap(), 280);
    assert_eq!(store.cut_journal(at(141)).await.unwrap(), 0, "once is enough");
    drop(store);
    let store = subject.open().await;
    for id in ["a", "b"] {
        let journal = store.journal(&id.into(), 1000).await.unwrap();
        assert_eq!(journal.len(), 150);
        for (n, entry) in (1..).zip(&journal) {
            let expected = if n < 141 { turn(id, n).cut() } else { turn(id, n) };
            assert_eq!(*entry, expected);
        }
    }
    assert_eq!(store.cut_journal(at(1000)).await.unwrap(), 20);
}

pub(super) async fn notices_come_newest_first(subject: &dyn Subject) {
    let store = subject.open().await;
    let mut commit = birth("c");
    commit.notices = vec![notice("one", 5), notice("two", 5), notice("three", 9)];
    done(&*store, commit).await;
    let mut commit = next(&load(&*store, "c").await);
    commit.notices = vec![notice("four", 5), notice("five", 7)];
    done(&*store, commit).await;
    let notices = store.notices(10).await.unwrap();
    let times: Vec<_> = notices.iter().map(|notice| notice.at).collect();
    assert_eq!(times, [at(9), at(7), at(5), at(5), at(5)]);
    assert_eq!(store.notices(1).await.unwrap(), [notice("three", 9)]);
}

pub(super) async fn conversations_with_messages_waiting_are_listed(subject: &dyn Subject) {
    let store = subject.open().await;
    for (id, waiting) in [("b", 1), ("a", 0), ("d", 2), ("c", 2)] {
        let mut commit = birth(id);
        commit.inbox_push = (0..waiting).map(|n| entry(&n.to_string())).collect();
        done(&*store, commit).await;
    }
    drop(store);
    let store = subject.open().await;
    let waiting = async |after: Option<&str>, limit| {
        let after = after.map(Into::into);
        let found = store.with_inbox(after.as_ref(), limit).await.unwrap();
        found.into_iter().map(|id| id.0).collect::<Vec<_>>()
    };
    assert_eq!(waiting(None, 10).await, ["b", "c", "d"]);
    assert_eq!(waiting(None, 2).await, ["b", "c"]);
    assert_eq!(waiting(Some("c"), 10).await, ["d"]);
    for (id, consumed) in [("b", 1), ("c", 1)] {
        let mut commit = next(&load(&*store, id).await);
        commit.inbox_consume = consumed;
        done(&*store, commit).await;
    }
    assert_eq!(waiting(None, 10).await, ["c", "d"]);
    let mut both = next(&load(&*store, "a").await);
    (both.inbox_push, both.inbox_consume) = (vec![entry("one")], 1);
    done(&*store, both).await;
    assert_eq!(waiting(None, 10).await, ["c", "d"]);
}

pub(super) async fn counts_follow_every_commit(subject: &dyn Subject) {
    let store = subject.open().await;
    let mut commit = birth("a");
    commit.inbox_push = vec![entry("one"), entry("two")];
    commit.outbox_push = vec![asked(effect("a", 1, 0), 0), asked(effect("a", 1, 1), 0)];
    commit.timers_arm = vec![timer("a", 1, TimerKind::Idle, 1)];
    done(&*store, commit).await;
    done(&*store, Commit::of(Revision(0), Conversation { contact: "p-a".into(), ..conversation("b") })).await;
    let counts = store.counts().await.unwrap();
    let expected = Counts { conversations: 2, contacts: 1, outbox: 2, timers: 1, inbox: 2, dead_letters: 0 };
    assert_eq!(counts, expected);
    let mut over = next(&load(&*store, "a").await);
    over.contacts = vec![load(&*store, "a").await.contact];
    over.inbox_consume = 9;
    over.outbox_done = vec![effect("a", 1, 0), effect("a", 1, 0), effect("a", 3, 0)];
    over.timers_disarm = vec![(wait("a", 1), TimerKind::Idle), (wait("a", 1), TimerKind::Idle)];
    done(&*store, over).await;
    drop(store);
    let store = subject.open().await;
    let counts = store.counts().await.unwrap();
    assert_eq!(counts, Counts { outbox: 1, timers: 0, inbox: 0, ..expected });
}

pub(super) async fn the_epoch_stays(subject: &dyn Subject) {
    let store = subject.open().await;
    let epoch = store.epoch();
    done(&*store, birth("c")).await;
    drop(store);
    assert_eq!(subject.open().await.epoch(), epoch);
}

pub(super) async fn ids_may_be_long(subject: &dyn Subject) {
    let store = subject.open().await;
    let id = "c".repeat(300);
    let mut commit = birth(&id);
    commit.outbox_push = vec![asked(effect(&id, 1, 0), 0)];
    commit.timers_arm = vec![timer(&id, 1, TimerKind::Idle, 1)];
    commit.conversation.mode = Mode::Bot;
    done(&*store, commit).await;
    let lease = store.lease(at(0), at(30), 1).await.unwrap().remove(0);
    assert_eq!(lease.conversation.as_str(), id);
    let mut over = next(&load(&*store, &id).await);
    over.fence = Some(lease.fence);
    over.outbox_done = vec![effect(&id, 1, 0)];
    over.timers_disarm = vec![(wait(&id, 1), TimerKind::Idle)];
    done(&*store, over).await;
    assert_eq!(store.counts().await.unwrap(), Counts { conversations: 1, contacts: 1, ..Counts::default() });
    assert_eq!(load(&*store, &id).await.revision, Revision(2));
}
