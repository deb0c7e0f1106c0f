//! A fence before the IMAP parser, which trusts the server: it takes 500 MB when 500 MB are announced, recurses as deep
//! as parentheses are nested, and stops the program at certain texts that are not ASCII. Here each answer is bounded
//! before it is parsed (T27).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use oblik_domain::limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::tls::Wire;

/// One answer: a mail at the limit, and what is said around it.
const ANSWER_BYTES: u64 = limits::MAIL_BYTES + 1024 * 1024;
/// One line outside of literals. A mail server's longest are lists of UIDs; ours are asked for in ranges.
const LINE_BYTES: u64 = 256 * 1024;
/// Nesting of parentheses; what we ask for needs two.
const DEPTH: u32 = 32;

/// A connection whose answers are bounded.
#[derive(Debug)]
pub(crate) struct Bounded {
    wire: Wire,
    scan: Scan,
}

impl Bounded {
    pub fn new(wire: Wire) -> Self {
        Self { wire, scan: Scan::default() }
    }

    /// Literals seen so far. A mail that came as a quoted string would keep its escapes: callers count.
    pub fn literals(&self) -> u64 {
        self.scan.literals
    }

    /// How long a read may bring nothing.
    pub fn set_patience(&mut self, silence: Duration) {
        let tcp = match &mut self.wire {
            Wire::Plain(tcp) => tcp,
            Wire::Tls(tls) => tls.get_mut().0,
        };
        tcp.as_mut().set_read_timeout_pinned(Some(silence));
    }
}

/// Where in the grammar of RFC 3501 §9 the next byte stands; just enough to know lines from literals.
#[derive(Debug, Default)]
struct Scan {
    answer: u64,
    line: u64,
    depth: u32,
    literal_left: u64,
    literals: u64,
    kind: Kind,
    quote: Quote,
    brace: Brace,
}

/// What the line may hold, known by its first bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Start,
    Star,
    StarSpace,
    /// `* 7 FETCH …`: the one answer with literals.
    Numbered,
    /// `* OK`, `* SEARCH`, `+ …`, a tagged status: text to the line's end.
    Text,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Quote {
    #[default]
    Outside,
    Inside,
    Escaped,
}

/// How much of `{123}` CR LF has been seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Brace {
    #[default]
    None,
    Digits(u64),
    Closed(u64),
    Return(u64),
}

impl Scan {
    /// Looks at bytes on their way to the parser; text that is not ASCII becomes `?` (it is only for people).
    fn admit(&mut self, bytes: &mut [u8]) -> Result<(), &'static str> {
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            if self.literal_left > 0 {
                let here = usize::try_from(self.literal_left).unwrap_or(usize::MAX).min(rest.len());
                self.literal_left = self.literal_left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
                at += here;
            } else if let Some(byte) = rest.first_mut() {
                if !byte.is_ascii() {
                    *byte = b'?';
                }
                self.step(*byte)?;
                at += 1;
            }
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), &'static str> {
        self.line += 1;
        self.answer += 1;
        if self.line > LINE_BYTES {
            return Err("the server sent a line longer than any answer");
        }
        self.kind = match (self.kind, byte) {
            (Kind::Start, b'*') => Kind::Star,
            (Kind::Star, b' ') => Kind::StarSpace,
            (Kind::StarSpace, b'0'..=b'9') => Kind::Numbered,
            (Kind::Start | Kind::Star | Kind::StarSpace, _) => Kind::Text,
            (kind, _) => kind,
        };
        self.brace_step(byte);
        self.quote_step(byte);
        match byte {
            b'\n' => self.line_end(),
            b'(' if self.quote == Quote::Outside => self.deeper(),
            b')' if self.quote == Quote::Outside => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn deeper(&mut self) -> Result<(), &'static str> {
        self.depth += 1;
        if self.depth > DEPTH { Err("the server nested an answer too deeply") } else { Ok(()) }
    }

    fn brace_step(&mut self, byte: u8) {
        self.brace = match (self.brace, byte) {
            (_, b'{') if self.quote == Quote::Outside => Brace::Digits(0),
            (Brace::Digits(n), b'0'..=b'9') => Brace::Digits(n.saturating_mul(10).saturating_add(u64::from(byte - b'0'))),
            (Brace::Digits(n), b'}') => Brace::Closed(n),
            (Brace::Closed(n), b'\r') | (Brace::Return(n), b'\n') => Brace::Return(n),
            _ => Brace::None,
        };
    }

    fn quote_step(&mut self, byte: u8) {
        if self.kind != Kind::Numbered {
            return;
        }
        self.quote = match (self.quote, byte) {
            (Quote::Outside, b'"') | (Quote::Escaped, _) => Quote::Inside,
            (Quote::Inside, b'"') => Quote::Outside,
            (Quote::Inside, b'\\') => Quote::Escaped,
            (quote, _) => quote,
        };
    }

    fn line_end(&mut self) -> Result<(), &'static str> {
        if self.quote != Quote::Outside {
            return Err("the server ended a line within quotes");
        }
        if let Brace::Return(length) = self.brace {
            if self.kind != Kind::Numbered {
                // The parser would wait for these bytes in places where no server of ours sends any.
                return Err("the server announced bytes where none belong");
            }
            self.answer = self.answer.saturating_add(length);
            if self.answer > ANSWER_BYTES {
                return Err("the server announced more bytes than a mail may have");
            }
            self.literals += 1;
            self.literal_left = length;
            self.line = 0;
            self.brace = Brace::None;
        } else {
            *self = Self { literals: self.literals, ..Self::default() };
        }
        Ok(())
    }
}

