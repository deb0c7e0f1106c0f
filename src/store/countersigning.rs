//! Signed copies of issued invoices: whose they are, what is awaited, whose signatures came (RQ-F04).

use chrono::{DateTime, Utc};
use oblik_domain::NaiveDate;
use oblik_domain::ids::ContractNumber;
use oblik_domain::states::CountersignState;

use crate::invoices::{StoredInvoice, invoices, stored};
use crate::lease::claim;
use crate::statement::{Record, statements, values};
use crate::{Claimed, Lease, Result, StoreError, Tx};

statements! {
    ISSUED_AS = "SELECT invoice_id, pdf_sha256 FROM invoice_document WHERE pdf_sha256 IN (SELECT value FROM json_each($1))",
        postgres: "SELECT invoice_id, pdf_sha256 FROM invoice_document WHERE pdf_sha256 IN (SELECT jsonb_array_elements_text($1::jsonb))";
    LATEST_TO = "SELECT invoice_document.invoice_id, pdf_sha256 FROM invoice_document JOIN invoice ON invoice.id = invoice_document.invoice_id \
                 JOIN account_email ON account_email.contract = invoice.contract WHERE address = $1 ORDER BY invoice_document.issued_at DESC, invoice.id DESC LIMIT $2";
    INVOICE = invoices!("WHERE invoice.id = $1");
    AWAIT = "INSERT INTO countersigning (invoice_id, state, since, due_at) SELECT $1, 'awaited', $2, $3 \
             WHERE EXISTS (SELECT 1 FROM signer WHERE contract = $4 AND valid_from <= $5 AND (valid_to IS NULL OR valid_to > $5)) ON CONFLICT (invoice_id) DO NOTHING",
        postgres: "INSERT INTO countersigning (invoice_id, state, since, due_at) SELECT $1::bigint, 'awaited', $2::bigint, $3::bigint \
             WHERE EXISTS (SELECT 1 FROM signer WHERE contract = $4 AND valid_from <= $5 AND (valid_to IS NULL OR valid_to > $5)) ON CONFLICT (invoice_id) DO NOTHING";
    CAME_UNASKED = "INSERT INTO countersigning (invoice_id, state, since, due_at) VALUES ($1, 'received', $2, $2) ON CONFLICT (invoice_id) DO NOTHING";
    STANDING = "SELECT id, state FROM countersigning WHERE invoice_id = $1";
    CLAIM = claim!("countersigning", "invoice_id, since"),
        postgres: claim!(postgres "countersigning", "invoice_id, since");
    WAIT = "UPDATE countersigning SET due_at = $1, attempts = 0, lease_owner = NULL, lease_until = 0 WHERE id = $2 AND fence = $3";
    ADD_COPY = "INSERT INTO invoice_copy (act_id, invoice_id, document_sha256) VALUES ($1, $2, $3) ON CONFLICT (act_id) DO NOTHING";
    COPY = "SELECT invoice_id, document_sha256 FROM invoice_copy WHERE act_id = $1";
    SIGN = "INSERT INTO countersignature (invoice_id, certificate_sha256, act_id, signer_name, signer_serial, received_at) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (invoice_id, certificate_sha256) DO NOTHING";
    SIGNATURES = "SELECT act_id, certificate_sha256, signer_name, signer_serial, received_at FROM countersignature WHERE invoice_id = $1 ORDER BY received_at, act_id, certificate_sha256";
    REMINDED = "SELECT COUNT(*) FROM letter WHERE invoice_id = $1 AND purpose = 'notice'";
    // A document beside another leaves in the other's letter.
    SENT = "SELECT COUNT(*) FROM letter JOIN invoice ON letter.invoice_id = COALESCE(invoice.companion_of, invoice.id) \
            WHERE invoice.id = $1 AND purpose = 'invoice' AND letter.state = 'delivered'";
    SENT_IN_ANSWER = "SELECT COUNT(*) FROM letter JOIN act ON act.item_id = letter.item_id JOIN invoice AS original ON original.act_id = act.id \
            JOIN invoice ON original.id = COALESCE(invoice.companion_of, invoice.id) WHERE invoice.id = $1 AND letter.state = 'delivered' \
            AND NOT EXISTS (SELECT 1 FROM letter AS own WHERE own.invoice_id = original.id AND own.purpose = 'invoice')";
    OF_ITEM = "SELECT invoice.id FROM invoice JOIN act ON act.id = invoice.act_id WHERE act.item_id = $1 \
               UNION SELECT beside.id FROM invoice AS beside JOIN invoice ON invoice.id = beside.companion_of \
               JOIN act ON act.id = invoice.act_id WHERE act.item_id = $1 \
               UNION SELECT invoice_copy.invoice_id FROM invoice_copy JOIN act ON act.id = invoice_copy.act_id WHERE act.item_id = $1 ORDER BY 1";
}

