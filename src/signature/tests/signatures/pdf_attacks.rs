//! Attacks on signed PDFs (threat T6): none passes, none panics.

use oblik_signature::pdf::sign;
use oblik_signature::{Judged, judge_pdf};

use crate::common::{PASSED, detail, moment, pki, policy, shown, signer, trust};
use crate::pdf::{assemble, customer, plain, roomy, supplier};

fn judge(pdf: &[u8]) -> Judged {
    judge_pdf(pdf, &trust(), &policy(), moment())
}

pub fn signed() -> Vec<u8> {
    roomy(&plain(), &signer(&pki().rsa), &supplier())
}

pub fn signed_twice(pdf: &[u8]) -> Vec<u8> {
    sign(pdf, &signer(&pki().p256), &customer()).unwrap()
}

fn find(pdf: &[u8], text: &str) -> usize {
    pdf.windows(text.len()).position(|window| window == text.as_bytes()).unwrap_or_else(|| panic!("{text} is not there"))
}

fn replace(pdf: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "lengths stay");
    let at = find(pdf, from);
    let mut changed = pdf.to_vec();
    changed[at..at + to.len()].copy_from_slice(to.as_bytes());
    changed
}

/// `pdf` with one more revision of these objects, as an attacker writes it.
pub fn append(pdf: &[u8], objects: &[(u32, &str)]) -> Vec<u8> {
    let mut out = pdf.to_vec();
    let start_xref = pdf.windows(9).rposition(|window| window == b"startxref").unwrap();
    let previous: String = pdf[start_xref + 9..].iter().map(|byte| char::from(*byte)).filter(char::is_ascii_digit).collect();
    let mut table = "xref\n".to_owned();
    for (number, body) in objects {
        table.extend([format!("{number} 1\n{:010} 00000 n\r\n", out.len())]);
        out.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    let start = out.len();
    out.extend(table.bytes());
    out.extend(format!("trailer\n<</Root 1 0 R/Size 100/Info 6 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n").bytes());
    out
}

/// Text of an object's last definition.
pub fn object(pdf: &[u8], number: u32) -> String {
    let head = format!("\n{number} 0 obj\n");
    let at = pdf.windows(head.len()).rposition(|window| window == head.as_bytes()).unwrap() + head.len();
    let end = at + find(&pdf[at..], "\nendobj");
    String::from_utf8_lossy(&pdf[at..end]).into_owned()
}

/// Number of the object whose last definition holds `text`.
pub fn number_of(pdf: &[u8], text: &str) -> u32 {
    (1..60)
        .rev()
        .find(|number| {
            let head = format!("\n{number} 0 obj\n");
            pdf.windows(head.len()).any(|window| window == head.as_bytes()) && object(pdf, *number).contains(text)
        })
        .unwrap()
}

#[test]
fn every_octet_of_a_signed_file_matters() {
    let pdf = signed();
    assert_eq!(shown(&judge(&pdf)), PASSED);
    let gap = find(&pdf, "/Contents<") + 10;
    let gap_end = gap + find(&pdf[gap..], ">");
    for at in (0..pdf.len()).step_by(7).filter(|at| *at < gap || *at > gap_end) {
        let mut changed = pdf.clone();
        changed[at] ^= 0x01;
        let judged = judge(&changed);
        assert!(judged.signed.is_none() && shown(&judged) != PASSED, "octet {at}");
    }
    // The content itself.
    let changed = replace(&pdf, "(Readings 000123)", "(Readings 000999)");
    assert_eq!(shown(&judge(&changed)), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED");
}

#[test]
fn whatever_comes_after_the_last_signature_is_refused() {
    let pdf = signed();
    let page = object(&pdf, 3);
    let catalog = object(&pdf, 1);
    let with = |text: &str, more: &str| format!("{}{more}>>", text.strip_suffix(">>").unwrap());
    for (case, attacked) in [
        ("an octet", [&pdf[..], b"\n"].concat()),
        ("a comment", [&pdf[..], b"% nothing\n%%EOF\n"].concat()),
        (
            "another content",
            append(&pdf, &[(4, "<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 000999) Tj ET \nendstream")]),
        ),
        (
            "a page with an annotation",
            append(
                &pdf,
                &[
                    (50, "<</Type/Annot/Subtype/FreeText/Rect[0 0 99 99]/DA(/F1 9 Tf)/Contents(x)>>"),
                    (3, &page.replace("/Annots[", "/Annots[50 0 R ")),
                ],
            ),
        ),
        ("an overlay", append(&pdf, &[(3, &with(&page, "/Rotate 90"))])),
        ("another font", append(&pdf, &[(5, "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>")])),
        ("another catalog entry", append(&pdf, &[(1, &with(&catalog, "/PageMode/FullScreen"))])),
        ("a page tree", append(&pdf, &[(2, "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2/MediaBox[0 0 595.2756 841.8898]>>")])),
        ("nothing but a table", append(&pdf, &[])),
        ("a cut revision", {
            let twice = signed_twice(&pdf);
            twice[..twice.len() - 30].to_vec()
        }),
    ] {
        let judged = judge(&attacked);
        assert!(judged.signed.is_none(), "{case}");
        assert_ne!(shown(&judged), PASSED, "{case}");
        let codes = shown(&judged);
        let expected =
            if matches!(case, "a comment" | "a cut revision" | "nothing but a table") { "PDF-" } else { "PDF-CHANGED" };
        assert!(codes.contains(expected), "{case}: {codes}\n{}", detail(&judged));
    }
}

#[test]
fn changes_between_two_signatures_spoil_the_first() {
    let pdf = signed();
    let page = object(&pdf, 3);
    let catalog = object(&pdf, 1);
    let form = number_of(&pdf, "/SigFlags");
    let field = number_of(&pdf, "/V ");
    let empty = number_of(&pdf, "/F 4");
    let with = |text: &str, more: &str| format!("{}{more}>>", text.strip_suffix(">>").unwrap());
    assert_eq!(shown(&judge(&signed_twice(&pdf))), PASSED);
    for (case, attacked) in [
        ("content", append(&pdf, &[(4, "<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 000999) Tj ET \nendstream")])),
        (
            "annotation",
            append(
                &pdf,
                &[(50, "<</Type/Annot/Subtype/Stamp/Rect[0 0 99 99]>>"), (3, &page.replace("/Annots[", "/Annots[50 0 R "))],
            ),
        ),
        (
            "annotation at the end",
            append(&pdf, &[(50, "<</Type/Annot/Subtype/Stamp/Rect[0 0 99 99]>>"), (3, &page.replace(" 0 R]", " 0 R 50 0 R]"))]),
        ),
        (
            "text field",
            append(
                &pdf,
                &[
                    (50, "<</FT/Tx/T(x)/Type/Annot/Subtype/Widget/Rect[0 0 99 99]/V(1)>>"),
                    (form, &object(&pdf, form).replace(" 0 R]", " 0 R 50 0 R]")),
                ],
            ),
        ),
        ("field moved", append(&pdf, &[(empty, &object(&pdf, empty).replace("[-1 -1 -1 -1]", "[0 0 500 500]"))])),
        (
            "signed field dressed",
            append(
                &pdf,
                &[
                    (50, "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream"),
                    (field, &with(&object(&pdf, field), "/AP<</N 50 0 R>>")),
                ],
            ),
        ),
        ("catalog", append(&pdf, &[(1, &with(&catalog, "/ViewerPreferences<</HideMenubar true>>"))])),
        ("form defaults", append(&pdf, &[(form, &with(&object(&pdf, form), "/NeedAppearances true"))])),
    ] {
        let judged = judge(&signed_twice(&attacked));
        assert!(judged.signed.is_none(), "{case}");
        assert_eq!(judged.signatures.len(), 2, "{case}");
        let codes = shown(&judged);
        assert!(codes.contains("PDF-CHANGED"), "{case}: {codes}");
        assert_eq!(judged.signatures[0].sub_indication.unwrap().as_str(), "FORMAT_FAILURE", "{case}");
    }
}

#[test]
fn an_object_that_was_waited_for_is_a_shadow() {
    // The page shows object 9 on top, which does not exist when the supplier signs.
    let base = assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
        "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents[4 0 R 40 0 R]>>",
        "<</Length 2>>\nstream\nq \nendstream",
        "<</Producer(test)>>",
        "<</Producer(test)>>",
    ]);
    let pdf = sign(&base, &signer(&pki().rsa), &supplier()).unwrap();
    assert_eq!(shown(&judge(&pdf)), PASSED);
    let attacked = append(&pdf, &[(40, "<</Length 2>>\nstream\nQ \nendstream")]);
    let judged = judge(&signed_twice(&attacked));
    assert!(shown(&judged).contains("PDF-CHANGED"), "{}", shown(&judged));
}

