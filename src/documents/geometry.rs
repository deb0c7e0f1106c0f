//! Lengths of the layout, exact: no float decides where a line breaks, so the same values give the same bytes everywhere.

/// A length in thousandths of a point (1/72 inch).
pub type Length = i64;

/// `count` points.
pub const fn pt(count: i64) -> Length {
    count * 1000
}

/// `count` tenths of a point.
pub const fn tenths(count: i64) -> Length {
    count * 100
}

/// The sides of a page and what is kept free around its text.
#[derive(Debug, Clone, Copy)]
pub struct PageShape {
    pub width: Length,
    pub height: Length,
    pub side: Length,
    pub top: Length,
    pub bottom: Length,
    /// Kept free above the bottom for what does not flow, such as a stamp.
    pub reserve: Length,
}

impl PageShape {
    pub const fn reserving(self, reserve: Length) -> Self {
        Self { reserve, ..self }
    }

    pub const fn without_reserve(self) -> Self {
        self.reserving(0)
    }
}

/// A4 upright. Source: ISO 216, 210 × 297 mm.
pub const A4: PageShape = PageShape { width: 595_276, height: 841_890, side: pt(44), top: pt(42), bottom: pt(56), reserve: 0 };

/// A4 lying, for the wide table of an act.
pub const A4_LYING: PageShape =
    PageShape { width: 841_890, height: 595_276, side: pt(40), top: pt(36), bottom: pt(48), reserve: 0 };

/// Where a text is set: its upper left corner and the width it may take.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub x: Length,
    pub y: Length,
    pub width: Length,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    Centre,
}

impl Align {
    /// How far a text of `used` is moved right inside `width`.
    pub fn shift(self, width: Length, used: Length) -> Length {
        let free = (width - used).max(0);
        match self {
            Self::Left => 0,
            Self::Right => free,
            Self::Centre => free / 2,
        }
    }
}
