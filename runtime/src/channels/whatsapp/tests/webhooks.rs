//! Meta's webhooks: whom to believe, and what they tell.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use fluxo_engine::protocol::Content;
use serde_json::{Value, json};

use super::{channel, channel_at, parse, verify, with};
use crate::channels::{Rejected, Told};
use crate::store::{Address, SendState};

/// One line for each thing told, without what is personal in real life.
fn lines(told: &[Told]) -> Vec<String> {
    told.iter()
        .map(|told| match told {
            Told::Message { from, profile_name, message, .. } => {
                let mut line = format!("{} {} {}", message.id, message.written_at.as_second(), who(from));
                if let Some(name) = profile_name {
                    write!(line, " ({name})").unwrap();
                }
                if let Some(quoted) = &message.quoted {
                    write!(line, " >{quoted}").unwrap();
                }
                if let Some(referral) = &message.referral {
                    write!(line, " from {} {}", referral.source, referral.id).unwrap();
                }
                format!("{line}: {}", serde_json::to_string(&message.content).unwrap())
            }
            Told::Status { message, effect, state, failure, .. } => {
                let effect = effect.as_ref().map_or("-".to_owned(), ToString::to_string);
                format!("{message} {effect} {state:?} {failure:?}")
            }
            Told::AddressChanged { from, to, id, .. } => format!("{id} {} becomes {}", who(from), who(to)),
            Told::OtherAccount { account } => format!("for {account}"),
            Told::Ignored { what } => format!("ignored: {what}"),
        })
        .collect()
}

fn who(address: &Address) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}/{}/{}", part(&address.user), part(&address.phone), part(&address.username))
}

#[test]
fn our_address_is_confirmed_only_to_who_knows_our_token() {
    let query = |mode: &str, token: &str| {
        vec![
            ("hub.mode".to_owned(), mode.to_owned()),
            ("hub.challenge".to_owned(), "1158201444".to_owned()),
            ("hub.verify_token".to_owned(), token.to_owned()),
        ]
    };
    assert_eq!(channel().challenge(&query("subscribe", "our-verify-token")), Ok("1158201444".to_owned()));
    for wrong in [query("subscribe", "our-verify-tokem"), query("unsubscribe", "our-verify-token"), vec![]] {
        assert_eq!(channel().challenge(&wrong), Err(Rejected::Signature));
    }
}

#[test]
fn a_signature_is_over_the_bytes_as_they_came() {
    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    const GOOD: &str = "sha256=1ca363dab318df784e1963b29dca91e2098e6cf2fbf0d3c14e09580a90684a61";
    const NAME: &str = "x-hub-signature-256";
    assert_eq!(verify(Some((NAME, GOOD)), BODY), Ok(()));
    let upper = GOOD.to_uppercase().replace("SHA256", "sha256");
    let other_body = BODY.replace("[]", "[ ]");
    for (header, body) in [
        (None, BODY),
        (Some((NAME, upper.as_str())), BODY),
        (Some((NAME, &GOOD[..70])), BODY),
        (Some((NAME, GOOD.trim_start_matches("sha256="))), BODY),
        (Some((NAME, "sha256=")), BODY),
        (Some(("x-hub-signature", "sha1=1ca363dab318df784e1963b29dca91e2098e6cf2")), BODY),
        (Some((NAME, GOOD)), other_body.as_str()),
        (Some((NAME, GOOD)), ""),
    ] {
        assert_eq!(verify(header, body), Err(Rejected::Signature), "{header:?} {body}");
    }
}

#[test]
fn every_entry_change_message_and_status_is_told_in_order() {
    let told = parse(include_bytes!("../fixtures/batch.json")).unwrap();
    assert_eq!(
        lines(&told),
        [
            r#"wamid.1 1749416383 BR.1/551187654321/ana.l (Ana Lima): {"kind":"text","text":"olá"}"#,
            r#"wamid.2 1749416384 BR.2/-/- >wamid.q: {"kind":"tap","id":"s1:3:sim","title":"Sim"}"#,
            r#"wamid.3 1749416385 -/5511900000003/-: {"kind":"other","name":"poll"}"#,
            r#"wamid.4 1749416386 -/5511900000004/-: {"kind":"other","name":"text"}"#,
            "ignored: a message without id",
            "wamid.out 1:s1:2:0 Failed Some(WindowClosed)",
            "ignored: status warning",
            "ignored: account error 130429",
            "ignored: message_template_status_update",
            concat!(
                "wamid.5 1749416390 -/551187654321/- >wamid.t: ",
                r#"{"kind":"template_tap","payload":"c1:confirmar","title":"Sim, confirmar"}"#
            ),
            "for 999",
        ]
    );
}

#[test]
fn a_changed_number_or_user_id_moves_and_who_is_nobody_is_ignored() {
    let told = parse(include_bytes!("../fixtures/addresses.json")).unwrap();
    assert_eq!(
        lines(&told),
        [
            "wamid.1 -/5511911111111/- becomes -/5511922222222/-",
            "wamid.2 BR.old/-/- becomes BR.new/-/-",
            "ignored: system/customer_identity_changed",
            "ignored: a message without sender",
            "ignored: a message in a group",
        ]
    );
}

