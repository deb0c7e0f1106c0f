//! A file with its small objects in compressed streams: an invoice has a thousand structure elements, and written one by one
//! with a table of their places they are half of its octets.
//!
//! Object streams and a cross-reference stream: ISO 32000-1 §7.5.7 and §7.5.8, allowed by ISO 19005-3. What a signature writes
//! anew stays outside of them. Anything not written as expected leaves the file as it is.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Of an entry of the cross-reference table. Source: ISO 32000-1 §7.5.4.
const ENTRY: usize = 20;
/// Objects of one stream; a reader unfolds all of them to see one.
const OBJECTS: usize = 1000;
/// Beginnings of what a signature writes anew, and the first of the structure elements with them.
const REWRITTEN: [&[u8]; 4] = [b"<</Type/Catalog", b"<</Type/Pages", b"<</Type/Page/", b"<</Type/StructTreeRoot"];
/// What a structure element need not say: ISO 32000-1, table 323.
const TYPE: &[u8] = b"<</Type/StructElem";
/// Kind, place, index or generation.
const ROW: usize = 7;

/// The file with its small objects in compressed streams.
pub fn compact(pdf: Vec<u8>) -> Vec<u8> {
    rewritten(&pdf).unwrap_or(pdf)
}

fn rewritten(pdf: &[u8]) -> Option<Vec<u8>> {
    let read = read(pdf)?;
    let mut out = Vec::with_capacity(pdf.len());
    out.extend_from_slice(pdf.get(..read.head)?);
    let mut rows = vec![row(0, 0, u16::MAX); read.objects.len() + 1];
    let mut small = Vec::new();
    for (id, object) in (1..).zip(&read.objects) {
        let body = object.trim_ascii_end().strip_suffix(b"endobj")?.trim_ascii_end();
        let is_rewritten = read.top == Some(id) || REWRITTEN.iter().any(|beginning| body.starts_with(beginning));
        if is_rewritten || body.ends_with(b"endstream") {
            *rows.get_mut(id)? = row(1, out.len(), 0);
            write(&mut out, id, body);
        } else {
            small.push((id, body));
        }
    }
    for chunk in small.chunks(OBJECTS) {
        let container = rows.len();
        for (index, (id, _)) in chunk.iter().enumerate() {
            *rows.get_mut(*id)? = row(2, container, u16::try_from(index).ok()?);
        }
        rows.push(row(1, out.len(), 0));
        write(&mut out, container, &object_stream(chunk)?);
    }
    let (id, start) = (rows.len(), out.len());
    rows.push(row(1, start, 0));
    write(&mut out, id, &cross_references(&rows, read.trailer)?);
    out.extend_from_slice(format!("startxref\n{start}\n%%EOF").as_bytes());
    Some(out)
}

/// A file with a plain cross-reference table.
struct Read<'a> {
    /// Octets before the first object.
    head: usize,
    /// By number, from 1; without their headers.
    objects: Vec<&'a [u8]>,
    /// Entries of the trailer but its size.
    trailer: [&'a [u8]; 2],
    /// The structure element that holds all others.
    top: Option<usize>,
}

fn read(pdf: &[u8]) -> Option<Read<'_>> {
    let tail = pdf.len().checked_sub(64)?;
    let start = tail + find(pdf.get(tail..)?, b"startxref\n")?;
    let table: usize = number(pdf.get(start + 10..)?)?;
    let heading = pdf.get(table..)?.strip_prefix(b"xref\n0 ")?;
    let count: usize = number(heading)?;
    let entries = table + 7 + heading.iter().position(|byte| *byte == b'\n')? + 1;
    let end = entries.checked_add(count.checked_mul(ENTRY)?)?;
    let trailer = pdf.get(end..start)?.strip_prefix(b"trailer\n<<")?.trim_ascii_end().strip_suffix(b">>")?;
    let size = find(trailer, b"/Size ")?;
    let after = trailer.get(size + 6..)?;
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // By place in the file; the first entry is of no object.
    let mut places = Vec::with_capacity(count);
    for (id, entry) in pdf.get(entries..end)?.chunks_exact(ENTRY).enumerate().skip(1) {
        if entry.get(17) != Some(&b'n') {
            return None;
        }
        places.push((number(entry)?, id));
    }
    places.sort_unstable();
    let mut objects: Vec<&[u8]> = vec![&[]; places.len()];
    let mut top = None;
    let ends = places.iter().skip(1).map(|(place, _)| *place).chain(std::iter::once(table));
    for ((place, id), end) in places.iter().zip(ends) {
        let object = pdf.get(*place..end)?.strip_prefix(format!("{id} 0 obj\n").as_bytes())?;
        if object.starts_with(b"<</Type/StructTreeRoot") {
            top = find(object, b"/K[").and_then(|at| number(object.get(at + 3..)?));
        }
        *objects.get_mut(id.checked_sub(1)?)? = object;
    }
    Some(Read { head: places.first()?.0, objects, trailer: [trailer.get(..size)?, after.get(digits..)?], top })
}

