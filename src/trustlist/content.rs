//! From the tree to providers and services. Source: ETSI TS 119 612 v2.2.1 and v2.3.1, §5.3 to §5.6.
//!
//! What the list as a whole lacks refuses it. What one service lacks leaves that service out, with the reason: one provider's
//! entry must not take the others' trust away.

use chrono::{DateTime, Utc};
use roxmltree::Node;

use crate::fault::{ListFault, content};
use crate::list::Provider;
use crate::service::{Entry, Period, ServiceKind, Status};
use crate::tree::{base64, child, children, only_text, value};

pub(crate) const TL: &str = "http://uri.etsi.org/02231/v2#";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const SIGNATURES: [&str; 2] = ["ForeSignatures", "ForeSeals"];

/// What the scheme says of the list itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scheme {
    pub kind: String,
    pub territory: String,
    pub operator: String,
    pub sequence: u64,
    pub issued_at: DateTime<Utc>,
    pub next_update: Option<DateTime<Utc>>,
}

pub(crate) fn scheme(root: Node<'_, '_>) -> Result<Scheme, ListFault> {
    let information = child(root, TL, "SchemeInformation")?;
    let text = |name: &str| only_text(child(information, TL, name)?);
    let version = text("TSLVersionIdentifier")?;
    if version != "5" && version != "6" {
        return Err(content(format!("version {version:?} of the format is not read; 5 and 6 are")));
    }
    let sequence = text("TSLSequenceNumber")?;
    let sequence = sequence.parse().map_err(|_| content("TSLSequenceNumber is no number"))?;
    let next_update = match child(information, TL, "NextUpdate") {
        Ok(node) if children(node).next().is_none() => None,
        Ok(node) => Some(instant(&only_text(child(node, TL, "dateTime")?)?)?),
        Err(fault) => return Err(fault),
    };
    Ok(Scheme {
        kind: text("TSLType")?,
        territory: text("SchemeTerritory")?,
        operator: name(child(information, TL, "SchemeOperatorName")?),
        sequence,
        issued_at: instant(&text("ListIssueDateTime")?)?,
        next_update,
    })
}

pub(crate) fn providers(root: Node<'_, '_>) -> Result<Vec<Provider>, ListFault> {
    // A scheme without any provider has no list of them (§5.3.16).
    let Ok(list) = child(root, TL, "TrustServiceProviderList") else { return Ok(Vec::new()) };
    let mut providers = Vec::new();
    for node in children(list) {
        if !node.has_tag_name((TL, "TrustServiceProvider")) {
            return Err(content("TrustServiceProviderList holds something else than providers"));
        }
        let information = child(node, TL, "TSPInformation")?;
        let mut provider =
            Provider { name: name(child(information, TL, "TSPName")?), services: Vec::new(), left_out: Vec::new() };
        for node in children(child(node, TL, "TSPServices")?).filter(|node| node.has_tag_name((TL, "TSPService"))) {
            match service(node) {
                Ok(service) => provider.services.push(service),
                Err(fault) => provider.left_out.push(fault.to_string()),
            }
        }
        providers.push(provider);
    }
    Ok(providers)
}

fn service(node: Node<'_, '_>) -> Result<Entry, ListFault> {
    let information = child(node, TL, "ServiceInformation")?;
    let named = name(child(information, TL, "ServiceName")?);
    let about = |fault: ListFault| content(format!("{named}: {fault}"));
    let mut service = Entry {
        name: named.clone(),
        certificates: Vec::new(),
        subject_names: Vec::new(),
        key_ids: Vec::new(),
        periods: Vec::new(),
    };
    identity(child(information, TL, "ServiceDigitalIdentity").map_err(about)?, &mut service).map_err(about)?;
    let mut periods = vec![period(information).map_err(about)?];
    let history = children(node).filter(|node| node.has_tag_name((TL, "ServiceHistory"))).flat_map(children);
    for instance in history.filter(|node| node.has_tag_name((TL, "ServiceHistoryInstance"))) {
        periods.push(period(instance).map_err(about)?);
    }
    service.periods = in_time(periods).map_err(about)?;
    Ok(service)
}

