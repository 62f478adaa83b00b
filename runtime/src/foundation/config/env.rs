//! `[env]`: plain settings that flows read as `env.name`.
//!
//! Values directly under `[env]` hold everywhere. A table under it is an environment: `[env.producao]` lays its
//! values over the common ones when the process is started with `--env producao` or `FLUXO_ENV=producao`.

use fluxo_engine::protocol::Object;
use serde_json::Value;

use super::document::Document;
use super::error::{ConfigError, Problem, closest};

/// The settings of an environment, or the common ones when none is named.
pub(crate) fn read(document: &Document, environment: Option<&str>) -> Result<Object, ConfigError> {
    let mut settings = Object::new();
    let mut environments = Vec::new();
    for (name, span) in document.members(&["env"])? {
        match document.read::<toml::Value>(&["env", &name])? {
            Some(toml::Value::Table(_)) => environments.push(name),
            Some(value) => {
                let plain = plain(value).ok_or_else(|| {
                    let why = "use um texto, um número, true/false ou uma lista deles".to_owned();
                    document.error(Some(span), format!("env.{name}"), Problem::Invalid(why))
                })?;
                settings.insert(name, plain);
            }
            None => {}
        }
    }
    let Some(environment) = environment else { return Ok(settings) };
    if !environments.iter().any(|name| name == environment) {
        let meant = closest(environment, environments.iter().map(String::as_str));
        let problem = Problem::UnknownName { kind: "ambiente", written: environment.to_owned(), meant };
        return Err(document.error(None, "env".to_owned(), problem));
    }
    for (name, span) in document.members(&["env", environment])? {
        let value = document.read::<toml::Value>(&["env", environment, &name])?;
        let plain = value.and_then(plain).ok_or_else(|| {
            let why = "use um texto, um número, true/false ou uma lista deles".to_owned();
            document.error(Some(span), format!("env.{environment}.{name}"), Problem::Invalid(why))
        })?;
        settings.insert(name, plain);
    }
    Ok(settings)
}

fn plain(value: toml::Value) -> Option<Value> {
    match value {
        toml::Value::String(text) => Some(Value::String(text)),
        toml::Value::Integer(number) => Some(number.into()),
        toml::Value::Float(number) => serde_json::Number::from_f64(number).map(Value::Number),
        toml::Value::Boolean(flag) => Some(Value::Bool(flag)),
        toml::Value::Datetime(moment) => Some(Value::String(moment.to_string())),
        toml::Value::Array(items) => items.into_iter().map(plain).collect::<Option<_>>().map(Value::Array),
        toml::Value::Table(_) => None,
    }
}
