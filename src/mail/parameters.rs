//! A field with parameters, such as Content-Type (RFC 2045 §5.1, RFC 2231), read within bounds.

use std::collections::BTreeMap;

use crate::charset;
use crate::headers::decode_text;
use crate::transfer::hex_pair;

/// Parameters beyond this are not looked at.
const PARAMETERS: usize = 64;

/// `value; name=text; …`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameterised {
    /// Lower case.
    pub value: String,
    parameters: BTreeMap<String, String>,
    /// Parameters that stand twice and differ.
    pub ambiguous: Vec<String>,
}

impl Parameterised {
    pub fn parse(field: &[u8]) -> Self {
        let text = charset::guess(field);
        let mut pieces = split(&text).into_iter();
        let value = pieces.next().unwrap_or_default().split_whitespace().collect::<String>().to_ascii_lowercase();
        let mut parsed = Self { value, ..Self::default() };
        let mut segments: BTreeMap<String, BTreeMap<u32, (String, bool)>> = BTreeMap::new();
        for piece in pieces.take(PARAMETERS) {
            let Some((name, raw)) = piece.split_once('=') else { continue };
            let name = name.trim().to_ascii_lowercase();
            let text = unquote(raw.trim());
            let mut marks = name.split('*');
            let base = marks.next().unwrap_or_default().to_owned();
            let rest: Vec<&str> = marks.collect();
            match rest.as_slice() {
                [] => parsed.keep(base, decode_text(text.as_bytes())),
                [""] => drop(segments.entry(base).or_default().entry(0).or_insert((text, true))),
                [number, more @ ..] => {
                    if let Ok(number) = number.parse() {
                        segments.entry(base).or_default().entry(number).or_insert((text, !more.is_empty()));
                    }
                }
            }
        }
        for (base, segments) in segments {
            let text = join(segments);
            if base == "boundary" && parsed.parameters.get(&base).is_some_and(|plain| *plain != text) {
                parsed.ambiguous.push(base.clone());
            }
            // RFC 2231 is more exact than the plain form beside it.
            parsed.parameters.insert(base, text);
        }
        parsed
    }

    fn keep(&mut self, name: String, text: String) {
        match self.parameters.get(&name) {
            Some(first) if *first != text => self.ambiguous.push(name),
            Some(_) => {}
            None => drop(self.parameters.insert(name, text)),
        }
    }

    /// The parameter of this (lower-case) name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

/// Splits at semicolons outside quotes; comments go.
fn split(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut quoted, mut escaped, mut comment) = (false, false, 0_usize);
    for c in text.chars() {
        let kept = match c {
            _ if escaped => {
                escaped = false;
                comment == 0
            }
            '\\' if quoted || comment > 0 => {
                escaped = true;
                comment == 0
            }
            '"' if comment == 0 => {
                quoted = !quoted;
                true
            }
            _ if quoted => true,
            '(' => {
                comment += 1;
                false
            }
            ')' if comment > 0 => {
                comment -= 1;
                false
            }
            ';' if comment == 0 => {
                pieces.push(String::new());
                false
            }
            _ => comment == 0,
        };
        if let Some(last) = pieces.last_mut().filter(|_| kept) {
            last.push(c);
        }
        if pieces.len() > PARAMETERS + 1 {
            break;
        }
    }
    pieces
}

fn unquote(text: &str) -> String {
    let Some(inside) = text.strip_prefix('"') else { return text.to_owned() };
    let mut plain = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => plain.extend(chars.next()),
            _ => plain.push(c),
        }
    }
    plain
}

/// RFC 2231 continuations: the first extended segment begins with `charset'language'`.
fn join(segments: BTreeMap<u32, (String, bool)>) -> String {
    let mut bytes = Vec::new();
    let mut label = None;
    for (index, (number, (text, extended))) in segments.into_iter().enumerate() {
        if usize::try_from(number) != Ok(index) {
            break;
        }
        if !extended {
            bytes.extend_from_slice(text.as_bytes());
            continue;
        }
        let mut parts = text.splitn(3, '\'');
        let encoded = match (index, parts.next(), parts.next(), parts.next()) {
            (0, Some(charset), Some(_), Some(rest)) => {
                label = Some(charset.to_owned());
                rest
            }
            _ => text.as_str(),
        };
        percent_decode(encoded.as_bytes(), &mut bytes);
    }
    let text = charset::decode(&bytes, label.as_deref());
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn percent_decode(mut text: &[u8], bytes: &mut Vec<u8>) {
    while let Some((first, after)) = text.split_first() {
        text = after;
        match (first, hex_pair(after)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                text = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_shape_programs_write() {
        let cases: [(&[u8], &str); 10] = [
            (b"attachment; filename=act.pdf", "act.pdf"),
            (b"attachment; filename=\"a;b\\\"c.pdf\"; x=y", "a;b\"c.pdf"),
            (b"attachment; filename*=UTF-8''%D0%90%D0%BA%D1%82.pdf", "Акт.pdf"),
            (b"attachment; filename*1*=%82.pdf; filename*0*=utf-8''%D0%90%D0%BA%D1", "Акт.pdf"),
            (b"attachment; filename*0=\"long\"; filename*1=\"name.pdf\"", "longname.pdf"),
            (b"attachment; filename=\"=?UTF-8?B?0JDQutGC?=.pdf\"", "Акт.pdf"),
            (b"attachment; filename=\"plain.pdf\"; filename*=UTF-8''%D0%90.pdf", "А.pdf"),
            (b"attachment; filename*=windows-1251''%C0%EA%F2.pdf", "Акт.pdf"),
            (b"attachment (note; filename=x); filename=y.pdf", "y.pdf"),
            ("attachment; filename=\"Акт.pdf\"".as_bytes(), "Акт.pdf"),
        ];
        for (field, name) in cases {
            let parsed = Parameterised::parse(field);
            assert_eq!((parsed.value.as_str(), parsed.get("filename")), ("attachment", name));
        }
    }

    #[test]
    fn a_parameter_that_stands_twice_is_ambiguous_when_it_differs() {
        let twice = Parameterised::parse(b"multipart/mixed; boundary=a; boundary=b");
        assert_eq!(twice.ambiguous, ["boundary"]);
        assert!(Parameterised::parse(b"multipart/mixed; boundary=a; boundary=\"a\"").ambiguous.is_empty());
        assert_eq!(Parameterised::parse(b"multipart/mixed; boundary=a; boundary*=utf-8''b").ambiguous, ["boundary"]);
    }

    #[test]
    fn ten_thousand_parameters_cost_nothing() {
        let field = "a/b; x*0=y".to_owned() + &"; n*1=z".repeat(10_000);
        assert_eq!(Parameterised::parse(field.as_bytes()).get("x"), "y");
    }
}
