//! Every algorithm, made by OpenSSL and BouncyCastle: taken, or refused by its name, and never "wrong" for being rare.

use std::path::Path;

use oblik_signature::{Judged, Policy, judge_detached};

use crate::common::{
    CONTENT, Desk, PASSED, Party, at, customer, detail, issued, moment, pki, policy, rsa_key, shown, testdata, trust,
};

const REFUSED: &str = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM";
const WRONG: &str = "TOTAL-FAILED SIG_CRYPTO_FAILURE SIG-INVALID";

/// The embedded policy with more digests and smaller keys taken: what passes by it is right by its arithmetic.
fn lenient() -> Policy {
    let text = policy().text().to_owned();
    let digests = ["SHA-1", "SHA-224", "SHA3-224"].map(|name| format!("\"{name}\" = \"2040-01-01T00:00:00Z\"\n")).concat();
    let text = text.replacen("[digests]\n", &format!("[digests]\n{digests}"), 1).replacen(
        "rsa_bits_min = 2048",
        "rsa_bits_min = 512",
        1,
    );
    Policy::parse(&text).unwrap()
}

fn judge(message: &[u8], policy: &Policy) -> Judged {
    judge_detached(CONTENT, message, &trust(), policy, moment())
}

/// The message with the last octet of its signature changed. No unsigned attributes follow it.
fn spoilt(message: &[u8]) -> Vec<u8> {
    let mut changed = message.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    changed
}

/// Judged by the policy of the package and by one that takes everything; spoilt, it must not pass by either.
fn expect(message: &[u8], what: &str, is_taken: bool) {
    let expected = if is_taken { PASSED } else { REFUSED };
    let judged = judge(message, &policy());
    assert_eq!(shown(&judged), expected, "{what}\n{}", detail(&judged));
    let judged = judge(message, &lenient());
    assert_eq!(shown(&judged), PASSED, "{what}\n{}", detail(&judged));
    let judged = judge(&spoilt(message), &lenient());
    assert_eq!(shown(&judged), WRONG, "{what}, spoilt\n{}", detail(&judged));
}

#[test]
fn every_pairing_openssl_makes_is_computed() {
    let desk = Desk::new();
    for (digest, is_taken) in [
        ("sha1", false),
        ("sha224", false),
        ("sha256", true),
        ("sha384", true),
        ("sha512", true),
        ("sha3-224", false),
        ("sha3-256", true),
        ("sha3-384", true),
        ("sha3-512", true),
    ] {
        expect(&desk.cms("rsa", &["-md", digest]), digest, is_taken);
        if !digest.starts_with("sha3") {
            for party in ["p256", "p384", "p521"] {
                expect(&desk.cms(party, &["-md", digest, "-cades"]), &format!("{party} {digest}"), is_taken);
            }
        }
    }
    let judged = judge(&desk.cms("rsa", &["-md", "md5"]), &policy());
    assert!(shown(&judged).starts_with("INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"), "{}", detail(&judged));
    assert!(detail(&judged).contains("MD5"));
}

#[test]
fn pss_is_computed_with_every_salt() {
    let desk = Desk::new();
    for (digest, is_taken) in [("sha1", false), ("sha224", false), ("sha256", true), ("sha384", true), ("sha512", true)] {
        // As long as the digest, as long as fits (OpenSSL's own choice: 222 with SHA-256), none, and odd ones.
        for salt in ["digest", "max", "0", "1", "20", "111"] {
            let salt = format!("rsa_pss_saltlen:{salt}");
            let message = desk.cms("rsa", &["-md", digest, "-keyopt", "rsa_padding_mode:pss", "-keyopt", &salt]);
            expect(&message, &format!("{digest} {salt}"), is_taken);
        }
    }
}

/// A party made by OpenSSL, under the intermediate of the tests; its certificate and key lie on the desk.
fn made_by_openssl(desk: &Desk, name: &str, options: &[&str]) {
    let (key, request, certificate) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
    desk.run("openssl", &[&["genpkey", "-out", &key][..], options].concat());
    desk.run("openssl", &["req", "-new", "-key", &key, "-subj", "/C=UA/CN=test", "-out", &request]);
    desk.put("extensions", b"keyUsage=critical,digitalSignature,nonRepudiation\nbasicConstraints=CA:FALSE\n");
    let mut arguments = vec!["x509", "-req", "-in", &request, "-CA", "intermediate.pem", "-CAkey", "intermediate.key"];
    arguments.extend(["-CAcreateserial", "-extfile", "extensions", "-days", "3650", "-out", &certificate]);
    desk.run("openssl", &arguments);
}

