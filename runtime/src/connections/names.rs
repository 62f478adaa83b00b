//! Member names of answers, as flows read them.
//!
//! Some systems write the same member now `PatientName` and now `patientName`, or misspell it (totvs-rm.md §2, §3).
//! The project file lists names; a member whose name is the same but for its letter case is renamed to the listed
//! spelling, a misspelt one to what its alias says. Since one system may spell a name differently from resource to
//! resource, lists can be given for paths: the one whose path is the longest beginning of the request's, segment by
//! segment, counts first, and the connection's own where it says nothing. Answers with an error status are of no
//! resource. What is in no list stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::foundation::config::ConnectionSection;

/// The lists of one connection.
#[derive(Debug)]
pub(super) struct Names {
    own: Spelling,
    /// By segments of the path, longest first.
    resources: Vec<(Vec<String>, Spelling)>,
}

/// Names in lower case, and how flows read them.
#[derive(Debug, Clone, Default)]
pub(super) struct Spelling(Arc<BTreeMap<String, String>>);

impl Names {
    /// # Errors
    /// The key below the connection and why its list cannot be used.
    pub(super) fn new(section: &ConnectionSection) -> Result<Self, (String, String)> {
        let own = spelling(&section.field_names, &section.field_aliases)
            .map_err(|why| ("field_names".to_owned(), why))?;
        let mut resources = Vec::new();
        for resource in &section.resources {
            let mut all = (*own).clone();
            let listed = spelling(&resource.field_names, &resource.field_aliases)
                .map_err(|why| ("resources".to_owned(), format!("em `{}`: {why}", resource.path)))?;
            all.extend(listed.iter().map(|(name, spelt)| (name.clone(), spelt.clone())));
            resources.push((segments(&resource.path), Spelling(Arc::new(all))));
        }
        resources.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Ok(Self { own: Spelling(own), resources })
    }

    /// The names of the answers of a path.
    pub(super) fn of(&self, path: &str) -> &Spelling {
        let path = segments(path);
        let found = self.resources.iter().find(|(beginning, _)| path.starts_with(beginning));
        found.map_or(&self.own, |(_, spelling)| spelling)
    }

    /// The names of error bodies.
    pub(super) fn of_errors(&self) -> &Spelling {
        &self.own
    }
}

impl Spelling {
    /// A body with its members renamed, at any depth.
    pub(super) fn apply(&self, body: Value) -> Value {
        if self.0.is_empty() {
            return body;
        }
        match body {
            Value::Object(members) => Value::Object(self.rename(members)),
            Value::Array(items) => items.into_iter().map(|item| self.apply(item)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body,
        }
    }

    /// When two members come to one name, the one that was spelt so on the wire stays, else the first.
    fn rename(&self, members: Map<String, Value>) -> Map<String, Value> {
        let mut renamed = Map::with_capacity(members.len());
        for (name, value) in members {
            let value = self.apply(value);
            match self.0.get(&name.to_lowercase()) {
                Some(spelt) if *spelt != name => {
                    renamed.entry(spelt.as_str()).or_insert(value);
                }
                Some(_) | None => {
                    renamed.insert(name, value);
                }
            }
        }
        renamed
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_lowercase).collect()
}

fn spelling(
    names: &[String],
    aliases: &BTreeMap<String, String>,
) -> Result<Arc<BTreeMap<String, String>>, String> {
    let mut all = BTreeMap::new();
    let pairs = names.iter().map(|name| (name, name)).chain(aliases);
    for (name, spelt) in pairs {
        if let Some(other) = all.insert(name.to_lowercase(), spelt.clone())
            && other != *spelt
        {
            return Err(format!("`{name}` não pode ser `{other}` e `{spelt}` ao mesmo tempo"));
        }
    }
    Ok(Arc::new(all))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(toml: &str) -> Result<Names, (String, String)> {
        Names::new(&toml::from_str(&format!("base_url = \"http://h\"\n{toml}")).unwrap())
    }

    #[test]
    fn a_path_decides_between_two_spellings_of_one_name() {
        let names = names(
            r#"field_names = ["companyId", "items", "code"]
            [[resources]]
            path = "/api/v2/appointments"
            field_names = ["CompanyId", "Code"]
            field_aliases = { AppintmentId = "AppointmentId" }"#,
        )
        .unwrap();
        let body = || json!({ "ITEMS": [{ "COMPANYID": 1, "appintmentid": 2, "Outro": 3, "code": 4 }] });
        for path in ["/api/v2/appointments", "/api/v2/Appointments/1%7C2"] {
            assert_eq!(
                names.of(path).apply(body()),
                json!({ "items": [{ "CompanyId": 1, "AppointmentId": 2, "Outro": 3, "Code": 4 }] })
            );
        }
        for path in ["/api/v2/appointments-x", "/api/v2", "/"] {
            assert_eq!(
                names.of(path).apply(body()),
                json!({ "items": [{ "companyId": 1, "appintmentid": 2, "Outro": 3, "code": 4 }] })
            );
        }
        assert_eq!(names.of_errors().apply(json!({ "Code": "x" })), json!({ "code": "x" }));
    }

    #[test]
    fn the_exact_spelling_wins_over_its_variants_whatever_the_order() {
        let names = names(r#"field_names = ["Id"]"#).unwrap();
        for body in [json!({ "ID": 1, "Id": 2 }), json!({ "Id": 2, "ID": 1 })] {
            assert_eq!(names.of("/").apply(body), json!({ "Id": 2 }));
        }
    }

    #[test]
    fn a_list_that_says_two_things_is_refused() {
        let (key, why) = names(r#"field_names = ["Id", "ID"]"#).unwrap_err();
        assert_eq!(
            (key.as_str(), why.as_str()),
            ("field_names", "`ID` não pode ser `Id` e `ID` ao mesmo tempo")
        );
    }
}
