//! The text of a project file, read section by section with the place of everything in it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{ConfigError, Place, Problem, closest};
use super::secret::{LITERAL, Reference, Secret};

/// What the process was started with: where secrets come from. Its values are never shown.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        let text = |os: std::ffi::OsString| os.into_string().ok();
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
                .collect(),
        }
    }

    /// These variables over the ones that are there.
    #[must_use]
    pub fn with<K: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("variables", &self.variables.len()).finish()
    }
}

/// Values that stand in for those of the file, by dotted key: `connections.rm.base_url`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<String, String>);

impl Overrides {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// A text instead of what the file says at a key.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }
}

/// A project file.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) file: String,
    pub(crate) folder: PathBuf,
    text: String,
    overrides: Overrides,
    environment: Environment,
}

impl Document {
    /// The file's text as it was read.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn new(
        file: &Path,
        text: String,
        overrides: Overrides,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let document = Self { file: file.display().to_string(), folder, text, overrides, environment };
        document.table()?;
        Ok(document)
    }

    /// The whole file as TOML, with the overrides in it.
    fn table(&self) -> Result<Spanned<DeTable<'_>>, ConfigError> {
        let mut table = DeTable::parse(&self.text).map_err(|error| {
            self.error(error.span(), String::new(), Problem::Syntax(error.message().to_owned()))
        })?;
        for (key, value) in &self.overrides.0 {
            let unknown = || ConfigError {
                file: self.file.clone(),
                place: None,
                key: key.clone(),
                problem: Box::new(Problem::Invalid("não há o que substituir neste projeto".to_owned())),
            };
            let mut names: Vec<&str> = key.split('.').collect();
            let last = names.pop().ok_or_else(unknown)?;
            let mut here = table.get_mut();
            for name in names {
                let Some(DeValue::Table(inner)) = here.get_mut(name).map(Spanned::get_mut) else {
                    return Err(unknown());
                };
                here = inner;
            }
            let value = match value.as_str() {
                "true" => DeValue::Boolean(true),
                "false" => DeValue::Boolean(false),
                text => DeValue::String(text.to_owned().into()),
            };
            let value = Spanned::new(0..0, value);
            here.insert(Spanned::new(0..0, last.to_owned().into()), value);
        }
        Ok(table)
    }

    /// The members of a table, in alphabetical order; none when it is not there.
    pub(crate) fn members(&self, path: &[&str]) -> Result<Vec<(String, Range<usize>)>, ConfigError> {
        let table = self.table()?;
        let mut here = table.get_ref();
        for name in path {
            here = match here.get(*name).map(Spanned::get_ref) {
                Some(DeValue::Table(inner)) => inner,
                Some(_) => {
                    let span = here.get(*name).map(Spanned::span);
                    let expected = Problem::WrongType("uma tabela".to_owned());
                    return Err(self.error(span, path.join("."), expected));
                }
                None => return Ok(Vec::new()),
            };
        }
        Ok(here.keys().map(|key| (key.get_ref().to_string(), key.span())).collect())
    }

    /// Reads what stands at a path; [`None`] when nothing does.
    pub(crate) fn read<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>, ConfigError> {
        let mut table = self.table()?.into_inner();
        let (last, parents) = path.split_last().expect("a path has at least one name");
        for name in parents {
            table = match table.remove(*name).map(Spanned::into_inner) {
                Some(DeValue::Table(inner)) => inner,
                Some(_) | None => return Ok(None),
            };
        }
        let Some(value) = table.remove(*last) else { return Ok(None) };
        let span = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let at = error.span().unwrap_or(span);
                let problem = problem(error.message());
                let mut key = self.key_at(&at).unwrap_or_else(|| path.join("."));
                // An unknown key is said of the table it stands in, not of itself.
                if let Problem::UnknownKey { written, .. } = &problem
                    && let Some(table) = key.strip_suffix(written.as_str())
                {
                    key = table.trim_end_matches('.').to_owned();
                }
                Err(self.error(Some(at), key, problem))
            }
        }
    }

    /// The value behind a reference.
    pub(crate) fn secret(&self, secret: &Secret) -> Result<SecretString, ConfigError> {
        let found = match secret.reference() {
            Reference::Env(name) => self
                .environment
                .get(name)
                .map(str::to_owned)
                .ok_or_else(|| Problem::SecretVariable(name.clone())),
            Reference::File(path) => std::fs::read_to_string(self.folder.join(path))
                .ok()
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .filter(|text| !text.is_empty())
                .ok_or_else(|| Problem::SecretFile(path.clone())),
        };
        found.map(SecretString::from).map_err(|problem| {
            let key = self.key_at(&secret.span()).unwrap_or_default();
            self.error(Some(secret.span()), key, problem)
        })
    }

    /// Says what is wrong at a place.
    pub(crate) fn error(&self, span: Option<Range<usize>>, key: String, problem: Problem) -> ConfigError {
        let place = span.filter(|span| *span != (0..0)).map(|span| self.place(span.start));
        ConfigError { file: self.file.clone(), place, key, problem: Box::new(problem) }
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// The dotted key whose value, or whose name, stands at a place: the innermost table for a name.
    pub(crate) fn key_at(&self, span: &Range<usize>) -> Option<String> {
        fn inside(outer: &Range<usize>, inner: &Range<usize>) -> bool {
            outer.start <= inner.start && inner.end <= outer.end
        }
        fn find(table: &DeTable<'_>, span: &Range<usize>, path: &mut Vec<String>) -> bool {
            for (key, value) in table {
                if inside(&key.span(), span) && !matches!(value.get_ref(), DeValue::Table(_)) {
                    return true;
                }
                path.push(key.get_ref().to_string());
                let deeper = if let DeValue::Table(inner) = value.get_ref() {
                    find(inner, span, path)
                } else if let DeValue::Array(items) = value.get_ref() {
                    let tables = items.iter().filter_map(|item| item.get_ref().as_table());
                    tables.into_iter().any(|inner| find(inner, span, path))
                } else {
                    false
                };
                if deeper || inside(&value.span(), span) || inside(&key.span(), span) {
                    return true;
                }
                path.pop();
            }
            false
        }
        let mut path = Vec::new();
        let table = self.table().ok()?;
        find(table.get_ref(), span, &mut path).then(|| path.join("."))
    }
}

