//! Points of y² + xy = x³ + Ax² + B, and the sum of two multiples.
//!
//! Formulas of López and Dahab (x = X/Z, y = Y/Z²); the mixed addition is that of Al-Daoud and others, both as the
//! Explicit-Formulas Database lists them ("dbl-2005-l", "madd-2005-dl").

#![expect(clippy::many_single_char_names, reason = "the letters of the published formulas")]

use crate::curve::{Parameters, Prepared};
use crate::field::{Element, Factor};
use crate::scalar;

/// A point that is not the one at infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Affine<F, const N: usize> {
    pub x: Element<F, N>,
    pub y: Element<F, N>,
}

/// Any point; Z is zero at infinity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Projective<F, const N: usize> {
    pub x: Element<F, N>,
    pub y: Element<F, N>,
    pub z: Element<F, N>,
}

impl<F: Parameters<N>, const N: usize> Affine<F, N> {
    pub fn is_on_curve(&self) -> bool {
        let Self { x, y } = *self;
        let right = x.square() * (if F::A { x + Element::ONE } else { x }) + F::B;
        y.square() + x * y == right
    }

    /// The point of `x` whose y/x has this trace. Source: DSTU 4145-2002 §6.10.
    pub fn with_x(x: Element<F, N>, trace: bool) -> Option<Self> {
        if x.is_zero() {
            return None;
        }
        // z² + z = x + A + B/x² for z = y/x.
        let a = if F::A { Element::ONE } else { Element::ZERO };
        let right = x + a + F::B * x.square().invert();
        if right.trace() {
            return None;
        }
        let z = right.half_trace();
        let z = if z.trace() == trace { z } else { z + Element::ONE };
        Some(Self { x, y: z * x })
    }

    /// Whether the order of the base point is a multiple of this point's.
    ///
    /// The group is cyclic of 2n or 4n points, so this asks whether the point can be halved once or twice: x of a double has the
    /// trace of A, and the half of (x, y) has the x-coordinate √(y + x(λ + 1)) with λ² + λ = x + A.
    pub fn is_in_subgroup(&self) -> bool {
        let Self { x, y } = *self;
        if F::A {
            return x.trace();
        }
        if x.trace() {
            return false;
        }
        // The trace of a square is that of its root; whichever solution λ is taken, the answer is the same.
        let lambda = x.half_trace();
        !(y + x * (lambda + Element::ONE)).trace()
    }

    fn negated(&self) -> Self {
        Self { x: self.x, y: self.x + self.y }
    }

    fn lifted(self) -> Projective<F, N> {
        Projective { x: self.x, y: self.y, z: Element::ONE }
    }
}

impl<F: Parameters<N>, const N: usize> Projective<F, N> {
    pub const INFINITY: Self = Self { x: Element::ONE, y: Element::ZERO, z: Element::ZERO };

    pub fn is_infinity(&self) -> bool {
        self.z.is_zero()
    }

    /// x of the affine point; `None` at infinity.
    pub fn affine_x(&self) -> Option<Element<F, N>> {
        (!self.is_infinity()).then(|| self.x * self.z.invert())
    }

    /// `curve_b` is B.
    pub fn doubled(&self, curve_b: &Factor<F, N>) -> Self {
        let s = self.x.square();
        let u = self.z.square();
        let z = s * u;
        let w = curve_b.times(u.square());
        let x = s.square() + w;
        let inner = self.y.square() + w;
        let y = w * z + x * (if F::A { z + inner } else { inner });
        Self { x, y, z }
    }

    pub fn plus(&self, other: &Affine<F, N>, curve_b: &Factor<F, N>) -> Self {
        if self.is_infinity() {
            return other.lifted();
        }
        let a = self.y + other.y * self.z.square();
        let b = self.x + other.x * self.z;
        if b.is_zero() {
            return if a.is_zero() { self.doubled(curve_b) } else { Self::INFINITY };
        }
        let c = b * self.z;
        let z = c.square();
        let d = other.x * z;
        let inner = a + b.square();
        let x = a.square() + c * (if F::A { inner + c } else { inner });
        let y = (d + x) * (a * c + z) + (other.x + other.y) * z.square();
        Self { x, y, z }
    }
}

/// The points given, in affine coordinates with one inversion for all; those at infinity are left out.
fn affine<F: Parameters<N>, const N: usize>(points: &[Projective<F, N>]) -> Vec<Affine<F, N>> {
    let points: Vec<_> = points.iter().filter(|point| !point.is_infinity()).collect();
    // Products of all z up to each; then the inverse of the whole is taken apart from the end.
    let mut products = Vec::with_capacity(points.len());
    let mut product = Element::ONE;
    for point in &points {
        products.push(product);
        product = product * point.z;
    }
    let mut inverse = product.invert();
    let mut found = Vec::with_capacity(points.len());
    for (point, before) in points.iter().zip(&products).rev() {
        let one_over_z = inverse * *before;
        inverse = inverse * point.z;
        found.push(Affine { x: point.x * one_over_z, y: point.y * one_over_z.square() });
    }
    found.reverse();
    found
}

