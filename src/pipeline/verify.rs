//! Verify: is the act signed, by whom, and may that person sign for the account? What passes is the only thing read from
//! here on (T4).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::account::AccountRecord;
use oblik_domain::act::ReadingAct;
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::period::kyiv_day;
use oblik_domain::states::{ActEvent, ActState, ItemEvent, ItemState};
use oblik_edi::read_reading_act;
use oblik_mail::{Kind, act_within};
use oblik_signature::evidence::Evidence;
use oblik_signature::{Decryptor, Indication, Judged, Judgement, Moments, Policy, SignedKind, Trust, Verified, judge_pdf};
use oblik_store::{ActWork, Claimed, Lease, Result, SignedContent, Tx, Verdict, sha256_hex};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::countersign::{self, Copy, Found};
use crate::house::parse;
use crate::online::name_of;
use crate::quest::{LONGEST, Quest, ROUNDS, may_change, next_look, wanted_of};
use crate::register::already_accepted;
use crate::signed::{ALONE, judge_signed, parts_of, signed_of};
use crate::station::{Station, Trouble, ask_each};

pub(crate) struct Verify;

/// What judging an act came to.
pub(crate) struct Ruling {
    pub judged: Judged,
    evidence: Vec<u8>,
    /// What was said, when every signature passed and it could be read.
    said: std::result::Result<Said, Vec<Finding>>,
    /// The PDF that was signed, when it was one.
    pub pdf: Option<Found>,
    /// What makes it an invoice of ours, or an answer to one.
    pub copy: Option<Copy>,
}

struct Said {
    act: ReadingAct,
    xml: Vec<u8>,
    /// Where the XML was read from; a form in PDF must be one we issued.
    from: From,
}

enum From {
    /// The signed bytes are the XML.
    Xml,
    /// The first revision of a signed PDF: its hash.
    Form(String),
}

impl Station for Verify {
    type Work = ActWork;
    type Answer = Ruling;
    const NAME: &'static str = "verify";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ActWork>>> {
        tx.claim_acts(ActState::Received, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ActWork>]) -> Result<Vec<std::result::Result<Ruling, Trouble>>> {
        let mut tx = house.store.read().await?;
        let mut messages = Vec::with_capacity(claimed.len());
        for claim in claimed {
            let item = tx.item(claim.work.item_id).await?;
            let apart = match tx.copy_of(claim.id).await?.filter(|_| claim.work.form == ALONE) {
                Some(copy) => Some(Arc::new(tx.blob(&copy.sha256).await?)),
                None => None,
            };
            let (raw, form) = (Arc::new(tx.blob(&item.blob_sha256).await?), claim.work.form.clone());
            messages.push(Arrived { raw, at: item.received_at, form, apart });
        }
        let mut ruled = rule_all(house, &messages, claimed).await;
        for ruling in ruled.iter_mut().flatten() {
            ruling.copy = countersign::found(&mut tx, ruling.pdf.as_ref()).await?;
        }
        tx.roll_back().await?;
        Ok(countersign::only_signed(house, &messages, ruled).await)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ActWork>, ruling: &Ruling) -> Result<()> {
        let now = house.now();
        let item = claim.work.item_id;
        let received_at = tx.item(item).await?.received_at;
        if let Some(copy) = &ruling.copy {
            return countersign::settle(house, tx, claim, ruling, copy).await;
        }
        let mut findings: Vec<Finding> = ruling.judged.all_findings().cloned().collect();
        let said = match &ruling.said {
            Ok(said) => Some(said),
            Err(more) => {
                findings.extend(more.iter().cloned());
                None
            }
        };
        let mut signer = ruling.judged.signatures.last();
        let mut event = ActEvent::SignatureFailed;
        if let Some(said) = said {
            findings.extend(not_issued(tx, said).await?);
            let record = tx.account_record(&said.act.contract).await?;
            match authorised(&ruling.judged, record.as_ref(), kyiv_day(received_at)) {
                Ok(by) => signer = Some(by),
                Err(finding) => findings.push(finding),
            }
            let content = put_content(tx, claim.id, said).await?;
            if !refuses(&findings) {
                event = ActEvent::SignaturePassed;
                if let Some(accepted) = tx.accepted_with(&content.content_sha256).await? {
                    event = ActEvent::SeenBefore;
                    findings.push(already_accepted(&accepted));
                }
            }
        }
        // Under its hash, so it is stored once: a verdict can be repeated only by the policy of then.
        tx.put_blob(house.policy.text().as_bytes()).await?;
        put_verdict(tx, claim.id, ruling, signer, now).await?;
        tx.put_findings(item, Self::NAME, &findings).await?;
        tx.step(claim, ActState::Received, event, now).await?;
        if event != ActEvent::SignaturePassed {
            tx.step_free(item, ItemState::Acting, ItemEvent::ActSettled, now).await?;
        }
        let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
        let indication = ruling.judged.indication.as_str();
        tx.journal(
            now,
            "act judged",
            "act",
            claim.id,
            &json!({ "event": event.as_str(), "indication": indication, "codes": codes }),
        );
        info!(act.id = claim.id, item.id = item, event = event.as_str(), indication, "act judged");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ActWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ActState, _>(claim, due).await
    }

    async fn let_wait(&self, house: &House, tx: &mut Tx, claim: &Claimed<ActWork>, due: DateTime<Utc>) -> Result<()> {
        let now = house.now();
        if claim.work.waiting_since.is_none() {
            tx.journal(now, "act waits for status", "act", claim.id, &json!({}));
        }
        tx.let_act_wait(claim, now, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ActWork>) -> Result<Option<i64>> {
        Ok(Some(claim.work.item_id))
    }
}

