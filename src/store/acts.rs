//! Signed acts: the ruling on each, what it covers, and that it is accepted once.

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::states::ActState;

use crate::lease::claim;
use crate::statement::{Record, statements, values};
use crate::{Claimed, Lease, Result, StoreError, Tx};

statements! {
    ADD = "INSERT INTO act (item_id, form, state, made_at, due_at) VALUES ($1, $2, 'received', $3, $3) ON CONFLICT (item_id) DO NOTHING";
    CLAIM = claim!("act", "item_id, form, waiting_since"),
        postgres: claim!(postgres "act", "item_id, form, waiting_since");
    WAIT = "UPDATE act SET due_at = $1, waiting_since = COALESCE(waiting_since, $2), attempts = 0, lease_owner = NULL, lease_until = 0 \
            WHERE id = $3 AND state = 'received' AND fence = $4";
    OF_ITEM = "SELECT id, form, state FROM act WHERE item_id = $1";
    ITEM_OF = "SELECT item_id FROM act WHERE id = $1";
    ADD_VERDICT = "INSERT INTO verdict (act_id, indication, sub_indication, policy_sha256, evidence_sha256, judged_at, signer_name, signer_serial, certificate_sha256, edrpou, rnokpp) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    VERDICT = "SELECT indication, sub_indication, policy_sha256, evidence_sha256, judged_at, signer_name, signer_serial, certificate_sha256, edrpou, rnokpp FROM verdict WHERE act_id = $1";
    ADD_CONTENT = "INSERT INTO signed_content (act_id, content_sha256, act_xml_sha256, contract, period) VALUES ($1, $2, $3, $4, $5)";
    CONTENT = "SELECT content_sha256, act_xml_sha256, contract, period FROM signed_content WHERE act_id = $1";
    ACCEPTED = "SELECT act_id, contract, period, revision, accepted_at FROM accepted_act WHERE content_sha256 = $1";
    ACCEPT = "INSERT INTO accepted_act (act_id, content_sha256, contract, period, revision, accepted_at) \
              SELECT $1, $2, $3, $4, COALESCE(MAX(revision), 0) + 1, $5 FROM accepted_act WHERE contract = $3 AND period = $4 RETURNING revision",
        postgres: "INSERT INTO accepted_act (act_id, content_sha256, contract, period, revision, accepted_at) \
              SELECT $1::bigint, $2::text, $3::text, $4::bigint, COALESCE(MAX(revision), 0) + 1, $5::bigint FROM accepted_act WHERE contract = $3 AND period = $4 RETURNING revision";
    OF_ACCOUNT = "SELECT act_id, contract, period, revision, accepted_at FROM accepted_act WHERE contract = $1 ORDER BY period, revision";
    ACTS_ISSUED = "SELECT contract, period FROM issued_document WHERE sha256 = $1 AND kind = 'reading-act'";
    ADD_ISSUED = "INSERT INTO issued_document (sha256, kind, contract, period, issued_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256) DO NOTHING";
    UNBILLED_OF = "SELECT act.id, act.state, act.item_id FROM act JOIN accepted_act ON accepted_act.act_id = act.id \
                   WHERE accepted_act.contract = $1 AND accepted_act.period = $2 AND act.state IN ('unbilled', 'registered') ORDER BY accepted_act.revision DESC LIMIT 1";
}

/// An act as a station needs it.
#[derive(Debug, Clone)]
pub struct ActWork {
    pub item_id: i64,
    pub form: String,
    /// Since when it waits for the status of its certificates.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// The ruling on an act's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// As ETSI EN 319 102-1 spells it.
    pub indication: String,
    pub sub_indication: Option<String>,
    pub policy_sha256: String,
    /// Names the blob that holds everything needed to repeat the ruling.
    pub evidence_sha256: String,
    pub judged_at: DateTime<Utc>,
    pub signer_name: String,
    pub signer_serial: String,
    pub certificate_sha256: String,
    pub edrpou: Option<String>,
    pub rnokpp: Option<String>,
}

/// What a passed signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedContent {
    pub content_sha256: String,
    /// Names the blob with the act's XML, taken from the signed bytes.
    pub act_xml_sha256: String,
    pub contract: ContractNumber,
    pub period: Period,
}

/// An act that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedAct {
    pub act_id: i64,
    pub contract: ContractNumber,
    pub period: Period,
    pub revision: i64,
    pub accepted_at: DateTime<Utc>,
}

/// What to accept.
#[derive(Debug, Clone)]
pub struct Acceptance<'a> {
    pub act_id: i64,
    pub content: &'a SignedContent,
    pub at: DateTime<Utc>,
}

impl Tx {
    pub async fn add_act(&mut self, item: i64, form: &str, now: DateTime<Utc>) -> Result<()> {
        self.execute(&ADD, values![item, form, now.timestamp_micros()]).await.map(drop)
    }

    pub async fn claim_acts(&mut self, state: ActState, lease: &Lease, most: i64) -> Result<Vec<Claimed<ActWork>>> {
        let work =
            |row: &mut Record| Ok(ActWork { item_id: row.integer()?, form: row.text()?, waiting_since: row.instant_or_null()? });
        self.claim(&CLAIM, state.as_str(), (lease, most), work).await
    }

