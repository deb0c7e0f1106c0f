//! The signed copy of an act that comes back: whether the version still holds, and what becomes of it.
//!
//! Both are asked in the transaction that registers, with the account held: a newer version may be in the making.

use chrono::{DateTime, Utc};
use oblik_domain::act::{ReadingAct, register_name};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::Occasion;
use oblik_domain::states::{ReadingActEvent, ReadingActState};
use oblik_store::{Result, SignedContent, StoreError, StoredReadingAct, Tx};
use serde_json::json;

use super::making::{Basis, unsigned};

/// The version a signed act is a copy of: its data names it, so no two versions have the same.
fn version_of<'a>(acts: &'a [StoredReadingAct], content: &SignedContent) -> Option<&'a StoredReadingAct> {
    acts.iter().find(|act| act.xml_sha256.as_ref() == Some(&content.act_xml_sha256))
}

/// That newer readings made void what was signed, with what changed; `None` for what holds, and for what is no copy of ours.
pub(crate) async fn void_copy(tx: &mut Tx, content: &SignedContent, act: &ReadingAct) -> Result<Option<Finding>> {
    let acts = tx.reading_acts_of(&act.contract, act.period).await?;
    let Some(signed) = version_of(&acts, content) else { return Ok(None) };
    // Readings that are noted and not looked at yet make the next version.
    let pending = acts.iter().any(|act| act.state == ReadingActState::Due);
    let since = signed.issued_at.unwrap_or_default();
    let mut changed = Vec::new();
    for (reading, known_at) in tx.readings_of_period(&act.contract, act.period).await? {
        let named = format!("{} ({})", reading.register.meter, register_name(&reading.register));
        let is_new = known_at > since || pending || signed.state == ReadingActState::Void;
        if reading.occasion != Occasion::PeriodEnd {
            if known_at > since {
                changed.push(format!("{named} {} {}", reading.read_on, reading.total));
            }
            continue;
        }
        let stated = act.rows.iter().find(|row| row.register == reading.register);
        if let Some(row) = stated.filter(|row| row.total != reading.total && is_new) {
            changed.push(format!("{named} {} → {}", row.total, reading.total));
        }
    }
    if signed.state != ReadingActState::Void && changed.is_empty() {
        return Ok(None);
    }
    let holding = acts.iter().find(|act| act.holds() && act.id != signed.id).and_then(|act| act.version);
    let text = |version: Option<i64>| version.map(|version| version.to_string()).unwrap_or_default();
    let finding = Finding::error(Code::ActVoided).with("contract", &act.contract).with("period", act.period);
    let finding = finding.with("version", text(signed.version)).with("current", text(holding));
    Ok(Some(finding.with("changed", changed.join("; "))))
}

/// What registering an act does to ours of the same period. Its readings stand by now, and the account is held.
pub(crate) async fn copy_registered(tx: &mut Tx, content: &SignedContent, act: &ReadingAct, now: DateTime<Utc>) -> Result<()> {
    let (contract, period) = (&act.contract, act.period);
    let acts = tx.reading_acts_of(contract, period).await?;
    if acts.is_empty() {
        return Ok(());
    }
    // Whoever is making an act of what was known before has lost.
    tx.disturb_reading_act(contract, period).await?;
    let Some(holding) = acts.iter().find(|act| act.holds()) else { return Ok(()) };
    let copy = version_of(&acts, content).is_some_and(|signed| signed.id == holding.id);
    let record = tx.account_record(contract).await?;
    let record = record.ok_or(StoreError::Rows { statement: "account of a registered act", expected: "one row", found: 0 })?;
    let all_signed = unsigned(tx, &record, period).await?.is_empty();
    let stated = Basis::known(tx, record, period).await?.map(|basis| basis.fingerprint());
    let same = copy || (stated.is_some() && stated == holding.stated);
    let event = match holding.state {
        ReadingActState::Issued if same && (copy || all_signed) => ReadingActEvent::SignedCopyRegistered,
        // An act of the customer's own says something else.
        _ if !same => ReadingActEvent::Replaced,
        _ => return Ok(()),
    };
    let state = tx.step_free(holding.id, holding.state, event, now).await?;
    let detail = json!({ "period": period.to_string(), "version": holding.version, "state": state.as_str() });
    tx.journal(now, "reading act settled", "account", contract, &detail);
    Ok(())
}
