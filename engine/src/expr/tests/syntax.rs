//! What is found before playing: mistakes with their places, and what a template reads.

use proptest::prelude::*;

use super::*;

fn error(source: &str) -> SyntaxError {
    Template::parse(source).expect_err(source)
}

#[test]
fn unknown_names_are_found_at_parse_with_their_place() {
    let e = error("Olá {{ nome | first_nam }}!");
    assert_eq!(
        e.kind,
        SyntaxErrorKind::UnknownFilter { name: "first_nam".into(), suggestion: Some("first_name".into()) }
    );
    assert_eq!(&"Olá {{ nome | first_nam }}!"[e.range.clone()], "first_nam");
    assert_eq!(e.message_pt, "o filtro `first_nam` não existe; você quis dizer `first_name`?");
    let e = error("{% if a is definido %}x{% endif %}");
    assert!(matches!(e.kind, SyntaxErrorKind::UnknownTest { ref name, .. } if name == "definido"), "{e:?}");
    assert_eq!(&"{% if a is definido %}x{% endif %}"[e.range], "definido");
    let e = error("{{ is_opem('x') }}");
    assert_eq!(
        e.kind,
        SyntaxErrorKind::UnknownFunction { name: "is_opem".into(), suggestion: Some("is_open".into()) }
    );
    assert_eq!(e.range, 3..10);
    let e = error("{{ agenda.items() }}");
    assert!(matches!(e.kind, SyntaxErrorKind::UnknownFunction { .. }), "{e:?}");
    let e = error("{{ date(data) }}");
    assert!(e.message_pt.contains("é um filtro"), "{e:?}");
    for source in [
        "{{ a | map('first_nam') }}",
        "{{ a | select('definido') }}",
        "{{ a | selectattr('x', 'egual', 1) }}",
        "{{ debug() }}",
        "{{ a | pprint }}",
    ] {
        let e = error(source);
        assert!(!matches!(e.kind, SyntaxErrorKind::Syntax | SyntaxErrorKind::Forbidden), "{source}: {e:?}");
    }
    let e = error("{{ a | map('first_nam') }}");
    assert_eq!(&"{{ a | map('first_nam') }}"[e.range], "'first_nam'");
}

#[test]
fn what_flows_do_not_have_is_forbidden() {
    for source in [
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% macro a() %}{% endmacro %}",
        "{% extends 'x' %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% do a() %}",
    ] {
        let e = error(source);
        assert_eq!(e.kind, SyntaxErrorKind::Forbidden, "{source}: {e:?}");
    }
}

#[test]
fn syntax_errors_speak_portuguese_and_point() {
    for (source, pt, at) in [
        ("Olá {{ nome }", "não esperava `}` aqui: faltou `}}` ou um operador?", "}"),
        ("{{ nome", "faltou fechar com `}}`", ""),
        ("{{ nome sobrenome }}", "não esperava um nome aqui: faltou `}}` ou um operador?", "sobrenome"),
        ("{{ 'abc }}", "faltou fechar as aspas", ""),
        (
            "{% if a %}x",
            "o modelo termina antes da hora: faltou `%}`, ou `{% endif %}` ou `{% endfor %}`",
            "",
        ),
        ("{% se a %}", "o comando `{% se %}` não existe; escreva `{% if %}`", ""),
        ("{{ }}", "", ""),
    ] {
        let e = error(source);
        assert_eq!(e.kind, SyntaxErrorKind::Syntax, "{source}");
        assert!(e.range.end <= source.len() && source.get(e.range.clone()).is_some(), "{source}: {e:?}");
        if !pt.is_empty() {
            assert_eq!(e.message_pt, pt, "{source}: {e:?}");
        }
        if !at.is_empty() {
            assert_eq!(&source[e.range.clone()], at, "{source}: {e:?}");
        }
    }
    let e = Expression::parse("{{ a }}").unwrap_err();
    assert!(e.message_pt.contains("sem chaves"));
    assert_eq!(Expression::parse("").unwrap_err().kind, SyntaxErrorKind::Syntax);
    assert!(Expression::parse("a == ").is_err());
    assert!(Expression::parse("a b").is_err());
}

