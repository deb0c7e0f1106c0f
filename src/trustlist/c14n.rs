//! Canonical XML: the one spelling of a tree that is digested and signed.
//!
//! Source: Canonical XML 1.0 and 1.1, Exclusive XML Canonicalization 1.0 (W3C recommendations). Taken are whole documents and
//! single elements with all they hold, less one element that is left out: what enveloped signatures need, and no more of
//! XPath's node sets.

use roxmltree::{Node, NodeId};

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// How namespaces and inherited attributes are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Method {
    /// Canonical XML 1.0: every namespace in force, and `xml:` attributes of what stands above.
    Inclusive,
    /// Canonical XML 1.1: as 1.0, less `xml:id`.
    Inclusive11,
    /// Namespaces where they are used, and these prefixes (empty for the default) as in Canonical XML.
    Exclusive { also: Vec<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comments {
    Kept,
    Dropped,
}

/// The method of an algorithm URI, its prefix list still empty.
pub(crate) fn of_uri(uri: &str) -> Option<(Method, Comments)> {
    let exclusive = || Method::Exclusive { also: Vec::new() };
    match uri {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => Some((Method::Inclusive, Comments::Dropped)),
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" => Some((Method::Inclusive, Comments::Kept)),
        "http://www.w3.org/2006/12/xml-c14n11" => Some((Method::Inclusive11, Comments::Dropped)),
        "http://www.w3.org/2006/12/xml-c14n11#WithComments" => Some((Method::Inclusive11, Comments::Kept)),
        "http://www.w3.org/2001/10/xml-exc-c14n#" => Some((exclusive(), Comments::Dropped)),
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => Some((exclusive(), Comments::Kept)),
        _ => None,
    }
}

/// The canonical octets of `node` (a document's root or an element) and what it holds, without the element `left_out`.
pub(crate) fn canonical(node: Node<'_, '_>, method: &Method, comments: Comments, left_out: Option<NodeId>) -> Vec<u8> {
    let mut writer = Writer { method, comments, left_out, written: Vec::new(), out: Vec::new() };
    if node.is_element() {
        writer.element(node, true);
    } else {
        writer.document(node);
    }
    writer.out
}

struct Writer<'m, 'd> {
    method: &'m Method,
    comments: Comments,
    left_out: Option<NodeId>,
    /// Namespaces written by the elements that are open: prefix and URI, the innermost last.
    written: Vec<(&'d str, &'d str)>,
    out: Vec<u8>,
}

impl<'d> Writer<'_, 'd> {
    fn document(&mut self, root: Node<'d, 'd>) {
        let mut after = false;
        for child in root.children() {
            if child.is_element() {
                self.element(child, false);
                after = true;
            } else if child.is_pi() || (child.is_comment() && self.comments == Comments::Kept) {
                if after {
                    self.out.push(b'\n');
                }
                self.leaf(child);
                if !after {
                    self.out.push(b'\n');
                }
            }
        }
    }

    fn element(&mut self, element: Node<'d, 'd>, is_apex: bool) {
        if self.left_out == Some(element.id()) {
            return;
        }
        let before = self.written.len();
        let name = qualified_name(element);
        self.put("<");
        self.put(name);
        self.namespaces(element, name);
        self.attributes(element, is_apex);
        self.put(">");
        for child in element.children() {
            if child.is_element() {
                self.element(child, false);
            } else {
                self.leaf(child);
            }
        }
        self.put("</");
        self.put(name);
        self.put(">");
        self.written.truncate(before);
    }

    fn leaf(&mut self, node: Node<'d, 'd>) {
        if let Some(pi) = node.pi() {
            self.put("<?");
            self.put(pi.target);
            if let Some(value) = pi.value {
                self.put(" ");
                self.escaped(value, &[('\r', "&#xD;")]);
            }
            self.put("?>");
        } else if node.is_comment() {
            if self.comments == Comments::Kept {
                self.put("<!--");
                self.escaped(node.text().unwrap_or_default(), &[('\r', "&#xD;")]);
                self.put("-->");
            }
        } else if node.is_text() {
            self.escaped(node.text().unwrap_or_default(), &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('\r', "&#xD;")]);
        }
    }

    /// The namespaces an element must say, in the order of their prefixes.
    fn namespaces(&mut self, element: Node<'d, 'd>, name: &'d str) {
        let in_force = in_force(element);
        let mut said: Vec<(&'d str, &'d str)> = Vec::new();
        let own = prefix(name);
        let used: Vec<&str> = element.attributes().filter_map(|attribute| attribute_prefix(element, &attribute)).collect();
        let is_wanted = |prefix: &str| match &self.method {
            Method::Inclusive | Method::Inclusive11 => true,
            Method::Exclusive { also } => prefix == own || used.contains(&prefix) || also.iter().any(|named| named == prefix),
        };
        for (prefix, uri) in in_force.iter().copied().filter(|(prefix, _)| is_wanted(prefix)) {
            if self.said(prefix) != Some(uri) && !(prefix.is_empty() && uri.is_empty()) {
                said.push((prefix, uri));
            }
        }
        // The default namespace is taken back where it is no longer in force.
        let default = in_force.iter().find(|(prefix, _)| prefix.is_empty()).map_or("", |(_, uri)| uri);
        if default.is_empty() && is_wanted("") && self.said("").is_some_and(|uri| !uri.is_empty()) {
            said.push(("", ""));
        }
        said.sort_unstable();
        for (prefix, uri) in &said {
            self.put(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.put(prefix);
            self.put("=\"");
            self.attribute_value(uri);
            self.put("\"");
        }
        self.written.extend(said);
    }

    fn said(&self, prefix: &str) -> Option<&'d str> {
        self.written.iter().rev().find(|(known, _)| *known == prefix).map(|(_, uri)| *uri)
    }

    /// Attributes by namespace and name; for the first element of a part also the inherited ones of `xml:`.
    fn attributes(&mut self, element: Node<'d, 'd>, is_apex: bool) {
        let mut all: Vec<(&str, &str, &str, &str)> = Vec::new();
        for attribute in element.attributes() {
            let prefix = attribute_prefix(element, &attribute).unwrap_or_default();
            all.push((attribute.namespace().unwrap_or_default(), attribute.name(), prefix, attribute.value()));
        }
        if is_apex && !matches!(self.method, Method::Exclusive { .. }) {
            for attribute in element.ancestors().skip(1).flat_map(|above| above.attributes()) {
                let name = attribute.name();
                let inherits = *self.method == Method::Inclusive || name != "id";
                let is_new = !all.iter().any(|(namespace, known, _, _)| *namespace == XML && *known == name);
                if attribute.namespace() == Some(XML) && inherits && is_new {
                    all.push((XML, name, "xml", attribute.value()));
                }
            }
        }
        all.sort_unstable();
        for (_, name, prefix, value) in all {
            self.put(" ");
            if !prefix.is_empty() {
                self.put(prefix);
                self.put(":");
            }
            self.put(name);
            self.put("=\"");
            self.attribute_value(value);
            self.put("\"");
        }
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn attribute_value(&mut self, value: &str) {
        const ESCAPES: &[(char, &str)] =
            &[('&', "&amp;"), ('<', "&lt;"), ('"', "&quot;"), ('\t', "&#x9;"), ('\n', "&#xA;"), ('\r', "&#xD;")];
        self.escaped(value, ESCAPES);
    }

    fn escaped(&mut self, text: &str, escapes: &[(char, &str)]) {
        let mut rest = text;
        while let Some(at) = rest.find(|c| escapes.iter().any(|(known, _)| *known == c)) {
            let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.put(plain);
            let mut characters = from.chars();
            let found = characters.next();
            let escape = escapes.iter().find(|(known, _)| Some(*known) == found).map_or("", |(_, escape)| escape);
            self.put(escape);
            rest = characters.as_str();
        }
        self.put(rest);
    }
}

/// Prefixes and URIs in force at an element, without `xml`, which never needs saying.
fn in_force<'d>(element: Node<'d, 'd>) -> Vec<(&'d str, &'d str)> {
    let namespaces = element.namespaces().map(|namespace| (namespace.name().unwrap_or_default(), namespace.uri()));
    namespaces.filter(|(prefix, _)| *prefix != "xml").collect()
}

/// The name as the tag has it. The parser keeps prefixes only in its text.
fn qualified_name<'d>(element: Node<'d, 'd>) -> &'d str {
    let range = element.range();
    let tag = element.document().input_text().get(range.start + 1..range.end).unwrap_or_default();
    tag.split([' ', '\t', '\n', '/', '>']).next().unwrap_or_default()
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

/// `None` for an attribute without a prefix.
fn attribute_prefix<'d>(element: Node<'d, 'd>, attribute: &roxmltree::Attribute<'d, 'd>) -> Option<&'d str> {
    let name = element.document().input_text().get(attribute.range_qname())?;
    name.split_once(':').map(|(prefix, _)| prefix)
}

#[cfg(test)]
mod tests;
