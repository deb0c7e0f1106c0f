//! «Рахунок-розшифровка»: from the readings of every register to what its energy costs, under the point it belongs to.
//!
//! On a lying page, since a row that is read across is understood. Columns that nothing in the bill fills are left out.

use std::collections::{BTreeMap, BTreeSet};

use oblik_domain::Decimal;
use oblik_domain::bill::{Bill, VolumeRow};
use oblik_domain::energy::Kwh;
use oblik_domain::ids::Eic;
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::{EnergyKind, Quality, Supply, UsagePoint, VoltageClass, Zone};
use oblik_domain::money::{Kopiykas, Price};
use oblik_domain::period::Period;
use oblik_words::numbers::date;
use oblik_words::{documents as words, terms};

use crate::figures;
use crate::geometry::{A4_LYING, pt};
use crate::paragraph::{Span, span};
use crate::parties::name;
use crate::sheet::Sheet;
use crate::style::{ACCENT, CELL, CELL_GREY, CELL_STRONG, HEADING, SMALL, Style};
use crate::table::{Look, Table};
use crate::template::{Field, TableName, Template};
use crate::texts::Text;
use crate::worth::{self, Worth};

/// What the columns after the volume say of one point, kind of energy and zone.
#[derive(Default, Clone, Copy)]
struct Charged {
    gross: Kwh,
    losses: Kwh,
    fed: Kwh,
    net: Kwh,
}

type Place<'a> = (&'a Eic, EnergyKind, Zone);

/// What rows are made from, and which columns there are.
struct Breakdown<'a> {
    bill: &'a Bill,
    template: &'a Template,
    charged: BTreeMap<Place<'a>, Charged>,
    worth: BTreeMap<(&'a Eic, Zone), Worth>,
    by_intervals: BTreeSet<&'a str>,
    places: u32,
}

pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let (template, bill) = (sheet.template, &invoice.bill);
    if bill.rows.is_empty() && bill.volumes.is_empty() {
        return;
    }
    sheet.turn(A4_LYING);
    sheet.space(pt(20));
    sheet.heading(2, span(template.text(Text::BreakdownTitle), HEADING), pt(90));
    sheet.gap(pt(2));
    let (lead, legend) = (template.text(Text::BreakdownLead), template.text(Text::BreakdownLegend));
    sheet.paragraph(&[span(lead, SMALL), span(" ", SMALL), span(legend, SMALL)]);
    sheet.gap(pt(8));
    let made = Breakdown::of(bill, template);
    let mut table = template.table(TableName::Breakdown);
    table.without(&made.idle());
    made.points(&mut table, &invoice.points);
    made.total(&mut table);
    table.place(sheet);
    crate::reactive::place(sheet, bill);
}

impl<'a> Breakdown<'a> {
    fn of(bill: &'a Bill, template: &'a Template) -> Self {
        let mut charged: BTreeMap<Place<'_>, Charged> = BTreeMap::new();
        for volume in &bill.volumes {
            let sum = charged.entry((&volume.point, volume.kind, volume.zone)).or_default();
            *sum = Charged {
                gross: plus(sum.gross, volume.gross),
                losses: plus(sum.losses, volume.losses),
                fed: plus(sum.fed, volume.fed),
                net: plus(sum.net, volume.net),
            };
        }
        let intervals = bill.trace.iter().filter(|step| step.rule == "R-INT");
        Self {
            bill,
            template,
            worth: worth::by_place(bill),
            by_intervals: intervals.filter_map(|step| step.subject.split(' ').next()).collect(),
            places: figures::places(bill.rows.iter().flat_map(|row| [row.opening, row.closing])),
            charged,
        }
    }

    /// Columns that nothing in the bill fills.
    fn idle(&self) -> Vec<Field> {
        let any = |pick: fn(&Charged) -> Kwh| self.charged.values().any(|sums| pick(sums) != Kwh::ZERO);
        let mut idle = Vec::new();
        idle.extend((!any(|sums| sums.losses)).then_some(Field::Losses));
        idle.extend((!any(|sums| sums.fed)).then_some(Field::Fed));
        if self.worth.is_empty() {
            idle.extend([Field::Price, Field::Sum]);
        }
        idle
    }

    fn points(&self, table: &mut Table, points: &[UsagePoint]) {
        let points: BTreeMap<&Eic, &UsagePoint> = points.iter().map(|point| (&point.eic, point)).collect();
        let mut shown: BTreeSet<&Eic> = BTreeSet::new();
        for registers in self.bill.rows.chunk_by(|one, next| one.register.point == next.register.point) {
            let Some(first) = registers.first() else { continue };
            let eic = &first.register.point;
            table.band(self.band(eic, first.voltage_class, points.get(eic).copied()));
            self.registers(table, eic, registers);
            shown.insert(eic);
        }
        // Points that intervals measure may have no registers.
        for volumes in self.bill.volumes.chunk_by(|one, next| one.point == next.point) {
            let Some(first) = volumes.first().filter(|first| !shown.contains(&first.point)) else { continue };
            table.band(self.band(&first.point, first.voltage_class, points.get(&first.point).copied()));
            self.registers(table, &first.point, &[]);
            shown.insert(&first.point);
        }
    }

