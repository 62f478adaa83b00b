//! Calls a REST API through a connection of the project and waits for what becomes of it.
//!
//! ```json
//! {
//!   "type": "http",
//!   "connection": "rm",
//!   "request": {
//!     "method": "POST",
//!     "path": "/api/hcg/v2/appointments/{{ horario.id }}/book",
//!     "query": { "companyId": "{{ env.rm_company }}" },
//!     "headers": { "X-Origin": "whatsapp" },
//!     "body": { "patientId": "{{ paciente.id }}", "notes": "{{ observacao | default('') }}" }
//!   },
//!   "timeout": "10s",
//!   "retry": { "attempts": 3, "wait": "500ms" },
//!   "save": { "protocolo": "{{ response.body.id }}" },
//!   "on": { "success": "marcada", "409": "horario_ocupado", "4xx": "dados_recusados", "unknown": "conferir", "failure": "rm_fora" }
//! }
//! ```

use serde::Deserialize;

use super::duration::Duration;
use super::entries::{Entries, Ports};
use super::inspection::{Inspect, Inspection, Mention, MissingPort, MissingReason};
use crate::expr::{Template, TemplateTree};
use crate::ids::ConnectionId;
use crate::protocol::Method;

/// For each attempt, unless the node says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What an author writes for an `http`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Whose base address, credentials and headers to use.
    pub connection: ConnectionId,
    /// What is asked.
    pub request: Request,
    /// For each attempt; [`DEFAULT_TIMEOUT`] unless set.
    pub timeout: Option<Duration>,
    /// How often and how far apart; the connection's own rule unless set.
    pub retry: Option<Retry>,
    /// Sent as `Idempotency-Key`; makes any method safe to repeat.
    pub idempotency_key: Option<Template>,
    /// Status codes that mean "nothing found": they count as `success`, with `response.empty` true.
    #[serde(default)]
    pub empty_on: Vec<u16>,
    /// How to read all pages of an answer.
    pub pages: Option<Pages>,
    /// Variables assigned when the call leaves by `success`. The only thing that survives a response.
    #[serde(default)]
    pub save: Entries<TemplateTree>,
    /// Ways out: `success`, `failure`, `timeout`, `unreachable`, `unknown`, a status (`409`), a class (`4xx`).
    pub on: Ports,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Below the connection's base address. A hole is percent-encoded as one segment.
    pub path: Template,
    /// A member whose value is absent is left out.
    #[serde(default)]
    pub query: Entries<TemplateTree>,
    /// Besides the connection's own.
    #[serde(default)]
    pub headers: Entries<Template>,
    /// Sent as JSON.
    pub body: Option<TemplateTree>,
}

/// When to repeat a request that is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// In all, the first one included.
    pub attempts: u32,
    /// Before the second attempt; doubles from there. 500 ms unless set.
    pub wait: Option<Duration>,
}

/// How to read all pages of an answer. `response.items` holds the items of all of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// The list on one page, read from `response`.
    pub items: Template,
    /// Whether there are more, read from `response`.
    pub more: Template,
    /// The query member that takes the page's number, from 1.
    pub param: String,
    /// Pages at most; still more sets `response.truncated`.
    pub max: u32,
}

impl Http {
    /// Whether a doubtful attempt may be repeated without harm.
    pub fn is_safe_to_repeat(&self) -> bool {
        self.request.method.is_idempotent() || self.idempotency_key.is_some()
    }
}

impl Inspect for Http {
    fn inspect(&self, found: &mut Inspection) {
        found.waits.call = true;
        found.connections.push(Mention::new(self.connection.clone(), "/connection"));
        found.template("/request/path", &self.request.path);
        found.trees("/request/query", &self.request.query);
        for (name, header) in self.request.headers.iter() {
            found.template(format!("/request/headers/{name}"), header);
        }
        if let Some(body) = &self.request.body {
            found.tree("/request/body", body);
        }
        found.template_if("/idempotency_key", self.idempotency_key.as_ref());
        found.with_names(&["response"], |found| {
            if let Some(pages) = &self.pages {
                found.template("/pages/items", &pages.items);
                found.template("/pages/more", &pages.more);
            }
            found.saves("/save", &self.save, &["success"]);
        });
        for (name, target) in self.on.iter() {
            found.port(name, format!("/on/{name}"), target);
        }
        if !self.is_safe_to_repeat() && self.on.get("unknown").is_none() {
            found.missing.push(MissingPort { name: "unknown", reason: MissingReason::ChangingCall });
        }
    }
}
