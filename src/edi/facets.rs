//! Simple types: what a text must be. Source: XML Schema 1.0 part 2.

use std::sync::Arc;

use oblik_domain::Decimal;

use crate::calendar::{is_date, is_date_time, is_year_month};
use crate::pattern::Pattern;

/// The types of XML Schema our own are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    Token,
    Decimal,
    NonNegativeInteger,
    PositiveInteger,
    Date,
    DateTime,
    YearMonth,
}

impl Builtin {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "token" => Self::Token,
            "decimal" => Self::Decimal,
            "nonNegativeInteger" => Self::NonNegativeInteger,
            "positiveInteger" => Self::PositiveInteger,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "gYearMonth" => Self::YearMonth,
            _ => return None,
        })
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Decimal | Self::NonNegativeInteger | Self::PositiveInteger)
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::Token => true,
            Self::Decimal => Number::parse(text).is_some(),
            Self::NonNegativeInteger => integer(text).is_some_and(|number| !number.negative || number.is_zero()),
            Self::PositiveInteger => integer(text).is_some_and(|number| !number.negative && !number.is_zero()),
            Self::Date => is_date(text),
            Self::DateTime => is_date_time(text),
            Self::YearMonth => is_year_month(text),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Token => "a text",
            Self::Decimal => "a decimal number",
            Self::NonNegativeInteger => "a whole number from 0",
            Self::PositiveInteger => "a whole number from 1",
            Self::Date => "a date such as 2026-10-31",
            Self::DateTime => "a moment such as 2026-10-31T12:00:00Z",
            Self::YearMonth => "a month such as 2026-10",
        }
    }
}

/// Bounds of a number, as far as they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Above(Decimal),
    AtLeast(Decimal),
    Below(Decimal),
    AtMost(Decimal),
}

impl Bound {
    fn holds(self, value: Decimal) -> bool {
        match self {
            Self::Above(bound) => value > bound,
            Self::AtLeast(bound) => value >= bound,
            Self::Below(bound) => value < bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn title(self) -> String {
        match self {
            Self::Above(bound) => format!("above {bound}"),
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::Below(bound) => format!("below {bound}"),
            Self::AtMost(bound) => format!("at most {bound}"),
        }
    }
}

/// A type made by restricting another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SimpleType {
    pub name: String,
    pub base: Base,
    /// One of them must fit; none when empty.
    pub patterns: Vec<Pattern>,
    /// One of them must be equal; none when empty.
    pub words: Vec<String>,
    pub min_length: usize,
    pub max_length: usize,
    pub bounds: Vec<Bound>,
    pub fraction_digits: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Builtin(Builtin),
    Own(Arc<SimpleType>),
}

impl SimpleType {
    pub(crate) fn builtin(&self) -> Builtin {
        match &self.base {
            Base::Builtin(builtin) => *builtin,
            Base::Own(base) => base.builtin(),
        }
    }

    /// Checks a value whose white space was collapsed.
    ///
    /// # Errors
    /// Says in English what is wrong, with the value.
    pub(crate) fn check(&self, value: &str) -> Result<(), String> {
        match &self.base {
            Base::Builtin(builtin) if !builtin.accepts(value) => {
                return Err(format!("{} is not {}", quote(value), builtin.title()));
            }
            Base::Builtin(_) => {}
            Base::Own(base) => base.check(value)?,
        }
        if !self.words.is_empty() && !self.words.iter().any(|word| word == value) {
            return Err(format!("{} is none of {}", quote(value), self.words.join(", ")));
        }
        if self.min_length > 0 || self.max_length < usize::MAX {
            self.check_length(value)?;
        }
        // The number before the shape: "more than 3 decimals" says more than a pattern does.
        if self.builtin().is_number() {
            self.check_number(value)?;
        }
        if !self.patterns.is_empty() && !self.patterns.iter().any(|pattern| pattern.matches(value)) {
            return Err(format!("{} is not shaped as {} ({})", quote(value), self.name, self.shapes()));
        }
        Ok(())
    }

    fn shapes(&self) -> String {
        let shapes: Vec<&str> = self.patterns.iter().map(Pattern::as_str).take(2).collect();
        shapes.join(" or ")
    }

    fn check_length(&self, value: &str) -> Result<(), String> {
        let length = value.chars().count();
        if length < self.min_length {
            return Err(format!("{} is shorter than {} characters", quote(value), self.min_length));
        }
        if length > self.max_length {
            return Err(format!("{} has {length} characters, more than {}", quote(value), self.max_length));
        }
        Ok(())
    }

    fn check_number(&self, value: &str) -> Result<(), String> {
        let digits = Number::parse(value).map_or(0, |number| number.fraction.len());
        if let Some(max) = self.fraction_digits.filter(|max| digits > *max) {
            return Err(format!("{} has more than {max} decimals", quote(value)));
        }
        if self.bounds.is_empty() {
            return Ok(());
        }
        let Ok(number) = value.parse::<Decimal>() else { return Err(format!("{} is too long a number", quote(value))) };
        match self.bounds.iter().find(|bound| !bound.holds(number)) {
            Some(bound) => Err(format!("{} is not {}", quote(value), bound.title())),
            None => Ok(()),
        }
    }
}

/// A stranger's value in a message: its first sixty characters, quoted.
pub(crate) fn quote(value: &str) -> String {
    let mut start: String = value.chars().take(60).collect();
    if start.len() < value.len() {
        start.push('…');
    }
    format!("\"{start}\"")
}

/// A decimal number by its lexical rule, without zeros that say nothing.
struct Number<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Number<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let negative = text.starts_with('-');
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if !all_digits || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        Some(Self { negative, whole: whole.trim_start_matches('0'), fraction: fraction.trim_end_matches('0') })
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }
}

fn integer(text: &str) -> Option<Number<'_>> {
    if text.contains('.') { None } else { Number::parse(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_known_by_their_lexical_rule() {
        let cases = [
            (Builtin::Decimal, "0", true),
            (Builtin::Decimal, "-1.50", true),
            (Builtin::Decimal, "+.5", true),
            (Builtin::Decimal, "1.", true),
            (Builtin::Decimal, ".", false),
            (Builtin::Decimal, "", false),
            (Builtin::Decimal, "1,5", false),
            (Builtin::Decimal, "1e5", false),
            (Builtin::Decimal, "--1", false),
            (Builtin::Decimal, "٣", false),
            (Builtin::NonNegativeInteger, "0", true),
            (Builtin::NonNegativeInteger, "-0", true),
            (Builtin::NonNegativeInteger, "-1", false),
            (Builtin::NonNegativeInteger, "1.0", false),
            (Builtin::PositiveInteger, "1", true),
            (Builtin::PositiveInteger, "0", false),
        ];
        for (builtin, text, accepted) in cases {
            assert_eq!(builtin.accepts(text), accepted, "{builtin:?} {text:?}");
        }
    }
}
