//! Commands as people write them, and what looks like one and is none.
#![allow(clippy::unwrap_used, reason = "a test stops where its ground is wrong")]

use oblik_mail::{Message, request};
use oblik_words::commands::Command::{Calculate, Document, TrialCalculation};

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

fn document(subject: &str, text: &str) -> Option<(oblik_words::commands::Command, Option<String>)> {
    let head = "From: buh@mlyn.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n";
    let message = Message::parse(format!("{head}Subject: {subject}\r\n\r\n{text}").as_bytes()).unwrap();
    request(&message).map(|request| (request.command, request.document.map(|number| number.to_string())))
}

#[test]
fn a_document_is_asked_for_by_its_number_or_as_the_newest() {
    for (subject, expected) in [
        ("ДОКУМЕНТ 2026-000001", Some((Document, Some("2026-000001")))),
        ("Документ № ОЕ-2026-000001, будь ласка", Some((Document, Some("ОЕ-2026-000001")))),
        ("запит документ №А-Б-2026-000012.", Some((Document, Some("А-Б-2026-000012")))),
        ("Рахунок 2026–000001", Some((Document, Some("2026-000001")))),
        ("[270000017] рахунок", Some((Document, None))),
        ("invoice 2026-1234567", Some((Document, Some("2026-1234567")))),
        // A month, a day, or a short number is none, and what says more is a letter.
        ("Рахунок 2026-10", None),
        ("Рахунок 2026-11-02", None),
        ("Рахунок ОЕ-26-000001", None),
        ("Рахунок 2026-000001 оплачено", None),
        ("2026-000001", None),
    ] {
        let expected = expected.map(|(command, number)| (command, number.map(str::to_owned)));
        assert_eq!(document(subject, ""), expected, "{subject}");
        assert_eq!(document("Питання", subject), expected, "as the first line: {subject}");
    }
    assert_eq!(document("2026-000001", "документ"), Some((Document, Some("2026-000001".to_owned()))));
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
        ("рахунок не прийшов", ""),
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

#[test]
fn a_number_is_named_whole_or_not_at_all() {
    for (text, named) in [
        ("рахунок № 2026-000001", true),
        ("рахунок:2026-000001.", true),
        ("рахунку ОЕ–2026–000001,", true),
        ("2026-0000011", false),
        ("2026-00001", false),
        ("12026-000001", false),
        ("12.10.2026", false),
        ("", false),
    ] {
        let first = oblik_mail::document_numbers(text).next();
        assert_eq!(first.is_some_and(|number| (number.year, number.running) == (2026, 1)), named, "{text}");
    }
}

#[test]
fn that_there_are_no_objections_is_no_objection() {
    for (text, is) in [
        ("Заперечення", true),
        ("Заперечення: сума", true),
        ("Заперечення відсутні.", false),
        ("Заперечень немає", false),
        ("Заперечення немає, але показання інші", true),
        ("Возражения отсутствуют", false),
        ("Не погоджуюсь", true),
    ] {
        let raw = format!(
            "From: a@b.example\r\nTo: c@d.example\r\nSubject: Re: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        );
        let message = oblik_mail::Message::parse(raw.as_bytes()).unwrap();
        assert_eq!(oblik_mail::objects(&message), is, "{text}");
    }
}
