//! What only the books can tell of a mail: that what is attached is an invoice of ours, that a signature alone is over one, that
//! the mail answers a letter of ours.

use oblik_domain::finding::{Code, Finding};
use oblik_mail::{Message, Signed, lone_signature, objects, says_something, signed_act, smime_around};
use oblik_signature::names_content;
use oblik_store::{IssuedInvoice, Result, Tx, sha256_hex};

use crate::classify::Kind;
use crate::signed::AROUND;
use crate::threads;
use crate::ticket::is_bare;

/// Invoices that a signature which came alone may be over: the newest of the sender's accounts.
const DOCUMENTS: i64 = 24;

/// What to look up for a mail.
pub(crate) struct Hints {
    message: Message,
    /// Digest of the one signed PDF, as it is.
    pdf: Option<String>,
}

impl Hints {
    /// `None` for what the books change nothing about: most mails.
    pub fn of(kind: &Kind, message: Message) -> Option<Self> {
        let pdf = match kind {
            Kind::Act { .. } => match signed_act(&message).ok()?.signed {
                Signed::Pdf(part) => Some(sha256_hex(&part.bytes)),
                _ => return None,
            },
            Kind::Nothing(_) => None,
            _ => return None,
        };
        Some(Self { message, pdf })
    }

    /// What the mail is, with the books in hand.
    pub async fn settle(self, tx: &mut Tx, kind: Kind) -> Result<Kind> {
        match kind {
            Kind::Act { form, by_machine, asked } => {
                let is_issued = match self.pdf.clone() {
                    Some(digest) => !tx.invoices_issued_as(&[digest]).await?.is_empty(),
                    None => false,
                };
                if !is_issued {
                    return Ok(Kind::Act { form, by_machine, asked });
                }
                // The only signature in the file is ours: the customer's may be around it.
                if smime_around(&self.message).is_some() && !objects(&self.message) {
                    return Ok(Kind::Act { form: AROUND, by_machine, asked });
                }
                match by_machine {
                    Some(sign) => Ok(Kind::Machine(sign)),
                    None => self.without_copy(tx, vec![Finding::error(Code::CopyNotSigned)]).await,
                }
            }
            Kind::Nothing(findings) => {
                if let Some(of) = self.alone(tx).await? {
                    return Ok(Kind::Alone(of));
                }
                self.without_copy(tx, findings).await
            }
            other => Ok(other),
        }
    }

    /// The invoice a lone signature is over, when there is exactly one.
    async fn alone(&self, tx: &mut Tx) -> Result<Option<IssuedInvoice>> {
        // Any document stands in for the one that is looked for.
        let Some(Signed::Detached { signature, .. }) = lone_signature(&self.message, b"%PDF-") else { return Ok(None) };
        let mut found = None;
        for one in tx.latest_invoices_of_address(&self.message.from, DOCUMENTS).await? {
            let document = tx.blob(&one.sha256).await?;
            if names_content(&signature.bytes, &document) {
                if found.is_some() {
                    return Ok(None);
                }
                found = Some(one);
            }
        }
        Ok(found)
    }

    /// A mail without a signed copy: an objection, a question in a thread of ours, or a copy that lacks a signature.
    async fn without_copy(&self, tx: &mut Tx, findings: Vec<Finding>) -> Result<Kind> {
        let is_copy = findings.iter().any(|finding| finding.code == Code::CopyNotSigned);
        if objects(&self.message) {
            return Ok(Kind::Written { objects: true, findings: Vec::new() });
        }
        let thread = threads::thread(tx, &threads::ids(&self.message)).await?;
        let Some(thread) = thread else {
            return Ok(if is_copy { Kind::NoCopy(findings) } else { Kind::Nothing(findings) });
        };
        let is_in_ticket = thread.ticket.is_some();
        if says_something(&self.message) && (is_in_ticket || is_bare(&findings)) {
            return Ok(Kind::Written { objects: false, findings });
        }
        // A picture or an unsigned file in answer to an invoice is that invoice, printed or scanned.
        let meant = [Code::MailPhoto, Code::MailUnsigned, Code::MailArchive];
        if findings.iter().any(|finding| meant.contains(&finding.code)) {
            return Ok(Kind::NoCopy(vec![Finding::error(Code::CopyNotSigned)]));
        }
        let is_several = findings.iter().any(|finding| finding.code == Code::MailSeveralActs);
        let is_copy = is_copy || (is_several && thread.invoice.is_some());
        Ok(if is_copy { Kind::NoCopy(findings) } else { Kind::Nothing(findings) })
    }
}
