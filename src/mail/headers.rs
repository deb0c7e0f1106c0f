//! Header fields as they stand, in their order, duplicates and all (T1): nothing is merged, so nothing is hidden.

use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use crate::charset;
use crate::transfer;

/// One field: its name in lower case, its value unfolded, not decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<Field>);

/// The lines of `bytes`, each with its ending.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

pub(crate) fn without_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl Headers {
    /// Splits an entity into its header and the offset where its body begins.
    ///
    /// A byte order mark and an mbox `From ` line before the header are passed over. Without a single field the whole
    /// entity is body.
    pub fn split(entity: &[u8]) -> (Self, usize) {
        let mut fields: Vec<Field> = Vec::new();
        let mut offset = 0;
        let mut dropped = false;
        for (index, line) in lines(entity).enumerate() {
            offset += line.len();
            // The caller refuses a header this long: nothing more of it is kept.
            if offset > limits::MAIL_HEADER_BYTES {
                break;
            }
            let mut text = without_ending(line);
            if index == 0 {
                text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            }
            if text.is_empty() {
                return (Self(fields), offset);
            }
            if text.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
                if let Some(last) = fields.last_mut().filter(|_| !dropped) {
                    last.value.extend_from_slice(text);
                }
                continue;
            }
            let field = field(text);
            dropped = field.is_none();
            fields.extend(field);
        }
        let body = if fields.is_empty() { 0 } else { offset };
        (Self(fields), body)
    }

    pub fn fields(&self) -> &[Field] {
        &self.0
    }

    /// Values of every field of this (lower-case) name, top to bottom.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |field| field.name == name).map(|field| field.value.as_slice())
    }

    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The field's value where it may stand once.
    ///
    /// # Errors
    /// [`Code::MailAmbiguous`] when it stands twice: readers disagree on which one counts.
    pub fn once(&self, name: &str) -> Result<Option<&[u8]>, Finding> {
        let mut values = self.0.iter().filter(|field| field.name == name).map(|field| field.value.as_slice());
        let first = values.next();
        if values.next().is_some() { Err(Finding::error(Code::MailAmbiguous).with("field", name)) } else { Ok(first) }
    }

    /// The first such field as text, encoded words decoded, white space single; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        self.all(name).next().map(decode_text).unwrap_or_default()
    }

    /// The first such field in lower-case ASCII, for fields that hold tokens.
    pub fn token(&self, name: &str) -> String {
        let value = self.all(name).next().unwrap_or_default();
        String::from_utf8_lossy(value).trim().to_ascii_lowercase()
    }
}

fn field(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    // RFC 5322 §4.5 allows white space before the colon; some readers skip such a field, so it must count as one.
    let name = name.trim_ascii_end();
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some(Field { name, value: value.get(1..).unwrap_or_default().to_vec() })
}

/// Longest encoded word that is looked for; RFC 2047 allows 75 characters, programs write longer ones.
const ENCODED_WORD_BYTES: usize = 2000;

/// Decodes encoded words (RFC 2047) and raw eight-bit text; control characters become spaces.
pub fn decode_text(value: &[u8]) -> String {
    let text = charset::guess(value);
    let mut decoded = String::new();
    let mut word: Option<(String, Vec<u8>)> = None;
    let mut rest = text.as_str();
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let Some((charset, bytes, after)) = encoded_word(from) else {
            flush(&mut decoded, &mut word);
            decoded.push_str(before);
            decoded.push_str("=?");
            rest = from.get(2..).unwrap_or_default();
            continue;
        };
        // White space between two encoded words is not text; a character may be cut between them.
        let joins = word.as_ref().is_some_and(|_| before.trim().is_empty());
        if !joins {
            flush(&mut decoded, &mut word);
            decoded.push_str(before);
        }
        match &mut word {
            Some((known, held)) if *known == charset => held.extend(bytes),
            _ => {
                flush(&mut decoded, &mut word);
                word = Some((charset, bytes));
            }
        }
        rest = after;
    }
    flush(&mut decoded, &mut word);
    decoded.push_str(rest);
    let plain: String = decoded.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn flush(decoded: &mut String, word: &mut Option<(String, Vec<u8>)>) {
    if let Some((label, bytes)) = word.take() {
        decoded.push_str(&charset::decode(&bytes, Some(&label)));
    }
}

