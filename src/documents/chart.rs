//! Consumption over the last twelve months, beside the same months a year before where they are known.
//!
//! Bars carry their figures, so the chart needs no axis and prints in grey; a screen reader is told all of them.

use std::collections::BTreeMap;

use oblik_domain::Decimal;
use oblik_domain::energy::Kwh;
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::EnergyKind;
use oblik_domain::money::rounded;
use oblik_domain::period::Period;
use oblik_words::{parts as names, terms};

use crate::figures;
use crate::geometry::{Align, Frame, Length, pt, tenths};
use crate::paragraph::{height, lines, span};
use crate::sheet::{Kind, Leaf, Mark, Sheet};
use crate::style::{ACCENT, BODY, Colour, GREY, HAIRLINE, HEADING, INK, PARTS, SMALL, Style};
use crate::template::Template;
use crate::texts::Text;

const MONTHS: i64 = 12;
/// Of the highest bar.
const TALL: Length = pt(56);
/// The year before, darker than a hairline so that it prints.
const BEFORE: Colour = PARTS[3];
const FIGURE: Style = SMALL.sized(tenths(66)).coloured(INK);
const LABEL: Style = SMALL.sized(tenths(70));

/// One month of the chart.
struct Month {
    period: Period,
    now: Option<Kwh>,
    before: Option<Kwh>,
}

/// The months to show, oldest first; nothing where fewer than two are known.
fn months(invoice: &Invoice) -> Vec<Month> {
    if invoice.bill.correction.is_some() {
        return Vec::new();
    }
    let last = invoice.bill.period;
    let mut known: BTreeMap<i64, Kwh> = invoice.history.iter().map(|month| (month.period.ordinal(), month.active)).collect();
    known.insert(last.ordinal(), invoice.bill.active_volume());
    let month = |ordinal: i64| {
        let period = Period::from_ordinal(ordinal)?;
        Some(Month { period, now: known.get(&ordinal).copied(), before: known.get(&(ordinal - MONTHS)).copied() })
    };
    let months: Vec<Month> = (last.ordinal() - MONTHS + 1..=last.ordinal()).filter_map(month).collect();
    let count = months.iter().filter(|month| month.now.is_some()).count();
    if count < 2 { Vec::new() } else { months }
}

pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let template = sheet.template;
    let months = months(invoice);
    let Some(last) = months.last() else { return };
    sheet.space(pt(18));
    sheet.heading(2, span(template.text(Text::ChartTitle), HEADING), TALL + pt(70));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(lead(last, template), BODY.coloured(GREY))]);
    sheet.gap(pt(8));
    let alt = alt(&months, template);
    sheet.within(Kind::Figure { alt }, |sheet| draw(sheet, &months, template));
}

/// What the last month came to, and how that compares.
fn lead(last: &Month, template: &Template) -> String {
    let now = last.now.unwrap_or_default();
    let mut told = template.fill(Text::ChartLead, &[("month", &names::month(last.period)), ("volume", &figures::volume(now))]);
    match change(now, last.before) {
        Some(change) if change.is_zero() => told.push_str(&template.text(Text::ChartSame)),
        Some(change) => {
            let text = if change.is_sign_negative() { Text::ChartLess } else { Text::ChartMore };
            told.push_str(&template.fill(text, &[("percent", &figures::decimal(change.abs()))]));
        }
        None => told.push('.'),
    }
    told
}

/// Per cent with one decimal; nothing for a change beyond ten times, which says no more than the figures do.
fn change(now: Kwh, before: Option<Kwh>) -> Option<Decimal> {
    let before = before.filter(|before| before.0 > 0)?;
    let difference = Decimal::from(now.0).checked_sub(Decimal::from(before.0))?;
    let share = difference.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(Decimal::from(before.0))?;
    Some(rounded(share, 1).normalize()).filter(|share| share.abs() <= Decimal::ONE_THOUSAND)
}

fn alt(months: &[Month], template: &Template) -> String {
    let told = months.iter().filter_map(|month| {
        let (name, now) = (names::month(month.period), figures::volume(month.now?));
        Some(match month.before {
            Some(before) => {
                let before = figures::volume(before);
                template.fill(Text::ChartFigures, &[("month", &name), ("volume", &now), ("before", &before)])
            }
            None => template.fill(Text::ChartFigure, &[("month", &name), ("volume", &now)]),
        })
    });
    let figures = told.collect::<Vec<_>>().join(" ");
    template.fill(Text::ChartAlt, &[("figures", &figures)]).replace(['\u{a0}', '\u{202f}'], " ")
}

/// In which power of a thousand the figures over the bars are: four digits are all that fits.
fn scale(most: i64) -> u32 {
    (0..4).find(|power| most / 1000_i64.pow(*power) < 10_000).unwrap_or(4)
}

