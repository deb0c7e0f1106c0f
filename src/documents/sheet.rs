//! Pages being filled from top to bottom, and beside them what each thing on them means to a screen reader.
//!
//! Nothing here knows the PDF engine: pages are lists of marks, meaning is a tree of tags, and `emit` turns both into
//! a file once the number of pages is known.

use crate::geometry::{Align, Frame, Length, PageShape, pt, tenths};
use crate::paragraph::{Line, Span, height, lines, span};
use crate::style::{Colour, HAIRLINE, SMALL};
use crate::template::{Logo, Template};
use crate::typeface::Faces;

/// Lines of one text that are ever set.
const TEXT_LINES: usize = 12;

/// What is drawn.
#[derive(Debug, Clone)]
pub enum Mark {
    /// A line of text with its upper left corner.
    Text { x: Length, y: Length, line: Line },
    /// A filled rectangle, its corners rounded by `radius`.
    Box { x: Length, y: Length, width: Length, height: Length, radius: Length, colour: Colour },
    /// A place that opens `address` when touched, on its own leaf.
    Link { x: Length, y: Length, width: Length, height: Length, address: String, alt: String },
    /// A picture in a rectangle.
    Picture { x: Length, y: Length, width: Length, height: Length, logo: Logo },
    /// Closed outlines on a grid of `unit`, filled as one.
    Outlines { x: Length, y: Length, unit: Length, loops: Vec<Vec<(i32, i32)>>, colour: Colour },
}

/// What a piece of content is. Source: ISO 32000-1 §14.8.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Section,
    Heading { level: u16, title: String },
    Paragraph,
    Table,
    TableHead,
    TableBody,
    Row,
    ColumnHeader,
    RowHeader { columns: u32 },
    Cell { columns: u32 },
    Figure { alt: String },
    Link,
}

/// A piece of content on one page, named by the tag it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf(pub usize);

#[derive(Debug)]
pub enum Twig {
    Branch(Branch),
    Leaf(Leaf),
}

#[derive(Debug)]
pub struct Branch {
    pub kind: Kind,
    pub twigs: Vec<Twig>,
}

/// A mark with the content it is part of; `None` is decoration.
#[derive(Debug)]
pub struct Placed {
    pub leaf: Option<Leaf>,
    pub mark: Mark,
}

#[derive(Debug)]
pub struct Bookmark {
    /// 1 for the document, more for a part of it, which hangs below the last of level 1.
    pub level: u16,
    pub title: String,
    pub page: usize,
    pub y: Length,
}

/// A page with a shape of its own.
#[derive(Debug)]
pub struct Page {
    pub shape: PageShape,
    pub placed: Vec<Placed>,
}

/// What a sheet comes to.
pub struct Finished {
    pub pages: Vec<Page>,
    pub twigs: Vec<Twig>,
    pub bookmarks: Vec<Bookmark>,
    pub leaves: usize,
}

pub struct Sheet<'a> {
    pub faces: &'a Faces,
    pub template: &'a Template,
    /// Of the page that is being filled.
    pub shape: PageShape,
    /// Where the next thing goes.
    pub y: Length,
    pub pages: Vec<Page>,
    pub bookmarks: Vec<Bookmark>,
    /// Where the first thing of this page went.
    begun: Length,
    /// Top of each page but the first.
    running_head: String,
    done: Vec<Twig>,
    open: Vec<Branch>,
    leaves: usize,
}

impl<'a> Sheet<'a> {
    pub fn new(faces: &'a Faces, template: &'a Template, shape: PageShape, running_head: String) -> Self {
        Self {
            faces,
            template,
            shape,
            y: shape.top,
            begun: shape.top,
            pages: vec![Page { shape, placed: Vec::new() }],
            bookmarks: Vec::new(),
            running_head,
            done: Vec::new(),
            open: Vec::new(),
            leaves: 0,
        }
    }

    pub fn left(&self) -> Length {
        self.shape.side
    }

    pub fn right(&self) -> Length {
        self.shape.width - self.shape.side
    }

    pub fn width(&self) -> Length {
        self.right() - self.left()
    }

    /// Nothing that flows goes below it.
    pub fn floor(&self) -> Length {
        self.shape.height - self.shape.bottom - self.shape.reserve
    }

    /// Begins a page unless `wanted` still fits on this one.
    pub fn need(&mut self, wanted: Length) {
        if self.y + wanted > self.floor() && self.y > self.begun {
            self.begin_page();
        }
    }

    pub fn begin_page(&mut self) {
        let shape = self.shape.without_reserve();
        self.begin_page_of(shape);
    }

    /// Goes on with pages of `shape`: on this one where it has it.
    pub fn turn(&mut self, shape: PageShape) {
        if (self.shape.width, self.shape.height) != (shape.width, shape.height) {
            self.begin_page_of(shape);
        }
    }

