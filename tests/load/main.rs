//! Measures the service from outside: messages per second, the webhook's answer, memory, CPU per message. The service
//! is this same program started once more as `fluxo serve`, with a real disk and a stub in the place of the provider.
//!
//! `cargo run --release -p tests --bin load -- [--conversations 100000] [--seconds 10]`

#![allow(clippy::print_stdout)] // the report is what it is for

mod phones;
mod process;
mod provider;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phones::Phones;
use process::Process;
use provider::Provider;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == "serve") {
        return fluxo::cli::main();
    }
    let number = |name: &str, usual: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).and_then(|value| value.parse().ok()).unwrap_or(usual)
    };
    let (conversations, seconds) = (number("--conversations", 100_000), number("--seconds", 10));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(conversations, Duration::from_secs(seconds)));
    ExitCode::SUCCESS
}

async fn measure(conversations: u64, length: Duration) {
    let provider = Arc::new(Provider::start().await);
    let process = Process::start(&provider.base).await;
    let phones = Phones::new(&process.base, Arc::clone(&provider));
    println!("memory with 0 conversations: {:.1} MiB", process.memory_mib());

    phones.warm_up(2_000).await;

    println!("\nas fast as it goes, 64 messages at a time, for {} s:", length.as_secs());
    let (cpu, begun) = (process.cpu(), Instant::now());
    let closed = phones.closed_loop(64, length).await;
    provider.quiet(Duration::from_secs(60)).await;
    let (spent, took) = (process.cpu() - cpu, begun.elapsed());
    report(&closed, took, spent);

    for rate in [200, 1_000] {
        println!("\nat {rate} messages per second, for {} s:", length.as_secs());
        let (cpu, begun) = (process.cpu(), Instant::now());
        let open = phones.open_loop(rate, length).await;
        provider.quiet(Duration::from_secs(60)).await;
        report(&open, begun.elapsed(), process.cpu() - cpu);
    }

    let begun = Instant::now();
    phones.each_once(conversations).await;
    provider.quiet(Duration::from_secs(120)).await;
    println!(
        "\n{conversations} conversations, one message each, in {:.1} s; memory {:.1} MiB, store {:.1} MiB",
        begun.elapsed().as_secs_f64(),
        process.memory_mib(),
        process.store_mib(),
    );
}

fn report(run: &phones::Run, took: Duration, cpu: Duration) {
    let messages = run.answers.len();
    #[allow(clippy::cast_precision_loss)] // a report
    let count = messages as f64;
    println!("  {messages} messages, {} refused, {:.0} per second", run.refused, count / took.as_secs_f64());
    println!("  webhook answered: p50 {} p99 {}", percentile(&run.answers, 50), percentile(&run.answers, 99));
    println!(
        "  reply at the provider: p50 {} p99 {} ({} replies)",
        percentile(&run.replies, 50),
        percentile(&run.replies, 99),
        run.replies.len()
    );
    println!("  CPU of the service: {:.0} µs per message", cpu.as_secs_f64() * 1e6 / count.max(1.0));
}

fn percentile(sorted: &[Duration], percent: usize) -> String {
    let Some(last) = sorted.len().checked_sub(1) else { return "-".to_owned() };
    format!("{:.2} ms", sorted[last * percent / 100].as_secs_f64() * 1e3)
}
