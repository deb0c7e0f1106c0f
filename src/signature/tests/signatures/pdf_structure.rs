//! Files that read in two ways: polyglots, doubled objects and keys, split cross-references. Each is refused by its name.

use oblik_signature::pdf::sign;

use crate::common::{Desk, PASSED, detail, pki, shown, signer};
use crate::pdf::{assemble, plain, supplier};
use crate::pdf_content::{attacks, judge, reads_as_pdf};

fn signed(base: &[u8]) -> Vec<u8> {
    sign(base, &signer(&pki().rsa), &supplier()).unwrap()
}

fn find(pdf: &[u8], text: &[u8]) -> usize {
    pdf.windows(text.len()).position(|window| window == text).unwrap()
}

/// `base` with `bytes` put before its cross-reference table, which is moved along.
fn with_before_table(base: &[u8], bytes: &[u8]) -> Vec<u8> {
    let table = find(base, b"xref\n0 ");
    let start = base.windows(9).rposition(|window| window == b"startxref").unwrap();
    let mut out = [&base[..table], bytes, &base[table..start]].concat();
    out.extend(format!("startxref\n{}\n%%EOF\n", table + bytes.len()).bytes());
    out
}

/// `base` with `from` replaced by `to` of the same length.
fn with(base: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = find(base, from.as_bytes());
    [&base[..at], to.as_bytes(), &base[at + to.len()..]].concat()
}

#[test]
fn other_files_in_the_same_bytes_are_refused_by_name() {
    let desk = Desk::new();
    let zip_end = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    for (case, base) in [
        ("an archive between objects", with_before_table(&plain(), b"%PK\x03\x04 archive\n")),
        ("the end of an archive", with_before_table(&plain(), &[&b"%"[..], &zip_end, b"\n"].concat())),
        ("a web page in a comment", with_before_table(&plain(), b"%<HTML><body>123</body>\n")),
        ("a script in a comment", with_before_table(&plain(), b"% <script src=//x></script>\n")),
        ("a program in a comment", with_before_table(&plain(), b"%This program cannot be run in DOS mode.\n")),
        ("an executable", with_before_table(&plain(), b"%\x7fELF\x02\x01\n")),
        ("a second PDF", with_before_table(&plain(), b"%PDF-1.4\n")),
        ("a 7z archive", with_before_table(&plain(), b"%7z\xbc\xaf\x27\x1c\n")),
        ("a RAR archive", with_before_table(&plain(), b"%Rar!\x1a\x07\x00\n")),
        ("a PHP script", with_before_table(&plain(), b"%<?php system(1);\n")),
    ] {
        let pdf = signed(&base);
        let judged = judge(&pdf);
        assert!(judged.signed.is_none(), "{case}");
        assert_eq!(attacks(&judged), ["polyglot"], "{case}\n{}", detail(&judged));
        assert!(reads_as_pdf(&desk, &pdf), "{case}");
    }
    // Content is content: the same signs in a stream's data are what was signed.
    let text = "PK\u{3}\u{4} <html> %PDF-1.4 \u{7f}ELF <script> <?php\n%PDF-1.4";
    let content = format!("<</Length {}>>\nstream\n{text}\nendstream", text.len());
    let base = assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
        "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R>>",
        "<</Length 2>>\nstream\nq \nendstream",
        &content,
        "<</Producer(test)>>",
    ]);
    let judged = judge(&signed(&base));
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    // After the last mark, and before the first sign.
    let pdf = signed(&plain());
    for (case, attacked, name) in [
        ("an archive behind", [&pdf[..], b"PK\x03\x04", &zip_end].concat(), "polyglot"),
        ("a web page behind", [&pdf[..], b"<html></html>"].concat(), "polyglot"),
        ("a PDF behind", [&pdf[..], &plain()].concat(), "hidden-signature"),
        ("a program before", [&b"MZ\x90\x00"[..], &pdf].concat(), "polyglot"),
        ("an archive before", [&b"PK\x03\x04"[..], &pdf].concat(), "polyglot"),
        ("an image before", [&b"\xff\xd8\xff\xe0"[..], &pdf].concat(), "polyglot"),
    ] {
        let judged = judge(&attacked);
        assert!(judged.signed.is_none(), "{case}");
        assert!(attacks(&judged).contains(&name.to_owned()), "{case}: {:?}\n{}", attacks(&judged), detail(&judged));
    }
}

