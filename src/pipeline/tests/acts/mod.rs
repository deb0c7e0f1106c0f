//! Acts that the house makes: when, to whom, which version holds, and what becomes of a signed copy.

use oblik_domain::account::ActSignature;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::metering::{Occasion, Quality, Reading};
use oblik_domain::states::ReadingActState;
use oblik_edi::write_meter_file;
use oblik_mail::Message;
use oblik_store::StoredReadingAct;

use super::asked::*;
use super::*;
use crate::{ActAgain, ActByHand, Entry, MadeByHand, Word, enter_reading, issue_act, known_act, send_act_again, turn};

/// A letter with an act: to whom, what its text says, and the act's name and bytes.
struct Posted {
    to: String,
    text: String,
    name: String,
    pdf: Vec<u8>,
}

impl World {
    /// Readings as a partner's file brings them, some of them so much more.
    fn readings_of(&self, at: usize, more: i64) -> Vec<Reading> {
        let mut readings = self.utility.reading_act(&self.customers[at], self.utility.period).readings();
        readings[0].total.0 += more;
        readings
    }

    async fn bring(&self, message: &str, readings: &[(usize, Reading)]) {
        let contract = |at: &usize| self.customers[*at].contract().clone();
        let readings: Vec<_> = readings.iter().map(|(at, reading)| (contract(at), reading.clone())).collect();
        let file = write_meter_file(&self.utility.header(message), &readings);
        take_file(&self.house, "drop:erp", &format!("{message}.xml"), &file).await.unwrap();
        run_until_idle(&self.house).await.unwrap();
    }

    async fn bring_all(&self, message: &str, at: usize, more: i64) {
        let readings: Vec<_> = self.readings_of(at, more).into_iter().map(|reading| (at, reading)).collect();
        self.bring(message, &readings).await;
    }

    async fn acts_of(&self, at: usize) -> Vec<StoredReadingAct> {
        self.house.store.read().await.unwrap().reading_acts(self.customers[at].contract()).await.unwrap()
    }

    /// Versions with their states, and last why none is made.
    async fn versions(&self, at: usize) -> Vec<(Option<i64>, ReadingActState, Option<String>)> {
        self.acts_of(at).await.into_iter().map(|act| (act.version, act.state, act.reason)).collect()
    }

    /// Letters that carry acts, in the order they were written.
    async fn posted(&self) -> Vec<Posted> {
        let mut tx = self.house.store.begin("test").await.unwrap();
        let lease = oblik_store::Lease { lasts: TimeDelta::zero(), ..self.house.lease() };
        let mut letters = tx.claim_letters(LetterState::Due, &lease, 1000).await.unwrap();
        letters.sort_by_key(|letter| letter.id);
        let mut posted = Vec::new();
        for letter in letters.iter().filter(|letter| letter.work.channel == "mail") {
            let message = Message::parse(&tx.blob(&letter.work.blob_sha256).await.unwrap()).unwrap();
            let act = message.parts.iter().find(|part| part.name.starts_with("akt-"));
            posted.extend(act.map(|act| Posted {
                to: letter.work.recipient.clone(),
                text: String::from_utf8(message.parts[0].bytes.clone()).unwrap(),
                name: act.name.clone(),
                pdf: act.bytes.clone(),
            }));
        }
        tx.roll_back().await.unwrap();
        posted
    }

    async fn return_signed(&self, at: usize, posted: &Posted, number: u64) -> i64 {
        let signed = self.customers[at].sign_pdf(&posted.pdf, clock()).unwrap();
        let files = vec![File::pdf(&posted.name, signed)];
        Mail::new(self.customers[at].email(), "Акт").with(files).take(self, number).await
    }
}

fn issued(version: i64) -> (Option<i64>, ReadingActState, Option<String>) {
    (Some(version), ReadingActState::Issued, None)
}

fn void(version: i64) -> (Option<i64>, ReadingActState, Option<String>) {
    (Some(version), ReadingActState::Void, None)
}

fn unneeded(why: &str) -> (Option<i64>, ReadingActState, Option<String>) {
    (None, ReadingActState::Unneeded, Some(why.to_owned()))
}

