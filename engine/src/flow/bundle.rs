//! Puts the parts of the schemas together into the one file per document that editors read.
//!
//! The parts are what people edit: `schemas/parts/` for documents and what they share, `schemas/nodes/` for one node
//! type each. The bundles beside them are made from the parts by this function, and a test compares.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One part: the file's name without `.schema.json`, and its content.
pub type Part = (&'static str, &'static str);

/// What several documents use.
pub const DEFINITIONS: &str = include_str!("../../../schemas/parts/definitions.schema.json");

/// The documents that analysts write.
pub const DOCUMENTS: &[Part] = &[
    ("flow", include_str!("../../../schemas/parts/flow.schema.json")),
    ("campaign", include_str!("../../../schemas/parts/campaign.schema.json")),
    ("flow-test", include_str!("../../../schemas/parts/flow-test.schema.json")),
];

macro_rules! node_parts {
    ($($name:literal)*) => {
        /// The node types, in the order in which editors offer them.
        pub const NODES: &[Part] =
            &[$(($name, include_str!(concat!("../../../schemas/nodes/", $name, ".schema.json"))),)*];
    };
}
node_parts! {
    "message" "template" "ask" "menu" "branch" "set" "http" "handoff" "ticket" "notify" "email" "tag" "consent"
    "wait" "call" "goto" "end"
}

/// A document's schema in one piece: with every definition it needs, and no reference out of the file.
///
/// # Errors
/// A part that is not JSON, or a reference that leads nowhere, in words.
pub fn bundle(document: &str) -> Result<Value, String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
    let (_, text) = DOCUMENTS
        .iter()
        .find(|(name, _)| *name == document)
        .ok_or_else(|| format!("there is no document {document:?}"))?;
    let mut bundle = parse(text)?;

    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for source in [parse(DEFINITIONS)?, bundle.clone()] {
        if let Some(Value::Object(definitions)) = source.get("definitions") {
            known.extend(definitions.iter().map(|(name, schema)| (name.clone(), schema.clone())));
        }
    }
    let mut nodes = Vec::new();
    for (name, text) in NODES {
        let Value::Object(mut schema) = parse(text)? else { return Err(format!("{name} is not an object")) };
        schema.shift_remove("$schema");
        schema.shift_remove("$id");
        nodes.push((*name, Value::Object(schema)));
    }
    known.insert("node".to_owned(), any_node(&nodes));
    known.extend(nodes.into_iter().map(|(name, schema)| (definition_of(name), schema)));

    localise(&mut bundle);
    let mut used: BTreeMap<String, Value> = BTreeMap::new();
    let mut wanted = references(&bundle);
    while let Some(name) = wanted.pop() {
        if used.contains_key(&name) {
            continue;
        }
        let mut schema = known.get(&name).ok_or_else(|| format!("there is no definition {name:?}"))?.clone();
        localise(&mut schema);
        wanted.extend(references(&schema));
        used.insert(name, schema);
    }
    bundle["definitions"] = used.into_iter().collect::<Map<String, Value>>().into();
    Ok(bundle)
}

/// A bundle as it stands in `schemas/`.
pub fn print(bundle: &Value) -> String {
    let mut text = serde_json::to_string_pretty(bundle).expect("a schema has no keys but strings");
    text.push('\n');
    text
}

fn definition_of(node: &str) -> String {
    format!("node_{node}")
}

/// A node of any type. `if`/`then` on the type and never `oneOf`: so there is one precise error, and editors follow.
fn any_node(nodes: &[(&str, Value)]) -> Value {
    let text_of = |schema: &Value, key: &str| schema.get(key).cloned().unwrap_or(Value::Null);
    let names: Vec<&str> = nodes.iter().map(|(name, _)| *name).collect();
    let descriptions: Vec<Value> = nodes.iter().map(|(_, schema)| text_of(schema, "description")).collect();
    let snippets: Vec<Value> = nodes
        .iter()
        .filter_map(|(_, schema)| schema.get("defaultSnippets").and_then(Value::as_array))
        .flatten()
        .cloned()
        .collect();
    let cases: Vec<Value> = nodes
        .iter()
        .map(|(name, _)| {
            json!({
                "if": { "required": ["type"], "properties": { "type": { "const": name } } },
                "then": { "$ref": format!("#/definitions/{}", definition_of(name)) }
            })
        })
        .collect();
    json!({
        "title": "Nó",
        "description": "Um passo da conversa. O `type` diz o que ele faz.",
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {
                "title": "Tipo",
                "description": "O que o nó faz.",
                "type": "string",
                "enum": names,
                "enumDescriptions": descriptions
            }
        },
        "allOf": cases,
        "defaultSnippets": snippets
    })
}

/// References to other parts become references inside the bundle.
fn localise(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if key == "$ref"
                    && let Value::String(target) = member
                {
                    target.replace_range(..target.find('#').unwrap_or(0), "");
                } else {
                    localise(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(localise),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| match member.as_str().filter(|_| key == "$ref") {
                Some(target) => {
                    target.strip_prefix("#/definitions/").map(str::to_owned).into_iter().collect()
                }
                None => references(member),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn bundles_are_made_from_the_parts() {
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
        for (name, _) in DOCUMENTS {
            let made = print(&bundle(name).expect(name));
            let path = schemas.join(format!("{name}.schema.json"));
            if std::env::var_os("FLUXO_BUNDLE").is_some() {
                std::fs::write(&path, &made).expect("schemas/ can be written");
            }
            let stands = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                stands == made,
                "schemas/{name}.schema.json is not what its parts make; run\n    \
                 FLUXO_BUNDLE=1 cargo test -p fluxo-engine bundles_are_made_from_the_parts"
            );
        }
    }

    #[test]
    fn every_node_type_has_its_part() {
        let parts: Vec<&str> = NODES.iter().map(|(name, _)| *name).collect();
        assert_eq!(parts, crate::nodes::NodeKind::NAMES);
    }
}
