//! Documents judged by programs that are not ours: qpdf, poppler, zbar and lopdf.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a fault in a test may panic")]

mod common;
mod reports;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{act, day, invoice, invoice_pdf, record};
use oblik_documents::{ACT_ATTACHMENT, ActForm, Template, Typesetter};
use oblik_domain::account::AccountRecord;
use oblik_domain::bill::Correction;
use oblik_domain::limits;
use oblik_domain::money::Kopiykas;
use tempfile::TempDir;

const CUSTOMER: &str = "ТОВ «Споживач № 7 імені Ґалаґана та спів’їжджих»";
const XML: &[u8] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<act>Ґ\u{feff} кінець</act>\n\n".as_bytes();

/// Output of a program, or `None` (said aloud) where it is not installed. A failing program fails the test.
fn run(program: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = match arguments.iter().position(|argument| *argument == "FILE") {
        Some(at) => (arguments[..at].to_vec(), arguments[at + 1..].to_vec()),
        None => (arguments.to_vec(), Vec::new()),
    };
    let Ok(output) = Command::new(program).args(before).arg(file).args(after).output() else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {told} {}", String::from_utf8_lossy(&output.stderr));
    Some(told)
}

fn saved(folder: &TempDir, name: &str, pdf: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, pdf).unwrap();
    path
}

