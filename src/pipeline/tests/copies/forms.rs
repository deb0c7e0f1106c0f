//! Every form in which a signed copy may come.

use std::process::Command;

use oblik_signature::judge_pdf;
use oblik_signature::pdf::PdfSigning;

use super::super::sealed::encrypted;
use super::*;

/// Fills or makes the field of a PDF with a customer's signature.
pub(super) fn signed_in(customer: &Customer, pdf: &[u8], field: &str) -> Vec<u8> {
    let signing = PdfSigning {
        name: customer.identity.subject.common_name.clone(),
        reason: String::new(),
        location: String::new(),
        signing_time: clock(),
        field_name: field.to_owned(),
        customer_field: None,
        place: None,
    };
    oblik_signature::pdf::sign(pdf, &customer.identity.signer().unwrap(), &signing).unwrap()
}

/// As a program that is not ours signs; `None` where it is not installed.
fn by_pyhanko(world: &World, customer: &Customer, pdf: &[u8], field: &str) -> Option<Vec<u8>> {
    if !Command::new("python3").args(["-c", "import pyhanko.cli"]).output().is_ok_and(|output| output.status.success()) {
        println!("skipped: pyHanko is not installed");
        return None;
    }
    let identity = &customer.identity;
    let [source, certificate, key, chain] = [
        ("in.pdf", pdf.to_vec()),
        ("cert.pem", identity.certificate_pem().into_bytes()),
        ("key.pem", identity.key_pem().into_bytes()),
        ("chain.pem", identity.chain_pem().into_bytes()),
    ]
    .map(|(name, bytes)| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    });
    let made = source.with_extension("signed.pdf");
    let mut command = Command::new("python3");
    command.args(["-m", "pyhanko", "sign", "addsig", "--field", field, "pemder", "--no-pass", "--key"]).arg(key);
    command.arg("--cert").arg(certificate).arg("--chain").arg(chain).arg(&source).arg(&made);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(std::fs::read(made).unwrap())
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

/// An archive whose entries are stored (APPNOTE.TXT 4.3).
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let (at, size) = (u32::try_from(out.len()).unwrap(), u32::try_from(bytes.len()).unwrap());
        let mut common = Vec::new();
        for half in [20_u16, 0, 0, 0, 0x5C21] {
            common.extend(half.to_le_bytes());
        }
        for whole in [crc32(bytes), size, size] {
            common.extend(whole.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(b"PK\x03\x04".iter().chain(&common).copied().chain(name.bytes()).chain(bytes.iter().copied()));
        directory.extend(b"PK\x01\x02".iter().copied().chain(20_u16.to_le_bytes()).chain(common));
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes().into_iter().chain(name.bytes()));
    }
    let (at, size) = (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0".iter().copied().chain(count).chain(count));
    out.extend(size.to_le_bytes().into_iter().chain(at.to_le_bytes()).chain([0, 0]));
    out
}

fn asic(customer: &Customer, pdf: &[u8]) -> Vec<u8> {
    let signature = customer.sign_detached(pdf, clock()).unwrap();
    zip(&[("mimetype", b"application/vnd.etsi.asic-s+zip"), ("rahunok.pdf", pdf), ("META-INF/signature.p7s", &signature)])
}