/// A message and when it arrived.
#[derive(Clone)]
pub(crate) struct Arrived {
    raw: Arc<Vec<u8>>,
    pub at: DateTime<Utc>,
    /// How it was classified.
    form: String,
    /// Our document that its signature is over, when that came alone.
    apart: Option<Arc<Vec<u8>>>,
}
pub(crate) type Ruled = std::result::Result<Ruling, Trouble>;

/// Rules on each message; what is wanted for that is fetched for all of them together, and those it helps are ruled on again.
/// What nobody can tell now waits.
async fn rule_all(house: &House, messages: &[Arrived], claimed: &[Claimed<ActWork>]) -> Vec<Ruled> {
    let now = house.now();
    let mut quest = house.online.clone().map(|online| Quest::new(online, &house.trust, LONGEST));
    let trust = quest.as_ref().map_or(&house.trust, |quest| &quest.trust);
    let mut ruled = rule_each(house, trust, messages.to_vec(), now).await;
    if let Some(quest) = &mut quest {
        for _ in 0..ROUNDS {
            let wanted = ruled.iter().flatten().flat_map(|ruling| wanted_of(&ruling.judged));
            let news = quest.look(wanted, now).await;
            let helped = |ruled: &Ruled| {
                ruled.as_ref().is_ok_and(|ruling| wanted_of(&ruling.judged).any(|wanted| news.contains(&name_of(wanted))))
            };
            let places: Vec<usize> =
                ruled.iter().enumerate().filter(|(_, ruled)| helped(ruled)).map(|(place, _)| place).collect();
            if places.is_empty() {
                break;
            }
            let again = places.iter().filter_map(|place| messages.get(*place).cloned()).collect();
            for (place, anew) in places.iter().zip(rule_each(house, &quest.trust, again, now).await) {
                if let Some(old) = ruled.get_mut(*place) {
                    *old = anew;
                }
            }
        }
    }
    let wait = |(ruled, claim): (Ruled, &Claimed<ActWork>)| {
        let ruling = ruled?;
        let may_learn = quest.as_ref().is_some_and(|quest| quest.may_learn(&ruling.judged));
        let longest = TimeDelta::from_std(house.config.trust.try_later).unwrap_or_default();
        let due = next_look(claim.work.waiting_since.unwrap_or(now), now, longest);
        match due.filter(|_| may_change(&ruling.judged, may_learn)) {
            Some(due) => Err(Trouble::Wait { cause: "the status of its certificates is not known".to_owned(), due }),
            None => Ok(ruling),
        }
    };
    ruled.into_iter().zip(claimed).map(wait).collect()
}

async fn rule_each(house: &House, trust: &Arc<Trust>, messages: Vec<Arrived>, now: DateTime<Utc>) -> Vec<Ruled> {
    let (trust, policy, decryptors) = (Arc::clone(trust), Arc::clone(&house.policy), Arc::clone(&house.decryptors));
    let rule = move |arrived: Arrived| rule(&arrived, &decryptors, &trust, &policy, Moments::new(now, arrived.at));
    ask_each(messages, rule).await
}

/// Judges the one act of a message now. That it arrived when it did is our own proof of its existence.
fn rule(arrived: &Arrived, decryptors: &[Decryptor], trust: &Trust, policy: &Policy, moments: Moments) -> Ruled {
    let message =
        parse(&arrived.raw, decryptors).map_err(|finding| Trouble::park(format!("no longer reads as mail: {}", finding.code)))?;
    let apart = arrived.apart.as_ref().map(|document| document.as_slice());
    let signed = signed_of(&message, &arrived.form, apart);
    let signed = signed.ok_or_else(|| Trouble::park("no longer has a signed act"))?;
    let judged = judge_signed(&signed, trust, policy, moments);
    let (document, detached) = parts_of(&signed);
    let evidence = Evidence::of(&judged, document, detached).to_bytes();
    let said = match &judged.signed {
        Some(verified) => read(verified, |pdf| judge_pdf(pdf, trust, policy, moments)),
        None if judged.indication == Indication::TotalPassed => Err(vec![Finding::error(Code::MailSeveralActs)]),
        None => Err(Vec::new()),
    };
    let pdf = Found::of(&message, &signed, judged.signed.as_ref());
    Ok(Ruling { judged, evidence, said, pdf, copy: None })
}

