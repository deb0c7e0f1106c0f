//! Public keys, and whether a signature is theirs.

use crate::curve::{Curve, Parameters, Point};
use crate::field::Element;
use crate::point::{Affine, sum_of_multiples};
use crate::scalar;

/// A public key: a point of the order of its curve's base point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(Point);

/// Why octets are no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// Not as many octets as an element of the field has, or bits beyond it.
    Length,
    /// No point of the curve has this x-coordinate, or the one that has is its own negative.
    OffCurve,
    /// The point has another order than the base point.
    Order,
}

impl KeyFault {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Length => "a point of another length",
            Self::OffCurve => "a point that is not on the curve",
            Self::Order => "a point of another order",
        }
    }
}

impl PublicKey {
    /// From a compressed point, little-endian: x with the trace of y/x in place of its lowest bit.
    ///
    /// # Errors
    /// [`KeyFault`] for what is no point of the right order.
    pub fn of(curve: Curve, compressed: &[u8]) -> Result<Self, KeyFault> {
        Point::of(curve, compressed).map(Self)
    }

    pub fn curve(&self) -> Curve {
        self.0.curve()
    }

    /// Whether `signature` (r ‖ s, each little-endian and of one length) is one of this key's holder over `hash`.
    pub fn verify(&self, hash: &[u8], signature: &[u8]) -> bool {
        self.0.verify(hash, signature)
    }
}

/// Source: DSTU 4145-2002 §6.10. The trace of x is that of A for every point of the base point's order, so the lowest bit of x
/// can be found again.
pub(crate) fn decompressed<F: Parameters<N>, const N: usize>(compressed: &[u8]) -> Result<Affine<F, N>, KeyFault> {
    if compressed.len() != F::BITS.div_ceil(8) {
        return Err(KeyFault::Length);
    }
    let words = scalar::from_octets::<N>(compressed).ok_or(KeyFault::Length)?;
    if scalar::bits(&words) > F::BITS {
        return Err(KeyFault::Length);
    }
    // All zeros stand for the point of order two, (0, √B).
    let received = Element::from_words(words);
    if received.is_zero() {
        return Err(KeyFault::OffCurve);
    }
    let trace = received.is_odd();
    // The constant 1 has trace 1, as m is odd.
    let even = if trace { received + Element::ONE } else { received };
    let x = if even.trace() == F::A { even } else { even + Element::ONE };
    let point = Affine::with_x(x, trace).ok_or(KeyFault::OffCurve)?;
    if !point.is_on_curve() {
        return Err(KeyFault::OffCurve);
    }
    if !point.is_in_subgroup() {
        return Err(KeyFault::Order);
    }
    Ok(point)
}

/// Source: DSTU 4145-2002 §13 (verification), §5.9 (from hash to field element), §5.8 (from element to integer).
pub(crate) fn verify<F: Parameters<N>, const N: usize>(point: &Affine<F, N>, hash: &[u8], signature: &[u8]) -> bool {
    let Some((r, s)) = halves::<F, N>(signature) else { return false };
    let Some(x) = sum_of_multiples(&s, &r, point).affine_x() else { return false };
    let product = element_of_hash(hash) * x;
    scalar::truncated(product.words(), scalar::bits(&F::ORDER) - 1) == r
}

/// Both numbers, each between zero and the order. Some programs write an octet of zero more than needed.
fn halves<F: Parameters<N>, const N: usize>(signature: &[u8]) -> Option<([u64; N], [u64; N])> {
    if !signature.len().is_multiple_of(2) || signature.len() > 16 * N + 2 {
        return None;
    }
    let (r, s) = signature.split_at_checked(signature.len() / 2)?;
    let number = |octets| {
        let words = scalar::from_octets::<N>(octets)?;
        (words != [0; N] && scalar::is_less(&words, &F::ORDER)).then_some(words)
    };
    Some((number(r)?, number(s)?))
}

