//! From a host name to a logged-in IMAP connection: TLS first, whatever the server would like.

use std::time::Duration;

use async_imap::{Authenticator, Client, Session};
use imap_proto::{Capability, Response};
use oblik_config::{Imap, ImapLogin, TlsMode};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::error::ChannelError;
use crate::file_name::shown;
use crate::imap_bounds::Bounded;
use crate::imap_exec::{COMMAND, ExecError, Link, RefusalCode, heard, refusal_of, spoken};
use crate::secret;
use crate::tls::{self, Bounds, ConnectError, Wire};

const BOUNDS: Bounds = Bounds { connect: Duration::from_secs(20), handshake: Duration::from_secs(20), silence: COMMAND };
/// Servers lock accounts that knock too often with a wrong password.
const AFTER_REFUSED_LOGIN: Duration = Duration::from_mins(15);
/// One line before login, and how many of them one answer may have.
const LINE_BYTES: u64 = 8 * 1024;
const LINES: usize = 100;

/// What the server can do, of what we use.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a capability the server has or has not")]
pub(crate) struct Can {
    pub idle: bool,
    /// RFC 6851.
    pub moving: bool,
    /// RFC 4315.
    pub uid_plus: bool,
    plain: bool,
    login_disabled: bool,
}

impl Can {
    fn learn(&mut self, name: &str) {
        match name.to_ascii_uppercase().as_str() {
            "IDLE" => self.idle = true,
            "MOVE" => self.moving = true,
            "UIDPLUS" => self.uid_plus = true,
            "AUTH=PLAIN" => self.plain = true,
            "LOGINDISABLED" => self.login_disabled = true,
            _ => {}
        }
    }
}

/// Connects, encrypts, logs in, and asks what the server can do.
pub(crate) async fn log_in(imap: &Imap) -> Result<(Link, Can), ChannelError> {
    let doing = |what: &str| format!("{what} {}:{}", imap.host, imap.port);
    let (wire, can) = timeout(COMMAND * 2, before_login(imap))
        .await
        .unwrap_or_else(|_| Err(Early::Exec(ExecError::Late)))
        .map_err(|early| match early {
            Early::Connect(error) if error.is_permanent() => ChannelError::permanent(doing("connect"), error),
            Early::Connect(error) => ChannelError::temporary(doing("connect"), error),
            Early::Exec(error) => failed(doing("greet"), error),
        })?;
    let session = timeout(COMMAND, authenticate(Client::new(Bounded::new(wire)), imap, can)).await;
    let mut link = Link::new(session.map_err(|_| failed(doing("log in to"), ExecError::Late))??);
    // What a server can do may differ after login: before it, many keep most to themselves.
    let mut can = Can::default();
    let asked = link.exec("CAPABILITY", COMMAND, |answer| {
        if let Response::Capabilities(list) = answer {
            for capability in list {
                if let Capability::Atom(name) = capability {
                    can.learn(name);
                }
            }
        }
        Ok(())
    });
    asked.await.map_err(|error| failed(doing("ask capabilities of"), error))?;
    Ok((link, can))
}

/// A failed command as a fault of the world.
pub(crate) fn failed(doing: String, error: ExecError) -> ChannelError {
    match error {
        ExecError::No { code: RefusalCode::Standing, .. } => ChannelError::permanent(doing, error),
        ExecError::No { code: RefusalCode::Login, .. } => ChannelError::retry_after(doing, AFTER_REFUSED_LOGIN, error),
        _ => ChannelError::temporary(doing, error),
    }
}

/// What goes wrong before there is anybody to log in to.
enum Early {
    Connect(ConnectError),
    Exec(ExecError),
}

impl From<ConnectError> for Early {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<ExecError> for Early {
    fn from(error: ExecError) -> Self {
        Self::Exec(error)
    }
}

/// Greeting, STARTTLS when it is the mode (asked for whether offered or not: an offer can be stripped), capabilities.
async fn before_login(imap: &Imap) -> Result<(Wire, Can), Early> {
    let mut talk = Talk { io: BufReader::new(tls::open(&imap.host, imap.port, &imap.tls, BOUNDS).await?), said: 0 };
    talk.greeting().await?;
    if imap.tls.mode == TlsMode::StartTls {
        talk.command("STARTTLS").await?;
        talk = Talk { io: BufReader::new(tls::upgrade(talk.io, &imap.host, &imap.tls, BOUNDS).await?), said: talk.said };
    }
    let mut can = Can::default();
    for line in talk.command("CAPABILITY").await? {
        if let Some(names) = line.strip_prefix("* CAPABILITY ") {
            names.split_ascii_whitespace().for_each(|name| can.learn(name));
        }
    }
    if talk.io.buffer().is_empty() {
        Ok((talk.io.into_inner(), can))
    } else {
        Err(ExecError::Protocol("it spoke out of turn before login").into())
    }
}

/// The few lines said before login.
struct Talk {
    io: BufReader<Wire>,
    said: u32,
}

impl Talk {
    /// A server that is "already authenticated" would skip the login that proves who it is: refused.
    async fn greeting(&mut self) -> Result<(), ExecError> {
        let line = self.line().await?;
        match line.get(..4).map(str::to_ascii_uppercase).as_deref() {
            Some("* OK") => Ok(()),
            Some("* BY") => Err(ExecError::Bye { text: shown(&line) }),
            _ => Err(ExecError::Protocol("its greeting is not OK")),
        }
    }

