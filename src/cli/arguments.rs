//! What may be said on the command line.

mod billing;
mod documents;
mod invoice;
mod money;
mod statement;
mod tickets;

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Parser, Subcommand};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;

pub use billing::{Bill, BillOne, Confirm, Enter, Month, Readings, meter, register};
pub use documents::{Documents, Kind, Preview};
pub use invoice::Invoice;
pub use money::{Add, Amount, Book, Ledger, Payment, Show};
pub use statement::{Format, Statement};
pub use tickets::Ticket;

/// Gateway of an electricity utility: signed reading acts by mail in, signed invoices out.
#[derive(Debug, Parser)]
#[command(
    name = "oblik",
    version,
    propagate_version = true,
    after_help = "See it work, with no server and no root:\n  oblik demo"
)]
pub struct Line {
    /// Configuration file [default: /etc/oblik/oblik.toml; when that is not there, sample defaults in ./oblik-data]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Answer in JSON on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// What is logged: info, debug, or oblik_pipeline=debug,info
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,
    /// How it is logged: auto, human, json or journal
    #[arg(long, global = true, value_name = "FORMAT", default_value = "auto")]
    pub log_format: String,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon
    #[command(
        after_help = "It becomes ready by sd_notify, reads its configuration again on SIGHUP, finishes its work on SIGTERM."
    )]
    Run,
    /// Show the whole job on a made-up utility, with no server and no root
    #[command(after_help = "Example:\n  oblik demo --dir /tmp/oblik-demo")]
    Demo {
        /// Folder of the demo; it is made anew
        #[arg(long, value_name = "DIR", default_value = "oblik-demo")]
        dir: PathBuf,
    },
    /// Judge every signature of a file; needs no database, and no network unless the configuration names hosts
    #[command(
        after_help = "Examples:\n  oblik verify act.pdf --trust /etc/oblik/anchors\n  oblik verify act.xml.p7s --content act.xml --trust root.pem --json"
    )]
    Verify(Verify),
    /// The trusted list
    Trust {
        #[command(subcommand)]
        what: TrustCommand,
    },
    /// Take one message in as if a mailbox had delivered it, and work until idle
    #[command(after_help = "Example:\n  oblik ingest message.eml --json")]
    Ingest {
        file: PathBuf,
        /// Envelope sender the message is taken to have
        #[arg(long, value_name = "ADDRESS")]
        from_address: Option<String>,
    },
    /// Take partner files in as if a drop had delivered them: meter files, master data and payments
    #[command(
        after_help = "Example:\n  oblik import master-data.xml\nThe answer is written beside each file: master-data.xml.ack.xml"
    )]
    Import {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// XML files of partners
    Xml {
        #[command(subcommand)]
        what: Xml,
    },
    /// Calculate one account, or with `run` a whole month
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  oblik bill --account 270000017 --period 2026-10 --dry-run --trace\n  oblik bill --account 270000017 --period 2026-10\n  oblik bill --account 270000017 --period 2026-10 --correct --reason \"wrong coefficient, act 31\"\n  oblik bill run --period 2026-10"
    )]
    Bill(Bill),
    /// Readings and what operators confirm of them
    Readings {
        #[command(subcommand)]
        what: Readings,
    },
    /// What an account owes by type of debt, what is overdue, and what its payments paid for
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  oblik ledger 270000017\n  oblik ledger 270000017 --at 2026-10-31 --json"
    )]
    Ledger(Ledger),
    /// An account's balance, charges, payments, tariffs, limits, meters, disconnections or contract as PDF, CSV or XLSX
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  oblik statement 270000017 balance\n  oblik statement 270000017 payments --from 2026-01-01 --out payments.xlsx"
    )]
    Statement(Statement),
    /// Payments
    Payment {
        #[command(subcommand)]
        what: Payment,
    },
    /// Accounts
    Account {
        #[command(subcommand)]
        what: Account,
    },
    /// Reading acts
    Act {
        #[command(subcommand)]
        what: Act,
    },
    /// Invoices as they were drafted and issued
    Invoice {
        #[command(subcommand)]
        what: Invoice,
    },
    /// What customers object to or ask in writing, and the answers
    Ticket {
        #[command(subcommand)]
        what: Ticket,
    },
    /// What waits for a person
    Queue {
        #[command(subcommand)]
        what: Queue,
    },
    /// Depth and age of every queue, mailboxes and drops with their last success, days to the certificate's end
    Status,
    /// Repeat stored verdicts on signatures from what is stored with them; nothing is changed
    #[command(
        after_help = "Exit 0: every verdict is the same. Exit 1: one differs, or cannot be repeated.\n\nExamples:\n  oblik rejudge 17\n  oblik rejudge 17 --with-current --json\n  oblik rejudge --all-since 2026-11-01"
    )]
    Rejudge(Rejudge),
    /// Hand out everything an act's verdict or an invoice rests on, in one zip
    #[command(
        after_help = "Examples:\n  oblik evidence 17 --out act-17.zip\n  oblik evidence 2026-000001 --out invoice.zip\nThe README.txt in it says how to repeat the verdict, with and without Oblik."
    )]
    Evidence(Evidence),
    /// The journal
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// How documents look: templates and what they make
    Documents {
        #[command(subcommand)]
        what: Documents,
    },
    /// The configuration
    Config {
        #[command(subcommand)]
        what: Configuration,
    },
    /// Print completions for a shell
    #[command(after_help = "Example:\n  oblik completions bash > /etc/bash_completion.d/oblik")]
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub struct Verify {
    pub file: PathBuf,
    /// The file a detached signature is over
    #[arg(long, value_name = "FILE")]
    pub content: Option<PathBuf>,
    /// Trusted roots: a folder of PEM and DER, or a file
    #[arg(long, value_name = "DIR_OR_PEM")]
    pub trust: Vec<PathBuf>,
    #[command(flatten)]
    pub list: ListOption,
    /// Certificates between signer and root
    #[arg(long, value_name = "DIR")]
    pub intermediates: Option<PathBuf>,
    /// Revocation lists
    #[arg(long, value_name = "DIR")]
    pub crl: Option<PathBuf>,
    /// OCSP responses in DER: a folder, or a file
    #[arg(long, value_name = "DIR")]
    pub ocsp: Option<PathBuf>,
    /// Judge as of this moment (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<DateTime<Utc>>,
    /// Signature policy [default: the embedded one]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The key an encrypted mail is opened with: PKCS#12
    #[arg(long, value_name = "P12")]
    pub decrypt_with: Option<PathBuf>,
    /// The file with that key's passphrase
    #[arg(long, value_name = "FILE", requires = "decrypt_with")]
    pub passphrase_file: Option<PathBuf>,
    /// Ask no server. Without it, and without --at, the hosts of [trust.online] in the configuration are asked for what is
    /// missing; where no host is named nobody is ever asked
    #[arg(long)]
    pub offline: bool,
}

