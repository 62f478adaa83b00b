//! What people answer, case by case: `cases/*.json` say what each text means.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "about")]
    _about: Option<String>,
    #[serde(rename = "type")]
    kind: AnswerType,
    #[serde(default)]
    rules: BTreeMap<String, Value>,
    cases: Vec<(String, Value)>,
}

/// Thursday.
fn today() -> Date {
    date(2026, 3, 12)
}

fn rules(written: &BTreeMap<String, Value>) -> Rules {
    let mut rules = Rules::default();
    for (name, value) in written {
        match name.as_str() {
            "min" => rules.min = Some(value.clone()),
            "max" => rules.max = Some(value.clone()),
            "past" => rules.past = value == true,
            "future" => rules.future = value == true,
            "pattern" => rules.pattern = Some(Pattern::parse(value.as_str().unwrap()).unwrap()),
            other => panic!("no rule {other}"),
        }
    }
    rules
}

#[test]
fn cases() {
    let files = [
        include_str!("cases/dates.json"),
        include_str!("cases/documents.json"),
        include_str!("cases/numbers.json"),
        include_str!("cases/texts.json"),
        include_str!("cases/times.json"),
        include_str!("cases/yes_no.json"),
    ];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for group in files.iter().flat_map(|file| serde_json::from_str::<Vec<Group>>(file).unwrap()) {
        let rules = rules(&group.rules);
        for (text, expected) in &group.cases {
            seen += 1;
            let found = match read_text(group.kind, text, &rules, today()) {
                Ok(value) => value,
                Err(invalid) => json!({ "invalid": invalid }),
            };
            if found != *expected {
                wrong.push(format!("{:?} {text:?}: expected {expected}, found {found}", group.kind));
            }
        }
    }
    assert!(seen > 300);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_panics_and_nothing_huge_is_taken() {
    let nasty = [
        "a".repeat(10_000),
        "9".repeat(10_000),
        "1.".repeat(5_000),
        "sim ".repeat(2_500),
        "🙂".repeat(3_000),
        "\u{0}".repeat(100),
        "e ".repeat(140),
        "sim ".repeat(70),
        "\u{202e}abc".into(),
        "٣".into(),
        "½".into(),
        "ﬁ ß İ ǅ".into(),
        "15\u{2044}03".into(),
        "²".into(),
    ];
    for kind in AnswerType::ALL {
        for text in &nasty {
            let found = read_text(*kind, text, &Rules::default(), today());
            let free = matches!(kind, AnswerType::Text | AnswerType::Any | AnswerType::Pattern);
            if text.chars().count() > 300 && !free {
                assert!(found.is_err(), "{kind:?} {}…", text.chars().take(10).collect::<String>());
            }
        }
    }
}

#[test]
fn types_are_named_as_the_format_names_them() {
    let names: Vec<String> = AnswerType::ALL
        .iter()
        .map(|kind| serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names.join(" "),
        "text name yes_no integer decimal money date time cpf cnpj rg cep email phone pattern image audio video document media location any"
    );
    for code in [Invalid::Empty, Invalid::CheckDigits, Invalid::AreaCode, Invalid::NoSuchTime] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.code());
    }
}

#[test]
fn patterns_are_compiled_safely() {
    assert!(Pattern::parse("a)(b").is_err());
    assert!(Pattern::parse("(a{1000}){1000}").is_err());
    assert!(Pattern::parse("[").is_err());
    let pattern: Pattern = serde_json::from_value(json!("\\d+")).unwrap();
    assert_eq!(serde_json::to_value(&pattern).unwrap(), "\\d+");
    assert!(!pattern.matches("1\n"));
}

