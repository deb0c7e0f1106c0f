//! What became of everything, read from the store and laid out for people in `out/`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oblik_domain::finding::Finding;
use oblik_domain::invoice::IssuerRole;
use oblik_domain::states::{ItemState, LetterState, ReadingActState};
use oblik_pipeline::{House, act_file_name};
use oblik_store::{StoredInvoice, StoredLetter, StoredReadingAct, Tx, sha256_hex};

use super::story::{Arrival, Story};
use super::world::WITH_REACTIVE;

pub struct Outcome {
    pub mails: Vec<Ending>,
    pub files: Vec<Ending>,
    pub invoices: Vec<Issued>,
    /// Acts that were made of what files brought.
    pub acts: Vec<ToSign>,
}

/// What became of one arrival.
pub struct Ending {
    /// The source's name and the item's label at it.
    pub origin: String,
    pub item_state: ItemState,
    /// The act's state, or the item's where there is no act.
    pub state: String,
    pub findings: Vec<Finding>,
    /// Number, sum and issuer of each invoice: the supplier's, then the operator's.
    pub invoices: Vec<(String, String, IssuerRole)>,
    pub letters: Vec<Sent>,
}

pub struct Sent {
    pub letter: StoredLetter,
    pub path: PathBuf,
}

/// An act that waits for its customer's signature.
pub struct ToSign {
    pub act: StoredReadingAct,
    pub path: PathBuf,
}

pub struct Issued {
    pub stored: StoredInvoice,
    pub path: PathBuf,
    /// Its machine-readable file.
    pub xml: Option<PathBuf>,
}

pub async fn collect(house: &House, dir: &Path, story: &Story) -> Result<Outcome> {
    let mut tx = house.store.read().await?;
    let items = items(&mut tx, 1 + story.mails.len() + story.files.len()).await?;
    let mut outcome = Outcome { mails: Vec::new(), files: Vec::new(), invoices: Vec::new(), acts: Vec::new() };
    for (number, arrival) in (1..).zip(&story.mails) {
        let path = dir.join("out/received").join(format!("{number:02}-from-{}.eml", file_name(&arrival.from)));
        std::fs::write(&path, &arrival.bytes).with_context(|| format!("write {}", path.display()))?;
        outcome.mails.push(ending(&mut tx, dir, &items, number, arrival).await?);
    }
    for arrival in &story.files {
        outcome.files.push(ending(&mut tx, dir, &items, 0, arrival).await?);
    }
    for stored in tx.invoices_after(0).await? {
        let sha256 = stored.pdf_sha256.clone().with_context(|| format!("invoice {} has no document", stored.number))?;
        let whose = if stored.invoice.issuer == IssuerRole::Operator { "-operator" } else { "" };
        let name = format!("invoice-{:04}-{:06}-{}{whose}", stored.number.year, stored.number.running, stored.contract);
        let path = dir.join("out/invoices").join(format!("{name}.pdf"));
        let pdf = tx.blob(&sha256).await?;
        std::fs::write(&path, pdf).with_context(|| format!("write {}", path.display()))?;
        let mut xml = None;
        if let Some(sha256) = &stored.ubl_sha256 {
            let path = dir.join("out/invoices").join(format!("{name}.xml"));
            std::fs::write(&path, tx.blob(sha256).await?).with_context(|| format!("write {}", path.display()))?;
            xml = Some(path);
        }
        outcome.invoices.push(Issued { stored, path, xml });
    }
    for contract in tx.contracts().await? {
        for act in tx.reading_acts(&contract).await?.into_iter().filter(|act| act.state == ReadingActState::Issued) {
            let (Some(version), Some(sha256)) = (act.version, &act.pdf_sha256) else { continue };
            let path = dir.join("out/acts").join(act_file_name(&contract, act.period, version));
            std::fs::write(&path, tx.blob(sha256).await?).with_context(|| format!("write {}", path.display()))?;
            outcome.acts.push(ToSign { act, path });
        }
    }
    tx.roll_back().await?;
    Ok(outcome)
}

/// Every item's id with the hash of its bytes; ids count from one.
async fn items(tx: &mut Tx, count: usize) -> Result<Vec<(i64, String)>> {
    let mut items = Vec::new();
    for id in 1..=i64::try_from(count)? {
        let item = tx.item(id).await.with_context(|| format!("only {} of {count} things were taken in", id - 1))?;
        items.push((id, item.blob_sha256));
    }
    Ok(items)
}

