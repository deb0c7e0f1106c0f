//! The file as a tree: bounded before it is parsed, strict while it is, and without a document type.
//!
//! The parser below keeps every prefix, comment and instruction, which canonicalization needs. What it takes time or memory for
//! beyond the length of the file (depth, namespaces in force, attributes) is counted beforehand, in one pass that knows
//! nothing but markup (T9, T10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oblik_domain::limits::{TRUSTED_LIST_BYTES, XML_DEPTH, XML_TAG_BYTES};
use roxmltree::{Document, Node, ParsingOptions};

use crate::fault::{ListFault, content};

/// Elements, texts, comments: the largest list published has a tenth of it.
const NODES_MAX: usize = 500_000;
/// Attributes of an element, and namespaces in force at one.
const ATTRIBUTES_MAX: usize = 64;

/// The text of the file with line ends as XML §2.11 wants them.
///
/// # Errors
/// [`ListFault`] for another encoding than UTF-8, which TS 119 612 prescribes, and for whatever is not bounded.
pub(crate) fn text(bytes: &[u8]) -> Result<String, ListFault> {
    if bytes.len() > TRUSTED_LIST_BYTES {
        return Err(ListFault::TooLarge { what: "bytes", limit: TRUSTED_LIST_BYTES });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| xml("it is not UTF-8"))?;
    let declaration = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or("", |(inside, _)| inside);
    check_declaration(declaration)?;
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    bound(&text)?;
    Ok(text)
}

/// The tree of what [`text`] gave.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, ListFault> {
    let limit = u32::try_from(NODES_MAX).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit: limit, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| xml(error.to_string()))?;
    let reserved = |node: &Node<'_, '_>| node.pi().is_some_and(|pi| pi.target.eq_ignore_ascii_case("xml"));
    if document.descendants().any(|node| reserved(&node)) {
        return Err(xml("an XML declaration that is not at the very start"));
    }
    Ok(document)
}

fn xml(detail: impl Into<String>) -> ListFault {
    ListFault::Xml(detail.into())
}

/// Version and encoding, where an XML declaration names them. Its grammar is the parser's to check.
fn check_declaration(declaration: &str) -> Result<(), ListFault> {
    let value = |name: &str| {
        let (_, rest) = declaration.split_once(name)?;
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest.strip_prefix(quote)?.split_once(quote).map(|(value, _)| value)
    };
    match value("encoding") {
        Some(encoding) if !encoding.eq_ignore_ascii_case("utf-8") => {
            let named: String = encoding.chars().take(40).collect();
            return Err(xml(format!("the encoding {named:?} is declared; a trusted list is UTF-8")));
        }
        _ => {}
    }
    match value("version") {
        Some(version) if version != "1.0" => Err(xml("it is not XML 1.0")),
        _ => Ok(()),
    }
}

/// Depth, attributes and namespaces of every element. What is not well-formed is left to the parser, which reads the same
/// characters in the same order and stops where this pass may begin to err.
fn bound(text: &str) -> Result<(), ListFault> {
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some((_, markup)) = rest.split_once('<') {
        let skipped = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>"), ("/", ">")];
        let found = skipped.into_iter().find_map(|(begin, end)| Some((begin, end, markup.strip_prefix(begin)?)));
        if let Some((begin, end, inside)) = found {
            if begin == "/" {
                open.pop();
            }
            let Some((_, after)) = inside.split_once(end) else { return Ok(()) };
            rest = after;
            continue;
        }
        if markup.starts_with('!') {
            return Err(xml("a document type is not allowed"));
        }
        let Some((tag, after)) = start_tag(markup)? else { return Ok(()) };
        rest = after;
        let namespaces = tag.matches("xmlns").count();
        if open.len() >= XML_DEPTH {
            return Err(ListFault::TooLarge { what: "elements one in another", limit: XML_DEPTH });
        }
        let in_force = open.iter().sum::<usize>() + namespaces;
        if in_force > ATTRIBUTES_MAX || tag.matches('=').count() > ATTRIBUTES_MAX {
            return Err(ListFault::TooLarge { what: "attributes or namespaces of an element", limit: ATTRIBUTES_MAX });
        }
        if !tag.ends_with('/') {
            open.push(namespaces);
        }
    }
    Ok(())
}

/// What stands between `<` and the `>` that is in no quotes, and what follows; `None` when the file ends before.
fn start_tag(markup: &str) -> Result<Option<(&str, &str)>, ListFault> {
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate() {
        if at > XML_TAG_BYTES {
            return Err(ListFault::TooLarge { what: "bytes of a tag", limit: XML_TAG_BYTES });
        }
        match (quote, byte) {
            (None, b'>') => return Ok(Some((markup.get(..at).unwrap_or_default(), markup.get(at + 1..).unwrap_or_default()))),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    Ok(None)
}

/// The elements inside an element. Comments and instructions mean nothing here, and text between elements is white space.
pub(crate) fn children<'d>(node: Node<'d, 'd>) -> impl Iterator<Item = Node<'d, 'd>> {
    node.children().filter(Node::is_element)
}

/// The only child of that name.
///
/// # Errors
/// [`ListFault::Content`] when there is none or more than one.
pub(crate) fn child<'d>(node: Node<'d, 'd>, namespace: &str, name: &str) -> Result<Node<'d, 'd>, ListFault> {
    let mut found = children(node).filter(|node| node.has_tag_name((namespace, name)));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(content(format!("{} has no {name}", node.tag_name().name()))),
        _ => Err(content(format!("{} has more than one {name}", node.tag_name().name()))),
    }
}

