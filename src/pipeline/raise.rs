//! Raising signed documents to the level that is wanted, EN 319 142-1 §6: the timestamp of the signature, the status of all
//! certificates, the timestamp over all of that. What needs the network is done here, for a batch together.
//!
//! Before a document leaves, our own judge must find it valid at its level: what we would refuse, nobody is sent.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use futures::stream;
use oblik_config::{Level, WithoutTimestamp};
use oblik_signature::pdf::{Prepared, add_validation_data, prepare_timestamp};
use oblik_signature::{Indication, Judged, Moments, Policy, SigningError, Stamp, SubIndication, Trust, judge_pdf};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::House;
use crate::online::name_of;
use crate::quest::{LONGEST, Quest, ROUNDS, wanted_of};
use crate::station::{Trouble, ask_each, report};

/// Requests for timestamps at the same time.
const STAMPS_AT_ONCE: usize = 8;
/// All requests of one kind in one turn together; what is not asked by then is asked in the next turn. A claim lasts two minutes.
const STAMPS_LAST: Duration = Duration::from_secs(30);
/// When what waits is tried again.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// Name of the field of a document timestamp.
const STAMP_FIELD: &str = "timestamp";

/// A document as it leaves.
#[derive(Debug, Clone)]
pub(crate) struct Raised {
    pub pdf: Vec<u8>,
    pub level: Level,
    /// Why it is not at the level that is wanted.
    pub lacking: Option<String>,
}

type Outcome = Result<Raised, Trouble>;

/// Raises each of `composed` as far as is wanted.
pub(crate) async fn raise(house: &House, composed: Vec<Result<Prepared, Trouble>>) -> Vec<Outcome> {
    let wanted = house.stamping.level;
    let mut raised: Vec<Outcome> = if wanted == Level::Basic {
        composed.into_iter().map(|prepared| basic(prepared?, None)).collect()
    } else {
        let until = oblik_channels::clock::after(STAMPS_LAST);
        stream::iter(composed).map(|prepared| stamp_signature(house, prepared, until)).buffered(STAMPS_AT_ONCE).collect().await
    };
    if wanted >= Level::LongTerm {
        raised = hold_validation_data(house, raised, Level::LongTerm).await;
    }
    if wanted >= Level::Archive {
        let until = oblik_channels::clock::after(STAMPS_LAST);
        raised = stream::iter(raised).map(|one| stamp_document(house, one, until)).buffered(STAMPS_AT_ONCE).collect().await;
        // Another authority's, or that of another key: its own data comes behind it.
        raised = hold_validation_data(house, raised, Level::Archive).await;
    }
    if let Some(cause) = raised.iter().flatten().find_map(|one| one.lacking.as_ref()) {
        warn!(wanted = wanted.as_str(), cause, "documents are signed at a lower level than is wanted");
    }
    // A timestamp's own status lies in the file only from B-LT on.
    let trust = match wanted {
        Level::Timestamp => search(house, &raised, wanted).await.1,
        _ => Arc::clone(&house.trust),
    };
    checked(house, raised, trust).await
}

fn basic(prepared: Prepared, lacking: Option<String>) -> Outcome {
    let pdf = prepared.finish(None).map_err(|cause| Trouble::park(report(&cause)))?;
    Ok(Raised { pdf, level: Level::Basic, lacking })
}

/// What happens to a document that does not reach a level.
fn without(house: &House, cause: String, as_it_is: impl FnOnce(String) -> Outcome) -> Outcome {
    match house.stamping.without {
        WithoutTimestamp::Wait => {
            warn!(cause, "a document waits for what its signature needs");
            Err(Trouble::Wait { cause, due: house.now() + PAUSE })
        }
        WithoutTimestamp::Sign => as_it_is(cause),
    }
}

/// A token larger than its place: the next time there is room for it.
fn room(house: &House, cause: &SigningError) -> Trouble {
    match cause {
        SigningError::Room(_) => Trouble::Wait { cause: report(cause), due: house.now() },
        _ => Trouble::park(report(cause)),
    }
}

