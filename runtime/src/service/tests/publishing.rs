//! Flows are edited, published, taken back and moved to under a running service, as operators and analysts do it.

use super::*;
use crate::operations::flows::{
    List, Listed, NotPublished, Outcome, Publish, PublishReport, Rollback, RollbackReport,
};
use crate::operations::{OperationError, Operations, Reason, Request, ask};
use crate::releases::Checked;
use crate::service::alone;
use crate::store::Occasion;

fn config(folder: &Path, graph: &str) -> Config {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml");
    let text = std::fs::read_to_string(project).unwrap();
    let file = folder.join("fluxo.toml");
    std::fs::write(&file, &text).unwrap();
    let variables = Environment::default().with([
        ("RM_USER", "u"),
        ("RM_PASSWORD", "p"),
        ("WHATSAPP_ACCESS_TOKEN", "graph-token"),
        ("WHATSAPP_APP_SECRET", "app-secret"),
        ("WHATSAPP_VERIFY_TOKEN", "verify-token"),
        ("FLUXO_API_TOKEN", TOKEN),
    ]);
    let overrides = Overrides::none()
        .set("channels.whatsapp.base_url", format!("{graph}/v26.0"))
        .set("store.path", folder.join("store").display().to_string());
    Config::parse(&file, text, Reading { environment: None, variables, overrides }).unwrap()
}

fn checked(config: &Config) -> Box<dyn Compiler> {
    let (project, language) =
        (config.play(jiff::Timestamp::now()), fluxo_engine::check::Language::Portuguese);
    Box::new(Checked { project, language })
}

