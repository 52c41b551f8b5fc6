"""TD, the schedules that repeat: a row for each cycle of the protocol in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialsched.protocol import Repeat

if TYPE_CHECKING:
    from trialsched.formats.sdtm.model import Value
    from trialsched.offsets import Offset
    from trialsched.protocol import Protocol, Visit, When

Parts = tuple[int, int]
"""Months and days."""


def cycles_of(protocol: Protocol, notes: list[str]) -> list[tuple[Value, ...]]:
    """Return the rows of TD, without STUDYID and DOMAIN; what they cannot say is noted.

    A pattern is "a series of intervals of equal duration, each followed by an assessment" (SDTMIG 3.4, 7.3.2,
    assumption 4): the first is at the anchor plus TDSTOFF plus TDTGTPAI. Where a cycle begins before one interval
    has passed, its first occurrence is the start of the pattern and no part of it.
    """
    rows: list[tuple[Value, ...]] = []
    anchors: dict[str, str] = {}
    for visit in protocol.visits:
        cycle, when = visit.repeat, visit.timing.when
        if not isinstance(cycle, Repeat) or when is None:
            continue
        start = _start(cycle, when)
        if start is None:
            words = "it begins before its anchor" if _negative(when.offset) else "it does not come again"
            notes.append(f"TD has no row for {visit.code}: {words}")
            continue
        offset, times = start
        anchor = anchors.setdefault(when.visit, f"ANCH{len(anchors) + 1}DT")
        least, most = _ends(visit, cycle, notes)
        rows.append((len(rows) + 1, anchor, offset, duration(cycle.every.months, cycle.every.days), least, most, times))
    if anchors:
        named = ", ".join(f"{variable} is the date of {code}" for code, variable in anchors.items())
        notes.append(f"TD: {named}; the analysis dataset ADSL must hold it under that name")
    return rows


def _start(cycle: Repeat, when: When) -> tuple[str, int] | None:
    """Return TDSTOFF, which is zero or more, and how often an interval is followed by an assessment."""
    if _negative(when.offset):
        return None
    earlier = (when.offset.months - cycle.every.months, when.offset.days - cycle.every.days)
    if min(earlier) >= 0:
        return duration(*earlier), cycle.times
    if cycle.times == 1:
        return None
    return duration(when.offset.months, when.offset.days), cycle.times - 1


def _negative(offset: Offset) -> bool:
    return offset.months < 0 or offset.days < 0


def _ends(visit: Visit, cycle: Repeat, notes: list[str]) -> tuple[str | None, str | None]:
    """Return the least and the greatest interval: what the protocol states, and ISO 8601 can say."""
    window = visit.timing.window
    if window is None or visit.timing.assumed:
        why = "has no window" if window is None else f"has an assumed window ({window}), not one of the protocol"
        notes.append(f"TD: {visit.code} {why}: TDMINPAI and TDMAXPAI are empty")
        return None, None
    months, days = cycle.every.months, cycle.every.days
    least = (months - window.before.months, days - window.before.days)
    if min(least) < 0:
        notes.append(
            f"TD: no ISO 8601 duration says {cycle.every} less {window.before} ({visit.code}): TDMINPAI is empty"
        )
    most = duration(months + window.after.months, days + window.after.days)
    return (duration(*least) if min(least) >= 0 else None), most


def duration(months: int, days: int) -> str:
    """Return months and days as ISO 8601: whole weeks as weeks, whole years as years (SDTMIG 3.4, 4.4.3.1).

    >>> duration(0, 56), duration(0, 53), duration(3, 2), duration(24, 0), duration(0, 0)
    ('P8W', 'P53D', 'P3M2D', 'P2Y', 'P0D')
    """
    if not months:
        return f"P{days // 7}W" if days and days % 7 == 0 else f"P{days}D"
    years, rest = divmod(months, 12)
    parts = ((years, "Y"), (rest, "M"), (days, "D"))
    return "P" + "".join(f"{number}{unit}" for number, unit in parts if number)
