//! The payment QR code of the National Bank, format 002.
//!
//! Source: NBU resolution № 97 of 19.08.2025. Windows-1251 with CRLF under `bank.gov.ua/qr/` is what the banks'
//! applications read most widely; UTF-8 is used where the payee or the purpose has letters that Windows-1251 lacks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oblik_domain::ids::{Edrpou, Iban};
use oblik_domain::money::Kopiykas;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::clean::clean;

const ADDRESS: &str = "https://bank.gov.ua/qr/";
const PAYEE_CHARS: usize = 140;
const PURPOSE_CHARS: usize = 420;
/// The resolution's bounds for the code's version.
const VERSIONS: (u8, u8) = (10, 20);

/// What a payment order needs.
pub struct Payment<'a> {
    pub payee: &'a str,
    pub iban: &'a Iban,
    pub code: &'a Edrpou,
    pub amount: Kopiykas,
    pub purpose: &'a str,
}

/// The address that the code holds. Without an amount when there is nothing to pay.
pub fn payment_address(payment: &Payment<'_>) -> String {
    address(payment, PURPOSE_CHARS)
}

fn address(payment: &Payment<'_>, purpose_chars: usize) -> String {
    let payee: String = clean(payment.payee, PAYEE_CHARS).chars().take(PAYEE_CHARS).collect();
    let purpose: String = clean(payment.purpose, PURPOSE_CHARS).chars().take(purpose_chars).collect();
    let amount = if payment.amount > Kopiykas::ZERO { format!("UAH{}", payment.amount) } else { String::new() };
    let fields = |encoding: &str| {
        ["BCD", "002", encoding, "UCT", "", &payee, payment.iban.as_str(), &amount, payment.code.as_str(), "", "", &purpose, ""]
            .join("\r\n")
    };
    let narrow = fields("2");
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1251.encode(&narrow);
    let coded = if unmappable { URL_SAFE_NO_PAD.encode(fields("1")) } else { URL_SAFE_NO_PAD.encode(bytes) };
    format!("{ADDRESS}{coded}")
}

/// The code, as coarse as medium correction allows, so that a cheap camera reads it from paper.
///
/// A payee and purpose of the greatest length need low correction; only the purpose is ever shortened.
pub fn payment_code(payment: &Payment<'_>) -> Option<QrCode> {
    for purpose_chars in [PURPOSE_CHARS, 300, 200, 100, 50] {
        let segments = [QrSegment::make_bytes(address(payment, purpose_chars).as_bytes())];
        for level in [QrCodeEcc::Medium, QrCodeEcc::Low] {
            let (least, most) = (Version::new(VERSIONS.0), Version::new(VERSIONS.1));
            if let Ok(code) = QrCode::encode_segments_advanced(&segments, level, least, most, None, true) {
                return Some(code);
            }
        }
    }
    None
}

/// Modules along a side of the square kept free in the middle for the hryvnia sign; odd, as the code's own side is.
pub fn middle(code: &QrCode) -> i32 {
    // A sixth of the side is a 36th of the area, well under what either level of correction makes good.
    let side = code.size() / 6;
    if side % 2 == 0 { side + 1 } else { side }
}

/// Outlines of the dark modules outside the middle, dark to the right of their direction.
pub fn outlines(code: &QrCode) -> Vec<Vec<(i32, i32)>> {
    let free = middle(code);
    let from = (code.size() - free) / 2;
    let kept = from..from + free;
    trace(code.size(), |x, y| code.get_module(x, y) && !(kept.contains(&x) && kept.contains(&y)))
}

/// The four ways an edge may run, as bits: right, down, left, up.
const WAYS: [(u8, i32, i32); 4] = [(1, 1, 0), (2, 0, 1), (4, -1, 0), (8, 0, -1)];

