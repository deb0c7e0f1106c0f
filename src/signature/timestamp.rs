//! Timestamps of RFC 3161: a signed word of an authority that a digest existed at a time.
//!
//! A token is judged like a signature, with a path of its own that ends in a configured root, and then as what it is: its
//! authority may do nothing but stamp, and what was stamped is exactly what lies here. Only a token that passes proves a time.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::finding::{Code, Finding, Level};

use crate::algorithm::Digest;
use crate::asn1::{
    self, AlgorithmId, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, Malformed, OCTET_STRING, Oid, Read, SEQUENCE, context,
    context_primitive,
};
use crate::cms::{self, SignedData};
use crate::material::Material;
use crate::name::Name;
use crate::oids;
use crate::path::Ground;
use crate::signer::{self, Content, Family};
use crate::verdict::{Facts, Judgement, SubIndication, TimestampKind, TimestampVerdict};

/// `TSTInfo`, RFC 3161 §2.4.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimestampInfo {
    pub policy: Oid,
    pub algorithm: AlgorithmId,
    pub imprint: Vec<u8>,
    pub serial: Vec<u8>,
    pub time: DateTime<Utc>,
    /// How far from `time` the truth may lie, the fraction of a second that `time` lacks with it.
    pub accuracy: TimeDelta,
    /// The number of the request it answers, without leading zeros.
    pub nonce: Option<Vec<u8>>,
    /// Names the authority gives itself, `GeneralName` in DER.
    pub authority: Option<Vec<u8>>,
    /// A critical extension: none is known.
    pub critical_extension: Option<Oid>,
}

impl TimestampInfo {
    pub fn of(der: &[u8]) -> Read<Self> {
        let mut reader = Element::only(der)?.tagged(SEQUENCE)?.reader();
        if reader.expect(INTEGER)?.small()? != 1 {
            return Err(Malformed("the token is of an unknown version"));
        }
        let policy = Oid::of(reader.next()?)?;
        let mut imprint = reader.expect(SEQUENCE)?.reader();
        let algorithm = AlgorithmId::of(imprint.next()?)?;
        let value = imprint.expect(OCTET_STRING)?.value.to_vec();
        imprint.finish()?;
        let serial = reader.expect(INTEGER)?.value.to_vec();
        let time = reader.expect(GENERALIZED_TIME)?;
        let fraction = TimeDelta::seconds(i64::from(time.value.contains(&b'.')));
        let time = asn1::time::instant(time)?;
        let accuracy = reader.optional(SEQUENCE)?.map_or(Ok(TimeDelta::zero()), accuracy)?;
        let accuracy = accuracy.checked_add(&fraction).ok_or(Malformed("the accuracy cannot be read"))?;
        // Whether tokens of one authority are in order of their times.
        reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
        // Others' nonces may be anything; one of ours is never negative.
        let nonce = reader.optional(INTEGER)?.and_then(|nonce| nonce.magnitude().ok()).map(<[u8]>::to_vec);
        let authority = reader.optional(context(0))?.map(|field| field.value.to_vec());
        let critical_extension = reader.optional(context(1))?.map_or(Ok(None), critical_extension)?;
        reader.finish()?;
        Ok(Self { policy, algorithm, imprint: value, serial, time, accuracy, nonce, authority, critical_extension })
    }

    /// By when the token was made at the latest.
    pub fn latest(&self) -> Option<DateTime<Utc>> {
        self.time.checked_add_signed(self.accuracy)
    }
}

/// `Accuracy`: seconds, then thousandths and millionths of one, rounded up to a second as times are read without fractions.
fn accuracy(element: Element<'_>) -> Read<TimeDelta> {
    const WRONG: Malformed = Malformed("the accuracy cannot be read");
    let mut reader = element.reader();
    let seconds = reader.optional(INTEGER)?.map_or(Ok(0), Element::small)?;
    let mut fraction = 0;
    for n in [0, 1] {
        if let Some(field) = reader.optional(context_primitive(n))? {
            fraction |= field.small()?;
        }
    }
    reader.finish()?;
    let seconds = seconds.checked_add(u64::from(fraction > 0)).and_then(|seconds| i64::try_from(seconds).ok());
    seconds.and_then(TimeDelta::try_seconds).ok_or(WRONG)
}

fn critical_extension(field: Element<'_>) -> Read<Option<Oid>> {
    for extension in field.reader().all()? {
        let mut reader = extension.tagged(SEQUENCE)?.reader();
        let oid = Oid::of(reader.next()?)?;
        if reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)? {
            return Ok(Some(oid));
        }
    }
    Ok(None)
}

/// Judges `token`, a `ContentInfo` in DER or BER that should stamp `stamped`, given in pieces.
///
/// `material` is what the message around brings along; the token's own certificates and lists are added here.
/// `ground.proven` is by when the token itself provably existed: the moment, or the time of a later timestamp over it.
pub(crate) fn judge(
    token: &[u8],
    stamped: &Content<'_>,
    kind: TimestampKind,
    material: &Material,
    ground: Ground<'_>,
) -> TimestampVerdict {
    let broken = |malformed: &Malformed| {
        let mut facts = Facts::default();
        facts.fail(SubIndication::FormatFailure, Finding::error(Code::SignatureFormat).with("detail", malformed));
        verdict(kind, None, Judgement::unreached("RFC 3161"), facts)
    };
    let der = match cms::to_der(token) {
        Ok(der) => der,
        Err(malformed) => return broken(&malformed),
    };
    match read(&der) {
        Ok((message, content, info)) => judge_message(&message, content, &info, stamped, kind, material, ground),
        Err(malformed) => broken(&malformed),
    }
}

