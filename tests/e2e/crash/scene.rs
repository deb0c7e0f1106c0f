//! What every case of the crash test is given, and what must have become of it: mails of each kind and two files.

use std::fmt::Write as _;

use oblik_e2e::{World, act_mail, act_mail_with, world};
use oblik_sample::Customer;
use oblik_sample::mail::{File, in_maildir};

/// What a sender must have heard in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// One letter with one invoice.
    Invoice,
    /// One letter that says what is wrong, without an invoice.
    Told,
    Nothing,
}

/// A mail that lies in the mailbox when the daemon begins.
pub struct Sent {
    pub what: &'static str,
    /// As the mail server has it, lines ended by LF.
    pub bytes: Vec<u8>,
    /// With its angle brackets.
    pub message_id: String,
    pub answer: Answer,
    /// How often the very same bytes lie there.
    pub copies: usize,
}

/// A file in the partner's `in/`.
pub struct Placed {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// What its acknowledgement says.
    pub outcome: &'static str,
}

pub struct Scene {
    pub mails: Vec<Sent>,
    pub files: Vec<Placed>,
}

/// The customer whose act is a PDF that Oblik issued.
pub const PDF_CUSTOMER: usize = 1;

impl Scene {
    /// `form` is the unsigned PDF of [`PDF_CUSTOMER`].
    pub fn new(form: &[u8]) -> Self {
        let world = world();
        let pdf = world.customer(PDF_CUSTOMER).sign_pdf(form, world.now).expect("sign a PDF");
        let second = detached(world, world.customer(2));
        let stranger = ("stranger@elsewhere.example", "Хтось");
        let mails = vec![
            sent(
                "PDF signed inside",
                Answer::Invoice,
                2,
                &act_mail(world.customer(PDF_CUSTOMER), 11, vec![File::pdf("act.pdf", pdf)]),
            ),
            sent("XML with its .p7s", Answer::Invoice, 1, &act_mail(world.customer(2), 12, second.clone())),
            sent("XML inside a .p7m", Answer::Invoice, 1, &act_mail(world.customer(3), 13, enclosing(world, world.customer(3)))),
            sent("tampered after signing", Answer::Told, 1, &act_mail(world.customer(4), 14, tampered(world, world.customer(4)))),
            sent("a photograph", Answer::Told, 1, &act_mail(world.customer(5), 15, vec![photograph()])),
            sent("the second act again", Answer::Told, 1, &act_mail(world.customer(2), 16, second)),
            sent("a machine's mail", Answer::Nothing, 1, &by_machine(world.customer(6))),
            sent(
                "a stranger's mail",
                Answer::Nothing,
                1,
                &act_mail_with(world.customer(7), 18, vec![photograph()], |draft| (draft.from, draft.from_name) = stranger),
            ),
        ];
        Self { mails, files: files(world) }
    }

    /// Mails of a second wave, for the mailbox whose numbers begin anew.
    pub fn second_wave() -> Vec<Sent> {
        let world = world();
        let act = |number: usize| {
            let customer = world.customer(number);
            sent("of the second wave", Answer::Invoice, 1, &act_mail(customer, 30 + customer.number, enclosing(world, customer)))
        };
        (8..12).map(act).collect()
    }
}

fn sent(what: &'static str, answer: Answer, copies: usize, mail: &[u8]) -> Sent {
    let bytes = in_maildir(mail);
    let message_id = crate::truth::field(&bytes, "message-id").expect("a Message-ID");
    Sent { what, bytes, message_id, answer, copies }
}

fn detached(world: &World, customer: &Customer) -> Vec<File> {
    let xml = world.act_xml(customer, world.month());
    let signature = customer.sign_detached(&xml, world.now).expect("sign");
    vec![File::xml("act.xml", xml), File::p7s("act.xml.p7s", signature)]
}

fn enclosing(world: &World, customer: &Customer) -> Vec<File> {
    let xml = world.act_xml(customer, world.month());
    vec![File::p7m("act.xml.p7m", customer.sign_enclosing(&xml, world.now).expect("sign"))]
}

fn tampered(world: &World, customer: &Customer) -> Vec<File> {
    let mut files = detached(world, customer);
    files[0].bytes.push(b'\n');
    files
}

fn photograph() -> File {
    File::jpeg("photo.jpg", oblik_sample::METER_PHOTO.to_vec())
}

fn by_machine(customer: &Customer) -> Vec<u8> {
    act_mail_with(customer, 17, Vec::new(), |draft| draft.fields.push(("Auto-Submitted", "auto-replied")))
}

/// A good meter file and one that ends too early.
fn files(world: &World) -> Vec<Placed> {
    let customer = world.customer(20);
    let mut records = String::new();
    let act = world.reading_act(customer, world.month());
    for row in &act.rows {
        let (key, period, day) = (&row.register, act.period, act.read_on);
        writeln!(
            records,
            "<Reading><Contract>{}</Contract><Eic>{}</Eic><Meter>{}</Meter><Kind>{}</Kind><Zone>{}</Zone><Period>{period}</Period>\
             <ReadOn>{day}</ReadOn><Value>{}</Value><Quality>actual</Quality></Reading>",
            act.contract, key.point, key.meter, key.kind, key.zone, row.total
        )
        .expect("a text");
    }
    let good = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MeterReadings xmlns=\"urn:oblik:meter-readings:1\">\n<Header><MessageId>ERP-1</MessageId>\
         <Sender>ERP</Sender><CreatedAt>{}</CreatedAt><RecordCount>{}</RecordCount></Header>\n{records}</MeterReadings>\n",
        world.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        act.rows.len()
    );
    let broken = good.replace("ERP-1", "ERP-2").replace("</MeterReadings>", "");
    vec![
        Placed { name: "good.xml", bytes: good.into_bytes(), outcome: "accepted" },
        Placed { name: "broken.xml", bytes: broken.into_bytes(), outcome: "refused" },
    ]
}
