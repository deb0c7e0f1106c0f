//! A document that was issued, asked for again by mail: the very bytes, to whom they may be told (RQ-F06).
//!
//! The reply matrix holds as for a calculation: only to a registered address that our own MX found authentic, and only of its own
//! accounts. Whether a number is another's or nobody's, the answer is the same.

use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_mail::{Attachment, Message, request};
use oblik_store::{Claimed, ItemWork, Result, StoredInvoice, Tx};
use oblik_words::commands::Command;
use oblik_words::letters::Text;
use oblik_words::letters_billing;
use oblik_words::payments::fold;

use crate::House;
use crate::answer::{NOT_REGISTERED, message_seen};
use crate::parcel::Parcel;

type Answered = std::result::Result<(Text, Vec<Attachment>), &'static str>;

/// What a request for a document is answered with, or why with nothing.
pub(crate) async fn requested(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
) -> Result<Answered> {
    let Some(message) = message else { return Ok(Err("it has no readable sender")) };
    let own = tx.accounts_of_address(&message.from).await?;
    if own.is_empty() {
        return Ok(Err(NOT_REGISTERED));
    }
    if !house.config.mail.authserv_id.as_ref().is_some_and(|mx| message.dmarc_pass(mx)) {
        return Ok(Err("the sender's address is not proven"));
    }
    let (seen, supplier) = (message_seen(claim), &house.config.supplier.seller.name);
    let asked = request(message);
    let named = asked.as_ref().and_then(|asked| asked.contract.as_ref());
    let mut accounts: Vec<&ContractNumber> = own.iter().filter(|own| named.is_none_or(|named| *own == named)).collect();
    let number = asked.as_ref().and_then(|asked| asked.document.as_ref());
    if accounts.is_empty() || (number.is_none() && accounts.len() > 1) {
        return Ok(Ok((letters_billing::which_contract(&seen, Command::Document, supplier), Vec::new())));
    }
    accounts.sort_unstable();
    let documents = match number {
        Some(number) => numbered(tx, &accounts, number).await?,
        None => newest(tx, &accounts).await?,
    };
    let parcel = Parcel::of(tx, documents).await?.filter(|parcel| !parcel.documents.is_empty());
    Ok(Ok(match parcel {
        Some(parcel) => (letters_billing::documents_again(&parcel.invoices(), &parcel.enclosed, supplier), parcel.attachments),
        None => (letters_billing::document_unknown(&seen, supplier), Vec::new()),
    }))
}

/// The document of a number, in whatever letters its series was typed; without a series the first that fits.
pub(crate) async fn numbered(tx: &mut Tx, accounts: &[&ContractNumber], number: &InvoiceNumber) -> Result<Vec<StoredInvoice>> {
    let is_asked = |stored: &StoredInvoice| number.series.is_empty() || fold(&stored.number.series) == fold(&number.series);
    for contract in accounts {
        let found = tx.invoices_numbered(contract, number.year, number.running).await?.into_iter().find(is_asked);
        if found.is_some() {
            return Ok(found.into_iter().collect());
        }
    }
    Ok(Vec::new())
}

/// The newest documents of an account that are issued, with those beside them.
async fn newest(tx: &mut Tx, accounts: &[&ContractNumber]) -> Result<Vec<StoredInvoice>> {
    let Some(contract) = accounts.first() else { return Ok(Vec::new()) };
    let issued = |stored: &&StoredInvoice| stored.pdf_sha256.is_some() && stored.companion_of.is_none();
    let first = tx.invoices_of(contract).await?.iter().filter(issued).max_by_key(|stored| stored.id).map(|stored| stored.id);
    match first {
        Some(first) => {
            // One beside it may still wait for its key.
            let documents = tx.invoices_beside(first).await?;
            Ok(documents.into_iter().filter(|stored| stored.pdf_sha256.is_some()).collect())
        }
        None => Ok(Vec::new()),
    }
}
