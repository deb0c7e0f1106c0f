//! The customer's signed copy of an invoice (RQ-F04): told apart from an act by its bytes, kept when it holds the issued ones
//! exactly and its signer may sign for the account.
//!
//! What was signed is looked at only after its signature passed; which invoice it is a copy of follows from the digests of the
//! revisions it holds, never from a name or a thread.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::invoice::Invoice;
use oblik_domain::period::{kyiv_day, kyiv_midnight};
use oblik_domain::states::{ActEvent, ActState, CountersignEvent, CountersignState, ItemEvent, ItemState};
use oblik_mail::{Kind, Message, Signed, act_within, objects, objects_within};
use oblik_signature::pdf::{file_within, revision_ends};
use oblik_signature::{Judgement, Moments, SignedKind, Verified, judge_pdf};
use oblik_store::{ActWork, Claimed, Countersignature, IssuedInvoice, ItemWork, Purpose, Result, Tx};
use oblik_words::letters;
use oblik_words::letters_copies::{self, CopySeen, SignatureSeen};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tracing::info;

use crate::House;
use crate::answer::{Decision, message_seen, of_message};
use crate::classify::{INTENT_ACT_BY_MACHINE, INTENT_COPY, INTENT_OBJECTION};
use crate::outgoing::{Enclosed, Telling};
use crate::station::ask_each;
use crate::threads;
use crate::verify::{Arrived, Ruled, Ruling, put_verdict, signed_only};

/// Hour of Kyiv at which a customer is reminded: nobody is written to at night.
const REMINDED_AT_HOURS: i64 = 9;

/// A signed file that may be an invoice of ours.
pub(crate) struct Found {
    /// Empty for XML.
    pdf: Vec<u8>,
    /// How the bytes were proved; `None` when they were not, and only their name is asked for.
    proved: Option<SignedKind>,
    /// Each length at which a revision may end, with the digest of so many bytes.
    prefixes: Vec<(usize, String)>,
    /// What the message is in answer to.
    thread: Vec<String>,
    /// Whether the letter objects, in what was signed or around it: who says no does not sign what is attached.
    objects: bool,
}

/// What makes a signed file an invoice of ours, or an answer to one.
pub(crate) struct Copy {
    /// The invoice whose bytes it begins with.
    of: Option<(IssuedInvoice, usize)>,
    findings: Vec<Finding>,
    objects: bool,
}

impl Found {
    pub fn of(message: &Message, signed: &Signed, verified: Option<&Verified>) -> Option<Self> {
        let part = verified.map(|verified| act_within(verified.bytes()));
        let pdf = match (part, signed) {
            (Some(Ok(part)), _) if matches!(part.kind, Kind::Pdf { .. }) => part.bytes,
            (Some(Ok(part)), _) if is_ubl(&part.bytes) => Vec::new(),
            (None, Signed::Pdf(part) | Signed::Detached { content: part, .. }) if matches!(part.kind, Kind::Pdf { .. }) => {
                part.bytes.clone()
            }
            _ => return None,
        };
        let is_message = matches!(signed, Signed::SmimeEnclosing(_) | Signed::SmimeSigned { .. });
        Some(Self {
            prefixes: prefixes(&pdf),
            proved: verified.map(Verified::kind),
            thread: threads::ids(message),
            objects: objects(message) || (is_message && verified.is_some_and(|verified| objects_within(verified.bytes()))),
            pdf,
        })
    }
}

