//! Bill: a registered period becomes a drafted invoice with its number, or findings that say why not.

use chrono::{DateTime, Days, Utc};
use oblik_domain::account::{AccountRecord, SelfBilling};
use oblik_domain::billing::{self, Bill, BillingInput};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::Invoice;
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::states::{ActEvent, ActState, ItemEvent, ItemState};
use oblik_domain::tariff::{PAYMENT_DAYS, Parameter, Tariff};
use oblik_store::{ActWork, Claimed, InvoiceDraft, Lease, Result, Tx};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::station::{Station, Trouble};

pub(crate) struct Calculate;

/// What the calculation of one act came to.
pub(crate) enum Calculated {
    Bill(Box<Ready>),
    Refused(Vec<Finding>),
}

/// A calculation that may be drafted.
pub(crate) struct Ready {
    record: AccountRecord,
    bill: Bill,
    payment_days: u64,
}

/// What a period would come to, for `oblik bill --dry-run`.
pub enum BillPreview {
    UnknownAccount,
    Bill(Box<Bill>),
    Refused(Vec<Finding>),
}

impl Station for Calculate {
    type Work = ActWork;
    type Answer = Calculated;
    const NAME: &'static str = "bill";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ActWork>>> {
        tx.claim_acts(ActState::Registered, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ActWork>]) -> Result<Vec<std::result::Result<Calculated, Trouble>>> {
        let mut tx = house.store.read().await?;
        let prices = Prices::read(&mut tx).await?;
        let mut answers = Vec::with_capacity(claimed.len());
        for claim in claimed {
            let Some(content) = tx.signed_content(claim.id).await? else {
                answers.push(Err(Trouble::park("a registered act without signed content")));
                continue;
            };
            let calculated = calculate(&mut tx, &prices, &content.contract, content.period, Asked::ByCustomer).await?;
            answers.push(calculated.ok_or_else(|| Trouble::park("a registered act without its account")));
        }
        tx.roll_back().await?;
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ActWork>, calculated: &Calculated) -> Result<()> {
        let now = house.now();
        match calculated {
            Calculated::Bill(ready) => {
                // The account's period may have been billed since we asked.
                let (contract, period) = (&ready.bill.contract, ready.bill.period);
                if let Some(invoice) = tx.invoice_of_period(contract, period).await? {
                    let finding = Finding::error(Code::AlreadyBilled).with("contract", contract).with("period", period);
                    return refuse(tx, claim, &[finding.with("invoice", invoice)], now).await;
                }
                tx.put_findings(claim.work.item_id, Self::NAME, &[]).await?;
                draft(house, tx, Some(claim.id), ready, now).await?;
                tx.step(claim, ActState::Registered, ActEvent::Calculated, now).await?;
                Ok(())
            }
            Calculated::Refused(findings) => refuse(tx, claim, findings, now).await,
        }
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ActWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ActState, _>(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ActWork>) -> Result<Option<i64>> {
        Ok(Some(claim.work.item_id))
    }
}

async fn refuse(tx: &mut Tx, claim: &Claimed<ActWork>, findings: &[Finding], now: DateTime<Utc>) -> Result<()> {
    tx.put_findings(claim.work.item_id, Calculate::NAME, findings).await?;
    tx.step(claim, ActState::Registered, ActEvent::CalculationRefused, now).await?;
    tx.step_free(claim.work.item_id, ItemState::Acting, ItemEvent::ActSettled, now).await?;
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    tx.journal(now, "calculation refused", "act", claim.id, &json!({ "codes": codes }));
    Ok(())
}

/// Numbers and stores a calculation as a draft; the id of the invoice.
async fn draft(house: &House, tx: &mut Tx, act_id: Option<i64>, ready: &Ready, now: DateTime<Utc>) -> Result<i64> {
    let supplier = &house.config.supplier;
    let issued_on = kyiv_day(now);
    let year = Period::of(issued_on).map_or(0, Period::year);
    let number = tx.next_invoice_number(&supplier.invoice_series, year).await?;
    let invoice = Invoice {
        number,
        issued_on,
        due_on: issued_on.checked_add_days(Days::new(ready.payment_days)).unwrap_or(issued_on),
        seller: supplier.seller.clone(),
        buyer: ready.record.account.clone(),
        points: ready.record.points.clone(),
        bill: ready.bill.clone(),
    };
    let id = tx.draft_invoice(&InvoiceDraft { act_id, invoice: &invoice }, now).await?;
    let detail = json!({ "number": invoice.number.to_string(), "contract": invoice.buyer.contract.as_str(), "period": invoice.bill.period.to_string() });
    tx.journal(now, "invoice drafted", "invoice", id, &detail);
    info!(invoice.id = id, invoice.number = %invoice.number, "invoice drafted");
    Ok(id)
}

