//! Values with the days they hold for: every price, coefficient, threshold and order of the calculation is one.

use chrono::NaiveDate;

/// A value and the days it holds for, `from` the first and `to` the first one after; `None` while it holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dated<T> {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    pub value: T,
}

impl<T> Dated<T> {
    pub fn covers(&self, day: NaiveDate) -> bool {
        holds(self.from, self.to, day)
    }
}

/// Whether a validity contains `day`.
pub fn holds(from: NaiveDate, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    from <= day && to.is_none_or(|end| day < end)
}

/// Whether two validities share a day.
pub fn overlap(one: (NaiveDate, Option<NaiveDate>), other: (NaiveDate, Option<NaiveDate>)) -> bool {
    one.1.is_none_or(|end| other.0 < end) && other.1.is_none_or(|end| one.0 < end)
}

/// The value that holds on `day`.
pub fn on<T>(list: &[Dated<T>], day: NaiveDate) -> Option<&T> {
    list.iter().find(|dated| dated.covers(day)).map(|dated| &dated.value)
}

/// The first two entries of a list that both hold on some day: nobody could say which counts.
pub fn first_overlap<T>(list: &[Dated<T>]) -> Option<(&Dated<T>, &Dated<T>)> {
    let clash = |(index, one): (usize, &Dated<T>)| {
        let later = list.iter().skip(index + 1);
        later.into_iter().position(|other| overlap((one.from, one.to), (other.from, other.to))).map(|at| (index, index + 1 + at))
    };
    let (one, other) = list.iter().enumerate().find_map(clash)?;
    Some((list.get(one)?, list.get(other)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn dated(from: &str, to: Option<&str>, value: u8) -> Dated<u8> {
        Dated { from: day(from), to: to.map(day), value }
    }

    #[test]
    fn a_value_holds_from_its_first_day_to_the_day_before_its_end() {
        let list = [dated("2026-01-01", Some("2026-04-01"), 1), dated("2026-04-01", None, 2)];
        for (asked, value) in [("2025-12-31", None), ("2026-01-01", Some(1)), ("2026-03-31", Some(1)), ("2026-04-01", Some(2))] {
            assert_eq!(on(&list, day(asked)).copied(), value, "{asked}");
        }
        assert_eq!(first_overlap(&list), None);
    }

    #[test]
    fn a_shared_day_is_an_overlap() {
        let list = [dated("2026-01-01", Some("2026-04-02"), 1), dated("2026-04-01", None, 2)];
        assert_eq!(first_overlap(&list), Some((&list[0], &list[1])));
        let open = [dated("2026-05-01", None, 1), dated("2026-04-01", None, 2)];
        assert!(first_overlap(&open).is_some());
    }
}
