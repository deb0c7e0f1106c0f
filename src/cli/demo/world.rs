//! The world of the demo in its folder: keys, trust, configuration, master data.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use oblik_channels::clock;
use oblik_config::Config;
use oblik_pipeline::House;
use oblik_sample::mail::OUR_MX;
use oblik_sample::{Utility, lay_out};

use super::story::{Script, write};

pub const CUSTOMERS: u32 = 20;

/// Those who get the operator's document beside the supplier's.
pub const WITH_REACTIVE: [usize; 2] = [2, 6];

/// Makes up the utility and its story, and writes what lies there before the first mail.
pub fn make(dir: &Path, config: &Config, now: DateTime<Utc>) -> Result<(Utility, Script)> {
    let mut utility = Utility::new(now, CUSTOMERS)?;
    utility.charge_reactive(&WITH_REACTIVE)?;
    let supplier = utility.supplier(&config.supplier.seller)?;
    // The story revokes a certificate, so the lists are written after it.
    let script = write(&mut utility, &config.supplier.seller).context("write the story")?;
    lay_out(dir, &utility, &supplier, &clock::random_id()?, &clock::random_bytes()?)?;
    std::fs::write(dir.join("oblik.toml"), configuration()).context("write oblik.toml")?;
    Ok((utility, script))
}

/// The sample defaults with an MX whose word on a sender's domain counts: without one nobody's address is proven.
pub fn config(dir: &Path) -> Config {
    let mut config = Config::embedded(dir);
    config.mail.authserv_id = Some(OUR_MX.to_owned());
    config
}

/// The same as a file, for the commands that the demo ends with.
fn configuration() -> String {
    oblik_config::embedded_text().replace("[mail]\n", &format!("[mail]\nauthserv_id = \"{OUR_MX}\"\n"))
}

/// Imports the master data the way an administrator does.
pub async fn import(house: &House, dir: &Path, utility: &Utility) -> Result<()> {
    let path = dir.join("import/master-data.xml");
    std::fs::write(&path, utility.master_data_xml()).context("write the master data")?;
    let (_, accepted) = crate::files::import_one(house, &path).await?;
    ensure!(accepted, "the master data was refused");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_on_disk_says_what_the_demo_ran_with() {
        let (ours, written) = (config(Path::new("/demo")), Config::parse(&configuration(), Path::new("/demo")).unwrap());
        assert_eq!(written.mail.authserv_id, ours.mail.authserv_id);
        assert_eq!(written.signing.keys, ours.signing.keys);
    }
}
