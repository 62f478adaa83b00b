//! The only stored form of a session: a version byte, then compact JSON. Written by this engine's version, read by
//! it and all later ones.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counters, Frame, Refused, Sent, Session, Waiting};
use crate::error::Error;
use crate::ids::{FlowId, NodeId, ReleaseId, SessionId};
use crate::protocol::Object;

/// The stored form's version. A change that old bytes cannot be read with takes the next number and keeps a reader
/// for the ones before.
const FORM: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "i")]
    id: SessionId,
    #[serde(rename = "r")]
    release: ReleaseId,
    #[serde(rename = "e")]
    engine: u32,
    #[serde(rename = "ep", default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u32>,
    #[serde(rename = "f")]
    root: FlowId,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    frames: Vec<Frame>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    waiting: Option<Waiting>,
    #[serde(rename = "n")]
    counts: (u32, u32, u32),
    #[serde(rename = "c")]
    since_input: Counters,
    #[serde(rename = "in", default, skip_serializing_if = "Object::is_empty")]
    input: Object,
    #[serde(rename = "hm", default, skip_serializing_if = "Option::is_none")]
    heard: Option<String>,
    #[serde(rename = "h")]
    last_heard: Timestamp,
    #[serde(rename = "hi", default, skip_serializing_if = "std::ops::Not::not")]
    idled: bool,
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    sends: Vec<(u32, u32, u32, FlowId, NodeId)>,
    #[serde(rename = "mr", default, skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused>,
    #[serde(rename = "cl", default, skip_serializing_if = "Option::is_none")]
    closing: Option<String>,
    #[serde(rename = "tr", default, skip_serializing_if = "std::ops::Not::not")]
    in_trouble: bool,
    #[serde(rename = "ho", default, skip_serializing_if = "Object::is_empty")]
    handoff: Object,
    #[serde(rename = "ca", default, skip_serializing_if = "Option::is_none")]
    campaign: Option<Object>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
}

impl Session {
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.clone(),
            release: self.release.clone(),
            engine: self.engine,
            epoch: self.epoch,
            root: self.root.clone(),
            frames: self.frames.clone(),
            waiting: self.waiting.clone(),
            counts: (self.turns, self.visits, self.frames_begun),
            since_input: self.since_input,
            input: self.input.clone(),
            heard: self.heard.clone(),
            last_heard: self.last_heard,
            idled: self.idled,
            sends: self
                .sends
                .iter()
                .map(|sent| (sent.turn, sent.n, sent.frame, sent.flow.clone(), sent.node.clone()))
                .collect(),
            refused: self.refused.clone(),
            closing: self.closing.clone(),
            in_trouble: self.in_trouble,
            handoff: self.handoff.clone(),
            campaign: self.campaign.clone(),
            outcome: self.outcome.clone(),
        };
        let mut bytes = vec![FORM];
        serde_json::to_writer(&mut bytes, &stored).expect("a session is plain data with text keys");
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Error::Stored`] for bytes that are not a session, or of a later form than this engine knows.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (form, text) = bytes.split_first().ok_or_else(|| Error::Stored("no bytes".to_owned()))?;
        if *form != FORM {
            return Err(Error::Stored(format!("form {form} is not known, this engine writes {FORM}")));
        }
        // The reader's own message may quote values: only the place is kept.
        let stored: Stored = serde_json::from_slice(text)
            .map_err(|error| Error::Stored(format!("damaged at byte {}", error.column())))?;
        let (turns, visits, frames_begun) = stored.counts;
        Ok(Self {
            id: stored.id,
            release: stored.release,
            engine: stored.engine,
            epoch: stored.epoch,
            root: stored.root,
            frames: stored.frames,
            waiting: stored.waiting,
            turns,
            visits,
            frames_begun,
            since_input: stored.since_input,
            input: stored.input,
            heard: stored.heard,
            last_heard: stored.last_heard,
            idled: stored.idled,
            sends: stored
                .sends
                .into_iter()
                .map(|(turn, n, frame, flow, node)| Sent { turn, n, frame, flow, node })
                .collect(),
            refused: stored.refused,
            closing: stored.closing,
            in_trouble: stored.in_trouble,
            handoff: stored.handoff,
            campaign: stored.campaign,
            outcome: stored.outcome,
        })
    }
}
