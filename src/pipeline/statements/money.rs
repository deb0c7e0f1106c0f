//! What is owed, what was charged and what was paid.

use oblik_documents::{Figure, ReportTable, Text};
use oblik_domain::Decimal;
use oblik_domain::bill::BillLine;
use oblik_domain::ledger::Charge;
use oblik_domain::money::Kopiykas;
use oblik_domain::period::kyiv_day;
use oblik_ledger::StatementRow;
use oblik_store::StoredInvoice;
use oblik_words::{documents as words, numbers, terms};

use super::Desk;
use crate::ledger::Told;

pub(super) fn balance(desk: &Desk<'_>, told: &Told) -> Vec<ReportTable> {
    let cells = |name: Figure, row: &StatementRow| {
        let sums = [row.opening, row.charged, row.paid, row.closing, row.overdue].map(Figure::Money);
        std::iter::once(name).chain(sums).chain([late(row.overdue_days)]).collect::<Vec<_>>()
    };
    let rows = told.statement.rows.iter().map(|(debt, row)| cells(Figure::text(terms::debt_type(*debt)), row)).collect();
    let mut debts = desk.table(
        Text::StatementTableDebts,
        &[
            Text::StatementColumnDebt,
            Text::StatementColumnOpening,
            Text::StatementColumnCharged,
            Text::StatementColumnPaid,
            Text::StatementColumnClosing,
            Text::StatementColumnOverdue,
            Text::StatementColumnOverdueDays,
        ],
        rows,
    );
    debts.total = cells(Figure::Text(desk.template.text(Text::StatementColumnTotal)), &told.statement.total);
    let open = told.open.iter().map(|open| {
        let charge = &open.charge;
        vec![
            Figure::text(numbers::month_name(charge.period)),
            Figure::text(terms::debt_type(charge.debt)),
            Figure::text(terms::charge_kind(charge.kind)),
            document(charge),
            Figure::Day(charge.due_on),
            Figure::Money(charge.amount),
            Figure::Money(open.open),
            late(open.overdue_days),
        ]
    });
    let open = desk.table(
        Text::StatementTableOpen,
        &[
            Text::StatementColumnPeriod,
            Text::StatementColumnDebt,
            Text::StatementColumnKind,
            Text::StatementColumnDocument,
            Text::StatementColumnDue,
            Text::StatementColumnAmount,
            Text::StatementColumnOpen,
            Text::StatementColumnOverdueDays,
        ],
        open.collect(),
    );
    let advances: Vec<Vec<Figure>> = told
        .advances
        .iter()
        .map(|advance| vec![Figure::text(terms::debt_type(advance.debt)), Figure::Money(advance.amount)])
        .collect();
    let mut tables = vec![debts, open];
    if !advances.is_empty() {
        let columns = [Text::StatementColumnDebt, Text::StatementColumnAmount];
        tables.push(desk.table(Text::StatementTableAdvances, &columns, advances));
    }
    tables
}

fn late(days: i64) -> Figure {
    if days > 0 { Figure::Number(Decimal::from(days)) } else { Figure::Nothing }
}

fn document(charge: &Charge) -> Figure {
    charge.invoice.as_ref().map_or(Figure::Nothing, |number| Figure::text(number.to_string()))
}

/// Charges as booked, and the lines of the invoices behind them (RQ-B05).
pub(super) fn charges(desk: &Desk<'_>, charges: &[Charge], invoices: &[StoredInvoice]) -> Vec<ReportTable> {
    let in_days = |charge: &&Charge| (desk.from..=desk.to).contains(&kyiv_day(charge.booked_at));
    let shown: Vec<&Charge> = charges.iter().filter(in_days).collect();
    let rows = shown.iter().map(|charge| {
        vec![
            Figure::Instant(charge.booked_at),
            Figure::text(terms::debt_type(charge.debt)),
            Figure::text(terms::charge_kind(charge.kind)),
            Figure::text(numbers::month_name(charge.period)),
            document(charge),
            Figure::Day(charge.due_on),
            Figure::Money(charge.amount),
        ]
    });
    let mut booked = desk.table(
        Text::StatementTableCharges,
        &[
            Text::StatementColumnBooked,
            Text::StatementColumnDebt,
            Text::StatementColumnKind,
            Text::StatementColumnPeriod,
            Text::StatementColumnDocument,
            Text::StatementColumnDue,
            Text::StatementColumnAmount,
        ],
        rows.collect(),
    );
    let sum = shown.iter().fold(0_i64, |sum, charge| sum.saturating_add(charge.amount.0));
    booked.total = vec![Figure::Nothing; 6];
    if let Some(first) = booked.total.first_mut() {
        *first = Figure::Text(desk.template.text(Text::StatementColumnTotal));
    }
    booked.total.push(Figure::Money(Kopiykas(sum)));
    let issued = |invoice: &&StoredInvoice| (desk.from..=desk.to).contains(&invoice.invoice.issued_on);
    let lines = invoices.iter().filter(issued).flat_map(|stored| {
        let number = stored.number.to_string();
        stored.invoice.bill.lines.iter().map(move |line| line_cells(&number, line))
    });
    let lines = desk.table(
        Text::StatementTableLines,
        &[
            Text::StatementColumnDocument,
            Text::StatementColumnDebt,
            Text::StatementColumnName,
            Text::StatementColumnClass,
            Text::StatementColumnZone,
            Text::StatementColumnQuantity,
            Text::StatementColumnUnit,
            Text::StatementColumnPrice,
            Text::StatementColumnNet,
        ],
        lines.collect(),
    );
    vec![booked, lines]
}

