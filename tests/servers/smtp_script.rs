//! An SMTP server that misbehaves on order, inside the test: at each verb it does what the script says.
//!
//! Real servers cannot be made to hang exactly after the final dot; this one can. It speaks no TLS.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A moment of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// In the midst of the text, after its first kilobyte.
    Body,
    /// The whole text and its dot were read.
    Dot,
    Rset,
    Quit,
}

/// What the server does at that moment.
#[derive(Debug, Clone)]
pub enum Act {
    /// What a good server does.
    Usual,
    /// These very bytes, whatever they are.
    Say(Vec<u8>),
    /// The usual after a pause.
    Slow(Duration),
    /// Nothing, for ever.
    Hang,
    /// Closes the connection.
    Close,
    /// At [`Verb::Dot`]: takes responsibility, then closes without a word. The letter that is sent twice by the naive.
    AcceptAndClose,
    /// At [`Verb::Dot`]: takes responsibility, then says nothing for ever.
    AcceptAndHang,
    /// Says the bytes and closes.
    SayAndClose(Vec<u8>),
}

impl Act {
    /// A reply line.
    pub fn reply(line: &str) -> Self {
        Self::Say(format!("{line}\r\n").into_bytes())
    }
}

type Script = dyn Fn(Verb, usize) -> Act + Send + Sync;

struct Shared {
    script: Box<Script>,
    seen: Mutex<HashMap<Verb, usize>>,
    accepted: Mutex<Vec<Vec<u8>>>,
    commands: Mutex<Vec<String>>,
    open: Mutex<Vec<TcpStream>>,
    connections: AtomicUsize,
    stopping: AtomicBool,
}

/// The server; it ends when dropped.
pub struct ScriptedSmtp {
    port: u16,
    shared: Arc<Shared>,
}

impl ScriptedSmtp {
    /// `script` is asked at each verb, with how often (from zero) that verb was seen before over all connections.
    pub fn start(script: impl Fn(Verb, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind a port of loopback");
        let port = listener.local_addr().expect("the port").port();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::default(),
            accepted: Mutex::default(),
            commands: Mutex::default(),
            open: Mutex::default(),
            connections: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        let listening = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { break };
                if listening.stopping.load(Ordering::SeqCst) {
                    break;
                }
                listening.connections.fetch_add(1, Ordering::SeqCst);
                listening.open.lock().unwrap().extend(stream.try_clone().ok());
                let shared = Arc::clone(&listening);
                thread::spawn(move || {
                    let mut dialogue = Dialogue { reader: BufReader::new(stream), shared };
                    dialogue.run();
                    dialogue.reader.get_ref().shutdown(Shutdown::Both).ok();
                });
            }
        });
        Self { port, shared }
    }

    /// One fault at one verb, each time.
    pub fn with(verb: Verb, act: Act) -> Self {
        Self::start(move |now, _| if now == verb { act.clone() } else { Act::Usual })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The texts this server took responsibility for, dots unstuffed, without the final dot.
    pub fn accepted(&self) -> Vec<Vec<u8>> {
        self.shared.accepted.lock().unwrap().clone()
    }

    /// Every command line as it came.
    pub fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for ScriptedSmtp {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        for stream in self.shared.open.lock().unwrap().iter() {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

/// What to do after a moment.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}

struct Dialogue {
    reader: BufReader<TcpStream>,
    shared: Arc<Shared>,
}

impl Dialogue {
    fn run(&mut self) {
        if self.act(Verb::Greeting, b"220 script.test ESMTP\r\n") == Next::Stop {
            return;
        }
        let mut line = String::new();
        while self.reader.read_line(&mut line).is_ok_and(|count| count > 0) {
            let command = line.trim_end().to_owned();
            line.clear();
            self.shared.commands.lock().unwrap().push(command.clone());
            if self.answer(&command) == Next::Stop {
                return;
            }
        }
    }

    fn answer(&mut self, command: &str) -> Next {
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.act(Verb::Ehlo, b"250-script.test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n"),
            "STARTTLS" => self.act(Verb::StartTls, b"454 not here\r\n"),
            "AUTH" => self.act(Verb::Auth, b"235 welcome\r\n"),
            "MAIL" => self.act(Verb::Mail, b"250 sender ok\r\n"),
            "RCPT" => self.act(Verb::Rcpt, b"250 recipient ok\r\n"),
            "RSET" => self.act(Verb::Rset, b"250 forgotten\r\n"),
            "QUIT" => {
                self.act(Verb::Quit, b"221 bye\r\n");
                Next::Stop
            }
            "DATA" => match self.act(Verb::Data, b"354 go\r\n") {
                Next::Go => self.text(),
                Next::Stop => Next::Stop,
            },
            _ => self.say(b"500 what\r\n"),
        }
    }

    fn text(&mut self) -> Next {
        let mut text = Vec::new();
        let mut asked = false;
        loop {
            let mut line = Vec::new();
            if !self.reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                return Next::Stop;
            }
            if line == b".\r\n" {
                break;
            }
            text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            if !asked && text.len() >= 1024 {
                asked = true;
                if self.act(Verb::Body, b"") == Next::Stop {
                    return Next::Stop;
                }
            }
        }
        self.end(text)
    }

    fn end(&mut self, text: Vec<u8>) -> Next {
        let act = self.ordered(Verb::Dot);
        if matches!(act, Act::Usual | Act::Slow(_) | Act::AcceptAndClose | Act::AcceptAndHang) {
            self.shared.accepted.lock().unwrap().push(text);
        }
        self.perform(act, b"250 2.0.0 queued as SCRIPT\r\n")
    }

    fn act(&mut self, verb: Verb, usual: &[u8]) -> Next {
        let act = self.ordered(verb);
        self.perform(act, usual)
    }

    fn ordered(&self, verb: Verb) -> Act {
        let nth = {
            let mut seen = self.shared.seen.lock().unwrap();
            let count = seen.entry(verb).or_default();
            *count += 1;
            *count - 1
        };
        (self.shared.script)(verb, nth)
    }

    fn perform(&mut self, act: Act, usual: &[u8]) -> Next {
        match act {
            Act::Usual => self.say(usual),
            Act::Say(bytes) => self.say(&bytes),
            Act::Slow(pause) => {
                thread::sleep(pause);
                self.say(usual)
            }
            // Waits, without reading a byte, until the client or the test ends the connection.
            Act::Hang | Act::AcceptAndHang => {
                while !self.shared.stopping.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                Next::Stop
            }
            Act::Close | Act::AcceptAndClose => Next::Stop,
            Act::SayAndClose(bytes) => {
                self.say(&bytes);
                // What the client still sends is read away: a close with unread bytes would take the words back.
                self.reader.get_ref().shutdown(Shutdown::Write).ok();
                self.reader.get_ref().set_read_timeout(Some(Duration::from_secs(2))).ok();
                std::io::copy(&mut self.reader.by_ref().take(1 << 26), &mut std::io::sink()).ok();
                Next::Stop
            }
        }
    }

    fn say(&mut self, bytes: &[u8]) -> Next {
        if self.reader.get_mut().write_all(bytes).is_ok() { Next::Go } else { Next::Stop }
    }
}
