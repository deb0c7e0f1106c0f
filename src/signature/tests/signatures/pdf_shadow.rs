//! Changes after signing, each told by its name and class: incremental saving, the shadow attacks, those on certified
//! documents; whether a customer then signs on top or not.

use oblik_domain::finding::Code;
use oblik_signature::Judged;
use oblik_signature::pdf::sign;

use crate::common::{Desk, PASSED, detail, pki, shown, signer};
use crate::pdf::{assemble, roomy, supplier};
use crate::pdf_attacks::{append, number_of, object, signed_twice};
use crate::pdf_content::{attacks, judge, reads_as_pdf};

/// A page with an image over a text, a form, a page that nothing shows, and a reference that waits for its object.
fn prepared() -> Vec<u8> {
    let base = assemble(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[10 0 R]>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
        "<</Type/Page/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</X1 6 0 R>>>>/Contents[4 0 R 7 0 R 40 0 R]/Annots[9 0 R 10 0 R]>>",
        "<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 000123) Tj ET \nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
        "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 12>>\nstream\n0 0 9 9 re f\nendstream",
        "<</Length 7>>\nstream\n/X1 Do \nendstream",
        "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R/Rotate 180>>",
        "<</Type/Annot/Subtype/Stamp/Rect[0 0 50 50]/AP<</N 11 0 R>>>>",
        "<</FT/Tx/T(meter)/Type/Annot/Subtype/Widget/Rect[100 100 200 120]/V(000123)/AP<</N 12 0 R>>>>",
        "<</Type/XObject/Subtype/Form/BBox[0 0 50 50]/Length 14>>\nstream\n0 0 50 50 re f\nendstream",
        "<</Type/XObject/Subtype/Form/BBox[0 0 99 20]/Length 28>>\nstream\nBT /F1 9 Tf (000123) Tj ET  \nendstream",
        "<</Producer(test)>>",
    ]);
    roomy(&base, &signer(&pki().rsa), &supplier())
}

/// `pdf` with one more revision in which the object `number` is free.
fn freed(pdf: &[u8], number: u32) -> Vec<u8> {
    let attacked = append(pdf, &[(number, "null")]);
    let at = attacked.windows(5).rposition(|window| window == b"xref\n").map(|at| {
        // The last `xref` is that of `startxref`.
        attacked[..at].windows(5).rposition(|window| window == b"xref\n").unwrap_or(at)
    });
    let table = at.unwrap();
    let line = table + format!("xref\n{number} 1\n").len();
    let mut attacked = attacked;
    attacked[line..line + 18].copy_from_slice(b"0000000000 00001 f");
    attacked
}