/// Whether an XML document is an invoice or credit note of UBL 2.1 (EN 16931).
fn is_ubl(xml: &[u8]) -> bool {
    const NAMESPACES: [&[u8]; 2] =
        [b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", b"urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"];
    let head = xml.get(..xml.len().min(4096)).unwrap_or_default();
    NAMESPACES.iter().any(|name| head.windows(name.len()).any(|window| window == *name))
}

/// Digests of the file at each place where a revision may end, and of the whole, in one pass.
fn prefixes(pdf: &[u8]) -> Vec<(usize, String)> {
    if pdf.is_empty() {
        return Vec::new();
    }
    let mut ends = revision_ends(pdf);
    ends.push(pdf.len());
    ends.dedup();
    let (mut hash, mut from) = (Sha256::new(), 0);
    let mut found = Vec::with_capacity(ends.len());
    for end in ends {
        hash.update(pdf.get(from..end).unwrap_or_default());
        found.push((end, hex::encode(hash.clone().finalize())));
        from = end;
    }
    found
}

/// Which invoice of ours a signed file begins with; or, when none, whether it answers one and is no reading act.
pub(crate) async fn found(tx: &mut Tx, found: Option<&Found>) -> Result<Option<Copy>> {
    let Some(found) = found else { return Ok(None) };
    let stray = |code| Some(Copy { of: None, findings: vec![Finding::error(code)], objects: found.objects });
    if found.pdf.is_empty() {
        return Ok(stray(Code::CopyOfXml));
    }
    let digests: Vec<String> = found.prefixes.iter().map(|(_, digest)| digest.clone()).collect();
    let issued = tx.invoices_issued_as(&digests).await?;
    let end = |of: &IssuedInvoice| found.prefixes.iter().find(|(_, digest)| *digest == of.sha256).map(|(end, _)| *end);
    if let Some((of, end)) = issued.into_iter().filter_map(|of| end(&of).map(|end| (of, end))).max_by_key(|(_, end)| *end) {
        return Ok(Some(Copy { of: Some((of, end)), findings: Vec::new(), objects: found.objects }));
    }
    let is_answer = threads::thread(tx, &found.thread).await?.is_some_and(|thread| thread.invoice.is_some());
    Ok(if is_answer && !is_act_form(&found.pdf) { stray(Code::CopyNotExact) } else { None })
}

fn is_act_form(pdf: &[u8]) -> bool {
    let end = revision_ends(pdf).first().copied().unwrap_or(pdf.len());
    file_within(pdf.get(..end).unwrap_or_default(), oblik_documents::ACT_ATTACHMENT).is_ok()
}

/// Adds to each copy what stands behind the issued bytes and is no signature.
pub(crate) async fn only_signed(house: &House, arrived: &[Arrived], mut ruled: Vec<Ruled>) -> Vec<Ruled> {
    let (now, mut places, mut jobs) = (house.now(), Vec::new(), Vec::new());
    for (place, (ruling, arrived)) in ruled.iter_mut().zip(arrived).enumerate() {
        let Ok(Ruling { pdf: Some(pdf), copy: Some(Copy { of: Some((_, end)), .. }), .. }) = ruling else { continue };
        if let Some(kind) = pdf.proved.filter(|_| *end < pdf.pdf.len()) {
            places.push(place);
            jobs.push((std::mem::take(&mut pdf.pdf), *end, kind, arrived.at));
        }
    }
    let (trust, policy) = (Arc::clone(&house.trust), Arc::clone(&house.policy));
    let looked = ask_each(jobs, move |(pdf, end, kind, at): (Vec<u8>, usize, SignedKind, DateTime<Utc>)| {
        let judge = |pdf: &[u8]| judge_pdf(pdf, &trust, &policy, Moments::new(now, at));
        Ok(signed_only(&pdf, end, kind, judge).err().unwrap_or_default())
    });
    for (place, looked) in places.into_iter().zip(looked.await) {
        let Some(one) = ruled.get_mut(place) else { continue };
        match looked {
            Ok(findings) => {
                if let Ok(Ruling { copy: Some(copy), .. }) = one {
                    copy.findings = findings;
                }
            }
            Err(trouble) => *one = Err(trouble),
        }
    }
    ruled
}

/// Makes the ruling on a copy true: its signatures stand, or it is told why they do not.
pub(crate) async fn settle(house: &House, tx: &mut Tx, claim: &Claimed<ActWork>, ruling: &Ruling, copy: &Copy) -> Result<()> {
    let (now, item) = (house.now(), claim.work.item_id);
    let received_at = tx.item(item).await?.received_at;
    let mut findings = copy.findings.clone();
    findings.extend(ruling.judged.all_findings().cloned());
    let mut signer = ruling.judged.signatures.last();
    let mut event = ActEvent::SignatureFailed;
    if let Some((of, _)) = &copy.of {
        tx.put_copy(claim.id, of).await?;
    }
    if let Some((of, _)) = copy.of.as_ref().filter(|_| !copy.objects) {
        let invoice = tx.invoice(of.invoice_id).await?;
        tx.hold_account(&invoice.contract).await?;
        let record = tx.account_record(&invoice.contract).await?;
        let day = kyiv_day(received_at);
        let may_sign = |judgement: &&Judgement| {
            let signers = record.iter().flat_map(|record| &record.signers);
            signers.into_iter().any(|signer| signer.covers(&judgement.holder, day))
        };
        let signatures: Vec<&Judgement> = ruling.judged.signatures.iter().filter(may_sign).collect();
        signer = signatures.first().copied().or(signer);
        if signatures.is_empty() && ruling.judged.signed.is_some() {
            let name = signer.map(|judgement| judgement.holder.name.clone()).unwrap_or_default();
            findings.push(Finding::error(Code::ActSigner).with("signer", name));
        }
        if ruling.judged.signed.is_some() && !refuses(&findings) {
            let mut news = 0;
            for judgement in &signatures {
                let one = countersignature(claim.id, judgement, received_at);
                news += i32::from(tx.countersign(of.invoice_id, &one).await?);
            }
            event = if news > 0 { ActEvent::CopyReceived } else { ActEvent::SeenBefore };
            if news == 0 {
                findings.push(already_received(tx, of.invoice_id, &invoice.invoice).await?);
            }
            received(tx, of.invoice_id, now).await?;
        }
    }
    if tx.intent(item).await?.as_deref() != Some(INTENT_ACT_BY_MACHINE) {
        tx.set_intent(item, if copy.objects { INTENT_OBJECTION } else { INTENT_COPY }).await?;
    }
    tx.put_blob(house.policy.text().as_bytes()).await?;
    put_verdict(tx, claim.id, ruling, signer, now).await?;
    tx.put_findings(item, "verify", &findings).await?;
    tx.step(claim, ActState::Received, event, now).await?;
    tx.step_free(item, ItemState::Acting, ItemEvent::ActSettled, now).await?;
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    let indication = ruling.judged.indication.as_str();
    let of = copy.of.as_ref().map(|(of, _)| of.invoice_id);
    let detail = json!({ "event": event.as_str(), "indication": indication, "codes": codes, "invoice": of });
    tx.journal(now, "copy judged", "act", claim.id, &detail);
    if let (ActEvent::CopyReceived, Some((of, _))) = (event, &copy.of) {
        let detail = json!({ "act": claim.id, "document_sha256": of.sha256 });
        tx.journal(now, "invoice countersigned", "invoice", of.invoice_id, &detail);
    }
    info!(act.id = claim.id, item.id = item, event = event.as_str(), indication, "copy judged");
    Ok(())
}

fn countersignature(act_id: i64, judgement: &Judgement, received_at: DateTime<Utc>) -> Countersignature {
    Countersignature {
        act_id,
        certificate_sha256: hex::encode(judgement.holder.certificate_sha256),
        signer_name: judgement.holder.name.clone(),
        signer_serial: judgement.serial.clone(),
        received_at,
    }
}

async fn already_received(tx: &mut Tx, id: i64, invoice: &Invoice) -> Result<Finding> {
    let finding = Finding::information(Code::CopyAlreadyReceived).with("invoice", &invoice.number);
    let first = tx.countersignatures(id).await?.into_iter().next();
    Ok(first.into_iter().fold(finding, |finding, first| finding.with("accepted", first.received_at.to_rfc3339())))
}

async fn received(tx: &mut Tx, invoice: i64, now: DateTime<Utc>) -> Result<()> {
    match tx.countersigning(invoice).await? {
        None => tx.copy_came_unasked(invoice, now).await,
        Some((_, CountersignState::Received)) => Ok(()),
        Some((id, state)) => tx.step_free(id, state, CountersignEvent::CopyReceived, now).await.map(drop),
    }
}

/// From when on the copy of an invoice that was issued at `issued` is missed: nine o'clock of the first working day after its term.
pub(crate) fn missed_from(house: &House, issued: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let days = house.config.countersigning.days;
    let calendar = &house.config.billing.calendar;
    let last = calendar.working_days_after(kyiv_day(issued), days);
    let next = calendar.working_days_after(last, 1);
    let morning = kyiv_midnight(next)? + TimeDelta::hours(REMINDED_AT_HOURS);
    (days > 0).then_some(morning)
}

/// Begins to await the signed copy of an invoice that is being issued.
pub(crate) async fn await_copy(house: &House, tx: &mut Tx, id: i64, invoice: &Invoice, now: DateTime<Utc>) -> Result<()> {
    let Some(due) = missed_from(house, now) else { return Ok(()) };
    tx.await_copy(id, &invoice.buyer.contract, kyiv_day(now), (now, due)).await
}

/// What is told of a copy, and to whom; `None` when an act is no copy.
pub(crate) async fn told(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    (act, state): (i64, ActState),
    intent: &str,
) -> Result<Option<Decision>> {
    let by_machine = intent == INTENT_ACT_BY_MACHINE;
    let Some(of) = tx.copy_of(act).await? else {
        let is_stray = intent == INTENT_COPY;
        return if is_stray { of_message(house, tx, claim, message, findings, intent).await.map(Some) } else { Ok(None) };
    };
    let invoice = tx.invoice(of.invoice_id).await?;
    let record = tx.account_record(&invoice.contract).await?;
    let emails = record.map(|record| record.account.emails).unwrap_or_default();
    let own = message.map(|message| message.from.as_str()).filter(|from| emails.iter().any(|email| email == from));
    let sender = own.filter(|_| !by_machine);
    let Some(to) = sender.or(emails.first().map(String::as_str)) else { return Ok(Some(Err("the account has no address"))) };
    let (in_thread, to) = (sender.is_some(), to.to_owned());
    let purpose = if by_machine { Purpose::Notice } else { Purpose::Answer };
    let telling = |text, purpose| Ok(Some(Ok(Telling { purpose, to: to.clone(), in_thread, text, enclosed: Enclosed::Nothing })));
    if state == ActState::Rejected {
        if by_machine {
            return Ok(Some(Err("a machine sent it")));
        }
        if !findings.iter().any(|finding| finding.code == Code::ActSigner) {
            return of_message(house, tx, claim, message, findings, INTENT_COPY).await.map(Some);
        }
        // To a stranger nothing; the customer hears that somebody signed for them, without what or who.
        let text = letters::signer_not_authorised(&message_seen(claim), &house.config.supplier.seller.name);
        return telling(text, Purpose::Notice);
    }
    if by_machine && state == ActState::Repeated {
        return Ok(Some(Err("nothing new, and a machine sent it")));
    }
    let signatures = tx.countersignatures(of.invoice_id).await?.into_iter();
    let signature =
        |one: Countersignature| SignatureSeen { signer: one.signer_name, serial: one.signer_serial, received: one.received_at };
    let ignored = message.and_then(|message| oblik_mail::signed_act(message).ok()).map(|signed| signed.ignored);
    let copy = CopySeen {
        invoice: &invoice.invoice,
        received: claim.work.received_at,
        sha256: of.sha256.clone(),
        signatures: signatures.map(signature).collect(),
        ignored: ignored.unwrap_or_default(),
    };
    let is_new = state == ActState::Countersigned;
    telling(if is_new { letters_copies::copy_received(&copy) } else { letters_copies::copy_repeated(&copy) }, purpose)
}
