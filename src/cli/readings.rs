//! `oblik readings`: what an operator says to a calculation that was refused, and readings no file brought.

use anyhow::{Result, bail};
use oblik_domain::act::register_name;
use oblik_domain::confirmation::{Confirmation, Confirmed};
use oblik_pipeline::{BillPreview, Claim, Confirming, Entry, Word, approve, confirm, enter_reading};
use serde_json::{Value, json};

use crate::arguments::{Confirm, Enter, Readings, meter, register};
use crate::configuration::Setup;
use crate::{Ending, bill, print};

pub async fn run(setup: &Setup, what: Readings) -> Result<Ending> {
    match what {
        Readings::Confirm(arguments) => confirmed(setup, &arguments).await,
        Readings::Approve { id } => {
            let house = setup.open().await?;
            let confirming = approve(&house, id, &print::operator()).await?;
            house.store.close().await;
            told(setup, &confirming, "approved")
        }
        Readings::Enter(arguments) => entered(setup, arguments).await,
    }
}

async fn confirmed(setup: &Setup, arguments: &Confirm) -> Result<Ending> {
    let claim = match (arguments.volume, arguments.rollover.as_slice()) {
        (Some(volume), _) => Claim::Volume(volume),
        (None, [serial, of]) => {
            let (kind, zone) = register(of).map_err(anyhow::Error::msg)?;
            Claim::Rollover { meter: meter(serial).map_err(anyhow::Error::msg)?, kind, zone }
        }
        _ => bail!("say --volume KWH, or --rollover METER KIND/ZONE"),
    };
    let house = setup.open().await?;
    let word = Word { operator: &print::operator(), reason: &arguments.reason };
    let confirming = confirm(&house, &arguments.account, arguments.period, &claim, word).await?;
    house.store.close().await;
    told(setup, &confirming, "confirmed")
}

fn told(setup: &Setup, confirming: &Confirming, state: &str) -> Result<Ending> {
    let (id, confirmation, leads_to) = match confirming {
        Confirming::Stored { id, confirmation, leads_to, counts } => {
            if !counts {
                eprintln!("it counts when another operator has said: oblik readings approve {id}");
            }
            (*id, confirmation, leads_to)
        }
        Confirming::Known { id } => {
            eprintln!("this was said before, as confirmation {id}");
            if setup.json {
                print::json(&json!({ "confirmation": id, "state": "known" }));
            }
            return Ok(Ending::Done);
        }
        Confirming::NotDoubted(preview) => return not_doubted(setup, preview),
        Confirming::OtherVolume(volume) => {
            bail!("the calculated volume is {volume} kWh; a confirmation is of exactly what was calculated")
        }
        Confirming::UnknownConfirmation => bail!("no such confirmation"),
        Confirming::SameOperator => bail!("who confirmed it cannot approve it: another operator must"),
    };
    eprintln!("{} {}: {state} as {id}: {}", confirmation.contract, confirmation.period, in_words(confirmation));
    let (findings, calculated) = match leads_to {
        BillPreview::Bill(calculated, notes) => (notes.as_slice(), Some(calculated.as_ref())),
        BillPreview::Refused(findings) => (findings.as_slice(), None),
        BillPreview::UnknownAccount | BillPreview::Broken(_) => (&[][..], None),
    };
    bill::show_findings(findings);
    if let Some(calculated) = calculated {
        eprintln!("what it leads to:");
        bill::show(calculated, false);
        eprintln!("next: oblik bill --account {} --period {}", confirmation.contract, confirmation.period);
    }
    if setup.json {
        print::json(&json!({
            "confirmation": id, "state": state, "account": confirmation.contract.as_str(), "period": confirmation.period.to_string(),
            "what": what(confirmation), "reason": confirmation.reason, "operator": confirmation.operator, "approved_by": confirmation.approved_by,
            "confirmed_at": confirmation.confirmed_at, "findings": findings.iter().map(print::finding).collect::<Vec<_>>(),
            "total": calculated.map(|bill| bill.total.to_string()), "volume_kwh": calculated.map(|bill| bill.active_volume().to_string()),
        }));
    }
    Ok(Ending::Done)
}

fn not_doubted(setup: &Setup, preview: &BillPreview) -> Result<Ending> {
    let findings = match preview {
        BillPreview::UnknownAccount => bail!("no such account; oblik account list shows those there are"),
        BillPreview::Broken(cause) => bail!("the calculation broke, which is ours to mend: {cause}"),
        BillPreview::Bill(..) => &[][..],
        BillPreview::Refused(findings) => findings.as_slice(),
    };
    eprintln!("nothing of the kind is doubted; nothing was stored");
    bill::show_findings(findings);
    if setup.json {
        print::json(&json!({ "state": "not-doubted", "findings": findings.iter().map(print::finding).collect::<Vec<_>>() }));
    }
    Ok(Ending::Bad)
}

fn in_words(confirmation: &Confirmation) -> String {
    match &confirmation.what {
        Confirmed::Volume { volume } => format!("the volume is {volume} kWh"),
        Confirmed::Rollover { register, opening, closing } => {
            format!("{} {} passed its end between {opening} and {closing}", register.meter, register_name(register))
        }
    }
}

fn what(confirmation: &Confirmation) -> Value {
    match &confirmation.what {
        Confirmed::Volume { volume } => json!({ "volume_kwh": volume.to_string() }),
        Confirmed::Rollover { register, opening, closing } => json!({
            "rollover": { "point": register.point.as_str(), "meter": register.meter.as_str(), "register": register_name(register), "opening": opening.to_string(), "closing": closing.to_string() }
        }),
    }
}

async fn entered(setup: &Setup, arguments: Enter) -> Result<Ending> {
    let house = setup.open().await?;
    let Enter { account, period, meter, register: (kind, zone), value, on, occasion, reason } = arguments;
    let entry = Entry { contract: account, period, meter, kind, zone, total: value, read_on: on, occasion };
    let word = Word { operator: &print::operator(), reason: &reason };
    let entered = enter_reading(&house, &entry, word).await?;
    house.store.close().await;
    let findings = entered.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    bill::show_findings(findings);
    if let Ok(reading) = &entered {
        eprintln!(
            "{} {}: {} on {}, stored",
            reading.register.meter,
            register_name(&reading.register),
            reading.total,
            reading.read_on
        );
    }
    if setup.json {
        print::json(&json!({
            "state": if entered.is_ok() { "stored" } else { "refused" }, "account": entry.contract.as_str(), "period": period.to_string(),
            "meter": entry.meter.as_str(), "register": format!("{kind}/{zone}"), "value": value.to_string(), "on": on, "occasion": occasion.as_str(),
            "findings": findings.iter().map(print::finding).collect::<Vec<_>>(),
        }));
    }
    Ok(if entered.is_ok() { Ending::Done } else { Ending::Bad })
}
