//! Many phones: signed webhooks, one after another from each phone, many phones at a time. HTTP is written by hand,
//! because this program must keep up with the service on one core.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::process::{APP_SECRET, Process};
use super::provider::Provider;

/// What a phone says that has nothing more to say: the flow that answers it ends at once.
pub(crate) const GOODBYE: &str = "tchau";

/// Phones known before anything is measured. Enough of them, so that none comes near the pace of one recipient.
const KNOWN: u64 = 8_192;

/// A reply that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(20);

/// All phones.
#[derive(Debug, Clone)]
pub(crate) struct Phones {
    address: String,
    provider: Arc<Provider>,
    sent: Arc<AtomicU64>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

/// What one run saw, sorted.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) answers: Vec<Duration>,
    pub(crate) replies: Vec<Duration>,
    pub(crate) refused: usize,
    pub(crate) silent: usize,
    pub(crate) length: Duration,
}

/// What became of one message.
struct Said {
    answered: Option<Duration>,
    replied: Option<Duration>,
}

impl Run {
    fn of(said: Vec<Said>, length: Duration) -> Self {
        let mut run = Self { length, ..Self::default() };
        for Said { answered, replied } in said {
            match (answered, replied) {
                (None, _) => run.refused += 1,
                (Some(answered), Some(replied)) => {
                    run.answers.push(answered);
                    run.replies.push(replied);
                }
                (Some(_), None) => run.silent += 1,
            }
        }
        run.answers.sort_unstable();
        run.replies.sort_unstable();
        run
    }

    /// Messages per second, each answered by a 200 and a reply.
    #[allow(clippy::cast_precision_loss)] // a report
    pub(crate) fn rate(&self) -> f64 {
        self.answers.len() as f64 / self.length.as_secs_f64()
    }
}

impl Phones {
    pub(crate) fn new(process: &Process, provider: Arc<Provider>) -> Self {
        Self {
            address: process.address.clone(),
            provider,
            sent: Arc::new(AtomicU64::new(0)),
            connections: Arc::default(),
        }
    }

    /// One message, its answer, and the reply to it.
    async fn say(&self, phone: u64, text: &str) -> Said {
        let n = self.sent.fetch_add(1, Ordering::Relaxed);
        let phone = format!("5511{:09}", 900_000_000 + phone);
        let request = request(&phone, n, text);
        let reply = self.provider.next_to(&phone);
        let begun = Instant::now();
        let answered = self.post(&request).await.is_ok_and(|status| status == 200).then(|| begun.elapsed());
        if answered.is_none() {
            return Said { answered, replied: None };
        }
        let replied = tokio::time::timeout(PATIENCE, reply).await.ok().and_then(Result::ok);
        Said { answered, replied: replied.map(|at| at.saturating_duration_since(begun)) }
    }

    async fn post(&self, request: &[u8]) -> io::Result<u16> {
        let kept = self.connections.lock().expect("nobody panics with the connections").pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&self.address).await?,
        };
        let status = connection.ask(request).await?;
        self.connections.lock().expect("nobody panics with the connections").push(connection);
        Ok(status)
    }

    /// Makes the known phones known.
    pub(crate) async fn warm_up(&self) {
        self.many(0..KNOWN, 64, "oi").await;
    }

    /// So many at a time, each new one as soon as another has its reply: nobody writes again before, as people do.
    pub(crate) async fn closed_loop(&self, at_a_time: usize, length: Duration) -> Run {
        let begun = Instant::now();
        let lanes = at_a_time as u64;
        let mut tasks = JoinSet::new();
        for lane in 0..lanes {
            let phones = self.clone();
            tasks.spawn(async move {
                let mut said = Vec::new();
                let mut phone = lane;
                while begun.elapsed() < length {
                    said.push(phones.say(phone, "e agora?").await);
                    phone += lanes;
                    if phone >= KNOWN {
                        phone = lane;
                    }
                }
                said
            });
        }
        let said = tasks.join_all().await.into_iter().flatten().collect();
        Run::of(said, begun.elapsed())
    }

    /// So many per second, whether or not the answers keep up.
    pub(crate) async fn open_loop(&self, rate: u64, length: Duration) -> Run {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        let mut n = 0;
        while begun.elapsed() < length {
            let due = Duration::from_nanos(n * 1_000_000_000 / rate);
            if let Some(wait) = due.checked_sub(begun.elapsed()) {
                tokio::time::sleep(wait).await;
            }
            let (phones, phone) = (self.clone(), n % KNOWN);
            n += 1;
            tasks.spawn(async move { phones.say(phone, "e agora?").await });
        }
        let length = begun.elapsed();
        Run::of(tasks.join_all().await, length)
    }

    /// One message from each of so many phones that have never written.
    pub(crate) async fn each_once(&self, phones: u64, at_a_time: usize, text: &'static str) -> Run {
        self.many(1_000_000..1_000_000 + phones, at_a_time, text).await
    }

    async fn many(&self, numbers: Range<u64>, at_a_time: usize, text: &'static str) -> Run {
        let begun = Instant::now();
        let next = Arc::new(AtomicU64::new(numbers.start));
        let mut tasks = JoinSet::new();
        for _ in 0..at_a_time {
            let (phones, next, end) = (self.clone(), Arc::clone(&next), numbers.end);
            tasks.spawn(async move {
                let mut said = Vec::new();
                loop {
                    let phone = next.fetch_add(1, Ordering::Relaxed);
                    if phone >= end {
                        return said;
                    }
                    said.push(phones.say(phone, text).await);
                }
            });
        }
        let said = tasks.join_all().await.into_iter().flatten().collect();
        Run::of(said, begun.elapsed())
    }
}

/// A signed delivery of one message, as bytes on the wire.
fn request(phone: &str, n: u64, text: &str) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"551130030100","phone_number_id":"106540352242922"}},"contacts":[{{"profile":{{"name":"Ana"}},"wa_id":"{phone}"}}],"messages":[{{"from":"{phone}","id":"wamid.in.{n}","timestamp":"{now}","type":"text","text":{{"body":"{text}"}}}}]}}}}]}}]}}"#
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("any key length");
    mac.update(body.as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "POST /webhooks/whatsapp HTTP/1.1\r\nhost: load\r\ncontent-type: application/json\r\n\
         x-hub-signature-256: sha256={signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A connection to the service that is kept.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(1024) })
    }

    /// Sends a request and reads its answer; answers the status.
    async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(status) = answer(&self.read) {
                return Ok(status);
            }
        }
    }
}

/// The status of an answer that has come whole.
fn answer(read: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(read).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or_default();
    (body.len() >= length).then(|| head.split(' ').nth(1)?.parse().ok())?
}
