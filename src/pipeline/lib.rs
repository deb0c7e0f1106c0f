//! The stations a document passes, to be read from top to bottom.
//!
//! Each claims things in one state, reads what it needs, asks a pure function what they mean, and commits the answers in
//! one transaction. The state column is the queue; no other list of work exists. A station that fails gives its claim
//! back, later; one that fails three times parks the item for a person.

mod answer;
mod ask;
mod ask_document;
mod bill;
mod calculate;
mod certificates;
mod classify;
mod compose;
mod confirm;
mod continuity;
mod correct;
mod countersign;
mod deliver;
mod doubt;
mod draft;
mod entries;
mod handout;
mod hints;
mod house;
mod intake;
mod issue;
mod issuing;
mod keyring;
mod ledger;
mod month;
mod online;
mod outgoing;
mod parcel;
mod patience;
mod payments;
mod quest;
mod raise;
mod reading_acts;
mod register;
mod register_file;
mod rejudge;
mod remind;
mod run;
mod signed;
mod stamping;
mod statements;
mod station;
mod templates;
mod threads;
mod ticket;
mod trusted_list;
mod verify;

pub use bill::{BillPreview, How, bill_now, preview};
pub use certificates::{HouseCertificate, role, tell_certificates};
pub use confirm::{Claim, Confirming, Word, approve, confirm};
pub use correct::{correct_now, preview_correction};
pub use deliver::Postman;
pub use entries::{Entry, enter_reading};
pub use handout::{HandedOut, hand_out};
pub use house::{Assembly, House, open_online};
pub use intake::{IntakeError, Taken, take_drop, take_file, take_mailbox, take_message};
pub use issuing::{Issuers, Issuing};
pub use keyring::Keyring;
pub use ledger::{Booking, Planning, Told, book, plan, statement};
pub use month::{MonthTotals, begin_run, begin_scheduled_run, finish_runs, missing_readings, preview_run};
pub use online::{Fetch, Missed, Online};
pub use payments::{Assigning, Registered, assign_payment, enter_payment, register_payment, unassigned};
pub use quest::{LONGEST, Quest};
pub use reading_acts::{ActAgain, ActByHand, MadeByHand, act_file_name, act_number, issue_act, known_act, send_act_again};
pub use rejudge::{Case, Repeated, Unrepeatable, case_of};
pub use signed::{judge_signed, parts_of};
pub use stamping::{AskStamp, Stamping};
pub use statements::{Stated, StatementRequest, report};
pub use station::{Trouble, Turn};
pub use templates::{TemplateFile, TemplateTrouble, read_template_file, tell_templates, template_trouble};
pub use ticket::{Handled, TICKET_TEXT_CHARS, TicketThread, close_ticket, reply_to_ticket, ticket_thread};
pub use trusted_list::{read_signers, read_trusted_list};

use oblik_store::StoreError;

#[cfg(test)]
mod tests;

/// The stations between intake and delivery, in the order a document meets them.
pub const STATIONS: &[&str] =
    &["classify", "verify", "register", "register-file", "act", "bill", "run", "issue", "answer", "remind"];

/// Lets one station make one turn.
///
/// # Errors
/// The store cannot be reached or failed; nothing is lost, the claims run out.
pub async fn turn(house: &House, name: &str) -> Result<Turn, StoreError> {
    match name {
        "classify" => station::turn(house, &classify::Classify).await,
        "verify" => station::turn(house, &verify::Verify).await,
        "register" => station::turn(house, &register::Register).await,
        "register-file" => station::turn(house, &register_file::RegisterFile).await,
        "act" => station::turn(house, &reading_acts::MakeActs).await,
        "bill" => station::turn(house, &bill::Calculate).await,
        "run" => station::turn(house, &run::Run).await,
        "issue" => station::turn(house, &issue::Issue).await,
        "answer" => station::turn(house, &answer::Answer).await,
        "remind" => station::turn(house, &remind::Remind).await,
        _ => Ok(Turn::default()),
    }
}

/// Lets every station turn until none has anything to do; how many steps were taken. A month's run is left to who began it:
/// it may take long, and goes on where it stood.
///
/// # Errors
/// As [`turn`].
pub async fn run_until_idle(house: &House) -> Result<usize, StoreError> {
    let mut steps = 0;
    loop {
        let mut moved = 0;
        for name in STATIONS.iter().filter(|name| **name != "run") {
            moved += turn(house, name).await?.moved;
        }
        if moved == 0 {
            return Ok(steps);
        }
        steps += moved;
    }
}
