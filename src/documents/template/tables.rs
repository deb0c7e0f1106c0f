//! The tables of the documents: the columns each may have. A new table is one line of `TableName`, its columns, and its
//! block in the template.

use crate::geometry::Align;
use crate::table::Sizing;
use crate::template::sections::Named;

macro_rules! names {
    ($(#[$doc:meta])* $list:ident: $($name:ident = $key:literal;)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $list { $($name),+ }

        impl $list {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }
        }
    };
}

names! {
    /// What a column shows.
    Field:
    Number = "number";
    Name = "name";
    Class = "class";
    Zone = "zone";
    Unit = "unit";
    Quantity = "quantity";
    Price = "price";
    Sum = "sum";
    Eic = "eic";
    Meter = "meter";
    Kind = "kind";
    Digits = "digits";
    Opening = "opening";
    Closing = "closing";
    Difference = "difference";
    Coefficient = "coefficient";
    Volume = "volume";
    Step = "step";
    Formula = "formula";
    Result = "result";
    Losses = "losses";
    Fed = "fed";
    Net = "net";
    Vat = "vat";
    Gross = "gross";
    Debt = "debt";
    Charged = "charged";
    Paid = "paid";
    Overdue = "overdue";
    Days = "days";
    Date = "date";
    Hours = "hours";
    Ratio = "ratio";
    Active = "active";
    Consumed = "consumed";
    Generated = "generated";
    Equivalent = "equivalent";
    Tg = "tg";
    PaymentConsumed = "payment_consumed";
    PaymentGenerated = "payment_generated";
    Payment = "payment";
    PaymentExcess = "payment_excess";
    Total = "total";
    LossLine = "loss_line";
    LossVariable = "loss_variable";
    LossConstant = "loss_constant";
    Note = "note";
}

names! {
    /// A table, by the name of its block below `[table]`.
    TableName:
    Charges = "charges";
    Breakdown = "breakdown";
    Reasons = "reasons";
    Act = "act";
    Reactive = "reactive";
    Debts = "debts";
    Payments = "payments";
    ActLines = "act_lines";
    Zones = "zones";
}

/// A column that a table may have.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    pub field: Field,
    pub align: Align,
    pub sizing: Sizing,
    /// The table says nothing without it.
    pub always: bool,
    /// Has a value in the rows of totals, whose title stands left of it: never the first column.
    pub totals: bool,
}

impl Slot {
    const fn always(self) -> Self {
        Self { always: true, ..self }
    }

    const fn totals(self) -> Self {
        Self { totals: true, ..self }
    }
}

const fn slot(field: Field, align: Align, sizing: Sizing) -> Slot {
    Slot { field, align, sizing, always: false, totals: false }
}

const fn left(field: Field) -> Slot {
    slot(field, Align::Left, Sizing::Natural)
}

const fn right(field: Field) -> Slot {
    slot(field, Align::Right, Sizing::Natural)
}

/// Takes the width that the others leave.
const fn wide(field: Field) -> Slot {
    slot(field, Align::Left, Sizing::Share(1))
}

const CHARGES: &[Slot] = &[
    left(Field::Number),
    wide(Field::Name).always(),
    slot(Field::Class, Align::Centre, Sizing::Natural),
    left(Field::Zone),
    left(Field::Unit),
    right(Field::Quantity),
    right(Field::Price),
    right(Field::Sum).always().totals(),
];

const BREAKDOWN: &[Slot] = &[
    wide(Field::Meter).always(),
    left(Field::Kind).always(),
    left(Field::Zone).always(),
    right(Field::Opening).always(),
    right(Field::Closing).always(),
    right(Field::Difference),
    right(Field::Coefficient),
    right(Field::Volume).always().totals(),
    right(Field::Losses).totals(),
    right(Field::Fed).totals(),
    right(Field::Net).totals(),
    right(Field::Price),
    right(Field::Sum).totals(),
];

const REACTIVE: &[Slot] = &[
    wide(Field::Eic).always(),
    right(Field::Active).always(),
    right(Field::Consumed).always(),
    right(Field::Generated).always(),
    right(Field::Equivalent).always(),
    right(Field::Price).always(),
    right(Field::Tg).always(),
    right(Field::PaymentConsumed).totals(),
    right(Field::PaymentGenerated).totals(),
    right(Field::Payment).always().totals(),
    right(Field::PaymentExcess).always().totals(),
    right(Field::Sum).totals(),
];

const DEBTS: &[Slot] = &[
    wide(Field::Debt).always(),
    right(Field::Opening).always().totals(),
    right(Field::Charged).always().totals(),
    right(Field::Paid).always().totals(),
    right(Field::Closing).always().totals(),
    right(Field::Overdue).totals(),
    right(Field::Days).totals(),
];

const PAYMENTS: &[Slot] = &[left(Field::Date).always(), wide(Field::Number), wide(Field::Debt), right(Field::Sum).always()];

const ACT_LINES: &[Slot] = &[
    left(Field::Number),
    wide(Field::Name).always(),
    left(Field::Class),
    left(Field::Unit),
    right(Field::Quantity).always(),
    right(Field::Price).always(),
    right(Field::Sum).always().totals(),
    right(Field::Vat).always().totals(),
    right(Field::Gross).always().totals(),
];

const ZONES: &[Slot] = &[
    wide(Field::Eic).always(),
    left(Field::Meter),
    left(Field::Zone).always(),
    right(Field::Hours),
    right(Field::Opening),
    right(Field::Closing),
    right(Field::Coefficient),
    right(Field::Volume).always(),
    right(Field::Ratio),
    right(Field::Price).always(),
    right(Field::Sum).always().totals(),
];

const REASONS: &[Slot] = &[
    wide(Field::Step).always(),
    right(Field::Formula).always().totals(),
    right(Field::Result).always().totals(),
    left(Field::Unit).totals(),
];

const ACT: &[Slot] = &[
    left(Field::Number),
    left(Field::Eic).always(),
    left(Field::Meter).always(),
    left(Field::Kind).always(),
    left(Field::Zone).always(),
    right(Field::Digits),
    right(Field::Closing).always(),
    right(Field::Opening).always(),
    right(Field::Difference),
    right(Field::Coefficient),
    right(Field::Volume).totals(),
    right(Field::Total).totals(),
    right(Field::LossLine),
    right(Field::LossVariable),
    right(Field::LossConstant),
    right(Field::Gross).totals(),
    left(Field::Unit).totals(),
    left(Field::Note),
];

impl TableName {
    /// All columns that the table may have.
    pub fn slots(self) -> &'static [Slot] {
        match self {
            Self::Charges => CHARGES,
            Self::Breakdown => BREAKDOWN,
            Self::Reasons => REASONS,
            Self::Act => ACT,
            Self::Reactive => REACTIVE,
            Self::Debts => DEBTS,
            Self::Payments => PAYMENTS,
            Self::ActLines => ACT_LINES,
            Self::Zones => ZONES,
        }
    }

    pub fn slot(self, field: Field) -> Option<&'static Slot> {
        self.slots().iter().find(|slot| slot.field == field)
    }
}

impl Named for Field {
    const ALL: &'static [Self] = Self::ALL;

    fn key(self) -> &'static str {
        self.key()
    }

    fn always(self) -> bool {
        false
    }
}
