//! Five broken orders. A harness that does not see them would not see ours broken either.
//!
//! Each is an exact change of the source, made in a copy of the tree. The copy has all five behind a switch read at run
//! time, so that one build serves them all; with the switch off it must pass like the original.

/// A text that stands exactly once in a file, and what replaces it.
struct Change {
    file: &'static str,
    find: &'static str,
    replace: &'static str,
}

const fn change_of(file: &'static str, find: &'static str, replace: &'static str) -> Change {
    Change { file, find, replace }
}

/// What the copy needs beside the mutants: the switch, a bin of another name, no tests.
const AROUND: &[Change] = &[
    change_of(
        "src/crashpoint/lib.rs",
        "/// A place where the process may be stopped. `name` says",
        "/// Whether this broken order is awake.\npub fn mutant(name: &str) -> bool {\n    std::env::var(\"OBLIK_MUTANT\").is_ok_and(|awake| awake == name)\n}\n\n\
         /// A place where the process may be stopped. `name` says",
    ),
    change_of(
        "src/channels/Cargo.toml",
        "oblik-config.workspace = true\n",
        "oblik-config.workspace = true\noblik-crashpoint.workspace = true\n",
    ),
    change_of("Cargo.toml", "name = \"oblik-armed\"", "name = \"oblik-mutants\""),
];

pub const MOVED_BEFORE_STORED: &str = "moved-before-stored";
pub const SENT_BEFORE_RECORDED: &str = "sent-before-recorded";
pub const SPLIT_TRANSACTION: &str = "split-transaction";
pub const UID_WITHOUT_VALIDITY: &str = "uid-without-validity";
pub const BLIND_RESEND: &str = "blind-resend";

const MUTANTS: &[(&str, &[Change])] = &[
    (
        MOVED_BEFORE_STORED,
        &[
            change_of(
                "src/pipeline/intake.rs",
                "    let receipts = store(house, name, fence, source.kind(), &fetch.fetched).await?;\n",
                "    if oblik_crashpoint::mutant(\"moved-before-stored\") {\n        for fetched in &fetch.fetched {\n            \
                 source.settle(&fetched.sighting, Settle::Accepted).await?;\n        }\n    }\n    \
                 let receipts = store(house, name, fence, source.kind(), &fetch.fetched).await?;\n",
            ),
            change_of(
                "src/pipeline/intake.rs",
                "        source.settle(&fetched.sighting, how).await?;\n",
                "        if !oblik_crashpoint::mutant(\"moved-before-stored\") {\n            source.settle(&fetched.sighting, how).await?;\n        }\n",
            ),
        ],
    ),
    (
        SENT_BEFORE_RECORDED,
        &[
            change_of(
                "src/pipeline/deliver.rs",
                "        begin(house, &ready).await?;\n        let mut sends",
                "        if !oblik_crashpoint::mutant(\"sent-before-recorded\") {\n            begin(house, &ready).await?;\n        }\n        let mut sends",
            ),
            change_of(
                "src/pipeline/deliver.rs",
                "        let sent = conclude(house, &join_all(sends).await).await?;\n",
                "        let outcomes = join_all(sends).await;\n        if oblik_crashpoint::mutant(\"sent-before-recorded\") {\n            \
                 let late: Vec<_> = outcomes.iter().map(|(claim, _)| (claim.clone(), Vec::new())).collect();\n            \
                 begin(house, &late).await?;\n        }\n        let sent = conclude(house, &outcomes).await?;\n",
            ),
        ],
    ),
    (
        // The draft and its number are committed apart from the act's step.
        SPLIT_TRANSACTION,
        &[
            change_of(
                "src/store/engine.rs",
                "    pub async fn roll_back(self) -> Result<()> {\n",
                "    pub async fn commit_half(&mut self) -> Result<()> {\n        oblik_crashpoint::point(\"before\", \"commit:half\");\n        \
                 for sql in [\"COMMIT\", \"BEGIN\"] {\n            match &mut self.inner {\n                \
                 Inner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop),\n                \
                 Inner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop),\n            }\n            \
                 .map_err(engine(\"split\"))?;\n        }\n        oblik_crashpoint::point(\"after\", \"commit:half\");\n        Ok(())\n    }\n\n    \
                 pub async fn roll_back(self) -> Result<()> {\n",
            ),
            change_of(
                "src/pipeline/bill.rs",
                "                draft(house, tx, Some(claim.id), ready, now).await?;\n",
                "                draft(house, tx, Some(claim.id), ready, now).await?;\n                \
                 if oblik_crashpoint::mutant(\"split-transaction\") {\n                    tx.commit_half().await?;\n                }\n",
            ),
        ],
    ),
    (
        UID_WITHOUT_VALIDITY,
        &[change_of(
            "src/channels/imap.rs",
            "        origin: Origin::new(format!(\"imap:{uid_validity}:{uid}\")),\n",
            "        origin: Origin::new(if oblik_crashpoint::mutant(\"uid-without-validity\") {\n            format!(\"imap:{uid}\")\n        } else {\n            \
             format!(\"imap:{uid_validity}:{uid}\")\n        }),\n",
        )],
    ),
    (
        BLIND_RESEND,
        &[change_of(
            "src/pipeline/doubt.rs",
            "    let known = learn(house, &doubtful, &since, (lease.now, answers)).await;\n",
            "    let known = if oblik_crashpoint::mutant(\"blind-resend\") {\n        doubtful.iter().map(|_| Known::NotDelivered).collect()\n    } else {\n        \
             learn(house, &doubtful, &since, (lease.now, answers)).await\n    };\n",
        )],
    ),
];

/// The text of a file of the copy.
///
/// # Panics
/// When a text to be replaced does not stand exactly once: the source has moved on, and the mutant with it.
pub fn change(file: &str, text: String) -> String {
    let named = MUTANTS.iter().flat_map(|(name, changes)| changes.iter().map(move |change| (*name, change)));
    let around = AROUND.iter().map(|change| ("the switch", change));
    around.chain(named).filter(|(_, change)| change.file == file).fold(text, |text, (name, change)| {
        let found = text.matches(change.find).count();
        assert_eq!(found, 1, "the mutant {name} wants this once in {file}, it stands there {found} times:\n{}", change.find);
        text.replace(change.find, change.replace)
    })
}

#[test]
fn every_mutant_still_fits_the_source() {
    let all = AROUND.iter().chain(MUTANTS.iter().flat_map(|(_, changes)| changes.iter()));
    let files: std::collections::BTreeSet<&str> = all.map(|change| change.file).collect();
    for file in files {
        let text = std::fs::read_to_string(crate::program::root().join(file)).expect("a source");
        change(file, text);
    }
}
