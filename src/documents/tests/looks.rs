//! Pages as they look, beside pictures that a person has accepted.
//!
//! `OBLIK_ACCEPT=1 cargo test -p oblik-documents --test looks` makes them anew; then look at `tests/accepted` before you commit.
//! Renderers differ in how they smooth a letter, so blocks are compared by their mean: what moves or is missing fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a fault in a test may panic")]

mod common;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::rich::{corrected, rich, stamp};
use oblik_documents::{Setting, Template, Typesetter};
use oblik_domain::invoice::Invoice;
use tempfile::TempDir;

const CUSTOMER: &str = "ТОВ «Споживач № 7 імені Ґалаґана та спів’їжджих»";
/// Side of a block, in pixels.
const BLOCK: usize = 12;
/// How far the mean of a block may be off, of 255.
const BLOCK_OFF: u64 = 24;
/// How far the mean of a page may be off, in thousandths of 255 steps.
const PAGE_OFF: u64 = 1500;

/// Eight bits of grey a pixel.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Reads what `pdftoppm -gray` writes: PGM of eight bits.
fn drawn(path: &Path) -> Picture {
    let file = std::fs::read(path).unwrap();
    let mut lines = file.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap();
    assert_eq!(line(), b"P5");
    let size = String::from_utf8(line().to_vec()).unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    assert_eq!(line(), b"255");
    Picture { width: width.parse().unwrap(), height: height.parse().unwrap(), pixels: line().to_vec() }
}

/// Reads what [`write`] wrote. Source: ISO/IEC 15948.
fn read(path: &Path) -> Picture {
    let file = std::fs::read(path).unwrap();
    let (mut at, mut packed, mut size) = (8, Vec::new(), (0, 0));
    let number = |at: usize| usize::try_from(u32::from_be_bytes(file[at..at + 4].try_into().unwrap())).unwrap();
    while at < file.len() {
        let (length, body) = (number(at), at + 8);
        match &file[at + 4..body] {
            b"IHDR" => size = (number(body), number(body + 4)),
            b"IDAT" => packed.extend_from_slice(&file[body..body + length]),
            _ => {}
        }
        at = body + length + 4;
    }
    let mut raw = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut raw).unwrap();
    let (width, height) = size;
    let grey =
        |line: &[u8]| line[1..].iter().flat_map(|pair| [(pair >> 4) * 17, (pair & 15) * 17]).take(width).collect::<Vec<_>>();
    Picture { width, height, pixels: raw.chunks(width.div_ceil(2) + 1).flat_map(grey).collect() }
}

/// In sixteen greys, as accepted pictures are kept: their files are small then.
fn coarse(mut picture: Picture) -> Picture {
    picture.pixels.iter_mut().for_each(|pixel| *pixel = *pixel / 17 * 17);
    picture
}

