//! Codes with their check characters, made by trying: the types of `domain` know which one fits.

use oblik_domain::ids::{ContractNumber, Edrpou, Eic, Rnokpp};

use crate::SampleError;

/// The contract of customer `n`, from 1: 270000001 and on.
pub fn contract(n: u64) -> Result<ContractNumber, SampleError> {
    Ok(ContractNumber::parse(&format!("{}", 270_000_000 + n))?)
}

/// A code of the range that the state register does not reach.
pub fn edrpou(n: u64) -> Result<Edrpou, SampleError> {
    let codes = (0..10).filter_map(|check| Edrpou::parse(&format!("{:07}{check}", 9_900_000 + n)).ok());
    codes.into_iter().find(Edrpou::check_digit_holds).ok_or(SampleError::Value("a ЄДРПОУ"))
}

/// A taxpayer number of somebody to be born far in the coming century.
pub fn rnokpp(n: u64) -> Result<Rnokpp, SampleError> {
    let mut numbers = (0..10).filter_map(|check| Rnokpp::parse(&format!("{:09}{check}", 900_000_000 + n)).ok());
    numbers.next().ok_or(SampleError::Value("a РНОКПП"))
}

/// The code of a metering point: customer and number of the point, from 1 to 3, in the series of an invented operator.
pub fn eic(customer: u64, point: u64) -> Result<Eic, SampleError> {
    // One body in 37 has no check character; then the next number of the same point is taken.
    let bodies = [0, 3, 6].map(|more| format!("62Z27{:010}", customer * 10 + point + more));
    let checks = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut codes =
        bodies.iter().flat_map(|body| checks.chars().filter_map(move |check| Eic::parse(&format!("{body}{check}")).ok()));
    codes.next().ok_or(SampleError::Value("an EIC"))
}

/// ІПН of a legal entity: seven digits of its ЄДРПОУ, then five of region and number.
pub fn vat_number(edrpou: &Edrpou, n: u64) -> String {
    let body: String = edrpou.as_str().chars().take(7).collect();
    format!("{body}17{:03}", n % 1000)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn two_thousand_customers_have_codes_of_their_own() {
        let mut seen = BTreeSet::new();
        for n in 1..=2_000 {
            assert!(edrpou(n).unwrap().check_digit_holds());
            assert!(seen.insert(contract(n).unwrap().to_string()));
            assert!(seen.insert(rnokpp(n).unwrap().to_string()));
            for point in 1..=3 {
                assert!(seen.insert(eic(n, point).unwrap().to_string()), "customer {n} point {point}");
            }
        }
    }
}
