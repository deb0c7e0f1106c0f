//! One command, one reply: the lines of SMTP over a [`Wire`], each exchange bounded in time and size.
//!
//! The commands and the grammar of replies are the `lettre` crate's; its connection is not used, because it cannot tell
//! the text from the final dot, takes 3yz for success, and calls a reply in an 8-bit charset a broken network.

use std::io;
use std::time::Duration;

use lettre::transport::smtp::response::{Response, Severity};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use crate::smtp_error::{Outcome, Phase, Reply, SmtpError};
use crate::tls::Wire;

/// Longest line of a reply, octets. RFC 5321 §4.5.3.1.5 has 512; Postfix takes 2048.
const REPLY_LINE_BYTES: u64 = 2048;
/// Lines of one reply.
const REPLY_LINES: usize = 128;
/// Characters of a reply that are kept.
const REPLY_CHARS: usize = 1000;
/// How long a server that stopped listening is given to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// A piece of the text that must get through within one block deadline. Source: RFC 5321 §4.5.3.2.5.
const BLOCK_BYTES: usize = 64 * 1024;

/// A positive reply as it came, for those that read its lines.
pub(crate) struct Answer {
    pub code: u16,
    pub response: Response,
}

/// Which kind of reply the step needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// 2yz.
    Completion,
    /// 3yz.
    Continuation,
    /// Either, for AUTH.
    Any,
}

/// Sends `line` (with its CRLF) and reads the reply.
pub(crate) async fn exchange(
    stream: &mut BufReader<Wire>,
    phase: &Phase,
    line: &[u8],
    want: Want,
    limit: Duration,
) -> Result<Answer, SmtpError> {
    let conversation = async {
        // A server that already says something (421 when it goes down) would have its words taken for this reply.
        if !stream.buffer().is_empty() {
            return Err(garbled("the server spoke out of turn"));
        }
        stream.write_all(line).await?;
        stream.flush().await?;
        read_reply(stream).await
    };
    let response = in_time(phase, limit, conversation).await?;
    judge(phase, response, want)
}

/// Reads the greeting.
pub(crate) async fn greeting(stream: &mut BufReader<Wire>, limit: Duration) -> Result<Answer, SmtpError> {
    let response = in_time(&Phase::Greeting, limit, read_reply(stream)).await?;
    judge(&Phase::Greeting, response, Want::Completion)
}

/// Writes the text with dots stuffed, everything but the final dot. An error here is certain not to be acceptance.
pub(crate) async fn write_text(stream: &mut BufReader<Wire>, message: &[u8], limit: Duration) -> Result<(), SmtpError> {
    if !stream.buffer().is_empty() {
        return Err(SmtpError::new(Phase::Body, Outcome::Lost(garbled("the server spoke out of turn"))));
    }
    for block in stuffed(message).chunks(BLOCK_BYTES) {
        write_block(stream, block, limit).await?;
    }
    Ok(())
}

async fn write_block(stream: &mut BufReader<Wire>, block: &[u8], limit: Duration) -> Result<(), SmtpError> {
    let write = async {
        stream.write_all(block).await?;
        stream.flush().await
    };
    let Err(error) = in_time(&Phase::Body, limit, write).await else { return Ok(()) };
    // A server that refuses in the middle of the text says so before it closes.
    match timeout(LAST_WORDS, read_reply(stream)).await {
        Ok(Ok(response)) => Err(judge(&Phase::Body, response, Want::Completion).err().unwrap_or(error)),
        _ => Err(error),
    }
}

/// The text as DATA carries it. Source: RFC 5321 §4.5.2.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(message.len() + message.len() / 64);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.first() == Some(&b'.') {
            text.push(b'.');
        }
        text.extend_from_slice(line);
    }
    text
}

/// What is wrong with `message` for DATA, if anything.
///
/// A bare CR or LF is read differently by different servers (SMTP smuggling), and a relay breaks a line beyond 998
/// octets, which breaks the letter's signature. Source: RFC 5321 §2.3.8, §4.5.3.1.6.
pub fn unfit_for_data(message: &[u8]) -> Option<&'static str> {
    if message.is_empty() {
        return Some("the letter is empty");
    }
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\r\n") else { return Some("a line of the letter does not end in CRLF") };
        if line.len() > 998 {
            return Some("a line of the letter is longer than 998 octets");
        }
        if line.iter().any(|&byte| byte == b'\r' || byte == 0) {
            return Some("the letter has a bare CR or NUL");
        }
    }
    None
}

async fn in_time<T>(phase: &Phase, limit: Duration, work: impl Future<Output = Result<T, io::Error>>) -> Result<T, SmtpError> {
    match timeout(limit, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => Err(SmtpError::new(phase.clone(), Outcome::TimedOut)),
        Ok(Err(error)) => Err(SmtpError::new(phase.clone(), Outcome::Lost(error))),
        Err(_) => Err(SmtpError::new(phase.clone(), Outcome::TimedOut)),
    }
}

fn judge(phase: &Phase, response: Response, want: Want) -> Result<Answer, SmtpError> {
    let code = u16::from(response.code());
    let outcome = match (response.code().severity, want) {
        (Severity::PositiveCompletion, Want::Completion | Want::Any)
        | (Severity::PositiveIntermediate, Want::Continuation | Want::Any) => return Ok(Answer { code, response }),
        (Severity::TransientNegativeCompletion, _) => Outcome::Transient(reply_of(&response)),
        (Severity::PermanentNegativeCompletion, _) => Outcome::Permanent(reply_of(&response)),
        _ => Outcome::Lost(garbled("a reply that does not fit the command")),
    };
    Err(SmtpError::new(phase.clone(), outcome))
}

pub(crate) fn reply_of(response: &Response) -> Reply {
    let lines: Vec<&str> = response.message().collect();
    let text = lines.join(" ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(REPLY_CHARS).collect();
    Reply { code: response.code().into(), text }
}

async fn read_reply(stream: &mut BufReader<Wire>) -> io::Result<Response> {
    let mut canonical = String::new();
    for _ in 0..REPLY_LINES {
        let line = read_line(stream).await?;
        let code = line.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let code = code.ok_or_else(|| garbled("a reply without a code"))?;
        let more = line.get(3..4) == Some("-");
        let text = line.get(4..).unwrap_or_default();
        canonical.push_str(code);
        canonical.push(if more { '-' } else { ' ' });
        canonical.push_str(text);
        canonical.push_str("\r\n");
        if !more {
            return canonical.parse().map_err(|_| garbled("a reply that is no SMTP"));
        }
    }
    Err(garbled("a reply of too many lines"))
}

/// One line without its end; a foreign charset becomes replacement characters, never an error.
async fn read_line(stream: &mut BufReader<Wire>) -> io::Result<String> {
    let mut line = Vec::new();
    stream.take(REPLY_LINE_BYTES).read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        let cut = u64::try_from(line.len()).is_ok_and(|length| length + 1 >= REPLY_LINE_BYTES);
        return Err(if cut { garbled("a reply line too long") } else { io::ErrorKind::UnexpectedEof.into() });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).replace('\r', " "))
}

fn garbled(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
