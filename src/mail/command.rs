//! What a message asks for in so many words: the subject, or the first line of what the sender wrote now.
//!
//! A line is a command only when it says nothing else: a command with a name, a greeting and a contract's number is one, a
//! sentence that uses the word is not. The subject of an answer is our own or an older one, so it asks for nothing.

use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_words::commands::{CONTRACT, Command, DOCUMENT, POLITE, unmistaken};
use oblik_words::marks;

use crate::parse::Message;

/// A command and the account it is for, where the sender named one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub command: Command,
    pub contract: Option<ContractNumber>,
    /// The number of a document, its series as it was typed.
    pub document: Option<InvoiceNumber>,
}

/// What `message` asks for.
pub fn request(message: &Message) -> Option<Request> {
    let subject = message.subject.trim().to_lowercase();
    let is_answer = marks::REPLY_PREFIX.iter().any(|prefix| subject.starts_with(prefix));
    let lines = message.fresh_text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.map(read).find(|read| !read.is_greeting());
    let subject = if is_answer { Read::default() } else { read(&message.subject) };
    let first = first.unwrap_or_default();
    // The number may stand in one and the command in the other.
    let command = subject.command.or(first.command)?;
    let (contract, document) = (subject.contract.or(first.contract), subject.document.or(first.document));
    Some(Request { command, contract, document })
}

/// What one line says.
#[derive(Debug, Default)]
struct Read {
    command: Option<Command>,
    contract: Option<ContractNumber>,
    document: Option<InvoiceNumber>,
    /// Whether it says anything else.
    more: bool,
}

impl Read {
    fn is_greeting(&self) -> bool {
        self.command.is_none() && self.contract.is_none() && self.document.is_none() && !self.more
    }
}

/// A command is short; a longer line is a letter.
const LINE_CHARS: usize = 120;

fn read(line: &str) -> Read {
    if line.chars().count() > LINE_CHARS {
        return Read { more: true, ..Read::default() };
    }
    let mut read = Read::default();
    let mut words: Vec<String> = Vec::new();
    let mut rest = String::new();
    for word in line.split_whitespace() {
        match document_number(word) {
            Some(number) if read.document.is_none() => read.document = Some(number),
            _ => rest.extend([word, " "]),
        }
    }
    for word in plain(&rest).split_whitespace() {
        match ContractNumber::parse(word) {
            Ok(contract) if read.contract.is_none() => read.contract = Some(contract),
            _ => words.push(word.to_owned()),
        }
    }
    let mut said = words.join(" ");
    let extras = POLITE.iter().chain(if read.contract.is_some() { CONTRACT } else { &[] });
    let extras = extras.chain(if read.document.is_some() { DOCUMENT } else { &[] });
    // One may hide another: each round takes at least a word.
    for _ in 0..words.len() {
        said = extras.clone().fold(said, |said, extra| without(&said, extra));
    }
    read.command = command(&said);
    read.more = !said.is_empty() && read.command.is_none();
    read
}

/// Numbers of documents that a text names, each whole, in their order.
pub fn document_numbers(text: &str) -> impl Iterator<Item = InvoiceNumber> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || is_dash(c))).filter_map(document_number)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '−')
}

/// `№ОЕ-2026-000001,`: a year of four digits and a running number of six at least, so that no day or month is taken for one.
fn document_number(word: &str) -> Option<InvoiceNumber> {
    let dashed: String = word.chars().map(|c| if is_dash(c) { '-' } else { c }).collect();
    let bare = dashed.trim_matches(|c: char| !c.is_alphanumeric());
    let (before, running) = bare.rsplit_once('-')?;
    let year = before.rsplit_once('-').map_or(before, |(_, year)| year);
    // Six digits are padded, more are not.
    let is_running = running.len() == 6 || (running.len() > 6 && !running.starts_with('0'));
    InvoiceNumber::parse(bare).filter(|_| year.len() == 4 && is_running)
}

/// Lower case, one alphabet a word, marks and apostrophes gone.
pub(crate) fn plain(line: &str) -> String {
    let line = line.to_lowercase();
    let kept =
        line.chars().filter(|c| !matches!(c, '\'' | '’' | 'ʼ' | '`' | '‘' | '´' | '"' | '\u{301}' | '\u{ad}' | '\u{200b}'));
    let blank = |c: char| if c.is_alphanumeric() || c == '/' || c == '№' { c } else { ' ' };
    let words: String = kept.map(blank).collect();
    let one_alphabet = |word: &str| {
        let cyrillic = word.chars().any(|c| ('а'..='ӿ').contains(&c));
        if cyrillic { word.chars().map(unmistaken).collect() } else { word.to_owned() }
    };
    words.split_whitespace().map(one_alphabet).collect::<Vec<String>>().join(" ")
}

/// `said` without whole words `extra` at either end.
pub(crate) fn without(said: &str, extra: &str) -> String {
    let start = said.strip_prefix(extra).filter(|rest| rest.is_empty() || rest.starts_with(' ')).unwrap_or(said);
    let end = start.strip_suffix(extra).filter(|rest| rest.is_empty() || rest.ends_with(' ')).unwrap_or(start);
    end.trim().to_owned()
}

/// The command `said` is, exactly or with one slip of the hand.
fn command(said: &str) -> Option<Command> {
    let is = |fits: fn(&str, &str) -> bool| {
        Command::ALL.iter().copied().find(|command| command.spellings().iter().any(|spelling| fits(said, spelling)))
    };
    is(|said, spelling| said == spelling).or_else(|| is(nearly))
}

/// Words shorter than this are told apart by one letter.
const LONG_CHARS: usize = 8;

/// Whether one letter is missing, too many, another, or changed places with its neighbour.
fn nearly(said: &str, spelling: &str) -> bool {
    let (said, spelling): (Vec<char>, Vec<char>) = (said.chars().collect(), spelling.chars().collect());
    if spelling.len() < LONG_CHARS || said.len().abs_diff(spelling.len()) > 1 {
        return false;
    }
    let same = said.iter().zip(&spelling).take_while(|(one, other)| one == other).count();
    let after = |text: &[char], skipped: usize| text.get(same + skipped..).unwrap_or_default().to_vec();
    let swapped = || {
        let pair = |text: &[char]| text.get(same..same + 2).map(<[char]>::to_vec);
        let turned = pair(&spelling).map(|pair| pair.into_iter().rev().collect::<Vec<_>>());
        turned.is_some() && pair(&said) == turned && after(&said, 2) == after(&spelling, 2)
    };
    match said.len().cmp(&spelling.len()) {
        std::cmp::Ordering::Less => after(&said, 0) == after(&spelling, 1),
        std::cmp::Ordering::Greater => after(&said, 1) == after(&spelling, 0),
        std::cmp::Ordering::Equal => after(&said, 1) == after(&spelling, 1) || swapped(),
    }
}
