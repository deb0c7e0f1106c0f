//! `oblik documents`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Documents {
    /// Make a document with made-up data, to see what a template makes of it; needs no database and no configuration
    #[command(
        after_help = "Exit 1: the template has faults; they are told with line and column. With --anyway the document is made all the same, with the embedded values where something is wrong.\n\nExamples:\n  oblik documents preview\n  oblik documents preview --template my.toml --out my.pdf\n  oblik documents preview --template my.toml --document act --meters 30"
    )]
    Preview(Preview),
    /// Print the embedded template, which explains every key
    #[command(after_help = "Example:\n  oblik documents template > template.toml")]
    Template,
    /// Tell everything that is wrong with templates, with line and column
    #[command(
        after_help = "Exit 1: one has faults.\n\nExamples:\n  oblik documents check template.toml\n  oblik documents check *.toml --json"
    )]
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct Preview {
    /// The template [default: that of the configuration, when there is one, else the embedded one]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Which document
    #[arg(long, value_enum, default_value_t = Kind::Invoice)]
    pub document: Kind,
    /// Meters of the made-up account
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub meters: u32,
    /// Where the PDF goes; a file that is there is written over
    #[arg(long, value_name = "FILE.pdf", default_value = "preview.pdf")]
    pub out: PathBuf,
    /// Make the document although the template has faults
    #[arg(long)]
    pub anyway: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The invoice with all its parts
    Invoice,
    /// A correction that takes money off
    Correction,
    /// The reading act
    Act,
}