#[test]
fn the_byte_range_must_leave_out_its_own_place_and_nothing_else() {
    let pdf = signed();
    let at = find(&pdf, "/ByteRange[") + 11;
    let end = at + find(&pdf[at..], "]");
    let text = String::from_utf8(pdf[at..end].to_vec()).unwrap();
    let numbers: Vec<usize> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let with = |numbers: &str| {
        let mut changed = pdf.clone();
        let padded = format!("{numbers:width$}", width = end - at);
        changed[at..end].copy_from_slice(padded.as_bytes());
        changed
    };
    let (first, second, length) = (numbers[1], numbers[2], numbers[3]);
    for (case, attacked) in [
        ("starts later", with(&format!("1 {} {second} {length}", first - 1))),
        ("leaves out more before", with(&format!("0 {} {second} {length}", first - 9))),
        ("leaves out more behind", with(&format!("0 {first} {} {}", second + 9, length - 9))),
        ("ends early", with(&format!("0 {first} {second} {}", length - 1))),
        ("ends late", with(&format!("0 {first} {second} {}", length + 1))),
        ("two numbers", with(&format!("0 {first}"))),
        ("six numbers", with(&format!("0 {first} {second} 1 2 3"))),
        ("negative", with(&format!("0 {first} {second} -5"))),
        ("huge", with(&format!("0 {first} {second} 99999999999999999999"))),
        ("no gap", with(&format!("0 {second} {second} {length}"))),
        ("nothing", with("")),
        ("whole numbers only", with(&format!("0.0 {first} {second} {length}"))),
    ] {
        let judged = judge(&attacked);
        assert!(judged.signed.is_none(), "{case}");
        let codes = shown(&judged);
        let expected = match case {
            "ends early" => "PDF-CHANGED",
            "huge" => "PDF-BROKEN",
            _ => "PDF-BYTE-RANGE",
        };
        assert!(codes.starts_with("TOTAL-FAILED FORMAT_FAILURE") && codes.contains(expected), "{case}: {codes}");
    }
}

