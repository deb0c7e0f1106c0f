//! «Акт звіряння обсягів корисного відпуску за зонами доби»: what the zones come to beside a single rate. Source: R-ZONE-RECON.

use std::collections::{BTreeMap, BTreeSet};

use oblik_domain::bill::{Bill, VolumeRow, ZoneComparison};
use oblik_domain::ids::Eic;
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::{EnergyKind, Zone};
use oblik_domain::money::{Price, rounded};
use oblik_words::{parts as names, terms};

use crate::acts;
use crate::figures;
use crate::geometry::{A4_LYING, pt};
use crate::paragraph::span;
use crate::sheet::Sheet;
use crate::style::{BODY, CELL, CELL_GREY, CELL_STRONG};
use crate::table::{Look, Table};
use crate::template::{Field, TableName, Template};
use crate::texts::Text;
use crate::worth::{self, Worth};

/// Nothing where no zone has a price of its own, or nothing is to be compared.
pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let (template, bill) = (sheet.template, &invoice.bill);
    let Some(comparison) = bill.zone_comparison.as_ref().filter(|_| bill.correction.is_none()) else { return };
    let worth = worth::of_supply(bill);
    if worth.is_empty() {
        return;
    }
    sheet.begin_page_of(A4_LYING);
    acts::head(sheet, invoice, Text::ZonesTitle);
    sheet.paragraph(&[span(template.fill(Text::ZonesLead, &[("month", &names::month(bill.period))]), BODY)]);
    sheet.gap(pt(6));
    let mut table = template.table(TableName::Zones);
    rows(&mut table, template, bill, &worth);
    sums(&mut table, template, comparison);
    table.place(sheet);
    acts::close(sheet, invoice);
}

/// A row for each zone of each point; its readings, where one register tells the whole zone.
fn rows(table: &mut Table, template: &Template, bill: &Bill, worth: &BTreeMap<(&Eic, Zone), Worth>) {
    let mut registers: BTreeMap<(&Eic, Zone), Vec<&VolumeRow>> = BTreeMap::new();
    for row in bill.rows.iter().filter(|row| row.register.kind == EnergyKind::ActiveImport) {
        registers.entry((&row.register.point, row.register.zone)).or_default().push(row);
    }
    let three: BTreeSet<&Eic> = worth.keys().filter(|(_, zone)| *zone == Zone::HalfPeak).map(|(eic, _)| *eic).collect();
    let places = figures::places(registers.values().flatten().flat_map(|row| [row.opening, row.closing]));
    let single = bill.zone_comparison.as_ref().map(|comparison| comparison.single_rate.value());
    let mut last = None;
    for ((eic, zone), own) in worth {
        let volumes = bill.volumes.iter().filter(|volume| volume.point == **eic && volume.zone == *zone);
        let volume = volumes.filter(|volume| volume.kind == EnergyKind::ActiveImport).map(|volume| volume.net).sum();
        let row = match registers.get(&(*eic, *zone)).map(Vec::as_slice) {
            Some([row]) => Some(*row),
            _ => None,
        };
        let same = last.replace(*eic) == Some(*eic);
        let ratio = own.price.zip(single).and_then(|(price, single)| price.checked_div(single));
        let shown = |text: Option<String>| span(text.unwrap_or_default(), CELL);
        table.row(|field| match field {
            Field::Eic => span(eic.to_string(), if same { CELL_GREY } else { CELL_STRONG }),
            Field::Meter => shown(row.map(|row| row.register.meter.to_string())),
            Field::Zone => span(terms::zone(*zone), CELL),
            Field::Hours => shown(hours(*zone, three.contains(eic)).map(|text| template.text(text))),
            Field::Opening => shown(row.map(|row| figures::reading(row.opening, places))),
            Field::Closing => shown(row.map(|row| figures::reading(row.closing, places))),
            Field::Coefficient => shown(row.map(|row| figures::coefficient(row.coefficient))),
            Field::Volume => span(figures::volume(volume), CELL),
            Field::Ratio => shown(ratio.map(|ratio| figures::decimal(rounded(ratio, 3).normalize()))),
            Field::Price => shown(own.price.and_then(Price::new).map(figures::price)),
            Field::Sum => span(figures::money(own.net), CELL),
            _ => span("", CELL),
        });
    }
}

/// Which text says how long a zone lasts.
fn hours(zone: Zone, of_three: bool) -> Option<Text> {
    match (zone, of_three) {
        (Zone::Total, _) => None,
        (Zone::Night, true) => Some(Text::ZonesThreeNight),
        (Zone::HalfPeak, _) => Some(Text::ZonesThreeHalfPeak),
        (Zone::Peak, _) => Some(Text::ZonesThreePeak),
        (Zone::Night, false) => Some(Text::ZonesTwoNight),
        (Zone::Day, _) => Some(Text::ZonesTwoDay),
    }
}

fn sums(table: &mut Table, template: &Template, comparison: &ZoneComparison) {
    let ZoneComparison { by_zones, by_single_rate, single_rate, volume } = comparison;
    let (volume, price) = (figures::volume(*volume), figures::decimal(single_rate.value().normalize()));
    let single = template.fill(Text::ZonesBySingle, &[("volume", &volume), ("price", &price)]);
    for (title, sum, style) in [
        (template.text(Text::ZonesByZones), *by_zones, CELL),
        (single, *by_single_rate, CELL),
        (template.text(Text::ZonesDifference), *by_zones - *by_single_rate, CELL_STRONG),
    ] {
        let of = |field| (field == Field::Sum).then(|| span(figures::money(sum), style));
        table.sum(Look::Total, vec![span(title, style)], of);
    }
}
