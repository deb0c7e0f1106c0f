//! Which money pays which charge, day by day from the beginning.
//!
//! Each day charges are booked, money comes in, and what is unspent meets what is open: first where the payer said so
//! (R-PAY-1), then the oldest period of the debt type he named (R-PAY-2), then the configured order (R-PAY-3). What was paid
//! for stays paid for; what is left waits as an advance for the charges of later days. Money never leaves the account. Within
//! a day nothing depends on the order of arrival: who states more goes first, and who states the same is alike.

use std::cmp::min;
use std::collections::BTreeSet;

use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::{Assignment, Charge, ChargeKind, DebtType, Payment, PaymentIntent};
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::{DateTime, NaiveDate, Utc};
use oblik_words::payments::fold;

use crate::AllocationOrder;

/// Everything that is stored of one account's money. What belongs to other accounts is passed over.
#[derive(Debug, Clone, Copy)]
pub struct Entries<'a> {
    pub contract: &'a ContractNumber,
    pub charges: &'a [Charge],
    /// Every payment that was ever assigned to the account.
    pub payments: &'a [Payment],
    /// All assignments of these payments, to other accounts as well, in the order they were made.
    pub assignments: &'a [Assignment],
}

/// Where money comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A negative charge, by its id.
    Credit(i64),
    /// A payment, by its id.
    Payment(i64),
}

/// An amount the customer owes.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub charge: Charge,
    /// The Kyiv day it was booked on.
    pub on: NaiveDate,
    /// Kopiykas not paid for.
    pub open: i64,
    /// The day the period's invoice took its place; only a planned payment.
    pub replaced_on: Option<NaiveDate>,
    /// Index of the money, kopiykas.
    parts: Vec<(usize, i64)>,
}

/// Money that pays: a payment, or a negative charge.
#[derive(Debug, Clone)]
pub(crate) struct Money {
    pub source: Source,
    pub on: NaiveDate,
    /// Where it stands while it is unspent: the debt type stated, else [`DebtType::Advance`].
    pub home: DebtType,
    pub intent: PaymentIntent,
    pub amount: i64,
    pub left: i64,
    /// From when on it counts for this account.
    pub counts_from: DateTime<Utc>,
}

/// Money meets a charge; a negative amount takes it back, when the period's invoice takes a planned payment's place.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub on: NaiveDate,
    /// Index of the money.
    pub money: usize,
    /// Index of the item.
    pub item: usize,
    pub amount: i64,
}

/// An account's charges and money, and which pays which.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) items: Vec<Item>,
    pub(crate) money: Vec<Money>,
    pub(crate) moves: Vec<Move>,
}

impl Ledger {
    /// The ledger as it was known at `known_at`: what was booked or assigned later does not exist.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] when the amounts together pass 92 quadrillion hryvnias: then no sum could be told.
    pub fn at(entries: Entries<'_>, order: &AllocationOrder, known_at: DateTime<Utc>) -> Result<Self, Finding> {
        let known: Vec<&Charge> = entries
            .charges
            .iter()
            .filter(|charge| charge.contract == *entries.contract && charge.booked_at <= known_at)
            .collect();
        let (credits, debits) = known.into_iter().partition::<Vec<_>, _>(|charge| charge.amount.0 < 0);
        let mut ledger = Self { items: debits.into_iter().map(item).collect(), money: Vec::new(), moves: Vec::new() };
        ledger.money.extend(credits.into_iter().map(credit));
        let paid = entries.payments.iter().filter(|payment| payment.booked_at <= known_at && payment.amount.0 > 0);
        ledger.money.extend(paid.filter_map(|payment| {
            let of_payment = entries.assignments.iter().filter(|one| one.payment == payment.id && one.assigned_at <= known_at);
            // The last of those with the same instant.
            let newest = of_payment.max_by_key(|one| one.assigned_at)?;
            (newest.contract == *entries.contract).then(|| money(payment, newest))
        }));
        let amounts = ledger.items.iter().map(|item| item.open).chain(ledger.money.iter().map(|money| money.amount));
        let sum = amounts.into_iter().try_fold(0_i64, i64::checked_add);
        if sum.is_none() {
            return Err(Finding::error(Code::OutOfRange).with("what", "ledger"));
        }
        ledger.items.sort_by_key(|item| (item.charge.period, item.charge.due_on, item.charge.id));
        ledger.money.sort_by_key(|money| (money.on, money.source));
        ledger.run(order);
        Ok(ledger)
    }

