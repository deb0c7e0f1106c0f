//! From a validated record to domain values: what a schema cannot say (check characters, order of days) is asked here.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use oblik_domain::dated::{Dated, overlap};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::{Decimal, NaiveDate};

use crate::facets::quote;
use crate::faults::Faults;
use crate::record::Row;

/// Reads values of one record and collects what is wrong with them.
pub(crate) struct Extract<'f> {
    faults: &'f mut Faults,
    number: Option<u64>,
    /// Whether something was wrong so far.
    pub refused: bool,
}

impl<'f> Extract<'f> {
    pub(crate) fn new(faults: &'f mut Faults, number: Option<u64>) -> Self {
        Self { faults, number, refused: false }
    }

    pub(crate) fn refuse(&mut self, row: Row<'_>, detail: impl Display) {
        self.refused = true;
        self.add(Finding::error(Code::FileRecord), row, detail);
    }

    pub(crate) fn warn(&mut self, row: Row<'_>, detail: impl Display) {
        self.add(Finding::warning(Code::FileRecord), row, detail);
    }

    fn add(&mut self, finding: Finding, row: Row<'_>, detail: impl Display) {
        let place = row.place();
        let finding = finding.with("detail", detail).at(place.line, place.column);
        self.faults.add(match self.number {
            Some(number) => finding.with("record", number),
            None => finding,
        });
    }

    /// The value of `found`, an element or attribute inside `row`.
    fn value<T, E: Display>(
        &mut self,
        row: Row<'_>,
        name: &str,
        found: Option<Row<'_>>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(found) = found else {
            self.refuse(row, format!("{name} is missing"));
            return None;
        };
        match parse(found.text()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(found, format!("{name} {}: {error}", quote(found.text())));
                None
            }
        }
    }

    pub(crate) fn child<T, E: Display>(
        &mut self,
        row: Row<'_>,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.value(row, name, row.child(name), parse)
    }

    pub(crate) fn attribute<T, E: Display>(
        &mut self,
        row: Row<'_>,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.value(row, name, row.attribute(name), parse)
    }

    /// `Some(None)` when the child is absent, `None` when it is wrong.
    #[expect(clippy::option_option, reason = "absent and wrong are two answers")]
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        row: Row<'_>,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match row.child(name) {
            Some(found) => self.value(row, name, Some(found), parse).map(Some),
            None => Some(None),
        }
    }

    /// As [`Self::optional`], the type's default when the child is absent.
    pub(crate) fn word<T: Default>(&mut self, row: Row<'_>, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.optional(row, name, known(parse)).map(Option::unwrap_or_default)
    }

    /// `From` and `To`; the first day it no longer holds cannot come before it begins to.
    pub(crate) fn validity(&mut self, row: Row<'_>) -> Option<(NaiveDate, Option<NaiveDate>)> {
        let from = self.child(row, "From", day);
        let to = self.optional(row, "To", day);
        let (from, to) = (from?, to?);
        if let Some(end) = to.filter(|end| *end <= from) {
            self.refuse(row.child("To").unwrap_or(row), format!("{end}, the first day after it, does not come after {from}"));
        }
        Some((from, to))
    }

    /// Refuses what shares a day with another of its kind; `what` names the kind.
    pub(crate) fn disjoint<T>(&mut self, what: &str, list: &[(Row<'_>, Dated<T>)]) {
        let mut sorted: Vec<_> = list.iter().map(|(row, dated)| (dated.from, dated.to, *row)).collect();
        sorted.sort_by_key(|(from, _, row)| (*from, row.place()));
        let mut widest: Option<(NaiveDate, Option<NaiveDate>)> = None;
        for (from, to, row) in sorted {
            if let Some((before, end)) = widest.filter(|before| overlap(*before, (from, to))) {
                let detail = format!("{what} {} and {} share a day", Days(before, end), Days(from, to));
                self.refuse(row, detail);
            }
            let ends_later = widest.is_none_or(|(_, end)| end.is_some_and(|end| to.is_none_or(|to| to > end)));
            if ends_later {
                widest = Some((from, to));
            }
        }
    }
}

/// A validity in a message: `2026-01-01..2026-04-01`, the second the first day after it.
pub(crate) struct Days(pub NaiveDate, pub Option<NaiveDate>);

impl Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.1 {
            Some(end) => write!(f, "{}..{end}", self.0),
            None => write!(f, "{}..", self.0),
        }
    }
}

/// Makes a parser of one that tells no reason.
pub(crate) fn known<T>(parse: impl FnOnce(&str) -> Option<T>) -> impl FnOnce(&str) -> Result<T, &'static str> {
    move |text| parse(text).ok_or("not a value that can be used")
}

/// As [`known`], of a decimal.
pub(crate) fn number<T>(parse: impl FnOnce(Decimal) -> Option<T>) -> impl FnOnce(&str) -> Result<T, &'static str> {
    known(move |text| parse(text.parse().ok()?))
}

pub(crate) fn day(text: &str) -> Result<NaiveDate, chrono::ParseError> {
    text.parse()
}

pub(crate) fn instant(text: &str) -> Result<DateTime<Utc>, chrono::ParseError> {
    DateTime::parse_from_rfc3339(text).map(|moment| moment.with_timezone(&Utc))
}

#[expect(clippy::unnecessary_wraps, reason = "of the shape the readers above take")]
pub(crate) fn text(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.to_owned())
}
