//! The lives of things, each as a table.
//!
//! A table is the whole truth: `store` checks every change of state against it, the database refuses a state it does not
//! name, and the drawing in `docs/states.md` is compared with it by a test.

use std::fmt;

use crate::metering::word_enum;

/// One allowed step: from a state, by an event, to a state.
pub type Step<S, E> = (S, E, S);

/// A subject with a life: its states, its events and the steps between them.
pub trait Life: Copy + PartialEq + fmt::Display + 'static {
    type Event: Copy + PartialEq + fmt::Display + 'static;
    const SUBJECT: &'static str;
    const STEPS: &'static [Step<Self, Self::Event>];

    /// The state after `event`, or `None` when the table has no such step.
    fn after(self, event: Self::Event) -> Option<Self> {
        Self::STEPS.iter().find(|(from, by, _)| *from == self && *by == event).map(|(_, _, to)| *to)
    }
}

word_enum!(
    /// The life of an item: one message or file taken in.
    ItemState {
        /// Bytes are stored; nobody has looked.
        Received = "received",
        /// Holds a signed act; its life goes on in the act.
        Acting = "acting",
        /// Is a partner's file in a known format.
        Filed = "filed",
        /// Has something to say to its sender.
        Answerable = "answerable",
        Done = "done",
        /// Waits for a person; `queue` shows it.
        Parked = "parked",
    }
);

word_enum!(ItemEvent {
    ActFound = "act-found",
    FileRecognised = "file-recognised",
    FindingsToTell = "findings-to-tell",
    NothingToSay = "nothing-to-say",
    ActSettled = "act-settled",
    FileSettled = "file-settled",
    Answered = "answered",
    GaveUp = "gave-up",
    Retried = "retried",
    RetriedAct = "retried-act",
    RetriedFile = "retried-file",
    RetriedAnswer = "retried-answer",
    RefusedByOperator = "refused-by-operator",
});

#[rustfmt::skip]
impl Life for ItemState {
    type Event = ItemEvent;
    const SUBJECT: &'static str = "item";
    const STEPS: &'static [Step<Self, ItemEvent>] = &[
        (Self::Received,   ItemEvent::ActFound,          Self::Acting),
        (Self::Received,   ItemEvent::FileRecognised,    Self::Filed),
        (Self::Received,   ItemEvent::FindingsToTell,    Self::Answerable),
        (Self::Received,   ItemEvent::NothingToSay,      Self::Done),
        (Self::Acting,     ItemEvent::ActSettled,        Self::Answerable),
        (Self::Filed,      ItemEvent::FileSettled,       Self::Done),
        (Self::Answerable, ItemEvent::Answered,          Self::Done),
        (Self::Received,   ItemEvent::GaveUp,            Self::Parked),
        (Self::Acting,     ItemEvent::GaveUp,            Self::Parked),
        (Self::Filed,      ItemEvent::GaveUp,            Self::Parked),
        (Self::Answerable, ItemEvent::GaveUp,            Self::Parked),
        (Self::Parked,     ItemEvent::Retried,           Self::Received),
        (Self::Parked,     ItemEvent::RetriedAct,        Self::Acting),
        (Self::Parked,     ItemEvent::RetriedFile,       Self::Filed),
        (Self::Parked,     ItemEvent::RetriedAnswer,     Self::Answerable),
        (Self::Parked,     ItemEvent::RefusedByOperator, Self::Done),
    ];
}

word_enum!(
    /// The life of a signed act.
    ActState {
        Received = "received",
        /// The signature holds and the signer may sign for the account.
        Verified = "verified",
        /// The readings stand; the period may be calculated.
        Registered = "registered",
        /// The period is calculated and its invoice drafted.
        Billed = "billed",
        /// The invoice is issued: the act has done all it can.
        Invoiced = "invoiced",
        /// The signature does not hold, or the signer may not sign.
        Rejected = "rejected",
        /// Signed and authorised, and not registered: what it says does not fit the account, or only a trial was asked.
        Refused = "refused",
        /// Accepted before: told again, never registered again.
        Repeated = "repeated",
        /// Registered, but the period cannot be calculated; the readings stay.
        Unbilled = "unbilled",
        /// No act of readings: an invoice of ours, signed by who may sign for the account.
        Countersigned = "countersigned",
    }
);

