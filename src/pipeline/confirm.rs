//! What operators say to calculations that were refused: that the doubted figure is right (E1, E9).
//!
//! A confirmation holds for exactly the figures it was given for. Where the configuration asks for four eyes it counts only
//! when another operator has approved it.

use oblik_config::Eyes;
use oblik_domain::confirmation::{Confirmation, Confirmed};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::Code;
use oblik_domain::ids::{ContractNumber, MeterSerial};
use oblik_domain::metering::{EnergyKind, Reading, Zone};
use oblik_domain::period::Period;
use oblik_store::{Result, Tx};
use serde_json::json;

use crate::House;
use crate::bill::{BillPreview, preview_in};
use crate::calculate::Question;

/// What an operator confirms.
#[derive(Debug, Clone)]
pub enum Claim {
    /// The account's active volume, as it was calculated (E1).
    Volume(Kwh),
    /// That this register passed its end (E9).
    Rollover { meter: MeterSerial, kind: EnergyKind, zone: Zone },
}

/// What became of an operator's word.
#[derive(Debug)]
pub enum Confirming {
    /// It is stored under this id.
    Stored {
        id: i64,
        confirmation: Box<Confirmation>,
        /// What the period comes to once it counts.
        leads_to: BillPreview,
        /// Whether it counts already, or waits for its second pair of eyes.
        counts: bool,
    },
    /// It was given before, and counts or waits for its second pair of eyes.
    Known {
        id: i64,
    },
    /// Nothing of the kind is doubted; what the calculation says instead.
    NotDoubted(BillPreview),
    /// The figures that are doubted are others: the calculated volume.
    OtherVolume(String),
    UnknownConfirmation,
    /// The second pair of eyes must be another's.
    SameOperator,
}

/// Who says it, and why.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    pub operator: &'a str,
    pub reason: &'a str,
}

/// Keeps an operator's confirmation, and calculates what it leads to. Nothing is billed by it.
///
/// # Errors
/// The store failed.
pub async fn confirm(
    house: &House,
    contract: &ContractNumber,
    period: Period,
    claim: &Claim,
    word: Word<'_>,
) -> Result<Confirming> {
    let mut tx = house.store.begin("confirm").await?;
    let confirming = confirm_in(house, &mut tx, (contract, period), claim, word).await?;
    match confirming {
        Confirming::Stored { .. } => tx.commit().await?,
        _ => tx.roll_back().await?,
    }
    Ok(confirming)
}

async fn confirm_in(
    house: &House,
    tx: &mut Tx,
    (contract, period): (&ContractNumber, Period),
    claim: &Claim,
    word: Word<'_>,
) -> Result<Confirming> {
    let question = Question::by_operator(contract, period);
    let now = house.now();
    let before = preview_in(house, tx, &question).await?;
    let what = match claim {
        Claim::Volume(volume) => {
            let BillPreview::Refused(findings) = &before else { return Ok(Confirming::NotDoubted(before)) };
            match findings.iter().find(|finding| finding.code == Code::VolumeImplausible) {
                None => return Ok(Confirming::NotDoubted(before)),
                Some(doubt) if doubt.value("volume") != volume.to_string() => {
                    return Ok(Confirming::OtherVolume(doubt.value("volume").to_owned()));
                }
                Some(_) => Confirmed::Volume { volume: *volume },
            }
        }
        Claim::Rollover { meter, kind, zone } => {
            let readings = tx.ground(contract, period).await?.map(|ground| ground.readings).unwrap_or_default();
            let of_register = readings.iter().filter(|reading| {
                (&reading.register.meter, reading.register.kind, reading.register.zone) == (meter, *kind, *zone)
            });
            let of_register: Vec<&Reading> = of_register.collect();
            let fall = of_register
                .windows(2)
                .find(|pair| matches!(pair, [one, next] if next.period == period && next.total < one.total));
            let Some([opening, closing]) = fall else { return Ok(Confirming::NotDoubted(before)) };
            let register = closing.register.clone();
            Confirmed::Rollover { register, opening: opening.total, closing: closing.total }
        }
    };
    let confirmation = Confirmation {
        contract: contract.clone(),
        period,
        what,
        reason: word.reason.to_owned(),
        operator: word.operator.to_owned(),
        approved_by: None,
        confirmed_at: now,
    };
    let known = tx.confirmations(contract, period).await?;
    if let Some(known) = known.into_iter().find(|known| known.confirmation.what == confirmation.what) {
        return Ok(Confirming::Known { id: known.id });
    }
    let id = tx.put_confirmation(&confirmation).await?;
    let detail = json!({ "who": word.operator, "reason": word.reason, "contract": contract.as_str(), "period": period.to_string(), "confirmation": id });
    tx.journal(now, "confirmed by operator", "account", contract.as_str(), &detail);
    // What it leads to once it counts.
    let question = Question { also: Some(confirmation.clone()), ..question };
    let leads_to = preview_in(house, tx, &question).await?;
    let counts = house.config.billing.eyes == Eyes::Two;
    Ok(Confirming::Stored { id, confirmation: Box::new(confirmation), leads_to, counts })
}

/// The second pair of eyes.
///
/// # Errors
/// The store failed.
pub async fn approve(house: &House, id: i64, operator: &str) -> Result<Confirming> {
    let mut tx = house.store.begin("confirm").await?;
    let now = house.now();
    let Some(stored) = tx.confirmation(id).await? else {
        return tx.roll_back().await.map(|()| Confirming::UnknownConfirmation);
    };
    let confirmation = stored.confirmation;
    if confirmation.approved_by.is_some() {
        return tx.roll_back().await.map(|()| Confirming::Known { id });
    }
    if confirmation.operator == operator {
        return tx.roll_back().await.map(|()| Confirming::SameOperator);
    }
    if !tx.approve_confirmation(id, operator, now).await? {
        return tx.roll_back().await.map(|()| Confirming::Known { id });
    }
    let detail = json!({ "who": operator, "contract": confirmation.contract.as_str(), "period": confirmation.period.to_string(), "confirmation": id });
    tx.journal(now, "confirmation approved", "account", confirmation.contract.as_str(), &detail);
    let leads_to = preview_in(house, &mut tx, &Question::by_operator(&confirmation.contract, confirmation.period)).await?;
    tx.commit().await?;
    let confirmation = Confirmation { approved_by: Some(operator.to_owned()), ..confirmation };
    Ok(Confirming::Stored { id, confirmation: Box::new(confirmation), leads_to, counts: true })
}
