//! What of a message is signed, and the judge for it: the same for the station, for repeating a verdict, and for the command line.

use oblik_mail::Signed;
use oblik_signature::{Judged, Moments, Policy, Trust, judge_asic, judge_detached, judge_enclosing, judge_pdf};

/// Judges by what `signed` is.
pub fn judge_signed(signed: &Signed, trust: &Trust, policy: &Policy, moments: Moments) -> Judged {
    match signed {
        Signed::Pdf(part) => judge_pdf(&part.bytes, trust, policy, moments),
        Signed::Asic(part) => judge_asic(&part.bytes, trust, policy, moments),
        Signed::Enclosing(part) | Signed::SmimeEnclosing(part) => judge_enclosing(&part.bytes, trust, policy, moments),
        Signed::Detached { content, signature } => judge_detached(&content.bytes, &signature.bytes, trust, policy, moments),
        Signed::SmimeSigned { content, signature } => judge_detached(content, signature, trust, policy, moments),
    }
}

/// The file with the signatures, and the content beside it.
pub fn parts_of(signed: &Signed) -> (&[u8], Option<&[u8]>) {
    match signed {
        Signed::Pdf(part) | Signed::Asic(part) | Signed::Enclosing(part) | Signed::SmimeEnclosing(part) => (&part.bytes, None),
        Signed::Detached { content, signature } => (&signature.bytes, Some(&content.bytes)),
        Signed::SmimeSigned { content, signature } => (signature, Some(content)),
    }
}
