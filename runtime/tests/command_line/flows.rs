//! Flows are published, listed and taken back from the command line, with the service running and without it.

use std::fs;

use serde_json::Value;

use super::operators::Served;
use super::{Project, Run, run};

/// A project whose service publishes only by command, with the tests of one flow.
fn project() -> Project {
    let project = Project::new();
    project.replace("fluxo.toml", "watch = true", "watch = false");
    for entry in fs::read_dir(project.path("tests")).unwrap().map(Result::unwrap) {
        if entry.file_name() != "despedida.test.json" {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    project
}

fn flows(project: &Project, arguments: &[&str]) -> Run {
    run(&[&["flows"], arguments, &["--project", &project.flows()]].concat())
}

fn says(done: &Run, code: i32, parts: &[&str]) {
    assert_eq!(done.code, code, "{done:?}");
    for part in parts {
        assert!(done.out.contains(part), "no {part:?} in {done:?}");
    }
}

fn current(project: &Project) -> String {
    let listed = flows(project, &["list", "--json"]);
    assert_eq!((listed.code, listed.err.as_str()), (0, ""), "{listed:?}");
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    let current = listed["releases"].as_array().unwrap().iter().find(|row| row["current"] == true);
    current.unwrap()["release"].as_str().unwrap().to_owned()
}

#[test]
fn flows_are_published_and_taken_back() {
    let project = project();
    let nothing = flows(&project, &["list"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (2, ""), "{nothing:?}");

    let served = Served::start(&project);
    served.hears("oi");
    let first = current(&project);
    says(
        &flows(&project, &["list"]),
        0,
        &[&format!("▶ {}", &first[..12]), "fluxo · ao iniciar o serviço", "1 conversa", "menu/"],
    );

    // Errors, and tests that fail: told as `check` and `test` tell them, and nothing changes.
    project.replace("despedida.json", "\"start\": \"por_que\"", "\"start\": \"porque\"");
    let refused = flows(&project, &["publish"]);
    says(&refused, 1, &["despedida.json:6:", "erro[", "nada foi publicado: há 1 erro"]);
    let list = flows(&project, &["list"]);
    says(&list, 0, &["os fluxos da pasta não são os publicados: têm erros", "despedida.json:6:"]);
    project.replace("despedida.json", "\"start\": \"porque\"", "\"start\": \"por_que\"");
    project.replace("despedida.json", "Até logo! 👋", "Tchau! 👋");
    let refused = flows(&project, &["publish", "--migrate"]);
    let failed =
        ["✗ despedida · quem pede para sair", "despedida.test.json:13:", "nada foi publicado: 1 teste falha"];
    says(&refused, 1, &failed);
    assert_eq!(current(&project), first);

    // Put right: looked at, published, and the open conversation goes along.
    project.replace("tests/despedida.test.json", "Até logo", "Tchau");
    says(&flows(&project, &["list"]), 0, &["esperam `fluxo flows publish`"]);
    let would = flows(&project, &["publish", "--dry-run", "--migrate"]);
    let expected =
        ["passaram 2 testes", "seria publicada a versão", "nada mudou", "passariam para a nova versão: 1"];
    says(&would, 0, &expected);
    assert_eq!(current(&project), first);
    let published = flows(&project, &["publish", "--migrate", "--reason", "despedida mais curta"]);
    let before = format!("(antes: {})", &first[..12]);
    says(
        &published,
        0,
        &["publicada a versão", &before, "em andamento: 1 conversa", "ficam na versão em que começaram: 0"],
    );
    let second = current(&project);
    assert_ne!(second, first);
    says(
        &flows(&project, &["list"]),
        0,
        &[&format!("▶ {}", &second[..12]), "por comando: despedida mais curta"],
    );
    says(&flows(&project, &["publish"]), 0, &["já era a atual"]);

    let back = flows(&project, &["rollback"]);
    says(&back, 0, &[&format!("a versão atual é {}", &first[..12]), "ficam sem publicar até mudarem"]);
    let again = flows(&project, &["rollback"]);
    assert_eq!((again.code, again.out.as_str()), (1, ""), "{again:?}");
    assert!(again.err.contains("não há versão anterior"), "{again:?}");
    let unknown = flows(&project, &["rollback", "zz"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    served.kill();

    // Without the service it is the same, and counts from its next start.
    says(
        &flows(&project, &["list"]),
        0,
        &["volta por comando", "alguém voltou a uma versão anterior", "não está no ar"],
    );
    let named = flows(&project, &["rollback", &second[..10]]);
    says(&named, 0, &[&format!("a versão atual é {}", &second[..12]), "vale quando ele iniciar"]);
    let served = Served::start(&project);
    assert_eq!(current(&project), second);
    drop(served);
}
