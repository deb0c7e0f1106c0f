//! The words customers write to ask for something, each with the spellings people use: Ukrainian, Russian, English.

/// What a customer may ask for by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// РОЗРАХУВАТИ: the latest period that is not billed, from readings that were accepted.
    Calculate,
    /// ПОПЕРЕДНІЙ РОЗРАХУНОК: what the signed act would come to; nothing of it is registered.
    TrialCalculation,
}

impl Command {
    pub const ALL: &'static [Self] = &[Self::Calculate, Self::TrialCalculation];

    /// The command as our letters spell it.
    pub fn spelling(self) -> &'static str {
        match self {
            Self::Calculate => "РОЗРАХУВАТИ",
            Self::TrialCalculation => "ПОПЕРЕДНІЙ РОЗРАХУНОК",
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
        }
    }
}

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
