//! The table of an act: every register with its readings, what it measured, and what is lost on the way to the boundary.
//!
//! A row is one register, so that each number stands in a cell of its own for whoever checks, copies or listens to it; what is of
//! all zones together (sums, losses) stands in the first row of its meter. A column that would say nothing is left out.

use std::collections::{BTreeMap, BTreeSet};

use oblik_domain::Decimal;
use oblik_domain::act::ActRow;
use oblik_domain::bill::{LossPart, VolumeRow};
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal, volume};
use oblik_domain::ids::{Eic, MeterSerial};
use oblik_domain::metering::{EnergyKind, Loss, Meter, Occasion, Quality, RegisterKey, UsagePoint};
use oblik_words::numbers::date;
use oblik_words::{documents as words, terms};

use crate::breakdown::{apart, counted};
use crate::geometry::{pt, tenths};
use crate::paragraph::{Span, span};
use crate::parties::name;
use crate::reading_act::ActForm;
use crate::sheet::Sheet;
use crate::style::{self, HEADING, SMALL, Style};
use crate::table::{Look, Table};
use crate::template::{Field, TableName};
use crate::{Template, Text, figures};

// Seventeen columns stand in a line on a lying page.
const CELL: Style = style::CELL.sized(tenths(74));
const CELL_GREY: Style = style::CELL_GREY.sized(tenths(74));
const CELL_STRONG: Style = style::CELL_STRONG.sized(tenths(74));

/// Stands where there is no number yet.
const NONE: &str = "—";

pub fn place(sheet: &mut Sheet<'_>, form: &ActForm<'_>) {
    let template = sheet.template;
    sheet.heading(2, span(template.text(Text::ActReadings), HEADING), pt(60));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(template.text(Text::ActLegend), SMALL)]);
    sheet.gap(pt(4));
    let known = Known::of(form);
    let mut table = template.table(TableName::Act);
    for field in known.silent() {
        table.without(&[field]);
    }
    let mut number = 0;
    let mut last_point: Option<&Eic> = None;
    let mut shown: BTreeSet<(&Eic, EnergyKind)> = BTreeSet::new();
    let groups = form.act.rows.chunk_by(|one, next| group(one) == group(next));
    for rows in groups {
        let Some(first) = rows.first() else { continue };
        let key = &first.register;
        if last_point.replace(&key.point) != Some(&key.point)
            && let Some(point) = known.points.get(&key.point)
        {
            table.band(point_spans(point));
        }
        let parts: Vec<Part<'_>> = rows.iter().flat_map(|row| known.parts(row)).collect();
        let sum = parts.iter().map(|part| part.amount).sum::<Option<Kwh>>();
        // A point's losses are of all its meters together.
        let losses = shown.insert((&key.point, key.kind)).then(|| known.losses(&key.point, key.kind));
        for (index, part) in parts.iter().enumerate() {
            number += 1;
            let of_group = (index == 0).then_some((sum, losses.as_ref()));
            table.row(|field| known.cell(template, field, number, part, of_group));
        }
    }
    fed(template, form, &mut table);
    totals(template, &known, &mut table);
    table.place(sheet);
    sheet.gap(pt(14));
}

/// Registers of one meter that count the same energy in different zones.
fn group(row: &ActRow) -> (&Eic, &MeterSerial, EnergyKind) {
    (&row.register.point, &row.register.meter, row.register.kind)
}

fn point_spans(point: &UsagePoint) -> Vec<Span> {
    let mut spans = vec![span(name(&point.name), CELL_STRONG)];
    spans.extend(apart(name(&point.address), CELL));
    spans.extend(apart(terms::voltage_class(point.voltage_class).to_owned(), CELL_GREY));
    spans
}

/// What a register showed between two readings.
struct Part<'a> {
    register: &'a RegisterKey,
    opening: Option<RegisterTotal>,
    closing: RegisterTotal,
    /// What the dial counted.
    counted: Option<Decimal>,
    coefficient: Option<Coefficient>,
    amount: Option<Kwh>,
    quality: Quality,
    rolled_over: bool,
    /// The day of a reading between, where the row ends with one.
    until: Option<String>,
}

