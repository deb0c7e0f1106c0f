//! Prices, parameters and zone hours, put in order once for many accounts.
//!
//! Source: R-PARAM, R-PRICE. What does not hold on some day of the period is a finding that says why (E2); what cannot be, or
//! holds beside another, is found before any account is calculated.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::dated::{self, Dated};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours};

use crate::catalogue::catalogued;

mod sound;

/// How the names of zones' coefficients begin (R-PRICE-2).
pub(crate) const ZONE_COEFFICIENT: &str = "zone-coefficient-";

/// What a tariff is for: component, number of the product, class, zone.
type Slot = (PriceComponent, Option<u32>, Option<VoltageClass>, Option<Zone>);

/// All prices and parameters there are, ordered for looking up.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    /// Products are numbered, so that no look-up makes a string.
    products: BTreeMap<String, u32>,
    /// In order of their first days.
    tariffs: BTreeMap<Slot, Vec<Tariff>>,
    /// In order of their first days.
    parameters: BTreeMap<String, Vec<Parameter>>,
    zone_hours: Vec<Dated<ZoneHours>>,
    /// Every day on which some price or coefficient of a zone begins or ends, in order.
    changes: Vec<NaiveDate>,
}

/// What a price is looked up by.
#[derive(Debug, Clone, Copy)]
pub struct PriceKey<'a> {
    pub component: PriceComponent,
    pub product: &'a str,
    pub class: VoltageClass,
    pub zone: Zone,
}

/// A parameter with where it came from, `parameter vat-rate from 2015-01-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<'a> {
    pub parameter: &'a Parameter,
    /// It stands in the catalogue; nobody gave another.
    pub is_default: bool,
}

impl Held<'_> {
    pub fn value(self) -> Decimal {
        self.parameter.value
    }
}

impl fmt::Display for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_default { "default" } else { "parameter" };
        write!(f, "{kind} {} from {}", self.parameter.name, self.parameter.from)
    }
}

impl PriceBook {
    /// # Errors
    /// Every one of [`Code::ValidityOverlap`], for parameters of one name or prices of one component, product, class and zone that
    /// hold on the same day; [`Code::ParameterUnusable`], for a value outside the bounds of the catalogue; and
    /// [`Code::DateImpossible`], for a validity that ends before it begins.
    pub fn new(
        tariffs: Vec<Tariff>,
        parameters: Vec<Parameter>,
        zone_hours: Vec<Dated<ZoneHours>>,
    ) -> Result<Self, Vec<Finding>> {
        let mut book = Self { zone_hours, ..Self::default() };
        for tariff in tariffs {
            book.changes.extend([Some(tariff.from), tariff.to].into_iter().flatten());
            let next = u32::try_from(book.products.len()).unwrap_or(u32::MAX);
            let product = tariff.product.clone().map(|product| *book.products.entry(product).or_insert(next));
            let slot = (tariff.component, product, tariff.voltage_class, tariff.zone);
            book.tariffs.entry(slot).or_default().push(tariff);
        }
        for parameter in parameters {
            if parameter.name.starts_with(ZONE_COEFFICIENT) {
                book.changes.extend([Some(parameter.from), parameter.to].into_iter().flatten());
            }
            book.parameters.entry(parameter.name.clone()).or_default().push(parameter);
        }
        book.tariffs.values_mut().for_each(|list| list.sort_by_key(|tariff| tariff.from));
        book.parameters.values_mut().for_each(|list| list.sort_by_key(|parameter| parameter.from));
        book.changes.sort_unstable();
        book.changes.dedup();
        let findings = sound::examine(&book);
        if findings.is_empty() { Ok(book) } else { Err(findings) }
    }

    /// The price that fits best on a day: a zone's own before one for all zones, a product's own before one for all products,
    /// a class's own before one for both.
    ///
    /// # Errors
    /// [`Code::ParameterMissing`] says whether there is none, not yet or no longer (E2).
    pub fn price(&self, key: PriceKey<'_>, day: NaiveDate) -> Result<&Tariff, Finding> {
        let valid = |list: &'_ [Tariff]| on(list, day, |tariff| (tariff.from, tariff.to)).map(|at| at.0);
        for slot in self.slots(key) {
            if let Some(list) = self.tariffs.get(&slot)
                && let Some(tariff) = valid(list).and_then(|at| list.get(at))
            {
                return Ok(tariff);
            }
        }
        let lists = self.slots(key).filter_map(|slot| self.tariffs.get(&slot)).flatten();
        let name = format!("{} {} class {} {}", key.component, key.product, key.class, key.zone);
        Err(missing(&name, day, lists.map(|tariff| tariff.from)))
    }