/// Closed outlines around the dark cells of a square grid, corners only.
///
/// Each crossing of the grid holds the edges that begin there. As many begin at a crossing as end there, so a walk that
/// takes edges until it finds none is back where it began.
fn trace(size: i32, dark: impl Fn(i32, i32) -> bool) -> Vec<Vec<(i32, i32)>> {
    let across = size + 1;
    let at = |x: i32, y: i32| usize::try_from(y * across + x).unwrap_or(usize::MAX);
    let mut edges = vec![0_u8; at(0, across)];
    let mut begin = |x: i32, y: i32, way: u8| {
        if let Some(crossing) = edges.get_mut(at(x, y)) {
            *crossing |= way;
        }
    };
    for y in 0..size {
        for x in (0..size).filter(|x| dark(*x, y)) {
            let sides = [(x, y - 1, x, y, 1), (x + 1, y, x + 1, y, 2), (x, y + 1, x + 1, y + 1, 4), (x - 1, y, x, y + 1, 8)];
            for (_, _, x, y, way) in sides.into_iter().filter(|(x, y, ..)| !dark(*x, *y)) {
                begin(x, y, way);
            }
        }
    }
    let mut loops = Vec::new();
    for (x, y) in (0..across).flat_map(|y| (0..across).map(move |x| (x, y))) {
        while edges.get(at(x, y)).is_some_and(|crossing| *crossing != 0) {
            loops.push(walk(&mut edges, &at, x, y));
        }
    }
    loops
}

fn walk(edges: &mut [u8], at: &impl Fn(i32, i32) -> usize, mut x: i32, mut y: i32) -> Vec<(i32, i32)> {
    let (mut corners, mut last) = (Vec::new(), 0);
    while let Some(crossing) = edges.get_mut(at(x, y)) {
        let Some((way, right, down)) = WAYS.into_iter().find(|(way, ..)| *crossing & way != 0) else { break };
        *crossing &= !way;
        if way != last {
            corners.push((x, y));
        }
        last = way;
        (x, y) = (x + right, y + down);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment<'a>(iban: &'a Iban, code: &'a Edrpou, payee: &'a str, purpose: &'a str) -> Payment<'a> {
        Payment { payee, iban, code, amount: Kopiykas(702_859_056), purpose }
    }

    #[test]
    fn the_address_holds_thirteen_fields() {
        let (iban, code) = (Iban::parse("UA213223130000026007233566001").unwrap(), Edrpou::parse("00131512").unwrap());
        for (payee, encoding) in [("ТОВ «Приклад Енергозбут»", "2"), ("ТОВ «Łódź»", "1")] {
            let address = payment_address(&payment(&iban, &code, payee, "За активну е/е"));
            let bytes = URL_SAFE_NO_PAD.decode(address.strip_prefix(ADDRESS).unwrap()).unwrap();
            let text = if encoding == "2" {
                encoding_rs::WINDOWS_1251.decode(&bytes).0.into_owned()
            } else {
                String::from_utf8(bytes).unwrap()
            };
            let fields: Vec<&str> = text.split("\r\n").collect();
            let iban = iban.as_str();
            let expected =
                ["BCD", "002", encoding, "UCT", "", payee, iban, "UAH7028590.56", "00131512", "", "", "За активну е/е", ""];
            assert_eq!(fields, expected);
        }
    }

    #[test]
    fn a_code_is_made_of_the_longest_fields() {
        let (iban, code) = (Iban::parse("UA213223130000026007233566001").unwrap(), Edrpou::parse("00131512").unwrap());
        let (payee, purpose) = ("Ł".repeat(500), "Ł".repeat(5000));
        let code = payment_code(&payment(&iban, &code, &payee, &purpose)).unwrap();
        assert!((10..=20).contains(&code.version().value()));
    }

    #[test]
    fn outlines_close_around_cells_and_holes() {
        let ring = trace(3, |x, y| (0..3).contains(&x) && (0..3).contains(&y) && (x, y) != (1, 1));
        assert_eq!(ring.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
        let diagonal = trace(2, |x, y| (0..2).contains(&x) && x == y);
        assert_eq!(diagonal.iter().map(Vec::len).sum::<usize>(), 8);
        assert!(trace(2, |_, _| false).is_empty());
    }
}
