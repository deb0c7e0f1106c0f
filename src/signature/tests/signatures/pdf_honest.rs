//! Honest files of many makers: none is taken for an attack.

use oblik_signature::judge_pdf;
use oblik_signature::pdf::sign;

use crate::common::{Desk, PASSED, at, detail, pki, policy, shown, signer, trust};
use crate::pdf::{customer, has_pyhanko, plain, supplier};

#[test]
fn files_that_other_programs_wrote_are_signed_twice_and_pass() {
    let desk = Desk::new();
    desk.put("plain.pdf", &plain());
    desk.put("note.txt", b"note");
    for (case, options) in [
        ("linearized", &["--linearize"][..]),
        ("linearized with object streams", &["--linearize", "--object-streams=generate"]),
        ("spread out", &["--qdf"]),
        ("uncompressed", &["--stream-data=uncompress", "--object-streams=disable"]),
        ("of the newest version", &["--min-version=2.0", "--object-streams=generate"]),
        ("with a file attached", &["--add-attachment", "note.txt", "--"]),
    ] {
        let mut arguments = vec!["plain.pdf"];
        arguments.extend(options);
        arguments.push("made.pdf");
        desk.run("qpdf", &arguments);
        let issued = sign(&desk.get("made.pdf"), &signer(&pki().rsa), &supplier()).unwrap();
        let both = sign(&issued, &signer(&pki().p256), &customer()).unwrap();
        for (pdf, count) in [(&issued, 1), (&both, 2)] {
            let judged = judge_pdf(pdf, &trust(), &policy(), at("2026-11-30T00:00:00Z"));
            assert_eq!(shown(&judged), PASSED, "{case}\n{}", detail(&judged));
            assert_eq!(judged.signatures.len(), count, "{case}");
        }
    }
}

/// As Adobe's programs write them: signed in the one revision there is, with a place left in it.
#[test]
fn pyhankos_signatures_with_and_without_a_look_pass() {
    let desk = Desk::new();
    if !has_pyhanko(&desk) {
        return;
    }
    desk.put("plain.pdf", &plain());
    for (field, pades) in [("Підпис", true), ("1/100,100,200,200/Підпис", true), ("1/100,100,200,200/Підпис", false)]
    {
        let mut arguments = vec!["sign", "addsig", "--field", field];
        if pades {
            arguments.push("--use-pades");
        }
        arguments.extend(["pemder", "--key", "p256.key", "--cert", "p256.pem", "--chain", "intermediate.pem", "--no-pass"]);
        arguments.extend(["plain.pdf", "signed.pdf"]);
        desk.run("pyhanko", &arguments);
        let judged = judge_pdf(&desk.get("signed.pdf"), &trust(), &policy(), at("2026-11-30T00:00:00Z"));
        assert_eq!(shown(&judged), PASSED, "{field} {pades}\n{}", detail(&judged));
        let ours = sign(&desk.get("signed.pdf"), &signer(&pki().rsa), &supplier()).unwrap();
        let judged = judge_pdf(&ours, &trust(), &policy(), at("2026-11-30T00:00:00Z"));
        println!("{field} {pades}: {}\n{}", shown(&judged), detail(&judged));
    }
}

/// How long the largest PDF takes; read it with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a figure, of a release build"]
fn a_pdf_of_twenty_megabytes_takes_little() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut base = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    let mut object = |base: &mut Vec<u8>, body: &[u8]| {
        places.push(base.len());
        base.extend(format!("{} 0 obj\n", places.len()).bytes());
        base.extend(body);
        base.extend(b"\nendobj\n");
    };
    object(&mut base, b"<</Type/Catalog/Pages 2 0 R>>");
    let kids = (0..200).map(|page| format!("{} 0 R", 3 + 2 * page)).collect::<Vec<_>>().join(" ");
    object(&mut base, format!("<</Type/Pages/Kids[{kids}]/Count 200/MediaBox[0 0 595 841]>>").as_bytes());
    for page in 0..200 {
        object(&mut base, format!("<</Type/Page/Parent 2 0 R/Resources<<>>/Contents {} 0 R>>", 4 + 2 * page).as_bytes());
        let data: Vec<u8> = (0..12_600).flat_map(|_| random().to_le_bytes()).collect();
        let head = format!("<</Length {}>>\nstream\n", data.len());
        object(&mut base, &[head.as_bytes(), &data, b"\nendstream"].concat());
    }
    for _ in 0..5000 {
        object(&mut base, b"<</Type/StructElem/S/P/P 2 0 R/K[1 2 3]>>");
    }
    let start = base.len();
    base.extend(format!("xref\n0 {}\n0000000000 65535 f\r\n", places.len() + 1).bytes());
    for place in &places {
        base.extend(format!("{place:010} 00000 n\r\n").bytes());
    }
    base.extend(format!("trailer\n<</Root 1 0 R/Size {}>>\nstartxref\n{start}\n%%EOF\n", places.len() + 1).bytes());
    let one = sign(&base, &signer(&pki().rsa), &supplier()).unwrap();
    let two = sign(&one, &signer(&pki().p256), &customer()).unwrap();
    let (trust, policy) = (trust(), policy());
    for (name, pdf) in [("one signature", &one), ("two signatures", &two)] {
        let mut times = Vec::new();
        for _ in 0..7 {
            let started = std::time::Instant::now();
            let judged = judge_pdf(pdf, &trust, &policy, at("2026-11-30T00:00:00Z"));
            times.push(started.elapsed().as_millis());
            assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
        }
        times.sort_unstable();
        println!("{name}: {} bytes, {} ms (best {}, worst {})", pdf.len(), times[3], times[0], times[6]);
    }
}
