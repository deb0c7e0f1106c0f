//! Files made to exhaust a reader are refused early.

use std::io::{self, BufReader, Cursor, Read};

use oblik_domain::finding::{Code, Finding};
use oblik_edi::{ReadError, check, read_master_data, read_meter_file, read_reading_act};

/// A head, then a piece for ever, counting what was taken.
struct Endless {
    head: Cursor<Vec<u8>>,
    piece: Cursor<Vec<u8>>,
    taken: usize,
}

impl Endless {
    fn new(head: &str, piece: &str) -> Self {
        Self { head: Cursor::new(head.into()), piece: Cursor::new(piece.into()), taken: 0 }
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut read = self.head.read(out)?;
        if read == 0 {
            read = self.piece.read(out)?;
        }
        if read == 0 {
            self.piece.set_position(0);
            read = self.piece.read(out)?;
        }
        self.taken += read;
        assert!(self.taken < 200_000_000, "read on and on");
        Ok(read)
    }
}

const ROOT: &str = "<?xml version=\"1.0\"?><MeterReadings xmlns=\"urn:oblik:meter-readings:1\">";

#[test]
fn endless_markup_is_refused_after_little_was_read() {
    let deep: &str = "<Header>";
    let cases = [
        ("an attribute", format!("{ROOT}<Header a=\""), "a", Code::FileTooLarge),
        ("attributes", format!("{ROOT}<Header "), "a='' ", Code::FileTooLarge),
        ("a name", format!("{ROOT}<"), "a", Code::FileTooLarge),
        ("a text", format!("{ROOT}<Header><MessageId>"), "a", Code::FileTooLarge),
        ("a text in pieces", format!("{ROOT}<Header><MessageId>"), "a<!---->", Code::FileTooLarge),
        ("references", format!("{ROOT}<Header><MessageId>"), "&amp;", Code::FileTooLarge),
        ("a reference", format!("{ROOT}<Header><MessageId>&"), "a", Code::FileTooLarge),
        ("a comment", format!("{ROOT}<!--"), "a", Code::FileTooLarge),
        ("character data", format!("{ROOT}<Header><MessageId><![CDATA["), "a", Code::FileTooLarge),
        ("an instruction", format!("{ROOT}<?a "), "a", Code::FileTooLarge),
        ("white space", ROOT.to_owned(), " ", Code::FileTooLarge),
        ("white space before the root", String::new(), " ", Code::FileTooLarge),
        ("depth", ROOT.to_owned(), deep, Code::FileTooLarge),
        ("a document type", "<!DOCTYPE ".to_owned(), "a", Code::FileTooLarge),
        ("a declaration", "<?xml version='1.0' ".to_owned(), " ", Code::FileXml),
        ("an end tag", format!("{ROOT}</"), "a", Code::FileTooLarge),
    ];
    for (name, head, piece, code) in cases {
        let mut endless = Endless::new(&head, piece);
        let report = check(BufReader::new(&mut endless)).unwrap();
        let last = report.errors.last().unwrap();
        assert_eq!(last.code, code, "{name}: {last:?}");
        assert!(endless.taken < 600_000, "{name}: {} bytes were read", endless.taken);
    }
}

#[test]
fn an_endless_record_is_refused_at_its_bound() {
    let head = "<MasterData xmlns=\"urn:oblik:master-data:1\"><Header><MessageId>1</MessageId><Sender>1</Sender>\
        <CreatedAt>2026-01-01T00:00:00Z</CreatedAt><RecordCount>1</RecordCount></Header><Account>";
    let unknown = format!("<x{}/>", " ".repeat(200));
    for piece in ["<Email>a@b</Email>", &unknown, "a"] {
        let mut endless = Endless::new(head, piece);
        let Err(ReadError::Findings(findings)) = read_master_data(BufReader::new(&mut endless), &mut |_| {}) else {
            panic!("{piece} for ever is not good")
        };
        let told = |finding: &Finding| finding.code == Code::FileTooLarge;
        assert!(findings.iter().any(told), "{piece}: {:?}", findings.last());
        assert!(endless.taken < 20_000_000, "{piece}: {}", endless.taken);
    }
}

#[test]
fn a_document_type_is_refused_before_any_entity_is() {
    let laughs: Vec<String> = (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let cases = [
        format!("<!DOCTYPE a [<!ENTITY l0 \"lol\">{}]><a>&l9;</a>", laughs.concat()),
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>".to_owned(),
        "<!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\"><a/>".to_owned(),
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1/p\">%p;]><a/>".to_owned(),
        "<!doctype a><a/>".to_owned(),
    ];
    for bomb in cases {
        let report = check(bomb.as_bytes()).unwrap();
        assert_eq!((report.valid, report.errors.len(), report.errors[0].code), (false, 1, Code::FileXml), "{bomb}");
        let findings = read_reading_act(bomb.as_bytes()).unwrap_err();
        assert_eq!(findings[0].code, Code::ActXml);
        assert!(findings[0].value("detail").contains("DOCTYPE") || bomb.starts_with("<!doctype"), "{:?}", findings[0]);
    }
}

#[test]
fn hints_to_schemas_elsewhere_are_never_followed() {
    let act = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/reading-act-1.example.xml")).unwrap();
    let hint = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:oblik:reading-act:1 http://127.0.0.1/a.xsd\">";
    let hinted = act.replacen("reading-act:1\">", &format!("reading-act:1\"{hint}"), 1);
    assert_ne!(act, hinted);
    assert!(read_reading_act(hinted.as_bytes()).is_ok());
    let typed = hinted.replace("<Period>", "<Period xsi:type=\"xs:string\">");
    assert!(read_reading_act(typed.as_bytes()).is_err());
    let included =
        act.replace("<Period>", "<i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"/etc/passwd\"/><Period>");
    assert!(read_reading_act(included.as_bytes()).is_err());
}

#[test]
fn an_act_too_large_is_refused_unread() {
    let findings = read_reading_act(&vec![b' '; 5 * 1024 * 1024 + 1]).unwrap_err();
    assert_eq!(findings[0].code, Code::ActXml);
}

#[test]
fn a_reader_that_fails_is_not_the_files_fault() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    assert!(check(BufReader::new(Broken)).is_err());
    let half = Cursor::new(ROOT.as_bytes().to_vec()).chain(Broken);
    assert!(matches!(read_meter_file(BufReader::new(half), &mut |_| {}), Err(ReadError::Io(_))));
}
