//! Encrypted messages as OpenSSL writes them: opened with our key, and with no other; every failure looks the same.

use oblik_signature::{CannotOpen, Decryptor, DecryptorError, judge_file, looks_encrypted, open};
use proptest::prelude::*;

use crate::common::{CONTENT, Desk, Party, moment, pki, policy, shown, trust};

fn decryptor(party: &Party) -> Decryptor {
    Decryptor::new(&party.key.serialize_der(), std::slice::from_ref(&party.der)).unwrap()
}

fn party(name: &str) -> &'static Party {
    match name {
        "rsa" => &pki().rsa,
        "p256" => &pki().p256,
        "p384" => &pki().p384,
        _ => &pki().p521,
    }
}

impl Desk {
    /// `openssl cms -encrypt` to `party`; later options such as `-keyopt` belong to the recipient before them.
    fn encrypt(&self, to: &str, cipher: &str, more: &[&str]) -> Vec<u8> {
        let certificate = format!("{to}.pem");
        let mut arguments = vec!["cms", "-encrypt", "-binary", "-in", "content", "-out", "message", cipher];
        if !more.contains(&"-outform") {
            arguments.extend(["-outform", "DER"]);
        }
        arguments.extend(["-recip", &certificate]);
        arguments.extend(more);
        self.run("openssl", &arguments);
        self.get("message")
    }
}

#[test]
fn what_openssl_encrypts_to_us_opens() {
    let desk = Desk::new();
    let oaep = ["-keyopt", "rsa_padding_mode:oaep"];
    let with = |digest: &'static str| [oaep[0], oaep[1], "-keyopt", digest];
    let (sha256, sha384, sha512) = (with("rsa_oaep_md:sha256"), with("rsa_oaep_md:sha384"), with("rsa_oaep_md:sha512"));
    let label = [oaep[0], oaep[1], "-keyopt", "rsa_oaep_label:0a0b"];
    let mut opened = 0;
    for cipher in ["-aes128", "-aes192", "-aes256", "-des3", "-aes-128-gcm", "-aes-192-gcm", "-aes-256-gcm"] {
        for (name, more) in [
            ("rsa", &[][..]),
            ("rsa", &["-keyid"]),
            ("rsa", &["-stream"]),
            ("rsa", &oaep),
            ("rsa", &sha256),
            ("rsa", &sha384),
            ("rsa", &sha512),
            ("rsa", &label),
            ("p256", &[]),
            ("p256", &["-keyid"]),
            ("p256", &["-stream"]),
            ("p256", &["-keyopt", "ecdh_kdf_md:sha1"]),
            ("p256", &["-keyopt", "ecdh_kdf_md:sha256"]),
            ("p384", &["-keyopt", "ecdh_kdf_md:sha384"]),
            ("p384", &["-keyopt", "ecdh_kdf_md:sha512", "-keyopt", "ecdh_cofactor_mode:1"]),
            ("p521", &[]),
        ] {
            // Triple DES wraps keys in a way of its own, which nobody writes any more.
            let is_wrapped_otherwise = name != "rsa" && cipher == "-des3";
            let message = desk.encrypt(name, cipher, more);
            assert!(looks_encrypted(&message));
            let plain = open(&message, &[decryptor(party(name))]);
            if is_wrapped_otherwise {
                assert_eq!(plain.err(), Some(CannotOpen));
                continue;
            }
            assert_eq!(
                plain.unwrap_or_else(|_| panic!("{name} {cipher} {more:?}")).as_slice(),
                CONTENT,
                "{name} {cipher} {more:?}"
            );
            opened += 1;
        }
    }
    assert_eq!(opened, 7 * 16 - 8);
}

