//! Where elements of DER stand; shared with the program that makes the seeds.

/// Where the contents of the element at `at` begin and end.
pub fn contents(der: &[u8], at: usize) -> (usize, usize) {
    let first = usize::from(der[at + 1]);
    let more = first.saturating_sub(0x80);
    let length =
        if more == 0 { first } else { der[at + 2..at + 2 + more].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)) };
    (at + 2 + more, at + 2 + more + length)
}

/// Where the elements begin that stand in the one at `at`.
pub fn children(der: &[u8], at: usize) -> Vec<usize> {
    let (mut next, end) = contents(der, at);
    let mut found = Vec::new();
    while next < end {
        found.push(next);
        next = contents(der, next).1;
    }
    found
}

/// The signature value of the only signer of `message`: the last that stands in it.
pub fn signature_value(message: &[u8]) -> &[u8] {
    let (mut at, mut depth) = (0, 0);
    while depth < 5 {
        at = *children(message, at).last().expect("an element");
        depth += 1;
    }
    let (start, end) = contents(message, at);
    &message[start..end]
}

/// `message` with `attributes` behind the signature of its only signer.
pub fn with_unsigned(message: &[u8], attributes: &[u8]) -> Vec<u8> {
    appended(message, 0, 4, attributes)
}

/// The element at `at` with `more` at the end of the last element of the last … of it, so many levels down.
fn appended(der: &[u8], at: usize, levels: usize, more: &[u8]) -> Vec<u8> {
    let (start, end) = contents(der, at);
    let inner = if levels == 0 {
        [&der[start..end], more].concat()
    } else {
        let last = *children(der, at).last().expect("an element");
        [&der[start..last], &appended(der, last, levels - 1, more)].concat()
    };
    wrapped(der[at], &inner)
}

/// `inner` in an element of this tag, its length as DER writes it.
pub fn wrapped(tag: u8, inner: &[u8]) -> Vec<u8> {
    let length = inner.len().to_be_bytes();
    let octets: Vec<u8> = length.iter().copied().skip_while(|octet| *octet == 0).collect();
    match inner.len() {
        0..0x80 => [&[tag][..], &[length[7]], inner].concat(),
        _ => [&[tag][..], &[0x80 | u8::try_from(octets.len()).expect("few")], &octets, inner].concat(),
    }
}
