//! The whole package: every part, its figures, its looks, judged by poppler and qpdf.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a fault in a test may panic")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::invoice;
use common::rich::{corrected, rich, stamp};
use oblik_documents::{Setting, StampPlace, Template, Typesetter};
use oblik_domain::invoice::{Invoice, IssuerRole};
use oblik_domain::money::Kopiykas;
use tempfile::TempDir;

const CUSTOMER: &str = "ТОВ «Споживач № 7 імені Ґалаґана та спів’їжджих»";

/// A document in a folder of its own.
struct Made {
    _folder: TempDir,
    file: PathBuf,
    stamp: Option<StampPlace>,
    bytes: usize,
}

impl Made {
    fn of(invoice: &Invoice) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("package.pdf");
        let (template, stamp) = (Template::embedded(), stamp());
        let setting = Setting { template: &template, stamp: Some(&stamp), attachments: &[] };
        let made = Typesetter::new().unwrap().invoice_pdf(invoice, &setting).unwrap();
        std::fs::write(&file, &made.pdf).unwrap();
        run("qpdf", &["--check"], &file, &[]);
        Self { file, _folder: folder, stamp: made.stamp, bytes: made.pdf.len() }
    }

    /// Text as poppler reads it, line by line, without spaces between digits.
    fn text(&self) -> Option<String> {
        run("pdftotext", &["-layout"], &self.file, &["-"])
    }
}

/// Output of a program, or `None` (said aloud) where it is not installed. A failing program fails the test.
fn run(program: &str, before: &[&str], file: &Path, after: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(before).arg(file).args(after).output() else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {told} {}", String::from_utf8_lossy(&output.stderr));
    Some(told)
}

