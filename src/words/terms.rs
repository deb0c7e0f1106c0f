//! Words of the field: what registers count, zones, parts of a price, and the words of machines turned into people's.

use std::fmt::Write;

use oblik_domain::account::LimitKind;
use oblik_domain::ledger::{ChargeKind, DebtType};
use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::tariff::PriceComponent;

/// What a debt is for, as a table names it.
pub fn debt_type(debt: DebtType) -> &'static str {
    match debt {
        DebtType::Active => "Активна електрична енергія",
        DebtType::Reactive => "Реактивна електрична енергія",
        DebtType::LimitConsumption => "Перевищення заявленого обсягу",
        DebtType::LimitPower => "Перевищення заявленої потужності",
        DebtType::Penalty => "Пеня",
        DebtType::Inflation => "Інфляційні нарахування",
        DebtType::AnnualInterest => "Три проценти річних",
        DebtType::Transit => "Транзит",
        DebtType::Services => "Послуги",
        DebtType::Advance => "Аванс",
        DebtType::Distribution => "Розподіл електричної енергії",
        DebtType::Transmission => "Передача електричної енергії",
    }
}

/// Why an amount stands in the ledger.
pub fn charge_kind(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Opening => "вхідне сальдо",
        ChargeKind::Invoice => "рахунок",
        ChargeKind::Adjustment => "коригування",
        ChargeKind::Planned => "плановий платіж",
        ChargeKind::WriteOff => "списання",
        ChargeKind::Offset => "взаємозалік",
    }
}

/// What a declared limit bounds, with its unit.
pub fn limit_kind(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Consumption => "Обсяг споживання за місяць, кВт·год",
        LimitKind::PowerMorning => "Потужність у ранкові контрольні години, кВт",
        LimitKind::PowerEvening => "Потужність у вечірні контрольні години, кВт",
    }
}

/// What a register counts, as the act names it: СА, СР, ГР.
pub fn energy_kind(kind: EnergyKind) -> &'static str {
    match kind {
        EnergyKind::ActiveImport => "СА, активна спожита",
        EnergyKind::ReactiveImport => "СР, реактивна спожита",
        EnergyKind::ReactiveExport => "ГР, реактивна генерована",
    }
}

/// `кВт·год` for active energy, `квар·год` for reactive.
pub fn unit(kind: EnergyKind) -> &'static str {
    match kind {
        EnergyKind::ActiveImport => "кВт·год",
        EnergyKind::ReactiveImport | EnergyKind::ReactiveExport => "квар·год",
    }
}

pub fn zone(zone: Zone) -> &'static str {
    match zone {
        Zone::Total => "загалом",
        Zone::Night => "ніч",
        Zone::HalfPeak => "напівпік",
        Zone::Peak => "пік",
        Zone::Day => "день",
    }
}

pub fn price_component(component: PriceComponent) -> &'static str {
    match component {
        PriceComponent::Supply => "постачання електричної енергії",
        PriceComponent::Transmission => "послуга з передачі",
        PriceComponent::Distribution => "послуга з розподілу",
        PriceComponent::Reactive => "реактивна електрична енергія",
        PriceComponent::Power => "потужність",
    }
}

pub fn voltage_class(class: VoltageClass) -> &'static str {
    match class {
        VoltageClass::First => "1 клас напруги",
        VoltageClass::Second => "2 клас напруги",
    }
}

/// Every `active-import/night` in `text` as «СА, активна спожита, ніч»; the rest stays.
pub fn registers(text: &str) -> String {
    let mut told = text.to_owned();
    // The last first: `active-import` is the end of `reactive-import`.
    for kind in EnergyKind::ALL.iter().rev() {
        for one in Zone::ALL {
            let machine = format!("{kind}/{one}");
            if told.contains(&machine) {
                told = told.replace(&machine, &format!("{}, {}", energy_kind(*kind), zone(*one)));
            }
        }
    }
    told
}

/// A parameter or price as `billing` names it, in words.
pub fn parameter(name: &str) -> String {
    match name {
        oblik_domain::tariff::VAT_RATE => "ставка ПДВ".to_owned(),
        oblik_domain::tariff::PAYMENT_DAYS => "строк оплати".to_owned(),
        "" => "назву не вказано".to_owned(),
        other => {
            let told = named_parameter(other).map(str::to_owned).or_else(|| price_name(other));
            told.or_else(|| point_parameter(other)).unwrap_or_else(|| other.to_owned())
        }
    }
}

/// `permitted-power EIC` and `reactive-equivalent EIC`, the terms a point lacks; `zone-hours three`.
fn point_parameter(name: &str) -> Option<String> {
    let (what, rest) = name.split_once(' ')?;
    Some(match what {
        "permitted-power" => format!("дозволена потужність, точка {rest}"),
        "reactive-equivalent" => format!("економічний еквівалент реактивної потужності, точка {rest}"),
        "zone-hours" if rest == "two" => "години двох зон доби".to_owned(),
        "zone-hours" if rest == "three" => "години трьох зон доби".to_owned(),
        _ => return None,
    })
}

