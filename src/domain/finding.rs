//! What is wrong with something a stranger sent: a value, collected, never an `Err` that stops the work.
//!
//! The list of codes is the whole list: `words` has a sentence for each (its `match` does not compile otherwise), and
//! `docs/findings.md` is compared with it by a test. To add one: a line here, a sentence in `words`, a row in the doc.

use std::borrow::Cow;
use std::fmt;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing; stops nothing.
    Information,
    /// Odd, and shown to an operator; stops nothing.
    Warning,
    /// The document cannot be accepted.
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// The name of a finding, stable for ever: letters, JSON and acknowledgements carry it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $variant),+ }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    // --- the mail itself
    /// Nothing in the mail is an act, a file or a command.
    MailNoAct = "MAIL-NO-ACT",
    /// More than one business document in one mail (T4).
    MailSeveralActs = "MAIL-SEVERAL-ACTS",
    /// An act without any signature.
    MailUnsigned = "MAIL-UNSIGNED",
    /// A detached signature without the file it signs.
    MailSignatureAlone = "MAIL-SIGNATURE-ALONE",
    /// A photograph or scan where a signed act is needed.
    MailPhoto = "MAIL-PHOTO",
    /// An archive (zip, rar, 7z) where a signed act is needed.
    MailArchive = "MAIL-ARCHIVE",
    /// Encrypted, and either it cannot be opened with our key or there is no signed act in it: one answer for both, because
    /// two would let a stranger read what he captured (T5).
    MailEncrypted = "MAIL-ENCRYPTED",
    /// The message cannot be read as mail.
    MailUnreadable = "MAIL-UNREADABLE",
    /// Larger, deeper or of more parts than `limits` allow. Values: what, limit.
    MailTooLarge = "MAIL-TOO-LARGE",
    /// Header fields that may stand once stand twice, so readers disagree on what they say (T1). Values: field.
    MailAmbiguous = "MAIL-AMBIGUOUS",
    /// Written by a machine: never answered (RFC 3834). Values: sign.
    MailFromMachine = "MAIL-FROM-MACHINE",
    /// The sender is not a registered address; nothing is answered.
    MailSenderUnknown = "MAIL-SENDER-UNKNOWN",

    // --- the signature
    /// There is no signature in the file.
    SignatureMissing = "SIG-MISSING",
    /// The container cannot be read as CMS. Values: detail.
    SignatureFormat = "SIG-FORMAT",
    /// The bytes differ from those that were signed.
    SignatureTampered = "SIG-TAMPERED",
    /// The signature value does not fit the key.
    SignatureInvalid = "SIG-INVALID",
    /// Signed attributes break CMS or CAdES rules. Values: detail.
    SignatureAttributes = "SIG-ATTRIBUTES",
    /// The signer's certificate is not in the message and not known.
    SignerCertificateMissing = "SIG-NO-CERTIFICATE",
    /// The chain does not end in a trusted root. Values: subject, issuer, problem (`missing`: the issuer's certificate is not
    /// there; `untrusted`: the root is there and not trusted; `withdrawn`: the subject is an authority whose service the trusted
    /// list does not show as granted at the time; `list-outdated`: the trusted list is too old to say).
    SignatureUntrusted = "SIG-UNTRUSTED",
    /// A certificate of the chain breaks RFC 5280. Values: subject, detail.
    CertificateChain = "SIG-CHAIN",
    /// A certificate's validity has ended. Values: subject, until, moment.
    CertificateExpired = "SIG-EXPIRED",
    /// A certificate's validity has not begun. Values: subject, from, moment.
    CertificateNotYetValid = "SIG-NOT-YET-VALID",
    /// A certificate was revoked. Values: subject, at.
    CertificateRevoked = "SIG-REVOKED",
    /// A certificate is on hold (certificateHold), which its authority may lift. Values: subject, at.
    CertificateSuspended = "SIG-SUSPENDED",
    /// A certificate was revoked after the signature provably existed. Values: subject, at, proven.
    CertificateRevokedLater = "SIG-REVOKED-LATER",
    /// The status of a certificate could not be learnt. Values: subject.
    RevocationUnknown = "SIG-REVOCATION-UNKNOWN",
    /// The certificate is not for signing documents. Values: subject.
    CertificateKeyUsage = "SIG-KEY-USAGE",
    /// An algorithm or key that policy refuses or Oblik does not know. Values: algorithm.
    SignatureAlgorithm = "SIG-ALGORITHM",
    /// More signers, certificates or bytes than `limits` allow. Values: what, limit.
    SignatureLimit = "SIG-LIMIT",
    /// A timestamp of the signature that proves nothing. Values: kind, authority, problem, detail.
    SignatureTimestamp = "SIG-TIMESTAMP",
    /// A signature over the signature; its own verdict does not weigh. Values: signer, problem (empty when it passed).
    SignatureCounter = "SIG-COUNTER",
    /// The same signature stands in the message more than once. Values: signer.
    SignatureTwice = "SIG-TWICE",
    /// A certificate tells two codes for one holder: neither counts. Values: subject, code (`edrpou`, `rnokpp`), values.
    SignerIdentity = "SIG-IDENTITY",

    // --- a container of ASiC
    /// The container breaks the rules of ZIP or ASiC, or can be read in two ways. Values: detail.
    AsicFormat = "ASIC-FORMAT",
    /// A file in the container is not signed (T4). Values: name.
    AsicUnsignedFile = "ASIC-UNSIGNED-FILE",
    /// Its signatures are XAdES, which Oblik does not read.
    AsicXades = "ASIC-XADES",
    /// Something in the container that could be judged by itself and was not. Values: name.
    AsicNotJudged = "ASIC-NOT-JUDGED",

    // --- a PDF
    /// Not readable as PDF, cut short, or readable in two ways. Values: attack, by its name; detail.
    PdfBroken = "PDF-BROKEN",
    /// The signature does not cover exactly the revision it stands in (T6). Values: attack; detail.
    PdfByteRange = "PDF-BYTE-RANGE",
    /// Changed after it was signed. Values: attack; detail; change, its class: form-fill, annotations or other.
    PdfChanged = "PDF-CHANGED",
    /// Scripts, actions, forms of XFA, hidden attachments and other content that is not what is seen. Values: attack; detail.
    PdfForbidden = "PDF-FORBIDDEN",
    /// A signed PDF that Oblik did not issue: its readings cannot be read by machine with certainty.
    PdfNotIssued = "PDF-NOT-ISSUED",

    // --- the act
    /// The act's XML is not valid. Values: detail; place.
    ActXml = "ACT-XML",
    /// The signer has no registered authority for the account. Values: signer.
    ActSigner = "ACT-SIGNER",
    /// This very act was accepted before. Values: contract, period, accepted.
    ActAlreadyAccepted = "ACT-ALREADY-ACCEPTED",
    /// No such account.
    ActAccountUnknown = "ACT-ACCOUNT-UNKNOWN",
    /// The reporting period has not begun to close, or lies too far back. Values: period.
    ActPeriod = "ACT-PERIOD",
    /// A row names a point, meter or register the account does not have. Values: point, meter, register.
    ActRegisterUnknown = "ACT-REGISTER-UNKNOWN",
    /// Two rows for one register. Values: meter, register.
    ActRegisterTwice = "ACT-REGISTER-TWICE",
    /// The signed act is of a version that newer readings made void. Values: contract, period, version, current (the version that
    /// holds; empty while it is being made), changed (`NIK-1001 (active-import/total) 100 → 120; …`).
    ActVoided = "ACT-VOIDED",
    /// More digits than the dial has. Values: meter, register, total, digits.
    ActDigits = "ACT-DIGITS",

    // --- an invoice that comes back signed
    /// A signed PDF in answer to an invoice that does not hold the issued bytes: printed, scanned or saved anew. Values: invoice.
    CopyNotExact = "COPY-NOT-EXACT",
    /// An invoice that came back without a signature of the customer's. Values: invoice.
    CopyNotSigned = "COPY-NOT-SIGNED",
    /// The machine-readable invoice is signed; only the PDF counts.
    CopyOfXml = "COPY-OF-XML",
    /// These signatures on the invoice are kept already. Values: invoice, accepted.
    CopyAlreadyReceived = "COPY-ALREADY-RECEIVED",

    // --- billing, E1 to E9 of the requirements
    /// E1, the volume lies outside its bounds. Values: volume, minimum, maximum, average, months, history (`2026-09 2250, …`); where
    /// a likely cause was found, cause (`digits-swapped`, `digit-missing`: likely is the reading that was meant; `zones-swapped`:
    /// the other register; `coefficient-missing`: the coefficient), meter, register, likely.
    VolumeImplausible = "E1",
    /// E2, a price or parameter is missing, not yet or no longer valid. Values: parameter, day, reason.
    ParameterMissing = "E2",
    /// E3, the account may not start its own calculation.
    SelfBillingForbidden = "E3",
    /// E4, the customer asks for a calculation of readings that no signed act confirms. Values: registers.
    ActNotSigned = "E4",
    /// E5, what is left to charge is negative. Values: point, register (kind and zone), volume, fed, losses.
    VolumeNegative = "E5",
    /// E6, registers without a reading. Values: registers; day and occasion where a certain day's is missing.
    ReadingsIncomplete = "E6",
    /// E7, the period is already billed. Values: contract, period, invoice.
    AlreadyBilled = "E7",
    /// E8, readings came outside the reading window. Values: period, opens, closes, arrived.
    OutsideWindow = "E8",
    /// E9, a reading below the previous one. Values: meter, register, previous, current; rollover, what the register would have
    /// counted had its dial passed its end; point.
    ReadingGoesBackwards = "E9",
    /// A figure past what the calculation can hold. Values: what.
    OutOfRange = "BILL-RANGE",
    /// Two prices, parameters or terms for the same days. Values: what, first, second (validities).
    ValidityOverlap = "BILL-OVERLAP",
    /// A parameter whose value cannot be, such as a negative rate. Values: parameter, value, day.
    ParameterUnusable = "BILL-PARAMETER",
    /// A date that cannot be, such as a reading before its meter was set up. Values: what, day; meter, register.
    DateImpossible = "BILL-DATE",
    /// The volume is estimated, because no reading came (R-EST). Values: registers.
    VolumeEstimated = "BILL-ESTIMATED",
    /// No limit is registered for the period, so none can be exceeded (R-LIM). Values: kind, period.
    LimitNotSet = "BILL-NO-LIMIT",
    /// Nothing differs: there is nothing to correct. Values: contract, period.
    NothingToCorrect = "BILL-SAME",
    /// The calculation broke down by a fault of Oblik's own. Values: contract, period.
    CalculationBroke = "BILL-BROKEN",
    /// An act of the period is verified and not registered yet: the month's run does not bill without it. Values: contract, period.
    ActUnderWay = "BILL-ACT-UNDER-WAY",

    // --- a partner's file
    /// No known format. Values: detail.
    FileFormat = "FILE-FORMAT",
    /// Not well-formed XML, or not allowed XML (DOCTYPE). Values: detail; place.
    FileXml = "FILE-XML",
    /// Breaks its schema. Values: detail; place.
    FileSchema = "FILE-SCHEMA",
    /// The same message was applied before. Values: message.
    FileDuplicate = "FILE-DUPLICATE",
    /// A record that does not fit the master data or its own rules. Values: detail; place.
    FileRecord = "FILE-RECORD",
    /// Larger or deeper than `limits` allow. Values: what, limit.
    FileTooLarge = "FILE-TOO-LARGE",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in a text something stands, both counted from one; the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

