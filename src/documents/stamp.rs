//! The visible side of the supplier's signature at the foot of the first page. The signature itself is appended later, and its
//! widget lies exactly over this.

use oblik_domain::period::kyiv_clock;

use crate::geometry::{Align, Frame, Length, PageShape, pt, tenths};
use crate::paragraph::{Span, lines, span};
use crate::parties::name;
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{ACCENT, EYEBROW, HAIRLINE, PAPER, SMALL, STRONG};
use crate::texts::Text;
use crate::{Stamp, StampPlace};

const TALL: Length = pt(43);
const ABOVE: Length = pt(8);

/// What a page keeps free for it.
pub const RESERVE: Length = TALL + ABOVE;

/// Places the stamp on the page that is being filled, under all that flows.
pub fn place(sheet: &mut Sheet<'_>, stamp: &Stamp) -> StampPlace {
    let template = sheet.template;
    let shape: PageShape = sheet.shape;
    let (x, y, width) = (sheet.left(), shape.height - shape.bottom - TALL, sheet.width());
    let line = tenths(7);
    sheet.put(None, Mark::Box { x, y, width, height: TALL, radius: pt(5), colour: HAIRLINE });
    let (inner, tall) = (width - 2 * line, TALL - 2 * line);
    sheet.put(None, Mark::Box { x: x + line, y: y + line, width: inner, height: tall, radius: pt(5) - line, colour: PAPER });
    sheet.put(None, Mark::Box { x: x + pt(9), y: y + pt(8), width: pt(3), height: TALL - pt(16), radius: pt(1), colour: ACCENT });
    let serial = name(&stamp.serial).to_uppercase();
    let time = template.fill(Text::StampAt, &[("time", &kyiv_clock(stamp.at))]);
    let left =
        [span(template.text(Text::StampTitle).to_uppercase(), EYEBROW), span(name(&stamp.name), STRONG), span(time, SMALL)];
    let right = [
        span(template.fill(Text::StampCertificate, &[("serial", &serial)]), SMALL),
        span(template.fill(Text::StampAuthority, &[("authority", &name(&stamp.authority))]), SMALL),
    ];
    let half = (width - pt(42)) / 2;
    sheet.within(Kind::Section, |sheet| {
        let mut at = Frame { x: x + pt(20), y: y + pt(5), width: half };
        for text in left {
            at.y += set(sheet, at, text, 1);
        }
        let mut at = Frame { x: at.x + half + pt(12), y: y + pt(5) + EYEBROW.leading(), width: half };
        for text in right {
            at.y += set(sheet, at, text, 1);
        }
    });
    let bottom = shape.height - y - TALL;
    StampPlace { page: sheet.pages.len() - 1, left: x, bottom, width, height: TALL }
}

/// Sets at most so many lines; returns their height.
fn set(sheet: &mut Sheet<'_>, at: Frame, text: Span, most: usize) -> Length {
    let set = lines(sheet.faces, &[text], at.width, most);
    if set.is_empty() {
        return 0;
    }
    sheet.within(Kind::Paragraph, |sheet| {
        let leaf = sheet.leaf();
        sheet.set(Some(leaf), at, Align::Left, &set)
    })
}