async fn serving(folder: &Path, graph: &Scripted) -> Service {
    let config = config(folder, &graph.base());
    let compiler = checked(&config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Service::start(config, compiler, listener).await.unwrap()
}

/// A flow that asks for a name in these words, and a test that expects others.
fn write(folder: &Path, asks: &str, expected: &str) {
    let test = json!({
        "format": 1, "flow": "menu", "now": "2026-03-12T09:00:00-03:00",
        "cases": [{ "title": "pergunta", "steps": [{ "expect": { "text": expected } }] }]
    });
    std::fs::create_dir_all(folder.join("tests")).unwrap();
    std::fs::write(folder.join("tests/menu.test.json"), test.to_string()).unwrap();
    let flow = FLOW
        .replace("Qual é o seu nome?", asks)
        .replace("Vou chamar alguém", &format!("{asks} Chamo alguém"));
    std::fs::write(folder.join("menu.json"), flow).unwrap();
}

async fn asked<R: Request>(folder: &Path, request: R) -> Result<R::Answer, OperationError> {
    let answered = ask(&folder.join("store"), &request.into(), |_| {}).await.unwrap().expect("it serves");
    answered.map(|value| serde_json::from_value(value).unwrap())
}

async fn listed(folder: &Path) -> Listed {
    asked(folder, List { limit: 10 }).await.unwrap()
}

/// The list, once it is as it has to become.
async fn once(folder: &Path, what: &str, holds: impl Fn(&Listed) -> bool) -> Listed {
    let begun = Instant::now();
    loop {
        let listed = listed(folder).await;
        if holds(&listed) {
            return listed;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {listed:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn publish(dry_run: bool, migrate: bool) -> Publish {
    Publish { by: "rita".to_owned(), reason: Some("textos novos".to_owned()), dry_run, migrate }
}

fn back(to: Option<&str>) -> Rollback {
    Rollback { to: to.map(str::to_owned), by: "rita".to_owned(), reason: None }
}

/// How a release came to be current.
fn came(listed: &Listed) -> Occasion {
    let current = listed.releases.iter().find(|row| row.current).expect("one is current");
    current.published.as_ref().expect("it was published").occasion
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_are_edited_taken_back_and_published_under_a_running_service() {
    let (place, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let folder = place.path();
    write(folder, "Nome?", "Nome?");
    let service = serving(folder, &graph).await;
    let caller = Caller::new(&service);
    assert_eq!(caller.says("m.1", "oi").await, 200);
    assert_eq!(said(&graph, 1).await, ["Nome?"]);
    let first = listed(folder).await;
    assert_eq!((first.releases.len(), first.disk.as_ref(), came(&first)), (1, None, Occasion::Start));
    let first = first.releases[0].release.clone();

    // Clean: published by itself. With errors, or with tests that fail: not, and one can see why.
    write(folder, "Como você se chama?", "Como você se chama?");
    let now = once(folder, "it is published", |now| now.releases[0].release != first).await;
    assert_eq!((came(&now), &now.disk), (Occasion::Edit, &None));
    let second = now.releases[0].release.clone();
    let old = now.releases.iter().find(|row| row.release == first).unwrap();
    assert_eq!(old.in_flight.as_ref().unwrap().all.sessions, 1);
    assert_eq!(old.in_flight.as_ref().unwrap().places[0].node.as_str(), "nome");
    write(folder, "E aí?", "Olá?");
    once(
        folder,
        "its test fails",
        |now| matches!(&now.disk, Some(NotPublished::Tests { failures }) if failures.len() == 1),
    )
    .await;
    let report: PublishReport = asked(folder, publish(false, true)).await.unwrap();
    assert_eq!((report.outcome, report.failures.len(), report.moves), (Outcome::Refused, 1, None));
    std::fs::write(folder.join("menu.json"), "{").unwrap();
    once(
        folder,
        "it has errors",
        |now| matches!(&now.disk, Some(NotPublished::Errors { findings }) if !findings.is_empty()),
    )
    .await;
    let report: PublishReport = asked(folder, publish(false, false)).await.unwrap();
    assert_eq!((report.outcome, &report.release), (Outcome::Refused, &None));
    assert!(report.findings[0].line.contains("menu.json"), "{report:?}");
    assert_eq!(listed(folder).await.releases[0].release, second);

    // Taken back, it stays back: whatever is touched, and over a restart.
    write(folder, "Como você se chama?", "Como você se chama?");
    let report: RollbackReport = asked(folder, back(None)).await.unwrap();
    assert_eq!((&report.before, &report.now), (&second, &first));
    assert!(report.disk_differs && report.serving && report.findings.is_empty(), "{report:?}");
    let refused = asked(folder, back(None)).await.unwrap_err();
    assert_eq!(refused.reason, Reason::Refused);
    assert_eq!(asked(folder, back(Some("zz"))).await.unwrap_err().reason, Reason::NotThere);
    write(folder, "Como você se chama?", "Como você se chama?");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let now = listed(folder).await;
    assert_eq!((came(&now), &now.disk), (Occasion::Rollback, &Some(NotPublished::WentBack)));
    assert!(service.stop().await);
    let service = serving(folder, &graph).await;
    assert_eq!(service.conversations().releases().current().id(), &first);
    let now = listed(folder).await;
    assert_eq!((now.releases[0].release.clone(), now.disk), (first.clone(), Some(NotPublished::WentBack)));

    // Published by command, and the open conversation goes along.
    let report: PublishReport = asked(folder, publish(true, true)).await.unwrap();
    assert_eq!((report.outcome, report.passed), (Outcome::WouldPublish, 1));
    assert_eq!(report.moves.as_ref().map(|moves| (moves.moved, moves.kept.len())), Some((1, 0)));
    assert_eq!(listed(folder).await.releases[0].release, first, "nothing changed");
    let report: PublishReport = asked(folder, publish(false, true)).await.unwrap();
    assert_eq!(
        (report.outcome, report.before, report.release),
        (Outcome::Published, Some(first), Some(second.clone()))
    );
    assert_eq!(report.in_flight.unwrap().sessions(), 1);
    assert_eq!(report.moves.map(|moves| (moves.moved, moves.kept.len())), Some((1, 0)));
    let now = listed(folder).await;
    let row = &now.releases[0];
    assert_eq!((&row.release, row.in_flight.as_ref().map(|on| on.all.sessions)), (&second, Some(1)));
    assert_eq!(row.published.as_ref().unwrap().reason.as_deref(), Some("textos novos"));
    let caller = Caller::new(&service);
    assert_eq!(caller.says("m.2", "Ana Lima").await, 200);
    assert_eq!(said(&graph, 2).await[1], "Como você se chama? Chamo alguém, Ana Lima.");

    // With people now: it stays, and the reason is told.
    write(folder, "Seu nome?", "Seu nome?");
    let report: PublishReport = asked(folder, publish(false, true)).await.unwrap();
    let moves = report.moves.unwrap();
    assert_eq!((moves.moved, moves.kept.len()), (0, 1));
    assert!(moves.kept[0].because.contains(&"está com pessoas".to_owned()), "{moves:?}");
    assert!(!report.outdated);
    std::fs::write(folder.join("fluxo.toml"), "# outro\n").unwrap();
    assert!(listed(folder).await.outdated, "the project file is read at the start only");
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_service_what_is_published_counts_from_the_next_start() {
    let (place, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let folder = place.path();
    write(folder, "Nome?", "Nome?");
    let service = serving(folder, &graph).await;
    let first = service.conversations().releases().current().id().clone();
    assert_eq!(Caller::new(&service).says("m.1", "oi").await, 200);
    said(&graph, 1).await;
    assert!(service.stop().await);

    let (progress, _steps) = crate::operations::Progress::channel();
    let here = async || -> Operations {
        let config = config(folder, &graph.base());
        let compiler = checked(&config);
        alone(config, compiler).await.unwrap()
    };
    write(folder, "Seu nome?", "Seu nome?");
    let alone = here().await;
    let now = List { limit: 10 }.carry_out(&alone, &progress).await.unwrap();
    assert_eq!((now.serving, &now.disk), (false, &Some(NotPublished::AtNextStart)));
    let report = publish(false, true).carry_out(&alone, &progress).await.unwrap();
    assert_eq!((report.outcome, report.serving), (Outcome::Published, false));
    assert_eq!(report.moves.map(|moves| (moves.moved, moves.kept)), Some((1, Vec::new())));
    let second = report.release.unwrap();
    let report = publish(false, false).carry_out(&alone, &progress).await.unwrap();
    assert_eq!(report.outcome, Outcome::Unchanged);
    drop(alone);

    let alone = here().await;
    assert_eq!(alone.conversations().releases().current().id(), &second);
    let report = back(Some(&first.as_str()[..8])).carry_out(&alone, &progress).await.unwrap();
    assert_eq!((&report.now, report.serving), (&first, false));
    drop(alone);
    let service = serving(folder, &graph).await;
    assert_eq!(service.conversations().releases().current().id(), &first);
    assert!(service.stop().await);
    // Errors on the disk keep nobody from being answered.
    std::fs::write(folder.join("menu.json"), "{").unwrap();
    let service = serving(folder, &graph).await;
    assert_eq!(service.conversations().releases().current().id(), &first);
    assert!(matches!(listed(folder).await.disk, Some(NotPublished::Errors { .. })));
    assert!(service.stop().await);
}
