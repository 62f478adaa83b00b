//! The project file `fluxo.toml` (flow-format.md §8): one file here per section.
//!
//! Reading it never touches a secret: a section holds references, and whoever needs the value asks
//! [`Config::secret`]. So a project can be checked on a machine that knows none of them.

mod calendar;
mod channel;
mod connection;
mod desk;
mod document;
mod env;
mod error;
mod flows;
mod mail;
mod project;
mod queue;
mod secret;
mod server;
mod sessions;
mod span;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxo_engine::ids::{ConnectionId, DeskId, QueueId};
use fluxo_engine::protocol::{Object, Project};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

pub use calendar::{CalendarSection, Holiday};
pub use channel::ChannelSection;
pub use connection::{
    AuthKind, AuthSection, BaseUrl, ConnectionSection, HeaderText, ResourceSection, is_secret_header,
};
pub use desk::{DeskKind, DeskSection};
pub use document::{Environment, Overrides};
pub(crate) use error::closest;
pub use error::{ConfigError, ConfigErrors, Place, Problem};
pub use flows::FlowsSection;
pub use mail::{MailSection, Security};
pub use project::{Locale, ProjectSection, Zone};
pub use queue::{Clock, Day, Hours, OnHolidays, QueueSection};
pub use secret::{Reference, Secret};
pub use server::ServerSection;
pub use sessions::{IdentitySection, SessionsSection};
pub use span::Span;
pub use store::{RetentionSection, StoreSection};

use document::Document;

/// The file's name in a project's directory.
pub const FILE_NAME: &str = "fluxo.toml";

/// The variable that names the environment when the command line does not.
pub const ENVIRONMENT_VARIABLE: &str = "FLUXO_ENV";

/// The sections that exist.
const SECTIONS: &[&str] = &[
    "project",
    "env",
    "connections",
    "channels",
    "mail",
    "desks",
    "queues",
    "calendar",
    "sessions",
    "identity",
    "server",
    "store",
    "retention",
    "flows",
];

/// How a project file is read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The environment whose `[env.<name>]` counts; absent, what [`ENVIRONMENT_VARIABLE`] says.
    pub environment: Option<String>,
    /// Where secrets come from.
    pub variables: Environment,
    /// Values that stand in for the file's.
    pub overrides: Overrides,
}

/// A project file, read and found whole.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[project]`.
    pub project: ProjectSection,
    /// `[env]` and the chosen environment over it.
    pub env: Object,
    /// `[connections.*]`.
    pub connections: BTreeMap<ConnectionId, ConnectionSection>,
    /// `[channels.*]`.
    pub channels: Vec<ChannelSection>,
    /// `[mail]`, when e-mails can leave.
    pub mail: Option<MailSection>,
    /// `[desks.*]`.
    pub desks: BTreeMap<DeskId, DeskSection>,
    /// `[queues.*]`.
    pub queues: BTreeMap<QueueId, QueueSection>,
    /// `[calendar]`.
    pub calendar: CalendarSection,
    /// `[sessions]`.
    pub sessions: SessionsSection,
    /// `[identity]`.
    pub identity: IdentitySection,
    /// `[server]`.
    pub server: ServerSection,
    /// `[store]`.
    pub store: StoreSection,
    /// `[retention]`.
    pub retention: RetentionSection,
    /// `[flows]`.
    pub flows: FlowsSection,
    document: Arc<Document>,
}