/// The mails, each by another customer: the form it is known as, and the bytes.
fn mails(world: &World, issued: &[Issued]) -> Vec<(&'static str, &'static str, usize, Vec<u8>)> {
    let of = |at: usize| (&world.customers[at], issued[at.min(10)].pdf.clone());
    let post = |at: usize, files| Post::new(u64::try_from(at).unwrap(), world.customers[at].email()).with(files);
    let p7s = |at: usize| File::p7s("rahunok.pdf.p7s", of(at).0.sign_detached(&of(at).1, clock()).unwrap());
    let pdf = |bytes: Vec<u8>| vec![File::pdf("rahunok.pdf", bytes)];
    let signer = |at: usize| of(at).0.identity.signer().unwrap();
    let mut mails = vec![
        ("our signer, the empty field", "pdf", 0, post(0, pdf(of(0).0.sign_pdf(&of(0).1, clock()).unwrap())).draft().compose()),
        ("our signer, a new field", "pdf", 1, post(1, pdf(signed_in(of(1).0, &of(1).1, "buhgalter"))).draft().compose()),
        ("a signature beside it", "detached", 2, post(2, [pdf(of(2).1), vec![p7s(2)]].concat()).draft().compose()),
        ("a signature alone", "alone", 3, post(3, vec![p7s(3)]).draft().compose()),
        ("an envelope", "enclosing", 4, {
            let enclosed = of(4).0.sign_enclosing(&of(4).1, clock()).unwrap();
            post(4, vec![File::p7m("rahunok.pdf.p7m", enclosed)]).draft().compose()
        }),
        ("a container", "asic", 5, post(5, vec![File::p7m("rahunok.asics", asic(of(5).0, &of(5).1))]).draft().compose()),
        ("a signed mail", "smime-around", 6, post(6, pdf(of(6).1)).draft().smime_signed(&signer(6)).unwrap()),
        ("an opaque signed mail", "smime-enclosing", 7, post(7, pdf(of(7).1)).draft().smime_opaque(&signer(7)).unwrap()),
        ("both inside and beside", "detached", 8, {
            let inside = of(8).0.sign_pdf(&of(8).1, clock()).unwrap();
            let beside = of(8).0.sign_detached(&inside, clock()).unwrap();
            post(8, [pdf(inside), vec![File::p7s("rahunok.pdf.p7s", beside)]].concat()).draft().compose()
        }),
    ];
    for (at, label, field) in [(9, "pyHanko, the empty field", "customer"), (11, "pyHanko, a new field", "1/20,20,120,60/New")] {
        if let Some(signed) = by_pyhanko(world, of(at).0, &of(at).1, field) {
            mails.push((label, "pdf", at, post(at, pdf(signed)).draft().compose()));
        }
    }
    mails
}

#[test]
fn a_signed_invoice_is_received_in_any_form() {
    // The eleventh is known by a certificate of before: he signs nothing here.
    on_both(12, |world| async move {
        let mut issued = Vec::new();
        for at in (0..10).chain([11]) {
            issued.push(world.issue(at).await);
        }
        world.deliver_all().await;
        for (label, form, at, mail) in mails(&world, &issued) {
            let (invoice, customer) = (&issued[at.min(10)], &world.customers[at]);
            assert_eq!(world.awaits(invoice).await, Some(CountersignState::Awaited), "{label}");
            assert_eq!(world.column(invoice).await, SignatureStatus::Sent, "{label}");
            let item = world.receive(&mail).await;
            let codes = world.codes(item).await;
            assert_eq!(world.form_of(item).await, Some((form.to_owned(), ActState::Countersigned)), "{label}: {codes:?}");
            assert_eq!(world.awaits(invoice).await, Some(CountersignState::Received), "{label}");
            assert_eq!(world.column(invoice).await, SignatureStatus::Received, "{label}");
            let signer = customer.identity.subject.common_name.clone();
            assert_eq!(world.signed_by(invoice).await, std::slice::from_ref(&signer), "{label}");
            // «Отримано» with the time of Kyiv, the digest of the document as issued, the signer and the certificate's serial.
            let (to, _, text) = world.only_letter(item).await;
            assert_eq!(to, customer.email(), "{label}");
            let serial =
                world.house.store.read().await.unwrap().countersignatures(invoice.id).await.unwrap()[0].signer_serial.clone();
            assert!(text.starts_with("ОТРИМАНО"), "{label}: {text}");
            for said in [invoice.number.as_str(), "02.11.2026 10:00:00", &invoice.sha256, &signer, &serial] {
                assert!(text.replace(' ', "").contains(&said.replace(' ', "")), "{label} says {said}: {text}");
            }
            // The verdict is repeated from what was stored.
            let case = case_of(&world.house, world.act(item).await).await.unwrap().unwrap();
            assert_eq!(case.repeat(&world.house).unwrap().differences, Vec::<String>::new(), "{label}");
        }
    });
}

#[tokio::test]
async fn an_invoice_in_an_encrypted_mail_is_received() {
    let mut world = World::new(1).await;
    let seller = world.house.config.supplier.seller.clone();
    let ours = world.utility.supplier(&seller).unwrap();
    let key = oblik_signature::Decryptor::from_pkcs12(&ours.pkcs12("secret", &[9; 80]).unwrap(), "secret").unwrap();
    world.house.decryptors = Arc::new(vec![key]);
    world.table.put(LISTS, world.lists());
    let (invoice, customer) = (world.issue(0).await, world.customers[0].clone());
    let files = vec![File::pdf("rahunok.pdf", customer.sign_pdf(&invoice.pdf, clock()).unwrap())];
    let mail = Post::new(1, customer.email()).with(files).draft().compose();
    let Some(sealed) = encrypted(world.folder.path(), &mail, &ours.certificate_pem()) else { return };
    let item = world.receive(&sealed).await;
    assert_eq!(world.form_of(item).await.unwrap().1, ActState::Countersigned, "{:?}", world.codes(item).await);
}

