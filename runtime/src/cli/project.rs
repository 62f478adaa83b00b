//! The project a command works on: its file, its documents, and what the checker says of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::bail;
use fluxo_engine::check::render::{Format, Look};
use fluxo_engine::check::{Diagnostic, Language, ProjectFacts, Report, Severity, check};
use fluxo_engine::flow::source::Source;
use fluxo_engine::flow::{Flow, Library};
use fluxo_engine::ids::{FlowId, NodeId};

use super::documents::{self, Document, Kind};
use super::{NotThere, terminal};
use crate::foundation::config::{
    Config, ConfigError, ConfigErrors, Environment, FILE_NAME, Overrides, Reading, closest,
};

/// A project, read but not judged.
pub(super) struct Project {
    /// Absent when the documents belong to no project.
    folder: Option<PathBuf>,
    config: Option<Result<Config, ConfigErrors>>,
    documents: Vec<Document>,
    /// Paths of the documents that were asked for; findings in others are not shown.
    asked: BTreeSet<String>,
}

/// What the checker says of a project.
pub(super) struct Checked<'a> {
    report: Report,
    config_errors: Option<&'a ConfigErrors>,
}

impl Project {
    /// The project that documents belong to, and the documents themselves. Flows of the same project are read as well,
    /// since documents name each other.
    ///
    /// # Errors
    /// What cannot be read, or paths of two projects.
    pub(super) fn open_for_paths(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut documents = documents::read(paths)?;
        let asked: BTreeSet<String> = documents.iter().map(|document| document.path.clone()).collect();
        let mut folders: Vec<PathBuf> = paths.iter().filter_map(|path| documents::project_of(path)).collect();
        folders.dedup();
        let folder = match folders.as_slice() {
            [] => None,
            [folder] => Some(folder.clone()),
            [one, other, ..] => {
                bail!(
                    "{} e {} são projetos diferentes; confira um de cada vez",
                    one.display(),
                    other.display()
                )
            }
        };
        if let Some(folder) = &folder {
            let known = |path: &str| std::path::absolute(path).ok();
            let have: BTreeSet<_> = asked.iter().filter_map(|path| known(path)).collect();
            let others = documents::read(std::slice::from_ref(folder))?;
            documents.extend(others.into_iter().filter(|other| {
                other.kind == Kind::Flow && known(&other.path).is_none_or(|path| !have.contains(&path))
            }));
        }
        let config = folder.as_ref().map(|folder| Config::load(folder, Reading::default()));
        Ok(Self { folder, config, documents, asked })
    }

    /// The project that a path belongs to.
    ///
    /// # Errors
    /// As [`Project::open_for_paths`].
    pub(super) fn open_for_path(path: &Path) -> anyhow::Result<Self> {
        match documents::project_of(path) {
            Some(folder) => Self::open_for_paths(&[folder]),
            None => Self::open_for_paths(&[path.to_owned()]),
        }
    }

    /// The project of a flow named by its file, or else the one in `folder`.
    ///
    /// # Errors
    /// As [`Project::open_for_paths`].
    pub(super) fn open_for(flow: &str, folder: &Path) -> anyhow::Result<Self> {
        let file = Path::new(flow);
        if file.is_file() {
            return Self::open_for_path(file);
        }
        if !folder.is_dir() {
            bail!("a pasta {} não existe; diga onde está o projeto com --project", folder.display());
        }
        Self::open_for_paths(&[folder.to_owned()])
    }

