//! Answer: what became of an item is told, to an address that may know it, once.
//!
//! The reply matrix stands here: a valid signature of a bound signer opens the account's facts to its registered address;
//! a registered address alone learns what is wrong with its own message; a stranger learns nothing; a machine is never
//! answered (RFC 3834).

use chrono::{DateTime, TimeDelta, Utc};
use oblik_config::Unproven;
use oblik_domain::account::{AccountRecord, Calculation};
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::states::{ActState, ItemEvent, ItemState};
use oblik_mail::{Kind, Message};
use oblik_store::{Claimed, ItemWork, Lease, LetterClass, Purpose, Result, StoreError, Tx};
use oblik_words::commands::Command;
use oblik_words::letters::{self, ActSeen, MessageSeen, Text};
use oblik_words::letters_acts::CurrentAct;
use oblik_words::{letters_acts, letters_billing, letters_copies};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::ask::{self, Requested};
use crate::ask_document;
use crate::calculate::Ready;
use crate::classify::{
    INTENT_ACT_BY_MACHINE, INTENT_CALCULATE, INTENT_COPY, INTENT_DOCUMENT, INTENT_OBJECTION, INTENT_QUESTION, INTENT_TRIAL,
    INTENT_TRIAL_UNSIGNED,
};
use crate::countersign;
use crate::outgoing::{Draft, Enclosed, Outgoing, Telling, outgoing};
use crate::parcel::Parcel;
use crate::reading_acts::{current_act, signed_version};
use crate::station::{Station, Trouble, report};
use crate::ticket::{self, Asked, Opening};

pub(crate) struct Answer;

/// Notices an address gets in a day at most: the breaker against loops that no header gave away (T16).
const NOTICES_A_DAY: i64 = 20;

/// Why a stranger hears nothing.
pub(crate) const NOT_REGISTERED: &str = "the sender is not registered";

/// What is said, and to whom.
pub(crate) enum Said {
    Letter(Box<Draft>),
    /// The bill the sender asked for: the letter comes with it.
    Bill(Box<Ready>),
    /// A person shall answer; the letter that tells its number is written when it is known.
    Ticket(Box<Opening>, Box<Option<Message>>),
    /// Nothing, and why.
    Silence(&'static str),
}

impl Station for Answer {
    type Work = ItemWork;
    type Answer = Said;
    const NAME: &'static str = "answer";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ItemWork>>> {
        tx.claim_items(ItemState::Answerable, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ItemWork>]) -> Result<Vec<std::result::Result<Said, Trouble>>> {
        let mut tx = house.store.read().await?;
        let mut answers = Vec::with_capacity(claimed.len());
        for claim in claimed {
            answers.push(say(house, &mut tx, claim).await?);
        }
        tx.roll_back().await?;
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, said: &Said) -> Result<()> {
        let now = house.now();
        let of_ticket;
        let said = if let Said::Ticket(opening, message) = said {
            of_ticket = match ticket::take_in(house, tx, claim, opening).await? {
                Ok(telling) => written(house, claim, (**message).as_ref(), telling).map_err(|_| StoreError::Rows {
                    statement: "letter of a ticket",
                    expected: "a writable address",
                    found: 0,
                })?,
                Err(why) => Said::Silence(why),
            };
            &of_ticket
        } else {
            said
        };
        match said {
            Said::Letter(draft) if withheld(tx, draft, now).await? => {
                tx.journal(now, "answer withheld", "item", claim.id, &json!({ "why": "too many notices to this address today" }));
            }
            Said::Letter(draft) => draft.write(tx, claim.id, now).await?,
            Said::Bill(ready) => return ask::bill(house, tx, claim, ready, now).await,
            Said::Ticket(..) => {}
            Said::Silence(why) => {
                if *why == NOT_REGISTERED {
                    tx.put_findings(claim.id, Self::NAME, &[Finding::information(Code::MailSenderUnknown)]).await?;
                }
                tx.journal(now, "nothing answered", "item", claim.id, &json!({ "why": why }));
                info!(item.id = claim.id, why, "nothing answered");
            }
        }
        tx.step(claim, ItemState::Answerable, ItemEvent::Answered, now).await.map(drop)
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ItemWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ItemState, _>(claim, due).await
    }

