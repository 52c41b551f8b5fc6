"""The rules of the design once more, naively, from a protocol's document and with python-dateutil: an oracle.

It shares no code with the library but the values it is given: it reads the canonical texts by splitting them,
expands cycles by the words of design 5, and counts with `relativedelta`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from dateutil.relativedelta import relativedelta

if TYPE_CHECKING:
    from trialsched.subject import Subject


class Row(NamedTuple):
    """What a plan says of one visit."""

    code: str
    target: date
    earliest: date | None
    latest: date | None
    basis: str
    reference: date
    source: str


def delta(text: str) -> relativedelta:
    """Read a canonical offset, as '3 months 2 days'."""
    words = text.split()
    amounts = {unit.rstrip("s"): int(number) for number, unit in zip(words[::2], words[1::2], strict=True)}
    return relativedelta(months=amounts.get("month", 0), days=amounts.get("day", 0))


def window(text: str) -> tuple[relativedelta, relativedelta]:
    """Read a canonical window, as '±7 days' or '-3/+5 days'."""
    if text.startswith("±"):
        return delta(text[1:]), delta(text[1:])
    left, right = text.split("/")
    left, right = left[1:], right[1:]
    if left.isdigit():
        left += " days"
    return delta(left), delta(right)


def when(text: str) -> tuple[relativedelta, str]:
    """Read '30 days after CODE', '30 days before CODE', 'on CODE'."""
    *offset, word, code = text.split()
    if word == "on":
        return relativedelta(), code
    distance = delta(" ".join(offset))
    return (-distance if word == "before" else distance), code


def expanded(visits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write every cycle out, cycle by cycle where its first visit stands."""
    rows = []
    done = set()
    for visit in visits:
        repeat = visit.get("repeat")
        if repeat is None:
            rows.append({**visit, "count": [when(visit["when"])] if "when" in visit else []})
            continue
        root = visit["code"] if isinstance(repeat, dict) else repeat
        if root in done:
            continue
        done.add(root)
        cycle = next(v["repeat"] for v in visits if v["code"] == root)
        members = [v for v in visits if v["code"] == root or v.get("repeat") == root]
        for n in range(1, cycle["times"] + 1):
            rows += [occurrence(member, cycle, n) for member in members]
    return rows


def occurrence(visit: dict[str, Any], cycle: dict[str, Any], n: int) -> dict[str, Any]:
    """Write one occurrence of a visit of a cycle."""
    named = {k: v.replace("{n}", str(n)) if isinstance(v, str) else v for k, v in visit.items()}
    distance, parent = when(named["when"])
    if isinstance(visit["repeat"], dict):
        every = delta(cycle["every"])
        if cycle.get("from") == "previous" and n > 1:
            distance, parent = every, visit["code"].replace("{n}", str(n - 1))
        elif n > 1:
            distance += every * (n - 1)
    return {**named, "count": [(distance, parent)]}


class Oracle:
    """The plan of one subject, computed visit by visit on demand."""

    def __init__(self, document: dict[str, Any], subject: Subject) -> None:
        """Take a protocol's document and a subject with a baseline."""
        arms = set(document.get("arms", ()))
        wanted = arms if subject.arm is None else {subject.arm}
        self.rows = {
            row["code"]: row
            for row in expanded(document["visits"])
            if "arms" not in row or wanted <= set(row["arms"])
        }  # fmt: skip
        self.subject = subject
        self.counted = document.get("study_days_from", document["anchor"])

    def target(self, code: str) -> date:
        """Rules 1, 2 and 4."""
        row = self.rows[code]
        if not row["count"]:
            assert self.subject.baseline is not None
            return self.subject.baseline
        day: date = self.base(code)[0] + row["count"][0][0]
        return day

    def base(self, code: str) -> tuple[date, str]:
        """Return the date that a visit counts from, and where it comes from."""
        row = self.rows[code]
        if not row["count"]:
            return self.target(code), "baseline"
        parent = row["count"][0][1]
        if row.get("counts_from") == "target":
            return self.target(parent), "target" if self.rows[parent]["count"] else "baseline"
        return self.reference(parent)

    def reference(self, code: str) -> tuple[date, str]:
        """Rule 4: the earliest whole attended date, else the latest booked one, else the target."""
        records = [r for r in self.subject.records if r.visit == code and r.outcome is None]
        attended = [r.attended for r in records if isinstance(r.attended, date)]
        booked = [r.booked for r in records if r.booked]
        if attended:
            return min(attended), "attended"
        if booked:
            return max(booked), "booked"
        return self.target(code), "target" if self.rows[code]["count"] else "baseline"

    def row(self, code: str) -> Row:
        """Rules 3 and 6: the window around the target, cut by the limits."""
        row = self.rows[code]
        target = self.target(code)
        text = row.get("window") or row.get("assumed_window")
        basis = "protocol" if "window" in row else "assumed" if text else "none"
        if text is None:
            return Row(code, target, None, None, basis, *self.base(code))
        before, after = window(text)
        days = [target - before, target + after]
        for key, index, pick in (("not_before", 0, max), ("not_after", 1, min)):
            if key in row:
                distance, other = when(row[key])
                days[index] = pick(days[index], self.reference(other)[0] + distance)
        if days[0] > days[1]:
            return Row(code, target, None, None, "empty", *self.base(code))
        return Row(code, target, days[0], days[1], basis, *self.base(code))

    def study_day(self, code: str) -> int:
        """Section 3: the reference date of the visit counted from is day 1, the day before it -1; its row is day 1."""
        if code == self.counted:
            return 1
        day, one = self.target(code), self.reference(self.counted)[0]
        return (day - one).days + 1 if day >= one else (day - one).days

    def plan(self) -> list[Row]:
        """Return every row in protocol order."""
        return [self.row(code) for code in self.rows]
