//! Finished pages into a PDF file: with `draw`, the only place that knows the PDF engine.
//!
//! PDF/A-3a and PDF/UA-1 in PDF 1.7; small objects in compressed streams, and what a signature's revision writes anew
//! outside of them.

use std::num::{NonZeroU16, NonZeroU32};

use chrono::{Datelike, NaiveDate};
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder, PdfVersion};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};
use krilla::{Document, SerializeSettings};

use crate::compact::compact;
use crate::draw::{draw_mark, draw_page, link, points};
use crate::geometry::{Align, Frame, PageShape};
use crate::paragraph::{lines, span};
use crate::sheet::{Bookmark, Branch, Finished, Kind, Leaf, Mark, Page, Sheet, Twig};
use crate::style::{HAIRLINE, SMALL};
use crate::typeface::Faces;
use crate::{Attachment, DocumentError, Relation, Text};

/// What is said about a document as a whole.
pub struct About {
    pub title: String,
    pub author: String,
    /// The same for the same document, different for any other.
    pub id: String,
    pub made_on: NaiveDate,
    /// Left half of each page's foot.
    pub foot: String,
}

/// Writes `sheet` as a PDF.
///
/// # Errors
/// [`DocumentError::Engine`] when the engine finds that a page breaks its standard, which no value should bring about.
pub fn emit(sheet: Sheet<'_>, about: &About, attachments: &[Attachment<'_>]) -> Result<Vec<u8>, DocumentError> {
    let (faces, template) = (sheet.faces, sheet.template);
    let colours = template.colours();
    let Finished { pages, twigs, bookmarks, leaves } = sheet.finish();
    let mut document = Document::new_with(settings()?);
    let mut identifiers: Vec<Option<Identifier>> = vec![None; leaves];
    let count = pages.len();
    for (index, Page { shape, placed }) in pages.iter().enumerate() {
        let size = PageSettings::from_wh(points(shape.width), points(shape.height)).ok_or_else(|| engine("page size"))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        draw_page(&mut surface, faces, colours, placed, &mut identifiers);
        let numbered = [("page", &*(index + 1).to_string()), ("pages", &*count.to_string())];
        let foot = footer(faces, *shape, [&about.foot, template.foot(), &template.fill(Text::Page, &numbered)]);
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        for mark in &foot {
            draw_mark(&mut surface, faces, colours, mark);
        }
        surface.end_tagged();
        surface.finish();
        for placed in placed {
            if let (Some(Leaf(leaf)), Some(link)) = (placed.leaf, link(&placed.mark)) {
                let identifier = page.add_tagged_annotation(link);
                if let Some(slot) = identifiers.get_mut(leaf) {
                    *slot = Some(identifier);
                }
            }
        }
        page.finish();
    }
    let mut tree = TagTree::new().with_lang(Some(oblik_words::documents::LANGUAGE.to_owned()));
    tree.children = twigs.into_iter().filter_map(|twig| node(twig, &identifiers)).collect();
    document.set_tag_tree(tree);
    document.set_outline(outline(&bookmarks, &pages));
    document.set_metadata(metadata(about));
    for attachment in attachments {
        embed(&mut document, attachment, about.made_on)?;
    }
    document.finish().map(compact).map_err(|error| engine(&format!("{error}: {error:?}")))
}

/// The bookmarks as a tree: parts hang below their document.
fn outline(bookmarks: &[Bookmark], pages: &[Page]) -> Outline {
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for bookmark in bookmarks {
        let side = pages.get(bookmark.page).map_or(0, |page| page.shape.side);
        let target = XyzDestination::new(bookmark.page, Point::from_xy(points(side), points(bookmark.y)));
        let node = OutlineNode::new(bookmark.title.clone(), target);
        match &mut open {
            Some(document) if bookmark.level > 1 => document.push_child(node),
            _ => {
                if let Some(done) = open.replace(node) {
                    outline.push_child(done);
                }
            }
        }
    }
    if let Some(last) = open {
        outline.push_child(last);
    }
    outline
}

