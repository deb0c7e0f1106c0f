//! Reading acts that we make: what is still to be looked at, and each version with what it states.
//!
//! Whoever writes a reading says so here in the same transaction, so that no act is made of what was known before: a claim
//! on what is to be made is lost with it.

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::states::{ReadingActEvent, ReadingActState};

use crate::lease::claim;
use crate::statement::{Record, statements, values};
use crate::{Claimed, Lease, Result, StoreError, Tx};

statements! {
    NOTE = "INSERT INTO reading_act (contract, period, state, due_at) VALUES ($1, $2, 'due', $3) \
            ON CONFLICT (contract, period) WHERE state IN ('due', 'unneeded') DO UPDATE \
            SET state = 'due', due_at = excluded.due_at, reason = NULL, attempts = 0, lease_owner = NULL, lease_until = 0, fence = reading_act.fence + 1";
    DISTURB = "UPDATE reading_act SET lease_owner = NULL, lease_until = 0, fence = fence + 1 WHERE contract = $1 AND period = $2 AND state = 'due'";
    CLAIM = claim!("reading_act", "contract, period"),
        postgres: claim!(postgres "reading_act", "contract, period");
    WAIT = "UPDATE reading_act SET due_at = $1, attempts = 0, lease_owner = NULL, lease_until = 0 WHERE id = $2 AND state = 'due' AND fence = $3";
    REASON = "UPDATE reading_act SET reason = $1 WHERE id = $2 AND state = 'due' AND fence = $3";
    FILL = "UPDATE reading_act SET version = $1, stated = $2, xml_sha256 = $3, pdf_sha256 = $4, issued_at = $5, reason = $6 WHERE id = $7 AND state = 'due'";
    OF_PERIOD = "SELECT id, contract, period, version, state, reason, stated, xml_sha256, pdf_sha256, issued_at, due_at FROM reading_act \
                 WHERE contract = $1 AND period = $2 ORDER BY COALESCE(version, 1000000)";
    OF_ACCOUNT = "SELECT id, contract, period, version, state, reason, stated, xml_sha256, pdf_sha256, issued_at, due_at FROM reading_act \
                  WHERE contract = $1 ORDER BY period, COALESCE(version, 1000000)";
}

/// An account's period whose readings changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingActWork {
    pub contract: ContractNumber,
    pub period: Period,
}

/// One version of an account's period, or, without a version, what is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReadingAct {
    pub id: i64,
    pub contract: ContractNumber,
    pub period: Period,
    pub version: Option<i64>,
    pub state: ReadingActState,
    /// Why nothing was made, or who made it.
    pub reason: Option<String>,
    /// Fingerprint of all that it states and was made with.
    pub stated: Option<String>,
    pub xml_sha256: Option<String>,
    pub pdf_sha256: Option<String>,
    pub issued_at: Option<DateTime<Utc>>,
    pub due_at: DateTime<Utc>,
}

impl StoredReadingAct {
    /// Whether its signed copy counts, or would.
    pub fn holds(&self) -> bool {
        matches!(self.state, ReadingActState::Issued | ReadingActState::Signed)
    }
}

/// An act that was made.
#[derive(Debug, Clone)]
pub struct MadeAct<'a> {
    pub version: i64,
    pub stated: &'a str,
    pub xml: &'a [u8],
    pub pdf: &'a [u8],
    /// Who made it, where that was not the house itself.
    pub by: Option<&'a str>,
    pub at: DateTime<Utc>,
}

impl Tx {
    /// That readings of an account's period came: whether an act is to be made of them will be looked at, from now on.
    /// Whoever holds a claim on that loses it.
    pub async fn note_readings(&mut self, contract: &ContractNumber, period: Period, now: DateTime<Utc>) -> Result<()> {
        self.execute_one(&NOTE, values![contract.as_str(), period.ordinal(), now.timestamp_micros()]).await
    }

    /// Takes the claim away from whoever is making an act of this period: its readings changed, and no new act is asked for.
    pub async fn disturb_reading_act(&mut self, contract: &ContractNumber, period: Period) -> Result<()> {
        self.execute(&DISTURB, values![contract.as_str(), period.ordinal()]).await.map(drop)
    }

