//! The operators' door of a running service: who gets in, what is answered, and what is left behind.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::*;
use crate::operations::outbox::{
    How, List, Listed, Only, Settle, Settled, Show, Shown, Standing, Which, Why,
};
use crate::operations::{Operation, OperationError, Operations, Progress, Reason, Request, ask};

fn refused(_: usize, _: &Seen) -> Step {
    Step::json(500, &json!({ "error": { "message": "later", "code": 131_000 } }))
}

pub(super) async fn asked<R: Request>(store: &Path, request: R) -> Option<Result<R::Answer, OperationError>> {
    let answered = ask(store, &request.into(), |_| {}).await.unwrap()?;
    Some(answered.map(|value| serde_json::from_value(value).unwrap()))
}

async fn listed(store: &Path) -> Option<Result<Listed, OperationError>> {
    asked(store, List { only: Only::All, conversation: None, limit: 10 }).await
}

/// What the door says to a line, whatever that is.
async fn told(store: &Path, line: &[u8]) -> Value {
    let mut stream = UnixStream::connect(store.join("control.sock")).await.unwrap();
    // A line that is too long is not read to its end.
    let _ = stream.write_all(line).await;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await.unwrap();
    serde_json::from_str(&answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_answers_its_own_user_only_and_leaves_no_socket() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(refused).await);
    let store = folder.path().join("store");
    let socket = store.join("control.sock");
    assert!(listed(&store).await.is_none(), "nobody is there");
    // What a killed service leaves: a socket at which nobody listens.
    std::fs::create_dir_all(&store).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(listed(&store).await.is_none(), "nobody is there any more");

    let service = start(folder.path(), &graph.base()).await.unwrap();
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Caller::new(&service).says("m.1", "oi").await, 200);
    said(&graph, 1).await;
    let begun = Instant::now();
    let waiting = loop {
        let now = listed(&store).await.unwrap().unwrap();
        if matches!(now.effects.as_slice(), [row] if row.attempts > 0) {
            break now;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{now:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((waiting.pending, waiting.dead, waiting.more), (1, 0, false));
    let standing = &waiting.effects[0].standing;
    assert!(matches!(standing, Standing::Waiting { .. } | Standing::Ready | Standing::Started { .. }));
    assert!(service.stop().await);
    assert!(!socket.exists());
    assert!(listed(&store).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_an_operation_of_this_version_is_told_so() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let store = folder.path().join("store");
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let words = async |line: &[u8]| {
        let answer = told(&store, line).await;
        let error: OperationError = serde_json::from_value(answer["failed"].clone()).unwrap();
        assert_eq!(error.reason, Reason::Failed);
        error.words
    };
    assert!(words(b"oi\n").await.contains("JSON"));
    let other = json!({ "version": "9.9.9", "operation": { "operation": "dance" } }).to_string() + "\n";
    assert!(words(other.as_bytes()).await.contains("9.9.9"));
    let same = other.replace("9.9.9", env!("CARGO_PKG_VERSION"));
    assert!(words(same.as_bytes()).await.contains("dance"));
    assert!(words(&vec![b'x'; (1 << 20) + 1]).await.contains("longo demais"));

    // Whoever says nothing holds nobody up.
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(UnixStream::connect(store.join("control.sock")).await.unwrap());
    }
    assert_eq!(listed(&store).await.unwrap().unwrap().effects, []);
    assert!(service.stop().await);
    let mut rest = Vec::new();
    assert!(silent[0].read_to_end(&mut rest).await.is_err() || rest.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_a_long_path_has_a_door_too() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let deep: PathBuf = folder.path().join("a".repeat(90)).join("b".repeat(90));
    std::fs::create_dir_all(&deep).unwrap();
    let service = start(&deep, &graph.base()).await.unwrap();
    let store = deep.join("store");
    assert_eq!(listed(&store).await.unwrap().unwrap().pending, 0);
    assert!(service.stop().await);
    assert!(!store.join("control.sock").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_shown_and_settled() {
    let refused = |_: usize, _: &Seen| Step::json(400, &json!({ "error": { "message": "no", "code": 100 } }));
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(refused).await);
    let store = folder.path().join("store");
    let service = start(folder.path(), &graph.base()).await.unwrap();
    assert_eq!(Caller::new(&service).says("m.1", "oi").await, 200);
    let dead = async |count: u64| {
        let begun = Instant::now();
        loop {
            let list = asked(&store, List { only: Only::Dead, conversation: None, limit: 1 }).await;
            let list = list.unwrap().unwrap();
            if list.dead == count && list.pending == 0 {
                return list;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{list:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let first = dead(1).await.effects.remove(0);
    assert!(matches!(first.standing, Standing::Dead { unclear: false, .. }), "{first:?}");

    let show = async |reveal| -> Shown {
        asked(&store, Show { effect: first.effect.clone(), reveal }).await.unwrap().unwrap()
    };
    let (masked, whole) = (show(false).await, show(true).await);
    assert_eq!(whole.asked["message"]["text"], "Qual é o seu nome?");
    assert!(whole.contact.unwrap().phone.unwrap().ends_with("5511987654321"));
    let masked = serde_json::to_string(&masked).unwrap();
    assert!(!masked.contains("Qual") && !masked.contains("98765"), "{masked}");

    let retry = How::Retry { unclear: false, changing: false };
    let settle = async |which: Which, how: How, only_look: bool| -> Settled {
        asked(&store, Settle { which, how, only_look }).await.unwrap().unwrap()
    };
    let alike = |reason: &str| Which::Alike { reason: Some(reason.to_owned()), conversation: None };
    assert_eq!(settle(alike("nothing like it"), retry, false).await, Settled::default());
    let all = Which::Alike { reason: None, conversation: None };
    assert_eq!(settle(all.clone(), retry, true).await.settled, 1, "only looked at");
    dead(1).await;
    // It is refused again, and dead again.
    assert_eq!(settle(Which::Named(vec![first.effect.clone()]), retry, false).await.settled, 1);
    said(&graph, 2).await;
    dead(1).await;
    assert_eq!(settle(all.clone(), retry, false).await.settled, 1);
    said(&graph, 3).await;
    dead(1).await;
    assert_eq!(settle(all, How::Discard, false).await.settled, 1);
    dead(0).await;
    let gone = settle(Which::Named(vec![first.effect.clone()]), retry, false).await;
    assert_eq!((gone.settled, gone.left, &gone.why[0].why), (0, 1, &Why::NotThere));
    let error = asked(&store, Show { effect: first.effect, reveal: false }).await.unwrap().unwrap_err();
    assert_eq!(error.reason, Reason::NotThere);
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_ends_where_nothing_is_half_done() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let config = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml"));
    let config =
        Config::parse(&folder.path().join("fluxo.toml"), config.unwrap(), Reading::default()).unwrap();
    let here = Operations::of_service(Arc::clone(service.conversations()), Arc::new(config));
    let (progress, heard) = Progress::channel();
    let all = Which::Alike { reason: None, conversation: None };
    let settle = Operation::from(Settle { which: all, how: How::Discard, only_look: false });
    assert!(here.carry_out(settle.clone(), &progress).await.is_ok());
    drop(heard);
    let error = here.carry_out(settle, &progress).await.unwrap_err();
    assert_eq!(error.reason, Reason::Interrupted);
    drop(here);
    assert!(service.stop().await);
}
