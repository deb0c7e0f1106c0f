//! Whom a certificate names: codes of organisation and person, position, and whether it is for signatures or for e-seals.
//!
//! Ukrainian certificates put these in several places, by their age and their authority. Codes that contradict each other
//! are told, and none of them counts: who may sign for an account is never guessed.

use oblik_domain::account::{CertificateHolder, HolderKind};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::{Edrpou, Rnokpp};

use crate::asn1::{Element, Oid, Read, SEQUENCE};
use crate::certificate::Certificate;
use crate::name::Name;
use crate::oids;

/// The holder of `certificate`, and what is contradictory in it.
pub(crate) fn holder(certificate: &Certificate) -> (CertificateHolder, Vec<Finding>) {
    let mut findings = Vec::new();
    let subject = certificate.subject.human();
    let edrpou = one(edrpou(certificate), "edrpou", &subject, &mut findings);
    let rnokpp = one(rnokpp(certificate), "rnokpp", &subject, &mut findings);
    let statements = Statements::of(certificate);
    let of = |oid| certificate.subject.first(oid).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let is_person = rnokpp.is_some() || of(&oids::SURNAME).is_some() || of(&oids::GIVEN_NAME).is_some();
    let holder = CertificateHolder {
        certificate_sha256: certificate.sha256,
        edrpou,
        rnokpp,
        name: subject,
        kind: one(statements.kinds(certificate, is_person), "kind", &certificate.subject.human(), &mut findings),
        surname: of(&oids::SURNAME),
        given_name: of(&oids::GIVEN_NAME),
        organization: of(&oids::ORGANIZATION),
        position: of(&oids::TITLE),
        is_qualified: statements.is_qualified(),
    };
    (holder, findings)
}

/// The one value that all places agree on.
fn one<T: PartialEq + std::fmt::Display>(
    values: Vec<T>,
    code: &'static str,
    subject: &str,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let is_contradictory = values.iter().zip(values.iter().skip(1)).any(|(one, other)| one != other);
    if is_contradictory {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        let finding = Finding::new(Code::SignerIdentity, oblik_domain::finding::Level::Warning).with("subject", subject);
        findings.push(finding.with("code", code).with("values", values.join(", ")));
        return None;
    }
    values.into_iter().next()
}

fn directory<'c>(certificate: &'c Certificate, oid: &'static const_oid::ObjectIdentifier) -> impl Iterator<Item = &'c str> {
    certificate.extensions.directory.iter().filter(move |(known, _)| *known == *oid).map(|(_, text)| text.trim())
}

/// Values of the subject's attribute that begin with `prefix`, without it.
fn named<'c>(
    subject: &'c Name,
    oid: &'static const_oid::ObjectIdentifier,
    prefix: &'static str,
) -> impl Iterator<Item = &'c str> {
    let values = subject.attributes.iter().filter(move |attribute| attribute.oid == *oid);
    values.filter_map(move |attribute| attribute.text.trim().strip_prefix(prefix))
}

/// Directory attribute of the Ukrainian profile; `NTRUA-` of EN 319 412-1 §5.1.4; `UA-…` with a number of the holder's behind
/// it, in the serial number of names of organisations. A serial number without letters is a number of the authority's own.
fn edrpou(certificate: &Certificate) -> Vec<Edrpou> {
    let numbered = named(&certificate.subject, &oids::SERIAL_NUMBER, "UA-");
    let numbered = numbered.filter_map(|text| text.split('-').next());
    directory(certificate, &oids::UA_EDRPOU)
        .chain(named(&certificate.subject, &oids::ORGANIZATION_IDENTIFIER, "NTRUA-"))
        .chain(numbered)
        .filter_map(|text| Edrpou::parse(text).ok())
        .collect()
}

/// Directory attribute of the Ukrainian profile; `TINUA-` of EN 319 412-1 §5.1.3. A passport (`PASUA-`, `IDCUA-`) or a record
/// number (`PNOUA-`) is no РНОКПП.
fn rnokpp(certificate: &Certificate) -> Vec<Rnokpp> {
    directory(certificate, &oids::UA_RNOKPP)
        .chain(named(&certificate.subject, &oids::SERIAL_NUMBER, "TINUA-"))
        .filter_map(|text| Rnokpp::parse(text).ok())
        .collect()
}

