//! What may be said of billing: one account, the whole month, and the operator's word.

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use oblik_domain::Decimal;
use oblik_domain::energy::{Kwh, RegisterTotal};
use oblik_domain::ids::{ContractNumber, MeterSerial};
use oblik_domain::metering::{EnergyKind, Occasion, Zone};
use oblik_domain::period::Period;

use super::{contract, day_or_moment, period};

#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub struct Bill {
    #[command(subcommand)]
    pub whole: Option<Month>,
    #[command(flatten)]
    pub one: Option<BillOne>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct BillOne {
    #[arg(long, value_parser = contract)]
    pub account: ContractNumber,
    /// Month, such as 2026-10
    #[arg(long, value_parser = period)]
    pub period: Period,
    /// Calculate and show; store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Show the reason of every figure
    #[arg(long)]
    pub trace: bool,
    /// Estimate what was not read instead of refusing (R-EST)
    #[arg(long, conflicts_with = "correct")]
    pub estimate: bool,
    /// Rate a billed month anew and charge the difference by a document of its own; the original stays as it is
    #[arg(long, requires = "reason")]
    pub correct: bool,
    /// Why it is corrected; printed on the document and kept in the journal
    #[arg(long, requires = "correct")]
    pub reason: Option<String>,
    /// Calculate with what was known on this day (of Kyiv) or at this moment (RFC 3339); for --dry-run
    #[arg(long, value_name = "DATE", value_parser = day_or_moment, requires = "dry_run")]
    pub known_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Subcommand)]
pub enum Month {
    /// Bill every account that was supplied in a month and is not billed yet; the same command goes on where it was broken off
    #[command(
        after_help = "Documents are made and sent by the daemon. Exit 1: some accounts were refused; mend the cause and say it again.\n\nExamples:\n  oblik bill run --period 2026-10 --dry-run\n  oblik bill run --period 2026-10 --estimate"
    )]
    Run {
        /// Month, such as 2026-10
        #[arg(long, value_parser = period)]
        period: Period,
        /// Calculate everything and show what it comes to; store nothing
        #[arg(long)]
        dry_run: bool,
        /// Estimate what was not read instead of refusing (R-EST) [default: `estimate` of the configuration]
        #[arg(long)]
        estimate: bool,
    },
    /// List the runs with how far they are
    Runs,
}

#[derive(Debug, Subcommand)]
pub enum Readings {
    /// Say that a doubted figure is right: a volume outside its bounds (E1), or a dial that passed its end (E9)
    #[command(
        after_help = "Nothing is billed by it: say `oblik bill` afterwards. Where the configuration asks for four eyes, another operator says\n`oblik readings approve ID` first.\n\nExamples:\n  oblik readings confirm --account 270000017 --period 2026-10 --volume 48250 --reason \"new furnace, letter of 2 November\"\n  oblik readings confirm --account 270000017 --period 2026-10 --rollover NIK-1001 active-import/total --reason \"seen on site\""
    )]
    Confirm(Confirm),
    /// The second pair of eyes on another operator's confirmation
    #[command(after_help = "Example:\n  oblik readings approve 12")]
    Approve {
        /// As `oblik readings confirm` told it
        id: i64,
    },
    /// Enter a reading: a control reading, one told by telephone, or what a meter showed when it was set up or taken down
    #[command(
        after_help = "Example:\n  oblik readings enter --account 270000017 --period 2026-10 --meter NIK-1001 --register active-import/total \\\n    --value 12401.85 --on 2026-10-16 --occasion control --reason \"control reading, act 17\""
    )]
    Enter(Enter),
}

#[derive(Debug, Args)]
pub struct Confirm {
    #[arg(long, value_parser = contract)]
    pub account: ContractNumber,
    /// Month, such as 2026-10
    #[arg(long, value_parser = period)]
    pub period: Period,
    /// The account's active volume in kWh, exactly as the calculation told it
    #[arg(long, value_name = "KWH", value_parser = kwh, required_unless_present = "rollover", conflicts_with = "rollover")]
    pub volume: Option<Kwh>,
    /// The meter and its register whose dial passed its end
    #[arg(long, num_args = 2, value_names = ["METER", "KIND/ZONE"])]
    pub rollover: Vec<String>,
    /// Why; kept with the confirmation and in the journal
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct Enter {
    #[arg(long, value_parser = contract)]
    pub account: ContractNumber,
    /// The month it belongs to, such as 2026-10
    #[arg(long, value_parser = period)]
    pub period: Period,
    /// The meter's number
    #[arg(long, value_parser = meter)]
    pub meter: MeterSerial,
    /// Such as active-import/total or reactive-import/night
    #[arg(long, value_name = "KIND/ZONE", value_parser = register)]
    pub register: (EnergyKind, Zone),
    /// What the dial showed, with at most three decimals
    #[arg(long, value_parser = total)]
    pub value: RegisterTotal,
    /// The day it was read, such as 2026-10-31
    #[arg(long, value_name = "DAY")]
    pub on: NaiveDate,
    /// control, installed, removed or period-end
    #[arg(long, value_parser = occasion)]
    pub occasion: Occasion,
    /// Why, or who told it; kept in the journal
    #[arg(long)]
    pub reason: String,
}

fn kwh(text: &str) -> Result<Kwh, String> {
    text.parse().map(Kwh).map_err(|_| "a volume is whole kWh, written 48250".to_owned())
}

pub fn meter(text: &str) -> Result<MeterSerial, String> {
    MeterSerial::parse(text).map_err(|cause| cause.to_string())
}

pub fn register(text: &str) -> Result<(EnergyKind, Zone), String> {
    let (kind, zone) = text.split_once('/').unwrap_or((text, "total"));
    let known = EnergyKind::parse(kind).zip(Zone::parse(zone));
    known.ok_or_else(|| {
        let kinds: Vec<_> = EnergyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let zones: Vec<_> = Zone::ALL.iter().map(|zone| zone.as_str()).collect();
        format!("a register is written KIND/ZONE, with a kind of {} and a zone of {}", kinds.join(", "), zones.join(", "))
    })
}

fn total(text: &str) -> Result<RegisterTotal, String> {
    let total = text.replace(',', ".").parse::<Decimal>().ok().and_then(RegisterTotal::from_units);
    total.ok_or_else(|| "a reading is a number of up to nine digits with at most three decimals, written 12401.85".to_owned())
}

fn occasion(text: &str) -> Result<Occasion, String> {
    Occasion::parse(text).ok_or_else(|| "an occasion is control, installed, removed or period-end".to_owned())
}
