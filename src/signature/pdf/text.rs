//! Objects of a PDF as the text they are written in: an entry is changed and the rest stays to the octet.

use lopdf::ObjectId;

use super::lexer::{dictionary_entries, regular_end, skip_space, value_end};

/// Deeper nesting than any array that is changed here has.
const DEPTH_MAX: usize = 32;

/// The entries of a dictionary in their order, each value as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entries(Vec<(Vec<u8>, Vec<u8>)>);

impl Entries {
    /// The dictionary that `text` begins with.
    pub fn of(text: &[u8]) -> Option<Self> {
        let (entries, _) = dictionary_entries(text, skip_space(text, 0))?;
        let read = entries.into_iter().map(|entry| Some((entry.key, text.get(entry.value)?.to_vec())));
        read.collect::<Option<_>>().map(Self)
    }

    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value.as_slice())
    }

    pub fn set(&mut self, key: &str, value: impl Into<Vec<u8>>) {
        let value = value.into();
        match self.0.iter_mut().find(|(name, _)| name == key.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.as_bytes().to_vec(), value)),
        }
    }

    pub fn text(&self) -> Vec<u8> {
        let mut text = b"<<".to_vec();
        for (key, value) in &self.0 {
            text.push(b'/');
            for byte in key {
                if byte.is_ascii_alphanumeric() || b"_-.+:".contains(byte) {
                    text.push(*byte);
                } else {
                    text.extend(format!("#{byte:02X}").bytes());
                }
            }
            if !value.first().is_some_and(|first| b"(</[".contains(first)) {
                text.push(b' ');
            }
            text.extend_from_slice(value);
        }
        text.extend_from_slice(b">>");
        text
    }
}

/// The items of the array that `text` is.
pub(super) fn items(text: &[u8]) -> Option<Vec<&[u8]>> {
    if text.first() != Some(&b'[') {
        return None;
    }
    let mut items = Vec::new();
    let mut at = skip_space(text, 1);
    while text.get(at)? != &b']' {
        let end = value_end(text, at, DEPTH_MAX)?;
        items.push(text.get(at..end)?);
        at = skip_space(text, end);
    }
    Some(items)
}

/// The array `text` with one more item.
pub(super) fn with_item(text: &[u8], item: &[u8]) -> Option<Vec<u8>> {
    items(text)?;
    let inner = text.trim_ascii_end().strip_suffix(b"]")?;
    Some([inner, b" ", item, b"]"].concat())
}

/// What `12 0 R` refers to.
pub(super) fn reference(text: &[u8]) -> Option<ObjectId> {
    let word = |from: usize| {
        let end = regular_end(text, from);
        Some((std::str::from_utf8(text.get(from..end)?).ok()?, skip_space(text, end)))
    };
    let (number, next) = word(0)?;
    let (generation, next) = word(next)?;
    let (mark, end) = word(next)?;
    let id = (number.parse().ok()?, generation.parse().ok()?);
    (mark == "R" && end == text.len()).then_some(id)
}

pub(super) fn refer(id: ObjectId) -> String {
    format!("{} {} R", id.0, id.1)
}

pub(super) fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

/// A string of text: plain where that says it, else UTF-16 with its mark, which every reader understands.
pub(super) fn string(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()\\".contains(&byte) || byte == b' ') {
        return format!("({text})");
    }
    let octets: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    format!("<{}>", hex::encode_upper(octets))
}

/// Thousandths of a point as a number of points.
pub(super) fn points(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let magnitude = thousandths.unsigned_abs();
    let text = format!("{sign}{}.{:03}", magnitude / 1000, magnitude % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_changed_and_the_rest_stays_as_it_was_written() {
        let mut entries = Entries::of(b"<</A(x)/B [1 0 R]/Od#64 /n>>").unwrap();
        assert_eq!((entries.get("A"), entries.get("Odd"), entries.get("C")), (Some(&b"(x)"[..]), Some(&b"/n"[..]), None));
        entries.set("A", "2");
        entries.set("C d", "3");
        assert_eq!(entries.text(), b"<</A 2/B[1 0 R]/Odd/n/C#20d 3>>");
        assert_eq!(Entries::of(b"<</A"), None);
    }

    #[test]
    fn arrays_and_references_are_read_as_they_stand() {
        assert_eq!(items(b"[1 0 R<</X 1>>(])/n 5]").unwrap(), [&b"1 0 R"[..], b"<</X 1>>", b"(])", b"/n", b"5"]);
        assert_eq!(items(b"1 0 R"), None);
        assert_eq!(with_item(b"[]", b"7 0 R").unwrap(), b"[ 7 0 R]");
        assert_eq!((reference(b"12 0 R"), reference(b"12 0"), reference(b"12 0 R 3")), (Some((12, 0)), None, None));
    }

    #[test]
    fn points_are_written_without_idle_zeros() {
        for (thousandths, text) in
            [(0, "0"), (1, "0.001"), (595_276, "595.276"), (120_500, "120.5"), (-1000, "-1"), (-5, "-0.005")]
        {
            assert_eq!(points(thousandths), text);
        }
        assert_eq!(string("supplier 1"), "(supplier 1)");
        assert_eq!(string("a(b"), "<FEFF006100280062>");
    }
}
