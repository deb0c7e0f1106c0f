//! The command line: what an administrator, an operator or a script says to Oblik.
//!
//! Machines read standard output, where JSON stands alone; people read standard error. Exit 0 done, 1 the input was
//! judged bad, 2 usage or configuration, 75 try later.
#![expect(clippy::print_stdout, reason = "answering on standard output is what this package is for")]

mod account;
mod act;
mod arguments;
mod audit;
mod bill;
mod configuration;
mod demo;
mod documents;
mod evidence;
mod files;
mod ingest;
mod invoice;
mod ledger;
mod month;
mod payment;
mod print;
mod queue;
mod readings;
mod rejudge;
mod statement;
mod status;
mod ticket;
mod trust;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use arguments::{Command, Line};
use clap::{CommandFactory as _, Parser as _};
use configuration::Setup;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Done,
    /// The input was judged bad.
    Bad,
    /// Nobody can tell yet.
    Later,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(told) => {
            let _ = told.print();
            return ExitCode::from(if told.use_stderr() { 2 } else { 0 });
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(obey(line)),
        Err(cause) => Err(anyhow::Error::new(cause).context("start")),
    };
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Bad) => ExitCode::from(1),
        Ok(Ending::Later) => ExitCode::from(print::TRY_LATER),
        Err(cause) => {
            eprintln!("oblik: {cause:#}");
            ExitCode::from(print::exit_code(&cause))
        }
    }
}

async fn obey(line: Line) -> Result<Ending> {
    let setup = Setup { path: line.config, json: line.json };
    let quiet = !matches!(line.command, Command::Run);
    // A command tells its own story; the log of the stations is for `--log`.
    let level = line.log.as_deref().or(quiet.then_some("warn"));
    let format = line.log_format.parse().map_err(anyhow::Error::msg)?;
    oblik_daemon::telemetry::begin(format, level)?;
    match line.command {
        Command::Run => {
            let (path, config) = setup.read()?;
            oblik_daemon::run(path, config).await?;
            Ok(Ending::Done)
        }
        Command::Demo { dir } => demo::run(&dir, setup.json).await.map(|()| Ending::Done),
        Command::Verify(arguments) => verify::run(&setup, &arguments).await,
        Command::Trust { what } => trust::run(&setup, &what),
        Command::Ingest { file, from_address } => ingest::run(&setup, &file, from_address.as_deref()).await,
        Command::Import { files } => files::import(&setup, &files).await,
        Command::Xml { what } => files::xml(&what, setup.json),
        Command::Bill(arguments) => bill::run(&setup, &arguments).await,
        Command::Ledger(arguments) => ledger::run(&setup, arguments).await,
        Command::Statement(arguments) => statement::run(&setup, arguments).await,
        Command::Payment { what } => payment::run(&setup, what).await,
        Command::Readings { what } => readings::run(&setup, what).await,
        Command::Account { what } => account::run(&setup, what).await,
        Command::Act { what } => act::run(&setup, what).await,
        Command::Ticket { what } => ticket::run(&setup, what).await,
        Command::Queue { what } => queue::run(&setup, what).await,
        Command::Status => status::run(&setup).await,
        Command::Rejudge(arguments) => rejudge::run(&setup, &arguments).await,
        Command::Invoice { what } => invoice::run(&setup, what).await,
        Command::Evidence(arguments) => evidence::run(&setup, &arguments).await,
        Command::Audit { what } => audit::run(&setup, what).await,
        Command::Documents { what } => documents::run(&setup, &what),
        Command::Config { what } => configuration::run(&setup, &what),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Line::command(), "oblik", &mut std::io::stdout());
            Ok(Ending::Done)
        }
    }
}