/// Prices and parameters, read once for many accounts.
struct Prices {
    tariffs: Vec<Tariff>,
    parameters: Vec<Parameter>,
}

impl Prices {
    async fn read(tx: &mut Tx) -> Result<Self> {
        Ok(Self { tariffs: tx.tariffs().await?, parameters: tx.parameters().await? })
    }
}

/// Who asks for a calculation: a customer needs the account's leave (E3), an operator does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    ByCustomer,
    ByOperator,
}

/// `None` when there is no such account.
async fn calculate(
    tx: &mut Tx,
    prices: &Prices,
    contract: &ContractNumber,
    period: Period,
    asked: Asked,
) -> Result<Option<Calculated>> {
    let Some(record) = tx.account_record(contract).await? else { return Ok(None) };
    if asked == Asked::ByCustomer && record.account.self_billing == SelfBilling::Forbidden {
        return Ok(Some(Calculated::Refused(vec![Finding::error(Code::SelfBillingForbidden)])));
    }
    let payment_days = billing::parameter(&prices.parameters, PAYMENT_DAYS, period);
    let input = BillingInput {
        record: &record,
        period,
        opening: tx.readings_before(contract, period).await?,
        closing: tx.readings_at(contract, period).await?,
        tariffs: &prices.tariffs,
        parameters: &prices.parameters,
    };
    let bill = billing::compute(&input);
    Ok(Some(match (bill, payment_days) {
        (Ok(bill), Ok(days)) => {
            // Five at least, by rule R-ADV; a wrong parameter must not make an invoice overdue at birth.
            let payment_days = u64::try_from(days.trunc()).unwrap_or(5).clamp(5, 90);
            Calculated::Bill(Box::new(Ready { record, bill, payment_days }))
        }
        (Err(mut findings), Err(finding)) => {
            findings.push(finding);
            Calculated::Refused(findings)
        }
        (Err(findings), Ok(_)) => Calculated::Refused(findings),
        (Ok(_), Err(finding)) => Calculated::Refused(vec![finding]),
    }))
}

/// What a period would come to; nothing is stored.
pub async fn preview(house: &House, contract: &ContractNumber, period: Period) -> Result<BillPreview> {
    let mut tx = house.store.read().await?;
    let prices = Prices::read(&mut tx).await?;
    let calculated = calculate(&mut tx, &prices, contract, period, Asked::ByOperator).await?;
    tx.roll_back().await?;
    Ok(match calculated {
        None => BillPreview::UnknownAccount,
        Some(Calculated::Bill(ready)) => BillPreview::Bill(Box::new(ready.bill)),
        Some(Calculated::Refused(findings)) => BillPreview::Refused(findings),
    })
}

/// Calculates an account's period at an operator's word and drafts its invoice. The invoice leaves as soon as it is issued.
///
/// # Errors
/// The store failed. That the period is billed already is a finding (E7).
pub async fn bill_now(house: &House, contract: &ContractNumber, period: Period, operator: &str) -> Result<BillPreview> {
    let mut tx = house.store.begin("bill").await?;
    let now = house.now();
    if let Some(invoice) = tx.invoice_of_period(contract, period).await? {
        tx.roll_back().await?;
        let finding = Finding::error(Code::AlreadyBilled).with("contract", contract).with("period", period);
        return Ok(BillPreview::Refused(vec![finding.with("invoice", invoice)]));
    }
    let prices = Prices::read(&mut tx).await?;
    let ready = match calculate(&mut tx, &prices, contract, period, Asked::ByOperator).await? {
        None => return tx.roll_back().await.map(|()| BillPreview::UnknownAccount),
        Some(Calculated::Refused(findings)) => return tx.roll_back().await.map(|()| BillPreview::Refused(findings)),
        Some(Calculated::Bill(ready)) => ready,
    };
    let act = tx.unbilled_act(contract, period).await?;
    let invoice = draft(house, &mut tx, act, &ready, now).await?;
    if let Some(act) = act {
        tx.step_free(act, ActState::Unbilled, ActEvent::Calculated, now).await?;
    }
    tx.journal(now, "billed by operator", "invoice", invoice, &json!({ "who": operator }));
    tx.commit().await?;
    Ok(BillPreview::Bill(Box::new(ready.bill)))
}