/// Losses of a point, each as the act says it: per cent where it is agreed so, else as calculated.
#[derive(Default)]
struct Losses {
    line: Option<Lost>,
    variable: Option<Lost>,
    constant: Option<Lost>,
    /// What was measured with all that is lost.
    gross: Option<Kwh>,
}

#[derive(Clone, Copy)]
enum Lost {
    Percent(Decimal),
    Amount(Decimal),
}

struct Known<'a> {
    form: &'a ActForm<'a>,
    points: BTreeMap<&'a Eic, &'a UsagePoint>,
    meters: BTreeMap<(&'a Eic, &'a MeterSerial), &'a Meter>,
    qualities: BTreeMap<&'a RegisterKey, Quality>,
    rows: BTreeMap<&'a RegisterKey, Vec<&'a VolumeRow>>,
    places: u32,
}

impl<'a> Known<'a> {
    fn of(form: &'a ActForm<'a>) -> Self {
        let points = form.record.points.iter().map(|point| (&point.eic, point)).collect();
        let meters = form.record.meters.iter().map(|meter| ((&meter.point, &meter.serial), meter)).collect();
        let ends = form.readings.iter().filter(|reading| reading.occasion == Occasion::PeriodEnd);
        let qualities = ends.map(|reading| (&reading.register, reading.quality)).collect();
        let mut rows: BTreeMap<&RegisterKey, Vec<&VolumeRow>> = BTreeMap::new();
        for row in form.bill.iter().flat_map(|bill| &bill.rows) {
            rows.entry(&row.register).or_default().push(row);
        }
        let totals = form.act.rows.iter().map(|row| row.total).chain(form.opening.values().copied());
        Self { form, points, meters, qualities, rows, places: figures::places(totals) }
    }

