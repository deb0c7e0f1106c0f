//! What may be said of statements.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use oblik_domain::ids::ContractNumber;
use oblik_domain::statement::StatementKind;

use super::contract;

#[derive(Debug, Args)]
pub struct Statement {
    #[arg(value_parser = contract)]
    pub account: ContractNumber,
    /// balance, charges, payments, tariffs, limits, meters, disconnections or contract
    #[arg(value_parser = kind)]
    pub kind: StatementKind,
    /// The first day it tells of [default: the contract's, for a balance the first of the month]
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// The last day [default: today]
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// How it is written [default: by the ending of the file]
    #[arg(long)]
    pub format: Option<Format>,
    /// Where it goes [default: ACCOUNT-KIND.pdf here]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Pdf,
    Csv,
    Xlsx,
}

impl Format {
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

fn kind(text: &str) -> Result<StatementKind, String> {
    StatementKind::parse(text).ok_or_else(|| {
        let all: Vec<_> = StatementKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}
