//! Measures the service from outside: messages per second, the webhook's answer and the reply, memory, CPU per message,
//! bytes written, the time to start again. The service is this same program started once more as `fluxo serve`, with a
//! real disk and a stub in the place of the provider; it has one core, and this program another.
//!
//! `cargo run --release -p tests --bin load -- [--seconds 10] [--conversations 100000] [--only PART] [--unpinned]
//! [--service PROGRAM]`, where another build of `fluxo` can be measured for comparison.
//!
//! Parts: `rate`, `marks` (the same with read marks), `strangers`, `finished`, `waiting`; all of them if none is named.

#![allow(clippy::print_stdout)] // the report is what it is for

mod phones;
mod process;
mod provider;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use phones::{Phones, Run};
use process::{Process, Setting};
use provider::Provider;

/// Messages at a time when it is to go as fast as it can.
const AT_A_TIME: [usize; 2] = [64, 256];

/// A quiet day's rate, at which the latencies of the aim are told.
const QUIET: u64 = 200;

struct Plan {
    length: Duration,
    conversations: u64,
    only: Option<String>,
    pinned: bool,
    service: PathBuf,
}

impl Plan {
    async fn start(&self, provider: &Provider, read_marks: bool) -> Process {
        let setting = Setting { program: self.service.clone(), read_marks, pinned: self.pinned };
        Process::start(&provider.base, setting).await
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == "serve") {
        return fluxo::cli::main();
    }
    let given = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, usual: u64| given(name).and_then(|value| value.parse().ok()).unwrap_or(usual);
    let plan = Plan {
        length: Duration::from_secs(number("--seconds", 10)),
        conversations: number("--conversations", 100_000),
        only: given("--only"),
        service: given("--service")
            .map_or_else(|| std::env::current_exe().expect("this program has a path"), PathBuf::from),
        pinned: !arguments.iter().any(|argument| argument == "--unpinned") && pin_to_the_other_core(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&plan));
    ExitCode::SUCCESS
}

/// Leaves the service's core to it; `false` where there is only one, or no `taskset`.
fn pin_to_the_other_core() -> bool {
    let us = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-a", "-p", "-c", "1", &us]).stdout(Stdio::null()).status();
    pinned.is_ok_and(|status| status.success())
}

async fn measure(plan: &Plan) {
    let provider = Provider::start().await;
    let wanted = |part: &str| plan.only.as_deref().is_none_or(|only| only == part);
    println!(
        "{}",
        if plan.pinned { "service on core 0, phones and provider on core 1" } else { "not pinned" }
    );
    if wanted("rate") {
        rate(plan, &provider, false).await;
    }
    if wanted("marks") {
        rate(plan, &provider, true).await;
    }
    if wanted("strangers") {
        strangers(plan, &provider).await;
    }
    if wanted("finished") {
        many(plan, &provider, "finished", phones::GOODBYE).await;
    }
    if wanted("waiting") {
        many(plan, &provider, "waiting", "oi").await;
    }
}

/// As fast as it goes, then at half of that, then at a quiet day's rate.
async fn rate(plan: &Plan, provider: &Arc<Provider>, read_marks: bool) {
    let process = plan.start(provider, read_marks).await;
    let phones = Phones::new(&process, Arc::clone(provider));
    println!("\n== {} ==", if read_marks { "with read marks" } else { "without read marks" });
    println!("memory with 0 conversations: {:.1} MiB", process.memory_mib());
    phones.warm_up().await;
    let mut best = 0.0_f64;
    for at_a_time in AT_A_TIME {
        let meter = Meter::start(&process);
        let run = phones.closed_loop(at_a_time, plan.length).await;
        best = best.max(run.rate());
        meter.report(&format!("{at_a_time} messages at a time"), &run);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a rate of messages
    let half = (best / 2.0).max(1.0) as u64;
    for (name, rate) in [("half of the best", half), ("a quiet day", QUIET)] {
        let meter = Meter::start(&process);
        let run = phones.open_loop(rate, plan.length).await;
        meter.report(&format!("{rate} messages per second ({name})"), &run);
    }
}

/// Everybody writes for the first time: a contact and a conversation are made for each.
async fn strangers(plan: &Plan, provider: &Arc<Provider>) {
    let process = plan.start(provider, false).await;
    let phones = Phones::new(&process, Arc::clone(provider));
    println!("\n== strangers ==");
    let meter = Meter::start(&process);
    let run = phones.each_once(20_000, 64, "oi").await;
    meter.report("20,000 strangers, 64 at a time", &run);
}

/// So many conversations, and what is left of them: memory, disk, and the time to start again after a kill.
async fn many(plan: &Plan, provider: &Arc<Provider>, name: &str, text: &'static str) {
    let mut process = plan.start(provider, false).await;
    let phones = Phones::new(&process, Arc::clone(provider));
    println!("\n== {} conversations, all of them {name} ==", plan.conversations);
    let meter = Meter::start(&process);
    let run = phones.each_once(plan.conversations, 64, text).await;
    meter.report("each of them with one message", &run);
    println!("  memory {:.1} MiB, store {:.1} MiB", process.memory_mib(), process.store_mib());
    let (took, memory) = process.kill_and_start_again().await;
    println!("  started again after SIGKILL in {took:.0?}, then {memory:.1} MiB");
}

/// CPU and disk from now on.
struct Meter<'a> {
    process: &'a Process,
    cpu: Duration,
    written: u64,
    begun: Instant,
}

impl<'a> Meter<'a> {
    fn start(process: &'a Process) -> Self {
        Self { process, cpu: process.cpu(), written: process.written(), begun: Instant::now() }
    }

    #[allow(clippy::cast_precision_loss)] // a report
    fn report(&self, name: &str, run: &Run) {
        let cpu = (self.process.cpu() - self.cpu).as_secs_f64();
        let count = run.answers.len().max(1) as f64;
        println!("{name}, {:.0} s:", self.begun.elapsed().as_secs_f64());
        println!(
            "  {:.0} messages/s, {} refused, {} without reply; {:.0} µs of CPU and {:.1} KB written per message",
            run.rate(),
            run.refused,
            run.silent,
            cpu * 1e6 / count,
            (self.process.written() - self.written) as f64 / count / 1e3,
        );
        for (what, times) in [("webhook answered", &run.answers), ("reply at the provider", &run.replies)] {
            println!("  {what}: p50 {} p99 {}", percentile(times, 50), percentile(times, 99));
        }
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> String {
    let Some(last) = sorted.len().checked_sub(1) else { return "-".to_owned() };
    format!("{:.2} ms", sorted[last * percent / 100].as_secs_f64() * 1e3)
}