    /// The rows of one register: one, or more where it was read between.
    fn parts(&self, row: &'a ActRow) -> Vec<Part<'a>> {
        let register = &row.register;
        let quality = self.qualities.get(register).copied().unwrap_or_default();
        let billed = self.rows.get(register).filter(|rows| rows.last().is_some_and(|last| last.closing == row.total));
        if let Some(billed) = billed {
            let last = billed.len() - 1;
            let part = |(index, row): (usize, &&VolumeRow)| Part {
                register,
                opening: Some(row.opening),
                closing: row.closing,
                counted: Some(counted(row)),
                coefficient: Some(row.coefficient),
                amount: Some(row.volume),
                quality: if index == last { quality } else { row.quality },
                rolled_over: row.rolled_over,
                until: (index < last).then(|| date(row.to)),
            };
            return billed.iter().enumerate().map(part).collect();
        }
        let meter = self.meters.get(&(&register.point, &register.meter));
        let coefficient = meter.map(|meter| meter.coefficient_on(self.form.act.period.last_day()));
        let opening = self.form.opening.get(register).copied();
        let amount = opening.zip(coefficient).and_then(|(opening, by)| volume(opening, row.total, by));
        let counted = opening.map(|opening| row.total.units() - opening.units());
        let closing = row.total;
        vec![Part { register, opening, closing, counted, coefficient, amount, quality, rolled_over: false, until: None }]
    }

    fn losses(&self, point: &Eic, kind: EnergyKind) -> Losses {
        let mut losses = Losses::default();
        let bill = self.form.bill;
        let add = |lost: &mut Option<Lost>, volume: Kwh| {
            let before = if let Some(Lost::Amount(before)) = lost { *before } else { Decimal::ZERO };
            *lost = Some(Lost::Amount(before + Decimal::from(volume.0)));
        };
        for row in bill.iter().flat_map(|bill| &bill.losses).filter(|row| row.point == *point && row.kind == kind) {
            match row.part {
                LossPart::Line => add(&mut losses.line, row.volume),
                LossPart::TransformerLoad | LossPart::Variable | LossPart::Shared => add(&mut losses.variable, row.volume),
                LossPart::TransformerNoLoad | LossPart::Constant => add(&mut losses.constant, row.volume),
            }
        }
        let volumes: Vec<_> = bill.iter().flat_map(|bill| &bill.volumes).filter(|volume| volume.point == *point).collect();
        let of_kind = || volumes.iter().filter(|volume| volume.kind == kind);
        losses.gross = of_kind().next().map(|_| of_kind().map(|volume| volume.gross + volume.losses).sum());
        let terms = self.points.get(point).map(|point| point.terms_on(self.form.act.period.last_day()));
        for loss in terms.iter().flat_map(|terms| &terms.losses).filter(|_| kind == EnergyKind::ActiveImport) {
            if let Loss::Simplified { line_percent, variable_percent, constant_kwh } = loss {
                let percent = |value: &Decimal| (!value.is_zero()).then_some(Lost::Percent(value.normalize()));
                losses.line = percent(line_percent);
                losses.variable = percent(variable_percent);
                losses.constant = (!constant_kwh.is_zero()).then_some(Lost::Amount(constant_kwh.normalize()));
            }
        }
        losses
    }

    /// Columns that would say nothing: sums of one zone, losses where there are none.
    fn silent(&self) -> Vec<Field> {
        let rows = &self.form.act.rows;
        let several = rows.chunk_by(|one, next| group(one) == group(next)).any(|group| group.len() > 1);
        let split = rows.iter().any(|row| self.rows.get(&row.register).is_some_and(|parts| parts.len() > 1));
        let points: BTreeSet<_> = rows.iter().map(|row| (&row.register.point, row.register.kind)).collect();
        let losses: Vec<Losses> = points.iter().map(|(point, kind)| self.losses(point, *kind)).collect();
        let lost = |of: fn(&Losses) -> Option<Lost>| losses.iter().any(|losses| of(losses).is_some());
        let (line, variable, constant) =
            (lost(|losses| losses.line), lost(|losses| losses.variable), lost(|losses| losses.constant));
        let gross = (line || variable || constant) && losses.iter().any(|losses| losses.gross.is_some());
        let said = [
            (Field::Total, several || split),
            (Field::LossLine, line),
            (Field::LossVariable, variable),
            (Field::LossConstant, constant),
            (Field::Gross, gross),
        ];
        said.into_iter().filter(|(_, says)| !says).map(|(field, _)| field).collect()
    }

    fn cell(
        &self,
        template: &Template,
        field: Field,
        number: usize,
        part: &Part<'_>,
        of_group: Option<(Option<Kwh>, Option<&Losses>)>,
    ) -> Span {
        let (key, places) = (part.register, self.places);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
        let lost = |of: fn(&Losses) -> Option<Lost>| {
            let lost = of_group.and_then(|(_, losses)| losses).and_then(of);
            span(lost.map(|lost| lost.shown(template)).unwrap_or_default(), CELL)
        };
        match field {
            Field::Number => span(number.to_string(), CELL_GREY),
            Field::Eic => span(key.point.to_string(), CELL),
            Field::Meter => span(key.meter.to_string(), if of_group.is_some() { CELL_STRONG } else { CELL_GREY }),
            Field::Kind => span(words::kind(key.kind), CELL),
            Field::Zone => span(words::act_zone(key.zone), CELL),
            Field::Digits => {
                let meter = self.meters.get(&(&key.point, &key.meter));
                let mut registers = meter.into_iter().flat_map(|meter| &meter.registers);
                let own = registers.find(|own| own.kind == key.kind && own.zone == key.zone);
                span(or_none(own.map(|own| own.digits.to_string())), CELL_GREY)
            }
            Field::Closing => span(figures::reading(part.closing, places), CELL_STRONG),
            Field::Opening => span(or_none(part.opening.map(|opening| figures::reading(opening, places))), CELL),
            Field::Difference => span(or_none(part.counted.map(|units| figures::difference(units, places))), CELL),
            Field::Coefficient => span(or_none(part.coefficient.map(figures::coefficient)), CELL),
            Field::Volume => span(or_none(part.amount.map(figures::volume)), CELL_STRONG),
            Field::Total => match of_group {
                Some((sum, _)) => span(or_none(sum.map(figures::volume)), CELL_STRONG),
                None => span("", CELL),
            },
            Field::LossLine => lost(|losses| losses.line),
            Field::LossVariable => lost(|losses| losses.variable),
            Field::LossConstant => lost(|losses| losses.constant),
            Field::Gross => {
                let gross = of_group.and_then(|(_, losses)| losses).and_then(|losses| losses.gross);
                span(gross.map(figures::volume).unwrap_or_default(), CELL_STRONG)
            }
            Field::Unit => span(terms::unit(key.kind), CELL_GREY),
            Field::Note => span(note(template, part), CELL_GREY),
            _ => span("", CELL),
        }
    }
}

impl Lost {
    fn shown(self, template: &Template) -> String {
        match self {
            Self::Percent(percent) => template.fill(Text::ActLossPercent, &[("percent", &figures::decimal(percent))]),
            Self::Amount(amount) => figures::decimal(amount),
        }
    }
}

/// Which way the energy went, and how the reading came to be.
fn note(template: &Template, part: &Part<'_>) -> String {
    let way = if part.register.kind == EnergyKind::ReactiveExport { "−" } else { "+" };
    let quality = match part.quality {
        Quality::Actual => Text::ActActual,
        Quality::Estimated => Text::ActEstimated,
        Quality::Operator => Text::ActOperator,
    };
    let mut notes = vec![format!("{way} {}", template.text(quality))];
    notes.extend(part.until.as_ref().map(|day| template.fill(Text::ActUntil, &[("date", day)])));
    notes.extend(part.rolled_over.then(|| template.text(Text::ActRolledOver)));
    notes.join(", ")
}

/// What is taken off for sub-consumers.
fn fed(template: &Template, form: &ActForm<'_>, table: &mut Table) {
    let fed: Vec<_> = form.bill.iter().flat_map(|bill| &bill.fed).collect();
    if fed.is_empty() {
        return;
    }
    table.band(vec![span(template.text(Text::ActSubConsumers), CELL_STRONG)]);
    for row in fed {
        let taken = figures::volume(Kwh(row.volume.0.saturating_neg()));
        table.row(|field| match field {
            Field::Eic => span(row.fed.to_string(), CELL),
            Field::Kind => span(words::kind(row.kind), CELL),
            Field::Zone => span(words::act_zone(row.zone), CELL),
            Field::Volume => span(taken.clone(), CELL_STRONG),
            Field::Unit => span(terms::unit(row.kind), CELL_GREY),
            Field::Note => span("−", CELL_GREY),
            _ => span("", CELL),
        });
    }
}

/// What each kind of energy comes to: by the calculation where there is one, else by the readings.
fn totals(template: &Template, known: &Known<'_>, table: &mut Table) {
    let mut sums: BTreeMap<EnergyKind, Option<Kwh>> = BTreeMap::new();
    for row in &known.form.act.rows {
        for part in known.parts(row) {
            let sum = sums.entry(row.register.kind).or_insert(Some(Kwh::ZERO));
            *sum = sum.zip(part.amount).map(|(sum, amount)| sum + amount);
        }
    }
    let stated: BTreeSet<&Eic> = known.form.act.rows.iter().map(|row| &row.register.point).collect();
    let last = [Field::Gross, Field::Total, Field::Volume].into_iter().find(|field| table.fields.contains(field));
    for (kind, sum) in sums {
        let volumes = known.form.bill.iter().flat_map(|bill| &bill.volumes);
        let net: Vec<Kwh> = volumes.filter(|own| own.kind == kind && stated.contains(&own.point)).map(|own| own.net).collect();
        let sum = if net.is_empty() { sum } else { Some(net.into_iter().sum()) };
        let Some(sum) = sum else { continue };
        let title = template.fill(Text::ActTotal, &[("energy", terms::energy_kind(kind)), ("unit", terms::unit(kind))]);
        table.sum(Look::Total, vec![span(title, CELL_STRONG)], |field| {
            (Some(field) == last).then(|| span(figures::volume(sum), CELL_STRONG))
        });
    }
}
