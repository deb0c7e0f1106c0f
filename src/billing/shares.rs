//! Whole kilowatt-hours shared out so that the parts always make the whole. Source: R-RND, R-VOL-5b.

use crate::trace::text;

/// One part, and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Portion {
    pub value: i64,
    pub formula: String,
}

/// Shares `total` by `weights`: each part rounded, the last one that has a weight takes what is left.
///
/// No part has another sign than the total: what rounding would take beyond it is not given. Weights below zero count as none; where
/// no part has any, all have the same. `whole` is what the weights are parts of, their sum where it is `None`. `None` when a
/// figure does not fit.
pub(crate) fn split(total: i64, weights: &[i64], whole: Option<i64>) -> Option<Vec<Portion>> {
    let mut weights: Vec<i128> = weights.iter().map(|weight| i128::from(*weight).max(0)).collect();
    let mut sum: i128 = whole.map_or_else(|| weights.iter().sum(), i128::from);
    if weights.iter().all(|weight| *weight == 0) {
        weights.fill(1);
        sum = i128::try_from(weights.len()).ok()?;
    }
    let last = weights.iter().rposition(|weight| *weight > 0);
    let mut left = i128::from(total).abs();
    let mut given = String::new();
    let mut portions = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let (part, formula) = if Some(index) == last {
            (left, text!("{total}{given}"))
        } else {
            let exact = i128::from(total).abs().checked_mul(*weight)?.checked_mul(2)?.checked_add(sum)?;
            let rounded = exact.checked_div(sum.checked_mul(2)?)?;
            let formula = text!("round0({total} × {weight} / {sum})");
            if rounded > left { (left, text!("{total}{given}")) } else { (rounded, formula) }
        };
        left -= part;
        let value = i64::try_from(part * i128::from(total.signum())).ok()?;
        if value != 0 {
            given.push_str(if value < 0 { " + " } else { " − " });
            given.push_str(&value.unsigned_abs().to_string());
        }
        portions.push(Portion { value, formula });
    }
    Some(portions)
}

/// The parts' values, and each group's.
pub(crate) type Grouped<G> = (Vec<i64>, Vec<(G, Portion)>);

