//! A ZIP archive, read so that no two readers could see two archives.
//!
//! Readers disagree on which directory counts, which header of an entry, what lies between entries, which of two equal names.
//! Here every octet belongs to exactly one structure: entries lie end to end from the first octet, the central directory
//! follows, its end closes the file, and both headers of an entry say the same. Everything else is refused, ZIP64 too, which
//! none of our sizes needs. Crates that read ZIP repair and guess, as they should for other uses.

use std::collections::BTreeSet;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;
use unicode_normalization::UnicodeNormalization;

/// Sections of APPNOTE.TXT 6.3.10.
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const END_BYTES: usize = 22;

/// Sizes follow the data instead of standing before it.
const FLAG_DESCRIPTOR: u16 = 1 << 3;
/// How hard the compressor tried, the descriptor, names in UTF-8: all other flags change what the data are.
const FLAGS_KNOWN: u16 = (1 << 1) | (1 << 2) | FLAG_DESCRIPTOR | (1 << 11);

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Extra fields that give an entry another size, name or cipher: ZIP64, strong encryption, the Unicode path, AES.
const EXTRA_REFUSED: [u16; 4] = [0x0001, 0x0017, 0x7075, 0x9901];

/// Smaller files are no bomb whatever their ratio.
const RATIO_COUNTS_FROM: usize = 1024 * 1024;

/// A file of an archive.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub bytes: Vec<u8>,
    /// Neither compressed nor with extra fields: its bytes stand in the archive as they are, at a known place.
    pub is_plain: bool,
}

/// The files of an archive in the order they lie in it.
#[derive(Debug)]
pub(super) struct Archive {
    pub entries: Vec<Entry>,
    pub comment: Vec<u8>,
}

fn broken(detail: &str) -> Finding {
    Finding::error(Code::AsicFormat).with("detail", detail)
}

fn too_large(what: &'static str, limit: usize) -> Finding {
    Finding::error(Code::SignatureLimit).with("what", what).with("limit", limit)
}

/// Reads a whole archive.
///
/// # Errors
/// [`Code::AsicFormat`] for what two readers could read in two ways, [`Code::SignatureLimit`] past a bound. Nothing is
/// decompressed before every bound is known to hold.
pub(super) fn read(bytes: &[u8]) -> Result<Archive, Finding> {
    if bytes.len() > limits::ASIC_BYTES {
        return Err(too_large("bytes of the container", limits::ASIC_BYTES));
    }
    let end = End::find(bytes)?;
    let mut headers = directory(bytes, &end)?;
    headers.sort_by_key(|header| header.offset);
    let names = names(&headers)?;
    check_sizes(&headers)?;
    let mut data = Vec::with_capacity(headers.len());
    let mut position = 0;
    for (at, header) in headers.iter().enumerate() {
        let next = headers.get(at + 1).map_or(end.directory, |next| next.offset);
        if header.offset != position {
            return Err(broken("entries overlap, or bytes lie outside of them"));
        }
        data.push(header.data(bytes.get(position..next).unwrap_or_default())?);
        position = next;
    }
    let mut entries = Vec::new();
    for ((header, name), (data, has_extra)) in headers.iter().zip(names).zip(data) {
        let content = header.content(data)?;
        if name.ends_with('/') {
            continue;
        }
        entries.push(Entry { name, bytes: content, is_plain: header.method == STORED && !has_extra && header.extra.is_empty() });
    }
    Ok(Archive { entries, comment: end.comment.to_vec() })
}