/// One space for every run of white space.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without any white space, as figures are compared.
fn dense(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

fn printed(amount: Kopiykas) -> String {
    amount.to_string().replace('.', ",").replace('-', "−")
}

#[test]
fn a_package_says_every_figure_of_its_bill() {
    let invoice = rich(3, CUSTOMER);
    let made = Made::of(&invoice);
    let Some(text) = made.text().map(|text| dense(&text)) else { return };
    let (bill, standing) = (&invoice.bill, invoice.standing.as_ref().unwrap());
    let mut sums = vec![bill.net, bill.vat, bill.total, invoice.payable(), invoice.prepaid];
    sums.extend(bill.lines.iter().map(|line| line.net));
    sums.extend(bill.reactive.iter().flat_map(|row| [row.payment_consumed, row.payment_generated, row.payment_excess]));
    sums.extend(bill.charges.iter().map(|charge| charge.total));
    sums.extend(standing.debts.iter().flat_map(|debt| [debt.opening, debt.charged, debt.paid, debt.closing, debt.overdue]));
    sums.extend(standing.payments.iter().map(|payment| payment.amount));
    let zones = bill.zone_comparison.as_ref().unwrap();
    sums.extend([zones.by_zones, zones.by_single_rate, zones.by_zones - zones.by_single_rate]);
    for sum in sums {
        assert!(text.contains(&printed(sum)), "{sum}");
    }
    let mut volumes: Vec<i64> = bill.rows.iter().map(|row| row.volume.0).collect();
    volumes.extend(bill.volumes.iter().flat_map(|volume| [volume.gross.0, volume.losses.0, volume.net.0]));
    volumes.extend(bill.reactive.iter().flat_map(|row| [row.active.0, row.consumed.0, row.generated.0]));
    for volume in volumes.into_iter().filter(|volume| *volume != 0) {
        assert!(text.contains(&volume.to_string()), "{volume}");
    }
    for row in &bill.rows {
        assert!(text.contains(row.register.meter.as_str()) && text.contains(row.register.point.as_str()));
    }
    for document in ["1874", "1902", "1955", "18.11.202608:00", "плановіроботи", "1250000кВт·год", "Прострочено61234,56грн"]
    {
        assert!(text.contains(document), "{document}");
    }
    assert!(!text.contains('\u{FFFD}') && !text.contains('{'), "{text}");
}

#[test]
fn the_acts_come_to_the_bill_to_the_kopiyka() {
    for meters in [1, 2, 3, 7] {
        let invoice = rich(meters, CUSTOMER);
        let Some(text) = Made::of(&invoice).text() else { return };
        let kopiykas = |word: &str| word.replace([' ', '\u{a0}', '\u{202f}', ','], "").parse::<i64>().unwrap();
        let totals: Vec<Vec<i64>> = text
            .lines()
            .filter_map(|line| line.split_once("Разом за актом"))
            .map(|(_, sums)| {
                sums.trim().split("  ").filter(|sum| !sum.trim().is_empty()).map(|sum| kopiykas(sum.trim())).collect()
            })
            .collect();
        assert_eq!(totals.len(), 3, "{totals:?}");
        let sum = |column: usize| totals.iter().map(|act| act[column]).sum::<i64>();
        let vatable: i64 = invoice.bill.lines.iter().filter(|line| line.vatable).map(|line| line.net.0).sum();
        assert_eq!((sum(0), sum(1), sum(2)), (vatable, invoice.bill.vat.0, vatable + invoice.bill.vat.0));
        // The act of reactive energy is what the debt for it grows by.
        let reactive =
            invoice.bill.charges.iter().find(|charge| charge.debt == oblik_domain::ledger::DebtType::Reactive).unwrap();
        assert_eq!(totals[2], [reactive.net.0, reactive.vat.0, reactive.total.0]);
    }
}

#[test]
fn each_part_is_there_only_where_it_applies() {
    const PARTS: [&str; 8] = [
        "Споживання за дванадцять місяців",
        "Інформаційне повідомлення",
        "Рахунок-розшифровка",
        "Реактивна енергія за точками обліку",
        "Акт прийому-передачі товарної продукції",
        "Акт надання послуг з розподілу",
        "Акт надання послуг з компенсації перетікання реактивної",
        "Акт звіряння обсягів",
    ];
    let plain = invoice(1, CUSTOMER);
    let mut of_operator = rich(2, CUSTOMER);
    of_operator.issuer = IssuerRole::Operator;
    of_operator.bill.lines.retain(|line| line.kind.unit() == "kvarh");
    of_operator.bill.zone_comparison = None;
    let mut empty = plain.clone();
    empty.bill.lines.clear();
    empty.bill.rows.clear();
    empty.bill.volumes.clear();
    for (invoice, expected) in [
        (rich(3, CUSTOMER), [true; 8]),
        (plain, [false, false, true, false, true, true, false, true]),
        (of_operator, [true, true, true, true, false, false, true, false]),
        // Reactive energy did not change: nothing of it is corrected.
        (corrected(2, CUSTOMER, -100_000), [false, true, true, true, true, true, false, false]),
        (empty, [false; 8]),
    ] {
        let Some(text) = Made::of(&invoice).text().map(|text| flat(&text)) else { return };
        let found = PARTS.map(|part| text.contains(part));
        assert_eq!(found, expected);
        if invoice.issuer == IssuerRole::Operator {
            assert!(text.contains("ОПЕРАТОР СИСТЕМИ РОЗПОДІЛУ"));
        }
    }
}

#[test]
fn what_was_paid_before_is_taken_off_what_is_asked_for() {
    let mut invoice = rich(1, CUSTOMER);
    let Some(text) = Made::of(&invoice).text().map(|text| dense(&text)) else { return };
    let (total, prepaid, left) = (invoice.bill.total, invoice.prepaid, invoice.payable());
    assert!(text.contains(&format!("Усьогозарахунком{}грн,знихужесплачено{}грн", printed(total), printed(prepaid))), "{text}");
    assert!(text.contains(&format!("{}грн", printed(left))) && text.contains("QR-код"));
    // The tax beside it is the tax of it, on the card and in the purpose alike.
    let vat = invoice.payable_vat();
    assert!(Kopiykas::ZERO < vat && vat < invoice.bill.vat);
    assert!(text.contains(&format!("утомучисліПДВ20%:{}грн", printed(vat))), "{text}");
    assert!(text.contains(&format!("ут.ч.ПДВ20%{}грн", printed(vat))), "{text}");
    invoice.prepaid = total;
    let text = Made::of(&invoice).text().map(|text| flat(&text)).unwrap();
    assert!(text.contains("СПЛАЧЕНО") && text.contains("Рахунок сплачено повністю"), "{text}");
    assert!(!text.contains("QR-код") && !text.contains("Сплатити до") && !text.contains("ДО СПЛАТИ"), "{text}");
    assert!(!text.contains("у т.ч. ПДВ"), "no purpose of a payment that nobody makes: {text}");
    // What comes to nothing is no correction.
    let mut nothing = rich(1, CUSTOMER);
    (nothing.bill.total, nothing.prepaid) = (Kopiykas::ZERO, Kopiykas::ZERO);
    let text = Made::of(&nothing).text().map(|text| flat(&text)).unwrap();
    assert!(text.contains("сплачувати за ним нічого не потрібно") && !text.contains("КОРИГУВАННЯ"), "{text}");
    // A hair's breadth: one kopiyka is still asked for.
    invoice.prepaid = total - Kopiykas(1);
    let text = Made::of(&invoice).text().map(|text| flat(&text)).unwrap();
    assert!(text.contains("0,01 грн") && text.contains("QR-код") && text.contains("Нуль гривень 01 копійка"), "{text}");
}

#[test]
fn a_corrections_acts_say_what_they_correct() {
    let invoice = corrected(3, CUSTOMER, -120_000);
    assert!(invoice.bill.total < Kopiykas::ZERO);
    let Some(text) = Made::of(&invoice).text().map(|text| flat(&text)) else { return };
    let told = text.matches("До рахунку № ОЕ-2026-000017 від 31.10.2026. Причина: помилкове показання лічильника").count();
    let acts = text.matches("Разом за актом").count();
    assert_eq!(told, acts + 1, "{text}");
    assert!(text.contains("Мінус"));
}

#[test]
fn the_stamp_stands_where_the_signature_is_told_to() {
    let made = Made::of(&rich(3, CUSTOMER));
    let place = made.stamp.unwrap();
    assert_eq!(place.page, 0);
    let (width, height) = (595_276, 841_890);
    assert!(place.left > 0 && place.bottom > 0 && place.left + place.width < width && place.bottom + place.height < height);
    let points = |length: i64| (length / 1000).to_string();
    let top = points(height - place.bottom - place.height);
    let frame = [
        "-f",
        "1",
        "-l",
        "1",
        "-layout",
        "-x",
        &points(place.left),
        "-y",
        &top,
        "-W",
        &points(place.width),
        "-H",
        &points(place.height),
    ];
    let Some(text) = run("pdftotext", &frame, &made.file, &["-"]).map(|text| flat(&text)) else { return };
    for wanted in [
        "ПІДПИСАНО ЕЛЕКТРОННИМ ПІДПИСОМ",
        "Ковальчук Олександра Миколаївна",
        "04.11.2026 10:15:00 за київським часом",
        "58E2D9E7F900307B04000000A1B2C3D4E5F60718",
        "Видав КНЕДП «Приклад»",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("Нарахування") && !text.contains("стор."), "{text}");
    // Without a signer there is none.
    let template = Template::embedded();
    let setting = Setting { template: &template, stamp: None, attachments: &[] };
    assert!(Typesetter::new().unwrap().invoice_pdf(&invoice(1, CUSTOMER), &setting).unwrap().stamp.is_none());
}

#[test]
fn bookmarks_hang_below_the_invoice() {
    let made = Made::of(&rich(3, CUSTOMER));
    let document = lopdf::Document::load(&made.file).unwrap();
    let follow = |from: &lopdf::Dictionary, key: &[u8]| {
        let id = from.get(key).ok()?.as_reference().ok()?;
        document.get_dictionary(id).ok()
    };
    let title = |node: &lopdf::Dictionary| {
        let units: Vec<u16> = match node.get(b"Title").unwrap().as_str().unwrap() {
            [0xFE, 0xFF, text @ ..] => text.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
            text => text.iter().map(|byte| u16::from(*byte)).collect(),
        };
        String::from_utf16(&units).unwrap()
    };
    let outlines = follow(document.catalog().unwrap(), b"Outlines").unwrap();
    let root = follow(outlines, b"First").unwrap();
    assert!(title(root).starts_with("Рахунок за електричну енергію") && follow(root, b"Next").is_none());
    let mut parts = Vec::new();
    let mut next = follow(root, b"First");
    while let Some(node) = next {
        parts.push(title(node));
        next = follow(node, b"Next");
    }
    assert_eq!(
        parts,
        [
            "Нарахування",
            "Споживання за дванадцять місяців",
            "Інформаційне повідомлення",
            "Рахунок-розшифровка",
            "Реактивна енергія за точками обліку",
            "Акт прийому-передачі товарної продукції",
            "Акт надання послуг з розподілу (передачі) електричної енергії",
            "Акт надання послуг з компенсації перетікання реактивної електричної енергії",
            "Акт звіряння обсягів корисного відпуску за зонами доби",
            "Чому така сума",
        ]
    );
}

/// Every figure has words, every table its heads with their scope, and the chart's words are its figures.
#[test]
fn a_screen_reader_is_told_what_the_page_shows() {
    let invoice = rich(3, CUSTOMER);
    let made = Made::of(&invoice);
    let document = lopdf::Document::load(&made.file).unwrap();
    let elements = |tag: &'static str| {
        let dictionaries = document.objects.values().filter_map(|object| object.as_dict().ok());
        dictionaries.filter(move |element| {
            element.has(b"P") && element.get(b"S").is_ok_and(|own| own.as_name().is_ok_and(|own| own == tag.as_bytes()))
        })
    };
    for (tag, least) in [("Table", 6), ("THead", 6), ("TH", 40), ("TD", 150), ("H1", 1), ("H2", 8), ("Figure", 2), ("Link", 1)] {
        assert!(elements(tag).count() >= least, "{tag}: {}", elements(tag).count());
    }
    for head in elements("TH") {
        assert!(format!("{head:?}").contains("Scope"), "{head:?}");
    }
    let alts: Vec<String> = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .filter(|dictionary| dictionary.get(b"S").is_ok_and(|tag| tag.as_name().is_ok_and(|tag| tag == b"Figure")))
        .map(|figure| lopdf::decode_text_string(figure.get(b"Alt").unwrap()).unwrap())
        .collect();
    let chart = alts.iter().find(|alt| alt.starts_with("Стовпчикова діаграма")).unwrap();
    for month in &invoice.history[11..] {
        assert!(dense(chart).contains(&month.active.0.to_string()), "{chart}");
    }
}