/// 1, 3, 5, … times `point`, as many as digits of `width` need. `point` has the order of the base point.
pub(crate) fn odd_multiples<F: Parameters<N>, const N: usize>(
    point: &Affine<F, N>,
    width: u32,
    curve_b: &Factor<F, N>,
) -> Vec<Affine<F, N>> {
    let Some(double) = affine(&[point.lifted().doubled(curve_b)]).pop() else { return Vec::new() };
    let mut multiples = vec![point.lifted()];
    let mut last = point.lifted();
    for _ in 1..1 << (width - 2) {
        last = last.plus(&double, curve_b);
        multiples.push(last);
    }
    affine(&multiples)
}

/// Digits of a key's multiplier: its table is made for each verification.
const WIDTH: u32 = 5;
/// Digits of the base point's multiplier: its table is made once.
pub(crate) const BASE_WIDTH: u32 = 8;

/// `s` times the base point plus `r` times `point`, doubling for both at once.
pub(crate) fn sum_of_multiples<F: Parameters<N>, const N: usize>(
    s: &[u64; N],
    r: &[u64; N],
    point: &Affine<F, N>,
) -> Projective<F, N> {
    let Prepared { base_multiples, b } = F::prepared();
    let multiples = odd_multiples(point, WIDTH, b);
    let parts = [(scalar::digits(s, BASE_WIDTH), base_multiples), (scalar::digits(r, WIDTH), &multiples)];
    let places = parts.iter().map(|(digits, _)| digits.len()).max().unwrap_or(0);
    let mut sum = Projective::INFINITY;
    for place in (0..places).rev() {
        sum = sum.doubled(b);
        for (digits, multiples) in &parts {
            let digit = digits.get(place).copied().unwrap_or(0);
            if digit == 0 {
                continue;
            }
            let Some(multiple) = multiples.get(usize::from(digit.unsigned_abs() / 2)) else { continue };
            let multiple = if digit < 0 { multiple.negated() } else { *multiple };
            sum = sum.plus(&multiple, b);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::fields::*;
    use crate::curve::{Curve, Parameters};

    fn base_point_is_sound<F: Parameters<N>, const N: usize>() {
        assert!(F::BASE.is_on_curve(), "{}", F::BITS);
        assert!(F::BASE.is_in_subgroup(), "{}", F::BITS);
        let zero = [0; N];
        let mut less = F::ORDER;
        less[0] -= 1;
        let n_minus_1 = sum_of_multiples(&less, &zero, &F::BASE);
        assert_eq!(n_minus_1.affine_x(), Some(F::BASE.x));
        assert!(n_minus_1.plus(&F::BASE, &F::prepared().b).is_infinity());
        assert!(sum_of_multiples(&zero, &F::ORDER, &F::BASE).is_infinity());
        assert!(sum_of_multiples(&F::ORDER, &zero, &F::BASE).is_infinity());
    }

    #[test]
    fn every_base_point_lies_on_its_curve_and_has_its_order() {
        base_point_is_sound::<M163, 3>();
        base_point_is_sound::<M167, 3>();
        base_point_is_sound::<M173, 3>();
        base_point_is_sound::<M179, 3>();
        base_point_is_sound::<M191, 3>();
        base_point_is_sound::<M233, 4>();
        base_point_is_sound::<M257, 5>();
        base_point_is_sound::<M307, 5>();
        base_point_is_sound::<M367, 6>();
        base_point_is_sound::<M431, 7>();
        assert_eq!(Curve::ALL.map(Curve::bits), [163, 167, 173, 179, 191, 233, 257, 307, 367, 431]);
    }

    /// Random points of the curve: half or a quarter of them have the order of the base point, as n·Q = O says.
    fn subgroup_is_told_apart<F: Parameters<N>, const N: usize>() {
        let mut counts = [0; 2];
        for seed in 2_u64..60 {
            let words: [u64; N] =
                std::array::from_fn(|i| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(11 * u32::try_from(i).unwrap()));
            let Some(point) = Affine::<F, N>::with_x(Element::from_words(words), seed % 3 == 0) else { continue };
            assert!(point.is_on_curve());
            // n·Q by the digits of n over Q itself, one addition at a time: tables may meet infinity for small orders.
            let mut sum = Projective::INFINITY;
            for place in (0..scalar::bits(&F::ORDER)).rev() {
                sum = sum.doubled(&F::prepared().b);
                if F::ORDER[place / 64] >> (place % 64) & 1 == 1 {
                    sum = sum.plus(&point, &F::prepared().b);
                }
            }
            assert_eq!(sum.is_infinity(), point.is_in_subgroup(), "{} {seed}", F::BITS);
            counts[usize::from(point.is_in_subgroup())] += 1;
        }
        assert!(counts[0] > 4 && counts[1] > 2, "{} {counts:?}", F::BITS);
    }

    #[test]
    fn the_subgroup_test_agrees_with_multiplication_by_the_order() {
        subgroup_is_told_apart::<M163, 3>();
        subgroup_is_told_apart::<M173, 3>();
        subgroup_is_told_apart::<M257, 5>();
        subgroup_is_told_apart::<M431, 7>();
    }
}
