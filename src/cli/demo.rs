//! `oblik demo`: the whole job on a made-up utility, with no server and no root.
//!
//! Customers' mails lie in a Maildir and a partner's files in a drop; what takes them in, judges, bills and answers is the
//! daemon's own code. At the end every item is compared with what the story expects, so the demo is a test of itself.

mod folder;
mod gloss;
mod outcome;
mod progress;
mod report;
mod story;
mod world;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use oblik_channels::clock;
use oblik_config::Config;
use oblik_pipeline::{House, Postman, STATIONS, turn};
use oblik_sample::{Utility, lay_out};

use progress::Progress;

/// Makes the world in `dir` anew, lets everything through, shows what became of it.
///
/// # Errors
/// The folder is somebody else's, something could not be done, or an item did not end as expected.
pub async fn run(dir: &Path, json: bool) -> Result<()> {
    let dir = std::path::absolute(dir).context("find the folder of the demo")?;
    folder::make_anew(&dir)?;
    let began = clock::now();
    let config = world::config(&dir);
    eprintln!("Oblik demo in {}", dir.display());
    eprintln!("  a certificate authority, a supplier and {} customers are made up …", world::CUSTOMERS);
    let (utility, story) = world::make(&dir, &config, began)?;
    let house = House::open(config).await?;
    eprintln!("  their master data is imported, as by oblik import:");
    world::import(&house, &dir, &utility).await?;
    let story = story.deliver(&house, &dir).await?;
    eprintln!(
        "  {} mails lie in mail/in/new and {} files in drop/in; the daemon's rounds begin",
        story.mails.len(),
        story.files.len()
    );
    work(&house, story.mails.len() + story.files.len()).await?;

    let outcome = outcome::collect(&house, &dir, &story).await?;
    let entries = match house.store.verify_journal().await? {
        Ok(entries) => entries,
        Err(broken) => anyhow::bail!("the journal's chain does not hold: {broken:?}"),
    };
    house.store.close().await;
    report::show(&dir, &story, &outcome, entries, clock::now() - began);
    if json {
        crate::print::json(&report::json(&outcome));
    }
    let faults = outcome::faults(&story, &outcome);
    ensure!(faults.is_empty(), "the demo did not go as expected:\n  {}", faults.join("\n  "));
    Ok(())
}

/// One look at every source, then every station and the post until nothing moves: what `oblik run` does on its schedule.
async fn work(house: &House, items: usize) -> Result<()> {
    let mut progress = Progress::new(items);
    let taken = oblik_daemon::look_once(house).await.context("look into mailbox and drop")?;
    progress.step("intake", taken.new, items);
    let postman = Postman::new(house);
    loop {
        let mut moved = 0;
        for name in STATIONS {
            let turn = turn(house, name).await.with_context(|| format!("station {name}"))?;
            progress.step(name, turn.moved, waiting(house).await?);
            moved += turn.moved;
        }
        let sent = postman.turn(house).await.context("deliver letters")?.moved;
        progress.step("deliver", sent, waiting(house).await?);
        if moved + sent == 0 {
            break;
        }
    }
    postman.close().await;
    progress.end();
    Ok(())
}

async fn waiting(house: &House) -> Result<usize> {
    let mut tx = house.store.read().await?;
    let waiting = tx.items_waiting().await?;
    tx.roll_back().await?;
    Ok(usize::try_from(waiting).unwrap_or_default())
}

/// Makes the key, the trust anchors and the folders that the sample defaults name, when nobody has made them.
///
/// # Errors
/// They cannot be made or written.
pub fn make_keys(config: &Config) -> Result<()> {
    let mut utility = Utility::new(clock::now(), 0)?;
    let supplier = utility.supplier(&config.supplier.seller)?;
    lay_out(&config.state_dir, &utility, &supplier, &clock::random_id()?, &clock::random_bytes()?)
        .with_context(|| format!("make a sample key in {}", config.state_dir.display()))
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_story_ends_as_told_and_the_folder_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("demo");
        super::run(&dir, true).await.unwrap();
        std::fs::write(dir.join("mine.txt"), "kept").unwrap();
        super::run(&dir, true).await.unwrap();
        assert!(dir.join("mine.txt").exists());
        let files = std::fs::read_dir(dir.join("out/invoices")).unwrap().map(|file| file.unwrap().path());
        let invoices = files.filter(|path| path.extension().is_some_and(|extension| extension == "pdf")).count();
        assert_eq!(invoices, 7 + super::world::WITH_REACTIVE.len());
    }

    #[tokio::test]
    async fn a_folder_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.tex"), "x").unwrap();
        let told = super::run(folder.path(), false).await.unwrap_err();
        assert!(format!("{told:#}").contains("not empty"), "{told:#}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