/// Our problem in what serde and toml say. Their texts are stable words around names in backquotes; a text of
/// our own types comes through as it is. A value is never quoted.
fn problem(message: &str) -> Problem {
    let names: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let like = |names: &[String]| match names {
        [written, known @ ..] => closest(written, known.iter().map(String::as_str)),
        [] => None,
    };
    if message == LITERAL {
        Problem::LiteralSecret
    } else if message.starts_with("unknown field") {
        let meant = like(&names);
        Problem::UnknownKey { written: names.into_iter().next().unwrap_or_default(), meant }
    } else if message.starts_with("unknown variant") {
        let meant = like(&names);
        Problem::UnknownWord { meant, allowed: names.into_iter().skip(1).collect() }
    } else if message.starts_with("missing field") {
        Problem::Missing(names.into_iter().next().unwrap_or_default())
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        Problem::WrongType(expected(message.rsplit("expected ").next().unwrap_or_default()))
    } else if message.contains("socket address") {
        Problem::WrongType(expected("socket address"))
    } else {
        Problem::Invalid(message.to_owned())
    }
}

/// What serde expects, in words for people.
fn expected(word: &str) -> String {
    let text = match word {
        "a string" | "string" | "path string" => "um texto entre aspas",
        "a boolean" => "true ou false",
        "socket address" => "um endereço com porta, como \"127.0.0.1:8080\"",
        "a sequence" => "uma lista entre [ ]",
        word if word.starts_with("struct") || word == "a map" => "uma tabela",
        word if word.starts_with(['u', 'i']) => "um número inteiro não negativo",
        word => return word.to_owned(),
    };
    text.to_owned()
}