fn line_cells(number: &str, line: &BillLine) -> Vec<Figure> {
    let or_nothing = |text: Option<&str>| text.map_or(Figure::Nothing, Figure::text);
    vec![
        Figure::text(number),
        Figure::text(terms::debt_type(line.debt)),
        Figure::text(words::line_kind(line.kind)),
        or_nothing(line.voltage_class.map(words::class_digit)),
        or_nothing(line.kind.is_of_energy().then(|| words::price_zone(line.zone))),
        line.quantity.map_or(Figure::Nothing, |quantity| Figure::Number(Decimal::from(quantity.0))),
        or_nothing(line.quantity.map(|_| words::line_unit(line.kind))),
        line.price.map_or(Figure::Nothing, |price| Figure::Number(price.value())),
        Figure::Money(line.net),
    ]
}

/// Payments with the instants of RQ-B10, and what each paid for.
pub(super) fn payments(desk: &Desk<'_>, told: &Told) -> Vec<ReportTable> {
    let both = || told.reports.iter().zip(&told.payments).filter(|(report, _)| (desk.from..=desk.to).contains(&report.paid_on));
    let rows: Vec<Vec<Figure>> = both()
        .map(|(report, payment)| {
            vec![
                Figure::Day(report.paid_on),
                Figure::text(&payment.reference),
                Figure::Money(report.amount),
                Figure::text(&payment.purpose),
                Figure::Instant(report.registered_at),
                Figure::Instant(report.posted_at),
                Figure::Money(report.advance),
            ]
        })
        .collect();
    let mut payments = desk.table(
        Text::StatementTablePayments,
        &[
            Text::StatementColumnPaidOn,
            Text::StatementColumnReference,
            Text::StatementColumnAmount,
            Text::StatementColumnPurpose,
            Text::StatementColumnRegistered,
            Text::StatementColumnPosted,
            Text::StatementColumnAdvance,
        ],
        rows,
    );
    let sum = both().fold(0_i64, |sum, (report, _)| sum.saturating_add(report.amount.0));
    payments.total = vec![
        Figure::Text(desk.template.text(Text::StatementColumnTotal)),
        Figure::Nothing,
        Figure::Money(Kopiykas(sum)),
        Figure::Nothing,
        Figure::Nothing,
        Figure::Nothing,
        Figure::Nothing,
    ];
    let parts = both().flat_map(|(report, payment)| {
        report.parts.iter().map(move |part| {
            vec![
                Figure::Day(report.paid_on),
                Figure::text(&payment.reference),
                Figure::text(terms::debt_type(part.debt)),
                Figure::text(numbers::month_name(part.period)),
                part.invoice.as_ref().map_or(Figure::Nothing, |number| Figure::text(number.to_string())),
                Figure::Instant(part.allocated_at),
                Figure::Money(part.amount),
            ]
        })
    });
    let parts = desk.table(
        Text::StatementTableParts,
        &[
            Text::StatementColumnPaidOn,
            Text::StatementColumnReference,
            Text::StatementColumnDebt,
            Text::StatementColumnPeriod,
            Text::StatementColumnDocument,
            Text::StatementColumnAllocated,
            Text::StatementColumnAmount,
        ],
        parts.collect(),
    );
    vec![payments, parts]
}
