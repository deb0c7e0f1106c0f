//! What a payment code holds: the formats 002 and 003 of the National Bank, and which of them a template asks for.
//!
//! Source: NBU resolution № 97 of 19.08.2025. Windows-1251 with CRLF under `bank.gov.ua/qr/` is what the banks'
//! applications read most widely in format 002; format 003 has its own category, the invoice's number as reference, line feeds
//! alone and less room. UTF-8 is used where the payee or the purpose has letters that Windows-1251 lacks.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oblik_domain::ids::{Edrpou, Iban};
use oblik_domain::invoice::Invoice;
use oblik_domain::money::Kopiykas;

use crate::clean::clean;

const PAYEE_CHARS: usize = 140;
const PURPOSE_CHARS: usize = 420;
const REFERENCE_CHARS: usize = 35;
/// Most that a code of version 20 holds at low correction, bytes. Source: ISO/IEC 18004, table 7.
const BYTES_002: usize = 858;
/// The resolution's bound for the address of format 003, bytes.
const BYTES_003: usize = 507;
const HOST_CHARS: usize = 60;
const PAGE_CHARS: usize = 300;
/// Words of an own payment page's address.
pub const PAGE_WORDS: [&str; 3] = ["number", "amount", "contract"];

/// How payment codes are made: `[payment]` of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentForm {
    format: Format,
    encoding: Encoding,
    /// `None` is what the format asks for.
    line_end: Option<LineEnd>,
    /// With `https://` and the last `/`.
    host: String,
    /// Category and purpose of ISO 20022, format 003 alone.
    category: String,
    /// Address of an own payment page, its words in braces.
    page: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    V002,
    V003,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Windows1251,
    Utf8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    CrLf,
    Lf,
}

impl Default for PaymentForm {
    fn default() -> Self {
        Self {
            format: Format::V002,
            encoding: Encoding::Windows1251,
            line_end: None,
            host: "https://bank.gov.ua/qr/".to_owned(),
            category: "SUPP/REGU".to_owned(),
            page: None,
        }
    }
}

/// A key of `[payment]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentKey {
    Format,
    Encoding,
    LineEnd,
    Host,
    Category,
    Page,
}

impl PaymentKey {
    pub const ALL: [(&str, Self); 6] = [
        ("format", Self::Format),
        ("encoding", Self::Encoding),
        ("line_end", Self::LineEnd),
        ("host", Self::Host),
        ("category", Self::Category),
        ("page", Self::Page),
    ];
}

