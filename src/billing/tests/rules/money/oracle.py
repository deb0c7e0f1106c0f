"""Money of accounts, done again from the JSON of what they are calculated from: decimal, half away from zero."""

import json
import sys
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal as D


def r(value, places=2):
    return value.quantize(D(1).scaleb(-places), rounding=ROUND_HALF_UP)


def day(text):
    return date.fromisoformat(text)


def holds(entry, on):
    return day(entry["from"]) <= on and (entry["to"] is None or on < day(entry["to"]))


def month(period):
    first = date(period["year"], period["month"], 1)
    end = date(period["year"] + period["month"] // 12, period["month"] % 12 + 1, 1)
    return [first + timedelta(n) for n in range((end - first).days)]


def parameter(case, name, on, default=None):
    for entry in case["parameters"]:
        if entry["name"] == name and holds(entry, on):
            return D(entry["value"])
    return D(default)


def tariff(case, component, product, cls, zone, on):
    fitting = [
        t
        for t in case["tariffs"]
        if t["component"] == component
        and t["product"] in (None, product)
        and t["voltage_class"] in (None, cls)
        and t["zone"] in (None, zone)
        and holds(t, on)
    ]
    best = max(fitting, key=lambda t: (t["zone"] is not None, t["product"] is not None, t["voltage_class"] is not None))
    return D(best["price"]), best["zone"]


def terms(case, on):
    for entry in case["record"]["account"]["terms"]:
        if holds(entry, on):
            return entry["value"]
    return {"product": None, "price_change": "measured", "zone_prices": "explicit", "network": "supplier", "reactive": "none"}


COEFFICIENTS = {
    ("three", "night"): "0.35",
    ("three", "half-peak"): "1.02",
    ("three", "peak"): "1.68",
    ("two", "night"): "0.4",
    ("two", "day"): "1.5",
}


def rate(case, component, cls, scheme, zone, on):
    """The price of a day, and the zone where it is the zone's own; None where the operator charges."""
    agreed = terms(case, on)
    product = agreed["product"] or case["record"]["account"]["product"]
    if component != "supply" and agreed["network"] == "operator":
        return None
    if component == "supply" and agreed["zone_prices"] == "coefficient" and zone != "total":
        base, _ = tariff(case, component, product, cls, "total", on)
        name = f"zone-coefficient-{scheme}-{zone}"
        return r(base * parameter(case, name, on, COEFFICIENTS[(scheme, zone)]), 5), zone
    return tariff(case, component, product, cls, zone, on)


def spread(total, days):
    """Whole kilowatt-hours in proportion to days, never more than are left, the rest to the last."""
    parts, left = [], total
    for count in days[:-1]:
        part = min(int(r(D(total) * count / sum(days), 0)), left)
        parts.append(part)
        left -= part
    return parts + [left]


def energy(case, volumes):
    days = month(case["period"])
    lines = []
    for component in ("supply", "transmission", "distribution"):
        groups = {}
        for (cls, scheme, zone), volume in volumes.items():
            rates = [rate(case, component, cls, scheme, zone, on) for on in days]
            if terms(case, days[0])["price_change"] == "month":
                rates = [rates[0]] * len(days)
            groups.setdefault((cls, tuple(rates)), []).append(volume)
        for (cls, rates), grouped in groups.items():
            runs = []
            for found in rates:
                if runs and runs[-1][0] == found:
                    runs[-1][1] += 1
                else:
                    runs.append([found, 1])
            for (found, _), part in zip(runs, spread(sum(grouped), [count for _, count in runs])):
                if found is not None:
                    lines.append((component, cls, part, r(part * found[0])))
    return lines


def reactive(case, per_point):
    days = month(case["period"])
    last = days[-1]
    profile = terms(case, last)["reactive"]
    if profile == "none":
        return []
    product = terms(case, last)["product"] or case["record"]["account"]["product"]
    areas = {}
    for point in case["record"]["points"]:
        own = next(e["value"] for e in point["terms"] if holds(e, last))
        areas.setdefault(own["area"] or point["eic"], []).append((point, own))
    lines = []
    for points in areas.values():
        figures = []
        for point, own in points:
            wp, wq, wg = (per_point[point["eic"]].get(kind) for kind in ("active-import", "reactive-import", "reactive-export"))
            normative = D(own["normative_tg"]) if own["normative_tg"] else parameter(case, "normative-tg", last, "0.8")
            wp, wg = wp or 0, wg or 0
            wq = int(r(wp * normative, 0)) if wq is None else wq
            figures.append((point, own, wp, wq, wg, normative))
        active, consumed = sum(f[2] for f in figures), sum(f[3] for f in figures)
        tg = r(D(consumed) / D(active)) if active else figures[0][5]
        tg = min(tg, D(2))
        above = max(tg - D("0.25"), D(0)) ** 2
        base = D(0)
        for point, own, wp, wq, wg, _ in figures:
            if wq == 0 and wg == 0:
                continue
            least = D("999.99")
            if profile == "2018" and not ((wq > least or wg > least) and D(own["permitted_power"]) > 16):
                continue
            price, _ = tariff(case, "reactive", product, point["voltage_class"], "total", last)
            unit = D(own["reactive_equivalent"]) * price
            pc, pg = r(wq * unit), r(wg * unit * (3 if profile == "2002" else 1))
            lines += [("reactive-consumed", pc), ("reactive-generated", pg)]
            base += pc + (pg if profile == "2002" else 0)
        lines.append(("reactive-excess", r(base * above * (D("1.3") if profile == "2002" else 1))))
    return [line for line in lines if line[1]]


def bill(case):
    per_point, volumes = {}, {}
    zones = {}
    rows = {}
    for reading in case["readings"]:
        register = reading["register"]
        rows.setdefault((register["point"], register["kind"], register["zone"]), {})[
            (reading["period"]["year"], reading["period"]["month"])
        ] = reading["total"]
    this = (case["period"]["year"], case["period"]["month"])
    coefficient = {meter["point"]: D(meter["coefficient"]) for meter in case["record"]["meters"]}
    cls = {point["eic"]: point["voltage_class"] for point in case["record"]["points"]}
    for (point, kind, zone), totals in rows.items():
        before = next(value for at, value in totals.items() if at != this)
        volume = int(r((D(totals[this]) - D(before)) / 1000 * coefficient[point], 0))
        kinds = per_point.setdefault(point, {})
        kinds[kind] = kinds.get(kind, 0) + volume
        if kind == "active-import":
            zones.setdefault(point, {})[zone] = volume
    for point, by_zone in zones.items():
        scheme = "two" if "day" in by_zone else "three"
        for zone, volume in by_zone.items():
            key = (cls[point], scheme, zone)
            volumes[key] = volumes.get(key, 0) + volume
    lines = energy(case, volumes)
    more = reactive(case, per_point)
    active = sum((line[3] for line in lines), D(0))
    reactive_net = sum((line[1] for line in more), D(0))
    net = active + reactive_net
    last = month(case["period"])[-1]
    vat = r(net * parameter(case, "vat-rate", last) / 100)
    return {
        "lines": sorted(f"{c} {k} {q} {n}" for c, k, q, n in lines) + sorted(f"{k} {n}" for k, n in more),
        "net": str(r(net)),
        "vat": str(vat),
        "total": str(r(net + vat)),
    }


print(json.dumps([bill(case) for case in json.load(sys.stdin)]))
