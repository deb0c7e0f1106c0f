//! ZIP archives made by hand, so that they can lie: what two readers could read in two ways is refused.

use std::io::Write as _;
use std::time::Instant;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use oblik_domain::finding::Code;
use oblik_signature::{Judged, judge_asic};
use proptest::prelude::*;

use crate::common::{CONTENT, PASSED, detail, moment, pki, policy, shown, signer, trust};

const ASIC_S: &[u8] = b"application/vnd.etsi.asic-s+zip";

/// One entry with everything its two headers say.
#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    data: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    size: u32,
    extra: Vec<u8>,
    local_extra: Vec<u8>,
    mode: u32,
    /// Sizes in the local header, when they differ.
    local: Option<(u32, u32, u32)>,
    after: Vec<u8>,
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn entry(name: impl AsRef<[u8]>, content: &[u8]) -> Entry {
    Entry {
        name: name.as_ref().to_vec(),
        data: content.to_vec(),
        flags: 1 << 11,
        method: 0,
        crc: crc(content),
        size: u32::try_from(content.len()).unwrap(),
        extra: Vec::new(),
        local_extra: Vec::new(),
        mode: 0,
        local: None,
        after: Vec::new(),
    }
}

fn deflated(name: &str, content: &[u8]) -> Entry {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    Entry { data: encoder.finish().unwrap(), method: 8, ..entry(name, content) }
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap().to_le_bytes()
}

fn archive(entries: &[Entry], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = u32::try_from(out.len()).unwrap();
        let compressed = u32::try_from(entry.data.len()).unwrap();
        let (crc, told, size) = entry.local.unwrap_or((entry.crc, compressed, entry.size));
        let common = [[20, 0], entry.flags.to_le_bytes(), entry.method.to_le_bytes(), [1, 2], [3, 4]].concat();
        out.extend([b"PK\x03\x04".as_slice(), &common, &crc.to_le_bytes(), &told.to_le_bytes(), &size.to_le_bytes()].concat());
        out.extend([length(&entry.name), length(&entry.local_extra)].concat());
        out.extend([entry.name.as_slice(), &entry.local_extra, &entry.data, &entry.after].concat());
        directory.extend([b"PK\x01\x02\x14\x03".as_slice(), &common, &entry.crc.to_le_bytes()].concat());
        directory.extend([compressed.to_le_bytes(), entry.size.to_le_bytes()].concat());
        directory.extend([length(&entry.name), length(&entry.extra), [0, 0], [0, 0], [0, 0]].concat());
        directory.extend([(entry.mode << 16).to_le_bytes(), offset.to_le_bytes()].concat());
        directory.extend([entry.name.as_slice(), &entry.extra].concat());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let (start, size) = (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    out.extend(directory);
    out.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size.to_le_bytes(), &start.to_le_bytes()].concat());
    out.extend(length(comment));
    out.extend(comment);
    out
}

fn simple() -> Vec<Entry> {
    let signature = signer(&pki().p256).sign_cms_detached(CONTENT, moment()).unwrap();
    vec![entry("mimetype", ASIC_S), deflated("акт.xml", CONTENT), deflated("META-INF/signature.p7s", &signature)]
}

fn judge(container: &[u8]) -> Judged {
    judge_asic(container, &trust(), &policy(), moment())
}

fn refused(what: &str, container: &[u8], code: Code) {
    let judged = judge(container);
    assert!(judged.signed.is_none(), "{what} passed");
    assert!(judged.all_findings().any(|finding| finding.code == code), "{what}: {}\n{}", shown(&judged), detail(&judged));
}

#[test]
fn what_is_written_plainly_is_read() {
    let descriptor = |mark: &[u8], entry: &Entry| {
        let sizes = [entry.crc, u32::try_from(entry.data.len()).unwrap(), entry.size].map(u32::to_le_bytes).concat();
        [mark, &sizes].concat()
    };
    let change = |edit: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = simple();
        edit(&mut entries);
        archive(&entries, b"")
    };
    let streamed = |mark: &'static [u8]| {
        change(&|entries| {
            entries[1].after = descriptor(mark, &entries[1]);
            entries[1].flags |= 8;
            entries[1].local = Some((0, 0, 0));
        })
    };
    for (what, container) in [
        ("as it is", change(&|_| {})),
        ("the media type in the comment", archive(&simple(), &[b"mimetype=", ASIC_S].concat())),
        ("no mimetype", change(&|entries| drop(entries.remove(0)))),
        ("no mimetype and a comment", archive(&simple()[1..], &[b"mimetype=", ASIC_S].concat())),
        ("the media type of the file", change(&|entries| entries[0] = entry("mimetype", b"text/xml"))),
        ("a line end after it", change(&|entries| entries[0] = entry("mimetype", &[ASIC_S, b"\n"].concat()))),
        ("sizes after the data", streamed(b"PK\x07\x08")),
        ("sizes after the data, without a mark", streamed(b"")),
        ("a folder", change(&|entries| entries.push(Entry { mode: 0o040_755, ..entry("META-INF/", b"") }))),
        ("a regular file", change(&|entries| entries[1].mode = 0o100_644)),
        ("times in an extra field", change(&|entries| entries[1].extra = b"UT\x05\x00\x01abcd".to_vec())),
    ] {
        let judged = judge(&container);
        assert_eq!(shown(&judged), PASSED, "{what}\n{}", detail(&judged));
        assert_eq!(judged.signed.unwrap().bytes(), CONTENT, "{what}");
        assert_eq!((judged.documents.len(), judged.documents[0].name.as_str()), (1, "акт.xml"));
    }
}

