//! All SQL, and nothing else: what is known, in SQLite (one machine) or PostgreSQL (several).
//!
//! One text of each statement serves both engines; the few that cannot carry their own. Transactions begin and end in
//! `pipeline`; here each function is one statement, or the few that always belong together.

mod acts;
mod booked;
mod certificates;
mod charges;
mod confirmations;
mod countersigning;
mod engine;
mod error;
mod files;
mod ground;
mod history;
mod intervals;
mod invoices;
mod items;
mod journal;
mod lease;
mod letters;
mod master;
mod payments;
mod prices;
mod proof;
mod queue;
mod reading_acts;
mod readings;
mod runs;
mod signed_readings;
mod sources;
mod standing;
mod statement;
mod status;
mod tickets;
mod versions;

pub use acts::{Acceptance, AcceptedAct, ActWork, SignedContent, Verdict};
pub use booked::Booked;
pub use confirmations::StoredConfirmation;
pub use countersigning::{AwaitedWork, Countersignature, IssuedInvoice, SignatureStatus};
pub use engine::{Place, Store, Tx};
pub use error::StoreError;
pub use files::PartnerMessage;
pub use ground::Ground;
pub use invoices::{InvoiceDraft, InvoiceWork, StoredInvoice};
pub use items::{ItemWork, NewItem, Receipt, SourceKind, StoredFinding};
pub use journal::{Broken, JournalEntry};
pub use lease::Stored;
pub use lease::{Claimed, Lease};
pub use letters::{About, LetterClass, LetterWork, NewLetter, Purpose, StoredLetter};
pub use prices::PriceList;
pub use proof::{JournalLink, StoredAct};
pub use queue::QueuedItem;
pub use reading_acts::{MadeAct, ReadingActWork, StoredReadingAct};
pub use runs::{Run, RunOutcome, RunProgress, RunRefusal, RunWork};
pub use standing::Knowledge;
pub use statement::sha256_hex;
pub use status::{Depth, SourceStatus, Waiting, WaitingAct};
pub use tickets::{StoredTicket, TicketAuthor, TicketKind, TicketMessage};

#[cfg(test)]
mod tests;

pub type Result<T> = std::result::Result<T, StoreError>;
