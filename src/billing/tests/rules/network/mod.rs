//! The network around an account: losses, those fed through it, and interval data.

mod formula;
mod intervals;
mod losses;
mod parts;
mod sharing;
mod subs;

use oblik_billing::{BillingInput, PriceBook, compute};
use oblik_domain::account::{AccountRecord, RelatedPoint, Relation};
use oblik_domain::bill::{Bill, NetVolume};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::finding::Finding;
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{
    EnergyKind, IntervalSeries, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass,
    Zone,
};
use oblik_domain::money::Price;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours, ZoneScheme};
use oblik_domain::{Decimal, NaiveDate};

pub(crate) const ACTIVE: EnergyKind = EnergyKind::ActiveImport;
pub(crate) const REACTIVE: EnergyKind = EnergyKind::ReactiveImport;

/// What a register measured: its kind, zone and kilowatt-hours.
pub(crate) type Measured = (EnergyKind, Zone, i64);

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The code of a point by its number, with the check character that fits.
pub(crate) fn eic(number: u16) -> Eic {
    let codes = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars().map(|check| format!("62Z27000000{number:04}{check}"));
    codes.map(|code| Eic::parse(&code)).find_map(Result::ok).unwrap_or_else(|| eic(number + 5000))
}

pub(crate) fn fed_through(number: u16) -> PointTerms {
    PointTerms { fed_through: Some(eic(number)), ..PointTerms::default() }
}

pub(crate) fn dated(terms: PointTerms) -> Vec<Dated<PointTerms>> {
    vec![Dated { from: day("2020-01-01"), to: None, value: terms }]
}

pub(crate) fn point(number: u16, terms: PointTerms) -> UsagePoint {
    UsagePoint {
        eic: eic(number),
        contract: ContractNumber::parse("270000017").unwrap(),
        name: "Цех".to_owned(),
        address: "м. Рівне".to_owned(),
        voltage_class: VoltageClass::Second,
        from: day("2020-01-01"),
        to: None,
        terms: dated(terms),
        disconnections: Vec::new(),
    }
}

/// An account's period with all that is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) record: AccountRecord,
    pub(crate) period: Period,
    pub(crate) readings: Vec<Reading>,
    pub(crate) intervals: Vec<IntervalSeries>,
    pub(crate) related: Vec<RelatedPoint>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) zone_hours: Vec<Dated<ZoneHours>>,
}

