//! The kill kit (`fluxo crashtest`): three hundred kills of the real binary under load, and proof that the kit notices what
//! it is there to notice.

mod kills;
mod liar;
mod sabotage;

use std::path::PathBuf;
use std::time::Duration;

use fluxo::crashtest::{Crowd, Detours, Plan};
use tempfile::TempDir;

/// A run of the binary under test, on a disk of its own.
fn plan(folder: &TempDir, kills: u32, seed: u64) -> Plan {
    Plan {
        directory: folder.path().to_owned(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_fluxo-under-test")),
        kills,
        seed,
        longest: None,
        calm: Duration::from_secs(1),
        patience: Duration::from_secs(100),
        crowd: Crowd::USUAL,
        trouble: true,
        detours: Detours::default(),
    }
}

/// A folder on a real disk: /tmp may be memory. It goes with the test, even one that failed: the seed repeats it.
fn disk() -> TempDir {
    let target = crate::tidy::root().join("target");
    TempDir::with_prefix_in("crashes-", target).expect("the target directory can be written")
}
