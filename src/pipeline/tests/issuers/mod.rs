//! Documents by issuer: the operator's beside the supplier's, with numbers, letters and ledger of their own (RQ-F08).

use std::collections::BTreeMap;

use oblik_billing::MissingReadings;
use oblik_domain::account::{NetworkServices, PaymentScheme, PlannedPart, Terms};
use oblik_domain::bill::LineKind;
use oblik_domain::dated::Dated;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::invoice::IssuerRole;
use oblik_domain::ledger::{ChargeKind, DebtType, NewPayment};
use oblik_domain::metering::{Occasion, Quality, Reading};
use oblik_domain::money::Kopiykas;
use oblik_domain::states::InvoiceState;
use oblik_mail::Message;
use oblik_store::StoredInvoice;

mod changed;

use super::*;
use crate::{
    BillPreview, How, Issuers, Issuing, Planning, begin_run, bill_now, correct_now, enter_payment, hand_out, plan, statement,
    turn,
};

impl World {
    /// A house that issues the operator's documents too; `beside` customers pay the operator for distribution.
    async fn with_operator(customers: u32, beside: usize) -> Self {
        let mut world = Self::new(customers).await;
        let supplier = world.house.issuers.supplier.clone();
        let seller = oblik_domain::invoice::Seller { name: "АТ «Оператор»".to_owned(), ..supplier.seller.clone() };
        let operator = Issuing { seller, invoice_series: "ОР".to_owned(), ..supplier.clone() };
        let issuers = Issuers { supplier, operator: Some(operator), branches: BTreeMap::new(), template_troubles: Vec::new() };
        world.house.issuers = Arc::new(issuers);
        for customer in &world.customers[..beside] {
            world.terms(customer, Terms { network: NetworkServices::Operator, ..Terms::default() }).await;
        }
        world
    }

