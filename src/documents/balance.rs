//! What stands between the registers of a point and what is charged for it: losses, sub-consumers, interval data.
//!
//! Printed only where there is any of it, so that the rows of a point always add up to what it is charged for.

use std::collections::BTreeMap;

use oblik_domain::bill::{Bill, FedRow, LossRow, NetVolume};
use oblik_domain::energy::Kwh;
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, Zone};
use oblik_words::{documents as words, terms};

use crate::figures;
use crate::geometry::Align;
use crate::paragraph::span;
use crate::style::{CELL, CELL_GREY, CELL_STRONG};
use crate::table::{Cell, Look, Row};

/// Columns of the breakdown before the volume.
pub const TITLE_COLUMNS: usize = 7;

/// The rows under the registers of `point`.
pub fn rows(bill: &Bill, point: &Eic) -> Vec<Row> {
    let volumes: Vec<&NetVolume> = bill.volumes.iter().filter(|volume| volume.point == *point).collect();
    let by_intervals = bill.trace.iter().any(|step| step.rule == "R-INT" && step.subject.starts_with(point.as_str()));
    let changed = |volume: &&NetVolume| volume.losses != Kwh::ZERO || volume.fed != Kwh::ZERO;
    if !by_intervals && !volumes.iter().any(changed) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    if by_intervals {
        for ((kind, zone), sum) in sums(&volumes, |volume| volume.gross) {
            rows.push(row(kind, Some(zone), words::BY_INTERVALS.to_owned(), sum, false));
        }
    }
    for LossRow { kind, part, volume, .. } in bill.losses.iter().filter(|loss| loss.point == *point) {
        rows.push(row(*kind, None, words::loss_part(*part).to_owned(), *volume, false));
    }
    for FedRow { fed, kind, zone, volume, .. } in bill.fed.iter().filter(|fed| fed.point == *point) {
        rows.push(row(*kind, Some(*zone), words::taken_off(fed.as_str()), Kwh(volume.0.saturating_neg()), false));
    }
    for ((kind, zone), sum) in sums(&volumes, |volume| volume.net) {
        rows.push(row(kind, Some(zone), words::NET_VOLUME.to_owned(), sum, true));
    }
    rows
}

fn sums(volumes: &[&NetVolume], of: impl Fn(&NetVolume) -> Kwh) -> BTreeMap<(EnergyKind, Zone), Kwh> {
    let mut sums = BTreeMap::new();
    for volume in volumes {
        let sum = sums.entry((volume.kind, volume.zone)).or_insert(Kwh::ZERO);
        *sum = Kwh(sum.0.saturating_add(of(volume).0));
    }
    sums
}

fn row(kind: EnergyKind, zone: Option<Zone>, what: String, volume: Kwh, strong: bool) -> Row {
    let of = match zone {
        Some(zone) => format!("{}, {}: ", words::kind(kind), terms::zone(zone)),
        None => format!("{}: ", words::kind(kind)),
    };
    let style = if strong { CELL_STRONG } else { CELL };
    let cells = vec![
        Cell::over(TITLE_COLUMNS, Align::Right, vec![span(of, CELL_GREY), span(what, style)]),
        Cell::new(span(figures::volume(volume), style)),
        Cell::new(span(terms::unit(kind), CELL_GREY)),
    ];
    Row { look: Look::Plain, cells }
}
