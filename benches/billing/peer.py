"""The same sums by hand, without a trace: reads what registers counted, a list for an account, and rounds; tells totals."""

import json
import sys
import time
from decimal import ROUND_HALF_UP, Decimal as D

CENT, ONE = D("0.01"), D(1)
K, HOURS = D("1.17"), D(720)


def r0(value):
    return value.quantize(ONE, rounding=ROUND_HALF_UP)


def r2(value):
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def spread(total, weights):
    whole = sum(weights)
    parts = [r0(total * weight / whole) for weight in weights[:-1]]
    return parts + [total - sum(parts)]


def bill(counted):
    v = [r0(D(c) / 1000 * (40 if i < 5 else 20)) for i, c in enumerate(counted)]
    gross, wq, wg = v[0:3], v[3], v[4]
    wp = sum(gross)
    squares = wp * wp + wq * wq
    lost = [r0(D("0.95") * HOURS), r0(K * squares * D("5.5") / (D(400) * 400 * HOURS))]
    lost_q = r0(D(400) * D("2.1") / 100 * HOURS) + r0(K * squares * D("4.5") / (D(400) * HOURS * 100))
    wp1, wq1 = wp + sum(lost), wq + lost_q
    lost.append(r0(K * (wp1 * wp1 + wq1 * wq1) * D("0.588") * D("2.1") / (D(10) * 10 * HOURS * 1000)))
    losses = spread(sum(lost), gross)
    second = spread(v[9], gross)
    net = [g + loss - a - b for g, loss, a, b in zip(gross, losses, v[5:8], second)]
    second_q = r0(v[9] * wq / wp) if wq / wp < D("0.8") else r0(v[9] * D("0.8"))
    q = wq + lost_q - v[8] - second_q
    if min(net) < 0 or q < 0:
        return None
    active = sum(net)
    sums = [r2(n * p) for n, p in zip(net, (D("1.1218"), D("3.26924"), D("5.38464")))]
    sums += [r2(active * D("0.74291")), r2(active * D("2.17657"))]
    if q > D("999.99") or wg > D("999.99"):
        unit = D("0.0615") * D("3.20514")
        consumed, generated = r2(q * unit), r2(wg * unit)
        tg = min(r2(q / active), D(2))
        sums += [consumed, generated]
        if tg > D("0.25"):
            sums.append(r2(consumed * (tg - D("0.25")) ** 2))
    total = sum(sums)
    return str(total + r2(total * 20 / 100))


asked = json.load(sys.stdin)
began = time.thread_time()
for _ in range(asked["rounds"]):
    totals = [bill(counted) for counted in asked["counted"]]
print(json.dumps({"seconds": f"{time.thread_time() - began:.6f}", "totals": totals}))
