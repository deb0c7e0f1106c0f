//! Money by the rules: prices and their changes, reactive energy, limits, VAT by type of debt, the trace, and an oracle.

mod book;
mod changes;
mod charges;
mod limits;
pub(crate) mod oracle;
mod reactive;
pub(crate) mod world;
mod zones;
