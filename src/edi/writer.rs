//! XML as we write it: UTF-8, two spaces a level, a line an element, the same values always the same bytes.

use std::fmt::{Display, Write};

pub(crate) struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// Begins a document with its root element.
    pub(crate) fn new(root: &'static str, namespace: &str) -> Self {
        Self::with_attributes(root, &[("xmlns", &namespace)])
    }

    /// As [`Self::new`], for a document of several namespaces.
    pub(crate) fn with_attributes(root: &'static str, attributes: &[(&str, &dyn Display)]) -> Self {
        let mut writer = Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() };
        writer.open(root, attributes);
        writer
    }

    /// Ends what is open.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.into_bytes()
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            self.value(value);
            self.out.push('"');
        }
    }

    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        self.tag(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.end(name);
        }
    }

    /// An element without content.
    pub(crate) fn empty(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.tag(name, attributes);
        self.out.push_str("/>\n");
    }

    pub(crate) fn leaf(&mut self, name: &str, value: impl Display) {
        self.leaf_with(name, &[], value);
    }

    pub(crate) fn leaf_with(&mut self, name: &str, attributes: &[(&str, &dyn Display)], value: impl Display) {
        self.tag(name, attributes);
        self.out.push('>');
        self.value(&value);
        self.end(name);
    }

    /// As [`Self::leaf`]; nothing for `None`.
    pub(crate) fn leaf_if(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.leaf(name, value);
        }
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.out.push_str("  ");
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn value(&mut self, value: &dyn Display) {
        // Writing to a string cannot fail.
        let _ = write!(Escaped(&mut self.out), "{value}");
    }
}

/// Escapes markup and replaces what XML cannot hold by a space.
struct Escaped<'o>(&'o mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\0'..' ' | '\u{FFFE}' | '\u{FFFF}' => self.0.push(' '),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

/// A text as a schema's token: white space collapsed, cut at `max` characters, and `-` for nothing.
pub(crate) fn token(text: &str, max: usize) -> String {
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    let clean: String = text.chars().map(|c| if forbidden(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = clean.split(' ').filter(|word| !word.is_empty()).collect();
    let cut: String = words.join(" ").chars().take(max).collect();
    let trimmed = cut.trim_end();
    if trimmed.is_empty() { "-".to_owned() } else { trimmed.to_owned() }
}
