//! Master data and acts, against xmllint, pdfsig and the rules they must pass.

use oblik_billing::{BillingInput, PriceBook, compute};
use oblik_domain::account::SignerIdentity;
use oblik_domain::act::examine;
use oblik_domain::finding::refuses;
use oblik_domain::invoice::Seller;
use oblik_domain::period::{Period, kyiv_day};
use oblik_edi::{read_master_data, read_reading_act};
use oblik_signature::pdf::file_within;

use crate::{now, run, schema, utility};

fn validates(xml: &[u8], name: &str) {
    let schema = schema(name);
    let Some((good, told)) = run("xmllint", &["--noout", "--schema", schema.to_str().unwrap(), "-"], Some(xml)) else { return };
    assert!(good, "{told}");
}

#[test]
fn the_master_data_is_valid_and_read_back_whole() {
    let xml = utility().master_data_xml();
    validates(&xml, "master-data-1.xsd");
    let mut records = 0;
    let summary = read_master_data(xml.as_slice(), &mut |_| records += 1).unwrap();
    assert_eq!(summary.findings, []);
    assert_eq!(records, utility().customers.len() + utility().tariffs.len() + utility().parameters.len());
}

#[test]
fn every_customers_act_fits_its_account_and_can_be_billed() {
    let world = utility();
    let prices = PriceBook::new(world.tariffs.clone(), world.parameters.clone(), Vec::new()).unwrap();
    let mut shown = std::collections::BTreeSet::new();
    for customer in &world.customers {
        let xml = world.act_xml(customer, world.period);
        validates(&xml, "reading-act-1.xsd");
        let act = read_reading_act(&xml).unwrap();
        assert_eq!(act, world.reading_act(customer, world.period));
        let findings = examine(&act, &customer.record, &customer.opening(), kyiv_day(now()));
        assert!(!refuses(&findings), "{findings:?}");
        let mut known: Vec<_> = customer.openings.iter().cloned().chain(act.readings()).collect();
        known.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
        let bill = compute(&BillingInput::new(&customer.record, world.period, &known, &prices)).unwrap().bill;
        assert!(bill.total.0 > 0 && bill.active_volume().0 > 0, "{}", customer.name());
        shown.insert((bill.lines.len(), customer.record.points.len()));
    }
    assert!(shown.len() >= 6, "the customers are of many kinds: {shown:?}");
}

#[test]
fn a_year_of_acts_never_goes_backwards() {
    let world = utility();
    for customer in &world.customers {
        let mut before = customer.opening();
        for month in 0..12 {
            let period = Period::from_ordinal(world.period.ordinal() + month).unwrap();
            let after = world.totals(customer, period);
            assert!(after.iter().all(|(register, total)| *total > before[register]), "{}", customer.name());
            before = after;
        }
    }
}

#[test]
fn the_ways_of_knowing_a_signer_all_occur() {
    let is = |wanted: fn(&SignerIdentity) -> bool| {
        utility().customers.iter().any(|customer| wanted(&customer.record.signers[0].identity))
    };
    assert!(is(|identity| matches!(identity, SignerIdentity::Person { .. })));
    assert!(is(|identity| matches!(identity, SignerIdentity::Seal { .. })));
    assert!(is(|identity| matches!(identity, SignerIdentity::Certificate(_))));
    for customer in &utility().customers {
        let holder = customer.identity.signer().unwrap().holder();
        assert!(customer.record.signers[0].covers(&holder, kyiv_day(now())), "{}", customer.name());
    }
}

#[test]
fn pdfsig_trusts_an_act_its_customer_signed() {
    let world = utility();
    let text = |what: &str| what.to_owned();
    let seller = Seller {
        name: text("ТОВ «Зразок Енерго»"),
        edrpou: "12345678".parse().unwrap(),
        vat_number: text("123456789012"),
        address: text("33000, м. Рівне"),
        iban: "UA213223130000026007233566001".parse().unwrap(),
        bank: text("АТ «Зразок Банк»"),
        phone: text("+380 00 000 00 00"),
        email: text("office@supplier.example"),
        licence: String::new(),
    };
    let typesetter = oblik_documents::Typesetter::new().unwrap();
    for number in [1, 3] {
        let customer = world.by_number(number).unwrap();
        let form = world.act_pdf(&typesetter, &seller, customer, world.period).unwrap();
        assert_eq!(file_within(&form, oblik_documents::ACT_ATTACHMENT).unwrap(), world.act_xml(customer, world.period));
        let signed = customer.sign_pdf(&form, now()).unwrap();
        assert!(signed.starts_with(&form));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &signed).unwrap();
        let Some((_, told)) = run("pdfsig", &["-nocert", file.path().to_str().unwrap()], None) else { return };
        assert!(told.contains("Signature is Valid") && told.contains("Total document signed"), "{told}");
    }
}

#[test]
fn a_world_for_benchmarks_is_made_in_seconds() {
    let world = oblik_sample::Utility::new(now(), 2_000).unwrap();
    let contracts: std::collections::BTreeSet<_> = world.customers.iter().map(oblik_sample::Customer::contract).collect();
    assert_eq!(contracts.len(), 2_000);
    let emails: std::collections::BTreeSet<_> =
        world.customers.iter().flat_map(|customer| &customer.record.account.emails).collect();
    assert_eq!(emails.len(), 4_000);
    validates(&world.master_data_xml(), "master-data-1.xsd");
}
