//! The least of an HTTP server: one request a connection, answered by a function, remembered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than this no request is.
const MOST: u64 = 1 << 20;

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

impl Reply {
    pub fn with(kind: &str, body: Vec<u8>) -> Self {
        Self { status: 200, kind: kind.to_owned(), body }
    }

    pub fn of_status(status: u16) -> Self {
        Self { status, kind: "text/plain".to_owned(), body: b"no".to_vec() }
    }
}

/// The server; it ends when dropped.
pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for HTTP");
        let port = listener.local_addr().expect("its number").port();
        let (asked, ended, reply) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)), Arc::new(reply));
        let (kept, seen) = (Arc::clone(&asked), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.load(Ordering::Acquire) {
                    return;
                }
                let (Ok(stream), kept, reply) = (stream, Arc::clone(&kept), Arc::clone(&reply)) else { return };
                // Whoever is slow holds nobody else up.
                thread::spawn(move || serve(stream, &kept, &*reply));
            }
        });
        Self { port, asked, ended, thread: Some(thread) }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the requests").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<Asked>>, reply: &dyn Fn(&Asked) -> Reply) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut asked = Asked { method: words.next()?, path: words.next()?, ..Asked::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        asked.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length: u64 = asked.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    reader.by_ref().take(length.min(MOST)).read_to_end(&mut asked.body).ok()?;
    kept.lock().ok()?.push(asked.clone());
    let Reply { status, kind, body } = reply(&asked);
    let mut stream = reader.into_inner();
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} .\r\nContent-Type: {kind}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
        .ok()?;
    stream.write_all(&body).ok()
}
