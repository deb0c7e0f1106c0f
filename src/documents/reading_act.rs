//! «Акт надання показань»: the form the customer checks and signs, with its data inside.

use chrono::NaiveDate;
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{PreviousReadings, ReadingAct};
use oblik_domain::bill::Bill;
use oblik_domain::invoice::Seller;
use oblik_domain::metering::Reading;
use oblik_words::documents as words;
use oblik_words::numbers::date;
use sha2::{Digest, Sha256};

use crate::emit::{About, emit};
use crate::geometry::{A4_LYING, Align, Frame, Length, pt, tenths};
use crate::paragraph::span;
use crate::parties::name;
use crate::payment_qr::plain_code;
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{ACCENT, BODY, EYEBROW, GREY, HEADING, INK, NUMBER, SMALL, TITLE};
use crate::template::ActSection;
use crate::typeface::{Faces, KEEP};
use crate::{ACT_ATTACHMENT, Attachment, DocumentError, Relation, Template, Text, act_table, parties};

/// What an act's form is made of.
#[derive(Debug, Clone, Copy)]
pub struct ActForm<'a> {
    pub seller: &'a Seller,
    pub record: &'a AccountRecord,
    pub act: &'a ReadingAct,
    /// The readings before the act's own; a register without one has no volume yet.
    pub opening: &'a PreviousReadings,
    /// All readings of the period that are known: the quality of what the act states.
    pub readings: &'a [Reading],
    /// What the period comes to by these readings, where it can be calculated: volumes, losses, sub-consumers.
    pub bill: Option<&'a Bill>,
    pub number: &'a str,
    pub version: u32,
    pub made_on: NaiveDate,
    /// Where the signed act goes.
    pub reply_to: &'a str,
}

pub fn pdf(faces: &Faces, form: &ActForm<'_>, template: &Template, act_xml: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let version = form.version.to_string();
    let numbered = template.fill(Text::ActNumber, &[("number", &name(form.number)), ("version", &version)]);
    let title = format!("{} {numbered}", template.text(Text::ActTitle));
    let customer = name(&form.record.account.name);
    let mut sheet = Sheet::new(faces, template, A4_LYING, format!("{title} · {customer}"));
    for section in template.act_sections() {
        match section {
            ActSection::Head => head(&mut sheet, form, &numbered),
            ActSection::Parties => {
                parties::place(&mut sheet, form.seller, &form.record.account, None);
                sheet.gap(pt(14));
            }
            ActSection::Readings => act_table::place(&mut sheet, form),
            ActSection::Signing => signing(&mut sheet, form, &hex::encode(Sha256::digest(act_xml))),
        }
    }
    let about = About {
        title: title.replace(KEEP, " "),
        author: name(&form.seller.name),
        id: format!("act {} {} {}", form.seller.edrpou, form.number, form.version),
        made_on: form.made_on,
        foot: format!("{title} · {customer}"),
    };
    let attachment = Attachment {
        name: ACT_ATTACHMENT,
        mime_type: "application/xml",
        description: words::ATTACHMENT_DESCRIPTION,
        relation: Relation::Data,
        data: act_xml,
    };
    emit(sheet, &about, &[attachment])
}

fn head(sheet: &mut Sheet<'_>, form: &ActForm<'_>, numbered: &str) {
    const NUMBER_WIDTH: Length = pt(230);
    let template = sheet.template;
    sheet.put(None, Mark::Box { x: 0, y: 0, width: sheet.shape.width, height: pt(5), radius: 0, colour: ACCENT });
    let mut top = sheet.y;
    if let Some((_, height)) = crate::invoice::logo(sheet, top) {
        top += height + pt(8);
        sheet.y = top;
    }
    let right = Frame { x: sheet.right() - NUMBER_WIDTH, y: top + pt(3), width: NUMBER_WIDTH };
    let mut down = right.y;
    down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[span(numbered.to_owned(), NUMBER)]);
    let made = template.fill(Text::ActMade, &[("date", &words::long_date(form.made_on))]);
    down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[span(made, BODY.coloured(GREY))]);
    sheet.heading(1, span(template.text(Text::ActTitle), TITLE), pt(100));
    let left = Frame { x: sheet.left(), y: sheet.y, width: sheet.width() - NUMBER_WIDTH - pt(16) };
    let period = form.act.period;
    let days = [("from", period.first_day()), ("to", period.last_day()), ("date", form.act.read_on)];
    let days = days.map(|(word, day)| (word, date(day)));
    let period = template.fill(Text::ActPeriod, &days.each_ref().map(|(word, day)| (*word, day.as_str())));
    sheet.y += sheet.text(Kind::Paragraph, left, Align::Left, &[span(period, BODY.coloured(GREY))]);
    sheet.y = sheet.y.max(down) + pt(12);
}

