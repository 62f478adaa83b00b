//! What templates mean, case by case.

use jiff::civil::date;
use serde_json::{Map, Value, json};

use super::*;

mod filters;
mod syntax;

fn variables() -> Map<String, Value> {
    let Value::Object(map) = json!({
        "nome": "MARIA DA SILVA",
        "n": 3,
        "um": 1,
        "preco": 1234.5,
        "inteiro_f": 2.0,
        "nulo": null,
        "sim": true,
        "data": "2026-03-15",
        "rota": "a/b ç",
        "vazio": "",
        "agenda": { "StartTime": "08:30", "UnitName": null, "id": 7, "Practitioner": { "Name": "DR. JOÃO LIMA" } },
        "agendas": [
            { "id": 1, "medico": "ANA", "outcome": "confirmada" },
            { "id": 2, "medico": "BIA", "outcome": "falhou" },
            { "id": 3, "medico": "ANA", "outcome": "confirmada" }
        ],
        "lista_vazia": [],
        "com_nulo": ["a", null, "b"]
    }) else {
        unreachable!()
    };
    map
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.holidays.insert(date(2026, 4, 21));
    facts.open_queues.insert("recepcao".into(), true);
    facts.open_queues.insert("noite".into(), false);
    facts
}

fn with_scope<T>(test: impl FnOnce(&Scope<'_>) -> T) -> T {
    let variables = variables();
    let facts = facts();
    let contact = json!({ "name": "João Souza", "tags": ["vip"], "phone": null });
    let now = date(2026, 3, 12).at(14, 30, 0, 0).in_tz("America/Sao_Paulo").unwrap();
    let mut scope = Scope::new(now, &facts);
    scope.layer(&variables).root("contact", &contact);
    test(&scope)
}

fn text(source: &str) -> Result<String, EvalError> {
    let template = Template::parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    let first = with_scope(|scope| template.text(scope));
    assert_eq!(first, with_scope(|scope| template.text(scope)), "{source}: same input, same text");
    first
}

fn value(source: &str) -> Result<Option<Value>, EvalError> {
    let template = Template::parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    with_scope(|scope| template.value(scope))
}

fn truth(source: &str) -> Result<bool, EvalError> {
    let expression = Expression::parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    with_scope(|scope| expression.truth(scope))
}

#[track_caller]
fn prints(source: &str, expected: &str) {
    assert_eq!(text(source).as_deref(), Ok(expected), "{source}");
}

#[track_caller]
fn yields(source: &str, expected: Value) {
    assert_eq!(value(source), Ok(Some(expected)), "{source}");
}

#[track_caller]
fn holds(source: &str, expected: bool) {
    assert_eq!(truth(source), Ok(expected), "{source}");
}

#[test]
fn literals_and_holes() {
    prints("Olá", "Olá");
    prints("", "");
    prints("Olá {{ contact.name | first_name }}!\n", "Olá João!\n");
    prints("{{ n }} {{ preco }} {{ inteiro_f }} {{ agenda.id }}", "3 1234.5 2 7");
    prints("a{# nota #}b", "ab");
    assert_eq!(Template::parse("a{# nota #}b").unwrap().literal(), Some("ab"));
    assert_eq!(Template::parse("Oi {{ nome }}").unwrap().literal(), None);
    prints("{{ '{{' }}", "{{");
    prints("{% if sim %}sim{% else %}não{% endif %}", "sim");
    prints(
        "{% for a in agendas %}{{ loop.index }}. {{ a.medico | first_name }}\n{% endfor %}",
        "1. Ana\n2. Bia\n3. Ana\n",
    );
    prints("{% set x = n + 1 %}{{ x }} {{ x * 2 }}", "4 8");
    prints("{{ agendas[0].medico }} {{ agendas[-1].id }} {{ agenda['StartTime'] }}", "ANA 3 08:30");
    prints("{{ 7 / 2 }} {{ 6 / 2 }} {{ 7 // 2 }} {{ -n }}", "3.5 3 3 -3");
}

#[test]
fn exactly_one_hole_keeps_its_type() {
    yields("{{ n }}", json!(3));
    yields("{{ n + 1 }}", json!(4));
    yields("{{ 6 / 2 }}", json!(3));
    yields("{{ sim }}", json!(true));
    yields("{{ agenda.StartTime }}", json!("08:30"));
    yields("{{ agendas | map(attribute='id') | list }}", json!([1, 2, 3]));
    yields("{{ [agenda.id, nulo] }}", json!([7, null]));
    yields("{{ agendas | selectattr('outcome', 'eq', 'confirmada') | list | length }}", json!(2));
    yields("{{ {'a': n, 'b': [1, 'x']} }}", json!({"a": 3, "b": [1, "x"]}));
    yields("{{ n }} ", json!("3 "));
    yields("{{ n }}{{ n }}", json!("33"));
    yields("5", json!("5"));
    yields("{{ 'a' if sim else 'b' }}", json!("a"));
    assert_eq!(value("{{ nulo }}"), Ok(None));
    assert_eq!(value("{{ nada }}"), Ok(None));
    assert_eq!(value("{{ nada.de.nada }}"), Ok(None));
    assert_eq!(value("{{ none }}"), Ok(None));
    assert_eq!(value("{{ 'a' if nulo }}"), Ok(None));
    assert_eq!(value("{{ lista_vazia | first }}"), Ok(None));
}

#[test]
fn absent_is_one_thing() {
    for absent in [
        "nulo",
        "nada",
        "agenda.UnitName",
        "agenda.UnitName.x.y",
        "nada.a.b",
        "none",
        "com_nulo[1]",
        "agendas[9].id",
        "n.x",
    ] {
        holds(absent, false);
        holds(&format!("{absent} is defined"), false);
        holds(&format!("{absent} is undefined"), true);
        holds(&format!("{absent} is none"), true);
        holds(&format!("{absent} == none"), true);
        holds(&format!("{absent} == nulo"), true);
        holds(&format!("{absent} == 'x'"), false);
        holds(&format!("{absent} < 5"), false);
        holds(&format!("{absent} > 5"), false);
        holds(&format!("5 >= {absent}"), false);
        holds(&format!("1 < {absent} < 5"), false);
        holds(&format!("{absent} in agendas"), false);
        holds(&format!("'x' in {absent}"), false);
        holds(&format!("'x' not in {absent}"), true);
        holds(&format!("not {absent}"), true);
        holds(&format!("{absent} | length == 0"), true);
        prints(&format!("{{{{ {absent} | default('x') }}}}"), "x");
        prints(&format!("{{{{ {absent} | upper | default('x') }}}}"), "x");
        prints(&format!("{{{{ {absent} | first_name | default('x') }}}}"), "x");
        prints(&format!("{{{{ {absent} or 'x' }}}}"), "x");
        prints(&format!("{{% for a in {absent} %}}a{{% else %}}nada{{% endfor %}}"), "nada");
        for printing in [
            format!("Oi {{{{ {absent} }}}}"),
            format!("{{{{ {absent} | upper }}}}"),
            format!("{{{{ 'a' ~ {absent} }}}}"),
            format!("{{% if true %}}{{{{ {absent} }}}}{{% endif %}}"),
        ] {
            let error = text(&printing).unwrap_err();
            assert!(matches!(error, EvalError::Absent { .. }), "{printing}: {error:?}");
        }
    }
    assert_eq!(
        text("Oi {{ contact.nickname | upper }}").unwrap_err(),
        EvalError::Absent { expression: "contact.nickname | upper".into() }
    );
    assert_eq!(
        text("{% if sim %}{{ agenda.UnitName }}{% endif %}").unwrap_err(),
        EvalError::Absent { expression: "agenda.UnitName".into() }
    );
}

#[test]
fn nobody_reads_technical_values() {
    for (source, kind) in [
        ("{{ sim }}!", "bool"),
        ("{{ n > 2 }}!", "bool"),
        ("{{ agendas }}!", "list"),
        ("{{ agenda }}!", "map"),
        ("{% if 1 %}{{ sim }}{% endif %}", "bool"),
        ("{{ agendas | map(attribute='id') }}!", "list"),
    ] {
        assert!(
            matches!(text(source), Err(EvalError::NotPrintable { kind: k, .. }) if k == kind),
            "{source}: {:?}",
            text(source)
        );
    }
    for source in [
        "{{ sim | string }}",
        "{{ sim | upper }}",
        "{{ agendas | join(', ') }}",
        "{{ com_nulo | join }}",
        "{{ 'x' ~ sim }}",
        "{{ agendas | trim }}",
    ] {
        assert!(text(source).is_err(), "{source}: {:?}", text(source));
    }
}

#[test]
fn values_never_stand_in_errors() {
    for source in [
        "{{ nome + 1 }}",
        "{{ nome | int }}",
        "{{ nome | date('DD') }}",
        "{{ nome < 3 }}",
        "{{ nome * nome }}",
        "{{ nome | money }}",
        "{{ agenda | round }}",
        "{{ nome / 2 }}",
    ] {
        let error = text(source).unwrap_err();
        assert!(!error.to_string().to_uppercase().contains("MARIA"), "{source}: {error}");
    }
}

#[test]
fn conditions() {
    holds("agendas | length == 3", true);
    holds("n > 2 and nome", true);
    holds("'vip' in contact.tags", true);
    holds("contact.tags is defined and 'x' not in contact.tags", true);
    holds("data < today", false);
    holds("today == '2026-03-12'", true);
    holds("now > '2026-03-12T14'", true);
    holds("vazio", false);
    holds("lista_vazia", false);
    holds("1 < n <= 3", true);
    holds("n is even", false);
    holds("is_open('recepcao') and not is_open('noite') and not is_open('nenhuma')", true);
    holds("agendas | selectattr('id', 'gt', 1) | list | length == 2", true);
    assert!(matches!(truth("nome > 3"), Err(EvalError::Type { .. })));
}

#[test]
fn paths() {
    let path = |source: &str| {
        let template = Template::parse(source).unwrap();
        with_scope(|scope| template.path(scope))
    };
    assert_eq!(path("/api/{{ rota }}/x").as_deref(), Ok("/api/a%2Fb%20%C3%A7/x"));
    assert_eq!(path("/api/{{ n }}").as_deref(), Ok("/api/3"));
    assert_eq!(path("/a b/{{ n }}").as_deref(), Ok("/a b/3"));
    assert_eq!(path("{% if sim %}/x/{{ rota }}{% endif %}").as_deref(), Ok("/x/a%2Fb%20%C3%A7"));
    for bad in ["/p/{{ vazio }}", "/p/{{ '..' }}", "/p/{{ '.' }}/x", "/p/{{ nulo }}"] {
        assert!(path(bad).is_err(), "{bad}");
    }
}

#[test]
fn trees() {
    let source = json!({
        "a": "{{ n }}", "falta": "{{ nada }}", "nulo": null, "t": true, "num": 1.50,
        "lista": ["{{ nada }}", "{{ data }}", { "x": "Oi {{ n }}" }], "vazio": {}
    });
    let tree = TemplateTree::parse(&source).unwrap();
    let value = with_scope(|scope| tree.value(scope)).unwrap();
    assert_eq!(
        value,
        Some(
            json!({ "a": 3, "nulo": null, "t": true, "num": 1.5, "lista": [null, "2026-03-15", { "x": "Oi 3" }], "vazio": {} })
        )
    );
    assert_eq!(tree.source(), source);
    assert_eq!(serde_json::to_value(&tree).unwrap(), source);
    assert_eq!(serde_json::from_value::<TemplateTree>(source).unwrap(), tree);
    let pointers: Vec<String> = tree.templates().into_iter().map(|(p, _)| p).collect();
    assert_eq!(pointers, ["/a", "/falta", "/lista/0", "/lista/1", "/lista/2/x"]);
    let error = TemplateTree::parse(&json!({ "a/b": ["x", "{{ y "] })).unwrap_err();
    assert_eq!(error.pointer, "/a~1b/1");
    assert_eq!(with_scope(|s| TemplateTree::parse(&json!("{{ nada }}")).unwrap().value(s)), Ok(None));
}

#[test]
fn serde_carries_source_and_errors() {
    let template: Template = serde_json::from_str(r#""Olá {{ nome }}""#).unwrap();
    assert_eq!(serde_json::to_string(&template).unwrap(), r#""Olá {{ nome }}""#);
    let error = serde_json::from_str::<Template>(r#""{{ nome | first_nam }}""#).unwrap_err();
    assert!(error.to_string().contains("did you mean `first_name`"), "{error}");
    let expression: Expression = serde_json::from_str(r#""n > 2""#).unwrap();
    assert_eq!(serde_json::to_string(&expression).unwrap(), r#""n > 2""#);
    assert!(serde_json::from_str::<Expression>(r#""n >""#).is_err());
}

#[test]
fn a_template_that_runs_away_is_stopped() {
    assert_eq!(text("{% for a in range(90000) %}{% endfor %}"), Err(EvalError::Fuel));
    assert_eq!(
        text(
            "{% for a in range(2000) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}"
        ),
        Err(EvalError::TooLarge)
    );
    assert_eq!(text("{{ 'a' * 99999999 }}"), Err(EvalError::TooLarge));
    assert_eq!(text("{% set x = 'a' * 60000 %}{{ x ~ x }}"), Err(EvalError::TooLarge));
    assert_eq!(text("{{ 'a' | indent(99999999) }}"), Err(EvalError::TooLarge));
    assert_eq!(text("{{ 'a' | indent(width=99999999) }}"), Err(EvalError::TooLarge));
    assert_eq!(text("{{ '%99999999d' | format(1) }}"), Err(EvalError::TooLarge));
    assert_eq!(text("{% set x = 'a' * 60000 %}{{ x | replace('a', x) }}"), Err(EvalError::TooLarge));
    assert_eq!(
        text(
            "{% set ns = namespace(x='aa') %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"
        ),
        Err(EvalError::TooLarge)
    );
    assert!(text("{{ 9 ** 9 ** 9 }}").is_err());
    assert!(text("{{ range(9999999) | list | length }}").is_err());
}

#[test]
fn the_nearest_layer_wins_and_roots_win_over_layers() {
    let (Value::Object(outer), Value::Object(inner)) = (json!({"a": 1, "b": 1, "env": 1}), json!({"a": 2}))
    else {
        unreachable!()
    };
    let facts = Facts::default();
    let env = json!({"x": "y"});
    let now = date(2026, 1, 1).at(0, 0, 0, 0).in_tz("America/Sao_Paulo").unwrap();
    let mut scope = Scope::new(now, &facts);
    scope.layer(&outer).layer(&inner).root("env", &env);
    let template = Template::parse("{{ a }}{{ b }}{{ env.x }}").unwrap();
    assert_eq!(template.text(&scope).as_deref(), Ok("21y"));
}

#[test]
fn measuring_a_value_means_the_same_as_reading_it() {
    // The left side measures a written path, the right side reads the whole value through a local name.
    for name in [
        "agendas",
        "lista_vazia",
        "agenda",
        "nome",
        "vazio",
        "nulo",
        "nada",
        "n",
        "sim",
        "com_nulo",
        "agendas[0]",
    ] {
        for test in [
            "{} is defined",
            "{} is undefined",
            "{} is none",
            "not {}",
            "{} and n",
            "{} or nulo",
            "{} | length > 1",
            "{} | count == 0",
        ] {
            let measured = test.replace("{}", name);
            let read = test.replace("{}", "x");
            let template = |condition: &str| {
                format!("{{% set x = {name} %}}{{% if {condition} %}}a{{% else %}}b{{% endif %}}")
            };
            let (left, right) = (text(&template(&measured)), text(&template(&read)));
            assert_eq!(left.is_ok(), right.is_ok(), "{measured}: {left:?} {right:?}");
            if left.is_ok() {
                assert_eq!(left, right, "{measured}");
                assert_eq!(truth(&measured), Ok(left.as_deref() == Ok("a")), "{measured}");
            }
        }
    }
    holds("nada | length == 0 or sim | length == 0", true);
    assert!(truth("sim | length == 0").is_err());
}

#[test]
fn what_was_converted_is_forgotten_when_the_scope_changes() {
    let facts = Facts::default();
    let (one, two) = (json!([1]), json!([2, 3]));
    let now = date(2026, 1, 1).at(0, 0, 0, 0).in_tz("America/Sao_Paulo").unwrap();
    let mut scope = Scope::new(now, &facts);
    let template = Template::parse("{{ x | sum }}").unwrap();
    scope.root("x", &one);
    assert_eq!(template.text(&scope).as_deref(), Ok("1"));
    scope.root("x", &two);
    assert_eq!(template.text(&scope).as_deref(), Ok("5"));
}
