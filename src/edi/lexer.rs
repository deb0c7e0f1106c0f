//! Strict tokens over the pull parser: what XML says is not well-formed stops here, with its place.
//!
//! The parser below splits markup from text; it leaves names, attributes, references, stray text, declarations and
//! second roots unchecked. Those checks are here. DOCTYPE is refused outright, so there are no entities to expand (T9,
//! T10). Line ends are not normalised: every type our schemas use collapses white space.

use std::io::BufRead;

use oblik_domain::finding::Place;
use oblik_domain::limits::{FILE_BYTES, XML_DEPTH, XML_TAG_BYTES, XML_TEXT_BYTES};
use quick_xml::errors::IllFormedError;
use quick_xml::events::Event;

use crate::faults::Fatal;
use crate::names::{Namespaces, XMLNS, is_plain_name, split_name};
use crate::source::{Source, SourceFault, advance};

/// Attributes of one element; no schema of ours has more than a handful.
const ATTRIBUTES_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Empty for an attribute without a prefix.
    pub namespace: String,
    pub name: String,
    pub value: String,
}

#[derive(Debug)]
pub(crate) enum Token<'t> {
    /// An element begins. An empty element's end is told by `empty`, not by a token.
    Start {
        place: Place,
        namespace: &'t str,
        name: &'t str,
        attributes: &'t [Attribute],
        empty: bool,
    },
    End,
    /// A piece of text inside the root; an element's text may come in several.
    Text {
        place: Place,
        text: &'t str,
    },
    Eof,
}

pub(crate) struct Lexer<R> {
    reader: quick_xml::Reader<Source<R>>,
    buffer: Vec<u8>,
    names: Namespaces,
    attributes: Vec<Attribute>,
    reference: String,
    /// Where each open element began.
    open: Vec<Place>,
    rooted: bool,
    begun: bool,
    /// An empty element's namespaces end before the next token.
    leaving: Option<usize>,
}

impl<R: BufRead> Lexer<R> {
    pub(crate) fn new(input: R) -> Result<Self, Fatal> {
        let start = Place { line: 1, column: 1 };
        let source = Source::new(input).map_err(|fault| fatal(fault, start))?;
        Ok(Self {
            reader: quick_xml::Reader::from_reader(source),
            buffer: Vec::with_capacity(1024),
            names: Namespaces::default(),
            attributes: Vec::new(),
            reference: String::new(),
            open: Vec::new(),
            rooted: false,
            begun: false,
            leaving: None,
        })
    }

