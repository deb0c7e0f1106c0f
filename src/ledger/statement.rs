//! What is told of a ledger: balances by debt type, what is open and overdue, advances, what each payment paid for.
//!
//! closing = opening + charged − paid for every debt type, plus: the customer owes (R-SALDO). Charges stand on the Kyiv day
//! they were booked on, payments on the day the bank booked them.

use std::collections::BTreeMap;

use oblik_domain::calendar::Calendar;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::{Charge, DebtType, Payment};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::{DateTime, NaiveDate, Utc};

use crate::allocate::{Item, Ledger, Money, Source};
use crate::debt::overdue_days;

/// The balance of one debt type over a range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementRow {
    pub opening: Kopiykas,
    /// Credits are taken off, and planned payments that an invoice replaced.
    pub charged: Kopiykas,
    /// What was paid for this type, or waits for it.
    pub paid: Kopiykas,
    /// What the charges and money come to at the end of the last day.
    pub closing: Kopiykas,
    /// Of the closing, what should have been paid by then.
    pub overdue: Kopiykas,
    /// Days since the oldest of it should have been paid.
    pub overdue_days: i64,
}

/// Balances by debt type over a range of days, both inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Debt types where anything ever stood, in the order of [`DebtType::ALL`].
    pub rows: Vec<(DebtType, StatementRow)>,
    pub total: StatementRow,
}

/// A charge that is not paid in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCharge {
    pub charge: Charge,
    pub open: Kopiykas,
    /// Zero while there is time to pay.
    pub overdue_days: i64,
}

/// Money that waits for charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    pub source: Source,
    /// [`DebtType::Advance`]: for whatever comes.
    pub debt: DebtType,
    pub amount: Kopiykas,
}

/// Where one payment went, with the instants of RQ-B10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    pub payment: i64,
    pub amount: Kopiykas,
    pub paid_on: NaiveDate,
    /// When we learned of it.
    pub registered_at: DateTime<Utc>,
    /// When it was known whose it is.
    pub posted_at: DateTime<Utc>,
    pub parts: Vec<PaymentPart>,
    /// What waits for later charges.
    pub advance: Kopiykas,
}

/// What a payment paid of one charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPart {
    pub charge: i64,
    pub debt: DebtType,
    pub period: Period,
    pub invoice: Option<InvoiceNumber>,
    pub amount: Kopiykas,
    /// When both were there.
    pub allocated_at: DateTime<Utc>,
}

/// What one payment paid for one type of debt in a range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidPart {
    pub payment: i64,
    pub debt: DebtType,
    /// Negative where money that had waited under this type paid for another.
    pub amount: Kopiykas,
}

impl Ledger {
    /// Balances at the end of `day` by debt type, of what is booked on it or before.
    pub fn balances(&self, day: NaiveDate) -> BTreeMap<DebtType, Kopiykas> {
        let mut sums: BTreeMap<DebtType, i64> = BTreeMap::new();
        let mut open: Vec<i64> = self.items.iter().map(|item| if stands(item, day) { item.charge.amount.0 } else { 0 }).collect();
        let mut left: Vec<i64> = self.money.iter().map(|money| if money.on <= day { money.amount } else { 0 }).collect();
        for moved in self.moves.iter().filter(|moved| moved.on <= day) {
            if let (Some(open), Some(left)) = (open.get_mut(moved.item), left.get_mut(moved.money)) {
                *left -= moved.amount;
                if self.items.get(moved.item).is_some_and(|item| stands(item, day)) {
                    *open -= moved.amount;
                }
            }
        }
        for (item, open) in self.items.iter().zip(open) {
            *sums.entry(item.charge.debt).or_default() += open;
        }
        for (money, left) in self.money.iter().zip(left) {
            *sums.entry(money.home).or_default() -= left;
        }
        sums.into_iter().map(|(debt, sum)| (debt, Kopiykas(sum))).collect()
    }

    /// Opening, charged, paid and closing of every debt type from `from` to `to`, both inclusive (R-SALDO).
    pub fn statement(&self, from: NaiveDate, to: NaiveDate, calendar: &Calendar) -> Statement {
        let opening = from.pred_opt().map(|day| self.balances(day)).unwrap_or_default();
        let closing = self.balances(to);
        let (charged, paid) = self.turnover(from, to);
        let overdue = self.open_charges(to, calendar);
        let rows: Vec<(DebtType, StatementRow)> = DebtType::ALL
            .iter()
            .filter(|debt| closing.contains_key(debt))
            .map(|debt| {
                let of = |sums: &BTreeMap<DebtType, Kopiykas>| sums.get(debt).copied().unwrap_or_default();
                let late = overdue.iter().filter(|open| open.charge.debt == *debt && open.overdue_days > 0);
                let row = StatementRow {
                    opening: of(&opening),
                    charged: of(&charged),
                    paid: of(&paid),
                    closing: of(&closing),
                    overdue: late.clone().map(|open| open.open).sum(),
                    overdue_days: late.map(|open| open.overdue_days).max().unwrap_or(0),
                };
                (*debt, row)
            })
            .collect();
        let sum = |field: fn(&StatementRow) -> Kopiykas| rows.iter().map(|(_, row)| field(row)).sum();
        let total = StatementRow {
            opening: sum(|row| row.opening),
            charged: sum(|row| row.charged),
            paid: sum(|row| row.paid),
            closing: sum(|row| row.closing),
            overdue: sum(|row| row.overdue),
            overdue_days: rows.iter().map(|(_, row)| row.overdue_days).max().unwrap_or(0),
        };
        Statement { from, to, rows, total }
    }

