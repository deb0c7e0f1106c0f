//! R-LOSS-2: losses of transformers and lines, and by the columns of the act.

use oblik_domain::bill::{Bill, LossPart};
use oblik_domain::dated::Dated;
use oblik_domain::metering::{Disconnection, EnergyKind, Loss, PointTerms, Zone};
use oblik_domain::tariff::ZoneScheme;
use proptest::prelude::*;

use crate::network::{ACTIVE, Case, Measured, REACTIVE, day, decimal, of, refusals};

/// S, P₀, P_k, I₀, U_k, share.
fn transformer(plate: [&str; 6]) -> Loss {
    let [rated_kva, no_load_kw, load_kw, no_load_current, short_circuit_voltage, share] = plate.map(decimal);
    Loss::Transformer { rated_kva, no_load_kw, load_kw, no_load_current, short_circuit_voltage, share }
}

/// A transformer of 400 kVA as its plate and the 1998 method's tables have it.
const PLATE: [&str; 6] = ["400", "0.95", "5.5", "2.1", "4.5", "1"];

fn line(resistance: &str, length: &str, voltage: &str) -> Loss {
    Loss::Line { resistance: decimal(resistance), length: decimal(length), voltage: decimal(voltage) }
}

fn simplified(line: &str, variable: &str, constant: &str) -> Loss {
    Loss::Simplified { line_percent: decimal(line), variable_percent: decimal(variable), constant_kwh: decimal(constant) }
}

fn with(losses: Vec<Loss>) -> PointTerms {
    PointTerms { losses, ..PointTerms::default() }
}

fn parts(bill: &Bill) -> Vec<(EnergyKind, LossPart, i64)> {
    bill.losses.iter().map(|row| (row.kind, row.part, row.volume.0)).collect()
}

const UNZONED: [Measured; 2] = [(ACTIVE, Zone::Total, 68_000), (REACTIVE, Zone::Total, 34_200)];

/// The rule book gives the results only. A month of 720 hours, a common plate of 400 kVA (P₀ 0.95 kW, P_k 5.5 kW, I₀ 2.1 %, U_k
/// 4.5 %), 68 000 kWh with 34 200 kvarh and a line of 2 km of 0.4 Ω a kilometre at 10 kV come to all five of them.
#[test]
fn the_transformer_and_line_of_the_rule_book_lose_what_it_says() {
    let case = Case::new("2026-09").own(1, with(vec![transformer(PLATE), line("0.4", "2", "10")]), &UNZONED);
    let bill = case.bill().unwrap();
    assert_eq!(
        parts(&bill),
        [
            (ACTIVE, LossPart::TransformerNoLoad, 684),
            (ACTIVE, LossPart::TransformerLoad, 324),
            (REACTIVE, LossPart::TransformerNoLoad, 6048),
            (REACTIVE, LossPart::TransformerLoad, 1059),
            (ACTIVE, LossPart::Line, 84),
        ]
    );
    assert_eq!(of(&bill, 1, ACTIVE), [(Zone::Total, 68_000, 1092, 0, 69_092)]);
    assert_eq!(of(&bill, 1, REACTIVE), [(Zone::Total, 34_200, 7107, 0, 41_307)]);
    let line = bill.trace.iter().find(|step| step.subject.ends_with("active-import line")).unwrap();
    // W' has the transformer's losses in it.
    assert_eq!(line.formula, "round0(1.17 × (69008² + 41307²) × 0.4 × 2 / (10² × 720 × 1000))");
    let inputs: Vec<&str> = line.inputs.iter().map(|input| input.name.as_ref()).collect();
    assert_eq!(inputs, ["K_gr", "W_P", "W_Q", "r_0", "L", "U"]);
}

