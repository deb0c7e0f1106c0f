//! РОЗРАХУВАТИ: who may start a calculation, and that it is made once.

use super::*;

#[tokio::test]
async fn who_may_asks_and_the_latest_period_is_billed_once() {
    let world = World::with_lists(2).await;
    let own = world.customers[0].email();
    let act = world.unbilled(0, 1).await;
    let contract = world.customers[0].contract();
    let asked = Mail::new(own, format!("[{contract}] {CALCULATE}")).take(&world, 2).await;
    assert_eq!((world.invoices_of(0).await, world.state(act).await), (1, Some(ActState::Invoiced)));
    // The invoice's letter is the answer, and it goes to the account's address.
    assert_eq!((world.letters(asked).await.len(), world.standing(act).await.0), (0, ItemState::Done));
    let events = world.house.store.read().await.unwrap().journal_links("item", &asked.to_string()).await.unwrap();
    assert!(!events.iter().any(|link| link.entry.event == "letter written"));
    // Asked again, in another mail and in the very same one.
    let again = Mail::new(own, CALCULATE).take(&world, 3).await;
    let (to, text) = world.letter(again).await;
    assert_eq!((to.as_str(), codes_in(&text)), (own, vec!["E7"]));
    assert_eq!(Mail::new(own, CALCULATE).take(&world, 3).await, again);
    assert_eq!((world.letters(again).await.len(), world.invoices_of(0).await), (1, 1));
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn an_account_on_request_waits_for_its_customers_word() {
    let world = World::with_lists(3).await;
    for at in 0..3 {
        world.change(at, on_request).await;
    }
    let own = [0, 1, 2].map(|at| world.customers[at].email());
    let act = Mail::new(own[0], "Акт").with(world.act_of(0)).take(&world, 1).await;
    assert_eq!((world.state(act).await, world.invoices_of(0).await), (Some(ActState::Unbilled), 0));
    let (to, text) = world.letter(act).await;
    let contract = world.customers[0].contract();
    assert_eq!((to.as_str(), codes_in(&text)), (own[0], vec![]));
    assert!(text.contains(&format!("«[{contract}] РОЗРАХУВАТИ»")), "{text}");
    // As the letter says.
    Mail::new(own[0], format!("[{contract}] РОЗРАХУВАТИ")).take(&world, 2).await;
    assert_eq!((world.state(act).await, world.invoices_of(0).await), (Some(ActState::Invoiced), 1));
    // The word may come with the act, and a trial asks for nothing.
    let trial = Mail::new(own[1], TRIAL).with(world.act_of(1)).take(&world, 3).await;
    assert!(world.letter(trial).await.1.contains("грн"));
    assert_eq!(world.invoices_of(1).await, 0);
    let both = Mail::new(own[1], CALCULATE).with(world.act_of(1)).take(&world, 4).await;
    assert_eq!((world.state(both).await, world.invoices_of(1).await), (Some(ActState::Invoiced), 1));
    // What is missing is told while it waits.
    let mut partial = world.utility.reading_act(&world.customers[2], world.utility.period);
    partial.rows.truncate(1);
    let files = signed(&world.customers[2], write_reading_act(&partial));
    let partial = Mail::new(own[2], "Акт").with(files).take(&world, 5).await;
    let (_, text) = world.letter(partial).await;
    assert_eq!(codes_in(&text), ["E6"]);
    assert!(text.contains("РОЗРАХУВАТИ"), "{text}");
}

#[tokio::test]
async fn two_that_ask_together_are_billed_once_and_both_answered() {
    let world = World::with_lists(1).await;
    let own = world.customers[0].email();
    let contract = world.customers[0].contract();
    world.unbilled(0, 1).await;
    let mut items = Vec::new();
    for number in [2, 3] {
        let mail = Mail::new(own, format!("[{contract}] {CALCULATE}"));
        let draft = Draft {
            client: Client::Gmail,
            from_name: "",
            from: mail.from,
            to: OUR_MAILBOX,
            subject: &mail.subject,
            text: "",
            sent_at: start(),
            number,
            authserv_id: Some(OUR_MX),
            files: Vec::new(),
            fields: Vec::new(),
        };
        let receipt = take_message(&world.house, "mailbox:acts", "a mail", &draft.compose()).await.unwrap();
        let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
        items.push(item);
    }
    for minutes in 0..4 {
        world.at(minutes).await;
    }
    let mut written = 0;
    for item in items {
        let mut tx = world.house.store.read().await.unwrap();
        assert_eq!(tx.item_state(item).await.unwrap(), ItemState::Done);
        written += tx.letters_of(item).await.unwrap().len();
    }
    assert_eq!((world.invoices_of(0).await, written), (1, 1));
}

#[tokio::test]
async fn who_may_not_ask_moves_nothing_and_learns_nothing() {
    let world = World::with_lists(3).await;
    let [own, other] = [0, 1].map(|at| world.customers[at].email());
    let contract = world.customers[0].contract();
    world.unbilled(0, 1).await;
    let stranger = Mail::new(STRANGER, format!("[{contract}] {CALCULATE}")).take(&world, 2).await;
    let forged = Mail { proven: false, ..Mail::new(own, CALCULATE) }.take(&world, 3).await;
    let machine = Mail { fields: vec![("Auto-Submitted", "auto-replied")], ..Mail::new(own, CALCULATE) }.take(&world, 4).await;
    for item in [stranger, forged, machine] {
        assert_eq!((world.letters(item).await.len(), world.standing_of(item).await), (0, ItemState::Done));
    }
    // Another's contract and one that does not exist are told the same.
    let theirs = Mail::new(other, format!("[{contract}] {CALCULATE}")).take(&world, 5).await;
    let nobodys = Mail::new(other, format!("[270999999] {CALCULATE}")).take(&world, 6).await;
    let [theirs, nobodys] = [world.letter(theirs).await, world.letter(nobodys).await];
    let but_digest = |text: &str| text.lines().filter(|line| !line.contains("SHA-256")).collect::<Vec<_>>().join("\n");
    let plain = |text: &str| text.split("(SHA-256)").next().unwrap_or_default().to_owned();
    assert_eq!((theirs.0.as_str(), nobodys.0.as_str()), (other, other));
    assert_eq!((but_digest(&plain(&theirs.1)), theirs.1.contains(contract.as_str())), (but_digest(&plain(&nobodys.1)), false));
    assert_eq!(world.invoices_of(0).await, 0);
}

#[tokio::test]
async fn one_address_of_several_accounts_must_say_which() {
    let world = World::with_lists(2).await;
    let own = world.customers[0].email().to_owned();
    let shared = own.clone();
    world.change(1, |record| record.account.emails.push(shared)).await;
    world.unbilled(0, 1).await;
    let unclear = Mail::new(&own, CALCULATE).take(&world, 2).await;
    let (_, text) = world.letter(unclear).await;
    for customer in &world.customers {
        assert!(!text.contains(customer.contract().as_str()), "{text}");
    }
    assert_eq!(world.invoices_of(0).await, 0);
    let clear = Mail::new(&own, format!("{CALCULATE} [{}]", world.customers[0].contract())).take(&world, 3).await;
    assert_eq!((world.letters(clear).await.len(), world.invoices_of(0).await, world.invoices_of(1).await), (0, 1, 0));
}

#[tokio::test]
async fn without_an_mx_of_our_own_an_address_starts_nothing() {
    let mut world = World::with_lists(1).await;
    let mut config = Config::clone(&world.house.config);
    config.mail.authserv_id = None;
    config.mail.unproven = oblik_config::Unproven::TechnicalStatus;
    world.house.config = Arc::new(config);
    world.unbilled(0, 1).await;
    let item = Mail::new(world.customers[0].email(), CALCULATE).take(&world, 2).await;
    let (_, text) = world.letter(item).await;
    assert_eq!((codes_in(&text), world.invoices_of(0).await), (vec!["MAIL-UNSIGNED"], 0));
    assert!(!text.contains(world.customers[0].contract().as_str()), "{text}");
}

#[tokio::test]
async fn a_word_that_waits_for_an_act_is_never_parked() {
    let world = World::with_lists(1).await;
    let own = world.customers[0].email();
    let act = world.take(&world.customers[0], 1).await;
    for station in ["classify", "verify", "register"] {
        crate::turn(&world.house, station).await.unwrap();
    }
    // Another daemon has the act to calculate, and is slow.
    let mut tx = world.house.store.begin("test").await.unwrap();
    assert_eq!(tx.claim_acts(ActState::Registered, &world.house.lease(), 64).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    let asked = Mail::new(own, CALCULATE).take(&world, 2).await;
    let state = async || world.house.store.read().await.unwrap().item_state(asked).await.unwrap();
    for seconds in [6, 12, 18, 24, 30, 36] {
        set_clock(start() + TimeDelta::seconds(seconds));
        run_until_idle(&world.house).await.unwrap();
        assert_eq!((state().await, world.state(act).await), (ItemState::Answerable, Some(ActState::Registered)), "{seconds}");
    }
    for minutes in [3, 4] {
        world.at(minutes).await;
    }
    assert_eq!(world.standing(act).await, (ItemState::Done, ActState::Invoiced, 1));
    assert_eq!((state().await, codes_in(&world.letter(asked).await.1)), (ItemState::Done, vec!["E7"]));
}
