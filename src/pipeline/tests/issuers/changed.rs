//! A configuration that changes between a draft, its document and its correction: nobody signs or bills in another's name.

use oblik_config::{Operator, OperatorBills};
use oblik_domain::ids::Edrpou;
use oblik_store::SignatureStatus;

use super::*;

impl World {
    /// The operator bills these from now on.
    fn operator_bills(&mut self, bills: &[OperatorBills]) {
        let issuing = self.house.issuers.operator.clone().unwrap();
        let mut config = (*self.house.config).clone();
        let (seller, invoice_series) = (issuing.seller, issuing.invoice_series);
        config.operator = Some(Operator { seller, invoice_series, signing: None, template: None, bills: bills.to_vec() });
        self.house.config = Arc::new(config);
    }

    /// The operator is another company, or none any more.
    fn operator_is(&mut self, edrpou: Option<&Edrpou>) {
        let mut issuers = (*self.house.issuers).clone();
        issuers.operator = edrpou.map(|edrpou| {
            let own = issuers.operator.clone().unwrap_or_else(|| issuers.supplier.clone());
            Issuing {
                seller: oblik_domain::invoice::Seller { edrpou: edrpou.clone(), ..own.seller.clone() },
                invoice_series: "ОР".to_owned(),
                ..own
            }
        });
        self.house.issuers = Arc::new(issuers);
    }

    async fn corrected(&self, customer: &Customer) -> BillPreview {
        correct_now(&self.house, customer.contract(), self.utility.period, "показання", "anna").await.unwrap()
    }
}

#[tokio::test]
async fn the_operator_bills_what_its_configuration_says_and_a_correction_stays_by_what_was_billed() {
    let mut world = World::with_operator(2, 2).await;
    let [one, two] = [world.customers[0].clone(), world.customers[1].clone()];
    for customer in [&one, &two] {
        world.totals(customer, 0).await;
    }
    world.operator_bills(&[OperatorBills::Reactive]);
    world.billed(&one).await;
    world.operator_bills(&[OperatorBills::Reactive, OperatorBills::Distribution]);
    world.billed(&two).await;
    let distribution = |documents: &[StoredInvoice]| {
        documents.iter().flat_map(|one| &one.invoice.bill.lines).filter(|line| line.kind == LineKind::Distribution).count()
    };
    assert_eq!(seen(&world.documents(&one).await), [(IssuerRole::Supplier, false)]);
    assert_eq!(distribution(&world.documents(&one).await), 0);
    assert_eq!(seen(&world.documents(&two).await), [(IssuerRole::Supplier, false), (IssuerRole::Operator, true)]);

    // Distribution that was never billed is not charged by a correction; what was billed stays the operator's.
    let same = world.corrected(&one).await;
    assert!(matches!(&same, BillPreview::Refused(findings) if findings[0].code == Code::NothingToCorrect), "{same:?}");
    world.operator_bills(&[OperatorBills::Reactive]);
    let same = world.corrected(&two).await;
    assert!(matches!(&same, BillPreview::Refused(findings) if findings[0].code == Code::NothingToCorrect), "{same:?}");
    world.totals(&two, 100_000).await;
    world.corrected(&two).await;
    let documents = world.documents(&two).await;
    assert_eq!(seen(&documents[2..]), [(IssuerRole::Supplier, false), (IssuerRole::Operator, true)]);
    assert!(distribution(&documents[3..]) > 0 && documents[3].total > Kopiykas::ZERO);
}

