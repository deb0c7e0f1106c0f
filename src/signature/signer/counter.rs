//! Counter-signatures: signatures over another signature's value (RFC 5652 §11.4). They are judged and listed, and do not weigh
//! on the one they stand under: whoever carried the message could have put one there.

use oblik_domain::finding::{Code, Finding, Level};
use oblik_domain::limits;

use super::{Family, judge};
use crate::cms::{SignedData, SignerInfo};
use crate::material::Material;
use crate::oids;
use crate::path::Ground;
use crate::verdict::{Facts, Indication, Judgement};

/// Judges every counter-signature of `signer`.
pub(super) fn judge_all(
    signer: &SignerInfo<'_>,
    message: &SignedData<'_>,
    material: &Material,
    ground: Ground<'_>,
    facts: &mut Facts,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    let tell = |facts: &mut Facts, level: Level, name: String, problem: &str| {
        let finding = Finding::new(Code::SignatureCounter, level).with("signer", name);
        facts.tell(finding.with("problem", problem));
    };
    for (position, (_, value)) in signer.unsigned(&oids::COUNTER_SIGNATURE).enumerate() {
        if position >= limits::COUNTER_SIGNATURES {
            let finding = Finding::new(Code::SignatureLimit, Level::Warning).with("what", "counter-signatures");
            facts.tell(finding.with("limit", limits::COUNTER_SIGNATURES));
            break;
        }
        let Ok(counter) = SignerInfo::of(value) else {
            tell(facts, Level::Warning, String::new(), "FORMAT_FAILURE");
            continue;
        };
        let mut judgement = judge(&counter, message, &[signer.signature], material, Family::Counter, ground);
        "the signature it stands under".clone_into(&mut judgement.covers);
        if judgement.indication == Indication::TotalPassed {
            tell(facts, Level::Information, judgement.holder.name.clone(), "");
        } else {
            let problem = judgement.sub_indication.map_or("INDETERMINATE", crate::SubIndication::as_str);
            tell(facts, Level::Warning, judgement.holder.name.clone(), problem);
        }
        judgements.push(judgement);
    }
    judgements
}
