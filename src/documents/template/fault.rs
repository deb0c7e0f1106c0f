//! What is wrong with a template, and where.

/// Far above any real template.
const FILE_BYTES: usize = 256 * 1024;
/// Characters of a line that are shown around a fault.
const SHOWN: usize = 100;

/// One fault of a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TemplateFault {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl TemplateFault {
    /// A fault at the byte `at` of `text`.
    pub(super) fn at(text: &str, at: usize, message: String) -> Self {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |position| position + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        Self { line, column, message }
    }

    /// The line of `text` with the fault, and below it a caret at the place.
    pub fn shown(&self, text: &str) -> String {
        let line = text.lines().nth(self.line.saturating_sub(1)).unwrap_or_default();
        let at = self.column.saturating_sub(1);
        let from = if at > SHOWN * 3 / 4 { at - SHOWN / 2 } else { 0 };
        let printed = |c: char| if c.is_control() || crate::clean::is_hidden(c) { ' ' } else { c };
        let excerpt: String = line.chars().map(printed).skip(from).take(SHOWN).collect();
        let (number, cut) = (self.line.to_string(), if from > 0 { "…" } else { "" });
        let caret = " ".repeat(number.len() + 3 + cut.chars().count() + at - from);
        format!("{number} | {cut}{}\n{caret}^", excerpt.trim_end())
    }
}

/// A template's file as text.
pub fn decode(bytes: &[u8]) -> Result<&str, TemplateFault> {
    if bytes.len() > FILE_BYTES {
        let message = format!("the file has {} KiB; a template has at most {}", bytes.len() / 1024, FILE_BYTES / 1024);
        return Err(TemplateFault { line: 1, column: 1, message });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let sound = bytes.get(..error.valid_up_to()).and_then(|sound| std::str::from_utf8(sound).ok()).unwrap_or_default();
        TemplateFault::at(sound, sound.len(), "this is not UTF-8; save the file as UTF-8".to_owned())
    })
}