    fn run(&mut self, order: &AllocationOrder) {
        let days: BTreeSet<NaiveDate> =
            self.items.iter().map(|item| item.on).chain(self.money.iter().map(|money| money.on)).collect();
        let mut settled: BTreeSet<Period> = BTreeSet::new();
        for day in days {
            let today = self.items.iter().filter(|item| item.on == day && item.charge.kind == ChargeKind::Invoice);
            settled.extend(today.map(|item| item.charge.period));
            self.replace_planned(day, &settled);
            let ranks = order.on(day);
            for stage in STAGES {
                self.settle(stage, day, &ranks);
            }
        }
    }

    /// The invoice of a period takes the place of its planned payments: what was paid on them pays for it first (R-ADV).
    fn replace_planned(&mut self, day: NaiveDate, settled: &BTreeSet<Period>) {
        let is_replaced = |item: &Item| {
            item.charge.kind == ChargeKind::Planned
                && item.on <= day
                && item.replaced_on.is_none()
                && settled.contains(&item.charge.period)
        };
        let planned: Vec<usize> = indices(&self.items, is_replaced);
        for index in planned {
            let Some(item) = self.items.get_mut(index) else { continue };
            item.replaced_on = Some(day);
            item.open = 0;
            let (debt, period, parts) = (item.charge.debt, item.charge.period, std::mem::take(&mut item.parts));
            for (money, amount) in &parts {
                self.moves.push(Move { on: day, money: *money, item: index, amount: -amount });
                if let Some(money) = self.money.get_mut(*money) {
                    money.left += amount;
                }
            }
            let is_invoice = |item: &Item| {
                let charge = &item.charge;
                charge.kind == ChargeKind::Invoice && (charge.debt, charge.period) == (debt, period) && item.on <= day
            };
            for invoice in indices(&self.items, is_invoice) {
                for (money, amount) in &parts {
                    self.pay(*money, invoice, *amount, day);
                }
            }
        }
    }

    /// One stage of a day: whoever states what the stage asks for pays what it allows.
    fn settle(&mut self, stage: Stage, day: NaiveDate, ranks: &[DebtType]) {
        let rank = |debt: DebtType| ranks.iter().position(|one| *one == debt).unwrap_or(ranks.len());
        let mut open = indices(&self.items, |item| item.on <= day && item.open > 0);
        if stage.is_ranked() {
            open.sort_by_key(|index| self.items.get(*index).map(|item| rank(item.charge.debt)));
        }
        let mut paying = indices(&self.money, |money| money.on <= day && money.left > 0 && stage.pays(money));
        // Of the same day, who states less pays first: what states more keeps its rest for what it states.
        let first = |index: &usize| {
            let money = self.money.get(*index)?;
            Some((rank(money.home), money.on, &money.intent.invoice, money.intent.period))
        };
        paying.sort_by(|one, other| first(one).cmp(&first(other)));
        for money in paying {
            for item in &open {
                let wanted =
                    self.money.get(money).zip(self.items.get(*item)).is_some_and(|(money, item)| stage.allows(money, item));
                if wanted {
                    self.pay(money, *item, i64::MAX, day);
                }
            }
        }
    }

