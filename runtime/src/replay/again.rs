//! A session on the releases it was played on: every turn comes to the same bytes, or the first that does not is named.

use fluxo_engine::ids::SessionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Said;
use super::difference::Difference;
use super::recording::{Left, Player, Recording, Stop, after_move};
use super::stage::Scenes;
use crate::store::Kept;

/// What came of playing a session again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// The session.
    pub session: SessionId,
    /// When it began, as far as that is recorded.
    pub began: Option<Timestamp>,
    /// Its last turn.
    pub last: Option<Timestamp>,
    /// How many turns of it are recorded.
    pub turns: u32,
    /// How many of them were played again and came to the same.
    pub equal: u32,
    /// What that says of the session.
    pub verdict: Verdict,
}

/// What playing a session again says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict", content = "of")]
pub enum Verdict {
    /// Every turn came to the same bytes.
    Equal,
    /// One did not.
    Differs(Box<Difference>),
    /// It cannot be played to its end.
    Left(Left),
}

pub(super) fn replay(session: &Recording, scenes: &Scenes, said: &Said) -> Replayed {
    let mut equal = 0;
    let verdict = match play(session, scenes, said, &mut equal) {
        Ok(()) => Verdict::Equal,
        Err(verdict) => verdict,
    };
    Replayed {
        session: session.session.clone(),
        began: session.entries.first().map(|entry| entry.at),
        last: session.entries.last().map(|entry| entry.at),
        turns: session.turns(),
        equal,
        verdict,
    }
}

fn play(session: &Recording, scenes: &Scenes, said: &Said, equal: &mut u32) -> Result<(), Verdict> {
    let left = |why: Left| Err(Verdict::Left(why));
    let mut player = Player::default();
    for entry in &session.entries {
        let recorded = match &entry.kept {
            Kept::Whole(recorded) => recorded,
            Kept::Moved(moved) => {
                let both = scenes.release(&moved.from).zip(scenes.release(&moved.to));
                let Some((from, to)) = both else { return left(Left::ReleaseGone) };
                // Without a beginning there is nothing to be moved, and the next turn says so.
                if let Some(stored) = player.session.take() {
                    match after_move(from, to, &stored) {
                        Some(moved) => player.session = Some(moved),
                        None => return left(Left::Moved),
                    }
                }
                continue;
            }
            Kept::Cut => return left(Left::Cut),
            Kept::Erased => return left(Left::Erased),
            Kept::Older => return left(Left::Older),
        };
        let Some(scene) = scenes.of(recorded.backdrop) else { return left(Left::BackdropGone) };
        let Some(release) = &scene.release else { return left(Left::ReleaseGone) };
        match player.play(session, entry, recorded, scene, &**release) {
            Ok(played) => {
                if let Some(difference) = Difference::of(entry, recorded, scene, &played, said) {
                    return Err(Verdict::Differs(Box::new(difference)));
                }
            }
            Err(Stop::Left(why)) => return left(why),
            Err(Stop::Refused(words)) => {
                return Err(Verdict::Differs(Box::new(Difference::refused(entry, scene, words))));
            }
        }
        *equal += 1;
    }
    Ok(())
}
