//! Of all that is trusted and known, what one verdict could have looked at: small enough to be kept with every act, and enough
//! to repeat the verdict to the letter.
//!
//! A path is searched by names: from a certificate to those that carry its issuer's name, and on. So is the status of each. What
//! lies outside of that was never asked.

use std::sync::Arc;

use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::listed::Listed;
use crate::name::Name;
use crate::ocsp::OcspResponse;
use crate::trust::Trust;
use crate::verdict::{Judged, Judgement};

#[derive(Default)]
pub(crate) struct Relevant {
    pub anchors: Vec<Arc<Certificate>>,
    /// What a trusted list said of certificates.
    pub listed: Vec<Arc<Listed>>,
    pub intermediates: Vec<Arc<Certificate>>,
    pub revocation_lists: Vec<Arc<RevocationList>>,
    pub ocsp_responses: Vec<Arc<OcspResponse>>,
}

impl Relevant {
    pub fn of(judged: &Judged) -> Self {
        let mut seeds = Seeds::default();
        judged.signatures.iter().for_each(|judgement| seeds.add(judgement));
        let trust = &judged.trust;
        let mut relevant = Self::default();
        let lists = trust.revocation_lists().iter();
        relevant.revocation_lists = lists.filter(|list| seeds.asks(list)).map(Arc::clone).collect();
        let responses = trust.ocsp_responses().iter();
        relevant.ocsp_responses = responses.filter(|response| seeds.hears(response, trust)).map(Arc::clone).collect();
        let known = seeds.known(trust, &relevant);
        let is_known = |service: &Listed| known.iter().any(|each| each.sha256 == service.certificate.sha256);
        relevant.listed = trust.listed().iter().filter(|service| is_known(service)).map(Arc::clone).collect();
        for certificate in known {
            let is_listed = relevant.listed.iter().any(|service| service.certificate.sha256 == certificate.sha256);
            if trust.is_pinned(&certificate) {
                relevant.anchors.push(certificate);
            } else if !is_listed {
                relevant.intermediates.push(certificate);
            }
        }
        relevant
    }
}

/// Where the searches of a verdict began, and what they used.
#[derive(Default)]
struct Seeds {
    certificates: Vec<Arc<Certificate>>,
    lists: Vec<[u8; 32]>,
    responses: Vec<[u8; 32]>,
}

impl Seeds {
    fn add(&mut self, judgement: &Judgement) {
        self.take(&judgement.certificates);
        self.take(&judgement.considered);
        self.take(&judgement.witnesses);
        self.lists.extend(judgement.revocation_lists.iter().map(|list| list.sha256));
        self.responses.extend(judgement.ocsp_responses.iter().map(|response| response.sha256));
        for timestamp in &judgement.timestamps {
            self.take(&timestamp.certificates);
            self.take(&timestamp.considered);
            self.take(&timestamp.witnesses);
            self.lists.extend(timestamp.revocation_lists.iter().map(|list| list.sha256));
            self.responses.extend(timestamp.ocsp_responses.iter().map(|response| response.sha256));
        }
        judgement.counter_signatures.iter().for_each(|counter| self.add(counter));
    }

    fn take(&mut self, certificates: &[Arc<Certificate>]) {
        for certificate in certificates {
            if !self.certificates.iter().any(|known| known.sha256 == certificate.sha256) {
                self.certificates.push(Arc::clone(certificate));
            }
        }
    }

    /// Lists of an authority that issued one of the certificates, and those that were used.
    fn asks(&self, list: &RevocationList) -> bool {
        self.lists.contains(&list.sha256) || self.certificates.iter().any(|certificate| certificate.issuer == list.issuer)
    }

    /// Answers about a certificate that was or could have been looked at, and those that were used. By the serial number: on the
    /// way to who signed a list, certificates are looked at that no path shows.
    fn hears(&self, response: &OcspResponse, trust: &Trust) -> bool {
        let is_spoken_of = |certificate: &Arc<Certificate>| response.answers.iter().any(|one| one.serial == certificate.serial);
        self.responses.contains(&response.sha256) || self.certificates.iter().chain(trust.known()).any(is_spoken_of)
    }

    /// Certificates of `trust` with the name of an issuer, of an issuer's issuer, and so on, in the order of `trust`; the
    /// signers themselves where trust holds them.
    fn known(&self, trust: &Trust, relevant: &Relevant) -> Vec<Arc<Certificate>> {
        let mut names: Vec<&Name> = Vec::new();
        let mut add = |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        // A service of a trusted list stands for every certificate of its name and key.
        self.certificates.iter().for_each(|certificate| add(&certificate.subject));
        self.certificates.iter().for_each(|certificate| add(&certificate.issuer));
        relevant.revocation_lists.iter().for_each(|list| add(&list.issuer));
        let within = relevant.ocsp_responses.iter().flat_map(|response| &response.certificates);
        within.for_each(|certificate| add(&certificate.issuer));
        let mut position = 0;
        while let Some(name) = names.get(position).copied() {
            for certificate in trust.known().filter(|certificate| certificate.subject == *name) {
                if !names.contains(&&certificate.issuer) {
                    names.push(&certificate.issuer);
                }
            }
            position += 1;
        }
        let is_seed = |certificate: &Certificate| self.certificates.iter().any(|known| known.sha256 == certificate.sha256);
        let answered =
            |certificate: &Certificate| relevant.ocsp_responses.iter().any(|response| response.responder.names(certificate));
        let all = trust.known().filter(|each| names.contains(&&each.subject) || is_seed(each) || answered(each));
        all.map(Arc::clone).collect()
    }
}
