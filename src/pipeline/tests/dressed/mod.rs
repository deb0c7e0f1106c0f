//! Templates: a broken one stops nothing, is told once, and a mended one is taken by the next reading of the configuration.

use std::path::Path;

use oblik_documents::{Template, Text};

use super::World;
use crate::{House, run_until_idle, tell_templates};

async fn reopened(world: &World, template: &Path) -> House {
    let mut config = (*world.house.config).clone();
    config.documents.template = Some(template.to_owned());
    let mut house = House::open(config).await.unwrap();
    house.clock = super::clock;
    tell_templates(&house).await.unwrap();
    house
}

async fn told(house: &House) -> Vec<String> {
    let mut tx = house.store.read().await.unwrap();
    let entries = tx.journal_of("template", "supplier").await.unwrap();
    tx.roll_back().await.unwrap();
    entries.into_iter().map(|entry| entry.event).collect()
}

#[tokio::test]
async fn a_broken_template_is_told_once_and_stops_nothing_until_it_is_mended() {
    let world = World::new(1).await;
    let path = world.folder.path().join("template.toml");
    let missing = reopened(&world, &path).await;
    assert_eq!(told(&missing).await, ["template not usable"]);
    let trouble = missing.issuers.template_troubles[0].to_string();
    assert!(trouble.contains("template.toml") && trouble.contains("cannot be read"), "{trouble}");
    std::fs::write(&path, "[text.due]\neyebrow = \"{x}\"\nscan = 5\n").unwrap();
    let broken = reopened(&world, &path).await;
    let again = reopened(&world, &path).await;
    assert_eq!(told(&again).await, ["template not usable", "template not usable"], "what changed is told, what did not is not");
    assert!(broken.issuers.template_troubles[0].to_string().contains("line 2, column 12"), "{:?}", broken.issuers);
    let embedded = Template::embedded().text(Text::DueEyebrow);
    assert_eq!(broken.issuers.supplier.template.text(Text::DueEyebrow), embedded, "the embedded template serves");
    run_until_idle(&broken).await.unwrap();
    std::fs::write(&path, "[text.due]\neyebrow = \"СПЛАТІТЬ\"\n").unwrap();
    let mended = reopened(&world, &path).await;
    assert_eq!(told(&mended).await.last().unwrap(), "template usable again");
    assert_eq!(mended.issuers.supplier.template.text(Text::DueEyebrow), "СПЛАТІТЬ");
    assert!(mended.issuers.template_troubles.is_empty());
}
