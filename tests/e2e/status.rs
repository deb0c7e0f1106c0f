//! Status asked online: the act waits while nobody answers, passes when a real responder does, and is refused when it says
//! that the certificate is revoked.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use oblik_e2e::{Engine, House, Plan, act_mail, program, wait_for, wait_until, world};
use oblik_sample::Customer;

use crate::signing::{detached, figures, xml};

/// `openssl ocsp` of the authority that issued for RSA keys; killed when dropped.
struct Responder(Child);

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serial(customer: &Customer) -> Option<String> {
    let pem = customer.identity.certificate_pem();
    let told = program("openssl", &["x509", "-noout", "-serial"], pem.as_bytes())?;
    Some(told.out.trim().strip_prefix("serial=").expect("a serial number").to_owned())
}

/// Says of the first customer that all is well, of the second that the key was lost an hour ago.
fn responder(house: &House) -> Option<Responder> {
    let [good, revoked] = &world().asked;
    let algorithm = good.identity.algorithm;
    assert_eq!(algorithm, revoked.identity.algorithm);
    let hour_ago = (world().now - chrono::TimeDelta::hours(1)).format("%y%m%d%H%M%SZ");
    let index = format!(
        "V\t491231235959Z\t\t{}\tunknown\t/CN=good\nR\t491231235959Z\t{hour_ago},keyCompromise\t{}\tunknown\t/CN=revoked\n",
        serial(good)?,
        serial(revoked)?
    );
    let (certificate, key) = world().authority.issuing_pem(algorithm);
    let index = house.write("index.txt", index.as_bytes());
    std::fs::write(index.with_extension("txt.attr"), "unique_subject = no\n").unwrap();
    let (certificate, key) = (house.write("issuing.pem", certificate.as_bytes()), house.write("issuing.key", key.as_bytes()));
    let mut command = Command::new("openssl");
    command.args(["ocsp", "-nmin", "10", "-port", &world().responder_port.to_string(), "-index"]).arg(&index);
    command.arg("-CA").arg(&certificate).arg("-rsigner").arg(&certificate).arg("-rkey").arg(&key);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("openssl");
    Some(Responder(child))
}

/// A house that requires the status of every certificate and knows the root's list only.
fn house() -> Option<House> {
    let house = House::furnished(Plan::folders(Engine::Sqlite))?;
    let lists = house.folder().join("trust/crls/lists.pem");
    let text = std::fs::read_to_string(&lists).unwrap();
    let end = "-----END X509 CRL-----\n";
    let (first, _) = text.split_once(end).expect("the root's list");
    std::fs::write(&lists, format!("{first}{end}")).unwrap();
    let policy = oblik_signature::Policy::embedded();
    let policy = house.write("policy.toml", policy.text().replace("\"if-available\"", "\"required\"").as_bytes());
    let port = world().responder_port;
    house.configure("one", |text| {
        let crls = format!("crls = \"{}/trust/crls\"\n", house.folder().display());
        assert!(text.contains(&crls));
        let required = text.replace(&crls, &format!("{crls}policy = \"{}\"\n", policy.display()));
        format!("{required}\n[trust.online]\nhosts = [\"127.0.0.1:{port}\"]\nallow_private = [\"127.0.0.1/32\"]\n")
    });
    Some(house)
}

#[test]
fn an_act_waits_for_a_responder_and_what_it_says_decides() {
    let Some(house) = house() else { return };
    let [good, revoked] = &world().asked;
    if serial(good).is_none() {
        return;
    }
    let daemon = house.daemon();
    house.deliver(&act_mail(good, 1, detached(good)));
    wait_until("the act to wait", Duration::from_secs(40), || house.json(&["status"])["waiting"]["acts"] == 1);
    let status = house.json(&["status"]);
    assert!(status["waiting"]["oldest_since"].is_string() && status["waiting"]["until"].is_string(), "{status}");
    let queue = house.json(&["queue", "list"]);
    assert_eq!((queue.as_array().map(Vec::len), &queue[0]["waits_for"]), (Some(1), &"status".into()), "{queue}");
    let item = queue[0]["item"].to_string();
    assert_eq!(house.json(&["queue", "show", &item])["waiting"]["act"], queue[0]["act"]);
    // A look that the operator asks for learns as little, and nothing was said to anybody.
    assert_eq!(house.run(&["queue", "retry", &item, "--reason", "a look"]).code, 0);
    assert!(house.raw_letters().is_empty());

    let Some(_responder) = responder(&house) else { return };
    // The host is left alone for a while after it failed.
    wait_for("the invoice", Duration::from_mins(2), || {
        let _ = house.run(&["queue", "retry", &item, "--reason", "the responder is back"]);
        std::thread::sleep(Duration::from_secs(2));
        Some(()).filter(|()| !house.raw_letters().is_empty())
    });
    let letters = house.wait_letters(1, Duration::from_secs(1));
    assert_eq!(letters[0].to, good.email());
    let record = house.json(&["account", "show", good.contract().as_str()]);
    let figures = figures(&house, &xml(good));
    assert_eq!(record["invoices"][0]["total"], figures["total"], "{}", letters[0].text);
    assert_eq!(house.json(&["status"])["waiting"]["acts"], 0);

    house.deliver(&act_mail(revoked, 2, detached(revoked)));
    let letters = house.wait_letters(2, Duration::from_secs(40));
    let refusal = letters.iter().find(|letter| letter.to == revoked.email()).expect("a letter to the second customer");
    assert!(refusal.text.contains("SIG-REVOKED"), "{}", refusal.text);
    let record = house.json(&["account", "show", revoked.contract().as_str()]);
    assert_eq!(record["invoices"].as_array().map_or(0, Vec::len), 0, "{record}");
    daemon.sigterm();
    // What the responder said is in the evidence: the verdicts are repeated without it.
    assert_eq!(house.run(&["rejudge", "--all-since", "2000-01-01T00:00:00Z"]).code, 0);
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}
