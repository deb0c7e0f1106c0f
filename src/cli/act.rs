//! `oblik act issue`: the form a customer signs.

use anyhow::{Context as _, Result, bail, ensure};
use oblik_documents::ActForm;
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{ActRow, ReadingAct, examine};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::refuses;
use oblik_domain::metering::{EnergyKind, RegisterKey, Zone};
use oblik_domain::period::kyiv_day;
use serde_json::json;

use crate::arguments::{Act, ActIssue};
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, what: Act) -> Result<Ending> {
    let Act::Issue(arguments) = what;
    let house = setup.open().await?;
    let now = house.now();
    let today = kyiv_day(now);
    let mut tx = house.store.begin("act-issue").await?;
    let record = tx.account_record(&arguments.account).await?;
    let record = record.with_context(|| format!("no account {}; oblik account list shows those there are", arguments.account))?;
    let act = match &arguments.xml {
        None => ReadingAct {
            contract: arguments.account.clone(),
            period: arguments.period,
            read_on: arguments.read_on.unwrap_or(today),
            rows: arguments.readings.iter().map(|text| row(text, &record)).collect::<Result<_>>()?,
        },
        Some(path) => of_xml(path, &arguments)?,
    };
    let opening = tx.readings_before(&act.contract, act.period).await?;
    let findings = examine(&act, &record, &opening, today);
    for finding in &findings {
        eprintln!("{}: {}", finding.code, print::sentence(finding));
    }
    if refuses(&findings) {
        tx.roll_back().await?;
        if setup.json {
            print::json(&json!({ "state": "refused", "findings": findings.iter().map(print::finding).collect::<Vec<_>>() }));
        }
        return Ok(Ending::Bad);
    }
    let xml = oblik_edi::write_reading_act(&act);
    let version = u32::try_from(tx.issued_forms(&act.contract, act.period).await? + 1).context("count the forms")?;
    let number = format!("{}/{}", act.contract, act.period);
    let form = ActForm {
        seller: &house.config.supplier.seller,
        record: &record,
        act: &act,
        opening: &opening,
        number: &number,
        version,
        made_on: today,
    };
    let pdf = house.typesetter.reading_act_pdf(&form, &xml)?;
    tx.put_issued_reading_act(&pdf, &act.contract, act.period, now).await?;
    tx.journal(
        now,
        "act form issued",
        "account",
        &act.contract,
        &json!({ "who": print::operator(), "period": act.period.to_string(), "version": version }),
    );
    tx.commit().await?;
    oblik_channels::files::write(&arguments.out, &pdf).with_context(|| format!("write {}", arguments.out.display()))?;
    if let Some(path) = &arguments.out_xml {
        oblik_channels::files::write(path, &xml).with_context(|| format!("write {}", path.display()))?;
    }
    eprintln!("{}: act {number}, version {version}, to be signed by the customer", arguments.out.display());
    if setup.json {
        print::json(
            &json!({ "state": "issued", "number": number, "version": version, "pdf": arguments.out, "xml": arguments.out_xml }),
        );
    }
    house.store.close().await;
    Ok(Ending::Done)
}

fn of_xml(path: &std::path::Path, arguments: &ActIssue) -> Result<ReadingAct> {
    let bytes = oblik_channels::files::read(path).with_context(|| format!("read {}", path.display()))?;
    let act = match oblik_edi::read_reading_act(&bytes) {
        Ok(act) => act,
        Err(findings) => {
            let list: Vec<_> = findings.iter().map(print::sentence).collect();
            bail!("{} is no reading act: {}", path.display(), list.join("; "));
        }
    };
    ensure!(
        act.contract == arguments.account && act.period == arguments.period,
        "{} is of account {} and period {}",
        path.display(),
        act.contract,
        act.period
    );
    Ok(act)
}

/// Reads `METER:KIND/ZONE=VALUE`; the point is the meter's.
fn row(text: &str, record: &AccountRecord) -> Result<ActRow> {
    let how = || format!("{text:?}: write METER:KIND/ZONE=VALUE, such as NIK-1001:active-import/total=12401.85");
    let (register, value) = text.rsplit_once('=').with_context(how)?;
    let (meter, register) = register.rsplit_once(':').with_context(how)?;
    let (kind, zone) = register.split_once('/').with_context(how)?;
    let meter = record.meters.iter().find(|known| known.serial.as_str() == meter);
    let meter = meter.with_context(|| format!("{text:?}: account {} has no such meter", record.account.contract))?;
    let kind = EnergyKind::parse(kind).with_context(|| format!("{text:?}: the kind is one of {}", words(EnergyKind::ALL)))?;
    let zone = Zone::parse(zone).with_context(|| format!("{text:?}: the zone is one of {}", words(Zone::ALL)))?;
    let value = value.replace(',', ".").parse().ok().and_then(RegisterTotal::from_units);
    let total = value.with_context(|| format!("{text:?}: the value has at most nine digits and three decimals"))?;
    Ok(ActRow { register: RegisterKey { point: meter.point.clone(), meter: meter.serial.clone(), kind, zone }, total })
}

fn words<T: std::fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