#[test]
fn what_is_nearer_to_the_meter_is_counted_first() {
    let lost = |losses: Vec<Loss>| parts(&Case::new("2026-09").own(1, with(losses), &UNZONED).bill().unwrap());
    let lossy = || line("4", "20", "10");
    let before = lost(vec![lossy(), transformer(PLATE)]);
    let after = lost(vec![transformer(PLATE), lossy()]);
    // 1.17 × (68000² + 34200²) × 80 / 72e6 = 7531.9; with the transformer's losses in it 8408.9.
    assert_eq!(before[0], (ACTIVE, LossPart::Line, 7532));
    // The columns of the act beside a plate change nothing of it.
    assert_eq!(lost(vec![simplified("0", "0", "5"), transformer(PLATE)])[2], (ACTIVE, LossPart::TransformerLoad, 324));
    assert_eq!(after[4], (ACTIVE, LossPart::Line, 8409));
    // The transformer carries the line's losses where the line is nearer: 1.17 × (75532² + 34200²) × 5.5 / (160000 × 720).
    assert_eq!(before[2], (ACTIVE, LossPart::TransformerLoad, 384));
    assert_eq!(after[1], (ACTIVE, LossPart::TransformerLoad, 324));
}

#[test]
fn an_energised_network_loses_for_every_hour_of_kyiv() {
    // 1 kW at rest: kilowatt-hours are hours.
    let rest = || with(vec![transformer(["400", "1", "0", "0", "0", "1"])]);
    let lost = |period: &str, change: &dyn Fn(&mut Case)| {
        let mut case = Case::new(period).own(1, rest(), &UNZONED);
        change(&mut case);
        case.bill().unwrap().losses[0].volume.0
    };
    for (period, hours) in
        [("2026-09", 720), ("2026-10", 745), ("2026-03", 743), ("2026-02", 672), ("2028-02", 696), ("2026-12", 744)]
    {
        assert_eq!(lost(period, &|_| ()), hours, "{period}");
    }
    let off = |from: &str, to: Option<&str>| Disconnection {
        from: from.parse().unwrap(),
        to: to.map(|to| to.parse().unwrap()),
        reason: "борг".to_owned(),
    };
    let cut = |disconnections: Vec<Disconnection>| {
        lost("2026-10", &|case| case.record.points[0].disconnections = disconnections.clone())
    };
    for (times, hours) in [
        // Wholly before, up to the first instant, and wholly after: the month of 745 hours is 2026-09-30T21:00Z to 2026-10-31T22:00Z.
        (vec![off("2026-09-01T00:00:00Z", Some("2026-09-30T21:00:00Z"))], 745),
        (vec![off("2026-09-01T00:00:00Z", Some("2026-09-30T22:00:00Z"))], 744),
        (vec![off("2026-10-31T22:00:00Z", None)], 745),
        (vec![off("2026-10-31T21:00:00Z", None)], 744),
        (vec![off("2026-10-31T21:00:00Z", Some("2026-12-01T00:00:00Z"))], 744),
        // Thirty minutes: 744.5 rounds up; thirty and a bit rounds down.
        (vec![off("2026-10-10T10:00:00Z", Some("2026-10-10T10:30:00Z"))], 745),
        (vec![off("2026-10-10T10:00:00Z", Some("2026-10-10T10:31:00Z"))], 744),
        // What two disconnections cover counts once.
        (
            vec![
                off("2026-10-10T10:00:00Z", Some("2026-10-10T20:00:00Z")),
                off("2026-10-10T15:00:00Z", Some("2026-10-10T22:00:00Z")),
            ],
            733,
        ),
        (
            vec![
                off("2026-10-10T10:00:00Z", Some("2026-10-10T20:00:00Z")),
                off("2026-10-10T12:00:00Z", Some("2026-10-10T14:00:00Z")),
            ],
            735,
        ),
        (
            vec![
                off("2026-10-12T00:00:00Z", Some("2026-10-12T02:00:00Z")),
                off("2026-10-10T00:00:00Z", Some("2026-10-10T03:00:00Z")),
            ],
            740,
        ),
        (vec![off("2026-10-10T10:00:00Z", Some("2026-10-10T10:00:00Z"))], 745),
        (vec![off("2026-01-01T00:00:00Z", None)], 0),
    ] {
        assert_eq!(cut(times.clone()), hours, "{times:?}");
    }
    let mut case = Case::new("2026-10").own(1, rest(), &UNZONED);
    case.record.points[0].disconnections = vec![off("2026-10-10T10:00:00Z", Some("2026-10-10T09:59:59Z"))];
    assert_eq!(
        refusals(case.bill()),
        [format!("BILL-DATE what={} disconnection, day=2026-10-10 09:59:59 UTC", crate::network::eic(1))]
    );
}