/// `QCStatements` (RFC 3739 §3.2.6, EN 319 412-5): what the authority claims of the certificate.
#[derive(Default)]
struct Statements {
    identifiers: Vec<Oid>,
    /// What `QcType` names.
    types: Vec<Oid>,
}

impl Statements {
    /// Statements that cannot be read are as if they were not there: they only ever add.
    fn of(certificate: &Certificate) -> Self {
        let statements = certificate.extensions.qc_statements.as_deref();
        statements.and_then(|der| Self::read(der).ok()).unwrap_or_default()
    }

    fn read(der: &[u8]) -> Read<Self> {
        let mut statements = Self::default();
        for statement in Element::only(der)?.tagged(SEQUENCE)?.reader().all()? {
            let mut reader = statement.tagged(SEQUENCE)?.reader();
            let oid = Oid::of(reader.next()?)?;
            if oid == oids::QC_TYPE
                && let Some(types) = reader.optional(SEQUENCE)?
            {
                let types: Read<Vec<Oid>> = types.reader().all()?.into_iter().map(Oid::of).collect();
                statements.types.extend(types?);
            }
            statements.identifiers.push(oid);
        }
        Ok(statements)
    }

    /// By EN 319 412-5 or by the Ukrainian statement that is older.
    fn is_qualified(&self) -> bool {
        self.identifiers.iter().any(|oid| *oid == oids::QC_COMPLIANCE || *oid == oids::UA_QC_COMPLIANCE)
    }