/// Text as poppler reads it, every run of white space one space.
fn text(file: &Path) -> Option<String> {
    run("pdftotext", &["-layout", "FILE", "-"], file).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn pages(file: &Path) -> Option<usize> {
    let told = run("pdfinfo", &[], file)?;
    told.lines().find_map(|line| line.strip_prefix("Pages:"))?.trim().parse().ok()
}

fn act_pdf(typesetter: &Typesetter, record: &AccountRecord, xml: &[u8]) -> Vec<u8> {
    let (act, opening) = act(record);
    let seller = common::seller();
    let form = ActForm {
        seller: &seller,
        record,
        act: &act,
        opening: &opening,
        readings: &[],
        bill: None,
        number: "270000017-2026-10",
        version: 2,
        made_on: day("2026-11-01"),
        reply_to: "oblik@energo.example",
    };
    typesetter.reading_act_pdf(&form, &Template::embedded(), xml).unwrap()
}

#[test]
fn an_invoice_is_a_sound_pdf_that_says_what_the_bill_says() {
    let folder = TempDir::new().unwrap();
    let invoice = invoice(3, CUSTOMER);
    let pdf = invoice_pdf(&Typesetter::new().unwrap(), &invoice);
    assert!(pdf.len() < 85_000, "{} bytes", pdf.len());
    let file = saved(&folder, "invoice.pdf", &pdf);
    run("qpdf", &["--check"], &file);
    let Some(text) = text(&file) else { return };
    for wanted in [
        "РАХУНОК",
        "№ ОЕ-2026-000042",
        "4 листопада 2026 року",
        "за жовтень 2026 року",
        "10 744 728,22 грн",
        "Сплатити до 20 листопада 2026 року",
        "ТОВ «Приклад Енергозбут»",
        "41234567, ІПН 412345626014",
        "UA213223130000026007233566001",
        "38823282",
        "№ 270000017 від 01.01.2024",
        "1 136 232 0,68623 779 716,49",
        "8 953 940,18",
        "1 790 788,04",
        "Десять мільйонів сімсот сорок чотири тисячі",
        "62Z2700000010009",
        "01234567 СА напівпік 150 716,61 151 032,23 315,62 1 200 378 744",
        "Чому така сума",
        "(12 657,06 − 12 345,6) × 1 200 373 752",
        "8 953 940,18 × 20 / 100",
        "стор. 1 з 6",
        "стор. 6 з 6",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    for line in &invoice.bill.lines {
        let net = line.net.to_string().replace('.', ",");
        assert!(text.replace(' ', "").contains(&net), "{net}");
    }
    assert!(!text.contains('\u{FFFD}'), "{text}");
}

#[test]
fn a_correction_says_what_it_corrects_and_asks_for_no_payment_when_it_takes_money_off() {
    let folder = TempDir::new().unwrap();
    let mut invoice = invoice(1, CUSTOMER);
    let original = oblik_domain::invoice::InvoiceNumber { running: 17, ..invoice.number.clone() };
    let bill = &mut invoice.bill;
    bill.lines.truncate(1);
    bill.lines[0].net = Kopiykas(-50_000);
    (bill.net, bill.vat, bill.total) = (Kopiykas(-50_000), Kopiykas(-10_000), Kopiykas(-60_000));
    bill.correction = Some(Correction {
        original,
        original_date: day("2026-10-05"),
        billed_total: Kopiykas(160_000),
        rerated_total: Kopiykas(100_000),
        reason: "помилкове\nпоказання".to_owned(),
    });
    let file = saved(&folder, "correction.pdf", &invoice_pdf(&Typesetter::new().unwrap(), &invoice));
    run("qpdf", &["--check"], &file);
    let Some(text) = text(&file) else { return };
    for wanted in [
        "КОРИГУВАННЯ",
        "Коригування розрахунку",
        "ОЕ-2026-000017",
        "Причина: помилкове показання",
        "Було нараховано 1 600,00 грн, за новим розрахунком 1 000,00 грн",
        "СУМА КОРИГУВАННЯ",
        "−600,00",
        "−500,00",
        "Мінус шістсот",
        "Сплачувати за цим документом не потрібно",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    for unwanted in ["Сплатити до", "QR-код", "ДО СПЛАТИ", "Усього до сплати"] {
        assert!(!text.contains(unwanted), "{unwanted}\n{text}");
    }
    invoice.bill.total = Kopiykas(1);
    let file = saved(&folder, "more.pdf", &invoice_pdf(&Typesetter::new().unwrap(), &invoice));
    let Some(text) = self::text(&file) else { return };
    assert!(text.contains("ДО СПЛАТИ") && text.contains("Сплатити до"), "{text}");
}

#[test]
fn the_code_on_the_page_pays_the_invoice() {
    let folder = TempDir::new().unwrap();
    let invoice = invoice(3, CUSTOMER);
    let file = saved(&folder, "invoice.pdf", &invoice_pdf(&Typesetter::new().unwrap(), &invoice));
    let stem = folder.path().join("page");
    let drawn =
        run("pdftoppm", &["-r", "110", "-f", "1", "-l", "1", "-png", "-singlefile", "FILE", stem.to_str().unwrap()], &file);
    if drawn.is_none() {
        return;
    }
    let Some(address) = run("zbarimg", &["-q", "--raw"], &stem.with_extension("png")) else { return };
    let bytes = URL_SAFE_NO_PAD.decode(address.trim().strip_prefix("https://bank.gov.ua/qr/").unwrap()).unwrap();
    let (payload, _, _) = encoding_rs::WINDOWS_1251.decode(&bytes);
    let purpose = invoice.payment_purpose();
    let (iban, code) = (invoice.seller.iban.as_str(), invoice.seller.edrpou.as_str());
    let fields: Vec<&str> = payload.split("\r\n").collect();
    let expected = ["BCD", "002", "2", "UCT", "", "ТОВ «Приклад Енергозбут»", iban, "UAH10744728.22", code, "", "", &purpose, ""];
    assert_eq!(fields, expected);
}

#[test]
fn an_act_carries_its_data_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let pdf = act_pdf(&Typesetter::new().unwrap(), &record(3, CUSTOMER), XML);
    let file = saved(&folder, "act.pdf", &pdf);
    run("qpdf", &["--check"], &file);
    let Some(listed) = run("pdfdetach", &["-list"], &file) else { return };
    assert!(listed.contains("1 embedded files") && listed.contains(ACT_ATTACHMENT), "{listed}");
    let out = folder.path().join("out.xml");
    run("pdfdetach", &["-save", "1", "-o", out.to_str().unwrap()], &file);
    assert_eq!(std::fs::read(out).unwrap(), XML);
    let text = text(&file).unwrap();
    for wanted in [
        "Акт надання показань",
        "№ 270000017-2026-10, редакція 2",
        "за період від 01.10.2026 до 31.10.2026; показання знято 31.10.2026",
        "1 62Z2700000010009 01234567 СА (1) ніч 6 12 657,06 12 345,60 311,46 1 200 373 752 1 136 232 + факт.",
        "ГР загалом",
        "Разом СА, активна спожита, кВт·год 1 167 822",
        &hex::encode(<sha2::Sha256 as sha2::Digest>::digest(XML)),
        "підпишіть цей PDF-файл",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn a_register_without_an_earlier_reading_has_no_volume_yet() {
    let folder = TempDir::new().unwrap();
    let record = record(1, CUSTOMER);
    let (act, mut opening) = act(&record);
    opening.clear();
    let seller = common::seller();
    let form = ActForm {
        seller: &seller,
        record: &record,
        act: &act,
        opening: &opening,
        readings: &[],
        bill: None,
        number: "1",
        version: 1,
        made_on: day("2026-11-01"),
        reply_to: "oblik@energo.example",
    };
    let pdf = Typesetter::new().unwrap().reading_act_pdf(&form, &Template::embedded(), XML).unwrap();
    let file = saved(&folder, "act.pdf", &pdf);
    let Some(text) = text(&file) else { return };
    assert!(text.contains("СА (1) ніч 6 12 657,06 — — 1 200 —"), "{text}");
}

#[test]
fn the_same_values_give_the_same_bytes_on_any_thread() {
    let typesetter = Typesetter::new().unwrap();
    let invoice = invoice(2, CUSTOMER);
    let record = record(2, CUSTOMER);
    let first = invoice_pdf(&typesetter, &invoice);
    let act = act_pdf(&typesetter, &record, XML);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                assert!(invoice_pdf(&typesetter, &invoice) == first);
                assert!(act_pdf(&Typesetter::new().unwrap(), &record, XML) == act);
            });
        }
    });
}

