//! A letter over SMTP, in steps the caller commits between: open, begin (sender and recipients), data.
//!
//! A connection is used again only after a step that ended well (or a refused recipient taken back by RSET). Whatever
//! else happens, an error or a caller that stopped waiting, leaves it broken: its next reply could belong to another
//! letter.

use std::net::IpAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo};
use oblik_config::{Smtp, TlsMode};
use tokio::io::BufReader;
use zeroize::Zeroizing;

pub use crate::smtp_error::{Outcome, Phase, Reply, SmtpError};
pub use crate::smtp_pool::{Lent, SmtpPool};
pub use crate::smtp_wire::unfit_for_data;

use crate::secret;
use crate::smtp_wire::{self, Answer, Want};
use crate::tls::{self, Bounds, Wire};

/// Letters over one connection; servers begin to refuse somewhere beyond.
const LETTERS_PER_CONNECTION: u32 = 100;
/// Mechanisms we speak, the better first.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// How long the server may take for each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub connect: Duration,
    pub handshake: Duration,
    pub greeting: Duration,
    /// EHLO, AUTH, MAIL, RCPT, RSET: each.
    pub command: Duration,
    pub data: Duration,
    /// Each 64 KiB of the text.
    pub block: Duration,
    /// From the final dot to its reply. A shorter one makes doubles: the server is about to accept.
    pub final_dot: Duration,
}

impl Patience {
    /// Source: RFC 5321 §4.5.3.2, except TCP and TLS, which it leaves open.
    pub const STANDARD: Self = Self {
        connect: Duration::from_secs(30),
        handshake: Duration::from_secs(30),
        greeting: Duration::from_mins(5),
        command: Duration::from_mins(5),
        data: Duration::from_mins(2),
        block: Duration::from_mins(3),
        final_dot: Duration::from_mins(10),
    };

    /// The same proportions, `divisor` times less patient.
    #[must_use]
    pub fn divided_by(self, divisor: u32) -> Self {
        let divisor = divisor.max(1);
        Self {
            connect: self.connect / divisor,
            handshake: self.handshake / divisor,
            greeting: self.greeting / divisor,
            command: self.command / divisor,
            data: self.data / divisor,
            block: self.block / divisor,
            final_dot: self.final_dot / divisor,
        }
    }

    /// The watchdog under TLS waits as long as the most patient step; the steps have their own deadlines.
    fn bounds(self) -> Bounds {
        let steps = [self.greeting, self.command, self.data, self.block, self.final_dot];
        let silence = steps.into_iter().max().unwrap_or(self.final_dot);
        Bounds { connect: self.connect, handshake: self.handshake, silence }
    }
}

/// Who sends and who receives, apart from what the letter's header says. Source: RFC 5321 §2.3.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Empty for the null reverse-path of notices.
    pub from: String,
    pub to: Vec<String>,
}

/// The server took responsibility for the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub code: u16,
    /// Its words, mostly the queue id.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Ready for MAIL.
    Ready,
    /// The envelope was accepted.
    Begun,
    /// In the midst of a step, or after one that failed.
    Broken,
}

/// What the server offers after EHLO.
struct Offers {
    known: ServerInfo,
    /// Largest message, bytes; zero means it does not say. `None` when SIZE is not offered. Source: RFC 1870.
    size: Option<usize>,
}

/// A connection after greeting, EHLO, TLS and login.
pub struct SmtpConnection {
    stream: BufReader<Wire>,
    offers: Offers,
    patience: Patience,
    state: State,
    letters: u32,
}

impl SmtpConnection {
    /// Greeting, EHLO, TLS, AUTH, with the standard's patience.
    pub async fn open(settings: &Smtp) -> Result<Self, SmtpError> {
        Self::open_with(settings, Patience::STANDARD).await
    }

