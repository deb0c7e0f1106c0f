//! The signature of a list: one, over the whole file, in a shape that leaves nothing to choose.
//!
//! XML signatures may sign anything anywhere by any transform; forgeries live in that freedom (wrapping: what is verified is not
//! what is read). Taken is the one shape TS 119 612 §5.7 and annex B.6 prescribe: a child of the root, one reference to the
//! whole document less the signature, one to the signed properties. Everything else is refused by name.

use chrono::{DateTime, Utc};
use oblik_signature::Digest;
use oblik_signature::raw::{Form, Ground, Signatory, digest_of};
use roxmltree::{Document, Node, NodeId};

use crate::c14n::{Comments, Method, canonical, of_uri};
use crate::fault::{ListFault, form};
use crate::list::Signers;
use crate::tree::{base64, child, children, only_text, value};
use crate::xades;

pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

/// Who signed `list`, checked: the form, the signature value by one of `signers`, then the digests.
///
/// The value comes before the digests, so that only what a configured signer signed is canonicalized as a whole.
///
/// # Errors
/// [`ListFault`] for whatever is not exactly as above.
pub(crate) fn check<'s>(
    list: &Document<'_>,
    signers: &'s Signers,
    issued_at: DateTime<Utc>,
    ground: Ground<'_>,
) -> Result<&'s Signatory, ListFault> {
    let signature = only_signature(list)?;
    no_id_twice(list)?;
    let parts = Parts::of(signature)?;
    let properties = xades::Properties::of(parts.object, signature)?;
    let (whole, signed_properties) = references(&parts, list, &properties)?;

    let signer = properties.signer(signers, parts.key_info, ground)?;
    if issued_at < signer.not_before() || issued_at > signer.not_after() {
        return Err(ListFault::SignerNotValid { subject: signer.subject(), issued_at });
    }
    let (method, comments) = canonicalization(parts.canonicalization)?;
    let signed_info = canonical(parts.signed_info, &method, comments, None);
    let (made, digest) = signature_method(parts.signature_method)?;
    signer.signed(made, digest, &signed_info, &parts.value, ground)?;

    signed_properties.check(properties.signed, None, "the signed properties", ground)?;
    let (node, whole) = whole;
    whole.check(node, Some(signature.id()), "the list", ground)?;
    Ok(signer)
}

/// The only `Signature` of the document, a child of its root.
fn only_signature<'d>(list: &'d Document<'_>) -> Result<Node<'d, 'd>, ListFault> {
    let mut found = list.root().descendants().filter(|node| node.has_tag_name((DS, "Signature")));
    let signature = found.next().ok_or_else(|| form("there is no signature"))?;
    if found.next().is_some() {
        return Err(form("there is more than one signature"));
    }
    if signature.parent() != Some(list.root_element()) {
        return Err(form("the signature is not a child of the root element"));
    }
    Ok(signature)
}

/// An identifier that stands twice points where the reader wants.
fn no_id_twice(list: &Document<'_>) -> Result<(), ListFault> {
    let mut seen = std::collections::BTreeSet::new();
    for attribute in list.root().descendants().flat_map(|node| node.attributes()) {
        if attribute.name().eq_ignore_ascii_case("id") && !seen.insert(attribute.value()) {
            return Err(form(format!("the identifier {:?} stands twice", cut(attribute.value()))));
        }
    }
    Ok(())
}

struct Parts<'d> {
    signed_info: Node<'d, 'd>,
    canonicalization: Node<'d, 'd>,
    signature_method: Node<'d, 'd>,
    references: Vec<Node<'d, 'd>>,
    value: Vec<u8>,
    key_info: Option<Node<'d, 'd>>,
    object: Node<'d, 'd>,
}

