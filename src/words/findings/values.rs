//! Values of findings as pieces of a sentence: each brings its own space and says nothing when it is empty.

use oblik_domain::finding::Finding;
use oblik_domain::period::{Period, kyiv_clock};
use oblik_domain::{DateTime, NaiveDate, Utc};

use crate::numbers::{date, month_name};
use crate::terms;

/// ` «text»`, or nothing when there is no text.
pub(super) fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" «{text}»") }
}

/// ` text`, or nothing when there is no text.
pub(super) fn plain(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text}") }
}

pub(super) fn digits(count: &str) -> String {
    if count.is_empty() { String::new() } else { format!(" (цифр на шкалі: {count})") }
}

pub(super) fn on_day(day: &str) -> String {
    if day.is_empty() { String::new() } else { format!(" на {}", when(day)) }
}

/// A day or a moment as people write it; whatever is neither stays as it is.
fn when(text: &str) -> String {
    if let Ok(moment) = text.parse::<DateTime<Utc>>() {
        return kyiv_clock(moment);
    }
    text.parse::<NaiveDate>().map_or_else(|_| text.to_owned(), date)
}

pub(super) fn at(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {}", when(text)) }
}

pub(super) fn later(text: &str) -> String {
    if text.is_empty() { " пізніше".to_owned() } else { format!(" тільки {}", when(text)) }
}

pub(super) fn signed_at(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(", а підпис створено {}", when(text)) }
}

pub(super) fn issuer(name: &str) -> String {
    if name.is_empty() { " надавачем".to_owned() } else { format!(" надавачем «{name}»") }
}

fn period(text: &str) -> String {
    Period::parse(text).map_or_else(|| text.to_owned(), month_name)
}

pub(super) fn for_period(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" за {}", period(text)) }
}

pub(super) fn named_period(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" «{}»", period(text)) }
}

pub(super) fn number(text: &str) -> String {
    if text.is_empty() { " сформовано".to_owned() } else { format!(" № {text}") }
}

pub(super) fn register(finding: &Finding) -> String {
    let name = finding.value("register");
    if name.is_empty() { "показання".to_owned() } else { terms::registers(name) }
}

pub(super) fn missing_registers(list: &str) -> String {
    if list.is_empty() { String::new() } else { format!(", бракує: {}", terms::registers(list)) }
}

pub(super) fn changed(list: &str) -> String {
    if list.is_empty() { String::new() } else { format!(": {}", terms::registers(list)) }
}

pub(super) fn place(finding: &Finding) -> String {
    finding.place.map_or_else(String::new, |place| format!(", рядок {}, позиція {}", place.line, place.column))
}

pub(super) fn detail(finding: &Finding) -> String {
    let text = finding.value("detail").trim_end_matches('.');
    if text.is_empty() { String::new() } else { format!(": «{text}»") }
}

/// By which mark a machine was known: the field's own name, in quotes.
pub(super) fn sign(mark: &str) -> String {
    if mark.is_empty() { String::new() } else { format!(" (ознака «{mark}»)") }
}

/// What of a calculation did not fit.
pub(super) fn range(what: &str) -> String {
    let part = oblik_domain::tariff::PriceComponent::parse(what);
    let name = if what == "vat" { Some("ПДВ") } else { part.map(terms::price_component) };
    name.map_or_else(String::new, |name| format!(" «{name}»"))
}

/// The bound that was passed, in words where it is one of ours.
pub(super) fn limit(what: &str, limit: &str) -> String {
    let named = match what {
        "bytes" => "розмір у байтах",
        "header-bytes" => "розмір заголовка в байтах",
        "parts" => "кількість частин",
        "depth" => "глибина вкладення",
        "decoded-bytes" => "розмір вкладень у байтах",
        "signers" => "кількість підписів",
        "certificates" => "кількість сертифікатів",
        "lines" => "кількість рядків",
        "records" => "кількість записів",
        other => other,
    };
    match (named.is_empty(), limit.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!(": {named}"),
        (true, false) => format!(": найбільше {limit}"),
        (false, false) => format!(": {named}, найбільше {limit}"),
    }
}
