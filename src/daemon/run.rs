//! The life of the daemon: begin, serve, reload, drain, stop.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use oblik_config::{Config, StoreAt};
use oblik_pipeline::{House, Postman, STATIONS};
use oblik_store::StoreError;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::certificates::certificates;
use crate::lifecycle::{Lifecycle, OnlyInstance, Order, Orders};
use crate::month;
use crate::rounds::{self, Bells, Source, told};

/// How long a drain may take: under systemd's `TimeoutStopSec`.
const DRAIN: Duration = Duration::from_mins(1);
/// How often the main loop proves that the database answers, when systemd asks for no other pace.
const PULSE: Duration = Duration::from_secs(20);

/// Rounds of one kind, each a task.
type Rounds = JoinSet<Result<(), StoreError>>;

/// How a set of rounds ended.
enum End {
    Reload,
    Stopped,
}

/// Runs the daemon until it is told to stop. `path` is read again on reload; `None` for embedded defaults.
///
/// # Errors
/// It cannot begin, or the device under the database failed: then systemd begins anew, and the database is checked.
pub async fn run(path: Option<PathBuf>, config: Config) -> Result<()> {
    let lifecycle = Lifecycle::from_environment();
    std::fs::create_dir_all(&config.state_dir)
        .with_context(|| format!("make the state folder {}", config.state_dir.display()))?;
    let instance = OnlyInstance::claim(&config.state_dir)?;
    let mut orders = Orders::listen().context("listen for signals")?;
    let alone = matches!(config.store, StoreAt::Sqlite(_));
    let owner = owner_of(&config.state_dir)?;
    let mut house = House::open(config).await?;
    house.owner = owner.clone();
    // We hold the only lock on this state: whoever holds a lease by its name is dead, and with a file of our own so is everybody.
    release_leases(&house, Some(&*owner).filter(|_| !alone)).await?;
    oblik_pipeline::tell_templates(&house).await?;
    loop {
        match serve(&house, &lifecycle, &mut orders).await? {
            End::Stopped => break,
            End::Reload => {
                lifecycle.reloading();
                match reloaded(path.as_deref(), &house).await {
                    Ok(Some(new)) => house = new,
                    Ok(None) => {}
                    Err(cause) => error!(error = %format!("{cause:#}"), "the configuration was not reloaded, the old one stays"),
                }
            }
        }
    }
    house.store.close().await;
    info!("stopped");
    drop(instance);
    Ok(())
}

/// The name this state folder's daemons go by in leases, one after the other: what the last one held is the next one's.
fn owner_of(state_dir: &Path) -> Result<Arc<str>> {
    let path = state_dir.join("owner");
    let kept = oblik_channels::files::read_text(&path).unwrap_or_default();
    let kept = kept.trim();
    if (16..=64).contains(&kept.len()) && kept.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Ok(kept.into());
    }
    let made = oblik_channels::clock::random_id().context("name this state folder")?;
    oblik_channels::files::write(&path, format!("{made}\n").as_bytes()).with_context(|| format!("write {}", path.display()))?;
    Ok(made.into())
}

async fn release_leases(house: &House, owner: Option<&str>) -> Result<()> {
    let mut tx = house.store.begin("release-leases").await?;
    let released = tx.release_leases(owner).await?;
    tx.commit().await?;
    if released > 0 {
        info!(released, "leases of the last run released");
    }
    Ok(())
}

async fn reloaded(path: Option<&Path>, old: &House) -> Result<Option<House>> {
    let Some(path) = path else { return Ok(None) };
    let config = Config::load(path)?;
    anyhow::ensure!(config.store == old.config.store, "the store cannot change while running; restart instead");
    let mut house = House::open(config).await?;
    house.owner = old.owner.clone();
    oblik_pipeline::tell_templates(&house).await?;
    old.store.close().await;
    info!("configuration reloaded");
    Ok(Some(house))
}

