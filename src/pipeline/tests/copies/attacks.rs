//! What is no signed copy: changed, somebody else's, signed by who may not, or nothing of the kind.

use super::forms::signed_in;
use super::*;

const UBL: &[u8] =
    b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"/>";

/// The letter's first line, and the codes of the item.
async fn refused(world: &World, item: i64) -> (String, Vec<Code>) {
    let told = world.letters_about(item).await;
    let head = told.first().map(|(_, _, text)| text.chars().take(40).collect()).unwrap_or_default();
    (head, world.codes(item).await)
}

/// Replaces `from` by as many bytes, so that no offset moves.
fn replaced(pdf: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = pdf.windows(from.len()).position(|window| window == from).expect("what is replaced");
    [&pdf[..at], to, &pdf[at + to.len()..]].concat()
}

#[test]
fn what_is_not_the_issued_bytes_is_refused_and_says_what_to_do() {
    on_both(2, |world| async move {
        let (invoice, other, customer) = (world.issue(0).await, world.issue(1).await, &world.customers[0]);
        let changed = replaced(&invoice.pdf, b"%PDF-1.7\n", b"%PDF-1.6\n");
        // Another form field, saved as a further revision after the supplier's signature.
        let saved = signed_in(&world.customers[1], &invoice.pdf, "alien");
        let printed = printed(&world, &invoice).await;
        let pdf = |bytes: Vec<u8>| vec![File::pdf("rahunok.pdf", bytes)];
        let p7s = |content: &[u8]| File::p7s("rahunok.pdf.p7s", customer.sign_detached(content, clock()).unwrap());
        let cases: Vec<(&str, Vec<File>, Code)> = vec![
            ("bytes changed before signing inside", pdf(customer.sign_pdf(&changed, clock()).unwrap()), Code::SignatureTampered),
            ("bytes changed, signed beside", [pdf(changed.clone()), vec![p7s(&changed)]].concat(), Code::CopyNotExact),
            ("signed beside, then changed", [pdf(changed.clone()), vec![p7s(&invoice.pdf)]].concat(), Code::SignatureTampered),
            ("printed anew and signed", pdf(customer.sign_pdf(&printed, clock()).unwrap()), Code::CopyNotExact),
            ("signed, then one byte less", pdf(cut(&customer.sign_pdf(&invoice.pdf, clock()).unwrap())), Code::PdfBroken),
            ("a stranger's signature in it", pdf(saved), Code::ActSigner),
            ("as it was sent", pdf(invoice.pdf.clone()), Code::CopyNotSigned),
            ("a photograph", vec![File::jpeg("scan.jpg", vec![0xff; 40_000])], Code::CopyNotSigned),
            (
                "the XML signed",
                vec![File::xml("r.xml", UBL.to_vec()), File::p7s("r.xml.p7s", customer.sign_detached(UBL, clock()).unwrap())],
                Code::CopyOfXml,
            ),
        ];
        for (number, (label, files, code)) in cases.into_iter().enumerate() {
            let number = 10 + u64::try_from(number).unwrap();
            let post = Post::new(number, customer.email()).says("").to(&invoice.message_id).with(files);
            let item = post.send(&world).await;
            let (head, codes) = refused(&world, item).await;
            assert!(codes.contains(&code), "{label}: {codes:?}");
            if code == Code::ActSigner {
                assert!(head.starts_with("ДОКУМЕНТ НЕ ПРИЙНЯТО"), "{label}: {head}");
            } else {
                assert!(head.starts_with("ПІДПИСАНИЙ РАХУНОК НЕ ПРИЙНЯТО"), "{label}: {head} {codes:?}");
            }
            assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Awaited), "{label}");
        }
        assert!(world.signed_by(&invoice).await.is_empty() && world.signed_by(&other).await.is_empty());
    });
}

fn cut(pdf: &[u8]) -> Vec<u8> {
    pdf[..pdf.len() - 20].to_vec()
}

/// The same invoice on another file, as a printer to PDF makes one.
async fn printed(world: &World, invoice: &Issued) -> Vec<u8> {
    let stored = world.house.store.read().await.unwrap().invoice(invoice.id).await.unwrap();
    let template = &world.house.issuers.supplier.template;
    let setting = oblik_documents::Setting { template, stamp: None, attachments: &[] };
    world.house.typesetter.invoice_pdf(&stored.invoice, &setting).unwrap().pdf
}