/// The text of an element that holds no other, without the white space around it. Its pieces are joined: a comment inside it is
/// not signed and must not cut it short.
///
/// # Errors
/// [`ListFault::Content`] when it holds an element.
pub(crate) fn only_text(node: Node<'_, '_>) -> Result<String, ListFault> {
    if children(node).next().is_some() {
        return Err(content(format!("{} holds an element where text is wanted", node.tag_name().name())));
    }
    let pieces: String = node.children().filter(Node::is_text).filter_map(|piece| piece.text()).collect();
    Ok(value(&pieces).to_owned())
}

/// Without the white space of XML around it.
pub(crate) fn value(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// # Errors
/// [`ListFault::Content`]
pub(crate) fn base64(text: impl AsRef<str>) -> Result<Vec<u8>, ListFault> {
    let compact: String = text.as_ref().chars().filter(|c| !matches!(c, ' ' | '\t' | '\n' | '\r')).collect();
    STANDARD.decode(compact).map_err(|_| content("a value is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(), ListFault> {
        parse(&text(bytes)?).map(|_| ())
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth))
    }

    #[test]
    fn what_is_bounded_is_refused_just_past_its_bound() {
        let attributes = |count: usize| {
            let list: Vec<String> = (0..count).map(|at| format!("a{at}='1'")).collect();
            format!("<a {}/>", list.join(" "))
        };
        let namespaces = |count: usize| {
            let list: Vec<String> = (0..count).map(|at| format!("xmlns:a{at}='u'")).collect();
            format!("<a><b {}><c xmlns:x='u'/></b></a>", list.join(" "))
        };
        let tag = |bytes: usize| format!("<a b='{}'/>", "x".repeat(bytes - 7));
        for (good, bad) in [
            (nested(XML_DEPTH), nested(XML_DEPTH + 1)),
            (attributes(ATTRIBUTES_MAX), attributes(ATTRIBUTES_MAX + 1)),
            (namespaces(ATTRIBUTES_MAX - 1), namespaces(ATTRIBUTES_MAX)),
            (tag(XML_TAG_BYTES), tag(XML_TAG_BYTES + 10)),
        ] {
            assert_eq!(read(good.as_bytes()), Ok(()), "{}", &good[..30]);
            assert!(matches!(read(bad.as_bytes()), Err(ListFault::TooLarge { .. })), "{}", &bad[..30]);
        }
        let large = format!("<a>{}</a>", " ".repeat(TRUSTED_LIST_BYTES));
        assert!(matches!(read(large.as_bytes()), Err(ListFault::TooLarge { .. })));
        let many = format!("<a>{}</a>", "<b/>".repeat(NODES_MAX));
        assert!(read(many.as_bytes()).is_err());
    }

    #[test]
    fn encodings_and_declarations_are_as_the_standard_wants_them() {
        for good in [
            &b"<a/>"[..],
            b"\xEF\xBB\xBF<?xml version=\"1.0\"?><a/>",
            b"<?xml version='1.0' encoding='UTF-8' standalone='no' ?>\r\n<a/>\r\n",
            b"<a><!-- < --><![CDATA[<b>]]><?b <?></a>",
        ] {
            assert_eq!(read(good), Ok(()), "{}", String::from_utf8_lossy(good));
        }
        for bad in [
            &b"<?xml version='1.0' encoding='windows-1251'?><a>\xE0</a>"[..],
            b"<?xml version='1.0' encoding='windows-1251'?><a/>",
            b"<a>\xE0</a>",
            b"\xFF\xFE<\0a\0/\0>\0",
            b"<?xml version='1.1'?><a/>",
            b" <?xml version='1.0'?><a/>",
            b"<a><?xml version='1.0'?></a>",
            b"<a><?XML\tx?></a>",
            b"<!DOCTYPE a [<!ENTITY b \"&#60;c/>\">]><a>&b;</a>",
            b"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
            b"<!DOCTYPE a [<!ENTITY a0 'x'><!ENTITY a1 '&a0;&a0;&a0;'><!ENTITY a2 '&a1;&a1;&a1;'>]><a>&a2;</a>",
            b"<a>&b;</a>",
            b"<a>&#0;</a>",
            b"<a>\x01</a>",
            b"<a b='<'/>",
            b"<a b='1' b='2'/>",
            b"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
            b"<p:a/>",
            b"<a>",
            b"<a></b>",
            b"<a/><a/>",
            b"<a/>x",
            b"<a>]]></a>",
            b"<a><!-- -- --></a>",
            b"",
        ] {
            assert!(matches!(read(bad), Err(ListFault::Xml(_))), "{}", String::from_utf8_lossy(bad));
        }
    }
}
