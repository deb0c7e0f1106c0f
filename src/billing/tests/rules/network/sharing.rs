//! R-LOSS-1: who bears the losses of a network that others are fed through.

use oblik_domain::account::Relation;
use oblik_domain::bill::{Bill, LossPart};
use oblik_domain::metering::{EnergyKind, Loss, LossSharing, PointTerms, Supply, Zone};
use proptest::prelude::*;

use crate::network::{ACTIVE, Case, Measured, REACTIVE, decimal, eic, fed_through, net, of};

/// A network of 400 kVA that its sub-consumers share, or not.
fn network(loss_sharing: LossSharing) -> PointTerms {
    let transformer = Loss::Transformer {
        rated_kva: decimal("400"),
        no_load_kw: decimal("0.95"),
        load_kw: decimal("5.5"),
        no_load_current: decimal("2.1"),
        short_circuit_voltage: decimal("4.5"),
        share: decimal("1"),
    };
    PointTerms { losses: vec![transformer], loss_sharing, ..PointTerms::default() }
}

fn constant(kwh: &str, terms: PointTerms) -> PointTerms {
    let (line_percent, variable_percent, constant_kwh) = (decimal("0"), decimal("0"), decimal(kwh));
    PointTerms { losses: vec![Loss::Simplified { line_percent, variable_percent, constant_kwh }], ..terms }
}

fn shared(bill: &Bill, kind: EnergyKind) -> Vec<i64> {
    let rows = bill.losses.iter().filter(|row| row.part == LossPart::Shared && row.kind == kind);
    rows.map(|row| row.volume.0).collect()
}

const MAIN: [Measured; 3] = [(ACTIVE, Zone::Night, 20_000), (ACTIVE, Zone::Day, 48_000), (REACTIVE, Zone::Total, 34_200)];
const FIRST: [Measured; 2] = [(ACTIVE, Zone::Total, 17_000), (REACTIVE, Zone::Total, 3420)];
const SECOND: [Measured; 1] = [(ACTIVE, Zone::Total, 6800)];

/// The same network as the owner of it, the first and the second sub-consumer see it.
fn three_sides(sharing: LossSharing) -> [Case; 3] {
    let month = || Case::new("2026-09");
    let owner = month().own(1, network(sharing), &MAIN).related(Relation::FedByUs, 2, fed_through(1), &FIRST).related(
        Relation::FedByUs,
        3,
        fed_through(1),
        &SECOND,
    );
    let first = month().own(2, fed_through(1), &FIRST).related(Relation::FeedsUs, 1, network(sharing), &MAIN).related(
        Relation::FedBeside,
        3,
        fed_through(1),
        &SECOND,
    );
    let second = month().own(3, fed_through(1), &SECOND).related(Relation::FeedsUs, 1, network(sharing), &MAIN).related(
        Relation::FedBeside,
        2,
        fed_through(1),
        &FIRST,
    );
    [owner, first, second]
}

#[test]
fn losses_are_shared_in_proportion_to_what_each_takes() {
    let [owner, first, second] = three_sides(LossSharing::Proportional).map(|case| case.bill().unwrap());
    // 684 + 324 = 1008 kWh are lost: a quarter for 17 000 of 68 000 kWh, a tenth for 6800.
    assert_eq!(shared(&owner, ACTIVE), [-252, -101]);
    assert_eq!((shared(&first, ACTIVE), shared(&second, ACTIVE)), (vec![252], vec![101]));
    // 6048 + 1059 = 7107 kvarh: a tenth for 3420 of 34 200; without a reactive meter none.
    assert_eq!(shared(&owner, REACTIVE), [-711]);
    assert_eq!((shared(&first, REACTIVE), shared(&second, REACTIVE)), (vec![711], vec![]));
    assert_eq!(net(&owner, 1, ACTIVE) + net(&first, 2, ACTIVE) + net(&second, 3, ACTIVE), 68_000 + 1008);
    // 1008 − 353 = 655 of the owner's: 20 of 68 by night.
    let told: Vec<(Zone, i64)> = of(&owner, 1, ACTIVE).iter().map(|(zone, _, losses, _, _)| (*zone, *losses)).collect();
    assert_eq!(told, [(Zone::Night, 193), (Zone::Day, 462)]);
    assert_eq!(of(&first, 2, ACTIVE), [(Zone::Total, 17_000, 252, 0, 17_252)]);
    let step = first.trace.iter().find(|step| step.rule == "R-LOSS-1").unwrap();
    assert_eq!(
        (step.subject.as_str(), step.formula.as_str()),
        (format!("{} active-import", eic(2)).as_str(), "round0(1008 × 17000 / 68000)")
    );
    // Of whoever feeds us only the sums are told.
    assert!(!first.trace.iter().any(|step| step.subject.starts_with("M-1") || step.subject.starts_with(eic(1).as_str())));
    assert!(!first.trace.iter().any(|step| step.subject.starts_with("M-3") || step.subject.starts_with(eic(3).as_str())));
}

#[test]
fn an_owner_who_bears_the_losses_shares_nothing_and_is_not_asked_about() {
    let [owner, first, second] = three_sides(LossSharing::Owner);
    let bill = owner.bill().unwrap();
    assert_eq!((shared(&bill, ACTIVE), shared(&bill, REACTIVE)), (vec![], vec![]));
    assert_eq!(of(&bill, 1, ACTIVE).iter().map(|(_, _, losses, _, _)| losses).sum::<i64>(), 1008);
    for (mut case, number, gross) in [(first, 2, 17_000), (second, 3, 6800)] {
        // Their readings need not even be there.
        case.readings.retain(|reading| reading.register.point == eic(number));
        let bill = case.bill().unwrap();
        assert_eq!((bill.losses.len(), net(&bill, number, ACTIVE)), (0, gross));
    }
}