    /// The registers of one point. What is charged for a zone stands in the last row of that zone.
    fn registers(&self, table: &mut Table, eic: &'a Eic, registers: &[VolumeRow]) {
        let by_intervals = self.by_intervals.contains(eic.as_str());
        let of = |row: &VolumeRow| (row.register.kind, row.register.zone);
        let last: BTreeMap<(EnergyKind, Zone), usize> =
            registers.iter().enumerate().map(|(index, row)| (of(row), index)).collect();
        let mut meter = None;
        for (index, row) in registers.iter().enumerate() {
            let (kind, zone) = of(row);
            let place = (!by_intervals && last.get(&(kind, zone)) == Some(&index)).then_some((eic, kind, zone));
            let same_meter = meter.replace(&row.register.meter) == Some(&row.register.meter);
            table.row(|field| self.register(field, row, same_meter).unwrap_or_else(|| self.charge(field, place)));
            note(table, notes(self.template, row, self.bill.period));
        }
        let places = self.charged.iter().filter(|((point, ..), _)| *point == eic);
        for (place, sums) in places.filter(|((_, kind, zone), _)| by_intervals || !last.contains_key(&(*kind, *zone))) {
            let (_, kind, zone) = *place;
            table.row(|field| match field {
                Field::Kind => span(words::kind(kind), CELL),
                Field::Zone => span(terms::zone(zone), CELL),
                Field::Meter if by_intervals => span(self.template.text(Text::BreakdownIntervals), CELL_GREY),
                Field::Volume => span(figures::volume(sums.gross), CELL),
                _ => self.charge(field, Some(*place)),
            });
        }
        note(table, self.parts(eic));
    }

    /// What a register showed and counted.
    fn register(&self, field: Field, row: &VolumeRow, same_meter: bool) -> Option<Span> {
        let key = &row.register;
        Some(match field {
            Field::Meter => span(key.meter.to_string(), if same_meter { CELL_GREY } else { CELL_STRONG }),
            Field::Kind => span(words::kind(key.kind), CELL),
            Field::Zone => span(terms::zone(key.zone), CELL),
            Field::Opening => span(figures::reading(row.opening, self.places), CELL),
            Field::Closing => span(figures::reading(row.closing, self.places), CELL),
            Field::Difference => span(figures::difference(counted(row), self.places), CELL),
            Field::Coefficient => span(figures::coefficient(row.coefficient), CELL),
            Field::Volume => span(figures::volume(row.volume), CELL),
            _ => return None,
        })
    }

    /// Losses, sub-consumers, what is charged, its price and its sum.
    fn charge(&self, field: Field, place: Option<Place<'a>>) -> Span {
        let sums = place.and_then(|place| self.charged.get(&place));
        let active = place.filter(|(_, kind, _)| *kind == EnergyKind::ActiveImport);
        let worth = active.and_then(|(eic, _, zone)| self.worth.get(&(eic, zone)));
        let text = match field {
            Field::Losses => sums.map(|sums| sums.losses).filter(|losses| *losses != Kwh::ZERO).map(figures::volume),
            Field::Fed => sums.map(|sums| sums.fed).filter(|fed| *fed != Kwh::ZERO).map(taken),
            Field::Net => return span(sums.map(|sums| figures::volume(sums.net)).unwrap_or_default(), CELL_STRONG),
            Field::Price => worth.map(|worth| match worth.price.and_then(Price::new) {
                Some(price) => figures::price(price),
                None => self.template.text(Text::BreakdownPrices),
            }),
            Field::Sum => worth.map(|worth| figures::money(worth.net)),
            _ => None,
        };
        span(text.unwrap_or_default(), CELL)
    }

    fn band(&self, eic: &Eic, class: VoltageClass, point: Option<&UsagePoint>) -> Vec<Span> {
        let label = span(self.template.text(Text::BreakdownPoint), CELL_GREY);
        let mut spans = vec![label, span(" ", CELL_GREY), span(eic.to_string(), CELL_STRONG.coloured(ACCENT))];
        if let Some(point) = point {
            spans.extend(apart(name(&point.name), CELL_STRONG));
            spans.extend(apart(name(&point.address), CELL));
        }
        spans.extend(apart(terms::voltage_class(class).to_owned(), CELL_GREY));
        if point.is_some_and(|point| point.terms_on(self.bill.period.first_day()).supply == Supply::SubConsumer) {
            spans.extend(apart(self.template.text(Text::BreakdownSubConsumer), CELL_STRONG));
        }
        spans
    }

