//! When a customer is reminded, and when not.

use oblik_config::Countersigning;

use super::*;

/// Letters that remind of an invoice: to whom, and the text.
async fn reminders(world: &World) -> Vec<(String, String)> {
    let mut tx = world.house.store.begin("test").await.unwrap();
    let mut found = Vec::new();
    let due = tx.claim_letters(LetterState::Due, &world.house.lease(), 1000).await.unwrap();
    for letter in due.into_iter().filter(|letter| letter.work.channel == "mail") {
        let message = Message::parse(&tx.blob(&letter.work.blob_sha256).await.unwrap()).unwrap();
        if message.subject.contains("Нагадування") {
            found.push((letter.work.recipient, message.fresh_text));
        }
    }
    tx.roll_back().await.unwrap();
    found
}

async fn at(world: &World, moment: &str) -> usize {
    set_clock(moment.parse().unwrap());
    run_until_idle(&world.house).await.unwrap();
    reminders(world).await.len()
}

#[test]
fn who_does_not_sign_is_reminded_once_after_the_working_days_he_has() {
    on_both(1, |world| async move {
        // Issued on Monday 2 November 2026: five working days end with Monday the 9th, and Tuesday's morning comes.
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        world.deliver_all().await;
        assert_eq!(at(&world, "2026-11-10T06:59:59Z").await, 0);
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Awaited));
        assert_eq!(at(&world, "2026-11-10T07:00:00Z").await, 1);
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Reminded));
        let told = reminders(&world).await;
        assert_eq!(told[0].0, customer.email());
        assert!(told[0].1.contains(&invoice.number), "{}", told[0].1);
        world.deliver_all().await;
        assert_eq!(at(&world, "2027-01-10T07:00:00Z").await, 0);
        // A reply to the reminder is of the invoice, and a late signature is as good as any.
        let files = vec![File::pdf("r.pdf", customer.sign_pdf(&invoice.pdf, start()).unwrap())];
        set_clock("2026-11-10T08:00:00Z".parse().unwrap());
        let item = Post::new(3, customer.email()).with(files).send(&world).await;
        assert_eq!(world.form_of(item).await.unwrap().1, ActState::Countersigned, "{:?}", world.codes(item).await);
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Received));
    });
}

#[test]
fn who_signed_objected_or_has_no_signer_is_not_reminded() {
    on_both(3, |world| async move {
        let mut tx = world.house.store.begin("test").await.unwrap();
        let mut record = tx.account_record(world.customers[2].contract()).await.unwrap().unwrap();
        record
            .signers
            .iter_mut()
            .for_each(|signer| signer.to = Some(oblik_domain::period::kyiv_day(clock()).succ_opt().unwrap()));
        tx.put_account(&record, 1, clock()).await.unwrap();
        tx.commit().await.unwrap();
        let (signed, objected) = (world.issue(0).await, world.issue(1).await);
        let last_day = world.issue(2).await;
        assert_eq!(world.awaits(&last_day).await, Some(CountersignState::Awaited));
        let (first, second) = (&world.customers[0], &world.customers[1]);
        let files = vec![File::pdf("r.pdf", first.sign_pdf(&signed.pdf, clock()).unwrap())];
        Post::new(1, first.email()).with(files).send(&world).await;
        Post::new(2, second.email()).says("Не погоджуюсь").to(&objected.message_id).send(&world).await;
        world.deliver_all().await;
        assert_eq!(at(&world, "2026-11-20T07:00:00Z").await, 1, "only the third");
        // Once the objection is settled the term begins anew.
        let ticket = world.house.store.read().await.unwrap().waiting_tickets().await.unwrap()[0].id;
        assert_eq!(crate::close_ticket(&world.house, ticket, "explained", "anna").await.unwrap(), crate::Handled::Done);
        world.deliver_all().await;
        assert_eq!(world.awaits(&objected).await, Some(CountersignState::Awaited));
        assert_eq!(at(&world, "2026-11-30T06:59:59Z").await, 0);
        assert_eq!(at(&world, "2026-11-30T07:00:00Z").await, 1);
    });
}

#[test]
fn an_account_without_a_signer_of_the_day_is_not_asked_to_sign() {
    on_both(2, |world| async move {
        let today = oblik_domain::period::kyiv_day(clock());
        for (at, until, awaited) in [(0, today, None), (1, today.succ_opt().unwrap(), Some(CountersignState::Awaited))] {
            let customer = &world.customers[at];
            let mut tx = world.house.store.begin("test").await.unwrap();
            let mut record = tx.account_record(customer.contract()).await.unwrap().unwrap();
            record.signers.iter_mut().for_each(|signer| signer.to = Some(until));
            tx.put_account(&record, 1, clock()).await.unwrap();
            tx.commit().await.unwrap();
            // Billed by the operator: nobody's act is needed.
            world.billed_now(customer).await;
            run_until_idle(&world.house).await.unwrap();
            let mut tx = world.house.store.read().await.unwrap();
            let id = tx.invoices_of(customer.contract()).await.unwrap()[0].id;
            assert_eq!(tx.countersigning(id).await.unwrap().map(|(_, state)| state), awaited, "{until}");
        }
    });
}

#[test]
fn nobody_is_reminded_of_what_did_not_reach_him_or_when_nobody_is_to_be() {
    on_both(1, |mut world| async move {
        let invoice = world.issue(0).await;
        // Its letter is not delivered: looked at again a day later, and for as long as it takes.
        for day in 10..16 {
            assert_eq!(at(&world, &format!("2026-11-{day}T07:00:00Z")).await, 0);
        }
        world.deliver_all().await;
        assert_eq!(at(&world, "2026-11-16T07:00:00Z").await, 1);
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Reminded));
        let mut config = Config::clone(&world.house.config);
        config.countersigning = Countersigning { days: 0 };
        world.house.config = Arc::new(config);
        assert_eq!(crate::countersign::missed_from(&world.house, clock()), None);
    });
}
