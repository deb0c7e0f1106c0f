//! The parameters there are, with their defaults: an administrator defines only what differs. Source: R-PARAM.
//!
//! The list is `parameters.csv`, drawn as `docs/parameters.md`. What is verified nowhere but in practice stands there as data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::tariff::Parameter;

static TEXT: &str = include_str!("parameters.csv");

static CATALOGUE: LazyLock<BTreeMap<&str, Entry>> =
    LazyLock::new(|| lines(TEXT).filter_map(entry).map(|entry| (entry.name, entry)).collect());

/// What the catalogue says of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: &'static str,
    /// What holds where nothing is given; `None` for a parameter that must be given.
    pub default: Option<Parameter>,
    /// The least and the greatest value that can be.
    pub bounds: (Decimal, Decimal),
    pub unit: &'static str,
    pub rule: &'static str,
    pub text: &'static str,
}

/// The entry of a name.
pub fn catalogued(name: &str) -> Option<&'static Entry> {
    CATALOGUE.get(name)
}

/// All entries, by name.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    CATALOGUE.values()
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// `None` for a line that is none: a test holds that there is no such line.
fn entry(line: &'static str) -> Option<Entry> {
    let mut columns = line.split(';');
    let mut next = || columns.next();
    let (name, value, from, to) = (next()?, next()?, next()?, next()?);
    let bounds = (next()?.parse().ok()?, next()?.parse().ok()?);
    let (unit, rule, text) = (next()?, next()?, next()?);
    let to = if to.is_empty() { None } else { Some(to.parse::<NaiveDate>().ok()?) };
    let default = match value {
        "" => None,
        value => Some(Parameter { name: name.to_owned(), value: value.parse().ok()?, from: from.parse().ok()?, to }),
    };
    columns.next().is_none().then_some(Entry { name, default, bounds, unit, rule, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_catalogue_is_read_and_no_name_stands_twice() {
        for line in lines(TEXT) {
            let entry = entry(line).unwrap_or_else(|| panic!("{line}"));
            let (least, most) = entry.bounds;
            assert!(least <= most, "{line}");
            assert!(entry.default.is_none_or(|default| least <= default.value && default.value <= most), "{line}");
            assert!(entry.rule.starts_with("R-") && !entry.text.is_empty() && !entry.unit.is_empty(), "{line}");
        }
        assert_eq!(lines(TEXT).count(), catalogue().count());
    }

    #[test]
    fn a_line_that_is_none_is_not_read() {
        for bad in
            ["a;1;2000-01-01;;0;1;u;R-X", "a;1;2000-01-01;;0;1;u;R-X;t;more", "a;x;2000-01-01;;0;1;u;R-X;t", "a;1;;;0;1;u;R-X;t"]
        {
            assert_eq!(entry(bad), None, "{bad}");
        }
        assert!(entry("a;1;2000-01-01;2001-01-01;0;1;u;R-X;t").is_some());
        assert!(entry("a;;;;0;1;u;R-X;t").is_some_and(|entry| entry.default.is_none()));
    }

    #[test]
    fn defaults_are_those_of_the_rules() {
        let default = |name: &str| catalogued(name).unwrap().default.as_ref().map(|given| given.value.to_string());
        for (name, value) in [
            ("vat-rate", None),
            ("payment-days", None),
            ("nbu-rate", None),
            ("inflation-index", None),
            ("plausibility-low", Some("2")),
            ("plausibility-high", Some("4")),
            ("plausibility-months", Some("12")),
            ("plausibility-months-least", Some("3")),
            ("form-factor", Some("1.17")),
            ("loss-zone-split", Some("0")),
            ("normative-tg", Some("0.8")),
            ("tg-cap", Some("2")),
            ("tg-threshold", Some("0.25")),
            ("sub-tg-cap", Some("0.8")),
            ("reactive-2002-k", Some("3")),
            ("reactive-2002-base", Some("1.3")),
            ("reactive-2018-least-kvarh", Some("999.99")),
            ("reactive-2018-least-kw", Some("16")),
            ("limit-factor", Some("1")),
            ("limit-registration-days", Some("4")),
            ("power-factor", Some("2")),
            ("zone-coefficient-three-night", Some("0.35")),
            ("zone-coefficient-three-half-peak", Some("1.02")),
            ("zone-coefficient-three-peak", Some("1.68")),
            ("zone-coefficient-two-night", Some("0.4")),
            ("zone-coefficient-two-day", Some("1.5")),
            ("penalty-multiplier", Some("2")),
            ("penalty-cap-months", Some("6")),
            ("annual-interest", Some("3")),
        ] {
            assert_eq!(default(name).as_deref(), value, "{name}");
        }
    }
}
