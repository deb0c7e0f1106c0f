//! Names of any form, and the points where revocation lists are distributed, RFC 5280 §4.2.1.6 and §4.2.1.13.

use oblik_domain::limits;

use crate::asn1::{Element, Malformed, Read, SEQUENCE, SET, context, context_primitive, write};
use crate::name::Name;

/// `GeneralName`: a directory name compares as names do, any other form octet for octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GeneralName {
    Directory(Name),
    Uri(String),
    /// The whole element as received.
    Other(Vec<u8>),
}

pub(crate) const URI: u8 = context_primitive(6);
pub(crate) const DIRECTORY: u8 = context(4);

impl GeneralName {
    pub fn of(element: Element<'_>) -> Read<Self> {
        Ok(match element.tag {
            DIRECTORY => Self::Directory(Name::of(Element::only(element.value)?)?),
            URI => Self::Uri(element.text()),
            _ => Self::Other(element.raw.to_vec()),
        })
    }

    /// The names `GeneralNames` holds, whatever the tag around them.
    pub fn all_of(list: Element<'_>) -> Read<Vec<Self>> {
        bounded(list.reader().all()?)?.into_iter().map(Self::of).collect()
    }

    pub fn is_directory(&self, name: &Name) -> bool {
        matches!(self, Self::Directory(own) if own == name)
    }
}

/// Every list is held against every certificate: names beyond measure would be compared for hours.
fn bounded(elements: Vec<Element<'_>>) -> Read<Vec<Element<'_>>> {
    if elements.len() > limits::GENERAL_NAMES { Err(Malformed("it has more names than are read")) } else { Ok(elements) }
}

/// Bits of `ReasonFlags` that a status needs to be complete: keyCompromise (1) to aACompromise (8).
pub(crate) const ALL_REASONS: u16 = 0x7f80;
pub(crate) const HOLD_REASON: u16 = 0x0200;

/// `DistributionPoint`, and what an issuing distribution point says of its name.
#[derive(Debug, Clone)]
pub(crate) struct DistributionPoint {
    pub name: Option<PointName>,
    pub reasons: u16,
    /// Who signs its lists, when that is not the issuer of the certificate.
    pub issuers: Vec<GeneralName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PointName {
    Full(Vec<GeneralName>),
    /// Content of one `RelativeDistinguishedName`, to be read after the name of the list's issuer.
    Relative(Vec<u8>),
}

impl DistributionPoint {
    /// `CRLDistributionPoints` in DER.
    pub fn all_of(value: &[u8]) -> Read<Vec<Self>> {
        bounded(Element::only(value)?.tagged(SEQUENCE)?.reader().all()?)?.into_iter().map(Self::of).collect()
    }

    fn of(element: Element<'_>) -> Read<Self> {
        let mut reader = element.tagged(SEQUENCE)?.reader();
        let name = reader.optional(context(0))?.map(|field| PointName::of(field.value)).transpose()?;
        let reasons = reader.optional(context_primitive(1))?.map_or(Ok(ALL_REASONS), Element::named_bits)?;
        let issuers = reader.optional(context(2))?.map_or(Ok(Vec::new()), GeneralName::all_of)?;
        reader.finish()?;
        Ok(Self { name, reasons: reasons & ALL_REASONS, issuers })
    }

    /// Addresses where the list can be fetched.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        let names = match &self.name {
            Some(PointName::Full(names)) => names.as_slice(),
            _ => &[],
        };
        names.iter().filter_map(|name| if let GeneralName::Uri(uri) = name { Some(uri.as_str()) } else { None })
    }
}

impl PointName {
    /// `DistributionPointName` in DER.
    pub fn of(value: &[u8]) -> Read<Self> {
        let choice = Element::only(value)?;
        if choice.tag == context(1) {
            return Ok(Self::Relative(choice.value.to_vec()));
        }
        GeneralName::all_of(choice.tagged(context(0))?).map(Self::Full)
    }

    /// Every form of this name, when the list's issuer is `issuer`.
    pub fn names(&self, issuer: &Name) -> Vec<GeneralName> {
        match self {
            Self::Full(names) => names.clone(),
            Self::Relative(content) => {
                let head = Element::only(&issuer.raw).map(|name| name.value).unwrap_or_default();
                let raw = write::sequence(&[head, &write::element(SET, content)]);
                Element::only(&raw).and_then(Name::of).map_or_else(|_| Vec::new(), |name| vec![GeneralName::Directory(name)])
            }
        }
    }
}
