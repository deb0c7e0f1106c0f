//! The files of a proof, each under a name that says what it is.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use oblik_mail::Signed;
use oblik_pipeline::{Case, House, parts_of};
use oblik_signature::evidence::Evidence;
use oblik_store::{JournalLink, StoredInvoice, sha256_hex};
use serde_json::{Value, json};

use super::readme;
use crate::print;

/// Files by name.
#[derive(Default)]
pub struct Dossier {
    pub files: BTreeMap<String, Vec<u8>>,
    /// What is not as it should be.
    pub complaints: Vec<String>,
    commands: readme::Commands,
}

impl Dossier {
    fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(name.into(), bytes.into());
    }

    fn add_json(&mut self, name: &str, value: &Value) {
        self.add(name, format!("{value:#}\n"));
    }

    /// An act: what came, what was signed, what the verdict rests on, what was written about it.
    pub async fn add_act(&mut self, house: &House, case: &Case) -> Result<()> {
        self.add("original/message.eml", case.message.clone());
        self.add("evidence.json", case.evidence.clone());
        match &case.policy {
            Some(text) => self.add("policy.toml", text.clone()),
            None => self.complaints.push(format!("the policy {} is not stored", case.verdict.policy_sha256)),
        }
        self.add_signed(house, case);
        self.add_material(case)?;
        self.add_verdict(house, case);
        let mut tx = house.store.read().await?;
        if let Some(content) = tx.signed_content(case.act).await? {
            let xml = tx.blob(&content.act_xml_sha256).await?;
            self.add("signed/act.xml", xml);
        }
        let findings = tx.findings(case.stored.item_id).await?;
        let mut links = tx.journal_links("act", &case.act.to_string()).await?;
        links.extend(tx.journal_links("item", &case.stored.item_id.to_string()).await?);
        tx.roll_back().await?;
        self.add_json("findings.json", &print::stored_findings(&findings));
        self.add_journal("journal.jsonl", links);
        Ok(())
    }

    fn add_signed(&mut self, house: &House, case: &Case) {
        let signed = match case.signed(house) {
            Ok(signed) => signed,
            Err(reason) => return self.complaints.push(reason.to_string()),
        };
        let (document, detached) = parts_of(&signed);
        let (name, form) = match &signed {
            Signed::Pdf(_) => ("signed/document.pdf", readme::Form::Pdf),
            Signed::Asic(_) => ("signed/container.asice", readme::Form::Asic),
            Signed::Detached { .. } | Signed::SmimeSigned { .. } => ("signed/signature.p7s", readme::Form::Detached),
            Signed::Enclosing(_) | Signed::SmimeEnclosing(_) => ("signed/message.p7m", readme::Form::Enclosing),
        };
        self.commands.form = Some((name, form, is_pem(document)));
        self.add(name, document);
        if let Some(content) = detached {
            self.add("signed/content", content);
        }
    }

    fn add_material(&mut self, case: &Case) -> Result<()> {
        let evidence = Evidence::from_bytes(&case.evidence).context("read the evidence")?;
        self.commands.at = Some(evidence.moment);
        let (mut roots, mut chain, mut lists) = (String::new(), String::new(), String::new());
        for (position, (kind, der)) in evidence.material().context("read the evidence")?.into_iter().enumerate() {
            let number = position + 1;
            match kind {
                "root" => roots.push_str(&oblik_signature::to_pem("CERTIFICATE", &der)),
                "certificate" => chain.push_str(&oblik_signature::to_pem("CERTIFICATE", &der)),
                "crl" => {
                    lists.push_str(&oblik_signature::to_pem("X509 CRL", &der));
                    self.add(format!("crls/{number:02}.crl"), der);
                }
                _ => self.add(format!("ocsp/{number:02}.der"), der),
            }
        }
        for (name, text) in [("roots.pem", roots), ("chain.pem", chain), ("crls.pem", lists)] {
            if !text.is_empty() {
                self.add(name, text);
            }
        }
        Ok(())
    }

    fn add_verdict(&mut self, house: &House, case: &Case) {
        let verdict = &case.verdict;
        let repeated = case.repeat(house);
        let report = repeated.as_ref().ok().map(|repeated| oblik_signature::report::report(&repeated.judged, print::sentence));
        let differences = match &repeated {
            Ok(repeated) => repeated.differences.clone(),
            Err(reason) => vec![reason.to_string()],
        };
        if !differences.is_empty() {
            self.complaints.push(format!("act {}: the verdict is not repeated: {}", case.act, differences.join("; ")));
        }
        self.add_json(
            "verdict.json",
            &json!({
                "act": case.act, "state": case.stored.state.as_str(), "form": case.stored.form,
                "received_at": case.received_at(), "source": case.item.source, "message_sha256": sha256_hex(&case.message),
                "waiting_since": case.stored.waiting_since,
                "stored": {
                    "indication": verdict.indication, "sub_indication": verdict.sub_indication, "judged_at": verdict.judged_at,
                    "policy_sha256": verdict.policy_sha256, "evidence_sha256": verdict.evidence_sha256,
                    "signer_name": verdict.signer_name, "signer_serial": verdict.signer_serial,
                    "certificate_sha256": verdict.certificate_sha256, "edrpou": verdict.edrpou, "rnokpp": verdict.rnokpp,
                },
                "repeated": report.and_then(|report| serde_json::to_value(report).ok()),
                "same": differences.is_empty(), "why": differences,
            }),
        );
    }

    /// An invoice: its document, and the draft with every figure and reason.
    pub async fn add_invoice(&mut self, house: &House, invoice: &StoredInvoice) -> Result<()> {
        let mut tx = house.store.read().await?;
        match &invoice.pdf_sha256 {
            Some(sha256) => self.add("invoice/invoice.pdf", tx.blob(sha256).await?),
            None => self.complaints.push(format!("invoice {} is drafted and has no document yet", invoice.number)),
        }
        self.add_json("invoice/draft.json", &serde_json::to_value(&invoice.invoice).context("write the draft")?);
        if let Some(sha256) = &invoice.ubl_sha256 {
            self.add("invoice/invoice.xml", tx.blob(sha256).await?);
        }
        let links = tx.journal_links("invoice", &invoice.id.to_string()).await?;
        tx.roll_back().await?;
        self.add_journal("invoice/journal.jsonl", links);
        self.commands.has_invoice = true;
        Ok(())
    }

    fn add_journal(&mut self, name: &str, mut links: Vec<JournalLink>) {
        links.sort_by_key(|link| link.seq);
        let line = |link: &JournalLink| {
            let entry = &link.entry;
            // The detail stays the text that was hashed.
            let value = json!({
                "seq": link.seq, "at": entry.at.timestamp_micros(), "event": entry.event, "subject": entry.subject,
                "subject_id": entry.subject_id, "detail": entry.detail, "prev": link.prev, "hash": link.hash,
            });
            format!("{value}\n")
        };
        self.add(name, links.iter().map(line).collect::<String>());
    }

    /// As `sha256sum` writes them.
    fn sums(&self) -> String {
        let lines: Vec<String> = self.files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256_hex(bytes))).collect();
        lines.concat()
    }

    /// What lies here and how to repeat it, and the hash of every file.
    pub fn add_readme(&mut self, what: &str) {
        let names: Vec<&str> = self.files.keys().map(String::as_str).collect();
        let text = readme::text(what, &names, &self.commands);
        self.add("README.txt", text);
        let sums = self.sums();
        self.add("SHA256SUMS", sums);
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).take(4096).any(|window| window == b"-----BEGIN ")
}