impl<'d> Parts<'d> {
    /// Source: XML Signature §4.1: the order of elements is fixed, and one `Object` is all XAdES needs.
    fn of(signature: Node<'d, 'd>) -> Result<Self, ListFault> {
        let names: Vec<&str> = children(signature).map(|node| node.tag_name().name()).collect();
        let in_ds = children(signature).all(|node| node.tag_name().namespace() == Some(DS));
        let expected = [&["SignedInfo", "SignatureValue", "KeyInfo", "Object"][..], &["SignedInfo", "SignatureValue", "Object"]];
        if !in_ds || !expected.contains(&names.as_slice()) {
            return Err(form("a signature consists of SignedInfo, SignatureValue, KeyInfo and one Object"));
        }
        let signed_info = child(signature, DS, "SignedInfo")?;
        let mut inside = children(signed_info);
        let mut next = |name: &str| inside.next().filter(|node| node.has_tag_name((DS, name)));
        let canonicalization = next("CanonicalizationMethod").ok_or_else(|| form("SignedInfo has no canonicalization"))?;
        let signature_method = next("SignatureMethod").ok_or_else(|| form("SignedInfo has no signature method"))?;
        let references: Vec<_> = inside.collect();
        if references.len() != 2 || references.iter().any(|node| !node.has_tag_name((DS, "Reference"))) {
            return Err(form("SignedInfo must refer to the list and to the signed properties, and to nothing else"));
        }
        let value = base64(only_text(child(signature, DS, "SignatureValue")?)?)?;
        let key_info = children(signature).find(|node| node.has_tag_name((DS, "KeyInfo")));
        let object = child(signature, DS, "Object")?;
        Ok(Self { signed_info, canonicalization, signature_method, references, value, key_info, object })
    }
}