/// A trusted list, for commands that need no configuration.
#[derive(Debug, Args)]
pub struct ListOption {
    /// Trusted list (ETSI TS 119 612) whose granted services are trusted as well
    #[arg(long, value_name = "FILE", requires = "list_signers")]
    pub trust_list: Option<PathBuf>,
    /// Certificates the list may be signed by: a folder of PEM and DER, or a file
    #[arg(long, value_name = "DIR_OR_PEM", requires = "trust_list")]
    pub list_signers: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Show the services of a trusted list with their status; its signature is checked first
    #[command(
        after_help = "Exit 1: the list is too old to be believed.\n\nExamples:\n  oblik trust show\n  oblik trust show TL-UA-EC.xml --list-signers list-signers/ --json"
    )]
    Show {
        /// The list [default: the one of the configuration]
        file: Option<PathBuf>,
        /// Certificates the list may be signed by [default: those of the configuration]
        #[arg(long, value_name = "DIR_OR_PEM")]
        list_signers: Option<PathBuf>,
        /// Status as of this moment (RFC 3339) [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<DateTime<Utc>>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Xml {
    /// Check a file against the schema it declares; needs no database
    #[command(after_help = "Example:\n  oblik xml check readings.xml")]
    Check { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum Account {
    /// Show an account's whole record
    Show {
        #[arg(value_parser = contract)]
        account: ContractNumber,
    },
    /// List the contract numbers
    List,
}

#[derive(Debug, Subcommand)]
pub enum Act {
    /// Make a reading act in PDF for the customer to sign; the version before it counts no more
    #[command(
        after_help = "Without readings the act states those that are known.\n\nExamples:\n  oblik act issue --account 270000017 --period 2026-10 --out act.pdf --send\n  oblik act issue --account 270000017 --period 2026-10 --read-on 2026-11-01 \\\n    --reading NIK-1001:active-import/night=5120.4 --reading NIK-1001:active-import/day=9841 --out act.pdf"
    )]
    Issue(ActIssue),
    /// The acts of an account: every version with its state, and why the next was not made
    #[command(after_help = "Example:\n  oblik act list --account 270000017")]
    List {
        #[arg(long, value_parser = contract)]
        account: ContractNumber,
    },
    /// One version of an act, and its file
    #[command(after_help = "Example:\n  oblik act show --account 270000017 --period 2026-10 --version 1 --out act.pdf")]
    Show(ActShow),
    /// Send the act that waits for its signature again, the same bytes
    #[command(
        after_help = "Exit 1: no act of the period waits, or the account has no address.\n\nExample:\n  oblik act send --account 270000017 --period 2026-10"
    )]
    Send {
        #[arg(long, value_parser = contract)]
        account: ContractNumber,
        /// Month, such as 2026-10
        #[arg(long, value_parser = period)]
        period: Period,
    },
}