word_enum!(ActEvent {
    SignaturePassed = "signature-passed",
    SignatureFailed = "signature-failed",
    ReadingsFit = "readings-fit",
    ReadingsRefused = "readings-refused",
    /// The customer wants to know what the act would come to, and nothing else.
    TrialAsked = "trial-asked",
    SeenBefore = "seen-before",
    Calculated = "calculated",
    CalculationRefused = "calculation-refused",
    InvoiceIssued = "invoice-issued",
    /// What is signed is an invoice of ours, byte by byte.
    CopyReceived = "copy-received",
});

#[rustfmt::skip]
impl Life for ActState {
    type Event = ActEvent;
    const SUBJECT: &'static str = "act";
    const STEPS: &'static [Step<Self, ActEvent>] = &[
        (Self::Received,   ActEvent::SignaturePassed,    Self::Verified),
        (Self::Received,   ActEvent::SignatureFailed,    Self::Rejected),
        (Self::Received,   ActEvent::SeenBefore,         Self::Repeated),
        (Self::Received,   ActEvent::CopyReceived,       Self::Countersigned),
        (Self::Verified,   ActEvent::ReadingsFit,        Self::Registered),
        (Self::Verified,   ActEvent::ReadingsRefused,    Self::Refused),
        (Self::Verified,   ActEvent::TrialAsked,         Self::Refused),
        (Self::Verified,   ActEvent::SeenBefore,         Self::Repeated),
        (Self::Registered, ActEvent::Calculated,         Self::Billed),
        (Self::Registered, ActEvent::CalculationRefused, Self::Unbilled),
        (Self::Unbilled,   ActEvent::Calculated,         Self::Billed),
        (Self::Billed,     ActEvent::InvoiceIssued,      Self::Invoiced),
    ];
}

word_enum!(
    /// The life of an invoice.
    InvoiceState {
        /// Calculated and numbered; its document is not made yet.
        Drafted = "drafted",
        /// Rendered, signed, never changed again.
        Issued = "issued",
    }
);

word_enum!(InvoiceEvent { DocumentSigned = "document-signed" });

impl Life for InvoiceState {
    type Event = InvoiceEvent;
    const SUBJECT: &'static str = "invoice";
    const STEPS: &'static [Step<Self, InvoiceEvent>] = &[(Self::Drafted, InvoiceEvent::DocumentSigned, Self::Issued)];
}

word_enum!(
    /// The life of whatever leaves: a letter, or a file for a partner.
    LetterState {
        /// Written in the transaction that made it true; due at its time.
        Due = "due",
        /// The bytes may be on their way: recorded before the first of them leaves.
        Sending = "sending",
        /// The other side took responsibility.
        Delivered = "delivered",
        /// The connection broke after the bytes left and before the answer: perhaps taken, perhaps not.
        InDoubt = "in-doubt",
        /// Refused for good, or out of time.
        Failed = "failed",
        /// Waits for a person.
        Held = "held",
    }
);

word_enum!(LetterEvent {
    AttemptBegan = "attempt-began",
    Accepted = "accepted",
    RefusedForNow = "refused-for-now",
    RefusedForGood = "refused-for-good",
    AnswerLost = "answer-lost",
    FoundInJournal = "found-in-journal",
    AbsentFromJournal = "absent-from-journal",
    NobodyKnows = "nobody-knows",
    OutOfTime = "out-of-time",
    ReleasedByOperator = "released-by-operator",
    ClosedByOperator = "closed-by-operator",
});

