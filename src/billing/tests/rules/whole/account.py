"""Whole accounts, done again from the JSON of their master data, readings and prices: decimal, half away from zero.

Volumes of several meters and of one that took another's place, losses by plate and by act, sub-consumers, prices that change, VAT.
"""

import json
import sys
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal as D
from decimal import getcontext
from zoneinfo import ZoneInfo

getcontext().prec = 60
KYIV = ZoneInfo("Europe/Kyiv")
ORDER = ["total", "night", "half-peak", "peak", "day"]
KINDS = ["active-import", "reactive-import"]


def rounded(value, places):
    return D(value).quantize(D(1).scaleb(-places), rounding=ROUND_HALF_UP)


def whole(value):
    return int(rounded(value, 0))


def holds(entry, day):
    return entry["from"] <= day.isoformat() and (entry["to"] is None or day.isoformat() < entry["to"])


class Period:
    def __init__(self, value):
        self.key = (value["year"], value["month"])
        self.first = date(*self.key, 1)
        self.end = date(self.key[0] + self.key[1] // 12, self.key[1] % 12 + 1, 1)
        self.days = [self.first + timedelta(n) for n in range((self.end - self.first).days)]
        begin, close = (datetime(d.year, d.month, d.day, tzinfo=KYIV).timestamp() for d in (self.first, self.end))
        self.hours = D(int(close - begin)) / 3600


def share(total, weights):
    """Parts of a whole number, rounded, never more than is left; the last that weighs anything takes the rest."""
    weights = [max(w, 0) for w in weights]
    if not any(weights):
        weights = [1] * len(weights)
    last = max(n for n, w in enumerate(weights) if w)
    left, parts = abs(total), []
    for n, weight in enumerate(weights):
        part = left if n == last else min(whole(D(abs(total)) * weight / sum(weights)), left)
        left -= part
        parts.append(part if total >= 0 else -part)
    return parts


def over_zones(total, entries):
    """Shares out to the zones of entries (zone, from, to) -> weight first, then within each; a dictionary."""
    zones = sorted({key[0] for key in entries}, key=ORDER.index)
    sums = [sum(max(w, 0) for key, w in entries.items() if key[0] == zone) for zone in zones]
    result = {}
    for zone, part in zip(zones, share(total, sums)):
        keys = sorted((key for key in entries if key[0] == zone), key=lambda key: key[1:])
        result.update(zip(keys, share(part, [entries[key] for key in keys])))
    return result


def measured(case, period, point, meters):
    """kind -> {(zone, from, to): gross}."""
    volumes = {}
    for meter in meters:
        if meter["point"] != point["eic"]:
            continue
        marks = {}
        for reading in case["readings"]:
            register = reading["register"]
            if (register["point"], register["meter"]) != (point["eic"], meter["serial"]):
                continue
            if reading["occasion"] == "period-end":
                at = Period(reading["period"]).end
            else:
                at = date.fromisoformat(reading["read_on"])
            marks.setdefault((register["kind"], register["zone"]), {})[at] = D(reading["total"]) / 1000
        for (kind, zone), shown in marks.items():
            days = sorted(day for day in shown if period.first <= day <= period.end)
            for begin, close in zip(days, days[1:]):
                counted = shown[close] - shown[begin]
                if counted < 0:
                    digits = next(r["digits"] for r in meter["registers"] if (r["kind"], r["zone"]) == (kind, zone))
                    counted += D(10) ** digits
                of_kind = volumes.setdefault(kind, {})
                key = (zone, begin, close)
                of_kind[key] = of_kind.get(key, 0) + whole(counted * D(meter["coefficient"]))
    return volumes


def parameter(case, name, default):
    return next((D(entry["value"]) for entry in case["parameters"] if entry["name"] == name), D(default))


def lost(case, period, terms, volumes):
    """kind -> whole energy that is lost between the meter and the boundary."""
    wp = sum(volumes.get("active-import", {}).values())
    has_reactive = "reactive-import" in volumes
    normative = D(terms["normative_tg"]) if terms["normative_tg"] else parameter(case, "normative-tg", "0.8")
    wq = sum(volumes["reactive-import"].values()) if has_reactive else whole(wp * normative)
    k = parameter(case, "form-factor", "1.17")
    hours, sums = period.hours, dict.fromkeys(KINDS, 0)

    def lose(active, reactive=0):
        nonlocal wp, wq
        wp, wq = wp + active, wq + reactive
        sums["active-import"] += active
        sums["reactive-import"] += reactive if has_reactive else 0

    for element in terms["losses"]:
        (kind, plate), = element.items()
        plate = {name: D(value) for name, value in plate.items()}
        squares = D(wp) ** 2 + D(wq) ** 2
        if kind == "transformer":
            s = plate["rated_kva"]
            idle_p = whole(whole(plate["no_load_kw"] * hours) * plate["share"])
            idle_q = whole(whole(s * plate["no_load_current"] / 100 * hours) * plate["share"])
            load_p = whole(k * squares / (s * s * hours) * plate["load_kw"])
            load_q = whole(k * squares / (s * hours * 100) * plate["short_circuit_voltage"])
            lose(idle_p + load_p, idle_q + load_q)
        elif kind == "line":
            u = plate["voltage"]
            lose(whole(k * squares * plate["resistance"] * plate["length"] / (u * u * hours * 1000)))
        else:
            lose(whole(wp * plate["line_percent"] / 100) + whole(wp * plate["variable_percent"] / 100) + whole(plate["constant_kwh"]))
    return sums


def with_losses(case, period, point, meters):
    volumes = measured(case, period, point, meters)
    terms = point["terms"][0]["value"]
    sums = lost(case, period, terms, volumes)
    losses = {kind: over_zones(sums[kind], entries) if entries else {} for kind, entries in volumes.items() if kind in sums}
    return volumes, losses


def take_off(case, main, sub):
    """What a sub-consumer takes, by kind and key of the main."""
    (gross, _), (own, own_losses) = main, sub
    taken = {
        kind: {key: value + own_losses.get(kind, {}).get(key, 0) for key, value in entries.items()} for kind, entries in own.items()
    }
    if "reactive-import" in gross and "reactive-import" not in taken:
        wp, wq = (sum(gross[kind].values()) for kind in KINDS)
        active, cap = sum(taken["active-import"].values()), parameter(case, "sub-tg-cap", "0.8")
        by_tg = D(active) * wq / wp if wp > 0 and D(wq) / wp < cap else active * cap
        taken["reactive-import"] = {("total", None, None): whole(by_tg)}
    fed = {}
    for kind, entries in taken.items():
        if kind not in gross:
            continue
        zones = {}
        for (zone, _, _), value in entries.items():
            zones[zone] = zones.get(zone, 0) + value
        if all(any(key[0] == zone for key in gross[kind]) for zone in zones):
            parts = [over_zones(value, {key: w for key, w in gross[kind].items() if key[0] == zone}) for zone, value in zones.items()]
        else:
            parts = [over_zones(sum(zones.values()), gross[kind])]
        for part in parts:
            for key, value in part.items():
                fed[kind, key] = fed.get((kind, key), 0) + value
    return fed


def tariff(case, component, cls, zone, day):
    fitting = [
        t
        for t in case["tariffs"]
        if t["component"] == component and t["voltage_class"] in (None, cls) and t["zone"] in (None, zone) and holds(t, day)
    ]
    best = max(fitting, key=lambda t: (t["zone"] is not None, t["voltage_class"] is not None))
    return D(best["price"]), best["zone"]


def runs(values, days):
    found = []
    for value, day in zip(values, days):
        if found and found[-1][0] == value:
            found[-1][2] = day + timedelta(1)
        else:
            found.append([value, day, day + timedelta(1)])
    return found


def priced(case, period, volumes):
    """Lines of (point, class, zone, from, to, net) volumes."""
    change = case["record"]["account"]["terms"][0]["value"]["price_change"]
    lines = []
    for component in ("supply", "transmission", "distribution"):
        groups = {}
        for point, cls, zone, begin, close, net in volumes:
            rates = [tariff(case, component, cls, zone, day) for day in period.days]
            if change == "month":
                rates = [rates[0]] * len(rates)
            if change != "measured":
                begin = min(v[3] for v in volumes if (v[0], v[2]) == (point, zone))
                close = max(v[4] for v in volumes if (v[0], v[2]) == (point, zone))
            chunks = groups.setdefault((cls, tuple(rates)), {})
            chunks[begin, close] = chunks.get((begin, close), 0) + net
        for (cls, rates), chunks in groups.items():
            segments = runs(rates, period.days)
            quantities = [None] * len(segments)
            for (begin, close), net in chunks.items():
                days = [max((min(close, end) - max(begin, start)).days, 0) for _, start, end in segments]
                touched = [n for n, count in enumerate(days) if count]
                for n, part in zip(touched, share(net, [days[n] for n in touched])):
                    quantities[n] = (quantities[n] or 0) + part
            for ((price, _), _, _), quantity in zip(segments, quantities):
                if quantity is not None:
                    lines.append((component, cls, quantity, rounded(quantity * price, 2)))
    return lines


def bill(case):
    period = Period(case["period"])
    record = case["record"]
    points = {point["eic"]: point for point in record["points"]}
    known = {eic: with_losses(case, period, point, record["meters"]) for eic, point in points.items()}
    others = {}
    for related in case["related"]:
        points[related["point"]["eic"]] = related["point"]
        others[related["point"]["eic"]] = with_losses(case, period, related["point"], related["meters"])
    fed = {}
    for eic, sub in {**known, **others}.items():
        feeder = points[eic]["terms"][0]["value"]["fed_through"]
        if feeder in known:
            for (kind, key), value in take_off(case, known[feeder], sub).items():
                fed[feeder, kind, key] = fed.get((feeder, kind, key), 0) + value
    told, active = [], []
    for eic, (volumes, losses) in known.items():
        if points[eic]["terms"][0]["value"]["supply"] != "billed":
            continue
        for kind, entries in volumes.items():
            for key, gross in entries.items():
                more, less = losses.get(kind, {}).get(key, 0), fed.get((eic, kind, key), 0)
                net = gross + more - less
                if net < 0:
                    return {"refused": "E5"}
                told.append(f"{eic} {kind} {key[0]} {key[1]} {key[2]} {gross} + {more} - {less} = {net}")
                if kind == "active-import":
                    active.append((eic, points[eic]["voltage_class"], *key, net))
    lines = priced(case, period, active)
    net = sum((line[3] for line in lines), D(0))
    vat = rounded(net * parameter(case, "vat-rate", "20") / 100, 2)
    return {
        "volumes": sorted(told),
        "lines": sorted(" ".join(str(part) for part in line) for line in lines),
        "net": str(rounded(net, 2)),
        "vat": str(vat),
        "total": str(rounded(net + vat, 2)),
    }


print(json.dumps([bill(case) for case in json.load(sys.stdin)]))