    /// Pays as much of an item as is open, unspent and allowed.
    fn pay(&mut self, money_index: usize, item_index: usize, most: i64, day: NaiveDate) {
        let (Some(money), Some(item)) = (self.money.get_mut(money_index), self.items.get_mut(item_index)) else { return };
        let amount = min(most, min(money.left, item.open));
        if amount > 0 {
            money.left -= amount;
            item.open -= amount;
            item.parts.push((money_index, amount));
            self.moves.push(Move { on: day, money: money_index, item: item_index, amount });
        }
    }
}

fn indices<T>(all: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, one)| wanted(one)).map(|(index, _)| index).collect()
}

fn item(charge: &Charge) -> Item {
    let (on, open) = (kyiv_day(charge.booked_at), charge.amount.0);
    Item { charge: charge.clone(), on, open, replaced_on: None, parts: Vec::new() }
}

fn credit(charge: &Charge) -> Money {
    let amount = charge.amount.0.saturating_neg();
    Money {
        source: Source::Credit(charge.id),
        on: kyiv_day(charge.booked_at),
        home: charge.debt,
        intent: PaymentIntent { debt: Some(charge.debt), period: Some(charge.period), invoice: None },
        amount,
        left: amount,
        counts_from: charge.booked_at,
    }
}

fn money(payment: &Payment, assignment: &Assignment) -> Money {
    Money {
        source: Source::Payment(payment.id),
        on: payment.paid_on,
        home: assignment.intent.debt.unwrap_or(DebtType::Advance),
        intent: assignment.intent.clone(),
        amount: payment.amount.0,
        left: payment.amount.0,
        counts_from: payment.booked_at.max(assignment.assigned_at),
    }
}

/// What a payer stated, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// An invoice and a debt type: that part of the invoice.
    PartOfInvoice,
    /// The same: the rest of that invoice.
    RestOfInvoice,
    /// A period and a debt type.
    PartOfPeriod,
    /// A debt type: its oldest periods.
    DebtType,
    /// An invoice alone.
    Invoice,
    /// A period alone.
    Period,
    /// Nothing.
    Anything,
}

const STAGES: [Stage; 7] = [
    Stage::PartOfInvoice,
    Stage::RestOfInvoice,
    Stage::PartOfPeriod,
    Stage::DebtType,
    Stage::Invoice,
    Stage::Period,
    Stage::Anything,
];

impl Stage {
    /// Whether the debt types have a say in which charge is first.
    fn is_ranked(self) -> bool {
        matches!(self, Self::RestOfInvoice | Self::Invoice | Self::Period | Self::Anything)
    }

    fn pays(self, money: &Money) -> bool {
        let is_typed = money.home != DebtType::Advance;
        match self {
            Self::PartOfInvoice | Self::RestOfInvoice => is_typed && money.intent.invoice.is_some(),
            Self::PartOfPeriod => is_typed && money.intent.period.is_some(),
            Self::DebtType => is_typed,
            Self::Invoice => !is_typed && money.intent.invoice.is_some(),
            Self::Period => !is_typed && money.intent.period.is_some(),
            Self::Anything => !is_typed,
        }
    }

    fn allows(self, money: &Money, item: &Item) -> bool {
        let is_own = item.charge.debt == money.home;
        let is_of_period = money.intent.period == Some(item.charge.period);
        match self {
            Self::PartOfInvoice => is_own && is_of_invoice(money, item),
            Self::RestOfInvoice | Self::Invoice => is_of_invoice(money, item),
            Self::PartOfPeriod => is_own && is_of_period,
            Self::DebtType => is_own,
            Self::Period => is_of_period,
            Self::Anything => true,
        }
    }
}

fn is_of_invoice(money: &Money, item: &Item) -> bool {
    money.intent.invoice.as_ref().zip(item.charge.invoice.as_ref()).is_some_and(|(stated, own)| same_number(stated, own))
}

/// Whether two invoice numbers are one, in whatever case and look-alike letters the series was typed.
pub(crate) fn same_number(one: &InvoiceNumber, other: &InvoiceNumber) -> bool {
    (one.year, one.running) == (other.year, other.running) && fold(&one.series) == fold(&other.series)
}
