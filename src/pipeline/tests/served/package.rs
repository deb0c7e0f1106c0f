//! The package as it leaves: its page with the stamp, the signature's widget over it, the invoice for machines inside.

use super::*;

/// A word of a page: its box from the page's top left, in points.
#[derive(Debug)]
struct Word {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    text: String,
}

fn words(told: &str) -> Vec<Word> {
    let word = |line: &str| {
        let number = |name: &str| line.split_once(&format!("{name}=\""))?.1.split('"').next()?.parse().ok();
        let text = line.split_once('>')?.1.split('<').next()?.to_owned();
        Some(Word { left: number("xMin")?, top: number("yMin")?, right: number("xMax")?, bottom: number("yMax")?, text })
    };
    told.lines().filter(|line| line.trim_start().starts_with("<word")).filter_map(word).collect()
}

impl Served {
    /// The widget lies over the stamp: the stamp's words are inside of it, all others outside.
    fn look_at_stamp(&self, name: &str, serial: &str) {
        let structure = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/served/structure.py");
        let Some(told) = self.python(structure, &[], &format!("{name}\n")) else { return };
        let place: Vec<f64> = told.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let [left, top, right, bottom] = place[..] else { panic!("{told}") };
        let Some(told) = self.run("pdftotext", &["-bbox", "-f", "1", "-l", "1", name, "-"]) else { return };
        let (mut inside, mut outside) = (String::new(), 0);
        for word in words(&told) {
            let is_beside = word.right <= left || word.left >= right || word.top >= bottom || word.bottom <= top;
            let is_inside = word.left >= left && word.right <= right && word.top >= top && word.bottom <= bottom;
            assert!(is_beside || is_inside, "{name}: {word:?} crosses the edge of {place:?}");
            if is_inside {
                inside.push_str(&word.text);
                inside.push(' ');
            } else {
                outside += 1;
            }
        }
        assert!(inside.contains(&serial.to_uppercase()), "{name}: {inside} lacks {serial}");
        assert!(
            inside.contains("supplier, Served") && inside.contains("Видав authority") && outside > 50,
            "{name}: {inside}, {outside} outside"
        );
        if let Some(tags) = self.run("pdfinfo", &["-struct", name]) {
            assert!(tags.contains("Form") && tags.contains("Document"), "{name}\n{tags}");
        }
    }
}

#[tokio::test]
async fn the_signed_package_holds_its_stamp_tags_and_attachment_and_the_customer_signs_it_too() {
    let Some(mut served) = Served::open(Level::Basic, RSA, Told::ByList).await else { return };
    served.authority.issue("customer", P256, Told::ByList);
    let serial = served.world.house.issuers.supplier.signer_at(clock()).unwrap().serial();
    let mut files = Vec::new();
    for (level, name, both) in [(Level::Basic, "basic.pdf", "basic-both.pdf"), (Level::Archive, "whole.pdf", "whole-both.pdf")] {
        served.sign_at(level, "");
        let (pdf, ubl) = served.next().await;
        served.show(name, &pdf, level);
        served.look_at_stamp(name, &serial);
        files.push((name, level));
        if served.run("pdfdetach", &["-savefile", "invoice.xml", "-o", "out.xml", name]).is_some() {
            assert_eq!(served.authority.read("out.xml"), ubl, "{name}");
        }
        // All is there for the customer, who signs with another program.
        let Some(pdf) = served.countersigned(name, both) else { continue };
        served.show(both, &pdf, level);
        assert_eq!(served.judge(&pdf, level).signatures.len(), 2);
        served.look_at_stamp(both, &serial);
        files.push((both, level));
    }
    served.pyhanko(&files);
}
