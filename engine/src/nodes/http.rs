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
use serde_json::Value;

use super::context::NodeContext;
use super::duration::Duration;
use super::entries::{Entries, Ports};
use super::inspection::{Inspect, Inspection, Mention, MissingPort, MissingReason};
use super::play::{Next, Play, Stop};
use super::values::check_nesting;
use crate::expr::{Template, TemplateTree};
use crate::ids::{ConnectionId, EffectId};
use crate::protocol::{
    self, EffectKind, HttpOutcome, HttpRequest, Method, Object, Response, TroubleCode, Wake,
};
use crate::session::{Paging, WaitKind, json_size};

/// For each attempt, unless the node says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Before the second attempt, unless `retry` says otherwise.
pub const DEFAULT_RETRY_WAIT: Duration = Duration::from_millis(500);
/// Bytes of items kept while further pages are asked for.
const MAX_PAGED: usize = 200 * 1024;

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

impl Play for Http {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let effect = self.call(cx, 1)?;
        cx.wait(WaitKind::Http(Paging { effect, page: 1, items: Vec::new() }), None)?;
        Ok(Next::Stay)
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        let Wake::Http { outcome, .. } = wake else { return Err(cx.wrong_wait()) };
        let response = match outcome {
            HttpOutcome::Response(response) => response,
            HttpOutcome::Timeout => return self.otherwise(&["timeout", "failure"], TroubleCode::PortMissing),
            HttpOutcome::Unreachable => {
                return self.otherwise(&["unreachable", "failure"], TroubleCode::PortMissing);
            }
            // Never `failure`: an author who retries there would do a thing twice.
            HttpOutcome::Unknown => return self.otherwise(&["unknown"], TroubleCode::HttpUnknown),
        };
        let (status, class) = (response.status.to_string(), format!("{}xx", response.status / 100));
        let empty = self.empty_on.contains(&response.status);
        let good = (200..300).contains(&response.status);
        if !empty && good && response.error.is_some() {
            return self.otherwise(&["failure"], TroubleCode::PortMissing);
        }
        if !empty && !good {
            return self.otherwise(&[&status, &class, "failure"], TroubleCode::PortMissing);
        }
        cx.local("response", response_value(response, empty));
        if let Some(pages) = &self.pages
            && let Some(next_page) = self.turn_page(cx, pages, empty)?
        {
            let effect = self.call(cx, next_page)?;
            match &mut cx.waiting()?.kind {
                WaitKind::Http(paging) => (paging.effect, paging.page) = (effect, next_page),
                WaitKind::Ask(_)
                | WaitKind::Menu(_)
                | WaitKind::Consent { .. }
                | WaitKind::Handoff { .. }
                | WaitKind::Ticket { .. }
                | WaitKind::Pause { .. } => return Err(cx.wrong_wait()),
            }
            return Ok(Next::Stay);
        }
        let ports: &[&str] = if empty { &["success"] } else { &[&status, &class, "success"] };
        let found = ports.iter().find_map(|port| self.on.get(port).map(|to| (*port, to)));
        let Some((port, to)) = found else {
            return Err(Stop::trouble(TroubleCode::PortMissing, "the port `success` leads nowhere"));
        };
        if port == "success" {
            for (name, tree) in self.save.iter() {
                let value = cx.tree(tree)?;
                cx.assign(name, value)?;
            }
        }
        Ok(Next::port(port.to_owned(), to))
    }
}

