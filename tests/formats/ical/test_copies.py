"""Events that a program wrote again under ids of its own."""

import pytest

from trialsched.formats.ical.copies import Titles, titled_as_cancelled
from trialsched.formats.ical.lines import Properties, cut, properties

TITLES = Titles([("P01-007", "DOSE2"), ("P01-008", "DOSE2"), ("za\u017c\u00f3\u0142\u0107, 1", "DOSE2")])


def event(*titles: str) -> Properties:
    """Return an event of titles."""
    lines = [f"SUMMARY:{title}" for title in titles]
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    return properties(cut(text).blocks[0])


@pytest.mark.parametrize(
    ("title", "visit"),
    [
        ("P01-007 DOSE2", ("P01-007", "DOSE2")),
        (" P01-008  DOSE2 ", ("P01-008", "DOSE2")),
        ("CANCELLED P01-007 DOSE2", ("P01-007", "DOSE2")),
        ("ODWO\u0141ANA P01-007 DOSE2", ("P01-007", "DOSE2")),
        ("Canceled: P01-007 DOSE2", ("P01-007", "DOSE2")),
        ("za\u017co\u0301\u0142c\u0301\\, 1 DOSE2", ("za\u017c\u00f3\u0142\u0107, 1", "DOSE2")),
        ("P01-007 DOSE2 window", None),
        ("P01-007 DOSE3", None),
        ("p01-007 dose2", None),
        ("", None),
    ],
)
def test_a_visit_by_its_title(title: str, visit: tuple[str, str] | None) -> None:
    """As we would have written it, also where it was called off; blanks and the form of letters do not count."""
    assert TITLES.visit_of(event(title)) == visit
    assert TITLES.visit_of(event("Dentist", title)) == visit


def test_an_event_without_title() -> None:
    """It is of no visit, and not called off."""
    assert TITLES.visit_of(event()) is None
    assert not titled_as_cancelled(event())
