//! Every code has an example that triggers it, with its rendering, and a near miss that does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::render::{Format, Look};
use super::*;
use crate::flow::source::Source;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check/examples")
}

fn facts() -> ProjectFacts {
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    ProjectFacts {
        connections: names(&["rm"]),
        queues: names(&["recepcao", "suporte"]),
        desks: names(&["console", "jira"]),
        env: names(&["rm_company"]),
        flows: ["despedida".to_owned()].into(),
    }
}

/// `bad.json` and, where a finding takes two documents, `bad.2.json`.
fn read(code: Code, name: &str) -> Vec<Source> {
    [format!("{name}.json"), format!("{name}.2.json")]
        .iter()
        .filter_map(|file| {
            let text = std::fs::read_to_string(examples().join(code.as_str()).join(file)).ok()?;
            Some(Source::read(format!("flows/{file}"), text))
        })
        .collect()
}

fn look(format: Format, language: Language) -> Look {
    Look { format, language, color: false }
}

#[test]
fn every_code_has_an_example_that_triggers_it_and_nothing_else() {
    for &code in Code::ALL {
        let report = check(read(code, "bad"), &facts());
        let codes: BTreeSet<Code> = report.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        let said = report.render(look(Format::Short, Language::Portuguese));
        assert_eq!(codes, [code].into(), "{code}\n{said}");
        assert_eq!(report.library.is_some(), code.severity() < Severity::Error, "{code}");
    }
}

#[test]
fn every_code_has_a_near_miss() {
    for &code in Code::ALL {
        let report = check(read(code, "good"), &facts());
        let said = report.render(look(Format::Short, Language::Portuguese));
        assert!(report.diagnostics.is_empty() && report.library.is_some(), "{code}\n{said}");
        assert!(!report.sources.is_empty(), "{code} has no near miss");
    }
}

#[test]
fn every_example_is_rendered_as_written_down() {
    let mut stale = Vec::new();
    for &code in Code::ALL {
        for (language, name) in [(Language::Portuguese, "bad.pt.txt"), (Language::English, "bad.en.txt")] {
            let made = check(read(code, "bad"), &facts()).render(look(Format::Human, language));
            let path = examples().join(code.as_str()).join(name);
            if std::env::var_os("FLUXO_RENDER").is_some() {
                std::fs::write(&path, &made).expect("examples/ can be written");
            }
            if std::fs::read_to_string(&path).unwrap_or_default() != made {
                stale.push(format!("{code}/{name}"));
            }
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} differ; look at them after\n    \
         FLUXO_RENDER=1 cargo test -p fluxo-engine every_example_is_rendered_as_written_down"
    );
}

#[test]
fn both_languages_say_something_of_their_own() {
    for &code in Code::ALL {
        assert_ne!(code.title_pt(), code.title_en(), "{code}");
        for diagnostic in check(read(code, "bad"), &facts()).diagnostics {
            let texts = [&diagnostic.title].into_iter().chain(&diagnostic.label).chain(&diagnostic.help);
            for text in texts.chain(&diagnostic.notes) {
                assert!(!text.pt.is_empty() && !text.en.is_empty() && text.pt != text.en, "{code}: {text:?}");
                assert!(!text.pt.ends_with('.') && !text.en.ends_with('.'), "{code}: {text:?}");
            }
        }
    }
}

#[test]
fn no_folder_of_examples_is_without_its_code() {
    let known: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    let folders = std::fs::read_dir(examples()).expect("examples/");
    let there: BTreeSet<String> =
        folders.filter_map(|folder| folder.ok()?.file_name().into_string().ok()).collect();
    assert_eq!(there, known);
}

/// A fix that is made takes its finding away.
#[test]
fn fixes_fix() {
    for &code in Code::ALL {
        let sources = read(code, "bad");
        let report = check(sources, &facts());
        for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.fix.is_some()) {
            let Some(fix) = &diagnostic.fix else { continue };
            let fixed = report.sources.iter().map(|source| {
                let mut text = source.text.clone();
                if source.path == diagnostic.path {
                    for edit in fix.edits.iter().rev() {
                        text.replace_range(edit.span.clone(), &edit.text);
                    }
                }
                Source::read(source.path.clone(), text)
            });
            let after = check(fixed, &facts());
            let said = after.render(look(Format::Human, Language::Portuguese));
            assert!(after.diagnostics.len() < report.diagnostics.len(), "{code}\n{said}");
        }
    }
}

#[test]
fn any_bytes_are_judged_and_none_make_it_fall_over() {
    let flow = std::fs::read_to_string(examples().join("F101/bad.json")).expect("an example");
    let look = look(Format::Human, Language::Portuguese);
    for cut in (0..flow.len()).filter(|&at| flow.is_char_boundary(at)).step_by(3) {
        check([Source::read("x.json", &flow[..cut])], &facts()).render(look);
        let without = format!("{}{}", &flow[..cut], flow[cut..].chars().skip(1).collect::<String>());
        check([Source::read("x.json", without)], &facts()).render(look);
    }
    for text in [
        "",
        "null",
        "[]",
        "1",
        "\"\\ud800\"",
        "{\"nodes\":[]}",
        "{\"nodes\":{\"a\":1}}",
        "\u{feff}",
        "{\"nodes\":{\"\":{}}}",
    ] {
        check([Source::read("x.json", text)], &facts()).render(look);
    }
}

