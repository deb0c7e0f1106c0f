//! What a certificate must be for before its holder counts as stamping time, answering or signing lists.

use rcgen::{CertificateParams, KeyUsagePurpose};

use super::world::{World, at, shown};
use crate::asn1::write;
use crate::path::{Effort, Ground, Purpose, find};
use crate::{Policy, Trust, oids};

const REFUSED: &str = "CHAIN_CONSTRAINTS_FAILURE SIG-KEY-USAGE";

fn used_for(purpose: Purpose, change: impl FnOnce(&mut CertificateParams)) -> String {
    let world = World::new(change);
    let mut trust = Trust::default();
    trust.add_anchors(&world.root.certificate.der).unwrap();
    let policy = Policy::parse(&world.policy.text().replace("\"required\"\n# How", "\"off\"\n# How")).unwrap();
    let effort = Effort::default();
    let ground = Ground::new(&trust, &policy, at("2026-11-20"), &effort);
    shown(&find(&world.leaf.certificate, purpose, &world.material, ground))
}

fn purposes(oids: &[const_oid::ObjectIdentifier], is_critical: bool) -> rcgen::CustomExtension {
    let list: Vec<Vec<u8>> = oids.iter().map(write::oid).collect();
    let mut made = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 37], write::sequence(&[&list.concat()]));
    made.set_criticality(is_critical);
    made
}

#[test]
fn a_timestamp_is_made_by_a_key_for_timestamps_alone() {
    let (stamping, answering) = (oids::KP_TIME_STAMPING, oids::KP_OCSP_SIGNING);
    for (named, is_critical, expected) in [
        (&[stamping][..], true, "PASSED"),
        (&[stamping], false, REFUSED),
        (&[stamping, answering], true, REFUSED),
        (&[stamping, stamping], true, REFUSED),
        (&[answering], true, REFUSED),
    ] {
        let judged = used_for(Purpose::Timestamp, |params| params.custom_extensions = vec![purposes(named, is_critical)]);
        assert_eq!(judged, expected, "{named:?} {is_critical}");
    }
    assert_eq!(used_for(Purpose::Timestamp, |_| ()), REFUSED);
    let agreeing = used_for(Purpose::Timestamp, |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
        params.custom_extensions = vec![purposes(&[stamping], true)];
    });
    assert_eq!(agreeing, REFUSED);
}

#[test]
fn answers_and_lists_are_signed_by_keys_for_them() {
    let answering = |params: &mut CertificateParams| params.custom_extensions = vec![purposes(&[oids::KP_OCSP_SIGNING], false)];
    assert_eq!(used_for(Purpose::OcspResponder, answering), "PASSED");
    assert_eq!(used_for(Purpose::OcspResponder, |_| ()), REFUSED);
    assert_eq!(used_for(Purpose::RevocationList, |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]), "PASSED");
    assert_eq!(used_for(Purpose::RevocationList, |_| ()), REFUSED);
}
