//! An issued invoice carries itself for machines: the same bytes in the page and beside it, by the rules of EN 16931.

use std::process::Command;

use oblik_domain::metering::EnergyKind;

use super::*;

#[path = "../../../edi/tests/invoices/judge.rs"]
mod judge;

#[tokio::test]
async fn an_issued_invoice_carries_its_ubl_and_both_say_what_the_bill_says() {
    let world = World::new(3).await;
    world.read(&world.customers).await;
    world.begin(MissingReadings::Refuse).await;
    world.run_on().await;
    run_until_idle(&world.house).await.unwrap();
    let invoices = world.all_invoices().await;
    assert_eq!(invoices.len(), 3);
    let mut tx = world.house.store.read().await.unwrap();
    let mut files = Vec::new();
    for invoice in &invoices {
        let pdf = tx.blob(invoice.pdf_sha256.as_ref().unwrap()).await.unwrap();
        let ubl = tx.blob(invoice.ubl_sha256.as_ref().unwrap()).await.unwrap();
        let (page, out) = (world.folder.path().join("invoice.pdf"), world.folder.path().join("out.xml"));
        std::fs::write(&page, pdf).unwrap();
        match Command::new("pdfdetach").args(["-savefile", "invoice.xml", "-o"]).arg(&out).arg(&page).output() {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                assert_eq!(std::fs::read(&out).unwrap(), ubl);
            }
            Err(_) => println!("skipped: pdfdetach is not installed"),
        }
        let template = &world.house.issuers.supplier.template;
        assert_eq!(ubl, crate::compose::invoice_xml(&invoice.invoice, template), "the same values, the same bytes");
        files.push((invoice.number.to_string(), ubl));
    }
    if let Some(faults) = judge::schema_faults(&files) {
        assert_eq!(faults, Vec::<String>::new());
    }
    let Some(judged) = judge::judged(&files) else { return };
    for (invoice, said) in invoices.iter().zip(&judged) {
        assert_eq!((&said["broken"], &said["wrong"]), (&serde_json::json!([]), &serde_json::json!([])), "{said}");
        assert_eq!(said["number"], invoice.number.to_string());
        assert_eq!(said["total"]["TaxExclusiveAmount"], invoice.net.to_string());
        assert_eq!(
            (&said["vat"], &said["total"]["TaxInclusiveAmount"]),
            (&invoice.vat.to_string().into(), &invoice.total.to_string().into())
        );
        assert_eq!(said["purpose"], invoice.invoice.payment_purpose());
        let readings = said["lines"].to_string();
        let is_charged = |row: &&oblik_domain::bill::VolumeRow| row.register.kind == EnergyKind::ActiveImport;
        for row in invoice.invoice.bill.rows.iter().filter(is_charged) {
            assert!(readings.contains(&format!("\"{}\"", row.closing)), "{} in {readings}", row.closing);
        }
    }
}
