//! What the invoice for machines says in words: names of lines' attributes, and two standing clauses.

use oblik_domain::bill::VolumeRow;
use oblik_domain::metering::{EnergyKind, Zone};

use crate::documents::{kind, price_zone};
use crate::numbers::date;
use crate::terms;

pub const ATTACHMENT_DESCRIPTION: &str = "Рахунок для машинного оброблення: UBL 2.1, ДСТУ EN 16931-1";
pub const ZONE: &str = "Зона доби";
pub const CLASS: &str = "Клас напруги";
pub const POINT: &str = "Точка обліку";
pub const PRICE: &str = "Ціна без ПДВ, грн";
pub const FACTOR: &str = "Множник";
pub const OPENING: &str = "показання початкове";
pub const CLOSING: &str = "показання кінцеве";
pub const COEFFICIENT: &str = "розрахунковий коефіцієнт";
/// Source: Податковий кодекс України, 188.1 (неустойка, проценти річних та інфляційні не включаються до бази оподаткування).
pub const NOT_TAXED: &str = "Не включається до бази оподаткування ПДВ: пункт 188.1 статті 188 Податкового кодексу України";
pub const SET_OFF: &str = "Сплачувати за цим документом не потрібно: на цю суму зменшено нараховане за період";
pub const NOTHING_CHARGED: &str = "Нарахувань за період немає";
pub const VAT_ROUNDING: &str = "Різниця ПДВ від округлення";

pub fn zone(zone: Zone) -> &'static str {
    price_zone(zone)
}

/// `EIC 62Z2700000010017, лічильник 01234567, СА, ніч, 01.10.2026 – 31.10.2026`.
pub fn row(row: &VolumeRow) -> String {
    let register = &row.register;
    let (kind, zone) = (kind(register.kind), terms::zone(register.zone));
    let named = format!("EIC {}, лічильник {}, {kind}, {zone}", register.point, register.meter);
    match row.to.pred_opt().filter(|last| row.from <= *last) {
        Some(last) => format!("{named}, {} – {}", date(row.from), date(last)),
        None => named,
    }
}

pub fn volume(kind: EnergyKind) -> String {
    format!("обсяг, {}", terms::unit(kind))
}