    /// Gives a claim on an act back, to be judged again at `due`. That it waits is no failed attempt: its attempts begin anew.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another daemon has claimed it meanwhile.
    pub async fn let_act_wait<T>(&mut self, claimed: &Claimed<T>, now: DateTime<Utc>, due: DateTime<Utc>) -> Result<()> {
        let values = values![due.timestamp_micros(), now.timestamp_micros(), claimed.id, claimed.fence];
        match self.execute(&WAIT, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { subject: "act", id: claimed.id }),
        }
    }

    /// The act of an item: its id, form and state.
    pub async fn act_of_item(&mut self, item: i64) -> Result<Option<(i64, String, ActState)>> {
        let Some(mut row) = self.row_or_none(&OF_ITEM, values![item]).await? else { return Ok(None) };
        Ok(Some((row.integer()?, row.text()?, row.parsed(ActState::parse)?)))
    }

    pub async fn item_of_act(&mut self, act: i64) -> Result<i64> {
        self.row(&ITEM_OF, values![act]).await?.integer()
    }

    pub async fn put_verdict(&mut self, act: i64, verdict: &Verdict) -> Result<()> {
        let values = values![
            act,
            verdict.indication.as_str(),
            verdict.sub_indication.as_deref(),
            verdict.policy_sha256.as_str(),
            verdict.evidence_sha256.as_str(),
            verdict.judged_at.timestamp_micros(),
            verdict.signer_name.as_str(),
            verdict.signer_serial.as_str(),
            verdict.certificate_sha256.as_str(),
            verdict.edrpou.as_deref(),
            verdict.rnokpp.as_deref(),
        ];
        self.execute_one(&ADD_VERDICT, values).await
    }

    pub async fn verdict(&mut self, act: i64) -> Result<Option<Verdict>> {
        let Some(mut row) = self.row_or_none(&VERDICT, values![act]).await? else { return Ok(None) };
        Ok(Some(Verdict {
            indication: row.text()?,
            sub_indication: row.text_or_null()?,
            policy_sha256: row.text()?,
            evidence_sha256: row.text()?,
            judged_at: row.instant()?,
            signer_name: row.text()?,
            signer_serial: row.text()?,
            certificate_sha256: row.text()?,
            edrpou: row.text_or_null()?,
            rnokpp: row.text_or_null()?,
        }))
    }

    pub async fn put_signed_content(&mut self, act: i64, content: &SignedContent) -> Result<()> {
        let values = values![
            act,
            content.content_sha256.as_str(),
            content.act_xml_sha256.as_str(),
            content.contract.as_str(),
            content.period.ordinal(),
        ];
        self.execute_one(&ADD_CONTENT, values).await
    }

    pub async fn signed_content(&mut self, act: i64) -> Result<Option<SignedContent>> {
        let Some(mut row) = self.row_or_none(&CONTENT, values![act]).await? else { return Ok(None) };
        Ok(Some(SignedContent {
            content_sha256: row.text()?,
            act_xml_sha256: row.text()?,
            contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
            period: row.counted(Period::from_ordinal)?,
        }))
    }

    /// The act that was accepted with this signed content, however it was wrapped (T3).
    pub async fn accepted_with(&mut self, content_sha256: &str) -> Result<Option<AcceptedAct>> {
        let row = self.row_or_none(&ACCEPTED, values![content_sha256]).await?;
        row.map(accepted).transpose()
    }

    /// Accepts an act; its revision, counted from one within its account and period.
    pub async fn accept(&mut self, acceptance: &Acceptance<'_>) -> Result<i64> {
        let content = acceptance.content;
        let values = values![
            acceptance.act_id,
            content.content_sha256.as_str(),
            content.contract.as_str(),
            content.period.ordinal(),
            acceptance.at.timestamp_micros(),
        ];
        self.row(&ACCEPT, values).await?.integer()
    }

    pub async fn accepted_acts(&mut self, contract: &ContractNumber) -> Result<Vec<AcceptedAct>> {
        let rows = self.rows(&OF_ACCOUNT, values![contract.as_str()]).await?;
        rows.into_iter().map(accepted).collect()
    }

    /// The account and period for which these very bytes were issued as a reading act.
    pub async fn issued_reading_act(&mut self, sha256: &str) -> Result<Option<(ContractNumber, Period)>> {
        let Some(mut row) = self.row_or_none(&ACTS_ISSUED, values![sha256]).await? else { return Ok(None) };
        Ok(Some((row.parsed(|text| ContractNumber::parse(text).ok())?, row.counted(Period::from_ordinal)?)))
    }

    /// Keeps a reading act as issued, so that its signed copy is known again.
    pub async fn put_issued_reading_act(
        &mut self,
        pdf: &[u8],
        contract: &ContractNumber,
        period: Period,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let sha256 = self.put_blob(pdf).await?;
        let values = values![sha256, "reading-act", contract.as_str(), period.ordinal(), at.timestamp_micros()];
        self.execute(&ADD_ISSUED, values).await.map(drop)
    }

    /// The newest accepted act of a period that has no bill: its id, state and item. Its calculation was refused, or it is
    /// still to be calculated.
    pub async fn unbilled_act(&mut self, contract: &ContractNumber, period: Period) -> Result<Option<(i64, ActState, i64)>> {
        let row = self.row_or_none(&UNBILLED_OF, values![contract.as_str(), period.ordinal()]).await?;
        row.map(|mut row| Ok((row.integer()?, row.parsed(ActState::parse)?, row.integer()?))).transpose()
    }
}

fn accepted(mut row: Record) -> Result<AcceptedAct> {
    Ok(AcceptedAct {
        act_id: row.integer()?,
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        period: row.counted(Period::from_ordinal)?,
        revision: row.integer()?,
        accepted_at: row.instant()?,
    })
}
