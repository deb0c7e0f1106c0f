//! Lines of a text: words are filled in greedily, a word wider than the line is broken where it must be.

use std::borrow::Cow;

use crate::clean::clean;
use crate::geometry::Length;
use crate::style::Style;
use crate::typeface::Faces;

/// Characters of one span that are ever printed.
const SPAN_CHARS: usize = 1000;

/// A piece of text in one style.
#[derive(Debug, Clone)]
pub struct Span {
    pub text: Cow<'static, str>,
    pub style: Style,
}

/// `text` in `style`; anything a stranger wrote may be given.
pub fn span(text: impl Into<Cow<'static, str>>, style: Style) -> Span {
    let text = match text.into() {
        Cow::Borrowed(constant) => Cow::Borrowed(constant),
        Cow::Owned(text) => {
            // A space at either end sets the text apart from its neighbours.
            let (before, after) = (text.starts_with(' '), text.ends_with(' '));
            let space = |wanted: bool| if wanted { " " } else { "" };
            Cow::Owned(format!("{}{}{}", space(before), clean(&text, SPAN_CHARS), space(after)))
        }
    };
    Span { text, style }
}

/// Text in one style at a distance from the line's beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub x: Length,
    pub text: String,
    pub style: Style,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub runs: Vec<Run>,
    pub width: Length,
}

impl Line {
    pub fn leading(&self) -> Length {
        self.runs.iter().map(|run| run.style.leading()).max().unwrap_or(0)
    }

    /// From the line's top to the baseline its runs share: that of the tallest.
    pub fn baseline(&self) -> Length {
        self.runs.iter().map(|run| run.style.baseline()).max().unwrap_or(0)
    }
}

pub fn height(lines: &[Line]) -> Length {
    lines.iter().map(Line::leading).sum()
}

/// Lines of at most `width`, at most `most` of them; a text cut short ends in `…`.
pub fn lines(faces: &Faces, spans: &[Span], width: Length, most: usize) -> Vec<Line> {
    let mut setter = Setter { faces, width: width.max(1), most, done: Vec::new(), line: Line::default(), full: false };
    let mut space = false;
    for part in spans {
        for (index, word) in part.text.split(' ').enumerate() {
            space |= index > 0;
            if !word.is_empty() {
                setter.word(word, part.style, space);
                space = false;
            }
        }
    }
    setter.finish()
}

struct Setter<'a> {
    faces: &'a Faces,
    width: Length,
    most: usize,
    done: Vec<Line>,
    line: Line,
    full: bool,
}

impl Setter<'_> {
    fn word(&mut self, word: &str, style: Style, space: bool) {
        if self.full {
            return;
        }
        let wide = self.faces.width(word, style);
        let gap = if space && !self.line.runs.is_empty() { self.faces.advance(' ', style) } else { 0 };
        if self.line.width + gap + wide <= self.width {
            self.append(word, style, gap, wide);
            return;
        }
        if let Some(last) = self.line.runs.last_mut() {
            // Copied text and screen readers need the space that the line's end stands for.
            if space {
                last.text.push(' ');
            }
            self.flush();
        }
        if wide <= self.width {
            self.append(word, style, 0, wide);
        } else {
            self.broken(word, style);
        }
    }

    /// A word wider than a whole line, broken between characters.
    fn broken(&mut self, word: &str, style: Style) {
        let (mut part, mut wide) = (String::new(), 0);
        for character in word.chars() {
            let advance = self.faces.advance(character, style);
            if wide + advance > self.width && !part.is_empty() {
                self.append(&part, style, 0, wide);
                self.flush();
                if self.full {
                    return;
                }
                part.clear();
                wide = 0;
            }
            part.push(character);
            wide += advance;
        }
        self.append(&part, style, 0, wide);
    }

    fn append(&mut self, word: &str, style: Style, gap: Length, wide: Length) {
        if self.full {
            return;
        }
        match self.line.runs.last_mut() {
            Some(last) if last.style == style => {
                if gap > 0 {
                    last.text.push(' ');
                }
                last.text.push_str(word);
            }
            last => {
                // The space belongs to the text, so that copying keeps the words apart.
                if let (Some(last), true) = (last, gap > 0) {
                    last.text.push(' ');
                }
                self.line.runs.push(Run { x: self.line.width + gap, text: word.to_owned(), style });
            }
        }
        self.line.width += gap + wide;
    }

    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.done.push(line);
        if self.done.len() >= self.most {
            self.full = true;
            if let Some(run) = self.done.last_mut().and_then(|line| line.runs.last_mut()) {
                run.text.truncate(run.text.trim_end().len());
                run.text.push('…');
            }
        }
    }

    fn finish(mut self) -> Vec<Line> {
        if !self.line.runs.is_empty() && !self.full {
            self.done.push(self.line);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::pt;
    use crate::style::{BODY, STRONG};

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.runs.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn words_fill_lines_and_styles_meet_on_one() {
        let faces = Faces::read().unwrap();
        let spans = [span("Споживач: ", BODY), span("Млин над рікою", STRONG)];
        assert_eq!(texts(&lines(&faces, &spans, pt(500), 9)), ["Споживач: Млин над рікою"]);
        let narrow = lines(&faces, &spans, pt(60), 9);
        assert_eq!(texts(&narrow), ["Споживач: ", "Млин над ", "рікою"]);
        assert!(narrow.iter().all(|line| line.width <= pt(60)));
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_and_a_long_text_cut() {
        let faces = Faces::read().unwrap();
        let set = lines(&faces, &[span("ж".repeat(900), BODY)], pt(100), 5);
        assert_eq!(set.len(), 5);
        assert!(texts(&set).last().is_some_and(|line| line.ends_with('…')));
        assert!(set.iter().all(|line| line.width <= pt(100)));
        assert!(lines(&faces, &[span("", BODY)], pt(100), 5).is_empty());
    }
}