/// The reference to the list and the one to the signed properties.
fn references<'d>(
    parts: &Parts<'_>,
    list: &'d Document<'_>,
    properties: &xades::Properties<'_>,
) -> Result<((Node<'d, 'd>, Reference), Reference), ListFault> {
    let (mut whole, mut signed) = (None, None);
    let root = list.root_element().attribute("Id").map(|id| format!("#{id}"));
    for node in &parts.references {
        let uri = node.attribute("URI").ok_or_else(|| form("a reference without URI"))?;
        if whole.is_none() && (uri.is_empty() || Some(uri) == root.as_deref()) {
            // Without a name the reference is to the document, with instructions that stand outside of the root.
            let node_of = if uri.is_empty() { list.root() } else { list.root_element() };
            whole = Some((node_of, Reference::of(*node, Enveloped::Required)?));
        } else if signed.is_none()
            && uri.strip_prefix('#') == Some(properties.id)
            && node.attribute("Type") == Some(SIGNED_PROPERTIES)
        {
            signed = Some(Reference::of(*node, Enveloped::Refused)?);
        } else {
            return Err(form(format!("a reference to {:?}", cut(uri))));
        }
    }
    match (whole, signed) {
        (Some(whole), Some(signed)) => Ok((whole, signed)),
        _ => Err(form("SignedInfo must refer to the list and to the signed properties, once each")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Enveloped {
    Required,
    Refused,
}

struct Reference {
    method: Method,
    digest: Digest,
    value: Vec<u8>,
}

impl Reference {
    fn of(node: Node<'_, '_>, enveloped: Enveloped) -> Result<Self, ListFault> {
        let names: Vec<&str> = children(node).map(|child| child.tag_name().name()).collect();
        if !matches!(names.as_slice(), ["Transforms", "DigestMethod", "DigestValue"] | ["DigestMethod", "DigestValue"]) {
            return Err(form("a reference consists of Transforms, DigestMethod and DigestValue"));
        }
        let transforms: Vec<Node<'_, '_>> = match child(node, DS, "Transforms") {
            Ok(transforms) => children(transforms).collect(),
            Err(_) => Vec::new(),
        };
        if transforms.iter().any(|transform| !transform.has_tag_name((DS, "Transform"))) {
            return Err(form("Transforms holds something else"));
        }
        let mut rest = transforms.as_slice();
        if enveloped == Enveloped::Required {
            match rest.split_first() {
                Some((first, others)) if first.attribute("Algorithm") == Some(ENVELOPED) && children(*first).next().is_none() => {
                    rest = others;
                }
                _ => return Err(form("the list is referred to without the enveloped-signature transform")),
            }
        }
        // What is left as nodes is written by Canonical XML 1.0 (XML Signature §4.4.3.2). A reference to a part of this document
        // never has comments (§4.4.3.3), whatever the method says.
        let method = match rest {
            [] => Method::Inclusive,
            [one] => canonicalization(*one)?.0,
            [first, second, ..] => {
                canonicalization(*first)?;
                return Err(transform_fault(*second));
            }
        };
        let digest = digest_method(child(node, DS, "DigestMethod")?)?;
        let value = base64(only_text(child(node, DS, "DigestValue")?)?)?;
        Ok(Self { method, digest, value })
    }

    fn check(
        &self,
        node: Node<'_, '_>,
        left_out: Option<NodeId>,
        what: &'static str,
        ground: Ground<'_>,
    ) -> Result<(), ListFault> {
        // Canonical XML 1.1 joins inherited bases; no list has any, and none is joined here.
        let is_based = |node: Node<'_, '_>| node.ancestors().any(|above| above.attribute((XML, "base")).is_some());
        if self.method == Method::Inclusive11 && is_based(node) {
            return Err(form("Canonical XML 1.1 under an xml:base"));
        }
        let octets = canonical(node, &self.method, Comments::Dropped, left_out);
        if digest_of(self.digest, &octets, ground)? == self.value { Ok(()) } else { Err(ListFault::Changed(what)) }
    }
}

const XML: &str = "http://www.w3.org/XML/1998/namespace";

fn transform_fault(node: Node<'_, '_>) -> ListFault {
    ListFault::Algorithm { what: "the transform", uri: cut(node.attribute("Algorithm").unwrap_or_default()) }
}

/// The canonicalization a `CanonicalizationMethod` or `Transform` names, with its prefix list.
fn canonicalization(node: Node<'_, '_>) -> Result<(Method, Comments), ListFault> {
    let (mut method, comments) = of_uri(node.attribute("Algorithm").unwrap_or_default()).ok_or_else(|| transform_fault(node))?;
    for inside in children(node) {
        let list = inside.attribute("PrefixList").filter(|_| inside.has_tag_name((EXCLUSIVE, "InclusiveNamespaces")));
        match (&mut method, list) {
            (Method::Exclusive { also }, Some(list)) if also.is_empty() => {
                let prefixes = list.split_ascii_whitespace().map(|prefix| if prefix == "#default" { "" } else { prefix });
                *also = prefixes.map(str::to_owned).collect();
            }
            _ => return Err(form("a canonicalization with parameters")),
        }
    }
    Ok((method, comments))
}

pub(crate) fn digest_method(node: Node<'_, '_>) -> Result<Digest, ListFault> {
    let uri = node.attribute("Algorithm").unwrap_or_default();
    if children(node).next().is_some() {
        return Err(form("a digest method with parameters"));
    }
    Digest::of_uri(uri).ok_or_else(|| ListFault::Algorithm { what: "the digest", uri: cut(uri) })
}

/// Source: RFC 6931 §2.3 (RSA, RSA-PSS with the salt as long as the digest, ECDSA). DSTU 4145 has no published name; taken are the
/// two that stand in the containers of Ukraine's state service; the value is little-endian, as in CMS.
fn signature_method(node: Node<'_, '_>) -> Result<(Form, Digest), ListFault> {
    const FORMS: [(&str, &str, Form); 3] = [
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-", "", Form::RsaPkcs1),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-", "", Form::EcdsaPlain),
        ("http://www.w3.org/2007/05/xmldsig-more#", "-rsa-MGF1", Form::RsaPss),
    ];
    let uri = node.attribute("Algorithm").unwrap_or_default();
    if children(node).next().is_some() {
        return Err(form("a signature method with parameters"));
    }
    if uri == "http://www.w3.org/2000/09/xmldsig#rsa-sha1" {
        return Ok((Form::RsaPkcs1, Digest::Sha1));
    }
    match uri {
        "http://www.w3.org/2001/04/xmldsig-more#dstu4145-gost34311" => return Ok((Form::Dstu, Digest::Gost34311)),
        "http://www.w3.org/2001/04/xmldsig-more#dstu4145-dstu7564-256" => return Ok((Form::Dstu, Digest::Kupyna256)),
        _ => {}
    }
    let named = FORMS.iter().find_map(|(before, after, made)| {
        let digest = uri.strip_prefix(before)?.strip_suffix(after)?;
        let known = [("sha1", Digest::Sha1), ("sha256", Digest::Sha256), ("sha384", Digest::Sha384), ("sha512", Digest::Sha512)];
        known.into_iter().find(|(name, _)| *name == digest).map(|(_, digest)| (*made, digest))
    });
    named.ok_or_else(|| ListFault::Algorithm { what: "the signature method", uri: cut(uri) })
}

/// A stranger's text for a message.
pub(crate) fn cut(text: &str) -> String {
    value(text).chars().take(120).collect()
}
