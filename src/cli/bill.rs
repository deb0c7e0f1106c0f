//! `oblik bill`: one account, dry or for good.

use anyhow::{Result, bail};
use oblik_domain::billing::Bill as Calculation;
use oblik_domain::finding::Finding;
use oblik_domain::metering::EnergyKind;
use oblik_pipeline::{BillPreview, bill_now, preview, run_until_idle};
use serde_json::{Value, json};

use crate::arguments::Bill;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, arguments: &Bill) -> Result<Ending> {
    let house = setup.open().await?;
    let calculated = if arguments.dry_run {
        preview(&house, &arguments.account, arguments.period).await?
    } else {
        let drafted = bill_now(&house, &arguments.account, arguments.period, &print::operator()).await?;
        run_until_idle(&house).await?;
        drafted
    };
    let state = if arguments.dry_run { "calculated" } else { "billed" };
    let (state, findings, bill) = match calculated {
        BillPreview::UnknownAccount => bail!("no account {}; oblik account list shows those there are", arguments.account),
        BillPreview::Bill(bill) => (state, Vec::new(), Some(bill)),
        BillPreview::Refused(findings) => ("refused", findings, None),
    };
    if setup.json {
        print::json(&told(arguments, state, &findings, bill.as_deref()));
    }
    for finding in &findings {
        eprintln!("{}: {}", finding.code, print::sentence(finding));
    }
    if let Some(bill) = &bill {
        show(bill, arguments.trace);
    }
    house.store.close().await;
    Ok(if findings.is_empty() { Ending::Done } else { Ending::Bad })
}

fn told(arguments: &Bill, state: &str, findings: &[Finding], bill: Option<&Calculation>) -> Value {
    let lines = bill.map(|bill| bill.lines.as_slice()).unwrap_or_default().iter().map(|line| {
        json!({
            "kind": line.component.as_str(), "point": Value::Null, "voltage_class": line.voltage_class.as_str(), "zone": line.zone.as_str(),
            "quantity": line.quantity.to_string(), "unit": "kWh", "price": line.price.to_string(), "net": line.net.to_string(), "vatable": true,
        })
    });
    let trace = bill.filter(|_| arguments.trace).map(|bill| bill.trace.as_slice()).unwrap_or_default().iter();
    let trace =
        trace.map(|step| json!({ "rule": step.rule, "subject": step.subject, "formula": step.formula, "result": step.result }));
    let findings = findings.iter().map(|finding| {
        let named: serde_json::Map<String, Value> =
            finding.values.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
        json!({ "code": finding.code.as_str(), "values": named, "message": print::sentence(finding) })
    });
    json!({
        "account": arguments.account.as_str(), "period": arguments.period.to_string(), "state": state,
        "findings": findings.collect::<Vec<_>>(),
        "volume_kwh": bill.map(|bill| bill.active_volume().to_string()),
        "lines": lines.collect::<Vec<_>>(),
        "net": bill.map(|bill| bill.net.to_string()), "vat": bill.map(|bill| bill.vat.to_string()), "total": bill.map(|bill| bill.total.to_string()),
        "trace": trace.collect::<Vec<_>>(),
    })
}

fn show(bill: &Calculation, trace: bool) {
    eprintln!("{} {}: {} kWh", bill.contract, bill.period, bill.active_volume());
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
                line.component.to_string(),
                format!("class {}", line.voltage_class),
                line.zone.to_string(),
                line.quantity.to_string(),
                line.price.to_string(),
                line.net.to_string(),
            ]
        })
        .collect();
    print::table(&["component", "voltage", "zone", "kWh", "UAH/kWh", "UAH"], &lines);
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
