//! Accounts without keys: what is written of them is what is read, and it is what the calculation needs.

use oblik_domain::account::{PaymentScheme, ReactiveProfile};
use oblik_domain::metering::{EnergyKind, Supply};
use oblik_edi::{MasterRecord, MeterEntry, check, read_master_data, read_meter_file};
use oblik_sample::{Accounts, Case, Utility};

use crate::now;

#[test]
fn what_is_written_of_accounts_is_what_is_read() {
    let world = Accounts::new(now(), 120).unwrap();
    let written = world.master_data_xml();
    let report = check(written.as_slice()).unwrap();
    assert!(report.valid && report.errors.is_empty(), "{:?}", report.errors);
    let mut read: Vec<MasterRecord> = Vec::new();
    read_master_data(written.as_slice(), &mut |item| read.push(item.record)).unwrap();
    assert_eq!(read, world.master_records());
    for period in [world.opening_period, world.period] {
        let mut readings = Vec::new();
        read_meter_file(world.meter_file_xml(period).as_slice(), &mut |record| {
            let MeterEntry::Reading(reading) = record.entry else { panic!("a reading") };
            readings.push((record.contract, reading));
        })
        .unwrap();
        assert_eq!(readings, world.readings(period), "{period}");
    }
}

#[test]
fn every_case_has_what_its_rule_needs() {
    let world = Accounts::new(now(), 51).unwrap();
    let day = world.period.first_day();
    let case = |case| world.case(case).unwrap();
    let feeding = case(Case::Feeding);
    let main = &feeding.record.points[0];
    assert_eq!((main.terms_on(day).losses.len(), feeding.record.points.len()), (2, 2));
    let own = feeding.record.points[1].terms_on(day);
    assert_eq!((own.supply, own.fed_through.as_ref()), (Supply::SubConsumer, Some(&main.eic)));
    let zones = feeding.record.meters[0].registers.iter().filter(|register| register.kind == EnergyKind::ActiveImport).count();
    assert_eq!(zones, 3);
    let other = case(Case::SubConsumer).record.points[0].terms_on(day);
    assert_eq!((other.supply, other.fed_through.as_ref()), (Supply::Billed, Some(&main.eic)));
    let reactive = case(Case::Reactive2018);
    assert_eq!(reactive.record.account.terms_on(day).reactive, ReactiveProfile::Order2018);
    assert!(reactive.record.meters[0].registers.iter().any(|register| register.kind == EnergyKind::ReactiveExport));
    assert!(
        matches!(case(Case::Planned).record.account.terms_on(day).payment, PaymentScheme::Planned(parts) if parts.len() == 3)
    );
    assert_eq!(case(Case::Limited).record.account.limits[0].period, world.period);
    for entry in &world.entries {
        assert_eq!(entry.history.len(), 12);
        assert!(entry.history.iter().all(|month| month.active.0 > 0), "{}", entry.record.account.contract);
    }
    assert!(Case::ALL.into_iter().all(|case| world.case(case).is_some()));
}

#[test]
fn an_account_of_no_case_is_the_customer_of_its_number() {
    let utility: &Utility = crate::utility();
    let world = Accounts::new(now(), 24).unwrap();
    for (customer, entry) in utility.customers.iter().zip(&world.entries) {
        if Case::of(customer.number).is_none() {
            assert_eq!((&customer.record.account, &customer.record.meters), (&entry.record.account, &entry.record.meters));
            assert_eq!(customer.openings, entry.openings);
        }
    }
}
