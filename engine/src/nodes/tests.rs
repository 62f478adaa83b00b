//! Every node type's example is read; what it declares stands in the example where it says.

use std::path::Path;

use serde_json::Value;

use super::{Node, NodeKind};

/// The JSON block at the head of a node type's file.
pub(crate) fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/nodes").join(format!("{name}.rs"));
    let text = std::fs::read_to_string(&path).expect("a node type has a file of its name");
    let block: String = text
        .lines()
        .skip_while(|line| *line != "//! ```json")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .filter_map(|line| line.strip_prefix("//! "))
        .collect::<Vec<_>>()
        .join("\n");
    serde_json::from_str(&block).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_example_is_a_node_of_its_type() {
    for name in NodeKind::NAMES {
        let node = Node::read(&example(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(node.kind.name(), *name);
    }
}

#[test]
fn declared_places_exist() {
    for name in NodeKind::NAMES {
        let example = example(name);
        let found = Node::read(&example).expect("read above").inspection();
        for port in &found.ports {
            let there = example.pointer(&port.pointer).and_then(Value::as_str);
            assert_eq!(there, Some(port.target.as_str()), "{name}: {}", port.pointer);
        }
        let pointers = found
            .formulas
            .iter()
            .map(|formula| &formula.pointer)
            .chain(found.writes.iter().map(|write| &write.pointer))
            .chain(found.flows.iter().map(|mention| &mention.pointer))
            .chain(found.connections.iter().map(|mention| &mention.pointer))
            .chain(found.queues.iter().map(|mention| &mention.pointer))
            .chain(found.desks.iter().map(|mention| &mention.pointer))
            .chain(found.outcome.iter().map(|mention| &mention.pointer));
        for pointer in pointers {
            assert!(example.pointer(pointer).is_some(), "{name}: nothing at {pointer}");
        }
    }
}

#[test]
fn remarks_are_allowed_and_other_unknown_keys_are_not() {
    for name in NodeKind::NAMES {
        let mut remarked = example(name);
        remarked["note"] = "why".into();
        remarked["x-color"] = "red".into();
        remarked["title"] = "Um título".into();
        assert!(Node::read(&remarked).is_ok(), "{name}");
        remarked["nonsense"] = 1.into();
        let error = Node::read(&remarked).expect_err("unknown");
        assert_eq!(error.pointer(), "/nonsense", "{name}");
    }
}

#[test]
fn a_changing_call_needs_the_port_unknown_unless_it_may_be_repeated() {
    let mut call = example("http");
    let missing = |call: &Value| Node::read(call).expect("a node").inspection().missing.len();
    assert_eq!(missing(&call), 0);
    call["on"].as_object_mut().expect("ports").shift_remove("unknown");
    assert_eq!(missing(&call), 1);
    call["idempotency_key"] = "{{ horario.id }}".into();
    assert_eq!(missing(&call), 0);
    call.as_object_mut().expect("a node").shift_remove("idempotency_key");
    call["request"]["method"] = "PUT".into();
    assert_eq!(missing(&call), 0);
}
