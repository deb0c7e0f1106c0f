//! Whether the volume can be true, by the account's own bounds or its history (E1). Source: R-PLAUS.
//!
//! Bounds are compared as fractions, never as rounded averages: a volume that is exactly half of an average of thirds passes.

use oblik_domain::Decimal;
use oblik_domain::bill::{MonthVolume, NetVolume, TraceStep, VolumeRow};
use oblik_domain::confirmation::Confirmed;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::EnergyKind;
use oblik_domain::money::rounded;

use crate::BillingInput;
use crate::trace::{input, step};

mod cause;

/// How many times below the average a volume is too small to be believed.
const LOW: &str = "plausibility-low";
/// How many times above it is too large.
const HIGH: &str = "plausibility-high";
/// Closed months that make the average, at most.
const MONTHS: &str = "plausibility-months";
/// Closed months below which history says nothing.
const MONTHS_LEAST: &str = "plausibility-months-least";

/// What speaks against the account's active volume; nothing when it lies within its bounds or was confirmed.
pub(crate) fn examine(
    billing: &BillingInput<'_>,
    rows: &[VolumeRow],
    volumes: &[NetVolume],
    trace: &mut Vec<TraceStep>,
) -> Vec<Finding> {
    let active = volumes.iter().filter(|volume| volume.kind == EnergyKind::ActiveImport);
    let volume: Kwh = active.map(|volume| volume.net).sum();
    let bounds = match Bounds::of(billing) {
        Ok(bounds) => bounds,
        Err(findings) => return findings,
    };
    let Some(within) = bounds.hold(volume) else { return vec![out_of_range()] };
    let confirmed = billing.confirmations.iter().find(|confirmation| {
        confirmation.contract == billing.record.account.contract
            && confirmation.period == billing.period
            && confirmation.what == Confirmed::Volume { volume }
    });
    if !within && confirmed.is_none() {
        // Of a point that is not charged, a mistake would show elsewhere.
        let charged = |row: &&VolumeRow| volumes.iter().any(|volume| volume.point == row.register.point);
        let rows: Vec<&VolumeRow> = rows.iter().filter(charged).collect();
        return vec![finding(billing, &rows, volume, &bounds)];
    }
    if bounds.minimum.is_some() || bounds.maximum.is_some() {
        let mut told = step("R-PLAUS", "account", bounds.formula(volume), if within { "within-bounds" } else { "confirmed" });
        told.inputs = bounds.inputs;
        if let Some(by) = confirmed.filter(|_| !within) {
            told.inputs.push(input("confirmed", volume, format!("confirmation {}", by.confirmed_at.to_rfc3339())));
        }
        trace.push(told);
    }
    Vec::new()
}

fn out_of_range() -> Finding {
    Finding::error(Code::OutOfRange).with("what", "plausibility")
}

fn finding(billing: &BillingInput<'_>, rows: &[&VolumeRow], volume: Kwh, bounds: &Bounds) -> Finding {
    let mut finding = Finding::error(Code::VolumeImplausible).with("volume", volume);
    if let Some(minimum) = &bounds.minimum {
        finding = finding.with("minimum", minimum.printed());
    }
    if let Some(maximum) = &bounds.maximum {
        finding = finding.with("maximum", maximum.printed());
    }
    if let Some(average) = &bounds.average {
        finding = finding.with("average", average.printed()).with("months", bounds.history.len());
    }
    if !bounds.history.is_empty() {
        let month = |month: &MonthVolume| format!("{} {}", month.period, month.active);
        finding = finding.with("history", bounds.history.iter().map(month).collect::<Vec<_>>().join(", "));
    }
    let Some(found) = cause::find(billing, rows, volume, bounds) else { return finding };
    let finding = finding.with("cause", found.cause).with("meter", &found.register.meter);
    finding.with("register", oblik_domain::act::register_name(&found.register)).with("likely", found.likely)
}

/// A bound as a fraction of kilowatt-hours.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fraction {
    numerator: Decimal,
    /// Above zero.
    denominator: Decimal,
    /// How the trace writes it.
    formula: String,
}

impl Fraction {
    fn whole(volume: Kwh) -> Self {
        Self { numerator: Decimal::from(volume.0), denominator: Decimal::ONE, formula: volume.to_string() }
    }

    /// Whether `volume` is below, at or above it; `None` when the product does not fit.
    fn compare(&self, volume: Kwh) -> Option<std::cmp::Ordering> {
        Some(Decimal::from(volume.0).checked_mul(self.denominator)?.cmp(&self.numerator))
    }

    /// For people: to two decimals.
    fn printed(&self) -> Decimal {
        rounded(self.numerator.checked_div(self.denominator).unwrap_or_default(), 2).normalize()
    }
}

