//! `fluxo check`: says what is wrong with flows, before a patient notices.

use std::path::PathBuf;

use clap::ValueEnum;
use fluxo_engine::check::render::Format as Shown;
use fluxo_engine::check::{Language, Severity};
use serde_json::json;

use super::project::{Checked, Project};
use super::{Exit, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Pastas ou arquivos
    #[arg(required = true, value_name = "CAMINHO")]
    paths: Vec<PathBuf>,
    /// Como mostrar
    #[arg(long, value_name = "FORMA", value_enum, default_value_t = Format::Human)]
    format: Format,
    /// A língua das mensagens
    #[arg(long, value_name = "LÍNGUA", value_enum, default_value_t = Lang::Pt)]
    lang: Lang,
    /// Trata avisos como erros
    #[arg(long, value_name = "QUE", value_parser = ["warnings"])]
    deny: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Com a linha e o lugar marcados
    Human,
    /// Uma linha por achado: arquivo:linha:coluna: erro[F101]: …
    Short,
    /// Para programas
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// Português
    Pt,
    /// English
    En,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let project = Project::open_for_paths(&arguments.paths)?;
    let checked = project.check();
    let language = match arguments.lang {
        Lang::Pt => Language::Portuguese,
        Lang::En => Language::English,
    };
    match arguments.format {
        Format::Human => {
            checked.tell(Shown::Human, language);
            if checked.diagnostics().is_empty() {
                terminal::tell(&checked.summary(language));
            }
        }
        Format::Short => checked.tell(Shown::Short, language),
        Format::Json => println!("{}", serde_json::to_string_pretty(&as_json(&checked, language))?),
    }
    let bad = checked.errors() > 0 || (arguments.deny.is_some() && checked.warnings() > 0);
    Ok(if bad { Exit::Findings } else { Exit::Clean })
}

fn as_json(checked: &Checked<'_>, language: Language) -> serde_json::Value {
    let of_the_project = checked.config_errors().iter().map(|error| {
        json!({
            "path": error.file,
            "line": error.place.map(|place| place.line),
            "column": error.place.map(|place| place.column),
            "severity": "error",
            "message": error.what(),
        })
    });
    let findings = checked.diagnostics().iter().map(|diagnostic| {
        json!({
            "path": diagnostic.path,
            "line": diagnostic.position.line,
            "column": diagnostic.position.column,
            "code": diagnostic.code.as_str(),
            "severity": match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            },
            "message": diagnostic.title.get(language),
        })
    });
    json!({ "findings": of_the_project.chain(findings).collect::<Vec<_>>(), "errors": checked.errors(), "warnings": checked.warnings() })
}
