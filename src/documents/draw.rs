//! Marks as the PDF engine draws them.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the engine takes f32; layout is done before, in whole thousandths of a point that f32 holds exactly"
)]

use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier};
use krilla::text::{GlyphId, KrillaGlyph};

use crate::geometry::Length;
use crate::paragraph::{Line, Run};
use crate::sheet::{Leaf, Mark, Placed};
use crate::style::Colour;
use crate::template::{Colours, Rgb};
use crate::typeface::Faces;

/// Draws a page and notes under which identifier each leaf's content went.
pub fn draw_page(
    surface: &mut Surface<'_>,
    faces: &Faces,
    colours: &Colours,
    placed: &[Placed],
    identifiers: &mut [Option<Identifier>],
) {
    for run in placed.chunk_by(|one, next| one.leaf == next.leaf) {
        if run.iter().all(|placed| matches!(placed.mark, Mark::Link { .. })) {
            continue;
        }
        match run.first().and_then(|first| first.leaf) {
            Some(Leaf(leaf)) => {
                let identifier = surface.start_tagged(ContentTag::Other);
                if let Some(slot) = identifiers.get_mut(leaf) {
                    *slot = Some(identifier);
                }
            }
            None => {
                surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            }
        }
        for placed in run {
            draw_mark(surface, faces, colours, &placed.mark);
        }
        surface.end_tagged();
    }
}

pub fn draw_mark(surface: &mut Surface<'_>, faces: &Faces, colours: &Colours, mark: &Mark) {
    let fill = |role: Colour| fill(colours.rgb(role));
    match mark {
        Mark::Text { x, y, line } => draw_line(surface, faces, colours, *x, *y, line),
        Mark::Box { x, y, width, height, radius, colour } => {
            if let Some(path) = rounded(*x, *y, *width, *height, *radius) {
                surface.set_fill(Some(fill(*colour)));
                surface.draw_path(&path);
            }
        }
        Mark::Picture { x, y, width, height, logo } => {
            let Some(size) = Size::from_wh(points(*width), points(*height)) else { return };
            surface.push_transform(&Transform::from_translate(points(*x), points(*y)));
            surface.draw_image(logo.image.clone(), size);
            surface.pop();
        }
        // Links are not drawn: they lie over the finished page.
        Mark::Link { .. } => {}
        Mark::Outlines { x, y, unit, loops, colour } => {
            let Some(path) = outlines(loops) else { return };
            surface.set_fill(Some(fill(*colour)));
            let unit = points(*unit);
            surface.push_transform(&Transform::from_row(unit, 0.0, 0.0, unit, points(*x), points(*y)));
            surface.draw_path(&path);
            surface.pop();
        }
    }
}

/// The annotation of a mark that is a link.
pub fn link(mark: &Mark) -> Option<Annotation> {
    let Mark::Link { x, y, width, height, address, alt } = mark else { return None };
    let place = Rect::from_xywh(points(*x), points(*y), points(*width), points(*height))?;
    let target = Target::Action(Action::Link(LinkAction::new(address.clone())));
    Some(Annotation::new_link(LinkAnnotation::new(place, target), Some(alt.clone())))
}

fn draw_line(surface: &mut Surface<'_>, faces: &Faces, colours: &Colours, x: Length, y: Length, line: &Line) {
    let baseline = y + line.baseline();
    for run in &line.runs {
        surface.set_fill(Some(fill(colours.rgb(run.style.colour))));
        let start = Point::from_xy(points(x + run.x), points(baseline));
        let (text, glyphs) = glyphs(faces, run);
        let font = faces.face(run.style.weight).engine.clone();
        surface.draw_glyphs(start, &glyphs, font, &text, points(run.style.size), false);
    }
}

/// The glyphs of a run and the text they stand for.
fn glyphs(faces: &Faces, run: &Run) -> (String, Vec<KrillaGlyph>) {
    let face = faces.face(run.style.weight);
    let mut text = String::with_capacity(run.text.len());
    let mut glyphs = Vec::with_capacity(run.text.len());
    let tracking = run.style.tracking as f32 / 1000.0;
    for character in run.text.chars() {
        let (glyph, meaning) = face.glyph(character);
        let from = text.len();
        text.push(meaning);
        let advance = glyph.advance as f32 / face.units_per_em as f32 + tracking;
        glyphs.push(KrillaGlyph::new(GlyphId::new(glyph.id), advance, 0.0, 0.0, 0.0, from..text.len(), None));
    }
    (text, glyphs)
}

pub fn points(length: Length) -> f32 {
    length as f32 / 1000.0
}

fn fill(Rgb(red, green, blue): Rgb) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn rounded(x: Length, y: Length, width: Length, height: Length, radius: Length) -> Option<Path> {
    let mut path = PathBuilder::new();
    if radius == 0 {
        path.push_rect(Rect::from_xywh(points(x), points(y), points(width), points(height))?);
        return path.finish();
    }
    // The handle of a cubic that draws a quarter circle.
    let handle = points(radius * 552 / 1000);
    let (left, top, right, bottom, r) = (points(x), points(y), points(x + width), points(y + height), points(radius));
    path.move_to(left + r, top);
    path.line_to(right - r, top);
    path.cubic_to(right - r + handle, top, right, top + r - handle, right, top + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - r + handle, right - r + handle, bottom, right - r, bottom);
    path.line_to(left + r, bottom);
    path.cubic_to(left + r - handle, bottom, left, bottom - r + handle, left, bottom - r);
    path.line_to(left, top + r);
    path.cubic_to(left, top + r - handle, left + r - handle, top, left + r, top);
    path.close();
    path.finish()
}

fn outlines(loops: &[Vec<(i32, i32)>]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for corners in loops {
        for (index, (x, y)) in corners.iter().enumerate() {
            let (x, y) = (*x as f32, *y as f32);
            if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path.close();
    }
    path.finish()
}
