//! English for those who read the demo: what states and findings mean. Customers read the words of `words`.

use oblik_domain::finding::Code;

pub fn state(state: &str) -> &'static str {
    match state {
        "invoiced" => "signature good, readings taken, invoice issued",
        "rejected" => "the signature does not hold, or this person may not sign",
        "refused" => "well signed, but the readings do not fit the account",
        "repeated" => "accepted before; nothing is done twice",
        "unbilled" => "readings taken, the period cannot be calculated",
        "parked" => "waits for a person",
        _ => "no act in it",
    }
}

pub fn finding(code: Code) -> &'static str {
    match code {
        Code::SignatureTampered => "the file differs from what was signed",
        Code::SignatureUntrusted => "the certificate's authority is not trusted",
        Code::CertificateExpired => "the certificate had ended",
        Code::CertificateRevoked => "the certificate is revoked",
        Code::ActSigner => "this signer has no authority for the account",
        Code::ActAlreadyAccepted => "this very act was accepted before",
        Code::SignatureAttributes => "the signing time does not fit",
        Code::ActXml => "the XML under the signature is not valid",
        Code::PdfBroken => "the PDF is cut short",
        Code::ReadingGoesBackwards => "below the previous reading",
        Code::MailPhoto => "a photograph where a signed act is needed",
        Code::MailUnsigned => "the act is not signed",
        Code::MailFromMachine => "written by a machine",
        Code::FileRecord => "a record does not fit the master data",
        _ => "",
    }
}
