//! Thousands of damaged examples: our verdict and xmllint's are the same, but for differences that are named here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;

use common::{example, schema_file, xmllint, xmllint_is_there};
use oblik_edi::Format;
use oblik_edi::schema::Schema;
use oblik_edi::validate::{Records, validate};

/// Mutants of each schema. `OBLIK_MUTANTS` asks for another number.
const MUTANTS: usize = 2000;

/// A small generator of its own, so that a failure repeats (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let rolled = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(rolled).unwrap() % sides.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

const VALUES: &[&str] = &[
    "",
    " ",
    "0",
    "-0",
    "-1",
    "+1",
    "1.",
    ".5",
    "00001",
    "1.2345",
    "1e3",
    "999999999.999",
    "1000000000",
    "123456789012345678901234567890",
    "2026-02-29",
    "2028-02-29",
    "2026-13-01",
    "2026-10-31Z",
    "2026-10",
    "2026-00",
    "2026-11-01T24:00:00Z",
    "2026-11-01T23:59:60Z",
    "2026-11-01T08:15:00.123456789+14:00",
    "2026-11-01T08:15:00+14:30",
    "0999-01-01",
    "3000-01-01",
    "270000017",
    " 270000017\n",
    "27 0000017",
    "62Z2700000010017",
    "62z2700000010017",
    "active-import",
    "Total",
    "day",
    "1",
    "2",
    "3",
    "6",
    "9",
    "10",
    "allowed",
    "a@b",
    "@",
    "ї@b.c",
    "A  B",
    "<![CDATA[total]]>",
    "<!-- x -->total",
    "to<!-- x -->tal",
    "&#x74;otal",
    "&lt;",
    "&amp;amp;",
    "&nope;",
    "]]>",
    "<b/>",
    "№",
    "\u{301}",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "E3B0",
];

const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/",
    "=",
    " ",
    "\n",
    "-",
    "a",
    "0",
    "Ж",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?x y?>",
    "<?xml?>",
    "<a/>",
    "</a>",
    "&lt;",
    "&#10;",
    "&#0;",
    "\u{1}",
    "\u{85}",
    "xmlns=\"x\"",
    " xmlns:p=\"urn:p\"",
    "p:",
    " id=\"1\"",
    ":",
    "\r\n",
    "\u{FEFF}",
    "x",
];

fn boundaries(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

fn mutant(example: &str, dice: &mut Dice) -> String {
    let mut text = example.to_owned();
    for _ in 0..=dice.roll(2) {
        text = changed(&text, dice);
    }
    text
}

fn changed(text: &str, dice: &mut Dice) -> String {
    let marks = boundaries(text);
    let (at, upto) = (*dice.pick(&marks), *dice.pick(&marks));
    let next = *marks.iter().find(|mark| **mark > at).unwrap_or(&at);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (one, other) = (dice.roll(lines.len()), dice.roll(lines.len()));
    match dice.roll(11) {
        0 => return format!("{}{}", &text[..at], &text[next..]),
        1 => return format!("{}{}{}", &text[..at], dice.pick(PIECES), &text[at..]),
        2 => return format!("{}{}{}", &text[..at], dice.pick(PIECES), &text[next..]),
        3 if at < upto && upto - at < 40 => return format!("{}{}", &text[..at], &text[upto..]),
        3 | 4 => {
            lines.remove(one);
        }
        5 => lines.insert(other, lines[one].clone()),
        6 => lines.swap(one, other),
        7 => {
            let line = lines.remove(one);
            lines.insert(other.min(lines.len()), line);
        }
        8 => return with_value(text, dice, '>', '<'),
        9 => return with_value(text, dice, '"', '"'),
        _ => {
            let line = lines[one].clone();
            let tags: Vec<&str> = line.split(['<', '>', '/', ' ']).filter(|word| !word.is_empty()).collect();
            let names: Vec<&str> = text.split(['<', '>', '/', ' ', '\n']).filter(|word| !word.is_empty()).collect();
            if let Some(tag) = tags.first() {
                let name: &str = dice.pick::<&str>(&names);
                lines[one] = line.replace(*tag, name);
            }
        }
    }
    lines.join("\n")
}

/// Puts a value of the list between two marks.
fn with_value(text: &str, dice: &mut Dice, open: char, close: char) -> String {
    let starts: Vec<usize> = text.match_indices(open).map(|(at, found)| at + found.len()).collect();
    let start = *dice.pick(&starts);
    match text[start..].find(close) {
        Some(length) => format!("{}{}{}", &text[..start], dice.pick(VALUES), &text[start + length..]),
        None => text.to_owned(),
    }
}

/// Differences that are meant: why, or `None`.
fn explained(document: &str, ours: bool) -> Option<&'static str> {
    let declaration = document.split("?>").next().filter(|start| start.starts_with("<?xml")).unwrap_or_default();
    match () {
        () if ours => None,
        // Namespaces in XML 1.0 §7; libxml2 only warns.
        () if document
            .split("<?")
            .skip(1)
            .any(|pi| pi.split([' ', '?', '\n']).next().is_some_and(|target| target.contains(':'))) =>
        {
            Some("a colon in the target of an instruction is refused")
        }
        () if !declaration.is_empty() && !declaration.contains("\"1.0\"") => Some("versions past 1.0 are refused"),
        () if !declaration.is_empty() && !declaration.contains("encoding=\"UTF-8\"") => Some("encodings past three are refused"),
        () => None,
    }
}

#[test]
fn our_verdict_is_that_of_xmllint() {
    if !xmllint_is_there() {
        return;
    }
    let count = std::env::var("OBLIK_MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(MUTANTS);
    let seed = std::env::var("OBLIK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_121);
    let mut told = 0;
    for format in Format::ALL {
        let schema = Schema::load(&std::fs::read_to_string(schema_file(format)).unwrap()).unwrap();
        let example = example(format);
        let mut dice = Dice(seed);
        let mutants: Vec<Vec<u8>> = (0..count).map(|_| mutant(&example, &mut dice).into_bytes()).collect();
        let theirs = xmllint(format, &mutants);
        let (mut valid, mut meant) = (0, 0);
        for (mutant, theirs) in mutants.iter().zip(theirs) {
            let judged = validate(&schema, mutant.as_slice(), Records::Root, &mut |_| {});
            valid += usize::from(theirs);
            if judged.is_ok() == theirs {
                continue;
            }
            let text = String::from_utf8_lossy(mutant);
            if explained(&text, judged.is_ok()).is_some() {
                meant += 1;
                continue;
            }
            told += 1;
            println!("--- {format:?}: xmllint {theirs}, ours {judged:?}\n{text}\n");
        }
        println!("{format:?}: {count} mutants, {valid} valid, {meant} meant differences");
        assert!(valid > count / 50, "too few mutants are valid to say much");
    }
    assert_eq!(told, 0, "mutants on which we and xmllint differ");
}
