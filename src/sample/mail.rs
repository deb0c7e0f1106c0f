//! Mails as customers' programs write them, MIME by hand: what reads them must not be their writer.
//!
//! Shapes after real messages of Outlook (windows-1251, encoded words in file names), Thunderbird (8bit, RFC 2231), Gmail
//! and Apple Mail (PDF shown inline). On top stands what the supplier's own MX writes when it takes a mail in.

mod encode;

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use oblik_signature::Signer;

use crate::SampleError;
use encode::{Charset, base64_lines, parameter, quoted_printable, words};

/// The program a mail is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Outlook,
    Thunderbird,
    Gmail,
    Apple,
}

impl Client {
    pub const ALL: [Self; 4] = [Self::Outlook, Self::Thunderbird, Self::Gmail, Self::Apple];
}

/// The supplier's mailbox and MX, as the configuration embedded in Oblik names them.
pub const OUR_MAILBOX: &str = "acts@supplier.example";
pub const OUR_MX: &str = "mx.supplier.example";

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

impl File {
    pub fn pdf(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), media_type: "application/pdf", bytes }
    }

    pub fn xml(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), media_type: "text/xml", bytes }
    }

    /// `.p7s`, signature alone.
    pub fn p7s(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), media_type: "application/pkcs7-signature", bytes }
    }

    /// `.p7m`, signature with the file inside. Mail programs do not know the ending and send plain octets.
    pub fn p7m(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), media_type: "application/octet-stream", bytes }
    }

    pub fn jpeg(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), media_type: "image/jpeg", bytes }
    }
}

/// A mail to write.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub client: Client,
    pub from_name: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    /// Lines separated by `\n`.
    pub text: &'a str,
    pub sent_at: DateTime<Utc>,
    /// Makes Message-ID and boundaries; one number for each mail of a world.
    pub number: u64,
    /// The MX that takes the mail in and found the sender's domain authentic; `None` when it found it is not.
    pub authserv_id: Option<&'a str>,
    pub files: Vec<File>,
    /// Further fields of the header.
    pub fields: Vec<(&'a str, &'a str)>,
}