    pub async fn claim_reading_acts(&mut self, lease: &Lease, most: i64) -> Result<Vec<Claimed<ReadingActWork>>> {
        let work = |row: &mut Record| {
            let contract = row.parsed(|text| ContractNumber::parse(text).ok())?;
            Ok(ReadingActWork { contract, period: row.counted(Period::from_ordinal)? })
        };
        self.claim(&CLAIM, ReadingActState::Due.as_str(), (lease, most), work).await
    }

    /// Gives a claim back, to be looked at again at `due`. That it waits is no failed attempt.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when readings came or another daemon has claimed it meanwhile.
    pub async fn let_reading_act_wait<T>(&mut self, claimed: &Claimed<T>, due: DateTime<Utc>) -> Result<()> {
        match self.execute(&WAIT, values![due.timestamp_micros(), claimed.id, claimed.fence]).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { subject: "reading act", id: claimed.id }),
        }
    }

    /// Says why no act is made of what was claimed.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when readings came or another daemon has claimed it meanwhile.
    pub async fn no_reading_act<T>(&mut self, claimed: &Claimed<T>, reason: &str, now: DateTime<Utc>) -> Result<()> {
        self.execute(&REASON, values![reason, claimed.id, claimed.fence]).await?;
        self.step(claimed, ReadingActState::Due, ReadingActEvent::NothingToMake, now).await.map(drop)
    }

    /// Every version of an account's period in order, and last what is to be looked at.
    pub async fn reading_acts_of(&mut self, contract: &ContractNumber, period: Period) -> Result<Vec<StoredReadingAct>> {
        self.rows(&OF_PERIOD, values![contract.as_str(), period.ordinal()]).await?.into_iter().map(stored).collect()
    }

    /// The same of all periods.
    pub async fn reading_acts(&mut self, contract: &ContractNumber) -> Result<Vec<StoredReadingAct>> {
        self.rows(&OF_ACCOUNT, values![contract.as_str()]).await?.into_iter().map(stored).collect()
    }

    /// Fills a claimed row with the act that was made of it; the version that held before, `replaced`, is void from now on.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when readings came meanwhile; [`StoreError::AlreadyThere`] when the version exists.
    pub async fn put_reading_act<T>(
        &mut self,
        claimed: &Claimed<T>,
        made: &MadeAct<'_>,
        replaced: Option<&StoredReadingAct>,
    ) -> Result<()> {
        self.replace(replaced, made.at).await?;
        self.fill(claimed.id, made).await?;
        self.step(claimed, ReadingActState::Due, ReadingActEvent::Made, made.at).await.map(drop)
    }

    /// The same of a row that nobody claims, made if it is not there: for an operator who makes an act by hand.
    pub async fn put_reading_act_by_hand(
        &mut self,
        (contract, period): (&ContractNumber, Period),
        made: &MadeAct<'_>,
        replaced: Option<&StoredReadingAct>,
    ) -> Result<()> {
        self.replace(replaced, made.at).await?;
        self.note_readings(contract, period, made.at).await?;
        let next = self.reading_acts_of(contract, period).await?.pop().filter(|act| act.version.is_none());
        let next = next.ok_or(StoreError::Rows { statement: "act to be made", expected: "one row", found: 0 })?;
        self.fill(next.id, made).await?;
        self.step_free(next.id, ReadingActState::Due, ReadingActEvent::Made, made.at).await.map(drop)
    }

    /// That no signed copy of an act counts any more.
    pub async fn replace(&mut self, act: Option<&StoredReadingAct>, now: DateTime<Utc>) -> Result<()> {
        let Some(act) = act else { return Ok(()) };
        self.step_free(act.id, act.state, ReadingActEvent::Replaced, now).await.map(drop)
    }

    async fn fill(&mut self, id: i64, made: &MadeAct<'_>) -> Result<()> {
        let (xml, pdf) = (self.put_blob(made.xml).await?, self.put_blob(made.pdf).await?);
        let values = values![made.version, made.stated, xml, pdf, made.at.timestamp_micros(), made.by, id];
        self.execute_one(&FILL, values).await
    }
}

fn stored(mut row: Record) -> Result<StoredReadingAct> {
    Ok(StoredReadingAct {
        id: row.integer()?,
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        period: row.counted(Period::from_ordinal)?,
        version: row.integer_or_null()?,
        state: row.parsed(ReadingActState::parse)?,
        reason: row.text_or_null()?,
        stated: row.text_or_null()?,
        xml_sha256: row.text_or_null()?,
        pdf_sha256: row.text_or_null()?,
        issued_at: row.instant_or_null()?,
        due_at: row.instant()?,
    })
}