/// A document that was issued, by the bytes it was issued with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedInvoice {
    pub invoice_id: i64,
    pub sha256: String,
}

/// An invoice whose copy is awaited.
#[derive(Debug, Clone)]
pub struct AwaitedWork {
    pub invoice_id: i64,
    pub since: DateTime<Utc>,
}

/// A signature of the customer's that stands on an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countersignature {
    pub act_id: i64,
    /// Lower-case hexadecimal.
    pub certificate_sha256: String,
    pub signer_name: String,
    /// Hexadecimal.
    pub signer_serial: String,
    pub received_at: DateTime<Utc>,
}

/// An invoice in the column «Електронний підпис» (RQ-D03, RQ-D04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureStatus {
    /// Not issued, or on its way.
    Created,
    /// Delivered; nothing came back, or nothing that counts.
    Sent,
    /// Objected to, and not signed.
    Disputed,
    /// A signed copy is kept.
    Received,
}

impl SignatureStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Sent => "sent",
            Self::Disputed => "disputed",
            Self::Received => "received",
        }
    }
}

fn issued(mut row: Record) -> Result<IssuedInvoice> {
    Ok(IssuedInvoice { invoice_id: row.integer()?, sha256: row.text()? })
}

impl Tx {
    /// Which of these digests are those of issued invoices.
    pub async fn invoices_issued_as(&mut self, sha256: &[String]) -> Result<Vec<IssuedInvoice>> {
        let list = serde_json::Value::from(sha256.to_vec()).to_string();
        self.rows(&ISSUED_AS, values![list]).await?.into_iter().map(issued).collect()
    }

    /// The newest issued invoices of all accounts of an address.
    pub async fn latest_invoices_of_address(&mut self, address: &str, most: i64) -> Result<Vec<IssuedInvoice>> {
        let rows = self.rows(&LATEST_TO, values![address.to_lowercase(), most]).await?;
        rows.into_iter().map(issued).collect()
    }

    pub async fn invoice(&mut self, id: i64) -> Result<StoredInvoice> {
        stored(&mut self.row(&INVOICE, values![id]).await?)
    }

    /// The invoices an item led to, or came back in.
    pub async fn invoices_of_item(&mut self, item: i64) -> Result<Vec<i64>> {
        self.rows(&OF_ITEM, values![item]).await?.into_iter().map(|mut row| row.integer()).collect()
    }

    /// Awaits the signed copy of an invoice until `due`, when somebody may sign for the account on `day`.
    pub async fn await_copy(
        &mut self,
        invoice: i64,
        contract: &ContractNumber,
        day: NaiveDate,
        (now, due): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        let values = values![invoice, now.timestamp_micros(), due.timestamp_micros(), contract.as_str(), day.to_string()];
        self.execute(&AWAIT, values).await.map(drop)
    }