    /// Of what the losses of a point consist, and what is taken off it for whom.
    fn parts(&self, eic: &Eic) -> Vec<String> {
        let part = |kind: EnergyKind, what: String, volume: Kwh| {
            format!("{what} {}\u{a0}{}", figures::volume(volume), terms::unit(kind))
        };
        let losses = self.bill.losses.iter().filter(|loss| loss.point == *eic);
        let losses: Vec<String> =
            losses.map(|loss| part(loss.kind, words::loss_part(loss.part).to_owned(), loss.volume)).collect();
        let mut told = Vec::new();
        if !losses.is_empty() {
            told.push(self.template.fill(Text::BreakdownLossParts, &[("parts", &losses.join(", "))]));
        }
        let mut fed: BTreeMap<&Eic, Vec<String>> = BTreeMap::new();
        for row in self.bill.fed.iter().filter(|row| row.point == *eic) {
            let volume = format!("{} {} {}", words::kind(row.kind), terms::zone(row.zone), taken(row.volume));
            fed.entry(&row.fed).or_default().push(volume.replace(' ', "\u{a0}"));
        }
        told.extend(fed.into_iter().map(|(eic, volumes)| {
            let what = self.template.fill(Text::BreakdownTakenOff, &[("eic", eic.as_str())]);
            format!("{what}: {}", volumes.join(", "))
        }));
        told
    }

    fn total(&self, table: &mut Table) {
        let active = self.charged.iter().filter(|((_, kind, _), _)| *kind == EnergyKind::ActiveImport);
        let active = active.fold(Charged::default(), |sum, (_, one)| Charged {
            gross: plus(sum.gross, one.gross),
            losses: plus(sum.losses, one.losses),
            fed: plus(sum.fed, one.fed),
            net: plus(sum.net, one.net),
        });
        let net: Kopiykas = self.bill.lines.iter().filter(|line| line.kind.is_of_energy()).map(|line| line.net).sum();
        let title = vec![span(self.template.text(Text::BreakdownTotal), CELL_STRONG)];
        table.sum(Look::Total, title, |field| {
            let text = match field {
                Field::Volume => figures::volume(active.gross),
                Field::Losses => figures::volume(active.losses),
                Field::Fed => taken(active.fed),
                Field::Net => figures::volume(active.net),
                Field::Sum => figures::money(net),
                _ => return None,
            };
            Some(span(text, CELL_STRONG))
        });
    }
}

/// What is taken off, as a figure that is added.
fn taken(volume: Kwh) -> String {
    figures::volume(Kwh(volume.0.saturating_neg()))
}

fn plus(one: Kwh, other: Kwh) -> Kwh {
    Kwh(one.0.saturating_add(other.0))
}

/// A further particular after a dot.
pub fn apart(text: String, style: Style) -> [Span; 2] {
    [span(" · ", CELL_GREY), span(text, style)]
}

fn note(table: &mut Table, mut notes: Vec<String>) {
    notes.retain(|note| !note.is_empty());
    if !notes.is_empty() {
        table.note(vec![span(notes.join("; "), CELL_GREY)]);
    }
}

/// What a reader must know of a row besides its figures: a part of the period, an estimate, a dial that passed its end.
fn notes(template: &Template, row: &VolumeRow, period: Period) -> Vec<String> {
    let mut notes = Vec::new();
    // Bills from before rows had days have none.
    if row.from < row.to && (row.from > period.first_day() || row.to <= period.last_day()) {
        let last = row.to.pred_opt().unwrap_or(row.to);
        notes.push(template.fill(Text::BreakdownPartOfPeriod, &[("from", &date(row.from)), ("to", &date(last))]));
    }
    if row.quality == Quality::Estimated {
        notes.push(template.text(Text::BreakdownEstimated));
    }
    if row.rolled_over {
        notes.push(template.text(Text::BreakdownRolledOver));
    }
    notes
}

/// What the dial counted: the difference of the readings, and a whole dial more or less where it passed its end.
pub fn counted(row: &VolumeRow) -> Decimal {
    let plain = row.closing.units() - row.opening.units();
    let fits = |counted: &Decimal| {
        let energy = counted.checked_mul(row.coefficient.value());
        energy.and_then(Kwh::rounded) == Some(row.volume)
    };
    let dials = (1..=9).map(|digits| Decimal::from(10_i64.pow(digits)));
    let turned = dials.flat_map(|dial| [plain + dial, plain - dial]);
    std::iter::once(plain).chain(turned).find(fits).unwrap_or(plain)
}
