//! Commands of operators, with the service running, killed and never started: each is written once and does the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Project, root, run};

pub(super) const SECRETS: [&str; 6] = [
    "RM_USER",
    "RM_PASSWORD",
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
    "FLUXO_API_TOKEN",
];

/// A service of a project that reaches nobody; killed with the test.
pub(super) struct Served {
    child: Child,
    address: String,
    _log: BufReader<ChildStderr>,
}

/// Answers every request with a refusal for good, as Meta words it; runs until the tests end.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 64 << 10];
            // Head and body of what is sent here come in one or two pieces; what is left of it is of no interest.
            let _ = stream.read(&mut request);
            let body = r#"{"error":{"message":"(#100) Invalid parameter","code":100}}"#;
            let head =
                "HTTP/1.1 400 X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length:";
            let _ = write!(stream, "{head} {}\r\n\r\n{body}", body.len());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read(&mut request);
        }
    });
    format!("http://{address}")
}

impl Served {
    /// With nobody listening where its messages go: every one waits.
    pub(super) fn start(project: &Project) -> Self {
        Self::start_with(project, "http://127.0.0.1:9")
    }

    fn start_with(project: &Project, graph: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fluxo"))
            .args(["serve", "--project", &project.flows()])
            .args(["--set", "server.listen=127.0.0.1:0"])
            .args(["--set", &format!("channels.whatsapp.base_url={graph}/v26.0")])
            .current_dir(root())
            .envs(SECRETS.map(|name| (name, "secret")))
            .env("FLUXO_LOG", "warn")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("fluxo atende em http://") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the service did not start");
        }
        let address = line.split_once("http://").unwrap().1.split(';').next().unwrap().to_owned();
        Self { child, address, _log: log }
    }

    /// A patient writes.
    pub(super) fn hears(&self, text: &str) {
        let now = jiff::Timestamp::now().as_second().to_string();
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "W", "changes": [{
            "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "phone_number_id": "106540352242922" },
                "contacts": [{ "profile": { "name": "Ana" }, "wa_id": "5511987654321" }],
                "messages": [{ "from": "5511987654321", "id": "wamid.1", "timestamp": now, "type": "text",
                               "text": { "body": text } }],
            } }] }] })
        .to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(body.as_bytes());
        let signature: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             x-hub-signature-256: sha256={signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn effects(project: &Project, more: &[&str]) -> Vec<Value> {
    let flows = project.flows();
    let listed = run(&[&["outbox", "list", "--json", "--project", &flows], more].concat());
    assert_eq!((listed.code, listed.err.as_str()), (0, ""), "{listed:?}");
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    listed["effects"].as_array().unwrap().clone()
}

#[test]
fn the_outbox_is_listed_by_the_service_and_without_it() {
    let project = Project::new();
    let nothing = run(&["outbox", "list", "--project", &project.flows()]);
    assert_eq!((nothing.code, nothing.out.as_str()), (2, ""), "{nothing:?}");
    assert!(nothing.err.contains("não há dados em "), "{nothing:?}");

    let served = Served::start(&project);
    assert_eq!(effects(&project, &[]), Vec::<Value>::new());
    served.hears("oi");
    let mut serving = effects(&project, &[]);
    assert!(!serving.is_empty());
    assert_eq!(serving[0]["kind"], "message");
    assert!(effects(&project, &["--dead"]).is_empty());
    served.kill();

    let mut alone = effects(&project, &[]);
    // How often it was tried in the meantime is all that may differ.
    for row in serving.iter_mut().chain(&mut alone) {
        for moving in ["attempts", "state", "until", "at", "repeated"] {
            row.as_object_mut().unwrap().remove(moving);
        }
    }
    assert_eq!(serving, alone);
    let shown = run(&["outbox", "list", "--project", &project.flows()]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.out.contains(serving[0]["effect"].as_str().unwrap()), "{shown:?}");
    assert!(shown.out.contains("mensagem · conversa "), "{shown:?}");
}

#[test]
fn a_store_that_somebody_has_and_does_not_answer_for_is_told_so() {
    let project = Project::new();
    let served = Served::start(&project);
    let socket = project.path("../.fluxo/store/control.sock");
    std::fs::remove_file(&socket).unwrap();
    let begun = std::time::Instant::now();
    let told = run(&["outbox", "list", "--project", &project.flows()]);
    assert_eq!((told.code, told.out.as_str()), (3, ""), "{told:?}");
    assert!(told.err.contains("outro processo está com os dados em "), "{told:?}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(served);
}

#[test]
fn what_was_given_up_is_shown_retried_and_discarded() {
    let project = Project::new();
    let flows = project.flows();
    let outbox = |arguments: &[&str]| run(&[&["outbox"], arguments, &["--project", &flows]].concat());
    let served = Served::start_with(&project, &refusing());
    served.hears("oi");
    // What is refused is given up, and so is what the flow says about that.
    let dead = |since: &str| {
        let begun = std::time::Instant::now();
        loop {
            let dead = effects(&project, &["--dead"]);
            let first = dead.iter().find(|row| row["effect"].as_str().unwrap().ends_with(":1:0"));
            if let Some(first) = first
                && first["since"].as_str().unwrap() > since
                && effects(&project, &["--pending"]).is_empty()
            {
                return (first.clone(), dead.len());
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{dead:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let (given_up, _) = dead("");
    let (name, since) = (given_up["effect"].as_str().unwrap(), given_up["since"].as_str().unwrap());

    let masked = outbox(&["show", name]);
    assert_eq!((masked.code, masked.err.as_str()), (0, ""), "{masked:?}");
    assert!(masked.out.contains("caracteres)") && !masked.out.contains("Ana"), "{masked:?}");
    let whole = outbox(&["show", name, "--reveal"]);
    assert!(whole.out.contains("para Ana · ") && whole.out.contains("Olá, Ana!"), "{whole:?}");
    assert_eq!(outbox(&["show", "1:c0.1:1:0"]).code, 2);

    let retried = outbox(&["retry", name]);
    assert_eq!((retried.code, retried.out.as_str()), (0, "reenviados: 1 · deixados como estavam: 0\n"));
    let (_, count) = dead(since);
    let asks = outbox(&["retry", "--all"]);
    assert_eq!(asks.code, 2, "nobody can be asked: {asks:?}");
    assert!(asks.err.contains("use --yes"), "{asks:?}");
    assert_eq!(outbox(&["discard", "--all", "--reason", "nada disso"]).out.lines().count(), 1);
    served.kill();

    assert_eq!(dead(since).0["effect"], name);
    let discarded = outbox(&["discard", "--all", "--yes", "--json"]);
    assert_eq!(discarded.code, 0, "{discarded:?}");
    let discarded: Value = serde_json::from_str(&discarded.out).unwrap();
    assert_eq!((&discarded["settled"], &discarded["left"]), (&json!(count), &json!(0)));
    assert!(effects(&project, &[]).is_empty());
    let gone = outbox(&["retry", name]);
    assert_eq!(gone.code, 1, "{gone:?}");
    assert!(gone.out.contains("não há nada com este nome"), "{gone:?}");
}
