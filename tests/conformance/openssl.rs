//! Files by the `openssl` command: every key with every digest, and all its containers.

use oblik_conformance_tests::peer::Peer;
use oblik_conformance_tests::workshop::{Workshop, pem_blocks};
use oblik_mail::{Message, Signed, signed_act};
use oblik_signature::Policy;

use crate::CONTENT;
use crate::case::{Carried, Case, Second};
use crate::examine::examine;

/// Key, its name in the report, the digests it signs with here.
const KEYS: &[(&str, &str, &[&str])] = &[
    ("rsa-2048", "RSA 2048", &["SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-512"]),
    ("rsa-3072", "RSA 3072", &["SHA-256", "SHA-512"]),
    ("rsa-4096", "RSA 4096", &["SHA-256"]),
    ("p-256", "ECDSA P-256", &["SHA-256", "SHA-384", "SHA-512"]),
    ("p-384", "ECDSA P-384", &["SHA-256", "SHA-384", "SHA-512"]),
    ("p-521", "ECDSA P-521", &["SHA-256", "SHA-384", "SHA-512"]),
];

/// Arguments of `openssl cms -sign`, and how what it wrote is carried.
/// What it streams detached holds the content all the same; that container is BouncyCastle's.
const CONTAINERS: &[(&str, &[&str])] = &[
    ("detached DER", &["-outform", "DER"]),
    ("detached PEM", &["-outform", "PEM"]),
    ("enclosing DER", &["-outform", "DER", "-nodetach"]),
    ("enclosing PEM", &["-outform", "PEM", "-nodetach"]),
    ("streamed enclosing BER", &["-outform", "DER", "-nodetach", "-stream"]),
    ("S/MIME multipart/signed", &["-outform", "SMIME"]),
    ("S/MIME opaque", &["-outform", "SMIME", "-nodetach"]),
];

/// RSA-PSS: key, digest, salt.
const PSS: &[(&str, &str, &str, &str)] = &[
    ("rsa-2048", "RSA 2048 PSS", "SHA-256", "32"),
    ("rsa-2048", "RSA 2048 PSS", "SHA-256", "0"),
    ("rsa-2048", "RSA 2048 PSS", "SHA-256", "20"),
    ("rsa-2048", "RSA 2048 PSS", "SHA-256", "222"),
    ("rsa-3072", "RSA 3072 PSS", "SHA-384", "48"),
    ("rsa-4096", "RSA 4096 PSS", "SHA-512", "64"),
];

fn sign(shop: &Workshop, key: &str, digest: &str, options: &[&str]) -> Vec<u8> {
    let (certificate, private) = (format!("{key}.crt"), format!("{key}.key"));
    let digest = digest.replace("SHA-", "SHA").to_lowercase();
    let mut arguments = vec!["cms", "-sign", "-binary", "-in", "content", "-signer", &certificate, "-inkey", &private];
    arguments.extend(["-md", &digest, "-certfile", "authority.crt", "-out", "made"]);
    // Options of a key follow it.
    arguments.extend(options);
    shop.openssl(&arguments);
    shop.read("made")
}

/// A file as it was written, in the container of this name.
fn case(shop: &Workshop, name: &str, container: &str, made: Vec<u8>, algorithm: &str, digest: &'static str) -> Case {
    let is_detached = !(container.contains("enclosing") || container.contains("opaque"));
    if container.starts_with("S/MIME") {
        return from_mail(shop, name, &made, is_detached, algorithm, digest);
    }
    let is_pem = container.ends_with("PEM");
    let message = if is_pem { pem_blocks(std::str::from_utf8(&made).expect("PEM")).remove(0) } else { made };
    let mut case = Case::new(name, shop, message, is_detached, algorithm, digest);
    if is_pem {
        case.carried = Carried::Pem;
    }
    case
}

/// What our reader of mail finds in an S/MIME message.
fn from_mail(shop: &Workshop, name: &str, made: &[u8], is_detached: bool, algorithm: &str, digest: &'static str) -> Case {
    let mail = [&b"From: a@example.org\nTo: b@example.org\nSubject: s\n"[..], made].concat();
    let message = Message::parse(&mail).unwrap_or_else(|finding| panic!("{name}: {finding:?}"));
    let found = signed_act(&message).unwrap_or_else(|findings| panic!("{name}: {findings:?}")).signed;
    match (found, is_detached) {
        (Signed::SmimeSigned { content, signature }, true) => {
            let mut case = Case::new(name, shop, signature, true, algorithm, digest);
            case.signed.clone_from(&content);
            case.given.content = Some(content);
            case
        }
        (Signed::SmimeEnclosing(part) | Signed::Enclosing(part), false) => {
            let mut case = Case::new(name, shop, part.bytes, false, algorithm, digest);
            case.carried = Carried::Base64;
            case
        }
        (other, _) => panic!("{name}: found as {other:?}"),
    }
}

