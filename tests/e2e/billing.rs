//! A month from readings to ledger, as operators, a partner and the schedule bring it about, with every rare kind of account.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::NewPayment;
use oblik_domain::metering::{EnergyKind, Occasion, Reading};
use oblik_domain::money::Kopiykas;
use oblik_e2e::{Engine, House, Letter, Plan, Ran, act_mail_with, binary, program, world};
use oblik_edi::{FileHeader, write_meter_file, write_payments};
use oblik_sample::mail::File;
use oblik_sample::{Accounts, Case};
use serde_json::{Value, json};

use crate::commands::text;
use crate::signing::{detached, judged_invoice};

/// Nobody reads it, its volume is ten times the usual, its dial passes its end, it pays and is corrected; then the cases.
const UNREAD: usize = 2;
const LARGE: usize = 3;
const TURNED: usize = 4;
const PLAIN: usize = 5;
const ON_REQUEST: usize = 20;
const NUMBERS: [usize; 10] = [UNREAD, LARGE, TURNED, PLAIN, 10, ON_REQUEST, 30, 40, 50, 51];
const SOON: Duration = Duration::from_mins(1);

/// The accounts of a month, reached at the addresses of the world's customers and signed for by them.
fn accounts() -> Accounts {
    let mut accounts = Accounts::new(world().now, 51).unwrap();
    for (entry, number) in accounts.entries.iter_mut().zip(1..) {
        let own = &world().customer(number).record;
        entry.record.account.emails.clone_from(&own.account.emails);
        entry.record.signers.clone_from(&own.signers);
    }
    let kept = NUMBERS.map(|number| accounts.entries[number - 1].clone());
    accounts.entries = kept.into();
    accounts
}

struct Month {
    accounts: Accounts,
    readings: Vec<(ContractNumber, Reading)>,
}

impl Month {
    /// A month as it should be, with nothing read of these customers.
    fn but(unread: &[usize]) -> Self {
        let accounts = accounts();
        let mut readings = accounts.readings(accounts.period);
        readings.retain(|(of, _)| unread.iter().all(|number| of != world().customer(*number).contract()));
        Self { accounts, readings }
    }

    /// One with what operators are asked about.
    fn doubtful() -> Self {
        let mut month = Self::but(&[UNREAD]);
        month.control();
        month.enlarge(world().customer(LARGE).contract());
        month.turn(world().customer(TURNED).contract());
        month
    }

    /// [`UNREAD`] was read in the middle of the month, and not at its end.
    fn control(&mut self) {
        let contract = world().customer(UNREAD).contract();
        let entry = self.accounts.entries.iter().find(|entry| entry.record.account.contract == *contract).unwrap();
        for opening in &entry.openings {
            let read_on = self.accounts.period.first_day() + chrono::Days::new(15);
            let mut control = Reading { period: self.accounts.period, read_on, occasion: Occasion::Control, ..opening.clone() };
            control.total.0 += 100_000;
            self.readings.push((contract.clone(), control));
        }
    }

    fn enlarge(&mut self, contract: &ContractNumber) {
        let openings: Vec<Reading> = self.accounts.entries.iter().flat_map(|entry| entry.openings.clone()).collect();
        for (_, reading) in self.readings.iter_mut().filter(|(of, _)| of == contract) {
            let opening = openings.iter().find(|opening| opening.register == reading.register).unwrap();
            reading.total.0 += 9 * (reading.total.0 - opening.total.0);
        }
    }

    /// The first active register began half a month before the end of its dial.
    fn turn(&mut self, contract: &ContractNumber) {
        let entry = self.accounts.entries.iter_mut().find(|entry| entry.record.account.contract == *contract).unwrap();
        let is_active = |opening: &&mut Reading| opening.register.kind == EnergyKind::ActiveImport;
        let opening = entry.openings.iter_mut().find(is_active).unwrap();
        let key = opening.register.clone();
        let meter = entry.record.meters.iter().find(|meter| meter.serial == key.meter).unwrap();
        let register = meter.registers.iter().find(|register| (register.kind, register.zone) == (key.kind, key.zone)).unwrap();
        let dial = 10_i64.pow(u32::from(register.digits)) * 1000;
        let (_, closing) = self.readings.iter_mut().find(|(_, reading)| reading.register == key).unwrap();
        let month = closing.total.0 - opening.total.0;
        opening.total.0 = dial - month / 2000 * 1000;
        closing.total.0 = month - month / 2000 * 1000;
    }

