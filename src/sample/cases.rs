//! Accounts whose calculation takes more than a reading and a price.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::{
    AccountRecord, Calculation, Limit, LimitKind, LimitProfile, PaymentScheme, PlannedPart, ReactiveProfile, Sanctions, Terms,
};
use oblik_domain::dated::Dated;
use oblik_domain::energy::Coefficient;
use oblik_domain::ids::{ContractNumber, Eic};
use oblik_domain::ledger::{ChargeKind, DebtType, NewCharge};
use oblik_domain::metering::{Loss, LossSharing, PointTerms, Supply};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;

use crate::prices::PRODUCTS;
use crate::utility::{account_record, add_point};
use crate::{SampleError, codes};

/// What is rare about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Three zones behind a transformer and a line of its own, with two sub-consumers: a point of its own that is nobody's
    /// account, and the point of [`Case::SubConsumer`].
    Feeding,
    /// An account whose first point is fed through that of [`Case::Feeding`], one number before it.
    SubConsumer,
    /// Reactive energy by the order of 2018, with D and permitted power.
    Reactive2018,
    /// Calculated on the customer's word only.
    OnRequest,
    /// Planned payments, and sanctions on what is overdue.
    Planned,
    /// A declared consumption with the sanction of law 575.
    Limited,
}

impl Case {
    pub const ALL: [Self; 6] =
        [Self::Feeding, Self::SubConsumer, Self::Reactive2018, Self::OnRequest, Self::Planned, Self::Limited];

    /// The case of an account's number.
    pub fn of(number: u64) -> Option<Self> {
        match number % 50 {
            0 if number > 0 => Some(Self::Feeding),
            1 if number > 1 => Some(Self::SubConsumer),
            10 => Some(Self::Reactive2018),
            20 => Some(Self::OnRequest),
            30 => Some(Self::Planned),
            40 => Some(Self::Limited),
            _ => None,
        }
    }
}

/// The account of a number with what its case needs from `from` on; limits are declared for `period`.
pub(crate) fn record(case: Case, number: u64, from: NaiveDate, period: Period) -> Result<AccountRecord, SampleError> {
    let mut record = account_record(number, from)?;
    let terms = |value| vec![Dated { from, to: None, value }];
    match case {
        Case::Feeding => feeding(&mut record, number, from)?,
        Case::SubConsumer => {
            let main = codes::eic(number - 1, 1)?;
            if let Some(point) = record.points.first_mut() {
                point.terms = vec![Dated { from, to: None, value: fed_through(main) }];
                let eic = point.eic.clone();
                set_coefficient(&mut record, &eic, 10)?;
            }
        }
        Case::Reactive2018 => reactive(&mut record, from),
        Case::OnRequest => {
            record.account.terms = terms(Terms { calculation: Calculation::OnRequest, ..Terms::default() });
        }
        Case::Planned => {
            let part = |due_day, hundredths| PlannedPart { due_day, percent: Decimal::new(hundredths, 2) };
            let parts = vec![part(10, 33_33), part(20, 33_33), part(28, 33_34)];
            let sanctions = Sanctions { penalty: true, annual_interest: true, inflation: true };
            record.account.terms = terms(Terms { payment: PaymentScheme::Planned(parts), sanctions, ..Terms::default() });
        }
        Case::Limited => {
            record.account.terms = terms(Terms { limits: LimitProfile::Law575, ..Terms::default() });
            let registered_on = period.first_day().pred_opt().unwrap_or(from);
            let amount = Decimal::from(20_000);
            record.account.limits = vec![Limit { kind: LimitKind::Consumption, period, amount, registered_on, area: None }];
        }
    }
    Ok(record)
}

/// Agrees on reactive energy by the order of 2018 from a day on.
pub(crate) fn reactive(record: &mut AccountRecord, from: NaiveDate) {
    record.account.terms =
        vec![Dated { from, to: None, value: Terms { reactive: ReactiveProfile::Order2018, ..Terms::default() } }];
    for point in &mut record.points {
        let value = PointTerms {
            permitted_power: Some(Decimal::from(250)),
            reactive_equivalent: Some(Decimal::new(615, 4)),
            area: Some("1".to_owned()),
            ..PointTerms::default()
        };
        point.terms = vec![Dated { from, to: None, value }];
    }
}

fn fed_through(main: Eic) -> PointTerms {
    PointTerms { fed_through: Some(main), ..PointTerms::default() }
}

/// Point 1 measures all that comes in, point 2 is the sub-consumer's.
fn feeding(record: &mut AccountRecord, number: u64, from: NaiveDate) -> Result<(), SampleError> {
    let [single, _, three] = &PRODUCTS;
    three.name.clone_into(&mut record.account.product);
    let address = record.account.address.clone();
    record.points.clear();
    record.meters.clear();
    add_point(record, three, number, 1, &address)?;
    add_point(record, single, number, 2, &address)?;
    let (main, sub) = (codes::eic(number, 1)?, codes::eic(number, 2)?);
    set_coefficient(record, &main, 200)?;
    set_coefficient(record, &sub, 20)?;
    let losses = vec![
        Loss::Transformer {
            rated_kva: Decimal::from(400),
            no_load_kw: Decimal::new(95, 2),
            load_kw: Decimal::new(55, 1),
            no_load_current: Decimal::new(21, 1),
            short_circuit_voltage: Decimal::new(45, 1),
            share: Decimal::ONE,
        },
        Loss::Line { resistance: Decimal::new(641, 3), length: Decimal::new(12, 1), voltage: Decimal::from(10) },
    ];
    for point in &mut record.points {
        let value = if point.eic == main {
            PointTerms { losses: losses.clone(), loss_sharing: LossSharing::Owner, ..PointTerms::default() }
        } else {
            PointTerms { supply: Supply::SubConsumer, ..fed_through(main.clone()) }
        };
        point.terms = vec![Dated { from, to: None, value }];
    }
    Ok(())
}

fn set_coefficient(record: &mut AccountRecord, point: &Eic, ratio: u32) -> Result<(), SampleError> {
    let coefficient = Coefficient::new(Decimal::from(ratio)).ok_or(SampleError::Value("a coefficient"))?;
    for meter in record.meters.iter_mut().filter(|meter| meter.point == *point) {
        meter.coefficient = coefficient;
    }
    Ok(())
}

/// What an account owes from before: those of planned payments a sum for energy, and an advance on reactive energy.
pub(crate) fn balances(number: u64, contract: &ContractNumber, period: Period) -> Vec<NewCharge> {
    if Case::of(number) != Some(Case::Planned) {
        return Vec::new();
    }
    let balance = |debt, kopiykas| NewCharge {
        contract: contract.clone(),
        debt,
        period,
        kind: ChargeKind::Opening,
        amount: Kopiykas(kopiykas),
        due_on: period.last_day(),
        invoice: None,
    };
    vec![balance(DebtType::Active, 1_250_040), balance(DebtType::Reactive, -30_000)]
}
