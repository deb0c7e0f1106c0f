//! The configuration file of a house, as an administrator would write it.

use std::fmt::Write as _;
use std::path::Path;

use crate::world::seller;
use crate::{AUTHSERV, SUPPLIER};

/// Where things are, as text for the file.
pub(crate) struct Places<'a> {
    /// Folder of keys and trust.
    pub folder: &'a Path,
    /// Folder of the daemon's own state.
    pub state: &'a Path,
    /// The line of `[store]`.
    pub store: String,
    pub schedule: &'a str,
    /// The body of the mailbox's own table.
    pub mailbox: String,
    /// A second mailbox, for journal copies.
    pub journal: Option<String>,
    pub drop: Option<String>,
    /// The body of `[delivery]`.
    pub delivery: String,
}

impl Places<'_> {
    pub fn text(&self) -> String {
        let (folder, seller) = (self.folder.display(), seller());
        let mut text = format!(
            "state_dir = \"{state}\"\n\n[store]\n{store}\n\n[supplier]\nname = \"{name}\"\nedrpou = \"{edrpou}\"\n\
             vat_number = \"{vat}\"\naddress = \"{address}\"\niban = \"{iban}\"\nbank = \"{bank}\"\nphone = \"{phone}\"\n\
             email = \"{email}\"\ninvoice_series = \"ТЕ\"\n\n[signing]\npkcs12 = \"{folder}/keys/supplier.p12\"\n\
             passphrase = \"{folder}/{pass}\"\n\n[trust]\nanchors = \"{folder}/trust/anchors\"\n\
             intermediates = \"{folder}/trust/intermediates\"\ncrls = \"{folder}/trust/crls\"\n\n[mail]\n\
             from_name = \"Зразок Енерго\"\nfrom_address = \"{SUPPLIER}\"\nauthserv_id = \"{AUTHSERV}\"\n\n[[mailbox]]\nname = \"acts\"\n\
             schedule = \"{schedule}\"\n{mailbox}\n",
            state = self.state.display(),
            store = self.store,
            name = seller.name,
            edrpou = seller.edrpou,
            vat = seller.vat_number,
            address = seller.address,
            iban = seller.iban,
            bank = seller.bank,
            phone = seller.phone,
            email = seller.email,
            pass = oblik_sample::PASSPHRASE_FILE,
            schedule = self.schedule,
            mailbox = self.mailbox,
        );
        if let Some(journal) = &self.journal {
            writeln!(text, "[[mailbox]]\nname = \"journal\"\nschedule = \"1h\"\n{journal}").unwrap();
        }
        if let Some(drop) = &self.drop {
            writeln!(text, "[[drop]]\nname = \"partner\"\nschedule = \"1s\"\n{drop}").unwrap();
        }
        text + "[delivery]\n" + &self.delivery
    }
}
