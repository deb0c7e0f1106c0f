//! What the purpose of a payment says: contracts, invoices, debt types and periods, all of them and none guessed.
//!
//! The text is a stranger's: a thousand characters of it are read, once from left to right. Source: R-PAY-4.

use std::collections::BTreeSet;

use oblik_domain::NaiveDate;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::DebtType;
use oblik_domain::period::Period;
use oblik_words::payments::{DEBT_STEMS, DEBT_WORDS, DOCUMENT_WORDS, EXCESS_STEMS, MONTHS, PERCENT_STEMS, POWER_STEMS, fold};

/// Characters of a purpose that are read; banks cut theirs at 420.
const CHARS_MAX: usize = 1000;
/// A month without a year is the one not longer ago than this, counted from the payment, or the next.
const MONTHS_BACK: i64 = 10;

/// Everything a purpose says, by kind. More than one of a kind contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stated {
    pub contracts: BTreeSet<ContractNumber>,
    /// With the series as it was typed.
    pub invoices: BTreeSet<InvoiceNumber>,
    pub debts: BTreeSet<DebtType>,
    pub periods: BTreeSet<Period>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Number(String),
    Word(String),
    Sign(char),
    Space,
}

/// Reads a purpose; a month without a year is taken near `paid_on`.
pub fn read_purpose(text: &str, paid_on: NaiveDate) -> Stated {
    let tokens = tokens(text);
    let mut stated = Stated::default();
    let (mut exceeds, mut of_power) = (false, false);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        let before = tokens.get(..at).unwrap_or_default();
        at += match token {
            Token::Number(digits) => number(digits, rest, before, &mut stated),
            Token::Word(word) => {
                let word = fold(word);
                exceeds |= begins(&word, EXCESS_STEMS);
                of_power |= begins(&word, POWER_STEMS);
                stated.debts.extend(DEBT_STEMS.iter().find(|(stem, _)| word.starts_with(stem)).map(|(_, debt)| *debt));
                stated.debts.extend(DEBT_WORDS.iter().find(|(whole, _)| word == *whole).map(|(_, debt)| *debt));
                stated.periods.extend(month(&word, rest, before, paid_on));
                1
            }
            Token::Sign(_) | Token::Space => 1,
        };
    }
    if exceeds {
        stated.debts.insert(if of_power { DebtType::LimitPower } else { DebtType::LimitConsumption });
    }
    stated
}

fn begins(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for c in text.chars().take(CHARS_MAX) {
        let is_mark = ('\u{300}'..='\u{36f}').contains(&c);
        match tokens.last_mut() {
            Some(Token::Number(digits)) if c.is_ascii_digit() => digits.push(c),
            Some(Token::Word(word)) if c.is_alphabetic() || is_mark => word.push(c),
            Some(Token::Space) if c.is_whitespace() => {}
            _ => tokens.push(match c {
                _ if c.is_ascii_digit() => Token::Number(c.to_string()),
                _ if c.is_alphabetic() => Token::Word(c.to_string()),
                _ if c.is_whitespace() => Token::Space,
                // Dashes of every length are one sign.
                '‐'..='―' | '−' => Token::Sign('-'),
                _ => Token::Sign(c),
            }),
        }
    }
    tokens
}

/// What begins with a number; how many tokens it takes.
fn number(digits: &str, rest: &[Token], before: &[Token], stated: &mut Stated) -> usize {
    let second = joined(rest, 1);
    let third = second.and_then(|_| joined(rest, 3));
    let lengths = (digits.len(), second.map(|(_, next)| next.len()), third.map(|(_, next)| next.len()));
    match (lengths, second) {
        // A date in full says when a document was made, not what is paid for.
        ((1..=2, Some(1..=2), Some(2 | 4)) | (4, Some(1..=2), Some(1..=2)), _) => 5,
        ((4, Some(6..), _), Some(('-', running))) => {
            stated.invoices.extend(invoice(digits, running, before));
            3
        }
        ((1..=2, Some(4), None), Some((_, year))) => {
            stated.periods.extend(period(year, digits).filter(|_| !follows_document(before)));
            3
        }
        ((4, Some(2), None), Some((_, month))) => {
            stated.periods.extend(period(digits, month).filter(|_| !follows_document(before)));
            3
        }
        ((9, Some(2), None), Some(('.' | ',', _))) => 3,
        ((9, ..), _) => {
            stated.contracts.extend(ContractNumber::parse(digits).ok());
            1
        }
        ((1, ..), _) if digits == "3" && is_percent(rest) && !is_fraction(before) => {
            stated.debts.insert(DebtType::AnnualInterest);
            1
        }
        _ => 1,
    }
}

