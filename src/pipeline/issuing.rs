//! Who issues documents: each issuer's requisites, numbers, keys and look.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_config::{Config, Signing};
use oblik_documents::Template;
use oblik_domain::invoice::{IssuerRole, Seller};
use oblik_signature::signing::Signer;
use oblik_words::alerts::CertificateUse;

use crate::house::Assembly;
use crate::keyring::Keyring;
use crate::templates::{TemplateTrouble, template_of};

/// What one issuer's documents are made with.
#[derive(Debug, Clone)]
pub struct Issuing {
    pub seller: Seller,
    pub invoice_series: String,
    /// The supplier's where the issuer has none of its own.
    pub keys: Arc<Keyring>,
    pub template: Arc<Template>,
}

impl Issuing {
    /// The key that signs at an instant, see [`Keyring::signer_at`].
    pub fn signer_at(&self, at: DateTime<Utc>) -> Option<Arc<Signer>> {
        self.keys.signer_at(at)
    }
}

/// All issuers of this house.
#[derive(Debug, Clone)]
pub struct Issuers {
    pub supplier: Issuing,
    /// The distribution operator, where this house issues its documents too (RQ-F08).
    pub operator: Option<Issuing>,
    /// Branches of the supplier by name (RQ-A24).
    pub branches: BTreeMap<String, Issuing>,
    /// Templates that are not used because something is wrong with them.
    pub template_troubles: Vec<TemplateTrouble>,
}

impl Issuers {
    /// What each issuer is called in the log and the journal.
    pub fn names(&self) -> Vec<String> {
        let operator = self.operator.iter().map(|_| "operator".to_owned());
        let branches = self.branches.keys().map(|name| format!("branch {name}"));
        std::iter::once("supplier".to_owned()).chain(operator).chain(branches).collect()
    }

    /// Opens the keys and templates of every issuer. May take as long as a token does.
    ///
    /// # Errors
    /// [`Assembly`] names what cannot be opened.
    pub fn open(config: &Config) -> Result<Self, Assembly> {
        let supplier_keys = Arc::new(Keyring::open("supplier", &config.signing.keys)?);
        let mut troubles = Vec::new();
        let embedded = Arc::new(Template::embedded());
        let template = template_of("supplier", config.documents.template.as_deref(), &embedded, &mut troubles);
        let keys_of = |whose: String, own: &Option<Signing>| match own {
            Some(signing) => Keyring::open(whose, &signing.keys).map(Arc::new),
            None => Ok(supplier_keys.clone()),
        };
        let operator = config.operator.as_ref().map(|operator| {
            let template = template_of("operator", operator.template.as_deref(), &template, &mut troubles);
            Ok::<_, Assembly>(Issuing {
                seller: operator.seller.clone(),
                invoice_series: operator.invoice_series.clone(),
                keys: keys_of("operator".to_owned(), &operator.signing)?,
                template,
            })
        });
        let operator = operator.transpose()?;
        let mut branches = BTreeMap::new();
        for branch in &config.branches {
            let whose = format!("branch {}", branch.name);
            let issuing = Issuing {
                seller: branch.seller.clone(),
                invoice_series: branch.invoice_series.clone(),
                template: template_of(&whose, branch.template.as_deref(), &template, &mut troubles),
                keys: keys_of(whose, &branch.signing)?,
            };
            branches.insert(branch.name.clone(), issuing);
        }
        let supplier = Issuing {
            seller: config.supplier.seller.clone(),
            invoice_series: config.supplier.invoice_series.clone(),
            keys: supplier_keys,
            template,
        };
        Ok(Self { supplier, operator, branches, template_troubles: troubles })
    }

    /// Each keyring once, with whose it is and the branch's name.
    pub fn keyrings(&self) -> Vec<(CertificateUse, Option<&str>, &Arc<Keyring>)> {
        let mut all = vec![(CertificateUse::SupplierSigns, None, &self.supplier.keys)];
        let own = |issuing: &&Issuing| !Arc::ptr_eq(&issuing.keys, &self.supplier.keys);
        all.extend(self.operator.as_ref().filter(own).map(|operator| (CertificateUse::OperatorSigns, None, &operator.keys)));
        let branches = self.branches.iter().filter(|(_, issuing)| own(issuing));
        all.extend(branches.map(|(name, issuing)| (CertificateUse::BranchSigns, Some(name.as_str()), &issuing.keys)));
        all
    }

    /// Looks at every key again, see [`Keyring::look_again`].
    pub fn look_again(&self) -> usize {
        self.keyrings().iter().map(|(_, _, keys)| keys.look_again()).sum()
    }

    /// Who issues in a role to an account of a branch. What has no issuer of its own is the supplier's.
    pub fn of(&self, role: IssuerRole, branch: Option<&str>) -> &Issuing {
        match role {
            IssuerRole::Operator => self.operator.as_ref().unwrap_or(&self.supplier),
            IssuerRole::Supplier => branch.and_then(|branch| self.branches.get(branch)).unwrap_or(&self.supplier),
        }
    }

    /// The series of all our invoices.
    pub fn series(&self) -> Vec<&str> {
        let all = [&self.supplier].into_iter().chain(&self.operator).chain(self.branches.values());
        all.map(|issuing| issuing.invoice_series.as_str()).collect()
    }
}
