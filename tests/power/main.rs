//! Cuts the power under the store and under the service, on a virtual disk that forgets or reorders what was not flushed.
//!
//! `cargo run -p tests --bin power -- [--cuts 40] [--seed N] [--only SCENARIO]`. Needs root, loop devices, FUSE and ext4;
//! where they are missing it says so and ends without having tested anything. docs/testing.md says what it shows.

#![allow(clippy::print_stdout)] // the report is what it is for

mod book;
mod control;
mod disk;
mod machine;
mod phones;
mod process;
mod provider;
mod random;
mod service;
mod store;
mod trouble;
mod turns;
mod verdict;
mod webhook;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == "serve") {
        return fluxo::cli::main();
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, usual: u64| value(name).and_then(|value| value.parse().ok()).unwrap_or(usual);
    let (cuts, seed) = (number("--cuts", 40) as usize, number("--seed", 20_261_122));
    let only = value("--only");

    let machine = match machine::Machine::start() {
        Ok(machine) => machine,
        Err(missing) => {
            println!("POWER CUTS NOT TESTED: this machine cannot: {missing}");
            return ExitCode::SUCCESS;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let handle = runtime.handle();
    println!("power cuts, seed {seed}");
    let mut sound = true;
    let mut scenario = |name: &str, run: &mut dyn FnMut() -> Result<bool, String>| {
        if only.as_ref().is_some_and(|only| only != name) {
            return;
        }
        let begun = Instant::now();
        let outcome = run().unwrap_or_else(|error| {
            println!("{name}: could not be tested: {error}");
            false
        });
        println!(
            "  {name} took {:.1} s{}",
            begun.elapsed().as_secs_f64(),
            if outcome { "" } else { ": FAILED" }
        );
        sound &= outcome;
    };
    scenario("control", &mut || Ok(control::run(&machine, seed, cuts.div_ceil(5))?.hurt_as_expected()));
    scenario("store", &mut || Ok(store::run(&machine, handle, seed, cuts)?.unhurt()));
    scenario("service", &mut || Ok(service::run(&machine, handle, seed, cuts.div_ceil(2))?.unhurt()));
    scenario("trouble", &mut || Ok(trouble::run(&machine, handle)?.unhurt()));
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
