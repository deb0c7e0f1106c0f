//! The program with its crash points armed: built by the crash harness alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    oblik_cli::main()
}
