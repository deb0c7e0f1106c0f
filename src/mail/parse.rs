//! A message as received: who says to have sent it, what thread it belongs to, what it carries.
//!
//! Nothing here is evidence. `From` is what a sender wrote, `Date` is not read at all; only a verified signature, or our own
//! MX's word on the domain ([`Message::dmarc_pass`]), says who it was (T1).

use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use crate::authentication;
use crate::fresh;
use crate::headers::{self, Headers};
use crate::html;
use crate::mime::{Opener, Walk, ambiguous, too_large};
use crate::sniff::{Kind, Part};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The one address of From, lower case.
    pub from: String,
    /// Addresses of To and Cc that could be read, lower case.
    pub to: Vec<String>,
    /// With its angle brackets.
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    pub subject: String,
    pub return_path: ReturnPath,
    pub parts: Vec<Part>,
    /// What the sender wrote now: without quoted letters and signature block.
    pub fresh_text: String,
    pub(crate) headers: Headers,
    /// Header of the first message inside this one: what a report returns.
    pub(crate) returned: Option<Headers>,
}

/// The envelope sender as our MTA noted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnPath {
    /// The MTA did not note it.
    Unknown,
    /// `<>`: must never be answered (RFC 3834 §2).
    Null,
    Address(String),
}

/// Fields of a message that may stand once (RFC 5322 §3.6) and whose doubles deceive.
const ONCE: [&str; 4] = ["from", "sender", "subject", "message-id"];

impl Message {
    /// Reads a message as received.
    ///
    /// Depth is bounded before anything is read, so an ordinary thread's stack is enough.
    ///
    /// # Errors
    /// [`Code::MailTooLarge`], [`Code::MailAmbiguous`], or [`Code::MailUnreadable`] for what has no header at all.
    pub fn parse(raw: &[u8]) -> Result<Self, Finding> {
        Self::parse_opening(raw, &|_| None)
    }

    /// As [`Self::parse`], and what is encrypted to us is opened by `opener` and read within the same bounds.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_opening(raw: &[u8], opener: &Opener<'_>) -> Result<Self, Finding> {
        if u64::try_from(raw.len()).map_or(true, |length| length > limits::MAIL_BYTES) {
            return Err(too_large("bytes", limits::MAIL_BYTES));
        }
        let (headers, body) = Headers::split(raw);
        if headers.fields().is_empty() {
            return Err(Finding::error(Code::MailUnreadable));
        }
        if body > limits::MAIL_HEADER_BYTES {
            return Err(too_large("header-bytes", limits::MAIL_HEADER_BYTES));
        }
        for name in ONCE {
            headers.once(name)?;
        }
        let from = one_address(&headers)?;
        let mut walk = Walk::opening(opener);
        walk.entity(raw)?;
        let ids = |name: &str| headers.all(name).next().map(headers::message_ids).unwrap_or_default();
        let text = text(&walk.parts);
        let to = ["to", "cc"].iter().flat_map(|name| headers.all(name)).filter_map(headers::addresses).flatten();
        Ok(Self {
            from,
            to: to.collect(),
            message_id: ids("message-id").into_iter().next(),
            in_reply_to: ids("in-reply-to"),
            references: ids("references"),
            subject: headers.text("subject").chars().take(limits::LABEL_CHARS).collect(),
            return_path: return_path(&headers),
            returned: walk.returned,
            parts: walk.parts,
            fresh_text: fresh::fresh(&text),
            headers,
        })
    }

    /// Whether our own MX, known by its `authserv_id`, found the From domain authenticated (RFC 8601, RFC 7489).
    pub fn dmarc_pass(&self, authserv_id: &str) -> bool {
        let results = self.headers.all("authentication-results");
        authentication::dmarc_pass(results, authserv_id, &self.from)
    }

    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}

/// Parts of a MIME entity that stands alone, such as the verified content of an S/MIME signature.
///
/// # Errors
/// As [`Message::parse`].
pub fn entity_parts(entity: &[u8]) -> Result<Vec<Part>, Finding> {
    let mut walk = Walk::default();
    walk.entity(entity)?;
    Ok(walk.parts)
}

fn one_address(headers: &Headers) -> Result<String, Finding> {
    let value = headers.once("from")?.unwrap_or_default();
    match headers::addresses(value).as_deref() {
        Some([one]) => Ok(one.clone()),
        _ => Err(ambiguous("from")),
    }
}

fn return_path(headers: &Headers) -> ReturnPath {
    // The MTA that delivers writes it topmost; one below came with the message.
    let Some(value) = headers.all("return-path").next() else { return ReturnPath::Unknown };
    if value.trim_ascii() == b"<>" {
        return ReturnPath::Null;
    }
    match headers::addresses(value).as_deref() {
        Some([one]) => ReturnPath::Address(one.clone()),
        _ => ReturnPath::Unknown,
    }
}

/// The letter's own text: the first plain one, else the first HTML one; never that of a forwarded message.
pub(crate) fn text(parts: &[Part]) -> String {
    let own = |kind: Kind| parts.iter().find(move |part| part.kind == kind && part.inline && !part.forwarded && !part.opened);
    let read = |part: &Part| String::from_utf8_lossy(&part.bytes).into_owned();
    match (own(Kind::Text), own(Kind::Html)) {
        (Some(plain), _) if !plain.bytes.trim_ascii().is_empty() => read(plain),
        (_, Some(rich)) => html::text(&read(rich)),
        _ => String::new(),
    }
}
