//! The folder of the demo: made anew each time, and never somebody else's.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Says that the folder is the demo's.
const MARK: &str = ".oblik-demo";

/// What the demo makes; nothing else in the folder is ever removed.
const FOLDERS: &[&str] = &["keys", "trust", "mail", "drop", "import", "out"];
const FILES: &[&str] = &["oblik.db", "oblik.db-wal", "oblik.db-shm", "oblik.toml"];

pub fn make_anew(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    let is_empty = std::fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))?.next().is_none();
    let mark = dir.join(MARK);
    ensure!(is_empty || mark.exists(), "{} is not empty and no folder of the demo; name another with --dir", dir.display());
    std::fs::write(&mark, "Made by oblik demo, which makes what lies here anew each time.\n").context("mark the folder")?;
    for name in FOLDERS {
        let path = dir.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    for name in FILES {
        let path = dir.join(name);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    for name in ["import", "out/received", "out/invoices", "out/letters", "out/acts"] {
        std::fs::create_dir_all(dir.join(name)).with_context(|| format!("make {name}"))?;
    }
    Ok(())
}
