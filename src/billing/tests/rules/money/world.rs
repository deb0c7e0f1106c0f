//! A small account that grows by what a test says.

use oblik_billing::{BillingInput, Calculation, PriceBook, compute};
use oblik_domain::account::{AccountRecord, Terms};
use oblik_domain::bill::{BillLine, LineKind};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::finding::Finding;
use oblik_domain::ids::{Eic, MeterSerial};
use oblik_domain::metering::{
    EnergyKind, IntervalSeries, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass,
    Zone,
};
use oblik_domain::money::Price;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours};
use oblik_domain::{Decimal, NaiveDate};

pub const EICS: [&str; 3] = ["62Z2700000010017", "62Z2700000010025", "62Z2700000010033"];

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// An account with its surroundings; the period is June 2026, which has thirty days.
pub struct World {
    pub record: AccountRecord,
    pub tariffs: Vec<Tariff>,
    pub parameters: Vec<Parameter>,
    pub zone_hours: Vec<Dated<ZoneHours>>,
    pub readings: Vec<Reading>,
    pub intervals: Vec<IntervalSeries>,
    pub sanctions: Vec<BillLine>,
    pub period: Period,
}

impl World {
    /// One point of the second class without a meter, VAT 20 %, and the three prices of 1, 0.1 and 0.01.
    pub fn new() -> Self {
        let account = crate::account();
        let mut world = Self {
            record: AccountRecord { account, points: Vec::new(), meters: Vec::new(), signers: Vec::new() },
            tariffs: [
                ("1", PriceComponent::Supply),
                ("0.1", PriceComponent::Transmission),
                ("0.01", PriceComponent::Distribution),
            ]
            .map(|(price, component)| tariff(component, price))
            .to_vec(),
            parameters: vec![parameter("vat-rate", "20")],
            zone_hours: Vec::new(),
            readings: Vec::new(),
            intervals: Vec::new(),
            sanctions: Vec::new(),
            period: Period::parse("2026-06").unwrap(),
        };
        world.add_point(VoltageClass::Second);
        world
    }

    /// One more point, with a meter of coefficient one and no register.
    pub fn add_point(&mut self, voltage_class: VoltageClass) -> usize {
        let index = self.record.points.len();
        let eic = Eic::parse(EICS[index]).unwrap();
        let contract = self.record.account.contract.clone();
        let (name, address) = (format!("Цех {index}"), "м. Рівне".to_owned());
        let (from, to, terms, disconnections) = (day("2020-01-01"), None, Vec::new(), Vec::new());
        let point = eic.clone();
        self.record.points.push(UsagePoint { eic, contract, name, address, voltage_class, from, to, terms, disconnections });
        self.record.meters.push(Meter {
            serial: MeterSerial::parse(&format!("M-{index}")).unwrap(),
            point,
            model: "НІК".to_owned(),
            coefficient: Coefficient::new(Decimal::ONE).unwrap(),
            installed_on: day("2020-01-01"),
            removed_on: None,
            registers: Vec::new(),
            coefficients: Vec::new(),
        });
        index
    }

    /// What a register of a point counted in the period.
    pub fn counts(&mut self, point: usize, kind: EnergyKind, zone: Zone, energy: i64) -> &mut Self {
        self.record.meters[point].registers.push(Register { kind, zone, digits: 9 });
        let last_month = Period::from_ordinal(self.period.ordinal() - 1).unwrap();
        let (before, after) = (RegisterTotal(1_000_000), RegisterTotal(1_000_000 + energy * 1000));
        for (period, total) in [(last_month, before), (self.period, after)] {
            let register = self.register(point, kind, zone);
            let (quality, occasion) = (Quality::Actual, Occasion::PeriodEnd);
            self.readings.push(Reading { register, period, read_on: period.last_day(), total, quality, occasion });
        }
        self
    }

    pub fn active(&mut self, energy: i64) -> &mut Self {
        self.counts(0, EnergyKind::ActiveImport, Zone::Total, energy)
    }

