//! One way to say a command and hear its end: a tagged OK within the deadline, or an error.
//!
//! The comfortable calls of the IMAP crate take a refusal, a goodbye or a broken line for "nothing found". So each
//! command goes through [`Link::exec`], and a link that failed, or whose caller stopped waiting, is never used again.

use std::time::Duration;

use async_imap::Session;
use imap_proto::{MailboxDatum, Outcome, Response, ResponseCode, Status};
use tokio::time::{Instant, timeout_at};

use crate::file_name::shown;
use crate::imap_bounds::Bounded;

/// How long a command may take from its first byte to its tagged end, unless it moves mails.
pub(crate) const COMMAND: Duration = Duration::from_mins(1);

/// A logged-in connection.
#[derive(Debug)]
pub(crate) struct Link {
    session: Session<Bounded>,
    /// Mail was announced since the folder was last listed.
    pub news: bool,
}

/// Why a command has no good end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecError {
    /// A tagged NO: understood and refused.
    #[error("the server refused: {text}")]
    No { code: RefusalCode, text: String },
    /// A tagged BAD: ours is the mistake, or the server knows less than it says.
    #[error("the server did not understand: {text}")]
    Bad { text: String },
    #[error("the server said goodbye: {text}")]
    Bye { text: String },
    #[error("the server closed the connection in the middle of a command")]
    Eof,
    #[error("the server did not finish its answer in time")]
    Late,
    #[error("the server broke the protocol: {0}")]
    Protocol(&'static str),
    #[error("talk to the server")]
    Io(#[source] std::io::Error),
}

/// Codes that change what is done about a refusal. Source: RFC 3501 §7.1, RFC 5530.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalCode {
    TryCreate,
    /// A person must look: rights or a folder are missing.
    Standing,
    /// Name or password, at least as the server sees it now.
    Login,
    Other,
}

/// What the tagged OK said.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completed {
    pub read_only: bool,
    pub moved: bool,
}

impl Link {
    pub fn new(session: Session<Bounded>) -> Self {
        Self { session, news: false }
    }

    pub fn literals(&mut self) -> u64 {
        self.session.as_mut().literals()
    }