/// A signature is appended as a plain revision: the file must read without cross-reference or object streams.
#[test]
fn a_signer_reads_the_file_as_written() {
    let typesetter = Typesetter::new().unwrap();
    for pdf in [invoice_pdf(&typesetter, &invoice(3, CUSTOMER)), act_pdf(&typesetter, &record(3, CUSTOMER), XML)] {
        let document = lopdf::Document::load_mem(&pdf).unwrap();
        assert_eq!(document.version, "1.7");
        // One kind of cross-reference, never both: what a hybrid file says depends on who reads it. A signature's own revision
        // ends in a stream as well.
        let stream = lopdf::xref::XrefType::CrossReferenceStream;
        assert_eq!(format!("{:?}", document.reference_table.cross_reference_type), format!("{stream:?}"));
        let find = |needle: &[u8]| pdf.windows(needle.len()).any(|window| window == needle);
        assert!(!find(b"/XRefStm") && !find(b"trailer"));
        // What a signature writes anew stands outside of object streams.
        let catalog = document.catalog().unwrap();
        let is_plain = |id: lopdf::ObjectId| find(format!("\n{} 0 obj\n", id.0).as_bytes());
        let tags = catalog.get(b"StructTreeRoot").unwrap().as_reference().unwrap();
        let top = document.get_dictionary(tags).unwrap().get(b"K").unwrap().as_array().unwrap()[0].as_reference().unwrap();
        assert!(is_plain(tags) && is_plain(top) && document.get_pages().values().all(|page| is_plain(*page)));
        assert!(
            catalog.get(b"StructTreeRoot").is_ok() && catalog.get(b"Metadata").is_ok() && catalog.get(b"OutputIntents").is_ok()
        );
        assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"uk");
        assert!(document.objects.len() < limits::PDF_OBJECTS);
    }
}

