//! What goes wrong with keys: an authority nobody trusts, a certificate past its day, a revoked one.

use chrono::TimeDelta;
use oblik_domain::period::kyiv_day;

use crate::{Authority, Customer, SampleError, Utility, Validity};

impl Utility {
    /// The same customer with a certificate of the same wording from an authority the supplier does not trust.
    ///
    /// # Errors
    /// [`SampleError`] as when a customer is made.
    pub fn with_untrusted_key(&mut self, customer: &Customer) -> Result<Customer, SampleError> {
        let validity = self.validity()?;
        let issue = |authority: &mut Authority, keys| {
            authority.issue(&customer.identity.subject, customer.identity.algorithm, keys, validity)
        };
        Ok(Customer { identity: issue(&mut self.stranger, &mut self.keys)?, ..customer.clone() })
    }

    /// The same customer with a certificate that ended a week ago.
    ///
    /// # Errors
    /// [`SampleError`] as when a customer is made.
    pub fn with_expired_key(&mut self, customer: &Customer) -> Result<Customer, SampleError> {
        let today = kyiv_day(self.now);
        let validity = Validity { from: today - TimeDelta::days(370), to: today - TimeDelta::days(7) };
        let of = &customer.identity;
        let identity = self.authority.issue(&of.subject, of.algorithm, &mut self.keys, validity)?;
        Ok(Customer { identity, ..customer.clone() })
    }

    /// Revokes a customer's certificate as of two days ago; the lists must be written after that.
    pub fn revoke_key(&mut self, customer: &Customer) {
        self.authority.revoke(&customer.identity, self.now - TimeDelta::days(2));
    }
}