fn scaled(volume: Kwh, power: u32) -> String {
    let value = Decimal::from(volume.0) / Decimal::from(1000_i64.pow(power));
    let whole = rounded(value, 0);
    let places = u32::from(power > 0 && whole.abs() < Decimal::ONE_HUNDRED);
    figures::decimal(rounded(value, places).normalize())
}

fn draw(sheet: &mut Sheet<'_>, months: &[Month], template: &Template) {
    let leaf = sheet.leaf();
    let most =
        months.iter().flat_map(|month| [month.now, month.before]).flatten().map(|volume| volume.0).max().unwrap_or(0).max(1);
    let power = scale(most);
    legend(sheet, leaf, power, template);
    sheet.gap(pt(16));
    let (left, foot) = (sheet.left(), sheet.y + TALL + pt(9));
    let slot = sheet.width() / MONTHS;
    let bar = |volume: Kwh| Length::try_from(i128::from(volume.0.max(0)) * i128::from(TALL) / i128::from(most)).unwrap_or(0);
    let put = |sheet: &mut Sheet<'_>, x: Length, width: Length, volume: Kwh, colour: Colour| {
        let tall = bar(volume).max(tenths(5));
        sheet.put(Some(leaf), Mark::Box { x, y: foot - tall, width, height: tall, radius: 0, colour });
    };
    for (index, month) in (0..).zip(months) {
        let x = left + slot * index;
        let is_last = index == MONTHS - 1;
        if let Some(before) = month.before {
            put(sheet, x + pt(4), pt(11), before, BEFORE);
        }
        if let Some(now) = month.now {
            put(sheet, x + pt(17), pt(17), now, ACCENT);
            let figure = if is_last { Style { weight: crate::style::Weight::SemiBold, ..FIGURE } } else { FIGURE };
            let set = lines(sheet.faces, &[span(scaled(now, power), figure)], slot + pt(8), 1);
            let at = Frame { x: x + pt(5), y: foot - bar(now) - height(&set) - tenths(10), width: pt(41) };
            sheet.set(Some(leaf), at, Align::Centre, &set);
        }
        let label = lines(sheet.faces, &[span(names::month_short(month.period), LABEL)], slot + pt(6), 1);
        sheet.set(Some(leaf), Frame { x: x + pt(4), y: foot + pt(3), width: pt(30) }, Align::Centre, &label);
    }
    sheet.put(Some(leaf), Mark::Box { x: left, y: foot, width: slot * MONTHS, height: tenths(6), radius: 0, colour: HAIRLINE });
    sheet.y = foot + pt(3) + LABEL.leading();
}

/// What the colours mean, and in what the figures are.
fn legend(sheet: &mut Sheet<'_>, leaf: Leaf, power: u32, template: &Template) {
    let unit = names::scaled(terms::unit(EnergyKind::ActiveImport), power);
    let (mut x, y) = (sheet.left(), sheet.y);
    for (colour, text) in [(Some(ACCENT), Text::ChartNow), (Some(BEFORE), Text::ChartBefore), (None, Text::ChartNow)] {
        let told = if colour.is_some() { template.text(text) } else { unit.clone() };
        if let Some(colour) = colour {
            sheet.put(Some(leaf), Mark::Box { x, y: y + tenths(20), width: pt(7), height: pt(7), radius: pt(1), colour });
            x += pt(11);
        }
        let set = lines(sheet.faces, &[span(told, SMALL)], sheet.width() / 2, 1);
        sheet.set(Some(leaf), Frame { x, y, width: sheet.width() }, Align::Left, &set);
        x += set.first().map_or(0, |line| line.width) + pt(16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_over_the_bars_have_four_digits_at_most() {
        for (volume, most, told) in [
            (9999, 9999, "9 999"),
            (12_345, 12_345, "12,3"),
            (123_456, 123_456, "123"),
            (1_234_567, 1_234_567, "1 235"),
            (45_678, 1_234_567, "45,7"),
            (0, 20_000, "0"),
            (i64::MAX, i64::MAX, "9 223 372"),
        ] {
            assert_eq!(scaled(Kwh(volume), scale(most)).replace(crate::typeface::THIN, " "), told, "{volume}");
        }
    }

    #[test]
    fn a_change_is_told_in_per_cent_of_the_year_before() {
        let told = |now, before| change(Kwh(now), before).map(|change: Decimal| change.to_string());
        assert_eq!(told(110, Some(Kwh(100))).as_deref(), Some("10"));
        assert_eq!(told(999, Some(Kwh(1000))).as_deref(), Some("-0.1"));
        assert_eq!(told(100, Some(Kwh(100))).as_deref(), Some("0"));
        for (now, before) in [(5, None), (5, Some(Kwh(0))), (1102, Some(Kwh(100)))] {
            assert_eq!(told(now, before), None);
        }
    }
}
