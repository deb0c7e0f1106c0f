//! Bytes of a declared or unknown charset as text. Nothing is refused: what cannot be read becomes U+FFFD.

use encoding_rs::{Encoding, IBM866, KOI8_U, UTF_8, WINDOWS_1251};

/// Bytes looked at when a charset is guessed.
const SAMPLE_BYTES: usize = 4096;

/// Letters of Ukrainian and Russian text, the frequent first: a wrong charset turns frequent letters into rare ones.
const BY_FREQUENCY: &str = "оанитвеірслкдумпзяьбгчйхцжшєїюфщґыэёъ";

/// Reads `bytes` in the charset of that name; without one, or with one that cannot be true, guesses.
pub fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let Some(encoding) = label.and_then(by_label) else { return guess(bytes) };
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    text.into_owned()
}

/// The encoding a label means. `None` for the labels that programs write without meaning them.
fn by_label(label: &str) -> Option<&'static Encoding> {
    let name = label.trim().trim_matches('"').to_ascii_lowercase();
    match name.as_str() {
        "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown-8bit" | "x-unknown" | "default" | "binary" => None,
        "win-1251" | "win1251" | "windows1251" | "cp-1251" | "ansi-1251" => Some(WINDOWS_1251),
        "koi8u" | "koi-8u" | "koi8-ukr" => Some(KOI8_U),
        "utf8" | "utf-8" | "utf8mb4" => Some(UTF_8),
        other => Encoding::for_label(other.as_bytes()),
    }
}

/// UTF-8 when it is that, else the Cyrillic charset whose reading looks most like a language.
pub fn guess(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    }
    let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
    let oddness = |encoding: &&&'static Encoding| {
        let (text, _) = encoding.decode_without_bom_handling(sample);
        text.chars().filter(|c| !c.is_ascii()).map(rarity).sum::<usize>()
    };
    let best = [&WINDOWS_1251, &KOI8_U, &IBM866].into_iter().min_by_key(|encoding| oddness(encoding));
    best.map_or_else(String::new, |encoding| encoding.decode_without_bom_handling(bytes).0.into_owned())
}

fn rarity(c: char) -> usize {
    let lower = c.to_lowercase().next().unwrap_or(c);
    match BY_FREQUENCY.chars().position(|known| known == lower) {
        Some(rank) => rank,
        None if "«»№—–’“”„…\u{a0}".contains(c) => 20,
        None => 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undeclared_charset_is_recognised_by_its_letters() {
        for text in ["Показання за жовтень", "ПОКАЗАННЯ", "Акт надання показань №5", "Договір 270000017", "Їжак"]
        {
            for encoding in [WINDOWS_1251, KOI8_U, UTF_8] {
                let (bytes, _, unmappable) = encoding.encode(text);
                if unmappable {
                    continue;
                }
                assert_eq!(guess(&bytes), text, "{}", encoding.name());
            }
        }
    }

    #[test]
    fn labels_that_programs_invent_are_understood() {
        let (bytes, _, _) = KOI8_U.encode("жовтень");
        for label in ["koi8-u", "KOI8U", "koi-8u"] {
            assert_eq!(decode(&bytes, Some(label)), "жовтень");
        }
        let (bytes, _, _) = WINDOWS_1251.encode("жовтень");
        for label in [Some("win-1251"), Some("CP1251"), Some("us-ascii"), Some("no-such"), None] {
            assert_eq!(decode(&bytes, label), "жовтень");
        }
        assert_eq!(decode("жовтень".as_bytes(), Some("us-ascii")), "жовтень");
    }
}
