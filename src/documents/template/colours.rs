//! The colours of one template, and whether a person can read them.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "WCAG defines contrast in real numbers; no length and no sum comes from here"
)]

use crate::style::{Colour, PARTS};

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

const WHITE: Rgb = Rgb(0xFF, 0xFF, 0xFF);
/// Least contrast of a text and its ground, in hundredths. Source: WCAG 2.2, criterion 1.4.3.
pub const READABLE: u32 = 450;

/// What each role of a colour looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colours {
    pub ink: Rgb,
    pub grey: Rgb,
    pub hairline: Rgb,
    pub accent: Rgb,
    pub tint: Rgb,
    pub parts: [Rgb; PARTS.len()],
}

impl Colours {
    pub const BLACK: Self = {
        let black = Rgb(0, 0, 0);
        Self { ink: black, grey: black, hairline: black, accent: black, tint: WHITE, parts: [black; PARTS.len()] }
    };

    pub fn rgb(&self, role: Colour) -> Rgb {
        match role {
            Colour::Ink => self.ink,
            Colour::Grey => self.grey,
            Colour::Hairline => self.hairline,
            Colour::Accent => self.accent,
            Colour::Tint => self.tint,
            Colour::Paper => WHITE,
            Colour::Part(index) => self.parts.get(usize::from(index)).copied().unwrap_or(self.accent),
        }
    }
}

/// `#00625A`.
pub fn read(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(Rgb(red, green, blue))
}

/// `share` hundredths of a colour on white.
pub fn paler(colour: Rgb, share: u16) -> Rgb {
    let mix = |part: u8| {
        let white = 255 - u16::from(part);
        u8::try_from(255 - white * share / 100).unwrap_or(u8::MAX)
    };
    Rgb(mix(colour.0), mix(colour.1), mix(colour.2))
}

/// Contrast in hundredths: 100 for equal colours, 2100 for black on white. Source: WCAG 2.2, contrast ratio.
pub fn contrast(one: Rgb, other: Rgb) -> u32 {
    let (one, other) = (luminance(one), luminance(other));
    ((one.max(other) + 0.05) / (one.min(other) + 0.05) * 100.0) as u32
}

fn luminance(Rgb(red, green, blue): Rgb) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        assert_eq!(contrast(Rgb(0, 0, 0), WHITE), 2100);
        assert_eq!(contrast(WHITE, WHITE), 100);
        // Known bounds: #767676 is the palest grey that is readable on white, #777777 is not.
        assert!(contrast(Rgb(0x76, 0x76, 0x76), WHITE) >= READABLE);
        assert!(contrast(Rgb(0x77, 0x77, 0x77), WHITE) < READABLE);
    }

    #[test]
    fn a_colour_is_a_sign_and_six_digits() {
        assert_eq!(read("#00625a"), Some(Rgb(0, 0x62, 0x5A)));
        for wrong in ["", "#", "00625A", "#00625", "#00625AA", "#00625G", "#+0625A", "#ї25AA"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(paler(Rgb(0, 100, 255), 100), Rgb(0, 100, 255));
        assert_eq!(paler(Rgb(0, 100, 255), 0), WHITE);
    }
}