    /// Bytes of UTF-8 read so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.reader.get_ref().consumed()
    }

    /// The next token.
    ///
    /// # Errors
    /// [`Fatal`]: nothing after it can be read.
    pub(crate) fn next(&mut self) -> Result<Token<'_>, Fatal> {
        loop {
            match self.step()? {
                Step::Skip => {}
                Step::End => return Ok(Token::End),
                Step::Eof => return Ok(Token::Eof),
                Step::Text(place) => return Ok(Token::Text { place, text: self.text() }),
                Step::Reference(place) => return Ok(Token::Text { place, text: &self.reference }),
                Step::Start { place, empty, name_bytes } => return self.start(place, empty, name_bytes),
            }
        }
    }

    fn text(&self) -> &str {
        let raw = std::str::from_utf8(&self.buffer).unwrap_or_default();
        raw.strip_prefix("<![CDATA[").and_then(|inner| inner.strip_suffix("]]>")).unwrap_or(raw)
    }

    fn start(&self, place: Place, empty: bool, name_bytes: usize) -> Result<Token<'_>, Fatal> {
        let raw = std::str::from_utf8(&self.buffer).unwrap_or_default();
        let tag = raw.get(1..1 + name_bytes).unwrap_or_default();
        let (prefix, local) = split_name(tag).ok_or_else(|| xml(place, format!("{tag:?} is not a name")))?;
        let namespace = self.names.resolve(prefix).ok_or_else(|| xml(place, format!("the prefix {prefix:?} is not bound")))?;
        Ok(Token::Start { place, namespace, name: local, attributes: &self.attributes, empty })
    }

    fn step(&mut self) -> Result<Step, Fatal> {
        if let Some(depth) = self.leaving.take() {
            self.names.leave(depth);
        }
        self.buffer.clear();
        self.reader.get_mut().begin_token();
        let place = self.reader.get_ref().place();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => return Err(self.error(&error, place)),
        };
        let first = !self.begun;
        self.begun = true;
        match event {
            Event::Eof => self.finish(place),
            Event::DocType(_) => Err(xml(place, "DOCTYPE is not allowed".to_owned())),
            Event::Decl(_) if !first => Err(xml(place, "an XML declaration that is not at the very start".to_owned())),
            Event::Decl(declaration) => declared(&declaration).map_err(|detail| xml(place, detail)).map(|()| Step::Skip),
            Event::PI(instruction) => instructed(&instruction).map_err(|detail| xml(place, detail)).map(|()| Step::Skip),
            Event::Comment(comment) if comment.contains("--") || comment.ends_with('-') => {
                Err(xml(place, "\"--\" inside a comment".to_owned()))
            }
            Event::Comment(_) => Ok(Step::Skip),
            Event::Text(text) => texted(&text, place, self.open.is_empty()),
            Event::CData(_) | Event::GeneralRef(_) if self.open.is_empty() => Err(stray(place)),
            Event::CData(_) => Ok(Step::Text(place)),
            Event::GeneralRef(name) => {
                let resolved = resolve(&name).ok_or_else(|| xml(place, format!("&{}; is not defined", cut(&name))))?;
                self.reference.clear();
                self.reference.push(resolved);
                Ok(Step::Reference(place))
            }
            Event::End(_) => {
                self.names.leave(self.open.len());
                self.open.pop();
                Ok(Step::End)
            }
            Event::Start(tag) => {
                let (name, attributes) = (tag.name().as_ref().len(), tag.attributes_raw().to_owned());
                self.enter(place, name, &attributes, false)
            }
            Event::Empty(tag) => {
                let (name, attributes) = (tag.name().as_ref().len(), tag.attributes_raw().to_owned());
                self.enter(place, name, &attributes, true)
            }
        }
    }

    fn enter(&mut self, place: Place, name_bytes: usize, attributes: &str, empty: bool) -> Result<Step, Fatal> {
        let depth = self.open.len() + 1;
        if self.rooted && depth == 1 {
            return Err(xml(place, "a second root element".to_owned()));
        }
        if depth > XML_DEPTH {
            return Err(Fatal::TooLarge { place, what: "depth of elements", limit: XML_DEPTH });
        }
        if name_bytes + attributes.len() > XML_TAG_BYTES {
            return Err(Fatal::TooLarge { place, what: "bytes of a tag", limit: XML_TAG_BYTES });
        }
        self.rooted = true;
        self.attributes.clear();
        if !attributes.is_empty() {
            scan_attributes(attributes, place, &mut self.attributes)?;
            self.bind(place, depth)?;
        }
        if empty {
            self.leaving = Some(depth);
        } else {
            self.open.push(place);
        }
        Ok(Step::Start { place, empty, name_bytes })
    }

    /// Takes the namespace declarations out of the attributes and names the rest.
    fn bind(&mut self, place: Place, depth: usize) -> Result<(), Fatal> {
        let names = &mut self.names;
        let mut outcome = Ok(());
        self.attributes.retain(|attribute| {
            let prefix = if attribute.name == "xmlns" { Some("") } else { attribute.name.strip_prefix("xmlns:") };
            if let Some(prefix) = prefix {
                outcome = outcome.and_then(|()| names.bind(depth, prefix, &attribute.value));
            }
            prefix.is_none()
        });
        outcome.map_err(|detail| xml(place, detail.to_owned()))?;
        for attribute in &mut self.attributes {
            let Some((prefix, local)) = attribute.name.split_once(':') else { continue };
            let namespace = names.resolve(prefix).filter(|uri| *uri != XMLNS);
            let namespace = namespace.ok_or_else(|| xml(place, format!("the prefix {prefix:?} is not bound")))?;
            attribute.namespace = namespace.to_owned();
            attribute.name = local.to_owned();
        }
        let mut seen = std::collections::BTreeSet::new();
        let again = self.attributes.iter().find(|attribute| !seen.insert((&attribute.namespace, &attribute.name)));
        match again {
            Some(attribute) => Err(xml(place, format!("the attribute {:?} stands twice", attribute.name))),
            None => Ok(()),
        }
    }

    fn finish(&self, place: Place) -> Result<Step, Fatal> {
        match self.open.last() {
            Some(open) => Err(xml(place, format!("the file ends inside the element begun at line {}", open.line))),
            None if !self.rooted => Err(xml(place, "no root element".to_owned())),
            None => Ok(Step::Eof),
        }
    }

    fn error(&mut self, error: &quick_xml::Error, place: Place) -> Fatal {
        if let Some(fault) = self.reader.get_mut().take_fault() {
            return match fault {
                SourceFault::File => {
                    Fatal::TooLarge { place, what: "bytes of a file", limit: usize::try_from(FILE_BYTES).unwrap_or(usize::MAX) }
                }
                SourceFault::Token => fatal(SourceFault::Token, place),
                other => fatal(other, self.reader.get_ref().place()),
            };
        }
        let detail = match error {
            quick_xml::Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                format!("</{}> closes <{}>", cut(found), cut(expected))
            }
            quick_xml::Error::IllFormed(IllFormedError::UnclosedReference) => {
                "\"&\" that begins no reference; write &amp;".to_owned()
            }
            other => cut(&other.to_string()),
        };
        xml(place, detail)
    }
}

enum Step {
    Skip,
    Start { place: Place, empty: bool, name_bytes: usize },
    End,
    Text(Place),
    Reference(Place),
    Eof,
}

fn xml(place: Place, detail: String) -> Fatal {
    Fatal::Xml { place, detail }
}

