//! One file for each kind of input.

pub mod act_xml;
pub mod asic;
pub mod chain;
pub mod cms;
pub mod config_toml;
pub mod content;
pub mod crl;
pub mod dstu;
pub mod embedded;
pub mod enveloped;
pub mod mail;
pub mod meter_xml;
pub mod ocsp;
pub mod pdf;
pub mod pkcs12;
pub mod policy_toml;
pub mod timestamp;
pub mod trusted_list;
