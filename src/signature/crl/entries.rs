//! The entries of a list, found by serial number.
//!
//! A national list has a hundred thousand entries and more. They stay the bytes they came in: four octets each say where an
//! entry begins, in order of serial numbers, and an entry is read when it is asked for.

use chrono::{DateTime, Utc};

use super::extension_parts;
use crate::asn1::{self, ENUMERATED, Element, INTEGER, Malformed, Read, Reader, SEQUENCE};
use crate::certificate::Certificate;
use crate::general_name::GeneralName;
use crate::name::Name;
use crate::oids;

/// `reasonCode` of a suspension and of an entry that takes an earlier one back.
const CERTIFICATE_HOLD: u8 = 6;
const REMOVE_FROM_CRL: u8 = 8;

/// Entries with one serial number: certificates of several issuers may share one, and each may be suspended and revoked.
const SAME_MAX: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub at: DateTime<Utc>,
    pub reason: Option<u8>,
    /// Since when the key is thought to be in other hands.
    invalid_since: Option<DateTime<Utc>>,
}

impl Entry {
    pub fn is_hold(&self) -> bool {
        self.reason == Some(CERTIFICATE_HOLD)
    }

    pub fn is_removal(&self) -> bool {
        self.reason == Some(REMOVE_FROM_CRL)
    }

    /// From when on the certificate is not to be relied on.
    pub fn since(&self) -> DateTime<Utc> {
        self.invalid_since.map_or(self.at, |since| since.min(self.at))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// Where each entry begins in the list, in order of serial numbers.
    starts: Vec<u32>,
    /// From which entry on, in order of appearance, certificates are those of another issuer (`certificateIssuer`).
    issuers: Vec<(u32, Vec<GeneralName>)>,
    pub is_strange: bool,
}

impl Entries {
    /// `list` is `revokedCertificates`; `at` says where its content begins in the whole list.
    pub fn of(list: Element<'_>, at: usize) -> Read<Self> {
        const TOO_LONG: Malformed = Malformed("it is larger than is read");
        let mut entries = Self::default();
        let mut places: Vec<(&[u8], u32)> = Vec::new();
        let mut reader = list.reader();
        while !reader.is_empty() {
            let start = u32::try_from(at + list.value.len() - reader.rest().len()).map_err(|_| TOO_LONG)?;
            let parts = Parts::of(reader.next()?)?;
            entries.is_strange |= parts.is_strange;
            if let Some(names) = parts.issuer {
                entries.issuers.push((start, names));
            }
            places.push((parts.serial, start));
        }
        places.sort();
        let is_flood = |same: &[(&[u8], u32)]| same.len() > SAME_MAX;
        if places.chunk_by(|one, other| one.0 == other.0).any(is_flood) {
            return Err(Malformed("it names one certificate more often than is read"));
        }
        entries.starts = places.into_iter().map(|(_, start)| start).collect();
        Ok(entries)
    }

    pub fn names_issuers(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// Removals weigh least, then suspensions; of revocations the earliest counts.
    pub fn find(&self, der: &[u8], issuer: &Name, certificate: &Certificate) -> Option<Entry> {
        let wanted = shortest(&certificate.serial);
        let first = self.starts.partition_point(|start| serial_at(der, *start) < wanted);
        let same = self.starts.iter().skip(first).take_while(|start| serial_at(der, **start) == wanted);
        let of_issuer = same.filter(|start| {
            let before = self.issuers.partition_point(|(from, _)| from <= start);
            match before.checked_sub(1).and_then(|last| self.issuers.get(last)) {
                Some((_, names)) => names.iter().any(|name| name.is_directory(&certificate.issuer)),
                None => *issuer == certificate.issuer,
            }
        });
        let read = of_issuer.filter_map(|start| Parts::of(element_at(der, *start)?).ok().map(|parts| parts.entry));
        read.min_by_key(|entry| (entry.is_removal(), entry.is_hold(), entry.since()))
    }
}

fn element_at(der: &[u8], start: u32) -> Option<Element<'_>> {
    let start = usize::try_from(start).ok()?;
    Reader::new(der.get(start..)?).next().ok()
}

fn serial_at(der: &[u8], start: u32) -> &[u8] {
    let serial = element_at(der, start).and_then(|entry| entry.reader().next().ok());
    shortest(serial.map(|serial| serial.value).unwrap_or_default())
}

/// A number in its shortest form, as DER wants it and not every authority writes it.
fn shortest(mut serial: &[u8]) -> &[u8] {
    while let [0x00 | 0xff, next, ..] = serial {
        let is_sign = (serial.first() == Some(&0)) == (*next >= 0x80);
        if is_sign {
            break;
        }
        serial = serial.get(1..).unwrap_or_default();
    }
    serial
}

struct Parts<'a> {
    serial: &'a [u8],
    entry: Entry,
    issuer: Option<Vec<GeneralName>>,
    /// A critical extension that changes the meaning of the list.
    is_strange: bool,
}

impl<'a> Parts<'a> {
    fn of(element: Element<'a>) -> Read<Self> {
        let mut reader = element.tagged(SEQUENCE)?.reader();
        let serial = shortest(reader.expect(INTEGER)?.value);
        let at = asn1::time::instant(reader.next()?)?;
        let mut entry = Entry { at, reason: None, invalid_since: None };
        let mut issuer = None;
        let mut is_strange = false;
        if let Some(list) = reader.optional(SEQUENCE)? {
            for extension in list.reader().all()? {
                let (oid, is_critical, value) = extension_parts(extension)?;
                if oid == oids::CRL_REASON {
                    entry.reason = Element::only(value)?.tagged(ENUMERATED)?.value.first().copied();
                } else if oid == oids::INVALIDITY_DATE {
                    entry.invalid_since = Some(asn1::time::instant(Element::only(value)?)?);
                } else if oid == oids::CERTIFICATE_ISSUER {
                    issuer = Some(GeneralName::all_of(Element::only(value)?.tagged(SEQUENCE)?)?);
                } else {
                    is_strange |= is_critical;
                }
            }
        }
        reader.finish()?;
        Ok(Self { serial, entry, issuer, is_strange })
    }
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn serial_numbers_compare_as_numbers_and_keep_their_sign() {
        for (written, short) in [
            (&[0x00, 0x7f][..], &[0x7f][..]),
            (&[0x00, 0xff], &[0x00, 0xff]),
            (&[0xff], &[0xff]),
            (&[0xff, 0xff], &[0xff]),
            (&[0xff, 0x7f], &[0xff, 0x7f]),
            (&[0x00, 0x00, 0x01], &[0x01]),
            (&[0x00], &[0x00]),
            (&[], &[]),
        ] {
            assert_eq!(shortest(written), short, "{written:02x?}");
        }
    }
}
