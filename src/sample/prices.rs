//! Prices without VAT. Transmission and distribution are figures of 2026 (R-PRICE-1); the supplier's own are invented,
//! zones by the coefficients of R-PRICE-2.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::money::Price;
use oblik_domain::tariff::{PAYMENT_DAYS, Parameter, PriceComponent, Tariff, VAT_RATE};

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
