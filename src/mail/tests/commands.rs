//! Commands as people write them, and what looks like one and is none.
#![allow(clippy::unwrap_used, reason = "a test stops where its ground is wrong")]

use oblik_mail::{Message, request};
use oblik_words::commands::Command::{Calculate, TrialCalculation};

fn asked(subject: &str, text: &str) -> Option<(oblik_words::commands::Command, Option<String>)> {
    let head = "From: buh@mlyn.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n";
    let raw = format!("{head}Subject: {subject}\r\n\r\n{text}");
    let message = Message::parse(raw.as_bytes()).unwrap();
    request(&message).map(|request| (request.command, request.contract.map(|contract| contract.to_string())))
}

#[test]
fn a_command_is_known_in_every_spelling_of_three_languages() {
    let (number, none) = (Some("270000017".to_owned()), None);
    for (subject, expected) in [
        ("РОЗРАХУВАТИ", (Calculate, &none)),
        ("розрахувати", (Calculate, &none)),
        ("[270000017] РОЗРАХУВАТИ", (Calculate, &number)),
        ("РОЗРАХУВАТИ [270000017]", (Calculate, &number)),
        ("Розрахувати, будь ласка, договір № 270000017", (Calculate, &number)),
        ("  «Розрахувати»! ", (Calculate, &none)),
        // Latin letters that look alike, and slips of the hand.
        ("POЗPAXУBATИ", (Calculate, &none)),
        ("розрахуваті", (Calculate, &none)),
        ("розрахвати", (Calculate, &none)),
        ("розрахуувати", (Calculate, &none)),
        ("розраухвати", (Calculate, &none)),
        ("Рассчитать", (Calculate, &none)),
        ("расчитать", (Calculate, &none)),
        ("расчёт", (Calculate, &none)),
        ("Calculate, please", (Calculate, &none)),
        ("ПОПЕРЕДНІЙ РОЗРАХУНОК", (TrialCalculation, &none)),
        ("[270000017] Попередній  розрахунок", (TrialCalculation, &number)),
        ("Попередний розрахунок", (TrialCalculation, &none)),
        ("предварительный расчет", (TrialCalculation, &none)),
        ("Dry-run", (TrialCalculation, &none)),
    ] {
        assert_eq!(asked(subject, ""), Some((expected.0, expected.1.clone())), "{subject}");
        assert_eq!(
            asked("Акт надання показань", subject),
            Some((expected.0, expected.1.clone())),
            "as the first line: {subject}"
        );
    }
}

#[test]
fn a_command_may_follow_a_greeting_and_its_number_stand_apart() {
    assert_eq!(asked("", "Доброго дня!\n\nРОЗРАХУВАТИ\nДякую"), Some((Calculate, None)));
    assert_eq!(asked("[270000017]", "розрахувати"), Some((Calculate, Some("270000017".to_owned()))));
    assert_eq!(asked("РОЗРАХУВАТИ", "договір 270000017"), Some((Calculate, Some("270000017".to_owned()))));
}

#[test]
fn what_only_uses_the_word_is_no_command() {
    for (subject, text) in [
        ("", ""),
        ("Акт надання показань", "Доброго дня!"),
        ("Питання про розрахунок за жовтень", ""),
        ("Чому попередній розрахунок такий великий?", ""),
        ("САЛЬДО", ""),
        ("розрахунки", "Доброго дня, надсилаємо акт.\nРОЗРАХУВАТИ"),
        ("рахунок", ""),
        ("trail", ""),
        // The thread of an answer is not asked for again.
        ("Re: РОЗРАХУВАТИ", "Дякуємо!"),
        ("Відп: [270000017] РОЗРАХУВАТИ", ""),
        ("", "> РОЗРАХУВАТИ\nДякуємо"),
    ] {
        assert_eq!(asked(subject, text), None, "{subject} / {text}");
    }
    // In an answer it is what the sender writes that counts.
    assert_eq!(asked("Re: Показання збережено", "РОЗРАХУВАТИ\n\n> Надішліть …"), Some((Calculate, None)));
    let long = format!("РОЗРАХУВАТИ{}", " ".repeat(200));
    assert_eq!(asked("", &format!("{long}x")), None);
}
