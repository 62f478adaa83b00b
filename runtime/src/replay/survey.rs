//! All conversations played again, on all cores: what came of them, in figures, and an example of each difference.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fluxo_engine::ids::{ConversationId, FlowId, NodeId, SessionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::again::{self, Replayed, Verdict};
use super::difference::Part;
use super::other::{self, Branch, Course, Kind};
use super::recording::{Left, Recording};
use super::{Replay, Said};
use crate::releases::Release;
use crate::store::StoreError;

/// Conversations taken by a worker at a time.
const PAGE: usize = 32;

/// Which sessions are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// Those with a turn at or after this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Scope {
    fn holds(&self, session: &Recording) -> bool {
        let last = session.entries.last().map(|entry| entry.at);
        self.since.is_none_or(|since| last.is_some_and(|last| last >= since))
    }
}

/// What came of playing sessions again on their own releases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Again {
    /// Conversations looked at.
    pub conversations: u64,
    /// Their sessions.
    pub sessions: u64,
    /// The turns of those.
    pub turns: u64,
    /// Turns that were played and came to the same bytes.
    pub equal: u64,
    /// Sessions that differ.
    pub differ: u64,
    /// Where they differ, the most frequent first.
    pub groups: Vec<Group<Part>>,
    /// Sessions that cannot be played to their end, by reason.
    pub left: BTreeMap<Left, u64>,
    /// Conversations whose journal cannot be read.
    pub unreadable: Vec<ConversationId>,
}

/// What another release makes of sessions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Other {
    /// Conversations looked at.
    pub conversations: u64,
    /// Their sessions.
    pub sessions: u64,
    /// Turns that went the same way.
    pub turns: u64,
    /// Sessions that go the same way with the same words.
    pub same: u64,
    /// Sessions that go the same way, where something else is said or asked for.
    pub words: u64,
    /// Sessions that go another way.
    pub way: u64,
    /// Where ways part, the most frequent first.
    pub ways: Vec<Group<Kind>>,
    /// Where something else is said or asked for, the most frequent first.
    pub texts: Vec<Group<Kind>>,
    /// Sessions that cannot be played to their end, by reason.
    pub left: BTreeMap<Left, u64>,
    /// Conversations whose journal cannot be read.
    pub unreadable: Vec<ConversationId>,
}

/// Sessions that differ in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group<K> {
    /// What differs.
    pub kind: K,
    /// The flow they were at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The node they were at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// What was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What would be, or is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// How many sessions.
    pub sessions: u64,
    /// One of them.
    pub conversation: ConversationId,
    /// One of them.
    pub example: SessionId,
}

impl<K: PartialEq> Group<K> {
    fn is_like(&self, other: &Self) -> bool {
        let of = |group: &Self| {
            (group.flow.clone(), group.node.clone(), group.expected.clone(), group.actual.clone())
        };
        self.kind == other.kind && of(self) == of(other)
    }
}

/// Adds a group to others; of two examples the first by name stays, whoever found it.
fn add<K: PartialEq>(groups: &mut Vec<Group<K>>, more: Group<K>) {
    match groups.iter_mut().find(|group| group.is_like(&more)) {
        Some(group) => {
            group.sessions += more.sessions;
            if more.example < group.example {
                group.example = more.example;
                group.conversation = more.conversation;
            }
        }
        None => groups.push(more),
    }
}

fn sort<K>(groups: &mut [Group<K>]) {
    groups.sort_by(|one, other| (other.sessions, &one.example).cmp(&(one.sessions, &other.example)));
}

impl Again {
    fn count(&mut self, id: &ConversationId, replayed: Replayed) {
        self.sessions += 1;
        self.turns += u64::from(replayed.turns);
        self.equal += u64::from(replayed.equal);
        match replayed.verdict {
            Verdict::Equal => {}
            Verdict::Left(why) => *self.left.entry(why).or_default() += 1,
            Verdict::Differs(difference) => {
                self.differ += 1;
                let engine = difference.engine.map(|engine| format!("engine {engine}"));
                let group = Group {
                    kind: difference.part,
                    flow: difference.flow,
                    node: difference.node,
                    expected: engine,
                    actual: None,
                    sessions: 1,
                    conversation: id.clone(),
                    example: replayed.session,
                };
                add(&mut self.groups, group);
            }
        }
    }
}

impl Other {
    fn count(&mut self, id: &ConversationId, course: Course) {
        self.sessions += 1;
        self.turns += u64::from(course.same);
        let Course { session, way, words, left, .. } = course;
        match (&way, &words, left) {
            (Some(_), _, _) => self.way += 1,
            (None, Some(_), _) => self.words += 1,
            (None, None, Some(why)) => *self.left.entry(why).or_default() += 1,
            (None, None, None) => self.same += 1,
        }
        let group = |branch: Branch| Group {
            kind: branch.kind,
            flow: branch.flow,
            node: branch.node,
            expected: branch.expected,
            actual: branch.actual,
            sessions: 1,
            conversation: id.clone(),
            example: session.clone(),
        };
        if let Some(branch) = way {
            add(&mut self.ways, group(branch));
        }
        if let Some(branch) = words {
            add(&mut self.texts, group(branch));
        }
    }
}

