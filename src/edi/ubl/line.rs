//! Lines (BG-25): one for each line of the bill, with a price that comes to the printed sum.

use oblik_domain::Decimal;
use oblik_domain::bill::{BillLine, LineKind};
use oblik_domain::invoice::Invoice;
use oblik_domain::money::{Kopiykas, rounded};

use super::readings::{Attribute, attributes};
use super::{InvoiceWords, Kind, TEXT_CHARS, amount, days, metering_point, party};
use crate::writer::{Writer, token};

/// VAT category, UNCL 5305.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    /// Standard rate.
    Standard,
    /// A rate of nothing.
    Zero,
    /// What carries no VAT. "Not subject to VAT" (O) would say it better, but one document may not have it beside a rate,
    /// nor beside the VAT numbers of seller and buyer (BR-O-02, BR-O-11); exempt (E) may, and says why in words.
    Exempt,
}

impl Category {
    fn of(line: &BillLine, rate: Decimal) -> Self {
        match (line.vatable, rate.is_zero()) {
            (false, _) => Self::Exempt,
            (true, true) => Self::Zero,
            (true, false) => Self::Standard,
        }
    }

    pub(super) fn is_taxed(self) -> bool {
        self != Self::Exempt
    }

    fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
        }
    }

    /// `reason` belongs to the breakdown, not to a line.
    pub(super) fn write(self, writer: &mut Writer, element: &'static str, rate: Decimal, reason: Option<&str>) {
        writer.open(element, &[]);
        writer.leaf("cbc:ID", self.code());
        writer.leaf("cbc:Percent", if self == Self::Standard { rate.normalize() } else { Decimal::ZERO });
        if self == Self::Exempt {
            writer.leaf_if("cbc:TaxExemptionReason", reason);
        }
        party::tax_scheme(writer);
        writer.close();
    }
}

/// How much of what at which price; the price may be that of several units.
struct Measure {
    quantity: Decimal,
    /// UN/ECE Recommendation 20.
    unit: &'static str,
    price: Decimal,
    base: Option<Decimal>,
}

struct Line<'a> {
    name: String,
    category: Category,
    net: Kopiykas,
    measure: Measure,
    attributes: Vec<Attribute<'a>>,
    source: Option<&'a BillLine>,
}

