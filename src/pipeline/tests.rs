//! Acts whose certificates' status is not known at once: what is fetched for them, how they wait, and what is repeated later.

mod acts;
mod asked;
mod billed;
mod copies;
mod dressed;
mod filed;
mod issuers;
mod keys;
mod owed;
mod raised;
mod sealed;
mod served;

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use oblik_channels::fetch_cache::FetchCache;
use oblik_config::{Config, StoreAt};
use oblik_domain::finding::Code;
use oblik_domain::states::{ActState, ItemState, LetterState};
use oblik_sample::mail::{Client, Draft, File, OUR_MAILBOX, OUR_MX};
use oblik_sample::{Customer, PASSPHRASE_FILE, Utility, lay_out};
use oblik_signature::{Policy, Trust, Wanted, WantedKind};
use oblik_store::Receipt;

use crate::{Fetch, House, Missed, Online, Quest, case_of, run_until_idle, take_file, take_message};

const LISTS: &str = "http://ca.example/lists.crl";

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
}

fn clock() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(NOW.get()).unwrap()
}

fn set_clock(at: DateTime<Utc>) {
    NOW.set(at.timestamp_micros());
}

fn start() -> DateTime<Utc> {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

/// What lies where, and how often it was asked for.
#[derive(Clone, Default)]
struct Table {
    there: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Table {
    fn put(&self, url: &str, bytes: impl Into<Vec<u8>>) {
        self.there.lock().unwrap().insert(url.to_owned(), bytes.into());
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Fetch for Table {
    fn fetch<'a>(&'a self, _: WantedKind, url: &'a str, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Missed>> {
        self.asked.lock().unwrap().push(url.to_owned());
        let there = self.there.lock().unwrap().get(url).cloned();
        async move { there.ok_or_else(|| Missed::ForNow("nobody answers".to_owned())) }.boxed()
    }
}

struct World {
    folder: tempfile::TempDir,
    utility: Utility,
    customers: Vec<Customer>,
    house: House,
    table: Table,
}

impl World {
    /// A house that requires the status of certificates and knows no list; its customers' certificates say where one lies.
    async fn new(customers: u32) -> Self {
        Self::kept_at(customers, None).await
    }

    /// The same in another database than the folder's own.
    async fn kept_at(customers: u32, store: Option<StoreAt>) -> Self {
        Self::begun(start(), customers, store).await
    }

    async fn beginning(at: DateTime<Utc>, customers: u32) -> Self {
        Self::begun(at, customers, None).await
    }

    async fn begun(at: DateTime<Utc>, customers: u32, store: Option<StoreAt>) -> Self {
        set_clock(at);
        let folder = tempfile::tempdir().unwrap();
        let mut utility = Utility::new(at, customers).unwrap();
        let mut config = Config::embedded(folder.path());
        config.store = store.unwrap_or(config.store);
        // The tests of issuers bring one.
        config.operator = None;
        config.mail.authserv_id = Some(OUR_MX.to_owned());
        let supplier = utility.supplier(&config.supplier.seller).unwrap();
        lay_out(folder.path(), &utility, &supplier, "secret", &[7; 80]).unwrap();
        assert!(folder.path().join(PASSPHRASE_FILE).exists());
        std::fs::remove_file(folder.path().join("trust/crls/lists.pem")).unwrap();
        let policy = Policy::embedded().text().replace("status = \"if-available\"", "status = \"required\"");
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        config.trust.policy = Some(folder.path().join("policy.toml"));
        utility.authority.publish_lists_at(LISTS);
        let validity = utility.validity().unwrap();
        let mut listed = Vec::new();
        for customer in utility.customers.clone() {
            let of = &customer.identity;
            let identity = utility.authority.issue(&of.subject, of.algorithm, &mut utility.keys, validity).unwrap();
            listed.push(Customer { identity, ..customer });
        }
        let mut house = House::open(config).await.unwrap();
        house.clock = clock;
        let table = Table::default();
        house.online = Some(online(&table, folder.path()));
        let xml = utility.master_data_xml();
        take_file(&house, "cli:/import", "master-data.xml", &xml).await.unwrap();
        run_until_idle(&house).await.unwrap();
        Self { folder, utility, customers: listed, house, table }
    }

    fn mail(&self, customer: &Customer, number: u64) -> Vec<u8> {
        self.mail_from(customer, customer, number)
    }

    fn mail_from(&self, sender: &Customer, customer: &Customer, number: u64) -> Vec<u8> {
        let xml = self.utility.act_xml(customer, self.utility.period);
        let signature = customer.sign_detached(&xml, clock()).unwrap();
        let draft = Draft {
            client: Client::Thunderbird,
            from_name: &customer.identity.subject.common_name,
            from: sender.email(),
            to: OUR_MAILBOX,
            subject: "Акт надання показань",
            text: "Доброго дня!",
            sent_at: clock(),
            number,
            authserv_id: Some(OUR_MX),
            files: vec![File::xml("akt.xml", xml), File::p7s("akt.xml.p7s", signature)],
            fields: Vec::new(),
        };
        draft.compose()
    }

    async fn take(&self, customer: &Customer, number: u64) -> i64 {
        self.take_again(&self.mail(customer, number)).await
    }

    async fn take_again(&self, mail: &[u8]) -> i64 {
        let receipt = take_message(&self.house, "mailbox:acts", "a mail", mail).await.unwrap();
        let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
        item
    }

    fn lists(&self) -> String {
        self.utility.authority.crls_pem(clock()).unwrap()
    }

    async fn at(&self, minutes: i64) -> usize {
        set_clock(start() + TimeDelta::minutes(minutes));
        run_until_idle(&self.house).await.unwrap()
    }

    /// State of item and act, and how many letters are written.
    async fn standing(&self, item: i64) -> (ItemState, ActState, usize) {
        let mut tx = self.house.store.read().await.unwrap();
        let (_, _, act) = tx.act_of_item(item).await.unwrap().unwrap();
        (tx.item_state(item).await.unwrap(), act, tx.letters_of(item).await.unwrap().len())
    }

    async fn act(&self, item: i64) -> i64 {
        self.house.store.read().await.unwrap().act_of_item(item).await.unwrap().unwrap().0
    }

    async fn codes(&self, item: i64) -> Vec<Code> {
        let findings = self.house.store.read().await.unwrap().findings(item).await.unwrap();
        findings.into_iter().map(|finding| finding.code).collect()
    }

    async fn events(&self, act: i64) -> Vec<String> {
        let links = self.house.store.read().await.unwrap().journal_links("act", &act.to_string()).await.unwrap();
        links.into_iter().map(|link| link.entry.event).collect()
    }
}

fn online(table: &Table, folder: &Path) -> Arc<Online> {
    let cache = FetchCache::open(&folder.join("online"), 1 << 24).unwrap();
    Online::with(Box::new(table.clone()), Some(cache), TimeDelta::hours(12), clock)
}

const WAITING: (ItemState, ActState, usize) = (ItemState::Acting, ActState::Received, 0);

#[tokio::test]
async fn an_act_waits_for_the_list_and_passes_when_it_comes() {
    let world = World::new(1).await;
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    assert_eq!(world.standing(item).await, WAITING);
    let asked = world.table.asked();
    assert!(asked > 0);
    // Nobody looks before its time, and a look that learns nothing lets it wait on.
    assert_eq!(world.at(4).await, 0);
    assert_eq!(world.table.asked(), asked);
    for minutes in [5, 10, 20, 40] {
        world.at(minutes).await;
        assert_eq!(world.standing(item).await, WAITING, "{minutes}");
    }
    assert!(world.table.asked() > asked);
    set_clock(start() + TimeDelta::minutes(80));
    world.table.put(LISTS, world.lists());
    world.at(80).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    let act = world.act(item).await;
    assert_eq!(world.events(act).await.iter().filter(|event| *event == "act waits for status").count(), 1);
    assert_eq!(world.events(act).await.iter().filter(|event| *event == "act judged").count(), 1);
    // The verdict is of now, its proof of the arrival, and both are repeated from what was stored.
    let case = case_of(&world.house, act).await.unwrap().unwrap();
    let repeated = case.repeat(&world.house).unwrap();
    assert_eq!(repeated.differences, Vec::<String>::new());
    assert_eq!((repeated.judged.proven, repeated.judged.moment), (start(), start() + TimeDelta::minutes(80)));
    assert_eq!(case.stored.waiting_since, Some(start()));
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn an_act_nobody_can_tell_of_is_rejected_at_the_end_with_one_letter() {
    let world = World::new(1).await;
    let item = world.take(&world.customers[0], 1).await;
    for minutes in [0, 5, 10, 20, 40, 80, 160, 280, 400, 520, 640, 760, 880, 1000, 1120, 1240, 1360] {
        world.at(minutes).await;
        assert_eq!(world.standing(item).await, WAITING, "{minutes}");
    }
    assert_eq!(world.at(1439).await, 0);
    world.at(1440).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Rejected, 1));
    assert!(world.codes(item).await.contains(&Code::RevocationUnknown));
    let case = case_of(&world.house, world.act(item).await).await.unwrap().unwrap();
    assert_eq!(case.verdict.sub_indication.as_deref(), Some("TRY_LATER"));
    assert_eq!(case.repeat(&world.house).unwrap().differences, Vec::<String>::new());
}

#[tokio::test]
async fn with_no_hours_to_wait_it_is_rejected_at_once() {
    let mut world = World::new(1).await;
    let mut config = Config::clone(&world.house.config);
    config.trust.try_later = std::time::Duration::ZERO;
    world.house.config = Arc::new(config);
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Rejected, 1));
}

