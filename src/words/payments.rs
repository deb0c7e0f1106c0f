//! Words by which the purpose of a payment is understood: months, debt types, the signs of look-alike letters. Source: R-PAY-4.

use crate::commands::unmistaken;
use oblik_domain::ledger::DebtType;

/// Words of a debt type, by how they begin; compared after [`fold`]. Ukrainian and Russian.
pub const DEBT_STEMS: &[(&str, DebtType)] = &[
    ("реактив", DebtType::Reactive),
    ("актив", DebtType::Active),
    ("інфляц", DebtType::Inflation),
    ("инфляц", DebtType::Inflation),
    ("розподіл", DebtType::Distribution),
    ("распредел", DebtType::Distribution),
    ("передач", DebtType::Transmission),
    ("транзит", DebtType::Transit),
];

/// Words of a debt type in full.
pub const DEBT_WORDS: &[(&str, DebtType)] = &[
    ("пеня", DebtType::Penalty),
    ("пені", DebtType::Penalty),
    ("пеню", DebtType::Penalty),
    ("пенею", DebtType::Penalty),
    ("пени", DebtType::Penalty),
    ("пеней", DebtType::Penalty),
    ("річних", DebtType::AnnualInterest),
    ("годовых", DebtType::AnnualInterest),
];

/// How a word of exceeding begins: of declared consumption, unless [`POWER_STEMS`] stand beside it.
pub const EXCESS_STEMS: &[&str] = &["перевищ", "превыш"];
pub const POWER_STEMS: &[&str] = &["потужн", "мощн"];

/// Words after a number three that make it annual interest, by how they begin.
pub const PERCENT_STEMS: &[&str] = &["%", "відсот", "процент"];

/// Words before the number of a document: `10/2026` after one is no month.
pub const DOCUMENT_WORDS: &[&str] = &[
    "дог",
    "договір",
    "договору",
    "договором",
    "договор",
    "рах",
    "рахунок",
    "рахунку",
    "рахунком",
    "р",
    "счет",
    "счету",
    "счета",
    "сч",
    "акт",
    "акту",
    "акта",
    "накладна",
    "накладної",
];

/// The months from January, in every case, Ukrainian and then Russian; compared after [`fold`].
#[rustfmt::skip]
pub const MONTHS: [&[&str]; 12] = [
    &["січень", "січня", "січню", "січнем", "січні", "январь", "января", "январю", "январем", "январе"],
    &["лютий", "лютого", "лютому", "лютим", "лютім", "февраль", "февраля", "февралю", "февралем", "феврале"],
    &["березень", "березня", "березню", "березнем", "березні", "март", "марта", "марту", "мартом", "марте"],
    &["квітень", "квітня", "квітню", "квітнем", "квітні", "апрель", "апреля", "апрелю", "апрелем", "апреле"],
    &["травень", "травня", "травню", "травнем", "травні", "май", "мая", "маем", "мае"],
    &["червень", "червня", "червню", "червнем", "червні", "июнь", "июня", "июню", "июнем", "июне"],
    &["липень", "липня", "липню", "липнем", "липні", "июль", "июля", "июлю", "июлем", "июле"],
    &["серпень", "серпня", "серпню", "серпнем", "серпні", "август", "августа", "августу", "августом", "августе"],
    &["вересень", "вересня", "вересню", "вереснем", "вересні", "сентябрь", "сентября", "сентябрю", "сентябрем", "сентябре"],
    &["жовтень", "жовтня", "жовтню", "жовтнем", "жовтні", "октябрь", "октября", "октябрю", "октябрем", "октябре"],
    &["листопад", "листопада", "листопаду", "листопадом", "листопаді", "ноябрь", "ноября", "ноябрю", "ноябрем", "ноябре"],
    &["грудень", "грудня", "грудню", "груднем", "грудні", "декабрь", "декабря", "декабрю", "декабрем", "декабре"],
];

/// Lower case, Latin letters that look Cyrillic as Cyrillic, composed letters in one piece: how words are compared.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '\u{306}' if folded.ends_with('и') => {
                folded.pop();
                folded.push('й');
            }
            '\u{308}' if folded.ends_with('і') => {
                folded.pop();
                folded.push('ї');
            }
            // Other marks over letters, such as stress.
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(unmistaken(other)),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_and_look_alikes() {
        for (typed, meant) in
            [("ПЕНЯ", "пеня"), ("Aктивна", "активна"), ("травень", "ТPAВЕНЬ"), ("май", "маи\u{306}"), ("їх", "і\u{308}x")]
        {
            assert_eq!(fold(typed), fold(meant));
        }
        assert_eq!(fold("ОЕ"), fold("oe"));
        assert_eq!(fold("а\u{301}ктив"), "актив");
        assert_ne!(fold("ОК"), fold("ОЕ"));
    }

    #[test]
    fn every_word_stands_as_it_is_compared() {
        let words = MONTHS.iter().flat_map(|month| month.iter().copied());
        let words = words.chain(DEBT_STEMS.iter().chain(DEBT_WORDS).map(|(word, _)| *word));
        for word in words.chain(EXCESS_STEMS.iter().chain(POWER_STEMS).chain(PERCENT_STEMS).chain(DOCUMENT_WORDS).copied()) {
            assert_eq!(fold(word), word);
        }
    }
}
