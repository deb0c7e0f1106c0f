//! Rust source as a row of words, strings and signs: enough to tell code from comments and tests from the rest.

/// One piece of source with the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub line: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Word(String),
    /// A string literal of any sort, without its quotes.
    Text(String),
    Sign(char),
}

impl Piece {
    pub fn is_word(&self, wanted: &str) -> bool {
        matches!(&self.kind, Kind::Word(word) if word == wanted)
    }

    pub fn is_sign(&self, wanted: char) -> bool {
        self.kind == Kind::Sign(wanted)
    }
}

/// The pieces of a file that are compiled into the program: without comments and without items under `#[cfg(test)]`.
pub fn program(text: &str) -> Vec<Piece> {
    without_tests(&pieces(text))
}

/// All pieces of a file; comments are passed over.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut reader = Reader { rest: text, line: 1 };
    let mut found = Vec::new();
    while let Some(piece) = reader.piece() {
        found.push(piece);
    }
    found
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    /// Takes so many bytes; what they were.
    fn take(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken.to_owned()
    }

    fn piece(&mut self) -> Option<Piece> {
        loop {
            let first = self.rest.chars().next()?;
            if first.is_whitespace() {
                self.take(first.len_utf8());
            } else if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.take(comment_bytes(self.rest));
            } else {
                break;
            }
        }
        let line = self.line;
        let kind = if let Some((before, hashes)) = raw_opening(self.rest) {
            let closing = format!("\"{}", "#".repeat(hashes));
            self.take(before);
            let text = self.take(self.rest.find(&closing).unwrap_or(self.rest.len()));
            self.take(closing.len().min(self.rest.len()));
            Kind::Text(text)
        } else if let Some(before) = ["\"", "b\"", "c\""].iter().find(|opening| self.rest.starts_with(**opening)) {
            self.take(before.len());
            let text = self.take(quoted_bytes(self.rest));
            self.take(1.min(self.rest.len()));
            Kind::Text(text)
        } else if self.rest.starts_with('\'') {
            self.take(character_bytes(self.rest));
            Kind::Sign('\'')
        } else {
            let word = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
            if word == 0 {
                let sign = self.rest.chars().next()?;
                self.take(sign.len_utf8());
                Kind::Sign(sign)
            } else {
                Kind::Word(self.take(word))
            }
        };
        Some(Piece { line, kind })
    }
}

/// Comments of this sort nest.
fn comment_bytes(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = text[at..].find(['/', '*']) {
        at += next;
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Bytes up to the quote of a raw string's opening inclusive, and how many hashes it has.
fn raw_opening(text: &str) -> Option<(usize, usize)> {
    let prefix = ["r", "br", "cr"].iter().find(|prefix| text.starts_with(**prefix))?;
    let rest = text.strip_prefix(*prefix)?;
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    rest[hashes..].starts_with('"').then_some((prefix.len() + hashes + 1, hashes))
}

fn quoted_bytes(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Bytes of a character literal; of a lifetime only its tick.
fn character_bytes(text: &str) -> usize {
    let mut rest = text.char_indices().skip(1);
    match rest.next() {
        Some((_, '\\')) => text[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 3),
        Some((_, _)) => rest.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

fn without_tests(pieces: &[Piece]) -> Vec<Piece> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        if is_test_mark(&pieces[at..]) {
            at = item_end(pieces, at);
        } else {
            kept.push(pieces[at].clone());
            at += 1;
        }
    }
    kept
}

/// `#[cfg(test)]`, `#[test]`.
fn is_test_mark(pieces: &[Piece]) -> bool {
    let [hash, open, rest @ ..] = pieces else { return false };
    if !hash.is_sign('#') || !open.is_sign('[') {
        return false;
    }
    match rest {
        [test, close, ..] if test.is_word("test") && close.is_sign(']') => true,
        [cfg, open, test, close, ..] => cfg.is_word("cfg") && open.is_sign('(') && test.is_word("test") && close.is_sign(')'),
        _ => false,
    }
}

/// Where the item ends that begins, attributes and all, at `at`: after its body, or its semicolon.
fn item_end(pieces: &[Piece], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < pieces.len() {
        match pieces[at].kind {
            Kind::Sign('{' | '(' | '[') => depth += 1,
            Kind::Sign(closing @ ('}' | ')' | ']')) => {
                // The end of what the item stands in: an item without its own end, such as a last field.
                if depth == 0 {
                    return at;
                }
                depth -= 1;
                if depth == 0 && closing == '}' {
                    return at + 1;
                }
            }
            Kind::Sign(';') if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

#[test]
fn code_is_told_from_comments_strings_and_tests() {
    let text = "use a::b; // \"one\"\n/* \"two /* deep */\" */ fn f<'x>(c: &'x str) -> char { g(r#\"th\"ree\"#, b\"fo\\\"ur\"); '\"' }\n\
                #[cfg(test)]\nmod tests { fn g() { \"five\" } }\n#[cfg(test)]\nuse z;\nconst S: &str = \"six\";\n#[test]\nfn t() { h(\"7\") }\nfn last() {}\n";
    let texts = |pieces: Vec<Piece>| -> Vec<(usize, String)> {
        let text = |piece: Piece| if let Kind::Text(text) = piece.kind { Some((piece.line, text)) } else { None };
        pieces.into_iter().filter_map(text).collect()
    };
    let found = texts(program(text));
    assert_eq!(found, [(2, "th\"ree".to_owned()), (2, "fo\\\"ur".to_owned()), (7, "six".to_owned())]);
    assert!(program(text).iter().any(|piece| piece.is_word("last")));
    assert_eq!(texts(pieces(text)).len(), 5);
}
