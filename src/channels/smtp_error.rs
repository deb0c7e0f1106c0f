//! What went wrong in an SMTP dialogue, and the one question that matters after it: may the letter have been accepted?
//!
//! Until the final dot leaves, no server can have accepted the letter; after its reply is read, the reply is the truth.
//! Between the two lies the doubt RFC 1047 describes, and nothing else.

use std::io;

use crate::tls::ConnectError;

/// A server's reply. Its text may name recipients and is for the operator's eyes, not for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub text: String,
}

impl Reply {
    /// The enhanced status code the text begins with, such as `5.1.1`. Source: RFC 2034.
    pub fn enhanced(&self) -> Option<&str> {
        let word = self.text.split(' ').next()?;
        let digits = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        (word.split('.').count() == 3 && word.split('.').all(digits)).then_some(word)
    }
}

/// Where in the dialogue we were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    Connect,
    Tls,
    Greeting,
    Hello,
    Auth,
    Mail,
    /// The recipient whose address was being told.
    Recipient(String),
    Data,
    /// The text, before its final dot.
    Body,
    /// From the first attempt to write the final dot until its reply.
    FinalDot,
}

impl Phase {
    /// Name for logs, without the address.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Hello => "hello",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Recipient(_) => "recipient",
            Self::Data => "data",
            Self::Body => "body",
            Self::FinalDot => "final dot",
        }
    }
}

#[derive(Debug)]
pub enum Outcome {
    /// 4yz: try later.
    Transient(Reply),
    /// 5yz: the same will be refused again.
    Permanent(Reply),
    /// We do not ask the server for it: the letter, its addresses or the server's offers do not allow it.
    Unfit(&'static str),
    /// The connection broke, or what came over it was no SMTP.
    Lost(io::Error),
    TimedOut,
}

/// An SMTP dialogue that did not end in acceptance.
///
/// Its text has the phase and the codes, never an address or a server's wording: it may be logged as it is.
#[derive(Debug)]
pub struct SmtpError {
    pub phase: Phase,
    pub outcome: Outcome,
}

impl SmtpError {
    pub(crate) fn new(phase: Phase, outcome: Outcome) -> Self {
        Self { phase, outcome }
    }

    pub(crate) fn unfit(phase: Phase, why: &'static str) -> Self {
        Self { phase, outcome: Outcome::Unfit(why) }
    }

    pub(crate) fn connecting(error: ConnectError) -> Self {
        let tls = matches!(
            error,
            ConnectError::Roots { .. }
                | ConnectError::NoRoots
                | ConnectError::HostName(_)
                | ConnectError::Handshake { .. }
                | ConnectError::HandshakeTimeout { .. }
                | ConnectError::BytesBeforeTls { .. }
        );
        let outcome = if error.is_timeout() { Outcome::TimedOut } else { Outcome::Lost(io::Error::other(error)) };
        Self { phase: if tls { Phase::Tls } else { Phase::Connect }, outcome }
    }

    /// The letter may or may not have been accepted: the final dot was about to leave and no reply was read.
    pub fn in_doubt(&self) -> bool {
        self.phase == Phase::FinalDot && matches!(self.outcome, Outcome::Lost(_) | Outcome::TimedOut)
    }

    /// Certain: no server has accepted the letter. Sending it again makes no double.
    pub fn nothing_left(&self) -> bool {
        !self.in_doubt()
    }

    /// The letter itself, its sender or one of its recipients is refused for good; sending it again is of no use.
    ///
    /// A 5yz at greeting, hello or login is the server's or the configuration's trouble, as is 530 to 538 at any verb
    /// (RFC 4954 §6): another letter would fare no better.
    pub fn letter_refused(&self) -> bool {
        let about_letter = matches!(self.phase, Phase::Mail | Phase::Recipient(_) | Phase::Data | Phase::Body | Phase::FinalDot);
        about_letter
            && match &self.outcome {
                Outcome::Permanent(reply) => !(530..=538).contains(&reply.code),
                Outcome::Unfit(_) => true,
                Outcome::Transient(_) | Outcome::Lost(_) | Outcome::TimedOut => false,
            }
    }

    /// The recipient that was refused.
    pub fn refused_recipient(&self) -> Option<&str> {
        match (&self.phase, &self.outcome) {
            (Phase::Recipient(address), Outcome::Transient(_) | Outcome::Permanent(_) | Outcome::Unfit(_)) => Some(address),
            _ => None,
        }
    }

    /// The server's own words, when it said something.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.outcome {
            Outcome::Transient(reply) | Outcome::Permanent(reply) => Some(reply),
            Outcome::Unfit(_) | Outcome::Lost(_) | Outcome::TimedOut => None,
        }
    }
}

impl std::fmt::Display for SmtpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "smtp {}: ", self.phase.name())?;
        match &self.outcome {
            Outcome::Transient(reply) | Outcome::Permanent(reply) => match reply.enhanced() {
                Some(enhanced) => write!(f, "{} {enhanced}", reply.code),
                None => write!(f, "{}", reply.code),
            },
            Outcome::Unfit(why) => f.write_str(why),
            Outcome::Lost(_) => f.write_str("connection lost"),
            Outcome::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for SmtpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.outcome {
            Outcome::Lost(source) => Some(source),
            Outcome::Transient(_) | Outcome::Permanent(_) | Outcome::Unfit(_) | Outcome::TimedOut => None,
        }
    }
}
