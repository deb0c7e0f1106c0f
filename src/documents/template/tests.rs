//! Every key of a template, and every way to write one wrong.

use std::collections::BTreeSet;

use oblik_domain::bill::LineKind;

use super::schema::{What, is_needed, keys};
use super::sections::Named as _;
use super::*;

const NO_FILE: Beside<'static> = &|_| Err("there is no such file".to_owned());

fn faults(text: &str) -> Vec<TemplateFault> {
    Template::read(text, NO_FILE).1
}

/// Every leaf of a TOML table by its whole key.
fn leaves(table: &toml::Table, path: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let whole = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            toml::Value::Table(inner) => leaves(inner, &whole, found),
            _ => {
                found.insert(whole);
            }
        }
    }
}

#[test]
fn the_embedded_template_has_every_key_and_no_other_and_no_fault() {
    let mut said = BTreeSet::new();
    leaves(&toml::from_str(oblik_words::TEMPLATE).unwrap(), "", &mut said);
    // The one key without a value of its own.
    said.insert("look.logo".to_owned());
    let known: BTreeSet<String> = keys().into_iter().map(|(key, _)| key).collect();
    assert_eq!(said.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "in the template alone");
    assert_eq!(known.difference(&said).collect::<Vec<_>>(), Vec::<&String>::new(), "in the code alone");
    assert_eq!(faults(oblik_words::TEMPLATE), []);
    let template = Template::embedded();
    for section in Section::ALL {
        assert!(template.invoice.contains(section), "{}", section.key());
    }
    for section in ActSection::ALL {
        assert!(template.act.contains(section), "{}", section.key());
    }
    for name in TableName::ALL {
        let table = template.table(*name);
        // The form of the act has no column of units; whoever wants one names it.
        let stands = |field: &Field| (*name, *field) != (TableName::Act, Field::Unit);
        assert_eq!(table.fields, name.slots().iter().map(|slot| slot.field).filter(stands).collect::<Vec<_>>(), "{}", name.key());
        assert!(table.columns.iter().all(|column| !column.title.is_empty()));
    }
}

#[test]
fn every_text_says_in_the_embedded_template_which_words_it_may_hold() {
    let lines: Vec<&str> = oblik_words::TEMPLATE.lines().collect();
    let mut block = "";
    let mut told = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if let Some(head) = line.strip_prefix("[text.") {
            block = head.split(']').next().unwrap();
        }
        let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else { continue };
        let Some(text) = Text::ALL.iter().find(|text| text.key() == format!("{block}.{key}")) else { continue };
        told.insert(*text);
        for word in text.words() {
            let above = lines.get(index.wrapping_sub(1)).copied().unwrap_or_default();
            assert!(
                above.starts_with('#') && above.contains(&format!("{{{word}}}")),
                "{}: {{{word}}} is not explained",
                text.key()
            );
        }
    }
    assert_eq!(told.len(), Text::ALL.len());
}

/// Letters and the reasons of a sum name lines too.
#[test]
fn lines_are_called_the_same_in_letters_and_documents() {
    let template = Template::embedded();
    for (text, kind) in [
        (Text::LineSupply, LineKind::Supply),
        (Text::LineTransmission, LineKind::Transmission),
        (Text::LineDistribution, LineKind::Distribution),
        (Text::LineReactiveConsumed, LineKind::ReactiveConsumed),
        (Text::LineReactiveGenerated, LineKind::ReactiveGenerated),
        (Text::LineReactiveExcess, LineKind::ReactiveExcess),
        (Text::LineReactiveDiscount, LineKind::ReactiveDiscount),
        (Text::LineLimitConsumption, LineKind::LimitConsumption),
        (Text::LineLimitPower, LineKind::LimitPower),
        (Text::LinePenalty, LineKind::Penalty),
        (Text::LineAnnualInterest, LineKind::AnnualInterest),
        (Text::LineInflation, LineKind::Inflation),
    ] {
        assert_eq!(template.text(text), oblik_words::documents::line_kind(kind));
    }
    assert_eq!(template.text(Text::DueNothing), oblik_words::documents::NOTHING_TO_PAY);
}

#[test]
fn what_a_template_leaves_out_is_as_embedded() {
    let embedded = Template::embedded();
    let mine = Template::parse("[text.due]\neyebrow = \"СПЛАТІТЬ\"\n", NO_FILE).unwrap();
    assert_eq!(mine.text(Text::DueEyebrow), "СПЛАТІТЬ");
    for text in Text::ALL.iter().filter(|text| **text != Text::DueEyebrow) {
        assert_eq!(mine.text(*text), embedded.text(*text));
    }
    assert_eq!((mine.colours(), &mine.invoice, &mine.act), (embedded.colours(), &embedded.invoice, &embedded.act));
    for text in ["", "# nothing\n", "\u{feff}[look]\n", "[table.charges]\r\n"] {
        assert_eq!(faults(text), [], "{text:?}");
    }
}

