//! A partner's files: taken over SFTP or from a folder, applied whole or not at all, answered with the place of each fault.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use oblik_e2e::{Engine, FilesAt, House, Plan, listed, program, wait_until, world};
use serde_json::Value;

use crate::signing::{figures, xml};

#[test]
fn a_partners_files_over_sftp_are_applied_or_refused_with_line_and_column() {
    partners_files(Plan { files: FilesAt::Sftp, ..Plan::folders(Engine::Sqlite) });
}

#[test]
fn a_partners_files_in_a_folder_are_applied_or_refused_on_postgresql() {
    partners_files(Plan::folders(Engine::Postgres));
}

/// A file of readings of these customers, each in a line of its own from the fourth line on.
pub fn readings(message_id: &str, customers: &[usize]) -> String {
    let mut lines = String::new();
    let mut count = 0;
    for number in customers {
        let customer = world().customer(*number);
        let act = world().reading_act(customer, world().month());
        for row in &act.rows {
            let register = &row.register;
            writeln!(
                lines,
                "<Reading><Contract>{}</Contract><Eic>{}</Eic><Meter>{}</Meter><Kind>{}</Kind><Zone>{}</Zone>\
                 <Period>{}</Period><ReadOn>{}</ReadOn><Value>{}</Value><Quality>actual</Quality></Reading>",
                act.contract, register.point, register.meter, register.kind, register.zone, act.period, act.read_on, row.total
            )
            .unwrap();
            count += 1;
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MeterReadings xmlns=\"urn:oblik:meter-readings:1\">\n\
         <Header><MessageId>{message_id}</MessageId><Sender>ERP</Sender><CreatedAt>2026-11-01T08:15:00+02:00</CreatedAt>\
         <RecordCount>{count}</RecordCount></Header>\n{lines}</MeterReadings>\n"
    )
}

/// An acknowledgement, held against its schema by xmllint, taken apart by Python.
fn ack(house: &House, name: &str) -> Value {
    let bytes = house.wait_ack(name);
    let path = house.write(name, &bytes);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/acknowledgement-1.xsd");
    let arguments = ["--noout", "--schema", schema.to_str().unwrap(), path.to_str().unwrap()];
    if let Some(told) = program("xmllint", &arguments, b"") {
        assert!(told.good, "{}", told.err);
    }
    let script = "import json,sys,xml.etree.ElementTree as x\n\
        r=x.parse(sys.argv[1]).getroot()\n\
        t=lambda n:r.findtext('{urn:oblik:acknowledgement:1}'+n)\n\
        e=[dict(e.attrib,text=e.text) for e in r.iter('{urn:oblik:acknowledgement:1}Error')]\n\
        print(json.dumps({'file':t('FileName'),'sha256':t('Sha256'),'level':t('Level'),'outcome':t('Outcome'),'accepted':int(t('Accepted')),'refused':int(t('Refused')),'errors':e}))";
    let told = program("python3", &["-c", script, path.to_str().unwrap()], b"").expect("python3");
    serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err))
}

fn dry_bill(house: &House, number: usize) -> Value {
    let (contract, month) = (world().customer(number).contract().to_string(), world().month().to_string());
    house.json(&["bill", "--account", &contract, "--period", &month, "--dry-run"])
}

fn partners_files(plan: Plan) {
    let Some(house) = House::furnished(plan) else { return };
    let daemon = house.daemon();
    let good = readings("ERP-1", &[1, 2, 3]);
    let records = good.matches("<Reading>").count();
    let lines: Vec<&str> = good.lines().collect();
    let faulty = readings("ERP-2", &[4, 5]).replacen("<Quality>actual</Quality>", "<Quality>guessed</Quality>", 2);
    let unknown = readings("ERP-3", &[6]).replacen(world().customer(6).contract().as_str(), "270009999", 1);
    house.place("good.xml", good.as_bytes());
    house.place("faulty.xml", faulty.as_bytes());
    house.place("unknown.xml", unknown.as_bytes());
    house.place("broken.xml", lines[..lines.len() - 2].join("\n").as_bytes());
    house.place("notes.txt", "Доброго дня".as_bytes());
    house.place("master.xml", &world().master_data_xml());
    house.place("unfinished.xml.tmp", good.as_bytes());
    it_is_applied(&house, records);
    they_are_refused(&house);
    the_same_again_is_a_duplicate(&house, &good);
    nothing_is_left_but_the_unfinished(&house, &[("good.xml", good.as_bytes()), ("faulty.xml", faulty.as_bytes())]);
    daemon.sigterm();
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}