    pub async fn open_with(settings: &Smtp, patience: Patience) -> Result<Self, SmtpError> {
        let bounds = patience.bounds();
        let wire = tls::open(&settings.host, settings.port, &settings.tls, bounds).await.map_err(SmtpError::connecting)?;
        let mut stream = BufReader::new(wire);
        smtp_wire::greeting(&mut stream, patience.greeting).await?;
        let mut offers = hello(&mut stream, patience).await?;
        if settings.tls.mode == TlsMode::StartTls {
            if !offers.known.supports_feature(Extension::StartTls) {
                return Err(SmtpError::unfit(Phase::Tls, "the server does not offer STARTTLS"));
            }
            let line = Starttls.to_string();
            smtp_wire::exchange(&mut stream, &Phase::Tls, line.as_bytes(), Want::Completion, patience.command).await?;
            let wire = tls::upgrade(stream, &settings.host, &settings.tls, bounds).await.map_err(SmtpError::connecting)?;
            stream = BufReader::new(wire);
            // What was offered in plain text may have been an attacker's. Source: RFC 3207 §4.2.
            offers = hello(&mut stream, patience).await?;
        }
        let mut connection = Self { stream, offers, patience, state: State::Broken, letters: 0 };
        connection.log_in(settings).await?;
        connection.state = State::Ready;
        Ok(connection)
    }

    /// MAIL and every RCPT, each reply checked. After it the caller commits "sending" and calls [`Self::data`].
    ///
    /// # Errors
    /// One refused recipient refuses the whole: the error names it, and the transaction is taken back by RSET, after
    /// which the connection may be used again ([`Self::is_ready`]).
    pub async fn begin(&mut self, envelope: &Envelope, size_bytes: u64) -> Result<(), SmtpError> {
        if self.state != State::Ready {
            return Err(SmtpError::unfit(Phase::Mail, "the connection is not ready for a letter"));
        }
        let mail = self.mail_command(envelope, size_bytes)?;
        let recipients = recipient_commands(envelope)?;
        self.state = State::Broken;
        let outcome = self.tell_envelope(&mail, &recipients).await;
        match &outcome {
            Ok(()) => self.state = State::Begun,
            Err(error) if matches!(error.outcome, Outcome::Transient(_) | Outcome::Permanent(_)) => {
                if error.reply().is_some_and(|reply| reply.code != 421)
                    && self.command(&Phase::Mail, &Rset.to_string()).await.is_ok()
                {
                    self.state = State::Ready;
                }
            }
            Err(_) => {}
        }
        outcome
    }

    /// DATA, the text, the final dot, its reply.
    ///
    /// `message` ends every line in CRLF ([`unfit_for_data`] says what else); it arrives byte for byte.
    pub async fn data(&mut self, message: &[u8]) -> Result<Accepted, SmtpError> {
        if self.state != State::Begun {
            return Err(SmtpError::unfit(Phase::Data, "no envelope was accepted before DATA"));
        }
        self.state = State::Broken;
        if let Some(why) = unfit_for_data(message) {
            return Err(SmtpError::unfit(Phase::Data, why));
        }
        if !message.is_ascii() && !self.offers.known.supports_feature(Extension::EightBitMime) {
            return Err(SmtpError::unfit(Phase::Data, "the letter has 8-bit text and the server does not offer 8BITMIME"));
        }
        let Patience { data, block, final_dot, .. } = self.patience;
        smtp_wire::exchange(&mut self.stream, &Phase::Data, Data.to_string().as_bytes(), Want::Continuation, data).await?;
        smtp_wire::write_text(&mut self.stream, message, block).await?;
        let answer = smtp_wire::exchange(&mut self.stream, &Phase::FinalDot, b".\r\n", Want::Completion, final_dot).await?;
        self.letters += 1;
        self.state = State::Ready;
        Ok(Accepted { code: answer.code, text: smtp_wire::reply_of(&answer.response).text })
    }

