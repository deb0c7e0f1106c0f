//! Where the log goes: the journal under systemd, else standard error for people or as JSON.
//!
//! Values come from strangers' mails: control characters in them are escaped and long ones cut in every form, so that no value
//! can forge a line or steer a terminal. The mail and SSH clients print passwords and letters in their debug lines: those
//! stay silent whatever level is asked for.

mod fields;
mod journal;

use std::fmt;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

use anyhow::Context;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, FilterFn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use fields::EscapedFields;
use journal::Journal;

const JOURNAL_SOCKET: &str = "/run/systemd/journal/socket";
/// Libraries whose lines below `info` carry secrets or letters.
const HUSHED: [&str; 5] = ["async_imap", "imap_proto", "lettre", "russh", "russh_sftp"];

/// The form of the log, as `--log-format` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// The journal when systemd listens, else for people.
    #[default]
    Auto,
    Human,
    Json,
    Journal,
}

impl FromStr for LogFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            "journal" => Ok(Self::Journal),
            _ => Err(format!("{text} is no log format; known are auto, human, json, journal")),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Human => "human",
            Self::Json => "json",
            Self::Journal => "journal",
        })
    }
}

/// Begins the log of this process. `level` is of `--log`; without it `OBLIK_LOG` holds, else `info`.
///
/// # Errors
/// When the level is no filter (`info`, `oblik_pipeline=debug,info`), the journal was demanded and does not hear, or a log was begun
/// before.
pub fn begin(format: LogFormat, level: Option<&str>) -> anyhow::Result<()> {
    let named = level.map(str::to_owned).or_else(|| std::env::var("OBLIK_LOG").ok()).filter(|text| !text.trim().is_empty());
    let filter = filter(named.as_deref().unwrap_or("info"))?;
    let to_terminal = std::io::stderr().is_terminal();
    let format = match format {
        LogFormat::Auto if Surroundings::found().journal_listens() => LogFormat::Journal,
        LogFormat::Auto => LogFormat::Human,
        named => named,
    };
    let global = tracing::subscriber::set_global_default::<Box<dyn Subscriber + Send + Sync>>;
    let set = match format {
        LogFormat::Journal => {
            let journal = Journal::connect(Path::new(JOURNAL_SOCKET)).context("reach the journal")?;
            global(Box::new(tracing_subscriber::registry().with(journal.with_filter(hushed().and(filter)))))
        }
        LogFormat::Json => {
            global(Box::new(tracing_subscriber::registry().with(json(std::io::stderr).with_filter(hushed().and(filter)))))
        }
        LogFormat::Human | LogFormat::Auto => global(Box::new(
            tracing_subscriber::registry().with(human(std::io::stderr, to_terminal).with_filter(hushed().and(filter))),
        )),
    };
    set.context("begin the log")
}

fn filter(directives: &str) -> anyhow::Result<EnvFilter> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    builder
        .parse(directives)
        .with_context(|| format!("read the log level {directives:?}: write info, or oblik_pipeline=debug,info"))
}

/// What no level can switch on.
fn hushed() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    FilterFn::new(may_be_told)
}

fn may_be_told(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || !HUSHED.contains(&metadata.target().split("::").next().unwrap_or_default())
}

fn human<S, W>(writer: W, colour: bool) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour).fmt_fields(EscapedFields)
}

fn json<S, W>(writer: W) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(writer).with_ansi(false)
}

/// What tells whether standard error is the journal's.
#[derive(Debug, Default)]
struct Surroundings {
    /// `JOURNAL_STREAM`: device and inode of the stream systemd gave.
    journal_stream: Option<String>,
    /// Device and inode of standard error.
    stderr: Option<(u64, u64)>,
    /// A service of systemd: `INVOCATION_ID` alone is inherited by every program in a terminal of a session.
    is_service: bool,
    stderr_is_terminal: bool,
    socket_present: bool,
}

