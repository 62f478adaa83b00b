//! When the service dies, and how: mostly by SIGKILL at a moment that was drawn, also while it recovers from the kill
//! before, several times in quick succession, and with the world away when it starts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::chance::Chance;
use super::plan::Plan;
use super::service::{Life, Start};
use super::stage::Stage;

/// What a start is taken to last before the first one was measured, and what lives are measured by at least.
const GUESS: Duration = Duration::from_millis(100);
/// What lives are measured by at most: a run must end.
const SLOW: Duration = Duration::from_millis(500);

/// What happened to the service.
#[derive(Debug, Clone, Default)]
pub(super) struct Deaths {
    /// SIGKILLs.
    pub(super) kills: u32,
    /// Of those, before the service was ready: while it opened its store and recovered.
    pub(super) while_starting: u32,
    /// Stops that were asked for and waited for.
    pub(super) stops: u32,
    /// Starts with the world away.
    pub(super) without_world: u32,
    /// From the birth of a process to its first answer.
    pub(super) ready: Vec<Duration>,
    /// When each death came, in milliseconds since the epoch.
    pub(super) at_ms: Vec<i64>,
}

/// How the killing ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A process lives.
    Alive(Life),
    /// A start failed, or a stop did: why.
    Failed(String),
}

/// When a life ends.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after its birth, ready or not.
    Early(Duration),
    /// So long after it was ready.
    Later(Duration),
}

/// Kills until the plan is carried out. Tells how many there were after each.
pub(super) async fn go(
    stage: &Arc<Stage>,
    plan: &Plan,
    life: Life,
    progress: &(dyn Fn(u32) + Send + Sync),
) -> anyhow::Result<(Deaths, Outcome)> {
    let mut killer = Killer {
        stage,
        plan,
        chance: Chance::of(plan.seed, "kills"),
        deaths: Deaths::default(),
        flurry: 0,
        away: false,
    };
    let begun = Instant::now();
    let outcome = killer.lives(life, begun, progress).await?;
    stage.world.come_back();
    Ok((killer.deaths, outcome))
}

struct Killer<'a> {
    stage: &'a Arc<Stage>,
    plan: &'a Plan,
    chance: Chance,
    deaths: Deaths,
    /// Lives that are still to be cut short one after the other.
    flurry: u64,
    /// The world is away.
    away: bool,
}

impl Killer<'_> {
    async fn lives(
        &mut self,
        mut life: Life,
        begun: Instant,
        progress: &(dyn Fn(u32) + Send + Sync),
    ) -> anyhow::Result<Outcome> {
        loop {
            let late = self.plan.longest.is_some_and(|longest| begun.elapsed() > longest);
            let enough = self.deaths.kills >= self.plan.kills || late;
            if enough || self.stage.is_hopeless() {
                self.back();
                return Ok(match self.ready(&mut life).await? {
                    None => Outcome::Alive(life),
                    Some(why) => Outcome::Failed(why),
                });
            }
            let is_ready = match self.moment() {
                Moment::Early(wait) => {
                    let service = Arc::clone(&self.stage.service);
                    let born = Instant::now();
                    match tokio::time::timeout(wait, service.ready(&mut life)).await {
                        Err(_) => false,
                        Ok(start) => {
                            if let Some(why) = self.started(start?) {
                                return Ok(Outcome::Failed(why));
                            }
                            tokio::time::sleep(wait.saturating_sub(born.elapsed())).await;
                            true
                        }
                    }
                }
                Moment::Later(wait) => {
                    if let Some(why) = self.ready(&mut life).await? {
                        return Ok(Outcome::Failed(why));
                    }
                    tokio::time::sleep(wait / 2).await;
                    self.back();
                    tokio::time::sleep(wait / 2).await;
                    true
                }
            };
            if let Some(why) = self.end(life, is_ready).await? {
                return Ok(Outcome::Failed(why));
            }
            progress(self.deaths.kills);
            if let Some(between) = &self.plan.detours.between_lives {
                between(self.stage.service.store());
            }
            if self.plan.trouble && !self.away && self.chance.percent(4) {
                self.stage.world.go_down();
                self.away = true;
                self.deaths.without_world += 1;
            }
            life = self.stage.service.begin(&self.stage.world)?;
        }
    }

    fn moment(&mut self) -> Moment {
        if self.flurry == 0 && self.chance.percent(4) {
            self.flurry = self.chance.within(3..=6);
        }
        let usual = self.deaths.ready.last().copied().unwrap_or(GUESS);
        let early = self.flurry > 0 || self.chance.percent(20);
        self.flurry = self.flurry.saturating_sub(1);
        if early {
            return Moment::Early(usual.mul_f64(self.chance.share() * 1.25));
        }
        // On a slow machine everything takes its time, a life too.
        let unit = usual.clamp(GUESS, SLOW);
        Moment::Later(match self.chance.within(0..=9) {
            0 => Duration::ZERO,
            1..=6 => unit.mul_f64(self.chance.share() * 3.5),
            _ => unit.mul_f64(3.5 + self.chance.share() * 6.5),
        })
    }

    /// Ends a life; why the end failed, if it did.
    async fn end(&mut self, mut life: Life, is_ready: bool) -> anyhow::Result<Option<String>> {
        if is_ready && self.chance.percent(8) {
            life.ask_to_stop().await?;
            if self.chance.percent(50) {
                let ended = life.end().await?;
                self.deaths.at_ms.push(Timestamp::now().as_millisecond());
                self.deaths.stops += 1;
                return Ok(match ended {
                    Some(status) if status.success() => None,
                    Some(status) => Some(format!("SIGTERM: {status}")),
                    None => Some("SIGTERM: it does not end".to_owned()),
                });
            }
            tokio::time::sleep(self.chance.millis(0..=60)).await;
        }
        life.kill().await?;
        self.deaths.at_ms.push(Timestamp::now().as_millisecond());
        self.deaths.kills += 1;
        self.deaths.while_starting += u32::from(!is_ready);
        Ok(None)
    }

    async fn ready(&mut self, life: &mut Life) -> anyhow::Result<Option<String>> {
        let start = self.stage.service.ready(life).await?;
        Ok(self.started(start))
    }

    fn started(&mut self, start: Start) -> Option<String> {
        match start {
            Start::Ready(after) => {
                self.deaths.ready.push(after);
                None
            }
            Start::Failed(why) => Some(why),
        }
    }

    fn back(&mut self) {
        if self.away {
            self.stage.world.come_back();
            self.away = false;
        }
    }
}