#[tokio::test]
async fn who_turns_out_to_be_revoked_before_the_arrival_is_rejected() {
    let mut world = World::new(1).await;
    let customer = world.customers[0].clone();
    world.utility.revoke_key(&customer);
    let item = world.take(&customer, 1).await;
    world.at(0).await;
    assert_eq!(world.standing(item).await, WAITING);
    world.table.put(LISTS, world.lists());
    world.at(5).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Rejected, 1));
    assert!(world.codes(item).await.contains(&Code::CertificateRevoked));
}

#[tokio::test]
async fn one_list_is_fetched_once_for_all_and_kept_over_a_restart() {
    let mut world = World::new(4).await;
    world.table.put(LISTS, world.lists());
    let mut items = Vec::new();
    for (number, customer) in (1..).zip(&world.customers[..3]) {
        items.push(world.take(customer, number).await);
    }
    world.at(0).await;
    for item in items {
        assert_eq!(world.standing(item).await.1, ActState::Invoiced);
    }
    assert_eq!(world.table.asked(), 1);
    // Another process, the same folder: nothing is asked.
    world.house.online = Some(online(&world.table, world.folder.path()));
    let item = world.take(&world.customers[3], 9).await;
    world.at(1).await;
    assert_eq!((world.standing(item).await.1, world.table.asked()), (ActState::Invoiced, 1));
}