#[test]
fn the_same_signature_again_is_told_again_and_recorded_once() {
    on_both(1, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        let signed = customer.sign_pdf(&invoice.pdf, clock()).unwrap();
        let first = Post::new(1, customer.email()).with(vec![File::pdf("a.pdf", signed.clone())]).send(&world).await;
        set_clock(start() + TimeDelta::hours(1));
        let second = Post::new(2, customer.email()).with(vec![File::pdf("b.pdf", signed)]).send(&world).await;
        let p7s = File::p7s("a.pdf.p7s", customer.sign_detached(&invoice.pdf, clock()).unwrap());
        let third = Post::new(3, customer.email()).with(vec![p7s]).send(&world).await;
        let states = [first, second, third].map(|item| world.form_of(item));
        let states: Vec<_> = futures::future::join_all(states).await.into_iter().map(|form| form.unwrap().1).collect();
        assert_eq!(states, [ActState::Countersigned, ActState::Repeated, ActState::Repeated]);
        assert_eq!(world.signed_by(&invoice).await.len(), 1);
        for item in [second, third] {
            assert_eq!(world.codes(item).await, [Code::CopyAlreadyReceived]);
            let (_, _, text) = world.only_letter(item).await;
            // When it was first received stands beside this mail's own time.
            assert!(text.starts_with("ВЖЕ ОТРИМАНО") && text.contains("02.11.2026 10:00:00"), "{text}");
        }
    });
}

#[test]
fn a_second_signer_of_the_account_is_recorded_beside_the_first() {
    on_both(2, |world| async move {
        let (invoice, director) = (world.issue(0).await, world.customers[0].clone());
        let accountant = world.customers[1].clone();
        // The second customer's person may sign for the first account too.
        let mut tx = world.house.store.begin("test").await.unwrap();
        let mut record = tx.account_record(director.contract()).await.unwrap().unwrap();
        record.signers.extend(accountant.record.signers.clone());
        tx.put_account(&record, 1, clock()).await.unwrap();
        tx.commit().await.unwrap();
        let once = director.sign_pdf(&invoice.pdf, clock()).unwrap();
        let twice = signed_in(&accountant, &once, "buhgalter");
        let first = Post::new(1, director.email()).with(vec![File::pdf("a.pdf", once)]).send(&world).await;
        let second = Post::new(2, director.email()).with(vec![File::pdf("a.pdf", twice.clone())]).send(&world).await;
        for item in [first, second] {
            assert_eq!(world.form_of(item).await.unwrap().1, ActState::Countersigned, "{:?}", world.codes(item).await);
        }
        let names = [&director, &accountant].map(|one| one.identity.subject.common_name.clone());
        assert_eq!(world.signed_by(&invoice).await, names);
        let (_, _, text) = world.only_letter(second).await;
        assert!(names.iter().all(|name| text.contains(name.as_str())), "{text}");

        // Both stand in the eyes of our judge and of poppler's.
        let judged = judge_pdf(&twice, &Trust::clone(&world.house.trust), &Policy::embedded(), clock());
        assert_eq!(judged.signatures.len(), 3, "{:?}", judged.findings);
        let path = world.folder.path().join("twice.pdf");
        std::fs::write(&path, &twice).unwrap();
        match Command::new("pdfsig").arg("-nocert").arg(&path).output() {
            Ok(told) => {
                let told = String::from_utf8_lossy(&told.stdout).into_owned();
                assert_eq!(told.matches("Signature is Valid").count(), 3, "{told}");
            }
            Err(_) => println!("skipped: pdfsig is not installed"),
        }
    });
}

#[test]
fn two_signatures_in_one_file_count_together() {
    on_both(2, |world| async move {
        let (invoice, director, accountant) = (world.issue(0).await, &world.customers[0], &world.customers[1]);
        let mut tx = world.house.store.begin("test").await.unwrap();
        let mut record = tx.account_record(director.contract()).await.unwrap().unwrap();
        record.signers.extend(accountant.record.signers.clone());
        tx.put_account(&record, 1, clock()).await.unwrap();
        tx.commit().await.unwrap();
        let twice = signed_in(accountant, &director.sign_pdf(&invoice.pdf, clock()).unwrap(), "buhgalter");
        let item = Post::new(1, director.email()).with(vec![File::pdf("a.pdf", twice)]).send(&world).await;
        assert_eq!(world.form_of(item).await.unwrap().1, ActState::Countersigned, "{:?}", world.codes(item).await);
        assert_eq!(world.signed_by(&invoice).await.len(), 2);
    });
}