    /// The untagged lines of an answer that ended well.
    async fn command(&mut self, command: &str) -> Result<Vec<String>, ExecError> {
        self.said += 1;
        let tag = format!("B{}", self.said);
        self.io.write_all(format!("{tag} {command}\r\n").as_bytes()).await.map_err(heard)?;
        self.io.flush().await.map_err(heard)?;
        let mut lines = Vec::new();
        while lines.len() < LINES {
            let line = self.line().await?;
            if line.starts_with("* BYE") {
                return Err(ExecError::Bye { text: shown(&line) });
            }
            let Some(end) = line.strip_prefix(&tag).and_then(|rest| rest.strip_prefix(' ')) else {
                lines.push(line);
                continue;
            };
            return match end.split_once(' ').unwrap_or((end, "")) {
                ("OK", _) => Ok(lines),
                ("NO", text) => Err(ExecError::No { code: refusal_of(text), text: shown(text) }),
                (_, text) => Err(ExecError::Bad { text: shown(text) }),
            };
        }
        Err(ExecError::Protocol("it would not stop talking before login"))
    }

    async fn line(&mut self) -> Result<String, ExecError> {
        let mut line = Vec::new();
        (&mut self.io).take(LINE_BYTES).read_until(b'\n', &mut line).await.map_err(heard)?;
        if !line.ends_with(b"\n") {
            return Err(if line.is_empty() { ExecError::Eof } else { ExecError::Protocol("its line before login does not end") });
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

/// Proves who we are. The secret is read anew each time and wiped after.
async fn authenticate(client: Client<Bounded>, imap: &Imap, can: Can) -> Result<Session<Bounded>, ChannelError> {
    let doing = || format!("log in to {}:{}", imap.host, imap.port);
    let (ImapLogin::Password(file) | ImapLogin::Xoauth2(file)) = &imap.login;
    let secret = secret::read(file).map_err(|error| ChannelError::permanent(doing(), error))?;
    if imap.user.chars().chain(secret.chars()).any(char::is_control) {
        return Err(ChannelError::permanent(doing(), "name or secret has a control character"));
    }
    let outcome = match &imap.login {
        ImapLogin::Xoauth2(_) => {
            let first = Zeroizing::new(format!("user={}\x01auth=Bearer {}\x01\x01", imap.user, *secret));
            client.authenticate("XOAUTH2", Once(Some(first))).await
        }
        ImapLogin::Password(_) if can.plain => {
            let first = Zeroizing::new(format!("\0{}\0{}", imap.user, *secret));
            client.authenticate("PLAIN", Once(Some(first))).await
        }
        ImapLogin::Password(_) if can.login_disabled => {
            return Err(ChannelError::permanent(doing(), "the server takes no password on this connection"));
        }
        ImapLogin::Password(_) => client.login(&imap.user, &*secret).await,
    };
    outcome.map_err(|(error, _)| {
        let refused = match error {
            // The text of a refusal may repeat what was said; its code does not.
            async_imap::error::Error::No(text) => ExecError::No { code: login_refusal(&text), text: "login".to_owned() },
            other => spoken(other),
        };
        failed(doing(), refused)
    })
}

/// A refused login without a code is a wrong password more often than anything else; a stated outage is an outage.
fn login_refusal(text: &str) -> RefusalCode {
    if text.contains("[UNAVAILABLE]") || text.contains("[INUSE]") || text.contains("[LIMIT]") {
        RefusalCode::Other
    } else {
        RefusalCode::Login
    }
}

/// Says its secret once; every further challenge (XOAUTH2 tells its errors in one) is answered with nothing, which
/// makes the server end the dialogue.
struct Once(Option<Zeroizing<String>>);

impl Authenticator for Once {
    type Response = Zeroizing<String>;

    fn process(&mut self, _challenge: &[u8]) -> Self::Response {
        self.0.take().unwrap_or_default()
    }
}
