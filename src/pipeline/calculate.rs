//! What a period comes to: everything it is made from is read at once for many accounts, and calculated on all cores.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use oblik_billing::{BillingInput, Calculation, MissingReadings, Part, PriceBook, compute};
use oblik_config::Eyes;
use oblik_domain::Decimal;
use oblik_domain::account::{AccountRecord, SelfBilling};
use oblik_domain::bill::{Bill, BillLine, MonthVolume};
use oblik_domain::calendar::{Calendar, days_after};
use oblik_domain::confirmation::Confirmation;
use oblik_domain::dated::overlap;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::Reading;
use oblik_domain::period::Period;
use oblik_domain::tariff::PAYMENT_DAYS;
use oblik_ledger::{Accrued, AllocationOrder};
use oblik_store::{Booked, Ground, Knowledge, Result, StoreError, Tx};

use crate::House;
use crate::continuity::charged_later;
use crate::draft::debts_of_operator;
use crate::ledger::{Sanctioned, sanction_lines};
use crate::station::{Trouble, ask_each};

/// A wrong parameter must not make a debt that is never due.
const PAYMENT_DAYS_MOST: u64 = 90;

/// Closed months that the bounds of plausibility are made of (R-PLAUS); documents show more.
const PLAUSIBLE_MONTHS: usize = 12;

/// Who asks for a calculation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "asked by whom is read as a phrase")]
pub(crate) enum Asked {
    /// An act that was registered: needs the account's leave (E3), and starts nothing where the customer is to ask (RQ-E01).
    ByAct,
    /// The customer, in so many words: needs the account's leave (E3).
    ByCustomer,
    ByOperator,
    /// The month's run.
    ByRun,
}

/// One account's period to be calculated.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub contract: ContractNumber,
    pub period: Period,
    pub asked: Asked,
    pub missing: MissingReadings,
    /// Penalty and the like that stand already; `None` reckons them by the ledger.
    pub sanctions: Option<Vec<BillLine>>,
    /// What is confirmed for the sake of this calculation alone, to see what it would lead to.
    pub also: Option<Confirmation>,
    /// Whether distribution that the operator charges itself is calculated as its debt; `None` where this house issues its documents.
    pub operator_documents: Option<bool>,
}

impl Question {
    pub fn new(contract: &ContractNumber, period: Period, asked: Asked, missing: MissingReadings) -> Self {
        Self { contract: contract.clone(), period, asked, missing, sanctions: None, also: None, operator_documents: None }
    }

    /// What an operator asks for: nothing is estimated without a word.
    pub fn by_operator(contract: &ContractNumber, period: Period) -> Self {
        Self::new(contract, period, Asked::ByOperator, MissingReadings::Refuse)
    }
}

/// What a calculation came to.
#[derive(Debug, Clone)]
pub(crate) enum Calculated {
    Bill(Box<Ready>),
    Refused(Vec<Finding>),
    /// The account is calculated when its customer asks, and nobody has.
    Waits,
    /// The run asks, and no point of the account was supplied in the period.
    NotSupplied,
    UnknownAccount,
}

/// A question with its answer, and what was known when it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub question: Question,
    pub known: Knowledge,
    pub calculated: Calculated,
}

impl Answered {
    /// What the question comes to now, in the transaction that makes it true: readings, prices or a correction may have come
    /// since it was asked. The account is held from here on.
    ///
    /// # Errors
    /// The store failed; or the calculation broke, and is to be asked for again.
    pub async fn as_known_now(&self, house: &House, tx: &mut Tx) -> Result<Cow<'_, Calculated>> {
        let Self { question, known, calculated } = self;
        tx.hold_account(&question.contract).await?;
        if tx.is_all_known(known, &question.contract).await? {
            return Ok(Cow::Borrowed(calculated));
        }
        let again = calculate(house, tx, question).await?;
        again.map(Cow::Owned).map_err(|_| StoreError::AlreadyThere { statement: "what came since a calculation" })
    }
}

/// A calculation that may be drafted.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub record: AccountRecord,
    pub bill: Bill,
    /// Worth telling; nothing here stops the bill.
    pub notes: Vec<Finding>,
    /// Readings the bill was made with that nobody took (R-EST).
    pub estimates: Vec<Reading>,
    pub payment_days: Decimal,
    /// Closed months before the period, oldest first, at most twenty-four.
    pub history: Vec<MonthVolume>,
    /// What was charged and paid before this bill.
    pub booked: Booked,
    pub order: Arc<AllocationOrder>,
    /// The documents the bill becomes, where it is not for its draft to divide it: those of a correction.
    pub parts: Vec<Part>,
}

