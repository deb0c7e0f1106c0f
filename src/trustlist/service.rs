//! A service of the list: what it is, and in which status since when.
//!
//! Types and statuses are URIs: those of ETSI (TS 119 612 §5.5.1, §5.5.4, annex D) and the ones of the Ukrainian scheme under
//! `czo.gov.ua`, which mean the same (order 34 of the Ministry of digital transformation, 2025).

use chrono::{DateTime, Utc};
use oblik_signature::{Granted, ListedFor};

/// What a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceKind {
    /// Issues qualified certificates.
    Authority,
    /// Issues qualified timestamps.
    Timestamps,
    /// Answers about certificates (OCSP).
    StatusAnswers,
    /// The root of the country. No root of trust here: it would vouch for authorities the list does not name, or withdrew.
    NationalRoot,
    /// Anything else, by its URI.
    Other(String),
}

const SCHEMES: [&str; 4] = [
    "http://uri.etsi.org/TrstSvc/",
    "https://uri.etsi.org/TrstSvc/",
    "http://czo.gov.ua/TrstSvc/",
    "https://czo.gov.ua/TrstSvc/",
];

fn within_scheme<'u>(uri: &'u str, folder: &str) -> Option<&'u str> {
    SCHEMES.iter().find_map(|scheme| uri.strip_prefix(scheme)?.strip_prefix(folder))
}

impl ServiceKind {
    pub(crate) fn of(uri: &str) -> Self {
        // `MR-`: for mutual recognition with the EU. `National-`: for use within Ukraine.
        match within_scheme(uri, "Svctype/") {
            Some("CA/QC" | "MR-CA/QC" | "National-CA/QC") => Self::Authority,
            Some("TSA/QTST" | "MR-TSA/QTST" | "National-TSA/QTST") => Self::Timestamps,
            Some("Certstatus/OCSP" | "Certstatus/OCSP/QC" | "MR-Certstatus/OCSP" | "National-Certstatus/OCSP") => {
                Self::StatusAnswers
            }
            Some("NationalRootCA-QC" | "MR-NationalRootCA-QC") => Self::NationalRoot,
            _ => Self::Other(uri.to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Authority => "certificates",
            Self::Timestamps => "timestamps",
            Self::StatusAnswers => "status-answers",
            Self::NationalRoot => "national-root",
            Self::Other(uri) => uri,
        }
    }

    /// What its certificate may end paths for.
    pub fn listed_for(&self) -> Option<ListedFor> {
        match self {
            Self::Authority => Some(ListedFor::Certificates),
            Self::Timestamps => Some(ListedFor::Timestamps),
            Self::StatusAnswers => Some(ListedFor::StatusAnswers),
            Self::NationalRoot | Self::Other(_) => None,
        }
    }
}

/// The status of a service, by the last part of its URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Granted,
    /// For services under national law.
    RecognisedAtNationalLevel,
    /// The words for granted before July 2016: under supervision, supervision in cessation, accredited.
    Supervised,
    /// Withdrawn, deprecated, ceased, revoked: whatever else a list says, by its word or URI.
    Other(String),
}

impl Status {
    pub(crate) fn of(uri: &str) -> Self {
        match within_scheme(uri, "TrustedList/Svcstatus/") {
            Some("granted") => Self::Granted,
            Some("recognisedatnationallevel") => Self::RecognisedAtNationalLevel,
            Some("undersupervision" | "supervisionincessation" | "accredited") => Self::Supervised,
            Some(word) => Self::Other(word.to_owned()),
            None => Self::Other(uri.to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Granted => "granted",
            Self::RecognisedAtNationalLevel => "recognisedatnationallevel",
            Self::Supervised => "supervised",
            Self::Other(word) => word,
        }
    }

    pub fn is_granted(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// One status and its time: from its first moment to the first of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub kind: ServiceKind,
    pub status: Status,
    pub from: DateTime<Utc>,
    /// `None` for the present status.
    pub until: Option<DateTime<Utc>>,
    /// Why the service does not count in this time though its status does: for web sites only, or an extension that is critical
    /// and not known.
    pub unfit: Option<String>,
}

impl Period {
    fn counts(&self) -> bool {
        self.status.is_granted() && self.unfit.is_none()
    }
}

/// A service of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// In DER.
    pub certificates: Vec<Vec<u8>>,
    pub subject_names: Vec<String>,
    /// Subject key identifiers.
    pub key_ids: Vec<Vec<u8>>,
    /// In the order of time; the last is the present one. Never empty.
    pub(crate) periods: Vec<Period>,
}

impl Entry {
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// The status at `moment`; `None` before the first one.
    pub fn at(&self, moment: DateTime<Utc>) -> Option<&Period> {
        self.periods.iter().rfind(|period| period.from <= moment)
    }

