//! The control plane: everything that a test, or the page, does with the outside world. JSON in, JSON out, no login.
//!
//! ```text
//! phones
//!   GET    /control/phones                          the accounts, with the demo's patients and their stories
//!   POST   /control/phones/{phone}/say              {"text": "oi", …options}
//!   POST   /control/phones/{phone}/tap              {"id"|"title"|"payload": …, "wamid"?, …options}: a button or row of
//!                                                   the newest message that has it; an unknown id is sent as given,
//!                                                   as `"as": "button_reply" | "list_reply" | "button"`
//!   POST   /control/phones/{phone}/media            {"kind": "image", "base64"?, "mime_type"?, "filename"?, "caption"?, …}
//!   POST   /control/phones/{phone}/location         {"latitude", "longitude", "name"?, "address"?, …options}
//!   POST   /control/phones/{phone}/message          {"message": {"type": "reaction", …}, …options}: any other content
//!   GET    /control/phones/{phone}/transcript       ?after=N &wait_ms=M &count=1 &from=service|patient &status=read
//!                                                   &contains=text: answers when `count` such messages are there, or
//!                                                   when the time is up; {"messages", "typing", "window_open", "failed"}
//!   DELETE /control/phones/{phone}/transcript       empties the chat
//!   POST   /control/phones/{phone}/window           {"open": false}: opens or closes the 24-hour window
//!   POST   /control/deliver                         several people, one webhook: {"messages": [{"phone", "text"|"message"|
//!                                                   "id"…, "name"?}], "shape": "messages"|"changes"|"entries", …options};
//!                                                   or {"raw": "bytes as a string", …options} for a body of any kind
//!   POST   /control/verify                          {"verify_token"?, "mode"?}: the GET of §2.1; {"status", "body", "ok"}
//!   POST   /control/confirmation                    {"phone", "data"?}: asks the service's API to start the reminder
//!
//! options of a delivery
//!   times 1 · parallel false (the copies at once, in a lane of their own) · delay_ms 0 · name "profile name" · bsuid "BR.…"|false ·
//!   username · no_wa_id false · timestamp (Unix seconds) · wamid · context "wamid" · forwarded false · referral {…} ·
//!   signature valid|missing|wrong_key|wrong_body|uppercase|sha1_only · escape true|false · retry (true if valid) ·
//!   wait true (for the first attempt)
//!   The answer: {"wamid", "wamids", "deliveries": [{"status": 200 | null, "error"?, "took_ms"}], "queued": bool}. `queued`:
//!   the service could not be reached before and the webhook waits behind others; it is delivered when the service is back.
//!
//! the book
//!   GET    /control/requests                        ?path= (prefix) &target=rm|graph|webhook &method= &after=N &count= &wait_ms=
//!                                                   &done=true (only those that were answered, or cut)
//!                                                   &last=N (of them)
//!   GET    /control/state                           counts, the day, the clock
//!   POST   /control/reset                           back to the seed, nothing remembered
//!   GET    /control/events                          server-sent events: what changed
//!
//! RM
//!   GET    /control/rm/appointments                 ?date= &cpf= &patient= &id=: typed plainly, every status
//!   POST   /control/rm/appointments                 {"cpf"|"patient", "schedule", "date", "time", "status"?}
//!   POST   /control/rm/slots                        {"schedule", "date", "time"}: opens a slot
//!   GET    /control/rm/slots                        ?specialty= &schedule= &date=: free ones, at most 200
//!   POST   /control/rm/expire-tokens                every access token is worthless from now on
//!
//! trouble and habits
//!   POST   /control/faults                          one or a list of {"target": "rm"|"graph", "method"?, "path"? (exact),
//!                                                   "path_prefix"?, "body_has"? (a member of the JSON body: "type" is in
//!                                                   messages and not in read receipts), "times"?, "fault"}; paths
//!                                                   without /rm and /graph.
//!                                                   fault: {"status", "body"?, "headers"?} · {"slow_ms"} · {"slow_between_ms": [from, to],
//!                                                   "seed"?} (each request another delay) · "cut_before" ·
//!                                                   "cut_after_accepting" · "html" · "silence" · "torn" (done, and half of the
//!                                                   answer's body) · {"content_type"} (the right answer, called something
//!                                                   else) · {"conflict": "409"|"400"|"500"}
//!                                                   (the next booking loses its slot to somebody else) ·
//!                                                   {"async_failed": code, "after_sent"?}. `status`, `html` and `silence`
//!                                                   take "after_accepting": true (as {"html": true, …}).
//!   GET    /control/faults                          those in force · DELETE /control/faults[/{id}]
//!   GET    /control/settings                        habits · POST: members to change (see `settings.rs`)
//!   POST   /control/templates                       {"name", "body", "language"?, "status"?, "header"?, "footer"?, "buttons"?}
//!   POST   /control/clock                           {"advance_s"}: tokens, windows, media and limits feel it
//!   POST   /control/service                         {"url"}: where the service is
//! ```

mod hospital;
mod observe;
mod phones;
mod sending;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde_json::json;

use crate::shared::Shared;

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/control/phones", get(phones::list))
        .route("/control/phones/{phone}/say", post(phones::say))
        .route("/control/phones/{phone}/tap", post(phones::tap))
        .route("/control/phones/{phone}/media", post(phones::media))
        .route("/control/phones/{phone}/location", post(phones::location))
        .route("/control/phones/{phone}/message", post(phones::message))
        .route("/control/phones/{phone}/transcript", get(phones::transcript).delete(phones::wipe))
        .route("/control/phones/{phone}/window", post(phones::window))
        .route("/control/deliver", post(sending::deliver))
        .route("/control/verify", post(observe::verify))
        .route("/control/confirmation", post(observe::confirmation))
        .route("/control/requests", get(observe::requests))
        .route("/control/state", get(observe::state))
        .route("/control/reset", post(observe::reset))
        .route("/control/events", get(observe::events))
        .route("/control/rm/appointments", get(hospital::appointments).post(hospital::put_appointment))
        .route("/control/rm/slots", get(hospital::free_slots).post(hospital::open_slot))
        .route("/control/rm/expire-tokens", post(hospital::expire_tokens))
        .route(
            "/control/faults",
            get(observe::faults).post(observe::add_faults).delete(observe::clear_faults),
        )
        .route("/control/faults/{id}", delete(observe::clear_fault))
        .route("/control/settings", get(observe::settings).post(observe::change_settings))
        .route("/control/templates", post(observe::put_template))
        .route("/control/clock", post(observe::advance_clock))
        .route("/control/service", post(observe::set_service))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), same_origin))
}

/// A web page from elsewhere has no business here, though it could reach loopback: neither by its own name, nor by a
/// name that it made point here.
async fn same_origin(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let foreign = {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST);
        let renamed = shared.options.listen.ip().is_loopback() && !host.is_none_or(is_loopback);
        renamed
            || text(header::ORIGIN)
                .is_some_and(|origin| host.is_none_or(|host| origin != format!("http://{host}")))
    };
    if foreign {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// Whether a `Host` header names this machine.
fn is_loopback(host: &str) -> bool {
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    name == "localhost"
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A request that cannot be done.
pub(crate) struct Refusal(StatusCode, String);

impl Refusal {
    fn bad(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }

    fn missing(name: &str) -> Self {
        Self::bad(format!("{name} is missing"))
    }

    fn not_found(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("no such {what}"))
    }

    fn conflict(why: impl Into<String>) -> Self {
        Self(StatusCode::CONFLICT, why.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}