    /// What could serve, the best first.
    fn slots(&self, key: PriceKey<'_>) -> impl Iterator<Item = Slot> {
        let product = self.products.get(key.product).copied();
        let zones = [Some(key.zone), None];
        let products = [product, None].into_iter().skip(usize::from(product.is_none()));
        zones.into_iter().flat_map(move |zone| {
            let slot = move |product, class| (key.component, product, class, zone);
            products.clone().flat_map(move |product| [slot(product, Some(key.class)), slot(product, None)])
        })
    }

    /// The days after `from` and before `to` on which some price or coefficient of a zone begins or ends, in order.
    pub(crate) fn changes_between(&self, from: NaiveDate, to: NaiveDate) -> &[NaiveDate] {
        let first = self.changes.partition_point(|day| *day <= from);
        let after = self.changes.partition_point(|day| *day < to);
        self.changes.get(first..after).unwrap_or_default()
    }

    /// The value of a named parameter on a day: what was given for it, else the catalogue's default.
    ///
    /// # Errors
    /// As [`PriceBook::price`].
    pub fn parameter(&self, name: &str, day: NaiveDate) -> Result<Decimal, Finding> {
        self.held(name, day).map(Held::value)
    }

    /// The value of a named parameter, which must hold on every day of the period; that of its last day counts (R-PARAM).
    ///
    /// # Errors
    /// As [`PriceBook::price`].
    pub fn parameter_of_period(&self, name: &str, period: Period) -> Result<Decimal, Finding> {
        self.held_of_period(name, period).map(Held::value)
    }

    /// As [`PriceBook::parameter`], with where it came from.
    ///
    /// # Errors
    /// As [`PriceBook::price`].
    pub fn held(&self, name: &str, day: NaiveDate) -> Result<Held<'_>, Finding> {
        let given = self.parameters.get(name).map(Vec::as_slice).unwrap_or_default();
        if let Some((at, _)) = on(given, day, |parameter| (parameter.from, parameter.to))
            && let Some(parameter) = given.get(at)
        {
            return Ok(Held { parameter, is_default: false });
        }
        let default = catalogued(name).and_then(|entry| entry.default.as_ref());
        match default {
            Some(parameter) if dated::holds(parameter.from, parameter.to, day) => Ok(Held { parameter, is_default: true }),
            default => Err(missing(name, day, given.iter().chain(default).map(|parameter| parameter.from))),
        }
    }

    /// As [`PriceBook::parameter_of_period`], with where it came from.
    ///
    /// # Errors
    /// As [`PriceBook::price`].
    pub fn held_of_period(&self, name: &str, period: Period) -> Result<Held<'_>, Finding> {
        let (mut day, last) = (period.first_day(), period.last_day());
        loop {
            let held = self.held(name, day)?;
            match held.parameter.to {
                Some(end) if end <= last => day = end,
                _ if held.is_default => break,
                _ => return Ok(held),
            }
        }
        // A default ends where something is given.
        self.held(name, last)
    }

    pub fn zone_hours(&self) -> &[Dated<ZoneHours>] {
        &self.zone_hours
    }
}

/// Where in a list by first days the entry stands that holds on `day`.
fn on<T>(list: &[T], day: NaiveDate, days: impl Fn(&T) -> (NaiveDate, Option<NaiveDate>)) -> Option<(usize, &T)> {
    let at = list.partition_point(|entry| days(entry).0 <= day).checked_sub(1)?;
    let entry = list.get(at)?;
    let (from, to) = days(entry);
    dated::holds(from, to, day).then_some((at, entry))
}

fn missing(name: &str, day: NaiveDate, beginnings: impl Iterator<Item = NaiveDate>) -> Finding {
    let reason = match beginnings.max() {
        None => "missing",
        Some(from) if from > day => "not-yet-valid",
        Some(_) => "expired",
    };
    Finding::error(Code::ParameterMissing).with("parameter", name).with("day", day).with("reason", reason)
}
