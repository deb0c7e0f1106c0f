//! What the timestamps of one signature prove.
//!
//! The newest is judged first: an archive timestamp that passes proves that the older ones it covers existed by then, so that
//! their authorities' certificates may have ended since (EN 319 102-1 §5.6). The signature itself is then judged as of the
//! earliest proof of its value. A timestamp that does not pass proves nothing and harms nothing: whoever carried the message
//! could have put it there.

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding, Level};
use oblik_domain::limits;

use super::archive::{self, Coverage, HashIndex};
use super::{Content, Family};
use crate::algorithm::Digest;
use crate::asn1::Element;
use crate::cms::{self, Attribute, SignedData, SignerInfo};
use crate::material::Material;
use crate::oids;
use crate::path::Ground;
use crate::timestamp;
use crate::verdict::{Facts, SubIndication, TimestampKind, TimestampVerdict};

/// What is proven of a signature, and by which tokens.
#[derive(Default)]
pub(super) struct Proofs {
    pub verdicts: Vec<TimestampVerdict>,
    /// By when the signature value existed.
    pub proven: Option<DateTime<Utc>>,
    /// The time of the earliest token over the signature that passed.
    pub time: Option<DateTime<Utc>>,
}

impl Proofs {
    pub fn has(&self, kind: TimestampKind) -> bool {
        self.verdicts.iter().any(|verdict| verdict.kind == kind && verdict.proof().is_some())
    }

    fn take(&mut self, verdict: TimestampVerdict, facts: &mut Facts) {
        match verdict.proof() {
            Some(proof) if verdict.kind != TimestampKind::Content => {
                self.proven = Some(self.proven.map_or(proof, |known| known.min(proof)));
                self.time = self.time.into_iter().chain(verdict.time).min();
            }
            Some(_) => {}
            None => facts.tell(unproven(&verdict)),
        }
        self.verdicts.push(verdict);
    }
}

fn unproven(verdict: &TimestampVerdict) -> Finding {
    let problem = verdict.sub_indication.map_or("INDETERMINATE", SubIndication::as_str);
    let finding = Finding::new(Code::SignatureTimestamp, Level::Warning).with("kind", verdict.kind.as_str());
    let finding = finding.with("authority", &verdict.authority).with("problem", problem);
    let detail = verdict.findings.iter().find(|finding| finding.level == Level::Error);
    let values = detail.iter().flat_map(|finding| &finding.values).map(|(name, value)| format!("{name}: {value}"));
    let values: Vec<String> = values.collect();
    finding.with("detail", values.join("; "))
}

/// The signature whose timestamps are judged, with all around it.
#[derive(Clone, Copy)]
pub(super) struct Stamped<'a, 'm> {
    pub signer: &'a SignerInfo<'m>,
    pub message: &'a SignedData<'m>,
    pub content: &'a Content<'a>,
    pub material: &'a Material,
    pub family: Family,
}

/// One token where it stands.
struct Token<'a, 'm> {
    attribute: &'a Attribute<'m>,
    value: Element<'m>,
    claimed: Option<DateTime<Utc>>,
}

/// Judges every timestamp of `stamped`, newest first.
pub(super) fn judge(stamped: Stamped<'_, '_>, ground: Ground<'_>, facts: &mut Facts) -> Proofs {
    let mut proofs = Proofs::default();
    let signer = stamped.signer;
    recognised(signer, facts);
    let mut left = if stamped.family == Family::Counter { limits::COUNTER_TIMESTAMPS } else { limits::CMS_TIMESTAMPS };
    let covers = archives(stamped, ground, &mut left, &mut proofs, facts);
    for token in tokens(signer, &oids::SIGNATURE_TIMESTAMP, &mut left, facts) {
        let proven = proven(&covers, token.attribute, token.value, ground.proven);
        let ground = Ground { proven, ..ground };
        let kind = TimestampKind::Signature;
        let verdict = timestamp::judge(token.value.raw, &[signer.signature], kind, stamped.material, ground);
        proofs.take(verdict, facts);
    }
    // Under the signature, so it is as old as the signature at least.
    let ground = Ground { proven: proofs.proven.map_or(ground.proven, |proven| proven.min(ground.proven)), ..ground };
    let under = signer.attribute(&oids::CONTENT_TIMESTAMP);
    for value in under.iter().flat_map(|attribute| &attribute.values) {
        if !may_judge(&mut left, facts) {
            break;
        }
        let kind = TimestampKind::Content;
        proofs.take(timestamp::judge(value.raw, stamped.content, kind, stamped.material, ground), facts);
    }
    order(&proofs, facts);
    proofs
}

