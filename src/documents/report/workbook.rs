//! A statement as an XLSX workbook (ECMA-376): a sheet a table, the head kept in sight, sums as numbers and days as days.

use oblik_domain::period::kyiv_time;
use oblik_words::numbers::date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::separated::CELL_CHARS;
use super::{Figure, Report, ReportTable};
use crate::DocumentError;
use crate::clean::clean;

/// Of a sheet's name. Source: ECMA-376, as spreadsheets bound it.
const SHEET_NAME_CHARS: usize = 31;
const COLUMN_WIDTH_MOST: u16 = 60;

struct Looks {
    title: Format,
    head: Format,
    money: Format,
    day: Format,
    instant: Format,
    strong: Format,
    strong_money: Format,
}

pub(super) fn xlsx(report: &Report) -> Result<Vec<u8>, DocumentError> {
    make(report).map_err(|error| DocumentError::Table(error.to_string()))
}

fn make(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks {
        title: Format::new().set_bold().set_font_size(14),
        head: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top).set_background_color("ECF5F3"),
        money: Format::new().set_num_format("#,##0.00"),
        day: Format::new().set_num_format("dd.mm.yyyy"),
        instant: Format::new().set_num_format("dd.mm.yyyy hh:mm"),
        strong: Format::new().set_bold(),
        strong_money: Format::new().set_bold().set_num_format("#,##0.00"),
    };
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_timestamp(report.told_at.timestamp())?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(printable(&report.title))
            .set_author(printable(&report.seller.name))
            .set_creation_datetime(&made),
    );
    let mut names: Vec<String> = Vec::new();
    for table in &report.tables {
        let name = sheet_name(&table.title, &names);
        let sheet = workbook.add_worksheet();
        sheet.set_name(&name)?;
        fill(sheet, report, table, &looks)?;
        names.push(name);
    }
    workbook.save_to_buffer()
}

/// A sheet's name: short, of letters a spreadsheet takes, and not there yet.
fn sheet_name(title: &str, taken: &[String]) -> String {
    let plain: String = printable(title).chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(SHEET_NAME_CHARS - 3).collect();
    let plain = if plain.trim().is_empty() { "1".to_owned() } else { plain.trim().to_owned() };
    let same = taken.iter().filter(|name| name.to_lowercase().starts_with(&plain.to_lowercase())).count();
    if same == 0 { plain } else { format!("{plain} {}", same + 1) }
}

fn fill(sheet: &mut Worksheet, report: &Report, table: &ReportTable, looks: &Looks) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, format!("{}. {}", printable(&report.title), printable(&table.title)), &looks.title)?;
    let mut row = 1;
    for (label, value) in report.parties.iter().chain(&report.facts) {
        sheet.write_string(row, 0, printable(label))?;
        sheet.write_string(row, 1, printable(value))?;
        row += 1;
    }
    row += 1;
    for (column, title) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(row, column, printable(title), &looks.head)?;
        sheet.set_column_width(column, width(table, usize::from(column)))?;
    }
    row += 1;
    sheet.set_freeze_panes(row, 0)?;
    if table.rows.is_empty() {
        sheet.write_string(row, 0, printable(&table.if_empty))?;
    }
    for cells in &table.rows {
        for (column, figure) in (0..).zip(cells) {
            write(sheet, (row, column), figure, looks, false)?;
        }
        row += 1;
    }
    for (column, figure) in (0..).zip(&table.total) {
        write(sheet, (row, column), figure, looks, true)?;
    }
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    figure: &Figure,
    looks: &Looks,
    is_total: bool,
) -> Result<(), XlsxError> {
    match figure {
        Figure::Nothing => Ok(()),
        Figure::Text(text) if is_total => sheet.write_string_with_format(row, column, printable(text), &looks.strong).map(drop),
        Figure::Text(text) => sheet.write_string(row, column, printable(text)).map(drop),
        Figure::Day(day) => {
            // A day a spreadsheet's calendar lacks is told as text.
            match ExcelDateTime::parse_from_str(&day.to_string()) {
                Ok(at) => sheet.write_datetime_with_format(row, column, at, &looks.day).map(drop),
                Err(_) => sheet.write_string(row, column, date(*day)).map(drop),
            }
        }
        Figure::Instant(at) => {
            let clock = kyiv_time(*at).format("%Y-%m-%dT%H:%M:%S").to_string();
            sheet.write_datetime_with_format(row, column, ExcelDateTime::parse_from_str(&clock)?, &looks.instant).map(drop)
        }
        Figure::Money(sum) => {
            let look = if is_total { &looks.strong_money } else { &looks.money };
            sheet.write_with_format(row, column, sum.hryvnias(), look).map(drop)
        }
        Figure::Number(number) if is_total => sheet.write_with_format(row, column, *number, &looks.strong).map(drop),
        Figure::Number(number) => sheet.write(row, column, *number).map(drop),
    }
}

/// The width of a column in characters, by its longest cell.
fn width(table: &ReportTable, column: usize) -> u16 {
    let of = |figure: &Figure| match figure {
        Figure::Nothing => 0,
        Figure::Text(text) => text.chars().count(),
        Figure::Day(_) => 10,
        Figure::Instant(_) => 16,
        Figure::Money(sum) => sum.to_string().len() + 4,
        Figure::Number(number) => number.to_string().len(),
    };
    let cells = table.rows.iter().chain([&table.total]).filter_map(|row| row.get(column));
    let words = table.columns.get(column).map_or(0, |title| title.split(' ').map(|word| word.chars().count()).max().unwrap_or(0));
    let longest = cells.map(of).max().unwrap_or(0).max(words);
    u16::try_from(longest + 2).unwrap_or(COLUMN_WIDTH_MOST).min(COLUMN_WIDTH_MOST)
}

fn printable(text: &str) -> String {
    clean(text, CELL_CHARS).into_owned()
}