#[test]
fn a_node_may_keep_a_finding_with_a_reason() {
    let mut flow: serde_json::Value =
        serde_json::from_str(&read(Code::F108, "bad")[0].text).expect("an example");
    flow["nodes"]["desculpa"]["allow"] = serde_json::json!({ "F108": "o RM responde na segunda vez" });
    let report = check([Source::read("x.json", flow.to_string())], &facts());
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    flow["nodes"]["desculpa"]["next"] = "ninguem".into();
    flow["nodes"]["desculpa"]["allow"] = serde_json::json!({ "F101": "não importa" });
    let report = check([Source::read("x.json", flow.to_string())], &facts());
    assert_eq!(report.count(Severity::Error), 1, "what cannot be played cannot be allowed");
}

#[test]
fn outcomes_without_a_way_out_are_told() {
    let mut flow: serde_json::Value =
        serde_json::from_str(&read(Code::F128, "good")[0].text).expect("an example");
    flow["nodes"]["identificar"]["on"] = serde_json::json!({ "failed": "fim" });
    let callee = read(Code::F128, "good").remove(1);
    let report = check([Source::read("x.json", flow.to_string()), callee], &facts());
    assert_eq!(report.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::F106]);
}

#[test]
fn bytes_that_are_not_utf8_are_told() {
    let report = check([Source::from_bytes("x.json", b"{ \"title\": \"Confirma\xe7\xe3o\" }")], &facts());
    assert!(report.diagnostics.iter().any(|d| d.code == Code::F003 && d.severity == Severity::Error));
}

/// The flows that are shipped, with their tests.
fn shipped() -> Vec<Source> {
    let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows");
    let mut sources = Vec::new();
    for folder in ["", "tests"] {
        for file in std::fs::read_dir(flows.join(folder)).expect("flows/").flatten() {
            let name = file.file_name().into_string().expect("a name");
            if name.ends_with(".json") {
                let text = std::fs::read_to_string(file.path()).expect("a text");
                sources.push(Source::read(
                    Path::new("flows").join(folder).join(name).display().to_string(),
                    text,
                ));
            }
        }
    }
    sources
}

#[test]
fn the_shipped_flows_have_no_finding() {
    let report = check(shipped(), &ProjectFacts::default());
    assert!(report.library.is_some(), "{}", report.render(look(Format::Human, Language::Portuguese)));
    assert_eq!(report.diagnostics.len(), 0, "{}", report.render(look(Format::Human, Language::Portuguese)));
}

#[test]
fn a_misspelt_node_id_gets_an_answer_worth_reading() {
    let mut sources = shipped();
    let confirma = sources.iter_mut().find(|source| source.path == "flows/confirma.json").expect("confirma");
    let right =
        confirma.text.find("\"next\": \"escolher\"").expect("a way to `escolher`") + "\"next\": ".len();
    let position = confirma.position(right);
    let mut text = confirma.text.clone();
    text.replace_range(right..right + "\"escolher\"".len(), "\"escoler\"");
    *confirma = Source::read("flows/confirma.json", text);
    let said = check(sources, &ProjectFacts::default()).render(look(Format::Human, Language::Portuguese));
    let (line, column) = (position.line, position.column);
    let headline =
        format!("flows/confirma.json:{line}:{column}: erro[F101]: o destino \"escoler\" não existe\n");
    assert!(said.starts_with(&headline), "{said}");
    assert!(
        said.contains("nenhum nó tem este id")
            && said.contains("ajuda: existe um nó com nome parecido: \"escolher\"")
    );
    assert!(said.contains("\n1 erro e 0 avisos em "), "{said}");
}

#[test]
fn garbled_accents_are_told() {
    let text = read(Code::F003, "good")[0].text.replace("Olá", "OlÃ¡");
    let report = check([Source::read("x.json", text)], &facts());
    assert_eq!(report.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::F003]);
    assert!(report.library.is_some());
}

#[test]
fn names_of_a_campaign_are_looked_up() {
    let mut campaign: serde_json::Value =
        serde_json::from_str(include_str!("../flow/examples/campaign.json")).expect("an example");
    let known = ["confirma", "cancela", "resposta_livre", "resposta_atrasada"].map(str::to_owned);
    let facts = ProjectFacts { flows: known.into(), ..facts() };
    let judged = |campaign: &serde_json::Value| {
        check([Source::read("c.json", campaign.to_string())], &facts).diagnostics
    };
    assert_eq!(judged(&campaign), []);
    campaign["replies"]["confirmar"]["flow"] = "confirme".into();
    campaign["replies"]["atendente"]["handoff"] = "recepçao".into();
    campaign["source"]["connection"] = "rmm".into();
    let codes: Vec<Code> = judged(&campaign).iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, [Code::F413, Code::F117, Code::F116]);
}
