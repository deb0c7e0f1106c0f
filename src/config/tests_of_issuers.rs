//! Issuers and their keys as an administrator meets them.

use super::*;
use crate::tests::{GOOD, parse};

const OPERATOR: &str = r#"
[operator]
name = "Grid"
edrpou = "87654321"
vat_number = "876543210987"
address = "Rivne"
iban = "UA213223130000026007233566001"
bank = "Bank"
phone = "+380"
email = "office@grid.example.com.ua"
invoice_series = "GR"
"#;

const BRANCH: &str = r#"
[[branch]]
name = "Dubno"
"#;

const TOKEN: &str = r#"[signing.pkcs11]
module = "/usr/lib/token.so"
token = "supplier"
key = "signing"
"#;

const FILE: &str = "pkcs12 = \"keys/supplier.p12\"\npassphrase = \"credential:supplier-passphrase\"\n";

fn with_token(token: &str) -> String {
    GOOD.replace(&format!("[signing]\n{FILE}"), token)
}

#[test]
fn what_a_branch_leaves_out_is_the_suppliers() {
    let plain = parse(&format!("{GOOD}{BRANCH}")).unwrap();
    let ([branch], supplier) = (plain.branches.as_slice(), &plain.supplier) else { panic!("one branch") };
    assert_eq!((&branch.seller, &branch.invoice_series), (&supplier.seller, &supplier.invoice_series));
    assert!(branch.signing.is_none() && branch.template.is_none());

    let own = "printed_name = \"Dubno of Supplier\"\nphone = \"+381\"\ninvoice_series = \"DB\"\ntemplate = \"dubno.toml\"\n[branch.signing]\npkcs12 = \"d.p12\"\npassphrase = \"./d\"\n";
    let config = parse(&format!("{GOOD}{BRANCH}{own}")).unwrap();
    let [branch] = config.branches.as_slice() else { panic!("one branch") };
    assert_eq!((branch.name.as_str(), branch.seller.name.as_str()), ("Dubno", "Dubno of Supplier"));
    assert_eq!((branch.seller.phone.as_str(), branch.seller.email.as_str()), ("+381", "office@example.com.ua"));
    assert_eq!((branch.invoice_series.as_str(), branch.template.as_deref()), ("DB", Some(Path::new("/etc/oblik/dubno.toml"))));
    assert_eq!(branch.signing.as_ref().unwrap().keys.len(), 1);
}

#[test]
fn an_operator_bills_both_unless_it_says_what() {
    let config = parse(&format!("{GOOD}{OPERATOR}")).unwrap();
    let operator = config.operator.unwrap();
    assert_eq!(operator.bills, [OperatorBills::Reactive, OperatorBills::Distribution]);
    assert_eq!((operator.seller.name.as_str(), operator.invoice_series.as_str()), ("Grid", "GR"));
    assert!(operator.signing.is_none());
    let one = parse(&format!("{GOOD}{OPERATOR}bills = [\"reactive\"]\n")).unwrap();
    assert_eq!(one.operator.unwrap().bills, [OperatorBills::Reactive]);
    assert!(parse(GOOD).unwrap().operator.is_none());
}

#[test]
fn a_key_is_in_a_file_or_in_a_token_and_there_may_be_several() {
    let token = parse(&with_token(TOKEN)).unwrap();
    let [SigningKey::Token(at)] = token.signing.keys.as_slice() else { panic!("{:?}", token.signing) };
    assert_eq!((at.token.as_deref(), at.serial.as_deref(), at.key.as_deref()), (Some("supplier"), None, Some("signing")));
    let all = "serial = \"01\"\nid = \"01:aB\"\npin = \"credential:pin\"\ncertificate = \"c.pem\"\n";
    let all = parse(&with_token(&format!("{TOKEN}{all}"))).unwrap();
    let [SigningKey::Token(at)] = all.signing.keys.as_slice() else { panic!("{:?}", all.signing) };
    assert_eq!(at.id.as_deref(), Some(&[0x01, 0xab][..]));
    assert_eq!(at.pin, Some(Secret("/run/credentials/oblik.service/pin".into())));
    assert_eq!(at.certificate.as_deref(), Some(Path::new("/etc/oblik/c.pem")));

    let several = format!("[[signing.key]]\n{FILE}[[signing.key]]\n{}", TOKEN.replace("signing.pkcs11", "signing.key.pkcs11"));
    let several = parse(&with_token(&several)).unwrap();
    assert!(matches!(several.signing.keys.as_slice(), [SigningKey::File(_), SigningKey::Token(_)]), "{:?}", several.signing);
    let own = format!("{OPERATOR}{}", TOKEN.replace("[signing", "[operator.signing"));
    let own = parse(&format!("{GOOD}{own}")).unwrap().operator.unwrap();
    assert!(matches!(own.signing.unwrap().keys.as_slice(), [SigningKey::Token(_)]));
}

