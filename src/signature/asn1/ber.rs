//! BER made DER: definite lengths, strings in one piece.
//!
//! Programs that sign streams write indefinite lengths and octet strings in chunks. Only the wrapping changes here; the
//! order of elements stays as received, because some signatures are made over attributes that are not sorted.

use super::{Malformed, Read};

/// Deeper nesting than any message of the field has; an attacker's would exhaust the stack.
const DEPTH_MAX: usize = 64;

/// The first element of `input` in DER, and how many octets of `input` it took.
///
/// # Errors
/// [`Malformed`] when it is cut short, nested too deep, or a chunked string holds anything but its chunks.
pub(crate) fn to_der(input: &[u8]) -> Read<(Vec<u8>, usize)> {
    let mut out = Vec::with_capacity(input.len());
    let rest = element(input, &mut out, DEPTH_MAX)?;
    Ok((out, input.len().saturating_sub(rest.len())))
}

struct Header<'a> {
    tag: &'a [u8],
    constructed: bool,
    length: Option<usize>,
    rest: &'a [u8],
}

fn header(input: &[u8]) -> Read<Header<'_>> {
    const SHORT: Malformed = Malformed("an element is cut short");
    let first = *input.first().ok_or(SHORT)?;
    let mut tag_octets = 1;
    if first & 0x1f == 0x1f {
        loop {
            let octet = *input.get(tag_octets).ok_or(SHORT)?;
            tag_octets += 1;
            if octet < 0x80 {
                break;
            }
            if tag_octets > 4 {
                return Err(Malformed("a tag is too long"));
            }
        }
    }
    let (tag, after_tag) = input.split_at_checked(tag_octets).ok_or(SHORT)?;
    let (&length_octet, after) = after_tag.split_first().ok_or(SHORT)?;
    let constructed = first & 0x20 != 0;
    match length_octet {
        0..0x80 => Ok(Header { tag, constructed, length: Some(usize::from(length_octet)), rest: after }),
        0x80 if constructed => Ok(Header { tag, constructed, length: None, rest: after }),
        0x80 => Err(Malformed("a primitive element has an indefinite length")),
        _ => {
            let (octets, rest) = after.split_at_checked(usize::from(length_octet & 0x7f)).ok_or(SHORT)?;
            let significant = octets.iter().skip_while(|octet| **octet == 0);
            if significant.clone().count() > 4 {
                return Err(Malformed("an element's length is too large"));
            }
            let length = significant.fold(0_usize, |acc, octet| (acc << 8) | usize::from(*octet));
            Ok(Header { tag, constructed, length: Some(length), rest })
        }
    }
}

fn element<'a>(input: &'a [u8], out: &mut Vec<u8>, depth: usize) -> Read<&'a [u8]> {
    let depth = depth.checked_sub(1).ok_or(Malformed("elements are nested too deep"))?;
    let Header { tag, constructed, length, rest } = header(input)?;
    if tag == [0] {
        return Err(Malformed("an end of contents stands where an element should"));
    }
    if !constructed {
        let length = length.unwrap_or(0);
        let (value, rest) = rest.split_at_checked(length).ok_or(Malformed("an element is cut short"))?;
        push(out, tag, value);
        return Ok(rest);
    }
    let is_string = tag == [0x24];
    let mut inner = Vec::new();
    let read = if is_string { chunk } else { element };
    let rest = if let Some(length) = length {
        let (mut value, rest) = rest.split_at_checked(length).ok_or(Malformed("an element is cut short"))?;
        while !value.is_empty() {
            value = read(value, &mut inner, depth)?;
        }
        rest
    } else {
        let mut rest = rest;
        loop {
            if let Some(after) = rest.strip_prefix(&[0, 0]) {
                break after;
            }
            rest = read(rest, &mut inner, depth)?;
        }
    };
    push(out, if is_string { &[0x04] } else { tag }, &inner);
    Ok(rest)
}

/// One piece of an octet string, which may be made of pieces itself: only its content is kept.
fn chunk<'a>(input: &'a [u8], content: &mut Vec<u8>, depth: usize) -> Read<&'a [u8]> {
    let mut piece = Vec::new();
    let rest = element(input, &mut piece, depth)?;
    let piece = super::Element::only(&piece)?.tagged(super::OCTET_STRING)?;
    content.extend_from_slice(piece.value);
    Ok(rest)
}

fn push(out: &mut Vec<u8>, tag: &[u8], value: &[u8]) {
    out.extend_from_slice(tag);
    super::write::push_length(out, value.len());
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indefinite_lengths_and_chunks_become_definite_and_whole() {
        // SEQUENCE (indefinite) { OCTET STRING of two chunks, the second itself in chunks; INTEGER with a long length }
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0x61, 0x24, 0x04, 0x04, 0x02, 0x62, 0x63, 0x00, 0x00, 0x02, 0x81, 0x01, 0x05, 0,
            0, 9,
        ];
        let (der, taken) = to_der(&ber).unwrap();
        assert_eq!(der, [0x30, 0x08, 0x04, 0x03, 0x61, 0x62, 0x63, 0x02, 0x01, 0x05]);
        assert_eq!(taken, ber.len() - 1);
    }

    #[test]
    fn what_is_der_stays_as_it_is() {
        let der = [0x31, 0x06, 0x02, 0x01, 0x09, 0x02, 0x01, 0x01];
        assert_eq!(to_der(&der).unwrap().0, der);
    }

    #[test]
    fn nesting_is_bounded_and_nonsense_refused() {
        assert!(to_der(&[0x30, 0x80].repeat(10_000)).is_err());
        assert!(to_der(&[0x24, 0x03, 0x02, 0x01, 0x05]).is_err());
        assert!(to_der(&[0x04, 0x80, 0, 0]).is_err());
        assert!(to_der(&[0x30, 0x80, 0x02]).is_err());
    }
}