#[tokio::test]
async fn an_error_page_is_no_list_and_is_not_kept() {
    let world = World::new(1).await;
    world.table.put(LISTS, "<html>500</html>");
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    assert_eq!(world.standing(item).await, WAITING);
    assert_eq!(std::fs::read_dir(world.folder.path().join("online")).unwrap().count(), 0);
    world.table.put(LISTS, world.lists());
    world.at(5).await;
    assert_eq!(world.standing(item).await.1, ActState::Invoiced);
}

#[tokio::test]
async fn a_list_that_is_overdue_is_fetched_once_a_look() {
    let world = World::new(1).await;
    // Thirty days old, and its authority has none that is newer.
    let overdue = world.utility.authority.crls_pem(start() - TimeDelta::days(31)).unwrap();
    world.table.put(LISTS, overdue);
    let item = world.take(&world.customers[0], 1).await;
    for (minutes, asked) in [(0, 1), (5, 2), (10, 3)] {
        world.at(minutes).await;
        assert_eq!((world.standing(item).await, world.table.asked()), (WAITING, asked), "{minutes}");
    }
    world.table.put(LISTS, world.lists());
    world.at(20).await;
    assert_eq!(world.standing(item).await.1, ActState::Invoiced);
}

#[tokio::test]
async fn an_old_list_is_fetched_anew() {
    let world = World::new(3).await;
    world.table.put(LISTS, world.lists());
    for (minutes, customer, asked) in [(0, 0, 1), (12 * 60 - 1, 1, 1), (12 * 60 + 1, 2, 2)] {
        set_clock(start() + TimeDelta::minutes(minutes));
        let item = world.take(&world.customers[customer], 1).await;
        world.at(minutes).await;
        assert_eq!((world.standing(item).await.1, world.table.asked()), (ActState::Invoiced, asked), "{minutes}");
    }
}

#[tokio::test]
async fn without_any_host_it_waits_for_the_folder_of_lists() {
    let mut world = World::new(1).await;
    world.house.online = None;
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    assert_eq!(world.standing(item).await, WAITING);
    assert_eq!(world.table.asked(), 0);
    let mut trust = Trust::clone(&world.house.trust);
    trust.add_crls(world.lists().as_bytes()).unwrap();
    world.house.trust = Arc::new(trust);
    world.at(5).await;
    assert_eq!(world.standing(item).await.1, ActState::Invoiced);
}

