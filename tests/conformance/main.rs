//! Signatures by OpenSSL, BouncyCastle, pyHanko and jkurwa: each passes as it was made, and no part of it can be changed.
//!
//! Every algorithm stands in every container. Of each file every part is changed (content, each attribute, signature,
//! algorithms, signer's certificate, its issuer's, root, moment), and the verdict must name what was done. OpenSSL is asked about
//! each of these files as well; where it says otherwise, the table says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod ber;
mod bouncy_castle;
mod case;
mod examine;
mod jkurwa;
mod levels;
mod mutants;
mod openssl;
mod pyhanko;

/// What is signed: a MIME entity in CRLF, so that it is the same bytes in S/MIME as beside a signature.
const CONTENT: &[u8] = "Content-Type: application/xml; name=akt.xml\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
    <акт><показ>000123</показ>\r\n<примітка>рядок, довший за шістдесят чотири октети</примітка></акт>\r\n"
    .as_bytes();
