//! What may be asked of invoices.

use std::path::PathBuf;

use clap::Subcommand;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;

use super::contract;

#[derive(Debug, Subcommand)]
pub enum Invoice {
    /// List an account's invoices with their corrections, oldest period first
    #[command(after_help = "Example:\n  oblik invoice list --account 270000017")]
    List {
        #[arg(long, value_parser = contract)]
        account: ContractNumber,
    },
    /// Show one with its lines and how the account stood
    #[command(after_help = "Example:\n  oblik invoice show 2026-000001 --json")]
    Show {
        #[arg(value_parser = number)]
        number: InvoiceNumber,
    },
    /// Write its files as they were issued, byte for byte; the journal keeps who took them
    #[command(after_help = "Example:\n  oblik invoice export 2026-000001 --out invoices/")]
    Export {
        #[arg(value_parser = number)]
        number: InvoiceNumber,
        /// Folder; it is made where it is not there
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

fn number(text: &str) -> Result<InvoiceNumber, String> {
    InvoiceNumber::parse(text)
        .ok_or_else(|| "an invoice's number is written 2026-000001, with its series before it where it has one".to_owned())
}