async fn serve(house: &House, lifecycle: &Lifecycle, orders: &mut Orders) -> Result<End> {
    let (intake_ends, intake_flag) = watch::channel(false);
    let (stations_end, stations_flag) = watch::channel(false);
    let (post_ends, post_flag) = watch::channel(false);
    let bells = Bells {
        work: Notify::new().into(),
        post: Notify::new().into(),
        intake_ends: intake_flag,
        stations_end: stations_flag,
        post_ends: post_flag,
    };
    let (mut intakes, mut stations, mut post) = (Rounds::new(), Rounds::new(), Rounds::new());
    let mailboxes = house.config.mailboxes.iter().cloned().map(Source::Mailbox);
    for source in mailboxes.chain(house.config.drops.iter().cloned().map(Source::Drop)) {
        intakes.spawn(rounds::intake(house.clone(), source, bells.clone()));
    }
    for station in STATIONS {
        stations.spawn(rounds::station(house.clone(), station, bells.clone()));
    }
    stations.spawn(month::month(house.clone(), bells.clone()));
    stations.spawn(certificates(house.clone(), bells.clone()));
    post.spawn(rounds::post(house.clone(), bells.clone()));
    let status = format!("{} mailboxes, {} drops", house.config.mailboxes.len(), house.config.drops.len());
    info!(mailboxes = house.config.mailboxes.len(), drops = house.config.drops.len(), store = house.store.engine_name(), "ready");
    lifecycle.ready(&status);

    let mut pulse = tokio::time::interval(lifecycle.watchdog().unwrap_or(PULSE));
    let order = loop {
        tokio::select! {
            order = orders.next() => break order,
            _ = pulse.tick() => match waiting(house).await {
                // Only a database that answers proves that work goes on.
                Ok(waiting) => {
                    lifecycle.alive();
                    lifecycle.status(&format!("{status}; {waiting} items on their way"));
                }
                Err(cause) => warn!(error = %told(&cause), "the database does not answer"),
            },
            Some(ended) = intakes.join_next() => fail_on(ended)?,
            Some(ended) = stations.join_next() => fail_on(ended)?,
            Some(ended) = post.join_next() => fail_on(ended)?,
        }
    };
    if order == Order::Stop {
        lifecycle.stopping();
        return Ok(End::Stopped);
    }
    if order == Order::Drain {
        lifecycle.stopping();
    }
    // Told to end while a reload waits for its rounds, the daemon ends after them.
    let order = Cell::new(order);
    // One after the other: what a round has begun it finishes, and only then is it known that nothing is left for the next.
    let drain = async {
        end(&intake_ends, &mut intakes).await?;
        end(&stations_end, &mut stations).await?;
        if order.get() == Order::Drain {
            info!("draining");
            oblik_pipeline::run_until_idle(house).await?;
        }
        end(&post_ends, &mut post).await?;
        if order.get() == Order::Drain {
            let postman = Postman::new(house);
            while postman.turn(house).await?.moved > 0 {}
            postman.close().await;
        }
        anyhow::Ok(())
    };
    let mut drain = std::pin::pin!(tokio::time::timeout(DRAIN, drain));
    loop {
        tokio::select! {
            drained = &mut drain => {
                if let Ok(drained) = drained {
                    drained?;
                } else {
                    warn!("not everything was finished in time; it goes on at the next start");
                }
                break;
            }
            next = orders.next() => match next {
                Order::Reload => {}
                Order::Drain => {
                    lifecycle.stopping();
                    order.set(Order::Drain);
                }
                Order::Stop => {
                    info!("stopping at once");
                    return Ok(End::Stopped);
                }
            },
        }
    }
    Ok(if order.get() == Order::Reload { End::Reload } else { End::Stopped })
}

/// Tells rounds to end, and waits for them.
async fn end(flag: &watch::Sender<bool>, rounds: &mut Rounds) -> Result<()> {
    let _ = flag.send(true);
    while let Some(ended) = rounds.join_next().await {
        fail_on(ended)?;
    }
    Ok(())
}

async fn waiting(house: &House) -> Result<i64, StoreError> {
    let mut tx = house.store.begin("pulse").await?;
    let waiting = tx.items_waiting().await?;
    tx.roll_back().await?;
    Ok(waiting)
}

fn fail_on(ended: std::result::Result<Result<(), StoreError>, tokio::task::JoinError>) -> Result<()> {
    ended.context("a round ended by a fault of ours")?.context("the device under the database failed")
}
