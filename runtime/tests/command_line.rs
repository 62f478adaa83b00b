//! The command line as its users meet it: exit codes, what is said, and where.

#![allow(clippy::unwrap_used)] // helpers of tests; what goes wrong here is a failed test

#[path = "command_line/flows.rs"]
mod flows;
#[path = "command_line/operators.rs"]
mod operators;
#[path = "command_line/upkeep.rs"]
mod upkeep;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const COMMANDS: [&str; 12] = [
    "check", "test", "chat", "graph", "flows", "sandbox", "serve", "demo", "outbox", "store", "backup",
    "restore",
];

/// Commands below a command.
const VERBS: [(&str, &[&str]); 3] = [
    ("flows", &["list", "publish", "rollback"]),
    ("outbox", &["list", "show", "retry", "discard"]),
    ("store", &["check"]),
];

/// English that the argument parser would put into a help text.
const ENGLISH: [&str; 7] = ["Usage", "Options", "Print ", "default:", "ossible values", "<PATH", "env:"];

/// What a run of the binary left.
#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

fn run_with(arguments: &[&str], typed: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fluxo"))
        .args(arguments)
        .current_dir(root())
        .env_remove("FLUXO_API_TOKEN")
        .env_remove("FLUXO_ENV")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone before it is written to.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(arguments: &[&str]) -> Run {
    run_with(arguments, "")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A copy of the flows we ship, to be spoilt.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("flows/tests")).unwrap();
        for part in ["flows", "flows/tests"] {
            for entry in fs::read_dir(root().join(part)).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_file() {
                    fs::copy(entry.path(), folder.path().join(part).join(entry.file_name())).unwrap();
                }
            }
        }
        Self { folder }
    }

    fn flows(&self) -> String {
        self.folder.path().join("flows").display().to_string()
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join("flows").join(file).display().to_string()
    }

    /// Replaces what stands exactly once, and says at which line and column (from 1, in characters) it stood.
    fn replace(&self, file: &str, old: &str, new: &str) -> (usize, usize) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{old} in {file}");
        let before = &text[..text.find(old).unwrap()];
        fs::write(&path, text.replace(old, new)).unwrap();
        let line = before.rsplit('\n').next().unwrap();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

#[test]
fn check_says_by_its_exit_code_how_it_went() {
    let project = Project::new();
    let flows = project.flows();
    let clean = run(&["check", &flows]);
    assert_eq!(clean.code, 0, "{clean:?}");
    assert!(clean.err.starts_with("0 erros e 0 avisos em "), "{clean:?}");
    assert_eq!(clean.out, "", "what is found can be piped: {clean:?}");
    assert_eq!(run(&["validate", &flows]).err, clean.err);

    project.replace("menu.json", "\"start\": \"", "\"start\": \"nao_ha_");
    let found = run(&["check", &flows]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.out.contains("menu.json:"), "{found:?}");

    for (wrong, said) in [
        (vec!["check"], "<CAMINHO>"),
        (vec!["check", "--format", "xml", &flows], "'xml'"),
        (vec!["chek", &flows], "'check'"),
        (vec![], "Uso: fluxo <COMANDO>"),
    ] {
        let usage = run(&wrong);
        assert_eq!((usage.code, usage.out.as_str()), (2, ""), "{usage:?}");
        assert!(usage.err.contains(said), "{usage:?}");
    }

    let nowhere = run(&["check", &project.path("nao/ha")]);
    assert_eq!((nowhere.code, nowhere.out.as_str()), (3, ""), "{nowhere:?}");
    assert!(nowhere.err.contains("flows/nao/ha: não existe"), "{nowhere:?}");
}