async fn ending(tx: &mut Tx, dir: &Path, items: &[(i64, String)], number: u32, arrival: &Arrival) -> Result<Ending> {
    let sha256 = sha256_hex(&arrival.bytes);
    let found = items.iter().find(|(_, of)| *of == sha256);
    let (id, _) = found.with_context(|| format!("{} was not taken in", arrival.path.display()))?;
    let (item, item_state) = (tx.item(*id).await?, tx.item_state(*id).await?);
    let act = tx.act_of_item(*id).await?;
    let invoices = match &act {
        Some((act, _, _)) => tx.invoices_of_act(*act).await?,
        None => Vec::new(),
    };
    let mut letters = Vec::new();
    for letter in tx.letters_of(*id).await? {
        let path = if letter.channel == "mail" {
            let bytes = tx.blob(&letter.blob_sha256).await?;
            let path = dir.join("out/letters").join(format!("{number:02}-to-{}.eml", file_name(&letter.recipient)));
            std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
            path
        } else {
            dir.join("drop").join(&letter.recipient).join(&letter.subject)
        };
        letters.push(Sent { letter, path });
    }
    Ok(Ending {
        origin: format!("{}/{}", item.source, item.name),
        item_state,
        state: act.map_or_else(|| item_state.as_str().to_owned(), |(_, _, state)| state.as_str().to_owned()),
        findings: tx.findings(*id).await?.iter().map(oblik_store::StoredFinding::to_finding).collect(),
        invoices: invoices
            .iter()
            .map(|stored| (stored.number.to_string(), stored.total.to_string(), stored.invoice.issuer))
            .collect(),
        letters,
    })
}

/// An address as part of a file's name.
fn file_name(address: &str) -> String {
    address.replace('@', "-at-")
}

/// Where what happened is not what the story says must happen.
pub fn faults(story: &Story, outcome: &Outcome) -> Vec<String> {
    let arrivals = story.mails.iter().chain(&story.files);
    let mut faults = Vec::new();
    for (arrival, ending) in arrivals.zip(outcome.mails.iter().chain(&outcome.files)) {
        let mut fault = |what: String| faults.push(format!("{} ({}): {what}", arrival.path.display(), arrival.what));
        let expected = &arrival.expected;
        if ending.item_state != ItemState::Done || ending.state != expected.state {
            fault(format!("ended as {} ({}), not as {}", ending.state, ending.item_state, expected.state));
        }
        let codes: Vec<&str> = ending.findings.iter().map(|finding| finding.code.as_str()).collect();
        if expected.code.is_some_and(|code| !codes.contains(&code.as_str())) || (expected.code.is_none() && !codes.is_empty()) {
            fault(format!("findings {codes:?}, expected {:?}", expected.code.map(oblik_domain::finding::Code::as_str)));
        }
        let told: Vec<&str> = ending.letters.iter().map(|sent| sent.letter.recipient.as_str()).collect();
        if told != expected.answer_to.as_deref().into_iter().collect::<Vec<_>>() {
            fault(format!("answered to {told:?}, expected {:?}", expected.answer_to));
        }
        for sent in &ending.letters {
            if sent.letter.state != LetterState::Delivered || !sent.path.exists() {
                fault(format!("letter {} is {} and should lie at {}", sent.letter.id, sent.letter.state, sent.path.display()));
            }
        }
    }
    let invoiced = story.mails.iter().filter(|arrival| arrival.expected.state == "invoiced").count();
    // Beside some of the supplier's stands the operator's.
    let bills = outcome.invoices.iter().filter(|issued| issued.stored.companion_of.is_none()).count();
    if bills != invoiced {
        faults.push(format!("{bills} invoices, expected {invoiced}"));
    }
    let beside = outcome.invoices.len() - bills;
    if beside != WITH_REACTIVE.len() {
        faults.push(format!("{beside} documents of the distribution operator, expected {}", WITH_REACTIVE.len()));
    }
    if !outcome.acts.iter().any(|to_sign| to_sign.act.contract == story.read_by_partner) {
        faults.push("the account that the partner read has no act to sign".to_owned());
    }
    faults
}
