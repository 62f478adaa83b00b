//! The way to stop: nothing new is begun, what runs is finished, the rest is left to the next start.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shared by everything that runs in the background.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Nothing was asked to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs something that [`Shutdown::finish`] waits for. It must end soon after [`Shutdown::asked`] does.
    pub fn run<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// Ends once stopping was asked.
    pub async fn asked(&self) {
        self.token.cancelled().await;
    }

    /// Whether stopping was asked.
    pub fn is_asked(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Asks everything to stop.
    pub fn ask(&self) {
        self.token.cancel();
        self.tasks.close();
    }

    /// Asks everything to stop and waits for what runs, but no longer than `limit`; answers whether all ended.
    /// What is cut off then is found by the next start, as after a crash.
    pub async fn finish(&self, limit: Duration) -> bool {
        self.ask();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }
}
