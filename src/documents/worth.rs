//! What the energy of each point and zone costs, from lines that may be of several points together.
//!
//! A line's sum is split over what it is of by volume, so that the sums shown come to the bill's. Where volumes and lines do
//! not belong together (a correction's lines are differences), nothing is told rather than something wrong.

use std::collections::BTreeMap;

use oblik_domain::Decimal;
use oblik_domain::bill::{Bill, BillLine, LineKind};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::money::{Kopiykas, Price};

use crate::apportion::apportion;

/// What a volume costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worth {
    /// The whole price of a unit; `None` where it changed inside the period.
    pub price: Option<Decimal>,
    pub net: Kopiykas,
}

/// A point's energy of one zone.
type Place<'a> = (&'a Eic, Zone);

/// Lines of one price, over the segments of the period.
type Group<'a> = (LineKind, Option<VoltageClass>, Zone, Option<&'a Eic>);

/// By point and zone; empty where lines and volumes do not match.
pub fn by_place(bill: &Bill) -> BTreeMap<Place<'_>, Worth> {
    if bill.correction.is_some() {
        return BTreeMap::new();
    }
    places(bill, &LineKind::is_of_energy).unwrap_or_default()
}

/// The same of the energy's own price, without the services of networks.
pub fn of_supply(bill: &Bill) -> BTreeMap<Place<'_>, Worth> {
    if bill.correction.is_some() {
        return BTreeMap::new();
    }
    places(bill, &|kind| kind == LineKind::Supply).unwrap_or_default()
}

fn places<'a>(bill: &'a Bill, wanted: &dyn Fn(LineKind) -> bool) -> Option<BTreeMap<Place<'a>, Worth>> {
    let mut volumes: BTreeMap<(VoltageClass, &Eic, Zone), i64> = BTreeMap::new();
    for volume in bill.volumes.iter().filter(|volume| volume.kind == EnergyKind::ActiveImport) {
        let sum = volumes.entry((volume.voltage_class, &volume.point, volume.zone)).or_default();
        *sum = sum.saturating_add(volume.net.0);
    }
    let mut worth: BTreeMap<Place<'_>, Worth> = BTreeMap::new();
    let mut groups: BTreeMap<Group<'_>, Vec<&BillLine>> = BTreeMap::new();
    for line in bill.lines.iter().filter(|line| wanted(line.kind)) {
        groups.entry((line.kind, line.voltage_class, line.zone, line.point.as_ref())).or_default().push(line);
    }
    // A zone that has a line of its own is not in the line for all zones.
    let has_own = |kind, class, zone| groups.contains_key(&(kind, Some(class), zone, None));
    for ((kind, class, zone, point), lines) in &groups {
        let covered = |(own, eic, of): &(VoltageClass, &Eic, Zone)| {
            let by_zone = of == zone || (*zone == Zone::Total && !has_own(*kind, *own, *of));
            by_zone && class.is_none_or(|class| class == *own) && point.is_none_or(|point| point == *eic)
        };
        let covered: Vec<(Place<'_>, i64)> =
            volumes.iter().filter(|(key, _)| covered(key)).map(|((_, eic, zone), net)| ((*eic, *zone), *net)).collect();
        let quantity: i64 = lines.iter().filter_map(|line| line.quantity).map(|volume| volume.0).fold(0, i64::saturating_add);
        let weights: Vec<i64> = covered.iter().map(|(_, net)| *net).collect();
        if covered.is_empty() || weights.iter().fold(0, |sum: i64, net| sum.saturating_add(*net)) != quantity {
            return None;
        }
        let price = match lines.as_slice() {
            [line] => line.price.map(Price::value),
            _ => None,
        };
        let parts = apportion(lines.iter().map(|line| line.net).sum(), &weights);
        for ((place, _), part) in covered.iter().zip(parts) {
            let known = worth.entry(*place).or_insert(Worth { price: Some(Decimal::ZERO), net: Kopiykas::ZERO });
            known.net = known.net + part;
            known.price = known.price.zip(price).and_then(|(sum, price)| sum.checked_add(price));
        }
    }
    Some(worth)
}
