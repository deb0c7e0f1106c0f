//! Schemas as tables: what the validator runs on.
//!
//! The tables are made from the XSD texts in `schemas/`, which partners use with their own tools. A construct outside
//! the subset is refused when the text is loaded, never passed over.

use std::sync::{Arc, LazyLock};

pub(crate) use crate::facets::SimpleType;

/// A loaded schema: one namespace, one root element.
#[derive(Debug)]
pub struct Schema {
    pub(crate) target: String,
    pub(crate) root: Element,
}

impl Schema {
    /// Makes the tables of an XSD.
    ///
    /// # Errors
    /// [`SchemaError`] names the construct outside the subset, and where it stands.
    pub fn load(xsd: &str) -> Result<Self, SchemaError> {
        crate::load::load(xsd)
    }

    /// The namespace of its documents.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The name of its root element.
    pub fn root_name(&self) -> &str {
        &self.root.name
    }
}

/// A schema text that is not of the subset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("load schema: line {line}, column {column}: {detail}")]
pub struct SchemaError {
    pub line: u64,
    pub column: u64,
    pub detail: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub name: String,
    pub content: Type,
}

#[derive(Debug, Clone)]
pub(crate) enum Type {
    Simple(Arc<SimpleType>),
    Complex(Arc<ComplexType>),
}

#[derive(Debug)]
pub(crate) struct ComplexType {
    pub attributes: Vec<AttributeRule>,
    pub content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Empty,
    Text(Arc<SimpleType>),
    /// In this order.
    Children(Vec<Particle>),
}

#[derive(Debug)]
pub(crate) struct AttributeRule {
    pub name: String,
    pub content: Arc<SimpleType>,
    pub use_: Use,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Required,
    Optional,
}

/// One place in a sequence: an element, or a choice of elements, so many times.
#[derive(Debug)]
pub(crate) struct Particle {
    pub alternatives: Vec<Element>,
    pub min: u64,
    /// `None` for unbounded.
    pub max: Option<u64>,
}

impl Particle {
    /// `<A>` or `<A>, <B> or <C>`: how findings name it.
    pub(crate) fn label(&self) -> String {
        let names: Vec<String> = self.alternatives.iter().map(|element| format!("<{}>", element.name)).collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, before)) => format!("{} or {last}", before.join(", ")),
            None => String::new(),
        }
    }
}

pub const READING_ACT_XSD: &str = include_str!("../../schemas/reading-act-1.xsd");
pub const METER_READINGS_XSD: &str = include_str!("../../schemas/meter-readings-1.xsd");
pub const MASTER_DATA_XSD: &str = include_str!("../../schemas/master-data-1.xsd");
pub const PAYMENTS_XSD: &str = include_str!("../../schemas/payments-1.xsd");
pub const ACKNOWLEDGEMENT_XSD: &str = include_str!("../../schemas/acknowledgement-1.xsd");

pub static READING_ACT: LazyLock<Schema> = LazyLock::new(|| own(READING_ACT_XSD));
pub static METER_READINGS: LazyLock<Schema> = LazyLock::new(|| own(METER_READINGS_XSD));
pub static MASTER_DATA: LazyLock<Schema> = LazyLock::new(|| own(MASTER_DATA_XSD));
pub static PAYMENTS: LazyLock<Schema> = LazyLock::new(|| own(PAYMENTS_XSD));
pub static ACKNOWLEDGEMENT: LazyLock<Schema> = LazyLock::new(|| own(ACKNOWLEDGEMENT_XSD));

#[expect(clippy::expect_used, reason = "the text is part of the program, and a test loads each")]
fn own(xsd: &str) -> Schema {
    Schema::load(xsd).expect("own schema loads")
}