/// Writes every message `what_bouncycastle_encrypts_to_us_opens` asks for: the folder is its argument.
const BOUNCYCASTLE: &str = r#"
import java.io.*; import java.nio.file.*; import java.security.*; import java.security.cert.*; import java.security.spec.*;
import javax.crypto.spec.*; import org.bouncycastle.asn1.*; import org.bouncycastle.asn1.pkcs.*; import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*; import org.bouncycastle.operator.*; import org.bouncycastle.operator.jcajce.*;
public class Encrypt {
    static Path folder; static X509Certificate certificate(String name) throws Exception {
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".pem"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }
    static RecipientInfoGenerator recipient(String name, String digest) throws Exception {
        X509Certificate to = certificate(name);
        if (name.equals("rsa") && digest.isEmpty()) return new JceKeyTransRecipientInfoGenerator(to).setProvider("BC");
        if (name.equals("rsa")) {
            OAEPParameterSpec spec = new OAEPParameterSpec(digest, "MGF1", new MGF1ParameterSpec(digest), PSource.PSpecified.DEFAULT);
            return new JceKeyTransRecipientInfoGenerator(to, new JcaAlgorithmParametersConverter()
                .getAlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP, spec)).setProvider("BC");
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
        generator.initialize(((java.security.interfaces.ECPublicKey) to.getPublicKey()).getParams());
        KeyPair pair = generator.generateKeyPair();
        ASN1ObjectIdentifier kdf = digest.equals("SHA-384") ? CMSAlgorithm.ECDH_SHA384KDF : digest.equals("SHA-512")
            ? CMSAlgorithm.ECCDH_SHA512KDF : CMSAlgorithm.ECDH_SHA256KDF;
        ASN1ObjectIdentifier wrap = digest.equals("SHA-384") ? CMSAlgorithm.AES192_WRAP : CMSAlgorithm.AES256_WRAP;
        JceKeyAgreeRecipientInfoGenerator agree = new JceKeyAgreeRecipientInfoGenerator(kdf, pair.getPrivate(), pair.getPublic(), wrap);
        if (digest.equals("SHA-512")) agree.setUserKeyingMaterial(new byte[] {1, 2, 3});
        return agree.addRecipient(to).setProvider("BC");
    }
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        folder = Paths.get(arguments[0]);
        byte[] content = Files.readAllBytes(folder.resolve("content"));
        ASN1ObjectIdentifier[] ciphers = {CMSAlgorithm.AES128_CBC, CMSAlgorithm.AES192_CBC, CMSAlgorithm.AES256_CBC,
            CMSAlgorithm.DES_EDE3_CBC, CMSAlgorithm.AES128_GCM, CMSAlgorithm.AES192_GCM, CMSAlgorithm.AES256_GCM};
        String[] to = {"rsa ", "rsa SHA-1", "rsa SHA-256", "rsa SHA-512", "p256 SHA-256", "p384 SHA-384", "p521 SHA-512"};
        for (int cipher = 0; cipher < ciphers.length; cipher++) for (int at = 0; at < to.length; at++) {
            String[] parts = to[at].split(" ", 2);
            OutputEncryptor encryptor = new JceCMSContentEncryptorBuilder(ciphers[cipher]).setProvider("BC").build();
            byte[] message;
            if (cipher < 4) {
                CMSEnvelopedDataStreamGenerator generator = new CMSEnvelopedDataStreamGenerator();
                generator.addRecipientInfoGenerator(recipient(parts[0], parts[1]));
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                try (OutputStream into = generator.open(out, encryptor)) { into.write(content); }
                message = out.toByteArray();
            } else {
                CMSAuthEnvelopedDataGenerator generator = new CMSAuthEnvelopedDataGenerator();
                generator.addRecipientInfoGenerator(recipient(parts[0], parts[1]));
                if (at % 2 == 1) generator.setAuthenticatedAttributeGenerator(new SimpleAttributeTableGenerator(
                    new org.bouncycastle.asn1.cms.AttributeTable(new org.bouncycastle.asn1.cms.Attribute(
                        new ASN1ObjectIdentifier("1.2.3.4"), new DERSet(new DERUTF8String("x"))))));
                message = generator.generate(new CMSProcessableByteArray(content), (OutputAEADEncryptor) encryptor).getEncoded();
            }
            Files.write(folder.resolve("bc-" + cipher + "-" + at), message);
        }
    }
}
"#;

#[test]
fn what_bouncycastle_encrypts_to_us_opens() {
    let jars = "/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar";
    if !jars.split(':').all(|jar| std::path::Path::new(jar).exists()) {
        println!("skipped: BouncyCastle is not installed");
        return;
    }
    let desk = Desk::new();
    desk.put("Encrypt.java", BOUNCYCASTLE.as_bytes());
    desk.run("java", &["-cp", jars, "Encrypt.java", "."]);
    for cipher in 0..7 {
        for (at, name) in ["rsa", "rsa", "rsa", "rsa", "p256", "p384", "p521"].into_iter().enumerate() {
            let message = desk.get(&format!("bc-{cipher}-{at}"));
            let plain = open(&message, &[decryptor(party(name))]);
            assert_eq!(plain.unwrap_or_else(|_| panic!("{name}: cipher {cipher}, way {at}")).as_slice(), CONTENT);
        }
    }
}

#[test]
fn one_of_several_keys_opens_and_any_of_several_recipients_is_ours() {
    let desk = Desk::new();
    let message = desk.encrypt("p384", "-aes256", &["rsa.pem", "p256.pem"]);
    for names in [&["rsa"][..], &["p256"], &["p384"], &["p521", "rsa"], &["p521", "p256", "rsa"]] {
        let keys: Vec<Decryptor> = names.iter().map(|name| decryptor(party(name))).collect();
        assert_eq!(open(&message, &keys).unwrap().as_slice(), CONTENT, "{names:?}");
    }
    assert_eq!(open(&message, &[decryptor(&pki().p521)]), Err(CannotOpen));
    assert_eq!(open(&message, &[]), Err(CannotOpen));
    let other_key = desk.encrypt("rsa", "-aes256", &["-secretkey", "00112233445566778899aabbccddeeff", "-secretkeyid", "01"]);
    assert_eq!(open(&other_key, &[decryptor(&pki().rsa)]).unwrap().as_slice(), CONTENT);
}

