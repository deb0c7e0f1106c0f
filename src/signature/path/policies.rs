//! Certificate policies, RFC 5280 §6.1 with the graph of RFC 9618.
//!
//! RFC 9618 keeps one node a policy and level, so that no certificate makes the work grow exponentially. Of the levels above
//! the current one only this is ever asked: under which policies of the root's domain a node stands. So each node carries
//! those, and one level is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::asn1::{Element, INTEGER, Malformed, Oid, Read, SEQUENCE, context_primitive};
use crate::certificate::Certificate;
use crate::oids;

/// Inputs (c) to (g) of RFC 5280 §6.1.1.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicySettings {
    /// `user-initial-policy-set`, content octets of each; any policy when empty.
    pub any_of: Vec<Vec<u8>>,
    pub require_explicit: bool,
    pub inhibit_mapping: bool,
    pub inhibit_any: bool,
}

/// Policies and mappings of one certificate that are looked at. An honest one has two or three.
const POLICIES_MAX: usize = 64;

type Policy = Vec<u8>;

#[derive(Debug, Clone, Default)]
struct Node {
    expected: BTreeSet<Policy>,
    /// Policies of the root's domain this one stands for; none for anyPolicy itself.
    origins: BTreeSet<Policy>,
}

/// `valid_policy_graph` at the current depth; empty stands for NULL.
type Level = BTreeMap<Policy, Node>;

struct State {
    level: Level,
    explicit_policy: u64,
    policy_mapping: u64,
    inhibit_any: u64,
}

/// Whether `path` (signer first, root last) is valid for a policy where one is needed.
///
/// # Errors
/// An extension that cannot be read, or a mapping of anyPolicy.
pub(super) fn hold(path: &[Arc<Certificate>], settings: &PolicySettings) -> Read<bool> {
    let weighs = |certificate: &Certificate| {
        let extensions = &certificate.extensions.policies;
        extensions.constraints.is_some() || extensions.mappings.is_some() || extensions.inhibit_any.is_some()
    };
    // Where nothing requires a policy, every path is valid for one.
    if !settings.require_explicit && !path.iter().any(|certificate| weighs(certificate)) {
        return Ok(true);
    }
    let below_root: Vec<&Arc<Certificate>> = path.iter().rev().skip(1).collect();
    let length = u64::try_from(below_root.len()).unwrap_or(u64::MAX);
    let start = |is_set: bool| if is_set { 0 } else { length.saturating_add(1) };
    let any = any_policy();
    let root = Node { expected: BTreeSet::from([any.clone()]), origins: BTreeSet::new() };
    let mut state = State {
        level: Level::from([(any, root)]),
        explicit_policy: start(settings.require_explicit),
        policy_mapping: start(settings.inhibit_mapping),
        inhibit_any: start(settings.inhibit_any),
    };
    for (position, certificate) in below_root.iter().enumerate() {
        let is_last = position + 1 == below_root.len();
        state.process(certificate, is_last)?;
        if state.explicit_policy == 0 && state.level.is_empty() {
            return Ok(false);
        }
        if is_last {
            state.wrap_up(certificate)?;
        } else {
            state.prepare(certificate)?;
        }
    }
    Ok(state.explicit_policy > 0 || state.has_wanted(settings))
}

impl State {
    /// RFC 9618 §5.3: steps (d) and (e).
    fn process(&mut self, certificate: &Certificate, is_last: bool) -> Read<()> {
        let above = std::mem::take(&mut self.level);
        let Some(policies) = policies(certificate)? else { return Ok(()) };
        let any = any_policy();
        for policy in policies.iter().filter(|policy| **policy != any) {
            let mut parents = above.values().filter(|node| node.expected.contains(policy)).peekable();
            let origins = if parents.peek().is_some() {
                parents.flat_map(|node| node.origins.iter().cloned()).collect()
            } else if above.contains_key(&any) {
                BTreeSet::from([policy.clone()])
            } else {
                continue;
            };
            self.level.insert(policy.clone(), Node { expected: BTreeSet::from([policy.clone()]), origins });
        }
        if policies.contains(&any) && (self.inhibit_any > 0 || (!is_last && certificate.names_itself())) {
            for node in above.values() {
                for expected in &node.expected {
                    if policies.contains(expected) && *expected != any {
                        continue;
                    }
                    let new = self.level.entry(expected.clone()).or_default();
                    new.expected.insert(expected.clone());
                    new.origins.extend(node.origins.iter().cloned());
                }
            }
        }
        Ok(())
    }

