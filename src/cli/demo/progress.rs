//! What a person sees while it works: a bar on a terminal, one line at the end of each station elsewhere.

use std::io::{IsTerminal as _, Write as _};

const WIDTH: usize = 30;

pub struct Progress {
    items: usize,
    on_terminal: bool,
    /// Steps of each station, in the order they were first met.
    steps: Vec<(&'static str, usize)>,
}

impl Progress {
    pub fn new(items: usize) -> Self {
        Self { items, on_terminal: std::io::stderr().is_terminal(), steps: Vec::new() }
    }

    /// A station took so many steps; so many items still have a way to go.
    pub fn step(&mut self, station: &'static str, moved: usize, waiting: usize) {
        match self.steps.iter_mut().find(|(name, _)| *name == station) {
            Some((_, steps)) => *steps += moved,
            None => self.steps.push((station, moved)),
        }
        if self.on_terminal {
            let done = self.items.saturating_sub(waiting);
            let filled = (done * WIDTH).checked_div(self.items).unwrap_or_default();
            let bar = format!("{}{}", "█".repeat(filled), "·".repeat(WIDTH - filled.min(WIDTH)));
            let mut out = std::io::stderr();
            let _ = write!(out, "\r  {bar} {done}/{} done  {station:<14}", self.items);
            let _ = out.flush();
        }
    }

    pub fn end(&self) {
        if self.on_terminal {
            eprint!("\r{}\r", " ".repeat(WIDTH + 40));
        }
        let told: Vec<_> =
            self.steps.iter().filter(|(_, steps)| *steps > 0).map(|(name, steps)| format!("{name} {steps}")).collect();
        eprintln!("  {}", told.join(" → "));
    }
}
