//! A template's file over another template, with everything that is wrong in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::colours::{self, READABLE, Rgb, contrast, paler};
use super::schema::{COLOURS, What, is_needed, keys};
use super::sections::{ActSection, Named, Section};
use super::tables::{Field, TableName};
use super::{Beside, Template, TemplateFault, logo};
use crate::payment_form::{PAGE_WORDS, PaymentKey};
use crate::style::{Colour, PARTS};
use crate::typeface::KEEP;

/// Faults that are told; who has more than these mends them first.
const FAULTS: usize = 100;
const TEXT_CHARS: usize = 1000;
const TITLE_CHARS: usize = 120;
const LINES: usize = 6;
const LINE_CHARS: usize = 200;
const LOGO_MILLIMETRES: std::ops::RangeInclusive<u16> = 10..=80;

/// `text` over `base`: what is wrong in it stays as `base` has it.
pub fn over(base: Template, text: &str, beside: Beside<'_>) -> (Template, Vec<TemplateFault>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What a file means that is not TOML is a guess.
        let told = |error: &toml::de::Error| {
            let message: String = error.message().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
            let at = error.span().map_or(0, |span| span.start);
            TemplateFault::at(text, at, format!("not TOML: {message}; write key = \"text\" under a [heading]"))
        };
        let mut faults: Vec<TemplateFault> = errors.iter().take(FAULTS).map(told).collect();
        faults.sort();
        return (base, faults);
    }
    let read = base.clone();
    let mut reading = Reading { text, beside, keys: keys(), template: read, faults: Vec::new(), colours: Vec::new(), logo: None };
    reading.table(document.get_ref(), "");
    reading.finish(&base);
    reading.faults.sort();
    reading.faults.dedup();
    (reading.template, reading.faults)
}

struct Reading<'a> {
    text: &'a str,
    beside: Beside<'a>,
    keys: Vec<(String, What)>,
    template: Template,
    faults: Vec<TemplateFault>,
    /// The colours that the file gives, and where.
    colours: Vec<(Colour, usize)>,
    logo: Option<(logo::Pixels, usize)>,
}

