//! Which letter of ours a mail answers. A Message-ID proves nothing: it says what the writer means, never who it is.

use oblik_domain::ids::ContractNumber;
use oblik_mail::{Message, document_numbers};
use oblik_store::{Result, StoredInvoice, StoredTicket, Tx};

use crate::ask_document::numbered;

/// Message-IDs of a thread that are looked for, the nearest first; more say nothing new.
const IDS: usize = 20;
const ID_CHARS: usize = 300;
/// Numbers in a text that are looked up, and accounts that are gone through for each.
const NUMBERS: usize = 8;
const ACCOUNTS: usize = 20;
/// Characters of a text that are read for a number.
const TEXT_CHARS: usize = 10_000;

/// What a mail is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Thread {
    pub ticket: Option<StoredTicket>,
    pub invoice: Option<i64>,
}

/// Message-IDs that a mail names as those it answers.
pub(crate) fn ids(message: &Message) -> Vec<String> {
    let ids = message.in_reply_to.iter().chain(message.references.iter().rev());
    ids.filter(|id| id.len() <= ID_CHARS).take(IDS).cloned().collect()
}

/// The ticket or the invoice of the newest letter of ours among `ids`.
pub(crate) async fn thread(tx: &mut Tx, ids: &[String]) -> Result<Option<Thread>> {
    if ids.is_empty() {
        return Ok(None);
    }
    for (item, invoice) in tx.letters_identified(ids).await? {
        if invoice.is_some() {
            return Ok(Some(Thread { ticket: None, invoice }));
        }
        let Some(item) = item else { continue };
        if let Some(ticket) = tx.ticket_of_item(item).await? {
            let invoice = ticket.invoice_id;
            return Ok(Some(Thread { ticket: Some(ticket), invoice }));
        }
        if let Some(invoice) = tx.invoices_of_item(item).await?.into_iter().next() {
            return Ok(Some(Thread { ticket: None, invoice: Some(invoice) }));
        }
    }
    Ok(None)
}

/// The invoice of an address's accounts whose number a mail names in its subject or text. What is looked up is bounded by what
/// the mail says, never by how many accounts or invoices there are.
pub(crate) async fn named_invoice(tx: &mut Tx, own: &[ContractNumber], message: &Message) -> Result<Option<StoredInvoice>> {
    let text: String = message.subject.chars().chain(['\n']).chain(message.fresh_text.chars()).take(TEXT_CHARS).collect();
    for number in document_numbers(&text).take(NUMBERS) {
        if let Some((invoice, _)) = tx.invoice_numbered(&number.series, number.year, number.running).await?
            && own.contains(&invoice.contract)
        {
            return Ok(Some(invoice));
        }
        // A series in other letters, or none.
        let some: Vec<&ContractNumber> = own.iter().take(ACCOUNTS).collect();
        if let Some(invoice) = numbered(tx, &some, &number).await?.into_iter().next() {
            return Ok(Some(invoice));
        }
    }
    Ok(None)
}