#[test]
fn what_openssl_signs_passes_and_no_part_of_it_can_be_changed() {
    let names: Vec<&str> = KEYS.iter().map(|(key, _, _)| *key).collect();
    let Some(shop) = Workshop::open(&names, CONTENT) else { return };
    let mut cases = Vec::new();
    for (key, algorithm, digests) in KEYS {
        for (position, digest) in digests.iter().enumerate() {
            // Each key in each container with its first digest; with the others in the two that differ most.
            let containers =
                CONTAINERS.iter().filter(|(name, _)| position == 0 || ["detached DER", "streamed enclosing BER"].contains(name));
            for (container, options) in containers {
                let made = sign(&shop, key, digest, options);
                let case = case(&shop, &format!("{algorithm}, {digest}, {container}"), container, made, algorithm, digest);
                cases.extend((*container == "detached DER").then(|| case.in_container()));
                cases.push(case);
            }
        }
    }
    for (key, algorithm, digest, salt) in PSS {
        let salt = format!("rsa_pss_saltlen:{salt}");
        // With RSA-PSS OpenSSL cannot write what it streams; BouncyCastle can.
        for (container, options) in CONTAINERS.iter().filter(|(name, _)| !name.starts_with("streamed")) {
            let options = [options, &["-noindef", "-keyopt", "rsa_padding_mode:pss", "-keyopt", &salt][..]].concat();
            let made = sign(&shop, key, digest, &options);
            cases.push(case(&shop, &format!("{algorithm}, {digest}, {salt}, {container}"), container, made, algorithm, digest));
        }
    }
    cases.extend(forms(&shop));
    cases.extend(refused(&shop));
    let peer = Peer::openssl(shop.folder());
    examine("OpenSSL", &cases, peer);
}

/// Other ways to name the signer, to carry certificates, and several signers.
fn forms(shop: &Workshop) -> Vec<Case> {
    let mut cases = Vec::new();
    shop.write("bundle.crt", &["p-384.crt", "root.crt", "authority.crt"].map(|name| shop.read(name)).concat());
    for (name, options) in [
        ("CAdES reference", &["-cades"][..]),
        ("key identifier", &["-keyid"]),
        ("without capabilities", &["-nosmimecap"]),
        ("with the root and a stranger, out of order", &["-certfile", "bundle.crt"]),
    ] {
        let options = [&["-outform", "DER"], options].concat();
        for (key, algorithm) in [("rsa-2048", "RSA 2048"), ("p-256", "ECDSA P-256")] {
            let made = sign(shop, key, "SHA-256", &options);
            cases.push(Case::new(&format!("{algorithm}, {name}"), shop, made, true, algorithm, "SHA-256"));
        }
    }
    let made =
        sign(shop, "rsa-2048", "SHA-256", &["-outform", "DER", "-nodetach", "-signer", "p-256.crt", "-inkey", "p-256.key"]);
    let mut several = Case::new("two signers", shop, made, false, "RSA 2048", "SHA-256");
    several.algorithms.push("ECDSA P-256".to_owned());
    several.digests.push("SHA-256");
    cases.push(several);

    let made = sign(shop, "rsa-2048", "SHA-256", &["-outform", "DER", "-noattr"]);
    let mut bare = Case::new("without attributes", shop, made, true, "RSA 2048", "SHA-256");
    let relaxed = Policy::embedded().text().replace("signed_attributes = \"required\"", "signed_attributes = \"if-present\"");
    let mut allowed = bare.clone();
    "without attributes, allowed by policy".clone_into(&mut allowed.name);
    allowed.policy = Policy::parse(&relaxed).expect("a policy");
    bare.refused = Some("SIG_CONSTRAINTS_FAILURE");
    bare.second = Second::Differs(
        "the policy wants signed attributes: without them a signature over attributes passes for one over content",
    );
    cases.extend([bare, allowed]);
    cases
}

/// What policy refuses by name, and what has no way to a root.
fn refused(shop: &Workshop) -> Vec<Case> {
    let mut cases = Vec::new();
    for (digest, key, algorithm) in
        [("SHA-1", "rsa-2048", "RSA 2048"), ("SHA-1", "p-256", "ECDSA P-256"), ("MD5", "rsa-2048", "RSA 2048")]
    {
        let made = sign(shop, key, digest, &["-outform", "DER"]);
        let mut case = Case::new(&format!("{algorithm}, {digest}"), shop, made, true, algorithm, digest);
        case.refused = Some("CRYPTO_CONSTRAINTS_FAILURE");
        case.second = Second::Differs("the policy takes neither MD5 nor SHA-1");
        cases.push(case);
    }
    let made = sign(shop, "p-256", "SHA-256", &["-outform", "DER", "-nocerts"]);
    let mut case = Case::new("without certificates", shop, made, true, "ECDSA", "SHA-256");
    case.refused = Some("NO_SIGNING_CERTIFICATE_FOUND");
    cases.push(case);
    cases
}
