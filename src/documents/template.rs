//! What an administrator may change without a compiler: look, texts, sections and columns, read from a TOML file.
//!
//! The template that is compiled in says everything; one that is read says what differs. Its texts are put on the page as
//! they are and what fills their braces is never read again, so no name of a customer can say more than a name.

mod colours;
mod fault;
mod logo;
mod read;
mod schema;
mod sections;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::geometry::Length;
use crate::payment_form::PaymentForm;
use crate::table::{Column, Table};
use crate::texts::Text;

pub use colours::{Colours, Rgb};
pub use fault::TemplateFault;
pub use logo::Logo;
pub use sections::{ActSection, Section};
pub use tables::{Field, TableName};

/// Gives the bytes of a file that a template names, or why there are none.
pub type Beside<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Look, texts, sections and columns of all documents of one issuer.
#[derive(Debug, Clone)]
pub struct Template {
    texts: BTreeMap<Text, String>,
    colours: Colours,
    logo: Option<Logo>,
    /// In millimetres.
    logo_width: u16,
    /// Below the supplier's address.
    lines: Vec<String>,
    /// At the foot of each page.
    foot: String,
    invoice: Vec<Section>,
    act: Vec<ActSection>,
    tables: BTreeMap<TableName, Columns>,
    payment: PaymentForm,
}

/// The columns of one table: which and in which order, and the title of each that may stand.
#[derive(Debug, Clone, Default)]
struct Columns {
    shown: Vec<Field>,
    titles: BTreeMap<Field, String>,
}

static EMBEDDED: LazyLock<Template> = LazyLock::new(|| {
    let nothing = Template {
        texts: BTreeMap::new(),
        colours: Colours::BLACK,
        logo: None,
        logo_width: 0,
        lines: Vec::new(),
        foot: String::new(),
        invoice: Vec::new(),
        act: Vec::new(),
        tables: BTreeMap::new(),
        payment: PaymentForm::default(),
    };
    // That it lacks nothing and has no fault is a test's business.
    read::over(nothing, oblik_words::TEMPLATE, &|_| Err(String::new())).0
});

impl Template {
    /// The template that is compiled in.
    pub fn embedded() -> Self {
        EMBEDDED.clone()
    }

    /// The embedded template as its file, with every key explained.
    pub fn source() -> &'static str {
        oblik_words::TEMPLATE
    }

    /// Reads a template over the embedded one; `beside` gives the bytes of a file that it names, such as its logo.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str, beside: Beside<'_>) -> Result<Self, Vec<TemplateFault>> {
        let (template, faults) = Self::read(text, beside);
        if faults.is_empty() { Ok(template) } else { Err(faults) }
    }

    /// As [`Template::parse`], with the embedded values where something is wrong.
    pub fn read(text: &str, beside: Beside<'_>) -> (Self, Vec<TemplateFault>) {
        read::over(Self::embedded(), text, beside)
    }

    /// A template's file as text.
    ///
    /// # Errors
    /// A file that is too large or is not UTF-8, with the place.
    pub fn decode(bytes: &[u8]) -> Result<&str, TemplateFault> {
        fault::decode(bytes)
    }

    /// A text without braces.
    pub fn text(&self, text: Text) -> String {
        self.texts.get(&text).cloned().unwrap_or_default()
    }

    /// A label before its value: `Адреса: `; nothing when the label is empty.
    pub fn label(&self, text: Text) -> String {
        match self.texts.get(&text).map_or("", String::as_str) {
            "" => String::new(),
            label => oblik_words::documents::label(label),
        }
    }

    /// A text with its braces filled, once: what is filled in is not read again.
    pub fn fill(&self, text: Text, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.texts.get(&text).map(String::as_str).unwrap_or_default();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, later)) = after.split_once('}') else { break };
            out.push_str(before);
            out.extend(values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
            rest = later;
        }
        out.push_str(rest);
        out
    }

    /// How payment codes are made.
    pub fn payment(&self) -> &PaymentForm {
        &self.payment
    }

    pub(crate) fn colours(&self) -> &Colours {
        &self.colours
    }

    /// The logo with the width and height it is printed in.
    pub(crate) fn logo(&self) -> Option<(&Logo, Length, Length)> {
        let logo = self.logo.as_ref()?;
        let (width, height) = logo.printed(self.logo_width);
        Some((logo, width, height))
    }

    /// Lines of the supplier beside those the configuration gives.
    pub(crate) fn requisites(&self) -> &[String] {
        &self.lines
    }

    /// What stands at the foot of each page beside its number.
    pub(crate) fn foot(&self) -> &str {
        &self.foot
    }

    pub(crate) fn invoice_sections(&self) -> &[Section] {
        &self.invoice
    }

    pub(crate) fn act_sections(&self) -> &[ActSection] {
        &self.act
    }

    /// An empty table with the columns this template gives it.
    pub(crate) fn table(&self, name: TableName) -> Table {
        let shown = self.tables.get(&name);
        let slots = shown.into_iter().flat_map(|columns| columns.shown.iter()).filter_map(|field| name.slot(*field));
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for slot in slots {
            let title = shown.and_then(|columns| columns.titles.get(&slot.field)).cloned().unwrap_or_default();
            fields.push(slot.field);
            columns.push(Column { title, align: slot.align, sizing: slot.sizing });
        }
        Table { fields, columns, rows: Vec::new() }
    }
}
