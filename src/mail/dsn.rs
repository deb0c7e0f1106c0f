//! Delivery status notifications (RFC 3464): which letter of ours, which recipient, what became of it. Never answered.

use crate::headers::{Headers, addresses, lines, message_ids};
use crate::parse::Message;

/// What a report says of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dsn {
    /// Message-ID of the letter it speaks of, when the report returns its header.
    pub message_id: Option<String>,
    /// Our mark on that letter.
    pub oblik_id: Option<String>,
    pub recipients: Vec<DsnRecipient>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsnRecipient {
    pub address: String,
    pub action: Action,
    /// Enhanced status code, such as `5.1.1` (RFC 3463); empty when absent.
    pub status: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Failed,
    /// Still being tried: not a failure.
    Delayed,
    Delivered,
    /// Passed on to a system that reports nothing.
    Relayed,
    Expanded,
}

impl Action {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "failed" => Self::Failed,
            "delayed" => Self::Delayed,
            "delivered" => Self::Delivered,
            "relayed" => Self::Relayed,
            "expanded" => Self::Expanded,
            _ => return None,
        })
    }
}

impl Dsn {
    /// Whether a recipient will not get the letter, so that a person must look.
    pub fn failed(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.action == Action::Failed)
    }
}

/// Recipients read of one report.
const RECIPIENTS: usize = 100;

/// The report in `message`, or `None` when it is none.
pub(crate) fn read(message: &Message) -> Option<Dsn> {
    let status = message.parts.iter().find(|part| part.declared == "message/delivery-status" && !part.opened)?;
    let report = message.headers().token("content-type");
    if !report.starts_with("multipart/report") {
        return None;
    }
    let mut dsn = Dsn { recipients: recipients(&status.bytes), ..Dsn::default() };
    let returned = message.parts.iter().find(|part| part.declared == "text/rfc822-headers" && !part.opened);
    let headers = returned.map(|part| Headers::split(&part.bytes).0);
    if let Some(headers) = headers.or_else(|| message.returned.clone()) {
        dsn.message_id = headers.all("message-id").next().map(message_ids).unwrap_or_default().into_iter().next();
        dsn.oblik_id = Some(headers.text("x-oblik-id")).filter(|id| !id.is_empty());
    }
    Some(dsn)
}

/// The groups of fields after the first, one a recipient.
fn recipients(report: &[u8]) -> Vec<DsnRecipient> {
    let mut groups: Vec<Vec<u8>> = vec![Vec::new()];
    for line in lines(report) {
        if line.trim_ascii().is_empty() {
            groups.push(Vec::new());
        } else if let Some(group) = groups.last_mut() {
            group.extend_from_slice(line);
        }
    }
    let groups = groups.iter().filter(|group| !group.is_empty()).take(RECIPIENTS + 1);
    groups.filter_map(|group| recipient(&Headers::split(group).0)).collect()
}

fn recipient(fields: &Headers) -> Option<DsnRecipient> {
    let address = |name: &str| {
        let value = fields.text(name);
        // `rfc822; user@example.ua`
        let address = value.rsplit(';').next()?.trim();
        addresses(address.as_bytes())?.into_iter().next()
    };
    let word = fields.token("action");
    let action = Action::parse(word.split_whitespace().next().unwrap_or_default())?;
    Some(DsnRecipient {
        address: address("original-recipient").or_else(|| address("final-recipient"))?,
        action,
        status: fields.token("status").chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(12).collect(),
    })
}
