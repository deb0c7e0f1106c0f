//! What is wrong with a file, collected: the first hundred in full, the rest counted.

use std::io;

use oblik_domain::finding::{Code, Finding, Level, Place};
use oblik_domain::limits::XML_FAULTS;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is at fault: not XML, not its schema, or past a limit. In the order of the file.
    #[error("the file has {} faults", .0.len())]
    Findings(Vec<Finding>),
    /// The reader failed; the file may be good. Worth trying again.
    #[error("read the file")]
    Io(#[source] io::Error),
}

/// A fault after which nothing more can be read.
#[derive(Debug)]
pub(crate) enum Fatal {
    Io(io::Error),
    Xml {
        place: Place,
        detail: String,
    },
    /// A document of another schema: it would be all faults.
    Schema {
        place: Place,
        detail: String,
    },
    TooLarge {
        place: Place,
        what: &'static str,
        limit: usize,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    kept: Vec<Finding>,
    total: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, finding: Finding) {
        self.total += 1;
        if self.kept.len() < XML_FAULTS {
            self.kept.push(finding);
        }
    }

    /// Adds a fatal fault.
    ///
    /// # Errors
    /// [`ReadError::Io`] when it was the reader that failed.
    pub(crate) fn add_fatal(&mut self, fatal: Fatal) -> Result<(), ReadError> {
        let finding = match fatal {
            Fatal::Io(error) => return Err(ReadError::Io(error)),
            Fatal::Xml { place, detail } => Finding::error(Code::FileXml).with("detail", detail).at(place.line, place.column),
            Fatal::Schema { place, detail } => {
                Finding::error(Code::FileSchema).with("detail", detail).at(place.line, place.column)
            }
            Fatal::TooLarge { place, what, limit } => {
                Finding::error(Code::FileTooLarge).with("what", what).with("limit", limit).at(place.line, place.column)
            }
        };
        // The end of the reading is always told, however much came before it.
        self.kept.truncate(XML_FAULTS.saturating_sub(1));
        self.add(finding);
        Ok(())
    }

    /// Counts a fault that is past those told; `false` when it is still to be told.
    pub(crate) fn count_only(&mut self) -> bool {
        let full = self.kept.len() >= XML_FAULTS;
        self.total += usize::from(full);
        full
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// What was kept, and a last finding that counts the rest.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        let more = self.total.saturating_sub(self.kept.len());
        if more > 0 {
            let code = self.kept.last().map_or(Code::FileSchema, |last| last.code);
            let detail = format!("{more} more faults are not listed");
            self.kept.push(Finding::new(code, Level::Information).with("detail", detail).with("more", more));
        }
        self.kept
    }
}
