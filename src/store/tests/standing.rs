//! That what came since a question was asked is noticed, and what others were billed is not.

use oblik_domain::bill::MonthVolume;
use oblik_domain::energy::Kwh;
use oblik_domain::money::Price;
use oblik_domain::tariff::Tariff;

use super::samples::*;
use super::*;

#[test]
fn what_came_since_is_noticed_and_the_bills_of_others_are_not() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])]), record(2, vec![point(2, 1, &[])])]).await;
        let (october, active) = (month("2026-10"), Kwh(5));
        let mut tx = store.read().await.unwrap();
        let known = tx.knowledge().await.unwrap();
        tx.roll_back().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        tx.hold_account(&contract(1)).await.unwrap();
        // Rows of PostgreSQL come to light in any order: there it is always looked again.
        let is_told = store.engine_name() == "sqlite";
        assert_eq!(tx.is_all_known(&known, &contract(1)).await.unwrap(), is_told);
        tx.put_billed_volume(&contract(2), &MonthVolume { period: october, active }, now()).await.unwrap();
        assert_eq!(tx.is_all_known(&known, &contract(1)).await.unwrap(), is_told);
        assert!(!tx.is_all_known(&known, &contract(2)).await.unwrap());
        tx.put_reading(&reading(1, "M1", "2026-10", 5), item, now()).await.unwrap();
        assert!(!tx.is_all_known(&known, &contract(1)).await.unwrap());
        let known = tx.knowledge().await.unwrap();
        assert_eq!(tx.is_all_known(&known, &contract(1)).await.unwrap(), is_told);
        // A price that is taken away and replaced by none.
        let price = Price::new("4.5".parse().unwrap()).unwrap();
        let (component, from) = (PriceComponent::Supply, day("2026-01-01"));
        let tariff = Tariff { component, product: None, voltage_class: None, zone: None, price, from, to: None };
        tx.put_tariffs(&[tariff], now()).await.unwrap();
        let known = tx.knowledge().await.unwrap();
        tx.put_tariffs(&[], now()).await.unwrap();
        assert!(!tx.is_all_known(&known, &contract(1)).await.unwrap());
        tx.roll_back().await.unwrap();
    });
}
