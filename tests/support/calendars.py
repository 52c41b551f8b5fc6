"""Reading calendars with icalendar, without its unions of types."""

from typing import Any

import icalendar

import trialsched as ts


def vevents(data: bytes) -> list[Any]:
    """Return the events of a calendar."""
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def shown_first(plan: ts.Plan) -> list[ts.PlannedVisit]:
    """Return the rows that a first calendar has an event of.

    Those attended, and of the others those neither missed nor still open when participation ended (design 8).
    """
    ended = plan.subject.ended

    def called_off(row: ts.PlannedVisit) -> bool:
        return row.outcome == "missed" or (ended is not None and (row.latest or row.target) > ended)

    return [row for row in plan if row.attended is not None or not called_off(row)]
