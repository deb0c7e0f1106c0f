//! `oblik bill`: one account, dry or for good.

use anyhow::{Result, bail};
use oblik_billing::MissingReadings;
use oblik_domain::bill::{Bill as Calculation, Correction};
use oblik_domain::finding::Finding;
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, VoltageClass};
use oblik_pipeline::{BillPreview, How, bill_now, correct_now, preview, preview_correction, run_until_idle};
use serde_json::{Value, json};

use crate::arguments::{Bill, BillOne};
use crate::configuration::Setup;
use crate::{Ending, month, print};

pub async fn run(setup: &Setup, arguments: &Bill) -> Result<Ending> {
    match arguments {
        Bill { whole: Some(whole), .. } => month::run(setup, whole).await,
        Bill { one: Some(one), .. } => account(setup, one).await,
        Bill { .. } => bail!("say --account and --period, or run --period"),
    }
}

async fn account(setup: &Setup, arguments: &BillOne) -> Result<Ending> {
    let house = setup.open().await?;
    let (contract, period) = (&arguments.account, arguments.period);
    let how = How { missing: arguments.estimate.then_some(MissingReadings::Estimate), known_at: arguments.known_at };
    let reason = arguments.reason.as_deref().filter(|_| arguments.correct);
    let calculated = match (reason, arguments.dry_run) {
        (None, true) => preview(&house, contract, period, how).await?,
        (None, false) => bill_now(&house, contract, period, how, &print::operator()).await?,
        (Some(reason), true) => preview_correction(&house, contract, period, reason).await?,
        (Some(reason), false) => correct_now(&house, contract, period, reason, &print::operator()).await?,
    };
    if !arguments.dry_run {
        run_until_idle(&house).await?;
    }
    house.store.close().await;
    let state = if arguments.dry_run { "calculated" } else { "billed" };
    let (state, findings, bill) = match calculated {
        BillPreview::UnknownAccount => bail!("no account {contract}; oblik account list shows those there are"),
        BillPreview::Broken(cause) => bail!("the calculation broke, which is ours to mend: {cause}"),
        BillPreview::Bill(bill, notes) => (state, notes, Some(bill)),
        BillPreview::Refused(findings) => ("refused", findings, None),
    };
    if setup.json {
        print::json(&told(arguments, state, &findings, bill.as_deref()));
    }
    show_findings(&findings);
    if let Some(bill) = &bill {
        show(bill, arguments.trace);
    }
    Ok(if bill.is_some() { Ending::Done } else { Ending::Bad })
}

/// Findings for a person, each with what to do.
pub fn show_findings(findings: &[Finding]) {
    for finding in findings {
        eprintln!("{}: {}", finding.code, print::sentence(finding));
    }
}

fn told(arguments: &BillOne, state: &str, findings: &[Finding], bill: Option<&Calculation>) -> Value {
    let lines = bill.map(|bill| bill.lines.as_slice()).unwrap_or_default().iter().map(|line| {
        json!({
            "kind": line.kind.as_str(), "debt": line.debt.as_str(), "point": line.point.as_ref().map(Eic::as_str),
            "voltage_class": line.voltage_class.map(VoltageClass::as_str), "zone": line.zone.as_str(), "from": line.from, "to": line.to,
            "quantity": line.quantity.map(|quantity| quantity.to_string()), "unit": line.kind.unit(),
            "price": line.price.map(|price| price.to_string()), "factor": line.factor.map(|factor| factor.to_string()),
            "net": line.net.to_string(), "vatable": line.vatable,
        })
    });
    let trace = bill.filter(|_| arguments.trace).map(|bill| bill.trace.as_slice()).unwrap_or_default().iter();
    let trace = trace.map(|step| {
        let inputs = step.inputs.iter();
        let inputs = inputs.map(|input| json!({ "name": input.name, "value": input.value, "source": input.source }));
        json!({
            "rule": step.rule, "subject": step.subject, "formula": step.formula, "result": step.result,
            "inputs": inputs.collect::<Vec<_>>(),
        })
    });
    let correction = bill.and_then(|bill| bill.correction.as_ref()).map(|correction| {
        json!({
            "original": correction.original.to_string(), "original_date": correction.original_date, "reason": correction.reason,
            "billed_total": correction.billed_total.to_string(), "rerated_total": correction.rerated_total.to_string(),
        })
    });
    json!({
        "account": arguments.account.as_str(), "period": arguments.period.to_string(), "state": state,
        "findings": findings.iter().map(print::finding).collect::<Vec<_>>(),
        "correction": correction,
        "volume_kwh": bill.map(|bill| bill.active_volume().to_string()),
        "lines": lines.collect::<Vec<_>>(),
        "net": bill.map(|bill| bill.net.to_string()), "vat_rate": bill.map(|bill| bill.vat_rate.to_string()), "vat": bill.map(|bill| bill.vat.to_string()), "total": bill.map(|bill| bill.total.to_string()),
        "trace": trace.collect::<Vec<_>>(),
    })
}

pub fn show(bill: &Calculation, trace: bool) {
    eprintln!("{} {}: {} kWh", bill.contract, bill.period, bill.active_volume());
    if let Some(Correction { original, original_date, billed_total, rerated_total, reason }) = &bill.correction {
        eprintln!("corrects {original} of {original_date}: {reason}; billed so far {billed_total}, now {rerated_total} UAH");
    }
    let volumes: Vec<_> = bill
        .rows
        .iter()
        .map(|row| {
            let unit = if row.register.kind == EnergyKind::ActiveImport { "kWh" } else { "kvarh" };
            vec![
                row.register.point.to_string(),
                row.register.meter.to_string(),
                format!("{}/{}", row.register.kind, row.register.zone),
                row.opening.to_string(),
                row.closing.to_string(),
                row.coefficient.to_string(),
                format!("{} {unit}", row.volume),
            ]
        })
        .collect();
    print::table(&["point", "meter", "register", "opening", "closing", "K", "volume"], &volumes);
    let lines: Vec<_> = bill
        .lines
        .iter()
        .map(|line| {
            vec![
                line.kind.to_string(),
                line.voltage_class.map(|class| format!("class {class}")).unwrap_or_default(),
                line.zone.to_string(),
                line.quantity.map(|quantity| format!("{quantity} {}", line.kind.unit())).unwrap_or_default(),
                line.price.map(|price| price.to_string()).unwrap_or_default(),
                line.net.to_string(),
            ]
        })
        .collect();
    print::table(&["line", "voltage", "zone", "quantity", "UAH a unit", "UAH"], &lines);
    eprintln!("net {}  VAT {} %  {}  total {} UAH", bill.net, bill.vat_rate, bill.vat, bill.total);
    if trace {
        let steps: Vec<_> = bill
            .trace
            .iter()
            .map(|step| vec![step.rule.to_string(), step.subject.clone(), step.formula.clone(), step.result.clone()])
            .collect();
        print::table(&["rule", "subject", "formula", "result"], &steps);
    }
}
