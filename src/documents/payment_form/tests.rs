//! A payment address holds what the resolution asks for, within its bounds, whatever a name or a template says.

use oblik_domain::ids::{Edrpou, Iban};

use super::*;
use crate::payment_qr::payment_code;

const PAYEE: &str = "ТОВ «Приклад Енергозбут»";
const PURPOSE: &str = "За активну е/е";

fn with<T>(payee: &str, purpose: &str, ask: impl FnOnce(&Payment<'_>) -> T) -> T {
    let (iban, code) = (Iban::parse("UA213223130000026007233566001").unwrap(), Edrpou::parse("00131512").unwrap());
    let (amount, reference) = (Kopiykas(702_859_056), "ОЕ-2026-000042");
    ask(&Payment { payee, iban: &iban, code: &code, amount, purpose, reference })
}

fn form(settings: &[(PaymentKey, &str)]) -> PaymentForm {
    let mut form = PaymentForm::default();
    for (key, value) in settings {
        form.set(*key, value).unwrap();
    }
    form
}

/// The fields of an address, by the encoding it names itself.
fn fields(address: &str, host: &str, line_end: &str) -> Vec<String> {
    let bytes = URL_SAFE_NO_PAD.decode(address.strip_prefix(host).unwrap()).unwrap();
    let is_utf8 = bytes.split(|byte| *byte == b'\n').nth(2).unwrap().starts_with(b"1");
    let text = if is_utf8 { String::from_utf8(bytes).unwrap() } else { encoding_rs::WINDOWS_1251.decode(&bytes).0.into_owned() };
    text.split(line_end).map(str::to_owned).collect()
}

#[test]
fn the_address_of_002_holds_thirteen_fields() {
    for (payee, encoding) in [(PAYEE, "2"), ("ТОВ «Łódź»", "1")] {
        let address = with(payee, PURPOSE, |payment| payment_address(&PaymentForm::default(), payment)).unwrap();
        let iban = "UA213223130000026007233566001";
        let expected = ["BCD", "002", encoding, "UCT", "", payee, iban, "UAH7028590.56", "00131512", "", "", PURPOSE, ""];
        assert_eq!(fields(&address, "https://bank.gov.ua/qr/", "\r\n"), expected);
    }
}

#[test]
fn the_address_of_003_holds_seventeen_fields_with_category_and_reference() {
    let form = form(&[
        (PaymentKey::Format, "003"),
        (PaymentKey::Encoding, "utf-8"),
        (PaymentKey::Host, "https://qr.bank.gov.ua/"),
        (PaymentKey::Category, "SUPP/OTHR"),
    ]);
    let address = with(PAYEE, PURPOSE, |payment| payment_address(&form, payment)).unwrap();
    let (iban, number) = ("UA213223130000026007233566001", "ОЕ-2026-000042");
    let expected = [
        "BCD",
        "003",
        "1",
        "UCT",
        "",
        PAYEE,
        iban,
        "UAH7028590.56",
        "00131512",
        "SUPP/OTHR",
        number,
        PURPOSE,
        "",
        "",
        "",
        "",
        "",
    ];
    assert_eq!(fields(&address, "https://qr.bank.gov.ua/", "\n"), expected);
    let asked = self::form(&[(PaymentKey::Format, "003"), (PaymentKey::LineEnd, "crlf")]);
    let address = with(PAYEE, PURPOSE, |payment| payment_address(&asked, payment)).unwrap();
    assert_eq!(fields(&address, "https://bank.gov.ua/qr/", "\r\n").len(), 17);
}

#[test]
fn only_the_purpose_is_shortened_and_no_bound_is_passed() {
    let letters = [("Щ", "windows-1251"), ("Щ", "utf-8"), ("Ł", "utf-8"), ("a", "windows-1251")];
    for format in ["002", "003"] {
        let bound = if format == "002" { 858 } else { 507 };
        for (letter, encoding) in letters {
            for payee_chars in [1, 60, 100, 140, 500] {
                for purpose_chars in [0, 1, 150, 419, 420, 421, 5000] {
                    let form = form(&[(PaymentKey::Format, format), (PaymentKey::Encoding, encoding)]);
                    let (payee, purpose) = (letter.repeat(payee_chars), letter.repeat(purpose_chars));
                    let (code, address) = with(&payee, &purpose, |payment| payment_code(&form, payment)).unwrap();
                    assert!((10..=20).contains(&code.version().value()));
                    assert_ne!(code.error_correction_level(), qrcodegen::QrCodeEcc::High);
                    let is_002 = fields(&address, "https://bank.gov.ua/qr/", "\r\n").len() == 13;
                    let (line_end, at) = if is_002 { ("\r\n", 11) } else { ("\n", 11) };
                    let fields = fields(&address, "https://bank.gov.ua/qr/", line_end);
                    assert!(address.len() <= if is_002 { 858 } else { bound }, "{}", address.len());
                    assert_eq!(fields.get(5).unwrap().chars().count(), payee_chars.min(140), "{format} {letter}");
                    let told = fields.get(at).unwrap().chars().count();
                    assert!(told <= purpose_chars.min(420));
                    if address.len() + 20 < bound && is_002 == (format == "002") {
                        assert_eq!(told, purpose_chars.min(420), "{format} {letter} {payee_chars}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_a_template_cannot_say_is_told() {
    use PaymentKey::{Category, Encoding, Format, Host, LineEnd, Page};
    let mut form = PaymentForm::default();
    for (key, bad) in [
        (Format, "001"),
        (Format, ""),
        (Encoding, "koi8-u"),
        (LineEnd, "cr"),
        (Host, "http://bank.gov.ua/qr/"),
        (Host, "https://bank.gov.ua/qr"),
        (Host, "https:///"),
        (Host, "https://bank.gov.ua/?a=/"),
        (Category, "SUPP"),
        (Category, "supp/regu"),
        (Page, "javascript:alert(1)"),
        (Page, "http://pay.example.ua/"),
        (Page, "https:///x"),
        (Page, "https://пай.example.ua/"),
        (Page, "https://pay.example.ua/a b"),
    ] {
        let told = form.set(key, bad).unwrap_err();
        assert!(told.starts_with("is "), "{bad}: {told}");
    }
    assert_eq!(form, PaymentForm::default());
    for (key, good) in [(Page, ""), (LineEnd, ""), (LineEnd, "lf"), (Host, "https://qr.bank.gov.ua/")] {
        form.set(key, good).unwrap();
    }
}

#[test]
fn a_value_in_an_address_is_only_a_value() {
    let texts = [("ОЕ-1", "%D0%9E%D0%95-1"), ("a&b={amount}", "a%26b%3D%7Bamount%7D"), ("a-b_c.d~e", "a-b_c.d~e")];
    for (text, encoded) in texts {
        assert_eq!(percent_encoded(text), encoded);
    }
}