/// OpenSSL dates its certificates by the clock: judged a day after that of `party` begins.
fn judge_soon(desk: &Desk, party: &str, message: &[u8], policy: &Policy) -> Judged {
    let certificate = format!("{party}.pem");
    let told = desk.run("openssl", &["x509", "-in", &certificate, "-noout", "-startdate", "-dateopt", "iso_8601"]);
    let begins = at(&told.trim().trim_start_matches("notBefore=").replace(' ', "T"));
    judge_detached(CONTENT, message, &trust(), policy, begins + chrono::TimeDelta::days(1))
}

#[test]
fn a_key_for_pss_signs_with_its_own_parameters_only() {
    let desk = Desk::new();
    let bits = ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"];
    made_by_openssl(&desk, "free", &bits);
    let bound = [
        "-pkeyopt",
        "rsa_pss_keygen_md:sha384",
        "-pkeyopt",
        "rsa_pss_keygen_mgf1_md:sha384",
        "-pkeyopt",
        "rsa_pss_keygen_saltlen:40",
    ];
    made_by_openssl(&desk, "bound", &[&bits[..], &bound].concat());
    let pss = ["-keyopt", "rsa_padding_mode:pss"];
    let judged = judge_soon(&desk, "free", &desk.cms("free", &[&["-md", "sha256"], &pss[..]].concat()), &policy());
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    assert_eq!(judged.signatures[0].algorithm, "RSA 2048 PSS");
    let judged = judge_soon(&desk, "bound", &desk.cms("bound", &[&["-md", "sha384"], &pss[..]].concat()), &policy());
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    // Unasked, OpenSSL 3.0 calls such a signature `rsaEncryption`, which its own verification refuses as well.
    let judged = judge_soon(&desk, "free", &desk.cms("free", &["-md", "sha256"]), &policy());
    assert!(matches!(shown(&judged).as_str(), PASSED | REFUSED), "{}", detail(&judged));

    // The same key as an ordinary one signs as its certificate forbids.
    desk.run("openssl", &["rsa", "-in", "bound.key", "-traditional", "-out", "plain.key"]);
    let plain = desk.get("plain.key");
    for (more, what) in [
        (&["-md", "sha384"][..], "PKCS#1"),
        (&["-md", "sha256", "-keyopt", "rsa_padding_mode:pss"], "another digest"),
        (&["-md", "sha384", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:39"], "a shorter salt"),
    ] {
        desk.put("bound.key", &plain);
        let Some(message) = signed_with_foreign_key(&desk, more) else {
            println!("skipped: this OpenSSL does not sign {what} by such a key");
            continue;
        };
        let judged = judge_soon(&desk, "bound", &message, &policy());
        assert_eq!(shown(&judged), REFUSED, "{what}\n{}", detail(&judged));
    }
}

fn signed_with_foreign_key(desk: &Desk, more: &[&str]) -> Option<Vec<u8>> {
    let mut arguments = vec!["cms", "-sign", "-binary", "-in", "content", "-signer", "bound.pem", "-inkey", "bound.key"];
    arguments.extend(["-certfile", "intermediate.pem", "-outform", "DER", "-out", "message"]);
    arguments.extend(more);
    desk.try_run("openssl", &arguments).0.then(|| desk.get("message"))
}

#[test]
fn a_short_rsa_key_is_refused_as_short_and_not_as_wrong() {
    let desk = Desk::new();
    made_by_openssl(&desk, "short", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    for more in [
        &["-md", "sha256"][..],
        &["-md", "sha384"],
        &["-md", "sha1"],
        &["-md", "sha256", "-keyopt", "rsa_padding_mode:pss"],
        &["-md", "sha1", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:7"],
    ] {
        let message = desk.cms("short", more);
        let judged = judge_soon(&desk, "short", &message, &policy());
        assert_eq!(shown(&judged), REFUSED, "{more:?}\n{}", detail(&judged));
        assert_eq!(shown(&judge_soon(&desk, "short", &message, &lenient())), PASSED, "{more:?}");
        assert_eq!(shown(&judge_soon(&desk, "short", &spoilt(&message), &lenient())), WRONG, "{more:?}");
    }
}

/// Signs the content of the desk: `key certificate algorithm out`, one after another.
const JAVA: &str = r#"
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import org.bouncycastle.cert.jcajce.*;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.operator.jcajce.*;
public class Make {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
        byte[] content = Files.readAllBytes(Paths.get("content"));
        for (String line : Files.readAllLines(Paths.get("wanted"))) {
            String[] words = line.split(" ");
            byte[] der = Files.readAllBytes(Paths.get(words[0] + ".pkcs8"));
            String family = words[1].equals("Ed25519") ? "Ed25519" : words[1].contains("RSA") ? "RSA" : "EC";
            PrivateKey key = KeyFactory.getInstance(family, "BC").generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(der));
            X509Certificate own = (X509Certificate) factory.generateCertificate(Files.newInputStream(Paths.get(words[0] + ".pem")));
            X509Certificate above = (X509Certificate) factory.generateCertificate(Files.newInputStream(Paths.get("intermediate.pem")));
            CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
            generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
                .build(new JcaContentSignerBuilder(words[1]).setProvider("BC").build(key), own));
            generator.addCertificates(new JcaCertStore(Arrays.asList(own, above)));
            byte[] message = generator.generate(new CMSProcessableByteArray(content), false).getEncoded("DER");
            Files.write(Paths.get(words[0] + "-" + words[1] + ".p7s"), message);
        }
    }
}
"#;

const JARS: [&str; 3] = ["/usr/share/java/bcprov.jar", "/usr/share/java/bcpkix.jar", "/usr/share/java/bcutil.jar"];

#[test]
fn what_only_bouncycastle_makes_is_computed_too() {
    if JARS.iter().any(|jar| !Path::new(jar).is_file()) {
        println!("skipped: no BouncyCastle (libbcpkix-java)");
        return;
    }
    let desk = Desk::new();
    let own = |algorithm| rcgen::KeyPair::generate_for(algorithm).unwrap();
    let edwards = issued(customer("ФОП Едвардс"), own(&rcgen::PKCS_ED25519), &pki().intermediate);
    let rsa = issued(customer("ТОВ Рівест"), rsa_key(), &pki().intermediate);
    let parties: [(&str, &Party); 5] =
        [("edwards", &edwards), ("rsa", &rsa), ("p256", &pki().p256), ("p384", &pki().p384), ("p521", &pki().p521)];
    for (name, party) in parties {
        desk.put(&format!("{name}.pem"), party.pem.as_bytes());
        desk.put(&format!("{name}.pkcs8"), &party.key.serialize_der());
    }
    let mut wanted = vec![("edwards", "Ed25519".to_owned(), true)];
    for (digest, is_taken) in [("SHA224", false), ("SHA3-224", false), ("SHA3-256", true), ("SHA3-384", true), ("SHA3-512", true)]
    {
        wanted.extend(["p256", "p384", "p521"].map(|party| (party, format!("{digest}withECDSA"), is_taken)));
        wanted.push(("rsa", format!("{digest}withRSA"), is_taken));
        wanted.push(("rsa", format!("{digest}withRSAandMGF1"), is_taken));
    }
    let lines: Vec<String> = wanted.iter().map(|(party, algorithm, _)| format!("{party} {algorithm}")).collect();
    desk.put("wanted", lines.join("\n").as_bytes());
    desk.put("Make.java", JAVA.as_bytes());
    desk.run("java", &["-cp", &JARS.join(":"), "Make.java"]);
    for (party, algorithm, is_taken) in &wanted {
        let message = desk.get(&format!("{party}-{algorithm}.p7s"));
        expect(&message, algorithm, *is_taken);
    }
    let judged = judge(&desk.get("edwards-Ed25519.p7s"), &policy());
    assert_eq!((judged.signatures[0].algorithm.as_str(), judged.signatures[0].digest.as_str()), ("Ed25519", "SHA-512"));
    println!("{} messages of BouncyCastle", wanted.len());
}

/// Files of another validator whose digest is SHA-3: one names two digests, the others agree.
#[test]
fn reference_files_with_sha_3_are_right_but_for_their_root() {
    let Some(folder) = testdata("cms/validation/dss-1419") else { return };
    for (name, is_agreed) in [
        ("CAdES-BpB-att-SHA3_224-SHA256withRSA.p7m", false),
        ("CAdES-BpB-att-SHA3_224-SHA3_224withRSA.p7m", true),
        ("CAdES-BpB-att-SHA3_512-SHA3_512withRSA.p7m", true),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let judged = oblik_signature::judge_file(&bytes, None, &trust(), &lenient(), moment());
        let told = detail(&judged);
        assert!(!told.contains("SIG-INVALID") && !told.contains("SIG-TAMPERED"), "{name}\n{told}");
        assert_eq!(told.contains("over content digested with"), !is_agreed, "{name}\n{told}");
        assert!(told.contains("SIG-UNTRUSTED"), "{name}\n{told}");
    }
}