/// A word and its frame, in millionths of a point: left, top, right, bottom.
type Word = (i64, i64, i64, i64, String);

/// Words of each page, as poppler finds them.
fn words(file: &Path) -> Option<Vec<Vec<Word>>> {
    let told = run("pdftotext", &["-bbox"], file, &["-"])?;
    let mut pages = Vec::new();
    for line in told.lines() {
        if line.trim_start().starts_with("<page") {
            pages.push(Vec::new());
        }
        let Some(rest) = line.trim_start().strip_prefix("<word ") else { continue };
        let number =
            |key: &str| rest.split_once(key).unwrap().1.split('"').next().unwrap().replace('.', "").parse::<i64>().unwrap();
        let word = rest.split_once('>').unwrap().1.trim_end_matches("</word>").to_owned();
        let frame = (number("xMin=\""), number("yMin=\""), number("xMax=\""), number("yMax=\""), word);
        pages.last_mut().unwrap().push(frame);
    }
    Some(pages)
}

fn assert_nothing_overlaps(name: &str, invoice: &Invoice) {
    let made = Made::of(invoice);
    let Some(pages) = words(&made.file) else { return };
    for (page, words) in pages.iter().enumerate() {
        for (index, one) in words.iter().enumerate() {
            // Frames hold ascenders and descenders, which touch from line to line.
            let overlaps = |other: &&Word| {
                let across = one.2.min(other.2) - one.0.max(other.0);
                let down = one.3.min(other.3) - one.1.max(other.1);
                across > 600_000 && down * 100 > 45 * (one.3 - one.1).min(other.3 - other.1)
            };
            let other = words[index + 1..].iter().find(overlaps);
            assert!(other.is_none(), "{name}, page {}: {one:?} and {other:?}", page + 1);
            let is_lying = words.iter().any(|word| word.2 > 600_000_000);
            let (right, lowest) = if is_lying { (822_000_000, 591_000_000) } else { (576_000_000, 837_000_000) };
            assert!(one.0 > 20_000_000 && one.2 < right && one.3 < lowest, "{name}: {one:?} leaves page {}", page + 1);
        }
    }
}

