//! Mails, against the reader of Python and the S/MIME of OpenSSL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oblik_mail::{Intent, Kind, Message, Signed, act_within, classify};
use oblik_sample::mail::{Client, Draft, File, in_maildir};
use serde_json::Value;

use crate::{now, run, utility};

const SUBJECT: &str = "Акт надання показань за жовтень 2026 року, договір 270000001, ТОВ «Хлібзавод Колосок»";
const TEXT: &str = "Доброго дня!\nНадсилаємо підписаний акт = показання за місяць.\n\nЗ повагою, Олена Коваленко";

fn draft(client: Client, files: Vec<File>) -> Draft<'static> {
    Draft {
        client,
        from_name: "Олена Коваленко",
        from: "energo@kolosok.example",
        to: "acts@supplier.example",
        subject: SUBJECT,
        text: TEXT,
        sent_at: now(),
        number: 7,
        authserv_id: Some("mx.supplier.example"),
        files,
        fields: Vec::new(),
    }
}

fn files() -> Vec<File> {
    let every: Vec<u8> = (0..=255).cycle().take(5000).collect();
    vec![
        File::pdf(
            "Акт показань жовтень 2026, дуже довга назва файлу з багатьма словами.pdf",
            [b"%PDF-1.7\n".as_slice(), &every].concat(),
        ),
        File::xml("akt 270000001.xml", b"<?xml version=\"1.0\"?>\n<a>\r\n</a>\n".to_vec()),
    ]
}

fn seen_by_python(mail: &[u8]) -> Option<Value> {
    let script = include_str!("reader.py");
    let (good, told) = run("python3", &["-c", script], Some(mail))?;
    assert!(good, "{told}");
    Some(serde_json::from_str(&told).unwrap())
}

#[test]
fn python_and_oblik_read_the_same_mail() {
    for client in Client::ALL {
        for mail in [draft(client, files()).compose(), in_maildir(&draft(client, files()).compose())] {
            let message = Message::parse(&mail).unwrap();
            assert_eq!((message.from.as_str(), message.subject.as_str()), ("energo@kolosok.example", SUBJECT), "{client:?}");
            assert!(message.fresh_text.contains("= показання за місяць"), "{client:?} {}", message.fresh_text);
            assert!(message.dmarc_pass("mx.supplier.example") && !message.dmarc_pass("mx.other.example"), "{client:?}");
            let named: Vec<_> = message.parts.iter().filter(|part| matches!(part.kind, Kind::Pdf { .. } | Kind::Xml)).collect();
            let Some(python) = seen_by_python(&mail) else { return };
            assert_eq!(python["defects"], serde_json::json!([]), "{client:?}");
            assert_eq!(python["subject"], SUBJECT, "{client:?}");
            assert_eq!(python["name"], "Олена Коваленко", "{client:?}");
            assert_eq!(python["text"], TEXT, "{client:?}");
            assert_eq!(named.len(), 2, "{client:?} {:?}", message.parts);
            for ((file, part), seen) in files().iter().zip(named).zip(python["files"].as_array().unwrap()) {
                assert_eq!((&part.name, &part.bytes), (&file.name, &file.bytes), "{client:?}");
                assert_eq!(seen[0], file.name, "{client:?}");
                assert_eq!(seen[2], STANDARD.encode(&file.bytes), "{client:?}");
            }
        }
    }
}

#[test]
fn no_line_is_longer_than_mail_allows() {
    for client in Client::ALL {
        let mail = draft(client, files()).compose();
        let longest = mail.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap();
        assert!(longest < 998, "{client:?}");
        assert!(!mail.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r'), "{client:?}");
    }
}

#[test]
fn openssl_holds_both_smime_forms_for_good() {
    let customer = utility().by_number(1).unwrap();
    let signer = customer.identity.signer().unwrap();
    let xml = utility().act_xml(customer, utility().period);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, utility().authority.root_pem()).unwrap();
    let at = now().timestamp().to_string();
    for client in Client::ALL {
        let draft = draft(client, vec![File::xml("akt.xml", xml.clone())]);
        for mail in [draft.smime_signed(&signer).unwrap(), draft.smime_opaque(&signer).unwrap()] {
            let Intent::Act(candidate) = classify(&Message::parse(&mail).unwrap(), &[]) else { panic!("{client:?}: no act") };
            assert!(matches!(candidate.signed, Signed::SmimeSigned { .. } | Signed::SmimeEnclosing(_)), "{client:?}");
            // From a file: of a pipe openssl 3.0 reads multipart/signed wrong.
            let file = folder.path().join("mail.eml");
            std::fs::write(&file, &mail).unwrap();
            let (file, root) = (file.to_str().unwrap(), root.to_str().unwrap());
            let arguments =
                ["cms", "-verify", "-purpose", "any", "-attime", &at, "-CAfile", root, "-inform", "SMIME", "-in", file];
            let Some((good, told)) = run("openssl", &arguments, None) else { return };
            assert!(good, "{client:?} {told}");
            let entity = told.replace("CMS Verification successful\n", "");
            assert_eq!(act_within(entity.as_bytes()).unwrap().bytes, xml, "{client:?}");
        }
    }
}