/// When `token` says it was made; not judged.
pub(crate) fn claimed_time(token: &[u8]) -> Option<DateTime<Utc>> {
    let der = cms::to_der(token).ok()?;
    read(&der).ok().map(|(_, _, info)| info.time)
}

/// Whether `token` was made over `stamped`; not judged.
pub(crate) fn stamps(token: &[u8], stamped: &Content<'_>) -> bool {
    let of = |token: &[u8]| {
        let der = cms::to_der(token).ok()?;
        let (_, _, info) = read(&der).ok()?;
        Some(Digest::of(&info.algorithm)?.compute_pieces(stamped)? == info.imprint)
    };
    of(token).unwrap_or(false)
}

pub(crate) fn read(der: &[u8]) -> Read<(SignedData<'_>, &[u8], TimestampInfo)> {
    let message = SignedData::of(der)?;
    if message.content_type != oids::TIMESTAMP_INFO {
        return Err(Malformed("the token holds something other than a timestamp"));
    }
    let content = message.content.ok_or(Malformed("the token is empty"))?;
    if message.signers.len() != 1 {
        return Err(Malformed("a timestamp has exactly one signer"));
    }
    let info = TimestampInfo::of(content)?;
    Ok((message, content, info))
}

fn judge_message(
    message: &SignedData<'_>,
    content: &[u8],
    info: &TimestampInfo,
    stamped: &Content<'_>,
    kind: TimestampKind,
    around: &Material,
    ground: Ground<'_>,
) -> TimestampVerdict {
    let mut material = message.material();
    material.append(around);
    let judgement = match message.signers.first() {
        Some(signer) => signer::judge(signer, message, &[content], &material, Family::Timestamp, ground),
        None => Judgement::unreached("RFC 3161"),
    };
    let mut facts = Facts { findings: judgement.findings.clone(), worst: judgement.sub_indication };
    imprint(info, stamped, ground, &mut facts);
    // Of content the signature around decides what order is right.
    let known = if kind == TimestampKind::Content { ground.moment } else { ground.proven };
    times(info, &judgement, known, &mut facts);
    authority(info, &judgement, &mut facts);
    verdict(kind, Some(info), judgement, facts)
}

/// What was stamped must be what lies here, by a digest that policy took when the token was first known to exist.
fn imprint(info: &TimestampInfo, stamped: &Content<'_>, ground: Ground<'_>, facts: &mut Facts) {
    let mut refuse = |algorithm: String| {
        let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm);
        facts.fail(SubIndication::CryptoConstraintsFailure, finding);
    };
    let Some(digest) = Digest::of(&info.algorithm) else { return refuse(info.algorithm.oid.to_string()) };
    if !ground.policy.takes_digest(digest, ground.proven) {
        refuse(digest.as_str().to_owned());
    }
    match digest.compute_pieces(stamped) {
        Some(computed) if computed == info.imprint => {}
        Some(_) => facts.fail(SubIndication::HashFailure, Finding::error(Code::SignatureTampered)),
        None => refuse(digest.as_str().to_owned()),
    }
}

/// The time lies before the token is known to exist, and inside the validity of the authority's certificate.
fn times(info: &TimestampInfo, judgement: &Judgement, known: DateTime<Utc>, facts: &mut Facts) {
    let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    if info.time > known {
        let detail = format!("it says {}, later than it is known to exist: {}", stamp(info.time), stamp(known));
        facts.fail(SubIndication::TimestampOrderFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
    if let Some(link) = judgement.chain.first() {
        let finding = |code| Finding::error(code).with("subject", &link.subject);
        if info.time < link.not_before {
            let finding = finding(Code::CertificateNotYetValid).with("from", stamp(link.not_before));
            facts.fail(SubIndication::NotYetValid, finding.with("moment", stamp(info.time)));
        }
        if info.time > link.not_after {
            let finding = finding(Code::CertificateExpired).with("until", stamp(link.not_after));
            facts.fail(SubIndication::Expired, finding.with("moment", stamp(info.time)));
        }
    }
    if let Some(oid) = &info.critical_extension {
        let detail = format!("it has an unknown critical extension {oid}");
        facts.fail(SubIndication::FormatFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
}

/// The name the token gives its authority should be the certificate's; the signature counts, so this is only told.
fn authority(info: &TimestampInfo, judgement: &Judgement, facts: &mut Facts) {
    let (Some(general_name), Some(certificate)) = (&info.authority, judgement.certificates.first()) else { return };
    let named = Element::only(general_name).and_then(|element| element.tagged(context(4)));
    let named = named.and_then(|element| Element::only(element.value)).and_then(Name::of);
    if named.is_ok_and(|name| name != certificate.subject) {
        let detail = "it names another authority than the one that signed it";
        facts.tell(Finding::new(Code::SignatureAttributes, Level::Warning).with("detail", detail));
    }
}

fn verdict(kind: TimestampKind, info: Option<&TimestampInfo>, judgement: Judgement, facts: Facts) -> TimestampVerdict {
    TimestampVerdict {
        kind,
        time: info.map(|info| info.time),
        proves: info.and_then(TimestampInfo::latest),
        authority: judgement.subject,
        serial: info.map(|info| hex::encode(&info.serial)).unwrap_or_default(),
        policy: info.map(|info| info.policy.to_string()).unwrap_or_default(),
        indication: facts.indication(),
        sub_indication: facts.worst,
        findings: facts.findings,
        chain: judgement.chain,
        certificates: judgement.certificates,
        revocation_lists: judgement.revocation_lists,
        ocsp_responses: judgement.ocsp_responses,
        witnesses: judgement.witnesses,
        wanted: judgement.wanted,
        considered: judgement.considered,
    }
}
