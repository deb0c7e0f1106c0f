//! Invoices: numbered without holes, figures never changed, documents never replaced (promise 6).

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::{Invoice, InvoiceNumber};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::states::InvoiceState;

use crate::lease::claim;
use crate::statement::{Record, Statement, Value, statements, values};
use crate::versions::json;
use crate::{Claimed, Lease, Result, Tx};

/// What [`stored`] reads, of invoices with their documents where they have one.
macro_rules! invoices {
    ($rest:literal) => {
        concat!(
            "SELECT invoice.id, series, year, running, contract, period, net, vat, total, state, companion_of, pdf_sha256, ubl_sha256, snapshot ",
            "FROM invoice LEFT JOIN invoice_document ON invoice_id = invoice.id ",
            $rest
        )
    };
}
pub(crate) use invoices;

statements! {
    NEXT_NUMBER = "INSERT INTO invoice_counter (series, year, highest) VALUES ($1, $2, 1) \
                   ON CONFLICT (series, year) DO UPDATE SET highest = invoice_counter.highest + 1 RETURNING highest";
    ADD = "INSERT INTO invoice (act_id, contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at, issuer) \
           VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, 'drafted', $11, $12) RETURNING id";
    ADD_NEXT = "INSERT INTO invoice (act_id, contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at, issuer, companion_of) \
           SELECT $1, $2, $3, MAX(revision) + 1, $4, $5, $6, $7, $8, $9, $10, $11, 'drafted', $11, $12, $13 FROM invoice WHERE contract = $2 AND period = $3 HAVING COUNT(*) > 0 RETURNING id",
        postgres: "INSERT INTO invoice (act_id, contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at, issuer, companion_of) \
           SELECT $1::bigint, $2::text, $3::bigint, MAX(revision) + 1, $4::text, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::text, $11::bigint, 'drafted', $11::bigint, $12::text, $13::bigint \
           FROM invoice WHERE contract = $2 AND period = $3 HAVING COUNT(*) > 0 RETURNING id";
    CLAIM = claim!("invoice", "act_id, companion_of, snapshot"),
        postgres: claim!(postgres "invoice", "act_id, companion_of, snapshot");
    WAIT = "UPDATE invoice SET due_at = $1, attempts = 0, lease_owner = NULL, lease_until = 0 WHERE id = $2 AND state = 'drafted' AND fence = $3";
    OF_PERIOD = "SELECT series, year, running FROM invoice WHERE contract = $1 AND period = $2 AND companion_of IS NULL ORDER BY revision DESC LIMIT 1";
    ADD_DOCUMENT = "INSERT INTO invoice_document (invoice_id, pdf_sha256, ubl_sha256, issued_at) VALUES ($1, $2, $3, $4)";
    ACT_OF = "SELECT COALESCE(beside.act_id, invoice.act_id) FROM invoice LEFT JOIN invoice AS beside ON beside.id = invoice.companion_of WHERE invoice.id = $1";
    OF_ACT = invoices!("WHERE act_id = $1 OR companion_of = (SELECT id FROM invoice AS asked WHERE asked.act_id = $1) ORDER BY revision");
    TOGETHER = invoices!("WHERE invoice.id = $1 OR companion_of = $1 ORDER BY revision");
    OF_ACCOUNT = invoices!("WHERE contract = $1 ORDER BY period, revision");
    OF_NUMBER = invoices!("WHERE contract = $1 AND year = $2 AND running = $3 ORDER BY invoice.id");
    NEXT_BILLED = "SELECT MIN(period) FROM invoice WHERE contract = $1 AND period > $2";
    BILLS_OF_PERIOD = invoices!("WHERE contract = $1 AND period = $2 ORDER BY revision");
    ALL = invoices!("WHERE invoice.id > $1 ORDER BY invoice.id LIMIT 500");
}

/// An invoice to draft; its number is allotted here.
#[derive(Debug, Clone)]
pub struct InvoiceDraft<'a> {
    /// The act that asked for it; `None` when an operator or the month's run did.
    pub act_id: Option<i64>,
    /// The id of the invoice of the same bill that it stands beside, where another issuer has one (RQ-F08).
    pub companion_of: Option<i64>,
    pub invoice: &'a Invoice,
}

/// A drafted invoice whose document is to be made.
#[derive(Debug, Clone)]
pub struct InvoiceWork {
    /// The act that asked for it itself; [`Tx::act_of_invoice`] says for which act an invoice beside another is.
    pub act_id: Option<i64>,
    pub companion_of: Option<i64>,
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
    /// The invoice of the same bill that it stands beside.
    pub companion_of: Option<i64>,
    /// Names the blob with the signed PDF, once issued.
    pub pdf_sha256: Option<String>,
    /// Names the blob with the machine-readable invoice; none for what was issued before there was one.
    pub ubl_sha256: Option<String>,
    pub invoice: Box<Invoice>,
}

impl Tx {
    /// The next running number of a series and year. It is used in this transaction or not at all, so there are no holes.
    pub async fn next_invoice_number(&mut self, series: &str, year: u16) -> Result<InvoiceNumber> {
        let mut row = self.row(&NEXT_NUMBER, values![series, i64::from(year)]).await?;
        let running = row.counted(|value| u32::try_from(value).ok())?;
        Ok(InvoiceNumber { series: series.to_owned(), year, running })
    }