/// Shares `total` first among groups and then within each, as [`split`] does; `parts` are ordered by group.
///
/// A part is its group and its weight. `groups` are the groups' weights where they are not the sums of their parts', with
/// what they are parts of. The parts' values, and each group's with its formula.
pub(crate) fn split_in_groups<G: Copy + PartialEq>(
    total: i64,
    parts: &[(G, i64)],
    groups: Option<(&dyn Fn(G) -> i64, i64)>,
) -> Option<Grouped<G>> {
    let runs: Vec<&[(G, i64)]> = parts.chunk_by(|one, other| one.0 == other.0).collect();
    let mut weights = Vec::with_capacity(runs.len());
    for run in &runs {
        let weight = match (groups, run.first()) {
            (Some((weight, _)), Some((group, _))) => weight(*group),
            _ => run.iter().try_fold(0_i64, |sum, (_, weight)| sum.checked_add((*weight).max(0)))?,
        };
        weights.push(weight);
    }
    let shares = split(total, &weights, groups.map(|(_, whole)| whole))?;
    let (mut values, mut told) = (Vec::with_capacity(parts.len()), Vec::with_capacity(runs.len()));
    for (run, share) in runs.into_iter().zip(shares) {
        let weights: Vec<i64> = run.iter().map(|(_, weight)| *weight).collect();
        values.extend(split(share.value, &weights, None)?.into_iter().map(|portion| portion.value));
        told.extend(run.first().map(|(group, _)| (*group, share)));
    }
    Some((values, told))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where its ground is wrong")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(total: i64, weights: &[i64]) -> Vec<i64> {
        split(total, weights, None).unwrap().into_iter().map(|portion| portion.value).collect()
    }

    #[test]
    fn each_part_is_rounded_and_the_last_takes_what_is_left() {
        for (total, weights, expected) in [
            (100, &[1, 1, 1][..], &[33, 33, 34][..]),
            (1000, &[200, 300, 500], &[200, 300, 500]),
            // Half a kilowatt-hour goes away from zero, and what is not there is not given.
            (1, &[1, 1], &[1, 0]),
            (1, &[1, 1, 1, 1], &[0, 0, 0, 1]),
            (2, &[1, 1, 1, 1], &[1, 1, 0, 0]),
            // A part without weight gets nothing, not even a remainder.
            (1, &[1, 1, 1, 0], &[0, 0, 1, 0]),
            (5, &[0, 7, 0], &[0, 5, 0]),
            (5, &[-3, 7], &[0, 5]),
            // Nobody has a weight: all have the same.
            (7, &[0, 0, 0], &[2, 2, 3]),
            (0, &[3, 4], &[0, 0]),
            (-100, &[1, 1, 1], &[-33, -33, -34]),
            (9, &[4], &[9]),
            (9, &[], &[]),
        ] {
            assert_eq!(values(total, weights), expected, "{total} by {weights:?}");
        }
    }

    #[test]
    fn a_part_tells_how_it_came_to_be() {
        let formulas = |total, weights: &[i64], whole| -> Vec<String> {
            split(total, weights, whole).unwrap().into_iter().map(|portion| portion.formula).collect()
        };
        assert_eq!(formulas(100, &[1, 1, 1], None), ["round0(100 × 1 / 3)", "round0(100 × 1 / 3)", "100 − 33 − 33"]);
        assert_eq!(formulas(-3, &[1, 2], None), ["round0(-3 × 1 / 3)", "-3 + 1"]);
        assert_eq!(formulas(1, &[1, 1, 1], Some(2)), ["round0(1 × 1 / 2)", "1 − 1", "1 − 1"]);
        assert_eq!(formulas(90, &[29, 46, 25], Some(100)), ["round0(90 × 29 / 100)", "round0(90 × 46 / 100)", "90 − 26 − 41"]);
    }

    #[test]
    fn groups_are_shared_before_their_parts() {
        // Two zones of two parts each: the zones' shares do not depend on how a zone is cut.
        let parts = [('n', 1), ('n', 1), ('p', 1)];
        let (values, groups) = split_in_groups(10, &parts, None).unwrap();
        assert_eq!(values, [4, 3, 3]);
        let shares: Vec<(char, i64)> = groups.into_iter().map(|(group, share)| (group, share.value)).collect();
        assert_eq!(shares, [('n', 7), ('p', 3)]);
        let weight = |group| if group == 'n' { 25 } else { 75 };
        let (values, _) = split_in_groups(10, &parts, Some((&weight, 100))).unwrap();
        assert_eq!(values, [2, 1, 7]);
    }

    #[test]
    fn what_does_not_fit_is_no_panic() {
        assert_eq!(values(i64::MAX, &[i64::MAX; 3]).iter().sum::<i64>(), i64::MAX);
        assert_eq!(split(i64::MAX, &[i64::MAX; 5], None), None);
        assert_eq!(split_in_groups(5, &[('n', i64::MAX), ('n', 1)], None), None);
        assert_eq!(values(i64::MIN, &[1]), [i64::MIN]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_parts_make_the_whole_and_none_has_another_sign(
            total in -1_000_000_i64..1_000_000, weights in proptest::collection::vec(0_i64..1_000_000, 1..8),
        ) {
            let portions = values(total, &weights);
            prop_assert_eq!(portions.iter().sum::<i64>(), total);
            for (portion, weight) in portions.iter().zip(&weights) {
                prop_assert!(portion.signum() * total.signum() >= 0);
                prop_assert!(*portion == 0 || *weight > 0 || weights.iter().all(|weight| *weight == 0));
            }
        }
    }
}
