//! What goes wrong in life: by accident, by habit and on purpose.

use std::path::Path;

use anyhow::{Context as _, Result};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::Code;
use oblik_domain::ids::MeterSerial;
use oblik_edi::{write_meter_file, write_reading_act};
use oblik_sample::mail::{Client, Draft, File};
use oblik_sample::{Customer, METER_PHOTO, phrases};

use super::{Arrival, Desk, Expected};

/// What a mail gateway that breaks off loses of an attachment, in bytes.
const CUT_OFF: usize = 300;

pub fn write(desk: &mut Desk<'_>) -> Result<()> {
    of_certificates(desk)?;
    of_signatures(desk)?;
    of_acts(desk)?;
    of_mails(desk)
}

fn of_certificates(desk: &mut Desk<'_>) -> Result<()> {
    let customer = desk.customer(9)?;
    let other = desk.utility.with_untrusted_key(&customer)?;
    let expected = Expected::told("rejected", Code::SignatureUntrusted, &customer);
    wrapped(desk, "a certificate of the same wording from an authority nobody trusts", &other, Client::Gmail, expected)?;

    let customer = desk.customer(10)?;
    let late = desk.utility.with_expired_key(&customer)?;
    let expected = Expected::told("rejected", Code::CertificateExpired, &customer);
    wrapped(desk, "a certificate that ended a week ago", &late, Client::Thunderbird, expected)?;

    let customer = desk.customer(12)?;
    desk.utility.revoke_key(&customer);
    let expected = Expected::told("rejected", Code::CertificateRevoked, &customer);
    wrapped(desk, "a certificate that was revoked two days ago", &customer, Client::Apple, expected)
}

fn of_signatures(desk: &mut Desk<'_>) -> Result<()> {
    let at = desk.utility.now;
    let customer = desk.customer(8)?;
    let xml = desk.xml(&customer);
    let signature = customer.sign_detached(&xml, at)?;
    let files = vec![File::xml(desk.file("xml"), other_digit(&xml)?), File::p7s(desk.file("xml.p7s"), signature)];
    let expected = Expected::told("rejected", Code::SignatureTampered, &customer);
    desk.attached("one digit of the XML changed after it was signed", &customer, Client::Outlook, files, expected)?;

    let (customer, stranger) = (desk.customer(13)?, desk.customer(14)?);
    let signature = stranger.sign_enclosing(&desk.xml(&customer), at)?;
    let files = vec![File::p7m(desk.file("xml.p7m"), signature)];
    let expected = Expected::told("rejected", Code::ActSigner, &customer);
    let what = "an act of one firm, validly signed by another: the firm it is about hears of it, the sender nothing";
    desk.attached(what, &stranger, Client::Outlook, files, expected)?;

    let customer = desk.customer(15)?;
    let form = desk.form(&customer)?;
    let mut pdf = customer.sign_pdf(&form, at)?;
    pdf.truncate(pdf.len().saturating_sub(CUT_OFF));
    let files = vec![File::pdf(desk.file("pdf"), pdf)];
    let expected = Expected::told("rejected", Code::PdfBroken, &customer);
    desk.attached("a signed PDF that lost its end on the way", &customer, Client::Thunderbird, files, expected)
}

fn of_acts(desk: &mut Desk<'_>) -> Result<()> {
    let at = desk.utility.now;
    let customer = desk.customer(2)?;
    let again = customer.sign_enclosing(&desk.xml(&customer), at)?;
    let files = vec![File::p7m(desk.file("xml.p7m"), again)];
    let expected = Expected::told("repeated", Code::ActAlreadyAccepted, &customer);
    desk.attached("the act of mail 2 again, signed anew in another form", &customer, Client::Gmail, files, expected)?;

    let customer = desk.customer(16)?;
    let xml = String::from_utf8(desk.xml(&customer))?;
    let day = desk.utility.period.last_day();
    let wrong = xml.replace(&day.to_string(), &day.format("%d.%m.%Y").to_string());
    let files = vec![File::p7m(desk.file("xml.p7m"), customer.sign_enclosing(wrong.as_bytes(), at)?)];
    let expected = Expected::told("rejected", Code::ActXml, &customer);
    desk.attached("a good signature over XML with a date written the wrong way", &customer, Client::Outlook, files, expected)?;

    let customer = desk.customer(17)?;
    let mut act = desk.utility.reading_act(&customer, desk.utility.period);
    let opening = customer.opening();
    if let Some(row) = act.rows.first_mut() {
        let before = opening.get(&row.register).context("a register without an opening reading")?;
        row.total = RegisterTotal(before.0 - 25_000);
    }
    let files = vec![File::p7m(desk.file("xml.p7m"), customer.sign_enclosing(&write_reading_act(&act), at)?)];
    let expected = Expected::told("unbilled", Code::ReadingGoesBackwards, &customer);
    desk.attached("a reading below last month's", &customer, Client::Gmail, files, expected)
}

