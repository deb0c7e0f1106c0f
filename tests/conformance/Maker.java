// Makes certificates and CMS messages with BouncyCastle: one line of input, one file.
//
//   java -cp bcprov.jar:bcutil.jar:bcpkix.jar Maker.java FOLDER NOT_BEFORE NOT_AFTER < table
//
// FOLDER holds `content` and KEY.key (PKCS#8 in PEM). A line has five fields divided by tabs: name of the file, keys of its
// signers divided by commas, algorithm as Java names it (":n" after it is the salt of RSA-PSS), container, options divided by commas.
// Times are seconds since 1970.

import java.io.*;
import java.math.BigInteger;
import java.nio.file.*;
import java.security.*;
import java.security.cert.X509Certificate;
import java.security.spec.*;
import java.util.*;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.ess.*;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.ua.*;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuerSerial;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.*;
import org.bouncycastle.cert.jcajce.*;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.crypto.digests.GOST3411Digest;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.*;
import org.bouncycastle.operator.jcajce.*;
import org.bouncycastle.util.Arrays;
import org.bouncycastle.util.CollectionStore;

public final class Maker {
    static Path folder;
    static Date from, until;
    static KeyPair rootKey, authorityKey, otherRootKey;
    static X509CertificateHolder root, authority, otherRoot, cross;
    static final Map<String, PrivateKey> keys = new HashMap<>();
    static final Map<String, X509CertificateHolder> leaves = new LinkedHashMap<>();
    static long serial = 4096;

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        folder = Path.of(arguments[0]);
        from = new Date(Long.parseLong(arguments[1]) * 1000);
        until = new Date(Long.parseLong(arguments[2]) * 1000);
        authorities();
        byte[] content = Files.readAllBytes(folder.resolve("content"));
        BufferedReader table = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = table.readLine()) != null; ) {
            String[] field = line.split("\t", -1);
            Set<String> options = new HashSet<>(List.of(field[4].split(",")));
            byte[] made = message(content, field[1].split(","), field[2], field[3], options);
            Files.write(folder.resolve(field[0]), made);
        }
    }

    static KeyPair curve(String name) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
        generator.initialize(new ECGenParameterSpec(name));
        return generator.generateKeyPair();
    }

    static void authorities() throws Exception {
        rootKey = curve("P-384");
        otherRootKey = curve("P-521");
        authorityKey = curve("P-256");
        X500Name rootName = new X500Name("C=UA,O=Conformance,CN=BouncyCastle Root");
        X500Name otherName = new X500Name("C=UA,O=Conformance,CN=BouncyCastle Other Root");
        X500Name authorityName = new X500Name("C=UA,O=Conformance,CN=BouncyCastle Authority");
        root = issue(rootName, rootKey.getPrivate(), "SHA384withECDSA", rootName, rootKey.getPublic(), rootKey.getPublic(), true);
        otherRoot = issue(otherName, otherRootKey.getPrivate(), "SHA512withECDSA", otherName, otherRootKey.getPublic(), otherRootKey.getPublic(), true);
        authority = issue(rootName, rootKey.getPrivate(), "SHA384withECDSA", authorityName, authorityKey.getPublic(), rootKey.getPublic(), true);
        cross = issue(otherName, otherRootKey.getPrivate(), "SHA512withECDSA", authorityName, authorityKey.getPublic(), otherRootKey.getPublic(), true);
        Files.write(folder.resolve("bc-root.cer"), root.getEncoded());
        Files.write(folder.resolve("bc-other-root.cer"), otherRoot.getEncoded());
        Files.write(folder.resolve("bc-authority.cer"), authority.getEncoded());
    }

    static X509CertificateHolder issue(X500Name issuer, PrivateKey by, String algorithm, X500Name subject, PublicKey key, PublicKey issuerKey, boolean isAuthority) throws Exception {
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(issuer, BigInteger.valueOf(++serial), from, until, subject, key);
        JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
        builder.addExtension(Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(key));
        builder.addExtension(Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(issuerKey));
        int usage = isAuthority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.nonRepudiation | KeyUsage.digitalSignature;
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
        return builder.build(new JcaContentSignerBuilder(algorithm).setProvider("BC").build(by));
    }

    static PrivateKey key(String name) throws Exception {
        if (name.equals("dstu")) {
            if (Ukrainian.leaf == null) Ukrainian.chain();
            return null;
        }
        if (!keys.containsKey(name)) {
            try (PEMParser parser = new PEMParser(Files.newBufferedReader(folder.resolve(name + ".key")))) {
                PrivateKeyInfo info = (PrivateKeyInfo) parser.readObject();
                keys.put(name, new JcaPEMKeyConverter().setProvider("BC").getPrivateKey(info));
            }
            try (PEMParser parser = new PEMParser(Files.newBufferedReader(folder.resolve(name + ".pub")))) {
                PublicKey open = new JcaPEMKeyConverter().setProvider("BC").getPublicKey((SubjectPublicKeyInfo) parser.readObject());
                X500Name subject = new X500Name("C=UA,O=Conformance,CN=Leaf " + name);
                X500Name issuer = authority.getSubject();
                leaves.put(name, issue(issuer, authorityKey.getPrivate(), "SHA256withECDSA", subject, open, authorityKey.getPublic(), false));
            }
        }
        return keys.get(name);
    }

    static ContentSigner signer(String algorithm, PrivateKey key) throws Exception {
        int salt = algorithm.indexOf(':');
        if (salt < 0) return new JcaContentSignerBuilder(algorithm).setProvider("BC").build(key);
        String name = algorithm.substring(0, salt);
        String digest = name.substring(0, name.indexOf("with")).replace("SHA", "SHA-");
        int octets = Integer.parseInt(algorithm.substring(salt + 1));
        PSSParameterSpec parameters = new PSSParameterSpec(digest, "MGF1", new MGF1ParameterSpec(digest), octets, 1);
        return new JcaContentSignerBuilder(name, parameters).setProvider("BC").build(key);
    }

    /// DSTU 4145-2002 on the curve of 257 bits with GOST 34.311-95, as Ukrainian providers write it: octets with the lowest first.
    static final class Ukrainian {
        static final AlgorithmIdentifier SIGNATURE = new AlgorithmIdentifier(UAObjectIdentifiers.dstu4145le);
        static final AlgorithmIdentifier DIGEST = new AlgorithmIdentifier(new ASN1ObjectIdentifier("1.2.804.2.1.1.1.1.2.1"));
        static KeyPair rootPair, authorityPair, leafPair;
        static X509CertificateHolder root, authority, leaf;

        static KeyPair pair() throws Exception {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("DSTU4145", "BC");
            generator.initialize(new ECGenParameterSpec("1.2.804.2.1.1.1.1.3.1.1.2.6"));
            return generator.generateKeyPair();
        }

        static void chain() throws Exception {
            rootPair = pair();
            authorityPair = pair();
            leafPair = pair();
            X500Name rootName = new X500Name("C=UA,O=Conformance,CN=DSTU Root"), authorityName = new X500Name("C=UA,O=Conformance,CN=DSTU Authority");
            root = certificate(rootName, rootPair, rootName, rootPair, true);
            authority = certificate(rootName, rootPair, authorityName, authorityPair, true);
            leaf = certificate(authorityName, authorityPair, new X500Name("C=UA,O=Conformance,CN=Leaf dstu"), leafPair, false);
            leaves.put("dstu", leaf);
            Files.write(folder.resolve("dstu-root.cer"), root.getEncoded());
        }

        static SubjectPublicKeyInfo open(KeyPair pair) throws Exception {
            SubjectPublicKeyInfo theirs = SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded());
            byte[] point = ASN1OctetString.getInstance(theirs.getPublicKeyData().getOctets()).getOctets();
            DSTU4145Params curve = new DSTU4145Params(new ASN1ObjectIdentifier("1.2.804.2.1.1.1.1.3.1.1.2.6"), DSTU4145Params.getDefaultDKE());
            return new SubjectPublicKeyInfo(new AlgorithmIdentifier(UAObjectIdentifiers.dstu4145le, curve), new DEROctetString(Arrays.reverse(point)));
        }

        static X509CertificateHolder certificate(X500Name issuer, KeyPair by, X500Name subject, KeyPair pair, boolean isAuthority) throws Exception {
            SubjectPublicKeyInfo key = open(pair);
            X509v3CertificateBuilder builder = new X509v3CertificateBuilder(issuer, BigInteger.valueOf(++serial), from, until, subject, key);
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(key));
            builder.addExtension(Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(open(by)));
            int usage = isAuthority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.nonRepudiation | KeyUsage.digitalSignature;
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
            return builder.build(signer(by.getPrivate(), true));
        }

        /// In a certificate the value is an OCTET STRING inside the BIT STRING; in a message it stands alone.
        static ContentSigner signer(PrivateKey key, boolean isWrapped) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            return new ContentSigner() {
                // The library looks for the digest of what is said here, and knows none of this one: in a message it is named later.
                public AlgorithmIdentifier getAlgorithmIdentifier() { return isWrapped ? SIGNATURE : new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256); }
                public OutputStream getOutputStream() { return out; }
                public byte[] getSignature() {
                    try {
                        Signature signature = Signature.getInstance("GOST3411WITHDSTU4145LE", "BC");
                        signature.initSign(key);
                        signature.update(out.toByteArray());
                        byte[] wrapped = signature.sign();
                        return isWrapped ? wrapped : ASN1OctetString.getInstance(wrapped).getOctets();
                    } catch (Exception cause) {
                        throw new IllegalStateException(cause);
                    }
                }
            };
        }

        static SignerInfoGenerator information(Set<String> options) throws Exception {
            SignerInfoGeneratorBuilder builder = new SignerInfoGeneratorBuilder(algorithm -> digest(), algorithm -> SIGNATURE);
            if (options.contains("key-identifier")) {
                return builder.build(signer(leafPair.getPrivate(), false), SubjectKeyIdentifier.fromExtensions(leaf.getExtensions()).getKeyIdentifier());
            }
            return builder.build(signer(leafPair.getPrivate(), false), leaf);
        }

        static DigestCalculator digest() {
            byte[] packed = DSTU4145Params.getDefaultDKE(), box = new byte[128];
            for (int at = 0; at < 64; at++) {
                box[2 * at] = (byte) (packed[at] >> 4 & 15);
                box[2 * at + 1] = (byte) (packed[at] & 15);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            return new DigestCalculator() {
                public AlgorithmIdentifier getAlgorithmIdentifier() { return DIGEST; }
                public OutputStream getOutputStream() { return out; }
                public byte[] getDigest() {
                    GOST3411Digest digest = new GOST3411Digest(box);
                    digest.update(out.toByteArray(), 0, out.size());
                    byte[] value = new byte[32];
                    digest.doFinal(value, 0);
                    return value;
                }
            };
        }
    }

    static SignerInfoGenerator information(String keyName, String algorithm, Set<String> options) throws Exception {
        PrivateKey key = key(keyName);
        if (keyName.equals("dstu")) return Ukrainian.information(options);
        X509CertificateHolder leaf = leaves.get(keyName);
        DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        JcaSignerInfoGeneratorBuilder builder = new JcaSignerInfoGeneratorBuilder(digests);
        if (options.contains("no-attributes")) builder.setDirectSignature(true);
        if (options.contains("reference")) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(leaf.getEncoded());
            Hashtable<ASN1ObjectIdentifier, Attribute> table = new Hashtable<>();
            SigningCertificateV2 reference = new SigningCertificateV2(new ESSCertIDv2(digest, new IssuerSerial(leaf.getIssuer(), leaf.getSerialNumber())));
            Attribute attribute = new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2, new DERSet(reference));
            table.put(attribute.getAttrType(), attribute);
            builder.setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(new AttributeTable(table)));
        }
        if (options.contains("key-identifier")) {
            return builder.build(signer(algorithm, key), SubjectKeyIdentifier.fromExtensions(leaf.getExtensions()).getKeyIdentifier());
        }
        return builder.build(signer(algorithm, key), leaf);
    }

    static byte[] message(byte[] content, String[] keyNames, String algorithm, String container, Set<String> options) throws Exception {
        List<SignerInfoGenerator> signers = new ArrayList<>();
        List<X509CertificateHolder> certificates = new ArrayList<>();
        String[] algorithms = algorithm.split(",");
        for (int at = 0; at < keyNames.length; at++) {
            signers.add(information(keyNames[at], algorithms[Math.min(at, algorithms.length - 1)], options));
            certificates.add(leaves.get(keyNames[at]));
        }
        certificates.add(keyNames[0].equals("dstu") ? Ukrainian.authority : authority);
        if (options.contains("cross")) { certificates.add(cross); certificates.add(otherRoot); }
        if (options.contains("root")) certificates.add(root);
        if (options.contains("backwards")) Collections.reverse(certificates);
        if (options.contains("only-leaf")) certificates.retainAll(leaves.values());
        if (options.contains("no-certificates")) certificates.clear();
        CollectionStore<X509CertificateHolder> store = new CollectionStore<>(certificates);
        boolean encloses = container.endsWith("enclosing");
        if (container.startsWith("streamed")) {
            CMSSignedDataStreamGenerator generator = new CMSSignedDataStreamGenerator();
            generator.setBufferSize(64);
            for (SignerInfoGenerator each : signers) generator.addSignerInfoGenerator(each);
            generator.addCertificates(store);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (OutputStream open = generator.open(out, encloses)) { open.write(content); }
            return out.toByteArray();
        }
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.setDefiniteLengthEncoding(true);
        for (SignerInfoGenerator each : signers) generator.addSignerInfoGenerator(each);
        generator.addCertificates(store);
        return generator.generate(new CMSProcessableByteArray(content), encloses).toASN1Structure().getEncoded(ASN1Encoding.DL);
    }
}
