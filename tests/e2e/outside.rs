//! Programs we did not write, and the one PostgreSQL that several tests share.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use oblik_test_servers::postgres::Postgres;

/// What a program said, and whether it was content.
#[derive(Debug)]
pub struct Told {
    pub good: bool,
    pub out: String,
    pub err: String,
}

/// Runs a program; `None`, and a line that says so, when it is not installed.
pub fn program(name: &str, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Option<Told> {
    let mut program = Command::new(name);
    program.args(arguments);
    command(&mut program, input)
}

/// The same for a command with a folder or an environment.
pub fn command(command: &mut Command, input: &[u8]) -> Option<Told> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("skipped: {} is not installed", Path::new(command.get_program()).display());
        return None;
    };
    let mut stdin = child.stdin.take().expect("standard input");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("its output");
    // A program that does not read its input to the end is its own matter.
    let _ = writer.join().expect("the writer");
    Some(Told {
        good: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The server of the tests that run now; it ends with the last of them.
pub fn shared_postgres() -> Option<Arc<Mutex<Postgres>>> {
    static SERVER: OnceLock<Mutex<Weak<Mutex<Postgres>>>> = OnceLock::new();
    let mut shared = SERVER.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    match Postgres::start() {
        Ok(server) => {
            let server = Arc::new(Mutex::new(server));
            *shared = Arc::downgrade(&server);
            Some(server)
        }
        Err(cause) => {
            println!("skipped: no PostgreSQL: {cause:#}");
            None
        }
    }
}
