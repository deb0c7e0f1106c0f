//! What may be said of money: what accounts owe, and what was paid.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use clap::{Args, Subcommand};
use oblik_domain::Decimal;
use oblik_domain::ids::{ContractNumber, Edrpou};
use oblik_domain::ledger::DebtType;
use oblik_domain::money::Kopiykas;
use oblik_domain::period::{Period, kyiv_midnight};

use super::{contract, period};

#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct Ledger {
    #[command(subcommand)]
    pub book: Option<Book>,
    #[command(flatten)]
    pub show: Option<Show>,
}

#[derive(Debug, Args)]
pub struct Show {
    #[arg(value_parser = contract)]
    pub account: ContractNumber,
    /// As it was known at the end of this day (of Kyiv), or at this moment (RFC 3339) [default: now]
    #[arg(long, value_name = "DATE", value_parser = end_of_day_or_moment)]
    pub at: Option<DateTime<Utc>>,
    /// First day of the turnover [default: the first of the month]
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
}

#[derive(Debug, Subcommand)]
pub enum Book {
    /// Book the balance an account was taken over with; negative for an advance
    #[command(
        after_help = "Example:\n  oblik ledger opening --account 270000017 --debt active --period 2026-09 --amount 1250.40 --due 2026-10-20 --reason \"balance of the former supplier\""
    )]
    Opening(Amount),
    /// Take an amount off what an account owes
    #[command(
        after_help = "Example:\n  oblik ledger write-off --account 270000017 --debt penalty --period 2026-09 --amount 12.30 --reason \"court order 5/26\""
    )]
    WriteOff(Amount),
    /// Book the planned payments of a month by the account's scheme; the month's invoice takes their place
    #[command(
        after_help = "Saying it again books nothing twice.\n\nExamples:\n  oblik ledger plan --account 270000017 --period 2026-12\n  oblik ledger plan --account 270000017 --period 2026-12 --expected 90000"
    )]
    Plan {
        #[arg(long, value_parser = contract)]
        account: ContractNumber,
        /// Month, such as 2026-12
        #[arg(long, value_parser = period)]
        period: Period,
        /// What the month is expected to come to, with VAT [default: active energy of the last invoice]
        #[arg(long, value_name = "UAH", value_parser = hryvnias)]
        expected: Option<Kopiykas>,
    },
}

#[expect(clippy::struct_field_names, reason = "each field is an option's name")]
#[derive(Debug, Args)]
pub struct Amount {
    #[arg(long, value_parser = contract)]
    pub account: ContractNumber,
    /// active, reactive, penalty and so on
    #[arg(long, value_parser = debt)]
    pub debt: DebtType,
    /// The month it is for, such as 2026-09
    #[arg(long, value_parser = period)]
    pub period: Period,
    #[arg(long, value_name = "UAH", value_parser = hryvnias, allow_hyphen_values = true)]
    pub amount: Kopiykas,
    /// The last day to pay [default: today]
    #[arg(long, value_name = "DAY")]
    pub due: Option<NaiveDate>,
    /// Why; kept in the journal
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, Subcommand)]
pub enum Payment {
    /// Register a payment; the account is read from its purpose, and what it does not say a person must
    #[command(
        after_help = "A payment is known by its reference: saying it again changes nothing.\n\nExample:\n  oblik payment add --reference B-1093 --amount 12500.00 --date 2026-11-18 --payer \"Mlyn LLC\" --edrpou 00131512 \\\n    --purpose \"270000017, 10.2026, 2026-000001\""
    )]
    Add(Add),
    /// List payments that wait for a person, with why and whose they may be
    #[command(after_help = "Example:\n  oblik payment list --unassigned --json")]
    List {
        /// Those nobody knows the account of
        #[arg(long, required = true)]
        unassigned: bool,
    },
    /// Say whose a payment is and what for; the newest word counts
    #[command(
        after_help = "Examples:\n  oblik payment assign 7 --account 270000017 --reason \"telephone call of 19 November\"\n  oblik payment assign 7 --account 270000017 --debt reactive --period 2026-10 --reason \"letter 14\""
    )]
    Assign {
        /// As `oblik payment list` tells it
        id: i64,
        #[arg(long, value_parser = contract)]
        account: ContractNumber,
        /// active, reactive, penalty and so on [default: by the configured order]
        #[arg(long, value_parser = debt)]
        debt: Option<DebtType>,
        /// The month it is for [default: the oldest]
        #[arg(long, value_parser = period)]
        period: Option<Period>,
        /// Why; kept in the journal
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    /// The bank's reference; one payment has one
    #[arg(long)]
    pub reference: String,
    #[arg(long, value_name = "UAH", value_parser = hryvnias)]
    pub amount: Kopiykas,
    /// The day the bank booked it on
    #[arg(long, value_name = "DAY")]
    pub date: NaiveDate,
    #[arg(long)]
    pub payer: String,
    /// The payer's ЄДРПОУ
    #[arg(long, value_name = "CODE", value_parser = edrpou)]
    pub edrpou: Option<Edrpou>,
    /// Purpose of payment, as the bank gave it
    #[arg(long)]
    pub purpose: String,
}

fn end_of_day_or_moment(text: &str) -> Result<DateTime<Utc>, String> {
    let next = text.parse::<NaiveDate>().ok().and_then(|day| kyiv_midnight(day.checked_add_days(Days::new(1))?));
    let end = next.map(|midnight| midnight - TimeDelta::microseconds(1));
    let moment = || DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc));
    end.or_else(moment).ok_or_else(|| "a day is written 2026-11-01, a moment 2026-11-01T08:00:00Z".to_owned())
}

fn hryvnias(text: &str) -> Result<Kopiykas, String> {
    let amount = text.replace(',', ".").parse::<Decimal>().ok().filter(|amount| amount.normalize().scale() <= 2);
    amount.and_then(Kopiykas::from_hryvnias).ok_or_else(|| "a sum has at most two decimals, written 1250.40".to_owned())
}

fn debt(text: &str) -> Result<DebtType, String> {
    DebtType::parse(text).ok_or_else(|| {
        let known: Vec<_> = DebtType::ALL.iter().map(|debt| debt.as_str()).collect();
        format!("a debt type is one of {}", known.join(", "))
    })
}

fn edrpou(text: &str) -> Result<Edrpou, String> {
    Edrpou::parse(text).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_exact_to_the_kopiyka() {
        for (text, sum) in [
            ("1250.40", Some(125_040)),
            ("12,5", Some(1_250)),
            ("-3.10", Some(-310)),
            ("1.005", None),
            ("1.500", Some(150)),
            ("x", None),
        ] {
            assert_eq!(hryvnias(text).ok(), sum.map(Kopiykas), "{text}");
        }
    }

    #[test]
    fn a_day_is_meant_to_its_end_in_kyiv() {
        let at = |text: &str| end_of_day_or_moment(text).map(|at| at.to_rfc3339());
        assert_eq!(at("2026-10-31"), Ok("2026-10-31T21:59:59.999999+00:00".to_owned()));
        assert_eq!(at("2026-10-31T08:00:00Z"), Ok("2026-10-31T08:00:00+00:00".to_owned()));
        assert!(at("yesterday").is_err());
    }
}
