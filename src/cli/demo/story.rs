//! What arrives, and what must become of it.

mod good;
mod mistakes;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use oblik_channels::clock;
use oblik_documents::Typesetter;
use oblik_domain::finding::Code;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::Seller;
use oblik_domain::period::Period;
use oblik_pipeline::House;
use oblik_sample::mail::{Client, Draft, File, OUR_MAILBOX, OUR_MX, in_maildir};
use oblik_sample::{Customer, Utility, phrases};

/// How old the last of what arrives is: a drop takes no file that was touched just now. Each before it is a second older,
/// so that all are taken in the story's order.
const LEAST_AGE: Duration = Duration::from_secs(10);

/// One thing that arrives.
pub struct Arrival {
    /// What is special about it, for a newcomer.
    pub what: &'static str,
    /// Who sent it.
    pub from: String,
    /// Where it lies when it has arrived, under the demo's folder.
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub expected: Expected,
}

/// How it must end.
pub struct Expected {
    /// The act's state, or the item's where there is no act.
    pub state: &'static str,
    pub code: Option<Code>,
    /// The one address that is written to.
    pub answer_to: Option<String>,
}

/// The story, and the forms the supplier issued before it begins.
pub struct Script {
    story: Story,
    forms: Vec<(Vec<u8>, ContractNumber)>,
    period: Period,
}

pub struct Story {
    pub mails: Vec<Arrival>,
    pub files: Vec<Arrival>,
    /// Whose readings come by file, and of which period: for the hints at the end.
    pub read_by_partner: ContractNumber,
    pub period: Period,
}

/// What the mails are written with.
struct Desk<'a> {
    utility: &'a mut Utility,
    seller: &'a Seller,
    typesetter: Typesetter,
    mails: Vec<Arrival>,
    forms: Vec<(Vec<u8>, ContractNumber)>,
}

/// Writes the story; customers' keys are spoilt on the way where it wants that.
pub fn write(utility: &mut Utility, seller: &Seller) -> Result<Script> {
    let mut desk = Desk { utility, seller, typesetter: Typesetter::new()?, mails: Vec::new(), forms: Vec::new() };
    good::write(&mut desk)?;
    mistakes::write(&mut desk)?;
    let files = mistakes::partner_files(&desk)?;
    let Desk { utility, mails, forms, .. } = desk;
    let (read_by_partner, period) = (utility.by_number(19)?.contract().clone(), utility.period);
    Ok(Script { story: Story { mails, files, read_by_partner, period }, forms, period })
}

impl Desk<'_> {
    fn customer(&self, number: usize) -> Result<Customer> {
        Ok(self.utility.by_number(number)?.clone())
    }

    /// A customer's act as data.
    fn xml(&self, customer: &Customer) -> Vec<u8> {
        self.utility.act_xml(customer, self.utility.period)
    }

    /// A customer's act as the form the supplier issues; it counts as issued.
    fn form(&mut self, customer: &Customer) -> Result<Vec<u8>> {
        let pdf = self.utility.act_pdf(&self.typesetter, self.seller, customer, self.utility.period)?;
        self.forms.push((pdf.clone(), customer.contract().clone()));
        Ok(pdf)
    }

    /// The name an attached act has.
    fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", phrases::act_file_name(self.utility.period))
    }

    /// Puts a mail down: written by `draft`, from the customer's registered address unless `change` says otherwise.
    fn mail(
        &mut self,
        what: &'static str,
        customer: &Customer,
        client: Client,
        write: impl FnOnce(Draft<'_>) -> Result<Vec<u8>>,
        expected: Expected,
    ) -> Result<()> {
        let number = u64::try_from(self.mails.len() + 1)?;
        let period = self.utility.period;
        let person = customer.identity.subject.common_name.as_str();
        let (subject, text) =
            (phrases::act_subject(customer.contract(), period), phrases::act_text(period, person, customer.name()));
        let draft = Draft {
            client,
            from_name: person,
            from: customer.email(),
            to: OUR_MAILBOX,
            subject: &subject,
            text: &text,
            sent_at: self.utility.now - chrono::TimeDelta::minutes(120 - i64::try_from(number)?),
            number,
            authserv_id: Some(OUR_MX),
            files: Vec::new(),
            fields: Vec::new(),
        };
        let bytes = in_maildir(&write(draft)?);
        let from = sender(&bytes).unwrap_or_else(|| customer.email().to_owned());
        let name = format!("{}.M{number:06}P1.mx", self.utility.now.timestamp());
        self.mails.push(Arrival { what, from, path: Path::new("mail/in/new").join(name), bytes, expected });
        Ok(())
    }

    /// As [`Self::mail`], the act attached.
    fn attached(
        &mut self,
        what: &'static str,
        customer: &Customer,
        client: Client,
        files: Vec<File>,
        expected: Expected,
    ) -> Result<()> {
        self.mail(what, customer, client, |draft| Ok(Draft { files, ..draft }.compose()), expected)
    }
}

fn sender(mail: &[u8]) -> Option<String> {
    oblik_mail::Message::parse(mail).ok().map(|message| message.from)
}

impl Expected {
    /// An invoice goes to the customer.
    fn invoiced(customer: &Customer) -> Self {
        Self { state: "invoiced", code: None, answer_to: Some(customer.email().to_owned()) }
    }

    /// The customer is told what is wrong.
    fn told(state: &'static str, code: Code, customer: &Customer) -> Self {
        Self { state, code: Some(code), answer_to: Some(customer.email().to_owned()) }
    }

    fn silence(state: &'static str, code: Code) -> Self {
        Self { state, code: Some(code), answer_to: None }
    }
}

impl Script {
    /// Registers the issued forms and lets everything arrive.
    pub async fn deliver(self, house: &House, dir: &Path) -> Result<Story> {
        let mut tx = house.store.begin("demo-forms").await?;
        for (pdf, contract) in &self.forms {
            tx.put_issued_reading_act(pdf, contract, self.period, house.now()).await?;
        }
        tx.commit().await?;
        let all: Vec<&Arrival> = self.story.mails.iter().chain(&self.story.files).collect();
        for (ahead, arrival) in (0..).zip(all.iter().rev()) {
            put(dir, arrival, LEAST_AGE + Duration::from_secs(ahead))?;
        }
        Ok(self.story)
    }
}

/// Writes a file beside its place and renames it there, as agents and partners do.
fn put(dir: &Path, arrival: &Arrival, age: Duration) -> Result<()> {
    let path = dir.join(&arrival.path);
    let doing = || format!("write {}", path.display());
    let unfinished = path.with_extension("tmp");
    std::fs::write(&unfinished, &arrival.bytes).with_context(doing)?;
    let modified = SystemTime::from(clock::now()) - age;
    std::fs::File::options().write(true).open(&unfinished).and_then(|file| file.set_modified(modified)).with_context(doing)?;
    std::fs::rename(&unfinished, &path).with_context(doing)
}
