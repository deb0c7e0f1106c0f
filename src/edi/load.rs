//! Makes the validator's tables from an XSD text.
//!
//! The subset: one target namespace; named simple types that restrict a builtin or another named one; named complex types
//! of a sequence (elements, and choices of elements), of text with attributes, or of attributes alone; one global element.

use std::collections::BTreeMap;
use std::sync::Arc;

use oblik_domain::Decimal;
use oblik_domain::finding::Place;

use crate::facets::{Base, Bound, Builtin};
use crate::faults::Fatal;
use crate::lexer::{Attribute, Lexer, Token};
use crate::pattern::Pattern;
use crate::schema::{AttributeRule, ComplexType, Content, Element, Particle, Schema, SchemaError, SimpleType, Type, Use};

const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// One element of the XSD text.
struct Node {
    place: Place,
    name: String,
    attributes: Vec<Attribute>,
    children: Vec<Node>,
}

impl Node {
    fn wrong(&self, detail: impl Into<String>) -> SchemaError {
        SchemaError { line: self.place.line, column: self.place.column, detail: detail.into() }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }

    fn need(&self, name: &str) -> Result<&str, SchemaError> {
        self.get(name).ok_or_else(|| self.wrong(format!("<xs:{}> without {name:?}", self.name)))
    }

    /// Refuses attributes outside `known`.
    fn only(&self, known: &[&str]) -> Result<(), SchemaError> {
        match self.attributes.iter().find(|attribute| !known.contains(&attribute.name.as_str())) {
            Some(other) => Err(self.wrong(format!("the attribute {:?} of <xs:{}> is not supported", other.name, self.name))),
            None => Ok(()),
        }
    }

    fn unsupported(&self) -> SchemaError {
        self.wrong(format!("<xs:{}> is not supported here", self.name))
    }
}

pub(crate) fn load(xsd: &str) -> Result<Schema, SchemaError> {
    let root = read(xsd)?;
    if root.name != "schema" {
        return Err(root.wrong("not a schema"));
    }
    root.only(&["targetNamespace", "elementFormDefault", "version"])?;
    if root.get("elementFormDefault") != Some("qualified") {
        return Err(root.wrong("elementFormDefault must be \"qualified\""));
    }
    let mut types = Types { named: BTreeMap::new(), made: BTreeMap::new(), open: Vec::new() };
    let mut globals = Vec::new();
    for child in &root.children {
        match child.name.as_str() {
            "simpleType" | "complexType" => {
                if types.named.insert(child.need("name")?, child).is_some() {
                    return Err(child.wrong("two types of one name"));
                }
            }
            "element" => globals.push(child),
            _ => return Err(child.unsupported()),
        }
    }
    let [global] = globals.as_slice() else { return Err(root.wrong("exactly one global element is supported")) };
    let root_element = types.element(global)?;
    // Types nobody uses are loaded too, so that nothing in the text goes unjudged.
    let names: Vec<&str> = types.named.keys().copied().collect();
    for name in names {
        types.resolve(name, &root)?;
    }
    Ok(Schema { target: root.need("targetNamespace")?.to_owned(), root: root_element })
}

/// Reads the text into nodes, without annotations.
fn read(xsd: &str) -> Result<Node, SchemaError> {
    let broken = |fatal: Fatal| match fatal {
        Fatal::Xml { place, detail } => SchemaError { line: place.line, column: place.column, detail },
        other => SchemaError { line: 1, column: 1, detail: format!("{other:?}") },
    };
    let mut lexer = Lexer::new(xsd.as_bytes()).map_err(broken)?;
    let mut open: Vec<Node> = Vec::new();
    loop {
        let closes = match lexer.next().map_err(broken)? {
            Token::Start { place, namespace, name, attributes, empty } => {
                let node = Node { place, name: name.to_owned(), attributes: attributes.to_vec(), children: Vec::new() };
                if namespace != XS || attributes.iter().any(|attribute| !attribute.namespace.is_empty()) {
                    return Err(node.wrong(format!("{name:?} is not of XML Schema")));
                }
                open.push(node);
                empty
            }
            Token::End => true,
            Token::Text { place, text } => {
                let documented = open.last().is_some_and(|node| node.name == "documentation");
                if !documented && !text.trim().is_empty() {
                    return Err(SchemaError { line: place.line, column: place.column, detail: "stray text".to_owned() });
                }
                false
            }
            Token::Eof => return Err(SchemaError { line: 1, column: 1, detail: "no schema".to_owned() }),
        };
        let Some(done) = (if closes { open.pop() } else { None }) else { continue };
        match open.last_mut() {
            Some(parent) if done.name != "annotation" => parent.children.push(done),
            Some(_) => {}
            None => return Ok(done),
        }
    }
}