#[rustfmt::skip]
impl Life for LetterState {
    type Event = LetterEvent;
    const SUBJECT: &'static str = "letter";
    const STEPS: &'static [Step<Self, LetterEvent>] = &[
        (Self::Due,     LetterEvent::AttemptBegan,       Self::Sending),
        (Self::Due,     LetterEvent::RefusedForNow,      Self::Due),
        (Self::Due,     LetterEvent::RefusedForGood,     Self::Failed),
        (Self::Due,     LetterEvent::OutOfTime,          Self::Failed),
        (Self::Sending, LetterEvent::Accepted,           Self::Delivered),
        (Self::Sending, LetterEvent::RefusedForNow,      Self::Due),
        (Self::Sending, LetterEvent::RefusedForGood,     Self::Failed),
        (Self::Sending, LetterEvent::AnswerLost,         Self::InDoubt),
        (Self::InDoubt, LetterEvent::FoundInJournal,     Self::Delivered),
        (Self::InDoubt, LetterEvent::AbsentFromJournal,  Self::Due),
        (Self::InDoubt, LetterEvent::NobodyKnows,        Self::Held),
        (Self::Held,    LetterEvent::ReleasedByOperator, Self::Due),
        (Self::Held,    LetterEvent::ClosedByOperator,   Self::Failed),
        (Self::Failed,  LetterEvent::ReleasedByOperator, Self::Due),
    ];
}

word_enum!(
    /// The life of a reading act that we make for the customer to sign.
    ReadingActState {
        /// Readings came: whether an act is to be made of them is to be seen.
        Due = "due",
        /// There is nothing to make: a reading lacks, the account is billed, all of it is signed, or nothing changed.
        Unneeded = "unneeded",
        /// Numbered and sent: waits for the customer's signature.
        Issued = "issued",
        /// Its signed copy is registered.
        Signed = "signed",
        /// Readings changed after it: its signed copy counts no more.
        Void = "void",
    }
);

word_enum!(ReadingActEvent {
    ReadingsCame = "readings-came",
    NothingToMake = "nothing-to-make",
    Made = "made",
    SignedCopyRegistered = "signed-copy-registered",
    Replaced = "replaced",
});

#[rustfmt::skip]
impl Life for ReadingActState {
    type Event = ReadingActEvent;
    const SUBJECT: &'static str = "reading act";
    const STEPS: &'static [Step<Self, ReadingActEvent>] = &[
        (Self::Due,      ReadingActEvent::ReadingsCame,         Self::Due),
        (Self::Due,      ReadingActEvent::NothingToMake,        Self::Unneeded),
        (Self::Due,      ReadingActEvent::Made,                 Self::Issued),
        (Self::Unneeded, ReadingActEvent::ReadingsCame,         Self::Due),
        (Self::Issued,   ReadingActEvent::SignedCopyRegistered, Self::Signed),
        (Self::Issued,   ReadingActEvent::Replaced,             Self::Void),
        (Self::Signed,   ReadingActEvent::Replaced,             Self::Void),
    ];
}

word_enum!(
    /// The life of one account in a month's run.
    RunAccountState {
        /// To be calculated.
        Due = "due",
        /// Its invoice is drafted.
        Billed = "billed",
        /// Its period could not be calculated; the findings say why.
        Refused = "refused",
        /// Its period was billed before the run came to it.
        Skipped = "skipped",
    }
);

word_enum!(RunAccountEvent {
    Calculated = "calculated",
    CalculationRefused = "calculation-refused",
    FoundBilled = "found-billed",
    Retried = "retried",
});

#[rustfmt::skip]
impl Life for RunAccountState {
    type Event = RunAccountEvent;
    const SUBJECT: &'static str = "run account";
    const STEPS: &'static [Step<Self, RunAccountEvent>] = &[
        (Self::Due,     RunAccountEvent::Calculated,         Self::Billed),
        (Self::Due,     RunAccountEvent::CalculationRefused, Self::Refused),
        (Self::Due,     RunAccountEvent::FoundBilled,        Self::Skipped),
        (Self::Refused, RunAccountEvent::Retried,            Self::Due),
    ];
}

