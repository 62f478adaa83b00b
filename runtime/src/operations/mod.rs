//! What operators ask for while the service runs and while it does not: one closed list, each operation written once.
//!
//! A running service answers on a socket in the store's directory ([`Door`]); the command line asks there ([`ask`])
//! and, if nobody answers, opens the store itself and carries out the same operation without workers.
//!
//! **To add one**: in the file of its noun a type for what is asked and one for the answer (both `serde`), an
//! `impl Request` that joins them and does the work, and a line in the list below. The command in `cli` then calls
//! `operate::ask(&arguments.at, request)` and gets the answer, whichever way it went. What takes long tells its
//! [`Progress`] and ends early once that is no longer wanted, at a point where nothing is half done. Work on the store
//! itself goes through [`Operations::conversations`], which plays nothing while no service runs: what a change leaves
//! to be played is played by the next start.

mod ask;
pub mod contacts;
pub mod conversations;
mod door;
mod error;
pub mod flows;
pub mod outbox;
mod progress;
pub mod replay;
mod socket;
pub mod store;
mod wire;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use ask::{AskError, ask};
pub use door::Door;
pub use error::{OperationError, Reason};
pub use progress::{Progress, Step};

use crate::conversations::Conversations;
use crate::foundation::config::Config;

/// Something that can be asked for, with its answer.
pub trait Request: Into<Operation> + Send {
    /// What comes of it.
    type Answer: Serialize + DeserializeOwned + Send;

    /// Does it.
    ///
    /// # Errors
    /// In words for the operator.
    fn carry_out(
        self,
        here: &Operations,
        progress: &Progress,
    ) -> impl Future<Output = Result<Self::Answer, OperationError>> + Send;
}

macro_rules! operations {
    ($($(#[$said:meta])* $name:ident($request:path);)*) => {
        /// What can be asked for. Its JSON is what goes through the socket.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case", tag = "operation", content = "of")]
        pub enum Operation {
            $($(#[$said])* $name($request),)*
        }

        $(impl From<$request> for Operation {
            fn from(request: $request) -> Self {
                Self::$name(request)
            }
        })*

        impl Operations {
            /// Carries out an operation; the answer is its request's, as JSON.
            ///
            /// # Errors
            /// In words for the operator.
            pub async fn carry_out(
                &self,
                operation: Operation,
                progress: &Progress,
            ) -> Result<Value, OperationError> {
                match operation {
                    $(Operation::$name(request) => said(request.carry_out(self, progress).await?),)*
                }
            }
        }
    };
}

operations! {
    /// Effects that wait or were given up.
    OutboxList(outbox::List);
    /// One effect, whole.
    OutboxShow(outbox::Show);
    /// Dead letters tried again or let go.
    OutboxSettle(outbox::Settle);
    /// What is published, and what is in flight on it.
    FlowsList(flows::List);
    /// Publishes the flows on the disk.
    FlowsPublish(flows::Publish);
    /// Goes back to a release before.
    FlowsRollback(flows::Rollback);
    /// Who is reached at a phone.
    ContactFind(contacts::ContactFind);
    /// A contact, without anything personal.
    ContactShow(contacts::ContactShow);
    /// A contact erased.
    ContactErase(contacts::ContactErase);
    /// Conversations.
    ConversationsList(conversations::ConversationsList);
    /// One conversation, with what is recorded of it.
    ConversationShow(conversations::ConversationShow);
    /// One conversation played again.
    ConversationReplay(replay::ReplayOne);
    /// All conversations played again.
    ConversationsReplay(replay::ReplayAll);
    /// Whether all is well with what is kept.
    StoreCheck(store::Check);
    /// A copy of what is kept.
    StoreBackup(store::Backup);
}

/// Carries out operations on one store.
#[derive(Debug)]
pub struct Operations {
    conversations: Arc<Conversations>,
    config: Arc<Config>,
    serving: bool,
}

impl Operations {
    /// Of a service that runs.
    pub fn of_service(conversations: Arc<Conversations>, config: Arc<Config>) -> Self {
        Self { conversations, config, serving: true }
    }

    /// Of the command line, while no service has the store.
    pub fn alone(conversations: Arc<Conversations>, config: Arc<Config>) -> Self {
        Self { conversations, config, serving: false }
    }

    /// The conversations, their store and their releases.
    pub fn conversations(&self) -> &Arc<Conversations> {
        &self.conversations
    }

    /// The project file as it was when this process started.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether a service runs here: workers perform what is asked at once, and new sessions may begin at any moment.
    pub fn is_serving(&self) -> bool {
        self.serving
    }
}

fn said(answer: impl Serialize) -> Result<Value, OperationError> {
    serde_json::to_value(answer).map_err(|error| OperationError::failed(error.to_string()))
}