#[test]
fn objects_keys_and_sections_that_stand_twice_are_refused_by_name() {
    let desk = Desk::new();
    let content = "4 0 obj\n<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 999999) Tj ET \nendstream\nendobj\n";
    let line = |number: usize| {
        let base = plain();
        let first = find(&base, b"xref\n0 7\n") + 9;
        String::from_utf8(base[first + number * 20..][..20].to_vec()).unwrap()
    };
    let twice_in_table = {
        let base = plain();
        let entry = find(&base, b"trailer");
        let more = format!("4 1\n{}", line(4));
        [&base[..entry], more.as_bytes(), &base[entry..]].concat()
    };
    let to_another = with(&plain(), &line(5), &line(4));
    let stray_trailer = |root: &str| {
        let text = format!("trailer\n<</Root {root}/Size 7>>\n");
        with_before_table(&plain(), text.as_bytes())
    };
    for (case, name, base) in [
        ("an object", "duplicate-object", with_before_table(&plain(), content.as_bytes())),
        (
            "a key",
            "duplicate-key",
            assemble(&[
                "<</Type/Catalog/Pages 2 0 R>>",
                "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]/Rotate 0/Rotate 180>>",
                "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R>>",
                "<</Length 2>>\nstream\nq \nendstream",
                "<</Producer(test)>>",
            ]),
        ),
        (
            "a key written otherwise, deep inside",
            "duplicate-key",
            assemble(&[
                "<</Type/Catalog/Pages 2 0 R>>",
                "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
                "<</Type/Page/Parent 2 0 R/Resources 5 0 R/Contents 4 0 R>>",
                "<</Length 2>>\nstream\nq \nendstream",
                "<</Font<</F1 4 0 R/F#31 4 0 R>>>>",
                "<</Producer(test)>>",
            ]),
        ),
        ("an object in the table", "xref-mismatch", twice_in_table),
        ("the place of an object", "xref-mismatch", to_another),
        ("a trailer with another catalog", "root-ambiguity", stray_trailer("3 0 R")),
        ("a trailer beside the chain", "xref-mismatch", stray_trailer("1 0 R")),
        ("a mark beside the chain", "xref-mismatch", with_before_table(&plain(), b"startxref\n9\n")),
        ("a length the file never had", "linearization", {
            let mut objects = vec![
                "<</Type/Catalog/Pages 2 0 R>>",
                "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>",
                "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R>>",
                "<</Length 2>>\nstream\nq \nendstream",
            ];
            objects.push("<</Producer(test)>>");
            let mut base = assemble(&objects);
            // The first object in the file holds the parameters.
            let first = b"9 0 obj\n<</Linearized 1/L 4711/H[9 9]/O 3/E 9/N 1/T 9>>\nendobj\n";
            let at = find(&base, b"1 0 obj");
            base.splice(at..at, first.iter().copied());
            renumber(&base)
        }),
    ] {
        let Ok(pdf) = sign(&base, &signer(&pki().rsa), &supplier()) else { panic!("{case} cannot be signed") };
        let judged = judge(&pdf);
        assert!(judged.signed.is_none(), "{case}");
        assert!(attacks(&judged).contains(&name.to_owned()), "{case}: {:?}\n{}", attacks(&judged), detail(&judged));
        assert!(reads_as_pdf(&desk, &pdf), "{case}");
    }
}

/// `base` with a table that fits where its objects stand now.
fn renumber(base: &[u8]) -> Vec<u8> {
    let table = find(base, b"xref\n0 ");
    let body = &base[..table];
    let mut out = body.to_vec();
    let mut text = "xref\n0 10\n0000000000 65535 f\r\n".to_owned();
    for number in 1..10 {
        let head = format!("\n{number} 0 obj\n");
        let at = body.windows(head.len()).position(|window| window == head.as_bytes());
        text += &at.map_or("0000000000 00000 f\r\n".to_owned(), |at| format!("{:010} 00000 n\r\n", at + 1));
    }
    out.extend(text.bytes());
    out.extend(format!("trailer\n<</Root 1 0 R/Size 10>>\nstartxref\n{table}\n%%EOF\n").bytes());
    out
}

