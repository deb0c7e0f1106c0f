//! Numbers below the order of the base point, as words, lower first.

#![expect(clippy::indexing_slicing, reason = "indices run over arrays of constant length; no input chooses them")]

use std::cmp::Ordering;

/// The number of little-endian `octets`; `None` when it does not fit. Octets above may be zero.
pub(crate) fn from_octets<const N: usize>(octets: &[u8]) -> Option<[u64; N]> {
    let mut words = [0; N];
    for (position, octet) in octets.iter().enumerate() {
        match words.get_mut(position / 8) {
            Some(word) => *word |= u64::from(*octet) << (position % 8 * 8),
            None if *octet == 0 => {}
            None => return None,
        }
    }
    Some(words)
}

pub(crate) fn is_less<const N: usize>(a: &[u64; N], b: &[u64; N]) -> bool {
    a.iter().rev().cmp(b.iter().rev()) == Ordering::Less
}

/// Bits up to the highest that is set.
pub(crate) fn bits<const N: usize>(words: &[u64; N]) -> usize {
    let used = words.iter().rposition(|word| *word != 0);
    used.map_or(0, |index| 64 * index + usize::try_from(64 - words[index].leading_zeros()).unwrap_or(64))
}

/// The lower `bits` bits.
pub(crate) fn truncated<const N: usize>(words: &[u64; N], bits: usize) -> [u64; N] {
    let mut lower = *words;
    for (index, word) in lower.iter_mut().enumerate() {
        let kept = bits.saturating_sub(64 * index);
        if kept < 64 {
            *word &= (1 << kept) - 1;
        }
    }
    lower
}

/// The digits of `number` in width-w non-adjacent form, lowest first: odd and below 2^(w−1) in magnitude, or zero.
/// `number` leaves the highest bit of its words free, as every order does.
pub(crate) fn digits<const N: usize>(number: &[u64; N], width: u32) -> Vec<i16> {
    let mut rest = *number;
    let mut digits = Vec::with_capacity(64 * N + 1);
    let modulus = 1_u64 << width;
    while rest != [0; N] {
        let mut digit = 0;
        if rest[0] & 1 == 1 {
            let low = rest[0] & (modulus - 1);
            rest[0] -= low;
            digit = i16::try_from(low).unwrap_or(0);
            if low >= modulus / 2 {
                add(&mut rest, modulus);
                digit -= i16::try_from(modulus).unwrap_or(0);
            }
        }
        digits.push(digit);
        halve(&mut rest);
    }
    digits
}

fn add<const N: usize>(words: &mut [u64; N], more: u64) {
    let mut carry = more;
    for word in words {
        let (sum, is_over) = word.overflowing_add(carry);
        *word = sum;
        carry = u64::from(is_over);
    }
}

fn halve<const N: usize>(words: &mut [u64; N]) {
    let mut carry = 0;
    for word in words.iter_mut().rev() {
        let low = *word & 1;
        *word = (*word >> 1) | (carry << 63);
        carry = low;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_sparse_and_sum_up_to_the_number(low: u64, high in 0_u64..1 << 60, width in 2_u32..9) {
            let found = digits(&[low, high], width);
            let mut sum = 0_i128;
            for (place, digit) in found.iter().enumerate() {
                prop_assert!(*digit == 0 || digit % 2 != 0);
                prop_assert!(i32::from(*digit).abs() < 1 << (width - 1));
                sum += i128::from(*digit) << place;
            }
            prop_assert_eq!(sum, (i128::from(high) << 64) | i128::from(low));
            let places: Vec<usize> = found.iter().enumerate().filter(|(_, digit)| **digit != 0).map(|(place, _)| place).collect();
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= usize::try_from(width).unwrap()));
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert_eq!(from_octets::<1>(&[1, 2]), Some([0x0201]));
        assert_eq!(from_octets::<1>(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0]), Some([1 << 56]));
        assert_eq!(from_octets::<1>(&[0, 0, 0, 0, 0, 0, 0, 1, 1]), None);
        assert!(is_less(&[5, 0], &[0, 1]));
        assert!(!is_less(&[0, 1], &[0, 1]));
        assert_eq!(bits(&[0, 1]), 65);
        assert_eq!(bits(&[0, 0]), 0);
        assert_eq!(truncated(&[u64::MAX, u64::MAX], 65), [u64::MAX, 1]);
        assert_eq!(truncated(&[u64::MAX, u64::MAX], 3), [7, 0]);
    }
}
