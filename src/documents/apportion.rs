//! Sums in parts that add up to them again: whole kopiykas first, what is left to the greatest remainders.
//!
//! Documents that show a sum by rows must come to the sum itself, not to what rounding each row would make of it.

use std::cmp::Reverse;

use oblik_domain::Decimal;
use oblik_domain::bill::{Bill, BillLine};
use oblik_domain::money::Kopiykas;

/// `total` in parts proportional to `weights`. Without any weight the first has it all.
pub fn apportion(total: Kopiykas, weights: &[i64]) -> Vec<Kopiykas> {
    let whole: i128 = weights.iter().copied().map(i128::from).sum();
    let sign = whole.signum();
    if sign == 0 {
        return (0..weights.len()).map(|index| if index == 0 { total } else { Kopiykas::ZERO }).collect();
    }
    let shares: Vec<i128> = weights.iter().map(|weight| i128::from(*weight) * i128::from(total.0) * sign).collect();
    settle(total, &shares, whole * sign)
}

/// The VAT of each line, which adds up to the VAT of the bill and to that of each type of debt; nothing for lines without it.
///
/// VAT is rounded once a document (R-VAT-1). Each debt's is split over its lines at the bill's rate by largest remainder.
pub fn vat_by_line(bill: &Bill) -> Vec<Kopiykas> {
    let mut vats = vec![Kopiykas::ZERO; bill.lines.len()];
    let mut left = bill.vat;
    let vatable = |line: &&BillLine| line.vatable;
    for charge in &bill.charges {
        if bill.lines.iter().filter(vatable).any(|line| line.debt == charge.debt) {
            fill(bill, charge.vat, |line| line.debt == charge.debt, &mut vats);
            left = left - charge.vat;
        }
    }
    // Old bills name no debts.
    let named = |line: &BillLine| bill.charges.iter().any(|charge| charge.debt == line.debt);
    if bill.lines.iter().filter(vatable).any(|line| !named(line)) {
        fill(bill, left, |line| !named(line), &mut vats);
    }
    vats
}

fn fill(bill: &Bill, vat: Kopiykas, of: impl Fn(&BillLine) -> bool, vats: &mut [Kopiykas]) {
    let wanted = |line: &BillLine| line.vatable && of(line);
    let rate = bill.vat_rate;
    let hundred = 10_i128.saturating_pow(rate.scale().saturating_add(2));
    let nets: Vec<i128> =
        bill.lines.iter().filter(|line| wanted(line)).map(|line| i128::from(line.net.0).saturating_mul(percent(rate))).collect();
    let slots = bill.lines.iter().zip(vats).filter(|(line, _)| wanted(line));
    for ((_, slot), own) in slots.zip(settle(vat, &nets, hundred)) {
        *slot = own;
    }
}

fn percent(rate: Decimal) -> i128 {
    rate.mantissa()
}

/// `shares` over `divisor`, rounded so that they come to `total`.
fn settle(total: Kopiykas, shares: &[i128], divisor: i128) -> Vec<Kopiykas> {
    let mut parts: Vec<i128> = shares.iter().map(|share| share.div_euclid(divisor)).collect();
    let (Some(count), left) = (i128::try_from(parts.len()).ok().filter(|count| *count > 0), parts.iter().sum::<i128>()) else {
        return Vec::new();
    };
    let left = i128::from(total.0) - left;
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| Reverse(shares.get(*index).map(|share| share.rem_euclid(divisor))));
    let (each, more) = (left.div_euclid(count), left.rem_euclid(count));
    for (place, index) in (0_i128..).zip(order) {
        if let Some(part) = parts.get_mut(index) {
            *part += each + i128::from(place < more);
        }
    }
    parts.into_iter().map(|part| Kopiykas(i64::try_from(part).unwrap_or(if part < 0 { i64::MIN } else { i64::MAX }))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(total: i64, weights: &[i64]) -> Vec<i64> {
        apportion(Kopiykas(total), weights).into_iter().map(|part| part.0).collect()
    }

    #[test]
    fn parts_come_to_their_sum_and_the_greatest_remainders_get_what_is_left() {
        for (total, weights, expected) in [
            (100, vec![1, 1, 1], vec![34, 33, 33]),
            (100, vec![2, 3, 3], vec![25, 38, 37]),
            (-100, vec![1, 1, 1], vec![-33, -33, -34]),
            (10, vec![0, 0], vec![10, 0]),
            (10, vec![-1, -1], vec![5, 5]),
            (7, vec![3], vec![7]),
            (5, vec![], vec![]),
            (i64::MAX, vec![i64::MAX, 1], vec![i64::MAX - 1, 1]),
        ] {
            assert_eq!(parts(total, &weights), expected, "{total} by {weights:?}");
        }
    }

    #[test]
    fn a_part_differs_from_its_exact_share_by_less_than_a_kopiyka() {
        let mut seed = 7_u64;
        for _ in 0..500 {
            let mut next = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                i64::try_from(seed >> 40).unwrap()
            };
            let weights: Vec<i64> = (0..=next() % 9).map(|_| next()).collect();
            let (total, whole) = (next(), weights.iter().sum::<i64>());
            let parts = parts(total, &weights);
            assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = i128::from(total) * i128::from(*weight);
                assert!((i128::from(*part) * i128::from(whole) - exact).abs() < i128::from(whole.max(1)));
            }
        }
    }
}
