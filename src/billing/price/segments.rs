//! Days of one price: where a price, a product or the terms change inside the period. Source: R-PRICE-2, R-PRICE-3.

use chrono::NaiveDate;
use oblik_domain::account::{NetworkServices, PriceChange, Terms, ZonePrices};
use oblik_domain::bill::TraceInput;
use oblik_domain::dated;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::money::Price;
use oblik_domain::tariff::{PriceComponent, Tariff, ZoneScheme};

use crate::prices::{Held, PriceKey, ZONE_COEFFICIENT};
use crate::trace::{input, text};
use crate::{BillingInput, PriceBook, network};

/// Days on which nothing that prices depend on changes.
pub(super) struct Piece<'a> {
    from: NaiveDate,
    to: NaiveDate,
    product: &'a str,
    network: NetworkServices,
    /// Whether the operator's own lines are calculated too.
    operator_documents: bool,
    zone_prices: ZonePrices,
}

/// What is priced: a zone of a scheme in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub class: VoltageClass,
    pub scheme: ZoneScheme,
    pub zone: Zone,
}

/// Days of one price.
pub(super) struct Segment<'a> {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// `None` where the distribution operator charges for it.
    pub rate: Option<Rate<'a>>,
}

/// A price with where it came from.
#[derive(Clone, Copy)]
pub(super) struct Rate<'a> {
    pub price: Price,
    /// The zone, where it has a price of its own.
    pub own: Option<Zone>,
    /// The distribution operator charges it itself.
    pub by_operator: bool,
    pub tariff: &'a Tariff,
    pub coefficient: Option<Held<'a>>,
}

impl Segment<'_> {
    fn terms(&self) -> Option<(Price, Option<Zone>, bool)> {
        self.rate.map(|rate| (rate.price, rate.own, rate.by_operator))
    }

    /// Whether it costs the same on the same days.
    pub(super) fn equals(&self, other: &Self) -> bool {
        (self.from, self.to, self.terms()) == (other.from, other.to, other.terms())
    }
}

impl Rate<'_> {
    /// `price supply free class 2 night from 2026-04-01`.
    pub(super) fn source(&self) -> TraceInput {
        let Tariff { component, product, voltage_class, zone, price, from, .. } = self.tariff;
        let mut source = text!("price {component}");
        let parts = [product.clone(), voltage_class.map(|class| text!("class {class}")), zone.map(|zone| zone.to_string())];
        for part in parts.into_iter().flatten() {
            source.push(' ');
            source.push_str(&part);
        }
        if self.coefficient.is_some() {
            return input("base", price, text!("{source} from {from}"));
        }
        input("price", price, text!("{source} from {from}"))
    }
}

/// The period in pieces, at least one.
pub(super) fn pieces<'a>(billing: &BillingInput<'a>) -> Vec<Piece<'a>> {
    let account = &billing.record.account;
    let (first, end) = (billing.period.first_day(), network::end(billing.period));
    let mut days = vec![first];
    days.extend_from_slice(billing.prices.changes_between(first, end));
    let of_terms = account.terms.iter().flat_map(|terms| [Some(terms.from), terms.to]).flatten();
    days.extend(of_terms.filter(|day| first < *day && *day < end));
    days.sort_unstable();
    days.dedup();
    let ends = days.iter().skip(1).chain(std::iter::once(&end));
    let piece = |(from, to): (&NaiveDate, &NaiveDate)| {
        let terms: Option<&Terms> = dated::on(&account.terms, *from);
        Piece {
            from: *from,
            to: *to,
            product: terms.and_then(|terms| terms.product.as_deref()).unwrap_or(&account.product),
            network: terms.map(|terms| terms.network).unwrap_or_default(),
            operator_documents: billing.operator_documents,
            zone_prices: terms.map(|terms| terms.zone_prices).unwrap_or_default(),
        }
    };
    days.iter().zip(ends).map(piece).collect()
}

/// The days of each price of a component, neighbours of one price together. A price must be known for every day whatever the
/// scheme, also where all of the period has the price of its first day.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2) of the first day without a price, [`Code::OutOfRange`].
pub(super) fn segments<'a>(
    book: &'a PriceBook,
    pieces: &[Piece<'a>],
    change: PriceChange,
    component: PriceComponent,
    wanted: Wanted,
) -> Result<Vec<Segment<'a>>, Finding> {
    let mut segments: Vec<Segment<'a>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let rate = rate(book, piece, component, wanted)?;
        let segment = Segment { from: piece.from, to: piece.to, rate };
        match segments.last_mut() {
            Some(last) if change == PriceChange::Month || last.terms() == segment.terms() => last.to = segment.to,
            _ => segments.push(segment),
        }
    }
    Ok(segments)
}

fn rate<'a>(
    book: &'a PriceBook,
    piece: &Piece<'a>,
    component: PriceComponent,
    wanted: Wanted,
) -> Result<Option<Rate<'a>>, Finding> {
    let is_supply = component == PriceComponent::Supply;
    let by_operator = !is_supply && piece.network == NetworkServices::Operator;
    // Transmission is between the customer and the transmission operator then: no document of ours.
    if by_operator && !(piece.operator_documents && component == PriceComponent::Distribution) {
        return Ok(None);
    }
    let key = PriceKey { component, product: piece.product, class: wanted.class, zone: wanted.zone };
    let coefficient = coefficient_name(wanted).filter(|_| is_supply && piece.zone_prices == ZonePrices::Coefficient);
    let Some(name) = coefficient else {
        let tariff = book.price(key, piece.from)?;
        return Ok(Some(Rate { price: tariff.price, own: tariff.zone, by_operator, tariff, coefficient: None }));
    };
    let tariff = book.price(PriceKey { zone: Zone::Total, ..key }, piece.from)?;
    let held = book.held(name, piece.from)?;
    let price = tariff.price.value().checked_mul(held.value()).and_then(Price::rounded);
    let price = price.ok_or_else(|| Finding::error(Code::OutOfRange).with("what", component))?;
    Ok(Some(Rate { price, own: Some(wanted.zone), by_operator, tariff, coefficient: Some(held) }))
}

/// `None` for a single rate.
fn coefficient_name(wanted: Wanted) -> Option<&'static str> {
    let name = match (wanted.scheme, wanted.zone) {
        (_, Zone::Total) => return None,
        (_, Zone::Day) => "zone-coefficient-two-day",
        (ZoneScheme::Two, Zone::Night) => "zone-coefficient-two-night",
        (ZoneScheme::Three, Zone::Night) => "zone-coefficient-three-night",
        (_, Zone::HalfPeak) => "zone-coefficient-three-half-peak",
        (_, Zone::Peak) => "zone-coefficient-three-peak",
    };
    debug_assert!(name.starts_with(ZONE_COEFFICIENT));
    Some(name)
}
