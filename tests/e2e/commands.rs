//! The commands an operator and a script use, with the shapes and exit codes they rely on.

use std::path::Path;

use oblik_e2e::{Engine, House, Plan, act_mail, act_mail_with, program, world};
use oblik_sample::mail::File;
use serde_json::{Value, json};

use crate::files::readings;
use crate::signing::{by_openssl, detached, enclosing, figures, pdf, xml};

fn house() -> Option<House> {
    House::furnished(Plan::folders(Engine::Sqlite))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("an object is wanted: {value}")).keys().map(String::as_str).collect()
}

fn has_keys(value: &Value, wanted: &[&str]) {
    let found = keys(value);
    assert!(wanted.iter().all(|key| found.contains(key)), "wanted {wanted:?} in {value}");
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Calls `verify` with the house's trust: exit code and answer.
pub fn verify(house: &House, file: &Path, more: &[&str]) -> (i32, Value) {
    let trust = house.folder().join("trust");
    let [anchors, between, lists] = ["anchors", "intermediates", "crls"].map(|name| trust.join(name));
    let arguments =
        ["verify", text(file), "--json", "--trust", text(&anchors), "--intermediates", text(&between), "--crl", text(&lists)];
    let ran = house.run(&[&arguments[..], more].concat());
    (ran.code, ran.json())
}

#[test]
fn verify_judges_every_form_and_tells_it_in_json() {
    let Some(house) = house() else { return };
    let customer = world().customer(2);
    let content = house.write("akt.xml", &xml(customer));
    let signature = detached(customer).pop().unwrap().bytes;
    let pem = by_openssl(&house, customer, &xml(customer), &["-outform", "PEM"]).unwrap_or_else(|| signature.clone());
    let mail = act_mail(customer, 2, detached(customer));
    let signer = customer.identity.signer().unwrap();
    let mut smime = Vec::new();
    act_mail_with(customer, 3, vec![File::xml("akt.xml", xml(customer))], |draft| smime = draft.smime_signed(&signer).unwrap());
    let forms: [(&str, Vec<u8>, bool); 6] = [
        ("akt.pdf", pdf(&house, customer).remove(0).bytes, false),
        ("akt.xml.p7s", signature, true),
        ("pem.p7s", pem, true),
        ("akt.p7m", enclosing(customer).remove(0).bytes, false),
        ("mail.eml", mail, false),
        ("smime.eml", smime, false),
    ];
    for (name, bytes, is_detached) in forms {
        let more = if is_detached { vec!["--content", text(&content)] } else { Vec::new() };
        let (code, told) = verify(&house, &house.write(name, &bytes), &more);
        assert_eq!((code, &told["indication"]), (0, &"TOTAL-PASSED".into()), "{name}: {told}");
        has_keys(&told, &["indication", "sub_indication", "signatures"]);
        let [signature] = told["signatures"].as_array().unwrap().as_slice() else { panic!("{name}: {told}") };
        has_keys(
            signature,
            &[
                "format",
                "level",
                "signer",
                "algorithm",
                "digest",
                "signing_time",
                "timestamp_time",
                "covers",
                "findings",
                "chain",
            ],
        );
        has_keys(&signature["signer"], &["subject", "serial", "edrpou", "rnokpp"]);
        assert_eq!(signature["signer"]["edrpou"], customer.record.account.edrpou.as_str(), "{name}");
        assert_eq!(signature["chain"].as_array().map(Vec::len), Some(3), "{name}: {told}");
    }
}

#[test]
fn verify_names_what_is_wrong_in_the_words_of_the_standard() {
    let Some(house) = house() else { return };
    let customer = world().customer(2);
    let wrong = house.write("wrong.xml", &xml(world().customer(1)));
    let p7s = |signer: &oblik_sample::Customer| house.write("x.p7s", &signer.sign_detached(&xml(customer), world().now).unwrap());
    let content = house.write("akt.xml", &xml(customer));
    let unsigned = house.write("form.pdf", &house.issue_act_pdf(customer));
    let cases = [
        ("tampered", p7s(customer), Some(&wrong), "TOTAL-FAILED", Some("HASH_FAILURE"), "SIG-TAMPERED"),
        (
            "untrusted",
            p7s(&world().untrusted),
            Some(&content),
            "INDETERMINATE",
            Some("NO_CERTIFICATE_CHAIN_FOUND"),
            "SIG-UNTRUSTED",
        ),
        ("expired", p7s(&world().expired), Some(&content), "INDETERMINATE", None, "SIG-EXPIRED"),
        ("revoked", p7s(world().customer(33)), Some(&content), "INDETERMINATE", None, "SIG-REVOKED"),
        ("unsigned", unsigned, None, "INDETERMINATE", Some("NO_SIGNATURE"), "SIG-MISSING"),
    ];
    for (name, file, content, indication, sub_indication, finding) in cases {
        let more = content.map(|content| vec!["--content", text(content)]).unwrap_or_default();
        let (exit, told) = verify(&house, &file, &more);
        assert_eq!(exit, 1, "{name}: {told}");
        let of_signature = told["signatures"].get(0).unwrap_or(&told);
        assert_eq!(told["indication"], of_signature["indication"], "{name}: {told}");
        // What ended or was revoked before the judge's moment fails or stays open, by whether a proof of existence is there.
        let fits = told["indication"] == indication || (sub_indication.is_none() && told["indication"] == "TOTAL-FAILED");
        assert!(fits && sub_indication.is_none_or(|sub| told["sub_indication"] == sub), "{name}: {told}");
        assert!(told.to_string().contains(finding), "{name}: {told}");
    }
    // A day on which the certificate was still good.
    let moment = (world().now - chrono::TimeDelta::days(30)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let file = house
        .write("then.p7s", &world().expired.sign_detached(&xml(customer), world().now - chrono::TimeDelta::days(30)).unwrap());
    let root = house.folder().join("trust/anchors");
    let arguments = ["verify", text(&file), "--content", text(&content), "--json", "--at", &moment, "--trust", text(&root)];
    let told = house.run(&arguments).json();
    assert!(!told.to_string().contains("SIG-EXPIRED"), "{told}");
}

#[test]
fn xml_check_needs_no_database_and_names_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    for name in ["reading-act-1", "meter-readings-1", "master-data-1", "acknowledgement-1"] {
        let ran = oblik_e2e::run(folder.path(), &["--json", "xml", "check", text(&schemas.join(format!("{name}.example.xml")))]);
        assert_eq!(ran.good()["valid"], true, "{name}");
    }
    let broken = folder.path().join("broken.xml");
    let good = String::from_utf8(xml(world().customer(1))).unwrap();
    let period = good.lines().position(|line| line.contains("<Period>")).unwrap() + 1;
    std::fs::write(&broken, good.replace("<Period>", "<Period>x")).unwrap();
    let ran = oblik_e2e::run(folder.path(), &["--json", "xml", "check", text(&broken)]);
    let told = ran.json();
    assert_eq!((ran.code, &told["valid"]), (1, &false.into()), "{told}");
    has_keys(&told["errors"][0], &["line", "column", "path", "message"]);
    assert_eq!(told["errors"][0]["line"], period, "{told}");
    assert!(ran.err.contains(&format!("broken.xml:{period}:")), "{}", ran.err);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn config_check_tells_every_fault_at_once() {
    let Some(house) = house() else { return };
    assert_eq!(
        house.run(&["--json", "config", "check"]).good(),
        json!({ "valid": true, "faults": [], "trusted_list": null, "templates": [] })
    );
    house.configure("one", |text| text.replace("schedule = \"1s\"", "schedule = \"soon\"").replace("from_name", "form_name"));
    let ran = house.run(&["--json", "config", "check"]);
    let told = ran.json();
    assert_eq!((ran.code, &told["valid"]), (2, &false.into()), "{told}");
    let faults = told["faults"].as_array().unwrap();
    // from_name is missing, form_name is not known, two schedules are none.
    assert_eq!(faults.len(), 4, "{told}");
    has_keys(&faults[0], &["line", "column", "key", "what", "instead"]);
    assert!(ran.err.contains("did you mean from_name?") && ran.err.contains("one.toml:"), "{}", ran.err);
    let example = house.run(&["config", "example"]);
    assert!(example.code == 0 && example.out.contains("[delivery.smtp]"));
    assert_eq!(house.run(&["no-such-command"]).code, 2);
}

#[test]
fn a_dry_bill_equals_the_invoice_and_the_independent_calculation() {
    let Some(house) = house() else { return };
    let customer = world().customer(2);
    let (contract, month) = (customer.contract().to_string(), world().month().to_string());
    let dry = ["bill", "--account", &contract, "--period", &month, "--dry-run", "--trace"];
    let before = house.run(&[&["--json"], &dry[..]].concat());
    assert_eq!((before.code, &before.json()["findings"][0]["code"]), (1, &"E6".into()), "{before:?}");

    let mail = house.write("act.eml", &act_mail(customer, 2, detached(customer)));
    let told = house.run(&["--json", "ingest", text(&mail)]).good();
    it_has_the_shape_of_an_ingest(&told, &contract);
    let bill = house.run(&[&["--json"], &dry[..]].concat()).good();
    has_keys(&bill, &["account", "period", "state", "findings", "volume_kwh", "lines", "net", "vat", "total", "trace"]);
    let figures = figures(&house, &xml(customer));
    let invoice = house.json(&["account", "show", &contract])["invoices"][0].clone();
    for name in ["net", "vat", "total"] {
        assert_eq!((&bill[name], &bill[name]), (&figures[name], &invoice[name]), "{name}");
    }
    assert_eq!(bill["volume_kwh"], figures["volume"]);
    let kopiykas = |value: &Value| value.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let lines = bill["lines"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| kopiykas(&line["net"])).sum::<i64>(), kopiykas(&bill["net"]));
    has_keys(&lines[0], &["kind", "point", "zone", "quantity", "unit", "price", "net", "vatable"]);
    has_keys(&bill["trace"][0], &["rule", "subject", "formula", "result"]);
    assert_eq!(told["invoices"][0]["total"], bill["total"]);
    // The same message once more is no other message, and a bad one is judged bad.
    let again = house.run(&["--json", "ingest", text(&mail)]).good();
    assert_eq!((&again["item"], &again["duplicate"], &again["invoices"]), (&told["item"], &true.into(), &told["invoices"]));
    let empty = house.write("empty.eml", &act_mail(customer, 3, Vec::new()));
    let bad = house.run(&["--json", "ingest", text(&empty)]);
    assert_eq!((bad.code, &bad.json()["findings"][0]["code"]), (1, &"MAIL-NO-ACT".into()), "{bad:?}");
}

fn it_has_the_shape_of_an_ingest(told: &Value, contract: &str) {
    has_keys(told, &["item", "state", "intent", "findings", "letters", "acts", "invoices"]);
    assert_eq!((&told["state"], &told["intent"], &told["findings"]), (&"done".into(), &"act".into(), &json!([])), "{told}");
    let act = &told["acts"][0];
    assert_eq!(
        (&act["state"], &act["account"], &act["indication"]),
        (&"invoiced".into(), &contract.into(), &"TOTAL-PASSED".into())
    );
    has_keys(&told["letters"][0], &["to", "subject"]);
    has_keys(&told["invoices"][0], &["number", "account", "period", "total"]);
}

#[test]
fn an_operator_bills_what_a_file_brought_and_the_invoice_leaves_on_its_own() {
    let Some(house) = house() else { return };
    let customer = world().customer(8);
    let file = house.write("erp.xml", readings("ERP-9", &[8]).as_bytes());
    let told = house.run(&["--json", "import", text(&file)]).good();
    has_keys(&told["files"][0], &["name", "format", "state", "accepted", "rejected", "ack", "findings"]);
    assert!(Path::new(told["files"][0]["ack"].as_str().unwrap()).exists(), "{told}");
    let (contract, month) = (customer.contract().to_string(), world().month().to_string());
    let bill = ["--json", "bill", "--account", &contract, "--period", &month];
    let billed = house.run(&bill).good();
    assert_eq!((&billed["state"], &billed["total"]), (&"billed".into(), &figures(&house, &xml(customer))["total"]));
    let again = house.run(&bill);
    assert_eq!((again.code, &again.json()["findings"][0]["code"]), (1, &"E7".into()), "{again:?}");
    let daemon = house.daemon();
    let letters = house.wait_letters(1, std::time::Duration::from_secs(30));
    assert_eq!((letters[0].to.as_str(), letters[0].header("auto-submitted")), (customer.email(), "auto-generated"));
    crate::signing::judged_invoice(&house, letters[0].only_pdf());
    // The act that comes after the bill is told so, and changes nothing.
    house.deliver(&act_mail(customer, 8, detached(customer)));
    let letters = house.wait_letters(2, std::time::Duration::from_secs(30));
    assert!(letters.iter().any(|letter| letter.says("E7")), "{letters:?}");
    daemon.sigterm();
    assert_eq!(house.json(&["account", "show", &contract])["invoices"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_change_of_the_journal_is_found() {
    let Some(house) = house() else { return };
    let mail = house.write("act.eml", &act_mail(world().customer(4), 4, enclosing(world().customer(4))));
    house.run(&["--json", "ingest", text(&mail)]).good();
    let good = house.run(&["--json", "audit", "verify"]).good();
    assert!(good["holds"] == true && good["entries"].as_u64() > Some(5), "{good}");
    let exported = house.run(&["audit", "export"]);
    assert_eq!(u64::try_from(exported.out.lines().count()).ok(), good["entries"].as_u64());
    let file = house.folder().join("state/one/oblik.db");
    let change = "UPDATE journal SET detail = '{\"forged\":true}' WHERE seq = 3";
    let Some(refused) = program("sqlite3", &[text(&file), change], b"") else { return };
    assert!(!refused.good && refused.err.contains("append-only"), "{refused:?}");
    let told = program("sqlite3", &[text(&file), &format!("DROP TRIGGER journal_append_only; {change}")], b"").unwrap();
    assert!(told.good, "{}", told.err);
    let bad = house.run(&["--json", "audit", "verify"]);
    assert_eq!((bad.code, bad.json()["holds"].clone(), bad.json()["entry"].clone()), (1, false.into(), 3.into()), "{bad:?}");
}