/// What a survey comes to, gathered by several workers.
trait Sum: Default + Send + 'static {
    fn take(&mut self, other: Self);
    fn conversation(&mut self);
    fn unreadable(&mut self, id: ConversationId);
    fn finish(&mut self);
}

macro_rules! sum {
    ($name:ident: $($count:ident)*; $($groups:ident)*) => {
        impl Sum for $name {
            fn take(&mut self, other: Self) {
                self.conversations += other.conversations;
                $(self.$count += other.$count;)*
                $(other.$groups.into_iter().for_each(|group| add(&mut self.$groups, group));)*
                other.left.into_iter().for_each(|(why, count)| *self.left.entry(why).or_default() += count);
                self.unreadable.extend(other.unreadable);
            }
            fn conversation(&mut self) {
                self.conversations += 1;
            }
            fn unreadable(&mut self, id: ConversationId) {
                self.unreadable.push(id);
            }
            fn finish(&mut self) {
                $(sort(&mut self.$groups);)*
                self.unreadable.sort();
            }
        }
    };
}

sum!(Again: sessions turns equal differ; groups);
sum!(Other: sessions turns same words way; ways texts);

impl Replay {
    /// Plays all sessions of a scope again on their own releases. `told` hears how many conversations are done and says
    /// whether to go on; `None` when it did not.
    ///
    /// # Errors
    /// The store's.
    pub async fn all(
        self: &Arc<Self>,
        scope: Scope,
        told: impl Fn(u64) -> bool + Send + Sync + 'static,
    ) -> Result<Option<Again>, StoreError> {
        self.survey(scope, told, |sum: &mut Again, session, scenes| {
            sum.count(&session.conversation, again::replay(session, scenes, &Said::new()));
        })
        .await
    }

    /// The same on another release.
    ///
    /// # Errors
    /// The store's.
    pub async fn all_with(
        self: &Arc<Self>,
        release: Arc<dyn Release>,
        scope: Scope,
        told: impl Fn(u64) -> bool + Send + Sync + 'static,
    ) -> Result<Option<Other>, StoreError> {
        self.survey(scope, told, move |sum: &mut Other, session, scenes| {
            sum.count(&session.conversation, other::play(session, scenes, &*release, &Said::new()));
        })
        .await
    }

    async fn survey<S: Sum>(
        self: &Arc<Self>,
        scope: Scope,
        told: impl Fn(u64) -> bool + Send + Sync + 'static,
        count: impl Fn(&mut S, &Recording, &super::stage::Scenes) + Send + Sync + 'static,
    ) -> Result<Option<S>, StoreError> {
        let shared = Arc::new(Shared {
            next: Mutex::new(Some(None)),
            done: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            told,
            count,
        });
        let mut workers = JoinSet::new();
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            let (here, shared) = (Arc::clone(self), Arc::clone(&shared));
            workers.spawn(async move { shared.work::<S>(&here, scope).await });
        }
        let mut sum = S::default();
        while let Some(done) = workers.join_next().await {
            sum.take(done.map_err(|error| StoreError::Down(error.to_string()))??);
        }
        sum.finish();
        Ok((!shared.stopped.load(Ordering::Relaxed)).then_some(sum))
    }
}

/// What the workers of one survey share.
struct Shared<T, C> {
    /// After which conversation the next page begins; absent once there is none.
    next: Mutex<Option<Option<ConversationId>>>,
    done: AtomicU64,
    stopped: AtomicBool,
    told: T,
    count: C,
}

impl<T: Fn(u64) -> bool, C> Shared<T, C> {
    async fn work<S: Sum>(&self, here: &Replay, scope: Scope) -> Result<S, StoreError>
    where
        C: Fn(&mut S, &Recording, &super::stage::Scenes),
    {
        let mut sum = S::default();
        while !self.stopped.load(Ordering::Relaxed) {
            let page = self.page(here).await?;
            if page.is_empty() {
                break;
            }
            let done = self.done.fetch_add(page.len() as u64, Ordering::Relaxed) + page.len() as u64;
            for id in page {
                match here.store.journal(&id, usize::MAX).await {
                    Ok(entries) => {
                        let scenes = here.stage.scenes(&entries).await?;
                        let sessions = Recording::of(&id, entries);
                        let mut any = false;
                        for session in sessions.iter().filter(|session| scope.holds(session)) {
                            (self.count)(&mut sum, session, &scenes);
                            any = true;
                        }
                        if any {
                            sum.conversation();
                        }
                    }
                    // One that cannot be read is told and does not hide the others.
                    Err(StoreError::Damaged(_)) => sum.unreadable(id),
                    Err(error) => return Err(error),
                }
                // A service that runs has its own work to do on these threads.
                tokio::task::yield_now().await;
            }
            if !(self.told)(done) {
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
        Ok(sum)
    }

    async fn page(&self, here: &Replay) -> Result<Vec<ConversationId>, StoreError> {
        let mut next = self.next.lock().await;
        let Some(after) = next.as_ref() else { return Ok(Vec::new()) };
        let page = here.store.journaled(after.as_ref(), PAGE).await?;
        *next = if page.len() == PAGE { page.last().cloned().map(Some) } else { None };
        Ok(page)
    }
}
