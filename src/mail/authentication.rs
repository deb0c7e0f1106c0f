//! Authentication-Results of our own MX (RFC 8601). Anybody can write such a field, so only those that carry our own
//! `authserv-id` count, and the MX must remove the ones that arrive with it (RFC 8601 §5).

/// Whether the topmost result for DMARC that `authserv_id` wrote is a pass for the domain of `from`.
///
/// Filters each write a field of their own, so fields without a DMARC result are passed over; a field with two is no pass.
pub(crate) fn dmarc_pass<'a>(fields: impl Iterator<Item = &'a [u8]>, authserv_id: &str, from: &str) -> bool {
    let Some((_, domain)) = from.rsplit_once('@') else { return false };
    for field in fields {
        let statements = statements(&String::from_utf8_lossy(field));
        let Some((server, results)) = statements.split_first() else { continue };
        let server = server.split_whitespace().next().unwrap_or_default().trim_matches('"');
        if authserv_id.is_empty() || !server.eq_ignore_ascii_case(authserv_id) {
            continue;
        }
        let dmarc: Vec<_> = results.iter().filter_map(|result| Dmarc::read(result)).collect();
        match dmarc.as_slice() {
            [] => {}
            [one] => return one.pass && one.domain.eq_ignore_ascii_case(domain),
            _ => return false,
        }
    }
    false
}

struct Dmarc {
    pass: bool,
    domain: String,
}

impl Dmarc {
    /// `dmarc=pass reason="…" header.from=example.ua`; `None` for another method.
    fn read(statement: &str) -> Option<Self> {
        let mut pairs = pairs(statement).into_iter();
        let (method, result) = pairs.next()?;
        // The method may carry a version: `dmarc/1`.
        if method.split('/').next() != Some("dmarc") {
            return None;
        }
        let froms: Vec<String> = pairs.filter(|(name, _)| name == "header.from").map(|(_, value)| value).collect();
        let domain = match froms.as_slice() {
            [one] => one.rsplit_once('@').map_or(one.as_str(), |(_, domain)| domain).to_owned(),
            _ => String::new(),
        };
        Some(Self { pass: result.eq_ignore_ascii_case("pass") && !domain.is_empty(), domain })
    }
}

/// `name=value` pairs, names in lower case; quoted values lose their quotes and never look like pairs.
fn pairs(statement: &str) -> Vec<(String, String)> {
    let mut words: Vec<String> = vec![String::new()];
    let mut quoted = false;
    for c in statement.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if c.is_whitespace() && !quoted {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            // A quoted text keeps its place but cannot make a pair or a word.
            word.push(if quoted && (c == '=' || c.is_whitespace()) { '_' } else { c });
        }
    }
    // White space around `=` is allowed.
    let joined = words.into_iter().filter(|word| !word.is_empty()).fold(Vec::<String>::new(), |mut joined, word| {
        match joined.last_mut() {
            Some(last) if last.ends_with('=') || word.starts_with('=') => last.push_str(&word),
            _ => joined.push(word),
        }
        joined
    });
    joined
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect()
}

/// The field split at semicolons outside quotes and comments; comments go.
fn statements(field: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let (mut quoted, mut escaped, mut comment) = (false, false, 0_usize);
    for c in field.chars() {
        let kept = match c {
            _ if escaped => {
                escaped = false;
                comment == 0
            }
            '\\' if quoted || comment > 0 => {
                escaped = true;
                false
            }
            '"' if comment == 0 => {
                quoted = !quoted;
                true
            }
            '(' if !quoted => {
                comment += 1;
                false
            }
            ')' if comment > 0 => {
                comment -= 1;
                false
            }
            ';' if !quoted && comment == 0 => {
                statements.push(String::new());
                false
            }
            _ => comment == 0,
        };
        if let Some(last) = statements.last_mut() {
            last.push(if kept { c } else { ' ' });
        }
    }
    if quoted || comment > 0 { Vec::new() } else { statements }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_mx_is_believed() {
        let pass = "mx.obl.ua; dmarc=pass header.from=x.ua";
        let cases: [(&[&str], bool); 19] = [
            (&[pass], true),
            (&["MX.OBL.UA 1; spf=pass smtp.mailfrom=x.ua; dmarc=pass (p=none dis=none) header.from=X.ua"], true),
            (&["mx.obl.ua; spf=pass smtp.mailfrom=a@x.ua", pass], true),
            (&["mx.obl.ua; dmarc=pass action=none header.from=x.ua;"], true),
            (&["mx.obl.ua; dmarc = pass reason=\"a; b\" header.from = x.ua"], true),
            (&[], false),
            (&["mx.obl.ua; none"], false),
            (&["mx.evil.ua; dmarc=pass header.from=x.ua"], false),
            (&["mx.obl.ua.evil; dmarc=pass header.from=x.ua"], false),
            (&["mx.obl.ua; dmarc=pass header.from=y.ua"], false),
            (&["mx.obl.ua; dmarc=pass"], false),
            (&["mx.obl.ua; dmarc=fail header.from=x.ua", pass], false),
            (&["mx.obl.ua; dmarc=fail reason=\"; dmarc=pass header.from=x.ua\""], false),
            (&["mx.obl.ua; dmarc=fail (; dmarc=pass header.from=x.ua)"], false),
            (&["mx.obl.ua; dmarc=pass header.from=x.ua; dmarc=fail header.from=y.ua"], false),
            (&["mx.obl.ua; dmarc=none header.from=x.ua"], false),
            (&["mx.obl.ua; dkim=pass header.from=x.ua"], false),
            (&["mx.obl.ua; dmarc=pass header.from=y.ua header.from=x.ua"], false),
            (&["(mx.obl.ua; dmarc=pass header.from=x.ua"], false),
        ];
        for (fields, expected) in cases {
            assert_eq!(dmarc_pass(fields.iter().map(|field| field.as_bytes()), "mx.obl.ua", "a@x.ua"), expected, "{fields:?}");
        }
        assert!(!dmarc_pass([pass.as_bytes()].into_iter(), "", "a@x.ua"));
    }
}