    async fn terms(&self, customer: &Customer, value: Terms) {
        let mut tx = self.house.store.begin("test").await.unwrap();
        let mut record = tx.account_record(customer.contract()).await.unwrap().unwrap();
        record.account.terms = vec![Dated { from: record.account.contract_date, to: None, value }];
        tx.put_account(&record, 1, self.house.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn totals(&self, customer: &Customer, above: i64) {
        let period = self.utility.period;
        let mut tx = self.house.store.begin("test").await.unwrap();
        for (register, total) in self.utility.totals(customer, period) {
            let (total, quality, occasion) = (RegisterTotal(total.0 + above), Quality::Actual, Occasion::PeriodEnd);
            let reading = Reading { register, period, read_on: period.last_day(), total, quality, occasion };
            tx.put_reading(&reading, 1, self.house.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn billed(&self, customer: &Customer) -> BillPreview {
        bill_now(&self.house, customer.contract(), self.utility.period, How::default(), "anna").await.unwrap()
    }

    async fn documents(&self, customer: &Customer) -> Vec<StoredInvoice> {
        self.house.store.read().await.unwrap().invoices_of(customer.contract()).await.unwrap()
    }
}

fn seen(documents: &[StoredInvoice]) -> Vec<(IssuerRole, bool)> {
    documents.iter().map(|one| (one.invoice.issuer, one.companion_of.is_some())).collect()
}

/// The names of the files in a letter, and its text.
async fn letter(world: &World, blob_sha256: &str) -> (Vec<String>, String) {
    let raw = world.house.store.read().await.unwrap().blob(blob_sha256).await.unwrap();
    let message = Message::parse(&raw).unwrap();
    let names = message.parts.iter().map(|part| part.name.clone()).filter(|name| name.starts_with("rahunok"));
    (names.collect(), message.fresh_text.clone())
}

#[tokio::test]
async fn an_act_is_answered_once_with_the_documents_of_both_issuers() {
    let world = World::with_operator(2, 1).await;
    world.table.put(LISTS, world.lists());
    let (both, one) = (world.take(&world.customers[0], 1).await, world.take(&world.customers[1], 2).await);
    world.at(0).await;
    for item in [both, one] {
        assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    }
    let documents = world.documents(&world.customers[0]).await;
    let (supplier, operator) = (&documents[0], &documents[1]);
    let series = &world.house.issuers.supplier.invoice_series;
    assert_eq!((supplier.number.series.as_str(), operator.number.to_string()), (series.as_str(), "ОР-2026-000001".to_owned()));
    assert_eq!(seen(&documents), [(IssuerRole::Supplier, false), (IssuerRole::Operator, true)]);
    assert!(documents.iter().all(|document| document.state == InvoiceState::Issued));
    // Distribution is the operator's alone, as a debt of its own, with its own requisites, number and key.
    let kinds =
        |document: &StoredInvoice| -> Vec<LineKind> { document.invoice.bill.lines.iter().map(|line| line.kind).collect() };
    assert!(kinds(operator).iter().all(|kind| *kind == LineKind::Distribution) && !kinds(operator).is_empty());
    assert_eq!(operator.invoice.bill.charges.iter().map(|charge| charge.debt).collect::<Vec<_>>(), [DebtType::Distribution]);
    assert!(!kinds(supplier).contains(&LineKind::Distribution) && kinds(supplier).contains(&LineKind::Supply));
    assert_eq!(operator.invoice.seller.name, "АТ «Оператор»");
    assert_ne!(operator.pdf_sha256, supplier.pdf_sha256);
    // Whom the supplier charges for the network gets one document, as ever.
    let alone = world.documents(&world.customers[1]).await;
    assert_eq!((alone.len(), kinds(&alone[0]).contains(&LineKind::Distribution)), (1, true));

    let mut tx = world.house.store.read().await.unwrap();
    let answers = tx.letters_of(both).await.unwrap();
    let act = tx.act_of_item(both).await.unwrap().unwrap().0;
    assert_eq!(tx.invoices_of_act(act).await.unwrap(), documents);
    let (_, of) = tx.invoice_numbered("ОР", 2026, 1).await.unwrap().unwrap();
    assert_eq!(of, Some(act), "the operator's document is the act's as well");
    drop(tx);
    let (names, text) = letter(&world, &answers[0].blob_sha256).await;
    assert_eq!(names.iter().filter(|name| name.contains(".pdf")).count(), 2, "{names:?}");
    for words in [operator.number.to_string(), supplier.number.to_string(), "У вкладенні".to_owned(), names[0].clone()]
    {
        assert!(text.contains(&words), "{words} in {text}");
    }
    // Handed out again it is the very same, and the journal says to whom.
    let handed = hand_out(&world.house, &operator.number, "anna").await.unwrap().unwrap();
    assert_eq!(Some(oblik_store::sha256_hex(&handed.files[0].1)), operator.pdf_sha256);
    assert_eq!(handed.files[0].0, "rahunok-osr-OR-2026-000001.pdf");
    let events = world.house.store.read().await.unwrap().journal_of("invoice", &operator.id.to_string()).await.unwrap();
    assert_eq!(events.last().unwrap().event, "invoice handed out");
}

#[tokio::test]
async fn the_act_is_settled_by_the_last_of_its_documents() {
    let world = World::with_operator(1, 1).await;
    world.table.put(LISTS, world.lists());
    let item = world.take(&world.customers[0], 1).await;
    for station in ["classify", "verify", "register", "bill"] {
        assert_eq!(turn(&world.house, station).await.unwrap().moved, 1, "{station}");
    }
    assert_eq!(world.standing(item).await.1, ActState::Billed);
    // Somebody else has the supplier's; the operator's alone settles nothing.
    let mut tx = world.house.store.begin("test").await.unwrap();
    let mut lost = world.house.lease();
    lost.owner = "another".to_owned();
    assert_eq!(tx.claim_drafts(&lost, 1).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(turn(&world.house, "issue").await.unwrap().moved, 1);
    let states: Vec<_> = world.documents(&world.customers[0]).await.iter().map(|document| document.state).collect();
    assert_eq!(states, [InvoiceState::Drafted, InvoiceState::Issued]);
    assert_eq!(world.standing(item).await, (ItemState::Acting, ActState::Billed, 0));
    world.at(3).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    assert_eq!(world.at(60).await, 0, "and nothing more is to do");
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn the_months_run_numbers_each_issuers_documents_without_holes() {
    let world = World::with_operator(12, 5).await;
    for customer in &world.customers {
        world.totals(customer, 0).await;
    }
    begin_run(&world.house, world.utility.period, MissingReadings::Refuse, "anna").await.unwrap();
    while turn(&world.house, "run").await.unwrap().moved > 0 {}
    run_until_idle(&world.house).await.unwrap();
    let all = world.house.store.read().await.unwrap().invoices_after(0).await.unwrap();
    assert!(all.iter().all(|invoice| invoice.state == InvoiceState::Issued));
    for (issuer, count) in [(IssuerRole::Supplier, 12), (IssuerRole::Operator, 5)] {
        let own = all.iter().filter(|invoice| invoice.invoice.issuer == issuer);
        let mut numbers: Vec<_> = own.map(|invoice| invoice.number.running).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{issuer}");
    }
    // A bill is drafted once, whoever asks again.
    for customer in [&world.customers[0], &world.customers[11]] {
        let BillPreview::Refused(findings) = world.billed(customer).await else { panic!() };
        let number = world.documents(customer).await[0].number.to_string();
        assert_eq!((findings[0].code, findings[0].value("invoice")), (Code::AlreadyBilled, number.as_str()));
    }
    let letters = world.house.store.read().await.unwrap().journal_of("invoice", &all[0].id.to_string()).await.unwrap();
    assert_eq!(letters.iter().filter(|entry| entry.event == "letter written").count(), 1);
}

#[tokio::test]
async fn a_period_is_corrected_by_issuer_and_each_counts_its_own_documents() {
    let world = World::with_operator(2, 1).await;
    let customer = &world.customers[0];
    world.totals(customer, 0).await;
    world.billed(customer).await;
    run_until_idle(&world.house).await.unwrap();
    for (number, above) in [(1, 100_000), (2, 250_000)] {
        let before = world.documents(customer).await;
        world.totals(customer, above).await;
        let corrected = correct_now(&world.house, customer.contract(), world.utility.period, "показання", "anna").await.unwrap();
        let BillPreview::Bill(whole, _) = corrected else { panic!("{corrected:?}") };
        run_until_idle(&world.house).await.unwrap();
        let after = world.documents(customer).await;
        assert_eq!(after.len(), before.len() + 2);
        let new = &after[before.len()..];
        assert_eq!(new.iter().map(|one| one.total).sum::<Kopiykas>(), whole.total);
        for (corrected, original) in new.iter().zip(&after[..2]) {
            let correction = corrected.invoice.bill.correction.clone().unwrap();
            assert_eq!((corrected.invoice.issuer, &correction.original), (original.invoice.issuer, &original.number));
            let so_far = before.iter().filter(|one| one.invoice.issuer == original.invoice.issuer);
            assert_eq!(correction.billed_total, so_far.map(|one| one.total).sum());
            assert_eq!(correction.rerated_total, correction.billed_total + corrected.total);
            assert_eq!((corrected.number.running, corrected.state), (number + 1, InvoiceState::Issued));
        }
        let again = correct_now(&world.house, customer.contract(), world.utility.period, "ще раз", "anna").await.unwrap();
        assert!(matches!(again, BillPreview::Refused(findings) if findings[0].code == Code::NothingToCorrect));
    }
    let told = statement(&world.house, customer.contract(), None, clock()).await.unwrap().unwrap().unwrap();
    let all: Kopiykas = world.documents(customer).await.iter().map(|one| one.total).sum();
    assert_eq!(told.statement.total.closing, all);
}

#[tokio::test]
async fn a_document_shows_how_the_account_stood_by_the_ledgers_own_statement() {
    let world = World::with_operator(2, 1).await;
    let period = world.utility.period;
    let customer = &world.customers[0];
    let parts = vec![PlannedPart { due_day: 10, percent: 50.into() }, PlannedPart { due_day: 20, percent: 50.into() }];
    let terms = Terms { network: NetworkServices::Operator, payment: PaymentScheme::Planned(parts), ..Terms::default() };
    world.terms(customer, terms).await;
    let planned = plan(&world.house, customer.contract(), period, Some(Kopiykas(100_000)), "anna").await.unwrap();
    assert!(matches!(planned, Planning::Planned { booked: 2, .. }), "{planned:?}");
    let pay = |reference: &str, amount, on: &str| NewPayment {
        source: "bank".to_owned(),
        reference: reference.to_owned(),
        amount: Kopiykas(amount),
        paid_on: on.parse().unwrap(),
        payer: "Mlyn".to_owned(),
        payer_edrpou: None,
        purpose: format!("за активну е/е за {:02}.{}, дог. {}", period.month(), period.year(), customer.contract()),
    };
    for (reference, amount, on) in [("17", 50_000, "2026-10-10"), ("18", 20_000, "2026-10-21")] {
        enter_payment(&world.house, &pay(reference, amount, on)).await.unwrap();
    }
    for customer in &world.customers {
        world.totals(customer, 0).await;
        world.billed(customer).await;
    }
    let documents = world.documents(customer).await;
    let from = Some(period.first_day());
    let told = statement(&world.house, customer.contract(), from, clock()).await.unwrap().unwrap().unwrap();
    let shown = || documents.iter().filter_map(|document| document.invoice.standing.as_ref());
    let mut rows: Vec<_> = shown().flat_map(|standing| &standing.debts).collect();
    rows.sort_by_key(|row| row.debt);
    let mut expected = told.statement.rows.clone();
    expected.sort_by_key(|(debt, _)| *debt);
    assert_eq!(rows.len(), expected.len());
    for (row, (debt, stated)) in rows.iter().zip(&expected) {
        assert_eq!((row.debt, row.opening, row.charged), (*debt, stated.opening, stated.charged));
        assert_eq!((row.paid, row.closing, row.overdue), (stated.paid, stated.closing, stated.overdue));
    }
    let payments: Vec<_> =
        shown().flat_map(|standing| &standing.payments).map(|one| (one.document.as_str(), one.amount.0)).collect();
    assert_eq!(payments, [("17", 50_000), ("18", 20_000)]);
    // What was planned and paid is taken off the invoice of its debt, and off no other.
    let [supplier, operator] = &documents[..] else { panic!() };
    assert_eq!((supplier.invoice.prepaid, operator.invoice.prepaid), (Kopiykas(70_000), Kopiykas::ZERO));
    assert_eq!(supplier.invoice.payable(), supplier.total - Kopiykas(70_000));
    assert_eq!(
        operator.invoice.standing.as_ref().unwrap().debts.iter().map(|row| row.debt).collect::<Vec<_>>(),
        [DebtType::Distribution]
    );
    // Who paid nothing owes all of it.
    let other = &world.documents(&world.customers[1]).await[0].invoice;
    assert_eq!((other.prepaid, other.standing.as_ref().unwrap().payments.len()), (Kopiykas::ZERO, 0));
    // More than the invoice comes to is never taken off it, and what takes off is not paid ahead.
    let mut tx = world.house.store.read().await.unwrap();
    let charges = tx.charges(customer.contract(), None).await.unwrap();
    assert_eq!(charges.iter().filter(|charge| charge.kind == ChargeKind::Invoice).count(), 2);
}
