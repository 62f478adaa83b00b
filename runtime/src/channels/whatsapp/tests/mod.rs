//! The channel against bodies, over the wire, and against what others have seen.

mod sending;
mod webhooks;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::channels::{self, Channel, Headers, Rejected, Request, Told};
use crate::foundation::config::{Config, Environment, Overrides, Reading};
use crate::foundation::http::HttpClient;

const PROJECT: &str = include_str!("../../../../../flows/fluxo.toml");

fn channel_at(base: &str, number: &str) -> Arc<dyn Channel> {
    let variables = Environment::default().with([
        ("WHATSAPP_ACCESS_TOKEN", "EAAG-token"),
        ("WHATSAPP_APP_SECRET", "app-secret-for-tests"),
        ("WHATSAPP_VERIFY_TOKEN", "our-verify-token"),
    ]);
    let overrides = Overrides::none()
        .set("channels.whatsapp.base_url", base)
        .set("channels.whatsapp.phone_number_id", number);
    let reading = Reading { environment: None, variables, overrides };
    let config = Config::parse(Path::new("fluxo.toml"), PROJECT.to_owned(), reading).unwrap();
    let http = HttpClient::new(Duration::from_secs(2)).unwrap();
    channels::all(&config, &http).unwrap().remove(0)
}

fn channel() -> Arc<dyn Channel> {
    channel_at("http://127.0.0.1:9", "106540352242922")
}

#[derive(Debug, Default)]
struct Given(BTreeMap<&'static str, String>);

impl Headers for Given {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn with<T>(header: Option<(&'static str, &str)>, body: &[u8], act: impl FnOnce(&Request<'_>) -> T) -> T {
    let given = Given(header.map(|(name, value)| (name, value.to_owned())).into_iter().collect());
    let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
    act(&Request { header: &given, body, received_at })
}

fn parse(body: &[u8]) -> Result<Vec<Told>, Rejected> {
    with(None, body, |request| channel().parse(request))
}

fn verify(header: Option<(&'static str, &str)>, body: &str) -> Result<(), Rejected> {
    with(header, body.as_bytes(), |request| channel().verify(request))
}

#[test]
fn the_window_closes_five_minutes_early() {
    let now: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let ago = |minutes: i64| Some(now - jiff::SignedDuration::from_mins(minutes));
    let channel = channel();
    assert!(channel.window_open(ago(0), now));
    assert!(channel.window_open(ago(24 * 60 - 6), now));
    assert!(!channel.window_open(ago(24 * 60 - 5), now));
    assert!(!channel.window_open(None, now));
}

#[test]
fn a_section_of_another_kind_or_with_a_strange_key_is_refused() {
    let built = |text: String| {
        let config = Config::parse(Path::new("fluxo.toml"), text, Reading::default()).unwrap();
        let http = HttpClient::new(Duration::from_secs(2)).unwrap();
        channels::all(&config, &http).unwrap_err().to_string()
    };
    let said = built(PROJECT.replace("kind = \"whatsapp_cloud\"", "kind = \"telegram\""));
    assert!(said.ends_with("erro: `channels.whatsapp.kind` tem um valor que não existe\n  ajuda: use um destes: whatsapp_cloud"), "{said}");
    let said = built(PROJECT.replace("verify_token = {", "verifi_token = {"));
    assert!(said.contains("a chave `verifi_token` não existe em `channels.whatsapp`\n  ajuda: você quis dizer `verify_token`?"), "{said}");
    let said = built(PROJECT.to_owned());
    for variable in ["WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"] {
        assert!(said.contains(variable), "{said}");
    }
}