/// The lower m bits of the hash; one instead of zero.
fn element_of_hash<F: Parameters<N>, const N: usize>(hash: &[u8]) -> Element<F, N> {
    let lower = hash.get(..8 * N).unwrap_or(hash);
    let element = Element::from_words(scalar::from_octets(lower).unwrap_or([0; N]));
    if element.is_zero() { Element::ONE } else { element }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Prepared;
    use crate::field::Field;
    use crate::{Explicit, Hash, reversed};

    /// The example of DSTU 4145-2002 annex Б: the first curve with a base point of its own.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Example;

    const BASE: &str = "72d867f93a93ac27df9ff01affe74885c8c540420";
    const BASE_Y: &str = "224a9c3947852b97c5599d5f4ab81122adc3fd9b";
    const X: &str = "57de7fde023ff929cb6ac785ce4b79cf64abdc2da";
    const Y: &str = "3e85444324bcf06ad85abf6ad7b5f34770532b9aa";
    const HASH: &str = "09c9c44277910c9aaee486883a2eb95b7180166ddf73532eeb76edaef52247ff";
    const R: &str = "274ea2c0caa014a0d80a424f59ade7a93068d08a7";
    const S: &str = "2100d86957331832b8e8c230f5bd6a332b3615aca";

    impl Field for Example {
        const BITS: usize = 163;
        const TERMS: &'static [usize] = &[3, 6, 7];
    }

    impl Parameters<3> for Example {
        const A: bool = true;
        const B: Element<Self, 3> = Element::from_words(crate::curve::words("5ff6108462a2dc8210ab403925e638a19c1455d21"));
        const ORDER: [u64; 3] = crate::curve::words("400000000000000000002bec12be2262d39bcf14d");
        const BASE: Affine<Self, 3> =
            Affine { x: Element::from_words(crate::curve::words(BASE)), y: Element::from_words(crate::curve::words(BASE_Y)) };

        fn prepared() -> &'static Prepared<Self, 3> {
            static PREPARED: std::sync::OnceLock<Prepared<Example, 3>> = std::sync::OnceLock::new();
            PREPARED.get_or_init(Prepared::new)
        }
    }

    fn octets(hexadecimal: &str, length: usize) -> Vec<u8> {
        reversed(&hex::decode(format!("{hexadecimal:0>width$}", width = 2 * length)).unwrap())
    }

    fn point() -> Affine<Example, 3> {
        let element = |text| Element::from_words(scalar::from_octets(&octets(text, 21)).unwrap());
        Affine { x: element(X), y: element(Y) }
    }

    fn signature() -> Vec<u8> {
        [octets(R, 21), octets(S, 21)].concat()
    }

    #[test]
    fn the_standards_own_example_verifies() {
        assert!(point().is_on_curve() && point().is_in_subgroup());
        // R = sP + rQ as the annex prints it.
        let number = |text| scalar::from_octets::<3>(&octets(text, 21)).unwrap();
        let sum = sum_of_multiples::<Example, 3>(&number(S), &number(R), &point()).affine_x().unwrap();
        assert_eq!(format!("{sum:?}").trim_start_matches('0'), "42a7d756d70e1c9ba62d2cb43707c35204ef3c67c");
        assert!(verify(&point(), &octets(HASH, 32), &signature()));
        // Longer, with zeros above, as some programs write.
        assert!(verify(&point(), &octets(HASH, 32), &[octets(R, 25), octets(S, 25)].concat()));
    }

    #[test]
    fn a_change_of_any_bit_of_hash_or_signature_fails_the_example() {
        let hash = octets(HASH, 32);
        for bit in 0..256 {
            let mut changed = hash.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // The upper bits of the hash are cut off: the field has 163.
            assert_eq!(verify(&point(), &changed, &signature()), bit >= 163, "hash, bit {bit}");
        }
        for bit in 0..8 * 42 {
            let mut changed = signature();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&point(), &hash, &changed), "signature, bit {bit}");
        }
        for bit in 0..163 {
            let mut x = octets(X, 21);
            x[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = decompressed::<Example, 3>(&x) {
                assert!(!verify(&other, &hash, &signature()), "key, bit {bit}");
            }
        }
    }

    #[test]
    fn numbers_out_of_range_are_no_signature() {
        let order = "400000000000000000002bec12be2262d39bcf14d";
        let hash = octets(HASH, 32);
        // s + n is the same number of steps around the group, and must be refused all the same.
        let s_plus_n = "6100d86957331832b8e8ef1d087b8c95fed1d6c17";
        for (r, s) in [("0", S), (R, "0"), (order, S), (R, order), ("0", "0"), (R, s_plus_n)] {
            assert!(!verify(&point(), &hash, &[octets(r, 24), octets(s, 24)].concat()), "{r} {s}");
        }
        for length in [0, 1, 2, 40, 41, 43, 44, 52, 200] {
            let mut cut = signature();
            cut.resize(length, 7);
            assert!(!verify(&point(), &hash, &cut), "{length} octets");
        }
        assert!(!verify(&point(), &[], &signature()));
        assert!(!verify(&point(), &[0; 64], &signature()));
    }

    #[test]
    fn a_hash_of_zero_counts_as_one_and_a_long_one_is_cut() {
        let one: Element<Example, 3> = Element::ONE;
        assert_eq!(element_of_hash::<Example, 3>(&[0; 32]), one);
        assert_eq!(element_of_hash::<Example, 3>(&[]), one);
        assert_eq!(element_of_hash::<Example, 3>(&[&[0; 24][..], &[0xff; 8]].concat()), one);
        assert_eq!(element_of_hash::<Example, 3>(&[0xff; 64]), element_of_hash::<Example, 3>(&[0xff; 21]));
    }

    #[test]
    fn octets_that_are_no_key_are_refused() {
        for curve in Curve::ALL {
            let length = curve.bits().div_ceil(8);
            for (octets, fault) in [
                (vec![0; length], KeyFault::OffCurve),
                (vec![5; length - 1], KeyFault::Length),
                (vec![5; length + 1], KeyFault::Length),
                (vec![0xff; length], KeyFault::Length),
                (Vec::new(), KeyFault::Length),
            ] {
                if fault == KeyFault::Length && octets.len() == length && curve.bits() % 8 == 0 {
                    continue;
                }
                assert_eq!(PublicKey::of(curve, &octets).map(|_| ()), Err(fault), "{} {octets:?}", curve.as_str());
            }
        }
        // Points of the curve m = 257 whose order is four times too large are refused as such.
        let faults: Vec<_> =
            (2..80_u8).filter_map(|seed| PublicKey::of(Curve::M257, &[&[seed; 32][..], &[0]].concat()).err()).collect();
        assert!(faults.contains(&KeyFault::Order) && faults.contains(&KeyFault::OffCurve), "{faults:?}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

        #[test]
        fn any_octets_give_an_answer(key: Vec<u8>, upper in 0_u8..4, hash: Vec<u8>, signature: Vec<u8>, which in 0_usize..10) {
            let curve = Curve::ALL[which];
            let mut key = key;
            key.resize(curve.bits().div_ceil(8), upper);
            *key.last_mut().unwrap() = upper & 1;
            if let Ok(key) = PublicKey::of(curve, &key) {
                assert!(!key.verify(&hash, &signature));
                let mut whole = signature;
                whole.resize(2 * curve.bits().div_ceil(8), 1);
                key.verify(&hash, &whole);
            }
        }
    }

    #[test]
    fn explicit_numbers_are_a_curve_only_when_the_standard_has_it() {
        // A certificate's own words about m = 257, little-endian.
        let b = octets("1cef494720115657e18f938d7a7942394ff9425c1458c57861f9eea6adbe3be10", 33);
        let order = octets("800000000000000000000000000000006759213af182e987d3e17714907d470d", 32);
        let base = octets("02a29ef207d0e9b6c55cd260b306c7e007ac491ca1b10c62334a9e8dcd8d20fb6", 33);
        let explicit = Explicit { bits: 257, terms: &[12], a: 0, b: &b, order: &order, base: &base };
        assert_eq!(Curve::of_explicit(&explicit), Some(Curve::M257));
        let mut negative = base.clone();
        negative[0] ^= 1;
        for changed in [
            Explicit { bits: 256, ..explicit },
            Explicit { terms: &[13], ..explicit },
            Explicit { terms: &[12, 13, 14], ..explicit },
            Explicit { a: 1, ..explicit },
            Explicit { b: &order, ..explicit },
            Explicit { order: &b, ..explicit },
            Explicit { base: &negative, ..explicit },
            Explicit { base: &[], ..explicit },
        ] {
            assert_eq!(Curve::of_explicit(&changed), None, "{changed:?}");
        }
    }

    #[test]
    fn the_hashes_are_those_the_standards_print() {
        // DSTU 7564:2014 annex Б: the message of 512 bits 00 01 … 3F; GOST 34.311-95 with the Ukrainian boxes.
        let message: Vec<u8> = (0..64).collect();
        for (hash, expected) in [
            (Hash::Kupyna256, "08f4ee6f1be6903b324c4e27990cb24ef69dd58dbe84813ee0a52f6631239875"),
            (
                Hash::Kupyna512,
                "3813e2109118cdfb5a6d5e72f7208dccc80a2dfb3afdfb02f46992b5edbe536b\
                 3560dd1d7e29c6f53978af58b444e37ba685c0dd910533ba5d78efffc13de62a",
            ),
        ] {
            assert_eq!(hex::encode(hash.of(&message)), expected.replace(' ', ""), "{hash:?}");
        }
        for hash in [Hash::Gost34311, Hash::Kupyna256, Hash::Kupyna384, Hash::Kupyna512] {
            let mut pieces = hash.hasher();
            for piece in message.chunks(7) {
                pieces.update(piece);
            }
            assert_eq!(pieces.finish(), hash.of(&message));
        }
    }
}
