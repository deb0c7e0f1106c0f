//! Invoices that come back signed, do not come back, or come back as an objection; on both databases.

mod attacks;
mod forms;
mod reminders;
mod tickets;

use std::future::Future;

use oblik_domain::states::CountersignState;
use oblik_mail::Message;
use oblik_store::SignatureStatus;
use oblik_test_servers::postgres::Postgres;

use super::*;

/// Runs a test on a house in SQLite and on one in PostgreSQL.
fn on_both<F, Fut>(customers: u32, test: F)
where
    F: Fn(World) -> Fut,
    Fut: Future<Output = ()>,
{
    // The clock is the thread's own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let postgres = Postgres::start().expect("PostgreSQL for the test");
    runtime.block_on(async {
        for store in [None, Some(StoreAt::Postgres(postgres.database().unwrap()))] {
            let mut world = World::kept_at(customers, store).await;
            // The house outlives the test.
            let _folder = std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap());
            world.table.put(LISTS, world.lists());
            let house = world.house.clone();
            test(world).await;
            assert!(house.store.verify_journal().await.unwrap().is_ok());
            house.store.close().await;
        }
    });
}

/// An invoice as its customer got it.
struct Issued {
    id: i64,
    number: String,
    pdf: Vec<u8>,
    sha256: String,
    /// Of the letter that brought it.
    message_id: String,
}

/// The mail of a customer: number, and who sends what.
struct Post<'a> {
    number: u64,
    from: &'a str,
    subject: &'a str,
    text: &'a str,
    files: Vec<File>,
    proven: bool,
    answers: Option<&'a str>,
}

impl<'a> Post<'a> {
    fn new(number: u64, from: &'a str) -> Self {
        Self {
            number, from, subject: "Re: Рахунок", text: "Доброго дня!", files: Vec::new(), proven: true, answers: None
        }
    }

    fn draft(&self) -> Draft<'_> {
        Draft {
            client: Client::Thunderbird,
            from_name: "Бухгалтерія",
            from: self.from,
            to: OUR_MAILBOX,
            subject: self.subject,
            text: self.text,
            sent_at: clock(),
            number: self.number,
            authserv_id: self.proven.then_some(OUR_MX),
            files: self.files.clone(),
            fields: self.answers.map(|id| ("In-Reply-To", id)).into_iter().collect(),
        }
    }

    fn with(mut self, files: Vec<File>) -> Self {
        self.files = files;
        self
    }

    fn says(mut self, text: &'a str) -> Self {
        self.text = text;
        self
    }

    fn titled(mut self, subject: &'a str) -> Self {
        self.subject = subject;
        self
    }

    fn to(mut self, letter: &'a str) -> Self {
        self.answers = Some(letter);
        self
    }

    async fn send(&self, world: &World) -> i64 {
        world.receive(&self.draft().compose()).await
    }
}

impl World {
    async fn receive(&self, mail: &[u8]) -> i64 {
        let receipt = take_message(&self.house, "mailbox:acts", "a mail", mail).await.unwrap();
        let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
        run_until_idle(&self.house).await.unwrap();
        item
    }

    async fn issue(&self, at: usize) -> Issued {
        let customer = &self.customers[at];
        let item = self.receive(&self.mail(customer, 1000 + u64::try_from(at).unwrap())).await;
        let mut tx = self.house.store.read().await.unwrap();
        let id = tx.invoices_of_item(item).await.unwrap()[0];
        let stored = tx.invoice(id).await.unwrap();
        let sha256 = stored.pdf_sha256.unwrap();
        let pdf = tx.blob(&sha256).await.unwrap();
        let message_id = tx.letters_of(item).await.unwrap()[0].message_id.clone();
        Issued { id, number: stored.number.to_string(), pdf, sha256, message_id }
    }

    /// The post takes every letter that is due.
    async fn deliver_all(&self) {
        let mut tx = self.house.store.begin("test").await.unwrap();
        let due = tx.claim_letters(LetterState::Due, &self.house.lease(), 1000).await.unwrap();
        for letter in &due {
            tx.begin_attempt(letter, clock()).await.unwrap();
            tx.end_attempt(letter.id, "accepted", "250 ok", clock()).await.unwrap();
            let event = oblik_domain::states::LetterEvent::Accepted;
            tx.step_free(letter.id, LetterState::Sending, event, clock()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn signed_by(&self, invoice: &Issued) -> Vec<String> {
        let signatures = self.house.store.read().await.unwrap().countersignatures(invoice.id).await.unwrap();
        signatures.into_iter().map(|one| one.signer_name).collect()
    }

    async fn awaits(&self, invoice: &Issued) -> Option<CountersignState> {
        self.house.store.read().await.unwrap().countersigning(invoice.id).await.unwrap().map(|(_, state)| state)
    }

    async fn column(&self, invoice: &Issued) -> SignatureStatus {
        self.house.store.read().await.unwrap().signature_status(invoice.id).await.unwrap()
    }

    async fn form_of(&self, item: i64) -> Option<(String, ActState)> {
        self.house.store.read().await.unwrap().act_of_item(item).await.unwrap().map(|(_, form, state)| (form, state))
    }

    /// To whom, the subject and the text of every letter about an item.
    async fn letters_about(&self, item: i64) -> Vec<(String, String, String)> {
        let mut tx = self.house.store.read().await.unwrap();
        let mut told = Vec::new();
        for letter in tx.letters_of(item).await.unwrap() {
            let message = Message::parse(&tx.blob(&letter.blob_sha256).await.unwrap()).unwrap();
            let text = String::from_utf8(message.parts[0].bytes.clone()).unwrap();
            told.push((letter.recipient, letter.subject, text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        told
    }

    async fn only_letter(&self, item: i64) -> (String, String, String) {
        let mut told = self.letters_about(item).await;
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }
}