#[tokio::test]
async fn the_last_reading_makes_the_act_and_the_same_readings_make_no_other() {
    let world = World::with_lists(3).await;
    let all = world.readings_of(0, 0);
    let but_one: Vec<_> = all[1..].iter().map(|reading| (0, reading.clone())).collect();
    world.bring("a", &but_one).await;
    assert_eq!(world.versions(0).await, [unneeded("incomplete")]);
    assert!(world.posted().await.is_empty());
    // Another account in the same file has all of its own.
    let mut rest = vec![(0, all[0].clone())];
    rest.extend(world.readings_of(1, 0).into_iter().map(|reading| (1, reading)));
    world.bring("b", &rest).await;
    assert_eq!(world.versions(0).await, [issued(1)]);
    let posted = world.posted().await;
    assert_eq!(posted.len(), 2);
    let name = format!("akt-{}-{}-v1.pdf", world.customers[0].contract(), world.utility.period);
    let own = posted.iter().find(|posted| posted.name == name).unwrap();
    assert_eq!(own.to, world.customers[0].email());
    assert!(own.text.contains("підпишіть") && own.text.contains("редакція 1"), "{}", own.text);
    // The data inside is the act's XML, byte for byte.
    let xml = oblik_signature::pdf::file_within(&own.pdf, oblik_documents::ACT_ATTACHMENT).unwrap();
    assert_eq!(Some(oblik_store::sha256_hex(&xml)), world.acts_of(0).await[0].xml_sha256);
    let document = oblik_edi::read_reading_act_document(&xml).unwrap();
    assert_eq!((document.act.rows.len(), document.form.unwrap().version), (all.len(), 1));
    // Brought again, and on another day: nothing is new.
    for (message, day) in [("c", 0), ("d", 1)] {
        let again = world.readings_of(0, 0).into_iter();
        let again: Vec<_> =
            again.map(|reading| (0, Reading { read_on: reading.read_on - TimeDelta::days(day), ..reading })).collect();
        world.bring(message, &again).await;
        assert_eq!(world.versions(0).await, [issued(1), unneeded("unchanged")]);
    }
    assert_eq!(world.posted().await.len(), 2);
    assert!(world.acts_of(2).await.is_empty());
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_newer_reading_makes_the_next_version_and_a_signed_copy_of_the_old_is_refused_with_the_new_one() {
    let world = World::with_lists(1).await;
    world.bring_all("a", 0, 0).await;
    let first = world.posted().await.remove(0);
    world.bring_all("b", 0, 7_000).await;
    assert_eq!(world.versions(0).await, [void(1), issued(2)]);
    let second = world.posted().await.remove(1);
    assert!(second.name.ends_with("-v2.pdf") && second.text.contains("Редакція 1 більше не діє"), "{}", second.text);
    let old = world.return_signed(0, &first, 1).await;
    assert_eq!((world.state(old).await, world.invoices_of(0).await), (Some(ActState::Refused), 0));
    let (to, text) = world.letter(old).await;
    assert_eq!((to.as_str(), codes_in(&text)), (world.customers[0].email(), vec!["ACT-VOIDED"]), "{text}");
    assert!(text.contains("Чинна редакція 2 у вкладенні"), "{text}");
    let again = world.posted().await.pop().unwrap();
    assert!(again.name == second.name && again.pdf == second.pdf, "the very bytes that were issued");
    let findings = world.house.store.read().await.unwrap().findings(old).await.unwrap();
    let voided = findings.iter().find(|finding| finding.code == Code::ActVoided).unwrap().to_finding();
    assert_eq!((voided.value("version"), voided.value("current")), ("1", "2"));
    let before = world.readings_of(0, 0)[0].total;
    let after = RegisterTotal(before.0 + 7_000);
    assert!(voided.value("changed").contains(&format!("{before} → {after}")), "{voided:?}");
    // What holds registers, is billed, and doubles nothing.
    let good = world.return_signed(0, &second, 2).await;
    assert_eq!((world.state(good).await, world.invoices_of(0).await), (Some(ActState::Invoiced), 1));
    assert_eq!(world.versions(0).await, [void(1), (Some(2), ReadingActState::Signed, None)]);
    assert_eq!(world.readings(0).await, world.readings_of(0, 0).len());
    // The old one again: nobody is asked to sign what is signed.
    let late = world.return_signed(0, &first, 3).await;
    let (_, text) = world.letter(late).await;
    assert!(text.starts_with("ЧИННУ РЕДАКЦІЮ АКТА ВЖЕ ПІДПИСАНО") && !text.contains("у вкладенні"), "{text}");
    let (contract, period) = (world.customers[0].contract(), world.utility.period);
    assert_eq!(send_act_again(&world.house, contract, period, "anna").await.unwrap(), ActAgain::NoAct);
    let posted = world.posted().await.len();
    // Billed: nothing is made any more, and a file that says otherwise is refused.
    world.bring_all("c", 0, 9_000).await;
    let mut tx = world.house.store.begin("test").await.unwrap();
    tx.note_readings(world.customers[0].contract(), world.utility.period, clock()).await.unwrap();
    tx.commit().await.unwrap();
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.versions(0).await.pop(), Some(unneeded("billed")));
    assert_eq!(world.posted().await.len(), posted);
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_signed_copy_that_readings_overtook_is_refused_before_the_next_version_is_made() {
    let world = World::with_lists(1).await;
    world.bring_all("a", 0, 0).await;
    let first = world.posted().await.remove(0);
    set_clock(start() + TimeDelta::minutes(1));
    let mut tx = world.house.store.begin("test").await.unwrap();
    let changed = world.readings_of(0, 3_000).remove(0);
    tx.put_reading(&changed, 1, clock()).await.unwrap();
    tx.note_readings(world.customers[0].contract(), world.utility.period, clock()).await.unwrap();
    tx.commit().await.unwrap();
    let signed = world.customers[0].sign_pdf(&first.pdf, clock()).unwrap();
    let draft = Draft {
        client: Client::Thunderbird,
        from_name: "Бухгалтерія",
        from: world.customers[0].email(),
        to: OUR_MAILBOX,
        subject: "Акт",
        text: "",
        sent_at: clock(),
        number: 1,
        authserv_id: Some(OUR_MX),
        files: vec![File::pdf("akt.pdf", signed)],
        fields: Vec::new(),
    };
    let receipt = take_message(&world.house, "mailbox:acts", "a mail", &draft.compose()).await.unwrap();
    let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
    for station in ["classify", "verify", "register"] {
        turn(&world.house, station).await.unwrap();
    }
    assert_eq!(world.state(item).await, Some(ActState::Refused));
    assert!(world.codes(item).await.contains(&Code::ActVoided));
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.versions(0).await, [void(1), issued(2)]);
    // The reading that changed is not undone by what was signed before it.
    assert_eq!(world.letter(item).await.0, world.customers[0].email());
}