#[test]
fn an_accent_takes_tint_and_parts_with_it_unless_they_are_given() {
    let mine = Template::parse("[look]\naccent = \"#1F4E9E\"", NO_FILE).unwrap();
    let colours = mine.colours();
    assert_eq!((colours.accent, colours.parts[0]), (Rgb(0x1F, 0x4E, 0x9E), Rgb(0x1F, 0x4E, 0x9E)));
    assert_ne!(colours.tint, Template::embedded().colours().tint);
    let mine = Template::parse("[look]\naccent = \"#1F4E9E\"\ntint = \"#EEEEEE\"", NO_FILE).unwrap();
    assert_eq!(mine.colours().tint, Rgb(0xEE, 0xEE, 0xEE));
}

#[test]
fn words_that_belong_together_are_not_torn() {
    let mine =
        Template::parse("[text.correction]\ndifference = \"від {billed} грн до {now} разом {billed} днів\"", NO_FILE).unwrap();
    let text = mine.fill(Text::CorrectionDifference, &[("billed", "1"), ("now", "2")]);
    assert_eq!(text, "від\u{a0}1\u{a0}грн до\u{a0}2 разом 1 днів");
}

#[test]
fn what_fills_a_brace_is_not_read_again() {
    let template = Template::embedded();
    let number = "{date}{reason}{{number}}";
    let text = template.fill(Text::CorrectionCorrects, &[("number", number), ("date", "D"), ("reason", "{number}")]);
    assert_eq!(text, "До рахунку №\u{a0}{date}{reason}{{number}} від\u{a0}D. Причина: {number}");
}

#[test]
fn every_fault_is_told_with_its_place() {
    let cases: &[(&str, usize, usize, &str)] = &[
        ("[look]\naccent = 5", 2, 10, "write it as \"#RRGGBB\""),
        ("[look]\naccent = \"green\"", 2, 10, "write it as \"#RRGGBB\""),
        ("[look]\naccent = \"#FFEE00\"", 2, 10, "contrast of 1."),
        ("[look]\ntint = \"#333333\"", 2, 8, "ink on tint"),
        ("[look]\nacent = \"#FFEE00\"", 2, 1, "did you mean accent?"),
        ("[loook]\naccent = \"#1F4E9E\"", 1, 2, "did you mean look?"),
        ("look = 1", 1, 8, "look is a block"),
        ("text.due = \"x\"", 1, 12, "text.due is a block"),
        ("[look]\nlogo = \"logo.png\"", 2, 8, "logo.png: there is no such file"),
        ("[look]\nlogo = \"../logo.png\"", 2, 8, "without a path"),
        ("[look]\nlogo = \"a/b.png\"", 2, 8, "without a path"),
        ("[look]\nlogo_width = 9", 2, 14, "10 to 80"),
        ("[look]\nlogo_width = 81", 2, 14, "10 to 80"),
        ("[look]\nlogo_width = \"40\"", 2, 14, "10 to 80"),
        ("[look]\nparts = [\"#111111\"]", 2, 9, "has 1 colours; it needs 7"),
        ("[text.invoice]\ntitle = 5", 2, 9, "is a text"),
        ("[text.invoice]\ntitle = \"\"", 2, 9, "cannot be empty"),
        ("[text.invoice]\ntitle = \"за {monht}\"", 2, 13, "did you mean month?"),
        ("[text.invoice]\ntitle = \"за {month\"", 2, 13, "not closed"),
        ("[text.invoice]\ntitle = \"за {month} {\"", 2, 21, "not closed"),
        ("[text.invoice]\ntitle = \"{ {month}\"", 2, 10, "not closed"),
        ("[text.invoice]\ntitle = \"за month}\"", 2, 18, "closes nothing"),
        ("[text.invoice]\ntitle = '''\nза {month}\nі {day}'''", 4, 3, "no word {day}"),
        ("[text.due]\neyebrow = \"{sum}\"", 2, 12, "this text has none"),
        ("[text.due]\neyebrow = \"a\\u0000b\"", 2, 11, "control character"),
        ("[text.due]\neyebrov = \"x\"", 2, 1, "did you mean eyebrow?"),
        ("[text.dew]\nx = \"x\"", 1, 7, "no key dew is known here"),
        ("[invoice]\nsections = \"head\"", 2, 12, "is a list"),
        ("[invoice]\nsections = [\"head\", 5]", 2, 21, "is a text"),
        ("[invoice]\nsections = [\"head\", \"due\", \"parties\"]", 2, 12, "charges cannot be left out"),
        ("[invoice]\nsections = [\"due\", \"head\", \"parties\", \"charges\"]", 2, 12, "head stands first"),
        ("[invoice]\nsections = [\"head\", \"due\", \"parties\", \"charges\", \"due\"]", 2, 50, "stands twice"),
        ("[invoice]\nsections = [\"head\", \"due\", \"parties\", \"charges\", \"reason\"]", 2, 50, "did you mean reasons?"),
        ("[invoice]\nsections = [\"head\", \"due\", \"parties\", \"charges\", \"зміст\"]", 2, 50, "there are: "),
        ("[act]\nsections = [\"head\", \"parties\", \"readings\"]", 2, 12, "signing cannot be left out"),
        ("[table.charges]\ncolumns = [\"name\"]", 2, 11, "sum cannot be left out"),
        ("[table.charges]\ncolumns = [\"sum\", \"name\"]", 2, 11, "sum cannot be the first"),
        ("[table.charges]\ncolumns = [\"name\", \"meter\", \"sum\"]", 2, 20, "no meter is known here; there are: number, name"),
        ("[table.charges]\ntitle.name = \"\"", 2, 14, "cannot be empty"),
        ("[table.charges]\ntitle.name = \"{x}\"", 2, 15, "this text has none"),
        ("[table.charge]\ncolumns = []", 1, 8, "did you mean charges?"),
        ("[requisites]\nlines = [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]", 2, 9, "7 lines; at most 6"),
        ("[requisites]\nlines = \"1\"", 2, 9, "is a list"),
        ("[requisites]\nfoot = \"{page}\"", 2, 9, "this text has none"),
        ("[look\naccent = 1", 1, 6, "not TOML"),
        ("[look]\naccent = \"#1F4E9E\"\naccent = \"#1F4E9E\"", 3, 1, "not TOML"),
        ("[look]\naccent = \"#1F4E9E", 2, 18, "not TOML"),
    ];
    for (text, line, column, message) in cases {
        let found = faults(text);
        assert!(found.iter().any(|fault| fault.message.contains(message)), "{text}\n{found:?}");
        let fault = found.iter().find(|fault| fault.message.contains(message)).unwrap();
        assert_eq!((fault.line, fault.column), (*line, *column), "{text}\n{fault}");
        // What is wrong leaves the embedded value, and the rest of the file holds.
        assert!(Template::parse(text, NO_FILE).is_err());
    }
}

