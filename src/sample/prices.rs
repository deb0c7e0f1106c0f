//! Prices without VAT. Transmission and distribution are figures of 2026 (R-PRICE-1); the supplier's own are invented,
//! zones by the coefficients of R-PRICE-2.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::dated::Dated;
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::money::Price;
use oblik_domain::tariff::{PAYMENT_DAYS, Parameter, PriceComponent, Tariff, VAT_RATE, ZoneHours, ZoneScheme};

use crate::SampleError;

/// A product of the supplier: the zones its meters count in, each with its coefficient in hundredths.
pub struct Product {
    pub name: &'static str,
    pub zones: &'static [(Zone, i64)],
}

pub const PRODUCTS: [Product; 3] = [
    Product { name: "Бізнес", zones: &[(Zone::Total, 100)] },
    Product { name: "Бізнес день-ніч", zones: &[(Zone::Day, 150), (Zone::Night, 40)] },
    Product { name: "Бізнес три зони", zones: &[(Zone::Peak, 168), (Zone::HalfPeak, 102), (Zone::Night, 35)] },
];

/// The supplier's price of one zone, hryvnias a kWh.
fn base() -> Decimal {
    Decimal::new(612_350, 5)
}

/// Hryvnias a megawatt-hour with two decimals, as tariffs are published, as a price a kilowatt-hour.
fn a_megawatt_hour(hundredths: i64) -> Decimal {
    Decimal::new(hundredths, 5)
}

/// Every price, valid from `from` on.
pub fn tariffs(from: NaiveDate) -> Result<Vec<Tariff>, SampleError> {
    let price = |amount: Decimal| Price::rounded(amount).ok_or(SampleError::Value("a price"));
    let mut tariffs = Vec::new();
    for product in &PRODUCTS {
        for (zone, hundredths) in product.zones {
            tariffs.push(Tariff {
                component: PriceComponent::Supply,
                product: Some(product.name.to_owned()),
                voltage_class: None,
                zone: (*zone != Zone::Total).then_some(*zone),
                price: price(base() * Decimal::new(*hundredths, 2))?,
                from,
                to: None,
            });
        }
    }
    let network = |component, voltage_class, amount| {
        Ok::<_, SampleError>(Tariff {
            component,
            product: None,
            voltage_class,
            zone: None,
            price: price(amount)?,
            from,
            to: None,
        })
    };
    tariffs.push(network(PriceComponent::Transmission, None, a_megawatt_hour(74_291))?);
    for (class, hundredths) in [(VoltageClass::First, 32_951), (VoltageClass::Second, 217_657)] {
        tariffs.push(network(PriceComponent::Distribution, Some(class), a_megawatt_hour(hundredths))?);
    }
    Ok(tariffs)
}

pub fn parameters(from: NaiveDate) -> Vec<Parameter> {
    let parameter = |name: &str, value: u32| Parameter { name: name.to_owned(), value: Decimal::from(value), from, to: None };
    vec![parameter(VAT_RATE, 20), parameter(PAYMENT_DAYS, 10)]
}

/// As [`tariffs`], with what the network cost before `changed`, as on 1 April 2026, and with prices of reactive energy and power.
pub fn tariffs_with_a_change(from: NaiveDate, changed: NaiveDate) -> Result<Vec<Tariff>, SampleError> {
    let price = |amount: Decimal| Price::rounded(amount).ok_or(SampleError::Value("a price"));
    let mut tariffs = tariffs(from)?;
    let mut before = Vec::new();
    for tariff in &mut tariffs {
        let hundredths = match (tariff.component, tariff.voltage_class) {
            (PriceComponent::Transmission, _) => 71_368,
            (PriceComponent::Distribution, Some(VoltageClass::First)) => 32_926,
            (PriceComponent::Distribution, Some(VoltageClass::Second)) => 217_263,
            _ => continue,
        };
        let old = price(a_megawatt_hour(hundredths))?;
        before.push(Tariff { price: old, to: Some(changed), ..tariff.clone() });
        tariff.from = changed;
    }
    tariffs.append(&mut before);
    tariffs.extend(reactive(from)?);
    Ok(tariffs)
}

/// Prices of reactive energy and of power.
pub fn reactive(from: NaiveDate) -> Result<Vec<Tariff>, SampleError> {
    let price = |amount: Decimal| Price::rounded(amount).ok_or(SampleError::Value("a price"));
    let mut tariffs = Vec::new();
    for (component, hundred_thousandths) in [(PriceComponent::Reactive, 320_514), (PriceComponent::Power, 18_512_000)] {
        let price = price(Decimal::new(hundred_thousandths, 5))?;
        tariffs.push(Tariff { component, product: None, voltage_class: None, zone: None, price, from, to: None });
    }
    Ok(tariffs)
}

/// [`parameters`], and those that have no default.
pub fn all_parameters(from: NaiveDate) -> Vec<Parameter> {
    let more = [("nbu-rate", Decimal::new(155, 1)), ("inflation-index", Decimal::new(1006, 1))];
    let more = more.map(|(name, value)| Parameter { name: name.to_owned(), value, from, to: None });
    parameters(from).into_iter().chain(more).collect()
}

/// Zone hours of all the year (R-PRICE-2).
pub fn zone_hours(from: NaiveDate) -> Vec<Dated<ZoneHours>> {
    let three = |hour| match hour {
        0..=6 | 23 => Zone::Night,
        8..=10 | 20..=21 => Zone::Peak,
        _ => Zone::HalfPeak,
    };
    let two = |hour| if matches!(hour, 0..=6 | 23) { Zone::Night } else { Zone::Day };
    let of = |scheme, hours: Vec<Zone>| Dated { from, to: None, value: ZoneHours { scheme, months: (1..=12).collect(), hours } };
    vec![of(ZoneScheme::Two, (0..24).map(two).collect()), of(ZoneScheme::Three, (0..24).map(three).collect())]
}