#[test]
fn losses_under_load_are_of_the_hours_of_load() {
    let lost = |load_hours: Option<&str>, off: bool| {
        let terms =
            PointTerms { load_hours: load_hours.map(decimal), ..with(vec![transformer(["400", "0", "5.5", "0", "0", "1"])]) };
        let mut case = Case::new("2026-09").own(1, terms, &UNZONED);
        if off {
            let off = Disconnection { from: "2026-09-15T21:00:00Z".parse().unwrap(), to: None, reason: String::new() };
            case.record.points[0].disconnections = vec![off];
        }
        case.bill().map(|bill| bill.losses[1].volume.0)
    };
    assert_eq!(lost(None, false), Ok(324));
    assert_eq!(lost(Some("720"), false), Ok(324));
    assert_eq!(lost(Some("360"), false), Ok(647), "1.17 × 5.79364e9 × 5.5 / (160000 × 360)");
    // Nobody carries load for longer than the network is energised.
    assert_eq!(lost(Some("721"), false), Ok(324));
    assert_eq!(lost(None, true), Ok(647));
    assert_eq!(lost(Some("720"), true), Ok(647));
    assert_eq!(lost(Some("0"), false), Ok(0), "no hours of load, no losses under load");
    let refused = lost(Some("-1"), false).unwrap_err();
    assert_eq!((refused[0].code, refused[0].value("value")), (oblik_domain::finding::Code::ParameterUnusable, "-1"));
}

#[test]
fn no_load_and_no_time_divide_nothing() {
    let all = || with(vec![transformer(PLATE), line("0.4", "2", "10"), simplified("1", "2", "30")]);
    let idle = Case::new("2026-09").own(1, all(), &[(ACTIVE, Zone::Total, 0), (REACTIVE, Zone::Total, 0)]).bill().unwrap();
    // The line carries what the transformer loses at rest: 1.17 × (684² + 6048²) × 0.8 / 72e6 = 0.48.
    let volumes: Vec<i64> = idle.losses.iter().map(|row| row.volume.0).collect();
    assert_eq!(volumes, [684, 0, 6048, 0, 0, 7, 14, 30]);
    let mut case = Case::new("2026-09").own(1, all(), &UNZONED);
    case.record.points[0].disconnections =
        vec![Disconnection { from: "2026-01-01T00:00:00Z".parse().unwrap(), to: None, reason: String::new() }];
    let volumes: Vec<i64> = case.bill().unwrap().losses.iter().map(|row| row.volume.0).collect();
    assert_eq!(volumes, [0, 0, 0, 0, 0, 680, 1360, 0], "per cent of what flows is no matter of hours");
}

#[test]
fn a_share_of_the_losses_at_rest_is_taken_of_the_whole() {
    for (no_load, share, expected) in [
        // round0(0.95 × 720) = 684.
        ("0.95", "1", 684),
        ("0.95", "0.5", 342),
        // round0(0.9507 × 720 = 684.504) = 685, of which half is 342.5.
        ("0.9507", "0.5", 343),
        ("0.95", "0.001", 1),
        ("0.95", "0.0007", 0),
        ("0", "1", 0),
    ] {
        let losses = vec![transformer(["400", no_load, "5.5", "2.1", "4.5", share])];
        let bill = Case::new("2026-09").own(1, with(losses), &UNZONED).bill().unwrap();
        assert_eq!(bill.losses[0].volume.0, expected, "{no_load} {share}");
        // What is lost under load is no matter of the share.
        assert_eq!(bill.losses[1].volume.0, 324);
    }
}

#[test]
fn the_columns_of_the_act_are_per_cents_and_a_constant() {
    for (columns, expected) in [
        (["2.5", "1.2", "350"], vec![(LossPart::Line, 1700), (LossPart::Variable, 816), (LossPart::Constant, 350)]),
        (["0", "0", "0"], vec![]),
        (["0", "0", "350"], vec![(LossPart::Constant, 350)]),
        (["0", "100", "0"], vec![(LossPart::Variable, 68_000)]),
    ] {
        let [line, variable, constant] = columns;
        let bill = Case::new("2026-09").own(1, with(vec![simplified(line, variable, constant)]), &UNZONED).bill().unwrap();
        let told: Vec<(LossPart, i64)> = bill.losses.iter().map(|row| (row.part, row.volume.0)).collect();
        assert_eq!(told, expected, "{columns:?}");
    }
    // Half a month: 15 days of September are 360 of 720 hours; per cents are of what was consumed.
    let mut case = Case::new("2026-09").own(1, with(vec![simplified("0", "1", "351")]), &UNZONED);
    let cut = Disconnection { from: "2026-09-15T21:00:00Z".parse().unwrap(), to: None, reason: String::new() };
    case.record.points[0].disconnections = vec![cut];
    let told: Vec<i64> = case.bill().unwrap().losses.iter().map(|row| row.volume.0).collect();
    assert_eq!(told, [680, 176]);
}