impl Http {
    /// Asks for one page.
    fn call(&self, cx: &mut NodeContext<'_>, page: u32) -> Result<EffectId, Stop> {
        if !cx.world.project.connections.contains(&self.connection) {
            let detail = format!("the project has no connection `{}`", self.connection);
            return Err(Stop::trouble(TroubleCode::UnknownConnection, detail));
        }
        let mut query = Vec::new();
        for (name, tree) in self.request.query.iter() {
            match cx.tree(tree)? {
                None | Some(Value::Null) => {}
                // A list is the member repeated.
                Some(Value::Array(items)) => {
                    for item in &items {
                        query.push((name.to_owned(), query_text(name, item)?));
                    }
                }
                Some(value) => query.push((name.to_owned(), query_text(name, &value)?)),
            }
        }
        if let Some(pages) = &self.pages {
            query.retain(|(name, _)| *name != pages.param);
            query.push((pages.param.clone(), page.to_string()));
        }
        let mut headers = Vec::with_capacity(self.request.headers.len());
        for (name, header) in self.request.headers.iter() {
            headers.push((name.to_owned(), cx.text(header)?));
        }
        let path = &self.request.path;
        let request = HttpRequest {
            connection: self.connection.clone(),
            method: self.request.method,
            path: cx.scoped(|scope| path.path(scope))?,
            query,
            headers,
            body: self.request.body.as_ref().map(|body| cx.tree(body)).transpose()?.flatten(),
            timeout_ms: self.timeout.unwrap_or(DEFAULT_TIMEOUT).as_millis(),
            retry: self.retry.as_ref().map(|retry| protocol::Retry {
                attempts: retry.attempts,
                wait_ms: retry.wait.unwrap_or(DEFAULT_RETRY_WAIT).as_millis(),
            }),
            idempotency_key: cx.text_if(self.idempotency_key.as_ref())?,
        };
        cx.count_call()?;
        Ok(cx.effect(EffectKind::CallHttp { request }, true))
    }

    /// Takes the page that came into `response.items`; the number of the next one, if there is one to ask for.
    fn turn_page(&self, cx: &mut NodeContext<'_>, pages: &Pages, empty: bool) -> Result<Option<u32>, Stop> {
        let mut more = false;
        let mut page_items = Vec::new();
        if !empty {
            page_items = match cx.value(&pages.items)? {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::Array(items)) => items,
                Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                    let detail = format!("`{}` is not a list", pages.items.source());
                    return Err(Stop::trouble(TroubleCode::ValueInvalid, detail));
                }
            };
            more = cx.value(&pages.more)?.is_some_and(|more| is_true(&more));
        }
        for item in &page_items {
            check_nesting("response.items", item)?;
        }
        let WaitKind::Http(paging) = &mut cx.waiting()?.kind else { return Err(cx.wrong_wait()) };
        paging.items.append(&mut page_items);
        let size: usize = paging.items.iter().map(json_size).sum();
        if size > MAX_PAGED {
            let detail = format!("the pages hold {size} bytes, the limit is {MAX_PAGED}");
            return Err(Stop::trouble(TroubleCode::TooLarge, detail));
        }
        if more && paging.page < pages.max {
            return Ok(Some(paging.page + 1));
        }
        let items = std::mem::take(&mut paging.items);
        let nothing = items.is_empty();
        if let Some(Value::Object(mut response)) = cx.take_local("response") {
            response.insert("items".to_owned(), Value::Array(items));
            response.insert("truncated".to_owned(), Value::Bool(more));
            response.insert("empty".to_owned(), Value::Bool(empty && nothing));
            cx.local("response", Value::Object(response));
        }
        Ok(None)
    }

    fn otherwise(&self, ports: &[&str], code: TroubleCode) -> Result<Next, Stop> {
        match ports.iter().find_map(|port| self.on.get(port).map(|to| (*port, to))) {
            Some((port, to)) => Ok(Next::port(port.to_owned(), to)),
            None => Err(Stop::trouble(code, format!("the port `{}` leads nowhere", ports[ports.len() - 1]))),
        }
    }
}

/// `response` in the node's templates.
fn response_value(response: &Response, empty: bool) -> Value {
    let mut value = Object::new();
    value.insert("status".to_owned(), Value::from(response.status));
    value.insert(
        "headers".to_owned(),
        response.headers.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect(),
    );
    value.insert("body".to_owned(), response.body.clone());
    value.insert("empty".to_owned(), Value::Bool(empty));
    if let Some(error) = &response.error {
        value.insert("error".to_owned(), Value::from(error.as_str()));
    }
    Value::Object(value)
}

fn query_text(name: &str, value: &Value) -> Result<String, Stop> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        // Unlike a text for people, an address may say it.
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let detail = format!("the query member `{name}` is neither text nor number");
            Err(Stop::trouble(TroubleCode::ValueInvalid, detail))
        }
    }
}

/// Also for systems that write their truth as text.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.to_ascii_lowercase().as_str(), "" | "false" | "0"),
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}
