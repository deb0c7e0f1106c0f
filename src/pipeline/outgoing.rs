//! Letters on their way out: what is said of an item becomes a letter, whole, and is written once.

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_mail::compose::AutoSubmitted;
use oblik_mail::{Attachment, ComposeError, Letter, Message, message_id, render, reply_subject};
use oblik_store::{About, LetterClass, NewLetter, Purpose, Result, Tx};
use oblik_words::letters::Text;
use serde_json::json;
use tracing::warn;

use crate::House;
use crate::reading_acts::ActFile;

pub(crate) struct Draft {
    purpose: Purpose,
    pub class: LetterClass,
    pub to: String,
    subject: String,
    message_id: String,
    bytes: Vec<u8>,
    /// A customer was asked to sign an act that there is not: it is to be made, and an operator is told (RQ-D02).
    act_wanted: Option<(ContractNumber, Period)>,
}

impl Draft {
    pub async fn write(&self, tx: &mut Tx, item: i64, now: DateTime<Utc>) -> Result<()> {
        let letter = NewLetter {
            about: About::Item(item),
            purpose: self.purpose,
            class: self.class,
            channel: "mail",
            recipient: &self.to,
            subject: &self.subject,
            message_id: &self.message_id,
            bytes: &self.bytes,
        };
        tx.write_letter(&letter, now).await?;
        if let Some((contract, period)) = &self.act_wanted {
            tx.note_readings(contract, *period, now).await?;
            let detail = json!({ "item": item, "period": period.to_string() });
            tx.journal(now, "a signed act is asked for and there is none to sign", "account", contract, &detail);
            warn!(item.id = item, contract = contract.as_str(), %period, "a signed act is asked for and there is none to sign");
        }
        let detail = json!({ "message_id": self.message_id, "purpose": self.purpose.as_str() });
        tx.journal(now, "letter written", "item", item, &detail);
        Ok(())
    }
}

/// A decision before it is written out.
pub(crate) struct Telling {
    pub purpose: Purpose,
    pub to: String,
    /// Whether it continues the sender's thread: only when it goes to the sender.
    pub in_thread: bool,
    pub text: Text,
    pub enclosed: Enclosed,
}

/// What goes with a letter.
pub(crate) enum Enclosed {
    Nothing,
    Invoices(Vec<Attachment>),
    /// What was asked for; it may be sent again.
    Files(Vec<Attachment>),
    /// An act to be signed.
    Act(ActFile),
    /// There is none to be signed, and there should be.
    ActWanted(ContractNumber, Period),
}

impl Enclosed {
    fn attachments(self) -> Vec<Attachment> {
        match self {
            Self::Invoices(attachments) | Self::Files(attachments) => attachments,
            Self::Act(act) => vec![act.attachment()],
            Self::Nothing | Self::ActWanted(..) => Vec::new(),
        }
    }
}

/// What a letter belongs to, and what its Message-ID is made of: the same however often it is written.
pub(crate) struct Outgoing {
    pub item: i64,
    pub seed: String,
}

/// The letter, whole; it continues the thread of `message` when it goes to who wrote that.
///
/// # Errors
/// An address that cannot be written to.
pub(crate) fn outgoing(
    house: &House,
    about: &Outgoing,
    message: Option<&Message>,
    telling: Telling,
) -> std::result::Result<Draft, ComposeError> {
    let thread = message.filter(|_| telling.in_thread);
    let subject =
        thread.map_or_else(|| telling.text.subject.clone(), |message| reply_subject(&message.subject, &telling.text.subject));
    let in_reply_to = thread.and_then(|message| message.message_id.clone());
    let mut references = thread.map(|message| message.references.clone()).unwrap_or_default();
    references.extend(in_reply_to.clone());
    let class = if matches!(telling.enclosed, Enclosed::Invoices(_)) { LetterClass::Money } else { LetterClass::Notice };
    let act_wanted = match &telling.enclosed {
        Enclosed::ActWanted(contract, period) => Some((contract.clone(), *period)),
        _ => None,
    };
    let letter = Letter {
        id: format!("item-{}", about.item),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to: telling.to.clone(),
        subject: subject.clone(),
        message_id: message_id(&about.seed, house.mail_domain()),
        in_reply_to,
        references,
        date: house.now(),
        body: telling.text.body,
        attachments: telling.enclosed.attachments(),
        auto_submitted: if thread.is_some() { AutoSubmitted::Replied } else { AutoSubmitted::Generated },
    };
    let bytes = render(&letter)?;
    let Letter { message_id, .. } = letter;
    Ok(Draft { purpose: telling.purpose, class, to: telling.to, subject, message_id, bytes, act_wanted })
}
