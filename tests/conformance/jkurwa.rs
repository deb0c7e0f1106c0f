//! Files by jkurwa, a Ukrainian implementation of DSTU 4145: keys, certificates and messages of its own making.

use std::path::Path;
use std::process::Command;

use oblik_conformance_tests::workshop::{Workshop, skip};

use crate::CONTENT;
use crate::case::{Case, Second};
use crate::examine::examine;

const MAKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/maker.js");
/// Where scripts/install-test-tools installs it.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/npm");

#[test]
fn what_jkurwa_signs_passes_and_no_part_of_it_can_be_changed() {
    if !Path::new(TOOLS).join("node_modules/jkurwa/package.json").is_file() {
        return skip("jkurwa is not installed");
    }
    let Some(shop) = Workshop::open(&[], CONTENT) else { return };
    let from = shop.moment.timestamp() - 86_400;
    let mut node = Command::new("node");
    node.args([MAKER, TOOLS, &from.to_string(), &(from + 365 * 86_400).to_string()]);
    shop.run(&mut node, b"");

    let mut cases = Vec::new();
    for bits in [257, 431] {
        for container in ["enclosing", "detached"] {
            let name = format!("DSTU 4145 m={bits} {container}");
            let message = shop.read(&format!("jkurwa-{bits}-{container}"));
            let mut case =
                Case::new(&name, &shop, message, container == "detached", &format!("DSTU 4145 m={bits}"), "GOST 34.311");
            case.given.anchor = shop.read(&format!("jkurwa-{bits}-root.cer"));
            case.second = Second::Mute;
            cases.extend((container == "detached").then(|| case.in_container()));
            cases.push(case);
        }
    }
    examine("jkurwa", &cases, None);
}