/// Recognised, and told to be of no weight.
fn recognised(signer: &SignerInfo<'_>, facts: &mut Facts) {
    for (oid, name) in [
        (oids::ESC_TIMESTAMP, "CAdES-C-timestamp"),
        (oids::REFERENCES_TIMESTAMP, "timestamp over references"),
        (oids::ARCHIVE_TIMESTAMP, "archive timestamp of the first version"),
        (oids::LONG_TERM_VALIDATION, "long-term validation of TS 101 733"),
        (oids::EVIDENCE_RECORD_INTERNAL, "evidence record"),
        (oids::EVIDENCE_RECORD_EXTERNAL, "evidence record"),
    ] {
        if signer.unsigned_attributes.iter().any(|attribute| attribute.oid == oid) {
            let finding = Finding::information(Code::SignatureTimestamp).with("kind", name);
            facts.tell(finding.with("authority", "").with("problem", "not judged").with("detail", ""));
        }
    }
}

/// Whether one more timestamp is judged; when not, that is told.
fn may_judge(left: &mut usize, facts: &mut Facts) -> bool {
    let Some(fewer) = left.checked_sub(1) else {
        let finding = Finding::new(Code::SignatureLimit, Level::Warning).with("what", "timestamps");
        facts.tell(finding.with("limit", limits::CMS_TIMESTAMPS));
        return false;
    };
    *left = fewer;
    true
}

/// The tokens of an unsigned attribute, newest first, as many as are left to be judged.
fn tokens<'a, 'm>(
    signer: &'a SignerInfo<'m>,
    oid: &'static const_oid::ObjectIdentifier,
    left: &mut usize,
    facts: &mut Facts,
) -> Vec<Token<'a, 'm>> {
    let mut tokens: Vec<Token<'a, 'm>> = Vec::new();
    for (attribute, value) in signer.unsigned(oid) {
        if !may_judge(left, facts) {
            break;
        }
        tokens.push(Token { attribute, value, claimed: timestamp::claimed_time(value.raw) });
    }
    tokens.sort_by_key(|token| std::cmp::Reverse(token.claimed));
    tokens
}

/// What covers what, by archive timestamps that passed.
type Covers<'a> = Vec<(DateTime<Utc>, Coverage<'a>)>;

/// By when `value` of `attribute` existed: the earliest archive timestamp over it.
fn proven(covers: &Covers<'_>, attribute: &Attribute<'_>, value: Element<'_>, known: DateTime<Utc>) -> DateTime<Utc> {
    let over_it = covers.iter().filter(|(_, coverage)| coverage.covers(attribute, value));
    over_it.map(|(at, _)| *at).chain([known]).min().unwrap_or(known)
}

fn archives<'m>(
    stamped: Stamped<'_, 'm>,
    ground: Ground<'_>,
    left: &mut usize,
    proofs: &mut Proofs,
    facts: &mut Facts,
) -> Covers<'m> {
    let mut found: Vec<(Token<'_, '_>, bool)> = Vec::new();
    for (oid, is_third) in [(&oids::ARCHIVE_TIMESTAMP_V3, true), (&oids::ARCHIVE_TIMESTAMP_V2, false)] {
        found.extend(tokens(stamped.signer, oid, left, facts).into_iter().map(|token| (token, is_third)));
    }
    found.sort_by_key(|(token, _)| std::cmp::Reverse(token.claimed));
    let mut covers = Covers::new();
    for (token, is_third) in found {
        let ground = Ground { proven: proven(&covers, token.attribute, token.value, ground.proven), ..ground };
        let (verdict, coverage) =
            if is_third { third_version(stamped, &token, ground) } else { second_version(stamped, &token, ground) };
        if let (Some(at), Some(coverage)) = (verdict.proof(), coverage) {
            covers.push((at.min(ground.proven), coverage));
        }
        proofs.take(verdict, facts);
    }
    covers
}

