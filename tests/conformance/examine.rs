//! Judges cases as they are, changed in every part, and at places spread over them; and hears the second opinion.

use std::collections::BTreeMap;

use oblik_conformance_tests::peer::{Peer, Question};

use crate::case::{Carried, Case, Given, Second, said};
use crate::mutants;

/// Places at which a file is changed besides its parts.
const PLACES: usize = 24;

/// Judges all `cases`.
///
/// # Panics
/// With everything that is not as it must be.
pub fn examine(maker: &str, cases: &[Case], mut peer: Option<Peer>) {
    let (mut faults, mut counts) = (Vec::new(), BTreeMap::<&str, usize>::new());
    let mut count = |what| *counts.entry(what).or_default() += 1;
    for case in cases {
        count("files");
        // OpenSSL reads no containers, and is asked about the message itself elsewhere.
        let mut peer = peer.as_mut().filter(|_| case.carried != Carried::Asic);
        faults.extend(case.fault());
        if let Some(fault) = peer.as_deref_mut().and_then(|peer| disagreement(case, peer)) {
            faults.push(fault);
        }
        if case.refused.is_some() {
            continue;
        }
        for mutant in mutants::of(case) {
            count("changed parts");
            let judged = case.judge(&mutant.given);
            let says = said(&judged);
            if !mutant.expected.contains(&says.as_str()) || judged.signed.is_some() {
                faults.push(format!("{}, {} changed: {says} instead of {:?}", case.name, mutant.part, mutant.expected));
            }
            let opinion = peer.as_deref_mut().filter(|_| case.second != Second::Mute).map(|peer| ask(peer, &mutant.given));
            match (opinion, mutant.may_be_taken) {
                (None, _) => {}
                (Some(false), _) => count("refused by OpenSSL too"),
                (Some(true), Some(_)) => count("taken by OpenSSL, with a reason"),
                (Some(true), None) => faults.push(format!("{}, {} changed: OpenSSL takes it", case.name, mutant.part)),
            }
        }
        for place in 0..PLACES {
            count("changed places");
            let mut given = case.given.clone();
            // Another bit and other places in every file.
            let at = (place * given.message.len() + case.name.len() * 7) / PLACES % given.message.len();
            given.message[at] ^= 1 << (place % 8);
            let judged = case.judge(&given);
            if judged.signed.is_some_and(|signed| signed.bytes() != case.signed) {
                faults.push(format!("{}, octet {at} changed: other bytes than the signed ones are proven", case.name));
            }
        }
    }
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    tell(&format!("{maker}: {}", counts.join(", ")));
    assert!(faults.is_empty(), "{maker}: {} faults\n{}", faults.len(), faults.join("\n"));
}

fn disagreement(case: &Case, peer: &mut Peer) -> Option<String> {
    let is_good = ask(peer, &case.given);
    let expected = match case.second {
        Second::Same => case.refused.is_none(),
        Second::Differs(_) => case.refused.is_some(),
        Second::Mute => false,
    };
    (is_good != expected).then(|| format!("{}: OpenSSL says good = {is_good}", case.name))
}

fn ask(peer: &mut Peer, given: &Given) -> bool {
    let question = Question {
        rounds: 1,
        moment: given.moment.timestamp(),
        root: &given.anchor,
        message: &given.message,
        content: given.content.as_deref(),
    };
    peer.verify(question).is_good
}

#[allow(clippy::print_stdout, reason = "how much was done is told")]
pub fn tell(text: &str) {
    println!("{text}");
}
