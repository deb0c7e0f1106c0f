//! Faulty files: each told with its code, line and column, and refused by xmllint too.

mod common;

use common::{example, xmllint, xmllint_is_there};
use oblik_domain::finding::Code;
use oblik_edi::{Format, check};

use Format::{MasterData, MeterReadings, ReadingAct};

struct Case {
    format: Format,
    from: &'static str,
    to: &'static str,
    code: Code,
    line: u64,
    column: u64,
    path: &'static str,
    told: &'static str,
}

#[rustfmt::skip]
const fn case(format: Format, from: &'static str, to: &'static str, code: Code, at: (u64, u64), path: &'static str, told: &'static str) -> Case {
    Case { format, from, to, code, line: at.0, column: at.1, path, told }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Well-formedness.
    case(MeterReadings, "</Header>", "</Heder>", Code::FileXml, (8, 3), "", "</Heder> closes <Header>"),
    case(MeterReadings, "ERP «Облік»", "ERP «Облік» & Ко", Code::FileXml, (5, 25), "", "\"&\""),
    case(MeterReadings, "ERP «Облік»", "ERP &copy; Ко", Code::FileXml, (5, 17), "", "&copy; is not defined"),
    case(MeterReadings, "ERP «Облік»", "ERP ]]> Ко", Code::FileXml, (5, 17), "", "]]>"),
    case(MeterReadings, "ERP «Облік»", "Є \u{1}", Code::FileXml, (5, 15), "", "U+0001"),
    case(MeterReadings, "ERP «Облік»", "Є &#1;", Code::FileXml, (5, 15), "", "&#1;"),
    case(MeterReadings, "<Header>", "<Header a=1>", Code::FileXml, (3, 3), "", "not quoted"),
    case(MeterReadings, "<Header>", "<Header a='1'b='2'>", Code::FileXml, (3, 3), "", "no space"),
    case(MeterReadings, "<Header>", "<Header a='1' a='2'>", Code::FileXml, (3, 3), "", "stands twice"),
    case(MeterReadings, "<Header>", "<Header a='<'>", Code::FileXml, (3, 3), "", "\"<\""),
    case(MeterReadings, "<Header>", "<Header><!-- a -- b -->", Code::FileXml, (3, 11), "", "comment"),
    case(MeterReadings, "<Header>", "<Header><?xml version='1.0'?>", Code::FileXml, (3, 11), "", "declaration"),
    case(MeterReadings, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE a [<!ENTITY b \"c\">]>", Code::FileXml, (1, 39), "", "DOCTYPE"),
    case(MeterReadings, "<?xml version=\"1.0\"", " <?xml version=\"1.0\"", Code::FileXml, (1, 2), "", "very start"),
    case(MeterReadings, "</MeterReadings>", "</MeterReadings>x", Code::FileXml, (42, 17), "", "outside the root"),
    case(MeterReadings, "</MeterReadings>", "</MeterReadings><a/>", Code::FileXml, (42, 17), "", "second root"),
    case(MeterReadings, "</MeterReadings>", "", Code::FileXml, (43, 1), "", "ends inside"),
    case(MeterReadings, "<MessageId>", "<p:MessageId>", Code::FileXml, (4, 5), "", "prefix"),
    case(MeterReadings, "encoding=\"UTF-8\"", "encoding=\"KOI8-U\"", Code::FileXml, (1, 1), "", "KOI8-U"),
    // Structure.
    case(MeterReadings, "urn:oblik:meter-readings:1", "urn:oblik:meter-readings:2", Code::FileFormat, (0, 0), "", "no format"),
    case(MeterReadings, "    <Eic>62Z2700000010033</Eic>\n", "", Code::FileSchema, (22, 5), "/MeterReadings/Reading[2]", "<Eic> is missing before <Meter>"),
    case(MeterReadings, "    <Quality>actual</Quality>\n", "", Code::FileSchema, (9, 3), "/MeterReadings/Reading[1]", "<Quality> is missing in <Reading>"),
    case(MeterReadings, "<Zone>night</Zone>", "<Zone>night</Zone><Zone>night</Zone>", Code::FileSchema, (14, 23), "/MeterReadings/Reading[1]", "a second <Zone>"),
    case(MeterReadings, "<Zone>night</Zone>", "<Зона>night</Зона><Zone>night</Zone>", Code::FileSchema, (14, 5), "/MeterReadings/Reading[1]", "<Зона> is not known here; expected <Zone>"),
    case(MeterReadings, "<Zone>night</Zone>", "<Zone>night<b/></Zone>", Code::FileSchema, (14, 16), "/MeterReadings/Reading[1]/Zone", "where none may stand"),
    case(MeterReadings, "<Zone>night</Zone>", "<Zone>night</Zone>нічна", Code::FileSchema, (14, 23), "/MeterReadings/Reading[1]", "only elements"),
    case(MeterReadings, "<Zone>night</Zone>", "<Zone xmlns=''>night</Zone>", Code::FileSchema, (14, 5), "/MeterReadings/Reading[1]", "another namespace"),
    case(MeterReadings, "  <Header>", "  <Header id=\"1\">", Code::FileSchema, (3, 3), "/MeterReadings/Header/@id", "not known here"),
    case(ReadingAct, "<Meter serial=\"0712345\">", "<Meter>", Code::FileSchema, (8, 5), "/ReadingAct/UsagePoint[1]/Meter[1]/@serial", "missing"),
    case(ReadingAct, "    <Meter serial=\"0712345\">", "\t<!-- ї --><Meter serial=\"№\u{FE0F}\">", Code::FileSchema, (8, 12), "/ReadingAct/UsagePoint[1]/Meter[1]/@serial", "not shaped as MeterSerial"),
    case(ReadingAct, "<Form number=\"270000017/10-2026\" version=\"1\"/>", "<Form number=\"1\" version=\"1\">a</Form>", Code::FileSchema, (6, 32), "/ReadingAct/Form", "only elements"),
    case(MasterData, "<Seal edrpou=\"00131512\"/>", "", Code::FileSchema, (134, 5), "/MasterData/Account[1]/Signer[2]", "<Certificate>, <Person> or <Seal> is missing"),
    case(MasterData, "<Seal edrpou=\"00131512\"/>", "<Seal edrpou=\"00131512\"/><Seal edrpou=\"00131512\"/>", Code::FileSchema, (138, 32), "/MasterData/Account[1]/Signer[2]", "a second"),
    // Values.
    case(MeterReadings, "<Value>774</Value>", "<Value>774,5</Value>", Code::FileSchema, (28, 5), "/MeterReadings/Reading[2]/Value", "\"774,5\" is not a decimal number"),
    case(MeterReadings, "<Value>774</Value>", "<Value>774.1234</Value>", Code::FileSchema, (28, 5), "/MeterReadings/Reading[2]/Value", ""),
    case(MeterReadings, "<Value>774</Value>", "<Value>-774</Value>", Code::FileSchema, (28, 5), "/MeterReadings/Reading[2]/Value", ""),
    case(MeterReadings, "<Value>774</Value>", "<Value>1000000000</Value>", Code::FileSchema, (28, 5), "/MeterReadings/Reading[2]/Value", ""),
    case(MeterReadings, "<Value>774</Value>", "<Value/>", Code::FileSchema, (28, 5), "/MeterReadings/Reading[2]/Value", "\"\" is not a decimal"),
    case(MeterReadings, "<Zone>total</Zone>", "<Zone>Total</Zone>", Code::FileSchema, (25, 5), "/MeterReadings/Reading[2]/Zone", "is none of total, night"),
    case(MeterReadings, "2026-10-16</ReadOn>", "2026-10-32</ReadOn>", Code::FileSchema, (27, 5), "/MeterReadings/Reading[2]/ReadOn", "not a date"),
    case(MeterReadings, "2026-10-16</ReadOn>", "2026-10-16Z</ReadOn>", Code::FileSchema, (27, 5), "/MeterReadings/Reading[2]/ReadOn", "not shaped as Day"),
    case(MeterReadings, "<Period>2026-10</Period>", "<Period>10.2026</Period>", Code::FileSchema, (15, 5), "/MeterReadings/Reading[1]/Period", "not a month"),
    case(MeterReadings, "08:15:00+02:00", "08:15:00", Code::FileSchema, (6, 5), "/MeterReadings/Header/CreatedAt", "not shaped as Instant"),
    case(MeterReadings, "08:15:00+02:00", "24:00:00Z", Code::FileSchema, (6, 5), "/MeterReadings/Header/CreatedAt", "not shaped as Instant"),
    case(MeterReadings, "<RecordCount>3<", "<RecordCount>+3<", Code::FileSchema, (7, 5), "/MeterReadings/Header/RecordCount", "not shaped as RecordCount"),
    case(MeterReadings, "<Contract>270000025</Contract>", "<Contract>280000025</Contract>", Code::FileSchema, (21, 5), "/MeterReadings/Reading[2]/Contract", "27[0-9]{7}"),
    case(MasterData, "<Coefficient>40<", "<Coefficient>0<", Code::FileSchema, (110, 9), "/MasterData/Account[1]/UsagePoint[1]/Meter[1]/Coefficient", "not above 0"),
    case(MasterData, "<Price>1.9<", "<Price>1.912345<", Code::FileSchema, (158, 5), "/MasterData/Tariff[2]/Price", "more than 5 decimals"),
    case(MasterData, "energo@mlyn.example", "енерго@mlyn.example", Code::FileSchema, (17, 5), "/MasterData/Account[1]/Email[2]", "not shaped as Email"),
    case(MasterData, "digits=\"6\">", "digits=\"10\">", Code::FileSchema, (117, 9), "/MasterData/Account[1]/UsagePoint[1]/Meter[1]/Register[1]/@digits", "not shaped as Digits"),
];

#[test]
fn every_fault_is_told_with_its_code_and_place() {
    for case in CASES {
        let original = example(case.format);
        let changed = original.replacen(case.from, case.to, 1);
        assert_ne!(changed, original, "{:?} is not in the example", case.from);
        let report = check(changed.as_bytes()).unwrap();
        assert!(!report.valid, "{}", case.to);
        let finding = &report.errors[0];
        let place = finding.place.map_or((0, 0), |place| (place.line, place.column));
        let told = (finding.code, place, finding.value("path"));
        assert_eq!(told, (case.code, (case.line, case.column), case.path), "{:?} → {:?}: {finding:?}", case.from, case.to);
        assert!(finding.value("detail").contains(case.told), "{:?}: {}", case.to, finding.value("detail"));
    }
}

#[test]
fn xmllint_refuses_them_too() {
    if !xmllint_is_there() {
        return;
    }
    for format in [ReadingAct, MeterReadings, MasterData] {
        // Its encodings are those of its library, so that case is ours alone.
        let cases: Vec<&Case> = CASES
            .iter()
            .filter(|case| case.format == format && !case.to.contains("KOI8-U") && !case.to.contains("DOCTYPE"))
            .collect();
        let documents: Vec<Vec<u8>> =
            cases.iter().map(|case| example(format).replacen(case.from, case.to, 1).into_bytes()).collect();
        for (case, valid) in cases.iter().zip(xmllint(format, &documents)) {
            assert!(!valid, "{:?}", case.to);
        }
    }
}

#[test]
fn all_faults_are_told_not_only_the_first() {
    let changed = example(MeterReadings)
        .replace("<Zone>night</Zone>", "<Zone>dawn</Zone>")
        .replace("<Value>774</Value>", "<Value>x</Value>")
        .replace("    <Quality>operator</Quality>\n", "");
    let report = check(changed.as_bytes()).unwrap();
    let places: Vec<_> = report.errors.iter().filter_map(|finding| finding.place).map(|place| place.line).collect();
    assert_eq!(places, [14, 28, 29]);
    assert_eq!(report.errors[1].value("record"), "2");
}

#[test]
fn a_hundred_faults_are_told_and_the_rest_is_counted() {
    let example = example(MeterReadings);
    let from = example.find("  <Reading>").unwrap();
    let to = example.find("  <Intervals>").unwrap();
    let bad = example[from..to].replace("<Zone>", "<Zone>x");
    let changed = format!("{}{}{}", &example[..from], bad.repeat(100), &example[to..]);
    let report = check(changed.as_bytes()).unwrap();
    assert_eq!(report.errors.len(), 101);
    assert_eq!(report.errors[100].value("more"), "100");
    // Where the reading ended is told even then.
    let broken = changed.replace("</MeterReadings>", "</x>");
    let report = check(broken.as_bytes()).unwrap();
    assert_eq!(report.errors[99].code, Code::FileXml);
}

#[test]
fn both_sides_of_every_bound_are_judged_alike() {
    let register = "      <Register kind=\"active-import\" zone=\"total\">00345.1</Register>\n";
    let act = |from: &str, to: &str| (ReadingAct, example(ReadingAct).replacen(from, to, 1));
    let master = |from: &str, to: &str| (MasterData, example(MasterData).replacen(from, to, 1));
    let name = |length: usize| format!("<Name>{}</Name>\n    <Edrpou>", "ї".repeat(length));
    let cases = [
        (act(register, &register.repeat(15)), true),
        (act(register, &register.repeat(16)), false),
        (act(register, ""), false),
        (act(">10234.5<", ">999999999.999<"), true),
        (act(">10234.5<", ">1000000000<"), false),
        (act(">10234.5<", ">0.001<"), true),
        (act(">10234.5<", ">0.0010<"), false),
        (act("version=\"1\"/>", "version=\"999999\"/>"), true),
        (act("version=\"1\"/>", "version=\"0\"/>"), false),
        (act("serial=\"0712345\"", &format!("serial=\"{}\"", "9".repeat(32))), true),
        (act("serial=\"0712345\"", &format!("serial=\"{}\"", "9".repeat(33))), false),
        (act("<Period>2026-10<", "<Period>2199-12<"), true),
        (act("<Period>2026-10<", "<Period>2200-01<"), false),
        (act("<ReadOn>2026-10-31<", "<ReadOn>2028-02-29<"), true),
        (act("<ReadOn>2026-10-31<", "<ReadOn>2027-02-29<"), false),
        (master("<Name>ТОВ «Млин &amp; Ко»</Name>\n    <Edrpou>", &name(300)), true),
        (master("<Name>ТОВ «Млин &amp; Ко»</Name>\n    <Edrpou>", &name(301)), false),
        (master("<Name>ТОВ «Млин &amp; Ко»</Name>\n    <Edrpou>", &name(0)), false),
        (master("<Coefficient>40<", "<Coefficient>1000000<"), true),
        (master("<Coefficient>40<", "<Coefficient>1000000.0001<"), false),
        (master("<Coefficient>40<", "<Coefficient>0.0001<"), true),
        (master("<Price>1.9<", "<Price>999999.99999<"), true),
        (master("<Price>1.9<", "<Price>1000000<"), false),
        (master("digits=\"6\"/>", "digits=\"3\"/>"), true),
        (master("digits=\"6\"/>", "digits=\"2\"/>"), false),
        (master("due-day=\"10\"", "due-day=\"31\""), true),
        (master("due-day=\"10\"", "due-day=\"32\""), false),
        (master("due-day=\"10\"", "due-day=\"0\""), false),
        (master("percent=\"33.33\"", "percent=\"33.3300\""), true),
        (master("percent=\"33.33\"", "percent=\"100.0001\""), false),
        (master("percent=\"33.33\"", "percent=\"33.33001\""), false),
        (master("<SettlementDay>1<", "<SettlementDay>28<"), true),
        (master("<SettlementDay>1<", "<SettlementDay>29<"), false),
        (master("<WindowDays>3<", "<WindowDays>31<"), true),
        (master("<WindowDays>3<", "<WindowDays>0<"), false),
        (master("<Volume>98400<", "<Volume>999999999999<"), true),
        (master("<Volume>98400<", "<Volume>-1<"), false),
        (master("<Amount>-200<", "<Amount>-999999999999.99<"), true),
        (master("<Amount>-200<", "<Amount>-200.001<"), false),
        (master("rated-kva=\"400\"", "rated-kva=\"0.000001\""), true),
        (master("rated-kva=\"400\"", "rated-kva=\"0\""), false),
        (master("voltage=\"10\"", "voltage=\"0.0\""), false),
        (master("length=\"1.2\"", "length=\"0\""), true),
        (master("<NormativeTg>0.8<", "<NormativeTg>10<"), true),
        (master("<NormativeTg>0.8<", "<NormativeTg>10.0001<"), false),
        (master("<ReactiveEquivalent>0.0615<", "<ReactiveEquivalent>0.999999<"), true),
        (master("<ReactiveEquivalent>0.0615<", "<ReactiveEquivalent>1<"), false),
        (master("<Area>Цех</Area>", &format!("<Area>{}</Area>", "ї".repeat(64))), true),
        (master("<Area>Цех</Area>", &format!("<Area>{}</Area>", "ї".repeat(65))), false),
        (master("<Month>12<", "<Month>13<"), false),
        (master("from=\"23\"", "from=\"24\""), false),
        (master("to=\"23\"", "to=\"25\""), false),
        (master("<Component>supply<", "<Component>reactive<"), true),
        (
            master(
                "<Prepayment due-day=\"25\"/>",
                "<Prepayment due-day=\"25\"/><PlannedPayments><Part due-day=\"1\" percent=\"1\"/></PlannedPayments>",
            ),
            false,
        ),
    ];
    for ((format, document), valid) in &cases {
        assert_ne!(document, &example(*format));
        assert_eq!(check(document.as_bytes()).unwrap().valid, *valid, "{document}");
        if xmllint_is_there() {
            assert_eq!(xmllint(*format, &[document.clone().into_bytes()]), [*valid], "{document}");
        }
    }
}
