//! Documents asked for again: the same bytes, to whom they may be told, and nothing to anybody else (RQ-F06).

use super::*;

/// The files of an item's only letter.
async fn files(world: &World, item: i64) -> Vec<(String, Vec<u8>)> {
    let mut tx = world.house.store.read().await.unwrap();
    let letters = tx.letters_of(item).await.unwrap();
    assert_eq!(letters.len(), 1);
    let message = Message::parse(&tx.blob(&letters[0].blob_sha256).await.unwrap()).unwrap();
    let files = message.parts.into_iter().filter(|part| part.name.starts_with("rahunok"));
    files.map(|part| (part.name, part.bytes)).collect()
}

#[tokio::test]
async fn a_document_asked_for_again_is_the_very_same_and_only_its_own_account_gets_it() {
    let world = World::with_lists(2).await;
    let own = world.customers[0].email();
    for (at, number) in [(0, 1), (1, 2)] {
        let mail = Mail::new(world.customers[at].email(), "Акт").with(world.act_of(at));
        mail.take(&world, number).await;
    }
    let mut issued = Vec::new();
    for customer in &world.customers {
        let mut tx = world.house.store.read().await.unwrap();
        issued.push(tx.invoices_of(customer.contract()).await.unwrap().remove(0));
    }
    let number = |at: usize| issued[at].number.to_string();
    for (subject, mail) in [format!("ДОКУМЕНТ {}", number(0)), "РАХУНОК".to_owned()].into_iter().zip(10..) {
        let item = Mail::new(own, &subject).take(&world, mail).await;
        let files = files(&world, item).await;
        assert_eq!(oblik_store::sha256_hex(&files[0].1), issued[0].pdf_sha256.clone().unwrap(), "{subject}");
        assert_eq!(world.letter(item).await.0, own);
    }
    // Another's number and nobody's are answered alike, with no file.
    let mut texts = Vec::new();
    for (asked, mail) in [number(1), "2026-999999".to_owned()].into_iter().zip(20..) {
        let item = Mail::new(own, format!("ДОКУМЕНТ {asked}")).take(&world, mail).await;
        assert_eq!(files(&world, item).await, []);
        let (to, text) = world.letter(item).await;
        assert!(to == own && !text.contains(&asked), "{text}");
        texts.push(text.split("(SHA-256)").next().unwrap_or_default().to_owned());
    }
    assert_eq!(texts[0], texts[1]);
    // Who is a stranger, is not proven or is a machine learns nothing at all.
    let subject = format!("ДОКУМЕНТ {}", number(0));
    let stranger = Mail::new(STRANGER, &subject).take(&world, 30).await;
    let forged = Mail { proven: false, ..Mail::new(own, &subject) }.take(&world, 31).await;
    let machine = Mail { fields: vec![("Auto-Submitted", "auto-replied")], ..Mail::new(own, &subject) }.take(&world, 32).await;
    for item in [stranger, forged, machine] {
        assert_eq!(world.letters(item).await.len(), 0);
    }
    // The word in an act's subject changes nothing of the act.
    let again = Mail::new(own, "РАХУНОК").with(world.act_of(0)).take(&world, 33).await;
    assert_eq!(world.state(again).await, Some(ActState::Repeated));
}
