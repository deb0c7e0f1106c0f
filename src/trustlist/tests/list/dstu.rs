//! Lists signed by DSTU 4145: certificate, canonical form, digests and signature by Java's and BouncyCastle's own hands.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oblik_signature::Policy;
use oblik_trustlist::{Expectation, ListFault, Signers, TrustedList};

use crate::world::{EXCLUSIVE, Signing, World, moment};

const JAR: &str = "/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar";
const GOST: (&str, &str) =
    ("http://www.w3.org/2001/04/xmldsig-more#dstu4145-gost34311", "http://www.w3.org/2001/04/xmlenc#gost34311");
const KUPYNA: (&str, &str) =
    ("http://www.w3.org/2001/04/xmldsig-more#dstu4145-dstu7564-256", "http://www.w3.org/2001/04/xmlenc#dstu7564-256");

const JAVA: &str = r#"
import com.sun.org.apache.xml.internal.security.Init;
import com.sun.org.apache.xml.internal.security.c14n.Canonicalizer;
import java.io.*;
import java.math.BigInteger;
import java.nio.file.*;
import java.security.*;
import java.util.*;
import javax.xml.parsers.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.ua.*;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.*;
import org.bouncycastle.crypto.ExtendedDigest;
import org.bouncycastle.crypto.digests.*;
import org.bouncycastle.crypto.signers.DSTU4145Signer;
import org.bouncycastle.jcajce.provider.asymmetric.util.ECUtil;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.util.Arrays;
import org.bouncycastle.util.BigIntegers;
import org.w3c.dom.*;
public class Sign {
    static byte[] digest(String name, byte[] bytes) {
        ExtendedDigest digest;
        if (name.equals("gost")) {
            byte[] packed = DSTU4145Params.getDefaultDKE(), box = new byte[packed.length * 2];
            for (int i = 0; i < packed.length; i++) {
                box[2 * i] = (byte) ((packed[i] >> 4) & 15);
                box[2 * i + 1] = (byte) (packed[i] & 15);
            }
            digest = new GOST3411Digest(box);
        } else {
            digest = new DSTU7564Digest(256);
        }
        digest.update(bytes, 0, bytes.length);
        byte[] hash = new byte[digest.getDigestSize()];
        digest.doFinal(hash, 0);
        return hash;
    }
    static byte[] sign(PrivateKey key, byte[] hash) throws Exception {
        DSTU4145Signer signer = new DSTU4145Signer();
        signer.init(true, ECUtil.generatePrivateKeyParameter(key));
        BigInteger[] numbers = signer.generateSignature(hash);
        return Arrays.concatenate(Arrays.reverse(BigIntegers.asUnsignedByteArray(32, numbers[0])),
            Arrays.reverse(BigIntegers.asUnsignedByteArray(32, numbers[1])));
    }
    static byte[] canonical(Node node) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Canonicalizer.getInstance(Canonicalizer.ALGO_ID_C14N_EXCL_OMIT_COMMENTS).canonicalizeSubtree(node, out);
        return out.toByteArray();
    }
    static Document parse(String file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new File(file));
    }
    static Element first(Document document, String name) {
        return (Element) document.getElementsByTagNameNS("*", name).item(0);
    }
    static void make(String name) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("DSTU4145", "BC");
        generator.initialize(new java.security.spec.ECGenParameterSpec("1.2.804.2.1.1.1.1.3.1.1.2.6"));
        KeyPair pair = generator.generateKeyPair();
        byte[] big = ASN1OctetString.getInstance(
            SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()).getPublicKeyData().getOctets()).getOctets();
        AlgorithmIdentifier algorithm = new AlgorithmIdentifier(UAObjectIdentifiers.dstu4145le,
            new DSTU4145Params(new ASN1ObjectIdentifier("1.2.804.2.1.1.1.1.3.1.1.2.6")));
        SubjectPublicKeyInfo info = new SubjectPublicKeyInfo(algorithm, new DEROctetString(Arrays.reverse(big)));
        X500Name subject = new X500Name("CN=Test " + name + ",C=UA");
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(subject, BigInteger.valueOf(7),
            new Date(1767225600000L), new Date(1798761600000L), subject, info);
        ByteArrayOutputStream signed = new ByteArrayOutputStream();
        X509CertificateHolder holder = builder.build(new ContentSigner() {
            public AlgorithmIdentifier getAlgorithmIdentifier() { return new AlgorithmIdentifier(UAObjectIdentifiers.dstu4145le); }
            public OutputStream getOutputStream() { return signed; }
            public byte[] getSignature() {
                try { return sign(pair.getPrivate(), digest("gost", signed.toByteArray())); }
                catch (Exception e) { throw new RuntimeException(e); }
            }
        });
        String text = Base64.getMimeEncoder().encodeToString(holder.getEncoded());
        Files.write(Paths.get(name + ".pem"),
            ("-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n").getBytes());
        Files.write(Paths.get(name + ".key"), pair.getPrivate().getEncoded());
    }
    static void fill(String from, String to, String name, String digest) throws Exception {
        PrivateKey key = KeyFactory.getInstance("DSTU4145", "BC")
            .generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(Files.readAllBytes(Paths.get(name + ".key"))));
        Document whole = parse(from), bare = parse(from);
        Element signature = first(bare, "Signature");
        signature.getParentNode().removeChild(signature);
        Element info = first(whole, "SignedInfo");
        NodeList values = info.getElementsByTagNameNS("*", "DigestValue");
        Base64.Encoder encoder = Base64.getEncoder();
        values.item(0).setTextContent(encoder.encodeToString(digest(digest, canonical(bare))));
        values.item(1).setTextContent(encoder.encodeToString(digest(digest, canonical(first(whole, "SignedProperties")))));
        String value = encoder.encodeToString(sign(key, digest(digest, canonical(info))));
        String text = Files.readString(Paths.get(from));
        for (int i = 0; i < 2; i++)
            text = text.replaceFirst("<ds:DigestValue></", "<ds:DigestValue>" + values.item(i).getTextContent() + "</");
        Files.writeString(Paths.get(to), text.replaceFirst("<ds:SignatureValue></", "<ds:SignatureValue>" + value + "</"));
    }
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        Init.init();
        if (arguments[0].equals("make")) {
            make("dstu");
            make("dstu-other");
        } else {
            fill(arguments[1], arguments[2], "dstu", arguments[3]);
        }
    }
}
"#;

