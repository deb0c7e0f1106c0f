//! What the contract holds: limits, meters, disconnections, and its data for the customer to check (RQ-B03, B04, B06, B08).

use oblik_documents::{Figure, ReportTable, Text};
use oblik_domain::Decimal;
use oblik_domain::account::{Limit, SignerIdentity};
use oblik_domain::calendar::days_after;
use oblik_domain::metering::{Disconnection, UsagePoint};
use oblik_domain::period::kyiv_day;
use oblik_words::{documents as words, numbers, terms};

use super::Desk;

pub(super) fn limits(desk: &Desk<'_>) -> ReportTable {
    let in_days = |limit: &&Limit| desk.touches(limit.period.first_day(), Some(days_after(limit.period.last_day(), 1)));
    let mut shown: Vec<&Limit> = desk.record.account.limits.iter().filter(in_days).collect();
    shown.sort_by_key(|limit| (limit.period, limit.kind.as_str()));
    let rows = shown.into_iter().map(|limit| {
        vec![
            Figure::text(numbers::month_name(limit.period)),
            Figure::text(terms::limit_kind(limit.kind)),
            limit.area.as_ref().map_or(Figure::Nothing, Figure::text),
            Figure::Number(limit.amount),
            Figure::Day(limit.registered_on),
        ]
    });
    desk.table(
        Text::StatementTableLimits,
        &[
            Text::StatementColumnPeriod,
            Text::StatementColumnLimit,
            Text::StatementColumnArea,
            Text::StatementColumnLimitAmount,
            Text::StatementColumnRegisteredOn,
        ],
        rows.collect(),
    )
}

pub(super) fn meters(desk: &Desk<'_>) -> Vec<ReportTable> {
    let name = |eic| desk.record.points.iter().find(|point| point.eic == eic).map_or("", |point| point.name.as_str());
    let shown = || desk.record.meters.iter().filter(|meter| desk.touches(meter.installed_on, meter.removed_on));
    let rows = shown().map(|meter| {
        vec![
            Figure::text(meter.point.as_str()),
            Figure::text(name(meter.point.clone())),
            Figure::text(meter.serial.as_str()),
            Figure::text(&meter.model),
            Figure::Number(meter.coefficient_on(desk.to).value()),
            Figure::Day(meter.installed_on),
            Figure::day(meter.removed_on),
        ]
    });
    let meters = desk.table(
        Text::StatementTableMeters,
        &[
            Text::StatementColumnEic,
            Text::StatementColumnObject,
            Text::StatementColumnSerial,
            Text::StatementColumnModel,
            Text::StatementColumnCoefficient,
            Text::StatementColumnInstalled,
            Text::StatementColumnRemoved,
        ],
        rows.collect(),
    );
    let registers = shown().flat_map(|meter| {
        meter.registers.iter().map(|register| {
            vec![
                Figure::text(meter.serial.as_str()),
                Figure::text(terms::energy_kind(register.kind)),
                Figure::text(terms::zone(register.zone)),
                Figure::Number(Decimal::from(register.digits)),
            ]
        })
    });
    let registers = desk.table(
        Text::StatementTableRegisters,
        &[Text::StatementColumnSerial, Text::StatementColumnEnergy, Text::StatementColumnZone, Text::StatementColumnDigits],
        registers.collect(),
    );
    vec![meters, registers]
}

pub(super) fn disconnections(desk: &Desk<'_>) -> ReportTable {
    let mut shown: Vec<(&UsagePoint, &Disconnection)> =
        desk.record.points.iter().flat_map(|point| point.disconnections.iter().map(move |off| (point, off))).collect();
    // What lies ahead is told too: that is what a customer must know.
    shown.retain(|(_, off)| off.to.is_none_or(|to| kyiv_day(to) >= desk.from));
    shown.sort_by_key(|(point, off)| (off.from, point.eic.clone()));
    let rows = shown.into_iter().map(|(point, off)| {
        vec![
            Figure::text(point.eic.as_str()),
            Figure::text(&point.name),
            Figure::text(&point.address),
            Figure::Instant(off.from),
            off.to.map_or(Figure::Nothing, Figure::Instant),
            Figure::text(&off.reason),
        ]
    });
    desk.table(
        Text::StatementTableDisconnections,
        &[
            Text::StatementColumnEic,
            Text::StatementColumnObject,
            Text::StatementColumnAddress,
            Text::StatementColumnFrom,
            Text::StatementColumnTo,
            Text::StatementColumnReason,
        ],
        rows.collect(),
    )
}

pub(super) fn contract(desk: &Desk<'_>) -> Vec<ReportTable> {
    let account = &desk.record.account;
    let facts = [
        (Text::Contract, words::numbered_of(account.contract.as_str(), account.contract_date)),
        (Text::Customer, account.name.clone()),
        (Text::Edrpou, account.edrpou.to_string()),
        (Text::VatNumber, account.vat_number.clone()),
        (Text::Address, account.address.clone()),
        (Text::StatementEmails, account.emails.join(", ")),
    ];
    let rows = facts.into_iter().map(|(name, value)| vec![Figure::Text(desk.template.text(name)), Figure::Text(value)]);
    let contract =
        desk.table(Text::StatementTableContract, &[Text::StatementColumnFact, Text::StatementColumnValue], rows.collect());
    let points = desk.record.points.iter().filter(|point| desk.touches(point.from, point.to)).map(|point| {
        vec![
            Figure::text(point.eic.as_str()),
            Figure::text(&point.name),
            Figure::text(&point.address),
            Figure::text(words::class_digit(point.voltage_class)),
            point.terms_on(desk.to).permitted_power.map_or(Figure::Nothing, Figure::Number),
            Figure::Day(point.from),
            Figure::day(point.to.and_then(|to| to.pred_opt())),
        ]
    });
    let points = desk.table(
        Text::StatementTablePoints,
        &[
            Text::StatementColumnEic,
            Text::StatementColumnObject,
            Text::StatementColumnAddress,
            Text::StatementColumnClass,
            Text::StatementColumnPower,
            Text::StatementColumnValidFrom,
            Text::StatementColumnValidTo,
        ],
        points.collect(),
    );
    let signers = desk.record.signers.iter().map(|signer| {
        let code = match &signer.identity {
            // A certificate's hash says nothing to a person.
            SignerIdentity::Certificate(_) => String::new(),
            SignerIdentity::Person { edrpou, .. } | SignerIdentity::Seal { edrpou } => edrpou.to_string(),
        };
        vec![
            Figure::text(&signer.name),
            Figure::Text(code),
            Figure::text(&signer.basis),
            Figure::Day(signer.from),
            Figure::day(signer.to.and_then(|to| to.pred_opt())),
        ]
    });
    let signers = desk.table(
        Text::StatementTableSigners,
        &[
            Text::StatementColumnName,
            Text::StatementColumnValue,
            Text::StatementColumnBasis,
            Text::StatementColumnValidFrom,
            Text::StatementColumnValidTo,
        ],
        signers.collect(),
    );
    vec![contract, points, signers]
}
