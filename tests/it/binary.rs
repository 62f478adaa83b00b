//! The binary under test: the same command line, built with the tests so that it is never an older one.

fn main() -> std::process::ExitCode {
    fluxo::cli::main()
}
