//! Object identifiers, by the names of the standards that assign them.

use const_oid::ObjectIdentifier as Oid;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub(crate) const $name: Oid = Oid::new_unwrap($text);)+
    };
}

oids! {
    // CMS, RFC 5652.
    DATA = "1.2.840.113549.1.7.1";
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    COUNTER_SIGNATURE = "1.2.840.113549.1.9.6";
    // ESS, RFC 2634 and RFC 5035; CAdES, EN 319 122-1.
    SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
    SIGNATURE_POLICY = "1.2.840.113549.1.9.16.2.15";

    // Digests.
    MD5 = "1.2.840.113549.2.5";
    SHA1 = "1.3.14.3.2.26";
    SHA256 = "2.16.840.1.101.3.4.2.1";
    SHA384 = "2.16.840.1.101.3.4.2.2";
    SHA512 = "2.16.840.1.101.3.4.2.3";

    // Keys and signatures, RFC 4055, RFC 5758.
    RSA = "1.2.840.113549.1.1.1";
    RSA_MD5 = "1.2.840.113549.1.1.4";
    RSA_SHA1 = "1.2.840.113549.1.1.5";
    MGF1 = "1.2.840.113549.1.1.8";
    RSA_PSS = "1.2.840.113549.1.1.10";
    RSA_SHA256 = "1.2.840.113549.1.1.11";
    RSA_SHA384 = "1.2.840.113549.1.1.12";
    RSA_SHA512 = "1.2.840.113549.1.1.13";
    EC_KEY = "1.2.840.10045.2.1";
    P256 = "1.2.840.10045.3.1.7";
    P384 = "1.3.132.0.34";
    P521 = "1.3.132.0.35";
    ECDSA_SHA1 = "1.2.840.10045.4.1";
    ECDSA_SHA256 = "1.2.840.10045.4.3.2";
    ECDSA_SHA384 = "1.2.840.10045.4.3.3";
    ECDSA_SHA512 = "1.2.840.10045.4.3.4";

    // Certificates and revocation lists, RFC 5280.
    SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9";
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    SUBJECT_ALT_NAME = "2.5.29.17";
    ISSUER_ALT_NAME = "2.5.29.18";
    BASIC_CONSTRAINTS = "2.5.29.19";
    CRL_NUMBER = "2.5.29.20";
    CRL_REASON = "2.5.29.21";
    DELTA_CRL = "2.5.29.27";
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    NAME_CONSTRAINTS = "2.5.29.30";
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    CERTIFICATE_POLICIES = "2.5.29.32";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    EXTENDED_KEY_USAGE = "2.5.29.37";
    AUTHORITY_INFORMATION = "1.3.6.1.5.5.7.1.1";
    /// Statements of a qualified certificate, EN 319 412-5; critical in Ukrainian certificates.
    QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";

    // Attributes of names, X.520 and EN 319 412-1.
    COMMON_NAME = "2.5.4.3";
    SURNAME = "2.5.4.4";
    SERIAL_NUMBER = "2.5.4.5";
    COUNTRY = "2.5.4.6";
    LOCALITY = "2.5.4.7";
    STATE = "2.5.4.8";
    STREET = "2.5.4.9";
    ORGANIZATION = "2.5.4.10";
    ORGANIZATIONAL_UNIT = "2.5.4.11";
    TITLE = "2.5.4.12";
    GIVEN_NAME = "2.5.4.42";
    ORGANIZATION_IDENTIFIER = "2.5.4.97";
    EMAIL = "1.2.840.113549.1.9.1";
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25";

    // Ukrainian subject directory attributes.
    /// ЄДРПОУ of the organisation.
    UA_EDRPOU = "1.2.804.2.1.1.1.11.1.4.2.1";
    /// РНОКПП of the person.
    UA_RNOKPP = "1.2.804.2.1.1.1.11.1.4.1.1";

    // PKCS#12, RFC 7292, and PKCS#5, RFC 8018.
    KEY_BAG = "1.2.840.113549.1.12.10.1.1";
    SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
    CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";
    X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";
    FRIENDLY_NAME = "1.2.840.113549.1.9.20";
    LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
    PBE_SHA1_3DES = "1.2.840.113549.1.12.1.3";
    PBES2 = "1.2.840.113549.1.5.13";
    PBKDF2 = "1.2.840.113549.1.5.12";
    HMAC_SHA1 = "1.2.840.113549.2.7";
    HMAC_SHA256 = "1.2.840.113549.2.9";
    HMAC_SHA384 = "1.2.840.113549.2.10";
    HMAC_SHA512 = "1.2.840.113549.2.11";
    AES128_CBC = "2.16.840.1.101.3.4.1.2";
    AES192_CBC = "2.16.840.1.101.3.4.1.22";
    AES256_CBC = "2.16.840.1.101.3.4.1.42";
    DES3_CBC = "1.2.840.113549.3.7";
}