/// What the account's active volume must lie between, both ends included.
#[derive(Debug, Clone)]
struct Bounds {
    minimum: Option<Fraction>,
    maximum: Option<Fraction>,
    average: Option<Fraction>,
    /// The months the average is of.
    history: Vec<MonthVolume>,
    inputs: Vec<oblik_domain::bill::TraceInput>,
}

impl Bounds {
    /// The account's own bounds of the period's last day; where one is not set, that of history.
    fn of(billing: &BillingInput<'_>) -> Result<Self, Vec<Finding>> {
        let mut bounds = Self { minimum: None, maximum: None, average: None, history: Vec::new(), inputs: Vec::new() };
        // Without a single closed month no parameter is needed.
        if !billing.history.is_empty() {
            bounds.add_history(billing)?;
        }
        let terms = billing.record.account.terms_on(billing.period.last_day());
        if let Some(minimum) = terms.volume_min {
            bounds.minimum = Some(Fraction::whole(minimum));
            bounds.inputs.push(input("minimum", minimum, "terms"));
        }
        if let Some(maximum) = terms.volume_max {
            bounds.maximum = Some(Fraction::whole(maximum));
            bounds.inputs.push(input("maximum", maximum, "terms"));
        }
        Ok(bounds)
    }

    fn add_history(&mut self, billing: &BillingInput<'_>) -> Result<(), Vec<Finding>> {
        let (low, high) = (factor(billing, LOW), factor(billing, HIGH));
        let (most, least) = (months(billing, MONTHS), months(billing, MONTHS_LEAST));
        let (low, high, most, least) = match (low, high, most, least) {
            (Ok(low), Ok(high), Ok(most), Ok(least)) => (low, high, most, least),
            (low, high, most, least) => {
                let findings = [low.err(), high.err(), most.err(), least.err()];
                return Err(findings.into_iter().flatten().collect());
            }
        };
        let closed = billing.history.iter().filter(|month| month.period < billing.period);
        let mut history: Vec<MonthVolume> = closed.copied().collect();
        history.sort_by_key(|month| month.period);
        let history = history.split_off(history.len().saturating_sub(most));
        if history.is_empty() || history.len() < least {
            return Ok(());
        }
        let count = Decimal::from(history.len());
        let sum = history.iter().try_fold(Decimal::ZERO, |sum, month| sum.checked_add(Decimal::from(month.active.0)));
        let parts = sum.and_then(|sum| Some((sum, count.checked_mul(low)?, sum.checked_mul(high)?)));
        let (sum, low_count, high_sum) = parts.ok_or_else(|| vec![out_of_range()])?;
        let fraction = |numerator, denominator, formula| Some(Fraction { numerator, denominator, formula });
        self.minimum = fraction(sum, low_count, format!("{sum} / {count} / {low}"));
        self.maximum = fraction(high_sum, count, format!("{high} × {sum} / {count}"));
        self.average = fraction(sum, count, format!("{sum} / {count}"));
        let month = |month: &MonthVolume| input("month", month.active, format!("bill {}", month.period));
        self.inputs.extend(history.iter().map(month));
        self.inputs.push(input(LOW, low, format!("parameter {LOW}")));
        self.inputs.push(input(HIGH, high, format!("parameter {HIGH}")));
        self.history = history;
        Ok(())
    }

    /// Whether `volume` lies within; `None` when that cannot be calculated.
    fn hold(&self, volume: Kwh) -> Option<bool> {
        let below = match &self.minimum {
            Some(minimum) => minimum.compare(volume)?.is_lt(),
            None => false,
        };
        let above = match &self.maximum {
            Some(maximum) => maximum.compare(volume)?.is_gt(),
            None => false,
        };
        Some(!below && !above)
    }

    fn formula(&self, volume: Kwh) -> String {
        let minimum = self.minimum.as_ref().map_or_else(String::new, |minimum| format!("{} ≤ ", minimum.formula));
        let maximum = self.maximum.as_ref().map_or_else(String::new, |maximum| format!(" ≤ {}", maximum.formula));
        format!("{minimum}{volume}{maximum}")
    }
}

/// A factor above zero, as of the period's last day.
fn factor(billing: &BillingInput<'_>, name: &'static str) -> Result<Decimal, Finding> {
    let day = billing.period.last_day();
    let value = billing.prices.parameter(name, day)?;
    if value > Decimal::ZERO { Ok(value) } else { Err(unusable(name, value, day)) }
}

/// A whole number of months, from one.
fn months(billing: &BillingInput<'_>, name: &'static str) -> Result<usize, Finding> {
    let day = billing.period.last_day();
    let value = billing.prices.parameter(name, day)?;
    let whole = usize::try_from(value).ok().filter(|count| *count > 0 && value.fract().is_zero());
    whole.ok_or_else(|| unusable(name, value, day))
}

fn unusable(name: &'static str, value: Decimal, day: oblik_domain::NaiveDate) -> Finding {
    Finding::error(Code::ParameterUnusable).with("parameter", name).with("value", value).with("day", day)
}
