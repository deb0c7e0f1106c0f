//! Distinguished names: compared as RFC 5280 §7.1 says, shown as people read them.

use crate::asn1::{Element, IA5_STRING, Oid, PRINTABLE_STRING, Read, SEQUENCE, SET, UTF8_STRING};
use crate::oids;

/// A subject or issuer.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub raw: Vec<u8>,
    pub attributes: Vec<Attribute>,
    /// What is compared: attribute types and folded values, one relative name after another, each part after its length. So a
    /// name begins with the relative names of another exactly when these octets do.
    folded: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub oid: Oid,
    pub text: String,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw || self.folded == other.folded
    }
}

impl Eq for Name {}

impl Name {
    pub fn of(element: Element<'_>) -> Read<Self> {
        let mut attributes = Vec::new();
        let mut folded = Vec::with_capacity(element.raw.len() * 2);
        let mut sets = element.tagged(SEQUENCE)?.reader();
        while !sets.is_empty() {
            let mut pairs = sets.next()?.tagged(SET)?.reader();
            let mut relative = Vec::with_capacity(1);
            while !pairs.is_empty() {
                let mut pair = pairs.next()?.tagged(SEQUENCE)?.reader();
                let oid = Oid::of(pair.next()?)?;
                let value = pair.next()?;
                pair.finish()?;
                let text = value.text();
                let mut both = Vec::with_capacity(value.raw.len() + 32);
                put(&mut both, &oid.0);
                put(&mut both, &fold(value, &text));
                relative.push(both);
                attributes.push(Attribute { oid, text });
            }
            relative.sort();
            match relative.as_slice() {
                [one] => put(&mut folded, one),
                several => put(&mut folded, &several.concat()),
            }
        }
        Ok(Self { raw: element.raw.to_vec(), attributes, folded })
    }

    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// Whether this name begins with all of `base`'s relative names: a directory name inside a subtree.
    pub fn is_within(&self, base: &Self) -> bool {
        self.folded.starts_with(&base.folded)
    }

    pub fn first(&self, oid: &const_oid::ObjectIdentifier) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.oid == *oid).map(|attribute| attribute.text.as_str())
    }

    /// The name a person knows the holder by: common name, else organisation, else the whole.
    pub fn human(&self) -> String {
        let short = self.first(&oids::COMMON_NAME).or_else(|| self.first(&oids::ORGANIZATION));
        short.map_or_else(|| self.to_string(), str::to_owned)
    }
}

/// Adds `octets` after their length.
fn put(to: &mut Vec<u8>, octets: &[u8]) {
    to.extend(octets.len().to_be_bytes());
    to.extend(octets);
}

/// Case and runs of white space do not distinguish character strings; other values count as they are.
fn fold(value: Element<'_>, text: &str) -> Vec<u8> {
    match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING => {
            let mut folded = String::with_capacity(text.len());
            for word in text.split_whitespace() {
                if !folded.is_empty() {
                    folded.push(' ');
                }
                if word.is_ascii() {
                    folded.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
                } else {
                    folded.push_str(&word.to_lowercase());
                }
            }
            folded.into_bytes()
        }
        _ => value.raw.to_vec(),
    }
}

/// As RFC 4514 writes names: the last relative name first.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, attribute) in self.attributes.iter().rev().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            match label(&attribute.oid) {
                Some(label) => f.write_str(label)?,
                None => write!(f, "{}", attribute.oid)?,
            }
            f.write_str("=")?;
            let is_special = |c: char| matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') || c.is_control();
            let mut rest = attribute.text.as_str();
            while let Some((plain, special)) = rest.find(is_special).and_then(|at| rest.split_at_checked(at)) {
                f.write_str(plain)?;
                let mut characters = special.chars();
                match characters.next() {
                    Some(c) if c.is_control() => f.write_str(" ")?,
                    Some(c) => write!(f, "\\{c}")?,
                    None => {}
                }
                rest = characters.as_str();
            }
            f.write_str(rest)?;
        }
        Ok(())
    }
}

fn label(oid: &Oid) -> Option<&'static str> {
    let labels = [
        (oids::COMMON_NAME, "CN"),
        (oids::SURNAME, "SN"),
        (oids::GIVEN_NAME, "GN"),
        (oids::SERIAL_NUMBER, "serialNumber"),
        (oids::COUNTRY, "C"),
        (oids::LOCALITY, "L"),
        (oids::STATE, "ST"),
        (oids::STREET, "street"),
        (oids::ORGANIZATION, "O"),
        (oids::ORGANIZATIONAL_UNIT, "OU"),
        (oids::TITLE, "title"),
        (oids::ORGANIZATION_IDENTIFIER, "organizationIdentifier"),
        (oids::EMAIL, "emailAddress"),
        (oids::DOMAIN_COMPONENT, "DC"),
    ];
    labels.into_iter().find(|(known, _)| *oid == *known).map(|(_, label)| label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::write;

    fn name(parts: &[(&const_oid::ObjectIdentifier, u8, &str)]) -> Name {
        let sets: Vec<Vec<u8>> = parts
            .iter()
            .map(|(oid, tag, text)| {
                write::set_of(vec![write::sequence(&[&write::oid(oid), &write::element(*tag, text.as_bytes())])])
            })
            .collect();
        let raw = write::element(SEQUENCE, &sets.concat());
        Name::of(Element::only(&raw).unwrap()).unwrap()
    }

    #[test]
    fn names_are_equal_but_for_case_spaces_and_string_type() {
        let one = name(&[(&oids::COUNTRY, PRINTABLE_STRING, "UA"), (&oids::COMMON_NAME, UTF8_STRING, "ЦСК  Обленерго")]);
        let same = name(&[(&oids::COUNTRY, UTF8_STRING, "ua"), (&oids::COMMON_NAME, UTF8_STRING, " цск обленерго ")]);
        let other = name(&[(&oids::COUNTRY, PRINTABLE_STRING, "UA"), (&oids::COMMON_NAME, UTF8_STRING, "ЦСК Обленерго 2")]);
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert!(one.is_within(&name(&[(&oids::COUNTRY, PRINTABLE_STRING, "UA")])));
        assert!(!one.is_within(&name(&[(&oids::COUNTRY, PRINTABLE_STRING, "PL")])));
    }

    #[test]
    fn a_name_is_shown_last_part_first_with_its_separators_escaped() {
        let shown = name(&[(&oids::COUNTRY, PRINTABLE_STRING, "UA"), (&oids::COMMON_NAME, UTF8_STRING, "ТОВ \"А, Б\"\n")]);
        assert_eq!(shown.to_string(), "CN=ТОВ \\\"А\\, Б\\\" , C=UA");
        assert_eq!(shown.human(), "ТОВ \"А, Б\"\n");
    }
}
