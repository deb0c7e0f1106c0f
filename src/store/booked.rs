//! All that is booked of many accounts in two statements: the month's run shows each how it stands.

use std::collections::BTreeMap;

use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::{Assignment, Charge, Payment};

use crate::charges::read_charge;
use crate::payments::{assignment, payment};
use crate::statement::{statements, values};
use crate::versions::json;
use crate::{Result, Tx};

statements! {
    CHARGES = "SELECT id, contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running FROM charge \
               WHERE contract IN (SELECT value FROM json_each($1)) ORDER BY id",
        postgres: "SELECT id, contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running FROM charge \
               WHERE contract IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY id";
    PAYMENTS = "SELECT payment.id, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose, payment_id, contract, intent, assigned_at, operator \
                FROM payment_assignment AS newest JOIN payment ON payment.id = payment_id WHERE contract IN (SELECT value FROM json_each($1)) \
                AND NOT EXISTS (SELECT 1 FROM payment_assignment AS later WHERE later.payment_id = newest.payment_id \
                                AND (later.assigned_at, later.id) > (newest.assigned_at, newest.id)) ORDER BY payment.id",
        postgres: "SELECT payment.id, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose, payment_id, contract, intent, assigned_at, operator \
                FROM payment_assignment AS newest JOIN payment ON payment.id = payment_id WHERE contract IN (SELECT jsonb_array_elements_text($1::jsonb)) \
                AND NOT EXISTS (SELECT 1 FROM payment_assignment AS later WHERE later.payment_id = newest.payment_id \
                                AND (later.assigned_at, later.id) > (newest.assigned_at, newest.id)) ORDER BY payment.id";
}

/// What one account was charged and paid, each in the order it was booked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Booked {
    pub charges: Vec<Charge>,
    pub payments: Vec<Payment>,
    /// The newest of each payment.
    pub assignments: Vec<Assignment>,
}

impl Tx {
    /// What these accounts were charged and paid; accounts of which nothing is booked are left out.
    pub async fn booked(&mut self, contracts: &[ContractNumber]) -> Result<BTreeMap<ContractNumber, Booked>> {
        let list = json(&contracts)?;
        let mut accounts: BTreeMap<ContractNumber, Booked> = BTreeMap::new();
        for row in self.rows(&CHARGES, values![list.as_str()]).await? {
            let charge = read_charge(row)?;
            accounts.entry(charge.contract.clone()).or_default().charges.push(charge);
        }
        for mut row in self.rows(&PAYMENTS, values![list]).await? {
            let (payment, assignment) = (payment(&mut row)?, assignment(&mut row)?);
            let booked = accounts.entry(assignment.contract.clone()).or_default();
            booked.payments.push(payment);
            booked.assignments.push(assignment);
        }
        Ok(accounts)
    }
}