#[test]
fn a_misspelt_node_is_shown_where_it_stands_with_the_one_that_was_meant() {
    let project = Project::new();
    let before = "\"if\": \"consultas | length > 1\", \"next\": ";
    let (line, start) =
        project.replace("confirma.json", &format!("{before}\"escolher\""), &format!("{before}\"escoler\""));
    let column = start + before.chars().count();
    let file = project.path("confirma.json");

    let shown = run(&["check", &project.flows()]);
    assert_eq!(shown.code, 1, "{shown:?}");
    let first = format!("{file}:{line}:{column}: erro[F101]: o destino \"escoler\" não existe");
    let lines: Vec<&str> = shown.out.lines().collect();
    assert_eq!(lines.first(), Some(&first.as_str()));
    let mark = lines.iter().position(|line| line.contains('━')).expect("the place is marked");
    assert!(lines[mark - 1].starts_with(&format!("{line} │ ")), "{shown:?}");
    assert!(lines[mark - 1].contains("\"next\": \"escoler\""), "{shown:?}");
    assert!(shown.out.contains("existe um nó com nome parecido: \"escolher\""), "{shown:?}");

    let short = run(&["check", "--format", "short", &project.flows()]);
    assert_eq!(short.code, 1);
    assert_eq!(short.out.lines().next(), Some(first.as_str()));
    assert!(short.out.lines().all(|line| line.starts_with(&project.flows())), "{short:?}");

    let english = run(&["check", "--format", "short", "--lang", "en", &project.flows()]);
    assert!(english.out.starts_with(&format!("{file}:{line}:{column}: error[F101]: ")), "{english:?}");

    let json = run(&["check", "--format", "json", &file]);
    assert_eq!(json.code, 1);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let found = &report["findings"][0];
    assert_eq!(found["line"], line);
    assert_eq!(found["column"], column);
    assert_eq!((found["code"].as_str(), found["severity"].as_str()), (Some("F101"), Some("error")));
    assert_eq!(found["path"].as_str(), Some(file.as_str()));
    assert!(report["errors"].as_u64() >= Some(1));
}