#[tokio::test]
async fn a_process_that_dies_while_an_act_waits_doubles_nothing() {
    let world = World::new(1).await;
    let mail = world.mail(&world.customers[0], 1);
    let item = world.take_again(&mail).await;
    world.at(0).await;
    // It claims the act and is gone; the same mail is seen again meanwhile.
    set_clock(start() + TimeDelta::minutes(5));
    let lost = world.house.lease();
    let mut tx = world.house.store.begin("test").await.unwrap();
    assert_eq!(tx.claim_acts(ActState::Received, &lost, 64).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(world.take_again(&mail).await, item);
    world.table.put(LISTS, world.lists());
    assert_eq!(world.at(6).await, 0);
    // The claim has run out, and two daemons look at the same time.
    set_clock(start() + TimeDelta::minutes(8));
    let mut other = world.house.clone();
    other.owner = "another".into();
    let (one, two) = tokio::join!(run_until_idle(&world.house), run_until_idle(&other));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    let events = world.events(world.act(item).await).await;
    assert_eq!(events.iter().filter(|event| *event == "act judged").count(), 1, "{events:?}");
}

#[tokio::test]
async fn a_verdict_is_repeated_though_trust_and_policy_are_others_by_then() {
    let mut world = World::new(2).await;
    world.table.put(LISTS, world.lists());
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    let act = world.act(item).await;
    world.house.trust = Arc::new(Trust::default());
    world.house.policy = Arc::new(
        Policy::parse(&Policy::embedded().text().replace("\"SHA-256\"", "\"SHA3-256\"")).unwrap_or_else(|_| Policy::embedded()),
    );
    world.house.online = None;
    let case = case_of(&world.house, act).await.unwrap().unwrap();
    assert_eq!(case.repeat(&world.house).unwrap().differences, Vec::<String>::new());
    let current = case.with_current(&world.house).await.unwrap();
    assert!(current.differences[0].starts_with("indication TOTAL-PASSED, now INDETERMINATE"), "{:?}", current.differences);
    // What was tampered with is not repeated.
    let mut forged = case.clone();
    forged.message = world.mail(&world.customers[1], 2);
    assert!(forged.repeat(&world.house).is_err());
    let mut forged = case.clone();
    forged.policy = Some(Policy::embedded().text().to_owned());
    assert!(forged.repeat(&world.house).is_err());
    let mut forged = case;
    forged.verdict.indication = "TOTAL-FAILED".to_owned();
    assert_eq!(forged.repeat(&world.house).unwrap().differences, ["indication TOTAL-FAILED, now TOTAL-PASSED"]);
    assert!(case_of(&world.house, act + 99).await.unwrap().is_none());
}

/// A server that answers when it is told to.
struct Slow {
    answer: Arc<tokio::sync::Notify>,
    bytes: Vec<u8>,
}

impl Fetch for Slow {
    fn fetch<'a>(&'a self, _: WantedKind, _: &'a str, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Missed>> {
        async move {
            self.answer.notified().await;
            Ok(self.bytes.clone())
        }
        .boxed()
    }
}

#[tokio::test]
async fn a_turn_ends_in_time_and_what_came_too_late_is_there_for_the_next() {
    set_clock(start());
    let utility = Utility::new(start(), 0).unwrap();
    let answer = Arc::new(tokio::sync::Notify::new());
    let slow = Slow { answer: answer.clone(), bytes: utility.authority.crls_pem(start()).unwrap().into_bytes() };
    let online = Online::with(Box::new(slow), None, TimeDelta::hours(12), clock);
    let wanted = Wanted { kind: WantedKind::RevocationList, urls: vec![LISTS.to_owned()], request: Vec::new() };
    let (base, few) = (Arc::new(Trust::default()), std::time::Duration::from_millis(30));
    let began = std::time::Instant::now();
    for _ in 0..3 {
        let mut quest = Quest::new(online.clone(), &base, few);
        assert!(quest.look([&wanted, &wanted].into_iter(), start()).await.is_empty());
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(2));
    // One answer is enough for all three: they waited for the same.
    answer.notify_one();
    until(|| !Arc::ptr_eq(&online.trust(&base), &base)).await;
    let mut quest = Quest::new(online, &base, few);
    assert_eq!(quest.look([&wanted].into_iter(), start()).await.len(), 1);
    // The same again is no news: judging goes round no further.
    assert!(quest.look([&wanted].into_iter(), start()).await.is_empty());
}

async fn until(ask: impl Fn() -> bool) {
    for _ in 0..500 {
        if ask() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it did not come about");
}