fn stray(place: Place) -> Fatal {
    xml(place, "text outside the root element".to_owned())
}

fn fatal(fault: SourceFault, place: Place) -> Fatal {
    match fault {
        SourceFault::Io(error) => Fatal::Io(error),
        SourceFault::Xml(detail) => Fatal::Xml { place, detail },
        SourceFault::File => {
            Fatal::TooLarge { place, what: "bytes of a file", limit: usize::try_from(FILE_BYTES).unwrap_or(usize::MAX) }
        }
        SourceFault::Token => Fatal::TooLarge { place, what: "bytes of a text or tag", limit: XML_TEXT_BYTES },
    }
}

/// A stranger's text for a message: its first forty characters.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn texted(text: &str, place: Place, outside: bool) -> Result<Step, Fatal> {
    let after = |bytes: usize| advance(place, text.as_bytes().get(..bytes).unwrap_or_default());
    if outside {
        return match text.find(|c| !is_space(c)) {
            Some(offset) => Err(stray(after(offset))),
            None => Ok(Step::Skip),
        };
    }
    // One character is sought much faster than three.
    let found = if text.contains(']') { text.find("]]>") } else { None };
    match found {
        Some(offset) => Err(xml(after(offset), "\"]]>\" in text; write ]]&gt;".to_owned())),
        None => Ok(Step::Text(place)),
    }
}

/// The character of a reference: the five of XML and numbers. Source: XML 1.0 §4.1, §4.6.
fn resolve(name: &str) -> Option<char> {
    let number = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    let allowed = matches!(character, '\t' | '\n' | '\r') || (character >= ' ' && !matches!(character, '\u{FFFE}' | '\u{FFFF}'));
    allowed.then_some(character)
}

/// Reads `name = "value"` pairs, each after white space. Source: XML 1.0 §3.1.
fn scan_attributes(raw: &str, place: Place, into: &mut Vec<Attribute>) -> Result<(), Fatal> {
    let mut rest = raw;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(());
        }
        if trimmed.len() == rest.len() {
            return Err(xml(place, format!("no space before the attribute {:?}", cut(trimmed))));
        }
        let (name, value, after) = scan_attribute(trimmed).map_err(|detail| xml(place, detail))?;
        if into.len() == ATTRIBUTES_MAX {
            return Err(Fatal::TooLarge { place, what: "attributes of an element", limit: ATTRIBUTES_MAX });
        }
        into.push(Attribute { namespace: String::new(), name: name.to_owned(), value });
        rest = after;
    }
}

fn scan_attribute(text: &str) -> Result<(&str, String, &str), String> {
    let (name, rest) = text.split_once('=').ok_or_else(|| format!("{:?} is not an attribute", cut(text)))?;
    let name = name.trim_end_matches(is_space);
    if split_name(name).is_none() {
        return Err(format!("{:?} is not a name of an attribute", cut(name)));
    }
    let rest = rest.trim_start_matches(is_space);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let parts = quote.and_then(|quote| rest.strip_prefix(quote)?.split_once(quote));
    let (raw, after) = parts.ok_or_else(|| format!("the value of the attribute {name:?} is not quoted"))?;
    if raw.contains('<') {
        return Err(format!("\"<\" in the attribute {name:?}; write &lt;"));
    }
    let mut value = String::with_capacity(raw.len());
    let mut pieces = raw.split('&');
    value.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let resolved = piece.split_once(';').and_then(|(entity, tail)| Some((resolve(entity)?, tail)));
        let (character, tail) =
            resolved.ok_or_else(|| format!("\"&\" that begins no known reference in the attribute {name:?}"))?;
        value.push(character);
        value.push_str(tail);
    }
    Ok((name, value, after))
}

/// Checks an XML declaration as a whole; its encoding was used already. Source: XML 1.0 §2.8.
fn declared(declaration: &str) -> Result<(), String> {
    let broken = || "the XML declaration is not well-formed".to_owned();
    let mut attributes = Vec::new();
    let raw = declaration.strip_prefix("xml").ok_or_else(broken)?;
    scan_attributes(raw, Place { line: 1, column: 1 }, &mut attributes).map_err(|_| broken())?;
    let mut pairs = attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.value.as_str())).peekable();
    match pairs.next() {
        Some(("version", "1.0")) => {}
        Some(("version", other)) => return Err(format!("XML version {:?} is not read; use 1.0", cut(other))),
        _ => return Err(broken()),
    }
    pairs.next_if(|(name, _)| *name == "encoding");
    pairs.next_if(|(name, value)| *name == "standalone" && matches!(*value, "yes" | "no"));
    if pairs.next().is_some() { Err(broken()) } else { Ok(()) }
}

fn instructed(instruction: &str) -> Result<(), String> {
    let target = instruction.split(is_space).next().unwrap_or_default();
    if !is_plain_name(target) || target.eq_ignore_ascii_case("xml") {
        return Err(format!("{:?} cannot be the target of a processing instruction", cut(target)));
    }
    Ok(())
}
