//! All keys of a template and what each may hold.

use super::tables::{Field, TableName};
use crate::payment_form::PaymentKey;
use crate::style::Colour;
use crate::texts::Text;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Text(Text),
    Title(TableName, Field),
    Columns(TableName),
    InvoiceSections,
    ActSections,
    Colour(Colour),
    Parts,
    Logo,
    LogoWidth,
    Lines,
    Foot,
    Payment(PaymentKey),
}

/// Every key with what it holds.
pub fn keys() -> Vec<(String, What)> {
    let mut keys = vec![
        ("look.logo".to_owned(), What::Logo),
        ("look.logo_width".to_owned(), What::LogoWidth),
        ("look.parts".to_owned(), What::Parts),
        ("requisites.lines".to_owned(), What::Lines),
        ("requisites.foot".to_owned(), What::Foot),
        ("invoice.sections".to_owned(), What::InvoiceSections),
        ("act.sections".to_owned(), What::ActSections),
    ];
    keys.extend(PaymentKey::ALL.map(|(name, key)| (format!("payment.{name}"), What::Payment(key))));
    keys.extend(COLOURS.map(|(name, role)| (format!("look.{name}"), What::Colour(role))));
    keys.extend(Text::ALL.iter().map(|text| (format!("text.{}", text.key()), What::Text(*text))));
    for table in TableName::ALL {
        keys.push((format!("table.{}.columns", table.key()), What::Columns(*table)));
        let title = |field: Field| (format!("table.{}.title.{}", table.key(), field.key()), What::Title(*table, field));
        keys.extend(table.slots().iter().map(|slot| title(slot.field)));
    }
    keys
}

/// Colours by their keys below `[look]`.
pub const COLOURS: [(&str, Colour); 5] = [
    ("accent", Colour::Accent),
    ("ink", Colour::Ink),
    ("grey", Colour::Grey),
    ("hairline", Colour::Hairline),
    ("tint", Colour::Tint),
];

/// Whether a document would have an unnamed part without this text: titles, which bookmarks and screen readers name.
pub fn is_needed(text: Text) -> bool {
    let named = [Text::InvoiceName, Text::InvoiceNumber, Text::ActNumber, Text::ActReadings, Text::ActSigning, Text::DueCode];
    text.key().rsplit('.').next() == Some("title") || named.contains(&text)
}