/// Little-endian numbers one after another.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn u16(&mut self) -> Result<u16, Finding> {
        let (head, rest) = self.0.split_first_chunk::<2>().ok_or_else(cut)?;
        self.0 = rest;
        Ok(u16::from_le_bytes(*head))
    }

    fn u32(&mut self) -> Result<u32, Finding> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or_else(cut)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*head))
    }

    fn length(&mut self) -> Result<usize, Finding> {
        self.u16().map(usize::from)
    }

    /// A size or offset; the mark of ZIP64 is none.
    fn size(&mut self) -> Result<usize, Finding> {
        let value = self.u32()?;
        usize::try_from(value).ok().filter(|_| value != u32::MAX).ok_or_else(|| broken("a size is kept in ZIP64"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Finding> {
        let (head, rest) = self.0.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(head)
    }
}

fn cut() -> Finding {
    broken("the archive is cut short")
}

/// The end of the central directory, §4.3.16.
struct End<'a> {
    entries: usize,
    directory: usize,
    size: usize,
    comment: &'a [u8],
}

impl<'a> End<'a> {
    /// There is one place only where it may stand: no comment we take holds its mark.
    fn find(bytes: &'a [u8]) -> Result<Self, Finding> {
        let reach = END_BYTES + limits::ASIC_COMMENT_BYTES;
        let tail = bytes.get(bytes.len().saturating_sub(reach)..).unwrap_or_default();
        let mark = END.to_le_bytes();
        let mut places = tail.windows(4).enumerate().filter(|(_, window)| *window == mark).map(|(at, _)| at);
        let (Some(at), None) = (places.next(), places.next()) else {
            return Err(broken("the end of the directory is not there exactly once"));
        };
        let start = bytes.len().saturating_sub(tail.len()) + at;
        let mut fields = Fields(tail.get(at + 4..).unwrap_or_default());
        let disks = (fields.u16()?, fields.u16()?);
        let (here, entries) = (fields.length()?, fields.length()?);
        let (size, directory) = (fields.size()?, fields.size()?);
        let comment_length = fields.length()?;
        let comment = fields.take(comment_length)?;
        if disks != (0, 0) || here != entries {
            return Err(broken("the archive is in several parts"));
        }
        if !fields.0.is_empty() {
            return Err(broken("there are bytes after the archive"));
        }
        if directory.checked_add(size) != Some(start) {
            return Err(broken("the directory does not end where its end says"));
        }
        if entries > limits::ASIC_ENTRIES {
            return Err(too_large("files", limits::ASIC_ENTRIES));
        }
        Ok(Self { entries, directory, size, comment })
    }
}

/// What the central directory says of an entry, §4.3.12.
struct Header<'a> {
    flags: u16,
    method: u16,
    modified: u32,
    crc: u32,
    compressed: usize,
    size: usize,
    name: &'a [u8],
    extra: &'a [u8],
    /// Mode of Unix; readers go by it wherever the archive says to have been made.
    mode: u16,
    offset: usize,
}

fn directory<'a>(bytes: &'a [u8], end: &End<'_>) -> Result<Vec<Header<'a>>, Finding> {
    let mut fields = Fields(bytes.get(end.directory..end.directory + end.size).unwrap_or_default());
    let mut headers = Vec::with_capacity(end.entries);
    for _ in 0..end.entries {
        headers.push(Header::of(&mut fields)?);
    }
    if headers.is_empty() || !fields.0.is_empty() {
        return Err(broken("the directory does not hold the entries it counts"));
    }
    Ok(headers)
}

impl<'a> Header<'a> {
    fn of(fields: &mut Fields<'a>) -> Result<Self, Finding> {
        if fields.u32()? != CENTRAL {
            return Err(broken("the directory does not hold the entries it counts"));
        }
        fields.u32()?;
        let (flags, method, modified, crc) = (fields.u16()?, fields.u16()?, fields.u32()?, fields.u32()?);
        let (compressed, size) = (fields.size()?, fields.size()?);
        let (name, extra, comment) = (fields.length()?, fields.length()?, fields.length()?);
        let disk = fields.u16()?;
        fields.u16()?;
        let attributes = fields.u32()?;
        let offset = fields.size()?;
        let (name, extra) = (fields.take(name)?, fields.take(extra)?);
        fields.take(comment)?;
        if disk != 0 {
            return Err(broken("the archive is in several parts"));
        }
        let mode = u16::try_from(attributes >> 16).unwrap_or(u16::MAX);
        let header = Self { flags, method, modified, crc, compressed, size, name, extra, mode, offset };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), Finding> {
        if self.flags & 1 != 0 {
            return Err(broken("a file in it is encrypted"));
        }
        if self.flags & !FLAGS_KNOWN != 0 {
            return Err(broken("a file in it is written in an unknown way"));
        }
        if self.method != STORED && self.method != DEFLATED {
            return Err(broken("a file in it is compressed by a method other than deflate"));
        }
        if self.method == STORED && (self.compressed != self.size || self.flags & FLAG_DESCRIPTOR != 0) {
            return Err(broken("a file that is not compressed has no certain length"));
        }
        // S_IFMT: a regular file, a folder, or not told.
        let expected = if self.name.ends_with(b"/") { 0o040_000 } else { 0o100_000 };
        if ![0, expected].contains(&(self.mode & 0o170_000)) {
            return Err(broken("it holds a link or a device"));
        }
        if self.name.ends_with(b"/") && self.size != 0 {
            return Err(broken("a folder has content"));
        }
        check_extra(self.extra)
    }

