//! That energy is charged once, though months are billed out of order.
//!
//! A month that was left out is in the next bill, whose rows begin where the last reading before it was. Billing the month
//! afterwards would charge its energy again, so it is refused unless it ends where the later bill begins. What no one period
//! shows, only the documents beside it do.

use std::collections::BTreeMap;

use oblik_domain::bill::{Bill, VolumeRow};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::RegisterKey;
use oblik_store::{Result, Tx};

/// E7 with the later period and its invoice, when that has charged what this bill would charge.
pub(crate) async fn charged_later(tx: &mut Tx, bill: &Bill) -> Result<Option<Finding>> {
    let Some(later) = tx.next_billed_period(&bill.contract, bill.period).await? else { return Ok(None) };
    let Some(billed) = tx.bills_of_period(&bill.contract, later).await?.pop() else { return Ok(None) };
    if follows(&bill.rows, &billed.invoice.bill.rows) {
        return Ok(None);
    }
    let finding = Finding::error(Code::AlreadyBilled).with("contract", &bill.contract);
    Ok(Some(finding.with("period", later).with("invoice", &billed.number)))
}

/// Whether each register that both measure begins in the later rows where it ends in the earlier ones.
fn follows(earlier: &[VolumeRow], later: &[VolumeRow]) -> bool {
    let ends: BTreeMap<&RegisterKey, RegisterTotal> = earlier.iter().map(|row| (&row.register, row.closing)).collect();
    let mut begun: BTreeMap<&RegisterKey, RegisterTotal> = BTreeMap::new();
    for row in later {
        begun.entry(&row.register).or_insert(row.opening);
    }
    begun.into_iter().all(|(register, opening)| ends.get(register).is_none_or(|closing| *closing == opening))
}
