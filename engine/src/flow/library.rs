//! All flows published together: the release that sessions are pinned to, and which flow a message begins.

use std::collections::BTreeMap;

use super::definition::Flow;
use super::triggers::{Trigger, When, stands_in};
use crate::answer::fold::fold_words;
use crate::ids::{FlowId, NodeId, ReleaseId};
use crate::nodes::Node;

/// The flows of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    release: ReleaseId,
    flows: BTreeMap<FlowId, Flow>,
    /// Folded, the longest first.
    keywords: Vec<Keyword>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Keyword {
    folded: String,
    flow: FlowId,
    channels: Vec<String>,
}

impl Library {
    /// A library of these flows; of two with one id, which the checker refuses, the later stays.
    pub fn new(flows: impl IntoIterator<Item = Flow>) -> Self {
        let flows: BTreeMap<FlowId, Flow> = flows.into_iter().map(|flow| (flow.id.clone(), flow)).collect();
        let mut keywords: Vec<Keyword> = flows
            .values()
            .flat_map(|flow| flow.triggers.iter().map(move |trigger| (flow, trigger)))
            .filter(|(_, trigger)| trigger.when == When::Message)
            .flat_map(|(flow, trigger)| {
                trigger.folded_keywords().map(|folded| Keyword {
                    folded,
                    flow: flow.id.clone(),
                    channels: trigger.channels.clone(),
                })
            })
            .collect();
        keywords.sort_by_key(|keyword| std::cmp::Reverse(keyword.folded.chars().count()));
        Self { release: release_of(&flows), flows, keywords }
    }

    /// Its name: the hash of all flows' texts. The same texts give the same release.
    pub fn release(&self) -> &ReleaseId {
        &self.release
    }

    /// A flow by its id.
    pub fn flow(&self, id: &FlowId) -> Option<&Flow> {
        self.flows.get(id)
    }

    /// A node by its flow and key.
    pub fn node(&self, flow: &FlowId, node: &NodeId) -> Option<&Node> {
        self.flow(flow).and_then(|flow| flow.node(node))
    }

    /// All flows, by id.
    pub fn flows(&self) -> impl ExactSizeIterator<Item = &Flow> {
        self.flows.values()
    }

    /// The flow whose keyword stands in a text; the longest keyword wins.
    pub fn flow_for_text(&self, text: &str, channel: &str) -> Option<&FlowId> {
        let text = fold_words(text);
        self.keywords
            .iter()
            .filter(|keyword| {
                keyword.channels.is_empty() || keyword.channels.iter().any(|own| own == channel)
            })
            .find(|keyword| stands_in(&keyword.folded, &text))
            .map(|keyword| &keyword.flow)
    }

    /// The flow that takes what nothing else claims.
    pub fn default_flow(&self, channel: &str) -> Option<&FlowId> {
        self.flow_with(|trigger| trigger.when == When::Default && trigger.covers(channel))
    }

    /// The flow that an advertisement begins; one that names it comes before one that takes all.
    pub fn flow_for_ad(&self, ad: &str, channel: &str) -> Option<&FlowId> {
        let covers = |trigger: &Trigger| trigger.when == When::Ad && trigger.covers(channel);
        self.flow_with(|trigger| covers(trigger) && trigger.ads.iter().any(|own| own == ad))
            .or_else(|| self.flow_with(|trigger| covers(trigger) && trigger.ads.is_empty()))
    }

    fn flow_with(&self, wanted: impl Fn(&Trigger) -> bool) -> Option<&FlowId> {
        self.flows().find(|flow| flow.triggers.iter().any(&wanted)).map(|flow| &flow.id)
    }
}

/// FNV-1a over 128 bits (draft-eastlake-fnv-17), as 32 hexadecimal digits. It names; it does not protect.
fn release_of(flows: &BTreeMap<FlowId, Flow>) -> ReleaseId {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash = BASIS;
    let mut take = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    };
    for (id, flow) in flows {
        for part in [id.as_str(), flow.text()] {
            // The length keeps two neighbours from being read as others.
            take(&(part.len() as u64).to_le_bytes());
            take(part.as_bytes());
        }
    }
    ReleaseId(format!("{hash:032x}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn flow(id: &str, triggers: Value) -> Flow {
        let document = json!({
            "format": 1, "flow": id, "title": id, "start": "fim", "triggers": triggers,
            "nodes": { "fim": { "type": "end", "outcome": "ok" } }
        });
        Flow::parse(&document.to_string()).expect("a flow")
    }

    #[test]
    fn the_longest_keyword_wins() {
        let library = Library::new([
            flow("confirma", json!([{ "when": "message", "keywords": ["Confirmar"] }])),
            flow(
                "desmarca",
                json!([{ "when": "message", "keywords": ["não confirmar"], "channels": ["zap"] }]),
            ),
            flow("menu", json!([{ "when": "default" }])),
        ]);
        let found = |text, channel| library.flow_for_text(text, channel).map(FlowId::as_str);
        assert_eq!(found("quero CONFIRMAR!", "zap"), Some("confirma"));
        assert_eq!(found("Nao confirmar", "zap"), Some("desmarca"));
        assert_eq!(found("Nao confirmar", "outro"), Some("confirma"));
        assert_eq!(found("confirmado", "zap"), None);
        assert_eq!(library.default_flow("zap").map(FlowId::as_str), Some("menu"));
    }

    #[test]
    fn an_ad_that_is_named_comes_first() {
        let library = Library::new([
            flow("a_todos", json!([{ "when": "ad" }])),
            flow("b_um", json!([{ "when": "ad", "ads": ["77"] }])),
        ]);
        assert_eq!(library.flow_for_ad("77", "zap").map(FlowId::as_str), Some("b_um"));
        assert_eq!(library.flow_for_ad("78", "zap").map(FlowId::as_str), Some("a_todos"));
    }

    #[test]
    fn a_release_is_named_by_its_texts() {
        let one = Library::new([flow("a", json!([])), flow("b", json!([]))]);
        let same = Library::new([flow("b", json!([])), flow("a", json!([]))]);
        let other = Library::new([flow("a", json!([])), flow("b", json!([{ "when": "call" }]))]);
        assert_eq!(one.release(), same.release());
        assert_ne!(one.release(), other.release());
        assert_eq!(one.release().as_str().len(), 32);
    }
}
