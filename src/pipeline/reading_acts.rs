//! Act: when the last reading of an account's period is in and no signed act states it, the house makes the act and sends it
//! to be signed (RQ-D01). Newer readings make a newer version, and the older is void (RQ-C06).
//!
//! What is to be looked at is noted where readings are written; here it is claimed, so that a file of thousands of accounts
//! is applied at once and its acts follow.

mod by_hand;
mod making;
mod post;
mod signed_copy;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_billing::MissingReadings;
use oblik_domain::account::ActSignature;
use oblik_domain::act::{examine, reading_window};
use oblik_domain::finding::refuses;
use oblik_domain::period::{kyiv_day, kyiv_midnight};
use oblik_domain::tariff::Parameter;
use oblik_store::{Claimed, Lease, MadeAct, ReadingActWork, Result, StoreError, Tx};
use serde_json::json;
use tracing::info;

pub use self::by_hand::{ActAgain, ActByHand, MadeByHand, issue_act, known_act, send_act_again};
pub(crate) use self::making::unsigned;
use self::making::{Basis, Made, next_version, typeset};
pub use self::making::{act_file_name, act_number};
pub(crate) use self::post::{ActFile, current_act, signed_version};
use self::post::{Sending, send};
pub(crate) use self::signed_copy::{copy_registered, void_copy};
use crate::House;
use crate::calculate::{Asked, Calculated, Question, calculate_each};
use crate::station::{Station, Trouble, ask_each};

pub(crate) struct MakeActs;

/// How long an act is waited for that is about to be registered or billed.
const ACT_TAKES: TimeDelta = TimeDelta::seconds(5);

/// What an account's period comes to.
pub(crate) enum Answer {
    /// Why there is nothing to make.
    Nothing(&'static str),
    Made(Box<Made>),
}

/// What is seen before anything is made.
enum Look {
    Nothing(&'static str),
    Later(DateTime<Utc>),
    Make(Box<Basis>),
}

impl Station for MakeActs {
    type Work = ReadingActWork;
    type Answer = Answer;
    const NAME: &'static str = "act";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ReadingActWork>>> {
        tx.claim_reading_acts(lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ReadingActWork>]) -> Result<Vec<std::result::Result<Answer, Trouble>>> {
        let now = house.now();
        let mut tx = house.store.read().await?;
        let parameters = tx.price_list().await?.parameters;
        let mut looks = Vec::with_capacity(claimed.len());
        for claim in claimed {
            looks.push(look(house, &mut tx, &claim.work, &parameters, now).await?);
        }
        add_bills(house, &mut tx, &mut looks).await?;
        tx.roll_back().await?;
        let (typesetter, issuers) = (house.typesetter.clone(), house.issuers.clone());
        let reply_to = house.config.mail.from_address.clone();
        let today = kyiv_day(now);
        Ok(ask_each(looks, move |look| match look {
            Look::Nothing(why) => Ok(Answer::Nothing(why)),
            Look::Later(due) => Err(Trouble::Wait { cause: "an act is not to be made yet".to_owned(), due }),
            Look::Make(basis) => {
                typeset(&typesetter, &issuers, *basis, &reply_to, today).map(|made| Answer::Made(Box::new(made)))
            }
        })
        .await)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ReadingActWork>, answer: &Answer) -> Result<()> {
        let now = house.now();
        let ReadingActWork { contract, period } = &claim.work;
        tx.hold_account(contract).await?;
        let made = match answer {
            Answer::Nothing(why) => return tx.no_reading_act(claim, why, now).await,
            Answer::Made(made) => made,
        };
        if tx.invoice_of_period(contract, *period).await?.is_some() {
            return tx.no_reading_act(claim, "billed", now).await;
        }
        if is_under_way(tx, &claim.work).await? {
            return tx.let_reading_act_wait(claim, now + ACT_TAKES).await;
        }
        let acts = tx.reading_acts_of(contract, *period).await?;
        if next_version(&acts) != made.basis.version {
            return Err(StoreError::AlreadyThere { statement: "version of a reading act" });
        }
        let replaced = acts.iter().find(|act| act.holds());
        tx.put_reading_act(claim, &made.stored(None, now), replaced).await?;
        tx.put_issued_reading_act(&made.pdf, contract, *period, now).await?;
        let sending = Sending {
            contract,
            period: *period,
            version: made.basis.version,
            replaced: replaced.and_then(|act| act.version),
            pdf: &made.pdf,
            by: None,
        };
        let to = made.basis.record.account.emails.first().map(String::as_str).unwrap_or_default();
        send(house, tx, &sending, to, now).await?;
        let version = made.basis.version;
        let detail = json!({ "contract": contract.as_str(), "period": period.to_string(), "version": version, "pdf_sha256": oblik_store::sha256_hex(&made.pdf) });
        tx.journal(now, "reading act issued", "account", contract, &detail);
        info!(contract = contract.as_str(), period = %period, version, "reading act issued");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ReadingActWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<oblik_domain::states::ReadingActState, _>(claim, due).await
    }

