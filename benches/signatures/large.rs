//! A PDF of any size: pages with pictures, as scans are.

use std::io::Write as _;

/// A PDF of about `bytes`: a page and a picture for every 200 kB.
///
/// # Panics
/// Never: memory is written.
pub fn pdf_of(bytes: usize) -> Vec<u8> {
    const PICTURE: usize = 200_000;
    let pages = bytes / PICTURE;
    let (mut pdf, mut offsets) = (b"%PDF-1.7\n".to_vec(), Vec::new());
    let mut object = |body: &[u8]| {
        offsets.push(pdf.len());
        writeln!(pdf, "{} 0 obj", offsets.len()).expect("memory");
        pdf.extend_from_slice(body);
        pdf.extend_from_slice(b"\nendobj\n");
    };
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 3 + 3 * page)).collect();
    object(b"<</Type/Catalog/Pages 2 0 R>>");
    object(format!("<</Type/Pages/Kids[{}]/Count {pages}>>", kids.join(" ")).as_bytes());
    for page in 0..pages {
        let own = 3 + 3 * page;
        let (contents, picture) = (own + 1, own + 2);
        let resources = format!("<</XObject<</I {picture} 0 R>>>>");
        let leaf = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {contents} 0 R/Resources{resources}>>");
        object(leaf.as_bytes());
        object(b"<</Length 30>>\nstream\nq 595 0 0 842 0 0 cm /I Do Q  \nendstream");
        let head = format!(
            "<</Type/XObject/Subtype/Image/Width 500/Height 400/BitsPerComponent 8/ColorSpace/DeviceGray/Length {PICTURE}>>\nstream\n"
        );
        let mut state = u32::try_from(page).unwrap_or_default().wrapping_mul(2_654_435_761) | 1;
        let pixels = (0..PICTURE).map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_be_bytes()[0]
        });
        let body: Vec<u8> = head.bytes().chain(pixels).chain(*b"\nendstream").collect();
        object(&body);
    }
    let start = pdf.len();
    write!(pdf, "xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).expect("memory");
    for offset in &offsets {
        writeln!(pdf, "{offset:010} 00000 n ").expect("memory");
    }
    write!(pdf, "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", offsets.len() + 1).expect("memory");
    pdf
}