    /// What each place says; the subject counts only where nothing else speaks.
    fn kinds(&self, certificate: &Certificate, is_person: bool) -> Vec<HolderKind> {
        let mut kinds = Vec::new();
        for (oid, kind) in [(oids::QC_TYPE_ESIGN, HolderKind::Signature), (oids::QC_TYPE_ESEAL, HolderKind::Seal)] {
            if self.types.iter().any(|known| *known == oid) {
                kinds.push(kind);
            }
        }
        let purposes = certificate.extensions.extended_key_usage.as_ref();
        if purposes.is_some_and(|(purposes, _)| purposes.iter().any(|purpose| *purpose == oids::UA_SEAL)) {
            kinds.push(HolderKind::Seal);
        }
        if kinds.is_empty() && is_person {
            kinds.push(HolderKind::Signature);
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::asn1::write;
    use crate::forge;

    const EDRPOU: &str = "00131512";
    const OTHER: &str = "43395033";
    const RNOKPP: &str = "1759013776";

    /// Attributes of the subject, directory attributes, purposes, types of the qualified certificate.
    type Parts<'a> = (&'a [(&'a [u64], &'a str)], &'a [(&'static const_oid::ObjectIdentifier, &'a str)], bool, &'a [u8]);

    fn certificate((subject, directory, is_seal, kinds): Parts<'_>) -> Certificate {
        let mut params = forge::params("holder", 2045);
        for (oid, text) in subject {
            params.distinguished_name.push(rcgen::DnType::from_oid(oid), *text);
        }
        let mut add = |oid: &[u64], value: Vec<u8>| {
            params.custom_extensions.push(rcgen::CustomExtension::from_oid_content(oid, value));
        };
        if !directory.is_empty() {
            let attributes = directory.iter().map(|(oid, text)| forge::attribute(oid, write::element(0x13, text.as_bytes())));
            add(&[2, 5, 29, 9], write::element(SEQUENCE, &attributes.collect::<Vec<_>>().concat()));
        }
        if is_seal {
            add(&[2, 5, 29, 37], write::sequence(&[&write::oid(&oids::UA_SEAL)]));
        }
        if !kinds.is_empty() {
            let types = kinds.iter().map(|kind| match kind {
                1 => write::oid(&oids::QC_TYPE_ESIGN),
                _ => write::oid(&oids::QC_TYPE_ESEAL),
            });
            let types = write::element(SEQUENCE, &types.collect::<Vec<_>>().concat());
            let statements =
                [write::sequence(&[&write::oid(&oids::QC_COMPLIANCE)]), write::sequence(&[&write::oid(&oids::QC_TYPE), &types])];
            add(&[1, 3, 6, 1, 5, 5, 7, 1, 3], write::element(SEQUENCE, &statements.concat()));
        }
        forge::issued(params, &forge::pki().root).certificate
    }

    #[test]
    fn codes_and_kind_are_read_wherever_they_stand_and_never_guessed() {
        const ORGANISATION: &[u64] = &[2, 5, 4, 97];
        const SERIAL: &[u64] = &[2, 5, 4, 5];
        const SURNAME: &[u64] = &[2, 5, 4, 4];
        let cases: &[(Parts<'_>, &str)] = &[
            ((&[], &[], false, &[]), "- - - 0"),
            ((&[(ORGANISATION, "NTRUA-00131512")], &[], false, &[]), "00131512 - - 0"),
            ((&[(ORGANISATION, "VATUA-00131512"), (SERIAL, "401065")], &[], false, &[]), "- - - 0"),
            ((&[(SERIAL, "UA-43395033-1000")], &[], false, &[]), "43395033 - - 0"),
            ((&[(SERIAL, "TINUA-1759013776")], &[], false, &[]), "- 1759013776 signature 0"),
            ((&[(SERIAL, "TINUA-1759013775")], &[], false, &[]), "- - - 0"),
            ((&[(SERIAL, "PNOUA-1759013776")], &[], false, &[]), "- - - 0"),
            ((&[], &[(&oids::UA_EDRPOU, EDRPOU), (&oids::UA_RNOKPP, RNOKPP)], false, &[]), "00131512 1759013776 signature 0"),
            ((&[(ORGANISATION, "NTRUA-00131512")], &[(&oids::UA_EDRPOU, EDRPOU)], false, &[]), "00131512 - - 0"),
            ((&[(ORGANISATION, "NTRUA-00131512")], &[(&oids::UA_EDRPOU, OTHER)], false, &[]), "- - - 1"),
            ((&[], &[(&oids::UA_EDRPOU, EDRPOU), (&oids::UA_EDRPOU, OTHER)], false, &[]), "- - - 1"),
            ((&[], &[(&oids::UA_EDRPOU, EDRPOU)], true, &[]), "00131512 - seal 0"),
            ((&[], &[], false, &[1]), "- - signature 0"),
            ((&[], &[], false, &[2]), "- - seal 0"),
            ((&[], &[], true, &[2]), "- - seal 0"),
            ((&[], &[], true, &[1]), "- - - 1"),
            ((&[], &[], false, &[1, 2]), "- - - 1"),
            ((&[(SURNAME, "Коваль")], &[], false, &[]), "- - signature 0"),
            ((&[(SURNAME, "Коваль")], &[], true, &[]), "- - seal 0"),
        ];
        for (parts, expected) in cases {
            let (holder, findings) = holder(&certificate(*parts));
            let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let shown = format!(
                "{} {} {} {}",
                text(holder.edrpou.as_ref().map(ToString::to_string)),
                text(holder.rnokpp.as_ref().map(ToString::to_string)),
                text(holder.kind.map(|kind| kind.to_string())),
                findings.len()
            );
            assert_eq!(shown, *expected, "{parts:?}");
            assert_eq!(holder.is_qualified, !parts.3.is_empty());
        }
    }

    #[test]
    fn real_ukrainian_certificates_name_their_holders() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/dstu");
        for (name, expected) in [
            ("uapki-certs/diia-test-sign-7775603.cer", "43395033 - ДП ДІЯ (Тестування) Some(Seal) true"),
            ("uapki-certs/diia-test-kep-7775604.cer", "43395033 - ДП ДІЯ (Тестування) None true"),
            ("jkurwa/SFS_1.cer", "39292197 - Державна фіскальна служба України.  ОТРИМАНО Some(Seal) true"),
            ("jkurwa/CA-Justice.cer", "39787008 - АЦСК органів юстиції України None true"),
        ] {
            let Ok(der) = std::fs::read(folder.join(name)) else {
                println!("skipped: no reference file {name}");
                continue;
            };
            let (holder, findings) = holder(&Certificate::of(&der).unwrap());
            assert!(findings.is_empty(), "{name}: {findings:?}");
            let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let codes = (holder.edrpou.map(|code| code.to_string()), holder.rnokpp.map(|code| code.to_string()));
            let shown = format!("{} {} {} {:?} {}", text(codes.0), text(codes.1), holder.name, holder.kind, holder.is_qualified);
            assert_eq!(shown, expected, "{name}");
        }
    }
}
