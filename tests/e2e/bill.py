"""Calculates a month anew from the master data and a reading act alone, with Python's decimals.

Rows are whole kWh, lines and VAT are kopiykas, each rounded half away from zero; totals are sums of rounded rows.
"""
import json
import sys
import xml.etree.ElementTree as xml
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

master, act = (xml.parse(path).getroot() for path in sys.argv[1:3])
M, A = "{urn:oblik:master-data:1}", "{urn:oblik:reading-act:1}"
contract, period = act.findtext(A + "Contract"), act.findtext(A + "Period")
account = next(one for one in master.iter(M + "Account") if one.findtext(M + "Contract") == contract)
product = account.findtext(M + "Product")


def whole(value):
    return value.quantize(Decimal(1), ROUND_HALF_UP)


def money(value):
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


closing = {}
for point in act.iter(A + "UsagePoint"):
    for meter in point.iter(A + "Meter"):
        for register in meter.iter(A + "Register"):
            closing[meter.get("serial"), register.get("kind"), register.get("zone")] = Decimal(register.text)

volumes = defaultdict(Decimal)
for point in account.iter(M + "UsagePoint"):
    voltage = point.findtext(M + "VoltageClass")
    for meter in point.iter(M + "Meter"):
        coefficient = Decimal(meter.findtext(M + "Coefficient"))
        for register in meter.iter(M + "Register"):
            if register.get("kind") != "active-import":
                continue
            opening = Decimal(register.find(M + "Opening").findtext(M + "Value"))
            now = closing[meter.findtext(M + "Serial"), "active-import", register.get("zone")]
            volumes[voltage, register.get("zone")] += whole((now - opening) * coefficient)


def best_tariff(component, voltage, zone):
    def fits(tariff):
        wanted = (("Component", component), ("Product", product), ("VoltageClass", voltage), ("Zone", zone))
        return all(tariff.findtext(M + name) in (None, value) for name, value in wanted)

    found = [tariff for tariff in master.iter(M + "Tariff") if fits(tariff)]
    return max(found, key=lambda tariff: [tariff.find(M + name) is not None for name in ("Zone", "Product", "VoltageClass")])


net = Decimal(0)
for component in ("supply", "transmission", "distribution"):
    lines = defaultdict(Decimal)
    for (voltage, zone), volume in volumes.items():
        tariff = best_tariff(component, voltage, zone)
        own = zone if tariff.find(M + "Zone") is not None else "total"
        lines[voltage, own, Decimal(tariff.findtext(M + "Price"))] += volume
    net += sum(money(volume * price) for (_, _, price), volume in lines.items())
rate = Decimal(next(one for one in master.iter(M + "Parameter") if one.findtext(M + "Name") == "vat-rate").findtext(M + "Value"))
vat = money(net * rate / 100)
figures = {"net": net, "vat": vat, "total": net + vat, "volume": sum(volumes.values())}
json.dump({name: format(value, "f") for name, value in figures.items()}, sys.stdout)