word_enum!(
    /// The life of the copy an issued invoice is to come back in, signed by the customer (RQ-F04).
    CountersignState {
        /// Not there; due to be reminded of when its term ends.
        Awaited = "awaited",
        /// Not there, and reminded of once.
        Reminded = "reminded",
        /// The customer objected; nobody is reminded while the ticket is open.
        Disputed = "disputed",
        /// There, signed by who may sign for the account (RQ-D04).
        Received = "received",
    }
);

word_enum!(CountersignEvent {
    TermEnded = "term-ended",
    Objected = "objected",
    ObjectionSettled = "objection-settled",
    CopyReceived = "copy-received",
});

#[rustfmt::skip]
impl Life for CountersignState {
    type Event = CountersignEvent;
    const SUBJECT: &'static str = "countersigning";
    const STEPS: &'static [Step<Self, CountersignEvent>] = &[
        (Self::Awaited,  CountersignEvent::TermEnded,        Self::Reminded),
        (Self::Awaited,  CountersignEvent::Objected,         Self::Disputed),
        (Self::Reminded, CountersignEvent::Objected,         Self::Disputed),
        (Self::Disputed, CountersignEvent::ObjectionSettled, Self::Awaited),
        (Self::Awaited,  CountersignEvent::CopyReceived,     Self::Received),
        (Self::Reminded, CountersignEvent::CopyReceived,     Self::Received),
        (Self::Disputed, CountersignEvent::CopyReceived,     Self::Received),
    ];
}

word_enum!(
    /// The life of a ticket: what a customer wrote that a person must answer.
    TicketState {
        /// The customer wrote last.
        Open = "open",
        /// The operator wrote last.
        Answered = "answered",
        Closed = "closed",
    }
);

word_enum!(TicketEvent {
    CustomerWrote = "customer-wrote",
    OperatorReplied = "operator-replied",
    ClosedByOperator = "closed-by-operator",
});

#[rustfmt::skip]
impl Life for TicketState {
    type Event = TicketEvent;
    const SUBJECT: &'static str = "ticket";
    const STEPS: &'static [Step<Self, TicketEvent>] = &[
        (Self::Open,     TicketEvent::CustomerWrote,    Self::Open),
        (Self::Open,     TicketEvent::OperatorReplied,  Self::Answered),
        (Self::Open,     TicketEvent::ClosedByOperator, Self::Closed),
        (Self::Answered, TicketEvent::CustomerWrote,    Self::Open),
        (Self::Answered, TicketEvent::OperatorReplied,  Self::Answered),
        (Self::Answered, TicketEvent::ClosedByOperator, Self::Closed),
        (Self::Closed,   TicketEvent::CustomerWrote,    Self::Open),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deterministic<S: Life>() {
        for (index, (from, by, _)) in S::STEPS.iter().enumerate() {
            let same = S::STEPS.iter().position(|(other, event, _)| other == from && event == by);
            assert_eq!(same, Some(index), "{} {from} {by} stands twice", S::SUBJECT);
        }
    }

    #[test]
    fn an_event_leads_from_a_state_to_one_state() {
        deterministic::<ItemState>();
        deterministic::<ActState>();
        deterministic::<InvoiceState>();
        deterministic::<LetterState>();
        deterministic::<RunAccountState>();
        deterministic::<ReadingActState>();
        deterministic::<CountersignState>();
        deterministic::<TicketState>();
    }

    #[test]
    fn every_item_ends_in_done_or_parked() {
        for state in ItemState::ALL {
            let leaves = ItemState::STEPS.iter().any(|(from, _, _)| from == state);
            assert_eq!(leaves, *state != ItemState::Done, "{state}");
        }
    }

    #[test]
    fn a_void_act_is_void_for_ever() {
        assert!(ReadingActState::STEPS.iter().all(|(from, _, _)| *from != ReadingActState::Void));
    }

    #[test]
    fn an_issued_invoice_never_changes() {
        assert!(InvoiceState::STEPS.iter().all(|(from, _, _)| *from != InvoiceState::Issued));
    }
}