#[tokio::test]
async fn who_makes_an_act_of_what_was_known_before_loses_the_claim() {
    let world = World::with_lists(1).await;
    let (contract, period) = (world.customers[0].contract().clone(), world.utility.period);
    let mut tx = world.house.store.begin("test").await.unwrap();
    for reading in world.readings_of(0, 0) {
        tx.put_reading(&reading, 1, clock()).await.unwrap();
    }
    tx.note_readings(&contract, period, clock()).await.unwrap();
    let claimed = tx.claim_reading_acts(&world.house.lease(), 64).await.unwrap().remove(0);
    tx.commit().await.unwrap();
    for signed in [false, true] {
        let mut tx = world.house.store.begin("test").await.unwrap();
        if signed {
            tx.disturb_reading_act(&contract, period).await.unwrap();
        } else {
            tx.note_readings(&contract, period, clock()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = world.house.store.begin("test").await.unwrap();
        assert!(tx.no_reading_act(&claimed, "unchanged", clock()).await.is_err());
        tx.roll_back().await.unwrap();
    }
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.versions(0).await, [issued(1)]);
    // Two daemons at once make one.
    world.bring_all("b", 0, 500).await;
    let mut other = world.house.clone();
    other.owner = "another".into();
    let (one, two) = tokio::join!(run_until_idle(&world.house), run_until_idle(&other));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!((world.versions(0).await, world.posted().await.len()), (vec![void(1), issued(2)], 2));
}

#[tokio::test]
async fn no_act_is_made_for_who_need_not_sign_has_no_address_or_is_before_the_window() {
    let world = World::with_lists(4).await;
    world
        .change(0, |record| {
            let value = Terms { act_signature: ActSignature::NotRequired, ..Terms::default() };
            record.account.terms = vec![Dated { from: "2020-01-01".parse().unwrap(), to: None, value }];
        })
        .await;
    world.change(1, |record| record.account.emails.clear()).await;
    // The window opens on the fifth.
    let day = |day: u8| {
        let value = Terms { settlement_day: Some(day), window_days: Some(1), ..Terms::default() };
        vec![Dated { from: "2020-01-01".parse().unwrap(), to: None, value }]
    };
    world.change(2, |record| record.account.terms = day(5)).await;
    for at in 0..3 {
        world.bring_all(&format!("file{at}"), at, 0).await;
    }
    assert_eq!(world.versions(0).await, [unneeded("not-required")]);
    assert_eq!(world.versions(1).await, [unneeded("no-address")]);
    assert_eq!(world.versions(2).await, [(None, ReadingActState::Due, None)]);
    assert!(world.posted().await.is_empty());
    set_clock("2026-11-04T22:00:00Z".parse().unwrap());
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.versions(2).await, [issued(1)]);
    // What comes when it is over can be signed by nobody.
    set_clock("2026-11-05T22:00:00Z".parse().unwrap());
    world.change(3, |record| record.account.terms = day(5)).await;
    world.bring_all("late", 3, 0).await;
    assert_eq!(world.versions(3).await, [unneeded("window-closed")]);
}

