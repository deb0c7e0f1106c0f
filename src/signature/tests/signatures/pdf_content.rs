//! Content that a signed act must not have, each kind refused by its name; and its honest neighbours, which pass.

use oblik_signature::pdf::sign;
use oblik_signature::{Judged, judge_pdf};

use crate::common::{Desk, PASSED, detail, moment, pki, policy, shown, signer, trust};
use crate::pdf::{assemble, supplier};

/// Names of the attacks that a verdict tells, each once.
pub fn attacks(judged: &Judged) -> Vec<String> {
    let mut names: Vec<String> =
        judged.all_findings().map(|finding| finding.value("attack").to_owned()).filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

pub fn judge(pdf: &[u8]) -> Judged {
    judge_pdf(pdf, &trust(), &policy(), moment())
}

/// One page with what is added to its catalog, to itself and to its form, and more objects from number 5 on.
fn build(catalog: &str, page: &str, form: &str, more: &[&str]) -> Vec<u8> {
    let catalog = format!("<</Type/Catalog/Pages 2 0 R{catalog}/AcroForm<</Fields[]{form}>>>>");
    let page = format!("<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R{page}>>");
    let mut objects = vec![
        catalog.as_str(),
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
        &page,
        "<</Length 2>>\nstream\nq \nendstream",
    ];
    objects.extend(more);
    objects.push("<</Producer(test)>>");
    assemble(&objects)
}

fn signed(base: &[u8]) -> Vec<u8> {
    sign(base, &signer(&pki().rsa), &supplier()).unwrap()
}

fn annotations(list: &str) -> Vec<u8> {
    build("", &format!("/Annots[{list}]"), "", &[])
}

#[test]
fn what_acts_or_is_not_what_is_seen_is_refused_by_name() {
    let stamp = "<</Type/Annot/Subtype/Stamp/Rect[10 10 90 90]>>";
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("a script on opening", "javascript", build("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>", "", "", &[])),
        ("a script by name", "javascript", build("/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>", "", "", &[])),
        ("a script in an object of its own", "javascript", build("", "", "", &["<</S/JavaScript/JS(x)>>"])),
        ("a script written otherwise", "javascript", build("", "", "", &["<</S/Java#53cript/J#53(x)>>"])),
        ("a program", "launch", build("/OpenAction<</S/Launch/F(cmd.exe)>>", "", "", &[])),
        (
            "a form that is sent",
            "submit-form",
            annotations("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/SubmitForm/F(http://x)>>>>"),
        ),
        ("an address on opening", "automatic-uri", build("/OpenAction<</S/URI/URI(http://x)>>", "", "", &[])),
        ("an action of a page", "automatic-action", build("", "/AA<</O<</S/GoTo/D[3 0 R/Fit]>>>>", "", &[])),
        ("an action of the catalog", "automatic-action", build("/AA<</WC<</S/GoTo>>>>", "", "", &[])),
        ("hiding", "action", annotations("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Hide/T(x)>>>>")),
        (
            "another file",
            "external-reference",
            annotations("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/GoToR/F(x.pdf)/D[0/Fit]>>>>"),
        ),
        ("content in another file", "external-reference", build("", "", "", &["<</Length 0/F(x.bin)>>\nstream\n\nendstream"])),
        (
            "a page of another file",
            "external-reference",
            build(
                "",
                "",
                "",
                &["<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F(x.pdf)/Page 0>>/Length 0>>\nstream\n\nendstream"],
            ),
        ),
        ("a file at an address", "external-reference", build("", "", "", &["<</Type/Filespec/FS/URL/F(http://x)>>"])),
        ("a film", "rich-media", build("", "", "", &["<</Type/Annot/Subtype/RichMedia/RichMediaContent<<>>/Rect[0 0 9 9]>>"])),
        ("layers", "optional-content", build("/OCProperties<</OCGs[]/D<<>>>>", "", "", &[])),
        ("an XFA form", "xfa-form", build("", "", "/XFA(x)", &[])),
        ("a form drawn by the reader", "need-appearances", build("", "", "/NeedAppearances true", &[])),
        ("a stamp over a stamp", "overlapping-annotations", annotations(&format!("{stamp} {stamp}"))),
        (
            "a stamp over a field",
            "overlapping-annotations",
            annotations(&format!("{stamp}<</Subtype/Widget/Rect[50 50 60.5 60.5]>>")),
        ),
        ("a stamp that waits", "hidden-annotation", annotations("<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/F 2>>")),
        ("a stamp for paper only", "hidden-annotation", annotations("<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/F 32>>")),
    ];
    let desk = Desk::new();
    for (case, name, base) in &cases {
        let pdf = signed(base);
        let judged = judge(&pdf);
        assert!(judged.signed.is_none(), "{case}");
        assert_eq!(attacks(&judged), [name.to_string()], "{case}\n{}", detail(&judged));
        assert_eq!(shown(&judged), "INDETERMINATE SIG_CONSTRAINTS_FAILURE PDF-FORBIDDEN", "{case}");
        assert!(reads_as_pdf(&desk, &pdf), "{case}");
    }
    for (case, base) in [
        ("nothing", build("", "", "", &[])),
        ("a place to open at", build("/OpenAction[3 0 R/Fit]", "", "", &[])),
        ("going to a page on opening", build("/OpenAction<</S/GoTo/D[3 0 R/Fit]>>", "", "", &[])),
        ("a link", annotations("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://x)>>>>")),
        ("two links, one over the other", annotations("<</Subtype/Link/Rect[0 0 9 9]>><</Subtype/Link/Rect[0 0 9 9]>>")),
        ("stamps side by side", annotations(&format!("{stamp}<</Subtype/Stamp/Rect[90 10 99 90]>>"))),
        ("a note with its window", annotations("<</Subtype/Text/Rect[0 0 9 9]>><</Subtype/Popup/Rect[0 0 9 9]>>")),
        ("a slide", build("", "/Trans<</Type/Trans/S/Fade>>", "", &[])),
        ("a structure element", build("", "", "", &["<</Type/StructElem/S/Sound/P 1 0 R>>"])),
    ] {
        assert_eq!(shown(&judge(&signed(&base))), PASSED, "{case}");
    }
}