#[test]
fn each_type_says_what_it_says_and_an_unknown_one_is_kept() {
    let told = parse(include_bytes!("../fixtures/contents.json")).unwrap();
    let found: Vec<String> = lines(&told)
        .into_iter()
        .map(|line| line.split_once(": ").map(|(_, content)| content.to_owned()).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            r#"{"kind":"media","media":"audio","source":{"id":"A"},"mime":"audio/ogg; codecs=opus","voice":true}"#,
            r#"{"kind":"media","media":"document","source":{"id":"D"},"caption":"meu exame","filename":"exame.pdf"}"#,
            r#"{"kind":"media","media":"image","source":{"url":"https://lookaside.fbsbx.com/x"}}"#,
            r#"{"kind":"location","latitude":-23.5,"longitude":-46.6,"name":"Casa"}"#,
            r#"{"kind":"contacts","people":[{"name":"Rui Sá","phones":["+55 11 98765-4321"]}]}"#,
            r#"{"kind":"reaction","emoji":"👍","to":"wamid.q"}"#,
            r#"{"kind":"reaction","emoji":null,"to":"wamid.q"}"#,
            r#"{"kind":"tap","id":"b","title":"B"}"#,
            r#"{"kind":"other","name":"interactive/nfm_reply"}"#,
            r#"{"kind":"other","name":"interactive"}"#,
            r#"{"kind":"other","name":"unsupported/poll"}"#,
            r#"{"kind":"other","name":"edit"}"#,
            r#"{"kind":"template_tap","payload":"Sim","title":"Sim"}"#,
            r#"{"kind":"text","text":"vim do anúncio"}"#,
            r#"{"kind":"other","name":""}"#,
        ]
    );
    let last = told.last().unwrap();
    assert!(matches!(last, Told::Message { message, .. } if message.written_at == message.received_at));
    assert!(lines(&told)[13].contains("from ad ad1"));
}

#[test]
fn broken_characters_are_replaced_and_cost_nobody_else_their_message() {
    let body = |text: &[u8]| {
        let message = |id: &str, text: &[u8]| {
            let head = format!(r#"{{"from":"1","id":"{id}","timestamp":"1","type":"text","text":{{"body":""#);
            [head.as_bytes(), text, br#""}}"#].concat()
        };
        let head = br#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},"messages":["#;
        [head.as_slice(), &message("a", text), b",", &message("b", b"ok \\ud83d\\udc4b"), b"]}}]}]}"].concat()
    };
    for (text, expected) in [
        (br"oi \ud83d tudo".as_slice(), "oi \u{fffd} tudo"),
        (br"\udc4b\ud83d\ud83d\udc4b", "\u{fffd}\u{fffd}👋"),
        (br"\\ud83d \ud83d", "\\ud83d \u{fffd}"),
        (b"ol\xe1", "ol\u{fffd}"),
        (br"\u00e1 \ud83d\udc4b", "á 👋"),
    ] {
        let told = parse(&body(text)).unwrap();
        let texts: Vec<&Content> = told
            .iter()
            .filter_map(
                |told| if let Told::Message { message, .. } = told { Some(&message.content) } else { None },
            )
            .collect();
        let text = |text: &str| Content::Text { text: text.to_owned() };
        assert_eq!(texts, [&text(expected), &text("ok 👋")]);
    }
}

#[test]
fn what_is_no_webhook_is_refused_and_never_quoted() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(500), "}".repeat(500));
    for body in [
        "".as_bytes(),
        b"\x00\xff\xfe garbage",
        b"null",
        b"[]",
        b"{}",
        br#"{"object":"page","entry":[]}"#,
        br#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":7}]}]}"#,
        br#"{"object":"whatsapp_business_account","entry":"529.982.247-25"}"#,
        br#"{"object":"whatsapp_business_account","entry":[1e999]}"#,
        deep.as_bytes(),
        deep_object.as_bytes(),
    ] {
        let said = parse(body).unwrap_err();
        assert!(matches!(&said, Rejected::Malformed(_)), "{said}");
        assert!(!said.to_string().contains("529.982"), "{said}");
    }
    assert_eq!(parse(br#"{"object":"whatsapp_business_account"}"#), Ok(vec![]));
}

#[test]
fn every_sample_of_others_is_told_without_a_loss() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let places = ["../shared/fixtures/whatsapp/inbound", "../../shared/fixtures/whatsapp/inbound"];
    let Some(folder) = places.iter().map(|place| root.join(place)).find(|place| place.is_dir()) else {
        eprintln!("no samples at {places:?} from the project's root: nothing was tried");
        return;
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for kind in ["message", "status"] {
        let all = std::fs::read_dir(folder.join(kind)).unwrap();
        files.extend(all.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        let number = body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"].as_str().unwrap();
        let channel = channel_at("http://127.0.0.1:9", number);
        let told = with(None, &bytes, |request| channel.parse(request)).unwrap();
        for line in lines(&told) {
            eprintln!("{name:90} {line}");
        }
        assert_eq!(told.len(), 1, "{name}");
        let expected = match &told[0] {
            Told::Message { .. } | Told::AddressChanged { .. } => !name.starts_with("status-"),
            Told::Status { .. } => name.starts_with("status-"),
            Told::OtherAccount { .. } => false,
            Told::Ignored { .. } => name.starts_with("system-customer-identity"),
        };
        assert!(expected, "{name}: {told:?}");
    }
}

#[test]
fn a_status_of_ours_finds_its_effect_and_a_foreign_tag_is_none() {
    let body = |tag: &str| {
        json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "messages", "value": {
            "metadata": { "phone_number_id": "106540352242922" },
            "statuses": [{ "id": "wamid.1", "status": "read", "timestamp": 1, "biz_opaque_callback_data": tag }] } }] }] })
        .to_string()
    };
    for (tag, found) in [("1:s1:2:0", true), ("some data", false), ("", false)] {
        let told = parse(body(tag).as_bytes()).unwrap();
        let Told::Status { effect, state, .. } = &told[0] else { panic!() };
        assert_eq!((effect.is_some(), *state), (found, SendState::Read));
    }
}
