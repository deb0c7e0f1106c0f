//! Statements of an account: what the store and the ledger hold, as tables for people and spreadsheets (RQ-B01 to B11).
//!
//! Everything is told as it stands at one instant, from live data, back to the beginning of the contract.

mod account;
mod money;
mod prices;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use oblik_documents::{Figure, Report, ReportTable, Template, Text};
use oblik_domain::account::AccountRecord;
use oblik_domain::calendar::days_after;
use oblik_domain::finding::Finding;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::IssuerRole;
use oblik_domain::period::{Period, kyiv_clock, kyiv_day, kyiv_midnight};
use oblik_domain::statement::StatementKind;
use oblik_store::Result;
use oblik_words::numbers::date;

use crate::House;
use crate::ledger::statement;

/// A statement, or why there is none.
#[derive(Debug)]
pub enum Stated {
    UnknownAccount,
    Report(Box<Report>),
    /// The ledger's sums do not fit.
    Refused(Finding),
}

/// What a statement is to tell.
#[derive(Debug, Clone)]
pub struct StatementRequest {
    pub contract: ContractNumber,
    pub kind: StatementKind,
    /// The first day; the contract's unless said otherwise, for balances the month's.
    pub from: Option<NaiveDate>,
    /// The last day, today at the latest.
    pub to: Option<NaiveDate>,
}

/// What a table is made with.
struct Desk<'a> {
    template: &'a Template,
    record: &'a AccountRecord,
    from: NaiveDate,
    /// With this day.
    to: NaiveDate,
}

impl Desk<'_> {
    fn table(&self, title: Text, columns: &[Text], rows: Vec<Vec<Figure>>) -> ReportTable {
        ReportTable {
            title: self.template.text(title),
            columns: columns.iter().map(|column| self.template.text(*column)).collect(),
            rows,
            total: Vec::new(),
            if_empty: self.template.text(Text::StatementEmpty),
        }
    }

    /// Whether days, the last of them excluded, touch those the statement is for.
    fn touches(&self, from: NaiveDate, to: Option<NaiveDate>) -> bool {
        from <= self.to && to.is_none_or(|to| to > self.from)
    }
}

/// Makes a statement as of now.
///
/// # Errors
/// The store failed.
pub async fn report(house: &House, request: &StatementRequest) -> Result<Stated> {
    let now = house.now();
    let today = kyiv_day(now);
    let mut tx = house.store.read().await?;
    let record = tx.account_record(&request.contract).await?;
    let prices = tx.price_list().await?;
    let charges = tx.charges(&request.contract, Some(now)).await?;
    let invoices = tx.invoices_of(&request.contract).await?;
    tx.roll_back().await?;
    let Some(record) = record else { return Ok(Stated::UnknownAccount) };
    let issuing = house.issuers.of(IssuerRole::Supplier, record.account.branch.as_deref());
    let to = request.to.unwrap_or(today).min(today);
    let month = Period::of(to).map_or(to, Period::first_day);
    let since = if request.kind == StatementKind::Balance { month } else { record.account.contract_date };
    let from = request.from.unwrap_or(since).min(to);
    let desk = Desk { template: &issuing.template, record: &record, from, to };
    let tables = match request.kind {
        StatementKind::Balance | StatementKind::Payments => {
            let told = statement(house, &request.contract, Some(from), instant_of(now, to, today)).await?;
            match told {
                None => return Ok(Stated::UnknownAccount),
                Some(Err(finding)) => return Ok(Stated::Refused(finding)),
                Some(Ok(told)) if request.kind == StatementKind::Balance => money::balance(&desk, &told),
                Some(Ok(told)) => money::payments(&desk, &told),
            }
        }
        StatementKind::Charges => money::charges(&desk, &charges, &invoices),
        StatementKind::Tariffs => vec![prices::tariffs(&desk, &prices.tariffs)],
        StatementKind::Limits => vec![account::limits(&desk)],
        StatementKind::Meters => account::meters(&desk),
        StatementKind::Disconnections => vec![account::disconnections(&desk)],
        StatementKind::Contract => account::contract(&desk),
    };
    let parties = vec![
        (desk.template.text(Text::StatementAccount), record.account.contract.to_string()),
        (desk.template.text(Text::StatementCustomer), record.account.name.clone()),
    ];
    let facts = vec![
        (
            desk.template.text(Text::StatementFrom),
            desk.template.fill(Text::StatementDays, &[("first", &date(from)), ("last", &date(to))]),
        ),
        (desk.template.text(Text::StatementTold), kyiv_clock(now)),
    ];
    let report = Report {
        title: desk.template.text(title(request.kind)),
        parties,
        facts,
        tables,
        seller: issuing.seller.clone(),
        account: record.account.clone(),
        told_at: now,
    };
    Ok(Stated::Report(Box::new(report)))
}

/// The instant a day's balance is told for: now for today, the end of it for a day gone by.
fn instant_of(now: DateTime<Utc>, day: NaiveDate, today: NaiveDate) -> DateTime<Utc> {
    let end = kyiv_midnight(days_after(day, 1)).map(|midnight| midnight - TimeDelta::microseconds(1));
    end.filter(|_| day < today).map_or(now, |end| end.min(now))
}

fn title(kind: StatementKind) -> Text {
    match kind {
        StatementKind::Balance => Text::StatementTitleBalance,
        StatementKind::Charges => Text::StatementTitleCharges,
        StatementKind::Payments => Text::StatementTitlePayments,
        StatementKind::Tariffs => Text::StatementTitleTariffs,
        StatementKind::Limits => Text::StatementTitleLimits,
        StatementKind::Meters => Text::StatementTitleMeters,
        StatementKind::Disconnections => Text::StatementTitleDisconnections,
        StatementKind::Contract => Text::StatementTitleContract,
    }
}