#[test]
fn another_accounts_signer_countersigns_nothing_and_learns_nothing() {
    on_both(2, |world| async move {
        let (invoice, stranger, customer) = (world.issue(0).await, &world.customers[1], &world.customers[0]);
        for (number, file) in [
            (1, File::pdf("rahunok.pdf", stranger.sign_pdf(&invoice.pdf, clock()).unwrap())),
            (2, File::p7m("rahunok.pdf.p7m", stranger.sign_enclosing(&invoice.pdf, clock()).unwrap())),
        ] {
            let item = Post::new(number, stranger.email()).with(vec![file]).send(&world).await;
            assert_eq!(world.form_of(item).await.unwrap().1, ActState::Rejected);
            assert_eq!(world.codes(item).await, [Code::ActSigner]);
            // The account's own address hears of it, without what or who.
            let (to, _, text) = world.only_letter(item).await;
            assert_eq!(to, customer.email());
            let hidden = [invoice.number.as_str(), &stranger.identity.subject.common_name, &invoice.sha256];
            assert!(hidden.iter().all(|hidden| !text.contains(hidden)), "{text}");
        }
        // The signature of another account's signer alone names no document of the sender's.
        let p7s = File::p7s("rahunok.pdf.p7s", stranger.sign_detached(&invoice.pdf, clock()).unwrap());
        let item = Post::new(3, stranger.email()).with(vec![p7s]).send(&world).await;
        assert_eq!((world.form_of(item).await, world.codes(item).await), (None, vec![Code::MailSignatureAlone]));
        assert!(world.signed_by(&invoice).await.is_empty());
    });
}

#[test]
fn a_signer_whose_authority_ended_before_the_day_may_not_countersign() {
    on_both(2, |world| async move {
        let (today, yesterday) =
            (oblik_domain::period::kyiv_day(clock()), oblik_domain::period::kyiv_day(clock() - TimeDelta::days(1)));
        for (at, end, state) in [(0, today, ActState::Rejected), (1, today.succ_opt().unwrap(), ActState::Countersigned)] {
            let (invoice, customer) = (world.issue(at).await, &world.customers[at]);
            let mut tx = world.house.store.begin("test").await.unwrap();
            let mut record = tx.account_record(customer.contract()).await.unwrap().unwrap();
            record.signers.iter_mut().for_each(|signer| signer.to = Some(end));
            tx.put_account(&record, 1, clock()).await.unwrap();
            tx.commit().await.unwrap();
            assert!(yesterday < today);
            let files = vec![File::pdf("r.pdf", customer.sign_pdf(&invoice.pdf, clock()).unwrap())];
            let item = Post::new(7 + u64::try_from(at).unwrap(), customer.email()).with(files).send(&world).await;
            assert_eq!(world.form_of(item).await.unwrap().1, state, "{end}");
        }
    });
}

#[test]
fn an_act_and_an_invoice_in_one_mail_are_two_documents() {
    on_both(1, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        let xml = world.utility.act_xml(customer, world.utility.period);
        let files = vec![
            File::pdf("rahunok.pdf", customer.sign_pdf(&invoice.pdf, clock()).unwrap()),
            File::p7m("akt.xml.p7m", customer.sign_enclosing(&xml, clock()).unwrap()),
        ];
        let item = Post::new(1, customer.email()).with(files).send(&world).await;
        assert_eq!((world.form_of(item).await, world.codes(item).await), (None, vec![Code::MailSeveralActs]));
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Awaited));
    });
}

#[test]
fn who_signs_a_letter_that_says_no_does_not_sign_the_invoice_in_it() {
    on_both(2, |world| async move {
        for at in 0..2 {
            let (invoice, customer) = (world.issue(at).await, &world.customers[at]);
            let signer = customer.identity.signer().unwrap();
            let files = vec![File::pdf("rahunok.pdf", invoice.pdf.clone())];
            let post = Post::new(5 + u64::try_from(at).unwrap(), customer.email()).to(&invoice.message_id).with(files);
            let post = post.says("Доброго дня!\nНе погоджуюсь: показання з іншого приладу.");
            let draft = post.draft();
            let mail = if at == 0 { draft.smime_signed(&signer) } else { draft.smime_opaque(&signer) };
            let item = world.receive(&mail.unwrap()).await;
            assert!(world.signed_by(&invoice).await.is_empty());
            assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Disputed), "{at}");
            let (_, _, text) = world.only_letter(item).await;
            assert!(text.contains("ЗВЕРНЕННЯ № "), "{text}");
        }
    });
}