    /// May another letter begin here?
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready && self.letters < LETTERS_PER_CONNECTION && self.stream.buffer().is_empty()
    }

    /// Says goodbye. Only politeness: an unsent goodbye loses nothing.
    pub async fn quit(mut self) {
        if self.state != State::Broken {
            let moment = Duration::from_secs(5);
            let line = Quit.to_string();
            smtp_wire::exchange(&mut self.stream, &Phase::Hello, line.as_bytes(), Want::Completion, moment).await.ok();
        }
    }

    async fn command(&mut self, phase: &Phase, line: &str) -> Result<Answer, SmtpError> {
        smtp_wire::exchange(&mut self.stream, phase, line.as_bytes(), Want::Completion, self.patience.command).await
    }

    async fn tell_envelope(&mut self, mail: &str, recipients: &[(Phase, String)]) -> Result<(), SmtpError> {
        self.command(&Phase::Mail, mail).await?;
        for (phase, line) in recipients {
            self.command(phase, line).await?;
        }
        Ok(())
    }

    fn mail_command(&self, envelope: &Envelope, size_bytes: u64) -> Result<String, SmtpError> {
        let sender = match envelope.from.as_str() {
            "" => None,
            from => Some(address(&Phase::Mail, from)?),
        };
        let mut parameters = Vec::new();
        if let Some(limit) = self.offers.size {
            let size = usize::try_from(size_bytes).unwrap_or(usize::MAX);
            if limit > 0 && size > limit {
                return Err(SmtpError::unfit(Phase::Mail, "the letter is larger than the server takes"));
            }
            parameters.push(MailParameter::Size(size));
        }
        if self.offers.known.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if !(envelope.from.is_ascii() && envelope.to.iter().all(|to| to.is_ascii())) {
            if !self.offers.known.supports_feature(Extension::SmtpUtfEight) {
                return Err(SmtpError::unfit(Phase::Mail, "an address is not ASCII and the server does not offer SMTPUTF8"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        Ok(Mail::new(sender, parameters).to_string())
    }

    async fn log_in(&mut self, settings: &Smtp) -> Result<(), SmtpError> {
        let (Some(user), Some(password)) = (&settings.user, &settings.password) else { return Ok(()) };
        let Some(mechanism) = self.offers.known.get_auth_mechanism(&MECHANISMS) else {
            return Err(SmtpError::unfit(Phase::Auth, "the server offers neither AUTH PLAIN nor AUTH LOGIN"));
        };
        let password =
            secret::read(password).map_err(|error| SmtpError::new(Phase::Auth, Outcome::Lost(std::io::Error::other(error))))?;
        let credentials = Credentials::new(user.clone(), password.to_string());
        let unfit = |_| SmtpError::unfit(Phase::Auth, "the server asked something else than user and password");
        let mut line = Zeroizing::new(Auth::new(mechanism, credentials.clone(), None).map_err(unfit)?.to_string());
        // LOGIN asks twice.
        for _ in 0..3 {
            let limit = self.patience.command;
            let answer = smtp_wire::exchange(&mut self.stream, &Phase::Auth, line.as_bytes(), Want::Any, limit).await?;
            if answer.code < 300 {
                return Ok(());
            }
            let next = Auth::new_from_response(mechanism, credentials.clone(), &answer.response).map_err(unfit)?;
            line = Zeroizing::new(next.to_string());
        }
        Err(SmtpError::unfit(Phase::Auth, "the server asked again and again"))
    }
}

/// EHLO with our address, as one without a name in the DNS says it. Source: RFC 5321 §4.1.4.
async fn hello(stream: &mut BufReader<Wire>, patience: Patience) -> Result<Offers, SmtpError> {
    let lost = |error| SmtpError::new(Phase::Hello, Outcome::Lost(error));
    let client = match stream.get_ref().local_addr().map_err(lost)?.ip() {
        IpAddr::V4(address) => ClientId::Ipv4(address),
        IpAddr::V6(address) => ClientId::Ipv6(address),
    };
    let line = Ehlo::new(client).to_string();
    let answer = smtp_wire::exchange(stream, &Phase::Hello, line.as_bytes(), Want::Completion, patience.command).await?;
    let known = ServerInfo::from_response(&answer.response)
        .map_err(|_| SmtpError::unfit(Phase::Hello, "the server does not say its name"))?;
    let size = answer.response.message().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let keyword = words.next()?.eq_ignore_ascii_case("SIZE");
        keyword.then(|| words.next().and_then(|word| word.parse().ok()).unwrap_or(0))
    });
    Ok(Offers { known, size })
}

fn recipient_commands(envelope: &Envelope) -> Result<Vec<(Phase, String)>, SmtpError> {
    if envelope.to.is_empty() {
        return Err(SmtpError::unfit(Phase::Mail, "the letter has no recipient"));
    }
    let command = |to: &String| {
        let phase = Phase::Recipient(to.clone());
        let line = Rcpt::new(address(&phase, to)?, Vec::new()).to_string();
        Ok((phase, line))
    };
    envelope.to.iter().map(command).collect()
}

fn address(phase: &Phase, text: &str) -> Result<Address, SmtpError> {
    let unfit = SmtpError::unfit(phase.clone(), "not a mail address");
    if text.chars().any(|c| c.is_control() || c == '<' || c == '>') {
        return Err(unfit);
    }
    text.parse().map_err(|_| unfit)
}