/// A timestamp, or why there is none; troubled when its turn is over.
async fn stamp(house: &House, sha256: [u8; 32], until: Instant) -> Result<Result<Stamp, String>, Trouble> {
    let asked = timeout_at(until, house.stamping.stamp(sha256, || house.now())).await;
    asked.map_err(|_| Trouble::Wait { cause: "the authority of timestamps is slow".to_owned(), due: house.now() })
}

async fn stamp_signature(house: &House, prepared: Result<Prepared, Trouble>, until: Instant) -> Outcome {
    let prepared = prepared?;
    match stamp(house, prepared.imprint(), until).await? {
        Ok(stamp) => {
            let pdf = prepared.finish(Some(&stamp.token)).map_err(|cause| room(house, &cause))?;
            Ok(Raised { pdf, level: Level::Timestamp, lacking: None })
        }
        Err(cause) => without(house, cause, |cause| basic(prepared, Some(cause))),
    }
}

async fn stamp_document(house: &House, raised: Outcome, until: Instant) -> Outcome {
    let raised = raised?;
    if raised.level < Level::LongTerm {
        return Ok(raised);
    }
    let (octets, pdf) = (house.stamping.room(), raised.pdf.clone());
    let prepared = tokio::task::spawn_blocking(move || {
        let prepared = prepare_timestamp(&pdf, STAMP_FIELD, octets)?;
        prepared.imprint().map(|imprint| (prepared, imprint))
    });
    let prepared = prepared.await.map_err(|cause| Trouble::park(report(&cause)))?;
    let (prepared, imprint) = prepared.map_err(|cause| Trouble::park(report(&cause)))?;
    match stamp(house, imprint, until).await? {
        Ok(stamp) => {
            let pdf = prepared.finish(&stamp.token).map_err(|cause| room(house, &cause))?;
            Ok(Raised { pdf, level: Level::Archive, lacking: None })
        }
        Err(cause) => without(house, cause, |cause| Ok(Raised { lacking: Some(cause), ..raised })),
    }
}

/// Adds to each what its verdict rests on: what is wanted for that is fetched for all of them together.
async fn hold_validation_data(house: &House, raised: Vec<Outcome>, level: Level) -> Vec<Outcome> {
    // What did not come so far stays as it is.
    let least = if level == Level::Archive { Level::Archive } else { Level::Timestamp };
    let (judged, _) = search(house, &raised, least).await;
    let hold = |(one, judged): (Outcome, Option<Judged>)| {
        let one = one?;
        let Some(judged) = judged else { return Ok(one) };
        match add_validation_data(&one.pdf, &judged) {
            Ok(held) => Ok(Raised { pdf: held.unwrap_or(one.pdf), level, lacking: one.lacking }),
            Err(cause) => Err(Trouble::park(report(&cause))),
        }
    };
    raised.into_iter().zip(judged).map(hold).collect()
}

/// Judges those that are at `least` so far, with what is wanted for that fetched for all of them together; and what is trusted then.
async fn search(house: &House, raised: &[Outcome], least: Level) -> (Vec<Option<Judged>>, Arc<Trust>) {
    let now = moment(house);
    let mut quest = house.online.clone().map(|online| Quest::new(online, &house.trust, LONGEST));
    let trust = quest.as_ref().map_or_else(|| Arc::clone(&house.trust), |quest| Arc::clone(&quest.trust));
    let takes_part = |one: &Outcome| one.as_ref().is_ok_and(|one| one.level >= least);
    let pdfs: Vec<Option<Vec<u8>>> =
        raised.iter().map(|one| one.as_ref().ok().filter(|_| takes_part(one)).map(|one| one.pdf.clone())).collect();
    let mut judged = judge_each(house, &trust, &pdfs, now).await;
    if let Some(quest) = &mut quest {
        for _ in 0..ROUNDS {
            let wanted = judged.iter().flatten().flat_map(wanted_of);
            let news = quest.look(wanted, now).await;
            let helped = |judged: &Option<Judged>| {
                judged.as_ref().is_some_and(|judged| wanted_of(judged).any(|wanted| news.contains(&name_of(wanted))))
            };
            let again: Vec<Option<Vec<u8>>> =
                judged.iter().zip(&pdfs).map(|(judged, pdf)| pdf.clone().filter(|_| helped(judged))).collect();
            if again.iter().all(Option::is_none) {
                break;
            }
            for (old, anew) in judged.iter_mut().zip(judge_each(house, &quest.trust, &again, now).await) {
                if anew.is_some() {
                    *old = anew;
                }
            }
        }
    }
    let trust = quest.map_or(trust, |quest| quest.trust);
    (judged, trust)
}

