//! The drawings in `docs/states.md` are made from the tables the store obeys.

use std::fmt::{Display, Write as _};

use oblik_domain::states::{
    ActState, CountersignState, InvoiceState, ItemState, LetterState, Life, ReadingActState, RunAccountState, TicketState,
};

use crate::documents::assert_document;
use crate::tree;

#[test]
fn the_drawings_are_the_tables() {
    let mut made = String::from(
        "# The lives of things\n\nEach table of steps in `src/domain/states.rs` *is* the machine: the store takes no step that is not in it, the\n\
         database refuses a state it does not name, and these drawings are made from it. The machines are separate: an act goes on while\n\
         its item waits for it, and a letter that failed changes nothing about the invoice in it.\n\n\
         Made by `OBLIK_UPDATE_DOCS=1 cargo test -p oblik-house-tests`.\n",
    );
    draw(&mut made, "Item", "ItemState", "One message or file taken in.", ItemState::ALL);
    draw(&mut made, "Act", "ActState", "A signed reading act.", ActState::ALL);
    let what = "An act that we make of the readings of an account's period, for the customer to sign.";
    draw(&mut made, "Reading act", "ReadingActState", what, ReadingActState::ALL);
    draw(&mut made, "Invoice", "InvoiceState", "What is owed for a period.", InvoiceState::ALL);
    draw(&mut made, "Letter", "LetterState", "Whatever leaves: a mail, or a file for a partner.", LetterState::ALL);
    draw(&mut made, "Account of a run", "RunAccountState", "One account in a month's run.", RunAccountState::ALL);
    let copy = "The copy of an issued invoice that the customer is to sign.";
    draw(&mut made, "Countersigning", "CountersignState", copy, CountersignState::ALL);
    draw(&mut made, "Ticket", "TicketState", "What a customer wrote that a person must answer.", TicketState::ALL);
    assert_document("docs/states.md", &made);
}

fn draw<S: Life>(made: &mut String, title: &str, type_name: &str, what: &str, states: &[S]) {
    let _ = write!(made, "\n## {title}\n\n{what}\n\n```mermaid\nstateDiagram-v2\n");
    for state in states.iter().filter(|state| state.to_string().contains('-')) {
        let _ = writeln!(made, "    state \"{state}\" as {}", plain(state));
    }
    if let Some(first) = states.first() {
        let _ = writeln!(made, "    [*] --> {}", plain(first));
    }
    for (from, event, to) in S::STEPS {
        let _ = writeln!(made, "    {} --> {} : {event}", plain(from), plain(to));
    }
    for state in states.iter().filter(|state| S::STEPS.iter().all(|(from, _, _)| from != *state)) {
        let _ = writeln!(made, "    {} --> [*]", plain(state));
    }
    made.push_str("```\n\n| state | meaning |\n|---|---|\n");
    for (state, meaning) in states.iter().zip(meanings(type_name, states.len())) {
        let _ = writeln!(made, "| {state} | {meaning} |");
    }
}

/// A drawing's names take no hyphen.
fn plain(state: &impl Display) -> String {
    state.to_string().replace('-', "_")
}

/// What stands above each state in the source, in its order; nothing where the word says all.
fn meanings(type_name: &str, count: usize) -> Vec<String> {
    let source = tree::read("src/domain/states.rs");
    let (_, rest) = source.split_once(&format!("{type_name} {{")).expect("the states");
    let body = rest.split_once("\n    }").or_else(|| rest.split_once("\n}")).expect("the end of the states").0;
    let (mut meanings, mut above) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            let _ = write!(above, "{}{text}", if above.is_empty() { "" } else { " " });
        } else if line.contains(" = \"") {
            meanings.push(std::mem::take(&mut above));
        }
    }
    assert_eq!(meanings.len(), count, "states of {type_name} as read from the source");
    meanings
}
