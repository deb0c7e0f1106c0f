//! Prices that apply to an account (RQ-B07): of its products, its voltage classes, and what is for all.

use std::collections::BTreeSet;

use oblik_documents::{Figure, ReportTable, Text};
use oblik_domain::metering::VoltageClass;
use oblik_domain::tariff::Tariff;
use oblik_words::{documents as words, numbers, terms};

use super::Desk;

pub(super) fn tariffs(desk: &Desk<'_>, tariffs: &[Tariff]) -> ReportTable {
    let account = &desk.record.account;
    let products: BTreeSet<&str> = std::iter::once(account.product.as_str())
        .chain(account.terms.iter().filter_map(|terms| terms.value.product.as_deref()))
        .collect();
    let classes: Vec<VoltageClass> = desk.record.points.iter().map(|point| point.voltage_class).collect();
    let applies = |tariff: &&Tariff| {
        tariff.product.as_deref().is_none_or(|product| products.contains(product))
            && tariff.voltage_class.is_none_or(|class| classes.contains(&class))
            && desk.touches(tariff.from, tariff.to)
    };
    let mut shown: Vec<&Tariff> = tariffs.iter().filter(applies).collect();
    shown.sort_by_key(|tariff| (tariff.component.as_str(), tariff.voltage_class.map(VoltageClass::as_str), tariff.from));
    let or_all = |text: Option<&str>| text.map_or(Figure::Nothing, Figure::text);
    let rows = shown.into_iter().map(|tariff| {
        vec![
            Figure::text(numbers::capitalised(terms::price_component(tariff.component))),
            or_all(tariff.product.as_deref()),
            or_all(tariff.voltage_class.map(words::class_digit)),
            or_all(tariff.zone.map(words::price_zone)),
            Figure::Number(tariff.price.value()),
            Figure::Day(tariff.from),
            Figure::day(tariff.to.and_then(|to| to.pred_opt())),
        ]
    });
    desk.table(
        Text::StatementTableTariffs,
        &[
            Text::StatementColumnComponent,
            Text::StatementColumnProduct,
            Text::StatementColumnClass,
            Text::StatementColumnZone,
            Text::StatementColumnPrice,
            Text::StatementColumnValidFrom,
            Text::StatementColumnValidTo,
        ],
        rows.collect(),
    )
}