    /// Charged and paid by debt type in a range of days, both inclusive.
    fn turnover(&self, from: NaiveDate, to: NaiveDate) -> (BTreeMap<DebtType, Kopiykas>, BTreeMap<DebtType, Kopiykas>) {
        let (mut charged, mut paid) = (BTreeMap::new(), BTreeMap::new());
        let within = |day: NaiveDate| from <= day && day <= to;
        let add = |sums: &mut BTreeMap<DebtType, Kopiykas>, debt: DebtType, amount: i64| {
            let sum = sums.entry(debt).or_default();
            *sum = *sum + Kopiykas(amount);
        };
        for item in &self.items {
            if within(item.on) {
                add(&mut charged, item.charge.debt, item.charge.amount.0);
            }
            if item.replaced_on.is_some_and(within) {
                add(&mut charged, item.charge.debt, -item.charge.amount.0);
            }
        }
        for money in self.money.iter().filter(|money| within(money.on)) {
            match money.source {
                Source::Credit(_) => add(&mut charged, money.home, -money.amount),
                Source::Payment(_) => add(&mut paid, money.home, money.amount),
            }
        }
        // Money that pays another type than it stood with leaves the one for the other.
        for moved in self.moves.iter().filter(|moved| within(moved.on)) {
            if let (Some(money), Some(item)) = (self.money.get(moved.money), self.items.get(moved.item)) {
                add(&mut paid, item.charge.debt, moved.amount);
                add(&mut paid, money.home, -moved.amount);
            }
        }
        (charged, paid)
    }

    /// Which payments paid for which types of debt from `from` to `to`, both inclusive, in the order they came; with credits they
    /// add up to what [`Ledger::statement`] calls paid.
    pub fn paid_between(&self, from: NaiveDate, to: NaiveDate) -> Vec<PaidPart> {
        let within = |day: NaiveDate| from <= day && day <= to;
        let mut sums: BTreeMap<(usize, DebtType), i64> = BTreeMap::new();
        for (index, money) in self.money.iter().enumerate().filter(|(_, money)| within(money.on)) {
            *sums.entry((index, money.home)).or_default() += money.amount;
        }
        for moved in self.moves.iter().filter(|moved| within(moved.on)) {
            if let (Some(money), Some(item)) = (self.money.get(moved.money), self.items.get(moved.item)) {
                *sums.entry((moved.money, item.charge.debt)).or_default() += moved.amount;
                *sums.entry((moved.money, money.home)).or_default() -= moved.amount;
            }
        }
        let part = |((index, debt), amount): ((usize, DebtType), i64)| match self.money.get(index)?.source {
            Source::Payment(payment) if amount != 0 => Some(PaidPart { payment, debt, amount: Kopiykas(amount) }),
            _ => None,
        };
        sums.into_iter().filter_map(part).collect()
    }

    /// Charges not paid in full at the end of `day`, oldest period first.
    pub fn open_charges(&self, day: NaiveDate, calendar: &Calendar) -> Vec<OpenCharge> {
        let open = self.items.iter().enumerate().filter(|(_, item)| stands(item, day)).map(|(index, item)| {
            let open = Kopiykas(item.charge.amount.0 - self.paid_of(index, day));
            let overdue_days = overdue_days(item.charge.due_on, day, calendar);
            OpenCharge { charge: item.charge.clone(), open, overdue_days }
        });
        open.filter(|open| open.open > Kopiykas::ZERO).collect()
    }

    /// What was paid of an item by the end of `day`, kopiykas.
    fn paid_of(&self, index: usize, day: NaiveDate) -> i64 {
        self.moves.iter().filter(|moved| moved.item == index && moved.on <= day).map(|moved| moved.amount).sum()
    }

    /// Money unspent at the end of `day`, the oldest first.
    pub fn advances(&self, day: NaiveDate) -> Vec<Advance> {
        let unspent = self.money.iter().enumerate().filter(|(_, money)| money.on <= day).map(|(index, money)| {
            let spent: i64 =
                self.moves.iter().filter(|moved| moved.money == index && moved.on <= day).map(|moved| moved.amount).sum();
            Advance { source: money.source, debt: money.home, amount: Kopiykas(money.amount - spent) }
        });
        unspent.filter(|advance| advance.amount > Kopiykas::ZERO).collect()
    }

    /// What each payment of the account paid for, in the order they were paid.
    pub fn reports(&self, payments: &[Payment]) -> Vec<PaymentReport> {
        let of_account = self.money.iter().enumerate().filter_map(|(index, money)| {
            let payment = payments.iter().find(|payment| money.source == Source::Payment(payment.id))?;
            Some(self.report(index, money, payment))
        });
        of_account.collect()
    }

    fn report(&self, index: usize, money: &Money, payment: &Payment) -> PaymentReport {
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        for moved in self.moves.iter().filter(|moved| moved.money == index) {
            *sums.entry(moved.item).or_default() += moved.amount;
        }
        let parts = sums.into_iter().filter(|(_, amount)| *amount > 0).filter_map(|(item, amount)| {
            let charge = &self.items.get(item)?.charge;
            Some(PaymentPart {
                charge: charge.id,
                debt: charge.debt,
                period: charge.period,
                invoice: charge.invoice.clone(),
                amount: Kopiykas(amount),
                allocated_at: charge.booked_at.max(money.counts_from),
            })
        });
        PaymentReport {
            payment: payment.id,
            amount: payment.amount,
            paid_on: payment.paid_on,
            registered_at: payment.booked_at,
            posted_at: money.counts_from,
            parts: parts.collect(),
            advance: Kopiykas(money.left),
        }
    }
}

/// Whether an item is owed at the end of `day`.
fn stands(item: &Item, day: NaiveDate) -> bool {
    item.on <= day && item.replaced_on.is_none_or(|replaced| day < replaced)
}