struct Types<'n> {
    named: BTreeMap<&'n str, &'n Node>,
    made: BTreeMap<&'n str, Type>,
    /// Types being made, against recursion.
    open: Vec<&'n str>,
}

impl<'n> Types<'n> {
    fn resolve(&mut self, name: &str, at: &Node) -> Result<Type, SchemaError> {
        if let Some(made) = self.made.get(name) {
            return Ok(made.clone());
        }
        let Some((name, node)) = self.named.get_key_value(name).map(|(name, node)| (*name, *node)) else {
            return Err(at.wrong(format!("the type {name:?} is not in this schema")));
        };
        if self.open.contains(&name) {
            return Err(node.wrong(format!("the type {name:?} holds itself")));
        }
        self.open.push(name);
        let made = match node.name.as_str() {
            "simpleType" => Type::Simple(Arc::new(self.simple(name, node)?)),
            _ => Type::Complex(Arc::new(self.complex(node)?)),
        };
        self.open.pop();
        self.made.insert(name, made.clone());
        Ok(made)
    }

    fn resolve_simple(&mut self, name: &str, at: &Node) -> Result<Arc<SimpleType>, SchemaError> {
        match self.resolve(name, at)? {
            Type::Simple(simple) => Ok(simple),
            Type::Complex(_) => Err(at.wrong(format!("{name:?} is not a simple type"))),
        }
    }

    fn element(&mut self, node: &'n Node) -> Result<Element, SchemaError> {
        node.only(&["name", "type", "minOccurs", "maxOccurs"])?;
        if let Some(child) = node.children.first() {
            return Err(child.unsupported());
        }
        Ok(Element { name: node.need("name")?.to_owned(), content: self.resolve(node.need("type")?, node)? })
    }

    fn complex(&mut self, node: &'n Node) -> Result<ComplexType, SchemaError> {
        node.only(&["name"])?;
        let mut made = ComplexType { attributes: Vec::new(), content: Content::Empty };
        for (index, child) in node.children.iter().enumerate() {
            match child.name.as_str() {
                "sequence" if index == 0 => made.content = Content::Children(self.sequence(child)?),
                "simpleContent" if index == 0 && node.children.len() == 1 => return self.text_content(child),
                "attribute" => made.attributes.push(self.attribute(child)?),
                _ => return Err(child.unsupported()),
            }
        }
        Ok(made)
    }

    fn text_content(&mut self, node: &'n Node) -> Result<ComplexType, SchemaError> {
        node.only(&[])?;
        let [extension] = node.children.as_slice() else { return Err(node.wrong("exactly one extension is supported")) };
        if extension.name != "extension" {
            return Err(extension.unsupported());
        }
        extension.only(&["base"])?;
        let base = self.resolve_simple(extension.need("base")?, extension)?;
        let attributes = extension.children.iter().map(|child| self.attribute(child)).collect::<Result<_, _>>()?;
        Ok(ComplexType { attributes, content: Content::Text(base) })
    }

    fn attribute(&mut self, node: &Node) -> Result<AttributeRule, SchemaError> {
        if node.name != "attribute" || !node.children.is_empty() {
            return Err(node.unsupported());
        }
        node.only(&["name", "type", "use"])?;
        let use_ = match node.get("use") {
            Some("required") => Use::Required,
            None | Some("optional") => Use::Optional,
            Some(_) => return Err(node.wrong("this use of an attribute is not supported")),
        };
        Ok(AttributeRule { name: node.need("name")?.to_owned(), content: self.resolve_simple(node.need("type")?, node)?, use_ })
    }