    /// Begins a page of another shape; those after it have it too.
    pub fn begin_page_of(&mut self, shape: PageShape) {
        self.shape = shape;
        self.pages.push(Page { shape, placed: Vec::new() });
        self.y = self.shape.top;
        let head = vec![span(self.running_head.clone(), SMALL)];
        let at = Frame { x: self.left(), y: self.y - SMALL.leading(), width: self.width() };
        let tall = self.ghost(at, Align::Left, &head);
        self.rule(self.left(), at.y + tall + pt(3), self.width(), tenths(5), HAIRLINE);
        self.y = at.y + tall + pt(16);
        self.begun = self.y;
    }

    pub fn gap(&mut self, gap: Length) {
        self.y += gap;
    }

    /// Space above a section, which a section that begins a page does not need.
    pub fn space(&mut self, gap: Length) {
        if self.y > self.begun {
            self.y += gap;
        }
    }

    /// Goes back to a page, from 0, for what has its place there; what it means comes after all that was said so far.
    pub fn on_page<T>(&mut self, page: usize, fill: impl FnOnce(&mut Self) -> T) -> T {
        let later = self.pages.split_off(self.pages.len().min(page + 1));
        let (shape, y) = (self.shape, self.y);
        if let Some(page) = self.pages.last() {
            self.shape = page.shape;
        }
        let result = fill(self);
        self.pages.extend(later);
        (self.shape, self.y) = (shape, y);
        result
    }

    /// All that `fill` places belongs to one element of `kind`.
    pub fn within<T>(&mut self, kind: Kind, fill: impl FnOnce(&mut Self) -> T) -> T {
        self.open.push(Branch { kind, twigs: Vec::new() });
        let result = fill(self);
        if let Some(branch) = self.open.pop() {
            self.grow(Twig::Branch(branch));
        }
        result
    }

    fn grow(&mut self, twig: Twig) {
        match self.open.last_mut() {
            Some(branch) => branch.twigs.push(twig),
            None => self.done.push(twig),
        }
    }

    /// A new piece of content of the open element. Its marks must follow one another on one page.
    pub fn leaf(&mut self) -> Leaf {
        let leaf = Leaf(self.leaves);
        self.leaves += 1;
        self.grow(Twig::Leaf(leaf));
        leaf
    }

    pub fn put(&mut self, leaf: Option<Leaf>, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.placed.push(Placed { leaf, mark });
        }
    }

    /// Text as an element of its own; returns its height and leaves `y` alone.
    pub fn text(&mut self, kind: Kind, at: Frame, align: Align, spans: &[Span]) -> Length {
        let set = lines(self.faces, spans, at.width, TEXT_LINES);
        if set.is_empty() {
            return 0;
        }
        self.within(kind, |sheet| {
            let leaf = sheet.leaf();
            sheet.set(Some(leaf), at, align, &set)
        })
    }

    /// Text that means nothing by itself: running heads and feet.
    pub fn ghost(&mut self, at: Frame, align: Align, spans: &[Span]) -> Length {
        let set = lines(self.faces, spans, at.width, TEXT_LINES);
        self.set(None, at, align, &set)
    }

    /// Places lines that are already set; returns their height.
    pub fn set(&mut self, leaf: Option<Leaf>, at: Frame, align: Align, set: &[Line]) -> Length {
        let mut y = at.y;
        for line in set {
            let x = at.x + align.shift(at.width, line.width);
            self.put(leaf, Mark::Text { x, y, line: line.clone() });
            y += line.leading();
        }
        height(set)
    }

    /// A paragraph over the whole width, and `y` below it.
    pub fn paragraph(&mut self, spans: &[Span]) {
        let at = Frame { x: self.left(), y: self.y, width: self.width() };
        let tall = height(&lines(self.faces, spans, at.width, TEXT_LINES));
        self.need(tall);
        let at = Frame { y: self.y, ..at };
        self.y += self.text(Kind::Paragraph, at, Align::Left, spans);
    }

    /// A heading over the whole width that stays with the `company` below it, and a bookmark to it.
    pub fn heading(&mut self, level: u16, text: Span, company: Length) {
        let tall = height(&lines(self.faces, std::slice::from_ref(&text), self.width(), TEXT_LINES));
        self.need(tall + company);
        let title = text.text.replace('\u{a0}', " ");
        self.bookmarks.push(Bookmark { level, title: title.clone(), page: self.pages.len() - 1, y: self.y });
        let at = Frame { x: self.left(), y: self.y, width: self.width() };
        self.y += self.text(Kind::Heading { level, title }, at, Align::Left, &[text]);
    }

    /// A horizontal line, `thick` below `y`.
    pub fn rule(&mut self, x: Length, y: Length, width: Length, thick: Length, colour: Colour) {
        self.put(None, Mark::Box { x, y, width, height: thick, radius: 0, colour });
    }

    /// The finished pages and their meaning.
    pub fn finish(self) -> Finished {
        Finished { pages: self.pages, twigs: self.done, bookmarks: self.bookmarks, leaves: self.leaves }
    }
}
