//! «Акт надання показань»: the form the customer checks and signs, with its data inside.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{ActRow, PreviousReadings, ReadingAct};
use oblik_domain::energy::volume;
use oblik_domain::energy::{Kwh, RegisterTotal};
use oblik_domain::ids::{Eic, MeterSerial};
use oblik_domain::invoice::Seller;
use oblik_domain::metering::{EnergyKind, Meter, UsagePoint};
use oblik_words::{documents as words, terms};
use sha2::{Digest, Sha256};

use crate::breakdown::apart;
use crate::emit::{About, Attachment, emit};
use crate::geometry::{A4_LYING, Align, Frame, Length, pt, tenths};
use crate::paragraph::span;
use crate::parties::name;
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{ACCENT, BODY, CELL, CELL_GREY, CELL_STRONG, EYEBROW, GREY, HEADING, NUMBER, SMALL, TITLE};
use crate::table::{Cell, Column, Look, Row, Sizing, Table, column};
use crate::typeface::{Faces, KEEP};
use crate::{ACT_ATTACHMENT, DocumentError, figures, parties};

/// What an act's form is made of.
#[derive(Debug, Clone, Copy)]
pub struct ActForm<'a> {
    pub seller: &'a Seller,
    pub record: &'a AccountRecord,
    pub act: &'a ReadingAct,
    /// The readings before the act's own; a register without one has no volume yet.
    pub opening: &'a PreviousReadings,
    pub number: &'a str,
    pub version: u32,
    pub made_on: NaiveDate,
}

pub fn pdf(faces: &Faces, form: &ActForm<'_>, act_xml: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let numbered = words::act_numbered(&name(form.number), form.version);
    let title = format!("{} {numbered}", words::ACT);
    let customer = name(&form.record.account.name);
    let mut sheet = Sheet::new(faces, A4_LYING, format!("{title} · {customer}"));
    head(&mut sheet, form, &numbered);
    parties::place(&mut sheet, form.seller, &form.record.account, None);
    sheet.gap(pt(14));
    readings(&mut sheet, form);
    sheet.gap(pt(16));
    signing(&mut sheet, &hex::encode(Sha256::digest(act_xml)));
    let about = About {
        title: title.replace(KEEP, " "),
        author: name(&form.seller.name),
        id: format!("act {} {} {}", form.seller.edrpou, form.number, form.version),
        made_on: form.made_on,
        foot: format!("{title} · {customer}"),
    };
    let attachment = Attachment {
        name: ACT_ATTACHMENT,
        mime_type: "application/xml",
        description: words::ATTACHMENT_DESCRIPTION,
        data: act_xml,
    };
    emit(sheet, &about, Some(&attachment))
}

fn head(sheet: &mut Sheet<'_>, form: &ActForm<'_>, numbered: &str) {
    const NUMBER_WIDTH: Length = pt(230);
    sheet.put(None, Mark::Box { x: 0, y: 0, width: sheet.shape.width, height: pt(5), radius: 0, colour: ACCENT });
    let top = sheet.y;
    let right = Frame { x: sheet.right() - NUMBER_WIDTH, y: top + pt(3), width: NUMBER_WIDTH };
    let mut down = right.y;
    down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[span(numbered.to_owned(), NUMBER)]);
    let made = span(words::of_day(form.made_on), BODY.coloured(GREY));
    down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[made]);
    sheet.heading(1, span(words::ACT, TITLE), pt(100));
    let left = Frame { x: sheet.left(), y: sheet.y, width: sheet.width() - NUMBER_WIDTH - pt(16) };
    let period = span(words::act_period(form.act.period, form.act.read_on), BODY.coloured(GREY));
    sheet.y += sheet.text(Kind::Paragraph, left, Align::Left, &[period]);
    sheet.y = sheet.y.max(down) + pt(12);
}

const COLUMNS: [Column; 12] = [
    column(words::ROW_NUMBER, Align::Left, Sizing::Natural),
    column(words::EIC, Align::Left, Sizing::Natural),
    column(words::METER, Align::Left, Sizing::Natural),
    column(words::KIND, Align::Left, Sizing::Natural),
    column(words::ZONE, Align::Left, Sizing::Natural),
    column(words::ACT_DIGITS, Align::Right, Sizing::Natural),
    column(words::ACT_PREVIOUS, Align::Right, Sizing::Natural),
    column(words::ACT_CURRENT, Align::Right, Sizing::Natural),
    column(words::DIFFERENCE, Align::Right, Sizing::Natural),
    column(words::COEFFICIENT, Align::Right, Sizing::Natural),
    column(words::VOLUME, Align::Right, Sizing::Natural),
    column(words::LINE_UNIT, Align::Left, Sizing::Natural),
];

/// Stands where there is no number yet.
const NONE: &str = "—";

