//! The simulated world of a run, and what is asked of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use fluxo_sandbox::{Asked, Bubble, Options, Sandbox};
use serde_json::{Value, json};

use super::plan::Detours;
use super::wire::Wire;

/// Opens the service's API to the kit. The service listens on loopback only, for as long as the run lasts.
pub(super) const API_TOKEN: &str = "crashtest-only-on-loopback";

/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// RM, WhatsApp and the phones.
pub(super) struct World {
    sandbox: Sandbox,
    wire: Wire,
    /// Where the service finds it.
    base: String,
    /// Where its webhooks go.
    webhooks: String,
    options: Options,
}

/// An appointment as RM holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Appointment {
    pub(super) id: String,
    /// The patient's name: the code of a booking.
    pub(super) name: String,
    /// `scheduled`, `confirmed`, `cancelled` or `no_show`.
    pub(super) state: String,
}

/// A free slot of an agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) schedule: String,
    pub(super) date: String,
    pub(super) time: String,
}

impl World {
    /// Starts it for a service.
    pub(super) async fn start(service: &str, seed: u64, detours: &Detours) -> anyhow::Result<Self> {
        let options = Options { service: NOWHERE.to_owned(), seed, ..Options::default() };
        let sandbox = fluxo_sandbox::start(options.clone()).await?;
        let at = sandbox.url().trim_start_matches("http://");
        let at: SocketAddr = at.parse().with_context(|| format!("{at} is no address"))?;
        let wire = Wire::lay(at).await?;
        let base = format!("http://{}", wire.address());
        let base = detours.world.as_ref().map_or(base.clone(), |detour| detour(&base));
        let webhooks = service.to_owned();
        let webhooks = detours.webhooks.as_ref().map_or(webhooks.clone(), |detour| detour(&webhooks));
        let world = Self { sandbox, wire, base, webhooks, options };
        world.settings(json!({ "retry_ms": [50, 100, 200, 400] })).await?;
        world.settings(few_statuses()).await?;
        world.sandbox.set_service(&world.webhooks);
        Ok(world)
    }

