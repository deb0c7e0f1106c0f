// BouncyCastle's verification of DSTU 4145, asked as the other peers are: a line with rounds, key, hash and signature, an answer with
// its processor time.
//
//   java -cp bcprov.jar DstuPeer.java make      writes one line "key hash signature" of a fresh key on the curve of 257 bits
//   java -cp bcprov.jar DstuPeer.java           answers lines "rounds key hash signature" with "good NANOSECONDS"

import java.io.*;
import java.lang.management.*;
import java.math.BigInteger;
import java.security.SecureRandom;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ua.*;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.generators.DSTU4145KeyPairGenerator;
import org.bouncycastle.crypto.params.*;
import org.bouncycastle.crypto.signers.DSTU4145Signer;
import org.bouncycastle.util.Arrays;
import org.bouncycastle.util.encoders.Hex;

public final class DstuPeer {
    static final ASN1ObjectIdentifier CURVE = new ASN1ObjectIdentifier("1.2.804.2.1.1.1.1.3.1.1.2.6");

    public static void main(String[] arguments) throws Exception {
        ECDomainParameters curve = DSTU4145NamedCurves.getByOID(CURVE);
        if (arguments.length > 0) {
            make(curve);
            return;
        }
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = questions.readLine()) != null; ) {
            String[] words = line.split(" ");
            int rounds = Integer.parseInt(words[0]);
            byte[] key = Hex.decode(words[1]), hash = Hex.decode(words[2]), signature = Hex.decode(words[3]);
            BigInteger r = new BigInteger(1, Arrays.copyOfRange(signature, 0, signature.length / 2));
            BigInteger s = new BigInteger(1, Arrays.copyOfRange(signature, signature.length / 2, signature.length));
            long began = clock.getCurrentThreadCpuTime();
            boolean good = true;
            for (int round = 0; round < rounds; round++) {
                // Every customer has a key of its own: it is read each time, as ours is.
                ECPublicKeyParameters open = new ECPublicKeyParameters(DSTU4145PointEncoder.decodePoint(curve.getCurve(), key), curve);
                DSTU4145Signer signer = new DSTU4145Signer();
                signer.init(false, open);
                good &= signer.verifySignature(hash, r, s);
            }
            System.out.println((good ? "good " : "bad ") + (clock.getCurrentThreadCpuTime() - began));
            System.out.flush();
        }
    }

    /// Key and numbers with their highest octet first, the hash as it is digested.
    static void make(ECDomainParameters curve) {
        SecureRandom random = new SecureRandom();
        DSTU4145KeyPairGenerator generator = new DSTU4145KeyPairGenerator();
        generator.init(new ECKeyGenerationParameters(curve, random));
        AsymmetricCipherKeyPair pair = generator.generateKeyPair();
        byte[] hash = new byte[32];
        random.nextBytes(hash);
        DSTU4145Signer signer = new DSTU4145Signer();
        signer.init(true, new ParametersWithRandom(pair.getPrivate(), random));
        BigInteger[] value = signer.generateSignature(hash);
        byte[] key = DSTU4145PointEncoder.encodePoint(((ECPublicKeyParameters) pair.getPublic()).getQ());
        String signature = String.format("%066x%066x", value[0], value[1]);
        System.out.println(Hex.toHexString(key) + " " + Hex.toHexString(hash) + " " + signature);
    }
}
