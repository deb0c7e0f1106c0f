//! Certificates of the house: which there are, and that the end of each is told 30, 7 and 1 days before, and when it came.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_mail::compose::{AutoSubmitted, Letter, message_id, render};
use oblik_signature::Held;
use oblik_store::{About, LetterClass, NewLetter, Purpose, Result, Tx};
use oblik_words::alerts::{self, CertificateEnds, CertificateUse};
use serde_json::json;
use tracing::{error, warn};

use crate::House;
use crate::station::report;

/// Days before its end at which a certificate is told of; 0 is when it has ended. Source: RQ-I06.
const THRESHOLDS: [i64; 4] = [0, 1, 7, 30];
/// Items of ours that letters about certificates hang on.
const SOURCE: &str = "house:certificates";

/// A certificate and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseCertificate {
    pub used_for: CertificateUse,
    pub branch: Option<String>,
    pub held: Held,
}

impl HouseCertificate {
    /// Whole days that are left; negative once it has ended.
    pub fn days_left(&self, now: DateTime<Utc>) -> i64 {
        let left = self.held.not_after - now;
        if left < TimeDelta::zero() { left.num_days() - 1 } else { left.num_days() }
    }
}

/// The role as machines read it.
pub fn role(used_for: CertificateUse) -> &'static str {
    match used_for {
        CertificateUse::SupplierSigns => "supplier",
        CertificateUse::OperatorSigns => "operator",
        CertificateUse::BranchSigns => "branch",
        CertificateUse::Decrypts => "decryption",
    }
}

impl House {
    /// All certificates whose keys are open; one that an issuer shares with the supplier is the supplier's.
    pub fn certificates(&self) -> Vec<HouseCertificate> {
        let mut all: Vec<HouseCertificate> = Vec::new();
        for (used_for, branch, keys) in self.issuers.keyrings() {
            for signer in keys.signers() {
                all.push(HouseCertificate { used_for, branch: branch.map(str::to_owned), held: signer.held() });
            }
        }
        let decrypts = |held| HouseCertificate { used_for: CertificateUse::Decrypts, branch: None, held };
        all.extend(self.decryptors.iter().map(|key| decrypts(key.held())));
        all
    }
}

/// The threshold a certificate has reached.
fn threshold(not_after: DateTime<Utc>, now: DateTime<Utc>) -> Option<i64> {
    let reached = |days: &i64| match days {
        // It is valid through the instant it ends at (RFC 5280 §4.1.2.5).
        0 => now > not_after,
        days => now >= not_after - TimeDelta::days(*days),
    };
    THRESHOLDS.into_iter().find(reached)
}

/// Tells of each certificate that has reached a threshold, once for each of both: in the log, in the journal, and by letter where
/// the configuration names an address. How many were told.
///
/// # Errors
/// The store failed.
pub async fn tell_certificates(house: &House) -> Result<usize> {
    let now = house.now();
    let mut told = 0;
    for certificate in house.certificates() {
        let Some(days) = threshold(certificate.held.not_after, now) else { continue };
        let mut tx = house.store.begin("certificates").await?;
        if tx.tell_certificate(&certificate.held.sha256, days, now).await? {
            tell(house, &mut tx, &certificate, days, now).await?;
            tx.commit().await?;
            told += 1;
        } else {
            tx.roll_back().await?;
        }
    }
    Ok(told)
}

async fn tell(house: &House, tx: &mut Tx, certificate: &HouseCertificate, days: i64, now: DateTime<Utc>) -> Result<()> {
    let (role, held, left) = (role(certificate.used_for), &certificate.held, certificate.days_left(now));
    let (serial, ends) = (held.serial.as_str(), held.not_after.to_rfc3339());
    if days == 0 {
        error!(role, certificate.serial = serial, ends, "a certificate has ended");
    } else {
        warn!(role, certificate.serial = serial, ends, days = left, "a certificate ends");
    }
    let event = if days == 0 { "certificate ended" } else { "certificate ends" };
    let detail = json!({ "role": role, "branch": certificate.branch, "serial": serial, "not_after": held.not_after, "threshold_days": days });
    tx.journal(now, event, "certificate", &held.sha256, &detail);
    let Some(to) = &house.config.operations.alert else { return Ok(()) };
    let name = format!("{}/{days}", held.sha256);
    let text = alerts::certificate_ends(&CertificateEnds {
        used_for: certificate.used_for,
        branch: certificate.branch.clone(),
        subject: held.subject.clone(),
        serial: held.serial.clone(),
        not_after: held.not_after,
        days: (days > 0).then_some(left),
    });
    let letter = Letter {
        id: format!("certificate-{days}"),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to: to.clone(),
        subject: text.subject,
        message_id: message_id(&format!("{SOURCE}/{name}"), house.mail_domain()),
        in_reply_to: None,
        references: Vec::new(),
        date: now,
        body: text.body,
        attachments: Vec::new(),
        auto_submitted: AutoSubmitted::Generated,
    };
    let bytes = match render(&letter) {
        Ok(bytes) => bytes,
        Err(cause) => {
            error!(error = report(&cause), "the letter about a certificate cannot be written");
            return Ok(());
        }
    };
    let item = tx.add_own_item(SOURCE, &name, detail.to_string().as_bytes(), now).await?;
    let new = NewLetter {
        about: About::Item(item),
        purpose: Purpose::Notice,
        class: LetterClass::Notice,
        channel: "mail",
        recipient: to,
        subject: &letter.subject,
        message_id: &letter.message_id,
        bytes: &bytes,
    };
    tx.write_letter(&new, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_reached_to_the_second() {
        let ends: DateTime<Utc> = "2026-12-31T12:00:00Z".parse().unwrap();
        for (now, reached) in [
            ("2026-12-01T11:59:59Z", None),
            ("2026-12-01T12:00:00Z", Some(30)),
            ("2026-12-24T11:59:59Z", Some(30)),
            ("2026-12-24T12:00:00Z", Some(7)),
            ("2026-12-30T11:59:59Z", Some(7)),
            ("2026-12-30T12:00:00Z", Some(1)),
            ("2026-12-31T12:00:00Z", Some(1)),
            ("2026-12-31T12:00:01Z", Some(0)),
        ] {
            assert_eq!(threshold(ends, now.parse().unwrap()), reached, "{now}");
        }
    }
}