    /// Notes that the copy came of an invoice nobody was asked to sign.
    pub async fn copy_came_unasked(&mut self, invoice: i64, now: DateTime<Utc>) -> Result<()> {
        self.execute(&CAME_UNASKED, values![invoice, now.timestamp_micros()]).await.map(drop)
    }

    /// What is awaited of an invoice: the id of its row, and its state.
    pub async fn countersigning(&mut self, invoice: i64) -> Result<Option<(i64, CountersignState)>> {
        let row = self.row_or_none(&STANDING, values![invoice]).await?;
        row.map(|mut row| Ok((row.integer()?, row.parsed(CountersignState::parse)?))).transpose()
    }

    /// Claims invoices whose term has ended.
    pub async fn claim_awaited(&mut self, lease: &Lease, most: i64) -> Result<Vec<Claimed<AwaitedWork>>> {
        let work = |row: &mut Record| Ok(AwaitedWork { invoice_id: row.integer()?, since: row.instant()? });
        self.claim(&CLAIM, CountersignState::Awaited.as_str(), (lease, most), work).await
    }

    /// Gives a claim back, due again at `due`. That it waits is no failed attempt: its attempts begin anew.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another daemon has claimed it meanwhile.
    pub async fn let_awaited_wait<T>(&mut self, claimed: &Claimed<T>, due: DateTime<Utc>) -> Result<()> {
        match self.execute(&WAIT, values![due.timestamp_micros(), claimed.id, claimed.fence]).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { subject: "countersigning", id: claimed.id }),
        }
    }

    /// Keeps which invoice a signed copy is of; the first word stands.
    pub async fn put_copy(&mut self, act: i64, of: &IssuedInvoice) -> Result<()> {
        self.execute(&ADD_COPY, values![act, of.invoice_id, of.sha256.as_str()]).await.map(drop)
    }

    /// The invoice that what arrived as `act` is a copy of.
    pub async fn copy_of(&mut self, act: i64) -> Result<Option<IssuedInvoice>> {
        self.row_or_none(&COPY, values![act]).await?.map(issued).transpose()
    }

    /// Records a signature; whether it is new: each certificate's counts once for a document.
    pub async fn countersign(&mut self, invoice: i64, signature: &Countersignature) -> Result<bool> {
        let values = values![
            invoice,
            signature.certificate_sha256.as_str(),
            signature.act_id,
            signature.signer_name.as_str(),
            signature.signer_serial.as_str(),
            signature.received_at.timestamp_micros(),
        ];
        Ok(self.execute(&SIGN, values).await? == 1)
    }

    /// The customer's signatures that stand on an invoice, the first first.
    pub async fn countersignatures(&mut self, invoice: i64) -> Result<Vec<Countersignature>> {
        let signature = |mut row: Record| {
            Ok(Countersignature {
                act_id: row.integer()?,
                certificate_sha256: row.text()?,
                signer_name: row.text()?,
                signer_serial: row.text()?,
                received_at: row.instant()?,
            })
        };
        self.rows(&SIGNATURES, values![invoice]).await?.into_iter().map(signature).collect()
    }

    /// Whether the customer was reminded of an invoice.
    pub async fn is_reminded(&mut self, invoice: i64) -> Result<bool> {
        Ok(self.row(&REMINDED, values![invoice]).await?.integer()? > 0)
    }

    pub async fn signature_status(&mut self, invoice: i64) -> Result<SignatureStatus> {
        match self.countersigning(invoice).await? {
            Some((_, CountersignState::Received)) => return Ok(SignatureStatus::Received),
            Some((_, CountersignState::Disputed)) => return Ok(SignatureStatus::Disputed),
            _ => {}
        }
        let alone = self.row(&SENT, values![invoice]).await?.integer()?;
        let is_sent = alone > 0 || self.row(&SENT_IN_ANSWER, values![invoice]).await?.integer()? > 0;
        Ok(if is_sent { SignatureStatus::Sent } else { SignatureStatus::Created })
    }
}