/// Whether a program that is not ours reads the file as a PDF.
pub fn reads_as_pdf(desk: &Desk, pdf: &[u8]) -> bool {
    desk.put("witness.pdf", pdf);
    let (_, said) = desk.try_run("qpdf", &["--show-npages", "witness.pdf"]);
    let is_read = said.lines().any(|line| line.trim().parse::<u32>().is_ok_and(|pages| pages > 0));
    if !is_read {
        println!("{said}");
    }
    is_read
}

/// A file attached: its specification with `name`, under `key` in the list.
fn attached(catalog: &str, key: &str, name: &str, more: &[&str]) -> Vec<u8> {
    let specification = format!("<</Type/Filespec/F{name}/UF{name}/EF<</F 6 0 R>>>>");
    let mut objects = vec![specification.as_str(), "<</Type/EmbeddedFile/Length 4>>\nstream\n<a/>\nendstream"];
    objects.extend(more);
    build(&format!("/Names<</EmbeddedFiles<</Names[{key} 5 0 R]>>>>{catalog}"), "", "", &objects)
}

fn utf16(text: &str) -> String {
    let octets: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    format!("<{}>", hex::encode(octets))
}

#[test]
fn hidden_and_ambiguous_attachments_are_refused_by_name() {
    let second = "<</Type/EmbeddedFile/Length 4>>\nstream\n<b/>\nendstream";
    let plain = |catalog: &str, more: &[&str]| attached(catalog, "(a.xml)", "(a.xml)", more);
    let two = |names: &str, one: &str, other: &str| {
        build(
            &format!("/Names<</EmbeddedFiles<</Names[{names}]>>>>"),
            "",
            "",
            &[
                &format!("<</Type/Filespec/F{one}/EF<</F 6 0 R>>>>"),
                "<</Type/EmbeddedFile/Length 4>>\nstream\n<a/>\nendstream",
                &format!("<</Type/Filespec/F{other}/EF<</F 8 0 R>>>>"),
                second,
            ],
        )
    };
    for (case, names, base) in [
        ("a file no list names", &["hidden-attachment"][..], plain("", &[second])),
        (
            "a specification no list names",
            &["hidden-attachment"],
            plain("", &["<</Type/Filespec/F(b.xml)/EF<</F 8 0 R>>>>", "<</Length 0>>\nstream\n\nendstream"]),
        ),
        ("a specification within another object", &["hidden-attachment"], plain("", &["[<</F(b.xml)/EF<</F 6 0 R>>>>]"])),
        (
            "a file on a page",
            &["attachment-annotation", "hidden-attachment"],
            build(
                "",
                "/Annots[<</Subtype/FileAttachment/Rect[0 0 9 9]/FS 5 0 R>>]",
                "",
                &["<</Type/Filespec/F(a.xml)/EF<</F 6 0 R>>>>", second],
            ),
        ),
        ("two files", &["several-attachments"], two("(a.xml)5 0 R(b.xml)7 0 R", "(a.xml)", "(b.xml)")),
        (
            "two files of one name",
            &["attachment-name", "several-attachments"],
            two("(a.xml)5 0 R(b.xml)7 0 R", "(a.xml)", "(A.XML)"),
        ),
        ("a portfolio", &["several-attachments"], plain("/Collection<</View/D>>", &[])),
        ("a name that turns round", &["attachment-name"], attached("", "(a)", &utf16("акт\u{202e}lmx.exe"), &[])),
        ("a name with a sign of no width", &["attachment-name"], attached("", "(a)", &utf16("ак\u{200b}т.xml"), &[])),
        ("a name with such a sign in the list", &["attachment-name"], attached("", &utf16("акт\u{2066}.xml"), "(a.xml)", &[])),
        ("a name in another folder", &["attachment-name"], attached("", "(a)", "(../a.xml)", &[])),
        (
            "two names of two kinds",
            &["attachment-name"],
            build(
                "/Names<</EmbeddedFiles<</Names[(a)5 0 R]>>>>",
                "",
                "",
                &["<</Type/Filespec/F(a.exe)/UF(a.xml)/EF<</F 6 0 R>>>>", second],
            ),
        ),
        (
            "one file for some and one for others",
            &["attachment-mismatch"],
            build(
                "/Names<</EmbeddedFiles<</Names[(a)5 0 R]>>>>",
                "",
                "",
                &["<</Type/Filespec/F(a.xml)/EF<</F 6 0 R/UF 7 0 R>>>>", second, second],
            ),
        ),
        (
            "associated with another file",
            &["attachment-mismatch", "hidden-attachment"],
            plain("/AF[7 0 R]", &["<</F(b.xml)/EF<</F 6 0 R>>>>"]),
        ),
        ("associated with none", &["attachment-mismatch"], plain("/AF[]", &[])),
    ] {
        let judged = judge(&signed(&base));
        assert!(judged.signed.is_none(), "{case}");
        assert_eq!(attacks(&judged), names, "{case}\n{}", detail(&judged));
    }
    for (case, base) in [
        ("one file", plain("", &[])),
        ("one file, associated", plain("/AF[5 0 R]", &[])),
        ("a name in Ukrainian", attached("", &utf16("акт.xml"), &utf16("акт.xml"), &[])),
        ("a name with a space and brackets", attached("", "(a)", "(act \\(1\\).xml)", &[])),
    ] {
        let judged = judge(&signed(&base));
        assert_eq!(shown(&judged), PASSED, "{case}\n{}", detail(&judged));
    }
}
