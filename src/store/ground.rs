//! What a period's calculation stands on, read for many accounts in a few statements.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use oblik_domain::account::{AccountRecord, RelatedPoint, Relation};
use oblik_domain::bill::MonthVolume;
use oblik_domain::confirmation::Confirmation;
use oblik_domain::dated;
use oblik_domain::ids::{ContractNumber, Eic};
use oblik_domain::metering::{IntervalSeries, Reading, UsagePoint};
use oblik_domain::period::Period;

use crate::statement::{statements, values};
use crate::versions::json;
use crate::{Result, Tx};

statements! {
    RELATED = "SELECT usage_point.contract FROM fed_point JOIN usage_point ON usage_point.eic = fed_point.eic WHERE through IN (SELECT value FROM json_each($1)) \
               UNION SELECT contract FROM usage_point WHERE eic IN (SELECT value FROM json_each($2))",
        postgres: "SELECT usage_point.contract FROM fed_point JOIN usage_point ON usage_point.eic = fed_point.eic WHERE through IN (SELECT jsonb_array_elements_text($1::jsonb)) \
               UNION SELECT contract FROM usage_point WHERE eic IN (SELECT jsonb_array_elements_text($2::jsonb))";
}

/// Everything stored that one account's period is calculated from, in the order a calculation wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    pub record: AccountRecord,
    /// Of the account's registers and of related points: every reading of the period, and of each register the last two
    /// period ends before it. By register, then period, then day of reading.
    pub readings: Vec<Reading>,
    /// Series that touch the period, by point, kind and time.
    pub intervals: Vec<IntervalSeries>,
    /// Points of other accounts that are joined to ours on some day of the period.
    pub related: Vec<RelatedPoint>,
    /// Closed months before the period, oldest first, at most twenty-four.
    pub history: Vec<MonthVolume>,
    /// Approved or not: whether four eyes are needed is not the store's to say.
    pub confirmations: Vec<Confirmation>,
}

/// All accounts a batch needs, its own and those joined to them, and how their points hang together in the period.
struct Network<'a> {
    records: &'a BTreeMap<ContractNumber, AccountRecord>,
    owners: BTreeMap<&'a Eic, &'a AccountRecord>,
    points: BTreeMap<&'a Eic, &'a UsagePoint>,
    /// The points fed through each.
    fed: BTreeMap<&'a Eic, BTreeSet<&'a Eic>>,
}

/// Through which points a point is fed on some day of a period.
fn feeders(point: &UsagePoint, period: Period) -> impl Iterator<Item = &Eic> {
    let span = (period.first_day(), period.last_day().succ_opt());
    let terms = point.terms.iter().filter(move |terms| dated::overlap((terms.from, terms.to), span));
    terms.filter_map(|terms| terms.value.fed_through.as_ref())
}

impl<'a> Network<'a> {
    fn new(records: &'a BTreeMap<ContractNumber, AccountRecord>, period: Period) -> Self {
        let (mut owners, mut points) = (BTreeMap::new(), BTreeMap::new());
        let mut fed: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let span = (period.first_day(), period.last_day().succ_opt());
        for record in records.values() {
            for point in record.points.iter().filter(|point| dated::overlap((point.from, point.to), span)) {
                owners.insert(&point.eic, record);
                points.insert(&point.eic, point);
                for feeder in feeders(point, period) {
                    fed.entry(feeder).or_default().insert(&point.eic);
                }
            }
        }
        Self { records, owners, points, fed }
    }

    /// The points of other accounts joined to those of `record`, each with its relation once.
    fn related(&self, record: &AccountRecord, period: Period) -> Vec<RelatedPoint> {
        let own: BTreeSet<&Eic> = record.points.iter().map(|point| &point.eic).collect();
        let mut found: BTreeSet<(u8, &Eic)> = BTreeSet::new();
        let fed_through = |eic: &Eic| self.fed.get(eic).into_iter().flatten().copied();
        for point in record.points.iter().filter(|point| self.points.contains_key(&point.eic)) {
            found.extend(fed_through(&point.eic).map(|fed| (0, fed)));
            for feeder in feeders(point, period).filter(|feeder| !own.contains(feeder)) {
                found.insert((1, feeder));
                found.extend(fed_through(feeder).map(|beside| (2, beside)));
            }
        }
        let relations = [Relation::FedByUs, Relation::FeedsUs, Relation::FedBeside];
        let related = found.into_iter().filter(|(_, eic)| !own.contains(eic)).filter_map(|(relation, eic)| {
            let relation = *relations.get(usize::from(relation))?;
            let (point, owner) = (*self.points.get(eic)?, *self.owners.get(eic)?);
            let meters = owner.meters.iter().filter(|meter| meter.point == *eic).cloned().collect();
            Some(RelatedPoint { relation, point: point.clone(), meters })
        });
        related.collect()
    }
}

