//! What the filters of ours do: `cases/filters.json`, and what is easier said in code.

use super::*;
use crate::expr::filters::FILTERS;

#[test]
fn pick_keeps_the_named_members() {
    yields("{{ agendas | pick('id') }}", json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }]));
    yields(
        "{{ agendas | selectattr('medico', 'eq', 'BIA') | pick('id', nome='medico') }}",
        json!([{ "id": 2, "nome": "BIA" }]),
    );
    yields("{{ agenda | pick('StartTime', 'UnitName') }}", json!({ "StartTime": "08:30" }));
    yields("{{ (agendas | pick(nome='medico'))[1].nome }}", json!("BIA"));
    yields("{{ lista_vazia | pick('id') }}", json!([]));
    assert_eq!(value("{{ nada | pick('id') }}"), Ok(None));
    for wrong in ["{{ n | pick('id') }}", "{{ nome | pick('id') }}", "{{ com_nulo | pick('id') }}"] {
        assert!(value(wrong).is_err(), "{wrong}");
    }
}

#[derive(serde::Deserialize)]
struct FilterCases {
    filter: String,
    cases: Vec<(String, Value)>,
}

/// The name of a variant.
fn variant(of: &impl std::fmt::Debug) -> String {
    format!("{of:?}").split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

#[test]
fn every_filter_does_what_its_cases_say() {
    let groups: Vec<FilterCases> = serde_json::from_str(include_str!("../cases/filters.json")).unwrap();
    let mut wrong = Vec::new();
    for group in &groups {
        for (source, expected) in &group.cases {
            assert!(source.contains(&group.filter), "{source} is no case of {}", group.filter);
            let found = match Template::parse(source) {
                Err(error) => json!({ "syntax": variant(&error.kind) }),
                Ok(_) => match text(source) {
                    Ok(text) => json!(text),
                    Err(error) => json!({ "error": variant(&error) }),
                },
            };
            if found != *expected {
                wrong.push(format!("{source}: expected {expected}, found {found}"));
            }
        }
        let absent = text(&format!("{{{{ nulo | {} | default('-') }}}}", call(&group.filter)));
        if !matches!(group.filter.as_str(), "json" | "is_open") && absent.as_deref() != Ok("-") {
            wrong.push(format!("{} of something absent is {absent:?}", group.filter));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let covered: Vec<&str> = groups.iter().map(|group| group.filter.as_str()).collect();
    for (name, _) in FILTERS {
        assert!(covered.contains(name), "{name} has no case");
    }
}

fn call(filter: &str) -> String {
    match filter {
        "add_days" | "business_days" | "clip" => format!("{filter}(1)"),
        "plural" => "plural('a', 'b')".to_owned(),
        "pick" => "pick('a')".to_owned(),
        other => other.to_owned(),
    }
}
