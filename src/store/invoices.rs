//! Invoices: numbered without holes, figures never changed, documents never replaced (promise 6).

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::{Invoice, InvoiceNumber};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::states::InvoiceState;

use crate::lease::claim;
use crate::statement::{Record, statements, values};
use crate::versions::json;
use crate::{Claimed, Lease, Result, Tx};

statements! {
    NEXT_NUMBER = "INSERT INTO invoice_counter (series, year, highest) VALUES ($1, $2, 1) \
                   ON CONFLICT (series, year) DO UPDATE SET highest = invoice_counter.highest + 1 RETURNING highest";
    ADD = "INSERT INTO invoice (act_id, contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) \
           VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, 'drafted', $11) RETURNING id";
    ADD_CORRECTION = "INSERT INTO invoice (act_id, contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) \
           SELECT $1, $2, $3, MAX(revision) + 1, $4, $5, $6, $7, $8, $9, $10, $11, 'drafted', $11 FROM invoice WHERE contract = $2 AND period = $3 HAVING COUNT(*) > 0 RETURNING id",
        postgres: "INSERT INTO invoice (act_id, contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) \
           SELECT $1::bigint, $2::text, $3::bigint, MAX(revision) + 1, $4::text, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::text, $11::bigint, 'drafted', $11::bigint \
           FROM invoice WHERE contract = $2 AND period = $3 HAVING COUNT(*) > 0 RETURNING id";
    CLAIM = claim!("invoice", "act_id, snapshot"),
        postgres: claim!(postgres "invoice", "act_id, snapshot");
    OF_PERIOD = "SELECT series, year, running FROM invoice WHERE contract = $1 AND period = $2 ORDER BY revision DESC LIMIT 1";
    ADD_DOCUMENT = "INSERT INTO invoice_document (invoice_id, pdf_sha256, issued_at) VALUES ($1, $2, $3)";
    OF_ACT = "SELECT invoice.id, series, year, running, contract, period, net, vat, total, state, pdf_sha256, snapshot FROM invoice \
              LEFT JOIN invoice_document ON invoice_id = invoice.id WHERE act_id = $1";
    OF_ACCOUNT = "SELECT invoice.id, series, year, running, contract, period, net, vat, total, state, pdf_sha256, snapshot FROM invoice \
                  LEFT JOIN invoice_document ON invoice_id = invoice.id WHERE contract = $1 ORDER BY period, revision";
    NEXT_BILLED = "SELECT MIN(period) FROM invoice WHERE contract = $1 AND period > $2";
    BILLS_OF_PERIOD = "SELECT invoice.id, series, year, running, contract, period, net, vat, total, state, pdf_sha256, snapshot FROM invoice \
                       LEFT JOIN invoice_document ON invoice_id = invoice.id WHERE contract = $1 AND period = $2 ORDER BY revision";
    ALL = "SELECT invoice.id, series, year, running, contract, period, net, vat, total, state, pdf_sha256, snapshot FROM invoice \
           LEFT JOIN invoice_document ON invoice_id = invoice.id WHERE invoice.id > $1 ORDER BY invoice.id LIMIT 500";
}

/// An invoice to draft; its number is allotted here.
#[derive(Debug, Clone)]
pub struct InvoiceDraft<'a> {
    /// The act that asked for it; `None` when an operator or the month's run did.
    pub act_id: Option<i64>,
    pub invoice: &'a Invoice,
}

/// A drafted invoice whose document is to be made.
#[derive(Debug, Clone)]
pub struct InvoiceWork {
    pub act_id: Option<i64>,
    pub invoice: Box<Invoice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvoice {
    pub id: i64,
    pub number: InvoiceNumber,
    pub contract: ContractNumber,
    pub period: Period,
    pub net: Kopiykas,
    pub vat: Kopiykas,
    pub total: Kopiykas,
    pub state: InvoiceState,
    /// Names the blob with the signed PDF, once issued.
    pub pdf_sha256: Option<String>,
    pub invoice: Box<Invoice>,
}

impl Tx {
    /// The next running number of a series and year. It is used in this transaction or not at all, so there are no holes.
    pub async fn next_invoice_number(&mut self, series: &str, year: u16) -> Result<InvoiceNumber> {
        let mut row = self.row(&NEXT_NUMBER, values![series, i64::from(year)]).await?;
        let running = row.counted(|value| u32::try_from(value).ok())?;
        Ok(InvoiceNumber { series: series.to_owned(), year, running })
    }