    async fn let_wait(&self, _: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, due: DateTime<Utc>) -> Result<()> {
        tx.let_item_wait(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ItemWork>) -> Result<Option<i64>> {
        Ok(Some(claim.id))
    }
}

async fn withheld(tx: &mut Tx, draft: &Draft, now: DateTime<Utc>) -> Result<bool> {
    Ok(draft.class == LetterClass::Notice && tx.notices_to(&draft.to, now - TimeDelta::days(1)).await? >= NOTICES_A_DAY)
}

async fn say(house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>) -> Result<std::result::Result<Said, Trouble>> {
    let raw = tx.blob(&claim.work.blob_sha256).await?;
    let message = Message::parse(&raw).ok();
    let findings: Vec<Finding> = tx.findings(claim.id).await?.iter().map(oblik_store::StoredFinding::to_finding).collect();
    let intent = tx.intent(claim.id).await?.unwrap_or_default();
    if matches!(intent.as_str(), INTENT_QUESTION | INTENT_OBJECTION) {
        match ticket::asked(house, tx, claim.id, message.as_ref(), &intent).await? {
            Asked::Ticket(opening) => return Ok(Ok(Said::Ticket(opening, Box::new(message)))),
            Asked::Silence(why) => return Ok(Ok(Said::Silence(why))),
            Asked::Other => {}
        }
    }
    let telling = match tx.act_of_item(claim.id).await? {
        Some((act, _, state)) => match of_act(house, tx, claim, message.as_ref(), &findings, (act, state), &intent).await? {
            Ok(decision) => decision,
            Err(trouble) => return Ok(Err(trouble)),
        },
        None if intent == INTENT_CALCULATE => match ask::requested(house, tx, claim, message.as_ref()).await? {
            Ok(Requested::Bill(ready)) => return Ok(Ok(Said::Bill(ready))),
            Ok(Requested::Letter(text)) => to_sender(message.as_ref(), text, Enclosed::Nothing),
            Ok(Requested::Sign(text, act)) => to_sender(message.as_ref(), text, Enclosed::Act(act)),
            Ok(Requested::NoAct(text, contract, period)) => {
                to_sender(message.as_ref(), text, Enclosed::ActWanted(contract, period))
            }
            Ok(Requested::Silence(why)) => Err(why),
            Err(trouble) => return Ok(Err(trouble)),
        },
        None if intent == INTENT_DOCUMENT => match ask_document::requested(house, tx, claim, message.as_ref()).await? {
            Ok((text, files)) => to_sender(message.as_ref(), text, Enclosed::Files(files)),
            Err(why) => Err(why),
        },
        None => of_message(house, tx, claim, message.as_ref(), &findings, &intent).await?,
    };
    let telling = match telling {
        Ok(telling) => telling,
        Err(why) => return Ok(Ok(Said::Silence(why))),
    };
    Ok(written(house, claim, message.as_ref(), telling))
}

pub(crate) type Decision = std::result::Result<Telling, &'static str>;

fn to_sender(message: Option<&Message>, text: Text, enclosed: Enclosed) -> Decision {
    let to = message.map(|message| message.from.clone()).ok_or("it has no readable sender")?;
    Ok(Telling { purpose: Purpose::Answer, to, in_thread: true, text, enclosed })
}

async fn of_act(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    (act, state): (i64, ActState),
    intent: &str,
) -> Result<std::result::Result<Decision, Trouble>> {
    if let Some(decision) = countersign::told(house, tx, claim, message, findings, (act, state), intent).await? {
        return Ok(Ok(decision));
    }
    let by_machine = intent == INTENT_ACT_BY_MACHINE;
    let content = tx.signed_content(act).await?;
    let Some(content) = content.filter(|_| state != ActState::Rejected) else {
        return of_rejected(house, tx, claim, message, findings, act, by_machine).await.map(Ok);
    };
    let silence = |why| Ok(Ok(Err(why)));
    let Some(record) = tx.account_record(&content.contract).await? else { return silence("the account is gone") };
    let verdict = tx.verdict(act).await?;
    let emails = &record.account.emails;
    let sender = message.map(|message| message.from.as_str());
    let sender = sender.filter(|from| !by_machine && emails.iter().any(|email| email == from));
    let Some(to) = sender.or(emails.first().map(String::as_str)) else { return silence("the account has no address") };
    let seen = ActSeen {
        contract: content.contract.clone(),
        period: content.period,
        received: claim.work.received_at,
        sha256: content.content_sha256.clone(),
        signer: verdict.as_ref().map(|verdict| verdict.signer_name.clone()).unwrap_or_default(),
        serial: verdict.map(|verdict| verdict.signer_serial).unwrap_or_default(),
        ignored: message.and_then(|message| oblik_mail::signed_act(message).ok()).map(|act| act.ignored).unwrap_or_default(),
    };
    let supplier = &house.config.supplier.seller.name;
    let mut enclosed = Enclosed::Nothing;
    let text = match state {
        ActState::Invoiced => {
            let documents = tx.invoices_of_act(act).await?;
            let Some(parcel) = Parcel::of(tx, documents).await?.filter(|parcel| !parcel.documents.is_empty()) else {
                return silence("the invoice has no document");
            };
            let text = letters::act_invoiced(&seen, &parcel.invoices(), &parcel.enclosed);
            enclosed = Enclosed::Invoices(parcel.attachments);
            text
        }
        ActState::Unbilled if waits(&record, content.period) && !refuses(findings) => {
            letters_billing::calculation_waits(&seen, findings, supplier)
        }
        ActState::Unbilled => letters::calculation_not_possible(&seen, &ask::weightiest(findings), supplier),
        ActState::Refused if intent == INTENT_TRIAL => match ask::tried(house, claim.id, &content, &seen, findings).await? {
            Ok(text) => text,
            Err(trouble) => return Ok(Err(trouble)),
        },
        ActState::Refused if !by_machine && findings.iter().any(|finding| finding.code == Code::ActVoided) => {
            let act = current_act(tx, &content.contract, content.period).await?;
            let current = match (&act, signed_version(tx, &content.contract, content.period).await?) {
                (_, Some(version)) => CurrentAct::Signed(version),
                (Some(act), None) => CurrentAct::Attached(act.version),
                (None, None) => CurrentAct::InTheMaking,
            };
            enclosed = act.map_or(Enclosed::Nothing, Enclosed::Act);
            letters_acts::void_act_refused(&seen, findings, current, supplier)
        }
        ActState::Refused if !by_machine => letters::act_refused(&seen, findings, supplier),
        ActState::Repeated if !by_machine => {
            let accepted =
                tx.accepted_with(&content.content_sha256).await?.map_or(seen.received, |accepted| accepted.accepted_at);
            letters::act_repeated(&seen, accepted, supplier)
        }
        _ => return silence("nothing new, and a machine sent it"),
    };
    let purpose = if by_machine { Purpose::Notice } else { Purpose::Answer };
    Ok(Ok(Ok(Telling { purpose, to: to.to_owned(), in_thread: sender.is_some(), text, enclosed })))
}

/// Whether the account is calculated when its customer asks.
fn waits(record: &AccountRecord, period: Period) -> bool {
    record.account.terms_on(period.last_day()).calculation == Calculation::OnRequest
}

/// A signature that does not hold, or a signer who may not sign.
async fn of_rejected(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    act: i64,
    by_machine: bool,
) -> Result<Decision> {
    if by_machine {
        return Ok(Err("a machine sent it"));
    }
    let stranger = findings.iter().any(|finding| matches!(finding.code, Code::ActSigner | Code::ActAccountUnknown));
    if !stranger {
        return of_message(house, tx, claim, message, findings, "").await;
    }
    // To the sender nothing; the customer hears that somebody signed for them, without what or who.
    let contract = tx.signed_content(act).await?.map(|content| content.contract);
    let Some(to) = registered_address(tx, contract.as_ref()).await? else {
        return Ok(Err("signed by a stranger for an unknown account"));
    };
    let in_thread = message.is_some_and(|message| message.from == to);
    let text = letters::signer_not_authorised(&message_seen(claim), &house.config.supplier.seller.name);
    Ok(Ok(Telling { purpose: Purpose::Notice, to, in_thread, text, enclosed: Enclosed::Nothing }))
}

pub(crate) async fn registered_address(tx: &mut Tx, contract: Option<&ContractNumber>) -> Result<Option<String>> {
    let Some(contract) = contract else { return Ok(None) };
    Ok(tx.account_record(contract).await?.and_then(|record| record.account.emails.into_iter().next()))
}

/// Whether the sender of a message may be told what is wrong with it: our own MX found the address authentic, or none is configured
/// and the administrator lets technical answers go.
pub(crate) fn may_know(house: &House, message: &Message) -> bool {
    match &house.config.mail.authserv_id {
        Some(own) => message.dmarc_pass(own),
        None => house.config.mail.unproven == Unproven::TechnicalStatus,
    }
}

/// What is wrong with a message, told to its sender when that is a registered address.
pub(crate) async fn of_message(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    intent: &str,
) -> Result<Decision> {
    let Some(message) = message else { return Ok(Err("it has no readable sender")) };
    if tx.accounts_of_address(&message.from).await?.is_empty() {
        return Ok(Err(NOT_REGISTERED));
    }
    if !may_know(house, message) {
        return Ok(Err("the sender's address is not proven"));
    }
    let bare: Vec<Finding>;
    let findings = if is_encrypted(message) {
        // Who sends it need not be who wrote it: what stood inside is not quoted, not even a name (T5).
        bare = findings.iter().map(|finding| Finding::new(finding.code, finding.level)).collect();
        &bare
    } else {
        findings
    };
    let (seen, supplier) = (message_seen(claim), &house.config.supplier.seller.name);
    let text = if intent == INTENT_TRIAL_UNSIGNED {
        letters_billing::signature_needed(&seen, Command::TrialCalculation, findings, supplier)
    } else if intent == INTENT_COPY {
        letters_copies::copy_refused(&seen, findings, supplier)
    } else {
        letters::message_refused(&seen, findings, supplier)
    };
    Ok(to_sender(Some(message), text, Enclosed::Nothing))
}

fn is_encrypted(message: &Message) -> bool {
    message.parts.iter().any(|part| matches!(part.kind, Kind::Encrypted { .. }))
}

pub(crate) fn message_seen(claim: &Claimed<ItemWork>) -> MessageSeen {
    MessageSeen { received: claim.work.received_at, sha256: claim.work.blob_sha256.clone() }
}

fn written(
    house: &House,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    telling: Telling,
) -> std::result::Result<Said, Trouble> {
    let seed = format!("{}/{}/{}", claim.work.source, claim.work.blob_sha256, telling.purpose.as_str());
    let draft = outgoing(house, &Outgoing { item: claim.id, seed }, message, telling);
    draft.map(|draft| Said::Letter(Box::new(draft))).map_err(|cause| Trouble::park(report(&cause)))
}
