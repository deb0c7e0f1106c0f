//! What customers write. Samples of strangers' mail, not words of Oblik.

use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_words::numbers::month_name;

/// The subject of a mail with an act.
pub fn act_subject(contract: &ContractNumber, period: Period) -> String {
    format!("Акт надання показань за {}, договір {contract}", month_name(period))
}

pub fn act_text(period: Period, person: &str, company: &str) -> String {
    format!("Доброго дня!\nНадсилаємо акт надання показань за {}.\n\nЗ повагою,\n{person}\n{company}", month_name(period))
}

/// The name of an attached act, without its ending.
pub fn act_file_name(period: Period) -> String {
    format!("Акт показань {}", month_name(period))
}

pub const PHOTO_SUBJECT: &str = "показання";
pub const PHOTO_TEXT: &str = "Добрий день, акт зробити не встигаємо, ось фото лічильника.";
pub const PHOTO_FILE: &str = "IMG_20261031_0917.jpg";

pub const VACATION_SUBJECT: &str = "Автоматична відповідь: мене немає на роботі";
pub const VACATION_TEXT: &str = "Я у відпустці до кінця місяця. Звертайтеся до колег.";