fn write(path: &Path, picture: &Picture) {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for row in picture.pixels.chunks(picture.width) {
        // Two pixels a byte.
        let nibbles: Vec<u8> =
            row.chunks(2).map(|pair| (pair[0] / 17) << 4 | pair.get(1).map_or(0, |pixel| pixel / 17)).collect();
        packed.write_all(&[0]).unwrap();
        packed.write_all(&nibbles).unwrap();
    }
    let size = [picture.width, picture.height].map(|side| u32::try_from(side).unwrap().to_be_bytes());
    let head = [&size[0][..], &size[1], &[4, 0, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, body) in [(b"IHDR", head), (b"IDAT", packed.finish().unwrap()), (b"IEND", Vec::new())] {
        file.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(&body);
        file.extend([&kind[..], &body, &sum.sum().to_be_bytes()].concat());
    }
    std::fs::write(path, file).unwrap();
}

/// Why two pages are not the same to the eye.
fn difference(found: &Picture, accepted: &Picture) -> Option<String> {
    if (found.width, found.height) != (accepted.width, accepted.height) {
        return Some(format!("{} × {} pixels", found.width, found.height));
    }
    let off: u64 = found.pixels.iter().zip(&accepted.pixels).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    let page = off * 1000 / u64::try_from(found.pixels.len()).unwrap();
    if page > PAGE_OFF {
        return Some(format!("the page is off by {page} thousandths"));
    }
    for top in (0..found.height).step_by(BLOCK) {
        for left in (0..found.width).step_by(BLOCK) {
            let mean = |picture: &Picture| {
                let rows = top..(top + BLOCK).min(picture.height);
                let columns = left..(left + BLOCK).min(picture.width);
                let count = u64::try_from(rows.len() * columns.len()).unwrap();
                rows.flat_map(|row| &picture.pixels[row * picture.width..][columns.clone()])
                    .map(|pixel| u64::from(*pixel))
                    .sum::<u64>()
                    / count
            };
            let block = mean(found).abs_diff(mean(accepted));
            if block > BLOCK_OFF {
                return Some(format!("the block at {left}, {top} is off by {block}"));
            }
        }
    }
    None
}

fn draw(folder: &Path, invoice: &Invoice) -> Option<Vec<PathBuf>> {
    let (template, stamp) = (Template::embedded(), stamp());
    let setting = Setting { template: &template, stamp: Some(&stamp), attachments: &[] };
    let file = folder.join("package.pdf");
    std::fs::write(&file, Typesetter::new().unwrap().invoice_pdf(invoice, &setting).unwrap().pdf).unwrap();
    let Ok(output) = Command::new("pdftoppm").args(["-r", "50", "-gray"]).arg(&file).arg(folder.join("page")).output() else {
        println!("skipped: pdftoppm is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut pages: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "pgm"));
    pages.sort();
    Some(pages)
}

#[test]
fn pages_look_as_accepted() {
    let accepted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accepted");
    let anew = std::env::var_os("OBLIK_ACCEPT").is_some();
    let mut paid = rich(1, "ФОП Їжак");
    (paid.prepaid, paid.history) = (paid.bill.total, Vec::new());
    // Nearly every page of the fullest package; of the others what is theirs alone.
    for (name, invoice, most) in
        [("package", rich(3, CUSTOMER), 7), ("correction", corrected(2, CUSTOMER, -120_000), 1), ("paid", paid, 1)]
    {
        let folder = TempDir::new().unwrap();
        let Some(pages) = draw(folder.path(), &invoice) else { return };
        for (number, page) in (1..=most).zip(pages) {
            let known = accepted.join(format!("{name}-{number}.png"));
            if anew {
                write(&known, &coarse(drawn(&page)));
            }
            assert!(known.exists(), "{}: not accepted yet", known.display());
            assert!(std::fs::metadata(&known).unwrap().len() < 40_000);
            let difference = difference(&coarse(drawn(&page)), &read(&known));
            assert!(difference.is_none(), "{name}, page {number}: {}; look at it, then OBLIK_ACCEPT=1", difference.unwrap());
        }
    }
}

/// The comparison itself: what moved by a line and what is missing are seen, a softer edge is not.
#[test]
fn what_moved_or_is_missing_is_seen() {
    let (width, height) = (120, 120);
    let page = |top: usize, ink: u8| {
        let mut pixels = vec![255; width * height];
        for row in top..top + 6 {
            pixels[row * width + 10..row * width + 90].fill(ink);
        }
        Picture { width, height, pixels }
    };
    assert_eq!(difference(&page(30, 20), &page(30, 20)), None);
    assert_eq!(difference(&page(30, 35), &page(30, 20)), None);
    assert!(difference(&page(42, 20), &page(30, 20)).is_some());
    assert!(difference(&page(30, 255), &page(30, 20)).is_some());
    assert!(difference(&Picture { width: 60, height: 240, pixels: vec![255; width * height] }, &page(30, 20)).is_some());
}