    /// SHA-256 of its certificates.
    pub fn fingerprints(&self) -> impl Iterator<Item = [u8; 32]> {
        self.certificates.iter().map(|der| oblik_signature::raw::sha256(der))
    }

    /// For what and when the service was granted, each purpose once.
    pub fn grants(&self) -> Vec<(ListedFor, Vec<Granted>)> {
        let mut grants: Vec<(ListedFor, Vec<Granted>)> = Vec::new();
        for period in &self.periods {
            let Some(listed_for) = period.kind.listed_for() else { continue };
            let granted = period.counts().then_some((period.from, period.until));
            match grants.iter_mut().find(|(known, _)| *known == listed_for) {
                Some((_, ranges)) => ranges.extend(granted),
                None => grants.push((listed_for, granted.into_iter().collect())),
            }
        }
        grants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_whole_uri() {
        for (uri, kind) in [
            ("http://uri.etsi.org/TrstSvc/Svctype/CA/QC", "certificates"),
            ("http://czo.gov.ua/TrstSvc/Svctype/CA/QC", "certificates"),
            ("http://czo.gov.ua/TrstSvc/Svctype/MR-CA/QC", "certificates"),
            ("http://czo.gov.ua/TrstSvc/Svctype/National-CA/QC", "certificates"),
            ("http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST", "timestamps"),
            ("http://czo.gov.ua/TrstSvc/Svctype/National-TSA/QTST", "timestamps"),
            ("http://uri.etsi.org/TrstSvc/Svctype/Certstatus/OCSP/QC", "status-answers"),
            ("http://czo.gov.ua/TrstSvc/Svctype/National-Certstatus/OCSP", "status-answers"),
            ("http://czo.gov.ua/TrstSvc/Svctype/NationalRootCA-QC", "national-root"),
        ] {
            assert_eq!(ServiceKind::of(uri).as_str(), kind, "{uri}");
        }
        for other in [
            "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC",
            "http://uri.etsi.org/TrstSvc/Svctype/CA/QC/",
            "http://example.org/TrstSvc/Svctype/CA/QC",
            "http://czo.gov.ua.example.org/TrstSvc/Svctype/CA/QC",
            "CA/QC",
            "",
        ] {
            assert_eq!(ServiceKind::of(other), ServiceKind::Other(other.to_owned()));
            assert_eq!(ServiceKind::of(other).listed_for(), None);
        }
        assert_eq!(ServiceKind::NationalRoot.listed_for(), None);
    }

    #[test]
    fn only_known_good_statuses_are_granted() {
        for (word, granted) in [
            ("granted", true),
            ("recognisedatnationallevel", true),
            ("undersupervision", true),
            ("supervisionincessation", true),
            ("accredited", true),
            ("withdrawn", false),
            ("deprecatedatnationallevel", false),
            ("supervisionceased", false),
            ("supervisionrevoked", false),
            ("Granted", false),
            ("granted/", false),
        ] {
            for scheme in ["http://uri.etsi.org", "https://czo.gov.ua"] {
                let status = Status::of(&format!("{scheme}/TrstSvc/TrustedList/Svcstatus/{word}"));
                assert_eq!(status.is_granted(), granted, "{word}");
            }
        }
        assert!(!Status::of("granted").is_granted());
        assert!(!Status::of("http://example.org/TrstSvc/TrustedList/Svcstatus/granted").is_granted());
    }
}
