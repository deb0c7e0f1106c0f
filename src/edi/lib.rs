//! Partner files and reading acts in XML: read, checked against their schema, and written.
//!
//! Bytes and readers come in, values go out; no clock, socket or file. One tokenizer, one validator and one extraction
//! stand behind every format, so what was validated is what is read (T8). The schemas in `schemas/` are the tables the
//! validator runs on: a partner's own tool and Oblik judge by the same text.

mod acknowledgement;
mod calendar;
mod check;
mod extract;
mod facets;
mod faults;
mod header;
mod lexer;
mod load;
mod master_account;
mod master_data;
mod master_point;
mod master_prices;
mod master_writer;
mod meter_readings;
mod names;
mod pattern;
mod payments;
mod reading_act;
mod record;
pub mod schema;
mod sequence;
mod sniff;
mod source;
mod terms_writer;
mod ubl;
pub mod validate;
mod writer;

pub use acknowledgement::{AckError, AckLevel, AckOutcome, Acknowledgement, read_acknowledgement, write_acknowledgement};
pub use check::{CheckReport, DETECT_BYTES, Format, check, detect};
pub use faults::ReadError;
pub use header::{FileHeader, FileSummary};
pub use master_data::{AccountEntry, MasterItem, MasterRecord, read_master_data};
pub use master_writer::write_master_data;
pub use meter_readings::{MeterEntry, MeterRecord, read_meter_file, write_meter_entries, write_meter_file};
pub use payments::{PaymentRecord, read_payments, write_payments};
pub use reading_act::{
    ActForm, ReadingActDocument, read_reading_act, read_reading_act_document, write_reading_act, write_reading_act_document,
};
pub use record::{Record, Row};
pub use ubl::{InvoiceWords, write_invoice};
