//! The month's run on its schedule: begins the run of the month before; the station `run` does the work.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_config::Schedule;
use oblik_pipeline::{House, begin_scheduled_run, finish_runs};
use oblik_store::StoreError;
use tracing::{info, warn};

use crate::rounds::{Bells, rest, told};
use crate::schedule::next_after;

/// How often runs are looked at: whether one comes, and whether one has ended.
const LOOK: Duration = Duration::from_secs(30);
/// A daemon that was down when the run should have begun begins it this long after.
const LATEST: TimeDelta = TimeDelta::days(3);

/// The round of the month's run.
pub(crate) async fn month(house: House, bells: Bells) -> Result<(), StoreError> {
    while !*bells.stations_end.borrow() {
        match look(&house).await {
            Ok(begun) => {
                if begun {
                    bells.work.notify_waiters();
                }
            }
            Err(cause) if cause.is_device_failure() => return Err(cause),
            Err(cause) => warn!(error = %told(&cause), "the month's run could not be looked at"),
        }
        if rest(std::sync::Arc::default(), LOOK, bells.stations_end.clone()).await {
            break;
        }
    }
    Ok(())
}

/// Begins the run that should have begun by now, when none of its period ever was; ends those of which nothing is due.
async fn look(house: &House) -> Result<bool, StoreError> {
    finish_runs(house).await?;
    let Some(schedule) = &house.config.billing.run else { return Ok(false) };
    let Some(came) = came_last(schedule, house.now()) else { return Ok(false) };
    let Some(run) = begin_scheduled_run(house, came).await? else { return Ok(false) };
    info!(run.id = run.id, period = %run.period, "the month's run begins");
    Ok(true)
}

/// When the schedule came last, within the last days.
fn came_last(schedule: &Schedule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut came = None;
    let mut moment = now.checked_sub_signed(LATEST)?;
    loop {
        moment = next_after(schedule, moment, Duration::ZERO);
        if moment > now {
            return came;
        }
        came = Some(moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oblik_config::parse_schedule;

    #[test]
    fn a_run_comes_at_its_instant_and_later_though_the_daemon_was_down() {
        // 06:00 in Kyiv is 04:00 UTC in winter and 03:00 in summer.
        for (schedule, now, came) in [
            ("0 6 4 * *", "2026-11-04T03:59:59Z", None),
            ("0 6 4 * *", "2026-11-04T04:00:00Z", Some("2026-11-04T04:00:00Z")),
            ("0 6 4 * *", "2026-11-07T03:59:59Z", Some("2026-11-04T04:00:00Z")),
            ("0 6 4 * *", "2026-11-07T04:00:00Z", None),
            ("0 6 4 * *", "2026-07-04T03:00:00Z", Some("2026-07-04T03:00:00Z")),
            // Of several comings the last counts.
            ("0 6 30,1 * *", "2026-12-01T12:00:00Z", Some("2026-12-01T04:00:00Z")),
        ] {
            let found = came_last(&parse_schedule(schedule).unwrap(), now.parse().unwrap());
            assert_eq!(found, came.map(|came| came.parse().unwrap()), "{schedule} {now}");
        }
    }
}
