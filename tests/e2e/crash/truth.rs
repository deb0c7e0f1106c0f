//! What became of everything, read outside the program, and whatever of it should not be.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oblik_e2e::{is_act_to_sign, listed};

use crate::ground::{Ground, contents};
use crate::scene::{Answer, Placed, Sent};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A mail, its answer or a file is gone.
    Lost,
    /// Accepted, answered or kept twice.
    Doubled,
    /// Another answer than the one that is due.
    Wrong,
    /// Waits for ever, or for a person.
    Stuck,
    /// An invoice number twice, or a hole in the row.
    Numbers,
    /// The database contradicts itself, or its journal does not hold.
    State,
}

#[derive(Debug, Clone)]
pub struct Violation {
    pub kind: Kind,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

/// What is still under way, and what must hold in the end. Each row says a name, a count and the count that is right;
/// `*` is right for any.
const UNDER_WAY: &[&str] = &[
    "SELECT COUNT(*) FROM item WHERE state NOT IN ('done', 'parked')",
    "SELECT COUNT(*) FROM act WHERE state IN ('received', 'verified', 'registered', 'billed')",
    "SELECT COUNT(*) FROM invoice WHERE state = 'drafted'",
    "SELECT COUNT(*) FROM letter WHERE state IN ('due', 'sending', 'in-doubt')",
    "SELECT COUNT(*) FROM reading_act WHERE state = 'due'",
];
const NONE_OF: &[(&str, &str)] = &[
    ("items are parked", "SELECT COUNT(*) FROM item WHERE state = 'parked'"),
    ("letters are held or failed", "SELECT COUNT(*) FROM letter WHERE state NOT IN ('delivered')"),
    ("attempts never ended", "SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL"),
    (
        "accepted acts have no invoice of their own",
        "SELECT COUNT(*) FROM accepted_act WHERE act_id NOT IN (SELECT act_id FROM invoice WHERE act_id IS NOT NULL)",
    ),
    (
        "acts without an accepted row have an invoice",
        "SELECT COUNT(*) FROM invoice WHERE act_id NOT IN (SELECT act_id FROM accepted_act)",
    ),
    (
        "contents were accepted twice",
        "SELECT COUNT(*) FROM (SELECT content_sha256 FROM accepted_act GROUP BY content_sha256 HAVING COUNT(*) > 1) AS twice",
    ),
    (
        "issued invoices have no document",
        "SELECT COUNT(*) FROM invoice WHERE id NOT IN (SELECT invoice_id FROM invoice_document)",
    ),
    (
        "counters have run ahead of their invoices",
        "SELECT COUNT(*) FROM invoice_counter WHERE highest <> (SELECT COUNT(*) FROM invoice)",
    ),
    (
        "acts of a period hold side by side",
        "SELECT COUNT(*) FROM (SELECT contract FROM reading_act WHERE state IN ('issued', 'signed') GROUP BY contract, period HAVING COUNT(*) > 1) AS twice",
    ),
    ("items have no sighting", "SELECT COUNT(*) FROM item WHERE id NOT IN (SELECT item_id FROM sighting)"),
];

/// Whether the database has nothing more to do.
pub fn at_rest(ground: &Ground<'_>) -> bool {
    ground.ask(UNDER_WAY).iter().all(|count| count == "0")
}

/// Whether, seen from outside, everything that is due has come.
pub fn looks_done(ground: &Ground<'_>, mails: &[&Sent], files: &[Placed]) -> bool {
    let due = 1 + mails.iter().filter(|mail| mail.answer != Answer::Nothing).count();
    ground.inbox().is_empty()
        && listed(&ground.drop().join("in")).is_empty()
        && listed(&ground.drop().join("ack")).len() >= files.len()
        && ground.letters().len() >= due
}

/// Everything that is not as it should be.
pub fn violations(ground: &Ground<'_>, oblik: &Path, mails: &[&Sent], files: &[Placed]) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    let accepted = settled_counts(ground, mails);
    let letters = distinct(ground.letters());
    found.letters(mails, &letters, &accepted);
    found.mails(ground, mails);
    found.numbers(&letters);
    found.files(&ground.drop(), files);
    let questions: Vec<&str> = NONE_OF.iter().map(|(_, question)| *question).collect();
    for ((what, _), count) in NONE_OF.iter().zip(ground.ask(&questions)) {
        found.unless(count == "0", Kind::State, || format!("{count} {what}"));
    }
    found.unless(ground.journal_holds(oblik), Kind::State, || "the journal's chain does not hold".to_owned());
    found.0
}

/// The servers write their log and deliver their copies a moment after they have answered.
fn settled_counts(ground: &Ground<'_>, mails: &[&Sent]) -> BTreeMap<String, usize> {
    let due = 1 + mails.iter().filter(|mail| mail.answer != Answer::Nothing).count();
    let began = Instant::now();
    loop {
        let accepted = ground.accepted();
        let come = accepted.len() >= due && distinct(ground.letters()).len() >= accepted.len();
        if come || ground.servers.is_none() || began.elapsed() > Duration::from_secs(5) {
            return accepted;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Letters by Message-ID.
fn distinct(letters: Vec<Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    letters.into_iter().map(|letter| (field(&letter, "message-id").unwrap_or_default(), letter)).collect()
}

struct Found(Vec<Violation>);

impl Found {
    fn unless(&mut self, holds: bool, kind: Kind, text: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Violation { kind, text: text() });
        }
    }

    fn letters(&mut self, mails: &[&Sent], letters: &BTreeMap<String, Vec<u8>>, accepted: &BTreeMap<String, usize>) {
        for (id, count) in accepted {
            self.unless(*count == 1, Kind::Doubled, || format!("the letter {id} was accepted {count} times"));
            self.unless(letters.contains_key(id), Kind::Lost, || format!("the letter {id} was accepted and arrived nowhere"));
        }
        let mut answered = BTreeMap::<String, Vec<&Vec<u8>>>::new();
        let (acts, others): (Vec<_>, Vec<_>) = letters.values().partition(|letter| is_act_to_sign(letter));
        // The good file had the last reading of one account.
        let kind = if acts.is_empty() { Kind::Lost } else { Kind::Doubled };
        self.unless(acts.len() == 1, kind, || format!("{} acts came to be signed, one is due", acts.len()));
        for letter in others {
            answered.entry(field(letter, "in-reply-to").unwrap_or_default()).or_default().push(letter);
        }
        for mail in mails {
            let answers = answered.remove(&mail.message_id).unwrap_or_default();
            let due = usize::from(mail.answer != Answer::Nothing);
            let kind = if answers.len() < due { Kind::Lost } else { Kind::Doubled };
            self.unless(answers.len() == due, kind, || format!("{}: {} answers, {due} is due", mail.what, answers.len()));
            for letter in answers {
                let invoices = numbers_of(letter).len();
                let wanted = usize::from(mail.answer == Answer::Invoice);
                self.unless(invoices == wanted, Kind::Wrong, || {
                    format!("{}: {invoices} invoices came, {wanted} is due", mail.what)
                });
            }
        }
        for (to, letters) in answered {
            self.0.push(Violation {
                kind: Kind::Wrong,
                text: format!("{} letters answer {to:?}, which nobody sent", letters.len()),
            });
        }
    }

    fn mails(&mut self, ground: &Ground<'_>, mails: &[&Sent]) {
        let (inbox, archive) = (ground.inbox(), ground.archive());
        self.unless(inbox.is_empty(), Kind::Stuck, || format!("{} mails still lie in the inbox", inbox.len()));
        for mail in mails {
            let kept = inbox.iter().chain(&archive).filter(|bytes| **bytes == mail.bytes).count();
            let kind = if kept < mail.copies { Kind::Lost } else { Kind::Doubled };
            self.unless(kept == mail.copies, kind, || {
                format!("{}: lies {kept} times in the mailbox, {} is right", mail.what, mail.copies)
            });
        }
        let sent: usize = mails.iter().map(|mail| mail.copies).sum();
        let there = inbox.len() + archive.len();
        self.unless(there == sent, Kind::Wrong, || format!("the mailbox holds {there} mails, {sent} were sent"));
    }

    fn numbers(&mut self, letters: &BTreeMap<String, Vec<u8>>) {
        let mut numbers: Vec<u32> = letters.values().flat_map(|letter| numbers_of(letter)).collect();
        numbers.sort_unstable();
        let whole = numbers.iter().zip(1..).all(|(number, right)| *number == right);
        self.unless(whole, Kind::Numbers, || format!("the invoices that left have the numbers {numbers:?}"));
    }

    fn files(&mut self, drop: &Path, files: &[Placed]) {
        let (left, answers) = (listed(&drop.join("in")), listed(&drop.join("ack")));
        self.unless(left.is_empty(), Kind::Stuck, || format!("{left:?} still lie in the drop"));
        let kept = contents(&deep(&drop.join("archive")));
        for file in files {
            let own: Vec<&String> = answers.iter().filter(|name| name.starts_with(file.name)).collect();
            let kind = if own.is_empty() { Kind::Lost } else { Kind::Doubled };
            self.unless(own.len() == 1, kind, || format!("{} has the acknowledgements {own:?}", file.name));
            for name in own {
                let text = std::fs::read_to_string(drop.join("ack").join(name)).unwrap_or_default();
                self.unless(text.contains(file.outcome), Kind::Wrong, || {
                    format!("{name} does not say {}:\n{text}", file.outcome)
                });
            }
            let count = kept.iter().filter(|bytes| **bytes == file.bytes).count();
            let kind = if count == 0 { Kind::Lost } else { Kind::Doubled };
            self.unless(count == 1, kind, || format!("{} is archived {count} times", file.name));
        }
        self.unless(answers.len() <= files.len(), Kind::Doubled, || format!("the partner finds {answers:?}"));
    }
}

/// Folders below `folder`, itself among them.
fn deep(folder: &Path) -> Vec<PathBuf> {
    let inner = listed(folder).into_iter().map(|name| folder.join(name)).filter(|path| path.is_dir());
    std::iter::once(folder.to_owned()).chain(inner.flat_map(|path| deep(&path))).collect()
}

/// A field of a mail's header, unfolded; the first of its name.
pub fn field(mail: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(mail);
    let head = text.split("\n\n").next()?.split("\r\n\r\n").next()?;
    let mut lines = head.lines().skip_while(|line| {
        let told = line.split_once(':').map(|(told, _)| told);
        !told.is_some_and(|told| told.eq_ignore_ascii_case(name))
    });
    let mut value = lines.next()?.split_once(':')?.1.trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(line.trim());
    }
    Some(value.trim().to_owned())
}

/// Running numbers of the supplier's invoices that a letter carries, from the names of its signed pages.
fn numbers_of(letter: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(letter);
    let names = text.match_indices("filename=").filter_map(|(at, _)| text[at..].split(['\r', '\n', ';']).next());
    let pages = names.filter_map(|name| name.split("rahunok-").nth(1)?.split_once(".pdf").map(|(stem, _)| stem));
    pages.filter(|stem| !stem.starts_with("osr-")).filter_map(|stem| stem.rsplit('-').next()?.parse().ok()).collect()
}
