//! Judge, fetch what is wanted, judge again: one turn's search, bounded in rounds and time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use oblik_signature::{Indication, Judged, SubIndication, Trust, Wanted};
use tokio::time::{Instant, timeout_at};

use crate::online::{Obtained, Online, name_of};

/// First the issuer's certificate, then the status of what it signed, then of the issuer itself.
pub const ROUNDS: usize = 3;
/// All rounds of one turn together. A claim lasts two minutes; judging twice takes seconds.
pub const LONGEST: Duration = Duration::from_secs(20);
/// What was fetched within this time is not fetched anew because a judge wants more.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// Things one file may want in one round: signers, timestamps and responders with their issuers.
const WANTED_MOST: usize = 32;

/// The search of one turn.
pub struct Quest {
    online: Arc<Online>,
    /// What is trusted, with all that was found.
    pub trust: Arc<Trust>,
    until: Instant,
    /// By the name of what was wanted: when what came was fetched.
    came: HashMap<String, DateTime<Utc>>,
    later: HashSet<String>,
}

impl Quest {
    pub fn new(online: Arc<Online>, base: &Arc<Trust>, longest: Duration) -> Self {
        let trust = online.trust(base);
        Self { online, trust, until: oblik_channels::clock::after(longest), came: HashMap::new(), later: HashSet::new() }
    }

    /// Looks for all that is wanted; the names of what is new.
    pub async fn look(&mut self, wanted: impl Iterator<Item = &Wanted>, now: DateTime<Utc>) -> HashSet<String> {
        let mut asked = HashSet::new();
        let mut looking = Vec::new();
        for each in wanted {
            let name = name_of(each);
            if asked.insert(name.clone()) {
                // What came and did not do is worth having again only when it is newer.
                let fresh = self.came.contains_key(&name).then(|| now - FRESH);
                let coming = timeout_at(self.until, self.online.obtain(each, fresh));
                looking.push(async move { (name, coming.await.unwrap_or(Obtained::Later)) });
            }
        }
        let mut news = HashSet::new();
        for (name, obtained) in join_all(looking).await {
            match obtained {
                Obtained::Got(held) if self.came.get(&name).is_none_or(|known| held.at > *known) => {
                    Arc::make_mut(&mut self.trust).add_fetched(&held.fetched);
                    self.came.insert(name.clone(), held.at);
                    self.later.remove(&name);
                    news.insert(name);
                }
                Obtained::Later => drop(self.later.insert(name)),
                Obtained::Got(_) | Obtained::Never => {}
            }
        }
        news
    }

    /// Judges again and again until nothing new comes.
    pub async fn judge(&mut self, now: DateTime<Utc>, judge: impl Fn(&Trust) -> Judged) -> Judged {
        let mut judged = judge(&self.trust);
        for _ in 0..ROUNDS {
            if wanted_of(&judged).next().is_none() || self.look(wanted_of(&judged), now).await.is_empty() {
                break;
            }
            judged = judge(&self.trust);
        }
        judged
    }

    /// Whether something that `judged` wants may come another time.
    pub fn may_learn(&self, judged: &Judged) -> bool {
        wanted_of(judged).any(|wanted| self.later.contains(&name_of(wanted)))
    }
}

/// What is worth fetching for a verdict: nothing for one that no status can mend.
pub fn wanted_of(judged: &Judged) -> impl Iterator<Item = &Wanted> {
    let is_settled = judged.indication == Indication::TotalFailed;
    judged.wanted.iter().take(if is_settled { 0 } else { WANTED_MOST })
}

/// When to look again at an act that nobody can judge now, and that waits since `since`; `None` when it waited long enough.
///
/// The wait is as long as it has waited already, five minutes at least and two hours at most; the last look is at the end.
pub fn next_look(since: DateTime<Utc>, now: DateTime<Utc>, longest: TimeDelta) -> Option<DateTime<Utc>> {
    let (waited, end) = (now - since, since + longest);
    if now >= end {
        return None;
    }
    let pause = waited.clamp(TimeDelta::minutes(5), TimeDelta::hours(2));
    Some((now + pause).min(end))
}

/// Whether a verdict may be another one when more is known: the status of a certificate, or a certificate that could not be fetched.
pub fn may_change(judged: &Judged, may_learn: bool) -> bool {
    match judged.sub_indication {
        Some(SubIndication::TryLater) => true,
        Some(SubIndication::NoCertificateChainFound) => may_learn,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_looked_at_more_and_more_seldom_and_once_at_the_end() {
        let since: DateTime<Utc> = "2026-11-02T08:00:00Z".parse().unwrap();
        let (mut now, mut looks) = (since, Vec::new());
        while let Some(next) = next_look(since, now, TimeDelta::hours(24)) {
            assert!(next > now);
            looks.push((next - since).num_minutes());
            now = next;
        }
        assert_eq!(looks[..8], [5, 10, 20, 40, 80, 160, 280, 400]);
        assert_eq!((looks.last(), looks.len()), (Some(&(24 * 60)), 17));
        assert_eq!(next_look(since, since, TimeDelta::zero()), None);
        assert_eq!(next_look(since, since + TimeDelta::days(9), TimeDelta::hours(24)), None);
        assert_eq!(next_look(since, since, TimeDelta::minutes(1)), Some(since + TimeDelta::minutes(1)));
    }
}