impl Draft<'_> {
    /// The mail as the MX hands it over, lines ended by CRLF.
    pub fn compose(&self) -> Vec<u8> {
        let mut mail = self.head();
        mail.push_str(&self.entity(Carriage::Open));
        mail.into_bytes()
    }

    /// The mail signed as a whole, readable by any program: `multipart/signed` (RFC 8551 §3.5.3).
    ///
    /// # Errors
    /// [`SampleError::Signing`] when the library cannot.
    pub fn smime_signed(&self, signer: &Signer) -> Result<Vec<u8>, SampleError> {
        let entity = self.entity(Carriage::Signed);
        let signature = signer.sign_cms_detached(entity.as_bytes(), self.sent_at)?;
        let boundary = format!("------------ms{:024}", self.number);
        let mut mail = self.head();
        let _ = write!(
            mail,
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n boundary=\"{boundary}\"\r\n\r\n\
             This is a cryptographically signed message in MIME format.\r\n\r\n--{boundary}\r\n{entity}\r\n--{boundary}\r\n\
             Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"smime.p7s\"\r\nContent-Description: S/MIME Cryptographic Signature\r\n\r\n\
             {}\r\n--{boundary}--\r\n",
            base64_lines(&signature)
        );
        Ok(mail.into_bytes())
    }

    /// The mail signed as a whole and wrapped into the signature: `application/pkcs7-mime` (RFC 8551 §3.5.2).
    ///
    /// # Errors
    /// [`SampleError::Signing`] when the library cannot.
    pub fn smime_opaque(&self, signer: &Signer) -> Result<Vec<u8>, SampleError> {
        let wrapped = signer.sign_cms_enclosing(self.entity(Carriage::Signed).as_bytes(), self.sent_at)?;
        let mut mail = self.head();
        let _ = write!(
            mail,
            "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n{}",
            base64_lines(&wrapped)
        );
        Ok(mail.into_bytes())
    }

    fn charset(&self) -> (Charset, &'static str) {
        match self.client {
            Client::Outlook => (Charset::Windows1251, "windows-1251"),
            Client::Thunderbird | Client::Gmail => (Charset::Utf8, "UTF-8"),
            Client::Apple => (Charset::Utf8, "utf-8"),
        }
    }

    fn words(&self, text: &str) -> String {
        let (charset, name) = self.charset();
        words(text, charset, name)
    }

    /// The header up to the fields of the content.
    fn head(&self) -> String {
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let taken = (self.sent_at + chrono::TimeDelta::seconds(4)).to_rfc2822();
        let server = self.authserv_id.unwrap_or(OUR_MX);
        let result = if self.authserv_id.is_some() { "pass (p=reject dis=none)" } else { "fail (p=none dis=none)" };
        let mut head = format!(
            "Return-Path: <{from}>\r\nAuthentication-Results: {server};\r\n\tdmarc={result} header.from={domain}\r\n\
             Received: from mail.{domain} (mail.{domain} [192.0.2.25])\r\n\tby {server} (Postfix) with ESMTPS id 4D{number:08X}\r\n\
             \tfor <{to}>; {taken}\r\n",
            from = self.from,
            to = self.to,
            number = self.number,
        );
        for (name, value) in self.fields_of_client(domain) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        for (name, value) in &self.fields {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let version = if self.client == Client::Apple {
            "Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3826.300.87.4.3\\))"
        } else {
            "MIME-Version: 1.0"
        };
        let _ = write!(head, "{version}\r\n");
        head
    }

    fn fields_of_client(&self, domain: &str) -> Vec<(&'static str, String)> {
        let number = self.number;
        let name = if self.from_name.is_ascii() { format!("\"{}\"", self.from_name) } else { self.words(self.from_name) };
        let from = ("From", format!("{name}\r\n <{}>", self.from));
        let to = ("To", format!("<{}>", self.to));
        let subject = ("Subject", self.words(self.subject));
        let date = ("Date", self.sent_at.to_rfc2822());
        match self.client {
            Client::Outlook => vec![
                from,
                to,
                subject,
                date,
                ("Message-ID", format!("<{number:06}01dc5a9b$7f2c1d40$7d8457c0$@{domain}>")),
                ("X-Mailer", "Microsoft Outlook 16.0".to_owned()),
                ("Thread-Index", format!("AdxamQ{number:010}==")),
                ("Content-Language", "uk".to_owned()),
            ],
            Client::Thunderbird => vec![
                ("Message-ID", format!("<3f1c8a52-7d0e-4b57-9c41-{number:012x}@{domain}>")),
                date,
                ("User-Agent", "Mozilla Thunderbird".to_owned()),
                to,
                ("Content-Language", "uk-UA".to_owned()),
                from,
                subject,
            ],
            Client::Gmail => vec![
                from,
                date,
                ("X-Gm-Features", "AWmQ_bk".to_owned()),
                ("Message-ID", format!("<CAH7xk+T2{number:010}=QbW@mail.gmail.com>")),
                subject,
                to,
            ],
            Client::Apple => vec![
                from,
                subject,
                ("Message-Id", format!("<8B0C5E1A-44D2-4E0B-93C7-{number:012X}@{domain}>")),
                date,
                to,
                ("X-Mailer", "Apple Mail (2.3826.300.87.4.3)".to_owned()),
            ],
        }
    }

    /// The content: its fields, an empty line, its body.
    fn entity(&self, carriage: Carriage) -> String {
        let body = self.body(carriage);
        if self.files.is_empty() {
            return body;
        }
        let number = self.number;
        let (boundary, preamble) = match self.client {
            Client::Outlook => (
                format!("----=_NextPart_000_{number:04}_01DC5A9B.7F2C1D40"),
                "This is a multipart message in MIME format.\r\n\r\n",
            ),
            Client::Thunderbird => {
                (format!("------------0kJfVb{number:014}"), "This is a multi-part message in MIME format.\r\n")
            }
            Client::Gmail => (format!("000000000000{number:016x}"), ""),
            Client::Apple => (format!("Apple-Mail=_6F2B7C11-9D04-4E6A-8F10-{number:012X}"), "\r\n"),
        };
        let mut entity =
            format!("Content-Type: multipart/mixed;\r\n boundary=\"{boundary}\"\r\n\r\n{preamble}--{boundary}\r\n{body}");
        for file in &self.files {
            let _ = write!(entity, "\r\n--{boundary}\r\n{}\r\n{}", self.file_fields(file), base64_lines(&file.bytes));
        }
        let _ = write!(entity, "\r\n--{boundary}--\r\n");
        entity
    }

    /// The text the person wrote.
    fn body(&self, carriage: Carriage) -> String {
        let number = self.number;
        let (charset, name) = self.charset();
        let plain = self.text.replace('\n', "\r\n");
        match self.client {
            // 8bit would not survive every relay, so what is signed is made of ASCII.
            Client::Thunderbird if carriage == Carriage::Signed => {
                format!(
                    "Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                    base64_lines(plain.as_bytes())
                )
            }
            Client::Thunderbird => {
                format!(
                    "Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{plain}\r\n"
                )
            }
            Client::Apple => {
                let text = quoted_printable(self.text, charset);
                format!(
                    "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain;\r\n\tcharset={name}\r\n\r\n{text}"
                )
            }
            Client::Outlook => {
                let inner = format!("----=_NextPart_001_{number:04}_01DC5A9B.7F2C4450");
                let html = format!(
                    "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><meta http-equiv=Content-Type content=\"text/html; charset=windows-1251\"></head>\n\
                     <body lang=UK><p class=MsoNormal>{}<o:p></o:p></p></body></html>",
                    self.text.replace('\n', "<br>")
                );
                alternative(
                    &inner,
                    &[
                        ("text/plain;\r\n\tcharset=\"windows-1251\"", "quoted-printable", quoted_printable(self.text, charset)),
                        ("text/html;\r\n\tcharset=\"windows-1251\"", "quoted-printable", quoted_printable(&html, charset)),
                    ],
                )
            }
            Client::Gmail => {
                let html = format!("<div dir=\"ltr\">{}</div>\r\n", self.text.replace('\n', "<br>"));
                alternative(
                    &format!("000000000000{:016x}", number ^ 0x5a5a_0000),
                    &[
                        ("text/plain; charset=\"UTF-8\"", "base64", base64_lines(plain.as_bytes())),
                        ("text/html; charset=\"UTF-8\"", "base64", base64_lines(html.as_bytes())),
                    ],
                )
            }
        }
    }

    fn file_fields(&self, file: &File) -> String {
        let (media, encoded) = (file.media_type, self.words(&file.name));
        match self.client {
            Client::Outlook => format!(
                "Content-Type: {media};\r\n\tname=\"{encoded}\"\r\nContent-Transfer-Encoding: base64\r\n\
                 Content-Disposition: attachment;\r\n\tfilename=\"{encoded}\"\r\n"
            ),
            Client::Thunderbird => format!(
                "Content-Type: {media}; name=\"{encoded}\"\r\nContent-Disposition: attachment;\r\n {}\r\nContent-Transfer-Encoding: base64\r\n",
                parameter("filename", &file.name, "UTF-8")
            ),
            Client::Gmail => format!(
                "Content-Type: {media}; name=\"{encoded}\"\r\nContent-Disposition: attachment; filename=\"{encoded}\"\r\n\
                 Content-Transfer-Encoding: base64\r\nContent-ID: <f_m{number:08}>\r\nX-Attachment-Id: f_m{number:08}\r\n",
                number = self.number
            ),
            Client::Apple => {
                let shown = if matches!(media, "application/pdf" | "image/jpeg") { "inline" } else { "attachment" };
                format!(
                    "Content-Disposition: {shown};\r\n\t{}\r\nContent-Type: {media};\r\n\tx-unix-mode=0644;\r\n\tname=\"{encoded}\"\r\n\
                     Content-Transfer-Encoding: base64\r\n",
                    parameter("filename", &file.name, "utf-8")
                )
            }
        }
    }
}

/// Whether the content travels under a signature, which no relay may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carriage {
    Open,
    Signed,
}

/// The same text in several forms, each with its type, encoding and encoded body.
fn alternative(boundary: &str, forms: &[(&str, &str, String)]) -> String {
    let mut entity = format!("Content-Type: multipart/alternative;\r\n\tboundary=\"{boundary}\"\r\n\r\n");
    for (media, encoding, body) in forms {
        let _ =
            write!(entity, "--{boundary}\r\nContent-Type: {media}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n");
    }
    let _ = write!(entity, "--{boundary}--\r\n");
    entity
}

/// A mail as delivery agents write it into a Maildir: lines end with LF alone.
pub fn in_maildir(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len());
    for (at, byte) in mail.iter().enumerate() {
        if *byte != b'\r' || mail.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out
}