#[test]
fn signatures_are_not_hidden_replaced_or_shared() {
    let pdf = signed();
    let form = number_of(&pdf, "/SigFlags");
    let field = number_of(&pdf, "/V ");
    let dictionary = number_of(&pdf, "/ByteRange");
    for (case, attacked, expected) in [
        ("the form is emptied", append(&pdf, &[(form, "<</Fields[]/SigFlags 3>>")]), "PDF-BYTE-RANGE"),
        (
            "the signature is replaced",
            append(&pdf, &[(dictionary, &object(&pdf, dictionary).replace("000000", "00FFFF"))]),
            "PDF-BYTE-RANGE",
        ),
        (
            "contents are null",
            append(&pdf, &[(dictionary, "<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]/Contents null>>")]),
            "PDF-BYTE-RANGE",
        ),
        (
            "contents are missing",
            append(&pdf, &[(dictionary, "<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]>>")]),
            "PDF-BYTE-RANGE",
        ),
        (
            "the range is missing",
            append(&pdf, &[(dictionary, "<</Type/Sig/SubFilter/ETSI.CAdES.detached/Contents<00>>>")]),
            "PDF-BYTE-RANGE",
        ),
        (
            "a second field holds it",
            append(
                &pdf,
                &[(50, &object(&pdf, field).replace("/T", "/TX")), (form, &object(&pdf, form).replace('[', "[50 0 R "))],
            ),
            "PDF-BYTE-RANGE",
        ),
        (
            "it stands in the field itself",
            append(&pdf, &[(field, "<</FT/Sig/T(x)/V<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>>>")]),
            "PDF-BYTE-RANGE",
        ),
    ] {
        let judged = judge(&attacked);
        assert!(judged.signed.is_none(), "{case}");
        let codes = shown(&judged);
        assert!(codes.contains(expected), "{case}: {codes}");
    }
}

