//! The attacks on signed PDFs, each by its name: those of the literature ("1 Trillion Dollar Refund", CCS 2019; "Shadow
//! Attacks", NDSS 2021; "Breaking the Specification", S&P 2021), and what else lets a file mean two things.
//!
//! The name stands in the finding's value `attack`, where programs and tests read it; `detail` says what was seen.

use oblik_domain::finding::{Code, Finding};

use crate::verdict::{Facts, SubIndication};

macro_rules! attacks {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $code:path;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Attack {
            $($(#[$doc])* $name,)+
        }

        impl Attack {
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            fn code(self) -> Code {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

attacks! {
    // --- what the signature covers
    /// The signed bytes were moved, and others stand where readers look (SWA).
    SignatureWrapping = "signature-wrapping", Code::PdfByteRange;
    /// A signature that says too little to be checked (USF).
    UniversalForgery = "universal-forgery", Code::PdfByteRange;
    /// A signature that no field of the form holds.
    HiddenSignature = "hidden-signature", Code::PdfByteRange;
    /// Several fields show one signature.
    SharedSignature = "shared-signature", Code::PdfByteRange;
    /// Another signature dictionary took the place of the one that was signed.
    ReplacedSignature = "replaced-signature", Code::PdfByteRange;

    // --- what came after it
    /// Content was appended after signing (ISA).
    IncrementalSaving = "incremental-saving", Code::PdfChanged;
    /// Something that covered other content was taken away.
    ShadowHide = "shadow-hide", Code::PdfChanged;
    /// A font, an appearance or an image now is another.
    ShadowReplace = "shadow-replace", Code::PdfChanged;
    /// Content that was there before and could not be seen now can.
    ShadowHideAndReplace = "shadow-hide-and-replace", Code::PdfChanged;
    /// Annotations over a certified document (EAA).
    EvilAnnotation = "evil-annotation", Code::PdfChanged;
    /// The look of a signature over a certified document's content (SSA).
    SneakySignature = "sneaky-signature", Code::PdfChanged;

    // --- a file that reads in two ways
    /// Another kind of file in the same bytes.
    Polyglot = "polyglot", Code::PdfBroken;
    DuplicateObject = "duplicate-object", Code::PdfBroken;
    DuplicateKey = "duplicate-key", Code::PdfBroken;
    /// Cross-reference sections that lead back to themselves.
    XrefLoop = "xref-loop", Code::PdfBroken;
    /// A cross-reference that leads to another object, or stands where only some readers look.
    XrefMismatch = "xref-mismatch", Code::PdfBroken;
    /// Trailers that name different catalogs.
    RootAmbiguity = "root-ambiguity", Code::PdfBroken;
    ObjectStreamRedefinition = "object-stream-redefinition", Code::PdfBroken;
    /// Linearization that tells another length than the file had.
    Linearization = "linearization", Code::PdfBroken;
    HybridReference = "hybrid-reference", Code::PdfForbidden;

    // --- content that acts, or is not what is seen
    Encryption = "encryption", Code::PdfForbidden;
    JavaScript = "javascript", Code::PdfForbidden;
    Launch = "launch", Code::PdfForbidden;
    SubmitForm = "submit-form", Code::PdfForbidden;
    /// An address that is opened without a click.
    AutomaticUri = "automatic-uri", Code::PdfForbidden;
    AutomaticAction = "automatic-action", Code::PdfForbidden;
    Action = "action", Code::PdfForbidden;
    ExternalReference = "external-reference", Code::PdfForbidden;
    RichMedia = "rich-media", Code::PdfForbidden;
    XfaForm = "xfa-form", Code::PdfForbidden;
    NeedAppearances = "need-appearances", Code::PdfForbidden;
    OptionalContent = "optional-content", Code::PdfForbidden;
    OverlappingAnnotations = "overlapping-annotations", Code::PdfForbidden;
    HiddenAnnotation = "hidden-annotation", Code::PdfForbidden;
    DeepNesting = "deep-nesting", Code::PdfForbidden;

    // --- attached files
    HiddenAttachment = "hidden-attachment", Code::PdfForbidden;
    AttachmentAnnotation = "attachment-annotation", Code::PdfForbidden;
    SeveralAttachments = "several-attachments", Code::PdfForbidden;
    AttachmentName = "attachment-name", Code::PdfForbidden;
    AttachmentMismatch = "attachment-mismatch", Code::PdfForbidden;
}

impl Attack {
    pub fn finding(self, detail: impl std::fmt::Display) -> Finding {
        Finding::error(self.code()).with("attack", self.as_str()).with("detail", detail)
    }

    /// Content that was signed as it is fails no form: it may not be there.
    pub fn refuse(self, detail: impl std::fmt::Display, facts: &mut Facts) {
        facts.fail(SubIndication::SigConstraintsFailure, self.finding(detail));
    }
}