    fn register(&self, point: usize, kind: EnergyKind, zone: Zone) -> RegisterKey {
        let meter = &self.record.meters[point];
        RegisterKey { point: meter.point.clone(), meter: meter.serial.clone(), kind, zone }
    }

    /// Terms from a day on.
    pub fn terms(&mut self, from: &str, terms: Terms) -> &mut Self {
        if let Some(last) = self.record.account.terms.last_mut() {
            last.to = Some(day(from));
        }
        self.record.account.terms.push(Dated { from: day(from), to: None, value: terms });
        self
    }

    pub fn point_terms(&mut self, point: usize, terms: PointTerms) -> &mut Self {
        self.record.points[point].terms = vec![Dated { from: day("2020-01-01"), to: None, value: terms }];
        self
    }

    /// A price that replaces what holds so far from a day on.
    pub fn price_from(&mut self, component: PriceComponent, from: &str, price: &str) -> &mut Self {
        for tariff in self.tariffs.iter_mut().filter(|tariff| tariff.component == component && tariff.to.is_none()) {
            tariff.to = Some(day(from));
        }
        self.tariffs.push(Tariff { from: day(from), ..tariff(component, price) });
        self
    }

    pub fn zone_price(&mut self, zone: Zone, price: &str) -> &mut Self {
        self.tariffs.push(Tariff { zone: Some(zone), ..tariff(PriceComponent::Supply, price) });
        self
    }

    pub fn price(&mut self, component: PriceComponent, price: &str) -> &mut Self {
        self.tariffs.push(tariff(component, price));
        self
    }

    pub fn parameter(&mut self, name: &str, value: &str) -> &mut Self {
        self.parameters.push(parameter(name, value));
        self
    }

    pub fn bill(&self) -> Result<Calculation, Vec<Finding>> {
        let prices = PriceBook::new(self.tariffs.clone(), self.parameters.clone(), self.zone_hours.clone())?;
        let mut readings = self.readings.clone();
        readings
            .sort_by(|one, other| (&one.register, one.period, one.read_on).cmp(&(&other.register, other.period, other.read_on)));
        let input = BillingInput::new(&self.record, self.period, &readings, &prices);
        compute(&BillingInput { intervals: &self.intervals, sanctions: &self.sanctions, ..input })
    }

    /// Why there is no bill: codes with what they name.
    pub fn refusals(&self) -> Vec<String> {
        let told = |finding: &Finding| {
            let values: Vec<&str> = finding.values.iter().map(|(_, value)| value.as_str()).collect();
            format!("{} {}", finding.code, values.join(" "))
        };
        self.bill().unwrap_err().iter().map(told).collect()
    }

    /// The lines of a kind: zone, first and last day, quantity, price, net.
    pub fn lines(&self, kind: LineKind) -> Vec<String> {
        let bill = self.bill().unwrap().bill;
        bill.lines.iter().filter(|line| line.kind == kind).map(told).collect()
    }
}

pub fn told(line: &BillLine) -> String {
    let last = line.to.pred_opt().unwrap();
    let quantity = line.quantity.map_or("–".to_owned(), |quantity| quantity.to_string());
    let price = line.price.map_or("–".to_owned(), |price| price.to_string());
    format!(
        "{} {:02}–{:02} {quantity} × {price} = {}",
        line.zone,
        chrono::Datelike::day(&line.from),
        chrono::Datelike::day(&last),
        line.net
    )
}

pub fn tariff(component: PriceComponent, price: &str) -> Tariff {
    let price = Price::new(decimal(price)).unwrap();
    Tariff { component, product: None, voltage_class: None, zone: None, price, from: day("2020-01-01"), to: None }
}

pub fn parameter(name: &str, value: &str) -> Parameter {
    Parameter { name: name.to_owned(), value: decimal(value), from: day("2000-01-01"), to: None }
}