/// The sign and the number that follow without a space.
fn joined(rest: &[Token], at: usize) -> Option<(char, &str)> {
    match (rest.get(at), rest.get(at + 1)) {
        (Some(Token::Sign(sign @ ('.' | ',' | '/' | '-'))), Some(Token::Number(digits))) => Some((*sign, digits)),
        _ => None,
    }
}

fn period(year: &str, month: &str) -> Option<Period> {
    Period::new(year.parse().ok()?, month.parse().ok()?)
}

/// Whether what was just read is a number after a comma.
fn is_fraction(before: &[Token]) -> bool {
    matches!(before, [.., Token::Number(_), Token::Sign('.' | ',')])
}

fn is_percent(rest: &[Token]) -> bool {
    match rest.iter().skip(1).find(|token| **token != Token::Space) {
        Some(Token::Sign(sign)) => begins(&sign.to_string(), PERCENT_STEMS),
        Some(Token::Word(word)) => begins(&fold(word), PERCENT_STEMS),
        _ => false,
    }
}

/// Whether a number sign or the word for a document stands before.
fn follows_document(before: &[Token]) -> bool {
    match before.iter().rev().find(|token| !matches!(token, Token::Space | Token::Sign('.' | ':'))) {
        Some(Token::Sign('№' | '#')) => true,
        Some(Token::Word(word)) => DOCUMENT_WORDS.contains(&fold(word).as_str()),
        _ => false,
    }
}

/// The number of an invoice as it displays, `ОЕ-2026-000001`, its series being what is joined on before it.
fn invoice(year: &str, running: &str, before: &[Token]) -> Option<InvoiceNumber> {
    let year: u16 = year.parse().ok().filter(|year| (2000..2200).contains(year))?;
    let running = running.parse().ok()?;
    let mut series = String::new();
    let mut parts = before.iter().rev();
    if parts.next() == Some(&Token::Sign('-')) {
        let joined =
            parts.take_while(|token| !matches!(token, Token::Space) && !matches!(token, Token::Sign(sign) if *sign != '-'));
        for part in joined.collect::<Vec<_>>().into_iter().rev() {
            match part {
                Token::Number(text) | Token::Word(text) => series.push_str(text),
                Token::Sign(sign) => series.push(*sign),
                Token::Space => {}
            }
        }
    }
    Some(InvoiceNumber { series, year, running })
}

/// The period a month's name stands for; a day before it makes it a date.
fn month(word: &str, rest: &[Token], before: &[Token], paid_on: NaiveDate) -> Option<Period> {
    let index = MONTHS.iter().position(|forms| forms.contains(&word))?;
    let month = u8::try_from(index + 1).ok()?;
    let is_day =
        matches!(before.iter().rev().find(|token| **token != Token::Space), Some(Token::Number(digits)) if digits.len() <= 2);
    if is_day {
        return None;
    }
    let next = rest.iter().skip(1).find(|token| !matches!(token, Token::Space | Token::Sign('.' | ',' | '-' | '/')));
    if let Some(Token::Number(year)) = next.filter(|token| matches!(token, Token::Number(year) if year.len() == 4)) {
        return Period::new(year.parse().ok()?, month);
    }
    let paid = Period::of(paid_on)?;
    let near = (-MONTHS_BACK..=1).filter_map(|months| Period::from_ordinal(paid.ordinal() + months));
    near.into_iter().find(|period| period.month() == month)
}
