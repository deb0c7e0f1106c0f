//! Which configuration holds, and the house it opens.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oblik_config::{Config, Faults, Standing};
use oblik_pipeline::House;

use crate::arguments::Configuration;
use crate::{Ending, print};

const SYSTEM: &str = "/etc/oblik/oblik.toml";
const SAMPLE: &str = "oblik-data";

/// What every command is told.
pub struct Setup {
    pub path: Option<PathBuf>,
    pub json: bool,
}

impl Setup {
    /// The configuration and where it was read; no path for the sample defaults.
    pub fn read(&self) -> Result<(Option<PathBuf>, Config)> {
        let system = Path::new(SYSTEM);
        let path = self.path.clone().or_else(|| system.exists().then(|| system.to_owned()));
        let config = match &path {
            Some(path) => Config::load(path)?,
            None => sample()?,
        };
        Ok((path, config))
    }

    /// The configuration, when there is a file of one.
    pub fn read_if_there(&self) -> Result<Option<Config>> {
        let system = Path::new(SYSTEM);
        let path = self.path.clone().or_else(|| system.exists().then(|| system.to_owned()));
        Ok(path.map(|path| Config::load(&path)).transpose()?)
    }

    /// The house, open; the commands beside the daemon share its database.
    pub async fn open(&self) -> Result<House> {
        let (_, config) = self.read()?;
        std::fs::create_dir_all(&config.state_dir).with_context(|| format!("make {}", config.state_dir.display()))?;
        Ok(House::open(config).await?)
    }
}

/// The sample defaults in `./oblik-data`, with a made-up key when there is none.
fn sample() -> Result<Config> {
    let dir = std::path::absolute(SAMPLE).context("find the current folder")?;
    let config = Config::embedded(&dir);
    let absent = |file: &std::path::PathBuf| !file.exists();
    if config.signing.keys.iter().flat_map(oblik_config::SigningKey::files).any(|file| absent(&file)) {
        eprintln!("oblik: no {SYSTEM}: sample defaults and a made-up key in {}", dir.display());
        crate::demo::make_keys(&config)?;
    }
    Ok(config)
}

pub fn run(setup: &Setup, what: &Configuration) -> Result<Ending> {
    match what {
        Configuration::Example => {
            println!("{}", oblik_config::example().trim_end());
            Ok(Ending::Done)
        }
        Configuration::Check => check(setup),
    }
}

fn check(setup: &Setup) -> Result<Ending> {
    match setup.read() {
        Ok((path, config)) => {
            let named = path.as_deref().map_or_else(|| "the sample defaults".to_owned(), |path| path.display().to_string());
            let list = crate::trust::summary(&config.trust)?;
            let template = config.documents.template.as_deref();
            let trouble = template.and_then(|path| oblik_pipeline::template_trouble("supplier", path));
            if setup.json {
                let list = list.as_ref().map(|(_, list)| list);
                print::json(
                    &serde_json::json!({ "valid": true, "faults": [], "trusted_list": list, "templates": trouble.iter().map(crate::documents::trouble_told).collect::<Vec<_>>() }),
                );
            }
            if let Some((line, _)) = list {
                eprintln!("{line}");
            }
            if let Some(trouble) = trouble {
                eprintln!("{trouble}; oblik documents check {} tells all", trouble.path.display());
            }
            eprintln!("{named}: good; {} mailboxes, {} drops", config.mailboxes.len(), config.drops.len());
            if config.supplier.standing == Standing::Sample {
                eprintln!("the supplier is a made-up one: write {SYSTEM} before real work (oblik config example)");
            }
            Ok(Ending::Done)
        }
        Err(cause) => {
            let Some(faults) = cause.downcast_ref::<Faults>() else { return Err(cause) };
            if setup.json {
                let list = faults.list().iter().map(|fault| {
                    serde_json::json!({ "line": fault.line, "column": fault.column, "key": fault.key, "what": fault.what, "instead": fault.instead })
                });
                print::json(&serde_json::json!({ "valid": false, "faults": list.collect::<Vec<_>>() }));
            }
            Err(cause)
        }
    }
}
