//! The two faces, read once: which glyph a character has and how wide it is.
//!
//! Glyphs are placed by their advances alone. Plex needs no shaping for Ukrainian or Latin text, and its figures are
//! tabular as they come.

use std::collections::BTreeMap;

use krilla::text::Font;
use skrifa::raw::TableProvider;
use skrifa::{FontRef, MetadataProvider};

use crate::DocumentError;
use crate::geometry::Length;
use crate::style::{Style, Weight};

/// A space that keeps its words on one line; set at eight tenths of a space between groups of digits.
pub const THIN: char = '\u{202F}';
/// An ordinary space that keeps its words on one line.
pub const KEEP: char = '\u{A0}';

const REGULAR: &[u8] = include_bytes!("fonts/IBMPlexSans-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("fonts/IBMPlexSans-SemiBold.ttf");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaceGlyph {
    pub id: u32,
    /// In units of the face.
    pub advance: i64,
}

/// Past Latin, Cyrillic, punctuation, currency and arrows.
const NEAR: u32 = 0x2200;

pub struct Face {
    pub engine: Font,
    pub units_per_em: i64,
    /// By code, as far as [`NEAR`]: nearly every character of a document.
    near: Vec<Option<FaceGlyph>>,
    far: BTreeMap<char, FaceGlyph>,
    space: FaceGlyph,
    missing: FaceGlyph,
    pub missing_as: char,
}

impl Face {
    fn read(name: &'static str, data: &'static [u8]) -> Result<Self, DocumentError> {
        let broken = || DocumentError::Typeface(name);
        let engine = Font::new(data.into(), 0).ok_or_else(broken)?;
        let font = FontRef::new(data).map_err(|_| broken())?;
        let advances = font.hmtx().map_err(|_| broken())?;
        let units_per_em = i64::from(font.head().map_err(|_| broken())?.units_per_em());
        let mut far = BTreeMap::new();
        for (code, id) in font.charmap().mappings() {
            if let (Some(character), Some(advance)) = (char::from_u32(code), advances.advance(id)) {
                far.insert(character, FaceGlyph { id: id.to_u32(), advance: i64::from(advance) });
            }
        }
        let space = *far.get(&' ').ok_or_else(broken)?;
        let known = |character: char| far.get(&character).map(|glyph| (character, *glyph));
        let (missing_as, missing) = ['\u{FFFD}', '?'].into_iter().find_map(known).ok_or_else(broken)?;
        let near = (0..NEAR).map(|code| char::from_u32(code).and_then(|character| far.get(&character).copied())).collect();
        Ok(Self { engine, units_per_em, near, far, space, missing, missing_as })
    }

    /// The glyph of a character and the character it stands for in copied text; never the empty glyph `.notdef`.
    pub fn glyph(&self, character: char) -> (FaceGlyph, char) {
        match character {
            KEEP => (self.space, ' '),
            THIN => (FaceGlyph { advance: self.space.advance * 8 / 10, ..self.space }, ' '),
            _ => self.known(character).map_or((self.missing, self.missing_as), |glyph| (glyph, character)),
        }
    }

    fn known(&self, character: char) -> Option<FaceGlyph> {
        let code = u32::from(character);
        if code < NEAR {
            return usize::try_from(code).ok().and_then(|code| self.near.get(code).copied()).flatten();
        }
        self.far.get(&character).copied()
    }
}

/// Both weights, shared by all documents of a process.
pub struct Faces {
    regular: Face,
    semi_bold: Face,
}

impl Faces {
    pub fn read() -> Result<Self, DocumentError> {
        Ok(Self {
            regular: Face::read("IBM Plex Sans Regular", REGULAR)?,
            semi_bold: Face::read("IBM Plex Sans SemiBold", SEMI_BOLD)?,
        })
    }

    pub fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::SemiBold => &self.semi_bold,
        }
    }

    /// How wide `text` is on one line.
    pub fn width(&self, text: &str, style: Style) -> Length {
        text.chars().map(|character| self.advance(character, style)).sum()
    }

    pub fn advance(&self, character: char, style: Style) -> Length {
        let face = self.face(style.weight);
        let units = face.glyph(character).0.advance;
        units * style.size / face.units_per_em + style.tracking * style.size / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::{BODY, STRONG};

    #[test]
    fn figures_are_of_one_width_and_ukrainian_is_complete() {
        let faces = Faces::read().unwrap();
        for style in [BODY, STRONG] {
            let face = faces.face(style.weight);
            for digit in '0'..='9' {
                assert_eq!(faces.advance(digit, style), faces.advance('0', style));
            }
            for letter in "АаБбВвГгҐґДдЕеЄєЖжЗзИиІіЇїЙйКкЛлМмНнОоПпРрСсТтУуФфХхЦцЧчШшЩщЬьЮюЯя’«»—–−×·№₴…%§".chars()
            {
                assert!(face.known(letter).is_some(), "{letter}");
            }
            assert!(faces.advance(THIN, style) < faces.advance(' ', style));
        }
    }

    #[test]
    fn what_a_face_lacks_is_shown_as_lacking() {
        let faces = Faces::read().unwrap();
        let face = faces.face(Weight::Regular);
        assert_eq!(face.glyph('😀').1, face.missing_as);
        assert_ne!(face.glyph('😀').0.id, 0);
    }
}