#[test]
fn reactive_energy_that_is_not_measured_is_assumed_and_its_losses_are_not_charged() {
    let active: [Measured; 1] = [(ACTIVE, Zone::Total, 68_000)];
    let lost = |tg: Option<&str>, parameter: &str| {
        let terms = PointTerms { normative_tg: tg.map(decimal), ..with(vec![transformer(PLATE)]) };
        let mut case = Case::new("2026-09").own(1, terms, &active);
        case.parameter("normative-tg", parameter);
        case.bill().map(|bill| parts(&bill))
    };
    let rest = (ACTIVE, LossPart::TransformerNoLoad, 684);
    // 1.17 × (68000² + 54400²) × 5.5 / (160000 × 720) = 423.6; with 34000 kvarh 322.9.
    assert_eq!(lost(None, "0.8"), Ok(vec![rest, (ACTIVE, LossPart::TransformerLoad, 424)]));
    assert_eq!(lost(None, "0.5"), Ok(vec![rest, (ACTIVE, LossPart::TransformerLoad, 323)]));
    assert_eq!(lost(Some("0.5"), "0.8"), Ok(vec![rest, (ACTIVE, LossPart::TransformerLoad, 323)]));
    assert_eq!(lost(Some("0"), "0.8"), Ok(vec![rest, (ACTIVE, LossPart::TransformerLoad, 258)]));
    assert!(lost(Some("-0.1"), "0.8").is_err());
    assert!(lost(None, "0").is_err());
}

#[test]
fn a_value_that_cannot_be_is_named_and_nothing_panics() {
    let refused = |losses: Vec<Loss>| refusals(Case::new("2026-09").own(1, with(losses), &UNZONED).bill());
    let named = |name: &str, value: &str| {
        format!("BILL-PARAMETER parameter={} {name}, value={value}, day=2026-09-01", crate::network::eic(1))
    };
    let columns = ["rated-kva", "no-load-kw", "load-kw", "no-load-current", "short-circuit-voltage", "share"];
    for (index, low, high) in [
        (0, Some(("0", "0.1")), None),
        (1, Some(("-0.01", "0")), None),
        (2, Some(("-0.01", "0")), None),
        (3, Some(("-0.01", "0")), Some(("100.01", "100"))),
        (4, Some(("-0.01", "0")), Some(("100.01", "100"))),
        (5, Some(("0", "0.001")), Some(("1.001", "1"))),
    ] {
        for (bad, good) in [low, high].into_iter().flatten() {
            let plate = |value| {
                let mut plate = PLATE;
                plate[index] = value;
                transformer(plate)
            };
            assert_eq!(refused(vec![plate(bad)]), [named(&format!("transformer {}", columns[index]), bad)]);
            assert_eq!(refused(vec![plate(good)]), ["good"], "{} {good}", columns[index]);
        }
    }
    for (loss, name, value) in [
        (line("-0.1", "2", "10"), "line resistance", "-0.1"),
        (line("0.4", "-2", "10"), "line length", "-2"),
        (line("0.4", "2", "0"), "line voltage", "0"),
        (simplified("-1", "0", "0"), "losses line-percent", "-1"),
        (simplified("100.5", "0", "0"), "losses line-percent", "100.5"),
        (simplified("0", "-1", "0"), "losses variable-percent", "-1"),
        (simplified("0", "0", "-1"), "losses constant-kwh", "-1"),
    ] {
        assert_eq!(refused(vec![loss]), [named(name, value)]);
    }
    assert_eq!(refused(vec![line("0", "0", "0.1"), simplified("100", "100", "0")]), ["good"]);
    // Every value is named, not the first.
    assert_eq!(refused(vec![line("-1", "-1", "0"), transformer(["0", "-1", "5", "2", "4", "2"])]).len(), 6);
    let huge = "79000000000000000000000000000";
    assert_eq!(refused(vec![line(huge, "2", "10")]), ["BILL-RANGE what=losses"]);
    assert_eq!(refused(vec![transformer([huge, "1", "1", "1", "1", "1"])]), ["BILL-RANGE what=losses"]);
    for bad in ["0", "-1"] {
        let mut case = Case::new("2026-09").own(1, with(vec![transformer(PLATE)]), &UNZONED);
        case.parameter("form-factor", bad);
        assert_eq!(refusals(case.bill()), [format!("BILL-PARAMETER parameter=form-factor, value={bad}, day=2000-01-01")]);
    }
}