#[test]
fn nothing_overlaps_whatever_the_names_and_sums() {
    let long = "Публічне акціонерне товариство «Науково-виробниче об’єднання імені Ґалаґана» ".repeat(3);
    let mut great = rich(3, &long);
    for line in &mut great.bill.lines {
        line.net = Kopiykas(line.net.0 + 98_765_432_109_900);
    }
    great.bill.total = Kopiykas(98_765_432_109_999);
    great.bill.net = great.bill.total;
    for debt in &mut great.standing.as_mut().unwrap().debts {
        (debt.opening, debt.charged, debt.closing, debt.paid) =
            (Kopiykas(-98_765_432_109_901), great.bill.total, great.bill.total, great.bill.total);
    }
    for point in &mut great.points {
        (point.name, point.address) = (long.clone(), long.clone());
    }
    let mut poor = rich(1, "ФОП Ї");
    (poor.buyer.vat_number, poor.seller.licence, poor.seller.phone) = (String::new(), String::new(), String::new());
    for (name, invoice) in [
        ("great", great),
        ("poor", poor),
        ("one", rich(1, CUSTOMER)),
        ("three", rich(3, CUSTOMER)),
        ("correction", corrected(3, &long, -120_000)),
        ("forty", rich(40, CUSTOMER)),
        ("plain", invoice(2, CUSTOMER)),
    ] {
        assert_nothing_overlaps(name, &invoice);
    }
}

