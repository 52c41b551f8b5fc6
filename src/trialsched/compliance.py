"""How facts stand to a plan: findings, which are facts about a departure. People judge their severity."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialsched.plan import Plan, PlannedVisit

FindingKind = Literal["booked-outside", "out-of-order"]


class Finding(NamedTuple):
    """One departure: its kind, the visit, the other visit it is measured against, the day, and a sentence.

    `days_out` is negative before the window, positive after it, and for a spacing the days that are missing,
    negative too; 0 where there is no number.
    """

    kind: FindingKind
    visit: str
    other: str | None
    days_out: int
    date: date
    detail: str


def booking_findings(plan: Plan) -> tuple[Finding, ...]:
    """Return what stands against the open bookings of a plan, in its order.

    A booking outside of its window or nearer to another visit than a spacing is `booked-outside`; one that is
    strictly before another visit whose target is strictly earlier is `out-of-order`. Windows include their ends;
    a spacing is counted from the earlier of the two days. An open booking is one that is not attended.
    """
    days = {row.code: _day(row) for row in plan}
    found: list[Finding] = []
    for row in plan:
        if row.booked is not None and row.attended is None and row.outcome is None:
            found += _window(row, row.booked)
            found += _spacings(plan, row, row.booked, days)
            found += _order(plan, row, row.booked, days)
    return tuple(found)


def _day(row: PlannedVisit) -> date | None:
    """Return the day on which a visit was or is to be: attended, else booked; None when neither is a whole date."""
    if isinstance(row.attended, date):
        return row.attended
    return row.booked if row.attended is None and row.outcome is None else None


def _window(row: PlannedVisit, booked: date) -> Iterator[Finding]:
    window = row.window
    if window is None or booked in window:
        return
    out = (booked - (window.earliest if booked < window.earliest else window.latest)).days
    side = "before" if out < 0 else "after"
    assumed = "assumed window" if row.visit.timing.assumed else "window"
    detail = f"booked for {booked}, {_days(abs(out))} {side} its {assumed} {window.earliest} to {window.latest}"
    yield Finding("booked-outside", row.code, None, out, booked, detail)


def _spacings(plan: Plan, row: PlannedVisit, booked: date, days: dict[str, date | None]) -> Iterator[Finding]:
    for spacing in plan.protocol.spacings:
        if row.code not in (spacing.first, spacing.second):
            continue
        other = spacing.second if row.code == spacing.first else spacing.first
        day = days.get(other)
        if day is None or (plan[other].attended is None and _places(plan, other, row.code)):
            continue  # of two bookings the later row tells it, once
        earlier, later = sorted((booked, day))
        missing = (spacing.at_least.after(earlier) - later).days
        if missing > 0:
            assumed = "assumed spacing" if spacing.assumed else "spacing"
            detail = (
                f"booked for {booked}, {_days(missing)} short of the {assumed} of {spacing.at_least} to {other} ({day})"
            )
            yield Finding("booked-outside", row.code, other, -missing, booked, detail)


def _places(plan: Plan, other: str, code: str) -> bool:
    """Return whether the other visit comes later in the plan, and tells what is between the two itself."""
    codes = [row.code for row in plan]
    return codes.index(other) > codes.index(code)


def _order(plan: Plan, row: PlannedVisit, booked: date, days: dict[str, date | None]) -> Iterator[Finding]:
    for other in plan:
        day = days[other.code]
        if day is not None and other.target < row.target and booked < day:
            detail = f"booked for {booked}, before {other.code} ({day}), which comes earlier in the protocol"
            yield Finding("out-of-order", row.code, other.code, 0, booked, detail)


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
