//! Acts in encrypted mail and in forms of ours: what is repeated, what is quoted, what may be added to a form.

use super::*;

/// `mail` with all that is in it encrypted to `certificate`, by openssl; `None` when that is not installed.
pub(super) fn encrypted(folder: &Path, mail: &[u8], certificate: &str) -> Option<Vec<u8>> {
    let mail = String::from_utf8(mail.to_vec()).unwrap();
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(last) => last.extend(["\r\n", line]),
            None => fields.push(line.to_owned()),
        }
    }
    let (inner, outer): (Vec<String>, Vec<String>) =
        fields.into_iter().partition(|field| field.to_lowercase().starts_with("content-"));
    let [entity, recipient, sealed] = ["entity", "recipient.pem", "sealed"].map(|name| folder.join(name));
    std::fs::write(&entity, format!("{}\r\n\r\n{body}", inner.join("\r\n"))).unwrap();
    std::fs::write(&recipient, certificate).unwrap();
    let mut command = std::process::Command::new("openssl");
    command.args(["cms", "-encrypt", "-binary", "-aes256", "-in"]).arg(&entity).arg("-out").arg(&sealed);
    if !command.arg("-recip").arg(&recipient).status().is_ok_and(|status| status.success()) {
        println!("skipped: openssl is not installed");
        return None;
    }
    let sealed = std::fs::read_to_string(sealed).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
    let outer: Vec<String> = outer.into_iter().filter(|field| !field.to_lowercase().starts_with("mime-version")).collect();
    Some(format!("{}\r\n{sealed}", outer.join("\r\n")).into_bytes())
}

#[tokio::test]
async fn an_encrypted_act_is_repeated_with_the_key_and_its_inside_is_not_quoted() {
    let mut world = World::new(2).await;
    let seller = world.house.config.supplier.seller.clone();
    let ours = world.utility.supplier(&seller).unwrap();
    let key = oblik_signature::Decryptor::from_pkcs12(&ours.pkcs12("secret", &[9; 80]).unwrap(), "secret").unwrap();
    world.house.decryptors = Arc::new(vec![key]);
    world.table.put(LISTS, world.lists());
    // The same act in the open and sealed is one act, and its proof needs the key.
    let open = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    let Some(mail) = encrypted(world.folder.path(), &world.mail(&world.customers[0], 2), &ours.certificate_pem()) else { return };
    let receipt = take_message(&world.house, "mailbox:acts", "sealed", &mail).await.unwrap();
    let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
    world.at(1).await;
    assert_eq!((world.standing(open).await.1, world.standing(item).await.1), (ActState::Invoiced, ActState::Repeated));
    let act = world.act(item).await;
    let case = case_of(&world.house, act).await.unwrap().unwrap();
    assert_eq!(case.repeat(&world.house).unwrap().differences, Vec::<String>::new());
    assert_eq!(case.with_current(&world.house).await.unwrap().differences, Vec::<String>::new());
    let mut keyless = world.house.clone();
    keyless.decryptors = Arc::default();
    assert!(matches!(case.repeat(&keyless), Err(crate::Unrepeatable::Message)));
    // Somebody else's sealed act that fails, sent on by another customer: its signer is not named.
    let signer = world.customers[1].clone();
    world.utility.revoke_key(&signer);
    world.table.put(LISTS, world.lists());
    let by = world.customers[0].email().to_owned();
    let draft = world.mail_from(&world.customers[0], &signer, 3);
    let sealed = encrypted(world.folder.path(), &draft, &ours.certificate_pem()).unwrap();
    let name = &signer.identity.subject.common_name;
    for (label, mail, is_named) in [("in the open", draft, true), ("sealed again", sealed, false)] {
        set_clock(start() + TimeDelta::hours(13));
        let receipt = take_message(&world.house, "mailbox:acts", label, &mail).await.unwrap();
        let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
        world.at(13 * 60).await;
        assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Rejected, 1), "{label}");
        let mut tx = world.house.store.begin("test").await.unwrap();
        assert_eq!(tx.letters_of(item).await.unwrap()[0].recipient, by);
        let due = tx.claim_letters(LetterState::Due, &world.house.lease(), 64).await.unwrap();
        let bytes = tx.blob(&due.last().unwrap().work.blob_sha256).await.unwrap();
        tx.roll_back().await.unwrap();
        let message = oblik_mail::Message::parse(&bytes).unwrap();
        let text: String = message.fresh_text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.contains(name.as_str()), is_named, "{label}: {text}");
    }
}

#[tokio::test]
async fn a_form_that_is_only_signed_shows_what_it_was_issued_with() {
    let world = World::new(1).await;
    let (seller, customer) = (&world.house.config.supplier.seller, &world.customers[0]);
    let form = world.utility.act_pdf(&world.house.typesetter, seller, customer, world.utility.period).unwrap();
    let signed = customer.sign_pdf(&form, start()).unwrap();
    for pdf in [&form, &signed] {
        let end = oblik_signature::pdf::revision_ends(pdf)[0];
        assert_eq!(end, form.len());
        assert_eq!(oblik_signature::pdf::changes_since(pdf, end), []);
    }
}