/// EN 319 122-1 §5.5.3.
fn third_version<'m>(
    stamped: Stamped<'_, 'm>,
    token: &Token<'_, 'm>,
    ground: Ground<'_>,
) -> (TimestampVerdict, Option<Coverage<'m>>) {
    let judge = |pieces: &[Vec<u8>]| {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        timestamp::judge(token.value.raw, &pieces, TimestampKind::Archive, stamped.material, ground)
    };
    let index = cms::SignedData::of(token.value.raw).ok().and_then(|message| {
        let (_, _, info) = timestamp::read(token.value.raw).ok()?;
        let index = HashIndex::of(message.signers.first()?).ok()?;
        Some((index, Digest::of(&info.algorithm)?))
    });
    let Some((index, digest)) = index else {
        let mut verdict = judge(&[]);
        verdict.fail(SubIndication::FormatFailure, "the token has no index of what it covers");
        return (verdict, None);
    };
    let pieces = archive::third_version(&index, digest, stamped.signer, stamped.message, stamped.content);
    let mut verdict = judge(&pieces.unwrap_or_default());
    if !ground.policy.takes_digest(index.digest(), ground.proven) {
        verdict.fail(SubIndication::CryptoConstraintsFailure, "the index uses a digest that policy refuses");
    }
    if !index.is_complete(stamped.signer, stamped.message) {
        verdict.fail(SubIndication::SignedDataNotFound, "the index names what is not there");
    }
    (verdict, Some(Coverage::Index(index)))
}

/// TS 101 733 §6.4.1: over the unsigned attributes that were there, which are those that claim no later time.
fn second_version<'m>(
    stamped: Stamped<'_, 'm>,
    token: &Token<'_, 'm>,
    ground: Ground<'_>,
) -> (TimestampVerdict, Option<Coverage<'m>>) {
    let is_before = |attribute: &&Attribute<'_>| {
        let is_archive = attribute.oid == oids::ARCHIVE_TIMESTAMP_V2 || attribute.oid == oids::ARCHIVE_TIMESTAMP_V3;
        let time = attribute.values.first().and_then(|value| timestamp::claimed_time(value.raw));
        attribute.raw != token.attribute.raw && (!is_archive || time < token.claimed)
    };
    let before: Vec<&Attribute<'m>> = stamped.signer.unsigned_attributes.iter().filter(is_before).collect();
    let forms = archive::second_version(stamped.signer, stamped.message, stamped.content, &before);
    let forms = forms.iter().map(|pieces| pieces.iter().map(Vec::as_slice).collect::<Vec<&[u8]>>());
    let forms: Vec<Vec<&[u8]>> = forms.collect();
    let fitting = forms.iter().find(|pieces| timestamp::stamps(token.value.raw, pieces)).or(forms.first());
    let pieces = fitting.map(Vec::as_slice).unwrap_or_default();
    let verdict = timestamp::judge(token.value.raw, pieces, TimestampKind::Archive, stamped.material, ground);
    (verdict, Some(Coverage::Attributes(before.iter().map(|attribute| attribute.raw).collect())))
}

/// Content is stamped before it is signed, and the signature before its archive. Only proofs count.
fn order(proofs: &Proofs, facts: &mut Facts) {
    let of = |kind| proofs.verdicts.iter().filter(move |verdict| verdict.kind == kind && verdict.proof().is_some());
    let earliest = of(TimestampKind::Signature).chain(of(TimestampKind::Archive)).filter_map(|verdict| verdict.proves).min();
    let latest = of(TimestampKind::Content).filter_map(|verdict| verdict.time).max();
    if let (Some(signed), Some(stamped)) = (earliest, latest)
        && stamped > signed
    {
        let detail = "the content was stamped after the signature";
        facts.fail(SubIndication::TimestampOrderFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
}
