//! An independent calculation of random accounts, in another language from the JSON of the same input, agrees to the kopiyka.

use std::io::Write;
use std::process::{Command, Stdio};

use oblik_domain::account::{NetworkServices, PriceChange, ReactiveProfile, Terms, ZonePrices};
use oblik_domain::bill::Bill;
use oblik_domain::dated::Dated;
use oblik_domain::energy::Coefficient;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, PointTerms, VoltageClass, Zone};
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff};
use oblik_domain::{Decimal, NaiveDate};
use serde_json::{Value, json};

use crate::money::world::{World, day, parameter, tariff};

/// Numbers that are the same in every run (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.next(u64::try_from(from.len()).unwrap())).unwrap()]
    }

    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.next(many) == 0
    }

    pub(crate) fn decimal(&mut self, below: u64, decimals: u32) -> Decimal {
        Decimal::new(i64::try_from(self.next(below)).unwrap(), decimals)
    }

    pub(crate) fn price(&mut self) -> String {
        self.decimal(900_000, 5).to_string()
    }

    pub(crate) fn day_of(&mut self, period: Period) -> NaiveDate {
        let days = u64::try_from(period.days()).unwrap();
        period.first_day().checked_add_days(chrono::Days::new(1 + self.next(days - 1))).unwrap()
    }
}

/// A price list of a component: for all, for a class or a product, for zones; each may change inside the period.
fn prices(numbers: &mut Numbers, period: Period, component: PriceComponent, list: &mut Vec<Tariff>) {
    let mut add = |numbers: &mut Numbers, like: Tariff| {
        let mut from = like.from;
        for _ in 0..numbers.next(3) {
            let change = numbers.day_of(period);
            if change > from {
                list.push(Tariff { from, to: Some(change), ..tariff_like(&like, &numbers.price()) });
                from = change;
            }
        }
        list.push(Tariff { from, ..tariff_like(&like, &numbers.price()) });
    };
    let general = tariff(component, "1");
    add(numbers, general.clone());
    if numbers.one_in(2) {
        add(numbers, Tariff { voltage_class: Some(VoltageClass::First), ..general.clone() });
    }
    if numbers.one_in(3) {
        add(numbers, Tariff { product: Some("green".to_owned()), ..general.clone() });
    }
    for zone in [Zone::Night, Zone::HalfPeak, Zone::Peak, Zone::Day] {
        if component == PriceComponent::Supply && numbers.one_in(2) {
            // Some begin only inside the period.
            let from = if numbers.one_in(4) { numbers.day_of(period) } else { general.from };
            add(numbers, Tariff { zone: Some(zone), from, ..general.clone() });
        }
    }
}

fn tariff_like(like: &Tariff, price: &str) -> Tariff {
    Tariff { price: tariff(like.component, price).price, ..like.clone() }
}

fn terms(numbers: &mut Numbers) -> Terms {
    Terms {
        product: numbers.one_in(3).then(|| "green".to_owned()),
        price_change: numbers.pick(PriceChange::ALL),
        zone_prices: numbers.pick(ZonePrices::ALL),
        network: if numbers.one_in(4) { NetworkServices::Operator } else { NetworkServices::Supplier },
        reactive: numbers.pick(ReactiveProfile::ALL),
        ..Terms::default()
    }
}

fn point_terms(numbers: &mut Numbers) -> PointTerms {
    PointTerms {
        permitted_power: Some(Decimal::from(numbers.pick(&[15, 16, 17, 400]))),
        reactive_equivalent: Some(numbers.decimal(2000, 4)),
        area: numbers.one_in(2).then(|| "млин".to_owned()),
        normative_tg: numbers.one_in(3).then(|| numbers.decimal(150, 2)),
        ..PointTerms::default()
    }
}