#[test]
fn a_mistake_in_the_project_file_is_told_with_its_place_and_without_its_value() {
    let project = Project::new();
    let (line, _) = project.replace("fluxo.toml", "{ env = \"RM_PASSWORD\" }", "\"m1nha-senha\"");
    let key = project.replace("fluxo.toml", "default_queue = ", "default_quee = ");
    let found = run(&["check", &project.flows()]);
    assert_eq!(found.code, 1, "{found:?}");
    let toml = project.path("fluxo.toml");
    assert!(found.out.contains(&format!("{toml}:{line}:")), "{found:?}");
    assert!(found.out.contains("é um segredo e está escrito no arquivo"), "{found:?}");
    let misspelt = format!("{toml}:{}:{}: erro: a chave `default_quee`", key.0, key.1);
    assert!(found.out.contains(&misspelt), "{found:?}");
    assert!(found.out.contains("você quis dizer `default_queue`?"), "{found:?}");

    let json = run(&["check", "--format", "json", &project.flows()]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.iter().filter(|one| one["path"] == toml.as_str()).count(), 2, "{json:?}");

    let serve = run(&["serve", "--project", &project.flows()]);
    assert_eq!(serve.code, 3, "{serve:?}");
    for told in [&found.out, &json.out, &serve.out, &serve.err] {
        assert!(!told.contains("m1nha-senha"), "{told}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_named_once() {
    let serve = Command::new(env!("CARGO_BIN_EXE_fluxo"))
        .args(["serve", "--project", "flows", "--set", "server.listen=127.0.0.1:0"])
        .current_dir(root())
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8(serve.stderr).unwrap();
    assert_eq!(serve.status.code(), Some(3), "{told}");
    assert_eq!(told.matches("`FLUXO_API_TOKEN`, que não está definida").count(), 1, "{told}");
    assert!(told.contains("flows/fluxo.toml:"), "{told}");
}

#[test]
fn tests_pass_and_are_counted() {
    let project = Project::new();
    let all = run(&["test", "--min-coverage", "100", &project.flows()]);
    assert_eq!(all.code, 0, "{all:?}");
    assert!(all.out.contains("100 % das saídas"), "{all:?}");
    assert!(all.out.contains(" passaram, 0 falharam"), "{all:?}");

    let file = project.path("tests/despedida.test.json");
    let one = run(&["test", "--verbose", "--only", "quem pede para sair", &file]);
    assert_eq!(one.code, 0, "{one:?}");
    assert!(one.out.contains("✓ despedida · quem pede para sair\n1 passou, 0 falharam"), "{one:?}");
    assert!(!one.out.contains("cobertura"), "part of the cases says nothing about coverage: {one:?}");

    let little = run(&["test", "--min-coverage", "90", &file]);
    assert_eq!(little.code, 1, "one flow's tests do not cover all flows: {little:?}");
    assert!(little.out.contains("menos que os 90 % pedidos"), "{little:?}");

    let none = run(&["test", &project.path("menu.json")]);
    assert_eq!(none.code, 2, "{none:?}");
}

#[test]
fn a_test_that_fails_says_where_and_what_the_patient_saw() {
    let project = Project::new();
    let (line, column) = project.replace(
        "tests/despedida.test.json",
        "{ \"expect\": { \"end\": \"encerrada\", \"text\": \"Até logo\" } }",
        "{ \"expect\": { \"end\": \"encerrada\", \"text\": \"Volte sempre\" } }",
    );
    let file = project.path("tests/despedida.test.json");
    let failed = run(&["test", &file]);
    assert_eq!(failed.code, 1, "{failed:?}");
    let place = format!("{file}:{line}:");
    let told = failed.out.lines().find_map(|told| told.trim().strip_prefix(&place));
    let told = told.unwrap_or_else(|| panic!("{place} is not named: {failed:?}"));
    let (at, told) = told.split_once(": ").unwrap();
    assert!(at.parse::<usize>().unwrap() >= column, "{failed:?}");
    assert!(told.contains("Volte sempre"), "{failed:?}");
    assert!(failed.out.contains("✗ despedida · quem pede para sair"), "{failed:?}");
    assert!(failed.out.lines().any(|line| line.contains('│') && line.contains("Até logo!")), "{failed:?}");
    assert!(failed.out.contains("1 passou, 1 falhou"), "{failed:?}");
}

#[test]
fn a_chat_is_played_from_a_pipe_with_simulated_answers() {
    let inputs = r#"{"consulta": {"id": "1|250001234", "data": "2026-03-13T00:00:00", "hora": "08:00",
        "medico": "Dra. Helena Vasconcelos Prado", "especialidade": "Cardiologia", "unidade": "Unidade Paulista"}}"#;
    let mocks = "flows/tests/confirmar_uma.test.json";
    let confirmed = run(&["chat", "confirmar_uma", "--mocks", mocks, "--inputs", inputs]);
    assert_eq!(confirmed.code, 0, "{confirmed:?}");
    assert!(confirmed.out.contains("confirmar_uma.gravar"), "{confirmed:?}");
    assert!(confirmed.out.contains("fim: confirmada"), "{confirmed:?}");

    let typed = "Falar com atendente\n/devolver\n/sair\n";
    let menu = run_with(&["chat", "menu", "--mocks", mocks, "--name", "Ana Lima"], typed);
    assert_eq!(menu.code, 0, "{menu:?}");
    let said = |what: &str| menu.out.find(what).unwrap_or_else(|| panic!("{what:?} is not in {menu:?}"));
    assert!(said("Olá, Ana!") < said("atendente.chamar"), "{menu:?}");
    assert!(said("com a fila recepcao") < said("Como posso ajudar agora?"), "{menu:?}");

    let misspelt = run(&["chat", "agendametno"]);
    assert_eq!(misspelt.code, 2, "{misspelt:?}");
    assert!(misspelt.err.contains("existe um com nome parecido: \"agendamento\""), "{misspelt:?}");
    assert_eq!(run(&["chat", "menu", "--inputs", "nada"]).code, 2);
    let nowhere = run(&["chat", "menu", "--mocks", "flows/nao_ha.json"]);
    assert_eq!(nowhere.code, 3, "{nowhere:?}");
    assert!(nowhere.err.contains("flows/nao_ha.json: não existe"), "{nowhere:?}");
}

#[test]
fn a_flow_is_drawn_in_three_formats() {
    let svg = run(&["graph", "agendamento"]);
    assert_eq!(svg.code, 0, "{}", svg.err);
    assert!(svg.out.starts_with("<svg ") && svg.out.ends_with("</svg>\n"));
    assert!(svg.out.contains("Posso marcar?"));
    balanced(&svg.out);

    let dot = run(&["graph", "flows/agendamento.json", "--format", "dot"]);
    assert_eq!(dot.code, 0, "{}", dot.err);
    assert!(dot.out.starts_with("digraph ") && dot.out.contains(" -> ") && dot.out.ends_with("}\n"));

    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("a.mmd").display().to_string();
    let mermaid = run(&["graph", "agendamento", "--format", "mermaid", "--output", &file]);
    assert_eq!((mermaid.code, mermaid.out.as_str()), (0, ""), "{}", mermaid.err);
    assert!(fs::read_to_string(&file).unwrap().starts_with("flowchart "));

    assert_eq!(run(&["graph", "nao_ha"]).code, 2);
}

