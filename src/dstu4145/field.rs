//! GF(2^m) over a polynomial basis: polynomials over GF(2) of degree below m, reduced by the trinomial or pentanomial of the
//! standard (DSTU 4145-2002 table 1).

#![expect(clippy::indexing_slicing, reason = "indices run over arrays of constant length; no input chooses them")]

use std::marker::PhantomData;
use std::ops::{Add, Mul};

use crate::product;

/// Which field: its degree and the lower terms of its polynomial.
pub(crate) trait Field: Copy + Eq + std::fmt::Debug + 'static {
    /// Degree m, odd.
    const BITS: usize;
    /// Exponents between m and 0 of the reducing polynomial: one, or three.
    const TERMS: &'static [usize];
}

/// An element of the field `F`, lower words first; bits from m on are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<F, const N: usize>([u64; N], PhantomData<F>);

impl<F, const N: usize> std::fmt::Debug for Element<F, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().rev().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl<F: Field, const N: usize> Element<F, N> {
    pub const ZERO: Self = Self([0; N], PhantomData);
    pub const ONE: Self = Self(word_of_one(), PhantomData);

    /// Bits of the upper word that are used.
    const UPPER_BITS: usize = F::BITS % 64;
    /// Whose scalar product with an element is its trace.
    const TRACE: [u64; N] = trace_mask(F::BITS, F::TERMS);

    /// From words whose bits from m on are dropped.
    pub const fn from_words(mut words: [u64; N]) -> Self {
        words[N - 1] &= (1 << Self::UPPER_BITS) - 1;
        Self(words, PhantomData)
    }

    pub fn words(&self) -> &[u64; N] {
        &self.0
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    pub fn is_odd(&self) -> bool {
        self.0[0] & 1 == 1
    }

    #[inline]
    pub fn square(&self) -> Self {
        let mut wide = [0; product::WIDE];
        for i in 0..N {
            (wide[2 * i], wide[2 * i + 1]) = product::square(self.0[i]);
        }
        Self::reduce(wide)
    }

    /// The products with the polynomials of degree below four, reduced so that they fit.
    #[inline]
    fn table(&self) -> product::Table<N> {
        let mut table = [[0; N]; 16];
        table[1] = self.0;
        for bits in 1..8 {
            let double = Self(table[bits], PhantomData).times_x();
            table[2 * bits] = double.0;
            table[2 * bits + 1] = (double + *self).0;
        }
        table
    }

    #[inline]
    fn times_x(&self) -> Self {
        let mut words = self.0;
        for i in (1..N).rev() {
            words[i] = (words[i] << 1) | (words[i - 1] >> 63);
        }
        words[0] <<= 1;
        let over = words[N - 1] >> Self::UPPER_BITS & 1;
        words[0] ^= F::TERMS.iter().fold(over, |sum, term| sum | over << term);
        words[N - 1] &= (1 << Self::UPPER_BITS) - 1;
        Self(words, PhantomData)
    }

    /// Squared `times` times.
    pub fn squared(self, times: usize) -> Self {
        (0..times).fold(self, |power, _| power.square())
    }

    /// 1/x by Itoh and Tsujii: x to the power of 2^m − 2; zero of zero.
    pub fn invert(&self) -> Self {
        // `power` is x to 2^length − 1.
        let (mut power, mut length) = (*self, 1);
        let target = F::BITS - 1;
        for bit in (0..target.ilog2()).rev() {
            power = power.squared(length) * power;
            length *= 2;
            if target >> bit & 1 == 1 {
                power = power.square() * *self;
                length += 1;
            }
        }
        power.square()
    }

    /// The sum of the m conjugates, 0 or 1.
    pub fn trace(&self) -> bool {
        let folded = (0..N).fold(0, |sum, i| sum ^ (self.0[i] & Self::TRACE[i]));
        folded.count_ones() % 2 == 1
    }

    /// A solution z of z² + z = x, where the trace of x is 0; the other is z + 1. Source: DSTU 4145-2002 §6.5 (half-trace).
    pub fn half_trace(&self) -> Self {
        (0..F::BITS / 2).fold(*self, |sum, _| sum.squared(2) + *self)
    }

    /// Each word above the field is taken down by the polynomial's terms; these lie more than a word below m.
    #[inline]
    fn reduce(mut wide: [u64; product::WIDE]) -> Self {
        for i in (N..2 * N).rev() {
            let word = wide[i];
            Self::fold(&mut wide, word, 64 * i - F::BITS);
            for term in F::TERMS {
                Self::fold(&mut wide, word, 64 * i - F::BITS + term);
            }
        }
        let over = wide[N - 1] >> Self::UPPER_BITS;
        wide[0] ^= over;
        for term in F::TERMS {
            wide[0] ^= over << term;
            wide[1] ^= over >> (64 - term);
        }
        let mut words = [0; N];
        words.copy_from_slice(&wide[..N]);
        Self::from_words(words)
    }

    #[inline]
    fn fold(wide: &mut [u64; product::WIDE], word: u64, at: usize) {
        let (index, shift) = (at / 64, at % 64);
        wide[index] ^= word << shift;
        if shift > 0 {
            wide[index + 1] ^= word >> (64 - shift);
        }
    }
}

/// An element made ready to be multiplied by again and again.
#[derive(Debug, Clone)]
pub(crate) struct Factor<F, const N: usize>(product::Table<N>, PhantomData<F>);

impl<F: Field, const N: usize> Factor<F, N> {
    pub fn of(element: Element<F, N>) -> Self {
        Self(element.table(), PhantomData)
    }