    /// Drafts an invoice with its number: the original of its period, or, when the bill is a correction, the next revision.
    ///
    /// # Errors
    /// [`crate::StoreError::AlreadyThere`] when a second original is drafted; [`crate::StoreError::Rows`] when there is none to correct.
    pub async fn draft_invoice(&mut self, draft: &InvoiceDraft<'_>, now: DateTime<Utc>) -> Result<i64> {
        let InvoiceDraft { act_id, invoice } = draft;
        let (number, bill) = (&invoice.number, &invoice.bill);
        let snapshot = json(invoice)?;
        let values = values![
            *act_id,
            bill.contract.as_str(),
            bill.period.ordinal(),
            number.series.as_str(),
            i64::from(number.year),
            i64::from(number.running),
            bill.net.0,
            bill.vat.0,
            bill.total.0,
            snapshot,
            now.timestamp_micros(),
        ];
        let statement = if bill.correction.is_some() { &ADD_CORRECTION } else { &ADD };
        self.row(statement, values).await?.integer()
    }

    pub async fn claim_drafts(&mut self, lease: &Lease, most: i64) -> Result<Vec<Claimed<InvoiceWork>>> {
        let work = |row: &mut Record| {
            Ok(InvoiceWork { act_id: row.integer_or_null()?, invoice: row.parsed(|text| serde_json::from_str(text).ok())? })
        };
        self.claim(&CLAIM, InvoiceState::Drafted.as_str(), (lease, most), work).await
    }

    /// The number of the invoice that bills an account's period, if there is one.
    pub async fn invoice_of_period(&mut self, contract: &ContractNumber, period: Period) -> Result<Option<InvoiceNumber>> {
        let row = self.row_or_none(&OF_PERIOD, values![contract.as_str(), period.ordinal()]).await?;
        row.map(|mut row| number(&mut row)).transpose()
    }

    /// The first billed period of an account after `period`.
    pub async fn next_billed_period(&mut self, contract: &ContractNumber, period: Period) -> Result<Option<Period>> {
        let mut row = self.row(&NEXT_BILLED, values![contract.as_str(), period.ordinal()]).await?;
        Ok(row.integer_or_null()?.and_then(Period::from_ordinal))
    }

    /// Keeps the signed document of an invoice.
    pub async fn put_invoice_document(&mut self, invoice: i64, pdf: &[u8], at: DateTime<Utc>) -> Result<()> {
        let sha256 = self.put_blob(pdf).await?;
        self.execute_one(&ADD_DOCUMENT, values![invoice, sha256, at.timestamp_micros()]).await
    }

    pub async fn invoice_of_act(&mut self, act: i64) -> Result<Option<StoredInvoice>> {
        let row = self.row_or_none(&OF_ACT, values![act]).await?;
        row.map(|mut row| stored(&mut row)).transpose()
    }

    pub async fn invoices_of(&mut self, contract: &ContractNumber) -> Result<Vec<StoredInvoice>> {
        let rows = self.rows(&OF_ACCOUNT, values![contract.as_str()]).await?;
        rows.into_iter().map(|mut row| stored(&mut row)).collect()
    }

    /// The invoices of an account's period in order: the original, then its corrections.
    pub async fn bills_of_period(&mut self, contract: &ContractNumber, period: Period) -> Result<Vec<StoredInvoice>> {
        let rows = self.rows(&BILLS_OF_PERIOD, values![contract.as_str(), period.ordinal()]).await?;
        rows.into_iter().map(|mut row| stored(&mut row)).collect()
    }

    /// A page of all invoices after `id`, at most 500.
    pub async fn invoices_after(&mut self, id: i64) -> Result<Vec<StoredInvoice>> {
        let rows = self.rows(&ALL, values![id]).await?;
        rows.into_iter().map(|mut row| stored(&mut row)).collect()
    }
}

fn number(row: &mut Record) -> Result<InvoiceNumber> {
    Ok(InvoiceNumber {
        series: row.text()?,
        year: row.counted(|value| u16::try_from(value).ok())?,
        running: row.counted(|value| u32::try_from(value).ok())?,
    })
}

pub(crate) fn stored(row: &mut Record) -> Result<StoredInvoice> {
    Ok(StoredInvoice {
        id: row.integer()?,
        number: number(row)?,
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        period: row.counted(Period::from_ordinal)?,
        net: Kopiykas(row.integer()?),
        vat: Kopiykas(row.integer()?),
        total: Kopiykas(row.integer()?),
        state: row.parsed(InvoiceState::parse)?,
        pdf_sha256: row.text_or_null()?,
        invoice: row.parsed(|text| serde_json::from_str(text).ok())?,
    })
}
