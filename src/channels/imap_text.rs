//! What goes into an IMAP command: only what was checked, since a line end inside an argument is a second command.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// An argument that no IMAP command can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgumentFault {
    #[error("it has a control character")]
    Control,
    #[error("it is no message-id in angle brackets")]
    MessageId,
}

/// A quoted string. Source: RFC 3501 §4.3.
pub(crate) fn quoted(text: &str) -> Result<String, ArgumentFault> {
    if text.chars().any(char::is_control) {
        return Err(ArgumentFault::Control);
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A folder's name as the server knows it, quoted: other scripts in modified UTF-7. Source: RFC 3501 §5.1.3.
pub(crate) fn folder(name: &str) -> Result<String, ArgumentFault> {
    let engine = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);
    let mut out = String::new();
    let mut other: Vec<u8> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&engine, &mut other, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            other.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&engine, &mut other, &mut out);
    if name.chars().any(char::is_control) { Err(ArgumentFault::Control) } else { quoted(&out) }
}

fn flush(engine: &GeneralPurpose, other: &mut Vec<u8>, out: &mut String) {
    if !other.is_empty() {
        out.push('&');
        engine.encode_string(&*other, out);
        out.push('-');
        other.clear();
    }
}

/// A Message-ID fit for `SEARCH HEADER`: printable ASCII in angle brackets. Source: RFC 5322 §3.6.4.
pub(crate) fn message_id(id: &str) -> Result<&str, ArgumentFault> {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).ok_or(ArgumentFault::MessageId)?;
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>');
    if inner.is_empty() || inner.len() > 250 || !inner.bytes().all(allowed) {
        return Err(ArgumentFault::MessageId);
    }
    Ok(id)
}

/// `1:3,7` of 1, 2, 3, 7.
pub(crate) fn uid_set(uids: &[u32]) -> String {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in sorted {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let shown: Vec<String> = ranges.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}:{b}") }).collect();
    shown.join(",")
}

/// The quarantine beside the archive, under the same parent: servers differ in where folders may be made.
pub(crate) fn quarantine_beside(archive: &str) -> String {
    match archive.rfind(['/', '.']) {
        Some(at) => format!("{}Quarantine", archive.get(..=at).unwrap_or_default()),
        None => "Quarantine".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_never_gets_into_a_command() {
        for bad in ["a\r\nb", "a\n", "\0", "\u{7f}", "\u{85}"] {
            assert_eq!(quoted(bad), Err(ArgumentFault::Control));
            assert_eq!(folder(bad), Err(ArgumentFault::Control));
        }
        assert_eq!(quoted("a\"b\\c"), Ok("\"a\\\"b\\\\c\"".into()));
    }

    #[test]
    fn folders_of_other_scripts_are_modified_utf7() {
        let table = [
            ("INBOX", "\"INBOX\""),
            ("R&D", "\"R&-D\""),
            ("台北", "\"&U,BTFw-\""),
            ("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""),
            ("Архів", "\"&BBAEQARFBFYEMg-\""),
            ("😀", "\"&2D3eAA-\""),
        ];
        for (name, wire) in table {
            assert_eq!(folder(name).as_deref(), Ok(wire), "{name}");
        }
    }

    #[test]
    fn only_plain_message_ids_are_searched() {
        assert_eq!(message_id("<a.b+c=d@x.example>"), Ok("<a.b+c=d@x.example>"));
        for bad in ["", "<>", "a@b", "<a b@c>", "<a\"b>", "<a\\b>", "<a>\r\nA1 LOGOUT", "<a><b>", "<я@x>"] {
            assert_eq!(message_id(bad), Err(ArgumentFault::MessageId), "{bad:?}");
        }
    }

    #[test]
    fn sets_are_written_as_ranges() {
        assert_eq!(uid_set(&[3, 1, 2, 7, 7, u32::MAX]), "1:3,7,4294967295");
        assert_eq!(uid_set(&[]), "");
    }

    #[test]
    fn the_quarantine_lies_beside_the_archive() {
        assert_eq!(quarantine_beside("Archive"), "Quarantine");
        assert_eq!(quarantine_beside("INBOX.Archive"), "INBOX.Quarantine");
        assert_eq!(quarantine_beside("Пошта/Архів"), "Пошта/Quarantine");
    }
}
