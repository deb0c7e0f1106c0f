//! The journal of systemd, with each value as a field of its own (`journalctl ITEM_ID=7`).
//!
//! The protocol is a datagram of `NAME`, line feed, length, value. The ready-made layer passes values on as they are; ours are
//! escaped and cut first, so a datagram also always fits its socket. Source: systemd.io/JOURNAL_NATIVE_PROTOCOL.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;

/// Fields that systemd or this layer gives; an event's field of the same name is prefixed.
const TAKEN: [&str; 7] = ["MESSAGE", "PRIORITY", "TARGET", "CODE_FILE", "CODE_LINE", "SYSLOG_IDENTIFIER", "SPAN"];
/// Below the usual `net.core.wmem_default` of 208 KiB: a longer datagram is refused whole, so what exceeds it is left out.
const DATAGRAM_BYTES: usize = 128 * 1024;
/// Longest name the journal takes.
const NAME_BYTES: usize = 64;

pub(crate) struct Journal {
    socket: UnixDatagram,
}

/// The values of a span, kept with it.
struct SpanFields(Vec<(&'static str, String)>);

impl Journal {
    /// # Errors
    /// When nobody listens at `path`.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        Ok(Self { socket })
    }
}

impl<S> Layer<S> for Journal
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(SpanFields(Fields::of(attributes).named));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let named = Fields::of(values).named;
            let mut extensions = span.extensions_mut();
            match extensions.get_mut::<SpanFields>() {
                Some(SpanFields(fields)) => fields.extend(named),
                None => extensions.insert(SpanFields(named)),
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let fields = Fields::of(event);
        let mut datagram = Vec::with_capacity(512);
        put(&mut datagram, "PRIORITY", priority(*metadata.level()));
        put(&mut datagram, "SYSLOG_IDENTIFIER", "oblik");
        put(&mut datagram, "MESSAGE", &fields.to_string());
        put(&mut datagram, "TARGET", metadata.target());
        put(&mut datagram, "CODE_FILE", metadata.file().unwrap_or_default());
        put(&mut datagram, "CODE_LINE", &metadata.line().unwrap_or_default().to_string());
        for span in context.event_scope(event).into_iter().flatten() {
            put(&mut datagram, "SPAN", span.name());
            if let Some(SpanFields(named)) = span.extensions().get::<SpanFields>() {
                put_all(&mut datagram, named);
            }
        }
        put_all(&mut datagram, &fields.named);
        // There is nowhere left to tell that the log cannot be written.
        let _ = self.socket.send(&datagram);
    }
}

/// Source: syslog(3).
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

fn put_all(datagram: &mut Vec<u8>, named: &[(&'static str, String)]) {
    for (name, value) in named {
        put(datagram, &field_name(name), value);
    }
}

fn put(datagram: &mut Vec<u8>, name: &str, value: &str) {
    if datagram.len() + name.len() + value.len() > DATAGRAM_BYTES {
        return;
    }
    let length = u64::try_from(value.len()).unwrap_or_default();
    datagram.extend_from_slice(name.as_bytes());
    datagram.push(b'\n');
    datagram.extend_from_slice(&length.to_le_bytes());
    datagram.extend_from_slice(value.as_bytes());
    datagram.push(b'\n');
}

/// `item.id` as the journal wants it: `ITEM_ID`; no underscore in front, which would claim to be the journal's own.
fn field_name(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    let name: String = letters.skip_while(|c| *c == '_' || c.is_ascii_digit()).take(NAME_BYTES - 2).collect();
    if name.is_empty() || TAKEN.contains(&name.as_str()) { format!("F_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    /// The pairs of one datagram, read as the journal reads it.
    fn pairs(mut datagram: &[u8]) -> Vec<(String, String)> {
        let mut list = Vec::new();
        while !datagram.is_empty() {
            let end = datagram.iter().position(|b| *b == b'\n').unwrap();
            let name = String::from_utf8(datagram[..end].to_vec()).unwrap();
            let length = u64::from_le_bytes(datagram[end + 1..end + 9].try_into().unwrap());
            let value_end = end + 9 + usize::try_from(length).unwrap();
            list.push((name, String::from_utf8(datagram[end + 9..value_end].to_vec()).unwrap()));
            assert_eq!(datagram[value_end], b'\n');
            datagram = &datagram[value_end + 1..];
        }
        list
    }

    #[test]
    fn the_journal_gets_each_value_as_a_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let listener = UnixDatagram::bind(&path).unwrap();
        let subscriber = tracing_subscriber::registry().with(Journal::connect(&path).unwrap());
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("round", mailbox = "acts", late = tracing::field::Empty);
            let _inside = span.enter();
            span.record("late", 3);
            tracing::warn!(item.id = 7, priority = "x", reason = "a\nb\u{1b}", "act {}", "refused");
        });
        let mut buffer = [0; 8192];
        let length = listener.recv(&mut buffer).unwrap();
        let pairs = pairs(&buffer[..length]);
        for (name, value) in [
            ("PRIORITY", "4"),
            ("SYSLOG_IDENTIFIER", "oblik"),
            ("MESSAGE", r"act refused item.id=7 priority=x reason=a\nb\u{1b}"),
            ("SPAN", "round"),
            ("MAILBOX", "acts"),
            ("LATE", "3"),
            ("ITEM_ID", "7"),
            ("F_PRIORITY", "x"),
            ("REASON", r"a\nb\u{1b}"),
        ] {
            assert!(pairs.contains(&(name.to_owned(), value.to_owned())), "{name} in {pairs:?}");
        }
    }

    #[test]
    fn an_event_of_the_largest_size_still_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let listener = UnixDatagram::bind(&path).unwrap();
        let subscriber = tracing_subscriber::registry().with(Journal::connect(&path).unwrap());
        let long = "\u{202e}є".repeat(50_000);
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("round", a = %long, b = %long, c = %long, d = %long);
            let _inside = span.enter();
            tracing::info!(e = %long, f = %long, g = %long, h = %long, i = %long, j = %long, "{long}");
        });
        let mut buffer = vec![0; 2 * DATAGRAM_BYTES];
        let length = listener.recv(&mut buffer).unwrap();
        let pairs = pairs(&buffer[..length]);
        assert!(pairs.iter().any(|(name, value)| name == "MESSAGE" && value.contains('…')));
    }

    #[test]
    fn field_names_are_the_journals() {
        for (name, expected) in
            [("item.id", "ITEM_ID"), ("_pid", "PID"), ("7up", "UP"), ("message", "F_MESSAGE"), ("", "F_"), ("імя", "F_")]
        {
            assert_eq!(field_name(name), expected);
        }
        assert_eq!(field_name(&"a".repeat(100)).len(), NAME_BYTES - 2);
    }
}