#[test]
fn a_form_factor_that_nobody_gave_is_the_catalogues() {
    let source = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::new("2026-09").own(1, with(vec![transformer(PLATE)]), &UNZONED);
        change(&mut case);
        let bill = case.bill().unwrap();
        let input = bill.trace.iter().flat_map(|step| &step.inputs).find(|input| input.name == "K_gr").unwrap();
        (bill.losses[1].volume.0, input.value.clone(), input.source.clone())
    };
    let told = |volume, value: &str, source: &str| (volume, value.to_owned(), source.to_owned());
    let without = source(&|case| case.parameters.retain(|parameter| parameter.name != "form-factor"));
    assert_eq!(without, told(324, "1.17", "default form-factor from 2000-01-01"));
    let given = source(&|case| case.parameter("form-factor", "1.3"));
    assert_eq!(given, told(360, "1.3", "parameter form-factor from 2000-01-01"));
}

const THREE: [Measured; 3] = [(ACTIVE, Zone::Night, 1000), (ACTIVE, Zone::HalfPeak, 1000), (ACTIVE, Zone::Peak, 1001)];

#[test]
fn zones_bear_losses_in_proportion_and_the_last_takes_what_is_left() {
    let split = |constant: &str, measured: &[Measured]| -> Vec<i64> {
        let bill = Case::new("2026-09").own(1, with(vec![simplified("0", "0", constant)]), measured).bill().unwrap();
        of(&bill, 1, ACTIVE).iter().map(|(_, _, losses, _, _)| *losses).collect()
    };
    assert_eq!(split("100", &THREE), [33, 33, 34]);
    assert_eq!(split("101", &THREE), [34, 34, 33]);
    assert_eq!(split("1", &[(ACTIVE, Zone::Night, 1), (ACTIVE, Zone::HalfPeak, 1), (ACTIVE, Zone::Peak, 0)]), [1, 0, 0]);
    assert_eq!(split("100", &[(ACTIVE, Zone::Night, 10), (ACTIVE, Zone::Day, 30)]), [25, 75]);
    // Nobody consumed: the network was energised for all.
    assert_eq!(split("100", &[(ACTIVE, Zone::Night, 0), (ACTIVE, Zone::Day, 0)]), [50, 50]);
}

#[test]
fn zones_may_bear_losses_by_their_hours() {
    let split = |period: &str, parameter: &str, measured: &[Measured]| {
        let mut case = Case::new(period).own(1, with(vec![simplified("0", "0", "1000")]), measured);
        case.parameter("loss-zone-split", parameter);
        case.bill().map(|bill| of(&bill, 1, ACTIVE).iter().map(|(_, _, losses, _, _)| *losses).collect::<Vec<_>>())
    };
    // October: 7, 11 and 6 hours are 0.29, 0.46 and 0.25 of the day; September: 7, 11, 6 as well.
    assert_eq!(split("2026-10", "1", &THREE), Ok(vec![290, 460, 250]));
    assert_eq!(split("2026-10", "0", &THREE), Ok(vec![333, 333, 334]));
    let two = [(ACTIVE, Zone::Night, 1), (ACTIVE, Zone::Day, 9)];
    assert_eq!(split("2026-10", "1", &two), Ok(vec![330, 670]), "8 hours are 0.33 of the day");
    assert_eq!(split("2026-10", "0", &two), Ok(vec![100, 900]));
    assert_eq!(split("2026-10", "1", &UNZONED), Ok(vec![1000]));
    let refused = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::new("2026-10").own(1, with(vec![simplified("0", "0", "1000")]), &THREE);
        case.parameter("loss-zone-split", "1");
        change(&mut case);
        refusals(case.bill())
    };
    let other = refused(&|case| case.parameter("loss-zone-split", "0.5"));
    assert_eq!(other, ["BILL-PARAMETER parameter=loss-zone-split, value=0.5, day=2026-10-31"]);
    let without = refused(&|case| case.zone_hours.retain(|dated| dated.value.scheme == ZoneScheme::Two));
    assert_eq!(without, ["E2 parameter=zone-hours three, day=2026-10-31, reason=missing"]);
}

