//! Computes the formulas of a trace again, as whoever reads it would: a step that does not come out is a failure.

use oblik_domain::Decimal;
use oblik_domain::bill::TraceStep;
use oblik_domain::energy::Kwh;

/// Every step of these rules must come to its result.
const RULES: [&str; 7] = ["R-LOSS-1", "R-LOSS-2", "R-VOL-2", "R-VOL-5", "R-VOL-5b", "R-REACT-SUB", "R-INT"];

pub(crate) fn hold(trace: &[TraceStep]) {
    for step in trace.iter().filter(|step| RULES.contains(&step.rule.as_ref())) {
        let mut text = Text { rest: step.formula.chars().filter(|c| *c != ' ').collect() };
        let value = text.sum();
        assert!(text.rest.is_empty(), "{step:?}: {:?}", text.rest);
        assert_eq!(value, step.result.parse::<Decimal>().unwrap(), "{step:?}");
    }
}

fn rounded(value: Decimal) -> Decimal {
    Decimal::from(Kwh::rounded(value).unwrap().0)
}

struct Text {
    rest: std::collections::VecDeque<char>,
}

impl Text {
    fn takes(&mut self, word: &str) -> bool {
        let begins = word.chars().enumerate().all(|(at, c)| self.rest.get(at) == Some(&c));
        if begins {
            self.rest.drain(..word.chars().count());
        }
        begins
    }

    fn sum(&mut self) -> Decimal {
        let mut value = self.product();
        loop {
            if self.takes("+") {
                value += self.product();
            } else if self.takes("−") {
                value -= self.product();
            } else {
                return value;
            }
        }
    }

    fn product(&mut self) -> Decimal {
        let mut value = self.square();
        loop {
            if self.takes("×") {
                value *= self.square();
            } else if self.takes("/") {
                value /= self.square();
            } else {
                return value;
            }
        }
    }

    fn square(&mut self) -> Decimal {
        let value = self.atom();
        if self.takes("²") { value * value } else { value }
    }

    fn atom(&mut self) -> Decimal {
        if self.takes("round0(") {
            let value = self.sum();
            assert!(self.takes(")"));
            rounded(value)
        } else if self.takes("min(") {
            let one = self.sum();
            assert!(self.takes(","));
            let other = self.sum();
            assert!(self.takes(")"));
            one.min(other)
        } else if self.takes("−") {
            -self.atom()
        } else if self.takes("(") {
            let value = self.sum();
            assert!(self.takes(")"));
            value
        } else {
            let digits = self.rest.iter().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).count();
            let number: String = self.rest.drain(..digits).collect();
            number.parse().unwrap_or_else(|_| panic!("{number:?} before {:?}", self.rest))
        }
    }
}
