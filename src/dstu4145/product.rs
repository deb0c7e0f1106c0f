//! Products of polynomials over GF(2) held in words.
//!
//! The processor's carry-less multiplication cannot be called from safe code. The comb of López and Dahab takes four bits of
//! every word of one factor at a time and looks their product with the other up. Integer multiplications of operands with
//! holes, where the carries die, were measured half again as slow.

#![expect(clippy::indexing_slicing, reason = "indices run over arrays of constant length; no input chooses them")]

/// Twice the words of the largest field.
pub(crate) const WIDE: usize = 14;

/// Products of one factor with the sixteen polynomials of degree below four, by their bits.
pub(crate) type Table<const N: usize> = [[u64; N]; 16];

/// The product of the `bits` lower bits of `a` with what `table` was made of.
#[inline]
pub(crate) fn comb<const N: usize>(a: &[u64; N], bits: usize, table: &Table<N>) -> [u64; WIDE] {
    let mut wide = [0; WIDE];
    for four in (0..16).rev() {
        for (j, word) in a.iter().enumerate() {
            if 64 * j + 4 * four < bits {
                let row = &table[usize::from((word >> (4 * four)).to_le_bytes()[0] & 15)];
                for i in 0..N {
                    wide[j + i] ^= row[i];
                }
            }
        }
        if four > 0 {
            for i in (1..2 * N).rev() {
                wide[i] = (wide[i] << 4) | (wide[i - 1] >> 60);
            }
            wide[0] <<= 4;
        }
    }
    wide
}

/// A word with a zero between each two bits: its square, lower and upper word.
#[inline]
pub(crate) fn square(word: u64) -> (u64, u64) {
    let spread = |half: u64| {
        let mut x = half & 0xffff_ffff;
        x = (x | (x << 16)) & 0x0000_ffff_0000_ffff;
        x = (x | (x << 8)) & 0x00ff_00ff_00ff_00ff;
        x = (x | (x << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
        x = (x | (x << 2)) & 0x3333_3333_3333_3333;
        (x | (x << 1)) & 0x5555_5555_5555_5555
    };
    (spread(word), spread(word >> 32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bit by bit, as on paper.
    fn plainly(x: u64, y: u64) -> (u64, u64) {
        let product = (0..64).filter(|bit| x >> bit & 1 == 1).fold(0_u128, |sum, bit| sum ^ (u128::from(y) << bit));
        let half = |shift: u32| u64::try_from((product >> shift) & u128::from(u64::MAX)).unwrap();
        (half(0), half(64))
    }

    proptest! {
        #[test]
        fn words_are_squared_as_on_paper(x: u64) {
            prop_assert_eq!(square(x), plainly(x, x));
        }

        #[test]
        fn polynomials_multiply_as_their_words_do(a: [u64; 5], b: [u64; 4]) {
            // The upper word is left free for the products with four bits.
            let b = [b[0], b[1], b[2], b[3], 0];
            let table = std::array::from_fn(|bits| std::array::from_fn(|i| {
                let upper = if i == 0 { 0 } else { plainly(b[i - 1], u64::try_from(bits).unwrap()).1 };
                plainly(b[i], u64::try_from(bits).unwrap()).0 ^ upper
            }));
            let mut expected = [0; WIDE];
            for i in 0..5 {
                for (j, word) in b.iter().enumerate() {
                    let (low, high) = plainly(a[i], *word);
                    expected[i + j] ^= low;
                    expected[i + j + 1] ^= high;
                }
            }
            prop_assert_eq!(comb(&a, 320, &table), expected);
        }
    }
}
