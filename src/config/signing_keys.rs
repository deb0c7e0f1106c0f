//! `[signing]`: the keys that sign, each in a PKCS#12 file or in a token behind PKCS#11; several while one takes over from
//! another.

use std::path::PathBuf;

use crate::keys::{Keys, Wrong, wrong};
use crate::{KeyFile, Secret, check};

/// What an issuer signs with.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Never empty.
    pub keys: Vec<SigningKey>,
}

/// Where a key lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKey {
    File(KeyFile),
    Token(TokenKeyAt),
}

/// A key in a smart card or hardware module (PKCS #11 v2.40).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKeyAt {
    /// The library of the token's maker.
    pub module: PathBuf,
    /// Label and serial number of the token, one of them at least: numbers of slots move.
    pub token: Option<String>,
    pub serial: Option<String>,
    /// Absent where the token asks for none, or has a keypad of its own.
    pub pin: Option<Secret>,
    /// Label and identifier of the private key, one of them at least.
    pub key: Option<String>,
    pub id: Option<Vec<u8>>,
    /// Its certificate and those above it; what the token holds under the key's identifier when absent.
    pub certificate: Option<PathBuf>,
}

impl SigningKey {
    /// The files of the key: when one changes, it is another key.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::File(file) => vec![file.pkcs12.clone(), file.passphrase.0.clone()],
            Self::Token(at) => at.pin.iter().map(|pin| pin.0.clone()).chain(at.certificate.clone()).collect(),
        }
    }
}

/// The keys of a `[signing]` table: one that stands in it, or each `[[signing.key]]`.
pub(crate) fn signing(keys: &Keys<'_>) -> Option<Signing> {
    keys.exactly_one(&["pkcs12", "pkcs11", "key"], "which key signs");
    let several = keys.tables("key");
    let read = if several.is_empty() {
        if keys.is_empty_list("key") {
            keys.refuse("key", "no key is listed", "write [[signing.key]] with pkcs12 and passphrase, or with pkcs11");
        }
        vec![key(keys)]
    } else {
        if keys.has("passphrase") {
            keys.refuse("passphrase", "each key of [[signing.key]] has its own", "move it to the key it belongs to");
        }
        let one = |keys: &Keys<'_>| {
            keys.exactly_one(&["pkcs12", "pkcs11"], "where the key is");
            let key = key(keys);
            keys.finish();
            key
        };
        several.iter().map(one).collect()
    };
    keys.finish();
    Some(Signing { keys: read.into_iter().collect::<Option<_>>()? })
}

fn key(keys: &Keys<'_>) -> Option<SigningKey> {
    let token = keys.table("pkcs11").and_then(|keys| token(&keys));
    if keys.has("pkcs11") {
        if keys.has("passphrase") {
            keys.refuse("passphrase", "a token has a PIN and no passphrase", "write pin = \"credential:…\" in the pkcs11 table");
        }
        return token.map(SigningKey::Token);
    }
    if !keys.has("pkcs12") {
        keys.may_stand(&["pkcs12", "passphrase"]);
        return None;
    }
    file(keys).map(SigningKey::File)
}

/// Its keys, without telling of others: they may be the section's.
pub(crate) fn file(keys: &Keys<'_>) -> Option<KeyFile> {
    // The PKCS#12 file may itself come as a credential.
    let pkcs12 = keys.required("pkcs12", "\"credential:supplier.p12\"", |value| match value.strip_prefix("credential:") {
        Some(_) => keys.reader.secret(value).map(|secret| secret.0),
        None => keys.reader.path(value),
    });
    let passphrase = keys.required("passphrase", "\"credential:supplier-passphrase\"", |value| keys.reader.secret(value));
    Some(KeyFile { pkcs12: pkcs12?, passphrase: passphrase? })
}

fn token(keys: &Keys<'_>) -> Option<TokenKeyAt> {
    let module = keys.required("module", "\"/usr/lib/softhsm/libsofthsm2.so\"", |value| {
        let path = keys.reader.path(value)?;
        // By its name alone the loader would look for it in folders that others may write to.
        if value.contains('/') { Ok(path) } else { wrong("this is no path", "write the whole path of the library") }
    });
    let (token, serial) = (keys.optional("token", check::line), keys.optional("serial", check::line));
    if !keys.has("token") && !keys.has("serial") {
        keys.refuse("token", "the token is not named", "write its label (token = \"…\") or its number (serial = \"…\")");
    }
    let pin = keys.secret("pin");
    let (key, id) = (keys.optional("key", check::line), keys.optional("id", identifier));
    if !keys.has("key") && !keys.has("id") {
        keys.refuse("key", "the key is not named", "write its label (key = \"…\") or its identifier (id = \"01ab\")");
    }
    let certificate = keys.path("certificate");
    keys.finish();
    Some(TokenKeyAt { module: module?, token, serial, pin, key, id, certificate })
}

/// `CKA_ID` as tools print it: hexadecimal, with or without colons.
fn identifier(value: &str) -> Result<Vec<u8>, Wrong> {
    const INSTEAD: &str = "write the identifier as pkcs11-tool --list-objects prints it: \"01ab\"";
    let digits: Vec<u32> = value.chars().filter(|c| *c != ':').filter_map(|c| c.to_digit(16)).collect();
    let all = value.chars().filter(|c| *c != ':').count() == digits.len();
    let pairs = digits.chunks_exact(2);
    if !all || digits.is_empty() || digits.len() > 128 || !pairs.remainder().is_empty() {
        return wrong("this is no identifier of a key", INSTEAD);
    }
    let octet = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    pairs.map(octet).collect::<Option<_>>().map_or_else(|| wrong("this is no identifier of a key", INSTEAD), Ok)
}