impl Case {
    pub(crate) fn new(period: &str) -> Self {
        let account = crate::account();
        let record = AccountRecord { account, points: Vec::new(), meters: Vec::new(), signers: Vec::new() };
        let (readings, intervals, related) = (Vec::new(), Vec::new(), Vec::new());
        let period = Period::parse(period).unwrap();
        let mut case = Self { record, period, readings, intervals, related, parameters: Vec::new(), zone_hours: zone_hours() };
        for (name, value) in [("vat-rate", "20"), ("form-factor", "1.17"), ("normative-tg", "0.8"), ("sub-tg-cap", "0.8")] {
            case.parameter(name, value);
        }
        case
    }

    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.parameters.retain(|known| known.name != name);
        let (name, value) = (name.to_owned(), decimal(value));
        self.parameters.push(Parameter { name, value, from: day("2000-01-01"), to: None });
    }

    /// A point of the account, with a meter that measured so much in the period.
    pub(crate) fn own(mut self, number: u16, terms: PointTerms, measured: &[Measured]) -> Self {
        let meter = self.meter(number, measured);
        self.record.points.push(point(number, terms));
        self.record.meters.push(meter);
        self
    }

    /// A point of another account.
    pub(crate) fn related(mut self, relation: Relation, number: u16, terms: PointTerms, measured: &[Measured]) -> Self {
        let meters = vec![self.meter(number, measured)];
        self.related.push(RelatedPoint { relation, point: point(number, terms), meters });
        self
    }

    /// What a register showed at the first instant of a day in the period.
    pub(crate) fn control(mut self, number: u16, kind: EnergyKind, zone: Zone, on: &str, units: i64) -> Self {
        let meter = MeterSerial::parse(&format!("M-{number}")).unwrap();
        self.readings.push(Reading {
            register: RegisterKey { point: eic(number), meter, kind, zone },
            period: self.period,
            read_on: day(on),
            total: RegisterTotal::from_units(Decimal::from(units)).unwrap(),
            quality: Quality::Actual,
            occasion: Occasion::Control,
        });
        self
    }

    fn meter(&mut self, number: u16, measured: &[Measured]) -> Meter {
        let serial = MeterSerial::parse(&format!("M-{number}")).unwrap();
        for (kind, zone, volume) in measured {
            let register = RegisterKey { point: eic(number), meter: serial.clone(), kind: *kind, zone: *zone };
            let before = Period::from_ordinal(self.period.ordinal() - 1).unwrap();
            for (period, units) in [(before, 0), (self.period, *volume)] {
                self.readings.push(Reading {
                    register: register.clone(),
                    period,
                    read_on: period.last_day(),
                    total: RegisterTotal::from_units(Decimal::from(units)).unwrap(),
                    quality: Quality::Actual,
                    occasion: Occasion::PeriodEnd,
                });
            }
        }
        Meter {
            serial,
            point: eic(number),
            model: "НІК".to_owned(),
            coefficient: Coefficient::new(Decimal::ONE).unwrap(),
            installed_on: day("2020-01-01"),
            removed_on: None,
            registers: measured.iter().map(|(kind, zone, _)| Register { kind: *kind, zone: *zone, digits: 9 }).collect(),
            coefficients: Vec::new(),
        }
    }

    fn book(&self) -> Result<PriceBook, Vec<Finding>> {
        let tariff = |component| Tariff {
            component,
            product: None,
            voltage_class: None,
            zone: None,
            price: Price::new(Decimal::ONE).unwrap(),
            from: day("2000-01-01"),
            to: None,
        };
        let parts = [PriceComponent::Supply, PriceComponent::Transmission, PriceComponent::Distribution];
        PriceBook::new(parts.map(tariff).to_vec(), self.parameters.clone(), self.zone_hours.clone())
    }

    /// The input in the order the store gives it, handed to `look`.
    pub(crate) fn with_input<T>(&self, look: impl FnOnce(&BillingInput<'_>) -> T) -> T {
        let book = self.book().unwrap();
        let mut readings = self.readings.clone();
        readings
            .sort_by(|one, other| (&one.register, one.period, one.read_on).cmp(&(&other.register, other.period, other.read_on)));
        let mut input = BillingInput::new(&self.record, self.period, &readings, &book);
        (input.related, input.intervals) = (&self.related, &self.intervals);
        look(&input)
    }

    /// The bill; every step of its trace that is of the network has been computed again from its formula.
    pub(crate) fn bill(&self) -> Result<Bill, Vec<Finding>> {
        self.book()?;
        let bill = self.with_input(|input| compute(input).map(|calculation| calculation.bill))?;
        formula::hold(&bill.trace);
        for volume in &bill.volumes {
            assert_eq!(volume.net.0, volume.gross.0 + volume.losses.0 - volume.fed.0, "{volume:?}");
            assert!(volume.net.0 >= 0, "{volume:?}");
        }
        Ok(bill)
    }
}

/// What stops a calculation: `E5 point=…, register=…`.
pub(crate) fn refusals(found: Result<Bill, Vec<Finding>>) -> Vec<String> {
    let told = |finding: &Finding| {
        let values: Vec<String> = finding.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}", finding.code, values.join(", "))
    };
    found.map_or_else(|findings| findings.iter().map(told).collect(), |_| vec!["good".to_owned()])
}

/// A point's volumes of one kind: zone, gross, losses, fed, net.
pub(crate) fn of(bill: &Bill, number: u16, kind: EnergyKind) -> Vec<(Zone, i64, i64, i64, i64)> {
    let own = |volume: &&NetVolume| volume.point == eic(number) && volume.kind == kind;
    let told = |volume: &NetVolume| (volume.zone, volume.gross.0, volume.losses.0, volume.fed.0, volume.net.0);
    bill.volumes.iter().filter(own).map(told).collect()
}

/// The net of a point and kind over all zones.
pub(crate) fn net(bill: &Bill, number: u16, kind: EnergyKind) -> i64 {
    of(bill, number, kind).iter().map(|(_, _, _, _, net)| net).sum()
}

/// Two zones: night 23–7. Three: night 23–6, peak 8–10 and 17–21, and in summer 8–11 and 20–23.
fn zone_hours() -> Vec<Dated<ZoneHours>> {
    let hours = |scheme, months: &[u8], zone: fn(usize) -> Zone| Dated {
        from: day("2015-01-01"),
        to: None,
        value: ZoneHours { scheme, months: months.to_vec(), hours: (0..24).map(zone).collect() },
    };
    let all: Vec<u8> = (1..=12).collect();
    vec![
        hours(ZoneScheme::Two, &all, |hour| if (7..23).contains(&hour) { Zone::Day } else { Zone::Night }),
        hours(ZoneScheme::Three, &[1, 2, 3, 10, 11, 12], |hour| match hour {
            0..=5 | 23 => Zone::Night,
            8 | 9 | 17..=20 => Zone::Peak,
            _ => Zone::HalfPeak,
        }),
        hours(ZoneScheme::Three, &[4, 5, 6, 7, 8, 9], |hour| match hour {
            0..=6 => Zone::Night,
            8..=10 | 20..=22 => Zone::Peak,
            _ => Zone::HalfPeak,
        }),
    ]
}
