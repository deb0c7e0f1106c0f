//! Acts as they should be, in every form that is taken.

use anyhow::Result;
use oblik_sample::mail::{Client, Draft, File};

use super::{Desk, Expected};

pub fn write(desk: &mut Desk<'_>) -> Result<()> {
    signed_inside(desk, 1, Client::Thunderbird, "PDF form signed inside (PAdES, RSA), from Thunderbird")?;
    let at = desk.utility.now;

    let customer = desk.customer(2)?;
    let xml = desk.xml(&customer);
    let signature = customer.sign_detached(&xml, at)?;
    let files = vec![File::xml(desk.file("xml"), xml), File::p7s(desk.file("xml.p7s"), signature)];
    let what = "XML with its signature beside it (.p7s, RSA), from Outlook in windows-1251";
    desk.attached(what, &customer, Client::Outlook, files, Expected::invoiced(&customer))?;

    let customer = desk.customer(3)?;
    let wrapped = customer.sign_enclosing(&desk.xml(&customer), at)?;
    let files = vec![File::p7m(desk.file("xml.p7m"), wrapped)];
    let what = "XML wrapped in its signature (.p7m, ECDSA), from Gmail";
    desk.attached(what, &customer, Client::Gmail, files, Expected::invoiced(&customer))?;

    let customer = desk.customer(4)?;
    let (signer, files) = (customer.identity.signer()?, vec![File::xml(desk.file("xml"), desk.xml(&customer))]);
    let write = |draft: Draft<'_>| Ok(Draft { files, ..draft }.smime_signed(&signer)?);
    let what = "the whole mail signed: S/MIME multipart/signed (RSA), from Thunderbird";
    desk.mail(what, &customer, Client::Thunderbird, write, Expected::invoiced(&customer))?;

    let customer = desk.customer(5)?;
    let (signer, files) = (customer.identity.signer()?, vec![File::xml(desk.file("xml"), desk.xml(&customer))]);
    let write = |draft: Draft<'_>| Ok(Draft { files, ..draft }.smime_opaque(&signer)?);
    let what = "the whole mail wrapped in its signature: S/MIME opaque (RSA), from Apple Mail";
    desk.mail(what, &customer, Client::Apple, write, Expected::invoiced(&customer))?;

    signed_inside(desk, 6, Client::Apple, "PDF form signed inside (PAdES, ECDSA), from Apple Mail, shown inline")?;

    // The signature says who it is from; the address only says where the answer must not go.
    let customer = desk.customer(7)?;
    let wrapped = customer.sign_enclosing(&desk.xml(&customer), at)?;
    let files = vec![File::p7m(desk.file("xml.p7m"), wrapped)];
    let write = |draft: Draft<'_>| Ok(Draft { files, from: "home@mailbox.example", ..draft }.compose());
    let what = "signed by the firm's e-seal, but sent from an address nobody registered: answered to the registered one";
    desk.mail(what, &customer, Client::Gmail, write, Expected::invoiced(&customer))
}

fn signed_inside(desk: &mut Desk<'_>, number: usize, client: Client, what: &'static str) -> Result<()> {
    let customer = desk.customer(number)?;
    let form = desk.form(&customer)?;
    let files = vec![File::pdf(desk.file("pdf"), customer.sign_pdf(&form, desk.utility.now)?)];
    desk.attached(what, &customer, client, files, Expected::invoiced(&customer))
}
