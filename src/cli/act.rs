//! `oblik act`: the acts a customer signs.

use anyhow::{Context as _, Result, bail, ensure};
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{ActRow, ReadingAct};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::ContractNumber;
use oblik_domain::metering::{EnergyKind, RegisterKey, Zone};
use oblik_domain::period::{Period, kyiv_day};
use oblik_pipeline::{ActAgain, ActByHand, House, MadeByHand, act_file_name, act_number, issue_act, known_act, send_act_again};
use oblik_store::StoredReadingAct;
use serde_json::{Value, json};

use crate::arguments::{Act, ActIssue, ActShow};
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, what: Act) -> Result<Ending> {
    let house = setup.open().await?;
    let ending = match what {
        Act::Issue(arguments) => issue(setup, &house, &arguments).await?,
        Act::List { account } => list(setup, &house, &account).await?,
        Act::Show(arguments) => show(setup, &house, &arguments).await?,
        Act::Send { account, period } => send(setup, &house, &account, period).await?,
    };
    house.store.close().await;
    Ok(ending)
}

async fn issue(setup: &Setup, house: &House, arguments: &ActIssue) -> Result<Ending> {
    let act = stated(house, arguments).await?;
    let operator = print::operator();
    let by_hand = ActByHand { act: &act, operator: &operator, mailed: arguments.send };
    let (version, pdf, xml, notes) = match issue_act(house, &by_hand).await? {
        MadeByHand::Issued { version, pdf, xml, notes } => (version, pdf, xml, notes),
        MadeByHand::Refused(findings) => {
            tell(&findings);
            if setup.json {
                print::json(&json!({ "state": "refused", "findings": findings.iter().map(print::finding).collect::<Vec<_>>() }));
            }
            return Ok(Ending::Bad);
        }
        MadeByHand::UnknownAccount => bail!("no account {}; oblik account list shows those there are", act.contract),
        MadeByHand::Broken(cause) => bail!("set the act: {cause}"),
    };
    tell(&notes);
    oblik_channels::files::write(&arguments.out, &pdf).with_context(|| format!("write {}", arguments.out.display()))?;
    if let Some(path) = &arguments.out_xml {
        oblik_channels::files::write(path, &xml).with_context(|| format!("write {}", path.display()))?;
    }
    let number = act_number(&act.contract, act.period);
    eprintln!("{}: act {number}, version {version}, to be signed by the customer", arguments.out.display());
    if setup.json {
        print::json(
            &json!({ "state": "issued", "number": number, "version": version, "pdf": arguments.out, "xml": arguments.out_xml }),
        );
    }
    Ok(Ending::Done)
}

fn tell(findings: &[oblik_domain::finding::Finding]) {
    for finding in findings {
        eprintln!("{}: {}", finding.code, print::sentence(finding));
    }
}

/// The readings as typed, from a file, or as they are known.
async fn stated(house: &House, arguments: &ActIssue) -> Result<ReadingAct> {
    if let Some(path) = &arguments.xml {
        return of_xml(path, arguments);
    }
    if arguments.readings.is_empty() {
        let known = known_act(house, &arguments.account, arguments.period).await?;
        return known.with_context(|| {
            format!("not all readings of {} for {} are known; type them with --reading", arguments.account, arguments.period)
        });
    }
    let mut tx = house.store.read().await?;
    let record = tx.account_record(&arguments.account).await?;
    tx.roll_back().await?;
    let record = record.with_context(|| format!("no account {}; oblik account list shows those there are", arguments.account))?;
    Ok(ReadingAct {
        contract: arguments.account.clone(),
        period: arguments.period,
        read_on: arguments.read_on.unwrap_or_else(|| kyiv_day(house.now())),
        rows: arguments.readings.iter().map(|text| row(text, &record)).collect::<Result<_>>()?,
    })
}

async fn list(setup: &Setup, house: &House, account: &ContractNumber) -> Result<Ending> {
    let mut tx = house.store.read().await?;
    let acts = tx.reading_acts(account).await?;
    tx.roll_back().await?;
    if setup.json {
        print::json(&acts.iter().map(told).collect());
        return Ok(Ending::Done);
    }
    let rows: Vec<Vec<String>> = acts
        .iter()
        .map(|act| {
            let version = act.version.map(|version| version.to_string()).unwrap_or_default();
            let issued = act.issued_at.map(print::minute).unwrap_or_default();
            vec![act.period.to_string(), version, act.state.to_string(), issued, act.reason.clone().unwrap_or_default()]
        })
        .collect();
    print::table(&["period", "version", "state", "issued (UTC)", "why or by"], &rows);
    Ok(Ending::Done)
}

fn told(act: &StoredReadingAct) -> Value {
    json!({
        "number": act_number(&act.contract, act.period), "period": act.period.to_string(), "version": act.version,
        "state": act.state.as_str(), "reason": act.reason, "issued_at": act.issued_at, "pdf_sha256": act.pdf_sha256,
        "xml_sha256": act.xml_sha256, "stated": act.stated,
    })
}

async fn show(setup: &Setup, house: &House, arguments: &ActShow) -> Result<Ending> {
    let mut tx = house.store.read().await?;
    let acts = tx.reading_acts_of(&arguments.account, arguments.period).await?;
    let wanted = |act: &&StoredReadingAct| match arguments.act_version {
        Some(version) => act.version == Some(version),
        None => act.holds(),
    };
    let act = acts.iter().find(wanted).with_context(|| {
        format!("no such act of {} for {}; oblik act list shows those there are", arguments.account, arguments.period)
    })?;
    if let (Some(path), Some(sha256)) = (&arguments.out, &act.pdf_sha256) {
        let pdf = tx.blob(sha256).await?;
        oblik_channels::files::write(path, &pdf).with_context(|| format!("write {}", path.display()))?;
    }
    tx.roll_back().await?;
    if setup.json {
        print::json(&told(act));
    } else {
        let version = act.version.unwrap_or_default();
        println!("{}, version {version}: {}", act_number(&act.contract, act.period), act.state);
        println!("file    {}", act_file_name(&act.contract, act.period, version));
        println!("sha256  {}", act.pdf_sha256.as_deref().unwrap_or_default());
        println!("issued  {}", act.issued_at.map(print::minute).unwrap_or_default());
    }
    Ok(Ending::Done)
}

async fn send(setup: &Setup, house: &House, account: &ContractNumber, period: Period) -> Result<Ending> {
    let (state, version) = match send_act_again(house, account, period, &print::operator()).await? {
        ActAgain::Sent { version, to } => {
            eprintln!("act {}, version {version}, goes to {to} again", act_number(account, period));
            ("sent", Some(version))
        }
        ActAgain::NoAct => {
            eprintln!(
                "no act of {account} for {period} waits for a signature; oblik act list --account {account} shows why, oblik act issue makes one"
            );
            ("no-act", None)
        }
        ActAgain::NoAddress => {
            eprintln!(
                "account {account} has no address; give it one in the master data, or hand the act over: oblik act show --out"
            );
            ("no-address", None)
        }
    };
    if setup.json {
        print::json(&json!({ "state": state, "version": version }));
    }
    Ok(if version.is_some() { Ending::Done } else { Ending::Bad })
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
