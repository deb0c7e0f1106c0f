//! The sections of each document by their names in the template. A new section is one line here and one arm where its
//! document is put together.

/// A name in a list of the template.
pub trait Named: Copy + Eq + 'static {
    const ALL: &'static [Self];

    fn key(self) -> &'static str;

    /// A document without it would not be that document.
    fn always(self) -> bool;
}

macro_rules! sections {
    ($(#[$doc:meta])* $list:ident: $($name:ident = $key:literal $($always:ident)?;)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $list { $($name),+ }

        impl Named for $list {
            const ALL: &'static [Self] = &[$(Self::$name),+];

            fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }

            fn always(self) -> bool {
                match self { $(Self::$name => sections!(@ $($always)?)),+ }
            }
        }
    };
    (@) => { false };
    (@ always) => { true };
}

sections! {
    /// What an invoice consists of.
    Section:
    Head = "head" always;
    Due = "due" always;
    Parties = "parties" always;
    Charges = "charges" always;
    SumInWords = "sum-in-words";
    Standing = "standing";
    Parts = "parts";
    Chart = "chart";
    Notice = "notice";
    Breakdown = "breakdown";
    ActEnergy = "act_energy";
    ActNetwork = "act_network";
    ActReactive = "act_reactive";
    Zones = "zones";
    Reasons = "reasons";
    Signature = "signature";
}

sections! {
    /// What a reading act consists of.
    ActSection:
    Head = "head" always;
    Parties = "parties" always;
    Readings = "readings" always;
    Signing = "signing" always;
}