fn of_mails(desk: &mut Desk<'_>) -> Result<()> {
    let customer = desk.customer(14)?;
    let files = vec![File::jpeg(phrases::PHOTO_FILE, METER_PHOTO.to_vec())];
    let write =
        |draft: Draft<'_>| Ok(Draft { files, subject: phrases::PHOTO_SUBJECT, text: phrases::PHOTO_TEXT, ..draft }.compose());
    let expected = Expected::told("done", Code::MailPhoto, &customer);
    desk.mail("a photograph of the meter in place of an act", &customer, Client::Apple, write, expected)?;

    let customer = desk.customer(18)?;
    let files = vec![File::xml(desk.file("xml"), desk.xml(&customer))];
    let write = |draft: Draft<'_>| Ok(Draft { files, authserv_id: None, ..draft }.compose());
    let what = "an unsigned act under a forged sender (DMARC failed): nobody is answered";
    desk.mail(what, &customer, Client::Outlook, write, Expected::silence("done", Code::MailUnsigned))?;

    let customer = desk.customer(1)?;
    let fields = vec![("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")];
    let (subject, text) = (phrases::VACATION_SUBJECT, phrases::VACATION_TEXT);
    let write = |draft: Draft<'_>| Ok(Draft { fields, subject, text, ..draft }.compose());
    let expected = Expected::silence("done", Code::MailFromMachine);
    desk.mail("an automatic reply: a machine is never answered", &customer, Client::Outlook, write, expected)
}

/// The act as XML wrapped in a signature.
fn wrapped(desk: &mut Desk<'_>, what: &'static str, customer: &Customer, client: Client, expected: Expected) -> Result<()> {
    let wrapped = customer.sign_enclosing(&desk.xml(customer), desk.utility.now)?;
    desk.attached(what, customer, client, vec![File::p7m(desk.file("xml.p7m"), wrapped)], expected)
}

/// The same XML with the first reading's last digit another.
fn other_digit(xml: &[u8]) -> Result<Vec<u8>> {
    let text = String::from_utf8(xml.to_vec())?;
    let (before, after) = text.split_once("</Register>").context("an act without readings")?;
    let digit = before.chars().last().and_then(|c| c.to_digit(10)).context("a reading that does not end in a digit")?;
    let kept = before.get(..before.len().saturating_sub(1)).unwrap_or_default();
    Ok(format!("{kept}{}</Register>{after}", (digit + 1) % 10).into_bytes())
}

/// Meter readings from a partner's system: one file good, one with a meter that is not the customer's.
pub fn partner_files(desk: &Desk<'_>) -> Result<Vec<Arrival>> {
    let readings = |number: usize| {
        let customer = desk.customer(number)?;
        let act = desk.utility.reading_act(&customer, desk.utility.period);
        let contract = act.contract.clone();
        Ok::<_, anyhow::Error>(act.readings().into_iter().map(move |reading| (contract.clone(), reading)))
    };
    let file = |what, name: &str, readings: &[_], code| {
        let bytes = write_meter_file(&desk.utility.header(name), readings);
        let path = Path::new("drop/in").join(format!("{name}-{}.xml", desk.utility.period));
        let expected = Expected { state: "done", code, answer_to: Some("ack".to_owned()) };
        Arrival { what, from: "ERP".to_owned(), path, bytes, expected }
    };
    let good: Vec<_> = readings(19)?.chain(readings(20)?).collect();
    let mut wrong: Vec<_> = readings(11)?.collect();
    if let Some((_, reading)) = wrong.first_mut() {
        reading.register.meter = MeterSerial::parse("99999999")?;
    }
    Ok(vec![
        file("meter readings of two customers", "readings", &good, None),
        file("meter readings with a meter the customer does not have", "readings-wrong", &wrong, Some(Code::FileRecord)),
    ])
}
