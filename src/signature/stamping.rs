//! Asking an authority for a timestamp (RFC 3161): the request, and what came in answer held to it.
//!
//! A token that is taken here answers this very request. Whether its authority is trusted the judge says, over the whole file.

use chrono::{DateTime, Utc};

use crate::algorithm::Digest;
use crate::asn1::{BIT_STRING, BOOLEAN, Element, INTEGER, Malformed, SEQUENCE, UTF8_STRING, write};
use crate::timestamp;
use crate::{cms, oids};

/// Why an answer holds no timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    #[error("the answer is no timestamp: {0}")]
    Malformed(String),
    /// `PKIStatus` and what the authority says of it.
    #[error("the authority refuses: status {status}{said}")]
    Refused { status: u64, said: String },
    #[error("the timestamp is of something else")]
    Imprint,
    #[error("the timestamp answers another request")]
    Nonce,
}

/// `TimeStampReq` in DER for a SHA-256, with the authority's certificate asked for.
///
/// `nonce`: random octets that tell the answer from every other.
pub fn stamp_request(sha256: &[u8; 32], nonce: &[u8]) -> Vec<u8> {
    let imprint = write::sequence(&[&write::sequence(&[&write::oid(&oids::SHA256), &write::null()]), &write::octets(sha256)]);
    write::sequence(&[
        &write::small_integer(1),
        &imprint,
        &write::element(INTEGER, &positive(nonce)),
        &write::element(BOOLEAN, &[0xff]),
    ])
}

/// A timestamp that answers its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// `ContentInfo` as it came.
    pub token: Vec<u8>,
    /// By when it was made at the latest, as it says itself.
    pub made_by: DateTime<Utc>,
}

/// The token in a `TimeStampResp`, when it answers the request for `sha256` with `nonce`.
///
/// # Errors
/// [`StampError`] names what is wrong with the answer.
pub fn stamp_answer(response: &[u8], sha256: &[u8; 32], nonce: &[u8]) -> Result<Stamp, StampError> {
    let malformed = |malformed: Malformed| StampError::Malformed(malformed.to_string());
    let (status, said, token) = parts(response).map_err(malformed)?;
    // Granted, or granted with changes, which the imprint and the nonce then show.
    if status > 1 {
        return Err(StampError::Refused { status, said });
    }
    let token = token.ok_or_else(|| StampError::Malformed("the token is missing".to_owned()))?;
    let der = cms::to_der(token).map_err(malformed)?;
    let (message, _, info) = timestamp::read(&der).map_err(malformed)?;
    if Digest::of(&info.algorithm) != Some(Digest::Sha256) || info.imprint != sha256 {
        return Err(StampError::Imprint);
    }
    if info.nonce.as_deref() != Some(magnitude(nonce)) {
        return Err(StampError::Nonce);
    }
    if message.certificates.is_empty() {
        return Err(StampError::Malformed("it lacks the certificate of its authority".to_owned()));
    }
    let made_by = info.latest().ok_or_else(|| StampError::Malformed("its time cannot be read".to_owned()))?;
    Ok(Stamp { token: token.to_vec(), made_by })
}

/// Status, what is said of it, token.
fn parts(response: &[u8]) -> Result<(u64, String, Option<&[u8]>), Malformed> {
    let mut reader = Element::only(response)?.tagged(SEQUENCE)?.reader();
    let mut info = reader.expect(SEQUENCE)?.reader();
    let status = info.expect(INTEGER)?.small()?;
    let mut said = String::new();
    if let Some(texts) = info.optional(SEQUENCE)? {
        for text in texts.reader().all()?.iter().filter(|text| text.tag == UTF8_STRING) {
            let text: String = String::from_utf8_lossy(text.value).chars().filter(|c| !c.is_control()).take(200).collect();
            said.push_str(": ");
            said.push_str(&text);
        }
    }
    if let Some(failure) = info.optional(BIT_STRING)? {
        let bits = failure.named_bits()?;
        let named = [(0, "badAlg"), (2, "badRequest"), (5, "badDataFormat"), (14, "timeNotAvailable"), (15, "unacceptedPolicy")];
        for (bit, name) in named {
            if bits & (0x8000 >> bit) != 0 {
                said.push_str(", ");
                said.push_str(name);
            }
        }
    }
    info.finish()?;
    let token = reader.optional(SEQUENCE)?.map(|token| token.raw);
    reader.finish()?;
    Ok((status, said.chars().take(400).collect(), token))
}

fn magnitude(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// The content of an INTEGER: shortest, and not negative.
fn positive(octets: &[u8]) -> Vec<u8> {
    let magnitude = magnitude(octets);
    let mut content = magnitude.to_vec();
    if magnitude.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    content
}
