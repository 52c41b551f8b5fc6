"""Reading calendars with icalendar, without its unions of types."""

from typing import Any

import icalendar


def vevents(data: bytes) -> list[Any]:
    """Return the events of a calendar."""
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))
