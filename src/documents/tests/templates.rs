//! What a template changes in a finished document, judged by programs that are not ours.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a fault in a test may panic")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{act, day, invoice, record};
use oblik_documents::{ActForm, Setting, Template, Typesetter};
use oblik_domain::bill::Correction;
use oblik_domain::invoice::Invoice;
use oblik_domain::money::Kopiykas;
use proptest::prelude::*;
use tempfile::TempDir;

const CUSTOMER: &str = "ТОВ «Споживач № 7»";

fn template(text: &str) -> Template {
    Template::parse(text, &|name| std::fs::read(Path::new(name)).map_err(|error| error.to_string())).unwrap()
}

fn pdf(invoice: &Invoice, template: &Template) -> Vec<u8> {
    Typesetter::new().unwrap().invoice_pdf(invoice, &Setting { template, stamp: None, attachments: &[] }).unwrap().pdf
}

fn act_pdf(template: &Template) -> Vec<u8> {
    let record = record(2, CUSTOMER);
    let (act, opening) = act(&record);
    let seller = common::seller();
    let made_on = day("2026-11-01");
    let form = ActForm {
        seller: &seller,
        record: &record,
        act: &act,
        opening: &opening,
        number: "1",
        version: 1,
        made_on,
        readings: &[],
        bill: None,
        reply_to: "acts@example.com.ua",
    };
    Typesetter::new().unwrap().reading_act_pdf(&form, template, b"<act/>").unwrap()
}

