//! Fresh keys and signatures of two programs we did not write: BouncyCastle, and jkurwa where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use oblik_dstu4145::{Curve, Hash, PublicKey, reversed};

struct Sample {
    curve: Curve,
    key: Vec<u8>,
    hash: Vec<u8>,
    signature: Vec<u8>,
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        println!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success().then_some(text)
}

fn curve(bits: &str) -> Curve {
    Curve::ALL.into_iter().find(|curve| curve.bits().to_string() == bits).unwrap()
}

/// Each verifies, and nothing does after a change of one bit anywhere.
fn check(samples: &[Sample]) {
    for Sample { curve, key, hash, signature } in samples {
        let public = PublicKey::of(*curve, key).unwrap_or_else(|fault| panic!("{}: {fault:?}", curve.as_str()));
        assert!(public.verify(hash, signature), "{}", curve.as_str());
        let changed = |octets: &[u8], bit: usize| {
            let mut changed = octets.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            changed
        };
        for bit in (0..8 * signature.len()).step_by(5) {
            assert!(!public.verify(hash, &changed(signature, bit)), "{} signature bit {bit}", curve.as_str());
        }
        for bit in (0..curve.bits().min(8 * hash.len())).step_by(7) {
            assert!(!public.verify(&changed(hash, bit), signature), "{} hash bit {bit}", curve.as_str());
        }
        for bit in (0..curve.bits()).step_by(7) {
            if let Ok(other) = PublicKey::of(*curve, &changed(key, bit)) {
                assert!(!other.verify(hash, signature), "{} key bit {bit}", curve.as_str());
            }
        }
    }
}

const JAVA: &str = r#"
import java.security.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.crypto.digests.DSTU7564Digest;
import org.bouncycastle.crypto.signers.DSTU4145Signer;
import org.bouncycastle.jcajce.provider.asymmetric.util.ECUtil;
import org.bouncycastle.util.*;
import org.bouncycastle.util.encoders.Hex;
public class Make {
    static String big(java.math.BigInteger number, String bits) {
        return Hex.toHexString(BigIntegers.asUnsignedByteArray((Integer.parseInt(bits) + 7) / 8, number));
    }
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        String[] bits = {"163", "167", "173", "179", "191", "233", "257", "307", "367", "431"};
        for (int round = 0; round < 4; round++)
            for (int i = 0; i < 10; i++)
                for (String order : new String[] {"", "LE"}) {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("DSTU4145", "BC");
                    generator.initialize(new java.security.spec.ECGenParameterSpec("1.2.804.2.1.1.1.1.3.1.1.2." + i));
                    KeyPair pair = generator.generateKeyPair();
                    Signature signature = Signature.getInstance("GOST3411WITHDSTU4145" + order, "BC");
                    signature.initSign(pair.getPrivate());
                    signature.update(("round " + round).getBytes());
                    ASN1OctetString value = ASN1OctetString.getInstance(signature.sign());
                    SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded());
                    ASN1OctetString key = ASN1OctetString.getInstance(info.getPublicKeyData().getOctets());
                    System.out.println("gost " + bits[i] + " " + round + " " + (order.isEmpty() ? "be" : "le") + " "
                        + Hex.toHexString(key.getOctets()) + " " + Hex.toHexString(value.getOctets()));
                    // Kupyna has no name in the provider; its signer takes any hash.
                    DSTU7564Digest digest = new DSTU7564Digest(new int[] {256, 384, 512}[round % 3]);
                    byte[] text = ("round " + round).getBytes();
                    digest.update(text, 0, text.length);
                    byte[] hash = new byte[digest.getDigestSize()];
                    digest.doFinal(hash, 0);
                    DSTU4145Signer signer = new DSTU4145Signer();
                    signer.init(true, ECUtil.generatePrivateKeyParameter(pair.getPrivate()));
                    java.math.BigInteger[] numbers = signer.generateSignature(hash);
                    System.out.println("kupyna " + bits[i] + " " + round + " be " + Hex.toHexString(key.getOctets()) + " "
                        + big(numbers[1], bits[i]) + big(numbers[0], bits[i]));
                }
    }
}
"#;

