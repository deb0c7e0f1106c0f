//! Patterns of simple types: the part of XML Schema's regular expressions our schemas use.
//!
//! A pattern is a row of characters, escapes and classes `[...]`, each with `?`, `*`, `+`, `{n}`, `{n,}` or `{n,m}`. Whatever
//! is more, and whatever would need looking back, is refused when the schema is loaded; so matching is one pass.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    atoms: Vec<Atom>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Atom {
    /// Sorted ranges of characters.
    ranges: Vec<(char, char)>,
    min: usize,
    max: usize,
}

impl Atom {
    fn takes(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c))
    }

    fn overlaps(&self, other: &Self) -> bool {
        let meets = |(low, high): &(char, char)| other.ranges.iter().any(|(from, to)| low <= to && from <= high);
        self.ranges.iter().any(meets)
    }
}

impl Pattern {
    /// # Errors
    /// Says in English what is not of the subset.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.chars().collect::<Vec<_>>().into_iter().peekable();
        let mut atoms = Vec::new();
        while let Some(c) = rest.next() {
            let ranges = match c {
                '[' => class(&mut rest)?,
                '\\' => vec![escape(rest.next())?],
                '.' | '(' | ')' | '|' | '?' | '*' | '+' | '{' | '}' | ']' | '^' | '$' => {
                    return Err(format!("{c:?} is not supported here in the pattern {text:?}"));
                }
                literal => vec![(literal, literal)],
            };
            let (min, max) = quantifier(&mut rest)?;
            atoms.push(Atom { ranges, min, max });
        }
        if looks_back(&atoms) {
            return Err(format!("the pattern {text:?} needs looking back"));
        }
        Ok(Self { text: text.to_owned(), atoms })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `value` fits.
    pub(crate) fn matches(&self, value: &str) -> bool {
        let mut rest = value.chars().peekable();
        for atom in &self.atoms {
            let mut taken = 0;
            while taken < atom.max && rest.next_if(|c| atom.takes(*c)).is_some() {
                taken += 1;
            }
            if taken < atom.min {
                return false;
            }
        }
        rest.next().is_none()
    }
}

/// Whether taking as much as possible could be wrong: an atom of open length overlaps one that may follow it.
fn looks_back(atoms: &[Atom]) -> bool {
    let overlaps_next = |(index, atom): (usize, &Atom)| {
        let after = || atoms.iter().skip(index + 1);
        // Up to and with the first that must be there.
        let reach = after().position(|next| next.min > 0).map_or(usize::MAX, |required| required + 1);
        atom.min != atom.max && after().take(reach).any(|next| atom.overlaps(next))
    };
    atoms.iter().enumerate().any(overlaps_next)
}

type Rest = std::iter::Peekable<std::vec::IntoIter<char>>;

fn class(rest: &mut Rest) -> Result<Vec<(char, char)>, String> {
    let mut ranges = Vec::new();
    loop {
        let c = rest.next().ok_or("a class without end")?;
        let low = match c {
            ']' if ranges.is_empty() => return Err("an empty class".to_owned()),
            ']' => return Ok(ranges),
            '^' if ranges.is_empty() => return Err("a negated class is not supported".to_owned()),
            '[' => return Err("class subtraction is not supported".to_owned()),
            '\\' => {
                ranges.push(escape(rest.next())?);
                continue;
            }
            other => other,
        };
        if rest.peek() != Some(&'-') {
            ranges.push((low, low));
            continue;
        }
        rest.next();
        match rest.next().ok_or("a class without end")? {
            // A hyphen at the end stands for itself.
            ']' => {
                ranges.extend([(low, low), ('-', '-')]);
                return Ok(ranges);
            }
            '[' | '\\' => return Err("this end of a range is not supported".to_owned()),
            high if high < low => return Err(format!("the range {low}-{high} is empty")),
            high => ranges.push((low, high)),
        }
    }
}

fn escape(c: Option<char>) -> Result<(char, char), String> {
    match c {
        // Among the others \d takes the digits of every script; our schemas never mean that.
        Some(c @ ('\\' | '.' | '-' | '[' | ']' | '(' | ')' | '{' | '}' | '?' | '*' | '+' | '|' | '^')) => Ok((c, c)),
        other => Err(format!("the escape {other:?} is not supported")),
    }
}

fn quantifier(rest: &mut Rest) -> Result<(usize, usize), String> {
    match rest.peek() {
        Some('?') => rest.next().map_or(Ok((1, 1)), |_| Ok((0, 1))),
        Some('*') => rest.next().map_or(Ok((1, 1)), |_| Ok((0, usize::MAX))),
        Some('+') => rest.next().map_or(Ok((1, 1)), |_| Ok((1, usize::MAX))),
        Some('{') => {
            let inner: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
            let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{{{inner}}} is not a quantifier"));
            match inner.split_once(',') {
                None => number(&inner).map(|exactly| (exactly, exactly)),
                Some((min, "")) => number(min).map(|min| (min, usize::MAX)),
                Some((min, max)) => Ok((number(min)?, number(max)?)),
            }
        }
        _ => Ok((1, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_value() {
        let cases = [
            ("27[0-9]{7}", "270000017", true),
            ("27[0-9]{7}", "2700000170", false),
            ("27[0-9]{7}", "27000001", false),
            ("[0-9]{1,9}[.][0-9]{1,3}", "1.234", true),
            ("[0-9]{1,9}[.][0-9]{1,3}", "1.2345", false),
            ("[0-9]{1,9}[.][0-9]{1,3}", "1234567890.1", false),
            ("[!-;=?A-Z^-~]+@[a-z.]+", "a.b+c@d.e", true),
            ("[!-;=?A-Z^-~]+@[a-z.]+", "@d.e", false),
            ("a?b*[+-]", "bb-", true),
            ("a?b*[+-]", "a+", true),
            ("a?b*[+-]", "aa+", false),
            ("\\.{2}", "..", true),
            ("[А-Яа-яҐ]+", "Ґанок", true),
        ];
        for (pattern, value, fits) in cases {
            assert_eq!(Pattern::parse(pattern).map(|p| p.matches(value)), Ok(fits), "{pattern} {value}");
        }
    }

    #[test]
    fn what_is_not_of_the_subset_is_refused() {
        for bad in
            ["(ab)", "a|b", ".", "\\d", "\\p{L}", "[^a]", "[a-z-[b]]", "[", "[]", "a{x}", "[z-a]", "a+a", "a?b?a", "[0-9]{1,3}0"]
        {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
        for good in ["a+b", "a{2}a", "a?ba", ""] {
            assert!(Pattern::parse(good).is_ok(), "{good}");
        }
    }
}