impl Reading<'_> {
    fn fault(&mut self, at: usize, message: impl Into<String>) {
        if self.faults.len() >= FAULTS {
            return;
        }
        let fault = TemplateFault::at(self.text, at, message.into());
        self.faults.push(fault);
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            if self.faults.len() >= FAULTS {
                return;
            }
            let name = key.get_ref().as_ref();
            let whole = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            if let Some(what) = self.keys.iter().find(|(known, _)| *known == whole).map(|(_, what)| *what) {
                self.value(what, &whole, value);
            } else if self.keys.iter().any(|(known, _)| known.strip_prefix(&whole).is_some_and(|rest| rest.starts_with('.'))) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(inner, &whole),
                    _ => self.fault(value.span().start, format!("{whole} is a block: write its keys below the line [{whole}]")),
                }
            } else {
                let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
                let below = |known: &(String, What)| {
                    known.0.strip_prefix(&prefix).and_then(|rest| rest.split('.').next()).map(str::to_owned)
                };
                let mut siblings: Vec<String> = self.keys.iter().filter_map(below).collect();
                siblings.sort();
                siblings.dedup();
                let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                self.fault(key.span().start, format!("no key {name} is known here; {}", instead(&name, &siblings)));
            }
        }
    }

    fn value(&mut self, what: What, key: &str, value: &Spanned<DeValue<'_>>) {
        match what {
            What::Text(text) => {
                let string = self.string(key, value);
                let Some(string) = string.filter(|string| self.is_text(string, value.span(), text.words(), TEXT_CHARS)) else {
                    return;
                };
                if is_needed(text) && string.trim().is_empty() {
                    self.fault(
                        value.span().start,
                        format!("{key} cannot be empty: bookmarks and screen readers name the part by it"),
                    );
                    return;
                }
                self.template.texts.insert(text, glued(&string));
            }
            What::Title(table, field) => {
                let string = self.string(key, value);
                let Some(string) = string.filter(|string| self.is_text(string, value.span(), &[], TITLE_CHARS)) else { return };
                if string.trim().is_empty() {
                    self.fault(value.span().start, format!("{key} cannot be empty: a screen reader names the column by it"));
                    return;
                }
                self.template.tables.entry(table).or_default().titles.insert(field, string);
            }
            What::Columns(table) => self.columns(table, key, value),
            What::InvoiceSections => {
                let sections = self.list(key, value, Section::ALL, Section::always);
                let sections = sections.filter(|sections| self.begins(sections, Section::Head, key, value));
                self.template.invoice = sections.unwrap_or_else(|| std::mem::take(&mut self.template.invoice));
            }
            What::ActSections => {
                let sections = self.list(key, value, ActSection::ALL, ActSection::always);
                let sections = sections.filter(|sections| self.begins(sections, ActSection::Head, key, value));
                self.template.act = sections.unwrap_or_else(|| std::mem::take(&mut self.template.act));
            }
            What::Colour(role) => {
                if let Some(colour) = self.colour(key, value) {
                    self.colours.push((role, value.span().start));
                    *place(&mut self.template.colours, role) = colour;
                }
            }
            What::Parts => self.parts(key, value),
            What::Logo => self.logo(key, value),
            What::LogoWidth => {
                let number =
                    value.get_ref().as_integer().and_then(|number| u16::from_str_radix(number.as_str(), number.radix()).ok());
                match number.filter(|number| LOGO_MILLIMETRES.contains(number)) {
                    Some(number) => self.template.logo_width = number,
                    None => self
                        .fault(value.span().start, format!("{key} is a whole number of millimetres, 10 to 80, without quotes")),
                }
            }
            What::Lines => {
                let Some(lines) = self.strings(key, value) else { return };
                if lines.len() > LINES {
                    self.fault(value.span().start, format!("{key} has {} lines; at most {LINES}", lines.len()));
                    return;
                }
                let sound: Vec<String> = lines
                    .into_iter()
                    .filter(|(line, span)| self.is_text(line, span.clone(), &[], LINE_CHARS))
                    .map(|(line, _)| line)
                    .collect();
                self.template.lines = sound;
            }
            What::Payment(payment) => self.payment(payment, key, value),
            What::Foot => {
                let string = self.string(key, value);
                if let Some(string) = string.filter(|string| self.is_text(string, value.span(), &[], LINE_CHARS)) {
                    self.template.foot = string;
                }
            }
        }
    }

    fn payment(&mut self, payment: PaymentKey, key: &str, value: &Spanned<DeValue<'_>>) {
        let Some(string) = self.string(key, value) else { return };
        if payment == PaymentKey::Page && !self.is_text(&string, value.span(), &PAGE_WORDS, TEXT_CHARS) {
            return;
        }
        if let Err(instead) = self.template.payment.set(payment, &string) {
            self.fault(value.span().start, format!("{key} {instead}"));
        }
    }

    fn string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let string = value.get_ref().as_str().map(str::to_owned);
        if string.is_none() {
            self.fault(value.span().start, format!("{key} is a text: write it in quotes"));
        }
        string
    }

    fn strings(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Vec<(String, Range<usize>)>> {
        let Some(array) = value.get_ref().as_array() else {
            self.fault(value.span().start, format!("{key} is a list: write {} = [\"…\", \"…\"]", last(key)));
            return None;
        };
        let strings: Vec<_> = array.iter().map(|entry| self.string(key, entry).map(|text| (text, entry.span()))).collect();
        strings.into_iter().collect()
    }

    /// Tells what is wrong with a text: too long, controls, braces.
    fn is_text(&mut self, text: &str, span: Range<usize>, words: &[&str], most: usize) -> bool {
        let before = self.faults.len();
        if text.chars().count() > most {
            self.fault(span.start, format!("this text has {} characters; at most {most}", text.chars().count()));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            self.fault(span.start, "a control character stands in this text");
        }
        let mut open: Option<(usize, String)> = None;
        let mut braces = 0;
        for character in text.chars() {
            match (character, open.take()) {
                ('{', None) => open = Some((braces, String::new())),
                ('{', Some((first, _))) => {
                    self.fault(self.brace(&span, first), "this brace is not closed; close it with }");
                    open = Some((braces, String::new()));
                }
                ('}', None) => {
                    self.fault(self.brace(&span, braces), "this brace closes nothing; a text cannot hold a brace by itself");
                }
                ('}', Some((first, word))) if !words.contains(&word.as_str()) => {
                    let word: String = word.chars().filter(|c| !c.is_control()).take(64).collect();
                    let known: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
                    let instead = if known.is_empty() { "this text has none".to_owned() } else { instead(&word, &known) };
                    self.fault(self.brace(&span, first), format!("no word {{{word}}} is known here; {instead}"));
                }
                ('}', Some(_)) | (_, None) => {}
                (other, Some((first, mut word))) => {
                    word.push(other);
                    open = Some((first, word));
                }
            }
            braces += usize::from(character == '{' || character == '}');
        }
        if let Some((first, _)) = open {
            self.fault(self.brace(&span, first), "this brace is not closed; close it with }");
        }
        self.faults.len() == before
    }

    /// Where the brace of this number stands in the file.
    fn brace(&self, span: &Range<usize>, number: usize) -> usize {
        let source = self.text.get(span.clone()).unwrap_or_default();
        source.match_indices(['{', '}']).nth(number).map_or(span.start, |(at, _)| span.start + at)
    }

    fn list<T: Named>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        known: &[T],
        always: impl Fn(T) -> bool,
    ) -> Option<Vec<T>> {
        let entries = self.strings(key, value)?;
        let before = self.faults.len();
        let names: Vec<String> = known.iter().map(|one| one.key().to_owned()).collect();
        let mut list: Vec<T> = Vec::new();
        for (name, span) in entries {
            match known.iter().find(|one| one.key() == name) {
                Some(one) if list.contains(one) => self.fault(span.start, format!("{name} stands twice in {key}")),
                Some(one) => list.push(*one),
                None => {
                    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                    self.fault(span.start, format!("no {name} is known here; {}", instead(&name, &names)));
                }
            }
        }
        for missing in known.iter().filter(|one| always(**one) && !list.contains(one)) {
            self.fault(value.span().start, format!("{} cannot be left out of {key}", missing.key()));
        }
        (self.faults.len() == before).then_some(list)
    }

    fn begins<T: Named>(&mut self, list: &[T], first: T, key: &str, value: &Spanned<DeValue<'_>>) -> bool {
        let begins = list.first() == Some(&first);
        if !begins {
            self.fault(value.span().start, format!("{} stands first in {key}", first.key()));
        }
        begins
    }

    fn columns(&mut self, table: TableName, key: &str, value: &Spanned<DeValue<'_>>) {
        let known: Vec<Field> = table.slots().iter().map(|slot| slot.field).collect();
        let always = |field: Field| table.slot(field).is_some_and(|slot| slot.always);
        let Some(columns) = self.list(key, value, &known, always) else { return };
        if let Some(first) = columns.first().and_then(|field| table.slot(*field)).filter(|slot| slot.totals) {
            let name = first.field.key();
            self.fault(
                value.span().start,
                format!("{name} cannot be the first of {key}: the title of its total stands left of it"),
            );
            return;
        }
        self.template.tables.entry(table).or_default().shown = columns;
    }

    fn colour(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Rgb> {
        let colour = value.get_ref().as_str().and_then(colours::read);
        if colour.is_none() {
            self.fault(value.span().start, format!("{key} is a colour: write it as \"#RRGGBB\", such as \"#1F4E9E\""));
        }
        colour
    }

    fn parts(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        let Some(array) = value.get_ref().as_array() else {
            self.fault(value.span().start, format!("{key} is a list of {} colours", PARTS.len()));
            return;
        };
        let read: Vec<Option<Rgb>> = array.iter().map(|entry| self.colour(key, entry)).collect();
        let Some(read) = read.into_iter().collect::<Option<Vec<Rgb>>>() else { return };
        match <[Rgb; PARTS.len()]>::try_from(read) {
            Ok(parts) => {
                self.template.colours.parts = parts;
                self.colours.push((Colour::Part(0), value.span().start));
            }
            Err(read) => self.fault(value.span().start, format!("{key} has {} colours; it needs {}", read.len(), PARTS.len())),
        }
    }

    fn logo(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        let Some(name) = self.string(key, value) else { return };
        let at = value.span().start;
        if name.is_empty() || name.starts_with('.') || name.chars().any(|c| c.is_control() || c == '/' || c == '\\') {
            self.fault(at, format!("{key} is the name of a file in the folder of this one, without a path"));
            return;
        }
        match (self.beside)(&name).and_then(|file| logo::decode(&file)) {
            Ok(pixels) => self.logo = Some((pixels, at)),
            Err(reason) => self.fault(at, format!("{name}: {reason}")),
        }
    }

    /// What only all keys together tell.
    fn finish(&mut self, base: &Template) {
        if let Some((pixels, at)) = self.logo.take() {
            match logo::Logo::new(&pixels, self.template.logo_width) {
                Ok(logo) => self.template.logo = Some(logo),
                Err(reason) => self.fault(at, reason),
            }
        }
        let given = |role: Colour, reading: &Self| reading.colours.iter().find(|(own, _)| *own == role).map(|(_, at)| *at);
        let colours = &mut self.template.colours;
        if self.colours.iter().any(|(role, _)| *role == Colour::Accent) {
            let accent = colours.accent;
            if !self.colours.iter().any(|(role, _)| *role == Colour::Tint) {
                colours.tint = paler(accent, 8);
            }
            if !self.colours.iter().any(|(role, _)| *role == Colour::Part(0)) {
                for (part, share) in colours.parts.iter_mut().zip([100, 75, 45]) {
                    *part = paler(accent, share);
                }
            }
        }
        let before = self.faults.len();
        for (name, role) in COLOURS {
            for (ground_name, ground) in [("paper", Colour::Paper), ("tint", Colour::Tint)] {
                if !matches!(role, Colour::Ink | Colour::Grey | Colour::Accent) {
                    continue;
                }
                let found = contrast(self.template.colours.rgb(role), self.template.colours.rgb(ground));
                let at = given(role, self).or_else(|| given(ground, self));
                if let (Some(at), true) = (at, found < READABLE) {
                    let ratio = format!("{}.{} to 1", found / 100, found % 100 / 10);
                    self.fault(
                        at,
                        format!("{name} on {ground_name} has a contrast of {ratio}, too little to read: at least 4.5 to 1"),
                    );
                    break;
                }
            }
        }
        if self.faults.len() != before {
            self.template.colours = base.colours.clone();
        }
    }
}

