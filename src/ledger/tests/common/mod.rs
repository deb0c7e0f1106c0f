//! An account whose money the tests tell line by line.
#![allow(dead_code, reason = "each test takes what it needs")]

use oblik_domain::calendar::Calendar;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::{Assignment, Charge, ChargeKind, DebtType, Payment, PaymentIntent};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::{DateTime, NaiveDate, Utc};
use oblik_ledger::{AllocationOrder, Entries, Ledger, Source};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Noon of a day in UTC, two in the afternoon in Kyiv.
pub fn noon(text: &str) -> DateTime<Utc> {
    format!("{text}T12:00:00Z").parse().unwrap()
}

pub fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

pub fn contract() -> ContractNumber {
    ContractNumber::parse("270000017").unwrap()
}

pub fn number(running: u32) -> InvoiceNumber {
    InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running }
}

/// What is stored of an account.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub charges: Vec<Charge>,
    pub payments: Vec<Payment>,
    pub assignments: Vec<Assignment>,
    pub order: AllocationOrder,
}

impl Account {
    /// An invoice, booked on a day, due twenty days later; its number is its id.
    pub fn invoice(&mut self, booked: &str, of: &str, parts: &[(DebtType, i64)]) -> u32 {
        let running = u32::try_from(self.charges.len()).unwrap() + 1;
        for (debt, amount) in parts {
            self.charge(booked, of, *debt, ChargeKind::Invoice, *amount);
            self.charges.last_mut().unwrap().invoice = Some(number(running));
        }
        running
    }

    pub fn charge(&mut self, booked: &str, of: &str, debt: DebtType, kind: ChargeKind, amount: i64) -> i64 {
        let id = i64::try_from(self.charges.len()).unwrap() + 1;
        self.charges.push(Charge {
            id,
            contract: contract(),
            debt,
            period: period(of),
            kind,
            amount: Kopiykas(amount),
            due_on: day(booked) + chrono::Days::new(20),
            booked_at: noon(booked),
            invoice: None,
        });
        id
    }

    /// A payment that is learnt of and assigned on the day it was paid.
    pub fn pay(&mut self, paid: &str, amount: i64, intent: PaymentIntent) -> i64 {
        let id = i64::try_from(self.payments.len()).unwrap() + 1;
        self.payments.push(Payment {
            id,
            reference: format!("B{id}"),
            amount: Kopiykas(amount),
            paid_on: day(paid),
            booked_at: noon(paid),
            payer: "ТОВ «Млин»".to_owned(),
            payer_edrpou: None,
            purpose: String::new(),
        });
        self.assign(id, paid, intent);
        id
    }

    pub fn assign(&mut self, payment: i64, at: &str, intent: PaymentIntent) {
        self.assignments.push(Assignment { payment, contract: contract(), intent, assigned_at: noon(at), operator: None });
    }

    pub fn at(&self, known: &str) -> Ledger {
        self.known_at(noon(known))
    }

    pub fn known_at(&self, known_at: DateTime<Utc>) -> Ledger {
        let entries =
            Entries { contract: &contract(), charges: &self.charges, payments: &self.payments, assignments: &self.assignments };
        Ledger::at(entries, &self.order, known_at).unwrap()
    }

    /// What each charge has open, by id, as known at the end of all days.
    pub fn open(&self) -> Vec<(i64, i64)> {
        let open = self.at("2199-01-01").open_charges(day("2199-01-01"), &Calendar::default());
        let mut open: Vec<_> = open.into_iter().map(|open| (open.charge.id, open.open.0)).collect();
        open.sort_unstable();
        open
    }

    /// What waits, by debt type.
    pub fn advances(&self) -> Vec<(Source, DebtType, i64)> {
        let waiting = self.at("2199-01-01").advances(day("2199-01-01"));
        waiting.into_iter().map(|advance| (advance.source, advance.debt, advance.amount.0)).collect()
    }
}

pub fn nothing() -> PaymentIntent {
    PaymentIntent::default()
}

pub fn of(debt: DebtType) -> PaymentIntent {
    PaymentIntent { debt: Some(debt), ..PaymentIntent::default() }
}

pub fn of_period(debt: Option<DebtType>, of: &str) -> PaymentIntent {
    PaymentIntent { debt, period: Some(period(of)), invoice: None }
}

pub fn of_invoice(debt: Option<DebtType>, running: u32) -> PaymentIntent {
    PaymentIntent { debt, period: None, invoice: Some(number(running)) }
}
