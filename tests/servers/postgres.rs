//! PostgreSQL in a folder of its own, on a socket there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// A running server; a fresh database for each test comes from [`Postgres::database`].
pub struct Postgres {
    folder: tempfile::TempDir,
    /// `None` while it is stopped.
    server: Option<Child>,
    made: std::cell::Cell<u32>,
}

impl Postgres {
    /// Makes a cluster and starts it; listens on a socket only.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("oblik-pg").tempdir().context("make a folder")?;
        // The server refuses to run as root; Debian's package brings a user for it.
        let user = crate::postfix::is_root().then_some("postgres");
        if let Some(user) = user {
            run(Command::new("chown").arg(user).arg(folder.path()))?;
        }
        let data = folder.path().join("data");
        let options = ["--auth=trust", "--username=oblik", "--encoding=UTF8", "--no-sync", "--locale=C.UTF-8", "-D"];
        run(as_user(user, &program("initdb")?).args(options).arg(&data))?;
        let mut server = Self { folder, server: None, made: std::cell::Cell::new(0) };
        server.resume()?;
        Ok(server)
    }

    /// Ends the server as an operator in a hurry would: sessions are cut off, the data stay.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // `runuser` passes no signal on: the server's own pid is in its folder.
        let pid = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            let _ = Command::new("kill").args(["-QUIT", pid]).status();
        }
        let _ = server.wait();
    }

    /// Starts the server again after [`Self::stop`].
    ///
    /// # Errors
    /// It does not start.
    pub fn resume(&mut self) -> Result<()> {
        let user = crate::postfix::is_root().then_some("postgres");
        let mut server = as_user(user, &program("postgres")?);
        server.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path()).args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=60",
        ]);
        server.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.server = Some(server.spawn().context("start postgres")?);
        self.wait()
    }

    fn wait(&self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if self.sql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("postgres did not answer within 20 seconds")
    }

    /// Makes an empty database; its URL.
    ///
    /// # Errors
    /// The server refuses.
    pub fn database(&self) -> Result<String> {
        self.made.set(self.made.get() + 1);
        let name = format!("oblik{}", self.made.get());
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(format!("postgres://oblik@localhost/{name}?host={}", self.folder.path().display()))
    }

    /// Runs SQL; what `psql` printed, unaligned and without heads.
    ///
    /// # Errors
    /// `psql` says no.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(program("psql")?);
        psql.arg("-h").arg(self.folder.path()).args(["-U", "oblik", "-d", database, "-AtqX", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        let output = psql.stdin(Stdio::null()).output().context("run psql")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.current_dir("/").args(["-u", user, "--"]).arg(program);
            command
        }
    }
}

/// Debian keeps the server's programs out of the path.
fn program(name: &str) -> Result<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        debian.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    let newest = found.pop().or_else(|| Some(PathBuf::from("/usr/bin").join(name)).filter(|path| path.exists()));
    newest.with_context(|| format!("{name} is not installed (Debian: postgresql)"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