/// Certificates, names and key identifiers; there must be one certificate at least, since paths end in nothing else.
fn identity(node: Node<'_, '_>, service: &mut Entry) -> Result<(), ListFault> {
    for id in children(node).flat_map(children) {
        match id.tag_name().name() {
            "X509Certificate" => {
                let der = base64(only_text(id)?)?;
                if !service.certificates.contains(&der) {
                    service.certificates.push(der);
                }
            }
            "X509SubjectName" => service.subject_names.push(only_text(id)?),
            "X509SKI" => service.key_ids.push(base64(only_text(id)?)?),
            // A bare key, or what other schemes use.
            _ => {}
        }
    }
    if service.certificates.is_empty() { Err(content("its identity has no certificate")) } else { Ok(()) }
}

/// Of `ServiceInformation` or of an instance of the history, which have the same elements for it.
fn period(node: Node<'_, '_>) -> Result<Period, ListFault> {
    let text = |name: &str| only_text(child(node, TL, name)?);
    let kind = ServiceKind::of(&text("ServiceTypeIdentifier")?);
    let unfit = unfit(node, &kind)?;
    let from = instant(&text("StatusStartingTime")?)?;
    Ok(Period { kind, status: Status::of(&text("ServiceStatus")?), from, until: None, unfit })
}

/// In the order of time, each up to the next. The first of `periods` is the present one and must begin last.
fn in_time(mut periods: Vec<Period>) -> Result<Vec<Period>, ListFault> {
    let present = periods.first().map(|period| period.from);
    if periods.iter().any(|period| Some(period.from) > present) {
        return Err(content("a status of its history begins after the present one"));
    }
    // Newest first in the file; where two begin at once, the one that stands first holds.
    periods.reverse();
    periods.sort_by_key(|period| period.from);
    let ends: Vec<_> = periods.iter().skip(1).map(|period| period.from).collect();
    for (period, end) in periods.iter_mut().zip(ends) {
        period.until = Some(end);
    }
    Ok(periods)
}

/// Why the extensions keep a service from counting (§5.5.9).
fn unfit(node: Node<'_, '_>, kind: &ServiceKind) -> Result<Option<String>, ListFault> {
    const KNOWN: [&str; 4] = ["AdditionalServiceInformation", "Qualifications", "TakenOverBy", "ExpiredCertsRevocationInfo"];
    let extensions = children(node).filter(|node| node.has_tag_name((TL, "ServiceInformationExtensions")));
    let mut uses: Vec<String> = Vec::new();
    for extension in extensions.flat_map(children) {
        let is_critical = extension.attribute("Critical").is_some_and(|critical| matches!(value(critical), "true" | "1"));
        for inside in children(extension) {
            if is_critical && !KNOWN.contains(&inside.tag_name().name()) {
                return Ok(Some(format!("critical extension {}", inside.tag_name().name())));
            }
            if inside.has_tag_name((TL, "AdditionalServiceInformation")) {
                uses.push(only_text(child(inside, TL, "URI")?)?);
            }
        }
    }
    let uses: Vec<&str> = uses.iter().filter_map(|uri| uri.rsplit_once("/SvcInfoExt/")).map(|(_, name)| name).collect();
    let is_elsewhere = uses.contains(&"ForWebSiteAuthentication") && !uses.iter().any(|name| SIGNATURES.contains(name));
    Ok((*kind == ServiceKind::Authority && is_elsewhere).then(|| "for web sites only".to_owned()))
}

/// The English name, else the first. Names are labels: a missing one is empty.
fn name(node: Node<'_, '_>) -> String {
    let names = || children(node).filter(|node| node.has_tag_name((TL, "Name")));
    let english = names().find(|name| name.attribute((XML, "lang")) == Some("en"));
    let text = english.or_else(|| names().next()).and_then(|name| only_text(name).ok()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(oblik_domain::limits::LABEL_CHARS).collect()
}

/// `xsd:dateTime` with its time zone, which TS 119 612 §5.1.4 wants to be UTC.
fn instant(text: &str) -> Result<DateTime<Utc>, ListFault> {
    let read = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    read.map_err(|_| content(format!("{:?} is no moment", text.chars().take(40).collect::<String>())))
}