impl Config {
    /// Reads a project: its directory, or the file itself.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load(path: &Path, reading: Reading) -> Result<Self, ConfigErrors> {
        let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_path_buf() };
        let text = std::fs::read_to_string(&file).map_err(|error| ConfigError {
            file: file.display().to_string(),
            place: None,
            key: String::new(),
            problem: Box::new(Problem::Unreadable(error.kind().to_string())),
        })?;
        Self::parse(&file, text, reading)
    }

    /// Reads a project file's text. `file` names it in errors, and relative paths are of its folder.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &Path, text: String, reading: Reading) -> Result<Self, ConfigErrors> {
        let Reading { environment, variables, overrides } = reading;
        let environment = environment.or_else(|| variables.get(ENVIRONMENT_VARIABLE).map(str::to_owned));
        let document = Arc::new(Document::new(file, text, overrides, variables)?);
        let mut errors = unknown_sections(&document);
        let mut keep = Keep { document: &document, errors: &mut errors };

        let project = keep.required::<ProjectSection>("project");
        let env = keep.ok(env::read(&document, environment.as_deref()));
        let connections = keep.members::<ConnectionSection>("connections");
        let channels = keep.ok(ChannelSection::all(&document));
        let mail = keep.maybe::<MailSection>("mail");
        let desks = keep.members::<DeskSection>("desks");
        let queues = keep.members::<QueueSection>("queues");
        let calendar = keep.optional::<CalendarSection>("calendar");
        let sessions = keep.optional::<SessionsSection>("sessions");
        let identity = keep.optional::<IdentitySection>("identity");
        let server = keep.required::<ServerSection>("server");
        let store = keep.required::<StoreSection>("store");
        let retention = keep.optional::<RetentionSection>("retention");
        let flows = keep.optional::<FlowsSection>("flows");

        let whole = (|| {
            Some(Self {
                project: project?,
                env: env?,
                connections: typed(connections),
                channels: channels?,
                mail: mail?,
                desks: typed(desks),
                queues: typed(queues),
                calendar: calendar?,
                sessions: sessions?,
                identity: identity?,
                server: server?,
                store: store?,
                retention: retention?,
                flows: flows?,
                document: Arc::clone(&document),
            })
        })();
        // Names are compared only when everything that could be named was read.
        if errors.is_empty()
            && let Some(config) = &whole
        {
            errors.extend(config.dangling());
            errors.extend(config.literal_headers());
            errors.extend(config.mail_contradictions());
        }
        errors.sort_by_key(|error| error.place);
        match whole {
            Some(config) if errors.is_empty() => Ok(config),
            Some(_) | None => Err(ConfigErrors(errors)),
        }
    }

    /// The value behind a reference.
    ///
    /// # Errors
    /// When there is none; names the key and the variable.
    pub fn secret(&self, secret: &Secret) -> Result<SecretString, ConfigError> {
        self.document.secret(secret)
    }

    /// Says what is wrong with a key that only a layer above understands.
    pub fn error(&self, key: &str, problem: Problem) -> ConfigError {
        let names: Vec<&str> = key.split('.').collect();
        let value = self.document.read::<toml::Spanned<toml::Value>>(&names).ok().flatten();
        self.document.error(value.map(|value| value.span()), key.to_owned(), problem)
    }

    /// The project's directory.
    pub fn folder(&self) -> &Path {
        &self.document.folder
    }

    /// The project file itself.
    pub fn file(&self) -> &Path {
        Path::new(&self.document.file)
    }

    /// Whether the file says something else by now, or is gone: what it says counts from the next start.
    pub fn is_outdated(&self) -> bool {
        std::fs::read_to_string(self.file()).map_or(true, |text| text != self.document.text())
    }

    /// The store's directory.
    pub fn store_path(&self) -> PathBuf {
        self.document.folder.join(&self.store.path)
    }

    /// What play may know. Holidays are of the years around `now`: asked for again at least once a year.
    pub fn play(&self, now: Timestamp) -> Project {
        let year = now.to_zoned(self.project.time_zone.0.clone()).year();
        Project {
            time_zone: self.project.time_zone.0.iana_name().unwrap_or("America/Sao_Paulo").to_owned(),
            env: self.env.clone(),
            holidays: self.calendar.days(year - 1..=year + 2),
            connections: self.connections.keys().cloned().collect(),
            queues: self
                .queues
                .iter()
                .map(|(name, queue)| (name.clone(), DeskId::from(queue.desk.get_ref().as_str())))
                .collect(),
            desks: self.desks.keys().cloned().collect(),
            default_queue: Some(self.project.default_queue()),
            trouble_flow: self.project.trouble_flow.clone().map(|flow| flow.0),
            stale_tap_text: self.project.stale_tap_text.clone(),
            expire_seconds: i64::try_from(self.sessions.expire.duration().as_secs()).unwrap_or(i64::MAX),
            identity_tries: self.identity.tries,
        }
    }

    /// The queues within their hours.
    pub fn open_queues(&self, now: Timestamp) -> BTreeSet<QueueId> {
        let zone = &self.project.time_zone.0;
        let year = now.to_zoned(zone.clone()).year();
        let holidays = self.calendar.days(year - 1..=year);
        self.queues
            .iter()
            .filter(|(_, queue)| queue.is_open(now, zone, |day| holidays.contains(&day)))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Names that lead nowhere.
    fn dangling(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let queue = &self.project.default_queue;
        if !self.queues.contains_key(queue.get_ref().as_str()) {
            let names = self.queues.keys().map(QueueId::as_str);
            let meant = closest(queue.get_ref(), names);
            let problem = Problem::UnknownName { kind: "a fila", written: queue.get_ref().clone(), meant };
            errors.push(self.document.error(Some(queue.span()), "project.default_queue".to_owned(), problem));
        }
        for (name, queue) in &self.queues {
            let desk = &queue.desk;
            if !self.desks.contains_key(desk.get_ref().as_str()) {
                let meant = closest(desk.get_ref(), self.desks.keys().map(DeskId::as_str));
                let problem =
                    Problem::UnknownName { kind: "o atendimento", written: desk.get_ref().clone(), meant };
                errors.push(self.document.error(Some(desk.span()), format!("queues.{name}.desk"), problem));
            }
        }
        errors
    }

    /// Headers that authorise and are written into the file.
    fn literal_headers(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        for (name, connection) in &self.connections {
            for (header, value) in &connection.headers {
                if let HeaderText::Plain(text) = value
                    && is_secret_header(header)
                {
                    let key = format!("connections.{name}.headers.{header}");
                    errors.push(self.document.error(Some(text.span()), key, Problem::LiteralSecret));
                }
            }
        }
        errors
    }

    /// Keys of `[mail]` that do not go together.
    fn mail_contradictions(&self) -> Vec<ConfigError> {
        let found = self.mail.iter().flat_map(MailSection::contradictions);
        found
            .map(|(key, at, problem)| self.document.error(Some(at), format!("mail.{key}"), problem))
            .collect()
    }
}

