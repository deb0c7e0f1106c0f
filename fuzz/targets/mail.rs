//! Mail as received: what it is, the signed act in it, and the act within the proven bytes. Reports on delivery are among them.

use oblik_mail::{Message, Signed, act_within, classify, signed_act};
use oblik_signature::{judge_asic, judge_pdf};

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let Ok(message) = Message::parse(data) else { return };
    let _ = classify(&message, &["acts@supplier.example"]);
    let _ = message.dmarc_pass("mx.supplier.example");
    let Ok(candidate) = signed_act(&message) else { return };
    let judged = match &candidate.signed {
        Signed::Pdf(part) => judge_pdf(&part.bytes, &world.trust(), &world.policy, world.moment),
        Signed::Detached { content, signature } => {
            let judged = world.detached(&content.bytes, &signature.bytes);
            world.holds(&judged, &signature.bytes, Some(&content.bytes));
            judged
        }
        Signed::SmimeSigned { content, signature } => {
            let judged = world.detached(content, signature);
            world.holds(&judged, signature, Some(content));
            judged
        }
        Signed::Enclosing(part) | Signed::SmimeEnclosing(part) => {
            let judged = world.enclosing(&part.bytes);
            world.holds(&judged, &part.bytes, None);
            judged
        }
        Signed::Asic(part) => {
            let judged = judge_asic(&part.bytes, &world.trust(), &world.policy, world.moment);
            world.holds(&judged, &part.bytes, None);
            judged
        }
    };
    if let Some(signed) = &judged.signed {
        let _ = act_within(signed.bytes());
    }
}
