//! Letters to the operator's own people: what the house must tell before it becomes trouble.

use oblik_domain::period::kyiv_clock;
use oblik_domain::{DateTime, Utc};

use crate::body::{Body, Row, Tone};
use crate::letters::Text;

/// What a certificate of the house is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateUse {
    SupplierSigns,
    OperatorSigns,
    BranchSigns,
    Decrypts,
}

impl CertificateUse {
    fn said(self) -> &'static str {
        match self {
            Self::SupplierSigns => "підпис документів постачальника",
            Self::OperatorSigns => "підпис документів оператора системи розподілу",
            Self::BranchSigns => "підпис документів філії",
            Self::Decrypts => "розшифрування листів",
        }
    }
}

/// A certificate that ends or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEnds {
    pub used_for: CertificateUse,
    pub branch: Option<String>,
    pub subject: String,
    /// Hexadecimal.
    pub serial: String,
    pub not_after: DateTime<Utc>,
    /// Whole days that are left; none once it has ended.
    pub days: Option<i64>,
}

/// To the operator's address of alerts. The subject names no one: it is read on telephones.
pub fn certificate_ends(certificate: &CertificateEnds) -> Text {
    let mut rows = vec![Row::text("Призначення", certificate.used_for.said())];
    rows.extend(certificate.branch.iter().map(|branch| Row::text("Філія", branch.clone())));
    rows.extend([
        Row::text("Власник", certificate.subject.clone()),
        Row::code("Серійний номер", certificate.serial.clone()),
        Row::text("Чинний до", kyiv_clock(certificate.not_after)),
    ]);
    let signs = certificate.used_for != CertificateUse::Decrypts;
    let (status, consequence) = match (certificate.days, signs) {
        (Some(_), true) => {
            ("Сертифікат закінчується", "Після цього часу документи не підписуватимуться: рахунки чекатимуть на новий ключ.")
        }
        (None, true) => (
            "Сертифікат закінчився",
            "Цим ключем документи більше не підписуються. Якщо іншого чинного ключа немає, рахунки чекають.",
        ),
        (Some(_), false) => ("Сертифікат закінчується", "Споживачі не зможуть шифрувати листи на цей сертифікат."),
        (None, false) => ("Сертифікат закінчився", "Споживачі не можуть шифрувати листи на цей сертифікат."),
    };
    let left = certificate.days.map(|days| Row::strong("Залишилося повних днів", days.to_string()));
    rows.extend(left);
    let subject = match certificate.days {
        Some(days) => format!("{status}: залишилося повних днів {days}"),
        None => status.to_owned(),
    };
    let body = Body::new(Tone::Notice, status)
        .paragraph(consequence)
        .table(rows)
        .paragraph("Отримайте новий сертифікат і додайте ключ до налаштувань поруч із чинним: він почне діяти сам.")
        .footer(vec!["Цей лист створено автоматично шлюзом Oblik.".to_owned()]);
    Text { subject, body }
}