#[test]
fn shared_losses_need_the_readings_they_are_shared_by() {
    let [_, mut first, _] = three_sides(LossSharing::Proportional);
    let all = first.readings.clone();
    for number in [1, 3] {
        first.readings = all.iter().filter(|reading| reading.register.point != eic(number)).cloned().collect();
        let refused = crate::network::refusals(first.bill());
        assert!(refused[0].starts_with(&format!("E6 registers=M-{number} ")), "{refused:?}");
    }
}

#[test]
fn a_sub_consumer_of_another_supplier_bears_its_part_too() {
    let foreign = PointTerms { supply: Supply::SubConsumer, ..fed_through(1) };
    let bill = Case::new("2026-09").own(1, network(LossSharing::Proportional), &MAIN).own(2, foreign, &FIRST).bill().unwrap();
    assert_eq!(shared(&bill, ACTIVE), [-252], "off the owner's, and onto nothing that is charged here");
    assert_eq!(net(&bill, 1, ACTIVE), 68_000 + 1008 - 252 - 17_000);
    // Two points of one account: from the one onto the other.
    let bill =
        Case::new("2026-09").own(1, network(LossSharing::Proportional), &MAIN).own(2, fed_through(1), &FIRST).bill().unwrap();
    assert_eq!(shared(&bill, ACTIVE), [-252, 252]);
    assert_eq!(bill.active_volume().0, 68_000 + 1008);
}

#[test]
fn halves_are_not_shared_out_twice() {
    // One kilowatt-hour lost, two sub-consumers who take all: each half would be rounded up.
    let half = [(ACTIVE, Zone::Total, 500)];
    let main = [(ACTIVE, Zone::Total, 1000)];
    let terms = || PointTerms { loss_sharing: LossSharing::Proportional, ..constant("1", PointTerms::default()) };
    let owner = Case::new("2026-09").own(1, terms(), &main).related(Relation::FedByUs, 2, fed_through(1), &half).related(
        Relation::FedByUs,
        3,
        fed_through(1),
        &half,
    );
    assert_eq!(shared(&owner.bill().unwrap(), ACTIVE), [-1, 0]);
    for (number, other, expected) in [(2, 3, 1), (3, 2, 0)] {
        let case = Case::new("2026-09").own(number, fed_through(1), &half).related(Relation::FeedsUs, 1, terms(), &main).related(
            Relation::FedBeside,
            other,
            fed_through(1),
            &half,
        );
        assert_eq!(shared(&case.bill().unwrap(), ACTIVE), [expected]);
    }
}

#[test]
fn an_idle_network_is_shared_by_nobody() {
    let none = [(ACTIVE, Zone::Total, 0)];
    let case = Case::new("2026-09").own(1, network(LossSharing::Proportional), &none);
    let bill = case.related(Relation::FedByUs, 2, fed_through(1), &none).bill().unwrap();
    assert_eq!((shared(&bill, ACTIVE), net(&bill, 1, ACTIVE)), (vec![], 684));
}

proptest! {
    #[test]
    fn owner_and_sub_consumers_together_bear_the_whole(
        rest in 0_i64..50_000, takes in proptest::collection::vec((0_i64..30_000, 0_i64..9_000, 0_i64..90), 1..4), reactive in 0_i64..9_000,
    ) {
        let active: i64 = takes.iter().map(|(active, _, losses)| active + losses).sum::<i64>() + rest;
        let consumed: i64 = takes.iter().map(|(_, reactive, _)| reactive).sum::<i64>() + reactive;
        let main = [(ACTIVE, Zone::Night, active / 3), (ACTIVE, Zone::Day, active - active / 3), (REACTIVE, Zone::Total, consumed)];
        let subs: Vec<(u16, PointTerms, [Measured; 2])> = (2_u16..).zip(&takes).map(|(number, (active, reactive, losses))| {
            let terms = constant(&losses.to_string(), fed_through(1));
            (number, terms, [(ACTIVE, Zone::Total, *active), (REACTIVE, Zone::Total, *reactive)])
        }).collect();
        let mut owner = Case::new("2026-10").own(1, network(LossSharing::Proportional), &main);
        for (number, terms, measured) in &subs {
            owner = owner.related(Relation::FedByUs, *number, terms.clone(), measured);
        }
        // A sub-consumer without zones may leave a zone of the main short by what rounding took.
        let Ok(bill) = owner.bill() else { return Ok(()) };
        let lost = |kind| bill.losses.iter().filter(|row| row.kind == kind && row.part != LossPart::Shared).map(|row| row.volume.0).sum::<i64>();
        let (mut active_net, mut reactive_net) = (net(&bill, 1, ACTIVE), net(&bill, 1, REACTIVE));
        for (number, terms, measured) in &subs {
            let mut case = Case::new("2026-10").own(*number, terms.clone(), measured);
            case = case.related(Relation::FeedsUs, 1, network(LossSharing::Proportional), &main);
            for (other, terms, measured) in subs.iter().filter(|(other, _, _)| other != number) {
                case = case.related(Relation::FedBeside, *other, terms.clone(), measured);
            }
            let bill = case.bill().unwrap();
            active_net += net(&bill, *number, ACTIVE);
            reactive_net += net(&bill, *number, REACTIVE);
        }
        prop_assert_eq!(active_net, active + lost(ACTIVE));
        prop_assert_eq!(reactive_net, consumed + lost(REACTIVE));
    }
}
