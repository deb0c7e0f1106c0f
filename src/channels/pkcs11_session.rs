//! One session with a token: the key found in it, and how it signs.

use aws_lc_rs::digest::{self, SHA256, SHA384};
use cryptoki::error::Error;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use crate::pkcs11::TokenError;
use crate::pkcs11_token::Token;

/// What a token's key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKeyKind {
    Rsa,
    P256,
    P384,
}

/// `DigestInfo` of SHA-256 before the digest (RFC 8017 §9.2).
const SHA256_INFO: [u8; 19] = [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
/// `ecParameters` as named curves (RFC 5480 §2.1.1.1).
const P256: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: [u8; 7] = [6, 5, 0x2b, 0x81, 4, 0, 0x22];

/// A session that is logged in, with the key in it.
pub(crate) struct Opened {
    session: Session,
    key: ObjectHandle,
    id: Vec<u8>,
    kind: TokenKeyKind,
    way: Way,
    /// The key wants the PIN before each signature (`CKA_ALWAYS_AUTHENTICATE`).
    each_time: bool,
}

/// Who digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Token,
    Us,
}

impl Opened {
    pub fn of(token: &Token) -> Result<Self, TokenError> {
        let (slot, info) = token.slot()?;
        let session = token.library().open_ro_session(slot).map_err(|source| token.failed("open a session", source))?;
        token.login(&session, &info)?;
        let key = find(token, &session)?;
        let wanted = [AttributeType::KeyType, AttributeType::EcParams, AttributeType::Id, AttributeType::AlwaysAuthenticate];
        let attributes = session.get_attributes(key, &wanted).map_err(|source| token.failed("read the key", source))?;
        let (mut rsa, mut curve, mut id, mut each_time) = (false, None, Vec::new(), false);
        for attribute in attributes {
            match attribute {
                Attribute::KeyType(kind) => rsa = kind == KeyType::RSA,
                Attribute::EcParams(parameters) => curve = Some(parameters),
                Attribute::Id(found) => id = found,
                Attribute::AlwaysAuthenticate(always) => each_time = always,
                _ => {}
            }
        }
        let kind = match curve.as_deref() {
            _ if rsa => Some(TokenKeyKind::Rsa),
            Some(curve) if curve == P256 => Some(TokenKeyKind::P256),
            Some(curve) if curve == P384 => Some(TokenKeyKind::P384),
            _ => None,
        };
        let names = || (token.key_name(), token.name());
        let kind = kind.ok_or_else(|| {
            let (key, token) = names();
            TokenError::KeyKind { key, token }
        })?;
        let way = way(token, slot, kind)?.filter(|way| !each_time || *way == Way::Token).ok_or_else(|| {
            let (key, token) = names();
            TokenError::Mechanism { key, token }
        })?;
        Ok(Self { session, key, id, kind, way, each_time })
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn kind(&self) -> TokenKeyKind {
        self.kind
    }

    /// `CKA_ID` of the key, which its certificate shares.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    pub fn sign(&self, token: &Token, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let failed = |source| token.failed("sign", source);
        if !self.each_time {
            return self.sign_once(message).map_err(failed);
        }
        self.session.sign_init(&self.mechanism(), self.key).map_err(failed)?;
        token.confirm(&self.session)?;
        self.session.sign_update(message).and_then(|()| self.session.sign_final()).map_err(failed)
    }

    fn mechanism(&self) -> Mechanism<'static> {
        match (self.kind, self.way) {
            (TokenKeyKind::Rsa, Way::Token) => Mechanism::Sha256RsaPkcs,
            (TokenKeyKind::Rsa, Way::Us) => Mechanism::RsaPkcs,
            (TokenKeyKind::P256, Way::Token) => Mechanism::EcdsaSha256,
            (TokenKeyKind::P384, Way::Token) => Mechanism::EcdsaSha384,
            (TokenKeyKind::P256 | TokenKeyKind::P384, Way::Us) => Mechanism::Ecdsa,
        }
    }

    fn sign_once(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let data = match (self.way, self.kind) {
            (Way::Token, _) => message.to_vec(),
            (Way::Us, TokenKeyKind::Rsa) => [&SHA256_INFO[..], digest::digest(&SHA256, message).as_ref()].concat(),
            (Way::Us, TokenKeyKind::P256) => digest::digest(&SHA256, message).as_ref().to_vec(),
            (Way::Us, TokenKeyKind::P384) => digest::digest(&SHA384, message).as_ref().to_vec(),
        };
        self.session.sign(&self.mechanism(), self.key, &data)
    }
}

fn find(token: &Token, session: &Session) -> Result<ObjectHandle, TokenError> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(token.at.key.iter().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(token.at.id.iter().map(|id| Attribute::Id(id.clone())));
    let found = session.find_objects(&template).map_err(|source| token.failed("look for the key", source))?;
    match found.as_slice() {
        [key] => Ok(*key),
        [] => Err(TokenError::KeyAbsent { key: token.key_name(), token: token.name() }),
        _ => Err(TokenError::KeyAmbiguous { key: token.key_name(), token: token.name() }),
    }
}

/// The token digests where it can: some allow nothing else.
fn way(token: &Token, slot: Slot, kind: TokenKeyKind) -> Result<Option<Way>, TokenError> {
    let offered = token.library().get_mechanism_list(slot).map_err(|source| token.failed("list the mechanisms", source))?;
    let (theirs, ours) = match kind {
        TokenKeyKind::Rsa => (MechanismType::SHA256_RSA_PKCS, MechanismType::RSA_PKCS),
        TokenKeyKind::P256 => (MechanismType::ECDSA_SHA256, MechanismType::ECDSA),
        TokenKeyKind::P384 => (MechanismType::ECDSA_SHA384, MechanismType::ECDSA),
    };
    let can = |mechanism| offered.contains(&mechanism);
    Ok(if can(theirs) { Some(Way::Token) } else { can(ours).then_some(Way::Us) })
}