#[tokio::test]
async fn e4_comes_with_the_act_to_sign_and_where_there_is_none_it_is_made_and_an_operator_is_told() {
    let world = World::with_lists(2).await;
    world.bring_all("a", 0, 0).await;
    let asked = Mail::new(world.customers[0].email(), CALCULATE).take(&world, 1).await;
    let (_, text) = world.letter(asked).await;
    assert_eq!(codes_in(&text), ["E4"]);
    let posted = world.posted().await;
    assert!(posted.len() == 2 && posted[0].pdf == posted[1].pdf && posted[1].text == text, "{text}");
    // Readings that nobody noted, as from before acts were made.
    let mut tx = world.house.store.begin("test").await.unwrap();
    for reading in world.readings_of(1, 0) {
        tx.put_reading(&reading, 1, clock()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let asked = Mail::new(world.customers[1].email(), CALCULATE).take(&world, 2).await;
    let (_, text) = world.letter(asked).await;
    assert!(codes_in(&text) == ["E4"] && text.contains("окремим листом"), "{text}");
    assert_eq!(world.versions(1).await, [issued(1)]);
    let links = world.house.store.read().await.unwrap();
    let contract = world.customers[1].contract().to_string();
    let links = {
        let mut tx = links;
        tx.journal_links("account", &contract).await.unwrap()
    };
    assert!(links.iter().any(|link| link.entry.event == "a signed act is asked for and there is none to sign"));
    // Signed as a file of its own beside the PDF, it counts as well.
    let form = world.posted().await.pop().unwrap();
    let signature = world.customers[1].sign_detached(&form.pdf, start()).unwrap();
    let files = vec![File::pdf(&form.name, form.pdf.clone()), File::p7s(format!("{}.p7s", form.name), signature)];
    let item = Mail::new(world.customers[1].email(), "Акт").with(files).take(&world, 3).await;
    assert_eq!(world.state(item).await, Some(ActState::Invoiced), "{:?}", world.codes(item).await);
}

#[tokio::test]
async fn an_operators_reading_and_a_control_reading_make_a_version_and_the_customers_own_act_ends_it() {
    let world = World::with_lists(1).await;
    world.bring_all("a", 0, 0).await;
    let register = world.readings_of(0, 0).remove(0);
    let opening = world.customers[0].opening()[&register.register];
    let entry = |total: RegisterTotal, occasion, day: &str| Entry {
        contract: world.customers[0].contract().clone(),
        period: world.utility.period,
        meter: register.register.meter.clone(),
        kind: register.register.kind,
        zone: register.register.zone,
        total,
        read_on: day.parse().unwrap(),
        occasion,
    };
    let said = Word { operator: "anna", reason: "телефоном" };
    let between = RegisterTotal(opening.0 + 1_000);
    for (total, occasion, day) in
        [(RegisterTotal(register.total.0 + 2_000), Occasion::PeriodEnd, "2026-10-31"), (between, Occasion::Control, "2026-10-16")]
    {
        set_clock(clock() + TimeDelta::minutes(1));
        enter_reading(&world.house, &entry(total, occasion, day), said).await.unwrap().unwrap();
        run_until_idle(&world.house).await.unwrap();
    }
    assert_eq!(world.versions(0).await, [void(1), void(2), issued(3)]);
    // Sent again: the same bytes, in another letter.
    let (contract, period) = (world.customers[0].contract().clone(), world.utility.period);
    set_clock(clock() + TimeDelta::minutes(1));
    let sent = send_act_again(&world.house, &contract, period, "anna").await.unwrap();
    assert_eq!(sent, ActAgain::Sent { version: 3, to: world.customers[0].email().to_owned() });
    let posted = world.posted().await;
    assert!(posted.len() == 4 && posted[2].pdf == posted[3].pdf);
    // By hand, of what is known: the next version, although nothing changed.
    let known = known_act(&world.house, &contract, period).await.unwrap().unwrap();
    let by_hand = ActByHand { act: &known, operator: "anna", mailed: false };
    let made = issue_act(&world.house, &by_hand).await.unwrap();
    assert!(matches!(made, MadeByHand::Issued { version: 4, .. }), "{made:?}");
    assert_eq!(world.posted().await.len(), 4);
    // An act of the customer's own with other values.
    let item = Mail::new(world.customers[0].email(), "Акт").with(world.act_of(0)).take(&world, 9).await;
    assert_eq!(world.state(item).await, Some(ActState::Invoiced), "{:?}", world.codes(item).await);
    assert_eq!(world.versions(0).await[3].1, ReadingActState::Void);
    assert_eq!(Quality::Actual, register.quality);
}
