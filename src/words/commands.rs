//! The words customers write to ask for something, each with the spellings people use: Ukrainian, Russian, English.

/// What a customer may ask for by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// РОЗРАХУВАТИ: the latest period that is not billed, from readings that were accepted.
    Calculate,
    /// ПОПЕРЕДНІЙ РОЗРАХУНОК: what the signed act would come to; nothing of it is registered.
    TrialCalculation,
    /// ДОКУМЕНТ with a number, РАХУНОК: an issued document again, the same bytes (RQ-F06).
    Document,
}

impl Command {
    pub const ALL: &'static [Self] = &[Self::Calculate, Self::TrialCalculation, Self::Document];

    /// The command as our letters spell it.
    pub fn spelling(self) -> &'static str {
        match self {
            Self::Calculate => "РОЗРАХУВАТИ",
            Self::TrialCalculation => "ПОПЕРЕДНІЙ РОЗРАХУНОК",
            Self::Document => "ДОКУМЕНТ",
        }
    }

    /// How it is written, in lower case, without apostrophes and marks, words one blank apart.
    pub fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::Calculate => &[
                "розрахувати",
                "розрахуйте",
                "розрахуйте рахунок",
                "розрахувати рахунок",
                "розрахунок",
                "провести розрахунок",
                "проведіть розрахунок",
                "зробити розрахунок",
                "зробіть розрахунок",
                "обчислити",
                "рассчитать",
                "рассчитайте",
                "расчет",
                "провести расчет",
                "проведите расчет",
                "сделать расчет",
                "сделайте расчет",
                "calculate",
                "calculation",
                "calculate bill",
                "calculate invoice",
            ],
            Self::TrialCalculation => &[
                "попередній розрахунок",
                "попередній розрахунок рахунку",
                "попередньо розрахувати",
                "пробний розрахунок",
                "розрахувати попередньо",
                "предварительный расчет",
                "предварительно рассчитать",
                "рассчитать предварительно",
                "пробный расчет",
                "trial",
                "trial calculation",
                "preliminary calculation",
                "calculation preview",
                "preview",
                "dry run",
            ],
            Self::Document => &[
                "документ",
                "запит документ",
                "запит документа",
                "запит документу",
                "надіслати документ",
                "надішліть документ",
                "копія документа",
                "рахунок",
                "надіслати рахунок",
                "надішліть рахунок",
                "копія рахунку",
                "запрос документа",
                "пришлите документ",
                "счет",
                "пришлите счет",
                "копия счета",
                "document",
                "send document",
                "invoice",
                "send invoice",
                "invoice copy",
            ],
        }
    }
}

/// How a customer objects to a document, as our letters spell it.
pub const OBJECTION: &str = "НЕ ПОГОДЖУЮСЬ";

/// What an objection begins with; compared as [`Command::spellings`] are. The reason may follow in the same line.
pub const OBJECTIONS: &[&str] = &[
    "не погоджуюсь",
    "не погоджуюся",
    "не погоджуємось",
    "не погоджуємося",
    "не згоден",
    "не згодна",
    "не згодні",
    "незгода",
    "заперечення",
    "заперечую",
    "заперечуємо",
    "не согласен",
    "не согласна",
    "не согласны",
    "возражение",
    "возражаю",
    "возражаем",
    "i disagree",
    "we disagree",
    "objection",
    "dispute",
];

/// What makes of words of objection none: there are none.
pub const NO_OBJECTION: &[&str] = &["відсутні", "відсутнє", "немає", "нема", "не маємо", "не маю", "отсутствуют", "нет"];

/// What politeness adds to a command; compared as [`Command::spellings`] are.
pub const POLITE: &[&str] = &[
    "будь ласка",
    "прошу",
    "доброго дня",
    "добрий день",
    "вітаю",
    "дякую",
    "пожалуйста",
    "добрый день",
    "здравствуйте",
    "please",
];

/// What stands before a contract's number.
pub const CONTRACT: &[&str] = &[
    "договір",
    "договору",
    "за договором",
    "о/р",
    "особовий рахунок",
    "договор",
    "договора",
    "лс",
    "contract",
    "account",
    "№",
    "no",
    "n",
];

/// What stands before a document's number.
pub const DOCUMENT: &[&str] = &["№", "номер", "n", "no", "number"];

/// A letter of another alphabet, or of an older spelling, as the Ukrainian one it is mistaken for.
pub fn unmistaken(letter: char) -> char {
    match letter {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' | 'ё' => 'е',
        'h' => 'н',
        'i' => 'і',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        other => other,
    }
}
