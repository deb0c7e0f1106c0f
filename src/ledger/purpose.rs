//! Whose a payment is, or why a person must say. Nothing is guessed: what contradicts itself goes to the queue. Source: R-PAY-4.

use std::collections::BTreeSet;

use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::PaymentIntent;
use oblik_domain::period::Period;

use crate::stated::Stated;

/// An invoice of ours that a purpose names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownInvoice {
    pub number: InvoiceNumber,
    pub contract: ContractNumber,
    pub period: Period,
}

/// What became of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    Assigned { contract: ContractNumber, intent: PaymentIntent },
    Unmatched(Unmatched),
}

/// A payment for the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    pub why: Why,
    /// Accounts it may be for: those named, else those of the payer's ЄДРПОУ.
    pub candidates: Vec<ContractNumber>,
}

/// Why a payment is nobody's yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It names no contract and no invoice of ours.
    NoContract,
    UnknownContract,
    SeveralContracts,
    SeveralInvoices,
    SeveralDebts,
    SeveralPeriods,
    /// The invoice is of another account than the contract.
    OtherAccount,
    /// The invoice is of another period than the one named.
    OtherPeriod,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoContract => "no-contract",
            Self::UnknownContract => "unknown-contract",
            Self::SeveralContracts => "several-contracts",
            Self::SeveralInvoices => "several-invoices",
            Self::SeveralDebts => "several-debts",
            Self::SeveralPeriods => "several-periods",
            Self::OtherAccount => "other-account",
            Self::OtherPeriod => "other-period",
        }
    }
}

/// Decides by what is stated, the accounts there are among those named, our invoices among those named, and the accounts of the payer.
pub fn place(
    stated: &Stated,
    accounts: &BTreeSet<ContractNumber>,
    invoices: &[KnownInvoice],
    of_payer: &[ContractNumber],
) -> Placed {
    match decide(stated, accounts, invoices) {
        Ok((contract, intent)) => Placed::Assigned { contract, intent },
        Err(why) => {
            let mut named: BTreeSet<_> =
                accounts.iter().chain(invoices.iter().map(|invoice| &invoice.contract)).cloned().collect();
            if named.is_empty() {
                named.extend(of_payer.iter().cloned());
            }
            Placed::Unmatched(Unmatched { why, candidates: named.into_iter().collect() })
        }
    }
}

fn decide(
    stated: &Stated,
    accounts: &BTreeSet<ContractNumber>,
    invoices: &[KnownInvoice],
) -> Result<(ContractNumber, PaymentIntent), Why> {
    let contract = only(&stated.contracts, Why::SeveralContracts)?;
    let debt = only(&stated.debts, Why::SeveralDebts)?.copied();
    let period = only(&stated.periods, Why::SeveralPeriods)?.copied();
    if stated.invoices.len() > 1 {
        return Err(Why::SeveralInvoices);
    }
    let invoice = invoices.first();
    let own = match (contract, invoice) {
        (Some(contract), _) if !accounts.contains(contract) => return Err(Why::UnknownContract),
        (Some(contract), Some(invoice)) if invoice.contract != *contract => return Err(Why::OtherAccount),
        (Some(contract), _) => contract,
        (None, Some(invoice)) => &invoice.contract,
        (None, None) => return Err(Why::NoContract),
    };
    if invoice.zip(period).is_some_and(|(invoice, period)| invoice.period != period) {
        return Err(Why::OtherPeriod);
    }
    Ok((own.clone(), PaymentIntent { debt, period, invoice: invoice.map(|invoice| invoice.number.clone()) }))
}

fn only<T: Ord>(all: &BTreeSet<T>, why: Why) -> Result<Option<&T>, Why> {
    if all.len() > 1 { Err(why) } else { Ok(all.first()) }
}