#[test]
fn a_large_streamed_message_opens() {
    let desk = Desk::new();
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    desk.put("content", &large);
    for (cipher, name) in [("-aes256", "rsa"), ("-aes-256-gcm", "p256")] {
        let message = desk.encrypt(name, cipher, &["-stream"]);
        assert_eq!(message.get(..2), Some(&[0x30, 0x80][..]), "openssl wrote no indefinite length");
        assert_eq!(open(&message, &[decryptor(party(name))]).unwrap().as_slice(), large, "{cipher}");
    }
}

#[test]
fn a_key_opens_from_its_file_and_needs_its_certificate() {
    let desk = Desk::new();
    let message = desk.encrypt("p256", "-aes256", &[]);
    let file = |certificate: &str, key: &str| {
        let export =
            ["pkcs12", "-export", "-nodes", "-in", certificate, "-inkey", key, "-passout", "pass:слово", "-out", "key.p12"];
        desk.run("openssl", &export);
        desk.get("key.p12")
    };
    let key = Decryptor::from_pkcs12(&file("p256.pem", "p256.key"), "слово").unwrap();
    assert!(key.subject().contains("ФОП Коваль"));
    assert_eq!(open(&message, &[key]).unwrap().as_slice(), CONTENT);
    let wrong = Decryptor::from_pkcs12(&file("p256.pem", "p256.key"), "інше").unwrap_err();
    assert!(matches!(wrong, DecryptorError::Pkcs12(_)), "{wrong}");
    let other = Decryptor::new(&pki().p256.key.serialize_der(), std::slice::from_ref(&pki().p384.der)).unwrap_err();
    assert_eq!(other, DecryptorError::Mismatch);
    assert_eq!(Decryptor::new(b"nothing", &[]).unwrap_err(), DecryptorError::Key);
}

#[test]
fn every_changed_octet_opens_to_the_same_or_not_at_all_where_the_cipher_authenticates() {
    let desk = Desk::new();
    for name in ["rsa", "p256"] {
        let key = [decryptor(party(name))];
        let message = desk.encrypt(name, "-aes-256-gcm", &[]);
        for at in 0..message.len() {
            let mut changed = message.clone();
            changed[at] ^= 1;
            if let Ok(plain) = open(&changed, &key) {
                assert_eq!(plain.as_slice(), CONTENT, "{name} octet {at}");
            }
            assert_eq!(open(message.get(..at).unwrap(), &key), Err(CannotOpen), "{name} cut at {at}");
        }
    }
}

#[test]
fn a_short_tag_is_checked_as_far_as_it_goes() {
    let desk = Desk::new();
    let message = desk.encrypt("p256", "-aes-128-gcm", &[]);
    let key = [decryptor(&pki().p256)];
    // The message ends with the tag: sixteen octets, told so before the text.
    let tag = message.len() - 18;
    assert_eq!(message.get(tag..tag + 2), Some(&[4, 16][..]));
    let length = message.windows(3).position(|at| at == [2, 1, 16]).unwrap();
    let mut short = message.get(..tag + 2 + 12).unwrap().to_vec();
    short[length + 2] = 12;
    short[tag + 1] = 12;
    let short = shrink(&short, 4);
    assert_eq!(open(&short, &key).unwrap().as_slice(), CONTENT);
    for at in [short.len() - 1, short.len() - 12, short.len() - 20] {
        let mut changed = short.clone();
        changed[at] ^= 1;
        assert_eq!(open(&changed, &key), Err(CannotOpen));
    }
}

/// The three outer lengths less by `by`, in the form they have.
fn shrink(message: &[u8], by: u16) -> Vec<u8> {
    let mut out = message.to_vec();
    for at in [0, 17, 21] {
        assert_eq!(out[at + 1], 0x82);
        let length = u16::from_be_bytes([out[at + 2], out[at + 3]]) - by;
        out[at + 2..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    out
}

#[test]
fn an_encrypted_file_is_not_called_unsigned() {
    let desk = Desk::new();
    let message = desk.encrypt("rsa", "-aes256", &[]);
    let judged = judge_file(&message, None, &trust(), &policy(), moment());
    assert_eq!(shown(&judged), "INDETERMINATE SIGNED_DATA_NOT_FOUND MAIL-ENCRYPTED");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        more in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        static GOOD: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
        let good = GOOD.get_or_init(|| {
            let desk = Desk::new();
            vec![desk.encrypt("rsa", "-aes256", &["p256.pem"]), desk.encrypt("p256", "-aes-256-gcm", &["-stream"])]
        });
        let keys = [decryptor(&pki().rsa), decryptor(&pki().p256)];
        for message in good {
            let mut bytes = message.clone();
            for (at, value) in &edits {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            let at = cut.index(bytes.len());
            let _ = open(&[&bytes[..at], &more, &bytes[at..]].concat(), &keys);
            let _ = open(&bytes, &keys);
        }
    }
}
