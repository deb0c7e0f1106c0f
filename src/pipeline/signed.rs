//! What of a message is signed, and the judge for it: the same for the station, for repeating a verdict, and for the command line.

use oblik_mail::{Message, Signed, lone_signature, signed_act, smime_around};
use oblik_signature::{Judged, Moments, Policy, Trust, judge_asic, judge_detached, judge_enclosing, judge_pdf};

/// The form of an act whose signature came without its document, which is ours.
pub(crate) const ALONE: &str = "alone";

/// The form of an act whose document has no signature of the sender's own, and lies in a message signed as a whole.
pub(crate) const AROUND: &str = "smime-around";

/// What of a message is signed, by the form it was classified with; `apart` is our document that a lone signature is over.
pub(crate) fn signed_of(message: &Message, form: &str, apart: Option<&[u8]>) -> Option<Signed> {
    match apart {
        Some(document) => lone_signature(message, document),
        None if form == AROUND => smime_around(message),
        None => signed_act(message).ok().map(|candidate| candidate.signed),
    }
}

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
