//! `[billing]`: when the month's run comes, and what operators and the calendar decide. The whole section may be left out.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use oblik_domain::calendar::Calendar;

use crate::Schedule;
use crate::keys::{Keys, Wrong, wrong};
use crate::schedule::schedule;

/// How periods are billed. Prices and parameters are master data, never configuration.
#[derive(Debug, Clone, Default)]
pub struct Billing {
    /// When the month before is billed for all accounts; never by itself when absent.
    pub run: Option<Schedule>,
    /// What the month's run does with an account that lacks readings.
    pub without_readings: WithoutReadings,
    pub eyes: Eyes,
    /// Holidays; Saturdays and Sundays are free anyway.
    pub calendar: Calendar,
}

/// What the month's run does with an account that lacks readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutReadings {
    /// It is left for a person (E6).
    #[default]
    Refuse,
    /// Its volume is estimated (R-EST).
    Estimate,
}

/// How many operators a confirmation of E1 or E9 needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eyes {
    /// One confirms.
    #[default]
    Two,
    /// One confirms, another approves.
    Four,
}

pub(crate) fn billing(keys: &Keys<'_>) -> Billing {
    let run = keys.optional("run", monthly);
    let estimate = keys.flag("estimate").unwrap_or(false);
    let four_eyes = keys.flag("four_eyes").unwrap_or(false);
    let holidays: BTreeSet<NaiveDate> = keys.list("holidays", day).unwrap_or_default().into_iter().collect();
    keys.finish();
    Billing {
        run,
        without_readings: if estimate { WithoutReadings::Estimate } else { WithoutReadings::Refuse },
        eyes: if four_eyes { Eyes::Four } else { Eyes::Two },
        calendar: Calendar { holidays },
    }
}

/// A schedule that names its instants: an interval would begin anew at each start of the daemon.
fn monthly(text: &str) -> Result<Schedule, Wrong> {
    const INSTEAD: &str = "write cron fields: \"0 6 4 * *\" is 06:00 of the fourth of each month";
    match schedule(text)? {
        cron @ Schedule::Cron(_) => Ok(cron),
        Schedule::Every(_) => wrong("the month's run has no interval", INSTEAD),
    }
}

fn day(text: &str) -> Result<NaiveDate, Wrong> {
    text.parse().or_else(|_| wrong(format!("\"{}\" is no day", shown(text)), "write \"2027-01-01\""))
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