#[tokio::test]
async fn nobody_signs_or_corrects_for_an_issuer_that_left_the_configuration() {
    let mut world = World::with_operator(2, 1).await;
    let customer = world.customers[0].clone();
    let other = {
        let mut tx = world.house.store.read().await.unwrap();
        tx.account_record(world.customers[1].contract()).await.unwrap().unwrap().account.edrpou
    };
    world.operator_is(Some(&other));
    world.totals(&customer, 0).await;
    world.billed(&customer).await;
    world.operator_is(None);
    world.at(0).await;
    let states = |documents: &[StoredInvoice]| documents.iter().map(|one| one.state).collect::<Vec<_>>();
    assert_eq!(states(&world.documents(&customer).await), [InvoiceState::Issued, InvoiceState::Drafted]);
    world.totals(&customer, 100_000).await;
    let refused = world.corrected(&customer).await;
    assert!(matches!(&refused, BillPreview::Broken(cause) if cause.contains("[operator]")), "{refused:?}");
    assert_eq!(world.documents(&customer).await.len(), 2);
    // It is back: the document that waited leaves with the other, and is corrected under its own name.
    world.operator_is(Some(&other));
    world.at(3).await;
    assert_eq!(states(&world.documents(&customer).await), [InvoiceState::Issued; 2]);
    assert!(matches!(world.corrected(&customer).await, BillPreview::Bill(..)));
    let documents = world.documents(&customer).await;
    assert_eq!((documents[3].number.to_string(), &documents[3].invoice.seller.edrpou), ("ОР-2026-000002".to_owned(), &other));
}

#[tokio::test]
async fn payments_shown_add_up_to_what_the_standing_calls_paid() {
    let world = World::with_operator(1, 1).await;
    let customer = &world.customers[0];
    let payment = NewPayment {
        source: "bank".to_owned(),
        reference: "9".to_owned(),
        amount: Kopiykas(50_000_000_000),
        paid_on: "2026-09-15".parse().unwrap(),
        payer: "Mlyn".to_owned(),
        payer_edrpou: None,
        purpose: format!("дог. {}", customer.contract()),
    };
    enter_payment(&world.house, &payment).await.unwrap();
    world.totals(customer, 0).await;
    world.billed(customer).await;
    let documents = world.documents(customer).await;
    for document in &documents {
        let standing = document.invoice.standing.as_ref().unwrap();
        let shown: Kopiykas = standing.payments.iter().map(|part| part.amount).sum();
        assert_eq!(shown, standing.debts.iter().map(|row| row.paid).sum(), "{}", document.number);
        for row in &standing.debts {
            assert_eq!(row.opening + row.charged - row.paid, row.closing, "{} of {}", row.debt, document.number);
        }
        // An advance that covers all leaves nothing to pay, and never less than nothing.
        assert_eq!((document.invoice.prepaid, document.invoice.payable()), (document.total, Kopiykas::ZERO));
    }
}

#[tokio::test]
async fn a_document_beside_another_is_sent_with_it_and_is_found_by_the_same_mail() {
    let world = World::with_operator(1, 1).await;
    world.table.put(LISTS, world.lists());
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    let documents = world.documents(&world.customers[0]).await;
    let ids: Vec<i64> = documents.iter().map(|document| document.id).collect();
    let mut tx = world.house.store.begin("test").await.unwrap();
    assert_eq!(tx.invoices_of_item(item).await.unwrap(), ids);
    for id in &ids {
        assert_eq!(tx.signature_status(*id).await.unwrap(), SignatureStatus::Created);
    }
    let due = tx.claim_letters(oblik_domain::states::LetterState::Due, &world.house.lease(), 1000).await.unwrap();
    for letter in &due {
        tx.begin_attempt(letter, clock()).await.unwrap();
        tx.end_attempt(letter.id, "accepted", "250 ok", clock()).await.unwrap();
        let accepted = oblik_domain::states::LetterEvent::Accepted;
        tx.step_free(letter.id, oblik_domain::states::LetterState::Sending, accepted, clock()).await.unwrap();
    }
    for (id, document) in ids.iter().zip(&documents) {
        assert_eq!(tx.signature_status(*id).await.unwrap(), SignatureStatus::Sent, "{}", document.number);
        assert_eq!(tx.invoice(*id).await.unwrap(), *document);
    }
    tx.roll_back().await.unwrap();
}
