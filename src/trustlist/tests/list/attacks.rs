//! Every part of a signed list changed, and the known ways to make a signature speak for something else.

use oblik_trustlist::ListFault;

use crate::world::{EXCLUSIVE, Signing, World};

fn kind(fault: &ListFault) -> String {
    let whole = format!("{fault:?}");
    whole.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

#[test]
fn each_mutation_is_refused_and_xmlsec1_agrees() {
    let Some(world) = World::new() else { return };
    for key in ["rsa", "p256"] {
        let text = String::from_utf8(world.sign(&world.list(), &Signing::by(key)).unwrap()).unwrap();
        assert_eq!(world.read(text.as_bytes()).err(), None);
        let inside = |open: &str, close: &str, at: usize| {
            let part = text.split(open).nth(at).unwrap().split(close).next().unwrap();
            assert!(part.len() > 3, "{open}");
            part.to_owned()
        };
        let flipped = |value: &str| {
            let other = if value.starts_with('A') { "B" } else { "A" };
            format!("{other}{}", &value[1..])
        };
        let authority = world.der_base64("authority");
        let (digest, properties) = (inside("<ds:DigestValue>", "<", 1), inside("<ds:DigestValue>", "<", 2));
        let value = inside("<ds:SignatureValue>", "<", 1);
        let certificate = inside("<ds:DigestValue>", "<", 3);
        for (from, to, fault) in [
            // content
            ("Good authority", "Bad authority".to_owned(), "Changed"),
            ("Svcstatus/withdrawn", "Svcstatus/granted".to_owned(), "Changed"),
            ("2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z".to_owned(), "Changed"),
            ("2027-05-01T00:00:00Z", "2037-05-01T00:00:00Z".to_owned(), "Changed"),
            ("<TSLSequenceNumber>32", "<TSLSequenceNumber>33".to_owned(), "Changed"),
            (authority.as_str(), world.der_base64("stranger"), "Changed"),
            ("xml:lang=\"uk\"", "xml:lang=\"en\"".to_owned(), "Changed"),
            ("Critical=\"true\"", "Critical=\"false\"".to_owned(), "Changed"),
            ("TSLTag=", "Tag=".to_owned(), "Changed"),
            ("<SchemeTerritory>UA", "<SchemeTerritory> UA".to_owned(), "Changed"),
            ("&amp;", "&lt;".to_owned(), "Changed"),
            ("</TSPServices>", "<TSPService/></TSPServices>".to_owned(), "Changed"),
            ("<SchemeInformation>", "<?x y?><SchemeInformation>".to_owned(), "Changed"),
            ("<DigitalId><X509SubjectName>", "<DigitalId xmlns:z=\"z:z\" z:z=\"\"><X509SubjectName>".to_owned(), "Changed"),
            // the signature
            (value.as_str(), flipped(&value), "Refused"),
            (digest.as_str(), flipped(&digest), "Refused"),
            (properties.as_str(), flipped(&properties), "Refused"),
            ("2026-11-01T09:00:00Z", "2026-11-01T09:00:01Z".to_owned(), "Changed"),
            ("Reference Id=\"r1\"", "Reference Id=\"r2\"".to_owned(), "Refused"),
            ("#rsa-sha256\"/><ds:Ref", "#rsa-sha512\"/><ds:Ref".to_owned(), "Refused"),
            ("#ecdsa-sha256\"/><ds:Ref", "#ecdsa-sha384\"/><ds:Ref".to_owned(), "Refused"),
        ] {
            if !text.contains(from) {
                assert!(from.contains(if key == "rsa" { "ecdsa" } else { "rsa-" }), "{from}");
                continue;
            }
            let changed = text.replacen(from, &to, 1);
            let ours = world.read(changed.as_bytes()).expect_err(from);
            assert_eq!(kind(&ours), fault, "{key} {from}: {ours}");
            assert!(!world.xmlsec1(changed.as_bytes(), key), "xmlsec1 takes {from}");
        }
        // xmlsec1 does not look at the properties' certificate; it is signed, so it cannot be changed either.
        let changed = text.replacen(&certificate, &flipped(&certificate), 1);
        assert_eq!(kind(&world.read(changed.as_bytes()).unwrap_err()), "Stranger");
        // Another certificate beside the signature says nothing.
        let other = text.replacen(
            &format!("<ds:X509Certificate>{}", world.der_base64(key)),
            &format!("<ds:X509Certificate>{}", world.der_base64("stranger")),
            1,
        );
        assert_eq!(world.read(other.as_bytes()).err(), None);
    }
}

#[test]
fn another_spelling_of_the_same_tree_is_the_same_list() {
    let Some(world) = World::new() else { return };
    let text = String::from_utf8(world.sign(&world.list(), &Signing::by("rsa")).unwrap()).unwrap();
    for (from, to) in [
        // A reference to a part of the document leaves comments out (XML Signature §4.4.3.3).
        ("<!-- a comment -->", ""),
        ("Svcstatus/withdrawn", "Svcstatus/with<!-- -->drawn"),
        ("Good authority", "Good <![CDATA[authority]]>"),
        ("Good authority", "G&#x6f;od authority"),
        ("<Extension Critical=\"true\">", "<Extension\n Critical = 'true' >"),
        ("xmlns:ns2=\"http://www.w3.org/2000/09/xmldsig#\"", ""),
    ] {
        let spelt = text.replacen(from, to, 1);
        assert_ne!(spelt, text);
        assert!(world.xmlsec1(spelt.as_bytes(), "rsa"), "{from}");
        let read = world.read(spelt.as_bytes()).unwrap();
        // What is signed is what is read: a comment cuts no value short.
        assert_eq!(read.providers()[0].services[1].periods().last().unwrap().status.as_str(), "withdrawn", "{from}");
        assert_eq!(read, world.read(text.as_bytes()).unwrap());
    }
}

/// The signature where it does not belong, or with company.
fn wrapped(text: &str) -> Vec<(&'static str, String)> {
    let start = text.find("<ds:Signature ").unwrap();
    let end = text.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &text[start..end];
    let without = format!("{}{}", &text[..start], &text[end..]);
    let root_end = "</TrustServiceStatusList>";
    let forged = without.replace("Svcstatus/withdrawn", "Svcstatus/granted");
    let inner = without.split_once("?>").unwrap().1;
    let signed_again = |list: &str| list.replacen(root_end, &format!("{signature}{root_end}"), 1);
    vec![
        ("no signature", without.clone()),
        ("two signatures", text.replacen(root_end, &format!("{signature}{root_end}"), 1)),
        (
            "a second signature deeper",
            text.replacen(
                "</SchemeInformation>",
                "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></SchemeInformation>",
                1,
            ),
        ),
        (
            "the signature not under the root",
            without.replacen("</SchemeInformation>", &format!("{signature}</SchemeInformation>"), 1),
        ),
        (
            "the signed list inside a forged one",
            signed_again(&forged.replacen("</SchemeInformation>", &format!("{inner}</SchemeInformation>"), 1)),
        ),
        ("an identifier twice", text.replacen("<SchemeInformation>", "<SchemeInformation Id=\"props\">", 1)),
        ("an identifier twice, spelt otherwise", text.replacen("<SchemeInformation>", "<SchemeInformation ID=\"props\">", 1)),
        (
            "the root's identifier twice",
            text.replacen("<SchemeInformation>", "<SchemeInformation xml:id=\"TrustServiceStatusList-UA\">", 1),
        ),
        ("a second object", text.replacen("</ds:Signature>", "<ds:Object/></ds:Signature>", 1)),
        ("something else in the object", text.replacen("</ds:Object>", "<x/></ds:Object>", 1)),
        ("properties of another signature", text.replacen("Target=\"#sig\"", "Target=\"#gis\"", 1)),
        ("no properties' type", text.replacen(" Type=\"http://uri.etsi.org/01903#SignedProperties\"", "", 1)),
    ]
}

/// References, transforms and methods that say something else.
fn spoken_otherwise(text: &str) -> Vec<(&'static str, String)> {
    let root_end = "</TrustServiceStatusList>";
    vec![
        ("a reference elsewhere", text.replacen("URI=\"#props\"", "URI=\"http://example.org/list.xml\"", 1)),
        ("a reference to a part", text.replacen("URI=\"\"", "URI=\"#sig\"", 1)),
        ("a reference by xpointer", text.replacen("URI=\"\"", "URI=\"#xpointer(/)\"", 1)),
        ("a reference without URI", text.replacen(" URI=\"\"", "", 1)),
        (
            "one reference",
            text.replacen("<ds:Reference Type", "<ds:Manifest Type", 1).replacen(
                "</ds:Reference></ds:SignedInfo>",
                "</ds:Manifest></ds:SignedInfo>",
                1,
            ),
        ),
        (
            "both references to the list",
            text.replacen("Type=\"http://uri.etsi.org/01903#SignedProperties\" URI=\"#props\"", "URI=\"\"", 1),
        ),
        ("no enveloped transform", text.replacen("http://www.w3.org/2000/09/xmldsig#enveloped-signature", EXCLUSIVE, 1)),
        (
            "xpath",
            text.replacen(
                "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                "http://www.w3.org/TR/1999/REC-xpath-19991116",
                1,
            ),
        ),
        (
            "xslt",
            text.replacen(
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"/>"),
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
                1,
            ),
        ),
        (
            "xpath filter after it",
            text.replacen(
                "enveloped-signature\"/>",
                "enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"/>",
                1,
            ),
        ),
        (
            "a transform with something inside",
            text.replacen("enveloped-signature\"/>", "enveloped-signature\"><ds:XPath>self::x</ds:XPath></ds:Transform>", 1),
        ),
        ("an unknown signature method", text.replacen("#rsa-sha256\"/><ds:Ref", "#dstu4145-gost34311-be\"/><ds:Ref", 1)),
        ("a keyed digest", text.replacen("#rsa-sha256\"/><ds:Ref", "#hmac-sha256\"/><ds:Ref", 1)),
        (
            "a short digest",
            text.replacen(
                "xmldsig-more#rsa-sha256\"/>",
                "xmldsig-more#rsa-sha256\"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>",
                1,
            ),
        ),
        ("no signer's certificate", text.replacen("SigningCertificateV2", "SigningTimes", 2)),
        (
            "another root",
            text.replacen("<TrustServiceStatusList ", "<TrustServiceStatusLists ", 1).replacen(
                root_end,
                "</TrustServiceStatusLists>",
                1,
            ),
        ),
        (
            "the root of another namespace",
            text.replacen("xmlns=\"http://uri.etsi.org/02231/v2#\"", "xmlns=\"http://uri.etsi.org/02231/v3#\"", 1),
        ),
        ("another version", text.replacen("<TSLVersionIdentifier>6", "<TSLVersionIdentifier>4", 1)),
    ]
}