async fn judge_each(house: &House, trust: &Arc<Trust>, pdfs: &[Option<Vec<u8>>], now: DateTime<Utc>) -> Vec<Option<Judged>> {
    let (trust, policy) = (Arc::clone(trust), Arc::clone(&house.policy));
    let judge = move |pdf: Option<Vec<u8>>| Ok(pdf.map(|pdf| judge_pdf(&pdf, &trust, &policy, Moments::new(now, now))));
    ask_each(pdfs.to_vec(), judge).await.into_iter().map(|judged| judged.ok().flatten()).collect()
}

/// Behind every stamp, whose authority's clock may be a little ahead of ours.
fn moment(house: &House) -> DateTime<Utc> {
    house.now() + crate::stamping::CLOCKS_APART
}

/// Holds each document against our own judge.
async fn checked(house: &House, raised: Vec<Outcome>, trust: Arc<Trust>) -> Vec<Outcome> {
    let (policy, now) = (Arc::clone(&house.policy), moment(house));
    let check = move |one: Outcome| {
        let one = one?;
        let fault = fault(&one, &trust, &policy, now);
        Ok((one, fault))
    };
    let checked = ask_each(raised, check).await;
    let settle = |checked: Result<(Raised, Option<Fault>), Trouble>| match checked? {
        (one, None) => Ok(one),
        (_, Some(Fault::Refused(cause))) => Err(Trouble::park(cause)),
        (one, Some(Fault::Lower(level, cause))) => {
            without(house, cause, |cause| Ok(Raised { pdf: one.pdf, level, lacking: Some(cause) }))
        }
    };
    checked.into_iter().map(settle).collect()
}

enum Fault {
    /// It must not leave.
    Refused(String),
    /// It is valid, and not at the level it was raised to.
    Lower(Level, String),
}

fn fault(one: &Raised, trust: &Trust, policy: &Policy, now: DateTime<Utc>) -> Option<Fault> {
    let judged = judge_pdf(&one.pdf, trust, policy, Moments::new(now, now));
    let causes = || {
        let found = judged.all_findings().map(|finding| {
            let values = finding.values.iter().map(|(name, value)| format!("{name}: {value}"));
            format!("{} ({})", finding.code, values.collect::<Vec<_>>().join(", "))
        });
        found.collect::<Vec<_>>().join("; ")
    };
    let level = judged.signatures.first().and_then(|signature| Level::parse(signature.level));
    // Whether our own authority is trusted here is no matter of the document, as long as nothing else is asked of it.
    let is_untold = matches!(judged.sub_indication, Some(SubIndication::NoCertificateChainFound | SubIndication::TryLater));
    match (judged.indication, level) {
        (Indication::TotalPassed, Some(level)) if level >= one.level => None,
        (Indication::TotalPassed, Some(level)) => {
            Some(Fault::Lower(level, format!("its level is {}: {}", level.as_str(), causes())))
        }
        (Indication::Indeterminate, _) if is_untold && one.level == Level::Basic => None,
        (Indication::Indeterminate, _) if is_untold => {
            Some(Fault::Lower(Level::Basic, format!("our own judge does not know its certificates: {}", causes())))
        }
        _ => Some(Fault::Refused(format!("our own judge refuses the document: {}", causes()))),
    }
}