fn cpf_of(nine: &[u8]) -> String {
    let mut digits = nine.to_vec();
    for length in [9, 10] {
        let sum: u32 = digits.iter().zip((2..=length + 1).rev()).map(|(d, w)| u32::from(*d) * w).sum();
        let rest = sum * 10 % 11 % 10;
        digits.push(u8::try_from(rest).unwrap());
    }
    digits.iter().map(|d| char::from(b'0' + d)).collect()
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
        for kind in AnswerType::ALL {
            let _ = read_text(*kind, &text, &Rules::default(), today());
        }
    }

    #[test]
    fn words_of_dates_are_read_without_panic(words in proptest::collection::vec(prop_oneof![
        Just("dia"), Just("15"), Just("31"), Just("de"), Just("março"), Just("sexta"), Just("que vem"), Just("semana"),
        Just("passada"), Just("daqui a"), Just("dias"), Just("meses"), Just("vinte"), Just("e"), Just("mil"), Just("99/99"),
        Just("às"), Just("meia"), Just("para"), Just("da tarde"), Just("0"), Just("-1")], 0..6)) {
        let text = words.join(" ");
        for kind in [AnswerType::Date, AnswerType::Time, AnswerType::Integer, AnswerType::Money] {
            let _ = read_text(kind, &text, &Rules::default(), today());
        }
    }

    #[test]
    fn a_right_cpf_is_taken_and_a_wrong_check_digit_is_not(nine in proptest::collection::vec(0u8..10, 9), at in 9usize..11, by in 1u8..10) {
        prop_assume!(nine.iter().any(|d| *d != nine[0]));
        let right = cpf_of(&nine);
        prop_assert!(cpf::valid(&right), "{right}");
        let mut wrong = right.clone().into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        prop_assert!(!cpf::valid(&String::from_utf8(wrong).unwrap()));
    }

    #[test]
    fn an_answer_that_was_kept_is_its_own_answer(day in 0i32..40_000) {
        let day = date(1930, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let iso = day.to_string();
        prop_assert_eq!(read_text(AnswerType::Date, &iso, &Rules::default(), today()), Ok(json!(iso)));
        let written = format!("{:02}/{:02}/{}", day.day(), day.month(), day.year());
        prop_assert_eq!(read_text(AnswerType::Date, &written, &Rules::default(), today()), Ok(json!(iso)));
        let months = calendar::month_name(day.month());
        let spoken = format!("{} de {months} de {}", day.day(), day.year());
        prop_assert_eq!(read_text(AnswerType::Date, &spoken, &Rules::default(), today()), Ok(json!(iso)));
    }

    #[test]
    fn a_day_without_a_year_is_near(day in 1i8..29, month in 1i8..13) {
        let text = format!("{day}/{month}");
        let next: Date = read_text(AnswerType::Date, &text, &Rules::default(), today()).unwrap().as_str().unwrap().parse().unwrap();
        prop_assert!(next >= today() && (next - today()).get_days() <= 366);
        let past = Rules { past: true, ..Rules::default() };
        if let Ok(value) = read_text(AnswerType::Date, &text, &past, today()) {
            let last: Date = value.as_str().unwrap().parse().unwrap();
            prop_assert!(last < today() && (today() - last).get_days() <= 366);
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written(n in -1_000_000_000i64..1_000_000_000) {
        prop_assert_eq!(read_text(AnswerType::Integer, &n.to_string(), &Rules::default(), today()), Ok(json!(n)));
        let cents = n as f64 / 100.0;
        let written = format!("{cents:.2}").replace('.', ",");
        let read = read_text(AnswerType::Decimal, &written, &Rules::default(), today()).unwrap();
        prop_assert!((read.as_f64().unwrap() - cents).abs() < 1e-6);
    }

    #[test]
    fn phones_are_stable(area in prop_oneof![Just(11), Just(31), Just(55), Just(98)], line in 60_000_000u32..99_999_999) {
        let kept = phone::e164(&format!("({area}) 9{line}")).unwrap();
        prop_assert_eq!(&kept, &format!("+55{area}9{line}"));
        prop_assert_eq!(phone::e164(&kept), Some(kept.clone()));
        let shown = phone::display(&kept).unwrap();
        prop_assert_eq!(phone::e164(&shown), Some(kept.clone()));
        prop_assert_eq!(phone::e164(&format!("{area}{line}")), Some(kept.clone()));
        let both = phone::variants(&kept);
        prop_assert_eq!(both.len(), 2);
        let back = phone::variants(&both[1]);
        prop_assert_eq!(&back[1], &both[0]);
    }

    #[test]
    fn times_are_read_as_they_are_written(hour in 0u32..24, minute in 0u32..60) {
        let kept = json!(format!("{hour:02}:{minute:02}"));
        for text in [format!("{hour:02}:{minute:02}"), format!("{hour}h{minute:02}"), format!("{hour}:{minute:02}")] {
            prop_assert_eq!(read_text(AnswerType::Time, &text, &Rules::default(), today()), Ok(kept.clone()));
        }
    }
}

#[test]
fn the_check_digits_of_the_alphanumeric_cnpj_are_those_of_the_revenue_service() {
    // The example of the service's own leaflet on IN RFB 2.229/2024.
    assert!(cnpj::valid("12.ABC.345/01DE-35"));
    assert!(!cnpj::valid("12.ABC.345/01DE-53"));
    assert!(cnpj::valid("00.000.000/0001-91"));
    assert!(!cnpj::valid("11.111.111/1111-11"));
}

/// The vectors of the contract, whatsapp-cloud.md §11: input and the forms to look a contact up by.
#[test]
fn whatsapp_ids_have_the_variants_of_the_contract() {
    let vectors = [
        ("5531996883193", vec!["5531996883193", "553196883193"]),
        ("553196883193", vec!["553196883193", "5531996883193"]),
        ("5511987654321", vec!["5511987654321", "551187654321"]),
        ("551133334444", vec!["551133334444"]),
        ("16505551234", vec!["16505551234"]),
        ("+55 (11) 98765-4321", vec!["5511987654321", "551187654321"]),
    ];
    for (input, expected) in vectors {
        assert_eq!(phone::variants(input), expected, "{input}");
    }
}

#[test]
fn folding() {
    assert_eq!(fold::fold("  Confirmação!! "), "confirmacao");
    assert_eq!(fold::fold("GUARDA-CHUVA, né?"), "guarda chuva ne");
    assert_eq!(fold::fold("na\u{0303}o"), "nao");
    assert_eq!(fold::fold("✅ Confirmar"), "✅confirmar".replace('✅', "✅ "));
    assert_eq!(fold::fold_words("✅ Confirmar 👍🏽"), "confirmar");
    assert_eq!(fold::fold_words("👩‍⚕️"), "");
    assert_eq!(fold::fold("ＡＢＣ　１２３"), "abc 123");
    assert_eq!(fold::fold("1ª opção"), "1a opcao");
    assert_eq!(fold::fold("Straße İ"), "strasse i");
}