    fn sequence(&mut self, node: &'n Node) -> Result<Vec<Particle>, SchemaError> {
        node.only(&[])?;
        let mut particles = Vec::new();
        for child in &node.children {
            let alternatives = match child.name.as_str() {
                "element" => vec![self.element(child)?],
                "choice" => {
                    child.only(&["minOccurs", "maxOccurs"])?;
                    self.choice(child)?
                }
                _ => return Err(child.unsupported()),
            };
            let (min, max) = occurs(child)?;
            particles.push(Particle { alternatives, min, max });
        }
        let names: Vec<&str> = particles.iter().flat_map(|particle| &particle.alternatives).map(|e| e.name.as_str()).collect();
        let twice = names.iter().enumerate().any(|(index, name)| names.iter().skip(index + 1).any(|other| other == name));
        if twice { Err(node.wrong("one name twice in a sequence is not supported")) } else { Ok(particles) }
    }

    fn choice(&mut self, node: &'n Node) -> Result<Vec<Element>, SchemaError> {
        let plain =
            |child: &&Node| child.name == "element" && child.get("minOccurs").is_none() && child.get("maxOccurs").is_none();
        if let Some(other) = node.children.iter().find(|child| !plain(child)) {
            return Err(other.unsupported());
        }
        node.children.iter().map(|child| self.element(child)).collect()
    }

    fn simple(&mut self, name: &str, node: &Node) -> Result<SimpleType, SchemaError> {
        node.only(&["name"])?;
        let [restriction] = node.children.as_slice() else { return Err(node.wrong("exactly one restriction is supported")) };
        if restriction.name != "restriction" {
            return Err(restriction.unsupported());
        }
        restriction.only(&["base"])?;
        let base = restriction.need("base")?;
        let base = match base.strip_prefix("xs:") {
            Some(builtin) => Base::Builtin(
                Builtin::parse(builtin).ok_or_else(|| restriction.wrong(format!("the type {base:?} is not supported")))?,
            ),
            None => Base::Own(self.resolve_simple(base, restriction)?),
        };
        let mut made = SimpleType {
            name: name.to_owned(),
            base,
            patterns: Vec::new(),
            words: Vec::new(),
            min_length: 0,
            max_length: usize::MAX,
            bounds: Vec::new(),
            fraction_digits: None,
        };
        for facet in &restriction.children {
            facet.only(&["value"])?;
            add_facet(&mut made, facet)?;
        }
        Ok(made)
    }
}

fn add_facet(made: &mut SimpleType, facet: &Node) -> Result<(), SchemaError> {
    let value = facet.need("value")?;
    let number = made.builtin().is_number();
    let text = made.builtin() == Builtin::Token;
    let count = || value.parse::<usize>().map_err(|_| facet.wrong(format!("{value:?} is not a count")));
    let bound = || value.parse::<Decimal>().map_err(|_| facet.wrong(format!("{value:?} is not a number")));
    match facet.name.as_str() {
        "pattern" => made.patterns.push(Pattern::parse(value).map_err(|detail| facet.wrong(detail))?),
        "enumeration" if text => made.words.push(value.to_owned()),
        "minLength" if text => made.min_length = count()?,
        "maxLength" if text => made.max_length = count()?,
        "minExclusive" if number => made.bounds.push(Bound::Above(bound()?)),
        "minInclusive" if number => made.bounds.push(Bound::AtLeast(bound()?)),
        "maxExclusive" if number => made.bounds.push(Bound::Below(bound()?)),
        "maxInclusive" if number => made.bounds.push(Bound::AtMost(bound()?)),
        "fractionDigits" if number => made.fraction_digits = Some(count()?),
        _ => return Err(facet.unsupported()),
    }
    if facet.children.is_empty() { Ok(()) } else { Err(facet.wrong("a facet holds nothing")) }
}

fn occurs(node: &Node) -> Result<(u64, Option<u64>), SchemaError> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| node.wrong(format!("{text:?} is not a count")));
    let min = node.get("minOccurs").map_or(Ok(1), number)?;
    let max = match node.get("maxOccurs") {
        Some("unbounded") => None,
        Some(text) => Some(number(text)?),
        None => Some(1),
    };
    if max.is_some_and(|max| max < min || max == 0) {
        return Err(node.wrong("maxOccurs below minOccurs, or zero"));
    }
    Ok((min, max))
}
