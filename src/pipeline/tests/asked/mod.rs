//! What customers ask for in words: who may, what it leads to, and that nothing happens twice.

mod documents;
mod refused;
mod requests;
mod trial;

use oblik_domain::NaiveDate;
pub(super) use oblik_domain::account::Terms;
use oblik_domain::account::{AccountRecord, Calculation, SelfBilling};
pub(super) use oblik_domain::dated::Dated;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::Finding;
use oblik_domain::period::Period;
use oblik_domain::tariff::Parameter;
use oblik_edi::{write_meter_file, write_reading_act};
use oblik_mail::Message;

use super::*;

pub(super) const CALCULATE: &str = "РОЗРАХУВАТИ";
const TRIAL: &str = "ПОПЕРЕДНІЙ РОЗРАХУНОК";
const STRANGER: &str = "someone@elsewhere.example";

/// A mail with a subject, from an address, with files.
pub(super) struct Mail<'a> {
    from: &'a str,
    subject: String,
    files: Vec<File>,
    proven: bool,
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Mail<'a> {
    pub(super) fn new(from: &'a str, subject: impl Into<String>) -> Self {
        Self { from, subject: subject.into(), files: Vec::new(), proven: true, fields: Vec::new() }
    }

    pub(super) fn with(mut self, files: Vec<File>) -> Self {
        self.files = files;
        self
    }

    pub(super) async fn take(self, world: &World, number: u64) -> i64 {
        let draft = Draft {
            client: Client::Thunderbird,
            from_name: "Бухгалтерія",
            from: self.from,
            to: OUR_MAILBOX,
            subject: &self.subject,
            text: "Доброго дня!",
            sent_at: start(),
            number,
            authserv_id: self.proven.then_some(OUR_MX),
            files: self.files,
            fields: self.fields,
        };
        let receipt = take_message(&world.house, "mailbox:acts", "a mail", &draft.compose()).await.unwrap();
        let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
        run_until_idle(&world.house).await.unwrap();
        item
    }
}

fn signed(customer: &Customer, xml: Vec<u8>) -> Vec<File> {
    let signature = customer.sign_detached(&xml, start()).unwrap();
    vec![File::xml("akt.xml", xml), File::p7s("akt.xml.p7s", signature)]
}

impl World {
    pub(super) async fn with_lists(customers: u32) -> Self {
        let world = Self::new(customers).await;
        world.table.put(LISTS, world.lists());
        world
    }

    pub(super) fn act_of(&self, at: usize) -> Vec<File> {
        let customer = &self.customers[at];
        signed(customer, self.utility.act_xml(customer, self.utility.period))
    }

    /// The letters of an item as people read them: to whom, and the text.
    pub(super) async fn letters(&self, item: i64) -> Vec<(String, String)> {
        let mut tx = self.house.store.read().await.unwrap();
        let mut letters = Vec::new();
        for letter in tx.letters_of(item).await.unwrap() {
            let bytes = tx.blob(&letter.blob_sha256).await.unwrap();
            let message = Message::parse(&bytes).unwrap();
            letters.push((letter.recipient, String::from_utf8(message.parts[0].bytes.clone()).unwrap()));
        }
        letters
    }

    pub(super) async fn letter(&self, item: i64) -> (String, String) {
        let mut letters = self.letters(item).await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    pub(super) async fn state(&self, item: i64) -> Option<ActState> {
        self.house.store.read().await.unwrap().act_of_item(item).await.unwrap().map(|(_, _, state)| state)
    }

    pub(super) async fn invoices_of(&self, at: usize) -> usize {
        let mut tx = self.house.store.read().await.unwrap();
        let contract = self.customers[at].contract().clone();
        usize::from(tx.invoice_of_period(&contract, self.utility.period).await.unwrap().is_some())
    }

    pub(super) async fn readings(&self, at: usize) -> usize {
        let contract = self.customers[at].contract().clone();
        self.house.store.read().await.unwrap().readings_at(&contract, self.utility.period).await.unwrap().len()
    }

    async fn parameters(&self) -> Vec<Parameter> {
        self.house.store.read().await.unwrap().price_list().await.unwrap().parameters
    }

    async fn set_parameters(&self, parameters: &[Parameter]) {
        let mut tx = self.house.store.begin("test").await.unwrap();
        tx.put_parameters(parameters, clock()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn change(&self, at: usize, change: impl FnOnce(&mut AccountRecord)) {
        let mut tx = self.house.store.begin("test").await.unwrap();
        let mut record = tx.account_record(self.customers[at].contract()).await.unwrap().unwrap();
        change(&mut record);
        tx.put_account(&record, 1, clock()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// An accepted act whose period could not be calculated, and could be now.
    async fn unbilled(&self, at: usize, number: u64) -> i64 {
        let parameters = self.parameters().await;
        self.set_parameters(&[]).await;
        let item = Mail::new(self.customers[at].email(), "Акт").with(self.act_of(at)).take(self, number).await;
        self.set_parameters(&parameters).await;
        assert_eq!(self.state(item).await, Some(ActState::Unbilled));
        item
    }
}

pub(super) fn codes_in(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.trim().strip_prefix("Код: ")).collect()
}

/// The account is calculated when its customer asks.
fn on_request(record: &mut AccountRecord) {
    let value = Terms { calculation: Calculation::OnRequest, ..Terms::default() };
    record.account.terms = vec![Dated { from: "2020-01-01".parse().unwrap(), to: None, value }];
}

impl World {
    async fn standing_of(&self, item: i64) -> ItemState {
        self.house.store.read().await.unwrap().item_state(item).await.unwrap()
    }
}