    /// Judges the documents.
    pub(super) fn check(&self) -> Checked<'_> {
        let config = self.config.as_ref();
        let facts = config
            .and_then(|config| config.as_ref().ok())
            .map(|config| ProjectFacts::from(&config.play(jiff::Timestamp::now())))
            .unwrap_or_default();
        let sources = self.documents.iter().map(|document| Source::read(&document.path, &document.text));
        let mut report = check(sources, &facts);
        report.diagnostics.retain(|diagnostic| self.asked.contains(&diagnostic.path) || is_error(diagnostic));
        Checked { report, config_errors: config.and_then(|config| config.as_ref().err()) }
    }

    /// What the project file says, as far as play needs it; the usual values without one.
    pub(super) fn play(&self) -> fluxo_engine::protocol::Project {
        let config = self.config.as_ref().and_then(|config| config.as_ref().ok());
        config.map(|config| config.play(jiff::Timestamp::now())).unwrap_or_default()
    }

    /// The project file once more, with values in place of some of its own.
    ///
    /// # Errors
    /// What is wrong with it, or that there is none.
    pub(super) fn config_with(&self, overrides: Overrides, variables: Environment) -> anyhow::Result<Config> {
        let Some(folder) = &self.folder else {
            bail!("estes fluxos não pertencem a um projeto: falta o arquivo {FILE_NAME}");
        };
        Ok(Config::load(folder, Reading { environment: None, variables, overrides })?)
    }

    /// The names of the project's connections.
    pub(super) fn connections(&self) -> Vec<String> {
        let config = self.config.as_ref().and_then(|config| config.as_ref().ok());
        config.map(|config| config.connections.keys().map(ToString::to_string).collect()).unwrap_or_default()
    }
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity >= Severity::Error
}

impl Checked<'_> {
    /// The flows, when there is no error.
    pub(super) fn library(&self) -> Option<&Library> {
        self.report.library.as_ref().filter(|_| self.config_errors.is_none())
    }

    /// A flow by its name or file; `None` when there are errors.
    ///
    /// # Errors
    /// A flow that is not there, with the names of those that are.
    pub(super) fn flow(&self, named: &str) -> anyhow::Result<Option<&Flow>> {
        let Some(library) = self.library() else { return Ok(None) };
        let id = if Path::new(named).is_file() {
            let is_it = |flow: &&Flow| std::fs::read_to_string(named).is_ok_and(|text| text == flow.text());
            library.flows().find(is_it).map(|flow| flow.id.clone())
        } else {
            Some(FlowId::from(named))
        };
        if let Some(flow) = id.and_then(|id| library.flow(&id)) {
            return Ok(Some(flow));
        }
        let names: Vec<&str> = library.flows().map(|flow| flow.id.as_str()).collect();
        let near = closest(named, names.iter().copied());
        let meant = near.map(|name| format!(" (existe um com nome parecido: {name:?})")).unwrap_or_default();
        Err(NotThere(format!("não há fluxo {named:?}{meant}; há: {}", names.join(", "))).into())
    }

    /// What the checker found at a node.
    pub(super) fn findings_at(&self, flow: &Flow, node: &NodeId) -> Vec<String> {
        let source = self.report.sources.iter().find(|source| source.text == flow.text());
        let Some(source) = source else { return Vec::new() };
        let span = source.span(&format!("/nodes/{node}"));
        self.report
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.path == source.path && span.contains(&diagnostic.span.start))
            .map(|diagnostic| format!("{}: {}", diagnostic.code, diagnostic.title.get(Language::Portuguese)))
            .collect()
    }

    /// How many errors there are, those of the project file included.
    pub(super) fn errors(&self) -> usize {
        self.report.count(Severity::Error) + self.config_errors.map_or(0, |errors| errors.0.len())
    }

    /// How many warnings there are.
    pub(super) fn warnings(&self) -> usize {
        self.report.count(Severity::Warning)
    }

    /// All findings on standard output.
    pub(super) fn tell(&self, format: Format, language: Language) {
        if let Some(errors) = self.config_errors {
            println!("{errors}");
        }
        print!("{}", self.report.render(Look { format, language, color: terminal::colours() }));
    }

    /// The number of findings, in words.
    pub(super) fn summary(&self, language: Language) -> String {
        self.report.summary(language)
    }

    /// What is wrong with the project file.
    pub(super) fn config_errors(&self) -> &[ConfigError] {
        self.config_errors.map_or(&[], |errors| &errors.0)
    }

    /// The findings as data.
    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.report.diagnostics
    }

    /// All errors on standard error, when a command cannot go on because of them.
    pub(super) fn complain(&self) {
        if let Some(errors) = self.config_errors {
            terminal::tell(&errors.to_string());
        }
        let look = Look { format: Format::Human, language: Language::Portuguese, color: terminal::colours() };
        for diagnostic in self.report.diagnostics.iter().filter(|diagnostic| is_error(diagnostic)) {
            let source = self.report.sources.iter().find(|source| source.path == diagnostic.path);
            terminal::tell(diagnostic.render(source, look).trim_end());
        }
    }
}
