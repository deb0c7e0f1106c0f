//! What a customer may ask to be told of the account (RQ-B01 to B08).

use crate::metering::word_enum;

word_enum!(
    /// One kind of statement.
    StatementKind {
        /// САЛЬДО: balances by type of debt, what is open and overdue.
        Balance = "balance",
        /// НАРАХУВАННЯ: what was charged, line by line.
        Charges = "charges",
        /// ПЛАТЕЖІ: what was paid, when it was registered and what it paid for.
        Payments = "payments",
        /// ТАРИФИ: prices that apply to the account, with their days.
        Tariffs = "tariffs",
        /// ЛІМІТИ: declared volumes and powers.
        Limits = "limits",
        /// ПРИЛАДИ: meters and their registers.
        Meters = "meters",
        /// ВІДКЛЮЧЕННЯ: when points were cut off, and why.
        Disconnections = "disconnections",
        /// ДОГОВІР: the contract's data as we hold them, for the customer to check.
        Contract = "contract",
    }
);
