//! For tests: a mail server on loopback that takes what comes, or does as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does instead of what is usual.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Says this.
    Say(&'static str),
    /// Closes without a word.
    HangUp,
    /// Says nothing.
    Silent,
}

/// The command that stands for the end of a text.
pub(crate) const END: &str = ".";

/// All that came.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Texts that came whole, whether or not the server then took them.
    pub(crate) texts: Vec<String>,
    /// Everything said to it but the texts, in order.
    pub(crate) commands: Vec<String>,
}

/// A running server; ends with the test's runtime.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    post: Arc<Mutex<Post>>,
}

impl Scripted {
    /// `script` is asked for each command, with the number of its connection from 0; [`None`] is the usual answer.
    pub(crate) async fn start(script: impl Fn(usize, &str) -> Option<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let post = Arc::new(Mutex::new(Post::default()));
        let (kept, script) = (Arc::clone(&post), Arc::new(script));
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&script));
                tokio::spawn(async move { serve(stream, &kept, |command| script(number, command)).await });
                number += 1;
            }
        });
        Self { address, post }
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.post.lock().unwrap().texts.clone()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.post.lock().unwrap().commands.clone()
    }
}

async fn serve(stream: TcpStream, post: &Mutex<Post>, script: impl Fn(&str) -> Option<Step>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 post.example\r\n").await.ok()?;
    loop {
        let command = line(&mut stream).await?;
        post.lock().unwrap().commands.push(command.clone());
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let usual = match verb.as_str() {
            "EHLO" => "250-post.example\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        step(&mut stream, script(&command), usual).await?;
        if verb == "QUIT" {
            return None;
        }
        if verb == "DATA" && script(&command).is_none() {
            let mut text = String::new();
            loop {
                let line = line(&mut stream).await?;
                if line == END {
                    break;
                }
                text.push_str(line.strip_prefix('.').unwrap_or(&line));
                text.push('\n');
            }
            post.lock().unwrap().texts.push(text);
            step(&mut stream, script(END), "250 taken").await?;
        }
    }
}

async fn step(stream: &mut BufReader<TcpStream>, step: Option<Step>, usual: &str) -> Option<()> {
    let said = match step {
        None => usual,
        Some(Step::Say(said)) => said,
        Some(Step::HangUp) => return None,
        Some(Step::Silent) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return None;
        }
    };
    stream.write_all(format!("{said}\r\n").as_bytes()).await.ok()
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