fn account(numbers: &mut Numbers) -> World {
    let mut world = World::new();
    world.period = Period::new(2026, numbers.pick(&[2, 3, 4, 6, 10, 12])).unwrap();
    let period = world.period;
    world.tariffs.clear();
    for component in
        [PriceComponent::Supply, PriceComponent::Transmission, PriceComponent::Distribution, PriceComponent::Reactive]
    {
        prices(numbers, period, component, &mut world.tariffs);
    }
    let change = numbers.day_of(period);
    if numbers.one_in(3) {
        let (before, after) = (parameter("vat-rate", "20"), parameter("vat-rate", &numbers.next(30).to_string()));
        world.parameters = vec![Parameter { to: Some(change), ..before }, Parameter { from: change, ..after }];
    }
    if numbers.one_in(3) {
        let given = parameter("zone-coefficient-three-night", &numbers.decimal(200, 2).to_string());
        world.parameters.push(Parameter { from: numbers.day_of(period), ..given });
    }
    world.record.account.terms = vec![Dated { from: day("2020-01-01"), to: None, value: terms(numbers) }];
    if numbers.one_in(3) {
        world.record.account.terms[0].to = Some(change);
        world.record.account.terms.push(Dated { from: change, to: None, value: terms(numbers) });
    }
    for _ in 0..numbers.next(3) {
        let class = numbers.pick(VoltageClass::ALL);
        world.add_point(class);
    }
    for point in 0..world.record.points.len() {
        world.record.meters[point].coefficient = Coefficient::new(numbers.pick(&[1, 20, 40, 60]).into()).unwrap();
        let own = point_terms(numbers);
        world.point_terms(point, own);
        let zones: &[Zone] =
            numbers.pick(&[&[Zone::Total][..], &[Zone::Night, Zone::Day], &[Zone::Night, Zone::HalfPeak, Zone::Peak]]);
        for zone in zones {
            let energy = if numbers.one_in(8) { 0 } else { numbers.next(3000) };
            world.counts(point, EnergyKind::ActiveImport, *zone, i64::try_from(energy).unwrap());
        }
        for kind in [EnergyKind::ReactiveImport, EnergyKind::ReactiveExport] {
            if !numbers.one_in(4) {
                let below = numbers.pick(&[40, 3000]);
                world.counts(point, kind, Zone::Total, i64::try_from(numbers.next(below)).unwrap());
            }
        }
    }
    world
}

fn asked(world: &World) -> Value {
    json!({
        "record": world.record, "tariffs": world.tariffs, "parameters": world.parameters, "readings": world.readings,
        "period": world.period,
    })
}

fn ours(bill: &Bill) -> Value {
    let money = bill.lines.iter().filter(|line| line.debt == DebtType::Active);
    let class = |line: &oblik_domain::bill::BillLine| line.voltage_class.unwrap().to_string();
    let mut active: Vec<String> =
        money.map(|line| format!("{} {} {} {}", line.kind, class(line), line.quantity.unwrap(), line.net)).collect();
    let reactive = bill.lines.iter().filter(|line| line.debt == DebtType::Reactive && line.net.0 != 0);
    let mut reactive: Vec<String> = reactive.map(|line| format!("{} {}", line.kind, line.net)).collect();
    active.sort();
    reactive.sort();
    active.extend(reactive);
    json!({ "lines": active, "net": bill.net.to_string(), "vat": bill.vat.to_string(), "total": bill.total.to_string() })
}

#[test]
fn another_calculation_agrees_to_the_kopiyka() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/money/oracle.py");
    let python = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else {
        eprintln!("no python3: the oracle is not asked");
        return;
    };
    let mut numbers = Numbers(20_261_122);
    let worlds: Vec<World> = (0..1000).map(|_| account(&mut numbers)).collect();
    let asked: Vec<Value> = worlds.iter().map(asked).collect();
    python.stdin.take().unwrap().write_all(Value::from(asked).to_string().as_bytes()).unwrap();
    let answer = python.wait_with_output().unwrap();
    assert!(answer.status.success());
    let told: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(told.len(), worlds.len());
    let (mut lines, mut charged) = (0, 0);
    for (index, (world, told)) in worlds.iter().zip(told).enumerate() {
        let bill = world.bill().unwrap_or_else(|findings| panic!("account {index}: {findings:?}")).bill;
        assert_eq!(ours(&bill), told, "account {index}");
        lines += bill.lines.len();
        charged += usize::from(!bill.reactive.is_empty());
    }
    // The accounts are worth the asking.
    assert!(lines > 6000 && charged > 300, "{lines} lines, {charged} with reactive energy");
}
