//! The signed properties (XAdES, EN 319 132-1): which certificate the signer says is his.

use oblik_signature::raw::{Ground, Signatory, digest_of};
use roxmltree::Node;

use crate::fault::{ListFault, form};
use crate::list::Signers;
use crate::signature::{DS, digest_method};
use crate::tree::{base64, child, children, only_text};

const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";

pub(crate) struct Properties<'d> {
    pub signed: Node<'d, 'd>,
    pub id: &'d str,
    /// `Cert` of `SigningCertificate` or its second version.
    certificate: Node<'d, 'd>,
}

impl<'d> Properties<'d> {
    /// From the `Object` of `signature`.
    pub fn of(object: Node<'d, 'd>, signature: Node<'d, 'd>) -> Result<Self, ListFault> {
        let mut inside = children(object);
        let (Some(qualifying), None) = (inside.next(), inside.next()) else {
            return Err(form("Object holds something else than the properties of the signature"));
        };
        if !qualifying.has_tag_name((XADES, "QualifyingProperties")) {
            return Err(form("there are no properties of the signature (XAdES)"));
        }
        let target = qualifying.attribute("Target").and_then(|target| target.strip_prefix('#'));
        if target.is_none() || target != signature.attribute("Id") {
            return Err(form("the properties are not those of this signature"));
        }
        let signed = child(qualifying, XADES, "SignedProperties")?;
        let id = signed.attribute("Id").filter(|id| !id.is_empty()).ok_or_else(|| form("the signed properties have no Id"))?;
        let about_signature = child(signed, XADES, "SignedSignatureProperties")?;
        let versions = ["SigningCertificateV2", "SigningCertificate"];
        let mut named = children(about_signature).filter(|node| versions.iter().any(|name| node.has_tag_name((XADES, *name))));
        let (Some(named), None) = (named.next(), named.next()) else {
            return Err(form("the signed properties must name the signer's certificate once"));
        };
        // The first certificate is the signer's, the others stand above it (EN 319 132-1 §5.2.2).
        let certificate = children(named).next().filter(|node| node.has_tag_name((XADES, "Cert")));
        let certificate = certificate.ok_or_else(|| form("the signed properties name no certificate"))?;
        Ok(Self { signed, id, certificate })
    }

    /// The one of `signers` whose digest stands in the properties. `key_info` proves nothing: it only says who a stranger is.
    pub fn signer<'s>(
        &self,
        signers: &'s Signers,
        key_info: Option<Node<'_, '_>>,
        ground: Ground<'_>,
    ) -> Result<&'s Signatory, ListFault> {
        let digest = child(self.certificate, XADES, "CertDigest")?;
        let method = digest_method(child(digest, DS, "DigestMethod")?)?;
        let value = base64(only_text(child(digest, DS, "DigestValue")?)?)?;
        for signer in signers.iter() {
            if digest_of(method, signer.der(), ground)? == value {
                return Ok(signer);
            }
        }
        Err(stranger(key_info))
    }
}

fn stranger(key_info: Option<Node<'_, '_>>) -> ListFault {
    let mut certificates = key_info.into_iter().flat_map(|node| node.descendants());
    let certificate = certificates.find(|node| node.has_tag_name((DS, "X509Certificate")));
    let der = certificate.and_then(|node| base64(only_text(node).ok()?).ok());
    let known = der.and_then(|der| Signatory::all_of(&der).ok()).and_then(|all| all.into_iter().next());
    match known {
        Some(signer) => ListFault::Stranger { subject: signer.subject(), sha256: hex::encode(signer.sha256()) },
        None => ListFault::Stranger { subject: "somebody unnamed".to_owned(), sha256: "unknown".to_owned() },
    }
}