#[test]
fn texts_are_as_long_as_a_page_bears() {
    for (key, most) in [("text.act.how", 1000), ("table.charges.title.name", 120), ("requisites.foot", 200)] {
        assert_eq!(faults(&format!("{key} = \"{}\"", "ї".repeat(most))), []);
        assert!(faults(&format!("{key} = \"{}\"", "ї".repeat(most + 1)))[0].message.contains(&format!("at most {most}")));
    }
    let lines = |most: usize| format!("requisites.lines = [{}]", vec!["\"x\""; most].join(","));
    assert_eq!(faults(&lines(6)), []);
    assert_eq!(faults(&lines(7)).len(), 1);
}

#[test]
fn all_faults_are_told_at_once_in_their_order() {
    let text = "[look]\naccent = 1\nlogo_width = 2\n[text.due]\nscan = \"{x}\" \n[table.act]\ncolumns = []\n";
    let found = faults(text);
    let lines: Vec<usize> = found.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2, 3, 5, 7, 7, 7, 7, 7, 7], "{found:?}");
    let mended = Template::read("[look]\naccent = 1\n[text.due]\neyebrow = \"МОЄ\"", NO_FILE).0;
    assert_eq!(mended.text(Text::DueEyebrow), "МОЄ");
    assert_eq!(mended.colours(), Template::embedded().colours());
}

#[test]
fn a_fault_is_shown_with_its_line_and_a_caret_below_it() {
    let text = "[text.invoice]\n\ttitle = \"за {monht}\"\n";
    let fault = &faults(text)[0];
    assert_eq!(fault.shown(text), "2 |  title = \"за {monht}\"\n                 ^");
    let long = format!("requisites.foot = \"{}{{x}}\"", "ж".repeat(190));
    let shown = faults(&long)[0].shown(&long);
    let (line, caret) = shown.split_once('\n').unwrap();
    assert_eq!(line.chars().nth(caret.chars().count() - 1), Some('{'), "{shown}");
    assert!(line.chars().count() < 120);
    let beyond = TemplateFault { line: 99, column: 1, message: String::new() };
    assert_eq!(beyond.shown(text), "99 | \n     ^");
}

#[test]
fn a_file_that_is_not_utf_8_is_told_with_its_place() {
    let mut bytes = b"[look]\n# ".to_vec();
    bytes.push(0xCF);
    let fault = Template::decode(&bytes).unwrap_err();
    assert_eq!((fault.line, fault.column), (2, 3));
    assert!(fault.message.contains("UTF-8"));
    assert!(Template::decode(&vec![b'#'; 256 * 1024]).is_ok());
    assert!(Template::decode(&vec![b'#'; 256 * 1024 + 1]).unwrap_err().message.contains("KiB"));
}

#[test]
fn a_file_full_of_faults_tells_the_first_hundred() {
    for text in
        ["=\n".repeat(100_000), (0..20_000).flat_map(|n| [format!("k{n}"), " = 1\n".to_owned()]).collect(), "[a".repeat(80_000)]
    {
        let found = faults(&text);
        assert!((1..=100).contains(&found.len()), "{}", found.len());
        assert!(found[0].line == 1, "{}", found[0]);
    }
}

#[test]
fn titles_are_needed_and_sentences_may_be_empty() {
    for (key, what) in keys() {
        let What::Text(text) = what else { continue };
        let found = faults(&format!("{key} = \" \""));
        assert_eq!(found.is_empty(), !is_needed(text), "{key}");
    }
}
