//! Tables that break over pages: the head is repeated, a row is never torn, a band stays with its first row.

use crate::geometry::{Align, Frame, Length, pt, tenths};
use crate::paragraph::{Line, Span, height, lines, span};
use crate::sheet::{Kind, Sheet};
use crate::style::{COLUMN_TITLE, GREY, HAIRLINE, TINT};
use crate::template::Field;
use crate::typeface::Faces;

const SIDE: Length = tenths(45);
const ABOVE: Length = tenths(20);
const LINE: Length = tenths(5);
/// A long name in a narrow column takes this many lines and ends in `…`.
const CELL_LINES: usize = 6;
/// Smaller letters are not printed.
const LEAST: Length = tenths(55);
/// How far columns are moved apart where there is room.
const APART: Length = pt(16);
/// More than this is never kept together.
const COMPANY: Length = pt(200);
/// Past this many cells each row is one element of the tag tree: two hundred pages of cells would be more objects than a
/// reader of signed files accepts (`limits::PDF_OBJECTS`).
const CELLS_TAGGED: usize = 2500;

/// How wide a column is.
#[derive(Debug, Clone, Copy)]
pub enum Sizing {
    /// As wide as its widest cell.
    Natural,
    /// A share of what the natural columns leave.
    Share(i64),
}

pub struct Column {
    pub title: String,
    pub align: Align,
    pub sizing: Sizing,
}

pub struct Cell {
    pub spans: Vec<Span>,
    /// Columns it covers.
    pub columns: usize,
    pub align: Option<Align>,
}

impl Cell {
    pub fn new(span: Span) -> Self {
        Self { spans: vec![span], columns: 1, align: None }
    }