fn typed<K: From<String> + Ord, T>(members: Vec<(String, T)>) -> BTreeMap<K, T> {
    members.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn unknown_sections(document: &Document) -> Vec<ConfigError> {
    let names = document.members(&[]).unwrap_or_default();
    names
        .into_iter()
        .filter(|(name, _)| !SECTIONS.contains(&name.as_str()))
        .map(|(written, span)| {
            let meant = closest(&written, SECTIONS.iter().copied());
            document.error(Some(span), String::new(), Problem::UnknownKey { written, meant })
        })
        .collect()
}

/// Reads sections and keeps what is wrong with each, so that everything is said at once.
struct Keep<'a> {
    document: &'a Document,
    errors: &'a mut Vec<ConfigError>,
}

impl Keep<'_> {
    fn ok<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    fn required<T: DeserializeOwned>(&mut self, section: &str) -> Option<T> {
        let read = self.document.read(&[section]);
        self.ok(read)?.or_else(|| {
            self.errors.push(self.document.error(None, String::new(), Problem::Missing(section.to_owned())));
            None
        })
    }

    fn optional<T: DeserializeOwned + Default>(&mut self, section: &str) -> Option<T> {
        self.maybe(section).map(Option::unwrap_or_default)
    }

    fn maybe<T: DeserializeOwned>(&mut self, section: &str) -> Option<Option<T>> {
        let read = self.document.read(&[section]);
        self.ok(read)
    }

    fn members<T: DeserializeOwned>(&mut self, section: &str) -> Vec<(String, T)> {
        let names = self.document.members(&[section]);
        let mut members = Vec::new();
        for (name, _) in self.ok(names).unwrap_or_default() {
            let read = self.document.read::<T>(&[section, &name]);
            if let Some(Some(member)) = self.ok(read) {
                members.push((name, member));
            }
        }
        members
    }
}

#[cfg(test)]
mod tests;