/// A file whose objects from `compressed` on lie in one object stream.
fn with_object_stream(head: &str, bodies: &str, entries: &[(u8, u32, u8)]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let content = format!("{head} {bodies}");
    let stream = format!(
        "<</Type/ObjStm/N {}/First {}/Length {}>>\nstream\n{content}\nendstream",
        head.split(' ').count() / 2,
        head.len() + 1,
        content.len()
    );
    for (number, body) in [
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 841]>>"),
        (5, stream.as_str()),
    ] {
        offsets.push((number, out.len()));
        out.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    let start = out.len();
    let mut data = vec![0, 0, 0, 0, 0];
    for number in 1..=6_u32 {
        let normal = offsets.iter().find(|(known, _)| *known == number).map(|(_, at)| u32::try_from(*at).unwrap());
        let normal = if number == 6 { Some(u32::try_from(start).unwrap()) } else { normal };
        let (kind, second, third) = match (normal, entries.get(usize::try_from(number).unwrap().wrapping_sub(3))) {
            (Some(at), _) => (1, at, 0),
            (None, Some(entry)) => *entry,
            (None, None) => (0, 0, 0),
        };
        data.push(kind);
        data.extend(&second.to_be_bytes()[1..]);
        data.push(third);
    }
    out.extend(format!("6 0 obj\n<</Type/XRef/W[1 3 1]/Size 7/Root 1 0 R/Length {}>>\nstream\n", data.len()).bytes());
    out.extend(data);
    out.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    out
}

#[test]
fn an_object_stream_defines_each_object_once_and_where_the_table_says() {
    let page = "<</Type/Page/Parent 2 0 R/Resources<<>>>>";
    let other = "<</Type/Page/Parent 2 0 R/Rotate 180>>";
    let second = page.len() + 1;
    let honest = with_object_stream(&format!("3 0 4 {second}"), &format!("{page} {other}"), &[(2, 5, 0), (2, 5, 1)]);
    let judged = judge(&signed(&honest));
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    for (case, name, base) in [
        (
            "an object twice",
            "object-stream-redefinition",
            with_object_stream(&format!("3 0 3 {second}"), &format!("{page} {other}"), &[(2, 5, 0)]),
        ),
        (
            "another object at the place",
            "object-stream-redefinition",
            with_object_stream(&format!("3 0 4 {second}"), &format!("{page} {other}"), &[(2, 5, 1), (2, 5, 0)]),
        ),
        (
            "a key twice",
            "duplicate-key",
            with_object_stream("3 0", "<</Type/Page/Parent 2 0 R/Rotate 0/Rotate 180>>", &[(2, 5, 0)]),
        ),
    ] {
        let judged = judge(&signed(&base));
        assert!(judged.signed.is_none(), "{case}");
        assert_eq!(attacks(&judged), [name], "{case}\n{}", detail(&judged));
    }
}

#[test]
fn encrypted_hybrid_and_looping_files_are_refused_by_name() {
    let desk = Desk::new();
    desk.put("plain.pdf", &plain());
    desk.run("qpdf", &["--encrypt", "", "owner", "256", "--", "plain.pdf", "encrypted.pdf"]);
    let pdf = signed(&plain());
    let last = pdf.windows(9).rposition(|window| window == b"startxref").unwrap();
    let start: usize = String::from_utf8_lossy(&pdf[last + 10..]).lines().next().unwrap().parse().unwrap();
    let previous = find(&pdf[start..], b"/Prev ") + start + 6;
    let digits = pdf[previous..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let loops = {
        let mut looping = pdf.clone();
        let text = format!("{start:digits$}");
        // A longer number would move the rest; the file's own length fits the room of the next entry.
        looping.splice(previous..previous + digits, text.bytes());
        looping
    };
    for (case, attacked, name) in [
        ("encrypted", desk.get("encrypted.pdf"), "encryption"),
        ("hybrid", with(&pdf, "/Info 6 0 R>>\nstartxref", "/XRefStm 9 >>\nstartxref"), "hybrid-reference"),
        ("looping", loops, "xref-loop"),
    ] {
        let judged = judge(&attacked);
        assert!(judged.signed.is_none(), "{case}");
        assert!(attacks(&judged).contains(&name.to_owned()), "{case}: {}\n{}", shown(&judged), detail(&judged));
    }
}