impl Ready {
    /// The last day to pay, when the document is handed over on `issued_on` (R-ADV).
    pub fn due_on(&self, issued_on: NaiveDate, calendar: &Calendar) -> NaiveDate {
        calendar.due_on(issued_on, u64::try_from(self.payment_days.trunc()).unwrap_or(0).min(PAYMENT_DAYS_MOST))
    }
}

/// Prices and parameters, or why there are none to calculate with.
type Prices = Arc<std::result::Result<PriceBook, Vec<Finding>>>;

/// Calculates each question, in order. Reads in `tx`; the arithmetic runs beside it on all cores.
pub(crate) async fn calculate_each(
    house: &House,
    tx: &mut Tx,
    questions: &[Question],
) -> Result<Vec<std::result::Result<Calculated, Trouble>>> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let list = tx.price_list().await?;
    let order = Arc::new(AllocationOrder::of_parameters(&list.parameters));
    let prices: Prices = Arc::new(PriceBook::new(list.tariffs, list.parameters, list.zone_hours));
    let mut wanted: BTreeMap<Period, Vec<ContractNumber>> = BTreeMap::new();
    for question in questions {
        wanted.entry(question.period).or_default().push(question.contract.clone());
    }
    let mut grounds = BTreeMap::new();
    for (period, contracts) in wanted {
        let read = tx.grounds(&contracts, period).await?;
        grounds.extend(read.into_iter().map(|ground| ((ground.record.account.contract.clone(), period), ground)));
    }
    let billing = &house.config.billing;
    let mut asked = Vec::with_capacity(questions.len());
    for question in questions {
        let ground = grounds.remove(&(question.contract.clone(), question.period));
        let ground = ground.map(|ground| counting(ground, question, billing.eyes));
        let sanctions = sanctions(tx, question, ground.as_ref(), &prices, &billing.calendar, None).await?;
        asked.push((question.clone(), ground, sanctions, prices.clone()));
    }
    let own = debts_of_operator(house).contains(&DebtType::Distribution);
    let mut answers =
        ask_each(asked, move |(question, ground, sanctions, prices)| Ok(answer(&question, ground, sanctions, &prices, own)))
            .await;
    show_booked(tx, questions, &mut answers, &order).await?;
    for (question, answer) in questions.iter().zip(&mut answers) {
        // A correction re-rates its own period only; the one after it is corrected by itself.
        if let (Ok(Calculated::Bill(ready)), None) = (&*answer, &question.sanctions)
            && let Some(finding) = charged_later(tx, &ready.bill).await?
        {
            *answer = Ok(Calculated::Refused(vec![finding]));
        }
    }
    Ok(answers)
}

/// Adds to each bill what its account was charged and paid before, in two statements for all.
async fn show_booked(
    tx: &mut Tx,
    questions: &[Question],
    answers: &mut [std::result::Result<Calculated, Trouble>],
    order: &Arc<AllocationOrder>,
) -> Result<()> {
    let billed = questions.iter().zip(&*answers).filter(|(_, answer)| matches!(answer, Ok(Calculated::Bill(_))));
    let contracts: Vec<ContractNumber> = billed.map(|(question, _)| question.contract.clone()).collect();
    if contracts.is_empty() {
        return Ok(());
    }
    let booked = tx.booked(&contracts).await?;
    for (question, answer) in questions.iter().zip(answers) {
        if let Ok(Calculated::Bill(ready)) = answer {
            // An account may be asked about for several periods at once.
            ready.booked = booked.get(&question.contract).cloned().unwrap_or_default();
            ready.order = order.clone();
        }
    }
    Ok(())
}

/// Calculates one with what was known at an instant: what it would have come to then.
pub(crate) async fn calculate_known_at(
    house: &House,
    tx: &mut Tx,
    question: &Question,
    instant: DateTime<Utc>,
) -> Result<std::result::Result<Calculated, Trouble>> {
    let list = tx.price_list_known_at(instant).await?;
    let prices = PriceBook::new(list.tariffs, list.parameters, list.zone_hours);
    let ground = tx.ground_known_at(&question.contract, question.period, instant).await?;
    let ground = ground.map(|ground| counting(ground, question, house.config.billing.eyes));
    let calendar = &house.config.billing.calendar;
    let sanctions = sanctions(tx, question, ground.as_ref(), &prices, calendar, Some(instant)).await?;
    let asked = vec![(question.clone(), ground, sanctions)];
    let own = debts_of_operator(house).contains(&DebtType::Distribution);
    let mut answers =
        ask_each(asked, move |(question, ground, sanctions)| Ok(answer(&question, ground, sanctions, &prices, own))).await;
    Ok(answers.pop().unwrap_or(Ok(Calculated::UnknownAccount)))
}