    pub fn over(columns: usize, align: Align, spans: Vec<Span>) -> Self {
        Self { spans, columns, align: Some(align) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Plain,
    /// Names what the rows below it have in common.
    Band,
    /// A sum of the rows above.
    Total,
}

pub struct Row {
    pub look: Look,
    pub cells: Vec<Cell>,
}

pub struct Table {
    /// What each column shows.
    pub fields: Vec<Field>,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// A row with its lines set.
struct Laid {
    look: Look,
    height: Length,
    cells: Vec<LaidCell>,
}

struct LaidCell {
    x: Length,
    width: Length,
    columns: usize,
    align: Align,
    lines: Vec<Line>,
}

impl Table {
    /// A row with a value in every column shown; what `of` does not know stays empty.
    pub fn row(&mut self, of: impl Fn(Field) -> Span) {
        let cells = self.fields.iter().map(|field| Cell::new(of(*field))).collect();
        self.rows.push(Row { look: Look::Plain, cells });
    }

    /// Leaves out columns that nothing would fill.
    pub fn without(&mut self, idle: &[Field]) {
        let mut kept = self.fields.iter().map(|field| !idle.contains(field)).collect::<Vec<_>>().into_iter();
        self.columns.retain(|_| kept.next().unwrap_or(true));
        self.fields.retain(|field| !idle.contains(field));
    }

    /// Names what the rows below have in common.
    pub fn band(&mut self, spans: Vec<Span>) {
        self.rows.push(Row { look: Look::Band, cells: vec![Cell::over(self.fields.len(), Align::Left, spans)] });
    }

    /// A remark over the whole width.
    pub fn note(&mut self, spans: Vec<Span>) {
        self.rows.push(Row { look: Look::Plain, cells: vec![Cell::over(self.fields.len(), Align::Left, spans)] });
    }

    /// A sum under its columns, its title over all columns left of the first that `of` knows; nothing when none is shown.
    pub fn sum(&mut self, look: Look, title: Vec<Span>, of: impl Fn(Field) -> Option<Span>) {
        let values: Vec<Option<Span>> = self.fields.iter().map(|field| of(*field)).collect();
        let before = values.iter().take_while(|value| value.is_none()).count();
        if before == values.len() {
            return;
        }
        let mut cells = vec![Cell::over(before.max(1), Align::Right, title)];
        let rest = values.into_iter().skip(before.max(1));
        cells.extend(rest.map(|value| Cell::new(value.unwrap_or_else(|| span("", COLUMN_TITLE)))));
        self.rows.push(Row { look, cells });
    }

    /// Places the table at `y` over the whole width, on as many pages as it takes.
    pub fn place(&self, sheet: &mut Sheet<'_>) {
        let cells: usize = self.rows.iter().map(|row| row.cells.len()).sum();
        self.set(sheet, if cells > CELLS_TAGGED { Tags::Rows } else { Tags::Cells });
    }

    /// The same as a list: each row is one sentence to a screen reader, as a calculation is read.
    pub fn place_as_list(&self, sheet: &mut Sheet<'_>) {
        self.set(sheet, Tags::Rows);
    }

    fn set(&self, sheet: &mut Sheet<'_>, tags: Tags) {
        let natural = self.natural(sheet.faces);
        let is_wide = self.wanted(&natural) > most(sheet.width());
        if let Some(smaller) = is_wide.then(|| self.smaller()).flatten() {
            return smaller.set(sheet, tags);
        }
        let widths = self.widths(&natural, sheet.width());
        let head = self.head(sheet.faces, &widths, sheet.left());
        let rows: Vec<Laid> = self.rows.iter().map(|row| self.lay(sheet.faces, row, &widths, sheet.left())).collect();
        let first = rows.first().map_or(0, |row| row.height) + company(&rows, 0);
        sheet.need(head.height + first.max(rows.iter().take(2).map(|row| row.height).sum()));
        match tags {
            Tags::Rows => sheet.within(Kind::Section, |sheet| {
                draw_head(sheet, &head, HeadTag::Row);
                draw_rows(sheet, &head, &rows, draw_untabled);
            }),
            Tags::Cells => sheet.within(Kind::Table, |sheet| {
                sheet.within(Kind::TableHead, |sheet| draw_head(sheet, &head, HeadTag::Cells));
                sheet.within(Kind::TableBody, |sheet| draw_rows(sheet, &head, &rows, draw_tabled));
            }),
        }
    }

    /// In letters a tenth smaller, for figures that are too long for the page; `None` where they would not be read.
    fn smaller(&self) -> Option<Self> {
        let shrink = |span: &Span| Span { text: span.text.clone(), style: span.style.sized(span.style.size * 9 / 10) };
        let least = self.rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.spans).map(|span| span.style.size).min()?;
        if least * 9 / 10 < LEAST {
            return None;
        }
        let cell = |cell: &Cell| Cell { spans: cell.spans.iter().map(shrink).collect(), ..*cell };
        let row = |row: &Row| Row { look: row.look, cells: row.cells.iter().map(cell).collect() };
        let columns = self.columns.iter().map(|column| Column { title: column.title.clone(), ..*column }).collect();
        Some(Self { fields: self.fields.clone(), columns, rows: self.rows.iter().map(row).collect() })
    }

    /// How wide each column would like to be, without its margins.
    fn natural(&self, faces: &Faces) -> Vec<Length> {
        let mut natural: Vec<Length> = self.columns.iter().map(|column| title_width(faces, &column.title)).collect();
        for row in &self.rows {
            let mut index = 0;
            for cell in &row.cells {
                if let (1, Some(width)) = (cell.columns, natural.get_mut(index)) {
                    let own = cell.spans.iter().map(|span| faces.width(&span.text, span.style)).sum();
                    *width = (*width).max(own);
                }
                index += cell.columns;
            }
        }
        natural
    }

    fn wanted(&self, natural: &[Length]) -> Length {
        let columns = self.columns.iter().zip(natural).filter(|(column, _)| share(column.sizing) == 0);
        columns.map(|(_, width)| width + 2 * SIDE).sum()
    }

    /// Natural columns take what they need; the rest is shared, and when it would be too little the natural ones yield. What a
    /// shared column does not need moves the others apart, so that a row stays one to the eye.
    fn widths(&self, natural: &[Length], whole: Length) -> Vec<Length> {
        let shares: i64 = self.columns.iter().map(|column| share(column.sizing)).sum();
        let wanted = self.wanted(natural);
        let granted = if shares == 0 { whole } else { wanted.min(most(whole)) };
        let needed: Length = self.columns.iter().zip(natural).map(|(_, width)| width + 2 * SIDE).sum();
        let count = self.columns.iter().filter(|column| share(column.sizing) == 0).count();
        let spare = (whole - needed).max(0) * 2 / 3;
        let apart = if shares == 0 { 0 } else { (spare / Length::try_from(count.max(1)).unwrap_or(1)).min(APART) };
        let left = whole - granted - apart * Length::try_from(count).unwrap_or(0);
        let column_width = |(column, natural): (&Column, &Length)| match column.sizing {
            Sizing::Natural if wanted > 0 => (natural + 2 * SIDE) * granted / wanted + apart,
            Sizing::Natural => 0,
            Sizing::Share(own) => left * own / shares.max(1),
        };
        self.columns.iter().zip(natural).map(column_width).collect()
    }

    fn head(&self, faces: &Faces, widths: &[Length], left: Length) -> Laid {
        let mut x = left;
        let mut cells = Vec::new();
        for (column, width) in self.columns.iter().zip(widths) {
            let lines = lines(faces, &[span(column.title.clone(), COLUMN_TITLE)], width - 2 * SIDE, CELL_LINES);
            cells.push(LaidCell { x, width: *width, columns: 1, align: column.align, lines });
            x += width;
        }
        let tall = cells.iter().map(|cell| height(&cell.lines)).max().unwrap_or(0);
        Laid { look: Look::Plain, height: tall + 2 * ABOVE, cells }
    }

    fn lay(&self, faces: &Faces, row: &Row, widths: &[Length], left: Length) -> Laid {
        let (mut index, mut x) = (0, left);
        let mut cells = Vec::new();
        for cell in &row.cells {
            let width: Length = widths.iter().skip(index).take(cell.columns).sum();
            let align = cell.align.or_else(|| self.columns.get(index).map(|column| column.align)).unwrap_or(Align::Left);
            let lines = lines(faces, &cell.spans, width - 2 * SIDE, CELL_LINES);
            cells.push(LaidCell { x, width, columns: cell.columns, align, lines });
            index += cell.columns;
            x += width;
        }
        let tall = cells.iter().map(|cell| height(&cell.lines)).max().unwrap_or(0);
        Laid { look: row.look, height: tall + 2 * ABOVE, cells }
    }
}

/// Shared columns keep a sixth of the table at least.
fn most(whole: Length) -> Length {
    whole * 5 / 6
}

fn share(sizing: Sizing) -> i64 {
    match sizing {
        Sizing::Natural => 0,
        Sizing::Share(own) => own,
    }
}

/// A title may break between words, so its column needs to hold its longest word only.
fn title_width(faces: &Faces, title: &str) -> Length {
    title.split(' ').map(|word| faces.width(word, COLUMN_TITLE)).max().unwrap_or(0)
}

/// What of a table is an element of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tags {
    Cells,
    Rows,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HeadTag {
    Cells,
    Row,
    /// Repeated on a later page: decoration.
    Repeated,
}

fn draw_head(sheet: &mut Sheet<'_>, head: &Laid, tag: HeadTag) {
    match tag {
        HeadTag::Cells => sheet.within(Kind::Row, |sheet| {
            for cell in &head.cells {
                sheet.within(Kind::ColumnHeader, |sheet| {
                    let leaf = sheet.leaf();
                    set_cell(sheet, Some(leaf), cell, head.height, Stand::Bottom);
                });
            }
        }),
        HeadTag::Row => sheet.within(Kind::Paragraph, |sheet| {
            let leaf = sheet.leaf();
            for cell in &head.cells {
                set_cell(sheet, Some(leaf), cell, head.height, Stand::Bottom);
            }
        }),
        HeadTag::Repeated => {
            for cell in &head.cells {
                set_cell(sheet, None, cell, head.height, Stand::Bottom);
            }
        }
    }
    sheet.y += head.height;
    sheet.rule(sheet.left(), sheet.y, sheet.width(), tenths(9), GREY);
    sheet.y += tenths(9);
}

fn draw_rows(sheet: &mut Sheet<'_>, head: &Laid, rows: &[Laid], draw: fn(&mut Sheet<'_>, &Laid)) {
    let mut band = None;
    for (index, row) in rows.iter().enumerate() {
        let company = company(rows, index);
        let before = sheet.pages.len();
        sheet.need(row.height + company);
        if sheet.pages.len() != before {
            draw_head(sheet, head, HeadTag::Repeated);
            if let (Look::Plain, Some(band)) = (row.look, band) {
                repeat_band(sheet, band);
            }
        }
        if row.look == Look::Band {
            band = Some(row);
        }
        let last_before_band = rows.get(index + 1).is_some_and(|next| next.look == Look::Band);
        decorate(sheet, row, !last_before_band);
        draw(sheet, row);
        sheet.y += row.height;
    }
}

/// The height of what must follow a row on its page: a band goes with the row it names, the last row before sums with all of
/// them, so that no sum stands alone.
fn company(rows: &[Laid], index: usize) -> Length {
    let mut tall = 0;
    let mut before = rows.get(index).map_or(Look::Plain, |row| row.look);
    for row in rows.iter().skip(index + 1) {
        if before != Look::Band && row.look != Look::Total {
            break;
        }
        tall += row.height;
        before = row.look;
    }
    tall.min(COMPANY)
}

/// On a later page a row still shows what it belongs to.
fn repeat_band(sheet: &mut Sheet<'_>, band: &Laid) {
    decorate(sheet, band, false);
    for cell in &band.cells {
        set_cell(sheet, None, cell, band.height, Stand::Top);
    }
    sheet.y += band.height;
}

fn decorate(sheet: &mut Sheet<'_>, row: &Laid, line_below: bool) {
    let (x, y, width) = (sheet.left(), sheet.y, sheet.width());
    match row.look {
        Look::Band => {
            let mark = crate::sheet::Mark::Box { x, y, width, height: row.height, radius: 0, colour: TINT };
            sheet.put(None, mark);
        }
        Look::Plain if line_below => sheet.rule(x, y + row.height - LINE, width, LINE, HAIRLINE),
        Look::Plain | Look::Total => {}
    }
}

fn draw_tabled(sheet: &mut Sheet<'_>, row: &Laid) {
    sheet.within(Kind::Row, |sheet| {
        for (index, cell) in row.cells.iter().enumerate() {
            let columns = u32::try_from(cell.columns).unwrap_or(1);
            let kind = if index == 0 && row.look != Look::Plain { Kind::RowHeader { columns } } else { Kind::Cell { columns } };
            sheet.within(kind, |sheet| {
                let leaf = sheet.leaf();
                set_cell(sheet, Some(leaf), cell, row.height, Stand::Top);
            });
        }
    });
}

fn draw_untabled(sheet: &mut Sheet<'_>, row: &Laid) {
    sheet.within(Kind::Paragraph, |sheet| {
        let leaf = sheet.leaf();
        for cell in &row.cells {
            set_cell(sheet, Some(leaf), cell, row.height, Stand::Top);
        }
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Top,
    Bottom,
}

fn set_cell(sheet: &mut Sheet<'_>, leaf: Option<crate::sheet::Leaf>, cell: &LaidCell, row: Length, stand: Stand) {
    let y = match stand {
        Stand::Top => sheet.y + ABOVE,
        Stand::Bottom => sheet.y + row - ABOVE - height(&cell.lines),
    };
    let at = Frame { x: cell.x + SIDE, y, width: cell.width - 2 * SIDE };
    sheet.set(leaf, at, cell.align, &cell.lines);
}
