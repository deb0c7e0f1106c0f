//! The payment code of the National Bank as a picture: the address of `payment_form` in a QR code with the hryvnia sign.
//!
//! Source: NBU resolution № 97 of 19.08.2025.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::payment_form::{Format, Payment, PaymentForm, roomier};

/// The resolution's bounds for the code's version.
const VERSIONS: (u8, u8) = (10, 20);

/// The code and the address it holds, as coarse as medium correction allows, so that a cheap camera reads it from paper.
///
/// Format 003 asks for high correction where there is room; the greatest addresses of 002 leave room for low alone. A payee
/// that 003 has no room for is paid by 002.
pub fn payment_code(form: &PaymentForm, payment: &Payment<'_>) -> Option<(QrCode, String)> {
    let (format, address) = match form.address(payment) {
        Some(address) => (form.format(), address),
        None => (Format::V002, roomier(form).address(payment)?),
    };
    let levels: &[QrCodeEcc] = match format {
        Format::V002 => &[QrCodeEcc::Medium, QrCodeEcc::Low],
        Format::V003 => &[QrCodeEcc::Quartile, QrCodeEcc::Medium, QrCodeEcc::Low],
    };
    let segments = [QrSegment::make_bytes(address.as_bytes())];
    let coded = |level, least, most| {
        QrCode::encode_segments_advanced(&segments, level, Version::new(least), Version::new(most), None, false).ok()
    };
    let code = levels.iter().find_map(|level| coded(*level, VERSIONS.0, VERSIONS.1))?;
    // What is left free in the same size makes good more damage, up to the highest level that the resolution names.
    let version = code.version().value();
    let better = [QrCodeEcc::Quartile, QrCodeEcc::Medium].into_iter().find_map(|level| coded(level, version, version));
    Some((better.unwrap_or(code), address))
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

/// A code of any text.
pub struct PlainCode {
    /// Modules along a side.
    pub size: i32,
    /// Of all its dark modules.
    pub outlines: Vec<Vec<(i32, i32)>>,
}

/// The code of a text; `None` where it is too long for one.
pub fn plain_code(text: &str) -> Option<PlainCode> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    Some(PlainCode { size, outlines: trace(size, |x, y| code.get_module(x, y)) })
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

    #[test]
    fn outlines_close_around_cells_and_holes() {
        let ring = trace(3, |x, y| (0..3).contains(&x) && (0..3).contains(&y) && (x, y) != (1, 1));
        assert_eq!(ring.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
        let diagonal = trace(2, |x, y| (0..2).contains(&x) && x == y);
        assert_eq!(diagonal.iter().map(Vec::len).sum::<usize>(), 8);
        assert!(trace(2, |_, _| false).is_empty());
    }
}
