//! Oblik: signed reading acts by mail in, signed invoices out.

fn main() -> std::process::ExitCode {
    oblik_cli::main()
}