impl Surroundings {
    fn found() -> Self {
        Self {
            journal_stream: std::env::var("JOURNAL_STREAM").ok(),
            stderr: std::fs::metadata("/proc/self/fd/2").ok().map(|stream| (stream.dev(), stream.ino())),
            is_service: std::env::var_os("INVOCATION_ID").is_some() && std::env::var_os("NOTIFY_SOCKET").is_some(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            socket_present: Path::new(JOURNAL_SOCKET).exists(),
        }
    }

    /// Source: systemd.exec(5), `$JOURNAL_STREAM`.
    fn journal_listens(&self) -> bool {
        let stream = self.journal_stream.as_deref().and_then(|text| {
            let (device, inode) = text.split_once(':')?;
            Some((device.parse::<u64>().ok()?, inode.parse::<u64>().ok()?))
        });
        let is_stream = stream.is_some() && stream == self.stderr;
        self.socket_present && (is_stream || (self.is_service && stream.is_none() && !self.stderr_is_terminal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn captured(json_form: bool, level: &str, events: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let make = move || writer.clone();
        let filter = hushed().and(filter(level).unwrap());
        let registry = tracing_subscriber::registry();
        if json_form {
            tracing::subscriber::with_default(registry.with(json(make).with_filter(filter)), events);
        } else {
            tracing::subscriber::with_default(registry.with(human(make, false).with_filter(filter)), events);
        }
        captured.text()
    }

    #[test]
    fn a_value_cannot_forge_a_line_or_steer_a_terminal() {
        let forged = "x\n2026-01-01T00:00:00Z ERROR forged\r\u{1b}[31m\u{7}\u{85}\u{202e}";
        let events = || {
            let span = tracing::info_span!("item", name = forged);
            let _inside = span.enter();
            tracing::info!(item.id = 7, subject = forged, shown = %forged, debugged = ?forged, "read {forged}");
        };
        let human = captured(false, "info", events);
        assert_eq!(human.lines().count(), 1, "{human}");
        assert!(human.chars().all(|c| !c.is_control() || c == '\n') && !human.contains('\u{202e}'), "{human:?}");
        assert!(human.contains("item.id=7") && human.contains(r"x\n2026-01-01"), "{human}");
        let json = captured(true, "info", events);
        assert_eq!(json.lines().count(), 1, "{json}");
        assert!(json.chars().all(|c| c >= ' ' || c == '\n'), "{json:?}");
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = "ж".repeat(100_000);
        let line = captured(false, "info", || tracing::info!(value = %long, "long"));
        assert!(line.len() < 10_000 && line.contains('…'), "{}", line.len());
    }

    #[test]
    fn libraries_that_print_secrets_stay_silent_below_info() {
        let text = captured(false, "trace,async_imap::client=trace,russh=trace", || {
            tracing::trace!(target: "async_imap::client", "C: LOGIN hunter2");
            tracing::debug!(target: "async_imap", "hunter2");
            tracing::debug!(target: "lettre::transport", "hunter2");
            tracing::debug!(target: "imap_proto", "hunter2");
            tracing::trace!(target: "russh", "hunter2");
            tracing::info!(target: "russh::client", "connected");
            tracing::trace!(target: "russh_like", "ours");
            tracing::trace!(target: "oblik_pipeline", "ours");
        });
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!((text.lines().count(), text.matches("ours").count()), (3, 2), "{text}");
    }

    #[test]
    fn the_level_is_a_filter_and_a_wrong_one_is_told() {
        let events = || {
            tracing::debug!(target: "oblik_pipeline", "one");
            tracing::info!(target: "oblik_store", "two");
            tracing::warn!(target: "oblik_store", "three");
        };
        for (level, lines) in [("info", 2), ("debug", 3), ("warn,oblik_pipeline=debug", 2), ("off", 0)] {
            assert_eq!(captured(false, level, events).lines().count(), lines, "{level}");
        }
        assert!(filter("oblik=loud").unwrap_err().to_string().contains("oblik=loud"));
    }

    #[test]
    fn the_journal_is_chosen_only_when_standard_error_is_its_own() {
        let service = || Surroundings { is_service: true, socket_present: true, ..Surroundings::default() };
        let stream = |text: &str| Some(text.to_owned());
        for (surroundings, listens) in [
            (Surroundings::default(), false),
            (service(), true),
            (Surroundings { stderr_is_terminal: true, ..service() }, false),
            (Surroundings { socket_present: false, ..service() }, false),
            (Surroundings { journal_stream: stream("8:42"), stderr: Some((8, 42)), ..service() }, true),
            (Surroundings { journal_stream: stream("8:42"), stderr: Some((8, 42)), is_service: false, ..service() }, true),
            // Standard error was turned into a file or pipe: that is where the administrator looks.
            (Surroundings { journal_stream: stream("8:42"), stderr: Some((8, 43)), ..service() }, false),
            (Surroundings { journal_stream: stream("nonsense"), stderr: Some((8, 42)), is_service: false, ..service() }, false),
        ] {
            assert_eq!(surroundings.journal_listens(), listens, "{surroundings:?}");
        }
    }

    #[test]
    fn formats_are_known_by_their_names() {
        for name in ["auto", "human", "json", "journal"] {
            assert_eq!(name.parse::<LogFormat>().map(|format| format.to_string()).as_deref(), Ok(name));
        }
        assert!("xml".parse::<LogFormat>().is_err());
    }
}
