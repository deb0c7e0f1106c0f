//! One family in two weights, one scale of sizes, colours by what they are for: everything the documents look like.

use crate::geometry::{Length, tenths};

/// What a colour is for; which it is, the template says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Ink,
    Grey,
    Hairline,
    Accent,
    Tint,
    Paper,
    /// One of [`PARTS`].
    Part(u8),
}

pub const INK: Colour = Colour::Ink;
/// Secondary text.
pub const GREY: Colour = Colour::Grey;
pub const HAIRLINE: Colour = Colour::Hairline;
pub const ACCENT: Colour = Colour::Accent;
/// Under text.
pub const TINT: Colour = Colour::Tint;
pub const PAPER: Colour = Colour::Paper;
/// The parts of a sum, from the strongest to the palest.
pub const PARTS: [Colour; 7] =
    [Colour::Part(0), Colour::Part(1), Colour::Part(2), Colour::Part(3), Colour::Part(4), Colour::Part(5), Colour::Part(6)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    SemiBold,
}

/// How a run of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub weight: Weight,
    pub size: Length,
    pub colour: Colour,
    /// Added after each letter, in thousandths of the size.
    pub tracking: i64,
}

impl Style {
    const fn new(weight: Weight, size: Length, colour: Colour) -> Self {
        Self { weight, size, colour, tracking: 0 }
    }

    pub const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub const fn sized(self, size: Length) -> Self {
        Self { size, ..self }
    }

    /// Distance from one line to the next.
    pub fn leading(self) -> Length {
        self.size * 136 / 100
    }

    /// From the top of a line to its baseline: capitals (0.698 of the size in Plex) stand in the middle of the line.
    pub fn baseline(self) -> Length {
        Length::midpoint(self.leading(), self.size * 698 / 1000)
    }
}

pub const BODY: Style = Style::new(Weight::Regular, tenths(88), INK);
pub const STRONG: Style = Style::new(Weight::SemiBold, tenths(88), INK);
pub const SMALL: Style = Style::new(Weight::Regular, tenths(78), GREY);
pub const CELL: Style = Style::new(Weight::Regular, tenths(82), INK);
pub const CELL_STRONG: Style = Style::new(Weight::SemiBold, tenths(82), INK);
pub const CELL_GREY: Style = Style::new(Weight::Regular, tenths(82), GREY);
pub const COLUMN_TITLE: Style = Style::new(Weight::SemiBold, tenths(72), GREY);
/// A few words over a block, in capitals.
pub const EYEBROW: Style = Style { weight: Weight::SemiBold, size: tenths(70), colour: ACCENT, tracking: 70 };
pub const TITLE: Style = Style::new(Weight::SemiBold, tenths(182), INK);
pub const HEADING: Style = Style::new(Weight::SemiBold, tenths(130), INK);
pub const NAME: Style = Style::new(Weight::SemiBold, tenths(105), INK);
pub const NUMBER: Style = Style::new(Weight::SemiBold, tenths(125), INK);
pub const FIGURE: Style = Style::new(Weight::SemiBold, tenths(350), ACCENT);
pub const CURRENCY: Style = Style::new(Weight::SemiBold, tenths(150), ACCENT);
pub const DUE: Style = Style::new(Weight::SemiBold, tenths(110), INK);
