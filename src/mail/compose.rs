//! Letters as bytes, the same bytes every time: boundaries come from the Message-ID, the date is an argument.
//!
//! The plain and the HTML text are made from one [`Body`], so they say the same. Nothing in a letter loads anything.

use std::time::SystemTime;

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as LettreAttachment, Body as LettreBody, Mailbox, Message, MultiPart, SinglePart};
use oblik_domain::{DateTime, Utc};
pub use oblik_words::body::{Block, Body, Point, Row, Status, Tone, Value};
use oblik_words::body::{CODE, TO_DO};
use oblik_words::marks;
use sha2::{Digest, Sha256};

use crate::loops::OBLIK_ID;

mod rich;

/// A letter with its envelope. One recipient each (`threats`: reply matrix).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Our mark, which a report or a loop brings back.
    pub id: String,
    pub from_name: String,
    pub from_address: String,
    pub to: String,
    pub subject: String,
    /// With angle brackets, as [`message_id`] makes it.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub date: DateTime<Utc>,
    pub body: Body,
    pub attachments: Vec<Attachment>,
    pub auto_submitted: AutoSubmitted,
}

/// Why a letter was written, for the machines that read it (RFC 3834 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoSubmitted {
    /// An answer to a message.
    Replied,
    /// Written on an occasion of our own.
    Generated,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub name: String,
    /// `application/pdf`.
    pub media_type: String,
    /// Sent in base64, so they arrive unchanged whatever they hold.
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("read the address {0:?}")]
    Address(String),
    #[error("read the media type {0:?}")]
    MediaType(String),
    #[error("put the letter together")]
    Build(#[from] lettre::error::Error),
}

/// `<oblik.HASH@domain>`, the same for the same `seed`: a letter written again is the same letter.
pub fn message_id(seed: &str, domain: &str) -> String {
    let digest = hex::encode(Sha256::digest(seed.as_bytes()));
    let domain: String = domain.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    format!("<oblik.{}@{domain}>", digest.get(..32).unwrap_or(&digest))
}

/// Longest subject that is repeated, in characters.
const SUBJECT_CHARS: usize = 120;

/// The subject of an answer: `Re:` once, the original's words cleaned and cut; `fallback` when it has none.
pub fn reply_subject(original: &str, fallback: &str) -> String {
    let mut words = original.trim();
    'prefixes: loop {
        for prefix in marks::REPLY_PREFIX {
            let Some(start) = words.get(..prefix.len()).filter(|start| start.to_lowercase() == *prefix) else { continue };
            let rest = words.strip_prefix(start).unwrap_or_default();
            // `Re[2]:` counts its answers.
            let rest = if prefix.ends_with('[') { rest.split_once("]:").map_or("", |(_, rest)| rest) } else { rest };
            words = rest.trim_start();
            continue 'prefixes;
        }
        break;
    }
    let clean = one_line(words);
    if clean.is_empty() { one_line(fallback) } else { format!("Re: {}", cut(&clean, SUBJECT_CHARS)) }
}

/// Without control and direction characters, white space single: cannot end a header or turn a line around.
fn one_line(text: &str) -> String {
    let shown = |c: char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| shown(*c)).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The letter as it is to be sent: canonical line ends, header encoded by RFC 2047 and RFC 2231.
