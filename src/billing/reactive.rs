//! Reactive energy by both profiles: what is consumed and generated, and what a low power factor adds.
//!
//! Everything is of the point's last supplied day in the period; T and the parameters must be known on each of its days. Each
//! printed payment is rounded, sums are of what is printed. Source: R-REACT-2002, R-REACT-2018, R-RND.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::ReactiveProfile;
use oblik_domain::bill::{BillLine, NetVolume, ReactiveRow, TraceStep};
use oblik_domain::dated;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::Finding;
use oblik_domain::metering::{EnergyKind, PointTerms, UsagePoint, Zone};

use crate::BillingInput;
use crate::network::{out_of_range, unusable};
use crate::prices::Held;
use crate::trace::{input, step, text};

mod payment;

/// One point under the profile.
struct Measured<'a> {
    at: &'a UsagePoint,
    terms: PointTerms,
    /// WP, kWh.
    active: Kwh,
    /// WQ, kvarh.
    consumed: Kwh,
    /// WG, kvarh.
    generated: Kwh,
}

/// Points that share their tgφ («площадка»).
struct Area<'a> {
    name: Option<String>,
    points: Vec<Measured<'a>>,
}

/// The parameters of the profile.
struct Terms<'a> {
    rule: &'static str,
    profile: ReactiveProfile,
    normative: Held<'a>,
    cap: Held<'a>,
    threshold: Held<'a>,
    /// K of 2002.
    k: Held<'a>,
    /// C of 2002.
    base: Held<'a>,
    least_kvarh: Held<'a>,
    least_kw: Held<'a>,
    discount: Held<'a>,
}

/// The lines of reactive energy, and the block that tells how they came to be.
///
/// # Errors
/// E2: of T, of a parameter, of D or the permitted power of a point that needs one.
pub(crate) fn lines(
    billing: &BillingInput<'_>,
    volumes: &[NetVolume],
    trace: &mut Vec<TraceStep>,
) -> Result<(Vec<BillLine>, Vec<ReactiveRow>), Vec<Finding>> {
    let terms = dated::on(&billing.record.account.terms, billing.period.last_day());
    let profile = terms.map(|terms| terms.reactive).unwrap_or_default();
    if profile == ReactiveProfile::None {
        return Ok((Vec::new(), Vec::new()));
    }
    let terms = Terms::read(billing, profile)?;
    let (mut charged, mut findings) = (payment::Charged::default(), Vec::new());
    for area in areas(billing, volumes, &terms, trace)? {
        if let Err(found) = payment::charge(billing, &area, &terms, &mut charged, trace) {
            findings.extend(found);
        }
    }
    if let Err(finding) = payment::discount(billing, &terms, &mut charged, trace) {
        findings.push(finding);
    }
    if findings.is_empty() { Ok((charged.lines, charged.rows)) } else { Err(findings) }
}

impl<'a> Terms<'a> {
    fn read(billing: &BillingInput<'a>, profile: ReactiveProfile) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut held = |name: &str| match billing.prices.held_of_period(name, billing.period) {
            Ok(held) => Some(held),
            Err(finding) => {
                findings.push(finding);
                None
            }
        };
        let rule = if profile == ReactiveProfile::Order2002 { "R-REACT-2002" } else { "R-REACT-2018" };
        let names = ["normative-tg", "tg-cap", "tg-threshold", "reactive-2002-k", "reactive-2002-base"];
        let read = names.map(&mut held);
        let names = ["reactive-2018-least-kvarh", "reactive-2018-least-kw", "reactive-discount"];
        let more = names.map(&mut held);
        match (read, more) {
            (
                [Some(normative), Some(cap), Some(threshold), Some(k), Some(base)],
                [Some(least_kvarh), Some(least_kw), Some(discount)],
            ) => Ok(Self { rule, profile, normative, cap, threshold, k, base, least_kvarh, least_kw, discount }),
            _ => Err(findings),
        }
    }
}

/// The account's own points with their net volumes, by area.
///
/// # Errors
/// [`oblik_domain::finding::Code::ParameterUnusable`] for a normative tgφ or a D below zero, OutOfRange.
fn areas<'a>(
    billing: &BillingInput<'a>,
    volumes: &[NetVolume],
    terms: &Terms<'_>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<Area<'a>>, Vec<Finding>> {
    let (mut areas, mut findings): (Vec<Area<'a>>, Vec<Finding>) = (Vec::new(), Vec::new());
    for point in &billing.record.points {
        let own = dated::on(&point.terms, last_supplied_day(billing, point)).cloned().unwrap_or_default();
        let of_point = || volumes.iter().filter(|volume| volume.point == point.eic);
        // Sub-consumers have no volumes of ours.
        if of_point().next().is_none() {
            continue;
        }
        let sum = |kind: EnergyKind| of_point().filter(|volume| volume.kind == kind).map(|volume| volume.net).sum::<Kwh>();
        let active = sum(EnergyKind::ActiveImport);
        let is_measured = of_point().any(|volume| volume.kind == EnergyKind::ReactiveImport);
        let negative = |(name, value): (&str, Option<Decimal>)| {
            let value = value.filter(|value| *value < Decimal::ZERO)?;
            Some(unusable(&format!("{} {name}", point.eic), value, last_supplied_day(billing, point)))
        };
        let given = [("normative-tg", own.normative_tg), ("reactive-equivalent", own.reactive_equivalent)];
        let told = findings.len();
        findings.extend(given.into_iter().filter_map(negative));
        if findings.len() > told {
            continue;
        }
        let measured = is_measured.then(|| sum(EnergyKind::ReactiveImport));
        let Some(consumed) = measured.or_else(|| by_normative(point, &own, active, terms, trace)) else {
            findings.push(out_of_range("reactive"));
            continue;
        };
        let measured = Measured { at: point, active, consumed, generated: sum(EnergyKind::ReactiveExport), terms: own };
        let name = measured.terms.area.clone();
        match areas.iter_mut().find(|area| area.name.is_some() && area.name == name) {
            Some(area) => area.points.push(measured),
            None => areas.push(Area { name, points: vec![measured] }),
        }
    }
    if findings.is_empty() { Ok(areas) } else { Err(findings) }
}

/// Reactive energy of a point that does not measure it: `round0(WP × normative tgφ)`. `None` when it does not fit.
fn by_normative(point: &UsagePoint, own: &PointTerms, active: Kwh, terms: &Terms<'_>, trace: &mut Vec<TraceStep>) -> Option<Kwh> {
    let tg = normative(own, terms);
    let consumed = Decimal::from(active.0).checked_mul(tg).and_then(Kwh::rounded)?;
    let subject = text!("{} {}/{}", point.eic, EnergyKind::ReactiveImport, Zone::Total);
    let mut told = step(terms.rule, subject, text!("round0({active} × {tg})"), consumed);
    told.inputs = vec![input("WP", active, "net active energy"), input("tg", tg, normative_source(own, terms))];
    trace.push(told);
    Some(consumed)
}

/// The point's own normative tgφ, else the parameter.
fn normative(own: &PointTerms, terms: &Terms<'_>) -> Decimal {
    own.normative_tg.unwrap_or(terms.normative.value())
}

fn normative_source(own: &PointTerms, terms: &Terms<'_>) -> String {
    own.normative_tg.map_or_else(|| terms.normative.to_string(), |_| "terms of the point".to_owned())
}

fn last_supplied_day(billing: &BillingInput<'_>, point: &UsagePoint) -> NaiveDate {
    let last = billing.period.last_day();
    point.to.and_then(|end| end.pred_opt()).map_or(last, |end| end.min(last))
}
