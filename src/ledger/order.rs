//! In which order a payment that names no debt type pays debts: data, not code. Source: R-PAY-3.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use oblik_domain::dated::holds;
use oblik_domain::ledger::DebtType;
use oblik_domain::tariff::Parameter;
use oblik_domain::{Decimal, NaiveDate};

/// Parameters `allocation-order-<debt>` hold the place of a debt type, the least first.
const PARAMETER: &str = "allocation-order-";

/// The defaults of the catalogue of parameters: energy before what its delay costs [D].
pub const DEFAULT_ORDER: [DebtType; 12] = [
    DebtType::Active,
    DebtType::Transmission,
    DebtType::Distribution,
    DebtType::Reactive,
    DebtType::LimitConsumption,
    DebtType::LimitPower,
    DebtType::Penalty,
    DebtType::AnnualInterest,
    DebtType::Inflation,
    DebtType::Transit,
    DebtType::Services,
    DebtType::Advance,
];

/// The order of debt types, which may change from day to day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationOrder {
    base: Vec<DebtType>,
    places: BTreeMap<DebtType, Vec<Parameter>>,
}

impl Default for AllocationOrder {
    fn default() -> Self {
        Self { base: DEFAULT_ORDER.to_vec(), places: BTreeMap::new() }
    }
}

impl AllocationOrder {
    /// A list that holds on all days; types it leaves out follow in [`DEFAULT_ORDER`].
    pub fn listed(first: &[DebtType]) -> Self {
        let mut base = Vec::new();
        for debt in first.iter().chain(&DEFAULT_ORDER) {
            if !base.contains(debt) {
                base.push(*debt);
            }
        }
        Self { base, places: BTreeMap::new() }
    }

    /// What the parameters `allocation-order-<debt>` say; a debt type without one keeps its place of [`DEFAULT_ORDER`],
    /// counted from one.
    pub fn of_parameters(parameters: &[Parameter]) -> Self {
        let mut order = Self::default();
        for parameter in parameters {
            if let Some(debt) = parameter.name.strip_prefix(PARAMETER).and_then(DebtType::parse) {
                order.places.entry(debt).or_default().push(parameter.clone());
            }
        }
        order
    }

    /// The debt types in the order of a day. What is stated on the same place keeps the default order.
    pub fn on(&self, day: NaiveDate) -> Vec<DebtType> {
        if self.places.is_empty() {
            return self.base.clone();
        }
        let place = |(index, debt): (usize, &DebtType)| {
            let told = self.places.get(debt).into_iter().flatten().filter(|parameter| holds(parameter.from, parameter.to, day));
            // Of two that hold on one day the later began, so that the answer does not hang on their order in the list.
            let told = told.max_by_key(|parameter| (parameter.from, Reverse(parameter.value)));
            (told.map_or_else(|| Decimal::from(index + 1), |parameter| parameter.value), index, *debt)
        };
        let mut ranked: Vec<_> = self.base.iter().enumerate().map(place).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, _, debt)| debt).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(debt: &str, value: &str, from: &str, to: Option<&str>) -> Parameter {
        Parameter {
            name: format!("{PARAMETER}{debt}"),
            value: value.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.map(|day| day.parse().unwrap()),
        }
    }

    #[test]
    fn the_default_order_names_every_debt_type_once() {
        let mut sorted = DEFAULT_ORDER.to_vec();
        sorted.sort_unstable();
        let mut all = DebtType::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(sorted, all);
        assert_eq!(AllocationOrder::default().on("2026-10-01".parse().unwrap()), DEFAULT_ORDER);
    }

    #[test]
    fn a_list_goes_before_what_it_leaves_out() {
        let order = AllocationOrder::listed(&[DebtType::Penalty, DebtType::Active, DebtType::Penalty]);
        let found = order.on("2026-10-01".parse().unwrap());
        assert_eq!(found.len(), 12);
        assert_eq!(&found[..3], [DebtType::Penalty, DebtType::Active, DebtType::Transmission]);
    }

    #[test]
    fn parameters_change_the_order_from_day_to_day() {
        let parameters = [
            parameter("penalty", "0.5", "2026-10-01", Some("2026-11-01")),
            parameter("reactive", "1", "2026-10-01", None),
            parameter("unheard-of", "0", "2026-10-01", None),
        ];
        let order = AllocationOrder::of_parameters(&parameters);
        let first = |day: &str| order.on(day.parse().unwrap())[..3].to_vec();
        assert_eq!(first("2026-09-30"), [DebtType::Active, DebtType::Transmission, DebtType::Distribution]);
        assert_eq!(first("2026-10-01"), [DebtType::Penalty, DebtType::Active, DebtType::Reactive]);
        assert_eq!(first("2026-10-31"), [DebtType::Penalty, DebtType::Active, DebtType::Reactive]);
        assert_eq!(first("2026-11-01"), [DebtType::Active, DebtType::Reactive, DebtType::Transmission]);
    }
}
