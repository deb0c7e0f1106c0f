//! The daemon: rounds on a schedule, its life under systemd, what it tells.

mod certificates;
pub mod lifecycle;
mod month;
mod rounds;
mod run;
pub mod schedule;
pub mod telemetry;

pub use rounds::look_once;
pub use run::run;