fn classes(judged: &Judged) -> Vec<String> {
    let changed = judged.all_findings().filter(|finding| finding.code == Code::PdfChanged);
    let mut classes: Vec<String> = changed.map(|finding| finding.value("change").to_owned()).collect();
    classes.sort();
    classes.dedup();
    classes
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_change_after_signing_is_told_by_its_name() {
    let pdf = prepared();
    assert_eq!(shown(&judge(&pdf)), PASSED, "{}", detail(&judge(&pdf)));
    assert_eq!(shown(&judge(&signed_twice(&pdf))), PASSED, "{}", detail(&judge(&signed_twice(&pdf))));
    let page = object(&pdf, 3);
    let catalog = object(&pdf, 1);
    let form = number_of(&pdf, "/SigFlags");
    let field = number_of(&pdf, "/V ");
    let empty = number_of(&pdf, "/F 4");
    let info = number_of(&pdf, "/Producer");
    let with = |text: &str, more: &str| format!("{}{more}>>", text.strip_suffix(">>").unwrap());
    let dressed = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream";
    let new_field = "<</FT/Sig/T(x)/Type/Annot/Subtype/Widget/Rect[0 0 99 99]/P 3 0 R/AP<</N 51 0 R>>>>";
    let cases: Vec<(&str, &str, &str, Vec<u8>)> = vec![
        ("content", "incremental-saving", "other", append(&pdf, &[(4, &object(&pdf, 4).replace("000123", "000999"))])),
        ("a page", "incremental-saving", "other", append(&pdf, &[(3, &with(&page, "/Rotate 90"))])),
        ("the catalog", "incremental-saving", "other", append(&pdf, &[(1, &with(&catalog, "/PageMode/FullScreen"))])),
        (
            "a page twice",
            "incremental-saving",
            "other",
            append(&pdf, &[(2, "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2/MediaBox[0 0 595 841]>>")]),
        ),
        (
            "more content",
            "incremental-saving",
            "other",
            append(&pdf, &[(50, "<</Length 0>>\nstream\n\nendstream"), (3, &page.replace("7 0 R", "7 0 R 50 0 R"))]),
        ),
        ("a cover taken from the content", "shadow-hide", "other", append(&pdf, &[(3, &page.replace(" 7 0 R", ""))])),
        ("a cover removed", "shadow-hide", "other", freed(&pdf, 6)),
        ("a stamp removed", "shadow-hide", "annotations", append(&pdf, &[(3, &page.replace("9 0 R ", ""))])),
        ("a stamp's look removed", "shadow-hide", "other", freed(&pdf, 11)),
        (
            "a field moved away",
            "shadow-hide",
            "other",
            append(&pdf, &[(10, &object(&pdf, 10).replace("[100 100 200 120]", "[-9 -9 -1 -1]"))]),
        ),
        ("a font", "shadow-replace", "other", append(&pdf, &[(5, "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>")])),
        ("an image", "shadow-replace", "other", append(&pdf, &[(6, &object(&pdf, 6).replace("re f", "re n"))])),
        (
            "a field's look without its value",
            "shadow-replace",
            "other",
            append(&pdf, &[(12, &object(&pdf, 12).replace("000123", "000999"))]),
        ),
        (
            "fonts of the page",
            "shadow-replace",
            "other",
            append(&pdf, &[(3, &page.replace("/F1 5 0 R", "/F1 50 0 R")), (50, "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>")]),
        ),
        (
            "a page that nothing showed",
            "shadow-hide-and-replace",
            "other",
            append(&pdf, &[(2, "<</Type/Pages/Kids[8 0 R]/Count 1/MediaBox[0 0 595 841]>>")]),
        ),
        (
            "other pages",
            "shadow-hide-and-replace",
            "other",
            append(
                &pdf,
                &[
                    (50, "<</Type/Pages/Kids[8 0 R]/Count 1/MediaBox[0 0 595 841]>>"),
                    (1, &catalog.replace("/Pages 2 0 R", "/Pages 50 0 R")),
                ],
            ),
        ),
        (
            "what a reference waited for",
            "shadow-hide-and-replace",
            "other",
            append(&pdf, &[(40, "<</Length 2>>\nstream\nQ \nendstream")]),
        ),
        (
            "an annotation",
            "evil-annotation",
            "annotations",
            append(
                &pdf,
                &[(50, "<</Type/Annot/Subtype/FreeText/Rect[0 0 99 99]>>"), (3, &page.replace("/Annots[", "/Annots[50 0 R "))],
            ),
        ),
        ("a changed annotation", "evil-annotation", "annotations", append(&pdf, &[(9, &with(&object(&pdf, 9), "/Contents(x)"))])),
        (
            "a field that shows and does not sign",
            "sneaky-signature",
            "other",
            append(
                &pdf,
                &[
                    (50, new_field),
                    (51, dressed),
                    (3, &page.replace("/Annots[", "/Annots[50 0 R ")),
                    (form, &object(&pdf, form).replace("/Fields[", "/Fields[50 0 R ")),
                ],
            ),
        ),
        (
            "the empty field dressed",
            "sneaky-signature",
            "other",
            append(&pdf, &[(51, dressed), (empty, &with(&object(&pdf, empty), "/AP<</N 51 0 R>>"))]),
        ),
        (
            "the empty field moved",
            "sneaky-signature",
            "other",
            append(&pdf, &[(empty, &object(&pdf, empty).replace("[-1 -1 -1 -1]", "[0 0 500 500]"))]),
        ),
        (
            "the signed field dressed",
            "sneaky-signature",
            "other",
            append(&pdf, &[(51, dressed), (field, &with(&object(&pdf, field), "/AP<</N 51 0 R>>"))]),
        ),
        (
            "a form filled in",
            "",
            "form-fill",
            append(
                &pdf,
                &[
                    (10, &object(&pdf, 10).replace("/V(000123)", "/V(000999)")),
                    (12, &object(&pdf, 12).replace("000123", "000999")),
                ],
            ),
        ),
        (
            "nothing of the form drawn",
            "incremental-saving",
            "other",
            append(&pdf, &[(form, &with(&object(&pdf, form), "/NeedAppearances true"))]),
        ),
    ];
    let desk = Desk::new();
    for (case, name, class, attacked) in &cases {
        assert!(reads_as_pdf(&desk, attacked), "{case}");
        // A customer may dress the field he then signs.
        let on_top = if *case == "the empty field dressed" { attacked.clone() } else { signed_twice(attacked) };
        for pdf in [attacked.clone(), on_top] {
            let judged = judge(&pdf);
            assert!(judged.signed.is_none(), "{case}");
            let told: Vec<String> = judged
                .signatures
                .iter()
                .take(1)
                .flat_map(|one| &one.findings)
                .filter(|finding| finding.code == Code::PdfChanged)
                .map(|finding| finding.value("attack").to_owned())
                .collect();
            assert!(told.contains(&name.to_string()), "{case}: {told:?}\n{}", detail(&judged));
            assert_eq!(judged.signatures[0].sub_indication.unwrap().as_str(), "FORMAT_FAILURE", "{case}");
            assert!(classes(&judged).contains(&class.to_string()), "{case}: {:?}\n{}", classes(&judged), detail(&judged));
        }
    }
    // What describes and is never shown may be written anew by a program that signs.
    let described = signed_twice(&append(&pdf, &[(info, "<</Producer(another)>>")]));
    assert_eq!(shown(&judge(&described)), PASSED, "{}", detail(&judge(&described)));
}

#[test]
fn a_field_that_a_signature_locks_is_not_filled_in() {
    // The supplier's signature is replaced by one that locks, in a file that is not signed otherwise.
    let pdf = prepared();
    let attacked = |name: &str| {
        let lock = format!("/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[({name})]>>>>]");
        let at = pdf.windows(12).position(|window| window == b"/Reference[<").unwrap();
        let end = at + pdf[at..].windows(5).position(|window| window == b">>>>]").unwrap() + 5;
        let mut changed = pdf.clone();
        let text = format!("{lock:width$}", width = end - at);
        assert!(text.len() <= end - at, "{} in {}", text.len(), end - at);
        changed.splice(at..end, text.bytes());
        let field = object(&pdf, 10).replace("/V(000123)", "/V(000999)");
        judge(&append(&changed, &[(10, &field)]))
    };
    assert_eq!(attacks(&attacked("meter")), ["incremental-saving"]);
    assert_eq!(attacks(&attacked("mete")), Vec::<String>::new());
    assert_eq!(classes(&attacked("mete")), ["form-fill"]);
}

#[test]
fn what_is_done_to_the_signature_itself_is_told_by_its_name() {
    let pdf = crate::pdf_attacks::signed();
    let form = number_of(&pdf, "/SigFlags");
    let field = number_of(&pdf, "/V ");
    let dictionary = number_of(&pdf, "/ByteRange");
    let signature = object(&pdf, dictionary);
    let contents = signature[signature.find("/Contents").unwrap()..].split_once('>').unwrap().0.to_owned() + ">";
    let range = {
        let at = pdf.windows(11).position(|window| window == b"/ByteRange[").unwrap() + 11;
        at..at + pdf[at..].iter().position(|byte| *byte == b']').unwrap()
    };
    let numbers: Vec<usize> =
        String::from_utf8_lossy(&pdf[range.clone()]).split_whitespace().map(|number| number.parse().unwrap()).collect();
    // The second range moved behind, what an attacker wrote in between: the digest stays the same (SWA).
    let wrapped = {
        let (head, tail) = (&pdf[..numbers[2]], &pdf[numbers[2]..]);
        let between = b">>\nendobj\n99 0 obj\n<</A<00>>>\nendobj\n";
        let mut attacked = [head, between, tail].concat();
        let text = format!("0 {} {} {}", numbers[1], numbers[2] + between.len(), numbers[3]);
        let padded = format!("{text:width$}", width = range.len());
        attacked.splice(range.clone(), padded.bytes());
        attacked
    };
    let mut overlapping = signed_twice(&pdf);
    let last = overlapping.windows(11).rposition(|window| window == b"/ByteRange[").unwrap() + 11;
    overlapping.splice(last..last + range.len(), pdf[range.clone()].iter().copied());
    for (case, name, attacked) in [
        ("wrapped", "signature-wrapping", wrapped),
        ("a range of another signature", "replaced-signature", overlapping),
        ("no contents", "universal-forgery", append(&pdf, &[(dictionary, &signature.replace(&contents, ""))])),
        ("empty contents", "universal-forgery", append(&pdf, &[(dictionary, &signature.replace(&contents, "/Contents<>"))])),
        ("a zero", "universal-forgery", append(&pdf, &[(dictionary, &signature.replace(&contents, "/Contents<00>"))])),
        ("null", "universal-forgery", append(&pdf, &[(dictionary, &signature.replace(&contents, "/Contents null"))])),
        ("a text", "universal-forgery", append(&pdf, &[(dictionary, &signature.replace(&contents, "/Contents/0x00"))])),
        ("no range", "universal-forgery", append(&pdf, &[(dictionary, &signature.replace("/ByteRange[", "/Range["))])),
        ("an empty range", "universal-forgery", append(&pdf, &[(dictionary, "<</ByteRange[]/Contents<01>>>")])),
        ("no signature", "universal-forgery", append(&pdf, &[(field, "<</FT/Sig/T(x)/V 98 0 R>>"), (dictionary, "null")])),
        (
            "a signature in the field",
            "universal-forgery",
            append(&pdf, &[(field, "<</FT/Sig/T(x)/V<</Contents<01>>>>>"), (dictionary, "null")]),
        ),
        ("a hidden one", "hidden-signature", append(&pdf, &[(form, "<</Fields[]/SigFlags 3>>")])),
        (
            "a shared one",
            "shared-signature",
            append(
                &pdf,
                &[(50, &object(&pdf, field).replace("/T", "/TX")), (form, &object(&pdf, form).replace('[', "[50 0 R "))],
            ),
        ),
        ("another", "replaced-signature", append(&pdf, &[(dictionary, &signature.replace("000000", "00FFFF"))])),
    ] {
        let judged = judge(&attacked);
        assert!(judged.signed.is_none(), "{case}");
        assert!(attacks(&judged).contains(&name.to_owned()), "{case}: {:?}\n{}", attacks(&judged), detail(&judged));
    }
}

#[test]
fn what_was_changed_before_signing_is_told_to_who_reads_an_earlier_revision() {
    let form = assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
        "<</Type/Page/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        "<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 000123) Tj ET \nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
    ]);
    let signed = |pdf: &[u8]| sign(pdf, &signer(&pki().rsa), &supplier()).unwrap();
    let changes = |pdf: &[u8]| oblik_signature::pdf::changes_since(pdf, form.len());
    assert_eq!(changes(&form), []);
    for honest in [signed(&form), signed_twice(&signed(&form))] {
        assert_eq!((shown(&judge(&honest)), changes(&honest)), (PASSED.to_owned(), Vec::new()));
    }
    let other = object(&form, 4).replace("000123", "000999");
    let page = object(&form, 3).replace(">>/Contents", ">>/Rotate 180/Contents");
    for changed in [append(&form, &[(4, &other)]), append(&form, &[(3, &page)])] {
        // The signature covers the change, so the judge has nothing against it.
        let attacked = signed(&changed);
        assert_eq!(shown(&judge(&attacked)), PASSED, "{}", detail(&judge(&attacked)));
        let told = changes(&attacked);
        assert_eq!((told[0].code, told[0].value("attack")), (Code::PdfChanged, "incremental-saving"), "{told:?}");
        assert_eq!(changes(&signed_twice(&attacked)).len(), told.len());
    }
    assert_eq!(oblik_signature::pdf::changes_since(&form, form.len() / 2).len(), 1, "no revision ends there");
}
