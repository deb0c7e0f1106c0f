//! Classify: what a message is. A signed act goes on to be verified; a partner's file to be registered; the rest has
//! something to say to its sender, or nothing.

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::states::{ItemEvent, ItemState};
use oblik_mail::loops::OBLIK_ID;
use oblik_mail::{Dsn, Intent, Message, Signed, classify, request, signed_act};
use oblik_signature::Decryptor;
use oblik_store::{Claimed, IssuedInvoice, ItemWork, Lease, Result, SourceKind, Tx};
use oblik_words::commands::Command;
use serde_json::json;
use tracing::info;

use crate::House;
use crate::hints::Hints;
use crate::house::parse;
use crate::signed::ALONE;
use crate::station::{Station, Trouble, ask_each};

pub(crate) struct Classify;

/// What an item is.
pub(crate) enum Kind {
    File,
    /// `by_machine`: the sender is a machine, so nothing is answered to it.
    Act {
        form: &'static str,
        by_machine: Option<Finding>,
        asked: Option<Command>,
    },
    /// A detached signature that came alone, over an invoice of ours.
    Alone(IssuedInvoice),
    /// A question or an objection of whoever wrote in a thread of ours.
    Written {
        objects: bool,
        findings: Vec<Finding>,
    },
    /// An answer to an invoice that is no signed copy of it.
    NoCopy(Vec<Finding>),
    /// A command without an act, and what the message lacks for it.
    Asked(Command, Vec<Finding>),
    Machine(Finding),
    /// A report on a letter of ours.
    Report(Dsn),
    Nothing(Vec<Finding>),
    /// Cannot be read as mail, so nobody can be answered: a person must look.
    Unreadable(Finding),
}

/// The intents as stored; `answer` reads them.
const INTENT_FILE: &str = "file";
const INTENT_ACT: &str = "act";
pub(crate) const INTENT_ACT_BY_MACHINE: &str = "act-by-machine";
/// A signed act that is to be calculated and not registered.
pub(crate) const INTENT_TRIAL: &str = "trial";
/// A signed act whose sender asks for the calculation in the same mail.
pub(crate) const INTENT_ACT_TO_CALCULATE: &str = "act-to-calculate";
pub(crate) const INTENT_CALCULATE: &str = "calculate";
pub(crate) const INTENT_TRIAL_UNSIGNED: &str = "trial-unsigned";
/// An invoice of ours, signed or meant to be.
pub(crate) const INTENT_COPY: &str = "copy";
pub(crate) const INTENT_QUESTION: &str = "question";
pub(crate) const INTENT_OBJECTION: &str = "objection";
/// An issued document is asked for again.
pub(crate) const INTENT_DOCUMENT: &str = "document";
const INTENT_MACHINE: &str = "machine";
const INTENT_REPORT: &str = "delivery-report";
const INTENT_NOTHING: &str = "nothing";
const INTENT_UNREADABLE: &str = "unreadable";

