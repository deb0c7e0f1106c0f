//! The ten curves of the standard over polynomial bases, by degree.
//!
//! Source: DSTU 4145-2002 annex Г; the base points are those named by the identifiers 1.2.804.2.1.1.1.1.3.1.1.2.0 to .9. The
//! tests hold that each base point lies on its curve and has its order.

#![expect(clippy::indexing_slicing, reason = "hexadecimal constants are read when this is compiled")]

use std::sync::OnceLock;

use crate::field::{Element, Factor, Field};
use crate::point::{Affine, BASE_WIDTH, odd_multiples};
use crate::scalar;

/// A curve's numbers. A is 0 or 1; the cofactor is 4 or 2 accordingly.
pub(crate) trait Parameters<const N: usize>: Field {
    const A: bool;
    const B: Element<Self, N>;
    const ORDER: [u64; N];
    const BASE: Affine<Self, N>;

    /// What is the same for every verification on this curve.
    fn prepared() -> &'static Prepared<Self, N>;
}

/// Made once for a curve, when the first key of it comes.
#[derive(Debug)]
pub(crate) struct Prepared<F, const N: usize> {
    /// 1, 3, 5, … times the base point.
    pub base_multiples: Vec<Affine<F, N>>,
    /// B as a factor: every doubling multiplies by it.
    pub b: Factor<F, N>,
}

impl<F: Parameters<N>, const N: usize> Prepared<F, N> {
    pub fn new() -> Self {
        let b = Factor::of(F::B);
        Self { base_multiples: odd_multiples(&F::BASE, BASE_WIDTH, &b), b }
    }
}

/// A curve as a key may describe it instead of naming it.
#[derive(Debug, Clone, Copy)]
pub struct Explicit<'a> {
    /// The degree m.
    pub bits: u64,
    /// Exponents between m and 0, in any order.
    pub terms: &'a [u64],
    pub a: u64,
    /// Little-endian.
    pub b: &'a [u8],
    /// Little-endian.
    pub order: &'a [u8],
    /// The base point, compressed and little-endian.
    pub base: &'a [u8],
}

pub(crate) const fn words<const N: usize>(hexadecimal: &str) -> [u64; N] {
    let digits = hexadecimal.as_bytes();
    let mut words = [0; N];
    let mut place = 0;
    while place < digits.len() {
        let digit = digits[digits.len() - 1 - place];
        // `u64::from` is not const.
        let mut value = 0;
        let mut below = if digit >= b'a' { b'a' - 10 } else { b'0' };
        while below < digit {
            below += 1;
            value += 1;
        }
        words[place / 16] |= value << (place % 16 * 4);
        place += 1;
    }
    words
}

macro_rules! curves {
    ($($place:literal => $name:ident, $bits:literal, $words:literal, $terms:expr, a: $a:literal, b: $b:literal, order: $order:literal, x: $x:literal, y: $y:literal;)+) => {
        /// A curve of the standard, by the degree of its field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Curve {
            $($name,)+
        }

        /// The fields of the curves.
        pub(crate) mod fields {
            $(
                #[derive(Debug, Clone, Copy, PartialEq, Eq)]
                pub struct $name;
            )+
        }

        $(
            impl Field for fields::$name {
                const BITS: usize = $bits;
                const TERMS: &'static [usize] = &$terms;
            }

            impl Parameters<$words> for fields::$name {
                const A: bool = $a;
                const B: Element<Self, $words> = Element::from_words(words($b));
                const ORDER: [u64; $words] = words($order);
                const BASE: Affine<Self, $words> =
                    Affine { x: Element::from_words(words($x)), y: Element::from_words(words($y)) };

                fn prepared() -> &'static Prepared<Self, $words> {
                    static PREPARED: OnceLock<Prepared<fields::$name, $words>> = OnceLock::new();
                    PREPARED.get_or_init(Prepared::new)
                }
            }
        )+

        impl Curve {
            pub const ALL: [Self; 10] = [$(Self::$name),+];

            /// m, the degree of the field.
            pub fn bits(self) -> usize {
                match self {
                    $(Self::$name => fields::$name::BITS,)+
                }
            }

            /// The last number of its identifier under 1.2.804.2.1.1.1.1.3.1.1.2.
            pub fn place(self) -> u8 {
                match self {
                    $(Self::$name => $place,)+
                }
            }

            /// As policy files name it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("DSTU-", $bits),)+
                }
            }

            /// The curve these numbers describe, when the standard has it. Another base point makes another curve.
            pub fn of_explicit(explicit: &Explicit<'_>) -> Option<Self> {
                Self::ALL.into_iter().find(|curve| match curve {
                    $(Self::$name => is_described::<fields::$name, $words>(explicit),)+
                })
            }
        }

        /// A key's point on one of the curves.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Point {
            $($name(Affine<fields::$name, $words>),)+
        }

        impl Point {
            pub fn curve(&self) -> Curve {
                match self {
                    $(Self::$name(_) => Curve::$name,)+
                }
            }

            pub fn of(curve: Curve, compressed: &[u8]) -> Result<Self, crate::key::KeyFault> {
                Ok(match curve {
                    $(Curve::$name => Self::$name(crate::key::decompressed(compressed)?),)+
                })
            }

            pub fn verify(&self, hash: &[u8], signature: &[u8]) -> bool {
                match self {
                    $(Self::$name(point) => crate::key::verify(point, hash, signature),)+
                }
            }
        }
    };
}