    async fn let_wait(&self, _: &House, tx: &mut Tx, claim: &Claimed<ReadingActWork>, due: DateTime<Utc>) -> Result<()> {
        tx.let_reading_act_wait(claim, due).await
    }

    async fn item(&self, _: &mut Tx, _: &Claimed<ReadingActWork>) -> Result<Option<i64>> {
        Ok(None)
    }
}

/// Whether a signed act of the period is about to be registered or billed: what it says goes first.
async fn is_under_way(tx: &mut Tx, work: &ReadingActWork) -> Result<bool> {
    Ok(tx.act_under_way(&work.contract, work.period).await? || tx.act_waits_for_bill(&work.contract, work.period).await?)
}

async fn look(house: &House, tx: &mut Tx, work: &ReadingActWork, parameters: &[Parameter], now: DateTime<Utc>) -> Result<Look> {
    let ReadingActWork { contract, period } = work;
    let nothing = |why| Ok(Look::Nothing(why));
    let Some(record) = tx.account_record(contract).await? else { return nothing("unknown") };
    if record.account.terms_on(period.last_day()).act_signature == ActSignature::NotRequired {
        return nothing("not-required");
    }
    if record.account.emails.is_empty() {
        return nothing("no-address");
    }
    if tx.invoice_of_period(contract, *period).await?.is_some() {
        return nothing("billed");
    }
    if is_under_way(tx, work).await? {
        return Ok(Look::Later(now + ACT_TAKES));
    }
    let Some(basis) = Basis::known(tx, record, *period).await? else { return nothing("incomplete") };
    if unsigned(tx, &basis.record, *period).await?.is_empty() {
        return nothing("signed");
    }
    let acts = tx.reading_acts_of(contract, *period).await?;
    let holding = acts.iter().find(|act| act.holds());
    if holding.is_some_and(|act| act.stated.as_deref() == Some(basis.fingerprint().as_str())) {
        return nothing("unchanged");
    }
    let today = kyiv_day(now);
    if refuses(&examine(&basis.act, &basis.record, &basis.opening, today)) {
        return nothing("refused");
    }
    if let Some(window) = reading_window(&basis.record, *period, parameters, &house.config.billing.calendar) {
        if today > window.closes {
            return nothing("window-closed");
        }
        if today < window.opens {
            return Ok(Look::Later(kyiv_midnight(window.opens).unwrap_or(now + TimeDelta::days(1))));
        }
    }
    Ok(Look::Make(Box::new(Basis { version: next_version(&acts), ..basis })))
}

/// What each would be billed, for volumes and losses on the page; one that cannot be calculated shows what its readings say.
async fn add_bills(house: &House, tx: &mut Tx, looks: &mut [Look]) -> Result<()> {
    let question = |basis: &Basis| {
        let question = Question::new(&basis.act.contract, basis.act.period, Asked::ByOperator, MissingReadings::Refuse);
        // No sum stands in an act.
        Question { sanctions: Some(Vec::new()), ..question }
    };
    let made = || looks.iter().filter_map(|look| if let Look::Make(basis) = look { Some(basis) } else { None });
    let questions: Vec<Question> = made().map(|basis| question(basis)).collect();
    let calculated = calculate_each(house, tx, &questions).await?;
    let making = looks.iter_mut().filter_map(|look| if let Look::Make(basis) = look { Some(basis) } else { None });
    for (basis, calculated) in making.zip(calculated) {
        if let Ok(Calculated::Bill(ready)) = calculated {
            basis.bill = Some(ready.bill);
        }
    }
    Ok(())
}

impl Made {
    fn stored<'a>(&'a self, by: Option<&'a str>, at: DateTime<Utc>) -> MadeAct<'a> {
        MadeAct { version: self.basis.version, stated: &self.stated, xml: &self.xml, pdf: &self.pdf, by, at }
    }
}