impl Station for Classify {
    type Work = ItemWork;
    type Answer = Kind;
    const NAME: &'static str = "classify";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ItemWork>>> {
        tx.claim_items(ItemState::Received, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ItemWork>]) -> Result<Vec<std::result::Result<Kind, Trouble>>> {
        let mut tx = house.store.read().await?;
        let mut messages = Vec::with_capacity(claimed.len());
        for claim in claimed {
            messages.push(match claim.work.kind {
                SourceKind::File => None,
                SourceKind::Mail => Some(tx.blob(&claim.work.blob_sha256).await?),
            });
        }
        let (own, decryptors) = (house.config.mail.from_address.clone(), house.decryptors.clone());
        let kinds = ask_each(messages, move |raw| {
            Ok(raw.map_or((Kind::File, None), |raw| {
                let (kind, message) = kind_of(&raw, &own, &decryptors);
                let hints = message.and_then(|message| Hints::of(&kind, message));
                (kind, hints)
            }))
        });
        let mut answers = Vec::with_capacity(claimed.len());
        for answer in kinds.await {
            answers.push(match answer {
                Ok((kind, Some(hints))) => Ok(hints.settle(&mut tx, kind).await?),
                Ok((kind, None)) => Ok(kind),
                Err(trouble) => Err(trouble),
            });
        }
        tx.roll_back().await?;
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, kind: &Kind) -> Result<()> {
        let now = house.now();
        let (intent, event) = match kind {
            Kind::File => (INTENT_FILE, ItemEvent::FileRecognised),
            Kind::Act { form, by_machine, asked } => {
                tx.add_act(claim.id, form, now).await?;
                tx.put_findings(claim.id, Self::NAME, by_machine.as_slice()).await?;
                let intent = match asked {
                    _ if by_machine.is_some() => INTENT_ACT_BY_MACHINE,
                    None | Some(Command::Document) => INTENT_ACT,
                    Some(Command::Calculate) => INTENT_ACT_TO_CALCULATE,
                    Some(Command::TrialCalculation) => INTENT_TRIAL,
                };
                (intent, ItemEvent::ActFound)
            }
            Kind::Alone(of) => {
                tx.add_act(claim.id, ALONE, now).await?;
                if let Some((act, _, _)) = tx.act_of_item(claim.id).await? {
                    tx.put_copy(act, of).await?;
                }
                (INTENT_ACT, ItemEvent::ActFound)
            }
            Kind::Written { objects, findings } => {
                tx.put_findings(claim.id, Self::NAME, findings).await?;
                (if *objects { INTENT_OBJECTION } else { INTENT_QUESTION }, ItemEvent::FindingsToTell)
            }
            Kind::NoCopy(findings) => {
                tx.put_findings(claim.id, Self::NAME, findings).await?;
                (INTENT_COPY, ItemEvent::FindingsToTell)
            }
            Kind::Asked(command, findings) => {
                tx.put_findings(claim.id, Self::NAME, findings).await?;
                let intent = match command {
                    Command::Calculate => INTENT_CALCULATE,
                    Command::Document => INTENT_DOCUMENT,
                    Command::TrialCalculation => INTENT_TRIAL_UNSIGNED,
                };
                (intent, ItemEvent::FindingsToTell)
            }
            Kind::Machine(finding) => {
                tx.put_findings(claim.id, Self::NAME, std::slice::from_ref(finding)).await?;
                (INTENT_MACHINE, ItemEvent::NothingToSay)
            }
            Kind::Report(report) => (INTENT_REPORT, report_event(report)),
            Kind::Nothing(findings) => {
                tx.put_findings(claim.id, Self::NAME, findings).await?;
                (INTENT_NOTHING, ItemEvent::FindingsToTell)
            }
            Kind::Unreadable(finding) => {
                tx.put_findings(claim.id, Self::NAME, std::slice::from_ref(finding)).await?;
                (INTENT_UNREADABLE, ItemEvent::GaveUp)
            }
        };
        tx.set_intent(claim.id, intent).await?;
        match kind {
            Kind::Report(_) if event == ItemEvent::GaveUp => {
                tx.set_cause(claim.id, "a letter of ours came back: it was not delivered").await?;
            }
            Kind::Unreadable(finding) => tx.set_cause(claim.id, &format!("{}: it cannot be read as mail", finding.code)).await?,
            _ => {}
        }
        tx.step(claim, ItemState::Received, event, now).await?;
        tx.journal(now, "item classified", "item", claim.id, &json!({ "intent": intent }));
        info!(item.id = claim.id, intent, "item classified");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ItemWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ItemState, _>(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ItemWork>) -> Result<Option<i64>> {
        Ok(Some(claim.id))
    }
}

/// A letter that was not delivered needs a person; one that is late does not.
fn report_event(report: &Dsn) -> ItemEvent {
    if report.failed() { ItemEvent::GaveUp } else { ItemEvent::NothingToSay }
}

fn kind_of(raw: &[u8], own: &str, decryptors: &[Decryptor]) -> (Kind, Option<Message>) {
    match parse(raw, decryptors) {
        Ok(message) => (kind_of_message(&message, own), Some(message)),
        Err(finding) => (Kind::Unreadable(finding), None),
    }
}

fn kind_of_message(message: &Message, own: &str) -> Kind {
    let asked = || request(message).map(|request| request.command);
    match classify(message, &[own]) {
        Intent::Dsn(report) => Kind::Report(report),
        // A letter of ours, such as a journal copy: the signed PDF in it is an invoice.
        Intent::Machine(sign) if message.headers().has(&OBLIK_ID.to_ascii_lowercase()) => Kind::Machine(sign),
        // A trial wants an answer and nothing else, and a machine gets none.
        Intent::Machine(sign) if asked() == Some(Command::TrialCalculation) => Kind::Machine(sign),
        Intent::Machine(sign) => match signed_act(message) {
            // An act counts whoever carried it; only the answer goes to the registered address alone.
            Ok(candidate) => Kind::Act { form: form(&candidate.signed), by_machine: Some(sign), asked: None },
            Err(_) => Kind::Machine(sign),
        },
        Intent::Act(candidate) => Kind::Act { form: form(&candidate.signed), by_machine: None, asked: asked() },
        Intent::Nothing(findings) => match asked() {
            Some(Command::TrialCalculation) => Kind::Asked(Command::TrialCalculation, findings),
            // What is attached and cannot be taken was meant to be calculated: that is told first.
            Some(command @ (Command::Calculate | Command::Document))
                if findings.iter().all(|finding| finding.code == Code::MailNoAct) =>
            {
                Kind::Asked(command, Vec::new())
            }
            _ => Kind::Nothing(findings),
        },
    }
}

pub(crate) fn form(signed: &Signed) -> &'static str {
    match signed {
        Signed::Pdf(_) => "pdf",
        Signed::Detached { .. } => "detached",
        Signed::Enclosing(_) => "enclosing",
        Signed::Asic(_) => "asic",
        Signed::SmimeSigned { .. } => "smime-signed",
        Signed::SmimeEnclosing(_) => "smime-enclosing",
    }
}