curves! {
    0 => M163, 163, 3, [3, 6, 7], a: true,
        b: "5ff6108462a2dc8210ab403925e638a19c1455d21",
        order: "400000000000000000002bec12be2262d39bcf14d",
        x: "2e2f85f5dd74ce983a5c4237229daf8a3f35823be",
        y: "3826f008a8c51d7b95284d9d03ff0e00ce2cd723a";
    1 => M167, 167, 3, [6], a: true,
        b: "6ee3ceeb230811759f20518a0930f1a4315a827dac",
        order: "3fffffffffffffffffffffb12ebcc7d7f29ff7701f",
        x: "7a1f6653786a68192803910a3d30b2a2018b21cd54",
        y: "5f49eb26781c0ec6b8909156d98ed435e45fd59918";
    2 => M173, 173, 3, [1, 2, 10], a: false,
        b: "108576c80499db2fc16eddf6853bbb278f6b6fb437d9",
        order: "800000000000000000000189b4e67606e3825bb2831",
        x: "4d41a619bcc6eadf0448fa22fad567a9181d37389ca",
        y: "10b51cc12849b234c75e6dd2028bf7ff5c1ce0d991a1";
    3 => M179, 179, 3, [1, 2, 4], a: true,
        b: "4a6e0856526436f2f88dd07a341e32d04184572beb710",
        order: "3ffffffffffffffffffffffb981960435fe5ab64236ef",
        x: "6ba06fe51464b2bd26dc57f48819ba9954667022c7d03",
        y: "25fbc363582dcec065080ca8287aaff09788a66dc3a9e";
    4 => M191, 191, 3, [9], a: true,
        b: "7bc86e2102902ec4d5890e8b6b4981ff27e0482750fefc03",
        order: "40000000000000000000000069a779cac1dabc6788f7474f",
        x: "714114b762f2ff4a7912a6d2ac58b9b5c2fcfe76daeb7129",
        y: "29c41e568b77c617efe5902f11db96fa9613cd8d03db08da";
    5 => M233, 233, 4, [1, 4, 9], a: true,
        b: "6973b15095675534c7cf7e64a21bd54ef5dd3b8a0326aa936ece454d2c",
        order: "1000000000000000000000000000013e974e72f8a6922031d2603cfe0d7",
        x: "3fcda526b6cdf83ba1118df35b3c31761d3545f32728d003eeb25efe96",
        y: "9ca8b57a934c54deeda9e54a7bbad95e3b2e91c54d32be0b9df96d8d35";
    6 => M257, 257, 5, [12], a: false,
        b: "1cef494720115657e18f938d7a7942394ff9425c1458c57861f9eea6adbe3be10",
        order: "800000000000000000000000000000006759213af182e987d3e17714907d470d",
        x: "2a29ef207d0e9b6c55cd260b306c7e007ac491ca1b10c62334a9e8dcd8d20fb7",
        y: "10686d41ff744d4449fccf6d8eea03102e6812c93a9d60b978b702cf156d814ef";
    7 => M307, 307, 5, [2, 4, 8], a: true,
        b: "393c7f7d53666b5054b5e6c6d3de94f4296c0c599e2e2e241050df18b6090bdc90186904968bb",
        order: "3ffffffffffffffffffffffffffffffffffffffc079c2f3825da70d390fbba588d4604022b7b7",
        x: "216ee8b189d291a0224984c1e92f1d16bf75ccd825a087a239b276d3167743c52c02d6e7232aa",
        y: "5d9306bacd22b7faeb09d2e049c6e2866c5d1677762a8f2f2dc9a11c7f7be8340ab2237c7f2a0";
    8 => M367, 367, 6, [21], a: true,
        b: "43fc8ad242b0b7a6f3d1627ad5654447556b47bf6aa4a64b0c2afe42cadab8f93d92394c79a79755437b56995136",
        order: "40000000000000000000000000000000000000000000009c300b75a3fa824f22428fd28ce8812245ef44049b2d49",
        x: "324a6eddd512f08c49a99ae0d3f961197a76413e7be81a400ca681e09639b5fe12e59a109f78bf4a373541b3b9a1",
        y: "1ab597a5b4477f59e39539007c7f977d1a567b92b043a49c6b61984c3fe3481aaf454cd41ba1f051626442b3c10";
    9 => M431, 431, 7, [1, 3, 5], a: true,
        b: "3ce10490f6a708fc26dfe8c3d27c4f94e690134d5bff988d8d28aaeaede975936c66bac536b18ae2dc312ca493117daa469c640caf3",
        order: "3fffffffffffffffffffffffffffffffffffffffffffffffffffffba3175458009a8c0a724f02f81aa8a1fcbaf80d90c7a95110504cf",
        x: "1a62ba79d98133a16bbae7ed9a8e03c32e0824d57aef72f88986874e5aae49c27bed49a2a95058068426c2171e99fd3b43c5947c857d",
        y: "70b5e1e14031c1f70bbefe96bdde66f451754b4ca5f48da241f331aa396b8d1839a855c1769b1ea14ba53308b5e2723724e090e02db9";
}

fn is_described<F: Parameters<N>, const N: usize>(explicit: &Explicit<'_>) -> bool {
    let mut terms: Vec<u64> = explicit.terms.to_vec();
    terms.sort_unstable();
    usize::try_from(explicit.bits) == Ok(F::BITS)
        && terms.iter().map(|term| usize::try_from(*term).unwrap_or(usize::MAX)).eq(F::TERMS.iter().copied())
        && explicit.a == u64::from(F::A)
        && scalar::from_octets(explicit.b) == Some(*F::B.words())
        && scalar::from_octets(explicit.order) == Some(F::ORDER)
        && crate::key::decompressed::<F, N>(explicit.base) == Ok(F::BASE)
}
