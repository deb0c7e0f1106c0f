//! Checks a stream against a schema and hands on each record that fits.
//!
//! Every fault is collected with its place, not only the first. Memory is that of one record and the open elements. As
//! soon as there is a fault no record is handed on: a file that breaks its schema is refused whole.

use std::borrow::Cow;
use std::fmt::Write;
use std::io::BufRead;

use oblik_domain::finding::{Code, Finding, Place};
use oblik_domain::limits::XML_TEXT_BYTES;

use crate::facets::quote;
use crate::faults::{Fatal, Faults, ReadError};
use crate::lexer::{Attribute, Lexer, Token};
use crate::record::{RECORD_BYTES_MAX, RECORD_NODES_MAX, Record};
use crate::schema::{ComplexType, Content, Element, Schema, Type, Use};
use crate::sequence::{Frame, Stepped, cut, missing, step};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Which elements are handed on as records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// The root, with all it holds.
    Root,
    /// The children of the root, one after another. `Header` is handed on too, but has no number.
    Children,
}

/// Validates `input` and calls `sink` with each record that fits, in the order of the file.
///
/// # Errors
/// [`ReadError::Findings`] with every fault ([`Code::FileXml`], [`Code::FileSchema`], [`Code::FileTooLarge`]), the first
/// hundred in full; values `detail`, `path` and, inside a record, `record`.
pub fn validate<R: BufRead>(
    schema: &Schema,
    input: R,
    records: Records,
    sink: &mut dyn FnMut(&Record<'_>),
) -> Result<u64, ReadError> {
    let mut faults = Faults::default();
    let count = match Lexer::new(input) {
        Ok(lexer) => {
            let mut walk = Walk::new(schema, records, &mut faults);
            let outcome = walk.run(lexer, sink);
            let count = walk.count;
            if let Err(fatal) = outcome {
                faults.add_fatal(fatal)?;
            }
            count
        }
        Err(fatal) => {
            faults.add_fatal(fatal)?;
            0
        }
    };
    if faults.is_empty() { Ok(count) } else { Err(ReadError::Findings(faults.into_findings())) }
}

struct Walk<'s, 'f> {
    schema: &'s Schema,
    records: Records,
    faults: &'f mut Faults,
    frames: Vec<Frame<'s>>,
    /// Frames no longer used, kept for their buffers.
    spare: Vec<Frame<'s>>,
    /// Depth inside an element that is not known, whose content is only read over.
    skipped: usize,
    record: Record<'s>,
    record_from: u64,
    count: u64,
}

impl<'s, 'f> Walk<'s, 'f> {
    fn new(schema: &'s Schema, records: Records, faults: &'f mut Faults) -> Self {
        Self {
            schema,
            records,
            faults,
            frames: Vec::new(),
            spare: Vec::new(),
            skipped: 0,
            record: Record::default(),
            record_from: 0,
            count: 0,
        }
    }

    fn run<R: BufRead>(&mut self, mut lexer: Lexer<R>, sink: &mut dyn FnMut(&Record<'_>)) -> Result<(), Fatal> {
        loop {
            let consumed = lexer.consumed();
            self.bounded(consumed)?;
            match lexer.next()? {
                Token::Eof => return Ok(()),
                Token::Text { place, text } => self.text(place, text)?,
                Token::End => self.end(sink),
                Token::Start { place, namespace, name, attributes, empty } => {
                    let known = self.start(place, namespace, name, attributes, consumed)?;
                    match (known, empty) {
                        (true, true) => self.end(sink),
                        (false, false) => self.skipped += 1,
                        _ => {}
                    }
                }
            }
        }
    }

    fn record_depth(&self) -> usize {
        match self.records {
            Records::Root => 1,
            Records::Children => 2,
        }
    }

    /// Refuses a record that goes on and on, at its own place.
    fn bounded(&self, consumed: u64) -> Result<(), Fatal> {
        let Some(record) = self.frames.get(self.record_depth() - 1) else { return Ok(()) };
        let place = record.place;
        if self.record.len() >= RECORD_NODES_MAX {
            return Err(Fatal::TooLarge { place, what: "elements of a record", limit: RECORD_NODES_MAX });
        }
        let bytes = usize::try_from(consumed - self.record_from.min(consumed)).unwrap_or(usize::MAX);
        if bytes > RECORD_BYTES_MAX {
            return Err(Fatal::TooLarge { place, what: "bytes of a record", limit: RECORD_BYTES_MAX });
        }
        Ok(())
    }

    /// Whether the element is known and now open; what it is not is read over.
    fn start(&mut self, place: Place, namespace: &str, name: &str, attributes: &[Attribute], at: u64) -> Result<bool, Fatal> {
        if self.skipped > 0 {
            return Ok(false);
        }
        let own = namespace == self.schema.target;
        let (element, index) = match self.frames.last_mut() {
            None if own && name == self.schema.root.name => (&self.schema.root, None),
            None => return Err(self.foreign_root(place, namespace, name)),
            Some(parent) => {
                let Stepped { fault, child } = step(parent, own, name);
                if let Some(detail) = fault {
                    self.fault(place, None, &detail);
                }
                let Some(child) = child else { return Ok(false) };
                child
            }
        };
        self.open(element, index, place);
        if self.frames.len() == self.record_depth() {
            self.begin_record(name, at);
        }
        let node = if self.frames.len() >= self.record_depth() { self.record.open(&element.name, place) } else { 0 };
        if let Some(frame) = self.frames.last_mut() {
            frame.node = node;
        }
        self.check_attributes(element, place, attributes);
        Ok(true)
    }

    fn begin_record(&mut self, name: &str, at: u64) {
        let counted = self.records == Records::Children && name != "Header";
        self.count += u64::from(counted);
        self.record.clear(counted.then_some(self.count));
        self.record_from = at;
    }

    fn foreign_root(&self, place: Place, namespace: &str, name: &str) -> Fatal {
        let (target, root) = (&self.schema.target, &self.schema.root.name);
        Fatal::Schema {
            place,
            detail: format!("the root is <{}> of {}, not <{root}> of \"{target}\"", cut(name), quote(namespace)),
        }
    }

    fn open(&mut self, element: &'s Element, index: Option<u64>, place: Place) {
        let frame = match self.spare.pop() {
            Some(mut frame) => {
                frame.reopen(element, index, place);
                frame
            }
            None => Frame::new(element, index, place),
        };
        self.frames.push(frame);
    }

    fn check_attributes(&mut self, element: &'s Element, place: Place, attributes: &[Attribute]) {
        let complex: Option<&'s ComplexType> = match &element.content {
            Type::Complex(complex) => Some(complex),
            Type::Simple(_) => None,
        };
        let rules = complex.map_or(&[][..], |complex| complex.attributes.as_slice());
        for attribute in attributes {
            let rule = rules.iter().find(|rule| attribute.namespace.is_empty() && rule.name == attribute.name);
            let Some(rule) = rule else {
                // Where a schema lies is a hint of the writer; it is never followed.
                let hint = matches!(attribute.name.as_str(), "schemaLocation" | "noNamespaceSchemaLocation");
                if attribute.namespace != XSI || !hint {
                    self.fault(
                        place,
                        Some(&attribute.name),
                        &format!("the attribute {} is not known here", quote(&attribute.name)),
                    );
                }
                continue;
            };
            let value = collapse(&attribute.value);
            if let Err(detail) = rule.content.check(&value) {
                self.fault(place, Some(&rule.name), &detail);
            }
            if self.frames.len() >= self.record_depth() {
                self.record.attribute(&rule.name, place, &value);
            }
        }
        let given = |name: &str| attributes.iter().any(|attribute| attribute.namespace.is_empty() && attribute.name == name);
        for rule in rules.iter().filter(|rule| rule.use_ == Use::Required && !given(&rule.name)) {
            self.fault(place, Some(&rule.name), &format!("the attribute \"{}\" is missing", rule.name));
        }
    }

    fn text(&mut self, place: Place, text: &str) -> Result<(), Fatal> {
        if self.skipped > 0 {
            return Ok(());
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let blank = text.bytes().all(|b| b" \t\r\n".contains(&b));
        let takes_text = match &frame.element.content {
            Type::Simple(_) => true,
            Type::Complex(complex) => matches!(complex.content, Content::Text(_)),
        };
        if takes_text {
            if frame.text.len() + text.len() > XML_TEXT_BYTES {
                return Err(Fatal::TooLarge { place, what: "bytes of a text", limit: XML_TEXT_BYTES });
            }
            frame.text.push_str(text);
            return Ok(());
        }
        if !blank {
            let stray = text.trim_matches([' ', '\t', '\r', '\n']);
            self.fault(place, None, &format!("the text {} where only elements may stand", quote(stray)));
        }
        Ok(())
    }

    fn end(&mut self, sink: &mut dyn FnMut(&Record<'_>)) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(frame) = self.frames.last_mut() else { return };
        let (place, node, text) = (frame.place, frame.node, std::mem::take(&mut frame.text));
        let mut value = Cow::Borrowed("");
        let simple = match &frame.element.content {
            Type::Simple(simple) => Some(simple),
            Type::Complex(complex) => match &complex.content {
                Content::Text(simple) => Some(simple),
                _ => None,
            },
        };
        let missing = missing(frame);
        if let Some(simple) = simple {
            value = collapse(&text);
            if let Err(detail) = simple.check(&value) {
                self.fault(place, None, &detail);
            }
        }
        for detail in missing {
            self.fault(place, None, &detail);
        }
        if self.frames.len() >= self.record_depth() {
            self.record.close(node, &value);
        }
        if self.frames.len() == self.record_depth() {
            if self.faults.is_empty() {
                sink(&self.record);
            }
            self.record.clear(None);
        }
        if let Some(mut frame) = self.frames.pop() {
            frame.text = text;
            self.spare.push(frame);
        }
    }

    /// Adds a schema fault at the open element, or at one of its attributes.
    fn fault(&mut self, place: Place, attribute: Option<&str>, detail: &str) {
        if self.faults.count_only() {
            return;
        }
        let mut path = String::new();
        // Writing to a string cannot fail.
        for frame in &self.frames {
            path.push('/');
            path.push_str(&frame.element.name);
            if let Some(index) = frame.index {
                let _ = write!(path, "[{index}]");
            }
        }
        if let Some(attribute) = attribute {
            let _ = write!(path, "/@{}", cut(attribute));
        }
        let mut finding = Finding::error(Code::FileSchema).with("detail", detail).with("path", path).at(place.line, place.column);
        if let Some(number) = self.record.number {
            finding = finding.with("record", number);
        }
        self.faults.add(finding);
    }
}

/// White space collapsed, as every type of the subset asks. Source: XML Schema 1.0 part 2 §4.3.6.
fn collapse(text: &str) -> Cow<'_, str> {
    let space = [' ', '\t', '\r', '\n'];
    if !text.bytes().any(|b| b" \t\r\n".contains(&b)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split(space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}
