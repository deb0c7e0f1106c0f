//! Examples and everything we write are valid to us and to xmllint, and read back as they were.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{example, schema_file, xmllint, xmllint_is_there};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_edi::schema::Schema;
use oblik_edi::{
    AckError, AckLevel, AckOutcome, Acknowledgement, Format, MasterRecord, MeterEntry, check, detect, read_acknowledgement,
    read_master_data, read_meter_file, read_payments, read_reading_act_document, write_acknowledgement, write_master_data,
    write_meter_entries, write_payments, write_reading_act, write_reading_act_document,
};

fn found(format: Format, document: &[u8]) {
    let report = check(document).unwrap();
    assert!(report.valid, "{format:?}: {:?}", report.errors);
    assert_eq!(report.format, Some(format));
    if xmllint_is_there() {
        assert_eq!(xmllint(format, &[document.to_vec()]), [true], "{}", String::from_utf8_lossy(document));
    }
}

#[test]
fn every_example_is_valid_to_us_and_to_xmllint() {
    for format in Format::ALL {
        let example = example(format);
        found(format, example.as_bytes());
        assert_eq!(detect(example.as_bytes()), Some(format));
        assert_eq!(detect(&example.as_bytes()[..200]), Some(format));
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
}

#[test]
fn an_act_reads_back_as_it_was_written() {
    let document = read_reading_act_document(example(Format::ReadingAct).as_bytes()).unwrap();
    assert_eq!(document.act.rows.len(), 6);
    assert_eq!(document.act.rows[5].register.meter.as_str(), "NIK 2303-№ 55/12");
    assert_eq!(document.act.rows[5].total.to_string(), "345.1");
    let form = document.form.as_ref().unwrap();
    assert_eq!((form.number.as_str(), form.version), ("270000017/10-2026", 1));
    let written = write_reading_act_document(&document);
    found(Format::ReadingAct, &written);
    assert_eq!(read_reading_act_document(&written).unwrap(), document);
    let plain = write_reading_act(&document.act);
    found(Format::ReadingAct, &plain);
    let again = read_reading_act_document(&plain).unwrap();
    assert_eq!((again.act, again.form), (document.act, None));
}

#[test]
fn a_meter_file_reads_back_as_it_was_written() {
    let mut records = Vec::new();
    let summary = read_meter_file(example(Format::MeterReadings).as_bytes(), &mut |record| records.push(record)).unwrap();
    assert_eq!((summary.records, summary.refused, summary.findings.len()), (3, 0, 0));
    assert_eq!(summary.header.created_at.to_rfc3339(), "2026-11-01T06:15:00+00:00");
    assert_eq!((records[1].line, records[1].column, records[1].record_no), (20, 3, 2));
    let (mut readings, mut series) = (Vec::new(), Vec::new());
    for record in &records {
        match &record.entry {
            MeterEntry::Reading(reading) => readings.push((record.contract.clone(), reading.clone())),
            MeterEntry::Intervals(intervals) => series.push((record.contract.clone(), intervals.clone())),
        }
    }
    assert_eq!((readings[0].1.occasion.as_str(), readings[1].1.occasion.as_str()), ("period-end", "control"));
    assert_eq!(series[0].1.start.to_rfc3339(), "2026-09-30T21:00:00+00:00");
    let written = write_meter_entries(&summary.header, &readings, &series);
    found(Format::MeterReadings, &written);
    let mut again = Vec::new();
    let second = read_meter_file(written.as_slice(), &mut |record| again.push((record.contract, record.entry))).unwrap();
    let first: Vec<_> = records.into_iter().map(|record| (record.contract, record.entry)).collect();
    assert_eq!((again, second.header), (first, summary.header));
}

#[test]
fn payments_read_back_as_they_were_written() {
    let mut records = Vec::new();
    let summary = read_payments(example(Format::Payments).as_bytes(), &mut |record| records.push(record)).unwrap();
    assert_eq!((summary.records, summary.refused, summary.findings.len()), (2, 0, 0));
    assert_eq!((records[0].line, records[0].column, records[0].record_no), (9, 3, 1));
    let first = &records[0].payment;
    assert_eq!((first.amount.0, first.source.as_str(), first.payer.as_str()), (1_234_560, "АТ «Банк»", "ТОВ «Млин & Ко»"));
    assert_eq!((records[1].payment.amount.0, &records[1].payment.payer_edrpou), (80_000, &None));
    let payments: Vec<_> = records.into_iter().map(|record| record.payment).collect();
    let written = write_payments(&summary.header, &payments);
    found(Format::Payments, &written);
    let mut again = Vec::new();
    read_payments(written.as_slice(), &mut |record| again.push(record.payment)).unwrap();
    assert_eq!(again, payments);
}

#[test]
fn master_data_reads_back_as_it_was_written() {
    let mut records = Vec::new();
    let summary = read_master_data(example(Format::MasterData).as_bytes(), &mut |item| records.push(item.record)).unwrap();
    assert_eq!((summary.records, summary.refused, summary.findings.len()), (5, 0, 0));
    let MasterRecord::Account(entry) = &records[0] else { panic!("an account comes first") };
    assert_eq!(entry.record.account.name, "ТОВ «Млин & Ко»");
    assert_eq!((entry.record.points.len(), entry.record.meters.len(), entry.record.signers.len()), (1, 1, 3));
    assert_eq!((entry.openings.len(), entry.openings[0].total.to_string()), (1, "10100".to_owned()));
    let written = write_master_data(&summary.header, &records);
    found(Format::MasterData, &written);
    let mut again = Vec::new();
    read_master_data(written.as_slice(), &mut |item| again.push(item.record)).unwrap();
    assert_eq!(again, records);
}

#[test]
fn an_acknowledgement_is_valid_whatever_it_holds() {
    let ack = Acknowledgement {
        file_name: " <a>\u{1}&\"\u{FFFE}\n".to_owned() + &"ж".repeat(400),
        sha256: [0xAB; 32],
        message_id: Some("№ <x>/1 ".repeat(40)),
        created_at: "2026-11-01T06:20:11.5Z".parse().unwrap(),
        level: AckLevel::Business,
        outcome: AckOutcome::Partly,
        accepted: 5,
        refused: u64::from(u32::MAX),
        errors: vec![AckError { code: String::new(), place: None, record: None, message: "\u{0}".to_owned() }; 1200],
        errors_omitted: 3,
    };
    let written = write_acknowledgement(&ack);
    found(Format::Acknowledgement, &written);
    let read = read_acknowledgement(&written).unwrap();
    assert_eq!((read.errors.len(), read.errors_omitted, read.refused), (1000, 203, ack.refused));
    let again = write_acknowledgement(&read);
    assert_eq!(read_acknowledgement(&again).unwrap(), read);
    let empty = Acknowledgement { file_name: String::new(), message_id: Some("№".to_owned()), errors: Vec::new(), ..ack };
    found(Format::Acknowledgement, &write_acknowledgement(&empty));
}

#[test]
fn a_finding_becomes_an_error_of_the_acknowledgement() {
    let findings = [
        Finding::error(Code::FileSchema).with("detail", "wrong").with("path", "/A/B").with("record", 7).at(3, 4),
        Finding::error(Code::FileTooLarge).with("what", "depth").with("limit", 32),
        Finding::information(Code::FileSchema).with("detail", "5 more").with("more", 5),
    ];
    let (errors, omitted) = AckError::list(&findings);
    assert_eq!((errors.len(), omitted), (2, 5));
    assert_eq!((errors[0].message.as_str(), errors[0].record), ("/A/B: wrong", Some(7)));
    assert_eq!(errors[1].message, "more than 32 depth");
}

#[test]
fn types_of_one_name_are_one_text_in_every_schema() {
    let mut known = std::collections::BTreeMap::new();
    for format in Format::ALL {
        let xsd = std::fs::read_to_string(schema_file(format)).unwrap();
        for part in xsd.split("<xs:simpleType name=\"").skip(1) {
            let (name, rest) = part.split_once('"').unwrap();
            let body = rest.split_once("</xs:simpleType>").unwrap().0.to_owned();
            let before = known.insert(name.to_owned(), body.clone());
            assert!(before.is_none_or(|before| before == body), "{name} differs in {format:?}");
        }
    }
    assert!(known.len() > 25);
}

#[test]
fn a_construct_outside_the_subset_is_refused_with_its_place() {
    let xsd = std::fs::read_to_string(schema_file(Format::ReadingAct)).unwrap();
    let cases = [
        ("<xs:sequence>", "<xs:all>", "</xs:sequence>", "</xs:all>", "<xs:all>"),
        ("base=\"xs:token\"", "base=\"xs:anyURI\"", "", "", "xs:anyURI"),
        ("27[0-9]{7}", "27\\d{7}", "", "", "escape"),
        ("value=\"3\"", "value=\"3\" fixed=\"true\"", "", "", "fixed"),
        ("maxOccurs=\"1000\"", "maxOccurs=\"1000\" nillable=\"true\"", "", "", "nillable"),
        ("type=\"Form\"", "type=\"Shape\"", "", "", "Shape"),
        ("type=\"Meter\"", "type=\"UsagePoint\"", "", "", "holds itself"),
        ("elementFormDefault=\"qualified\"", "", "", "", "elementFormDefault"),
        ("<xs:fractionDigits", "<xs:whiteSpace", "", "", "whiteSpace"),
        ("use=\"required\"", "use=\"required\" default=\"1\"", "", "", "default"),
    ];
    for (from, to, also, with, told) in cases {
        let mut changed = xsd.replace(from, to);
        if !also.is_empty() {
            changed = changed.replace(also, with);
        }
        let error = Schema::load(&changed).map(|schema| schema.root_name().to_owned()).unwrap_err();
        assert!(error.detail.contains(told), "{from}: {error}");
        assert!(error.line >= 1, "{error}");
    }
    assert_eq!(Schema::load(&xsd).unwrap().target(), "urn:oblik:reading-act:1");
}

#[test]
fn identifiers_are_checked_beyond_the_schema() {
    let example = example(Format::MasterData);
    let eic = Eic::parse("62Z2700000010017").unwrap();
    let cases = [
        (eic.as_str(), "62Z2700000010018", "check character"),
        ("rnokpp=\"1759013776\"", "rnokpp=\"1759013777\"", "check character"),
        ("<To>2027-01-10</To>", "<To>2026-01-10</To>", "does not come after"),
        ("<Value>10100</Value>", "<Value>1000000</Value>", "does not fit a dial"),
        ("kind=\"reactive-import\" zone=\"total\"", "kind=\"active-import\" zone=\"night\"", "stands twice"),
        (
            "<InstalledOn>2021-05-17</InstalledOn>",
            "<InstalledOn>2021-05-17</InstalledOn><RemovedOn>2020-01-01</RemovedOn>",
            "before it is",
        ),
    ];
    for (from, to, told) in cases {
        let changed = example.replace(from, to);
        assert_ne!(changed, example);
        let mut kinds = 0;
        let summary = read_master_data(changed.as_bytes(), &mut |_| kinds += 1).unwrap();
        assert_eq!((summary.refused, kinds), (1, 4), "{to}");
        let finding = &summary.findings[0];
        assert_eq!((finding.code, finding.value("record")), (Code::FileRecord, "1"), "{to}");
        assert!(finding.value("detail").contains(told) && finding.place.is_some(), "{finding:?}");
    }
    let odd = example.replace("<Edrpou>00131512", "<Edrpou>00131513");
    let report = check(odd.as_bytes()).unwrap();
    assert!(report.valid && report.errors.len() == 1, "an old code is only a warning: {report:?}");
}

#[test]
fn a_file_of_another_count_than_announced_is_refused_whole() {
    let changed = example(Format::MeterReadings).replace("<RecordCount>3", "<RecordCount>2");
    let report = check(changed.as_bytes()).unwrap();
    assert_eq!(report.errors[0].code, Code::FileRecord);
    assert_eq!(report.errors[0].place.map(|place| (place.line, place.column)), Some((3, 3)));
}

#[test]
fn a_file_reads_alike_in_every_encoding() {
    let example = example(Format::MasterData);
    let declared = |name: &str| example.replace("encoding=\"UTF-8\"", &format!("encoding=\"{name}\""));
    let wide = |text: String, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once('\u{FEFF}').chain(text.chars()).collect::<String>().encode_utf16().flat_map(bytes).collect()
    };
    let legacy = encoding_rs::WINDOWS_1251.encode(&declared("windows-1251")).0.into_owned();
    let files = [
        example.clone().into_bytes(),
        format!("\u{FEFF}{example}").into_bytes(),
        wide(declared("UTF-16"), u16::to_le_bytes),
        wide(declared("utf-16"), u16::to_be_bytes),
        legacy,
        example.replace('\n', "\r\n").into_bytes(),
    ];
    let read = |bytes: &[u8]| {
        let mut items = Vec::new();
        read_master_data(bytes, &mut |item| items.push(item)).unwrap();
        items
    };
    let first = read(&files[0]);
    for file in &files {
        assert_eq!(read(file), first);
        found(Format::MasterData, file);
    }
}

#[test]
fn every_document_in_the_guide_is_valid() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/xml.md")).unwrap();
    let documents: Vec<&str> = guide.split("```xml\n").skip(1).filter_map(|part| part.split("```").next()).collect();
    assert_eq!(documents.len(), Format::ALL.len());
    for (document, format) in documents.iter().zip(Format::ALL) {
        found(format, document.as_bytes());
    }
    for code in [
        Code::FileFormat,
        Code::FileXml,
        Code::FileSchema,
        Code::FileRecord,
        Code::FileDuplicate,
        Code::FileTooLarge,
        Code::ActXml,
    ] {
        assert!(guide.contains(&format!("`{code}`")), "{code} is not in the guide");
    }
}
