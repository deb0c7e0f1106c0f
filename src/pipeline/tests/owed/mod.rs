//! What invoices charge, what payments pay, what operators say of both, and what delay costs.

mod stated;

use chrono::{Days, NaiveDate};
use oblik_domain::account::{PaymentScheme, PlannedPart, Sanctions, Terms};
use oblik_domain::bill::{Bill, LineKind};
use oblik_domain::calendar::days_after;
use oblik_domain::dated::Dated;
use oblik_domain::ids::Edrpou;
use oblik_domain::ledger::{ChargeKind, DebtType, NewPayment, PaymentIntent};
use oblik_domain::metering::{Occasion, Quality, Reading};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::tariff::Parameter;
use oblik_ledger::Why;
use oblik_store::StoredInvoice;

use super::*;
use crate::{
    Assigning, BillPreview, Booking, How, Planning, Registered, Told, Word, assign_payment, bill_now, book, correct_now,
    enter_payment, plan, statement, unassigned,
};

const ANNA: Word<'static> = Word { operator: "anna", reason: "letter 14" };

impl World {
    /// Bills a customer's period: its readings come, and an operator asks.
    pub(super) async fn billed_now(&self, customer: &Customer) -> Bill {
        let period = self.utility.period;
        let mut tx = self.house.store.begin("test").await.unwrap();
        for (register, total) in self.utility.totals(customer, period) {
            let (quality, occasion) = (Quality::Actual, Occasion::PeriodEnd);
            let reading = Reading { register, period, read_on: period.last_day(), total, quality, occasion };
            tx.put_reading(&reading, 1, self.house.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        match bill_now(&self.house, customer.contract(), period, How::default(), "anna").await.unwrap() {
            BillPreview::Bill(bill, _) => *bill,
            other => panic!("{other:?}"),
        }
    }

    async fn invoice_of(&self, customer: &Customer) -> StoredInvoice {
        self.house.store.read().await.unwrap().invoices_of(customer.contract()).await.unwrap().remove(0)
    }

    async fn told(&self, customer: &Customer, known_at: DateTime<Utc>) -> Told {
        statement(&self.house, customer.contract(), None, known_at).await.unwrap().unwrap().unwrap()
    }

    async fn closing(&self, customer: &Customer) -> Kopiykas {
        self.told(customer, self.house.now()).await.statement.total.closing
    }

    /// Changes an account's terms from the beginning.
    async fn agree(&self, customer: &Customer, terms: Terms) {
        let mut tx = self.house.store.begin("test").await.unwrap();
        let mut record = tx.account_record(customer.contract()).await.unwrap().unwrap();
        record.account.terms = vec![Dated { from: record.account.contract_date, to: None, value: terms }];
        tx.put_account(&record, 1, self.house.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn parameter(&self, name: &str, value: &str) {
        let from = "2020-01-01".parse().unwrap();
        let parameter = Parameter { name: name.to_owned(), value: value.parse().unwrap(), from, to: None };
        let mut tx = self.house.store.begin("test").await.unwrap();
        let mut list = tx.price_list().await.unwrap().parameters;
        list.push(parameter);
        tx.put_parameters(&list, self.house.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn owe(&self, customer: &Customer, amount: i64, due_on: &str) {
        let booking = Booking {
            contract: customer.contract().clone(),
            debt: DebtType::Active,
            period: Period::parse("2026-08").unwrap(),
            kind: ChargeKind::Opening,
            amount: Kopiykas(amount),
            due_on: Some(due_on.parse().unwrap()),
        };
        assert!(book(&self.house, &booking, ANNA).await.unwrap().is_some());
        assert_eq!(book(&self.house, &booking, ANNA).await.unwrap(), None);
    }
}

fn payment(reference: &str, amount: Kopiykas, paid_on: &str, purpose: &str) -> NewPayment {
    NewPayment {
        source: "operator".to_owned(),
        reference: reference.to_owned(),
        amount,
        paid_on: paid_on.parse().unwrap(),
        payer: "Mlyn".to_owned(),
        payer_edrpou: None,
        purpose: purpose.to_owned(),
    }
}

/// An hour later, so that what is booked next is known later.
fn later() -> DateTime<Utc> {
    let before = clock();
    set_clock(before + TimeDelta::hours(1));
    before
}

#[tokio::test]
async fn an_invoice_is_owed_until_the_purpose_it_asks_for_pays_it() {
    let world = World::new(2).await;
    let customer = &world.customers[0];
    let bill = world.billed_now(customer).await;
    let total = bill.total;
    assert!(total > Kopiykas::ZERO);
    assert_eq!(world.closing(customer).await, total);
    let invoice = world.invoice_of(customer).await;
    let open = world.told(customer, clock()).await.open;
    assert_eq!(
        (open[0].charge.invoice.as_ref(), open[0].charge.due_on, open[0].overdue_days),
        (Some(&invoice.number), invoice.invoice.due_on, 0)
    );

    let owed_at = later();
    let purpose = invoice.invoice.payment_purpose();
    let told = payment("B-1", total, "2026-11-02", &purpose);
    let registered = enter_payment(&world.house, &told).await.unwrap();
    let Registered::Assigned { payment: id, contract, intent } = registered else { panic!("{registered:?}") };
    assert_eq!(
        (&contract, intent.invoice, intent.debt),
        (customer.contract(), Some(invoice.number.clone()), Some(DebtType::Active))
    );
    assert_eq!(world.closing(customer).await, Kopiykas::ZERO);
    assert_eq!(world.closing(&world.customers[1]).await, Kopiykas::ZERO);

    // The same line of a statement is one payment; what was known before stays what was known.
    assert_eq!(enter_payment(&world.house, &told).await.unwrap(), Registered::Known { payment: id, differs: false });
    let other = NewPayment { amount: Kopiykas(1), ..told.clone() };
    assert_eq!(enter_payment(&world.house, &other).await.unwrap(), Registered::Known { payment: id, differs: true });
    let other = NewPayment { source: "bank".to_owned(), amount: Kopiykas(100), ..told };
    assert!(matches!(enter_payment(&world.house, &other).await.unwrap(), Registered::Assigned { .. }));
    assert_eq!(world.closing(customer).await, Kopiykas(-100));
    assert_eq!(world.told(customer, owed_at).await.statement.total.closing, total);
    let told = world.told(customer, clock()).await;
    assert_eq!((told.reports.len(), told.payments.len(), told.advances[0].amount), (2, 2, Kopiykas(100)));
    assert_eq!(told.reports.iter().flat_map(|report| &report.parts).map(|part| part.amount).sum::<Kopiykas>(), total);
}

#[tokio::test]
async fn a_payment_nobody_can_place_waits_and_an_operators_word_gives_it_away() {
    let world = World::new(3).await;
    let [one, other, _] = &world.customers[..] else { panic!() };
    let edrpou =
        { world.house.store.read().await.unwrap().account_record(one.contract()).await.unwrap().unwrap().account.edrpou };
    let mut told = payment("B-1", Kopiykas(5_000), "2026-11-01", "-");
    told.payer_edrpou = Some(edrpou);
    let registered = enter_payment(&world.house, &told).await.unwrap();
    let Registered::Waits { payment: id, unmatched } = registered else { panic!("{registered:?}") };
    assert_eq!((unmatched.why, unmatched.candidates.contains(one.contract())), (Why::NoContract, true));
    let two = format!("{} {}", one.contract(), other.contract());
    let registered = enter_payment(&world.house, &payment("B-2", Kopiykas(7), "2026-11-01", &two)).await.unwrap();
    assert!(matches!(registered, Registered::Waits { unmatched, .. } if unmatched.why == Why::SeveralContracts));
    let unknown =
        NewPayment { payer_edrpou: Edrpou::parse("99999999").ok(), ..payment("B-3", Kopiykas(7), "2026-11-01", "279999999") };
    let registered = enter_payment(&world.house, &unknown).await.unwrap();
    assert!(
        matches!(registered, Registered::Waits { unmatched, .. } if unmatched.why == Why::UnknownContract && unmatched.candidates.is_empty())
    );
    let waiting = unassigned(&world.house, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|(payment, _)| payment.reference.as_str()).collect::<Vec<_>>(), ["B-1", "B-2", "B-3"]);
    assert_eq!(world.closing(one).await, Kopiykas::ZERO);

    later();
    let intent = PaymentIntent { debt: Some(DebtType::Reactive), ..PaymentIntent::default() };
    let assign = async |customer: &Customer, intent: &PaymentIntent| {
        assign_payment(&world.house, id, customer.contract(), intent, ANNA).await.unwrap()
    };
    assert_eq!(assign(one, &intent).await, Assigning::Done);
    assert_eq!(assign(one, &intent).await, Assigning::Same);
    assert_eq!(world.closing(one).await, Kopiykas(-5_000));
    assert_eq!(unassigned(&world.house, 10).await.unwrap().len(), 2);

    // The newest word counts; what was known before it stays known.
    let of_one = later();
    assert_eq!(assign(other, &PaymentIntent::default()).await, Assigning::Done);
    assert_eq!((world.closing(one).await, world.closing(other).await), (Kopiykas::ZERO, Kopiykas(-5_000)));
    assert_eq!(world.told(one, of_one).await.statement.total.closing, Kopiykas(-5_000));
    assert_eq!(world.told(other, of_one).await.statement.total.closing, Kopiykas::ZERO);
    let nobody = assign_payment(&world.house, 999, one.contract(), &intent, ANNA).await.unwrap();
    let nowhere = assign_payment(&world.house, id, &"279999999".parse().unwrap(), &intent, ANNA).await.unwrap();
    assert_eq!((nobody, nowhere), (Assigning::UnknownPayment, Assigning::UnknownAccount));
    assert!(statement(&world.house, &"279999999".parse().unwrap(), None, clock()).await.unwrap().is_none());
    let mut tx = world.house.store.read().await.unwrap();
    let events: Vec<_> = tx.journal_of("payment", &id.to_string()).await.unwrap().into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, ["payment registered", "payment assigned", "payment assigned"]);
}

#[tokio::test]
async fn a_payment_that_cannot_be_is_not_registered() {
    let world = World::new(1).await;
    for (amount, paid_on, code) in [
        (0, "2026-11-02", Some(Code::OutOfRange)),
        (-1, "2026-11-02", Some(Code::OutOfRange)),
        (10_000_000_000_001, "2026-11-02", Some(Code::OutOfRange)),
        (100, "2026-11-03", Some(Code::DateImpossible)),
        (10_000_000_000_000, "2026-11-02", None),
    ] {
        let registered = enter_payment(&world.house, &payment(paid_on, Kopiykas(amount), paid_on, "")).await.unwrap();
        match (registered, code) {
            (Registered::Refused(finding), Some(code)) => assert_eq!(finding.code, code, "{amount} {paid_on}"),
            (Registered::Waits { .. }, None) => {}
            (registered, _) => panic!("{registered:?}"),
        }
    }
    assert_eq!(unassigned(&world.house, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_correction_is_booked_as_the_difference() {
    let world = World::new(1).await;
    let customer = &world.customers[0];
    let original = world.billed_now(customer).await;
    later();
    let (register, total) = world.utility.totals(customer, world.utility.period).into_iter().next().unwrap();
    let total = oblik_domain::energy::RegisterTotal(total.0 - 10_000);
    let period = world.utility.period;
    let reading =
        Reading { register, period, read_on: period.last_day(), total, quality: Quality::Actual, occasion: Occasion::PeriodEnd };
    let mut tx = world.house.store.begin("test").await.unwrap();
    tx.put_reading(&reading, 1, clock()).await.unwrap();
    tx.commit().await.unwrap();
    let corrected = correct_now(&world.house, customer.contract(), period, "misread", "anna").await.unwrap();
    let BillPreview::Bill(corrected, _) = corrected else { panic!("{corrected:?}") };
    assert!(corrected.total < Kopiykas::ZERO);
    assert_eq!(world.closing(customer).await, original.total + corrected.total);
    assert_eq!(world.closing(customer).await, corrected.correction.unwrap().rerated_total);
}

#[tokio::test]
async fn overdue_debt_brings_penalty_and_interest_into_the_bill() {
    let world = World::new(2).await;
    let customer = &world.customers[0];
    let sanctions = Sanctions { penalty: true, annual_interest: true, inflation: false };
    world.agree(customer, Terms { sanctions, ..Terms::default() }).await;
    world.owe(customer, 1_000_000, "2026-09-30").await;
    later();
    // 10 000.00 over the 31 days of October, without a rate of the National Bank.
    let asked = bill_now(&world.house, customer.contract(), world.utility.period, How::default(), "anna").await.unwrap();
    let BillPreview::Refused(findings) = asked else { panic!("{asked:?}") };
    let rates: Vec<_> = findings.iter().filter(|finding| finding.value("parameter") == "nbu-rate").collect();
    assert_eq!((rates.len(), rates[0].code, rates[0].value("day")), (1, Code::ParameterMissing, "2026-10-01"));
    world.parameter("nbu-rate", "15").await;
    later();
    let bill = world.billed_now(customer).await;
    let sanctioned: Vec<_> = bill.lines.iter().filter(|line| !line.vatable).map(|line| (line.kind, line.net.0)).collect();
    assert_eq!(sanctioned, [(LineKind::Penalty, 25_479), (LineKind::AnnualInterest, 2_548)]);
    let steps: Vec<_> =
        bill.trace.iter().filter(|step| step.rule.starts_with("R-PEN")).map(|step| step.formula.as_str()).collect();
    assert_eq!(steps, ["round2(10000.00 × 2 × 15 / 100 × 31 / 365)", "round2(10000.00 × 3 / 100 × 31 / 365)"]);
    let told = world.told(customer, clock()).await;
    let of = |debt: DebtType| told.statement.rows.iter().find(|(of, _)| *of == debt).map(|(_, row)| row.closing.0);
    assert_eq!((of(DebtType::Penalty), of(DebtType::AnnualInterest)), (Some(25_479), Some(2_548)));
    assert_eq!(told.statement.total.closing, bill.total + Kopiykas(1_000_000));
    // Who agreed to nothing of the kind owes nothing of the kind.
    assert!(world.billed_now(&world.customers[1]).await.lines.iter().all(|line| line.vatable));
}

#[tokio::test]
async fn planned_payments_are_booked_once_and_end_with_the_invoice() {
    let world = World::new(2).await;
    let customer = &world.customers[0];
    let part = |due_day, percent: &str| PlannedPart { due_day, percent: percent.parse().unwrap() };
    let payment = PaymentScheme::Planned(vec![part(10, "40"), part(30, "30"), part(31, "30")]);
    world.agree(customer, Terms { payment, ..Terms::default() }).await;
    let period = world.utility.period;
    let of = async |customer: &Customer, period, expected| {
        plan(&world.house, customer.contract(), period, expected, "anna").await.unwrap()
    };
    assert!(
        matches!(of(customer, period, None).await, Planning::Refused(finding) if finding.value("parameter") == "expected-sum")
    );
    assert!(matches!(of(&world.customers[1], period, Some(Kopiykas(1))).await, Planning::NothingToPlan));
    let planned = of(customer, period, Some(Kopiykas(100_001))).await;
    let Planning::Planned { instalments, booked } = planned else { panic!("{planned:?}") };
    let told: Vec<_> = instalments.iter().map(|one| (one.due_on.to_string(), one.amount.0)).collect();
    let expected = [("2026-10-10", 40_000), ("2026-10-30", 30_000), ("2026-10-31", 30_001)];
    assert_eq!((told, booked), (expected.map(|(day, sum)| (day.to_owned(), sum)).to_vec(), 3));
    assert!(matches!(of(customer, period, Some(Kopiykas(100_001))).await, Planning::Planned { booked: 0, .. }));
    assert_eq!(world.closing(customer).await, Kopiykas(100_001));

    let purpose = customer.contract().as_str().to_owned();
    let paid = enter_payment(&world.house, &self::payment("B-1", Kopiykas(60_000), "2026-11-01", &purpose)).await.unwrap();
    assert!(matches!(paid, Registered::Assigned { .. }));
    later();
    let bill = world.billed_now(customer).await;
    assert_eq!(world.closing(customer).await, bill.total - Kopiykas(60_000));
    let told = world.told(customer, clock()).await;
    assert!(told.open.iter().all(|open| open.charge.kind == ChargeKind::Invoice));
    assert!(
        matches!(of(customer, period, Some(Kopiykas(1))).await, Planning::Refused(finding) if finding.code == Code::AlreadyBilled)
    );
    // The month after is planned by what the last bill charged; in February the last two fall on one day and are one charge.
    let next = Period::from_ordinal(period.ordinal() + 1).unwrap();
    let Planning::Planned { instalments, .. } = of(customer, next, None).await else { panic!() };
    assert_eq!(
        instalments.iter().map(|one| one.amount).sum::<Kopiykas>(),
        bill.charges.first().map_or(bill.total, |charge| charge.total)
    );
    let february = of(customer, Period::parse("2027-02").unwrap(), Some(Kopiykas(1_000))).await;
    let Planning::Planned { instalments, booked } = february else { panic!() };
    assert_eq!((instalments.len(), booked), (3, 2));
    let due: NaiveDate = instalments[2].due_on;
    assert_eq!(due, days_after("2027-01-31".parse::<NaiveDate>().unwrap() + Days::new(1), 27));
}
