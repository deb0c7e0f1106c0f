//! Prices, parameters and zone hours of master data, and which of one file hold on the same days.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use oblik_domain::dated::{Dated, overlap};
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::money::Price;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours, ZoneScheme};

use crate::extract::{Days, Extract, known, number, text};
use crate::record::Row;

const HOURS: usize = 24;

/// What the file has named so far: the validities of each thing by their first days, so that looking costs little.
#[derive(Default)]
pub(crate) struct Validities {
    of: BTreeMap<String, BTreeMap<NaiveDate, (Option<NaiveDate>, u64)>>,
}

impl Validities {
    /// Refuses the record when one before it names the same thing for the same day.
    fn add(
        &mut self,
        what: String,
        (from, to): (NaiveDate, Option<NaiveDate>),
        record: u64,
        row: Row<'_>,
        extract: &mut Extract<'_>,
    ) {
        let known = self.of.entry(what).or_default();
        // Those before share no day with each other, so only the nearest on either side can share one with this.
        let nearest = known.range(..=from).next_back().into_iter().chain(known.range(from..).next());
        let clash = nearest.into_iter().find(|(other, (end, _))| overlap((**other, *end), (from, to)));
        if let Some((other, (end, before))) = clash {
            let (own, theirs) = (Days(from, to), Days(*other, *end));
            extract.refuse(row, format!("holds for {own} and shares a day with record {before}, which holds for {theirs}"));
            return;
        }
        known.insert(from, (to, record));
    }
}

pub(crate) fn extract_tariff(row: Row<'_>, record: u64, all: &mut Validities, extract: &mut Extract<'_>) -> Option<Tariff> {
    let component = extract.child(row, "Component", known(PriceComponent::parse));
    let product = extract.optional(row, "Product", text);
    let voltage_class = extract.optional(row, "VoltageClass", known(VoltageClass::parse));
    let zone = extract.optional(row, "Zone", known(Zone::parse));
    let price = extract.child(row, "Price", number(Price::new));
    let (from, to) = extract.validity(row)?;
    let (component, product, voltage_class, zone) = (component?, product?, voltage_class?, zone?);
    let class = voltage_class.map_or("", VoltageClass::as_str);
    let key = format!("t/{component}/{}/{class}/{}", product.as_deref().unwrap_or_default(), zone.map_or("", Zone::as_str));
    all.add(key, (from, to), record, row, extract);
    Some(Tariff { component, product, voltage_class, zone, price: price?, from, to })
}

pub(crate) fn extract_parameter(row: Row<'_>, record: u64, all: &mut Validities, extract: &mut Extract<'_>) -> Option<Parameter> {
    let name = extract.child(row, "Name", text);
    let value = extract.child(row, "Value", number(Some));
    let (from, to) = extract.validity(row)?;
    let name = name?;
    all.add(format!("p/{name}"), (from, to), record, row, extract);
    Some(Parameter { name, value: value?, from, to })
}

pub(crate) fn extract_zone_hours(
    row: Row<'_>,
    record: u64,
    all: &mut Validities,
    extract: &mut Extract<'_>,
) -> Option<Dated<ZoneHours>> {
    let validity = extract.validity(row);
    let scheme = extract.child(row, "Scheme", known(ZoneScheme::parse));
    let mut months: Vec<u8> = Vec::new();
    for month in row.children("Month") {
        match month.text().parse() {
            Ok(number) if !months.contains(&number) => months.push(number),
            _ => extract.refuse(month, format!("the month {} stands twice", month.text())),
        }
    }
    months.sort_unstable();
    let hours = extract_hours(row, scheme?, extract);
    let (from, to) = validity?;
    let scheme = scheme?;
    for month in &months {
        all.add(format!("z/{scheme}/{month}"), (from, to), record, row, extract);
    }
    Some(Dated { from, to, value: ZoneHours { scheme, months, hours: hours? } })
}

/// The zones of a scheme.
fn zones(scheme: ZoneScheme) -> &'static [Zone] {
    match scheme {
        ZoneScheme::Two => &[Zone::Day, Zone::Night],
        ZoneScheme::Three => &[Zone::Peak, Zone::HalfPeak, Zone::Night],
    }
}

fn extract_hours(row: Row<'_>, scheme: ZoneScheme, extract: &mut Extract<'_>) -> Option<Vec<Zone>> {
    let mut hours: [Option<Zone>; HOURS] = [None; HOURS];
    for span in row.children("Hours") {
        let from = extract.attribute(span, "from", str::parse::<usize>);
        let to = extract.attribute(span, "to", str::parse::<usize>);
        let zone = extract.attribute(span, "zone", known(Zone::parse));
        let (from, to, zone) = (from?, to?, zone?);
        if !zones(scheme).contains(&zone) {
            extract.refuse(span, format!("the zone {zone} is none of a day of {scheme} zones"));
        }
        let length = if to > from { to - from } else { to + HOURS - from };
        for at in (from..from + length).map(|hour| hour % HOURS) {
            let Some(slot) = hours.get_mut(at) else { continue };
            if slot.replace(zone).is_some() {
                extract.refuse(span, format!("the hour from {at} stands twice"));
                break;
            }
        }
    }
    if let Some(hour) = hours.iter().position(Option::is_none) {
        extract.refuse(row, format!("the hour from {hour} has no zone"));
    }
    hours.into_iter().collect()
}