#[test]
fn every_fault_of_issuers_and_keys_names_its_key() {
    let branches = format!("{BRANCH}{BRANCH}");
    let two = |series: &str| format!("{GOOD}{OPERATOR}{BRANCH}invoice_series = \"{series}\"\n");
    let keys = |text: &str| with_token(&format!("[signing]\n{text}\n"));
    #[rustfmt::skip]
    let cases: &[(String, &str, &str)] = &[
        (format!("{GOOD}{}", OPERATOR.replace("invoice_series = \"GR\"\n", "")), "operator.invoice_series", "is missing"),
        (format!("{GOOD}{}", OPERATOR.replace("\"GR\"", "\"\"")), "operator.invoice_series", "another issuer has this series"),
        (two("GR"), "branch[0].invoice_series", "another issuer has this series"),
        (two(""), "branch[0].invoice_series", "another issuer has this series"),
        (format!("{GOOD}{OPERATOR}bills = [\"active\"]\n"), "operator.bills", "nothing an operator bills"),
        (format!("{GOOD}{OPERATOR}bills = []\n"), "operator.bills", "bills nothing"),
        (format!("{GOOD}{}", OPERATOR.replace("87654321\"", "8765432\"")), "operator.edrpou", "7 characters"),
        (format!("{GOOD}{branches}"), "branch[1].name", "another branch"),
        (format!("{GOOD}{BRANCH}adress = \"x\"\n"), "branch[0].adress", "no such key"),
        (format!("{GOOD}{BRANCH}bank = \"x\"\n"), "branch[0].iban", "only together"),
        (format!("{GOOD}{BRANCH}signing = 1\n"), "branch[0].signing", "where a table is needed"),
        (keys(""), "signing", "which key signs"),
        (keys(&format!("{FILE}{TOKEN}")), "signing.pkcs11", "cannot stand together"),
        (keys(&format!("{FILE}[[signing.key]]\n{FILE}")), "signing.key", "cannot stand together"),
        (keys("key = []"), "signing.key", "no key is listed"),
        (keys("pkcs21 = \"x\""), "signing.pkcs21", "no such key"),
        (keys("[[signing.key]]\npassphrase = \"./x\""), "signing.key[0]", "where the key is"),
        (with_token(&TOKEN.replace("token = \"supplier\"\n", "")), "signing.pkcs11.token", "not named"),
        (with_token(&TOKEN.replace("key = \"signing\"\n", "")), "signing.pkcs11.key", "not named"),
        (with_token(&TOKEN.replace("/usr/lib/", "")), "signing.pkcs11.module", "no path"),
        (with_token(&format!("{TOKEN}id = \"1\"\n")), "signing.pkcs11.id", "no identifier"),
        (with_token(&format!("{TOKEN}id = \"0x01\"\n")), "signing.pkcs11.id", "no identifier"),
        (with_token(&format!("{TOKEN}pin = \"1234\"\n")), "signing.pkcs11.pin", "secret itself"),
        (with_token(&format!("{TOKEN}slot = 1\n")), "signing.pkcs11.slot", "no such key"),
        (with_token(&format!("[signing]\npassphrase = \"./x\"\n{TOKEN}")), "signing.passphrase", "has a PIN"),
        (GOOD.replace("[operations]\n", "[operations]\nalert = \"ops\"\n"), "operations.alert", "no mail address"),
    ];
    for (text, key, what) in cases {
        let faults = parse(text).expect_err(key);
        assert!(faults.list().iter().any(|f| f.key == *key && f.what.contains(what)), "wanted {key}: {what}\n{faults}");
        assert!(!faults.to_string().contains("1234\"\n"), "{faults}");
    }
    // All at once.
    let text = format!("{GOOD}{}{branches}", OPERATOR.replace("87654321\"", "8\"")).replace("sqlite", "sqllite");
    assert!(parse(&text).unwrap_err().list().len() >= 4);
}

#[test]
fn what_the_example_shows_of_issuers_and_tokens_could_be_written() {
    let begin = example().find("#[operator]").unwrap();
    let issuers = example().get(begin..example().find("# --- The key that signs").unwrap()).unwrap();
    let written = issuers.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ") || line.starts_with("#   "));
    let written: String = written.flat_map(|line| [line.trim_start_matches('#'), "\n"]).collect();
    let config = parse(&example().replace(issuers, &written)).unwrap();
    assert_eq!((config.operator.unwrap().invoice_series.as_str(), config.branches.len()), ("ОСР", 1));

    let begin = example().find("# In their place, a key in a smart card").unwrap();
    let tokens = example().get(begin..example().find("# In their place, several").unwrap()).unwrap();
    let written: String = tokens
        .lines()
        .filter_map(|line| line.strip_prefix('#').filter(|l| !l.starts_with(' ')))
        .fold(String::new(), |text, line| text + line + "\n");
    let file = "pkcs12 = \"credential:supplier.p12\"\npassphrase = \"credential:supplier-passphrase\"\n";
    let config = parse(&example().replacen(file, "", 1).replace(tokens, &written)).unwrap();
    assert!(matches!(config.signing.keys.as_slice(), [SigningKey::Token(_)]));

    let begin = example().find("#[[signing.key]]").unwrap();
    let several = example().get(begin..example().find("# --- Keys that customers may encrypt").unwrap()).unwrap();
    let config = parse(&example().replacen(file, "", 1).replace(several, &several.replace('#', ""))).unwrap();
    assert_eq!(config.signing.keys.len(), 2);
}