fn write(out: &mut Vec<u8>, id: usize, body: &[u8]) {
    out.extend_from_slice(format!("{id} 0 obj\n").as_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(b"\nendobj\n");
}

fn object_stream(objects: &[(usize, &[u8])]) -> Option<Vec<u8>> {
    let (mut head, mut bodies) = (String::new(), Vec::new());
    for (id, body) in objects {
        head.extend([id.to_string(), " ".to_owned(), bodies.len().to_string(), " ".to_owned()]);
        match body.strip_prefix(TYPE) {
            Some(rest) => bodies.extend([b"<<", rest].concat()),
            None => bodies.extend_from_slice(body),
        }
        bodies.push(b'\n');
    }
    let entries = format!("/Type/ObjStm/N {}/First {}", objects.len(), head.len());
    stream(entries.as_bytes(), &[head.as_bytes(), &bodies].concat())
}

/// Each row less the one above it, as the filter for images does: most then are the same.
fn cross_references(rows: &[[u8; ROW]], trailer: [&[u8]; 2]) -> Option<Vec<u8>> {
    let mut content = Vec::with_capacity(rows.len() * (ROW + 1));
    let mut above = [0; ROW];
    for row in rows {
        content.push(2);
        content.extend(row.iter().zip(above).map(|(byte, above)| byte.wrapping_sub(above)));
        above = *row;
    }
    let own = format!("/Type/XRef/W[1 4 2]/DecodeParms<</Predictor 12/Columns {ROW}>>/Size {}", rows.len());
    let [before, after] = trailer;
    stream(&[own.as_bytes(), before, after].concat(), &content)
}

fn row(kind: u8, place: usize, last: u16) -> [u8; ROW] {
    let place = u32::try_from(place).unwrap_or(u32::MAX).to_be_bytes();
    let mut row = [kind; ROW];
    for (to, from) in row.iter_mut().skip(1).zip(place.into_iter().chain(last.to_be_bytes())) {
        *to = from;
    }
    row
}

fn stream(entries: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content).ok()?;
    let packed = encoder.finish().ok()?;
    let own = format!("/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
    Some([b"<<", entries, own.as_bytes(), &packed, b"\nendstream"].concat())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The digits that `text` begins with.
fn number(text: &[u8]) -> Option<usize> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(objects: &[&str]) -> Vec<u8> {
        let mut pdf = "%PDF-1.7\n".to_owned();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
        for (id, object) in (1..).zip(objects) {
            table = format!("{table}{:010} 00000 n\r\n", pdf.len());
            pdf.extend([id.to_string().as_str(), " 0 obj\n", object, "\nendobj\n\n"]);
        }
        let end = format!("{table}trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF", objects.len() + 1, pdf.len());
        [pdf, end].concat().into_bytes()
    }

    #[test]
    fn small_objects_go_into_a_stream_and_what_a_signature_rewrites_does_not() {
        let objects = [
            "<</Type/Catalog/StructTreeRoot 2 0 R>>",
            "<</Type/StructTreeRoot/K[3 0 R]>>",
            "<</Type/StructElem/S/Document/K[4 0 R]>>",
            "<</Type/StructElem/S/P>>",
            "<</Length 3>>\nstream\nabc\nendstream",
            "[7 0 R/XYZ 1 2 0]",
        ];
        let pdf = compact(file(&objects));
        let document = lopdf::Document::load_mem(&pdf).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        for (id, is_plain) in [(1, true), (2, true), (3, true), (4, false), (5, true), (6, false)] {
            assert_eq!(text.contains(&format!("\n{id} 0 obj\n")), is_plain, "{id}");
            assert!(document.get_object((id, 0)).is_ok(), "{id}");
        }
        assert_eq!(document.get_object((4, 0)).unwrap().as_dict().unwrap().get(b"S").unwrap().as_name().unwrap(), b"P");
        assert!(document.catalog().is_ok() && text.contains("/Type/XRef") && !text.contains("trailer"));
    }

    #[test]
    fn what_is_written_otherwise_stays() {
        for text in ["", "%PDF-1.7", "startxref\n5\n%%EOF", "xref\n0 9\ntrailer\nstartxref\n0\n%%EOF"] {
            let padded = format!("{text:>80}");
            for text in [text, &padded] {
                assert_eq!(compact(text.as_bytes().to_vec()), text.as_bytes());
            }
        }
        let other = String::from_utf8(file(&["<</Type/Catalog>>"])).unwrap().replace("1 0 obj", "1 1 obj").into_bytes();
        assert_eq!(compact(other.clone()), other);
    }
}
