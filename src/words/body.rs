//! The model of a letter's text: one, from which both its plain and its HTML form are made, so that they say the same.

use oblik_domain::finding::Finding;

use crate::findings::{sentence, short};

/// Before the action of a point.
pub const TO_DO: &str = "Що зробити";
/// Before the code that closes a point.
pub const CODE: &str = "Код";

/// What became of the matter, in one line at the head; its colour only repeats what the words say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub tone: Tone,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done as asked.
    Accepted,
    /// Worth reading; nothing was refused.
    Notice,
    /// Not accepted, and what to do about it.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Paragraph(String),
    Heading(String),
    /// Names and values, one pair a row.
    Table(Vec<Row>),
    /// Numbered points.
    List(Vec<Point>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// The one figure a reader looks for.
    Strong(String),
    /// Digests and serial numbers: fixed-width, may break anywhere.
    Code(String),
}

impl Value {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Strong(text) | Self::Code(text) => text,
        }
    }
}

/// One point of a list: a title, what was seen, what to do, and the code that closes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub title: String,
    pub text: String,
    pub todo: String,
    pub code: String,
}

/// A letter without its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub status: Status,
    pub blocks: Vec<Block>,
    /// Small print, one line each.
    pub footer: Vec<String>,
}

impl Body {
    pub fn new(tone: Tone, status: impl Into<String>) -> Self {
        Self { status: Status { tone, text: status.into() }, blocks: Vec::new(), footer: Vec::new() }
    }

    #[must_use]
    pub fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Paragraph(text.into()));
        self
    }

    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    /// Adds the table; an empty one is left out.
    #[must_use]
    pub fn table(mut self, rows: Vec<Row>) -> Self {
        if !rows.is_empty() {
            self.blocks.push(Block::Table(rows));
        }
        self
    }

    /// Adds the findings as numbered points.
    #[must_use]
    pub fn findings(mut self, findings: &[Finding]) -> Self {
        let point = |finding: &Finding| {
            let told = sentence(finding);
            let code = finding.code;
            Point { title: short(code).to_owned(), text: told.what, todo: told.todo, code: code.to_string() }
        };
        let mut points: Vec<Point> = Vec::new();
        for finding in findings {
            let one = point(finding);
            if !points.contains(&one) {
                points.push(one);
            }
        }
        if !points.is_empty() {
            self.blocks.push(Block::List(points));
        }
        self
    }

    #[must_use]
    pub fn footer(mut self, lines: Vec<String>) -> Self {
        self.footer = lines;
        self
    }
}

impl Row {
    pub fn text(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Value::Text(value.into()) }
    }

    pub fn strong(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Value::Strong(value.into()) }
    }

    pub fn code(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Value::Code(value.into()) }
    }
}
