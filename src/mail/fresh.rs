//! What the sender wrote now: quoted letters, forwarded headers and signature blocks are cut away.

use oblik_words::marks;

/// Lines looked at; a command stands at the beginning.
const LINES: usize = 2000;

/// The text above the first mark of an older letter or of a signature block, quoted lines left out.
pub fn fresh(text: &str) -> String {
    let lines: Vec<&str> = text.lines().take(LINES).map(str::trim_end).collect();
    let mut kept: Vec<&str> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let next = || lines.iter().skip(index + 1).map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or_default();
        if *line == "--" || *line == "-- " || begins_older_letter(line, next) {
            break;
        }
        if !line.trim_start().starts_with('>') && !is_added(line) {
            kept.push(line);
        }
    }
    // "On 21.11.2026 Ivan\n<a@x> wrote:" may be broken over two lines: the first of them is no text either.
    if kept.len() < lines.len() && lines.get(kept.len()).is_some_and(|line| says_wrote(line)) {
        let opening = kept.last().is_some_and(|line| opens_attribution(line));
        if opening {
            kept.pop();
        }
    }
    kept.join("\n").trim().to_owned()
}

fn lower(line: &str) -> String {
    line.trim().to_lowercase()
}

fn begins_older_letter<'a>(line: &str, next: impl Fn() -> &'a str) -> bool {
    let line = lower(line);
    let ruled = line.len() >= 20 && line.chars().all(|c| c == '_');
    let block = marks::OLDER_FROM.iter().any(|mark| line.starts_with(mark)) && {
        let next = lower(next());
        marks::OLDER_SENT.iter().any(|mark| next.starts_with(mark))
    };
    ruled || block || says_wrote(&line) || marks::OLDER_LETTER.iter().any(|mark| line.starts_with(mark))
}

/// A line that ends in "wrote:" and names a moment or an address.
fn says_wrote(line: &str) -> bool {
    let line = lower(line);
    let named = line.contains(|c: char| c.is_ascii_digit()) || line.contains('@');
    named && marks::WROTE.iter().any(|mark| line.ends_with(mark))
}

fn opens_attribution(line: &str) -> bool {
    let line = lower(line);
    line.starts_with("on ") || (line.contains(|c: char| c.is_ascii_digit()) && line.contains(':') && line.ends_with(','))
}

fn is_added(line: &str) -> bool {
    let line = lower(line);
    marks::ADDED.iter().any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_now_is_read() {
        let cases = [
            ("САЛЬДО\n", "САЛЬДО"),
            ("САЛЬДО\n\n-- \nІваненко", "САЛЬДО"),
            ("САЛЬДО\n\nпт, 20 лист. 2026 р. о 10:00 Облік <a@x> пише:\n> РАХУНОК\n", "САЛЬДО"),
            ("САЛЬДО\n\nOn Fri, Nov 20, 2026 at 10:00 AM\nOblik <a@x> wrote:\n> РАХУНОК\n", "САЛЬДО"),
            ("САЛЬДО\n\n-----Original Message-----\nFrom: x\nРАХУНОК", "САЛЬДО"),
            ("САЛЬДО\n________________________________\nВід: x\nНадіслано: y\nРАХУНОК", "САЛЬДО"),
            ("САЛЬДО\n\nВід: Облік <a@x>\nНадіслано: 20.11.2026\nРАХУНОК", "САЛЬДО"),
            ("20.11.2026 10:00, Облік пише:\n> РАХУНОК\nСАЛЬДО", ""),
            ("> РАХУНОК\nСАЛЬДО\n> ще", "САЛЬДО"),
            ("САЛЬДО\n\nНадіслано з iPhone", "САЛЬДО"),
            ("Від: кого завгодно\nСАЛЬДО", "Від: кого завгодно\nСАЛЬДО"),
            ("Він пише:\nСАЛЬДО", "Він пише:\nСАЛЬДО"),
            ("", ""),
        ];
        for (text, kept) in cases {
            assert_eq!(fresh(text), kept, "{text}");
        }
    }
}