///
/// # Errors
/// [`ComposeError`] for an address or media type that is none.
pub fn render(letter: &Letter) -> Result<Vec<u8>, ComposeError> {
    let address = |text: &str| text.parse::<Address>().map_err(|_| ComposeError::Address(text.to_owned()));
    let name = Some(one_line(&letter.from_name)).filter(|name| !name.is_empty());
    let mut builder = Message::builder()
        .from(Mailbox::new(name, address(&letter.from_address)?))
        .to(Mailbox::new(None, address(&letter.to)?))
        .subject(one_line(&letter.subject))
        .date(SystemTime::from(letter.date))
        .message_id(Some(one_line(&letter.message_id)));
    if let Some(id) = letter.in_reply_to.iter().flat_map(|id| crate::headers::message_ids(id.as_bytes())).next() {
        builder = builder.in_reply_to(id);
    }
    let references = references(&letter.references, letter.in_reply_to.as_deref());
    if !references.is_empty() {
        builder = builder.references(references.join(" "));
    }
    let submitted = match letter.auto_submitted {
        AutoSubmitted::Replied => "auto-replied",
        AutoSubmitted::Generated => "auto-generated",
    };
    let raw = |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), one_line(value));
    builder = builder
        .raw_header(raw("Auto-Submitted", submitted))
        .raw_header(raw("X-Auto-Response-Suppress", "All"))
        .raw_header(raw(OBLIK_ID, &letter.id));
    let texts = MultiPart::alternative()
        .boundary(boundary(&letter.message_id, "alternative"))
        .singlepart(SinglePart::plain(crlf(&plain_text(&letter.body))))
        .singlepart(SinglePart::html(crlf(&rich::html(&letter.body, &letter.subject))));
    if letter.attachments.is_empty() {
        return Ok(builder.multipart(texts)?.formatted());
    }
    let mut mixed = MultiPart::mixed().boundary(boundary(&letter.message_id, "mixed")).multipart(texts);
    for attachment in &letter.attachments {
        mixed = mixed.singlepart(attached(attachment)?);
    }
    Ok(builder.multipart(mixed)?.formatted())
}

fn attached(attachment: &Attachment) -> Result<SinglePart, ComposeError> {
    let media_type =
        ContentType::parse(&attachment.media_type).map_err(|_| ComposeError::MediaType(attachment.media_type.clone()))?;
    let body = LettreBody::new_with_encoding(attachment.bytes.clone(), ContentTransferEncoding::Base64);
    let body = body.map_err(|_| ComposeError::MediaType(attachment.media_type.clone()))?;
    Ok(LettreAttachment::new(crate::sniff::label(&attachment.name)).body(body, media_type))
}

/// Identifiers of a thread that are repeated; mail programs keep the first and the last ones.
const REFERENCES: usize = 20;

fn references(thread: &[String], parent: Option<&str>) -> Vec<String> {
    let mut ids: Vec<String> = thread.iter().flat_map(|id| crate::headers::message_ids(id.as_bytes())).collect();
    ids.extend(parent.iter().flat_map(|id| crate::headers::message_ids(id.as_bytes())));
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let surplus = ids.len().saturating_sub(REFERENCES);
    if surplus > 0 {
        ids.drain(1..=surplus);
    }
    ids
}

fn boundary(message_id: &str, role: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("{role} {message_id}").as_bytes()));
    format!("oblik-{}", digest.get(..32).unwrap_or(&digest))
}

fn crlf(text: &str) -> String {
    text.lines().flat_map(|line| [line, "\r\n"]).collect()
}

/// The plain form of a letter.
pub fn plain_text(body: &Body) -> String {
    let mut pieces = vec![format!("{}\n", body.status.text.to_uppercase())];
    pieces.extend(body.blocks.iter().map(plain_block));
    if !body.footer.is_empty() {
        pieces.push(format!("-- \n{}\n", body.footer.join("\n")));
    }
    pieces.join("\n")
}

fn plain_block(block: &Block) -> String {
    match block {
        Block::Paragraph(words) => format!("{words}\n"),
        Block::Heading(words) => format!("{words}\n{}\n", "-".repeat(words.chars().count())),
        Block::Table(rows) => rows.iter().flat_map(|row| [&row.name, ": ", row.value.as_str(), "\n"]).collect(),
        Block::List(points) => points.iter().enumerate().map(plain_point).collect::<Vec<_>>().join("\n"),
    }
}

fn plain_point((index, point): (usize, &Point)) -> String {
    let Point { title, text, todo, code } = point;
    format!("{}. {title}\n   {text}\n   {TO_DO}: {todo}\n   {CODE}: {code}\n", index + 1)
}