/// Parameters of the rules, by the names that `billing` and `ledger` look them up by.
fn named_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "reading-window-days" => "тривалість строку подання показань, робочих днів",
        "settlement-day" => "розрахункова дата",
        "plausibility-low" => "у скільки разів обсяг може бути меншим за середньомісячний",
        "plausibility-high" => "у скільки разів обсяг може бути більшим за середньомісячний",
        "plausibility-months" => "кількість місяців для середньомісячного обсягу",
        "plausibility-months-least" => "найменша кількість місяців для середньомісячного обсягу",
        "loss-zone-split" => "спосіб поділу втрат між зонами доби",
        "form-factor" => "коефіцієнт форми графіка навантаження",
        "normative-tg" => "нормативний tgφ",
        "tg-cap" => "найбільший tgφ",
        "tg-threshold" => "пороговий tgφ",
        "sub-tg-cap" => "найбільший tgφ субспоживача",
        "reactive-2002-k" => "коефіцієнт за генерацію реактивної енергії",
        "reactive-2002-base" => "базовий коефіцієнт стимулювання компенсації реактивної енергії",
        "reactive-2018-least-kvarh" => "найменший обсяг реактивної енергії, за який нараховують плату",
        "reactive-2018-least-kw" => "найменша дозволена потужність, за якої нараховують плату за реактивну енергію",
        "reactive-discount" => "знижка плати за реактивну енергію",
        "limit-factor" => "кратність плати за перевищення договірної величини споживання",
        "limit-registration-days" => "строк реєстрації договірної величини",
        "power-factor" => "кратність плати за перевищення договірної величини потужності",
        "control-hours-morning-from" => "початок ранкових годин контролю потужності",
        "control-hours-morning-to" => "кінець ранкових годин контролю потужності",
        "control-hours-evening-from" => "початок вечірніх годин контролю потужності",
        "control-hours-evening-to" => "кінець вечірніх годин контролю потужності",
        "zone-coefficient-three-night" => "тризонний коефіцієнт, ніч",
        "zone-coefficient-three-half-peak" => "тризонний коефіцієнт, напівпік",
        "zone-coefficient-three-peak" => "тризонний коефіцієнт, пік",
        "zone-coefficient-two-night" => "двозонний коефіцієнт, ніч",
        "zone-coefficient-two-day" => "двозонний коефіцієнт, день",
        "price-highest" => "найвища можлива ціна",
        "nbu-rate" => "облікова ставка Національного банку України",
        "inflation-index" => "індекс інфляції",
        "penalty-multiplier" => "кратність облікової ставки для пені",
        "penalty-cap-months" => "найбільший строк нарахування пені, місяців",
        "annual-interest" => "ставка річних, відсотків",
        "inflation-prorated" => "спосіб нарахування інфляційних за неповний місяць",
        other if other.starts_with("allocation-order-") => "черговість зарахування платежу",
        _ => return None,
    })
}

/// `supply PRODUCT class 2 night`, the name `billing` gives a price it misses.
fn price_name(name: &str) -> Option<String> {
    let (component, rest) = name.split_once(' ')?;
    let component = PriceComponent::parse(component)?;
    let (rest, one) = rest.rsplit_once(' ')?;
    let (rest, class) = rest.rsplit_once(' ')?;
    let product = rest.strip_suffix("class")?.trim();
    let (class, one) = (VoltageClass::parse(class)?, Zone::parse(one)?);
    let mut told = format!("ціна «{}»", price_component(component));
    if !product.is_empty() {
        let _ = write!(told, ", продукт «{product}»");
    }
    let _ = write!(told, ", {}, зона «{}»", voltage_class(class), zone(one));
    Some(told)
}

/// Why a parameter is missing, in words.
pub fn missing_reason(reason: &str) -> &'static str {
    match reason {
        "not-yet-valid" => "строк дії ще не настав",
        "expired" => "строк дії вже закінчився",
        "changes-inside-period" => "значення змінюється всередині періоду",
        _ => "значення не визначене",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_names_become_words() {
        assert_eq!(registers("0012 (active-import/night), 0013 (x)"), "0012 (СА, активна спожита, ніч), 0013 (x)");
        assert_eq!(registers("reactive-import/total"), "СР, реактивна спожита, загалом");
        assert_eq!(
            parameter("supply універсальний class 2 night"),
            "ціна «постачання електричної енергії», продукт «універсальний», 2 клас напруги, зона «ніч»"
        );
        assert_eq!(parameter("transmission  class 1 total"), "ціна «послуга з передачі», 1 клас напруги, зона «загалом»");
        assert_eq!(parameter("vat-rate"), "ставка ПДВ");
        assert_eq!(parameter("supply"), "supply");
        assert_eq!(parameter("nbu-rate"), "облікова ставка Національного банку України");
        assert_eq!(parameter("allocation-order-active"), "черговість зарахування платежу");
        assert_eq!(parameter("permitted-power 62Z2700000010017"), "дозволена потужність, точка 62Z2700000010017");
        assert_eq!(parameter("zone-hours three"), "години трьох зон доби");
    }
}