/// A heading has something below it on its page, a sum something above it.
#[test]
fn no_heading_and_no_sum_stands_alone() {
    const HEADINGS: [&str; 7] = [
        "Нарахування",
        "Споживання за",
        "Інформаційне повідомлення",
        "Рахунок-розшифровка",
        "Реактивна енергія за",
        "Акт ",
        "Чому така",
    ];
    for meters in (1..=24).step_by(3).chain([30]) {
        let Some(text) = Made::of(&rich(meters, CUSTOMER)).text() else { return };
        for (page, text) in text.split('\u{c}').enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let last = lines.iter().rev().find(|line| !line.contains("стор. ")).unwrap();
            assert!(!HEADINGS.iter().any(|heading| last.starts_with(heading)), "{meters}, page {}: {text}", page + 1);
            assert!(!last.starts_with("EIC "), "{meters}, page {}: a band without rows\n{text}", page + 1);
            let is_sum =
                |line: &&str| (line.starts_with("Разом") || line.starts_with("Усього з ПДВ")) && line.contains(char::is_numeric);
            let first_row = lines.iter().position(is_sum);
            assert!(first_row.is_none_or(|row| row > 3), "{meters}, page {}: {text}", page + 1);
        }
    }
}

#[test]
fn a_package_is_small() {
    let made = Made::of(&rich(3, CUSTOMER));
    let plain = Made::of(&invoice(3, CUSTOMER));
    println!("three meters, every part: {} bytes; plain: {}", made.bytes, plain.bytes);
    assert!(made.bytes < 120_000 && plain.bytes < 85_000, "{} {}", made.bytes, plain.bytes);
}