/// All lines of a document.
pub(super) struct Lines<'a> {
    kind: Kind,
    rate: Decimal,
    /// The point of a line is named where the head does not name it for all.
    names_points: bool,
    all: Vec<Line<'a>>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(invoice: &'a Invoice, kind: Kind, words: &'a InvoiceWords<'_>) -> Self {
        let bill = &invoice.bill;
        let attributes = attributes(invoice, words);
        let mut lines: Vec<Line<'a>> = bill
            .lines
            .iter()
            .zip(attributes)
            .map(|(line, mut attributes)| {
                let measure = measure(line, kind);
                if let Some(price) = line.price.filter(|price| measure.base.is_some() || price.value() != measure.price) {
                    attributes.push(Attribute::of(words.price_name, price));
                    attributes.extend(line.factor.map(|factor| Attribute::of(words.factor_name, factor.normalize())));
                }
                let category = Category::of(line, bill.vat_rate);
                Line { name: (words.line)(line), category, net: kind.signed(line.net), measure, attributes, source: Some(line) }
            })
            .collect();
        // A document has a line (BR-16), and VAT a line that it is of (BR-S-01), though it be of nothing.
        let is_vat_alone = bill.vat != Kopiykas::ZERO && !lines.iter().any(|line| line.category.is_taxed());
        if lines.is_empty() || is_vat_alone {
            let name = if is_vat_alone { words.vat_rounding } else { words.nothing_charged };
            let category = if bill.vat_rate.is_zero() { Category::Zero } else { Category::Standard };
            let measure = Measure { quantity: Decimal::ONE, unit: ONE, price: Decimal::ZERO, base: None };
            let net = Kopiykas::ZERO;
            lines.push(Line { name: name.to_owned(), category, net, measure, attributes: Vec::new(), source: None });
        }
        Self { kind, rate: bill.vat_rate, names_points: invoice.points.len() != 1, all: lines }
    }

    /// What each category that has lines comes to.
    pub(super) fn by_category(&self) -> Vec<(Category, Kopiykas)> {
        let categories = [Category::Standard, Category::Zero, Category::Exempt].into_iter();
        let of = |category| self.all.iter().filter(move |line| line.category == category);
        categories
            .filter(|category| of(*category).count() > 0)
            .map(|category| (category, of(category).map(|line| line.net).sum()))
            .collect()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for (index, line) in self.all.iter().enumerate() {
            self.write_line(writer, index + 1, line);
        }
    }

    fn write_line(&self, writer: &mut Writer, number: usize, line: &Line<'_>) {
        let is_credit = self.kind == Kind::CreditNote;
        writer.open(if is_credit { "cac:CreditNoteLine" } else { "cac:InvoiceLine" }, &[]);
        writer.leaf("cbc:ID", number);
        let Measure { quantity, unit, price, base } = &line.measure;
        let element = if is_credit { "cbc:CreditedQuantity" } else { "cbc:InvoicedQuantity" };
        writer.leaf_with(element, &[("unitCode", unit)], quantity);
        amount(writer, "cbc:LineExtensionAmount", line.net);
        if let Some(source) = line.source {
            // Lines from before lines had days say none.
            if let Some(last) = source.to.pred_opt().filter(|last| source.from <= *last) {
                days(writer, source.from, last);
            }
            if let Some(point) = source.point.as_ref().filter(|_| self.names_points) {
                metering_point(writer, "cac:DocumentReference", point.as_str());
            }
        }
        writer.open("cac:Item", &[]);
        writer.leaf("cbc:Name", token(&line.name, TEXT_CHARS));
        line.category.write(writer, "cac:ClassifiedTaxCategory", self.rate, None);
        for attribute in &line.attributes {
            attribute.write(writer);
        }
        writer.close();
        writer.open("cac:Price", &[]);
        amount(writer, "cbc:PriceAmount", price);
        if let Some(base) = base {
            writer.leaf_with("cbc:BaseQuantity", &[("unitCode", unit)], base);
        }
        writer.close();
        writer.close();
    }
}

const ONE: &str = "C62";

fn unit(kind: LineKind) -> &'static str {
    match kind.unit() {
        "kvarh" => "K3",
        "kW" => "KWT",
        _ => "KWH",
    }
}

/// Quantity times price is the line's sum (BT-131) to the kopiyka, and a price is never negative (BR-27): the quantity has the sign.
///
/// A factor such as D of reactive energy goes into the price of a unit. Where a sum was rounded in parts, the price is that of the
/// whole quantity; where there is no quantity, the line is one of its sum.
fn measure(line: &BillLine, kind: Kind) -> Measure {
    let net = kind.signed(line.net).hryvnias();
    let whole = Measure {
        quantity: if net.is_sign_negative() && !net.is_zero() { Decimal::NEGATIVE_ONE } else { Decimal::ONE },
        unit: ONE,
        price: net.abs(),
        base: None,
    };
    let Some(volume) = line.quantity.map(|quantity| Decimal::from(quantity.0)) else { return whole };
    let (volume, unit) = (if kind == Kind::CreditNote { -volume } else { volume }, unit(line.kind));
    let each = line.price.and_then(|price| price.value().checked_mul(line.factor.unwrap_or(Decimal::ONE)));
    let comes_to = |each: &Decimal| volume.abs().checked_mul(*each).is_some_and(|sum| rounded(sum, 2) == net.abs());
    let signed = if net.is_zero() || volume.is_sign_negative() == net.is_sign_negative() { volume } else { -volume };
    match each.filter(|each| !each.is_sign_negative() && comes_to(each)) {
        Some(each) => Measure { quantity: signed.normalize(), unit, price: each.normalize(), base: None },
        None if volume.is_zero() => whole,
        None => Measure { quantity: signed, unit, price: net.abs(), base: Some(volume.abs()) },
    }
}