    #[inline]
    pub fn times(&self, element: Element<F, N>) -> Element<F, N> {
        Element::reduce(product::comb(&element.0, F::BITS, &self.0))
    }
}

impl<F: Field, const N: usize> Add for Element<F, N> {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] ^ other.0[i]), PhantomData)
    }
}

impl<F: Field, const N: usize> Mul for Element<F, N> {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        Factor::of(other).times(self)
    }
}

const fn word_of_one<const N: usize>() -> [u64; N] {
    let mut words = [0; N];
    words[0] = 1;
    words
}

/// Bit k is the trace of x^k: the k-th power sum of the polynomial's roots, by Newton's identities over GF(2).
const fn trace_mask<const N: usize>(bits: usize, terms: &[usize]) -> [u64; N] {
    let mut mask: [u64; N] = word_of_one();
    let mut k = 1;
    while k < bits {
        let mut sum = 0;
        let mut i = 0;
        while i < terms.len() {
            let down = bits - terms[i];
            if down < k {
                sum ^= mask[(k - down) / 64] >> ((k - down) % 64) & 1;
            } else if down == k && k % 2 == 1 {
                sum ^= 1;
            }
            i += 1;
        }
        mask[k / 64] |= sum << (k % 64);
        k += 1;
    }
    mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::fields::*;

    fn laws_hold<F: Field, const N: usize>(words: [[u64; 7]; 3]) {
        let [a, b, c] = words.map(|words| {
            let mut own = [0; N];
            own.copy_from_slice(&words[..N]);
            Element::<F, N>::from_words(own)
        });
        assert_eq!((a * b) * c, a * (b * c));
        assert_eq!(a * b, b * a);
        assert_eq!(a * (b + c), a * b + a * c);
        assert_eq!(a.square(), a * a);
        assert_eq!(a * Element::ONE, a);
        assert_eq!(a.squared(F::BITS), a);
        assert_eq!(a.is_zero(), (a * a.invert()).is_zero());
        if !a.is_zero() {
            assert_eq!(a * a.invert(), Element::ONE);
        }
        // The trace by its definition, and the half-trace by its equation.
        let mut sum = Element::ZERO;
        let mut power = a;
        for _ in 0..F::BITS {
            sum = sum + power;
            power = power.square();
        }
        assert_eq!(sum, if a.trace() { Element::ONE } else { Element::ZERO });
        let z = a.half_trace();
        assert_eq!(z.square() + z, if a.trace() { a + Element::ONE } else { a });
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_laws_of_a_field_hold_in_each(words: [[u64; 7]; 3]) {
            laws_hold::<M163, 3>(words);
            laws_hold::<M167, 3>(words);
            laws_hold::<M173, 3>(words);
            laws_hold::<M179, 3>(words);
            laws_hold::<M191, 3>(words);
            laws_hold::<M233, 4>(words);
            laws_hold::<M257, 5>(words);
            laws_hold::<M307, 5>(words);
            laws_hold::<M367, 6>(words);
            laws_hold::<M431, 7>(words);
        }
    }

    #[test]
    fn the_largest_elements_are_reduced_whole() {
        laws_hold::<M257, 5>([[u64::MAX; 7], [u64::MAX; 7], [1, 0, 0, 0, 1, 0, 0]]);
        laws_hold::<M431, 7>([[u64::MAX; 7], [0; 7], [u64::MAX; 7]]);
    }
}
