//! Statements as CSV, workbooks and pages, read by programs that are not ours.

use oblik_documents::{Figure, Report, ReportTable, Template, Typesetter};
use oblik_domain::money::Kopiykas;
use tempfile::TempDir;

use crate::common::{day, invoice};
use crate::{CUSTOMER, run, saved, text};

/// Two tables: sums of every size, and what strangers write.
fn report() -> Report {
    let invoice = invoice(1, CUSTOMER);
    let at: chrono::DateTime<chrono::Utc> = "2026-10-25T00:30:00Z".parse().unwrap();
    let row = |name: &str, sum: i64| {
        vec![Figure::text(name), Figure::Day(day("2026-10-31")), Figure::Instant(at), Figure::Money(Kopiykas(sum))]
    };
    let columns: Vec<String> = ["Назва", "День", "Мить", "Сума, грн"].map(str::to_owned).into();
    let mut total = row("Усього", 1);
    total[1..3].fill(Figure::Nothing);
    let hostile = "=HYPERLINK(\"http://x\";\"y\")";
    Report {
        title: "Платежі".to_owned(),
        parties: vec![("Договір".to_owned(), "270000017".to_owned()), ("Споживач".to_owned(), CUSTOMER.to_owned())],
        facts: vec![("Станом на".to_owned(), "25.10.2026 03:30".to_owned())],
        tables: vec![
            ReportTable {
                title: "Платежі".to_owned(),
                columns: columns.clone(),
                rows: vec![row("звичайний; \"у лапках\"", 123_456_789), row(hostile, -5), row("два\r\nрядки", 0)],
                total,
                if_empty: String::new(),
            },
            ReportTable {
                title: "Платежі: [за що]".to_owned(),
                columns,
                rows: Vec::new(),
                total: Vec::new(),
                if_empty: "Записів немає.".to_owned(),
            },
        ],
        seller: invoice.seller,
        account: invoice.buyer,
        told_at: at,
    }
}

#[test]
fn a_statement_in_csv_starts_no_formula_where_commas_part_a_list() {
    let folder = TempDir::new().unwrap();
    let mut report = report();
    report.tables[0].rows[0][0] = Figure::text("Млин,=HYPERLINK(1)");
    report.tables[0].rows[1][0] = Figure::text("＝1+1");
    let file = saved(&folder, "report.csv", &report.csv().unwrap());
    let script = "import csv, sys\nfor row in csv.reader(open(sys.argv[1], newline='', encoding='utf-8-sig')):\n  for cell in row: print(cell)";
    let Some(read) = run("python3", &["-c", script, "FILE"], &file) else { return };
    assert!(read.contains("Млин,=HYPERLINK(1)") && read.contains("'＝1+1"), "{read}");
    assert!(read.lines().all(|cell| !cell.starts_with(['=', '＝'])), "{read}");
}

#[test]
fn a_statement_in_csv_opens_as_a_table_and_starts_no_formula() {
    let folder = TempDir::new().unwrap();
    let bytes = report().csv().unwrap();
    assert_eq!(bytes, report().csv().unwrap());
    assert!(bytes.starts_with(b"\xef\xbb\xbf"));
    let file = saved(&folder, "report.csv", &bytes);
    let script = "import csv, json, sys\nprint(json.dumps(list(csv.reader(open(sys.argv[1], newline='', encoding='utf-8-sig'), delimiter=';')), ensure_ascii=False))";
    let Some(read) = run("python3", &["-c", script, "FILE"], &file) else { return };
    for wanted in [
        r#"["Договір", "270000017"]"#,
        r#"["Назва", "День", "Мить", "Сума, грн"]"#,
        r#"["звичайний; \"у лапках\"", "31.10.2026", "25.10.2026 03:30", "1234567,89"]"#,
        r#"["'=HYPERLINK(\"http://x\";\"y\")", "31.10.2026", "25.10.2026 03:30", "-0,05"]"#,
        r#"["два рядки", "31.10.2026", "25.10.2026 03:30", "0,00"]"#,
        r#"["Усього", "", "", "0,01"]"#,
        r#"["Записів немає."]"#,
    ] {
        assert!(read.contains(wanted), "{wanted}\n{read}");
    }
}

#[test]
fn a_statement_in_a_workbook_has_numbers_as_numbers_and_days_as_days() {
    let folder = TempDir::new().unwrap();
    let bytes = report().xlsx().unwrap();
    assert_eq!(bytes, report().xlsx().unwrap(), "the same statement is the same file");
    let file = saved(&folder, "report.xlsx", &bytes);
    let Some(read) = run("python3", &["-c", include_str!("../common/read_workbook.py"), "FILE"], &file) else { return };
    let lines: Vec<&str> = read.lines().collect();
    // 31 October 2026 is day 46326 of a spreadsheet's calendar.
    for wanted in [
        "Платежі!A7 text звичайний; \"у лапках\"",
        "Платежі!B7 dd.mm.yyyy 46326",
        "Платежі!D7 #,##0.00 1234567.89",
        "Платежі!A8 text =HYPERLINK(\"http://x\";\"y\")",
        "Платежі!D8 #,##0.00 -0.05",
        "Платежі!A10 text Усього",
        "Платежі!D10 #,##0.00 0.01",
        "Платежі за що!A7 text Записів немає.",
    ] {
        assert!(lines.contains(&wanted), "{wanted}\n{read}");
    }
    assert!(lines.iter().any(|line| line.starts_with("Платежі!C7 dd.mm.yyyy hh:mm 46320.145833")), "{read}");
}

#[test]
fn a_statement_on_paper_says_every_figure() {
    let folder = TempDir::new().unwrap();
    let pdf = Typesetter::new().unwrap().report_pdf(&report(), &Template::embedded()).unwrap();
    let file = saved(&folder, "report.pdf", &pdf);
    if let Some(folder) = std::env::var_os("OBLIK_LOOK") {
        std::fs::copy(&file, std::path::Path::new(&folder).join("statement.pdf")).unwrap();
    }
    run("qpdf", &["--check"], &file);
    let Some(text) = text(&file) else { return };
    for wanted in ["Платежі", "270000017", "1 234 567,89", "−0,05", "25.10.2026 03:30", "=HYPERLINK", "Записів немає."]
    {
        assert!(text.replace('\u{202f}', " ").contains(wanted), "{wanted}\n{text}");
    }
}