fn signing(sheet: &mut Sheet<'_>, form: &ActForm<'_>, sha256: &str) {
    const GUTTER: Length = pt(32);
    const CODE: Length = pt(64);
    let template = sheet.template;
    sheet.heading(2, span(template.text(Text::ActSigning), HEADING), pt(120));
    sheet.gap(pt(2));
    let (top, whole) = (sheet.y, sheet.width());
    let at = Frame { x: sheet.left(), y: top, width: whole - CODE - GUTTER };
    let mut y = top + sheet.text(Kind::Paragraph, at, Align::Left, &[span(template.text(Text::ActHow), BODY)]) + pt(4);
    let reply = template.fill(Text::ActReply, &[("address", form.reply_to)]);
    y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &[span(reply, BODY)]) + pt(4);
    let digest = [span(template.label(Text::ActDigest), SMALL), span(sha256.to_owned(), SMALL.coloured(INK))];
    y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &digest);
    reply_code(sheet, form, Frame { x: sheet.right() - CODE, y: top, width: CODE });
    sheet.y = y.max(top + CODE) + pt(6);
    let width = (whole - GUTTER) / 2;
    let top = sheet.y;
    for (index, role) in [Text::Supplier, Text::Customer].into_iter().enumerate() {
        let x = sheet.left() + (width + GUTTER) * Length::try_from(index).unwrap_or(0);
        signature_place(sheet, Frame { x, y: top, width }, role);
    }
    sheet.y = top + pt(46);
}

/// Opens the reply: scanned from paper, or touched on a screen.
fn reply_code(sheet: &mut Sheet<'_>, form: &ActForm<'_>, at: Frame) {
    let period = form.act.period.to_string();
    let named = [("contract", form.act.contract.as_str()), ("period", period.as_str())];
    let address = mailto(form.reply_to, &sheet.template.fill(Text::ActReplySubject, &named));
    let Some(code) = plain_code(&address) else { return };
    let alt = sheet.template.text(Text::ActReplyCode);
    // Four modules of quiet zone around the code. Source: ISO/IEC 18004 §5.3.8; the page itself is white.
    let unit = at.width / Length::from(code.size);
    sheet.within(Kind::Figure { alt: alt.clone() }, |sheet| {
        let leaf = sheet.leaf();
        sheet.put(Some(leaf), Mark::Outlines { x: at.x, y: at.y, unit, loops: code.outlines, colour: INK });
    });
    sheet.within(Kind::Link, |sheet| {
        let leaf = sheet.leaf();
        sheet.put(Some(leaf), Mark::Link { x: at.x, y: at.y, width: at.width, height: at.width, address, alt });
    });
}

/// Source: RFC 6068.
fn mailto(address: &str, subject: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    let coded = |text: &str| -> String {
        let byte = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        text.bytes().map(byte).collect()
    };
    format!("mailto:{}?subject={}", coded(address), coded(subject))
}

/// Lines for position and name, signature, seal and the date.
fn signature_place(sheet: &mut Sheet<'_>, at: Frame, role: Text) {
    let template = sheet.template;
    sheet.text(Kind::Paragraph, at, Align::Left, &[span(template.text(role).to_uppercase(), EYEBROW)]);
    let seal = Frame { x: at.x, y: at.y, width: at.width - pt(10) };
    sheet.text(Kind::Paragraph, seal, Align::Right, &[span(template.text(Text::ActSeal), SMALL)]);
    let parts = [(Text::ActPosition, 46), (Text::ActSignature, 30), (Text::ActDay, 24)];
    let mut x = at.x;
    for (label, share) in parts {
        let width = at.width * share / 100;
        let y = at.y + pt(32);
        sheet.rule(x, y, width - pt(10), tenths(6), GREY);
        let below = Frame { x, y: y + pt(2), width: width - pt(10) };
        sheet.text(Kind::Paragraph, below, Align::Left, &[span(template.text(label), SMALL)]);
        x += width;
    }
}
