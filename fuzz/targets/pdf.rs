//! Signed PDFs: what passes is a signed file, but for the room in which signatures stand.

use oblik_signature::{judge_pdf, pdf};

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let judged = judge_pdf(data, &world.trust(), &world.policy, world.moment);
    if let Some(signed) = &judged.signed {
        assert!(data.starts_with(signed.bytes()), "proven bytes are the file's own beginning");
        assert!(world.knows_pdf(signed.bytes()), "a PDF passes that nobody signed");
        let _ = pdf::embedded_file(signed, "oblik-act.xml");
    }
    let _ = pdf::revision_ends(data);
    let _ = oblik_signature::report::report(&judged, |finding| finding.code.as_str().to_owned());
}