/// What the signed bytes say. An act in a PDF is the XML we put into it when we issued it, read from the bytes as issued:
/// what a later revision shows or attaches does not count, so it may show nothing else, signed or not; where no signature
/// of the PDF's own vouched for later revisions, `judge` says whether they are signatures only (T6).
fn read(verified: &Verified, judge: impl FnOnce(&[u8]) -> Judged) -> std::result::Result<Said, Vec<Finding>> {
    let part = act_within(verified.bytes())?;
    let (xml, from) = match part.kind {
        Kind::Pdf { .. } => {
            let end = oblik_signature::pdf::revision_ends(&part.bytes).first().copied().unwrap_or(part.bytes.len());
            let form = part.bytes.get(..end).unwrap_or_default();
            signed_only(&part.bytes, end, verified.kind(), judge)?;
            let xml =
                oblik_signature::pdf::file_within(form, oblik_documents::ACT_ATTACHMENT).map_err(|finding| vec![finding])?;
            (xml, From::Form(sha256_hex(form)))
        }
        _ => (part.bytes, From::Xml),
    };
    let act = read_reading_act(&xml)?;
    Ok(Said { act, xml, from })
}

/// Whether what a PDF holds behind `end` only signs it. Where no signature of its own vouched for that, `judge` says so.
pub(crate) fn signed_only(
    pdf: &[u8],
    end: usize,
    kind: SignedKind,
    judge: impl FnOnce(&[u8]) -> Judged,
) -> std::result::Result<(), Vec<Finding>> {
    if end >= pdf.len() {
        return Ok(());
    }
    if kind == SignedKind::PlainContent {
        unchanged(&judge(pdf))?;
    }
    let changes = oblik_signature::pdf::changes_since(pdf, end);
    if refuses(&changes) { Err(changes) } else { Ok(()) }
}

/// Whether the later revisions of a PDF only sign it; whose those signatures are does not matter.
fn unchanged(judged: &Judged) -> std::result::Result<(), Vec<Finding>> {
    let about_pdf = [Code::PdfBroken, Code::PdfByteRange, Code::PdfChanged, Code::PdfForbidden];
    let mut findings: Vec<Finding> = judged.all_findings().filter(|each| about_pdf.contains(&each.code)).cloned().collect();
    if judged.signatures.is_empty() && !refuses(&findings) {
        findings.push(Finding::error(Code::PdfChanged));
    }
    if refuses(&findings) { Err(findings) } else { Ok(()) }
}

/// A PDF must begin with the very bytes of a form we issued: then what people saw in it is what its XML says.
async fn not_issued(tx: &mut Tx, said: &Said) -> Result<Option<Finding>> {
    let From::Form(sha256) = &said.from else { return Ok(None) };
    let issued = tx.issued_reading_act(sha256).await?;
    Ok(issued.is_none().then(|| Finding::error(Code::PdfNotIssued)))
}

/// The signature of somebody who may sign for the account on the day the act arrived.
fn authorised<'a>(
    judged: &'a Judged,
    record: Option<&AccountRecord>,
    day: oblik_domain::NaiveDate,
) -> std::result::Result<&'a Judgement, Finding> {
    let record = record.ok_or_else(|| Finding::error(Code::ActAccountUnknown))?;
    let may_sign = |judgement: &&Judgement| record.signers.iter().any(|signer| signer.covers(&judgement.holder, day));
    let signer = judged.signatures.iter().find(may_sign);
    signer.ok_or_else(|| {
        let name = judged.signatures.last().map(|judgement| judgement.holder.name.clone()).unwrap_or_default();
        Finding::error(Code::ActSigner).with("signer", name)
    })
}

async fn put_content(tx: &mut Tx, act: i64, said: &Said) -> Result<SignedContent> {
    let act_xml_sha256 = tx.put_blob(&said.xml).await?;
    // The act is its XML, however it was wrapped and whoever signed it again (T3).
    let content_sha256 = act_xml_sha256.clone();
    let content = SignedContent { content_sha256, act_xml_sha256, contract: said.act.contract.clone(), period: said.act.period };
    tx.put_signed_content(act, &content).await?;
    Ok(content)
}

pub(crate) async fn put_verdict(
    tx: &mut Tx,
    act: i64,
    ruling: &Ruling,
    signer: Option<&Judgement>,
    now: DateTime<Utc>,
) -> Result<()> {
    let judged = &ruling.judged;
    let evidence_sha256 = tx.put_blob(&ruling.evidence).await?;
    let verdict = Verdict {
        indication: judged.indication.as_str().to_owned(),
        sub_indication: judged.sub_indication.map(|sub| sub.as_str().to_owned()),
        policy_sha256: hex::encode(judged.policy_sha256),
        evidence_sha256,
        judged_at: now,
        signer_name: signer.map(|signer| signer.holder.name.clone()).unwrap_or_default(),
        signer_serial: signer.map(|signer| signer.serial.clone()).unwrap_or_default(),
        certificate_sha256: signer.map(|signer| hex::encode(signer.holder.certificate_sha256)).unwrap_or_default(),
        edrpou: signer.and_then(|signer| signer.holder.edrpou.as_ref()).map(ToString::to_string),
        rnokpp: signer.and_then(|signer| signer.holder.rnokpp.as_ref()).map(ToString::to_string),
    };
    tx.put_verdict(act, &verdict).await
}