    fn meter_file(&self) -> Vec<u8> {
        write_meter_file(&self.header("ERP-1", "ERP"), &self.readings)
    }

    fn header(&self, message_id: &str, sender: &str) -> FileHeader {
        FileHeader { message_id: message_id.into(), sender: sender.into(), created_at: self.accounts.now, record_count: 0 }
    }

    /// A house that knows the accounts; its operators watch one another, its partner may tell payments.
    fn house(&self, plan: Plan, billing: &str) -> Option<House> {
        let house = House::build(plan)?;
        let drop = "name = \"partner\"";
        house.configure("one", |text| text.replace(drop, &format!("{drop}\npayments = true")) + billing);
        house.import_master(&self.accounts.master_data_xml());
        Some(house)
    }
}

/// The contract of the account of a case.
fn case(case: Case) -> String {
    let number = NUMBERS.into_iter().find(|number| Case::of(u64::try_from(*number).unwrap()) == Some(case)).unwrap();
    contract(number)
}

fn contract(number: usize) -> String {
    world().customer(number).contract().to_string()
}

fn period() -> String {
    world().month().to_string()
}

/// Only root can become somebody else: others are themselves, whatever they say, and one operator is all there is.
fn there_are_two_operators() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A call of the program by an operator of this name, who became root by `sudo`.
fn by(house: &House, operator: &str, arguments: &[&str]) -> Ran {
    let mut call = Command::new(binary());
    call.current_dir(house.folder()).arg("--config").arg(house.folder().join("one.toml")).arg("--json").args(arguments);
    call.env("SUDO_USER", operator).env("USER", "somebody-else");
    let output = call.stdin(std::process::Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// `oblik bill` of an account's month.
fn bill(house: &House, account: &str, more: &[&str]) -> Ran {
    let month = period();
    by(house, "anna", &[&["bill", "--account", account, "--period", &month], more].concat())
}

fn codes(told: &Value) -> Vec<&str> {
    told["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

fn sum(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or_else(|| panic!("a sum is wanted: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    format!("{whole}{part:0<2}").parse().unwrap()
}

#[test]
fn a_month_goes_from_readings_to_the_ledger_by_the_operators_hand() {
    let month = Month::doubtful();
    let billing = format!("\n[billing]\nfour_eyes = {}\n", there_are_two_operators());
    let Some(house) = month.house(Plan::folders(Engine::Sqlite), &billing) else { return };
    let daemon = house.daemon();
    house.place("readings.xml", &month.meter_file());
    accepted(&house, "readings.xml.ack.xml");
    daemon.sigterm();
    losses_and_sub_consumers_are_recomputed(&house, &month);
    the_run_bills_what_it_can(&house);
    what_is_doubted_is_billed_when_two_have_confirmed_it(&house);
    what_nobody_read_is_estimated(&house);
    payments_find_their_accounts(&house, &month);
    a_correction_is_a_document_of_its_own(&house, &month);
    the_documents_say_it(&house);
    assert_eq!(house.run(&["--json", "audit", "verify"]).good()["holds"], true);
}

fn accepted(house: &House, ack: &str) {
    let ack = String::from_utf8(house.wait_ack(ack)).unwrap();
    assert!(ack.contains("<Outcome>accepted</Outcome>"), "{ack}");
}

fn losses_and_sub_consumers_are_recomputed(house: &House, month: &Month) {
    let told = bill(house, &case(Case::Feeding), &["--dry-run", "--trace"]);
    let (shown, figures) = (told.good(), house.write("trace.json", told.out.as_bytes()));
    let master = house.write("master.xml", &month.accounts.master_data_xml());
    let readings = house.write("readings.xml", &month.meter_file());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("network.py");
    let own = program("python3", &[&script, &figures, &master, &readings], b"").expect("python3");
    assert!(own.good, "{}", own.err);
    let own: Value = serde_json::from_str(&own.out).unwrap();
    for name in ["volume_kwh", "net", "vat", "total"] {
        assert_eq!(shown[name], own[name], "{name}: {own}");
    }
    assert!(own["subs"] == 2 && own["losses"] != "0", "{own}");
}

/// A run of the month by hand: what it told, and its exit code.
fn run_month(house: &House, more: &[&str]) -> (i32, Value) {
    let month = period();
    let ran = by(house, "anna", &[&["bill", "run", "--period", &month], more].concat());
    (ran.code, ran.json())
}

fn the_run_bills_what_it_can(house: &House) {
    let (code, tried) = run_month(house, &["--dry-run"]);
    let counts = |told: &Value| ["billed", "refused", "skipped"].map(|name| told[name].as_i64().unwrap());
    assert_eq!((code, counts(&tried)), (1, [7, 3, 0]), "{tried}");
    let (code, run) = run_month(house, &[]);
    assert_eq!((code, counts(&run), &run["state"]), (1, [7, 3, 0], &"finished".into()), "{run}");
    let refused = |number: usize| {
        let account = contract(number);
        let list = run["refusals"].as_array().unwrap();
        codes(list.iter().find(|refusal| refusal["account"] == account.as_str()).unwrap()).join(" ")
    };
    assert_eq!([UNREAD, LARGE, TURNED].map(refused), ["E6", "E1", "E9"]);
    let (code, again) = run_month(house, &[]);
    assert_eq!((code, again["billed"].as_i64(), again["refused"].as_i64()), (1, Some(0), Some(3)), "{again}");
    let runs = house.json(&["bill", "runs"]);
    assert!(runs.as_array().unwrap().iter().all(|run| run["state"] == "finished"), "{runs}");
}

fn what_is_doubted_is_billed_when_two_have_confirmed_it(house: &House) {
    let month = period();
    for (number, code) in [(LARGE, "E1"), (TURNED, "E9")] {
        let account = contract(number);
        let refused = bill(house, &account, &[]).json();
        let values = &refused["findings"][0]["values"];
        let said = |name: &str| values[name].as_str().unwrap_or_else(|| panic!("{name} of {refused}")).to_owned();
        let what = match code {
            "E1" => vec!["--volume".to_owned(), said("volume")],
            _ => vec!["--rollover".to_owned(), said("meter"), said("register")],
        };
        let mut confirm = vec!["readings", "confirm", "--account", &account, "--period", &month, "--reason", "оглянуто на місці"];
        confirm.extend(what.iter().map(String::as_str));
        let confirmed = by(house, "anna", &confirm).good();
        let id = confirmed["confirmation"].to_string();
        assert_eq!(by(house, "anna", &confirm).good()["state"], "known");
        if there_are_two_operators() {
            assert_eq!(codes(&bill(house, &account, &[]).json()), [code], "one operator is not enough");
            assert_ne!(by(house, "anna", &["readings", "approve", &id]).code, 0);
            by(house, "borys", &["readings", "approve", &id]).good();
            assert_eq!(by(house, "borys", &["readings", "approve", &id]).good()["state"], "known");
        }
        let billed = bill(house, &account, &[]).good();
        assert_eq!((&billed["state"], &billed["total"]), (&"billed".into(), &confirmed["total"]), "{billed}");
        assert_eq!(codes(&bill(house, &account, &[]).json()), ["E7"]);
    }
}

fn what_nobody_read_is_estimated(house: &House) {
    let account = contract(UNREAD);
    assert_eq!(codes(&bill(house, &account, &["--dry-run"]).json()), ["E6"]);
    let billed = bill(house, &account, &["--estimate"]).good();
    assert!(billed["state"] == "billed" && sum(&billed["total"]) > 0, "{billed}");
    assert_eq!(owed(house, &account), sum(&billed["total"]));
}

/// What an account owes by its ledger, in kopiykas. Every row balances, and the rows make up the total.
fn owed(house: &House, account: &str) -> i64 {
    let told = house.run(&["--json", "ledger", account]).good();
    let rows = told["debts"].as_array().unwrap();
    let column = |name: &str| rows.iter().map(|row| sum(&row[name])).sum::<i64>();
    for row in rows.iter().chain([&told["total"]]) {
        assert_eq!(sum(&row["opening"]) + sum(&row["charged"]) - sum(&row["paid"]), sum(&row["closing"]), "{told}");
    }
    for name in ["opening", "charged", "paid", "closing"] {
        assert_eq!(column(name), sum(&told["total"][name]), "{name}: {told}");
    }
    sum(&told["total"]["closing"])
}

/// Totals of the account's documents, in kopiykas, and their numbers.
fn invoices(house: &House, account: &str) -> Vec<(i64, String)> {
    let record = house.json(&["account", "show", account]);
    let list = record["invoices"].as_array().unwrap();
    list.iter().map(|invoice| (sum(&invoice["total"]), invoice["number"].as_str().unwrap().to_owned())).collect()
}

fn payments_find_their_accounts(house: &House, month: &Month) {
    let [plain, limited, reactive] = [contract(PLAIN), case(Case::Limited), case(Case::Reactive2018)];
    let total = |account: &str| invoices(house, account)[0].0;
    for account in [&plain, &limited, &reactive] {
        assert_eq!(owed(house, account), total(account), "{account}");
    }
    let day = month.accounts.now.date_naive();
    let number = &invoices(house, &plain)[0].1;
    let payment = |reference: &str, kopiykas: i64, purpose: String| NewPayment {
        source: "BANK".to_owned(),
        reference: reference.to_owned(),
        amount: Kopiykas(kopiykas),
        paid_on: day,
        payer: "Платник".to_owned(),
        payer_edrpou: None,
        purpose,
    };
    let part = total(&limited) / 3;
    let payments = [
        payment("B-1", total(&plain), format!("Договір {plain}, рахунок {number}")),
        payment("B-2", part, format!("Оплата за електроенергію, договір № {limited}")),
        payment("B-3", 12_345, "за світло".to_owned()),
    ];
    let file = write_payments(&month.header("BANK-1", "BANK"), &payments);
    let daemon = house.daemon();
    house.place("payments.xml", &file);
    accepted(house, "payments.xml.ack.xml");
    house.place("payments-again.xml", &file);
    let again = String::from_utf8(house.wait_ack("payments-again.xml.ack.xml")).unwrap();
    assert!(again.contains("<Outcome>duplicate</Outcome>"), "{again}");
    daemon.sigterm();
    assert_eq!((owed(house, &plain), owed(house, &limited)), (0, total(&limited) - part));
    let depth = |house: &House| {
        let status = house.json(&["status"]);
        let queues = status["queues"].as_array().unwrap().clone();
        queues.iter().find(|queue| queue["what"] == "payment").and_then(|queue| queue["count"].as_i64())
    };
    let waiting = house.json(&["payment", "list", "--unassigned"]);
    assert_eq!((waiting.as_array().unwrap().len(), depth(house)), (1, Some(1)), "{waiting}");
    assert_eq!(sum(&waiting[0]["amount"]), 12_345);
    let id = waiting[0]["payment"].to_string();
    let assign = ["payment", "assign", &id, "--account", &reactive, "--reason", "дзвінок платника"];
    assert_eq!(by(house, "anna", &assign).good()["state"], "assigned");
    assert_eq!(by(house, "anna", &assign).good()["state"], "known");
    assert_eq!((owed(house, &reactive), depth(house)), (total(&reactive) - 12_345, None));
    assert_eq!(house.json(&["payment", "list", "--unassigned"]), json!([]));
}

fn a_correction_is_a_document_of_its_own(house: &House, month: &Month) {
    let account = contract(PLAIN);
    let correct = ["--correct", "--reason", "контрольне знімання"];
    let nothing = bill(house, &account, &correct);
    assert_eq!((nothing.code, codes(&nothing.json()).len()), (1, 1), "nothing differs: {nothing:?}");
    let active =
        |(of, reading): &&(ContractNumber, Reading)| of.as_str() == account && reading.register.kind == EnergyKind::ActiveImport;
    let (_, reading) = month.readings.iter().find(active).unwrap();
    let register = format!("{}/{}", reading.register.kind, reading.register.zone);
    let (value, on) = ((reading.total.0 / 1000 + 7).to_string(), reading.read_on.to_string());
    let (meter, period) = (reading.register.meter.to_string(), period());
    let enter = ["readings", "enter", "--account", &account, "--period", &period, "--meter", &meter, "--register", &register];
    let rest = ["--value", &value, "--on", &on, "--occasion", "period-end", "--reason", "акт 17"];
    assert_eq!(by(house, "anna", &[&enter[..], &rest].concat()).good()["state"], "stored");
    let before = invoices(house, &account);
    let tried = bill(house, &account, &[&correct[..], &["--dry-run"]].concat()).good();
    let done = bill(house, &account, &correct).good();
    assert_eq!((&tried["total"], &tried["correction"]), (&done["total"], &done["correction"]));
    let (more, now) = (sum(&done["total"]), sum(&done["correction"]["rerated_total"]));
    assert!(more > 0 && now - before[0].0 == more, "{done}");
    assert_eq!(done["correction"]["original"], before[0].1.as_str());
    let after = invoices(house, &account);
    assert_eq!((after.len(), after.iter().map(|(total, _)| total).sum::<i64>()), (2, now), "{after:?}");
    assert_eq!(owed(house, &account), more, "what was paid stays paid, the difference is owed");
    let again = bill(house, &account, &correct);
    assert_eq!((again.code, invoices(house, &account).len()), (1, 2), "{again:?}");
}

fn the_documents_say_it(house: &House) {
    let daemon = house.daemon();
    let letters = house.wait_letters(11, SOON);
    daemon.sigterm();
    let printed = |number: usize| {
        let to = world().customer(number).email();
        let own = letters.iter().filter(|letter| letter.to == to);
        own.map(|letter| plain(&judged_invoice(house, letter.only_pdf()))).collect::<Vec<_>>().join("\n")
    };
    for (number, wanted) in [
        (50, &["втратитрансформатора", "субспоживач62Z270000000511Q", "дооплати"][..]),
        (10, &["коеф.0,0615"][..]),
        // Told over two lines, with other columns between them.
        (40, &["ПДВне", "нараховують"][..]),
        (UNREAD, &["показанняненадійшло"][..]),
        (TURNED, &["лічильникпройшовчерезнуль"][..]),
        (PLAIN, &["КОРИГУВАННЯ", "контрольнезнімання"][..]),
    ] {
        let text = printed(number);
        assert!(wanted.iter().all(|wanted| text.contains(wanted)), "{number}: {wanted:?} in {text}");
    }
}

/// Without white space, which poppler sets as it likes.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn a_month_is_run_on_schedule_and_customers_ask_for_the_rest_on_postgresql() {
    let month = Month::but(&[UNREAD, ON_REQUEST]);
    let Some(house) = month.house(Plan::folders(Engine::Postgres), "\n[billing]\nrun = \"*/5 * * * *\"\n") else { return };
    let readings = house.write("readings.xml", &month.meter_file());
    let told = house.run(&["--json", "import", text(&readings)]).good();
    assert_eq!(told["files"][0]["outcome"], "accepted", "{told}");
    let (_, tried) = run_month(&house, &["--dry-run"]);
    let daemon = house.daemon();
    let letters = house.wait_letters(8, SOON);
    house.wait_idle(SOON);
    daemon.sigterm();
    // Another start, and an operator who says it too, bill nobody twice.
    let daemon = house.daemon();
    assert_eq!(run_month(&house, &[]).1["billed"], 0);
    let accounts: Vec<String> = NUMBERS.iter().map(|number| contract(*number)).collect();
    let totals: i64 = accounts.iter().flat_map(|account| invoices(&house, account)).map(|(total, _)| total).sum();
    assert_eq!((totals, letters.len()), (sum(&tried["total"]), 8));
    // What a file brought is no signed act: whom the run did not bill first was sent one, once.
    let acts: Vec<String> = house.acts_to_sign().into_iter().map(|letter| letter.to).collect();
    let accounts_sent: std::collections::BTreeSet<_> = acts.iter().collect();
    assert_eq!(accounts_sent.len(), acts.len(), "{acts:?}");
    let planned = case(Case::Planned);
    assert_eq!(owed(&house, &planned), invoices(&house, &planned)[0].0 + 1_250_040 - 30_000);
    customers_ask(&house, letters.len());
    daemon.sigterm();
    assert_eq!(house.run(&["--json", "audit", "verify"]).good()["holds"], true);
}

/// The newest letters after so many, when all of them are there.
fn letters_to(house: &House, count: usize, number: usize) -> Vec<Letter> {
    let mut letters = house.wait_letters(count, SOON);
    letters.retain(|letter| letter.to == world().customer(number).email());
    letters
}

fn customers_ask(house: &House, before: usize) {
    let ask = |number: usize, subject: &'static str, id: u64, files: Vec<File>| {
        house.deliver(&act_mail_with(world().customer(number), id, files, |draft| {
            draft.subject = subject;
            draft.text = "";
        }));
    };
    // A trial tells the figures and registers nothing.
    let unread = contract(UNREAD);
    ask(UNREAD, "ПОПЕРЕДНІЙ РОЗРАХУНОК", 201, detached(world().customer(UNREAD)));
    let trial = letters_to(house, before + 1, UNREAD);
    let would_be = trial[0].text.clone();
    assert!(trial[0].says("Попередній розрахунок") && trial[0].files.is_empty(), "{trial:?}");
    assert_eq!((invoices(house, &unread).len(), codes(&bill(house, &unread, &["--dry-run"]).json())), (0, vec!["E6"]));
    ask(UNREAD, "Акт", 202, detached(world().customer(UNREAD)));
    let answered = letters_to(house, before + 2, UNREAD);
    let invoice = answered.iter().find(|letter| !letter.files.is_empty()).unwrap();
    judged_invoice(house, invoice.only_pdf());
    let total = house.json(&["account", "show", &unread])["invoices"][0]["total"].as_str().unwrap().replace('.', ",");
    assert!(plain(&would_be).contains(&total), "{total} in {would_be}");
    // Who is calculated on its word says it, once and twice.
    let own = contract(ON_REQUEST);
    ask(ON_REQUEST, "Акт", 203, detached(world().customer(ON_REQUEST)));
    assert!(letters_to(house, before + 3, ON_REQUEST)[0].says("РОЗРАХУВАТИ"));
    assert_eq!(invoices(house, &own).len(), 0);
    ask(ON_REQUEST, "РОЗРАХУВАТИ", 204, Vec::new());
    let asked = letters_to(house, before + 4, ON_REQUEST);
    judged_invoice(house, asked.iter().find(|letter| !letter.files.is_empty()).unwrap().only_pdf());
    ask(ON_REQUEST, "РОЗРАХУВАТИ", 205, Vec::new());
    let twice = letters_to(house, before + 5, ON_REQUEST);
    assert!(twice.iter().any(|letter| letter.says("E7")), "{twice:?}");
    assert_eq!((invoices(house, &own).len(), owed(house, &own)), (1, invoices(house, &own)[0].0));
}