fn readings(sheet: &mut Sheet<'_>, form: &ActForm<'_>) {
    sheet.heading(2, span(words::READINGS, HEADING), pt(60));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(words::KINDS_LEGEND, SMALL)]);
    sheet.gap(pt(4));
    let points: BTreeMap<&Eic, &UsagePoint> = form.record.points.iter().map(|point| (&point.eic, point)).collect();
    let meters: BTreeMap<(&Eic, &MeterSerial), &Meter> =
        form.record.meters.iter().map(|meter| ((&meter.point, &meter.serial), meter)).collect();
    let shown = form.act.rows.iter().map(|row| row.total);
    let places = figures::places(shown.chain(form.opening.values().copied()));
    let mut sums: BTreeMap<EnergyKind, Kwh> = BTreeMap::new();
    let mut rows = Vec::with_capacity(form.act.rows.len() + 3);
    let mut last_point: Option<&Eic> = None;
    for (index, row) in form.act.rows.iter().enumerate() {
        let key = &row.register;
        let meter = meters.get(&(&key.point, &key.meter)).copied();
        let before = form.opening.get(key).copied();
        let amount = before.zip(meter).and_then(|(before, meter)| volume(before, row.total, meter.coefficient));
        if let Some(amount) = amount {
            let sum = sums.entry(key.kind).or_default();
            *sum = *sum + amount;
        }
        if last_point.replace(&key.point) != Some(&key.point) {
            rows.extend(points.get(&key.point).map(|point| point_row(point)));
        }
        rows.push(Row { look: Look::Plain, cells: cells(index + 1, row, meter, before, amount, places) });
    }
    for (kind, sum) in sums {
        rows.push(Row {
            look: Look::Total,
            cells: vec![
                Cell::over(COLUMNS.len() - 2, Align::Right, vec![span(words::total_of(kind), CELL_STRONG)]),
                Cell::new(span(figures::volume(sum), CELL_STRONG)),
                Cell::new(span(terms::unit(kind), CELL_GREY)),
            ],
        });
    }
    Table { columns: COLUMNS.into(), rows }.place(sheet);
}

fn point_row(point: &UsagePoint) -> Row {
    let mut spans = vec![span(name(&point.name), CELL_STRONG)];
    spans.extend(apart(name(&point.address), CELL));
    spans.extend(apart(terms::voltage_class(point.voltage_class).to_owned(), CELL_GREY));
    Row { look: Look::Band, cells: vec![Cell::over(COLUMNS.len(), Align::Left, spans)] }
}

fn cells(
    number: usize,
    row: &ActRow,
    meter: Option<&Meter>,
    before: Option<RegisterTotal>,
    amount: Option<Kwh>,
    places: u32,
) -> Vec<Cell> {
    let key = &row.register;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    let digits = meter.and_then(|meter| meter.registers.iter().find(|own| own.kind == key.kind && own.zone == key.zone));
    let difference = before.map(|before| figures::difference(row.total.units() - before.units(), places));
    vec![
        Cell::new(span(number.to_string(), CELL_GREY)),
        Cell::new(span(key.point.to_string(), CELL)),
        Cell::new(span(key.meter.to_string(), CELL_STRONG)),
        Cell::new(span(words::kind(key.kind), CELL)),
        Cell::new(span(terms::zone(key.zone), CELL)),
        Cell::new(span(or_none(digits.map(|own| own.digits.to_string())), CELL_GREY)),
        Cell::new(span(or_none(before.map(|before| figures::reading(before, places))), CELL)),
        Cell::new(span(figures::reading(row.total, places), CELL_STRONG)),
        Cell::new(span(or_none(difference), CELL)),
        Cell::new(span(or_none(meter.map(|meter| figures::coefficient(meter.coefficient))), CELL)),
        Cell::new(span(or_none(amount.map(figures::volume)), CELL_STRONG)),
        Cell::new(span(terms::unit(key.kind), CELL_GREY)),
    ]
}

fn signing(sheet: &mut Sheet<'_>, sha256: &str) {
    const GUTTER: Length = pt(40);
    sheet.heading(2, span(words::SIGNING, HEADING), pt(110));
    sheet.gap(pt(4));
    sheet.paragraph(&[span(words::SIGN_HOW, BODY)]);
    sheet.gap(pt(4));
    sheet.paragraph(&[span(words::label(words::DATA_SHA256), SMALL), span(sha256.to_owned(), SMALL.coloured(crate::style::INK))]);
    sheet.gap(pt(16));
    let width = (sheet.width() - GUTTER) / 2;
    let top = sheet.y;
    for (index, role) in [words::SUPPLIER, words::CUSTOMER].into_iter().enumerate() {
        let x = sheet.left() + (width + GUTTER) * Length::try_from(index).unwrap_or(0);
        signature_place(sheet, Frame { x, y: top, width }, role);
    }
    sheet.y = top + pt(58);
}

/// Lines for position and name, signature and seal, and the date.
fn signature_place(sheet: &mut Sheet<'_>, at: Frame, role: &str) {
    sheet.text(Kind::Paragraph, at, Align::Left, &[span(role.to_uppercase(), EYEBROW)]);
    let parts = [(words::POSITION, 46), (words::SIGNATURE, 30), (words::SIGNED_ON, 24)];
    let mut x = at.x;
    for (label, share) in parts {
        let width = at.width * share / 100;
        let y = at.y + pt(40);
        sheet.rule(x, y, width - pt(10), tenths(6), GREY);
        sheet.text(Kind::Paragraph, Frame { x, y: y + pt(2), width: width - pt(10) }, Align::Left, &[span(label, SMALL)]);
        x += width;
    }
}