#[test]
fn an_archive_that_can_be_read_in_two_ways_is_refused() {
    type Edit = fn(&mut Vec<Entry>);
    let edits: [(&str, Edit); 33] = [
        ("two files of one name", |e| e.insert(2, entry("акт.xml", b"other"))),
        ("names that differ in case", |e| e.insert(2, entry("АКТ.xml", b"other"))),
        ("names that differ in Unicode form", |e| {
            e[1] = deflated("й.xml", CONTENT);
            e.insert(2, entry("и\u{306}.xml", b"other"));
        }),
        ("a second signature in capitals", |e| e.push(entry("META-INF/SIGNATURE.P7S", b"other"))),
        ("a file and a folder", |e| e.insert(2, entry("акт.xml/x", b"other"))),
        ("an absolute name", |e| e[1].name = b"/act.xml".to_vec()),
        ("a name that goes upwards", |e| e[1].name = b"a/../act.xml".to_vec()),
        ("a name of this folder", |e| e[1].name = b"./act.xml".to_vec()),
        ("an empty part", |e| e[1].name = b"a//act.xml".to_vec()),
        ("a backslash", |e| e[1].name = b"a\\act.xml".to_vec()),
        ("a drive", |e| e[1].name = b"C:act.xml".to_vec()),
        ("a line end in a name", |e| e[1].name = b"act\n.xml".to_vec()),
        ("a zero in a name", |e| e[1].name = b"act.xml\0.pdf".to_vec()),
        ("a direction in a name", |e| e[1].name = "act\u{202e}fdp.xml".as_bytes().to_vec()),
        ("an invisible character in a name", |e| e[1].name = "act\u{200b}.xml".as_bytes().to_vec()),
        ("a name in another charset", |e| e[1].name = b"\x80\xaa\xe2.xml".to_vec()),
        ("no name", |e| e[1].name = Vec::new()),
        ("a link", |e| e[1].mode = 0o120_777),
        ("a device", |e| e[1].mode = 0o020_777),
        ("encryption", |e| e[1].flags |= 1),
        ("masked headers", |e| e[1].flags |= 1 << 13),
        ("an unknown method", |e| e[1].method = 12),
        ("ZIP64 in the directory", |e| e[1].extra = b"\x01\x00\x08\x0012345678".to_vec()),
        ("ZIP64 in the entry", |e| e[1].local_extra = b"\x01\x00\x08\x0012345678".to_vec()),
        ("a second name", |e| e[1].extra = b"\x75\x70\x06\x00\x01abcdx".to_vec()),
        ("an extra field cut short", |e| e[1].extra = b"UT\x05\x00\x01abc".to_vec()),
        ("bytes between entries", |e| e[1].after = b"hidden".to_vec()),
        ("another size in the entry", |e| e[1].local = Some((e[1].crc, 1, 1))),
        ("another checksum in the entry", |e| {
            e[1].local = Some((e[1].crc ^ 1, u32::try_from(e[1].data.len()).unwrap(), e[1].size));
        }),
        ("a wrong checksum", |e| e[1].crc ^= 1),
        ("bytes after the compressed data", |e| e[1].data.push(0)),
        ("a size too small", |e| e[1].size -= 1),
        ("a size too large", |e| e[1].size += 1),
    ];
    for (what, edit) in edits {
        let mut entries = simple();
        edit(&mut entries);
        refused(what, &archive(&entries, b""), Code::AsicFormat);
    }
    let good = archive(&simple(), b"");
    let end = good.len() - 22;
    let with = |at: usize, value: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + value.len()].copy_from_slice(value);
        changed
    };
    let first = good.windows(4).position(|at| at == b"PK\x01\x02").unwrap();
    for (what, container) in [
        ("bytes before", [b"MZ".as_slice(), &good].concat()),
        ("bytes after", [&good, b"x".as_slice()].concat()),
        ("a comment that is no media type", archive(&simple(), b"PK")),
        ("two media types", archive(&simple(), b"mimetype=application/vnd.etsi.asic-e+zip")),
        ("two ends", [&good, good.get(end..).unwrap()].concat()),
        ("fewer entries than there are", with(end + 8, &[2, 0, 2, 0])),
        ("more entries than there are", with(end + 8, &[4, 0, 4, 0])),
        ("several disks", with(end + 4, &[1, 0])),
        ("entries on several disks", with(end + 8, &[2, 0])),
        ("ZIP64 in the end", with(end + 12, &[255; 4])),
        ("an entry that begins within another", with(first + 42, &[1, 0, 0, 0])),
        ("an entry's name in the directory", with(first + 46, b"mimetypo")),
        ("cut", good.get(..good.len() - 1).unwrap().to_vec()),
        ("no entries", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
        ("nothing", Vec::new()),
    ] {
        refused(what, &container, Code::AsicFormat);
    }
}