#[test]
fn active_and_hidden_content_is_refused_even_when_signed() {
    let build = |catalog: &str, page: &str, form: &str| {
        assemble(&[
            &format!("<</Type/Catalog/Pages 2 0 R{catalog}/AcroForm<</Fields[]{form}>>>>"),
            "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
            &format!("<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R{page}>>"),
            "<</Length 2>>\nstream\nq \nendstream",
            "<</Producer(test)>>",
        ])
    };
    let judge_signed = |base: Vec<u8>| judge(&sign(&base, &signer(&pki().rsa), &supplier()).unwrap());
    assert_eq!(shown(&judge_signed(build("", "", ""))), PASSED);
    assert_eq!(shown(&judge_signed(build("/OpenAction[3 0 R/Fit]", "", ""))), PASSED);
    for (case, base) in [
        ("script on opening", build("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>", "", "")),
        ("script by name", build("/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>", "", "")),
        ("launch", build("/OpenAction<</S/Launch/F(cmd.exe)>>", "", "")),
        ("page action", build("", "/AA<</O<</S/GoTo/D[3 0 R/Fit]>>>>", "")),
        ("catalog action", build("/AA<</WC<</S/GoTo>>>>", "", "")),
        ("optional content", build("/OCProperties<</OCGs[]/D<<>>>>", "", "")),
        ("XFA", build("", "", "/XFA(x)")),
        ("drawn by the reader", build("", "", "/NeedAppearances true")),
        ("submits", build("", "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/SubmitForm/F(http://x)>>>>]", "")),
    ] {
        let judged = judge_signed(base);
        assert!(judged.signed.is_none(), "{case}");
        assert_eq!(shown(&judged), "INDETERMINATE SIG_CONSTRAINTS_FAILURE PDF-FORBIDDEN", "{case}");
    }
    let twice = plain();
    let at = find(&twice, "xref\n0 7");
    let hidden = b"4 0 obj\n<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 999999) Tj ET \nendstream\nendobj\n";
    let mut with_twin = [&twice[..at], hidden, &twice[at..]].concat();
    let position = with_twin.windows(9).rposition(|window| window == b"startxref").unwrap();
    with_twin.truncate(position);
    with_twin.extend(format!("startxref\n{}\n%%EOF\n", at + hidden.len()).bytes());
    let judged = judge_signed(with_twin);
    assert_eq!(shown(&judged), "INDETERMINATE SIG_CONSTRAINTS_FAILURE PDF-BROKEN", "{}", detail(&judged));
}

#[test]
fn an_unsigned_pdf_has_no_signature_and_a_broken_one_is_broken() {
    assert_eq!(shown(&judge(&plain())), "INDETERMINATE NO_SIGNATURE SIG-MISSING");
    let shifted = [&b"GIF89a\n"[..], &signed()].concat();
    for broken in [&b"%PDF-1.7"[..], b"", b"%PDF-1.7\n%%EOF", b"not a pdf", &plain()[..200], &shifted] {
        assert_eq!(shown(&judge(broken)), "TOTAL-FAILED FORMAT_FAILURE PDF-BROKEN");
    }
}
