//! What must not change: a re-rating of the same is no correction, and cutting a period by a reading is no energy (R-CORR).

use oblik_billing::{Billed, correct};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::Code;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::metering::{EnergyKind, Occasion, Reading};
use oblik_domain::money::Kopiykas;
use proptest::prelude::*;

use crate::whole::{days, whole_of};

fn document(running: u32, bill: oblik_domain::bill::Bill) -> Billed {
    let number = InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running };
    Billed { number, issued_on: "2026-11-04".parse().unwrap(), bill }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // Through the whole calculation: the same again is nothing to correct; a later reading that was wrong by something is
    // charged and taken back to the kopiyka, and then nothing is left.
    #[test]
    fn rerating_equals_the_original_when_nothing_changed(seed in any::<u64>(), more in 1_i64..50_000) {
        let whole = whole_of(seed);
        let Ok(bill) = whole.bill() else { return Ok(()) };
        let mut billed = vec![document(1, bill.clone())];
        prop_assert_eq!(correct(&billed, whole.bill().unwrap(), "").unwrap_err().code, Code::NothingToCorrect);
        let mut other = whole_of(seed);
        let (point, period) = (other.case.record.points[0].eic.clone(), other.case.period);
        let is_last = |one: &&mut Reading| {
            let register = &one.register;
            register.point == point && register.kind == EnergyKind::ActiveImport
                && one.period == period && one.occasion == Occasion::PeriodEnd
        };
        let last = other.case.readings.iter_mut().find(is_last).unwrap();
        last.total = RegisterTotal(last.total.0 + more * 1000);
        // More losses of one zone are fewer of another, from which much may be taken off.
        let Ok(now) = other.bill() else { return Ok(()) };
        let adjusted = correct(&billed, now.clone(), "").unwrap();
        let charged: Kopiykas = adjusted.charges.iter().map(|charge| charge.total).sum();
        let lines: Kopiykas = adjusted.lines.iter().map(|line| line.net).sum();
        prop_assert_eq!((lines, charged), (adjusted.net, adjusted.total));
        prop_assert_eq!((adjusted.net + adjusted.vat, bill.total + adjusted.total), (adjusted.total, now.total));
        for charge in &adjusted.charges {
            prop_assert_eq!(charge.net + charge.vat, charge.total);
        }
        billed.push(document(2, adjusted));
        let back = correct(&billed, bill, "").unwrap();
        billed.push(document(3, back));
        prop_assert_eq!(correct(&billed, whole.bill().unwrap(), "").unwrap_err().code, Code::NothingToCorrect);
    }

    // A reading more on some day divides rows and nothing else: whole kilowatt-hours of the dial, so that no row is rounded.
    #[test]
    fn a_reading_more_never_changes_the_energy(seed in any::<u64>(), at in 1_u64..27) {
        let mut whole = whole_of(seed);
        let serial = whole.case.record.meters[0].serial.clone();
        let period = whole.case.period;
        let of_meter = |one: &&Reading| one.register.meter == serial && one.period == period;
        let only_ends = whole.case.readings.iter().filter(of_meter).all(|one| one.occasion == Occasion::PeriodEnd);
        let coefficient = whole.case.record.meters[0].coefficient.value();
        if !only_ends || !coefficient.is_integer() || at >= days(period) {
            return Ok(());
        }
        let Ok(before) = whole.bill() else { return Ok(()) };
        let on = period.first_day().checked_add_days(chrono::Days::new(at)).unwrap();
        let ends: Vec<Reading> = whole.case.readings.iter().filter(of_meter).cloned().collect();
        for end in ends {
            let total = RegisterTotal(end.total.0 / 2000 * 1000);
            whole.case.readings.push(Reading { total, read_on: on, occasion: Occasion::Control, ..end });
        }
        let after = match whole.bill() {
            Ok(after) => after,
            // What is taken off may fall on a part that has less.
            Err(findings) => {
                prop_assert!(findings.iter().all(|finding| finding.code.as_str() == "E5"));
                return Ok(());
            }
        };
        prop_assert_eq!(before.active_volume(), after.active_volume());
        prop_assert_eq!(before.losses, after.losses);
    }
}