fn it_is_applied(house: &House, records: usize) {
    let good = ack(house, "good.xml.ack.xml");
    assert_eq!((&good["outcome"], &good["level"]), (&"accepted".into(), &"business".into()), "{good}");
    assert_eq!((&good["accepted"], &good["refused"]), (&records.into(), &0.into()), "{good}");
    for number in [1, 2, 3] {
        let (bill, figures) = (dry_bill(house, number), figures(house, &xml(world().customer(number))));
        assert_eq!((&bill["total"], &bill["volume_kwh"]), (&figures["total"], &figures["volume"]), "{bill}");
    }
}

fn they_are_refused(house: &House) {
    let refused = |name: &str, level: &str| {
        let told = ack(house, name);
        assert_eq!(
            (&told["outcome"], &told["level"], &told["accepted"]),
            (&"refused".into(), &level.into(), &0.into()),
            "{told}"
        );
        told["errors"].as_array().unwrap().clone()
    };
    let faulty = refused("faulty.xml.ack.xml", "technical");
    let places: Vec<_> =
        faulty.iter().map(|error| (error["line"].as_str().unwrap(), error["column"].as_str().unwrap())).collect();
    let column = readings("ERP-2", &[4]).lines().nth(3).unwrap().find("<Quality>").unwrap() + 1;
    let near = |text: &str| text.parse::<usize>().unwrap().abs_diff(column) <= "<Quality>actual".len() + 40;
    assert_eq!(places.iter().map(|(line, _)| *line).collect::<Vec<_>>(), ["4", "5"], "{faulty:?}");
    assert!(places.iter().all(|(_, column)| near(column)), "{places:?}, the element is in column {column}");
    // Whole or not at all: the good records of the file did not count either.
    for number in [4, 5, 6] {
        let bill = dry_bill(house, number);
        assert_eq!((&bill["state"], &bill["findings"][0]["code"]), (&"refused".into(), &"E6".into()), "{bill}");
    }
    let unknown = refused("unknown.xml.ack.xml", "business");
    assert_eq!(
        (&unknown[0]["code"], &unknown[0]["record"], &unknown[0]["line"]),
        (&"FILE-RECORD".into(), &"1".into(), &"4".into())
    );
    assert!(refused("broken.xml.ack.xml", "technical")[0]["line"].is_string());
    refused("notes.txt.ack.xml", "technical");
    let master = refused("master.xml.ack.xml", "technical");
    assert_eq!(master[0]["code"], "FILE-FORMAT", "a partner may not change master data");
}

fn the_same_again_is_a_duplicate(house: &House, good: &str) {
    house.place("good.xml", good.as_bytes());
    house.place("renamed.xml", good.as_bytes());
    for name in ["good.xml.2.ack.xml", "renamed.xml.ack.xml"] {
        assert_eq!(ack(house, name)["outcome"], "duplicate", "{name}");
    }
    assert_eq!(ack(house, "good.xml.ack.xml")["outcome"], "accepted", "the first answer stands");
}

fn nothing_is_left_but_the_unfinished(house: &House, files: &[(&str, &[u8])]) {
    let within = Duration::from_secs(20);
    wait_until("the files to be archived", within, || listed(&house.partner().join("in")) == ["unfinished.xml.tmp"]);
    let archive = house.partner().join("archive");
    let archived: Vec<Vec<u8>> = listed(&archive)
        .iter()
        .flat_map(|year| {
            let year = archive.join(year);
            listed(&year).into_iter().map(move |month| year.join(month))
        })
        .flat_map(|month| listed(&month).into_iter().map(move |name| std::fs::read(month.join(name)).unwrap()))
        .collect();
    assert_eq!(archived.len(), 8, "each file is kept, the one of the same name too");
    assert!(files.iter().all(|(_, bytes)| archived.iter().any(|kept| kept == bytes)));
    assert_eq!(listed(&house.partner().join("ack")).len(), 8);
}
