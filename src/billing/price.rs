//! Money: what each volume costs, component by component, over the days of each price.
//!
//! One line for each component, class, zone with a price of its own and segment of the period; zones without one share a line, so
//! that it is rounded once. Source: R-PRICE-1, R-PRICE-2, R-PRICE-3, R-ZONE-RECON, R-RND.

use oblik_domain::Decimal;
use oblik_domain::account::PriceChange;
use oblik_domain::bill::{BillLine, LineKind, NetVolume, TraceStep, ZoneComparison};
use oblik_domain::dated;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::Zone;
use oblik_domain::money::{Kopiykas, Price};
use oblik_domain::tariff::{PriceComponent, ZoneScheme};

use crate::BillingInput;
use crate::trace::{input, step, text};
use parts::{Need, Share, needs, shares};
use segments::{Piece, Rate, Segment, Wanted, pieces, segments};

mod parts;
mod segments;

/// The parts of the price of active energy, in the order they are printed.
const PARTS: [(PriceComponent, LineKind); 3] = [
    (PriceComponent::Supply, LineKind::Supply),
    (PriceComponent::Transmission, LineKind::Transmission),
    (PriceComponent::Distribution, LineKind::Distribution),
];

/// The lines of active energy, and what a single rate would have come to.
pub(crate) struct Energy {
    pub lines: Vec<BillLine>,
    pub zone_comparison: Option<ZoneComparison>,
}

/// Steps by rule: each rule's stand together.
#[derive(Default)]
struct Steps {
    coefficients: Vec<TraceStep>,
    parts: Vec<TraceStep>,
    amounts: Vec<TraceStep>,
}

/// What has the same price on the same days.
struct Group<'n, 'a> {
    segments: Vec<Segment<'a>>,
    needs: Vec<&'n Need<'a>>,
}