    /// Drafts an invoice with its number: the original of its period; the next revision, when the bill is a correction or stands
    /// beside another's.
    ///
    /// # Errors
    /// [`crate::StoreError::AlreadyThere`] when a second original is drafted, or a second one of an issuer beside another;
    /// [`crate::StoreError::Rows`] when there is none to correct or to stand beside.
    pub async fn draft_invoice(&mut self, draft: &InvoiceDraft<'_>, now: DateTime<Utc>) -> Result<i64> {
        let InvoiceDraft { act_id, companion_of, invoice } = draft;
        let (number, bill) = (&invoice.number, &invoice.bill);
        let snapshot = json(invoice)?;
        let mut values = values![
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
            invoice.issuer.as_str(),
        ];
        if bill.correction.is_none() && companion_of.is_none() {
            return self.row(&ADD, values).await?.integer();
        }
        values.extend(values![*companion_of]);
        self.row(&ADD_NEXT, values).await?.integer()
    }

    pub async fn claim_drafts(&mut self, lease: &Lease, most: i64) -> Result<Vec<Claimed<InvoiceWork>>> {
        let work = |row: &mut Record| {
            let (act_id, companion_of) = (row.integer_or_null()?, row.integer_or_null()?);
            Ok(InvoiceWork { act_id, companion_of, invoice: row.parsed(|text| serde_json::from_str(text).ok())? })
        };
        self.claim(&CLAIM, InvoiceState::Drafted.as_str(), (lease, most), work).await
    }

    /// Gives back a draft whose document cannot be made now, due at `due`; the attempt is not counted.
    ///
    /// # Errors
    /// [`crate::StoreError::LeaseLost`] when another daemon has claimed it meanwhile.
    pub async fn let_draft_wait<T>(&mut self, claimed: &Claimed<T>, due: DateTime<Utc>) -> Result<()> {
        match self.execute(&WAIT, values![due.timestamp_micros(), claimed.id, claimed.fence]).await? {
            1 => Ok(()),
            _ => Err(crate::StoreError::LeaseLost { subject: "invoice", id: claimed.id }),
        }
    }

    /// The number of the newest invoice that bills an account's period, if there is one; not of one that stands beside another.
    pub async fn invoice_of_period(&mut self, contract: &ContractNumber, period: Period) -> Result<Option<InvoiceNumber>> {
        let row = self.row_or_none(&OF_PERIOD, values![contract.as_str(), period.ordinal()]).await?;
        row.map(|mut row| number(&mut row)).transpose()
    }

    /// The first billed period of an account after `period`.
    pub async fn next_billed_period(&mut self, contract: &ContractNumber, period: Period) -> Result<Option<Period>> {
        let mut row = self.row(&NEXT_BILLED, values![contract.as_str(), period.ordinal()]).await?;
        Ok(row.integer_or_null()?.and_then(Period::from_ordinal))
    }

    /// Keeps the signed document of an invoice, and the machine-readable one.
    pub async fn put_invoice_document(&mut self, invoice: i64, pdf: &[u8], ubl: Option<&[u8]>, at: DateTime<Utc>) -> Result<()> {
        let pdf_sha256 = self.put_blob(pdf).await?;
        let ubl_sha256 = match ubl {
            Some(ubl) => Some(self.put_blob(ubl).await?),
            None => None,
        };
        self.execute_one(&ADD_DOCUMENT, values![invoice, pdf_sha256, ubl_sha256, at.timestamp_micros()]).await
    }

    /// The act an invoice is for, also of one that stands beside the one the act asked for.
    pub async fn act_of_invoice(&mut self, invoice: i64) -> Result<Option<i64>> {
        self.row(&ACT_OF, values![invoice]).await?.integer_or_null()
    }

    /// The invoices an act led to: the one it asked for, then those beside it.
    pub async fn invoices_of_act(&mut self, act: i64) -> Result<Vec<StoredInvoice>> {
        self.all(&OF_ACT, values![act]).await
    }

    /// An invoice and those that stand beside it, in this order.
    pub async fn invoices_beside(&mut self, invoice: i64) -> Result<Vec<StoredInvoice>> {
        self.all(&TOGETHER, values![invoice]).await
    }

    async fn all(&mut self, statement: &'static Statement, values: Vec<Value>) -> Result<Vec<StoredInvoice>> {
        self.rows(statement, values).await?.iter_mut().map(stored).collect()
    }

    pub async fn invoices_of(&mut self, contract: &ContractNumber) -> Result<Vec<StoredInvoice>> {
        self.all(&OF_ACCOUNT, values![contract.as_str()]).await
    }

    /// The invoices of an account with this year and running number, of whatever series.
    pub async fn invoices_numbered(&mut self, contract: &ContractNumber, year: u16, running: u32) -> Result<Vec<StoredInvoice>> {
        self.all(&OF_NUMBER, values![contract.as_str(), i64::from(year), i64::from(running)]).await
    }

    /// The invoices of an account's period in order: the original, then its corrections, each before those beside it.
    pub async fn bills_of_period(&mut self, contract: &ContractNumber, period: Period) -> Result<Vec<StoredInvoice>> {
        self.all(&BILLS_OF_PERIOD, values![contract.as_str(), period.ordinal()]).await
    }

    /// A page of all invoices after `id`, at most 500.
    pub async fn invoices_after(&mut self, id: i64) -> Result<Vec<StoredInvoice>> {
        self.all(&ALL, values![id]).await
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
        companion_of: row.integer_or_null()?,
        pdf_sha256: row.text_or_null()?,
        ubl_sha256: row.text_or_null()?,
        invoice: row.parsed(|text| serde_json::from_str(text).ok())?,
    })
}
