//! Many cases side by side, and what they came to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::case::{Case, Outcome, Subject};
use crate::ground::{Prepared, Servers};

/// Which passages of a place are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The first, and one later passage where there is one.
    Bounded,
    /// The first eight and the last, twice at the same place, and at moments between the places.
    Full,
}

impl Depth {
    /// `OBLIK_CRASH=full` asks for the long run.
    pub fn asked() -> Self {
        if std::env::var("OBLIK_CRASH").is_ok_and(|asked| asked == "full") { Self::Full } else { Self::Bounded }
    }
}

/// Every place with the number of its passages in an undisturbed life.
pub fn places(notes: &[String]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for place in notes {
        *counts.entry(place.clone()).or_default() += 1;
    }
    counts
}

/// The cases of one sweep over these places.
pub fn cases(places: &BTreeMap<String, usize>, depth: Depth) -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, count) in places {
        let mut passages: Vec<usize> = match depth {
            // The first passage of a station's commit is its claim, the second its decision.
            Depth::Bounded => vec![1, 2.min(*count)],
            Depth::Full => (1..=*count.min(&8)).chain([*count]).collect(),
        };
        passages.dedup();
        if depth == Depth::Full {
            // The second death meets what the first left half done.
            cases.push(Case { places: vec![format!("{place}#1"), format!("{place}#1")] });
        }
        cases.extend(passages.into_iter().map(|passage| Case::of(format!("{place}#{passage}"))));
    }
    if depth == Depth::Full {
        // Between the places as well: two deaths at moments that no list names.
        let moments = |number: u64| (0..2).map(|life| format!("at:{}", 5 + (number * 7919 + life * 104_729) % 700)).collect();
        cases.extend((0..40).map(|number| Case { places: moments(number) }));
    }
    cases
}

/// Runs the cases, some at a time: most of a case is waiting.
pub fn run(cases: &[Case], subject: Subject<'_>, prepared: &Prepared, servers: Option<&Servers>) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) * 2;
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { return };
                    let outcome = case.run(subject, prepared, servers);
                    outcomes.lock().expect("no worker died").insert(number, outcome);
                }
            });
        }
    });
    outcomes.into_inner().expect("no worker died").into_values().collect()
}

/// Says what a sweep came to, and stops the test when anything was wrong.
pub fn conclude(title: &str, began: Instant, cases: &[Case], outcomes: &[Outcome]) {
    let deaths: usize = outcomes.iter().map(|outcome| outcome.deaths).sum();
    let wanted: usize = cases.iter().map(|case| case.places.len()).sum();
    let places: std::collections::BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.places).filter_map(|place| place.split('#').next()).collect();
    let longest = outcomes.iter().map(|outcome| outcome.took.as_secs_f32()).fold(0.0, f32::max);
    println!(
        "{title}: {} cases at {} places, {deaths} of {wanted} deaths, {:.0} s, the longest {longest:.1} s",
        cases.len(),
        places.len(),
        began.elapsed().as_secs_f32()
    );
    let mut wrong = String::new();
    for (case, outcome) in cases.iter().zip(outcomes).filter(|(_, outcome)| !outcome.violations.is_empty()) {
        writeln!(wrong, "killed at {}:", case.places.join(", then ")).expect("a text");
        for violation in &outcome.violations {
            writeln!(wrong, "  {violation}").expect("a text");
        }
        writeln!(wrong, "{}", outcome.logs).expect("a text");
    }
    assert!(wrong.is_empty(), "{title}\n{wrong}");
    let unreached = cases.iter().zip(outcomes).filter(|(case, outcome)| outcome.deaths < case.places.len());
    let first: Vec<&Case> =
        unreached.filter(|(case, outcome)| outcome.deaths == 0 && case.places[0].ends_with("#1")).map(|(case, _)| case).collect();
    assert!(first.is_empty(), "{title}: these places were never reached: {first:?}");
    assert!(deaths * 10 >= wanted * 9, "{title}: {deaths} of {wanted} deaths only");
}

/// The violations of a case and its logs.
pub fn told(outcome: &Outcome) -> String {
    let texts: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
    format!("{}\n{}", texts.join("\n"), outcome.logs)
}

/// How many violations of which kinds.
pub fn told_briefly(outcome: &Outcome) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    for violation in &outcome.violations {
        *counts.entry(format!("{:?}", violation.kind)).or_default() += 1;
    }
    let texts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!("{} in {:.1} s", texts.join(", "), outcome.took.as_secs_f32())
}
