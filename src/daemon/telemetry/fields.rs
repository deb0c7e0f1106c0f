//! The values of an event, escaped and cut, the same in the journal and on standard error.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Characters of one value that are told, counted as they are written.
const VALUE_CHARS: usize = 1000;
/// Fields of one event that are told.
const FIELDS: usize = 40;

/// The message and the named values of an event or span.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub message: String,
    pub named: Vec<(&'static str, String)>,
}

impl Fields {
    pub fn of(source: &impl RecordFields) -> Self {
        let mut fields = Self::default();
        source.record(&mut fields);
        fields
    }

    fn push(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let mut escaped = Escaped { text: String::new(), left: VALUE_CHARS };
        if escaped.write_fmt(value).is_err() {
            escaped.text.push('…');
        }
        if field.name() == "message" {
            self.message = escaped.text;
        } else if self.named.len() < FIELDS {
            self.named.push((field.name(), escaped.text));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, format_args!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        // The causes are what an administrator needs: "connect to mail: connection refused".
        let mut causes = String::new();
        let mut source = value.source();
        while let Some(cause) = source.filter(|_| causes.len() < VALUE_CHARS) {
            let _ = write!(causes, ": {cause}");
            source = cause.source();
        }
        self.push(field, format_args!("{value}{causes}"));
    }
}

/// Escapes as it is written to; its error means the value is full.
struct Escaped {
    text: String,
    left: usize,
}

impl Write for Escaped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let escape = character.is_control() || is_format(character);
            let length = if escape { character.escape_default().len() } else { 1 };
            self.left = self.left.checked_sub(length).ok_or(fmt::Error)?;
            if escape {
                self.text.extend(character.escape_default());
            } else {
                self.text.push(character);
            }
        }
        Ok(())
    }
}

/// Line separators, and the marks that turn the direction of text around.
fn is_format(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for Fields {
    /// `message name=value name="value with spaces"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (index, (name, value)) in self.named.iter().enumerate() {
            if index > 0 || !self.message.is_empty() {
                f.write_char(' ')?;
            }
            let bare = !value.is_empty() && !value.contains([' ', '"', '=']);
            if bare { write!(f, "{name}={value}")? } else { write!(f, "{name}=\"{}\"", value.replace('"', "\\\""))? }
        }
        Ok(())
    }
}

/// Writes the fields for people.
pub(crate) struct EscapedFields;

impl<'w> FormatFields<'w> for EscapedFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        write!(writer, "{}", Fields::of(&fields))
    }
}