/// One thing that is wrong or worth knowing, with the values its sentence needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub level: Level,
    /// Named values, in the order they were given.
    pub values: Vec<(Cow<'static, str>, String)>,
    pub place: Option<Place>,
}

/// A value of a finding comes from strangers: longer ones are cut.
const VALUE_CHARS_MAX: usize = 300;

impl Finding {
    pub fn new(code: Code, level: Level) -> Self {
        Self { code, level, values: Vec::new(), place: None }
    }

    pub fn error(code: Code) -> Self {
        Self::new(code, Level::Error)
    }

    pub fn warning(code: Code) -> Self {
        Self::new(code, Level::Warning)
    }

    pub fn information(code: Code) -> Self {
        Self::new(code, Level::Information)
    }

    /// Adds a named value; control characters become spaces, and what is longer than 300 characters is cut.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        let mut text = value.to_string();
        if text.len() > VALUE_CHARS_MAX || text.contains(char::is_control) {
            text = text.chars().take(VALUE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        }
        self.values.push((name.into(), text));
        self
    }

    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.place = Some(Place { line, column });
        self
    }

    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Whether any finding refuses the document.
pub fn refuses(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.level == Level::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_none_stands_twice() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn a_strangers_value_is_cut_and_cleaned() {
        let finding = Finding::error(Code::ActXml).with("detail", format!("a\nb{}", "ж".repeat(1000)));
        assert_eq!(finding.value("detail").chars().count(), 300);
        assert!(finding.value("detail").starts_with("a b"));
    }
}
