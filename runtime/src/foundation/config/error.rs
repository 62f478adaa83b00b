//! What is wrong with the project file: where, what, and what to do about it, in Portuguese for operators.

use std::fmt;
use std::path::PathBuf;

/// All that is wrong with a project file; at least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One thing that is wrong. It never holds the value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: String,
    /// Where, absent for what stands in no file (an override, a file that cannot be read).
    pub place: Option<Place>,
    /// The key, dotted: `connections.rm.base_url`. Empty for the whole file.
    pub key: String,
    /// What.
    pub problem: Box<Problem>,
}

/// A place in a text, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The file cannot be read.
    Unreadable(String),
    /// Not TOML.
    Syntax(String),
    /// A key nobody reads; what could be meant.
    UnknownKey {
        /// The key as written.
        written: String,
        /// The closest one there is.
        meant: Option<String>,
    },
    /// A word that is not one of those allowed.
    UnknownWord {
        /// The closest one there is.
        meant: Option<String>,
        /// Those allowed.
        allowed: Vec<String>,
    },
    /// A key that must be there; its name.
    Missing(String),
    /// A value of another type; the one expected, in words.
    WrongType(String),
    /// A value that cannot stand there; why, and what can, in words.
    Invalid(String),
    /// A secret written into the file.
    LiteralSecret,
    /// A secret's variable that is not set or empty.
    SecretVariable(String),
    /// A secret's file that cannot be read or is empty.
    SecretFile(PathBuf),
    /// A name of something that the file does not define.
    UnknownName {
        /// What kind of thing, in words.
        kind: &'static str,
        /// The name as written.
        written: String,
        /// The closest one there is.
        meant: Option<String>,
    },
}

impl std::error::Error for ConfigErrors {}
impl std::error::Error for ConfigError {}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": erro: {}", self.what())?;
        if let Some(advice) = self.advice() {
            write!(f, "\n  ajuda: {advice}")?;
        }
        Ok(())
    }
}

impl ConfigError {
    /// What is wrong, without the place.
    pub(crate) fn what(&self) -> String {
        let key = &self.key;
        match &*self.problem {
            Problem::Unreadable(why) => format!("o arquivo não pôde ser lido: {why}"),
            Problem::Syntax(why) => format!("isto não é TOML: {why}"),
            Problem::UnknownKey { written, .. } if key.is_empty() => {
                format!("a seção `{written}` não existe")
            }
            Problem::UnknownKey { written, .. } => format!("a chave `{written}` não existe em `{key}`"),
            Problem::UnknownWord { .. } => format!("`{key}` tem um valor que não existe"),
            Problem::Missing(name) if key.is_empty() => format!("falta a seção `{name}`"),
            Problem::Missing(name) => format!("falta a chave `{name}` em `{key}`"),
            Problem::WrongType(expected) => format!("`{key}` deve ser {expected}"),
            Problem::Invalid(why) => format!("`{key}`: {why}"),
            Problem::LiteralSecret => format!("`{key}` é um segredo e está escrito no arquivo"),
            Problem::SecretVariable(variable) => {
                format!("`{key}` usa a variável de ambiente `{variable}`, que não está definida")
            }
            Problem::SecretFile(path) => {
                format!(
                    "`{key}` usa o arquivo `{}`, que não existe, não pode ser lido ou está vazio",
                    path.display()
                )
            }
            Problem::UnknownName { kind, written, .. } => format!("`{key}`: não há {kind} `{written}`"),
        }
    }

    fn advice(&self) -> Option<String> {
        let meant = |meant: &Option<String>| meant.as_ref().map(|name| format!("você quis dizer `{name}`?"));
        match &*self.problem {
            Problem::UnknownKey { meant: name, .. } | Problem::UnknownName { meant: name, .. } => meant(name),
            Problem::UnknownWord { meant: name, allowed } => {
                Some(meant(name).unwrap_or_else(|| format!("use um destes: {}", allowed.join(", "))))
            }
            Problem::LiteralSecret => {
                let name = self.key.replace(['.', '-'], "_").to_uppercase();
                Some(format!(
                    "guarde o valor fora do arquivo e escreva {{ env = \"{name}\" }} ou {{ file = \"/run/secrets/…\" }}"
                ))
            }
            Problem::SecretVariable(variable) => {
                Some(format!("defina `{variable}` antes de iniciar o serviço"))
            }
            Problem::Unreadable(_)
            | Problem::Syntax(_)
            | Problem::Missing(_)
            | Problem::WrongType(_)
            | Problem::Invalid(_)
            | Problem::SecretFile(_) => None,
        }
    }
}

/// The name most like `written`, if any is like it.
pub(crate) fn closest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let folded = written.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&folded, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}
