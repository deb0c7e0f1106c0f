//! What losses, sub-consumers and interval data have in common: a point's days, terms and volumes.

use chrono::NaiveDate;
use oblik_domain::bill::NetVolume;
use oblik_domain::calendar::days_after;
use oblik_domain::dated;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, PointTerms, UsagePoint, Zone};
use oblik_domain::period::Period;

/// The first day after a period.
pub(crate) fn end(period: Period) -> NaiveDate {
    days_after(period.last_day(), 1)
}

/// The days of the period on which a point is supplied, the last one excluded; `None` where it is on none.
pub(crate) fn supplied(point: &UsagePoint, period: Period) -> Option<(NaiveDate, NaiveDate)> {
    let from = period.first_day().max(point.from);
    let to = point.to.map_or(end(period), |to| to.min(end(period)));
    (from < to).then_some((from, to))
}

/// The terms of a day, without a copy; `None` where the defaults hold.
pub(crate) fn terms(point: &UsagePoint, day: NaiveDate) -> Option<&PointTerms> {
    dated::on(&point.terms, day)
}

/// A volume before losses and sub-consumers.
pub(crate) fn volume(
    point: &UsagePoint,
    kind: EnergyKind,
    zone: Zone,
    (from, to): (NaiveDate, NaiveDate),
    gross: Kwh,
) -> NetVolume {
    let (point, voltage_class) = (point.eic.clone(), point.voltage_class);
    NetVolume { point, voltage_class, kind, zone, from, to, gross, losses: Kwh::ZERO, fed: Kwh::ZERO, net: gross }
}

/// The order of volumes: by point, kind, zone (night, half-peak, peak; night, day) and time.
pub(crate) fn order(volume: &NetVolume) -> (&Eic, EnergyKind, Zone, NaiveDate, NaiveDate) {
    (&volume.point, volume.kind, volume.zone, volume.from, volume.to)
}

/// A value that cannot be (BILL-PARAMETER).
pub(crate) fn unusable(parameter: &str, value: impl std::fmt::Display, day: NaiveDate) -> Finding {
    let finding = Finding::error(Code::ParameterUnusable).with("parameter", parameter);
    finding.with("value", value).with("day", day)
}

/// A figure of this part of the calculation that does not fit.
pub(crate) fn out_of_range(what: &'static str) -> Finding {
    Finding::error(Code::OutOfRange).with("what", what)
}