fn place(colours: &mut colours::Colours, role: Colour) -> &mut Rgb {
    match role {
        Colour::Ink => &mut colours.ink,
        Colour::Grey => &mut colours.grey,
        Colour::Hairline => &mut colours.hairline,
        Colour::Tint => &mut colours.tint,
        Colour::Accent | Colour::Paper | Colour::Part(_) => &mut colours.accent,
    }
}

/// What was meant, or what there is.
fn instead(name: &str, known: &[String]) -> String {
    let small = name.to_lowercase();
    let near = known.iter().map(|key| (strsim::osa_distance(&small, key), key)).min();
    match near.filter(|(distance, key)| *distance <= 1 + key.chars().count() / 4) {
        Some((_, key)) => format!("did you mean {key}?"),
        None => format!("there are: {}", known.join(", ")),
    }
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Spaces that would leave a number alone at a line's end keep their words together: `№ {number}`, `до {date}`, `{sum} грн`.
fn glued(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(' ') {
        out.push_str(before);
        let word = before.rsplit(['}', '{', '\n']).next().unwrap_or_default();
        let short = word == "№" || (!word.is_empty() && word.chars().count() <= 3 && word.chars().all(char::is_alphabetic));
        let unit = oblik_words::documents::AFTER_FIGURES.iter().any(|unit| after.starts_with(unit));
        let keeps = (after.starts_with('{') && short) || (before.ends_with('}') && unit);
        out.push(if keeps { KEEP } else { ' ' });
        rest = after;
    }
    out.push_str(rest);
    out
}
