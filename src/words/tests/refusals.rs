//! What people read when a calculation is refused, waits, or was only tried.
#![allow(clippy::unwrap_used, reason = "a test stops where its ground is wrong")]

use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_words::body::{Block, Body, Tone};
use oblik_words::commands::Command;
use oblik_words::findings::sentence;
use oblik_words::letters::{ActSeen, MessageSeen};
use oblik_words::letters_billing;

fn e1() -> Finding {
    let finding = Finding::error(Code::VolumeImplausible).with("volume", 22_250).with("minimum", "1125.5").with("maximum", 9000);
    finding.with("average", 2250).with("months", 3).with("history", "2026-07 2250, 2026-08 0, 2026-09 4500")
}

fn caused(cause: &str, likely: &str) -> String {
    let finding = e1().with("cause", cause).with("meter", "M-1").with("register", "active-import/night").with("likely", likely);
    sentence(&finding).what
}

#[test]
fn e1_tells_the_volume_its_bounds_and_what_may_have_gone_wrong() {
    let seen = "Обсяг споживання 22250 кВт·год не потрапляє у дозволений діапазон від 1125,5 до 9000 кВт·год.";
    assert_eq!(sentence(&e1()).what, seen);
    for (cause, likely, told) in [
        (
            "digits-swapped",
            "12401.85",
            "Можливо, у показанні приладу «M-1» (СА, активна спожита, ніч) переставлено дві сусідні цифри: тоді правильне 12401,85.",
        ),
        (
            "digit-missing",
            "2595",
            "Можливо, у показанні приладу «M-1» (СА, активна спожита, ніч) бракує цифри або є зайва: наприклад, правильне 2595.",
        ),
        (
            "zones-swapped",
            "reactive-import/total",
            "Можливо, показання приладу «M-1» переставлено місцями: СА, активна спожита, ніч та СР, реактивна спожита, загалом.",
        ),
        (
            "coefficient-missing",
            "40",
            "Можливо, показання приладу «M-1» уже помножено на розрахунковий коефіцієнт 40 або його не враховано.",
        ),
        ("unheard-of", "", ""),
    ] {
        assert_eq!(caused(cause, likely), format!("{seen} {told}").trim_end(), "{cause}");
    }
    let one_end = |name: &'static str| sentence(&Finding::error(Code::VolumeImplausible).with("volume", 5).with(name, 7)).what;
    assert_eq!(one_end("minimum"), "Обсяг споживання 5 кВт·год менший за дозволений: найменше 7 кВт·год.");
    assert_eq!(one_end("maximum"), "Обсяг споживання 5 кВт·год більший за дозволений: найбільше 7 кВт·год.");
}

#[test]
fn e8_tells_the_days_and_what_can_still_be_done() {
    let finding = |opens: &str, closes: &str, arrived: &str| {
        let finding = Finding::error(Code::OutsideWindow).with("period", "2026-10").with("opens", opens);
        let told = sentence(&finding.with("closes", closes).with("arrived", arrived));
        (told.what, told.todo)
    };
    let early = finding("2026-11-02", "2026-11-04", "2026-11-01");
    assert_eq!(
        early.0,
        "Показання надійшли не у строк подання за жовтень 2026: показання приймаємо з 02.11.2026 до 04.11.2026 включно, лист надійшов 01.11.2026."
    );
    assert_eq!(early.1, "Надішліть підписаний акт ще раз у зазначений строк.");
    let late = finding("2026-11-02", "2026-11-02", "2026-11-03");
    assert!(late.0.contains("показання приймаємо 02.11.2026, лист"), "{}", late.0);
    assert!(late.1.starts_with("Зверніться до постачальника"), "{}", late.1);
}

#[test]
fn a_parameter_has_a_name_people_know() {
    for name in ["plausibility-low", "nbu-rate", "form-factor", "zone-coefficient-two-day", "reading-window-days"] {
        let finding = Finding::error(Code::ParameterMissing).with("parameter", name).with("day", "2026-10-31");
        let told = sentence(&finding.with("reason", "expired")).what;
        assert!(!told.contains(name) && told.contains("31.10.2026") && told.contains("вже закінчився"), "{told}");
    }
}

fn blocks(body: &Body) -> Vec<(String, String)> {
    let rows = body.blocks.iter().filter_map(|block| if let Block::Table(rows) = block { Some(rows) } else { None });
    rows.flatten().map(|row| (row.name.clone(), row.value.as_str().to_owned())).collect()
}

#[test]
fn the_letter_of_e1_shows_each_month_as_a_bar() {
    let contract = ContractNumber::parse("270000017").unwrap();
    let letter = letters_billing::calculation_refused(&contract, Period::parse("2026-10").unwrap(), &[e1()], "ТОВ");
    let rows = blocks(&letter.body);
    let bar = |text: &str| text.chars().filter(|c| *c == '▇').count();
    let months: Vec<_> = rows.iter().take(4).map(|(name, value)| (name.as_str(), bar(value))).collect();
    assert_eq!(months, [("липень 2026", 2), ("серпень 2026", 0), ("вересень 2026", 4), ("Цей розрахунок", 16)]);
    // Without history, or without the finding, nothing is drawn.
    let bare = Body::new(Tone::Refused, "");
    assert_eq!(letters_billing::with_history(bare.clone(), &[Finding::error(Code::VolumeImplausible).with("volume", 5)]), bare);
    assert_eq!(letters_billing::with_history(bare.clone(), &[]), bare);
}

#[test]
fn a_technical_letter_names_nothing_of_any_account() {
    let message = MessageSeen { received: "2026-11-02T08:00:00Z".parse().unwrap(), sha256: "ab".repeat(32) };
    let unsigned = [Finding::error(Code::MailUnsigned)];
    for command in Command::ALL {
        for letter in [
            letters_billing::which_contract(&message, *command, "ТОВ"),
            letters_billing::signature_needed(&message, *command, &unsigned, "ТОВ"),
        ] {
            let names: Vec<_> = blocks(&letter.body).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["Отримано", "Контрольна сума листа (SHA-256)"]);
        }
    }
}

#[test]
fn the_letter_that_waits_says_the_very_words_to_write() {
    let act = ActSeen {
        contract: ContractNumber::parse("270000017").unwrap(),
        period: Period::parse("2026-10").unwrap(),
        received: "2026-11-02T08:00:00Z".parse().unwrap(),
        sha256: String::new(),
        signer: "Іваненко".to_owned(),
        serial: "1".to_owned(),
        ignored: Vec::new(),
    };
    let letter = letters_billing::calculation_waits(&act, &[], "ТОВ");
    let told = letter
        .body
        .blocks
        .iter()
        .any(|block| matches!(block, Block::Paragraph(text) if text.contains("«[270000017] РОЗРАХУВАТИ»")));
    assert!(told && !letter.subject.contains("270000017"));
}
