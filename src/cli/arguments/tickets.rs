//! What may be said of tickets.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Ticket {
    /// List tickets that are not closed, the longest unmoved first
    #[command(after_help = "Examples:\n  oblik ticket list\n  oblik ticket list --all --json")]
    List {
        /// The closed ones too, the newest first
        #[arg(long)]
        all: bool,
    },
    /// Show one ticket with what was written in it
    #[command(after_help = "Example:\n  oblik ticket show 17")]
    Show {
        /// Its number, as `oblik ticket list` shows it
        ticket: i64,
    },
    /// Answer the customer, in the thread and to the registered address
    #[command(after_help = "Example:\n  oblik ticket reply 17 --text \"The act of replacement is on its way.\"")]
    Reply {
        ticket: i64,
        /// The answer; an empty line parts paragraphs
        #[arg(long)]
        text: String,
    },
    #[command(after_help = "Example:\n  oblik ticket close 17 --reason \"explained by telephone on 20 November\"")]
    /// Close a ticket; when it was an objection, the signed copy of its invoice is awaited anew
    Close {
        ticket: i64,
        /// Why; kept in the journal
        #[arg(long)]
        reason: String,
    },
}