    /// RFC 5280 §6.1.4 (a), (b), (h), (i), (j).
    fn prepare(&mut self, certificate: &Certificate) -> Read<()> {
        let any = any_policy();
        let mappings = mappings(certificate)?;
        if mappings.iter().any(|(issuer, subject)| *issuer == any || subject.contains(&any)) {
            return Err(Malformed("it maps any policy"));
        }
        for (issuer, subject) in mappings {
            if self.policy_mapping == 0 {
                self.level.remove(&issuer);
            } else if let Some(node) = self.level.get_mut(&issuer) {
                node.expected = subject;
            } else if self.level.contains_key(&any) {
                let origins = BTreeSet::from([issuer.clone()]);
                self.level.insert(issuer, Node { expected: subject, origins });
            }
        }
        if !certificate.names_itself() {
            for counter in [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any] {
                *counter = counter.saturating_sub(1);
            }
        }
        let (explicit, mapping) = constraints(certificate)?;
        self.explicit_policy = explicit.map_or(self.explicit_policy, |skip| skip.min(self.explicit_policy));
        self.policy_mapping = mapping.map_or(self.policy_mapping, |skip| skip.min(self.policy_mapping));
        if let Some(value) = &certificate.extensions.policies.inhibit_any {
            self.inhibit_any = self.inhibit_any.min(Element::only(value)?.tagged(INTEGER)?.small()?);
        }
        Ok(())
    }

    /// RFC 5280 §6.1.5 (a), (b).
    fn wrap_up(&mut self, certificate: &Certificate) -> Read<()> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if constraints(certificate)?.0 == Some(0) {
            self.explicit_policy = 0;
        }
        Ok(())
    }

    /// RFC 9618 §5.5 (g): the intersection with the policies that are wanted.
    fn has_wanted(&self, settings: &PolicySettings) -> bool {
        if settings.any_of.is_empty() {
            return !self.level.is_empty();
        }
        let is_wanted = |policy: &Policy| settings.any_of.contains(policy);
        self.level.contains_key(&any_policy()) || self.level.values().any(|node| node.origins.iter().any(is_wanted))
    }
}

fn any_policy() -> Policy {
    oids::ANY_POLICY.as_bytes().to_vec()
}

fn policies(certificate: &Certificate) -> Read<Option<BTreeSet<Policy>>> {
    let Some(value) = &certificate.extensions.policies.policies else { return Ok(None) };
    let list = Element::only(value)?.tagged(SEQUENCE)?.reader().all()?;
    if list.is_empty() || list.len() > POLICIES_MAX {
        return Err(Malformed("it names no policies or too many"));
    }
    let read = list.into_iter().map(|policy| Ok(Oid::of(policy.tagged(SEQUENCE)?.reader().next()?)?.0));
    read.collect::<Read<_>>().map(Some)
}

fn mappings(certificate: &Certificate) -> Read<BTreeMap<Policy, BTreeSet<Policy>>> {
    let mut mappings: BTreeMap<Policy, BTreeSet<Policy>> = BTreeMap::new();
    let Some(value) = &certificate.extensions.policies.mappings else { return Ok(mappings) };
    let list = Element::only(value)?.tagged(SEQUENCE)?.reader().all()?;
    if list.len() > POLICIES_MAX {
        return Err(Malformed("it maps too many policies"));
    }
    for mapping in list {
        let mut reader = mapping.tagged(SEQUENCE)?.reader();
        let issuer = Oid::of(reader.next()?)?.0;
        mappings.entry(issuer).or_default().insert(Oid::of(reader.next()?)?.0);
        reader.finish()?;
    }
    Ok(mappings)
}

/// `requireExplicitPolicy` and `inhibitPolicyMapping`.
fn constraints(certificate: &Certificate) -> Read<(Option<u64>, Option<u64>)> {
    let Some(value) = &certificate.extensions.policies.constraints else { return Ok((None, None)) };
    let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
    let explicit = reader.optional(context_primitive(0))?.map(Element::small).transpose()?;
    let mapping = reader.optional(context_primitive(1))?.map(Element::small).transpose()?;
    reader.finish()?;
    if explicit.is_none() && mapping.is_none() {
        return Err(Malformed("it constrains policies by nothing"));
    }
    Ok((explicit, mapping))
}