#[test]
fn a_signature_in_any_other_shape_is_refused_by_name() {
    let Some(world) = World::new() else { return };
    let text = String::from_utf8(world.sign(&world.list(), &Signing::by("rsa")).unwrap()).unwrap();
    for (name, changed) in wrapped(&text).into_iter().chain(spoken_otherwise(&text)) {
        assert_ne!(changed, text, "{name}: nothing changed");
        let fault = world.read(changed.as_bytes()).expect_err(name);
        let kind = kind(&fault);
        assert!(["Form", "Algorithm", "NotAList", "Content", "Refused", "Changed"].contains(&kind.as_str()), "{name}: {fault}");
        if !["another version", "an identifier twice, spelt otherwise"].contains(&name) {
            assert!(["Form", "Algorithm", "NotAList", "Refused"].contains(&kind.as_str()), "{name}: {fault}");
        }
        println!("{name}: {fault}");
    }
}

#[test]
fn every_cut_and_flipped_byte_is_refused_without_panic() {
    let Some(world) = World::new() else { return };
    let bytes = world.sign(&world.list(), &Signing::by("p256")).unwrap();
    let good = world.read(&bytes).unwrap();
    for length in (0..bytes.len()).step_by(397) {
        assert!(world.read(&bytes[..length]).is_err(), "{length}");
    }
    let mut passed = 0;
    for at in (0..bytes.len()).step_by(37) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        // White space of base64, what stands beside the signature and the comment are not signed; what is read is the same.
        if let Ok(read) = world.read(&changed) {
            assert_eq!(read, good, "{at}");
            passed += 1;
        }
    }
    println!("{passed} flips of unsigned bytes");
}
