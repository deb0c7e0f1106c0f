//! Words of the field: what registers count, zones, parts of a price, and the words of machines turned into people's.

use std::fmt::Write;

use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::tariff::PriceComponent;

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
    for kind in EnergyKind::ALL {
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
        other => price_name(other).unwrap_or_else(|| other.to_owned()),
    }
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
        assert_eq!(
            parameter("supply універсальний class 2 night"),
            "ціна «постачання електричної енергії», продукт «універсальний», 2 клас напруги, зона «ніч»"
        );
        assert_eq!(parameter("transmission  class 1 total"), "ціна «послуга з передачі», 1 клас напруги, зона «загалом»");
        assert_eq!(parameter("vat-rate"), "ставка ПДВ");
        assert_eq!(parameter("supply"), "supply");
    }
}