impl PaymentForm {
    /// Sets what a template says.
    ///
    /// # Errors
    /// What may be written instead.
    pub fn set(&mut self, key: PaymentKey, value: &str) -> Result<(), String> {
        match key {
            PaymentKey::Format => self.format = one_of(value, &[("002", Format::V002), ("003", Format::V003)])?,
            PaymentKey::Encoding => {
                self.encoding = one_of(value, &[("windows-1251", Encoding::Windows1251), ("utf-8", Encoding::Utf8)])?;
            }
            PaymentKey::LineEnd => {
                let known = [("", None), ("crlf", Some(LineEnd::CrLf)), ("lf", Some(LineEnd::Lf))];
                self.line_end = one_of(value, &known)?;
            }
            PaymentKey::Host => {
                let known = |c: char| c.is_ascii_alphanumeric() || ".-/".contains(c);
                let rest = value.strip_prefix("https://").filter(|rest| rest.ends_with('/') && rest.len() > 1);
                if !rest.is_some_and(|rest| rest.chars().all(known) && rest.len() <= HOST_CHARS && !rest.contains("//")) {
                    return Err("is an address such as https://bank.gov.ua/qr/".to_owned());
                }
                value.clone_into(&mut self.host);
            }
            PaymentKey::Category => {
                let is_code = |part: &str| part.len() == 4 && part.chars().all(|c| c.is_ascii_uppercase());
                if !value.split_once('/').is_some_and(|(category, purpose)| is_code(category) && is_code(purpose)) {
                    return Err("is two codes of ISO 20022, such as SUPP/REGU".to_owned());
                }
                value.clone_into(&mut self.category);
            }
            PaymentKey::Page => self.page = page(value)?,
        }
        Ok(())
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The address of the payment page for an invoice, with its values percent-encoded.
    pub(crate) fn page(&self, invoice: &Invoice) -> Option<String> {
        let number = invoice.number.to_string();
        let (amount, contract) = (invoice.payable().to_string(), invoice.buyer.contract.as_str());
        let mut page = self.page.clone()?;
        for (word, value) in PAGE_WORDS.into_iter().zip([&*number, &*amount, contract]) {
            // A value is encoded, so it holds no brace that could be read again.
            page = page.replace(&format!("{{{word}}}"), &percent_encoded(value));
        }
        Some(page)
    }

    /// The address that the code holds and a touch opens; without an amount when there is nothing to pay.
    ///
    /// Only the purpose is ever shortened. `None` where the other fields alone are too long for the format.
    pub(crate) fn address(&self, payment: &Payment<'_>) -> Option<String> {
        let most = if self.format == Format::V002 { BYTES_002 } else { BYTES_003 };
        let purpose = clean(payment.purpose, PURPOSE_CHARS);
        let mut chars = purpose.chars().count().min(PURPOSE_CHARS);
        loop {
            let purpose: String = purpose.chars().take(chars).collect();
            let address = self.whole(payment, purpose.trim_end());
            if address.len() <= most {
                return Some(address);
            }
            if chars == 0 {
                return None;
            }
            // Four characters of the address are three bytes, of which a letter is four at most.
            chars = chars.saturating_sub(((address.len() - most) * 3 / 16).max(1));
        }
    }

    fn whole(&self, payment: &Payment<'_>, purpose: &str) -> String {
        let payee: String = clean(payment.payee, PAYEE_CHARS).chars().take(PAYEE_CHARS).collect();
        let amount = if payment.amount > Kopiykas::ZERO { format!("UAH{}", payment.amount) } else { String::new() };
        let (iban, code) = (payment.iban.as_str(), payment.code.as_str());
        let line_end = match (self.line_end, self.format) {
            (Some(LineEnd::CrLf), _) | (None, Format::V002) => "\r\n",
            (Some(LineEnd::Lf), _) | (None, Format::V003) => "\n",
        };
        let fields = |encoding: &str| match self.format {
            Format::V002 => ["BCD", "002", encoding, "UCT", "", &payee, iban, &amount, code, "", "", purpose, ""].join(line_end),
            Format::V003 => {
                let reference: String = clean(payment.reference, REFERENCE_CHARS).chars().take(REFERENCE_CHARS).collect();
                let (category, display, lock, until, made, signature) = (&*self.category, "", "", "", "", "");
                let head = ["BCD", "003", encoding, "UCT", "", &payee, iban, &amount, code, category];
                let tail = [&*reference, purpose, display, lock, until, made, signature];
                [head.join(line_end), tail.join(line_end)].join(line_end)
            }
        };
        let narrow = fields("2");
        let (bytes, _, unmappable) = encoding_rs::WINDOWS_1251.encode(&narrow);
        let is_wide = unmappable || self.encoding == Encoding::Utf8;
        let coded = if is_wide { URL_SAFE_NO_PAD.encode(fields("1")) } else { URL_SAFE_NO_PAD.encode(bytes) };
        format!("{}{coded}", self.host)
    }
}

/// What a payment order needs.
pub struct Payment<'a> {
    pub payee: &'a str,
    pub iban: &'a Iban,
    pub code: &'a Edrpou,
    pub amount: Kopiykas,
    pub purpose: &'a str,
    /// Number of the invoice, format 003 alone.
    pub reference: &'a str,
}

/// The address that opens a payment in a bank's application, as `form` makes it; in format 002 where that has too little room.
pub fn payment_address(form: &PaymentForm, payment: &Payment<'_>) -> Option<String> {
    form.address(payment).or_else(|| roomier(form).address(payment))
}

/// The same form with the most room.
pub(crate) fn roomier(form: &PaymentForm) -> PaymentForm {
    PaymentForm { format: Format::V002, line_end: form.line_end.filter(|_| form.format == Format::V002), ..form.clone() }
}

fn one_of<T: Copy>(value: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == value).map(|(_, known)| *known);
    let names = || known.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ");
    found.ok_or_else(|| format!("is {}", names()))
}

fn page(value: &str) -> Result<Option<String>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let known = |c: char| c.is_ascii_graphic() && !"\"<>\\^`|".contains(c);
    let host = value.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
    if is_host && value.chars().all(known) && value.len() <= PAGE_CHARS {
        Ok(Some(value.to_owned()))
    } else {
        Err(format!("is empty or an address such as https://pay.example.ua/{{number}}, of at most {PAGE_CHARS} characters"))
    }
}

/// Everything but the unreserved characters of RFC 3986, §2.3.
fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