/// With the confirmations that count: those that a second operator approved, where the configuration wants one.
fn counting(mut ground: Ground, question: &Question, eyes: Eyes) -> Ground {
    ground.confirmations.retain(|known| match eyes {
        Eyes::Two => true,
        Eyes::Four => known.approved_by.as_ref().is_some_and(|second| *second != known.operator),
    });
    ground.confirmations.extend(question.also.clone());
    ground
}

/// Penalty and the like of a question: those that stand, or what the ledger says.
async fn sanctions(
    tx: &mut Tx,
    question: &Question,
    ground: Option<&Ground>,
    prices: &std::result::Result<PriceBook, Vec<Finding>>,
    calendar: &Calendar,
    known: Option<DateTime<Utc>>,
) -> Result<Sanctioned> {
    match (&question.sanctions, ground, prices) {
        (Some(lines), ..) => Ok(Ok(Accrued { lines: lines.clone(), trace: Vec::new() })),
        (None, Some(ground), Ok(prices)) => sanction_lines(tx, &ground.record, question.period, prices, calendar, known).await,
        // Why nothing is calculated is told elsewhere.
        (None, ..) => Ok(Ok(Accrued::default())),
    }
}

/// Calculates one; for an operator who waits for the answer.
pub(crate) async fn calculate(
    house: &House,
    tx: &mut Tx,
    question: &Question,
) -> Result<std::result::Result<Calculated, Trouble>> {
    let mut answers = calculate_each(house, tx, std::slice::from_ref(question)).await?;
    Ok(answers.pop().unwrap_or(Ok(Calculated::UnknownAccount)))
}

fn answer(
    question: &Question,
    ground: Option<Ground>,
    sanctions: Sanctioned,
    prices: &std::result::Result<PriceBook, Vec<Finding>>,
    operator_documents: bool,
) -> Calculated {
    let Some(ground) = ground else { return Calculated::UnknownAccount };
    let account = &ground.record.account;
    let by_customer = matches!(question.asked, Asked::ByAct | Asked::ByCustomer);
    if by_customer && account.self_billing == SelfBilling::Forbidden {
        return Calculated::Refused(vec![Finding::error(Code::SelfBillingForbidden)]);
    }
    let terms = account.terms_on(question.period.last_day());
    if question.asked == Asked::ByAct && terms.calculation == oblik_domain::account::Calculation::OnRequest {
        return Calculated::Waits;
    }
    if question.asked == Asked::ByRun && !is_supplied(&ground.record, question.period) {
        return Calculated::NotSupplied;
    }
    let prices = match prices {
        Ok(prices) => prices,
        Err(findings) => return Calculated::Refused(findings.clone()),
    };
    let mut findings = Vec::new();
    let payment_days = prices.parameter_of_period(PAYMENT_DAYS, question.period).map_err(|finding| findings.push(finding));
    let accrued = sanctions.unwrap_or_else(|found| {
        findings.extend(found);
        Accrued::default()
    });
    let input = BillingInput {
        intervals: &ground.intervals,
        related: &ground.related,
        history: ground.history.get(ground.history.len().saturating_sub(PLAUSIBLE_MONTHS)..).unwrap_or_default(),
        confirmations: &ground.confirmations,
        missing: question.missing,
        operator_documents: question.operator_documents.unwrap_or(operator_documents),
        sanctions: &accrued.lines,
        sanction_steps: &accrued.trace,
        ..BillingInput::new(&ground.record, question.period, &ground.readings, prices)
    };
    match (compute(&input), payment_days) {
        (Ok(calculation), Ok(payment_days)) if findings.is_empty() => {
            let estimates = calculation.estimates(&input);
            let Calculation { bill, notes } = calculation;
            let Ground { record, history, .. } = ground;
            let (booked, order, parts) = (Booked::default(), Arc::default(), Vec::new());
            Calculated::Bill(Box::new(Ready { record, bill, notes, estimates, payment_days, history, booked, order, parts }))
        }
        (calculated, _) => {
            // What the calculation itself refuses comes first.
            let mut all = calculated.err().unwrap_or_default();
            all.append(&mut findings);
            Calculated::Refused(all)
        }
    }
}

/// Whether any point of the account is supplied on a day of the period.
fn is_supplied(record: &AccountRecord, period: Period) -> bool {
    let days = (period.first_day(), Some(days_after(period.last_day(), 1)));
    record.points.iter().any(|point| overlap((point.from, point.to), days))
}
