//! Planned payments and prepayment, and what is left to pay by the period's invoice. Source: R-ADV.

use oblik_domain::account::PaymentScheme;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};

/// One payment before the invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    pub due_on: NaiveDate,
    pub amount: Kopiykas,
}

/// What a scheme asks for before the period's invoice, of an expected sum with VAT.
///
/// Planned payments are due in the period, a prepayment in the month before it; a day the month does not have is its last.
/// Each is rounded to kopiykas, the last takes the remainder.
///
/// # Errors
/// [`Code::ParameterUnusable`] for a negative sum, or shares that come to more than the whole.
pub fn instalments(scheme: &PaymentScheme, expected: Kopiykas, period: Period) -> Result<Vec<Instalment>, Finding> {
    if expected < Kopiykas::ZERO {
        return Err(unusable("expected-sum", expected));
    }
    let parts = match scheme {
        PaymentScheme::Fact => return Ok(Vec::new()),
        PaymentScheme::Prepayment { due_day } => {
            let before = Period::from_ordinal(period.ordinal() - 1).unwrap_or(period);
            return Ok(vec![Instalment { due_on: day_of(before, *due_day), amount: expected }]);
        }
        PaymentScheme::Planned(parts) => parts,
    };
    let mut rest = expected;
    let mut made = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let share = || {
            let product = expected.hryvnias().checked_mul(part.percent)?.checked_div(Decimal::ONE_HUNDRED)?;
            Kopiykas::from_hryvnias(product)
        };
        let amount = if is_last { rest } else { share().ok_or_else(|| unusable("payment-share", part.percent))? };
        rest = rest - amount;
        if part.percent < Decimal::ZERO || rest < Kopiykas::ZERO {
            return Err(unusable("payment-share", part.percent));
        }
        made.push(Instalment { due_on: day_of(period, part.due_day), amount });
    }
    Ok(made)
}

/// What is left to pay by the final invoice; negative where more was paid (R-ADV).
pub fn final_settlement(invoice: Kopiykas, paid: Kopiykas) -> Kopiykas {
    invoice - paid
}

fn day_of(period: Period, day: u8) -> NaiveDate {
    let days = period.first_day().iter_days().take(usize::from(day.max(1)));
    days.take_while(|day| *day <= period.last_day()).last().unwrap_or_else(|| period.first_day())
}

fn unusable(parameter: &str, value: impl std::fmt::Display) -> Finding {
    Finding::error(Code::ParameterUnusable).with("parameter", parameter).with("value", value)
}

#[cfg(test)]
mod tests {
    use oblik_domain::account::PlannedPart;

    use super::*;

    fn planned(parts: &[(u8, &str)]) -> PaymentScheme {
        let part = |(due_day, percent): &(u8, &str)| PlannedPart { due_day: *due_day, percent: percent.parse().unwrap() };
        PaymentScheme::Planned(parts.iter().map(part).collect())
    }

    fn told(scheme: &PaymentScheme, expected: i64, period: &str) -> Vec<(String, i64)> {
        let made = instalments(scheme, Kopiykas(expected), Period::parse(period).unwrap()).unwrap();
        made.into_iter().map(|one| (one.due_on.to_string(), one.amount.0)).collect()
    }

    #[test]
    fn the_last_instalment_takes_the_remainder() {
        let thirds = planned(&[(5, "33.33"), (15, "33.33"), (25, "33.34")]);
        let expected = [("2026-10-05", 3_333), ("2026-10-15", 3_333), ("2026-10-25", 3_335)];
        assert_eq!(told(&thirds, 10_001, "2026-10"), expected.map(|(day, sum)| (day.to_owned(), sum)));
        // 50 % of 0.01 is half a kopiyka: the first rounds up, nothing is left for the last.
        assert_eq!(
            told(&planned(&[(1, "50"), (2, "50")]), 1, "2026-10"),
            [("2026-10-01".to_owned(), 1), ("2026-10-02".to_owned(), 0)]
        );
        // Shares that do not reach the whole leave the rest to the last as well.
        assert_eq!(
            told(&planned(&[(1, "10"), (2, "10")]), 100, "2026-10"),
            [("2026-10-01".to_owned(), 10), ("2026-10-02".to_owned(), 90)]
        );
    }

    #[test]
    fn a_day_the_month_does_not_have_is_its_last() {
        for (period, due) in
            [("2026-02", "2026-02-28"), ("2028-02", "2028-02-29"), ("2026-04", "2026-04-30"), ("2026-05", "2026-05-31")]
        {
            assert_eq!(told(&planned(&[(31, "100")]), 7, period), [(due.to_owned(), 7)]);
        }
        assert_eq!(told(&planned(&[(0, "100")]), 7, "2026-05"), [("2026-05-01".to_owned(), 7)]);
        assert_eq!(told(&planned(&[(30, "100")]), 7, "2026-05"), [("2026-05-30".to_owned(), 7)]);
    }

    #[test]
    fn a_prepayment_is_due_in_the_month_before() {
        assert_eq!(told(&PaymentScheme::Prepayment { due_day: 25 }, 500, "2026-01"), [("2025-12-25".to_owned(), 500)]);
        assert_eq!(told(&PaymentScheme::Fact, 500, "2026-01"), []);
        assert_eq!(told(&planned(&[]), 500, "2026-01"), []);
    }

    #[test]
    fn shares_above_the_whole_and_negative_sums_are_refused() {
        let period = Period::parse("2026-10").unwrap();
        for (scheme, expected) in [
            (planned(&[(1, "60"), (2, "60"), (3, "1")]), 100),
            (planned(&[(1, "-1"), (2, "101")]), 100),
            (planned(&[(1, "-0.0001"), (2, "100")]), 100),
            (PaymentScheme::Fact, -1),
            (planned(&[(1, "79228162514264337593543950335"), (2, "1")]), 10_000),
        ] {
            let refused = instalments(&scheme, Kopiykas(expected), period).unwrap_err();
            assert_eq!(refused.code, Code::ParameterUnusable, "{scheme:?}");
        }
        assert_eq!(told(&planned(&[(1, "100"), (2, "0")]), 100, "2026-10")[1].1, 0);
    }

    #[test]
    fn the_final_invoice_asks_for_what_was_not_paid() {
        assert_eq!(final_settlement(Kopiykas(1_000), Kopiykas(800)), Kopiykas(200));
        assert_eq!(final_settlement(Kopiykas(1_000), Kopiykas(1_200)), Kopiykas(-200));
    }
}
