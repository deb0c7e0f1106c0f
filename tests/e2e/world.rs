//! The utility of all tests: made once a process, since keys take seconds.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use oblik_domain::invoice::Seller;
use oblik_domain::period::Period;
use oblik_sample::mail::{Client, Draft, File};
use oblik_sample::{Customer, Identity, Utility};

/// Where letters come from. Its domain is none of the customers': a Message-ID of our own domain is a loop.
pub const SUPPLIER: &str = "acts@supplier.example";
/// The MX whose word on a sender counts.
pub const AUTHSERV: &str = "mx.supplier.example";
/// Of the supplier's key.
pub const PASSPHRASE: &str = "пароль \"до\" ключа";

/// So many are enough for every test with a burst.
const CUSTOMERS: u32 = 66;

pub struct World {
    pub utility: Utility,
    pub supplier: Identity,
    /// Customer 31 with a certificate of an authority nobody trusts.
    pub untrusted: Customer,
    /// Customer 32 with a certificate that ended a week ago.
    pub expired: Customer,
    /// Customers 34 and 37 with certificates that name a responder at [`World::responder_port`]; nobody listens there yet.
    pub asked: [Customer; 2],
    pub responder_port: u16,
}

impl std::ops::Deref for World {
    type Target = Utility;

    fn deref(&self) -> &Utility {
        &self.utility
    }
}

impl World {
    /// The customer of a number, from 1.
    pub fn customer(&self, number: usize) -> &Customer {
        self.utility.by_number(number).expect("a customer of that number")
    }

    /// The month the acts are about.
    pub fn month(&self) -> Period {
        self.utility.period
    }
}

/// Every customer's one mailbox is `clients@test.local`, reached at an address of its own with a plus sign.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let now: DateTime<Utc> = std::time::SystemTime::now().into();
        let mut utility = Utility::new(now, CUSTOMERS).expect("a utility");
        let supplier = utility.supplier(&seller()).expect("the supplier's certificate");
        // The lists of every house name customer 33, whose key was lost.
        let [untrusted, expired, revoked] = [31, 32, 33].map(|number| utility.by_number(number).expect("a customer").clone());
        let untrusted = utility.with_untrusted_key(&untrusted).expect("a certificate");
        let expired = utility.with_expired_key(&expired).expect("a certificate");
        utility.revoke_key(&revoked);
        for customer in &mut utility.customers {
            let number = customer.number;
            customer.record.account.emails =
                vec![format!("clients+c{number}@test.local"), format!("clients+b{number}@test.local")];
        }
        let responder_port = quiet_port();
        utility.authority.answer_at(&format!("http://127.0.0.1:{responder_port}/"));
        let validity = utility.validity().expect("a validity");
        let asked = [34, 37].map(|number| {
            let customer = utility.by_number(number).expect("a customer").clone();
            let of = &customer.identity;
            let identity = utility.authority.issue(&of.subject, of.algorithm, &mut utility.keys, validity);
            Customer { identity: identity.expect("a certificate"), ..customer }
        });
        World { utility, supplier, untrusted, expired, asked, responder_port }
    })
}

/// A port that nothing listens at, below those that connections get by themselves.
fn quiet_port() -> u16 {
    let from = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap_or_default();
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (from..32_000).find(free).expect("a free port")
}

pub(crate) fn seller() -> Seller {
    let text = str::to_owned;
    Seller {
        name: text("ТОВ «Зразок Енерго»"),
        edrpou: "12345678".parse().expect("a ЄДРПОУ"),
        vat_number: text("123456789012"),
        address: text("33000, м. Рівне, вул. Зразкова, 1"),
        iban: "UA213223130000026007233566001".parse().expect("an IBAN"),
        bank: text("АТ «Зразок Банк»"),
        phone: text("+380 00 000 00 00"),
        email: text("office@supplier.example"),
        licence: String::new(),
    }
}

/// A mail of a customer with these files, from its registered address, proven by the MX.
pub fn act_mail(customer: &Customer, number: u64, files: Vec<File>) -> Vec<u8> {
    act_mail_with(customer, number, files, |_| ())
}

/// The same, changed before it is written. `number` makes the Message-ID and picks the mail program.
pub fn act_mail_with(customer: &Customer, number: u64, files: Vec<File>, change: impl FnOnce(&mut Draft<'_>)) -> Vec<u8> {
    let clients = Client::ALL;
    let mut draft = Draft {
        client: clients[usize::try_from(number).unwrap_or_default() % clients.len()],
        from_name: &customer.identity.subject.common_name,
        from: customer.email(),
        to: SUPPLIER,
        subject: "Акт надання показань",
        text: "Доброго дня!\nНадсилаємо підписаний акт.",
        sent_at: world().now,
        number,
        authserv_id: Some(AUTHSERV),
        files,
        fields: Vec::new(),
    };
    change(&mut draft);
    draft.compose()
}