#[test]
fn readings_know_paths_places_and_guards() {
    let source = "Oi {{ contact.name | first_name | default('x') }} {{ agenda.itens[0].id }}{% for a in agendas if a.ok %}{{ a.id }}{{ loop.index }}{% endfor %}{% if nota %}{{ nota.texto }}{% endif %}";
    let found: Vec<(String, String, bool)> = Template::parse(source)
        .unwrap()
        .readings()
        .into_iter()
        .map(|r| (source[r.range.clone()].to_owned(), r.path.join("/"), r.guarded))
        .collect();
    let expected = [
        ("contact.name", "name", true),
        ("agenda.itens[0].id", "itens/0/id", false),
        ("agendas", "", false),
        ("nota", "", true),
        ("nota.texto", "texto", false),
    ];
    assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c)));

    let guards = |source: &str| -> Vec<bool> {
        Expression::parse(source).unwrap().readings().into_iter().map(|r| r.guarded).collect()
    };
    assert_eq!(guards("a"), [true]);
    assert_eq!(guards("a and a > 3"), [true, true]);
    assert_eq!(guards("a > 3"), [false]);
    assert_eq!(guards("a is defined and b == 1"), [true, false]);
    assert_eq!(guards("not a or a == 1"), [true, true]);
    assert_eq!(guards("a | default(0) > 3"), [true]);
    assert_eq!(guards("is_open(fila)"), [false]);
    assert_eq!(Template::parse("{% set x = y %}{{ x }}").unwrap().readings().len(), 1);
    assert_eq!(Template::parse("á{{ x }} {{y}}").unwrap().holes(), [2..9, 10..15]);
}

#[test]
fn habits_of_other_languages_get_a_hint() {
    for (source, hint) in [
        ("{{ variável }}", "sem acento"),
        ("{{ “abc” }}", "aspas"),
        ("{{ a && b }}", "`and`"),
        ("{{ a || b }}", "`or`"),
        ("{{ !a }}", "`not`"),
        ("{{ a e b }}", "`and`"),
        ("{{ a ou b }}", "`or`"),
        ("{{ nao a }}", "`not`"),
        ("{% se a %}x{% endif %}", "`{% if %}`"),
        ("{% if a = 1 %}x{% endif %}", "`==`"),
        ("{% if a %}x{% senao %}y{% endif %}", "`{% else %}`"),
        ("{{ a ? b : c }}", "`b if a else c`"),
        ("{{ a.b. }}", ""),
        ("{{ a | }}", ""),
        ("{{ a[ }}", ""),
        ("{{ (a }}", ""),
        ("{{ }}", ""),
    ] {
        let e = error(source);
        assert!(e.message_pt.contains(hint), "{source}: {e:?}");
        assert!(!e.message_pt.contains("modelo inválido ("), "{source}: not translated: {e:?}");
    }
    for (source, hint) in [
        ("a = 1", "`==`"),
        ("a e b", "`and`"),
        ("a === 1", "`==`"),
        ("a <> 1", "`!=`"),
        ("a == 1 || b", "`or`"),
    ] {
        let e = Expression::parse(source).unwrap_err();
        assert!(e.message_pt.contains(hint) && e.message_en.contains(hint), "{source}: {e:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_written_parses_or_points_into_the_source(parts in proptest::collection::vec(prop_oneof![
        Just("{{ "), Just(" }}"), Just("{% if "),
        Just(" %}"), Just("{% endif %}"), Just("{% for a in agendas %}"),
        Just("{% endfor %}"), Just("{% set x = "), Just("nome"),
        Just("agendas"), Just("[0]"), Just("[-1:]"), Just(".x"),
        Just(" | "), Just("first_name"), Just("date('DD')"),
        Just(" + "), Just(" ~ "), Just(" < "), Just(" in "),
        Just(" is defined"), Just("not "), Just("("), Just(")"),
        Just("'ç'"), Just("'"), Just("“"), Just("é"),
        Just("1.5"), Just("none"), Just("{#"), Just("\n"),
        Just("a if b else c"), Just("{'a': 1}"), Just("range(3)")
    ], 0..9)) {
        let source = parts.concat();
        match Template::parse(&source) {
            Err(error) => prop_assert!(source.get(error.range.clone()).is_some(), "{source}: {error:?}"),
            Ok(template) => {
                for reading in template.readings() {
                    let words = source.get(reading.range.clone());
                    prop_assert!(words.is_some_and(|w| w.starts_with(&reading.root)), "{source}: {reading:?}");
                }
                for hole in template.holes() {
                    prop_assert!(source[hole].starts_with("{{"));
                }
                let once = with_scope(|scope| (template.text(scope), template.value(scope)));
                prop_assert_eq!(&once, &with_scope(|scope| (template.text(scope), template.value(scope))));
                if let Ok(text) = once.0 {
                    prop_assert!(!text.contains("None") && !text.contains("undefined"), "{source}: {text}");
                }
            }
        }
        if let Err(error) = Expression::parse(&source) {
            prop_assert!(source.get(error.range.clone()).is_some(), "{source}: {error:?}");
        }
    }
}
