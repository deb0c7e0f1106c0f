//! Statements: tables of an account's facts, the same on a page, in a CSV file and in a workbook.
//!
//! Who asks decides the form; what is told is told once, here. A cell knows what it is (money, a day, a volume), so that a page
//! prints it as people read it and a spreadsheet can add it up.

mod page;
mod separated;
mod workbook;

use chrono::{DateTime, NaiveDate, Utc};
use oblik_domain::Decimal;
use oblik_domain::account::Account;
use oblik_domain::invoice::Seller;
use oblik_domain::money::Kopiykas;

use crate::{DocumentError, Template, Typesetter};

/// One value of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    Nothing,
    Text(String),
    Day(NaiveDate),
    /// Told in the clock of Kyiv.
    Instant(DateTime<Utc>),
    Money(Kopiykas),
    /// A volume, a price, a count: with the places it has.
    Number(Decimal),
}

impl Figure {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A day, where there is one.
    pub fn day(day: Option<NaiveDate>) -> Self {
        day.map_or(Self::Nothing, Self::Day)
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Money(_) | Self::Number(_))
    }
}

/// Rows under the same heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTable {
    pub title: String,
    pub columns: Vec<String>,
    /// Each as long as `columns`.
    pub rows: Vec<Vec<Figure>>,
    /// The sum of the rows, as long as `columns`; empty for none.
    pub total: Vec<Figure>,
    /// Stands where there are no rows.
    pub if_empty: String,
}

impl ReportTable {
    /// Whether a column holds numbers, which stand to the right.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| **cell != Figure::Nothing);
        cells.clone().next().is_some() && cells.all(Figure::is_number)
    }
}

/// What one statement tells of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub title: String,
    /// Whose it is: labels with values, where no page shows the parties.
    pub parties: Vec<(String, String)>,
    /// What it is for, and when: labels with values.
    pub facts: Vec<(String, String)>,
    pub tables: Vec<ReportTable>,
    pub seller: Seller,
    pub account: Account,
    /// The instant it is told for.
    pub told_at: DateTime<Utc>,
}

impl Report {
    /// CSV as spreadsheets of this country open it: UTF-8 with its mark, semicolons, decimal commas, CRLF.
    ///
    /// A text that a spreadsheet would take for a formula is led by an apostrophe.
    ///
    /// # Errors
    /// [`DocumentError::Table`], which no value should bring about.
    pub fn csv(&self) -> Result<Vec<u8>, DocumentError> {
        separated::csv(self)
    }

    /// An XLSX workbook with a sheet a table; sums are numbers and days are days.
    ///
    /// # Errors
    /// [`DocumentError::Table`], which no value should bring about.
    pub fn xlsx(&self) -> Result<Vec<u8>, DocumentError> {
        workbook::xlsx(self)
    }
}

impl Typesetter {
    /// A statement as PDF/A, ready for print.
    ///
    /// # Errors
    /// [`DocumentError::Engine`] when the PDF engine refuses a page.
    pub fn report_pdf(&self, report: &Report, template: &Template) -> Result<Vec<u8>, DocumentError> {
        page::pdf(&self.faces, report, template)
    }
}