    /// Says `command`, gives each untagged answer to `each`, returns after the tagged OK.
    pub async fn exec(
        &mut self,
        command: &str,
        within: Duration,
        mut each: impl FnMut(&Response<'_>) -> Result<(), ExecError>,
    ) -> Result<Completed, ExecError> {
        let until = Instant::now() + within;
        let tag = timeout_at(until, self.session.run_command(command)).await.map_err(|_| ExecError::Late)?.map_err(spoken)?;
        loop {
            let answer = timeout_at(until, self.session.read_response()).await.map_err(|_| ExecError::Late)?;
            let answer = answer.map_err(heard)?.ok_or(ExecError::Eof)?;
            match answer.parsed() {
                Response::Done { tag: other, .. } if *other != tag => {
                    return Err(ExecError::Protocol("it ended a command that was not given"));
                }
                Response::Done { status, outcome, .. } => return ended(status, outcome),
                Response::Continue(_) => return Err(ExecError::Protocol("it asked for more where nothing follows")),
                other => {
                    self.note(other)?;
                    each(other)?;
                }
            }
        }
    }

    /// IDLE until mail is announced or `max` is over. Source: RFC 2177.
    pub async fn idle(&mut self, max: Duration) -> Result<(), ExecError> {
        self.session.as_mut().set_patience(max + COMMAND);
        let tag = self.session.run_command("IDLE").await.map_err(spoken)?;
        let agreed_until = Instant::now() + COMMAND;
        let until = Instant::now() + max;
        let mut agreed = false;
        while !(agreed && self.news) {
            let deadline = if agreed { until } else { agreed_until };
            let Ok(answer) = timeout_at(deadline, self.session.read_response()).await else {
                if agreed {
                    break;
                }
                return Err(ExecError::Late);
            };
            let answer = answer.map_err(heard)?.ok_or(ExecError::Eof)?;
            match answer.parsed() {
                Response::Continue(_) if !agreed => agreed = true,
                Response::Done { status, outcome, .. } => {
                    return ended(status, outcome).and(Err(ExecError::Protocol("it ended IDLE unasked")));
                }
                other => self.note(other)?,
            }
        }
        self.end_idle(&tag).await
    }

    async fn end_idle(&mut self, tag: &imap_proto::RequestId) -> Result<(), ExecError> {
        self.session.as_mut().set_patience(COMMAND);
        let until = Instant::now() + COMMAND;
        timeout_at(until, self.session.run_command_untagged("DONE")).await.map_err(|_| ExecError::Late)?.map_err(spoken)?;
        loop {
            let answer = timeout_at(until, self.session.read_response()).await.map_err(|_| ExecError::Late)?;
            let answer = answer.map_err(heard)?.ok_or(ExecError::Eof)?;
            match answer.parsed() {
                Response::Done { tag: ended_tag, status, outcome } if ended_tag == tag => {
                    return ended(status, outcome).map(drop);
                }
                other => self.note(other)?,
            }
        }
    }

    fn note(&mut self, answer: &Response<'_>) -> Result<(), ExecError> {
        match answer {
            Response::Data { status: Status::Bye, outcome } => Err(ExecError::Bye { text: text_of(outcome) }),
            Response::MailboxData(MailboxDatum::Exists(_)) => {
                self.news = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// LOGOUT, for courtesy; what comes back does not matter.
    pub async fn bye(mut self) {
        let _ = self.exec("LOGOUT", Duration::from_secs(2), |_| Ok(())).await;
    }
}

fn ended(status: &Status, outcome: &Outcome<'_>) -> Result<Completed, ExecError> {
    match status {
        Status::Ok => Ok(Completed {
            read_only: outcome.code == Some(ResponseCode::ReadOnly),
            moved: matches!(outcome.code, Some(ResponseCode::CopyUid(..))),
        }),
        Status::No => Err(ExecError::No { code: refusal(outcome), text: text_of(outcome) }),
        Status::Bad => Err(ExecError::Bad { text: text_of(outcome) }),
        Status::PreAuth | Status::Bye => Err(ExecError::Protocol("it ended a command with neither OK, NO nor BAD")),
    }
}

fn refusal(outcome: &Outcome<'_>) -> RefusalCode {
    if outcome.code == Some(ResponseCode::TryCreate) {
        return RefusalCode::TryCreate;
    }
    refusal_of(outcome.information.as_deref().unwrap_or_default())
}

/// The code in brackets at the head of a text; the parser leaves those of RFC 5530 there.
pub(crate) fn refusal_of(text: &str) -> RefusalCode {
    let code = text.strip_prefix('[').and_then(|rest| rest.split([']', ' ']).next()).unwrap_or_default();
    match code.to_ascii_uppercase().as_str() {
        "TRYCREATE" => RefusalCode::TryCreate,
        "NONEXISTENT" | "NOPERM" | "CANNOT" | "CONTACTADMIN" => RefusalCode::Standing,
        "AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" | "EXPIRED" | "PRIVACYREQUIRED" => RefusalCode::Login,
        _ => RefusalCode::Other,
    }
}

fn text_of(outcome: &Outcome<'_>) -> String {
    shown(outcome.information.as_deref().unwrap_or("without a word"))
}

/// The crate's errors carry what was said and heard, passwords and mails included; only their kind goes on.
pub(crate) fn spoken(error: async_imap::error::Error) -> ExecError {
    match error {
        async_imap::error::Error::Io(error) => heard(error),
        async_imap::error::Error::ConnectionLost => ExecError::Eof,
        _ => ExecError::Protocol("it was not ready for a command"),
    }
}

pub(crate) fn heard(error: std::io::Error) -> ExecError {
    match error.kind() {
        std::io::ErrorKind::Other => ExecError::Protocol("its answer is not IMAP"),
        std::io::ErrorKind::UnexpectedEof => ExecError::Eof,
        _ => ExecError::Io(error),
    }
}
