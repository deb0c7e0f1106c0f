//! That energy is charged once, though months are billed out of order.
//!
//! A month that was left out is in the next bill, whose rows begin where the last reading before it was. Billing the month
//! afterwards would charge its energy again, unless it ends where the later bill begins. What no one period shows, only the
//! documents beside it do.

use std::collections::BTreeMap;

use oblik_domain::bill::VolumeRow;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::metering::RegisterKey;

/// Whether each register that both periods measure begins in the later rows where it ends in the earlier ones.
pub fn follows(earlier: &[VolumeRow], later: &[VolumeRow]) -> bool {
    let ends: BTreeMap<&RegisterKey, RegisterTotal> = earlier.iter().map(|row| (&row.register, row.closing)).collect();
    let mut begun: BTreeMap<&RegisterKey, RegisterTotal> = BTreeMap::new();
    for row in later {
        begun.entry(&row.register).or_insert(row.opening);
    }
    begun.into_iter().all(|(register, opening)| ends.get(register).is_none_or(|closing| *closing == opening))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oblik_domain::Decimal;
    use oblik_domain::energy::{Coefficient, Kwh};
    use oblik_domain::ids::{Eic, MeterSerial};
    use oblik_domain::metering::{EnergyKind, Quality, VoltageClass, Zone};
    use oblik_domain::period::Period;

    fn row(meter: &str, opening: i64, closing: i64) -> VolumeRow {
        let day = Period::new(2026, 10).unwrap().first_day();
        let (point, meter) = (Eic::parse("62Z2700000010017").unwrap(), MeterSerial::parse(meter).unwrap());
        VolumeRow {
            register: RegisterKey { point, meter, kind: EnergyKind::ActiveImport, zone: Zone::Total },
            voltage_class: VoltageClass::Second,
            opening: RegisterTotal(opening),
            closing: RegisterTotal(closing),
            coefficient: Coefficient::new(Decimal::ONE).unwrap(),
            volume: Kwh(closing - opening),
            from: day,
            to: day,
            quality: Quality::Actual,
            rolled_over: false,
        }
    }

    #[test]
    fn a_later_bill_follows_where_each_register_goes_on_from_the_end_of_the_earlier() {
        let earlier = [row("1", 0, 50), row("1", 50, 100), row("2", 7, 8)];
        for (later, expected) in [
            (vec![row("1", 100, 200), row("1", 200, 300), row("2", 8, 9)], true),
            (vec![row("1", 99, 200)], false),
            (vec![row("1", 101, 200)], false),
            (vec![row("1", 100, 200), row("2", 7, 9)], false),
            // A meter of the later month alone has charged nothing of the earlier.
            (vec![row("3", 0, 10)], true),
            (Vec::new(), true),
        ] {
            assert_eq!(follows(&earlier, &later), expected, "{later:?}");
        }
    }
}
