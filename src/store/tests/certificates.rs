//! What was told of certificates, and drafts that wait for a key.

use super::samples::*;
use super::*;
use crate::{About, LetterClass, NewLetter, Purpose};

#[test]
fn the_end_of_a_certificate_is_told_once_and_its_letter_hangs_on_an_item_of_our_own() {
    on_both(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        for (sha256, days, news) in [("aa", 30, true), ("aa", 30, false), ("aa", 7, true), ("bb", 30, true), ("bb", 0, true)] {
            assert_eq!(tx.tell_certificate(sha256, days, now()).await.unwrap(), news, "{sha256} {days}");
        }
        let item = tx.add_own_item("house:certificates", "aa/30", b"{}", now()).await.unwrap();
        let letter = NewLetter {
            about: About::Item(item),
            purpose: Purpose::Notice,
            class: LetterClass::Notice,
            channel: "mail",
            recipient: "ops@example.com.ua",
            subject: "subject",
            message_id: "<1@example>",
            bytes: b"letter",
        };
        tx.write_letter(&letter, now()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.item_state(item).await.unwrap(), ItemState::Done);
        assert_eq!(tx.items_waiting().await.unwrap(), 0);
        assert_eq!(tx.letters_of(item).await.unwrap().len(), 1);
        tx.roll_back().await.unwrap();
    });
}

#[test]
fn a_draft_that_waits_for_a_key_wears_out_no_attempt() {
    on_both(|store| async move {
        put_accounts(&store, &[record(1, vec![point(1, 1, &[])])]).await;
        let mut tx = store.begin("test").await.unwrap();
        let number = tx.next_invoice_number("ОЕ", 2026).await.unwrap();
        let account = tx.account_record(&contract(1)).await.unwrap().unwrap();
        let invoice = invoice(&account, "2026-10", number, 600, None);
        tx.draft_invoice(&InvoiceDraft { act_id: None, companion_of: None, invoice: &invoice }, now()).await.unwrap();
        let late = tx.claim_drafts(&lease("one", now()), 64).await.unwrap();
        tx.let_draft_wait(&late[0], now()).await.unwrap();
        for _ in 0..10 {
            let claimed = tx.claim_drafts(&lease("one", now()), 64).await.unwrap();
            assert_eq!(claimed[0].attempt, 1);
            tx.let_draft_wait(&claimed[0], now()).await.unwrap();
        }
        assert!(matches!(tx.let_draft_wait(&late[0], now()).await, Err(StoreError::LeaseLost { .. })));
        tx.commit().await.unwrap();
    });
}