fn engine(what: &str) -> DocumentError {
    DocumentError::Engine(what.chars().take(500).collect())
}

fn settings() -> Result<SerializeSettings, DocumentError> {
    let configuration = ConfigurationBuilder::new()
        .with_version(PdfVersion::Pdf17)
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| engine(&format!("{error:?}")))?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn metadata(about: &About) -> Metadata {
    Metadata::new()
        .title(about.title.clone())
        .authors(vec![about.author.clone()])
        .creator("Oblik".to_owned())
        .language(oblik_words::documents::LANGUAGE.to_owned())
        .document_id(about.id.clone())
        .creation_date(moment(about.made_on))
}

fn moment(day: NaiveDate) -> DateTime {
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    DateTime::new(u16::try_from(day.year()).unwrap_or(0)).month(part(day.month())).day(part(day.day()))
}

fn embed(document: &mut Document, attachment: &Attachment<'_>, day: NaiveDate) -> Result<(), DocumentError> {
    let file = EmbeddedFile {
        path: attachment.name.to_owned(),
        mime_type: MimeType::new(attachment.mime_type),
        description: Some(attachment.description.to_owned()),
        association_kind: match attachment.relation {
            Relation::Data => AssociationKind::Data,
            Relation::Alternative => AssociationKind::Alternative,
        },
        data: attachment.data.to_vec().into(),
        modification_date: Some(moment(day)),
        compress: Some(true),
        location: None,
    };
    document.embed_file(file).ok_or_else(|| engine("attach a file twice"))
}

/// Number of the document at the left, number of the page at the right, the template's line between them.
fn footer(faces: &Faces, shape: PageShape, [left, middle, right]: [&str; 3]) -> Vec<Mark> {
    let width = shape.width - 2 * shape.side;
    let y = shape.height - shape.bottom + SMALL.leading() * 2;
    let mut marks = vec![Mark::Box { x: shape.side, y: y - 5000, width, height: 500, radius: 0, colour: HAIRLINE }];
    let right_width = faces.width(right, SMALL) + 1000;
    let left_width = width - right_width - 12_000;
    let parts = [
        (Frame { x: shape.side, y, width: left_width }, Align::Left, left),
        (Frame { x: shape.side + width - right_width, y, width: right_width }, Align::Right, right),
        (Frame { x: shape.side, y: y + SMALL.leading(), width }, Align::Centre, middle),
    ];
    for (at, align, text) in parts {
        for line in lines(faces, &[span(text.to_owned(), SMALL)], at.width, 1) {
            marks.push(Mark::Text { x: at.x + align.shift(at.width, line.width), y: at.y, line });
        }
    }
    marks
}

fn node(twig: Twig, identifiers: &[Option<Identifier>]) -> Option<Node> {
    match twig {
        Twig::Leaf(Leaf(leaf)) => identifiers.get(leaf).copied().flatten().map(Node::Leaf),
        Twig::Branch(Branch { kind, twigs }) => {
            let children = twigs.into_iter().filter_map(|twig| node(twig, identifiers)).collect();
            Some(Node::Group(TagGroup::with_children(tag(kind), children)))
        }
    }
}

fn tag(kind: Kind) -> TagKind {
    let over = |columns: u32| NonZeroU32::new(columns).filter(|columns| columns.get() > 1);
    match kind {
        Kind::Section => Tag::Section.into(),
        Kind::Heading { level, title } => Tag::Hn(NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN), Some(title)).into(),
        Kind::Paragraph => Tag::P.into(),
        Kind::Table => Tag::Table.into(),
        Kind::TableHead => Tag::THead.into(),
        Kind::TableBody => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHeader { columns } => Tag::TH(TableHeaderScope::Row).with_col_span(over(columns)).into(),
        Kind::Cell { columns } => Tag::TD.with_col_span(over(columns)).into(),
        Kind::Link => Tag::Link.into(),
        Kind::Figure { alt } => Tag::Figure(Some(alt)).into(),
    }
}