#[derive(Debug, Args)]
pub struct ActShow {
    #[arg(long, value_parser = contract)]
    pub account: ContractNumber,
    /// Month, such as 2026-10
    #[arg(long, value_parser = period)]
    pub period: Period,
    /// Which version [default: the one that holds]
    #[arg(long, value_name = "NUMBER")]
    pub act_version: Option<i64>,
    /// Where the PDF goes, the bytes as they were issued
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ActIssue {
    #[arg(long, value_parser = contract)]
    pub account: ContractNumber,
    /// Month, such as 2026-10
    #[arg(long, value_parser = period)]
    pub period: Period,
    /// Day the registers were read [default: today]
    #[arg(long)]
    pub read_on: Option<NaiveDate>,
    /// METER:KIND/ZONE=VALUE, once for each register [default: what is known]
    #[arg(long = "reading", value_name = "METER:KIND/ZONE=VALUE")]
    pub readings: Vec<String>,
    /// Take the readings from a reading act in XML instead
    #[arg(long, value_name = "FILE", conflicts_with = "readings")]
    pub xml: Option<PathBuf>,
    /// Where the PDF goes
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Where the act's XML goes, for those who sign XML
    #[arg(long, value_name = "FILE")]
    pub out_xml: Option<PathBuf>,
    /// Mail it to the account's first address as well
    #[arg(long)]
    pub send: bool,
}

#[derive(Debug, Subcommand)]
pub enum Queue {
    /// List parked items and letters that are held, failed or in doubt
    List,
    /// Show one item with its findings, letters and history
    Show { item: i64 },
    /// Put a parked item back on its way
    Retry {
        item: i64,
        /// Why; kept in the journal
        #[arg(long)]
        reason: String,
    },
    /// Send a held or failed letter (again), with the Message-ID it has
    Release {
        letter: i64,
        #[arg(long)]
        reason: String,
    },
    /// Close a parked item, or with --letter a held letter: nothing more is done with it
    Refuse {
        id: i64,
        #[arg(long)]
        letter: bool,
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct Rejudge {
    /// The act
    #[arg(value_name = "ACT_ID", required_unless_present = "all_since")]
    pub act: Option<i64>,
    /// Every act judged since this day (of Kyiv) or moment (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = day_or_moment, conflicts_with = "act")]
    pub all_since: Option<DateTime<Utc>>,
    /// With --all-since: list in JSON also what is the same
    #[arg(long)]
    pub each: bool,
    /// Judge with today's trust and policy as well, for comparison
    #[arg(long)]
    pub with_current: bool,
}

#[derive(Debug, Args)]
pub struct Evidence {
    /// An act's id, or an invoice's number
    #[arg(value_name = "ACT_OR_INVOICE")]
    pub what: String,
    /// Where the zip goes
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Walk the journal's chain and say where it does not hold
    Verify,
    /// Print the journal, one JSON object a line
    Export,
}

#[derive(Debug, Subcommand)]
pub enum Configuration {
    /// Read the configuration and tell everything that is wrong with it
    Check,
    /// Print an example with every key explained
    Example,
}

fn contract(text: &str) -> Result<ContractNumber, String> {
    ContractNumber::parse(text).map_err(|cause| format!("{cause}; a contract number has nine digits and begins with 27"))
}

fn day_or_moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().and_then(oblik_domain::period::kyiv_midnight);
    let moment = || DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc));
    day.or_else(moment).ok_or_else(|| "a day is written 2026-11-01, a moment 2026-11-01T08:00:00Z".to_owned())
}

fn period(text: &str) -> Result<Period, String> {
    Period::parse(text).ok_or_else(|| "a period is a month, written 2026-10".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// In a release build an option that stands twice is not told when it is used, it only means the other thing.
    #[test]
    fn no_command_has_an_option_twice() {
        super::Line::command().debug_assert();
    }
}
