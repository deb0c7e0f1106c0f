//! How steps of the calculation are written down. Writing them is most of what a calculation costs, so strings are made at once as
//! long as they become.
#![allow(clippy::needless_pass_by_value, reason = "figures are small: a call reads better without references")]

use std::borrow::Cow;
use std::fmt::{Arguments, Display, Write};

use oblik_domain::bill::{TraceInput, TraceStep};

/// A step without inputs of its own.
pub(crate) fn step(rule: &'static str, subject: impl Into<String>, formula: String, result: impl Display) -> TraceStep {
    TraceStep { rule: Cow::Borrowed(rule), subject: subject.into(), formula, result: written(result), inputs: Vec::new() }
}

/// A figure and where it came from.
pub(crate) fn input(name: &'static str, value: impl Display, source: impl Into<String>) -> TraceInput {
    TraceInput { name: Cow::Borrowed(name), value: written(value), source: source.into() }
}

/// A figure is seldom longer than sixteen characters.
fn written(figure: impl Display) -> String {
    let mut text = String::with_capacity(16);
    // Writing to a string does not fail.
    let _ = write!(text, "{figure}");
    text
}

/// As `format!`, without growing the string on the way: it guesses from the words between the figures, and there are few.
macro_rules! text {
    ($($what:tt)*) => { $crate::trace::told(format_args!($($what)*)) };
}
pub(crate) use text;

/// What [`text`] makes; most formulas, subjects and sources are shorter than that.
pub(crate) fn told(what: Arguments<'_>) -> String {
    let mut text = String::with_capacity(64);
    // Writing to a string does not fail.
    let _ = text.write_fmt(what);
    text
}
