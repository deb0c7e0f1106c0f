//! One case: the daemon dies at a place, lives again, comes to rest; then the truth is compared with what is due.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::ground::{Ground, Prepared, Servers};
use crate::scene::Sent;
use crate::truth::{self, Kind, Violation};

/// Longer than any case on a busy machine; who is not at rest by then is stuck.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Where the process dies: at each of these in turn, one a life; then it lives undisturbed.
#[derive(Debug, Clone)]
pub struct Case {
    /// `before:commit:bill#2`; or `at:350`, a moment in milliseconds after the start, wherever the process is then.
    pub places: Vec<String>,
}

/// What came of it.
pub struct Outcome {
    /// How many of its places were reached.
    pub deaths: usize,
    pub violations: Vec<Violation>,
    /// The logs, when something is wrong.
    pub logs: String,
    pub took: Duration,
    /// Passages of every life, when they were asked for.
    pub notes: Vec<Vec<String>>,
}

/// The program and what it is told.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub oblik: &'a Path,
    /// The broken order that is awake.
    pub mutant: Option<&'a str>,
    /// How long it may take to come to rest.
    pub patience: Duration,
}

impl Case {
    pub fn of(place: impl Into<String>) -> Self {
        Self { places: vec![place.into()] }
    }

    pub fn undisturbed() -> Self {
        Self { places: Vec::new() }
    }

    pub fn run(&self, subject: Subject<'_>, prepared: &Prepared, servers: Option<&Servers>) -> Outcome {
        let ground = Ground::new(prepared, servers);
        let scene = &prepared.scene;
        ground.deliver(&scene.mails);
        ground.place_files();
        let mails: Vec<&Sent> = scene.mails.iter().collect();
        self.live(subject, &ground, &mails, prepared)
    }

    /// Lives on a ground until everything is at rest, and judges it.
    pub fn live(&self, subject: Subject<'_>, ground: &Ground<'_>, mails: &[&Sent], prepared: &Prepared) -> Outcome {
        let began = Instant::now();
        let files = &prepared.scene.files;
        let (mut deaths, mut violations, mut notes) = (0, Vec::new(), Vec::new());
        for place in self.places.iter().map(Some).chain([None]) {
            let mut life = Life::begin(subject, ground, place);
            let end = life.wait(|| truth::looks_done(ground, mails, files), || truth::at_rest(ground));
            notes.push(life.passages());
            match end {
                End::Died(status) if status.signal() == Some(9) && place.is_some() => {
                    deaths += 1;
                    ground.time_passes();
                    continue;
                }
                End::Died(status) => violations.push(stuck(format!("the daemon ended with {status}"))),
                End::Rests => violations.extend(life.drain()),
                End::Stuck => {
                    let waits = ground.ask(WAITING);
                    violations.push(stuck(format!("not at rest after {} s: {waits:?}", subject.patience.as_secs())));
                    life.kill();
                }
            }
            break;
        }
        violations.extend(truth::violations(ground, subject.oblik, mails, files));
        let logs = if violations.is_empty() { String::new() } else { ground.logs() };
        Outcome { deaths, violations, logs, took: began.elapsed(), notes }
    }
}

/// What has not come to its end, to explain a failure.
const WAITING: &[&str] = &[
    "SELECT 'item', id, state FROM item WHERE state NOT IN ('done')",
    "SELECT 'letter', id, state FROM letter WHERE state <> 'delivered'",
];

fn stuck(text: String) -> Violation {
    Violation { kind: Kind::Stuck, text }
}

/// The daemon from a start to its end.
struct Life<'a> {
    child: Child,
    ground: &'a Ground<'a>,
    patience: Duration,
    /// When it is killed, after its beginning.
    moment: Option<Duration>,
    notes: PathBuf,
}

enum End {
    Died(ExitStatus),
    /// Nothing more is to be done, whether or not all is well.
    Rests,
    Stuck,
}

impl<'a> Life<'a> {
    fn begin(subject: Subject<'_>, ground: &'a Ground<'a>, place: Option<&String>) -> Self {
        let notes = ground.path().join("passages");
        std::fs::remove_file(&notes).ok();
        let moment: Option<u64> = place.and_then(|place| place.strip_prefix("at:")?.parse().ok());
        let mut environment = vec![("OBLIK_CRASH_NOTES", notes.to_str().expect("a plain path"))];
        environment.extend(place.filter(|_| moment.is_none()).map(|place| ("OBLIK_CRASH_AT", place.as_str())));
        environment.extend(subject.mutant.map(|mutant| ("OBLIK_MUTANT", mutant)));
        let child = ground.start(subject.oblik, &environment);
        Self { child, ground, patience: subject.patience, moment: moment.map(Duration::from_millis), notes }
    }

    /// The places it passed.
    fn passages(&self) -> Vec<String> {
        std::fs::read_to_string(&self.notes).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Waits for the daemon's death or rest. The database is asked only when everything seems to be done, or now and then:
    /// what was lost never seems done.
    fn wait(&mut self, looks_done: impl Fn() -> bool, at_rest: impl Fn() -> bool) -> End {
        let began = Instant::now();
        let mut asked = Instant::now();
        let mut restful = 0;
        loop {
            if let Some(status) = self.child.try_wait().expect("ask for the child") {
                return End::Died(status);
            }
            if let Some(moment) = self.moment {
                std::thread::sleep(moment.saturating_sub(began.elapsed()));
                return End::Died(self.kill());
            }
            if looks_done() {
                if at_rest() {
                    return End::Rests;
                }
            } else if asked.elapsed() > Duration::from_secs(2) {
                asked = Instant::now();
                restful = if self.ground.inbox().is_empty() && at_rest() { restful + 1 } else { 0 };
                if restful == 3 {
                    return End::Rests;
                }
            }
            if began.elapsed() > self.patience {
                return End::Stuck;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Ends the daemon as systemd would; it must end well.
    fn drain(mut self) -> Option<Violation> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("run kill");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.child.try_wait().expect("ask for the child") {
                // A place may be passed while draining; that death is one like any other, and rest was reached before.
                let well = status.success() || status.signal() == Some(9);
                return (!well).then(|| stuck(format!("draining ended with {status}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
        Some(stuck("draining does not end".to_owned()))
    }

    fn kill(&mut self) -> ExitStatus {
        self.child.kill().ok();
        self.child.wait().expect("its end")
    }
}

impl Drop for Life<'_> {
    fn drop(&mut self) {
        // A test that stops leaves no daemon behind.
        self.kill();
    }
}
