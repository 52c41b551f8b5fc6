"""The way back from a visit to a baseline."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trialsched.errors import DateOutOfRangeError
from trialsched.offsets import plain_date

if TYPE_CHECKING:
    from trialsched.offsets import Offset
    from trialsched.protocol import Protocol


def provisional_baseline(protocol: Protocol, visit: str, day: date) -> date:
    """Return the latest baseline whose plan without records puts the visit on that day, else the latest before it.

    Raises `UnknownVisitError`, and `DateOutOfRangeError` when no baseline of the years 1 to 9999 does.

    >>> from trialsched.protocol import Protocol, Visit
    >>> demo = Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("SCR", "on-site", "90 days before D0")])
    >>> provisional_baseline(demo, "SCR", date(2025, 12, 2))
    datetime.date(2026, 3, 2)
    """
    day = plain_date(day, "day")
    chain = []
    at = protocol.visit(visit)
    while at.timing.when is not None:
        chain.append(at.timing.when.offset)
        at = protocol.visit(at.timing.when.visit)
    # Targets are monotone in the baseline: the answer is the last baseline whose target is not after the day.
    low, high = date.min.toordinal(), date.max.toordinal()
    while low < high:
        middle = (low + high + 1) // 2
        if _not_after(chain, date.fromordinal(middle), day):
            low = middle
        else:
            high = middle - 1
    found = date.fromordinal(low)
    if not _lands(chain, found) or not _not_after(chain, found, day):
        message = f"no baseline of the years 1 to 9999 puts {visit} on {day.isoformat()}"
        raise DateOutOfRangeError(message, where=visit)
    return found


def _lands(chain: list[Offset], baseline: date) -> bool:
    """Return whether no visit of the chain leaves the calendar."""
    target = baseline
    try:
        for offset in reversed(chain):
            target = offset.after(target)
    except DateOutOfRangeError:
        return False
    return True


def _not_after(chain: list[Offset], baseline: date, day: date) -> bool:
    target = baseline
    for offset in reversed(chain):
        try:
            target = offset.after(target)
        except DateOutOfRangeError:
            return offset.months < 0 or offset.days < 0  # before year 1 is before every day
    return target <= day
