//! Nothing that arrives makes a reader panic.

mod common;

use common::example;
use oblik_edi::schema::Schema;
use oblik_edi::{
    Format, check, detect, read_acknowledgement, read_master_data, read_meter_file, read_payments, read_reading_act,
};
use proptest::prelude::*;

fn feed(bytes: &[u8]) {
    let _ = detect(bytes);
    let _ = check(bytes);
    let _ = read_reading_act(bytes);
    let _ = read_acknowledgement(bytes);
    let _ = read_meter_file(bytes, &mut |_| {});
    let _ = read_master_data(bytes, &mut |_| {});
    let _ = read_payments(bytes, &mut |_| {});
}

fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<ReadingAct xmlns=\"urn:oblik:reading-act:1\">".to_owned()),
        Just("<a b='c' xmlns:d='e'>".to_owned()),
        Just("</a>".to_owned()),
        Just("<!DOCTYPE".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("]]>".to_owned()),
        Just("<?xml version='1.0'".to_owned()),
        Just("?>".to_owned()),
        Just("<!--".to_owned()),
        Just("&#x10FFFF;".to_owned()),
        "[<>&\"'/=!?;:# \\-\\[\\]a-cЖ𝄞\u{0}\u{1}\n]{0,8}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        feed(&bytes);
    }

    #[test]
    fn random_markup_does_not_panic(text in markup()) {
        feed(text.as_bytes());
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        feed(&wide);
        let _ = Schema::load(&text);
    }

    #[test]
    fn damaged_examples_do_not_panic(which in 0_usize..5, at in any::<prop::sample::Index>(), piece in prop::collection::vec(any::<u8>(), 0..12), cut in 0_usize..40) {
        let mut bytes = example(Format::ALL[which]).into_bytes();
        let at = at.index(bytes.len());
        let upto = (at + cut).min(bytes.len());
        bytes.splice(at..upto, piece);
        feed(&bytes);
    }

    #[test]
    fn random_patterns_do_not_panic(pattern in "[\\[\\]a-c{}0-9,?*+\\\\^.-]{0,12}") {
        let escaped = pattern.replace('&', "&amp;").replace('<', "&lt;");
        let xsd = format!("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"a\" elementFormDefault=\"qualified\">\
            <xs:element name=\"a\" type=\"T\"/><xs:simpleType name=\"T\"><xs:restriction base=\"xs:token\"><xs:pattern value=\"{escaped}\"/></xs:restriction></xs:simpleType></xs:schema>");
        let _ = Schema::load(&xsd);
    }
}