#[test]
fn a_network_that_changes_within_the_period_loses_by_each_of_its_parts() {
    let entry = |from: &str, to: Option<&str>, losses| Dated { from: day(from), to: to.map(day), value: with(losses) };
    let rest = |kilowatts: &str| vec![transformer(["400", kilowatts, "5.5", "0", "0", "1"])];
    let lost = |terms: Vec<Dated<PointTerms>>| {
        let mut case = Case::new("2026-09").own(1, PointTerms::default(), &UNZONED);
        case.record.points[0].terms = terms;
        let bill = case.bill().unwrap();
        assert_eq!(
            of(&bill, 1, ACTIVE)[0].2,
            bill.losses.iter().filter(|row| row.kind == ACTIVE).map(|row| row.volume.0).sum::<i64>()
        );
        bill.losses.iter().filter(|row| row.kind == ACTIVE).map(|row| row.volume.0).collect::<Vec<_>>()
    };
    // Ten days of 1 kW, twenty of 2 kW. The load flows in proportion to hours: a third and two thirds.
    let changed = lost(vec![entry("2020-01-01", Some("2026-09-11"), rest("1")), entry("2026-09-11", None, rest("2"))]);
    assert_eq!(changed, [240, 108, 960, 216]);
    // Terms of the same losses are one network, whatever else they say.
    let same = lost(vec![entry("2020-01-01", Some("2026-09-11"), rest("1")), entry("2026-09-11", None, rest("1"))]);
    assert_eq!(same, [720, 324]);
    // Taken out on the 11th; set up on the 11th.
    assert_eq!(lost(vec![entry("2020-01-01", Some("2026-09-11"), rest("1"))]), [240, 108]);
    assert_eq!(lost(vec![entry("2026-09-11", None, rest("1"))]), [480, 216]);
    assert_eq!(lost(vec![entry("2026-09-30", None, rest("1"))]), [24, 11]);
    assert_eq!(lost(vec![entry("2026-10-01", None, rest("1"))]), [0_i64; 0]);
}

proptest! {
    #[test]
    fn zones_bear_all_losses_and_nothing_is_negative(
        night in 0_i64..1_000_000, half in 0_i64..1_000_000, peak in 0_i64..1_000_000, reactive in 0_i64..1_000_000,
        no_load in 0_i64..5000, load in 0_i64..20_000, share in 1_i64..=1000, by_hours in any::<bool>(),
    ) {
        let thousandths = |value: i64| oblik_domain::Decimal::new(value, 3);
        let transformer = Loss::Transformer {
            rated_kva: decimal("400"), no_load_kw: thousandths(no_load), load_kw: thousandths(load),
            no_load_current: decimal("2.1"), short_circuit_voltage: decimal("4.5"), share: thousandths(share),
        };
        let losses = vec![transformer, line("0.4", "2", "10"), simplified("0.7", "1.3", "77")];
        let measured = [
            (ACTIVE, Zone::Night, night), (ACTIVE, Zone::HalfPeak, half), (ACTIVE, Zone::Peak, peak), (REACTIVE, Zone::Total, reactive),
        ];
        let mut case = Case::new("2026-10").own(1, with(losses), &measured);
        case.parameter("loss-zone-split", if by_hours { "1" } else { "0" });
        let bill = case.bill().unwrap();
        for kind in [ACTIVE, REACTIVE] {
            let parts: i64 = bill.losses.iter().filter(|row| row.kind == kind).map(|row| row.volume.0).sum();
            let zones: i64 = of(&bill, 1, kind).iter().map(|(_, _, losses, _, _)| losses).sum();
            prop_assert_eq!(parts, zones);
        }
        prop_assert!(bill.losses.iter().all(|row| row.volume.0 >= 0));
    }
}
