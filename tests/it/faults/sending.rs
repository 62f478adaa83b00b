//! Trouble between us and the Graph API. Every message carries our effect's id, so that in doubt its status tells.

use serde_json::{Value, json};

use crate::conversations::{ANA, MARIA};
use crate::support::{Phone, World, free_port};

/// A fault that strikes messages, so many times; read marks and typing go to the same address and pass.
fn strikes(times: u64, fault: Value) -> Value {
    json!([{ "target": "graph", "method": "POST", "body_has": "type", "times": times, "fault": fault }])
}

/// An error of Meta's.
fn meta(status: u16, code: i64) -> Value {
    let error = json!({ "message": format!("(#{code}) fault"), "type": "OAuthException", "code": code, "fbtrace_id": "A" });
    json!({ "status": status, "body": { "error": error } })
}

/// A conversation whose next message is struck, and which then goes on.
async fn struck(fault: Value) -> (World, Phone) {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    world.faults(strikes(1, fault)).await;
    phone.say("agendar").await;
    (world, phone)
}

/// The struck message comes, once, and the conversation goes on behind it.
async fn arrives_once(fault: Value) -> World {
    let (world, phone) = struck(fault).await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.hears("data de nascimento").await;
    assert_eq!(phone.times_heard("*CPF*").await, 1, "{}", phone.chat().await);
    world
}

pub(super) async fn too_many_messages() {
    arrives_once(meta(429, 130_429)).await.noticed("não está aceitando mensagens").await;
}

pub(super) async fn too_many_messages_to_one_person() {
    arrives_once(meta(400, 131_056)).await;
}

pub(super) async fn meta_is_out_of_order() {
    arrives_once(meta(500, 131_000)).await;
    arrives_once(meta(503, 2)).await;
}

pub(super) async fn a_send_is_cut_before_it_is_taken() {
    arrives_once(json!("cut_before")).await;
}

pub(super) async fn a_send_is_cut_after_it_was_taken() {
    arrives_once(json!("cut_after_accepting")).await;
}

pub(super) async fn a_send_is_taken_and_never_answered() {
    arrives_once(json!({ "silence": true, "after_accepting": true })).await;
}

pub(super) async fn a_proxy_answers_for_meta() {
    arrives_once(json!({ "html": true, "after_accepting": true })).await;
}

pub(super) async fn a_sends_answer_is_torn() {
    arrives_once(json!("torn")).await;
}

pub(super) async fn a_sends_answer_has_the_wrong_type() {
    arrives_once(json!({ "content_type": "text/html" })).await;
}

pub(super) async fn the_access_token_has_ended() {
    let (world, phone) = struck(meta(401, 190)).await;
    world.noticed("não está aceitando mensagens").await;
    assert_eq!(phone.times_heard("*CPF*").await, 0, "{}", phone.chat().await);
    phone.hears("*CPF*").await;
    assert_eq!(phone.times_heard("*CPF*").await, 1, "{}", phone.chat().await);
}

/// What patients are told who do not get a message: somebody calls.
async fn people_take_over(fault: Value) {
    let (world, phone) = struck(fault).await;
    world.noticed("Mensagem não entregue").await;
    world.queued().await;
    assert_eq!(phone.times_heard("data de nascimento").await, 0, "{}", phone.chat().await);
}

pub(super) async fn a_message_is_refused() {
    people_take_over(meta(400, 100)).await;
}

pub(super) async fn the_window_is_closed_after_all() {
    people_take_over(json!({ "async_failed": 131_047 })).await;
}

pub(super) async fn a_number_is_not_on_whatsapp() {
    people_take_over(json!({ "async_failed": 131_026 })).await;
}

async fn each_once(settings: Value) {
    let world = World::start().await;
    world.control("settings", settings).await;
    let phone = world.phone(ANA.phone);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    assert_eq!(phone.times_heard("Como posso ajudar?").await, 1);
    assert_eq!(phone.times_heard("*CPF*").await, 1);
}

pub(super) async fn a_status_comes_before_the_answer() {
    each_once(json!({ "sent_before_response": true })).await;
}

pub(super) async fn statuses_come_in_any_order_and_twice() {
    each_once(json!({ "reorder_statuses": true, "status_copies": 2 })).await;
}

pub(super) async fn a_status_of_an_unknown_message() {
    let world = World::start().await;
    let status = json!({ "id": "wamid.of.nobody", "status": "failed", "timestamp": "1700000000",
                         "recipient_id": MARIA.phone, "errors": [{ "code": 131_026, "title": "undeliverable" }] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{
        "field": "messages", "value": { "messaging_product": "whatsapp", "statuses": [status],
            "metadata": { "display_phone_number": "1", "phone_number_id": world.options.phone_number_id } } }] }] });
    let answer = world.control("deliver", json!({ "raw": body.to_string() })).await;
    assert_eq!(answer["deliveries"][0]["status"], 200, "{answer}");
    let phone = world.phone(MARIA.phone);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    assert_eq!(phone.heard().await.len(), 1, "{}", phone.chat().await);
    let (_, notices) = world.api(reqwest::Method::GET, "/api/desk/notices", None).await;
    assert_eq!(notices["notices"].as_array().map(Vec::len), Some(0), "{notices}");
}

/// The service starts with an address of the Graph API at which nothing can be had, and again with the right one.
async fn found_again(address: &str) {
    let mut world = World::start().await;
    let phone = world.phone(ANA.phone);
    world.moved(None, Some(address)).await;
    let answer = phone.say("oi").await;
    assert_eq!(answer["deliveries"][0]["status"], 200, "{answer}");
    world.logged("a message was not taken").await;
    assert_eq!(phone.heard().await.len(), 0, "{}", phone.chat().await);
    world.moved(None, None).await;
    phone.hears("Como posso ajudar?").await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    assert_eq!(phone.heard().await.len(), 2, "{}", phone.chat().await);
}

pub(super) async fn whatsapp_cannot_be_found() {
    found_again("http://graph.invalid").await;
}

pub(super) async fn whatsapp_refuses_the_connection() {
    found_again(&format!("http://127.0.0.1:{}", free_port())).await;
}

pub(super) async fn whatsapp_speaks_no_tls() {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = plain.local_addr().expect("a bound listener has an address");
    // Takes connections and hangs up on whoever says something.
    std::thread::spawn(move || {
        for line in plain.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut &line, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    found_again(&format!("https://{address}")).await;
}