/// What active energy costs.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2) of every price without a value on some day; [`Code::OutOfRange`].
pub(crate) fn energy(
    billing: &BillingInput<'_>,
    volumes: &[NetVolume],
    trace: &mut Vec<TraceStep>,
) -> Result<Energy, Vec<Finding>> {
    // How the period is divided is one question for all of it: the terms of its first day answer.
    let terms = dated::on(&billing.record.account.terms, billing.period.first_day());
    let change = terms.map(|terms| terms.price_change).unwrap_or_default();
    let (needs, pieces) = (needs(billing, volumes, change), pieces(billing));
    let (mut lines, mut steps, mut findings) = (Vec::new(), Steps::default(), Vec::new());
    for (component, kind) in PARTS {
        let mut groups: Vec<Group<'_, '_>> = Vec::new();
        for need in &needs {
            match segments(billing.prices, &pieces, change, component, need.wanted) {
                Ok(segments) => join(&mut groups, need, segments),
                Err(finding) => findings.push(finding),
            }
        }
        groups.sort_by_key(Group::place);
        for group in &groups {
            if let Err(finding) = group_lines(billing, (component, kind), group, &mut lines, &mut steps) {
                findings.push(finding);
            }
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    trace.extend(steps.coefficients);
    trace.extend(steps.parts);
    trace.extend(steps.amounts);
    let zone_comparison = comparison(billing, (&pieces, change), &needs, &lines, trace);
    Ok(Energy { lines, zone_comparison })
}

impl Group<'_, '_> {
    /// By class, and what all zones share before what one has for itself.
    fn place(&self) -> Option<(oblik_domain::metering::VoltageClass, Option<Zone>)> {
        let own = self.segments.first().and_then(|segment| segment.rate).and_then(|rate| rate.own);
        self.needs.first().map(|need| (need.wanted.class, own))
    }

    /// The zone, where it is one.
    fn zone(&self) -> Zone {
        let mut zones = self.needs.iter().map(|need| need.wanted.zone);
        let first = zones.next().unwrap_or(Zone::Total);
        if zones.all(|zone| zone == first) { first } else { Zone::Total }
    }
}

fn join<'n, 'a>(groups: &mut Vec<Group<'n, 'a>>, need: &'n Need<'a>, segments: Vec<Segment<'a>>) {
    let same = |group: &&mut Group<'n, 'a>| {
        group.needs.first().is_some_and(|first| first.wanted.class == need.wanted.class)
            && group.segments.len() == segments.len()
            && group.segments.iter().zip(&segments).all(|(one, other)| one.equals(other))
    };
    match groups.iter_mut().find(same) {
        Some(group) => group.needs.push(need),
        None => groups.push(Group { segments, needs: vec![need] }),
    }
}

fn group_lines(
    billing: &BillingInput<'_>,
    (component, kind): (PriceComponent, LineKind),
    group: &Group<'_, '_>,
    lines: &mut Vec<BillLine>,
    steps: &mut Steps,
) -> Result<(), Finding> {
    let Some(class) = group.needs.first().map(|need| need.wanted.class) else { return Ok(()) };
    let zone = group.zone();
    let subject = text!("{component} class {class} {zone}");
    let shares = shares(billing, &group.needs, &group.segments, &subject, &mut steps.parts)?;
    for (segment, share) in group.segments.iter().zip(shares) {
        let (Some(rate), Some(Share { quantity, mut inputs })) = (segment.rate, share) else { continue };
        let net = amount(quantity, rate.price).ok_or_else(|| Finding::error(Code::OutOfRange).with("what", component))?;
        inputs.push(price_source(&rate, &subject, &mut steps.coefficients));
        let mut told = step("R-PRICE-1", subject.as_str(), text!("round2({quantity} × {})", rate.price), net);
        told.inputs = inputs;
        steps.amounts.push(told);
        lines.push(BillLine {
            kind,
            debt: if rate.by_operator { DebtType::Distribution } else { DebtType::Active },
            point: None,
            voltage_class: Some(class),
            zone,
            from: segment.from,
            to: segment.to,
            quantity: Some(quantity),
            price: Some(rate.price),
            factor: None,
            net,
            vatable: true,
        });
    }
    Ok(())
}

/// Where the price of a line came from; a price made with a coefficient has a step of its own.
fn price_source(rate: &Rate<'_>, subject: &str, steps: &mut Vec<TraceStep>) -> oblik_domain::bill::TraceInput {
    let Some(held) = rate.coefficient else { return rate.source() };
    let formula = text!("round5({} × {})", rate.tariff.price, held.value());
    let mut told = step("R-PRICE-2", subject, formula, rate.price);
    told.inputs = vec![rate.source(), input("coefficient", held.value(), held.to_string())];
    steps.push(told);
    input("price", rate.price, "step R-PRICE-2")
}

/// The zones' amounts beside the single rate (R-ZONE-RECON); nothing unless zones have prices of their own and the single rate is
/// one for all of the period and every class.
fn comparison(
    billing: &BillingInput<'_>,
    (pieces, change): (&[Piece<'_>], PriceChange),
    needs: &[Need<'_>],
    lines: &[BillLine],
    trace: &mut Vec<TraceStep>,
) -> Option<ZoneComparison> {
    let supply = || lines.iter().filter(|line| line.kind == LineKind::Supply);
    if supply().all(|line| line.zone == Zone::Total) {
        return None;
    }
    let mut single: Option<Rate<'_>> = None;
    for need in needs {
        let wanted = Wanted { class: need.wanted.class, scheme: ZoneScheme::Three, zone: Zone::Total };
        let found = segments(billing.prices, pieces, change, PriceComponent::Supply, wanted).ok()?;
        let [Segment { rate: Some(rate), .. }] = found.as_slice() else { return None };
        if single.is_some_and(|single| single.price != rate.price) {
            return None;
        }
        single = Some(*rate);
    }
    let single = single?;
    let by_zones: Kopiykas = supply().map(|line| line.net).sum();
    let volume: Kwh = supply().filter_map(|line| line.quantity).sum();
    let by_single_rate = amount(volume, single.price)?;
    let formula = text!("{by_zones} − round2({volume} × {})", single.price);
    let mut told = step("R-ZONE-RECON", "document", formula, by_zones - by_single_rate);
    told.inputs = vec![input("by zones", by_zones, "step R-PRICE-1"), single.source()];
    trace.push(told);
    Some(ZoneComparison { by_zones, by_single_rate, single_rate: single.price, volume })
}

/// `round2(V × price)`; `None` when it does not fit.
pub(crate) fn amount(quantity: Kwh, price: Price) -> Option<Kopiykas> {
    Decimal::from(quantity.0).checked_mul(price.value()).and_then(Kopiykas::from_hryvnias)
}
