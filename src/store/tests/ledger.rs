//! The ledger as stored, and invoices with their corrections.

use oblik_domain::ids::Edrpou;
use oblik_domain::invoice::{Invoice, InvoiceNumber, IssuerRole};
use oblik_domain::ledger::{Assignment, ChargeKind, DebtType, NewCharge, NewPayment, PaymentIntent};
use oblik_domain::money::Kopiykas;

use super::samples::*;
use super::*;

fn charge(kind: ChargeKind, debt: DebtType, amount: i64, due_on: &str) -> NewCharge {
    let (contract, period) = (contract(1), month("2026-10"));
    NewCharge { contract, debt, period, kind, amount: Kopiykas(amount), due_on: day(due_on), invoice: None }
}

#[test]
fn a_charge_is_booked_once_and_known_from_then_on() {
    on_both(|store| async move {
        put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let mut tx = store.begin("test").await.unwrap();
        let number = tx.next_invoice_number("ОЕ", 2026).await.unwrap();
        let invoiced = NewCharge { invoice: Some(number), ..charge(ChargeKind::Invoice, DebtType::Active, 1200, "2026-11-10") };
        let cases = [
            (charge(ChargeKind::Opening, DebtType::Active, -500, "2026-10-01"), true),
            (charge(ChargeKind::Opening, DebtType::Active, -600, "2026-10-02"), false),
            (charge(ChargeKind::Opening, DebtType::Reactive, 70, "2026-10-01"), true),
            (charge(ChargeKind::Planned, DebtType::Active, 300, "2026-10-05"), true),
            (charge(ChargeKind::Planned, DebtType::Active, 300, "2026-10-05"), false),
            (charge(ChargeKind::Planned, DebtType::Active, 300, "2026-10-15"), true),
            // What settles planned payments is no second planned payment.
            (charge(ChargeKind::Planned, DebtType::Active, -300, "2026-10-05"), true),
            (invoiced.clone(), true),
            (invoiced.clone(), false),
            (NewCharge { debt: DebtType::Reactive, ..invoiced.clone() }, true),
            // A write-off may come twice.
            (charge(ChargeKind::WriteOff, DebtType::Active, -1, "2026-10-05"), true),
            (charge(ChargeKind::WriteOff, DebtType::Active, -1, "2026-10-05"), true),
        ];
        let mut booked = 0;
        for (minute, (charge, new)) in (0..).zip(&cases) {
            let id = tx.put_charge(charge, now() + TimeDelta::minutes(minute)).await.unwrap();
            assert_eq!(id.is_some(), *new, "{charge:?}");
            booked += usize::from(*new);
        }
        let all = tx.charges(&contract(1), None).await.unwrap();
        assert_eq!(all.len(), booked);
        assert!(all.is_sorted_by_key(|charge| charge.id));
        let stored = all.iter().find(|charge| charge.kind == ChargeKind::Invoice).unwrap();
        assert_eq!((stored.amount, stored.debt, &stored.invoice), (Kopiykas(1200), DebtType::Active, &invoiced.invoice));
        assert_eq!((stored.due_on, stored.period), (day("2026-11-10"), month("2026-10")));
        assert_eq!(tx.charges(&contract(1), Some(now() + TimeDelta::minutes(2))).await.unwrap(), all[..2]);
        let planned = tx.charges_of_kind(&contract(1), month("2026-10"), ChargeKind::Planned).await.unwrap();
        assert_eq!(planned.iter().map(|charge| charge.amount.0).collect::<Vec<_>>(), [300, 300, -300]);
        assert!(tx.charges_of_kind(&contract(1), month("2026-11"), ChargeKind::Planned).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    });
}

fn payment(source: &str, reference: &str, amount: i64) -> NewPayment {
    NewPayment {
        source: source.to_owned(),
        reference: reference.to_owned(),
        amount: Kopiykas(amount),
        paid_on: day("2026-11-05"),
        payer: "ТОВ 1".to_owned(),
        payer_edrpou: Some(Edrpou::parse("00131512").unwrap()),
        purpose: "за активну е/е".to_owned(),
    }
}

fn assignment(payment: i64, of: u32, at: DateTime<Utc>, operator: Option<&str>) -> Assignment {
    let intent = PaymentIntent { debt: Some(DebtType::Active), period: Some(month("2026-10")), invoice: None };
    Assignment { payment, contract: contract(of), intent, assigned_at: at, operator: operator.map(str::to_owned) }
}

#[test]
fn a_payment_is_booked_once_and_belongs_to_whom_it_was_assigned_last() {
    on_both(|store| async move {
        put_accounts(&store, &[record(1, vec![point(1, 0, &[])]), record(2, vec![point(2, 1, &[])])]).await;
        let mut tx = store.begin("test").await.unwrap();
        let first = tx.put_payment(&payment("bank", "1", 100), now()).await.unwrap().unwrap();
        let second = tx.put_payment(&payment("bank", "2", 200), now()).await.unwrap().unwrap();
        assert_eq!(tx.put_payment(&payment("bank", "1", 999), now()).await.unwrap(), None, "the same line of a statement");
        let third = tx.put_payment(&payment("operator", "1", 300), now()).await.unwrap().unwrap();
        let stored = tx.payment(first).await.unwrap().unwrap();
        assert_eq!((stored.amount, stored.payer_edrpou.clone()), (Kopiykas(100), payment("", "", 1).payer_edrpou));
        assert_eq!(tx.payment_of_reference("bank", "1").await.unwrap(), Some(stored));
        assert_eq!(tx.payment_of_reference("post", "1").await.unwrap(), None);
        let ids = |payments: Vec<oblik_domain::ledger::Payment>| payments.iter().map(|payment| payment.id).collect::<Vec<_>>();
        assert_eq!(ids(tx.unassigned_payments(2).await.unwrap()), [first, second]);
        let (soon, late) = (now() + TimeDelta::minutes(1), now() + TimeDelta::minutes(2));
        tx.put_assignment(&assignment(first, 1, soon, None)).await.unwrap();
        tx.put_assignment(&assignment(second, 1, soon, None)).await.unwrap();
        tx.put_assignment(&assignment(first, 2, late, Some("olena"))).await.unwrap();
        assert_eq!(
            (ids(tx.unassigned_payments(10).await.unwrap()), tx.count_unassigned_payments().await.unwrap()),
            (vec![third], 1)
        );
        let of = async |tx: &mut Tx, number, known| -> Vec<i64> {
            let payments = tx.payments_of(&contract(number), known).await.unwrap();
            payments.iter().map(|(payment, _)| payment.id).collect()
        };
        for (known, of_one, of_two) in [
            (None, vec![second], vec![first]),
            (Some(late), vec![second], vec![first]),
            (Some(late - TimeDelta::microseconds(1)), vec![first, second], vec![]),
            (Some(soon - TimeDelta::microseconds(1)), vec![], vec![]),
        ] {
            assert_eq!((of(&mut tx, 1, known).await, of(&mut tx, 2, known).await), (of_one, of_two), "{known:?}");
        }
        // Said twice at one instant: what was said last counts.
        tx.put_assignment(&assignment(second, 2, late, Some("olena"))).await.unwrap();
        tx.put_assignment(&assignment(second, 1, late, Some("olena"))).await.unwrap();
        assert_eq!((of(&mut tx, 1, None).await, of(&mut tx, 2, None).await), (vec![second], vec![first]));
        let (_, newest) = tx.payments_of(&contract(2), None).await.unwrap().remove(0);
        assert_eq!(newest, assignment(first, 2, late, Some("olena")));
        assert_eq!(tx.assignments(first).await.unwrap(), [assignment(first, 1, soon, None), newest]);
        tx.commit().await.unwrap();
    });
}

#[test]
fn the_ledger_cannot_be_changed_even_by_sql() {
    on_both(|store| async move {
        put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let mut tx = store.begin("test").await.unwrap();
        tx.put_charge(&charge(ChargeKind::Opening, DebtType::Active, 5, "2026-10-01"), now()).await.unwrap();
        let id = tx.put_payment(&payment("bank", "1", 100), now()).await.unwrap().unwrap();
        tx.put_assignment(&assignment(id, 1, now(), None)).await.unwrap();
        tx.commit().await.unwrap();
        for sql in [
            "UPDATE charge SET amount = 1",
            "DELETE FROM charge",
            "UPDATE payment SET amount = 1",
            "DELETE FROM payment",
            "UPDATE payment_assignment SET contract = contract",
            "DELETE FROM payment_assignment",
            "UPDATE account_version SET record = '{}'",
            "UPDATE account_version SET known_at = 5",
            "DELETE FROM account_version",
            "INSERT INTO payment (source, reference, amount, paid_on, booked_at, payer, purpose) VALUES ('bank', '2', 0, '2026-10-01', 0, '', '')",
            "INSERT INTO charge (contract, debt, period, kind, amount, due_on, booked_at) VALUES ('270000001', 'gas', 24321, 'opening', 1, '2026-10-01', 0)",
        ] {
            let mut tx = store.begin("test").await.unwrap();
            assert!(tx.raw(sql).await.is_err(), "{sql} on {}", store.engine_name());
            tx.roll_back().await.unwrap();
        }
    });
}

#[test]
fn a_correction_is_the_next_revision_and_never_a_second_original() {
    on_both(|store| async move {
        let record = record(1, vec![point(1, 0, &[])]);
        put_accounts(&store, std::slice::from_ref(&record)).await;
        let mut drafted = Vec::new();
        for (corrects, fits) in [(true, false), (false, true), (false, false), (true, true), (true, true)] {
            let mut tx = store.begin("test").await.unwrap();
            let number = tx.next_invoice_number("ОЕ", 2026).await.unwrap();
            let original = if corrects { Some(drafted.first().unwrap_or(&number).clone()) } else { None };
            let invoice = invoice(&record, "2026-10", number.clone(), 600, original.as_ref());
            let put = tx.draft_invoice(&InvoiceDraft { act_id: None, companion_of: None, invoice: &invoice }, now()).await;
            match (corrects, put) {
                (_, Ok(_)) => {
                    assert!(fits);
                    tx.commit().await.unwrap();
                    drafted.push(number);
                }
                (true, Err(refused)) => {
                    assert!(!fits && matches!(refused, StoreError::Rows { .. }), "{refused:?}");
                    tx.roll_back().await.unwrap();
                }
                (false, Err(refused)) => {
                    assert!(!fits && matches!(refused, StoreError::AlreadyThere { .. }), "{refused:?}");
                    tx.roll_back().await.unwrap();
                }
            }
        }
        let mut tx = store.read().await.unwrap();
        let bills = tx.bills_of_period(&contract(1), month("2026-10")).await.unwrap();
        let seen: Vec<_> = bills.iter().map(|bill| (bill.number.clone(), bill.invoice.bill.correction.is_some())).collect();
        let expected: Vec<_> = drafted.iter().cloned().zip([false, true, true]).collect();
        assert_eq!(seen, expected, "the original, then its corrections");
        assert_eq!(tx.invoice_of_period(&contract(1), month("2026-10")).await.unwrap(), drafted.last().cloned());
        assert!(tx.bills_of_period(&contract(1), month("2026-11")).await.unwrap().is_empty());
        let billed = tx.billed_accounts(&[contract(1), contract(2)], month("2026-10")).await.unwrap();
        assert_eq!(billed.into_iter().collect::<Vec<_>>(), [(contract(1), bills[0].id)]);
    });
}

#[test]
fn a_document_beside_another_is_the_next_revision_once_an_issuer() {
    on_both(|store| async move {
        let record = record(1, vec![point(1, 0, &[])]);
        put_accounts(&store, std::slice::from_ref(&record)).await;
        let of_operator =
            |number: InvoiceNumber| Invoice { issuer: IssuerRole::Operator, ..invoice(&record, "2026-10", number, 120, None) };
        let mut tx = store.begin("test").await.unwrap();
        let number = tx.next_invoice_number("ОЕ", 2026).await.unwrap();
        let first = invoice(&record, "2026-10", number.clone(), 600, None);
        let id = tx.draft_invoice(&InvoiceDraft { act_id: None, companion_of: None, invoice: &first }, now()).await.unwrap();
        let operators = tx.next_invoice_number("ОР", 2026).await.unwrap();
        let beside = of_operator(operators.clone());
        let draft = InvoiceDraft { act_id: None, companion_of: Some(id), invoice: &beside };
        let second = tx.draft_invoice(&draft, now()).await.unwrap();
        tx.commit().await.unwrap();

        // One document of an issuer beside another, and none beside nothing.
        for beside in [id, second + 100] {
            let mut tx = store.begin("test").await.unwrap();
            let number = tx.next_invoice_number("ОР", 2026).await.unwrap();
            assert_eq!(number.running, 2, "what was not drafted leaves no hole");
            let invoice = of_operator(number);
            let draft = InvoiceDraft { act_id: None, companion_of: Some(beside), invoice: &invoice };
            assert!(tx.draft_invoice(&draft, now()).await.is_err(), "{beside} on {}", store.engine_name());
            tx.roll_back().await.unwrap();
        }
        for sql in ["UPDATE invoice SET issuer = 'supplier' WHERE issuer = 'operator'", "UPDATE invoice SET companion_of = NULL"]
        {
            let mut tx = store.begin("test").await.unwrap();
            assert!(tx.raw(sql).await.is_err(), "{sql} on {}", store.engine_name());
            tx.roll_back().await.unwrap();
        }

        let mut tx = store.begin("test").await.unwrap();
        let together = tx.invoices_beside(id).await.unwrap();
        let seen: Vec<_> = together.iter().map(|one| (one.id, one.companion_of, one.invoice.issuer)).collect();
        assert_eq!(seen, [(id, None, IssuerRole::Supplier), (second, Some(id), IssuerRole::Operator)]);
        assert_eq!(tx.invoice_of_period(&contract(1), month("2026-10")).await.unwrap(), Some(number));
        let billed = tx.billed_accounts(&[contract(1)], month("2026-10")).await.unwrap();
        assert_eq!(billed.into_values().collect::<Vec<_>>(), [id]);
        tx.put_invoice_document(second, b"page", Some(b"<Invoice/>"), now()).await.unwrap();
        tx.put_invoice_document(id, b"another", None, now()).await.unwrap();
        let (found, act) = tx.invoice_numbered("ОР", 2026, 1).await.unwrap().unwrap();
        assert_eq!((found.number, act), (operators, None));
        let ubl = crate::sha256_hex(b"<Invoice/>");
        assert_eq!((found.pdf_sha256, found.ubl_sha256), (Some(crate::sha256_hex(b"page")), Some(ubl)));
        assert_eq!(tx.invoices_beside(id).await.unwrap()[0].ubl_sha256, None);
        // By its id it is the same, whole.
        assert_eq!(
            [tx.invoice(id).await.unwrap(), tx.invoice(second).await.unwrap()].to_vec(),
            tx.invoices_beside(id).await.unwrap()
        );
        tx.commit().await.unwrap();
    });
}

#[test]
fn what_is_booked_of_many_is_what_is_booked_of_each() {
    on_both(|store| async move {
        let records = [record(1, vec![point(1, 0, &[])]), record(2, vec![point(2, 1, &[])]), record(3, vec![point(3, 2, &[])])];
        put_accounts(&store, &records).await;
        let mut tx = store.begin("test").await.unwrap();
        for (account, reference) in [(1, "1"), (2, "2"), (1, "3")] {
            let charge = NewCharge {
                contract: contract(account),
                debt: DebtType::Active,
                period: month("2026-10"),
                kind: ChargeKind::WriteOff,
                amount: Kopiykas(-5),
                due_on: day("2026-11-01"),
                invoice: None,
            };
            tx.put_charge(&charge, now()).await.unwrap();
            let payment = NewPayment {
                source: "bank".to_owned(),
                reference: reference.to_owned(),
                amount: Kopiykas(100),
                paid_on: day("2026-11-01"),
                payer: String::new(),
                payer_edrpou: None,
                purpose: String::new(),
            };
            let payment = tx.put_payment(&payment, now()).await.unwrap().unwrap();
            // Assigned to the third first: the newest word counts.
            for (minute, contract) in [(0, contract(3)), (1, contract(account))] {
                let (intent, assigned_at) = (PaymentIntent::default(), now() + TimeDelta::minutes(minute));
                tx.put_assignment(&Assignment { payment, contract, intent, assigned_at, operator: None }).await.unwrap();
            }
        }
        let all = tx.booked(&[contract(1), contract(2), contract(3)]).await.unwrap();
        assert_eq!(all.keys().cloned().collect::<Vec<_>>(), [contract(1), contract(2)]);
        for (contract, booked) in &all {
            assert_eq!(booked.charges, tx.charges(contract, None).await.unwrap());
            let (payments, assignments): (Vec<_>, Vec<_>) = tx.payments_of(contract, None).await.unwrap().into_iter().unzip();
            assert_eq!((&booked.payments, &booked.assignments), (&payments, &assignments));
        }
        assert_eq!(tx.booked(&[contract(2)]).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
    });
}
