"""Calculates a main consumer's month anew: losses in its transformer and line, sub-consumers by zone, prices, VAT.

From the master data and the meter file alone; and does every step of the told trace again by its own formula.
Source: R-VOL-2, R-LOSS-2, R-VOL-5, R-VOL-5b, R-PRICE-1, R-VAT-1. Says what the account comes to, in JSON.
"""
import json
import re
import sys
import xml.etree.ElementTree as xml
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, getcontext
from zoneinfo import ZoneInfo

getcontext().prec = 60
told = json.load(open(sys.argv[1]))
master, readings = (xml.parse(path).getroot() for path in sys.argv[2:4])
M, R, FORM_FACTOR = "{urn:oblik:master-data:1}", "{urn:oblik:meter-readings:1}", Decimal("1.17")
first = datetime.strptime(told["period"] + "-01", "%Y-%m-%d")
after = (first + timedelta(days=32)).replace(day=1)


def rounded(value, digits=0):
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def each_step_again():
    for step in told["trace"]:
        text = step["formula"].replace("×", "*").replace("−", "-").replace("²", "**2").replace("≤", "<=")
        text = re.sub(r"round(\d)\(", lambda match: f"near{'abcdefghij'[int(match[1])]}(", text)
        text = re.sub(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)", lambda number: f"D('{number[0]}')", text).replace("**D('2')", "**2")
        names = {f"near{letter}": lambda value, digits=digits: rounded(value, digits) for digits, letter in enumerate("abcdef")}
        result = eval(text, {"__builtins__": {}}, {"D": Decimal, **names})
        wanted = step["result"] == "within-bounds" if isinstance(result, bool) else Decimal(step["result"])
        assert result == wanted, (step, result)


shown = {}
for reading in readings.iter(R + "Reading"):
    key = [reading.findtext(R + name) for name in ("Eic", "Kind", "Zone")]
    shown[tuple(key)] = Decimal(reading.findtext(R + "Value"))


def measured(point, kind):
    zones = {}
    for meter in point.iter(M + "Meter"):
        for register in meter.iter(M + "Register"):
            if register.get("kind") == kind:
                opening = Decimal(register.find(M + "Opening").findtext(M + "Value"))
                closing = shown[point.findtext(M + "Eic"), kind, register.get("zone")]
                zones[register.get("zone")] = rounded((closing - opening) * Decimal(meter.findtext(M + "Coefficient")))
    return {zone: zones[zone] for zone in ("night", "half-peak", "peak", "day", "total") if zone in zones}


def losses(point, active, reactive):
    kyiv = ZoneInfo("Europe/Kyiv")
    start, end = (day.replace(tzinfo=kyiv).astimezone(timezone.utc) for day in (first, after))
    hours = Decimal(int((end - start).total_seconds())) / 3600
    of = lambda element: {name: Decimal(value) for name, value in element.attrib.items()}
    t, line = of(next(point.iter(M + "Transformer"))), of(next(point.iter(M + "Line")))
    square = FORM_FACTOR * (active**2 + reactive**2)
    lost = rounded(t["no-load-kw"] * hours) + rounded(square * t["load-kw"] / (t["rated-kva"] ** 2 * hours))
    no_load = rounded(t["rated-kva"] * t["no-load-current"] / 100 * hours)
    q_lost = no_load + rounded(square * t["short-circuit-voltage"] / (t["rated-kva"] * hours * 100))
    square = FORM_FACTOR * ((active + lost) ** 2 + (reactive + q_lost) ** 2)
    return lost + rounded(square * line["resistance"] * line["length"] / (line["voltage"] ** 2 * hours * 1000))


def split(amount, zones):
    parts, whole, left = {}, sum(zones.values()), amount
    for zone, volume in zones.items():
        parts[zone] = left if zone == list(zones)[-1] else rounded(amount * volume / whole)
        left -= parts[zone]
    return parts


def price(component, product, voltage, zone):
    def fits(tariff):
        wanted = (("Component", component), ("Product", product), ("VoltageClass", voltage), ("Zone", zone))
        day = f"{first:%Y-%m-%d}"
        valid = tariff.findtext(M + "From") <= day and (tariff.findtext(M + "To") or "9999") > day
        return valid and all(tariff.findtext(M + name) in (None, value) for name, value in wanted)

    found = [tariff for tariff in master.iter(M + "Tariff") if fits(tariff)]
    best = max(found, key=lambda tariff: sum(tariff.find(M + name) is not None for name in ("Zone", "Product", "VoltageClass")))
    return best.find(M + "Zone") is not None, Decimal(best.findtext(M + "Price"))


each_step_again()
account = next(one for one in master.iter(M + "Account") if one.findtext(M + "Contract") == told["account"])
main = next(account.iter(M + "UsagePoint"))
fed = [one for one in master.iter(M + "UsagePoint") if one.findtext(f"{M}Terms/{M}FedThrough") == main.findtext(M + "Eic")]
gross = measured(main, "active-import")
net = defaultdict(Decimal, gross)
lost = losses(main, sum(gross.values()), sum(measured(main, "reactive-import").values()))
for zone, part in split(lost, gross).items():
    net[zone] += part
for sub in fed:
    for zone, part in split(sum(measured(sub, "active-import").values()), gross).items():
        net[zone] -= part
total = Decimal(0)
for component in ("supply", "transmission", "distribution"):
    volumes = defaultdict(Decimal)
    for zone, volume in net.items():
        zoned, amount = price(component, account.findtext(M + "Product"), main.findtext(M + "VoltageClass"), zone)
        volumes[zone if zoned else "total", amount] += volume
    total += sum(rounded(volume * amount, 2) for (_, amount), volume in volumes.items())
vat = rounded(total * 20 / 100, 2)
figures = {"net": total, "vat": vat, "total": total + vat, "volume_kwh": sum(net.values())}
told_figures = {"subs": len(fed), "losses": str(lost)}
json.dump({**{name: format(value, "f") for name, value in figures.items()}, **told_figures}, sys.stdout)