/// Whether Java could; says so where it is missing.
fn java(world: &World, arguments: &[&str]) -> bool {
    if !JAR.split(':').all(|jar| Path::new(jar).is_file()) {
        println!("skipped: no BouncyCastle (libbcpkix-java)");
        return false;
    }
    std::fs::write(world.path("Sign.java"), JAVA).unwrap();
    let modules = ["", ".c14n"]
        .map(|part| format!("--add-exports=java.xml.crypto/com.sun.org.apache.xml.internal.security{part}=ALL-UNNAMED"));
    let output =
        Command::new("java").args(modules).args(["-cp", JAR, "Sign.java"]).args(arguments).current_dir(world.path("")).output();
    let Ok(output) = output else {
        println!("skipped: no java");
        return false;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

fn signed(world: &World, name: &str, (method, digest): (&str, &str)) -> String {
    let signing = Signing {
        key: "dstu",
        method: method.to_owned(),
        digest: digest.to_owned(),
        c14n: EXCLUSIVE.to_owned(),
        prefixes: "",
        root_uri: "",
    };
    let end = "</TrustServiceStatusList>";
    let whole = world.list().replacen(end, &format!("{}{end}", world.template(&signing)), 1);
    let (template, out) = (format!("dstu-{name}.template.xml"), format!("dstu-{name}.xml"));
    std::fs::write(world.path(&template), whole).unwrap();
    assert!(java(world, &["fill", &template, &out, name]));
    std::fs::read_to_string(world.path(&out)).unwrap()
}

fn read(list: &str, signers: &Signers) -> Result<TrustedList, ListFault> {
    let policy = Policy::embedded();
    TrustedList::read(list.as_bytes(), Expectation { signers, policy: &policy, moment: moment(), known_sequence: None })
}

/// `text` with its signature value turned into something else.
fn with_value(text: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> String {
    let start = text.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let end = start + text[start..].find('<').unwrap();
    let value = STANDARD.encode(change(STANDARD.decode(&text[start..end]).unwrap()));
    format!("{}{value}{}", &text[..start], &text[end..])
}

#[test]
fn lists_signed_by_dstu_4145_are_read_and_their_mutations_refused() {
    let Some(world) = World::new() else { return };
    if !java(world, &["make"]) {
        return;
    }
    let signers = world.signers(&["rsa", "dstu"]);
    for (name, uris) in [("gost", GOST), ("kupyna", KUPYNA)] {
        let text = signed(world, name, uris);
        let list = read(&text, &signers).unwrap();
        assert_eq!((list.signer().0, list.sequence(), list.providers().len()), ("Test dstu", 32, 1));
        // In an OCTET STRING too, as CMS of some programs has it.
        let wrapped = with_value(&text, |value| [&[4, 64][..], &value].concat());
        assert_eq!(read(&wrapped, &signers).err(), None);

        let digest = text.split("<ds:DigestValue>").nth(1).unwrap().split('<').next().unwrap();
        let swapped = |digest: &str| format!("{}{}", if digest.starts_with('A') { "B" } else { "A" }, &digest[1..]);
        let big = with_value(&text, |value| value.into_iter().rev().collect());
        let turned = with_value(&text, |value| [&value[32..], &value[..32]].concat());
        let flipped = with_value(&text, |mut value| {
            value[40] ^= 1;
            value
        });
        let short = with_value(&text, |value| value[..63].to_vec());
        let other = if name == "gost" { KUPYNA } else { GOST };
        for (what, changed, fault) in [
            ("big-endian", big, "Refused"),
            ("numbers turned", turned, "Refused"),
            ("a bit", flipped, "Refused"),
            ("a short value", short, "Refused"),
            ("no value", with_value(&text, |_| Vec::new()), "Refused"),
            ("a digest", text.replacen(digest, &swapped(digest), 1), "Refused"),
            ("content", text.replacen("Svcstatus/withdrawn", "Svcstatus/granted", 1), "Changed"),
            ("properties", text.replacen("2026-11-01T09:00:00Z", "2026-11-01T09:00:01Z", 1), "Changed"),
            ("the other digest in the method", text.replacen(uris.0, other.0, 1), "Refused"),
            ("a method of another family", text.replacen(uris.0, crate::world::RSA_SHA256, 1), "Refused"),
            ("a bare name", text.replacen(uris.0, "http://www.w3.org/2001/04/xmldsig-more#dstu4145", 1), "Algorithm"),
            ("Kupyna-512", text.replacen(uris.0, "http://www.w3.org/2001/04/xmldsig-more#dstu4145-dstu7564-512", 1), "Algorithm"),
            ("Kazakhstan's digest", text.replacen(uris.1, "http://www.w3.org/2001/04/xmldsig-more#gost34311", 1), "Algorithm"),
        ] {
            assert_ne!(changed, text, "{what}");
            let told = read(&changed, &signers).expect_err(what);
            assert!(format!("{told:?}").starts_with(fault), "{name}, {what}: {told:?}");
        }
        // The pin decides, not what the list carries along.
        for pins in [&["rsa"][..], &["dstu-other"], &["rsa", "dstu-other"]] {
            assert!(
                matches!(read(&text, &world.signers(pins)), Err(ListFault::Stranger { subject, .. }) if subject == "Test dstu")
            );
        }
    }
}