/// `=?charset?B?text?=` at the start of `text`: charset, bytes, what follows.
fn encoded_word(text: &str) -> Option<(String, Vec<u8>, &str)> {
    let inside = text.strip_prefix("=?")?;
    let (charset, inside) = inside.split_once('?')?;
    let (encoding, inside) = inside.split_once('?')?;
    if charset.is_empty() || charset.len() > 40 || encoding.len() != 1 {
        return None;
    }
    let mut window = inside.len().min(ENCODED_WORD_BYTES);
    while !inside.is_char_boundary(window) {
        window -= 1;
    }
    let end = inside.get(..window)?.find("?=")?;
    let (content, after) = inside.split_at(end);
    let charset = charset.split('*').next().unwrap_or(charset).to_ascii_lowercase();
    let bytes = match encoding {
        "B" | "b" => transfer::base64(content.as_bytes()),
        "Q" | "q" => transfer::quoted_printable(content.replace('_', "=20").as_bytes()),
        _ => return None,
    };
    Some((charset, bytes, after.get(2..).unwrap_or_default()))
}

/// The addresses of a field such as From, lower case, without display names.
///
/// `None` where readers could disagree: groups, routes, several addresses in one place, words where an address must be.
pub fn addresses(value: &[u8]) -> Option<Vec<String>> {
    let text = charset::guess(value);
    let mut found = Vec::new();
    let mut mailbox = Mailbox::default();
    let (mut quoted, mut escaped, mut comment) = (false, false, 0_usize);
    for c in text.chars() {
        if escaped {
            escaped = false;
            if comment == 0 {
                mailbox.push(c);
            }
            continue;
        }
        match c {
            '\\' if quoted || comment > 0 => escaped = true,
            '"' if comment == 0 => {
                quoted = !quoted;
                mailbox.quote();
                mailbox.push(c);
            }
            _ if quoted => mailbox.push(c),
            '(' => comment += 1,
            ')' => comment = comment.checked_sub(1)?,
            _ if comment > 0 => {}
            '<' => mailbox.open()?,
            '>' => mailbox.close()?,
            ',' if mailbox.inside => return None,
            ',' => {
                found.extend(std::mem::take(&mut mailbox).address().ok()?);
                if found.len() > 100 {
                    return None;
                }
            }
            ':' | ';' => return None,
            _ => mailbox.push(c),
        }
    }
    if quoted || comment > 0 {
        return None;
    }
    found.extend(mailbox.address().ok()?);
    Some(found)
}

/// One mailbox while it is read.
#[derive(Default)]
struct Mailbox {
    words: String,
    angle: Option<String>,
    inside: bool,
    has_quotes: bool,
}

impl Mailbox {
    fn push(&mut self, c: char) {
        match &mut self.angle {
            Some(angle) if self.inside => angle.push(c),
            _ => self.words.push(c),
        }
    }

    fn quote(&mut self) {
        self.has_quotes |= !self.inside;
    }

    fn open(&mut self) -> Option<()> {
        if self.angle.is_some() {
            return None;
        }
        self.angle = Some(String::new());
        self.inside = true;
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        if !self.inside {
            return None;
        }
        self.inside = false;
        Some(())
    }

    /// The address, if there is anything at all.
    fn address(self) -> Result<Option<String>, NotAnAddress> {
        let words = self.words.trim();
        match self.angle {
            _ if self.inside => Err(NotAnAddress),
            Some(angle) => {
                let address = plain_address(&angle)?;
                // `a@x <b@y>` without quotes: some readers take the first.
                let other = words.contains('@') && !self.has_quotes && words.to_lowercase() != address;
                if other { Err(NotAnAddress) } else { Ok(Some(address)) }
            }
            None if words.is_empty() => Ok(None),
            None => plain_address(words).map(Some),
        }
    }
}

struct NotAnAddress;

/// Longest address RFC 5321 lets through a path.
const ADDRESS_BYTES: usize = 254;

fn plain_address(text: &str) -> Result<String, NotAnAddress> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
    let in_quotes = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let local_fits = !local.is_empty() && (in_quotes || !local.contains(|c: char| c.is_whitespace() || "\"@<>,:;".contains(c)));
    let domain_fits = !domain.is_empty() && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '[' | ']'));
    let printable = !text.contains(|c: char| c.is_control()) && text.len() <= ADDRESS_BYTES && !text.contains("=?");
    if local_fits && domain_fits && printable { Ok(text.to_lowercase()) } else { Err(NotAnAddress) }
}