/// Every tag that opens closes, in order; text holds no bare `&`.
fn balanced(xml: &str) {
    let mut open = Vec::new();
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        for rest in text.split('&').skip(1) {
            let entity = rest.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot"].contains(&entity), "&{entity}");
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
}

#[test]
fn every_command_explains_itself_in_portuguese() {
    let main = run(&["--help"]);
    assert_eq!((main.code, main.err.as_str()), (0, ""), "{main:?}");
    for command in COMMANDS {
        assert!(main.out.contains(&format!("\n  {command} ")), "{command}: {main:?}");
        for flag in ["--help", "-h"] {
            let help = run(&[command, flag]);
            assert_eq!((help.code, help.err.as_str()), (0, ""), "{help:?}");
            assert!(help.out.contains(&format!("Uso: fluxo {command}")), "{help:?}");
            for english in ENGLISH {
                assert!(!help.out.contains(english), "{english} in the help of {command}: {}", help.out);
            }
        }
    }
    for (command, verb) in
        VERBS.iter().flat_map(|(command, verbs)| verbs.iter().map(move |verb| (command, verb)))
    {
        let help = run(&[command, verb, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{help:?}");
        assert!(help.out.contains(&format!("Uso: fluxo {command} {verb}")), "{help:?}");
        for english in ENGLISH {
            assert!(!help.out.contains(english), "{english} in the help of {command} {verb}: {}", help.out);
        }
    }
    for wrong in [
        vec!["chek"],
        vec!["outbox", "lst"],
        vec!["outbox", "list", "--dead", "--pending"],
        vec!["outbox", "show", "nada"],
        vec!["outbox", "discard"],
        vec!["outbox", "discard", "--all", "1:c0.1:1:0"],
        vec!["outbox", "discard", "1:c0.1:1:0", "--reason", "x"],
        vec!["check"],
        vec!["check", "--nada"],
        vec!["graph", "menu", "--format", "png"],
        vec!["graph", "menu", "--format"],
        vec!["test", "flows", "--min-coverage", "200"],
        vec!["chat", "menu", "--base-url", "http://127.0.0.1:1", "--mocks", "a"],
        vec!["serve", "--set", "nada"],
    ] {
        let usage = run(&wrong);
        assert_eq!((usage.code, usage.out.as_str()), (2, ""), "{usage:?}");
        for english in [
            "error",
            "Usage",
            " for ",
            "found",
            "value",
            "argument ",
            "try ",
            "required",
            "cannot",
            "none",
            "the ",
        ] {
            assert!(!usage.err.contains(english), "{english} in what {wrong:?} is told: {}", usage.err);
        }
    }
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let project = Project::new();
    let spoilt = Project::new();
    spoilt.replace("menu.json", "\"start\": \"", "\"start\": \"nao_ha_");
    project.replace("tests/despedida.test.json", "\"Até logo\"", "\"Volte sempre\"");
    for arguments in [
        vec!["check", &spoilt.flows()],
        vec!["test", &project.path("tests/despedida.test.json"), "--verbose"],
        vec!["chat", "despedida"],
        vec!["check", "--help"],
        vec!["chek"],
    ] {
        let told = run(&arguments);
        assert!(!told.out.contains('\x1b') && !told.err.contains('\x1b'), "{arguments:?}: {told:?}");
    }
}

#[test]
fn the_flows_of_the_guides_are_clean() {
    for (guide, flow, tests) in
        [("README.md", "abertura", false), ("docs/escrever-fluxos.md", "visita", true)]
    {
        let text = fs::read_to_string(root().join(guide)).unwrap();
        let examples = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
        let whole: Vec<&str> =
            examples.filter(|json| json.contains(&format!("\"flow\": \"{flow}\""))).collect();
        assert_eq!(whole.len(), if tests { 2 } else { 1 }, "{guide}");
        let project = Project::new();
        fs::write(project.path(&format!("{flow}.json")), whole[0]).unwrap();
        let checked = run(&["check", &project.flows()]);
        assert_eq!((checked.code, checked.out.as_str()), (0, ""), "{guide}");
        if tests {
            let file = project.path(&format!("tests/{flow}.test.json"));
            fs::write(&file, whole[1]).unwrap();
            let played = run(&["test", &file]);
            assert_eq!(played.code, 0, "{guide}: {played:?}");
        }
    }
}