impl AsyncRead for Bounded {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.wire).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                let fresh = buffer.filled_mut().get_mut(before..).unwrap_or_default();
                Poll::Ready(this.scan.admit(fresh).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why)))
            }
            other => other,
        }
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().wire).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fed whole and byte by byte the outcome must be the same.
    fn admitted(answer: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut whole = answer.to_vec();
        let outcome = Scan::default().admit(&mut whole);
        let mut scan = Scan::default();
        let mut bytes = answer.to_vec();
        let piecewise = bytes.chunks_mut(1).try_for_each(|piece| scan.admit(piece));
        assert_eq!(outcome, piecewise);
        outcome.map(|()| whole)
    }

    #[test]
    fn ordinary_answers_pass_unchanged() {
        for answer in [
            &b"* OK [CAPABILITY IMAP4rev1] ready\r\n* 3 EXISTS\r\nA0001 OK done\r\n"[..],
            b"* 1 FETCH (UID 7 BODY[] {11}\r\n((((\"\xd0\xaf\r\n{9 FLAGS (\\Seen))\r\nA0002 OK done\r\n",
            b"* OK say {99} and go\r\n* 1 FETCH (UID 1)\r\n",
            b"* 1 FETCH (BODY[] \"a {5} \\\" b\")\r\n",
        ] {
            assert_eq!(admitted(answer).as_deref(), Ok(answer));
        }
    }

    #[test]
    fn text_that_is_not_ascii_is_masked_outside_of_literals() {
        assert_eq!(admitted("* OK [ALERT]я\r\n".as_bytes()).as_deref(), Ok(&b"* OK [ALERT]??\r\n"[..]));
    }

    #[test]
    fn what_would_exhaust_the_parser_is_refused() {
        let deep = |n: usize| [b"* 1 FETCH ".as_slice(), &b"(".repeat(n), b"\r\n"].concat();
        assert!(admitted(&deep(32)).is_ok());
        assert!(admitted(&deep(33)).is_err());
        let literal = |n: u64| format!("* 1 FETCH (BODY[] {{{n}}}\r\n").into_bytes();
        assert!(admitted(&literal(limits::MAIL_BYTES)).is_ok());
        assert!(admitted(&literal(500_000_000)).is_err());
        assert!(admitted(&literal(u64::MAX)).is_err());
        let line = |n: usize| [b"* OK ".as_slice(), &b"a".repeat(n)].concat();
        assert!(admitted(&line(256 * 1024 - 5)).is_ok());
        assert!(admitted(&line(256 * 1024 - 4)).is_err());
        assert!(admitted(b"* 1 FETCH (X \"{9}\r\n").is_err());
    }

    #[test]
    fn a_literal_belongs_to_a_fetch_only() {
        for answer in [&b"* OK x {4000}\r\n"[..], b"* LIST () \"/\" {5}\r\n", b"* NO [BADCHARSET ({500000000}\r\n", b"+ {3}\r\n"]
        {
            assert!(admitted(answer).is_err());
        }
    }
}
