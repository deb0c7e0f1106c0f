"""Penalty and annual interest once more, by day and with exact fractions: JSON in, a line of kopiykas for each case out.

Knows nothing of intervals: it walks the days, and closes a sum where debt, rate or year change.
"""
import json
import sys
from datetime import date, timedelta
from fractions import Fraction


def first_overdue(due, holidays):
    while due.weekday() >= 5 or due.isoformat() in holidays:
        due += timedelta(1)
    return due + timedelta(1)


def months_later(day, months):
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(1)).day
    return date(year, month, min(day.day, last))


def rounded(value):
    cents = value * 100
    half_up = (abs(cents.numerator) * 2 + cents.denominator) // (2 * cents.denominator)
    return half_up if cents >= 0 else -half_up


def rate_on(rates, day):
    return Fraction([rate for since, rate in rates if since <= day.isoformat()][-1])


def accrued(case):
    start, end = date.fromisoformat(case["from"]), date.fromisoformat(case["to"])
    first = first_overdue(date.fromisoformat(case["due_on"]), case["holidays"])
    cap = months_later(first, case["cap_months"])
    exact, rows, run = Fraction(0), [], None
    day = start
    while day < end:
        owed = case["amount"] - sum(paid for when, paid in case["payments"] if when <= day.isoformat())
        if day >= first and owed > 0 and (case["interest"] or day < cap):
            year = 366 if (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days == 366 else 365
            rate = Fraction(3) if case["interest"] else Fraction(case["multiplier"]) * rate_on(case["rates"], day)
            of_day = Fraction(owed, 100) * rate / 100 / year
            exact += of_day
            key = (owed, rate, day.year)
            if run and run[0] == key and run[2] == day:
                run[1] += of_day
                run[2] = day + timedelta(1)
            else:
                if run:
                    rows.append(rounded(run[1]))
                run = [key, of_day, day + timedelta(1)]
        day += timedelta(1)
    if run:
        rows.append(rounded(run[1]))
    assert abs(sum(rows) - exact * 100) <= Fraction(len(rows), 2)
    return rows


for one in json.load(sys.stdin):
    print(*accrued(one))