impl Tx {
    /// What the period of each of these accounts is calculated from, in their order; accounts that are not there are left
    /// out.
    pub async fn grounds(&mut self, contracts: &[ContractNumber], period: Period) -> Result<Vec<Ground>> {
        self.grounds_known(contracts, period, None).await
    }

    /// What one account's period is calculated from.
    pub async fn ground(&mut self, contract: &ContractNumber, period: Period) -> Result<Option<Ground>> {
        Ok(self.grounds_known(std::slice::from_ref(contract), period, None).await?.pop())
    }

    /// What was known at an instant of all that one account's period is calculated from.
    pub async fn ground_known_at(
        &mut self,
        contract: &ContractNumber,
        period: Period,
        instant: DateTime<Utc>,
    ) -> Result<Option<Ground>> {
        Ok(self.grounds_known(std::slice::from_ref(contract), period, Some(instant)).await?.pop())
    }

    async fn grounds_known(
        &mut self,
        contracts: &[ContractNumber],
        period: Period,
        known: Option<DateTime<Utc>>,
    ) -> Result<Vec<Ground>> {
        let list = json(&contracts)?;
        let mut records = self.records(&list, known).await?;
        self.add_related_records(&mut records, period, known).await?;
        let network = Network::new(&records, period);
        let mut points = BTreeSet::new();
        let mut grounds = Vec::with_capacity(contracts.len());
        for record in contracts.iter().filter_map(|contract| network.records.get(contract)) {
            let related = network.related(record, period);
            points.extend(record.points.iter().map(|point| point.eic.clone()));
            points.extend(related.iter().map(|related| related.point.eic.clone()));
            let (readings, intervals, history, confirmations) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            grounds.push(Ground { record: record.clone(), readings, intervals, related, history, confirmations });
        }
        let points = json(&points)?;
        let mut readings: BTreeMap<Eic, Vec<Reading>> = BTreeMap::new();
        for reading in self.readings_of_points(&points, period, known).await? {
            readings.entry(reading.register.point.clone()).or_default().push(reading);
        }
        for of_point in readings.values_mut() {
            let order = |reading: &Reading| (reading.register.clone(), reading.period, reading.read_on, reading.occasion);
            of_point.sort_by_cached_key(order);
        }
        let mut intervals: BTreeMap<Eic, Vec<IntervalSeries>> = BTreeMap::new();
        for series in self.intervals_of_points(&points, period, known).await? {
            intervals.entry(series.point.clone()).or_default().push(series);
        }
        let mut history: BTreeMap<ContractNumber, Vec<MonthVolume>> = BTreeMap::new();
        for (contract, volume) in self.history_of(&list, period, known).await? {
            history.entry(contract).or_default().push(volume);
        }
        let mut confirmations: BTreeMap<ContractNumber, Vec<Confirmation>> = BTreeMap::new();
        for stored in self.confirmations_of(&list, period, known).await? {
            confirmations.entry(stored.confirmation.contract.clone()).or_default().push(stored.confirmation);
        }
        for ground in &mut grounds {
            let contract = &ground.record.account.contract;
            let own = ground.record.points.iter().map(|point| &point.eic);
            let points: BTreeSet<_> = own.chain(ground.related.iter().map(|related| &related.point.eic)).collect();
            let of = |eic: &&Eic| readings.get(*eic).into_iter().flatten().cloned().collect::<Vec<_>>();
            ground.readings = points.iter().flat_map(of).collect();
            ground.intervals = points.iter().flat_map(|eic| intervals.get(*eic).into_iter().flatten().cloned()).collect();
            ground.history = history.get(contract).cloned().unwrap_or_default();
            ground.confirmations = confirmations.get(contract).cloned().unwrap_or_default();
        }
        Ok(grounds)
    }

    /// Adds the accounts whose points feed, or are fed through, points of those there.
    async fn add_related_records(
        &mut self,
        records: &mut BTreeMap<ContractNumber, AccountRecord>,
        period: Period,
        known: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let points = || records.values().flat_map(|record| &record.points);
        let feeders: BTreeSet<&Eic> = points().flat_map(|point| feeders(point, period)).collect();
        let through: BTreeSet<&Eic> = points().map(|point| &point.eic).chain(feeders.iter().copied()).collect();
        let (through, feeders) = (json(&through)?, json(&feeders)?);
        let mut joined = Vec::new();
        for mut row in self.rows(&RELATED, values![through, feeders]).await? {
            let contract = row.parsed(|text| ContractNumber::parse(text).ok())?;
            if !records.contains_key(&contract) {
                joined.push(contract);
            }
        }
        if !joined.is_empty() {
            let joined = json(&joined)?;
            records.extend(self.records(&joined, known).await?);
        }
        Ok(())
    }
}