    /// Its base address, for the service.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// What the project's references to the environment find.
    pub(super) fn secrets(&self) -> [(&'static str, &str); 6] {
        [
            ("RM_USER", &self.options.rm_user),
            ("RM_PASSWORD", &self.options.rm_password),
            ("WHATSAPP_ACCESS_TOKEN", &self.options.access_token),
            ("WHATSAPP_APP_SECRET", &self.options.app_secret),
            ("WHATSAPP_VERIFY_TOKEN", &self.options.verify_token),
            ("FLUXO_API_TOKEN", API_TOKEN),
        ]
    }

    /// Neither RM nor WhatsApp can be reached, and nobody's messages come.
    pub(super) fn go_down(&self) {
        self.wire.cut();
        self.sandbox.set_service(NOWHERE);
    }

    /// It is there again.
    pub(super) fn come_back(&self) {
        self.wire.mend();
        self.sandbox.set_service(&self.webhooks);
    }

    /// Changes habits.
    pub(super) async fn settings(&self, settings: Value) -> anyhow::Result<()> {
        self.sandbox.control("POST", "settings", &settings).await.map(drop)
    }

    /// Switches trouble on.
    pub(super) async fn fault(&self, fault: Value) -> anyhow::Result<()> {
        self.sandbox.control("POST", "faults", &fault).await.map(drop)
    }

    /// All is well from now on.
    pub(super) async fn no_trouble(&self) -> anyhow::Result<()> {
        self.sandbox.control("DELETE", "faults", &Value::Null).await?;
        self.settings(few_statuses()).await
    }

    /// RM forgets who has logged in.
    pub(super) async fn expire_tokens(&self) -> anyhow::Result<()> {
        self.sandbox.control("POST", "rm/expire-tokens", &Value::Null).await.map(drop)
    }

    /// Something a phone does: `say` or `tap`, with the sandbox's options.
    pub(super) async fn phone(&self, number: &str, what: &str, body: &Value) -> anyhow::Result<()> {
        self.sandbox.control("POST", &format!("phones/{number}/{what}"), body).await.map(drop)
    }

    /// What was said to a phone after a message's number; waits so long for the first.
    pub(super) async fn hear(&self, number: &str, after: u64, limit: Duration) -> Vec<Bubble> {
        self.sandbox.hear(number, after, limit).await
    }

    /// All chats, by number.
    pub(super) fn chats(&self) -> BTreeMap<String, Vec<Bubble>> {
        self.sandbox.chats()
    }

    /// The book after a number.
    pub(super) fn requests(&self, after: u64) -> Vec<Asked> {
        self.sandbox.requests(after)
    }

    /// Webhooks that the service has not taken yet.
    pub(super) async fn webhooks_pending(&self) -> anyhow::Result<u64> {
        let state = self.sandbox.control("GET", "state", &Value::Null).await?;
        state["webhooks_pending"].as_u64().context("the sandbox does not say how many webhooks wait")
    }

    /// Free slots: as many as asked for, or all there are.
    pub(super) async fn slots(&self, enough: usize) -> anyhow::Result<Vec<Slot>> {
        let state = self.sandbox.control("GET", "state", &Value::Null).await?;
        let mut day: jiff::civil::Date =
            state["tomorrow"].as_str().unwrap_or_default().parse().context("the sandbox has no day")?;
        let mut found = Vec::new();
        for _ in 0..50 {
            let answer = self.sandbox.control("GET", &format!("rm/slots?date={day}"), &Value::Null).await?;
            let text = |slot: &Value, member: &str| slot[member].as_str().unwrap_or_default().to_owned();
            found.extend(answer["slots"].as_array().into_iter().flatten().map(|slot| Slot {
                schedule: text(slot, "schedule"),
                date: text(slot, "date"),
                time: text(slot, "time"),
            }));
            if found.len() >= enough {
                break;
            }
            day = day.tomorrow()?;
        }
        Ok(found)
    }

    /// Puts an appointment of somebody from the register into a slot; answers its id.
    pub(super) async fn put_appointment(&self, slot: &Slot, cpf: &str) -> anyhow::Result<String> {
        let body = json!({ "cpf": cpf, "schedule": slot.schedule, "date": slot.date, "time": slot.time });
        let put = self.sandbox.control("POST", "rm/appointments", &body).await?;
        put["id"].as_str().map(str::to_owned).context("an appointment without an id")
    }

    /// All appointments.
    pub(super) async fn appointments(&self) -> anyhow::Result<Vec<Appointment>> {
        let answer = self.sandbox.control("GET", "rm/appointments", &Value::Null).await?;
        let text = |one: &Value, member: &str| one[member].as_str().unwrap_or_default().to_owned();
        let all = answer["appointments"].as_array().into_iter().flatten();
        Ok(all
            .map(|one| Appointment {
                id: text(one, "id"),
                name: text(one, "name"),
                state: text(one, "state"),
            })
            .collect())
    }

    /// Ends it.
    pub(super) async fn end(self) {
        self.sandbox.shutdown().await;
    }
}

/// One status per message: enough to settle a doubt, and most of the work is messages.
pub(super) fn few_statuses() -> Value {
    json!({ "sent_ms": 60, "delivered_ms": null, "read_ms": null, "status_copies": 1, "reorder_statuses": false })
}

/// No statuses at all.
pub(super) fn no_statuses() -> Value {
    json!({ "sent_ms": null, "delivered_ms": null, "read_ms": null })
}

/// All of them, in disorder and twice.
pub(super) fn many_statuses() -> Value {
    json!({ "sent_ms": 20, "delivered_ms": 40, "read_ms": 90, "status_copies": 2, "reorder_statuses": true })
}
