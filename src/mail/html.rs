//! Words of an HTML letter, for reading commands only. Nothing is rendered, nothing is loaded (T5).

/// Elements whose content is no text.
const SILENT: [&str; 4] = ["script", "style", "head", "title"];

/// Elements that begin a new line.
const BREAKS: [&str; 12] = ["br", "p", "div", "tr", "li", "h1", "h2", "h3", "table", "blockquote", "hr", "ul"];

/// Visible words of `source`, a line for each block; what a mail program marked as quoted is left out.
pub(crate) fn text(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    let mut quoted = 0_usize;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        if quoted == 0 {
            push(&mut out, before);
        }
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((inside, after)) = tag.get(1..).and_then(|tag| tag.split_once('>')) else {
            return out;
        };
        rest = after;
        let closing = inside.starts_with('/');
        let name: String =
            inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(16).collect::<String>();
        let name = name.to_ascii_lowercase();
        if SILENT.contains(&name.as_str()) && !closing && !inside.ends_with('/') {
            rest = skip_to_end(rest, &name);
        } else if name == "blockquote" {
            quoted = if closing { quoted.saturating_sub(1) } else { quoted.saturating_add(1) };
        }
        if BREAKS.contains(&name.as_str()) && !out.ends_with('\n') {
            out.push('\n');
        }
    }
    if quoted == 0 {
        push(&mut out, rest);
    }
    out
}

/// What follows `</name`; everything is silent when it never ends.
fn skip_to_end<'a>(source: &'a str, name: &str) -> &'a str {
    let mut rest = source;
    while let Some(start) = rest.find("</") {
        rest = rest.get(start + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return rest.split_once('>').map_or("", |(_, after)| after);
        }
    }
    ""
}

fn push(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, entity) = rest.split_at(start);
        words(out, before);
        let end = entity.bytes().take(12).position(|byte| byte == b';');
        let known = end.and_then(|end| Some((character(entity.get(1..end)?)?, entity.get(end + 1..)?)));
        if let Some((c, after)) = known {
            out.push(c);
            rest = after;
        } else {
            out.push('&');
            rest = entity.get(1..).unwrap_or_default();
        }
    }
    words(out, rest);
}

/// White space of the source is one space.
fn words(out: &mut String, text: &str) {
    for c in text.chars() {
        if !c.is_whitespace() || c == '\u{a0}' {
            out.push(c);
        } else if !out.ends_with([' ', '\n']) {
            out.push(' ');
        }
    }
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "nbsp" => ' ',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" | "rsquo" => '\'',
        "laquo" => '«',
        "raquo" => '»',
        "mdash" => '—',
        "ndash" => '–',
        numeric => {
            let digits = numeric.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control())?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_its_words() {
        let cases = [
            ("<html><head><style>p{}</style></head><body><p>САЛЬДО</p><p>дякую&nbsp;вам</p></body></html>", "САЛЬДО\nдякую вам"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("<div>new</div><blockquote>old</blockquote>", "new"),
            ("<!-- <p>x</p> -->y", "y"),
            ("1 &lt; 2 &#1040; &unknown; & z", "1 < 2 А &unknown; & z"),
            ("<script>alert(1)", ""),
            ("x <", "x"),
        ];
        for (source, words) in cases {
            assert_eq!(text(source).trim(), words, "{source}");
        }
    }

    #[test]
    fn hostile_markup_costs_little() {
        for piece in ["<", "<!--", "&", "<script>", "<blockquote>", "</"] {
            let _ = text(&piece.repeat(200_000));
        }
    }
}
