//! How long a charge was owed, day by day: what penalty, annual interest and inflation are charged on.
//!
//! The first day that counts is the one after the due date, which moves past days on which nobody works; the day of a payment
//! does not count. Source: R-PEN-1.

use oblik_domain::NaiveDate;
use oblik_domain::calendar::{Calendar, days_after};
use oblik_domain::ledger::{Charge, DebtType};
use oblik_domain::money::Kopiykas;

use crate::Ledger;

/// The first day a debt is overdue.
pub(crate) fn first_overdue_day(due_on: NaiveDate, calendar: &Calendar) -> NaiveDate {
    days_after(calendar.working_day_from(due_on), 1)
}

/// Days a debt is overdue at the end of `day`, the day itself included; zero while there is time.
pub(crate) fn overdue_days(due_on: NaiveDate, day: NaiveDate, calendar: &Calendar) -> i64 {
    (day - first_overdue_day(due_on, calendar)).num_days().saturating_add(1).max(0)
}

/// One overdue charge and what was owed of it on each day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebtDays {
    pub charge: Charge,
    /// The first day that counts.
    pub first: NaiveDate,
    /// Days from which another amount is owed, ascending; before the first of them, the whole charge.
    pub steps: Vec<(NaiveDate, Kopiykas)>,
    /// The first day it is no longer owed as such, because an invoice replaced it.
    pub end: Option<NaiveDate>,
}

impl DebtDays {
    /// What is overdue at the end of `day`.
    pub fn on(&self, day: NaiveDate) -> Kopiykas {
        if day < self.first || self.end.is_some_and(|end| day >= end) {
            return Kopiykas::ZERO;
        }
        let passed = self.steps.partition_point(|(from, _)| *from <= day);
        passed.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(self.charge.amount, |(_, amount)| *amount)
    }
}

impl Ledger {
    /// The charges that sanctions may be charged on: all but sanctions themselves and advances.
    pub fn debts(&self, calendar: &Calendar) -> Vec<DebtDays> {
        let sanctionable = |debt: DebtType| {
            !matches!(debt, DebtType::Penalty | DebtType::Inflation | DebtType::AnnualInterest | DebtType::Advance)
        };
        let items = self.items.iter().enumerate().filter(|(_, item)| sanctionable(item.charge.debt));
        items
            .map(|(index, item)| {
                let mut owed = item.charge.amount.0;
                let mut steps: Vec<(NaiveDate, Kopiykas)> = Vec::new();
                for moved in self.moves.iter().filter(|moved| moved.item == index) {
                    owed -= moved.amount;
                    match steps.last_mut() {
                        Some((day, amount)) if *day == moved.on => *amount = Kopiykas(owed),
                        _ => steps.push((moved.on, Kopiykas(owed))),
                    }
                }
                let first = first_overdue_day(item.charge.due_on, calendar);
                DebtDays { charge: item.charge.clone(), first, steps, end: item.replaced_on }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_moves_past_days_on_which_nobody_works() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut calendar = Calendar::default();
        // 20 November 2026 is a Friday.
        let first = |due: &str, calendar: &Calendar| first_overdue_day(day(due), calendar).to_string();
        assert_eq!(first("2026-11-20", &calendar), "2026-11-21");
        assert_eq!(first("2026-11-21", &calendar), "2026-11-24");
        assert_eq!(first("2026-11-22", &calendar), "2026-11-24");
        assert_eq!(first("2026-11-23", &calendar), "2026-11-24");
        calendar.holidays.insert(day("2026-11-23"));
        assert_eq!(first("2026-11-21", &calendar), "2026-11-25");
        for (at, late) in [("2026-11-20", 0), ("2026-11-24", 0), ("2026-11-25", 1), ("2026-11-26", 2)] {
            assert_eq!(overdue_days(day("2026-11-21"), day(at), &calendar), late, "{at}");
        }
    }
}
