//! Every parser under mutated input: nothing panics, nothing takes long, and nothing passes that was not signed.
//!
//! One program for all targets; `OBLIK_FUZZ_TARGET` chooses, `OBLIK_FUZZ_WORLD` is the folder that `fuzz_seeds` laid out. A new
//! target is a file in `targets/` with `pub fn run`, a line in [`TARGETS`], and seeds for it in `src/sample/examples/fuzz_seeds`.
//! What is found becomes a test beside the parser before it is mended.
#![no_main]

#[allow(dead_code, reason = "the seeds' maker uses more of it")]
mod parts;
mod targets;
mod world;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

use crate::world::World;

type Target = fn(&World, &[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("act_xml", targets::act_xml::run),
    ("asic", targets::asic::run),
    ("chain", targets::chain::run),
    ("cms", targets::cms::run),
    ("config_toml", targets::config_toml::run),
    ("content", targets::content::run),
    ("crl", targets::crl::run),
    ("dstu", targets::dstu::run),
    ("embedded", targets::embedded::run),
    ("enveloped", targets::enveloped::run),
    ("mail", targets::mail::run),
    ("meter_xml", targets::meter_xml::run),
    ("ocsp", targets::ocsp::run),
    ("pdf", targets::pdf::run),
    ("pkcs12", targets::pkcs12::run),
    ("policy_toml", targets::policy_toml::run),
    ("timestamp", targets::timestamp::run),
    ("trusted_list", targets::trusted_list::run),
];

static CHOSEN: LazyLock<(Target, World)> = LazyLock::new(|| {
    let name = std::env::var("OBLIK_FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target);
    let world = std::env::var_os("OBLIK_FUZZ_WORLD").expect("OBLIK_FUZZ_WORLD");
    (target.unwrap_or_else(|| panic!("no target {name:?}")), World::read(world.as_ref()))
});

fuzz_target!(|data: &[u8]| {
    let (target, world) = &*CHOSEN;
    target(world, data);
});
