"""What became of a calendar, as lines for people."""

from datetime import date, datetime

import pytest

from trialsched.formats.ical.outcome import EventChange, Note, moment_text

LATE = datetime(2026, 9, 4, 11, 30)  # noqa: DTZ001 - shown as it stands
AT = "M06 2026-09-04 09:30"
OLD, NEW = date(2026, 9, 2), date(2026, 9, 4)
TIME = datetime(2026, 9, 4, 9, 30)  # noqa: DTZ001 - shown as it stands


@pytest.mark.parametrize(
    ("kind", "old", "new", "status", "ends", "line"),
    [
        ("added", None, NEW, "TENTATIVE", None, "M06 added 2026-09-04"),
        ("moved", OLD, NEW, "TENTATIVE", None, "M06 2026-09-02 \u2192 2026-09-04"),
        ("moved", OLD, TIME, "CONFIRMED", None, "M06 2026-09-02 \u2192 2026-09-04 09:30"),
        ("moved", TIME, TIME, "CONFIRMED", (TIME, LATE), f"{AT} until 2026-09-04 09:30 \u2192 2026-09-04 11:30"),
        ("status", OLD, NEW, "CONFIRMED", None, "M06 2026-09-02 \u2192 2026-09-04 confirmed"),
        ("cancelled", OLD, OLD, "CANCELLED", None, "M06 2026-09-02 cancelled"),
        ("restored", OLD, NEW, "TENTATIVE", None, "M06 2026-09-02 \u2192 2026-09-04 restored"),
        ("place", OLD, OLD, "TENTATIVE", None, "M06 2026-09-02 place"),
        ("text", OLD, OLD, "TENTATIVE", None, "M06 2026-09-02 text"),
    ],
)  # fmt: skip
def test_a_change_in_a_line(  # noqa: PLR0917 - one case
    kind: str, old: date | None, new: date, status: str, ends: tuple[date, date] | None, line: str
) -> None:
    """Both dates where they differ, and what the change is where it is no move."""
    assert str(EventChange("P1", "M06", kind, old, new, status, "u", ends)) == line  # type: ignore[arg-type]


def test_a_note_names_the_visit() -> None:
    """Subject and visit first, where there are any."""
    assert str(Note("u", "P1", "M06", "edited", "x")) == "P1 M06: x"
    assert str(Note("", "", "", "edited", "x")) == "x"


def test_a_moment_is_shown_to_the_minute() -> None:
    """A date as it is."""
    assert (moment_text(NEW), moment_text(TIME)) == ("2026-09-04", "2026-09-04 09:30")
