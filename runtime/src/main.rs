//! The binary.

fn main() -> std::process::ExitCode {
    fluxo::cli::main()
}
