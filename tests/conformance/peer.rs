//! OpenSSL's verdict through its library: a small program around `CMS_verify`, asked line by line.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openssl_peer.c");

/// A program that answers each line with a line: `good NANOSECONDS` or `bad NANOSECONDS REASON`.
pub struct Peer {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What the program said, how long it took, and why not.
#[derive(Debug, Clone)]
pub struct Opinion {
    pub is_good: bool,
    pub taken: Duration,
    pub reason: String,
}

/// What OpenSSL is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// How often it verifies; the time is for all rounds.
    pub rounds: u32,
    /// Seconds since 1970.
    pub moment: i64,
    pub root: &'a [u8],
    pub message: &'a [u8],
    /// What lies beside a detached signature.
    pub content: Option<&'a [u8]>,
}

impl Peer {
    /// Compiles and starts the program in `folder`; `None`, and a line that says so, when there is no compiler or library.
    pub fn openssl(folder: &Path) -> Option<Self> {
        let program = folder.join("openssl_peer");
        let mut compiler = Command::new("cc");
        compiler.arg("-O2").arg(SOURCE).arg("-o").arg(&program).arg("-l:libcrypto.so.3");
        match compiler.output() {
            Ok(output) if output.status.success() => Some(Self::start(&mut Command::new(program))),
            Ok(output) => skip(&format!("cc: {}", String::from_utf8_lossy(&output.stderr))),
            Err(cause) => skip(&format!("cc: {cause}")),
        }
    }

    /// Starts a program that keeps the protocol of this file.
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start a peer");
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("its output"));
        Self { process, questions, answers }
    }

    /// Asks OpenSSL.
    pub fn verify(&mut self, question: Question<'_>) -> Opinion {
        let mut line = format!("{} {} ", question.rounds, question.moment);
        let content = question.content.map_or_else(|| "-".to_owned(), hex::encode);
        let _ = write!(line, "{} {} {content}", hex::encode(question.root), hex::encode(question.message));
        self.ask(&line)
    }

    /// Asks any peer by one line.
    pub fn ask(&mut self, line: &str) -> Opinion {
        let questions = self.questions.as_mut().expect("a peer that runs");
        writeln!(questions, "{line}").and_then(|()| questions.flush()).expect("ask a peer");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("hear a peer");
        let mut words = answer.trim_end().splitn(3, ' ');
        let is_good = match words.next() {
            Some("good") => true,
            Some("bad") => false,
            _ => panic!("the peer said {answer:?}"),
        };
        let taken = words.next().and_then(|word| word.parse().ok()).map(Duration::from_nanos).expect("its time");
        Opinion { is_good, taken, reason: words.next().unwrap_or_default().to_owned() }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Without questions it ends.
        self.questions = None;
        let _ = self.process.wait();
    }
}

#[allow(clippy::print_stdout, reason = "a test that skips says so")]
fn skip(cause: &str) -> Option<Peer> {
    println!("skipped: no second opinion: {cause}");
    None
}
