//! One validated record as a small tree, in buffers that are used again for the next.

use oblik_domain::finding::Place;

/// Elements and attributes of one record; more is refused. The largest customers have some ten thousand.
pub(crate) const RECORD_NODES_MAX: usize = 200_000;
/// Bytes of one record as text.
pub(crate) const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A record that fits its schema.
#[derive(Debug, Default)]
pub struct Record<'s> {
    nodes: Vec<Node<'s>>,
    text: String,
    /// Counted from one among the records of the file; `None` for a header and for a document of one record.
    pub number: Option<u64>,
}

#[derive(Debug)]
struct Node<'s> {
    name: &'s str,
    place: Place,
    attribute: bool,
    /// The index after the last node inside it.
    end: usize,
    from: usize,
    to: usize,
}

impl<'s> Record<'s> {
    pub(crate) fn clear(&mut self, number: Option<u64>) {
        self.nodes.clear();
        self.text.clear();
        self.number = number;
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Begins an element; what is added until [`Self::close`] stands inside it.
    pub(crate) fn open(&mut self, name: &'s str, place: Place) -> usize {
        let index = self.nodes.len();
        self.nodes.push(Node { name, place, attribute: false, end: index + 1, from: 0, to: 0 });
        index
    }

    pub(crate) fn attribute(&mut self, name: &'s str, place: Place, value: &str) {
        let index = self.open(name, place);
        self.close(index, value);
        if let Some(node) = self.nodes.get_mut(index) {
            node.attribute = true;
        }
    }

    pub(crate) fn close(&mut self, index: usize, value: &str) {
        let (end, from) = (self.nodes.len(), self.text.len());
        self.text.push_str(value);
        let to = self.text.len();
        if let Some(node) = self.nodes.get_mut(index) {
            (node.end, node.from, node.to) = (end, from, to);
        }
    }

    /// The record's own element.
    pub fn root(&self) -> Option<Row<'_>> {
        self.nodes.first().map(|_| Row { record: self, at: 0 })
    }
}

/// An element of a record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    record: &'r Record<'r>,
    at: usize,
}

impl<'r> Row<'r> {
    fn node(self) -> Option<&'r Node<'r>> {
        self.record.nodes.get(self.at)
    }

    pub fn name(self) -> &'r str {
        self.node().map_or("", |node| node.name)
    }

    /// Where the element begins.
    pub fn place(self) -> Place {
        self.node().map_or(Place { line: 0, column: 0 }, |node| node.place)
    }

    /// Its text, white space collapsed.
    pub fn text(self) -> &'r str {
        self.node().and_then(|node| self.record.text.get(node.from..node.to)).unwrap_or_default()
    }

    fn inner(self) -> impl Iterator<Item = Row<'r>> {
        let end = self.node().map_or(0, |node| node.end);
        let mut next = self.at + 1;
        std::iter::from_fn(move || {
            let row = Row { record: self.record, at: next };
            if next >= end {
                return None;
            }
            next = row.node()?.end;
            Some(row)
        })
    }

    /// Child elements of a name, in order.
    pub fn children(self, name: &str) -> impl Iterator<Item = Row<'r>> {
        self.inner().filter(move |row| row.node().is_some_and(|node| !node.attribute && node.name == name))
    }

    /// Child elements of any of the names, in order.
    pub(crate) fn children_of(self, names: &[&str]) -> impl Iterator<Item = Row<'r>> {
        self.inner().filter(move |row| row.node().is_some_and(|node| !node.attribute && names.contains(&node.name)))
    }

    pub fn child(self, name: &str) -> Option<Row<'r>> {
        self.children(name).next()
    }

    pub fn attribute(self, name: &str) -> Option<Row<'r>> {
        self.inner().find(|row| row.node().is_some_and(|node| node.attribute && node.name == name))
    }
}