#[test]
fn mimetype_stands_first_and_plainly() {
    type Edit = fn(&mut Vec<Entry>);
    let edits: [(&str, Edit); 5] = [
        ("second", |e| e.swap(0, 1)),
        ("compressed", |e| e[0] = deflated("mimetype", ASIC_S)),
        ("with an extra field", |e| e[0].extra = b"UT\x05\x00\x01abcd".to_vec()),
        ("with an extra field before the data", |e| e[0].local_extra = b"UT\x05\x00\x01abcd".to_vec()),
        ("of the other form", |e| e[0] = entry("mimetype", b"application/vnd.etsi.asic-e+zip")),
    ];
    for (what, edit) in edits {
        let mut entries = simple();
        edit(&mut entries);
        refused(what, &archive(&entries, b""), Code::AsicFormat);
    }
    refused(
        "of no container",
        &archive(&[entry("mimetype", b"application/epub+zip"), entry("a", b"b")], b""),
        Code::SignatureMissing,
    );
}

#[test]
fn bombs_are_not_lit() {
    let begun = Instant::now();
    let zeros = vec![0; 30_000_000];
    let mut entries = simple();
    entries[1] = deflated("act.xml", &zeros);
    refused("a thousand times larger", &archive(&entries, b""), Code::SignatureLimit);
    entries[1] = Entry { size: 1_000_000, ..deflated("act.xml", &zeros) };
    refused("a size that lies", &archive(&entries, b""), Code::AsicFormat);
    entries[1] = Entry { size: 70_000_000, ..entry("act.xml", b"") };
    entries[1].method = 8;
    refused("more than a mail may hold", &archive(&entries, b""), Code::SignatureLimit);
    let many: Vec<Entry> = (0..101).map(|n| entry(format!("{n}"), b"x")).collect();
    refused("too many files", &archive(&many, b""), Code::SignatureLimit);
    refused("too large", &vec![b'P'; 25 * 1024 * 1024 + 1], Code::SignatureLimit);

    // Entries that share one kernel of data, as 42.zip's successors do.
    let mut entries = simple();
    entries.insert(2, deflated("kernel", &vec![0; 1_000_000]));
    let mut container = archive(&entries, b"");
    let places: Vec<usize> = container.windows(4).enumerate().filter(|(_, at)| *at == b"PK\x01\x02").map(|(at, _)| at).collect();
    let shared: [u8; 4] = container[places[2] + 42..places[2] + 46].try_into().unwrap();
    container[places[1] + 42..places[1] + 46].copy_from_slice(&shared);
    refused("shared data", &container, Code::AsicFormat);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());

    // The bound itself: an entry that grows a hundred times passes, and small ones are no bombs.
    let mut entries = simple();
    entries[1] = deflated("act.xml", &vec![b' '; 1024 * 1024]);
    let judged = judge(&archive(&entries, b""));
    assert!(!judged.all_findings().any(|finding| finding.code == Code::SignatureLimit), "{}", detail(&judged));
}

#[test]
fn no_changed_octet_changes_what_is_signed() {
    let good = archive(&simple(), b"");
    for at in 0..good.len() {
        for bit in [1, 0x80] {
            let mut changed = good.clone();
            changed[at] ^= bit;
            if let Some(signed) = judge(&changed).signed {
                assert_eq!(signed.bytes(), CONTENT, "octet {at}");
            }
        }
    }
    for length in 0..good.len() {
        assert!(judge(good.get(..length).unwrap()).signed.is_none(), "{length} octets pass");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn damaged_archives_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        more in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        static GOOD: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = GOOD.get_or_init(|| archive(&simple(), b"")).clone();
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let at = cut.index(bytes.len());
        let spliced = [&bytes[..at], &more, &bytes[at..]].concat();
        for container in [bytes, spliced, more] {
            if let Some(signed) = judge(&container).signed {
                prop_assert_eq!(signed.bytes(), CONTENT);
            }
        }
    }
}