/// What a program says of a PDF; `None`, said aloud, where it is not installed.
fn told(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("document.pdf");
    std::fs::write(&file, pdf).unwrap();
    let arguments = arguments.iter().map(|argument| if *argument == "FILE" { file.to_str().unwrap() } else { argument });
    let Ok(output) = Command::new(program).args(arguments).output() else {
        println!("skipped: {program} is not installed");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(pdf: &[u8]) -> Option<String> {
    told("pdftotext", &["-layout", "FILE", "-"], pdf).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Bookmarks in their order.
fn bookmarks(pdf: &[u8]) -> Vec<String> {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    document.get_toc().map(|toc| toc.toc.into_iter().map(|entry| entry.title).collect()).unwrap_or_default()
}

fn place(haystack: &str, needle: &str) -> usize {
    haystack.find(needle).unwrap_or_else(|| panic!("{needle} is not in {haystack}"))
}

#[test]
fn the_order_of_sections_is_that_of_the_template_on_the_page_and_in_the_bookmarks() {
    let invoice = invoice(2, CUSTOMER);
    let sections = |list: &str| template(&format!("[invoice]\nsections = [\"head\", {list}]"));
    let first = pdf(&invoice, &sections("\"due\", \"parties\", \"charges\", \"breakdown\", \"reasons\""));
    let second = pdf(&invoice, &sections("\"due\", \"charges\", \"parties\", \"reasons\", \"breakdown\""));
    let (first_marks, second_marks) = (bookmarks(&first), bookmarks(&second));
    let at = |marks: &[String], title: &str| marks.iter().position(|mark| mark == title).unwrap();
    assert!(at(&first_marks, "Рахунок-розшифровка") < at(&first_marks, "Чому така сума"), "{first_marks:?}");
    assert!(at(&second_marks, "Рахунок-розшифровка") > at(&second_marks, "Чому така сума"), "{second_marks:?}");
    let (Some(first), Some(second)) = (text(&first), text(&second)) else { return };
    assert!(place(&first, "ПОСТАЧАЛЬНИК") < place(&first, "Нарахування"));
    assert!(place(&second, "ПОСТАЧАЛЬНИК") > place(&second, "Нарахування"));
    // What is left out is not printed.
    for gone in ["Усього до сплати", "З ЧОГО СКЛАДАЄТЬСЯ", "лише копією"] {
        assert!(!first.contains(gone), "{gone}");
    }
    let embedded = text(&pdf(&invoice, &Template::embedded())).unwrap();
    assert!(embedded.contains("Усього до сплати") && embedded.contains("лише копією"));
}

#[test]
fn columns_stand_as_the_template_says_and_sums_stay_under_theirs() {
    let mine = template(
        "[table.charges]\ncolumns = [\"name\", \"quantity\", \"sum\", \"price\"]\ntitle.name = \"Послуга\"\n\
         [table.breakdown]\ncolumns = [\"kind\", \"meter\", \"volume\", \"zone\", \"opening\", \"closing\"]\n\
         [table.act]\ncolumns = [\"meter\", \"eic\", \"kind\", \"zone\", \"opening\", \"closing\"]\n",
    );
    let Some(text) = text(&pdf(&invoice(3, CUSTOMER), &mine)) else { return };
    assert!(text.contains("Послуга Кількість"), "{text}");
    assert!(text.contains("1 136 232 779 716,49 0,68623"), "{text}");
    assert!(text.contains("Разом без ПДВ 8 953 940,18"), "{text}");
    assert!(text.contains("СА 01234567 373 752 ніч 12 345,60 12 657,06"), "{text}");
    assert!(!text.contains("Зона доби"), "{text}");
    let act = self::text(&act_pdf(&mine)).unwrap();
    assert!(act.contains("01234567 62Z2700000010009 СА (1) ніч 12 345,60 12 657,06"), "{act}");
    assert!(!act.contains("Коеф") && !act.contains("Разом СА"), "{act}");
}

#[test]
fn texts_colours_and_requisites_are_those_of_the_template() {
    let mine = template(
        "[look]\naccent = \"#1F4E9E\"\n[requisites]\nlines = [\"Гаряча лінія 0 800 111 222\"]\nfoot = \"Працюємо для вас\"\n\
         [text.due]\neyebrow = \"ПРОСИМО СПЛАТИТИ\"\nscan = \"\"\n[text.line]\nsupply = \"Електрична енергія\"\n",
    );
    let file = pdf(&invoice(3, CUSTOMER), &mine);
    assert_ne!(file, pdf(&invoice(3, CUSTOMER), &Template::embedded()));
    if let Some(text) = text(&file) {
        for wanted in ["ПРОСИМО СПЛАТИТИ", "Гаряча лінія 0 800 111 222", "Працюємо для вас", "Електрична енергія"]
        {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        assert!(!text.contains("Наведіть на QR-код"));
        assert_eq!(text.matches("Працюємо для вас").count(), text.matches("стор. ").count());
    }
    let content = told("qpdf", &["--qdf", "--object-streams=disable", "FILE", "-"], &file).unwrap_or_default();
    if !content.is_empty() {
        // 0x1F 0x4E 0x9E in parts of one; the embedded accent is nowhere.
        assert!(content.contains("0.12156863 0.30588236 0.61960787"), "the accent is not drawn");
        assert!(!content.contains("0 0.38431373 0.3529412"), "the embedded accent is drawn");
    }
}

/// A PNG with a transparent ground, as drawing programs write it.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let dot = |at: u32| if at % width < width / 2 { [0x1F, 0x4E, 0x9E, 0xFF] } else { [0, 0, 0, 0] };
    let pixels: Vec<u8> = (0..width * height).flat_map(dot).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

#[test]
fn a_logo_stands_in_every_document_as_large_as_it_is_printed() {
    let invoice = invoice(3, CUSTOMER);
    let with = |file: Vec<u8>| Template::parse("[look]\nlogo = \"logo.png\"\nlogo_width = 40", &move |_| Ok(file.clone()));
    let mine = with(png(1200, 400)).unwrap();
    let plain = pdf(&invoice, &Template::embedded());
    for (file, name) in [(pdf(&invoice, &mine), "invoice"), (act_pdf(&mine), "act")] {
        told("qpdf", &["--check", "FILE"], &file);
        let Some(images) = told("pdfimages", &["-list", "FILE"], &file) else { return };
        let rows: Vec<Vec<&str>> = images.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), 1, "{name}: {images}");
        // 40 mm at 300 dots an inch, whatever the file has.
        assert_eq!((rows[0][3], rows[0][4]), ("472", "157"), "{name}: {images}");
    }
    let grown = pdf(&invoice, &mine).len() - plain.len();
    assert!(grown < 8_000, "{grown} bytes");
    let photograph = with(include_bytes!("../../sample/meter.jpg").to_vec());
    assert!(photograph.is_ok() || photograph.unwrap_err()[0].message.contains("KiB in each document"));
}

#[test]
fn a_logo_that_is_no_picture_or_too_large_is_a_fault_before_it_is_decoded() {
    let told = |file: &[u8]| {
        let file = file.to_vec();
        let faults = Template::parse("[look]\nlogo = \"logo.png\"", &move |_| Ok(file.clone())).unwrap_err();
        assert_eq!((faults[0].line, faults[0].column), (2, 8));
        faults[0].message.clone()
    };
    assert!(told(b"GIF89a").contains("neither PNG nor JPEG"));
    assert!(told(b"").contains("neither PNG nor JPEG"));
    assert!(told(&png(10, 10)[..40]).contains("cannot be read"));
    assert!(told(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0]).contains("cannot be read"));
    assert!(told(&png(3001, 1)).contains("at most 3000"));
    // A file of some bytes that says it has 4 gigapixels.
    let mut bomb = png(10, 10);
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    assert!(told(&bomb).contains("cannot be read") || told(&bomb).contains("at most 3000"));
    assert!(told(&vec![0; 512 * 1024 + 1]).contains("512"));
    for (width, height) in [(1, 1), (1, 3000), (3000, 1)] {
        let file = png(width, height);
        let mine = Template::parse("[look]\nlogo = \"logo.png\"", &move |_| Ok(file.clone())).unwrap();
        assert!(!pdf(&invoice(1, CUSTOMER), &mine).is_empty());
    }
}

#[test]
fn a_document_of_another_look_is_as_archivable_and_accessible_as_ours() {
    let logo = png(600, 200);
    let text = "[look]\nlogo = \"l.png\"\naccent = \"#7A1F5C\"\n[text.invoice]\ntitle = \"Рахунок {month}\"\n";
    let mine = Template::parse(text, &move |_| Ok(logo.clone())).unwrap();
    let file = pdf(&invoice(3, CUSTOMER), &mine);
    let Some(metadata) = told("pdfinfo", &["-meta", "FILE"], &file) else { return };
    for wanted in ["<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>"]
    {
        assert!(metadata.contains(wanted), "{wanted}\n{metadata}");
    }
    let info = told("pdfinfo", &["FILE"], &file).unwrap();
    assert!(info.lines().any(|line| line.starts_with("Tagged:") && line.ends_with("yes")), "{info}");
    assert_eq!(file, pdf(&invoice(3, CUSTOMER), &mine), "the same values give other bytes");
}

/// Whatever a customer, a partner or an operator wrote.
fn wild() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        any::<String>(),
        Just("{number}{date}{sum}{name}".to_owned()),
        Just("}{{}}{".to_owned()),
        Just("[look]\naccent = \"#FFFFFF\"".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_string_stops_a_document_or_changes_another_text(name in wild(), address in wild(), reason in wild(), point in wild()) {
        let mut wild = invoice(1, &name);
        wild.buyer.address = address;
        wild.buyer.vat_number = point.clone();
        wild.buyer.product = reason.clone();
        wild.seller.bank = reason.clone();
        wild.seller.licence = name.clone();
        wild.number.series = point.clone();
        for own in &mut wild.points {
            own.name = point.clone();
            own.address = name.clone();
        }
        wild.bill.correction = Some(Correction {
            original: wild.number.clone(),
            original_date: day("2026-10-05"),
            billed_total: Kopiykas(1),
            rerated_total: Kopiykas(2),
            reason,
        });
        let file = pdf(&wild, &Template::embedded());
        if let Some(text) = text(&file) {
            for kept in ["Коригування розрахунку за електричну енергію за жовтень 2026 року", "Нарахування", "Чому така сума", "Разом без ПДВ"] {
                prop_assert!(text.contains(kept), "{kept}\n{text}");
            }
        }
    }
}

/// Templates as clumsy or hostile hands write them: true keys with wrong values, and noise.
fn clumsy() -> impl Strategy<Value = String> {
    let keys = [
        "look.accent",
        "look.logo",
        "look.logo_width",
        "look.parts",
        "text.due.vat",
        "text.invoice.title",
        "text.nothing",
        "invoice.sections",
        "act.sections",
        "table.charges.columns",
        "table.charges.title.name",
        "requisites.lines",
        "x",
    ];
    let value = prop_oneof![
        any::<String>().prop_map(|text| toml::Value::String(text).to_string()),
        "\\{[a-z{}]{0,12}".prop_map(|text| format!("\"{text}\"")),
        "#[0-9A-F]{6}".prop_map(|colour| format!("\"{colour}\"")),
        proptest::collection::vec(prop_oneof!["head|due|parties|charges|name|sum", any::<String>()], 0..7)
            .prop_map(|list| toml::Value::from(list).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("{ a = 1 }".to_owned()),
        any::<String>(),
    ];
    let line = (proptest::sample::select(keys.to_vec()), value).prop_map(|(key, value)| format!("{key} = {value}"));
    prop_oneof![any::<String>(), proptest::collection::vec(line, 0..6).prop_map(|lines| lines.join("\n"))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_template_of_any_kind_gives_faults_inside_the_file_or_documents(text in clumsy()) {
        let (_, faults) = Template::read(&text, &|_| Ok(b"noise".to_vec()));
        let lines: Vec<&str> = text.split('\n').collect();
        for fault in &faults {
            prop_assert!((1..=lines.len()).contains(&fault.line), "{fault}\n{text:?}");
            prop_assert!((1..=lines[fault.line - 1].chars().count() + 1).contains(&fault.column), "{fault}\n{text:?}");
            prop_assert!(!fault.message.is_empty() && !fault.message.chars().any(char::is_control), "{fault:?}");
            fault.shown(&text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_template_with_faults_still_makes_documents(text in clumsy()) {
        let (mine, _) = Template::read(&text, &|_| Ok(Vec::new()));
        prop_assert!(!pdf(&invoice(1, CUSTOMER), &mine).is_empty());
        prop_assert!(!act_pdf(&mine).is_empty());
    }
}