#[test]
fn what_a_stranger_wrote_never_stops_a_document() {
    let folder = TempDir::new().unwrap();
    let typesetter = Typesetter::new().unwrap();
    let long_word = "Щ".repeat(10_000);
    let many_words = "слово ".repeat(10_000);
    let zalgo = format!("З{}", "\u{301}\u{350}\u{36f}".repeat(3000));
    let names = [
        "",
        " ",
        "\0\u{1}\u{7f}\u{85}\r\n\t",
        "\u{202E}רישוי\u{2066}חברה\u{2069} عربى",
        "Млин 😀👩‍👩‍👧‍👦🇺🇦 電力 ไทย",
        "<script>alert('x')</script> & \"лапки\" %PDF /Type (endobj) \\",
        "\u{E000}\u{F8FF}\u{FFFE}\u{FFFF}\u{10FFFF}\u{FEFF}",
        "ﬁﬂ ½ ㎾ Å ẞ ǆ ꙮ",
        &long_word,
        &many_words,
        &zalgo,
    ];
    for name in names {
        let mut hostile = invoice(2, name);
        for point in &mut hostile.points {
            point.name = name.to_owned();
            point.address = name.to_owned();
        }
        hostile.buyer.address = name.to_owned();
        hostile.buyer.vat_number = name.to_owned();
        let pdf = invoice_pdf(&typesetter, &hostile);
        run("qpdf", &["--check"], &saved(&folder, "hostile.pdf", &pdf));
        assert!(pdf.len() < 110_000, "{} bytes for {:?}", pdf.len(), name.chars().take(20).collect::<String>());
        let mut record = record(2, name);
        for point in &mut record.points {
            point.name = name.to_owned();
        }
        act_pdf(&typesetter, &record, XML);
    }
}

#[test]
fn direction_overrides_are_not_in_the_file() {
    let folder = TempDir::new().unwrap();
    let file =
        saved(&folder, "bidi.pdf", &invoice_pdf(&Typesetter::new().unwrap(), &invoice(1, "ТОВ \u{202E}нилМ\u{202C} кінець")));
    let Some(text) = text(&file) else { return };
    assert!(text.contains("ТОВ нилМ кінець"), "{text}");
}

#[test]
fn the_greatest_sums_still_fit_their_columns() {
    let folder = TempDir::new().unwrap();
    let mut invoice = invoice(3, CUSTOMER);
    let most = oblik_domain::money::Kopiykas(i64::MAX);
    for line in &mut invoice.bill.lines {
        line.net = most;
        line.quantity = Some(oblik_domain::energy::Kwh(i64::MAX));
    }
    (invoice.bill.net, invoice.bill.vat, invoice.bill.total) = (most, most, most);
    let file = saved(&folder, "great.pdf", &invoice_pdf(&Typesetter::new().unwrap(), &invoice));
    run("qpdf", &["--check"], &file);
    let Some(text) = text(&file) else { return };
    assert!(text.contains("92 233 720 368 547 758,07 грн"), "{text}");
    invoice.bill.total = oblik_domain::money::Kopiykas(-1);
    assert!(!invoice_pdf(&Typesetter::new().unwrap(), &invoice).is_empty());
}

#[test]
fn three_hundred_meters_break_over_pages_and_stay_readable_to_a_signer() {
    let folder = TempDir::new().unwrap();
    let typesetter = Typesetter::new().unwrap();
    let pdf = invoice_pdf(&typesetter, &invoice(300, CUSTOMER));
    let act = act_pdf(&typesetter, &record(300, CUSTOMER), XML);
    for (name, pdf, least, most, head) in
        [("invoice.pdf", pdf, 55, 125, "Лічильник Вид Зона"), ("act.pdf", act, 45, 65, "Зона доби Розр.")]
    {
        assert!(pdf.len() < limits::PDF_BYTES && lopdf::Document::load_mem(&pdf).unwrap().objects.len() < limits::PDF_OBJECTS);
        let file = saved(&folder, name, &pdf);
        run("qpdf", &["--check"], &file);
        let Some(count) = pages(&file) else { return };
        assert!((least..=most).contains(&count), "{name}: {count} pages");
        let text = text(&file).unwrap();
        let repeated = text.matches(head).count();
        assert!(repeated > count / 3, "{name}: head {repeated} times on {count} pages");
        assert!(text.contains(&format!("стор. {count} з {count}")));
    }
}

#[test]
fn one_typesetter_serves_all_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Typesetter>();
}