#[test]
fn signatures_of_bouncycastle_verify_in_both_byte_orders_and_with_each_hash() {
    let jar = "/usr/share/java/bcprov.jar";
    if !Path::new(jar).is_file() {
        println!("skipped: no BouncyCastle (libbcprov-java)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Make.java"), JAVA).unwrap();
    let Some(text) = run(folder.path(), "java", &["-cp", jar, "Make.java"]) else {
        println!("skipped: no java that runs source files");
        return;
    };
    let samples: Vec<Sample> = text
        .lines()
        .map(|line| {
            let [family, bits, round, order, key, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let signature = hex::decode(signature).unwrap();
            let hash = match (family, round) {
                ("gost", _) => Hash::Gost34311,
                (_, "0" | "3") => Hash::Kupyna256,
                (_, "1") => Hash::Kupyna384,
                _ => Hash::Kupyna512,
            };
            Sample {
                curve: curve(bits),
                key: reversed(&hex::decode(key).unwrap()),
                hash: hash.of(format!("round {round}").as_bytes()),
                signature: if order == "be" { reversed(&signature) } else { signature },
            }
        })
        .collect();
    assert_eq!(samples.len(), 160);
    check(&samples);
    println!("{} signatures of BouncyCastle", samples.len());
}

const SCRIPT: &str = r"
const jk = require('jkurwa/lib/curve.js');
const { gosthash } = require('gost89');
for (let round = 0; round < 8; round++)
    for (const bits of [257, 431]) {
        const curve = jk.std_curve('DSTU_PB_' + bits);
        const pair = curve.keygen();
        const hash = Buffer.from(gosthash(Buffer.from('round ' + round)));
        const point = pair.pub().serialize().subarray(2).toString('hex');
        console.log([bits, round, hash.toString('hex'), point, pair.sign(hash, 'le').toString('hex')].join(' '));
    }
";

/// jkurwa and its hash, where scripts/install-test-tools could install them.
fn jkurwa() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/npm");
    folder.join("node_modules/jkurwa/package.json").is_file().then_some(folder)
}

#[test]
fn signatures_of_jkurwa_verify() {
    let Some(folder) = jkurwa() else {
        println!("skipped: no jkurwa (scripts/install-test-tools)");
        return;
    };
    let Some(text) = run(&folder, "node", &["-e", SCRIPT]) else { panic!("jkurwa is there and does not run") };
    let samples: Vec<Sample> = text
        .lines()
        .map(|line| {
            let [bits, round, hash, key, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let [hash, key, signature] = [hash, key, signature].map(|text| hex::decode(text).unwrap());
            assert_eq!(hash, Hash::Gost34311.of(format!("round {round}").as_bytes()));
            Sample { curve: curve(bits), key, hash, signature }
        })
        .collect();
    assert_eq!(samples.len(), 16);
    check(&samples);
    println!("{} signatures of jkurwa", samples.len());
}

/// What one verification costs; read it with `--release -- --nocapture`.
#[test]
fn one_verification_costs_little() {
    // A key and a signature of BouncyCastle over "abc", m = 257, and for m = 431.
    for (curve, key, signature) in [
        (
            Curve::M257,
            "01c473bf64649e48f4472cdb95b0d0e9d871b07bf6ebaa5ec60cae2e042f6b2dfd",
            "26c2c2fc319033ee79176217f16c6ec13bf2a6b0fa4538a1e5d00f14640053d40eb8472a0178ca998f70e2b45fc002cab45ba2ee7b23be416573821f47609d7b",
        ),
        (
            Curve::M431,
            "3f5c654f9734bfd7c3434c3423723e0844b6a9bf045c56c3aeb6accdd7e351c33151e12d304c73f53459cd069919a97d27c94d6ba6e4",
            "31da39c0ae1a6fa61330a8979030153e9ca644668517a2bd6a8d04a44bb7eb25e06de38306a6f2570ebf83099e2532436b021c010d511fc5f3d29b3902d91336df31464a95a32a76c801f0158b2240c33d13378df25ba71e2410c1157ad7ddea57237be9cbbaef000e32c1cc",
        ),
    ] {
        let (key, signature) = (reversed(&hex::decode(key).unwrap()), reversed(&hex::decode(signature).unwrap()));
        let hash = Hash::Gost34311.of(b"abc");
        let rounds = 500;
        let started = Instant::now();
        for _ in 0..rounds {
            assert!(PublicKey::of(curve, &key).is_ok_and(|key| key.verify(&hash, &signature)));
        }
        let each = started.elapsed().as_micros() / rounds;
        println!("{}: {each} µs a key and its signature, {} a second", curve.as_str(), 1_000_000 / each.max(1));
    }
}