/// Most identifiers that are kept of one field.
const MESSAGE_IDS: usize = 50;

/// Message identifiers `<left@right>` of a field, brackets kept; what could break a header of ours is left out.
pub fn message_ids(value: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(value);
    let fits =
        |id: &&str| id.len() <= 250 && id.contains('@') && id.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'));
    let between = text.split('<').skip(1).filter_map(|piece| piece.split_once('>')).map(|(id, _)| id);
    between.filter(fits).map(|id| format!("<{id}>")).take(MESSAGE_IDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_keeps_its_order_and_its_doubles() {
        let raw = b"\xef\xbb\xbfFrom: a@x\r\nSubject: one\r\n two\r\nfrom : b@x\r\ngarbage\r\n  of garbage\r\nX-A:1\r\n\r\nbody";
        let (headers, body) = Headers::split(raw);
        assert_eq!(&raw[body..], b"body");
        let names: Vec<_> = headers.fields().iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["from", "subject", "from", "x-a"]);
        assert_eq!(headers.text("subject"), "one two");
        assert_eq!(headers.once("from").unwrap_err().value("field"), "from");
        assert_eq!(headers.once("subject"), Ok(Some(b" one two".as_slice())));
        assert_eq!(headers.once("to"), Ok(None));
        assert_eq!(Headers::split(b"just text").1, 0);
        assert_eq!(Headers::split(b"\nbody").1, 1);
    }

    #[test]
    fn encoded_words_become_text() {
        let cases: [(&[u8], &str); 11] = [
            (b"plain", "plain"),
            (b"=?UTF-8?B?0JDQutGC?=", "Акт"),
            (b"=?utf-8?Q?=D0=90=D0=BA=D1=82_5?=", "Акт 5"),
            (b"=?windows-1251?B?wOry?= 5", "Акт 5"),
            (b"=?win-1251?Q?=C0=EA=F2?=", "Акт"),
            (b"=?koi8-u?B?4cvU?=", "Акт"),
            // A character cut between two words.
            (b"=?utf-8?B?0JDQutE=?= =?utf-8?B?gg==?=", "Акт"),
            (b"=?utf-8?B?0JA=?= x =?utf-8?B?0JA=?=", "А x А"),
            (b"=?utf-8?B?0JA=", "=?utf-8?B?0JA="),
            (b"\xc0\xea\xf2 \xed\xe0\xe4\xe0\xed\xed\xff", "Акт надання"),
            (b"=?utf-8?B?DQpCY2M6IGE=?=", "Bcc: a"),
        ];
        for (raw, text) in cases {
            assert_eq!(decode_text(raw), text);
        }
    }

    #[test]
    fn an_address_is_read_in_one_way_or_not_at_all() {
        let one: [(&str, &str); 9] = [
            ("a@x.ua", "a@x.ua"),
            (" Іван <A@X.ua> ", "a@x.ua"),
            ("\"a@x.ua\" <evil@y>", "evil@y"),
            ("\"Іваненко, І.\" <a@x>", "a@x"),
            ("=?utf-8?B?0JDQutGC?= <a@x>", "a@x"),
            ("a@x (b@y)", "a@x"),
            ("a@x.ua <a@x.ua>", "a@x.ua"),
            ("\"a b\"@x", "\"a b\"@x"),
            ("юзер@приклад.укр", "юзер@приклад.укр"),
        ];
        for (raw, address) in one {
            assert_eq!(addresses(raw.as_bytes()), Some(vec![address.to_owned()]), "{raw}");
        }
        for raw in [
            "group: a@x, b@y;",
            "a@x <b@y>",
            "<a@x> <b@y>",
            "<@relay:a@x>",
            "a b@x",
            "<a@x",
            "a@x>",
            "(a@x",
            "\"a@x",
            "nobody",
            "=?utf-8?Q?ceo=40x?=",
            "<a@x, b@y>",
        ] {
            assert_eq!(addresses(raw.as_bytes()), None, "{raw}");
        }
        assert_eq!(addresses(b"a@x, b@y"), Some(vec!["a@x".to_owned(), "b@y".to_owned()]));
        assert_eq!(addresses(b"<>"), None);
        assert_eq!(addresses(b""), Some(vec![]));
    }

    #[test]
    fn identifiers_cannot_carry_a_line_break() {
        assert_eq!(message_ids(b"<a@x> <b\r\nBcc: c@x> junk <d@x>"), ["<a@x>", "<d@x>"]);
    }
}