    /// The data between this entry's start and the next one's, and whether the local header (§4.3.7) has extra fields.
    fn data<'b>(&self, region: &'b [u8]) -> Result<(&'b [u8], bool), Finding> {
        let mut fields = Fields(region);
        if fields.u32()? != LOCAL {
            return Err(broken("an entry is not where the directory says"));
        }
        fields.u16()?;
        let same = fields.u16()? == self.flags && fields.u16()? == self.method && fields.u32()? == self.modified;
        let told = (fields.u32()?, fields.size()?, fields.size()?);
        let (name, extra) = (fields.length()?, fields.length()?);
        let (name, extra) = (fields.take(name)?, fields.take(extra)?);
        let follows = self.flags & FLAG_DESCRIPTOR != 0;
        let known = (self.crc, self.compressed, self.size);
        if !same || name != self.name || !(told == known || (follows && told == (0, 0, 0))) {
            return Err(broken("an entry and the directory contradict each other"));
        }
        check_extra(extra)?;
        let data = fields.take(self.compressed)?;
        if follows {
            // §4.3.9: the mark before it may be left out.
            if fields.0.len() == 16 && fields.u32()? != DESCRIPTOR {
                return Err(broken("bytes lie between the entries"));
            }
            if (fields.u32()?, fields.size()?, fields.size()?) != known {
                return Err(broken("an entry and the directory contradict each other"));
            }
        }
        if fields.0.is_empty() { Ok((data, !extra.is_empty())) } else { Err(broken("bytes lie between the entries")) }
    }

    fn content(&self, data: &[u8]) -> Result<Vec<u8>, Finding> {
        let content = if self.method == STORED { data.to_vec() } else { inflate(data, self.size)? };
        let mut crc = Crc::new();
        crc.update(&content);
        if content.len() == self.size && crc.sum() == self.crc {
            return Ok(content);
        }
        Err(broken("a file in it does not have the length or the checksum that is told"))
    }
}

/// Exactly `size` octets out of all of `data`.
fn inflate(data: &[u8], size: usize) -> Result<Vec<u8>, Finding> {
    // One octet more than told shows that there is more.
    let mut out = vec![0; size + 1];
    let mut inflater = Decompress::new(false);
    let status = inflater.decompress(data, &mut out, FlushDecompress::Finish);
    let (taken, made) = (usize::try_from(inflater.total_in()), usize::try_from(inflater.total_out()));
    if matches!(status, Ok(Status::StreamEnd)) && taken == Ok(data.len()) && made == Ok(size) {
        out.truncate(size);
        return Ok(out);
    }
    Err(broken("a file in it cannot be decompressed to the length that is told"))
}

fn check_extra(extra: &[u8]) -> Result<(), Finding> {
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let (id, length) = (fields.u16()?, fields.length()?);
        fields.take(length)?;
        if EXTRA_REFUSED.contains(&id) {
            return Err(broken("an entry has a second size, name or cipher"));
        }
    }
    Ok(())
}

/// Bombs are known by what they say of themselves; what they do not say is never decompressed.
fn check_sizes(headers: &[Header<'_>]) -> Result<(), Finding> {
    let total = headers.iter().fold(0_usize, |total, header| total.saturating_add(header.size));
    if total > limits::MAIL_DECODED_BYTES {
        return Err(too_large("decompressed bytes", limits::MAIL_DECODED_BYTES));
    }
    let bomb = |header: &&Header<'_>| {
        header.size > RATIO_COUNTS_FROM && header.size > header.compressed.saturating_mul(limits::ASIC_RATIO)
    };
    match headers.iter().find(bomb) {
        Some(_) => Err(too_large("times it grows when decompressed", limits::ASIC_RATIO)),
        None => Ok(()),
    }
}

/// The names of all entries, no two of which any file system takes for one.
fn names(headers: &[Header<'_>]) -> Result<Vec<String>, Finding> {
    let names: Vec<String> = headers.iter().map(|header| name(header.name)).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    for name in &names {
        if !seen.insert(folded(name.trim_end_matches('/'))) {
            return Err(broken("two entries have one name"));
        }
    }
    let files = names.iter().filter(|name| !name.ends_with('/')).map(|name| folded(name) + "/");
    for folder in files {
        if seen.range(folder.clone()..).next().is_some_and(|next| next.starts_with(&folder)) {
            return Err(broken("an entry is a file and a folder"));
        }
    }
    Ok(names)
}

/// As the most forgiving file system compares names.
fn folded(name: &str) -> String {
    name.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// A name that leads nowhere else and looks like what it is.
fn name(raw: &[u8]) -> Result<String, Finding> {
    if raw.is_empty() || raw.len() > limits::ASIC_NAME_BYTES {
        return Err(broken("an entry has no name, or one that is too long"));
    }
    let name = std::str::from_utf8(raw).map_err(|_| broken("an entry's name is not in UTF-8"))?;
    let deceives = |c: char| {
        c.is_control()
            || c == '\\'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
    };
    let path = name.strip_suffix('/').unwrap_or(name);
    let leads_away = path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.get(1..2) == Some(":");
    if leads_away || name.chars().any(deceives) {
        return Err(broken("an entry's name leads out of the container or holds deceiving characters"));
    }
    Ok(name.to_owned())
}
