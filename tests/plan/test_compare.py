"""What differs between two plans."""

from dataclasses import replace
from datetime import date, datetime, time

import trialsched as ts

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
PLAN = ts.schedule(ALSTEM, SUBJECT)


def test_the_same_plan_has_no_changes() -> None:
    """Nothing differs from itself."""
    assert ts.changes(PLAN, PLAN) == ()


def test_a_new_booking_with_its_time() -> None:
    """A booking with a time is a `datetime`; the booked dose moves nothing that does not count from it."""
    booked = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 2), time(9, 30)))
    assert ts.changes(PLAN, booked) == (ts.Change("DOSE2", "booked", None, datetime(2026, 4, 2, 9, 30)),)  # noqa: DTZ001
    whole_day = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 2)))
    assert ts.changes(whole_day, booked)[0].old == date(2026, 4, 2)


def test_midnight_is_not_the_whole_day() -> None:
    """A booking at 00:00 differs from a booking for the day."""
    midnight = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 2), time(0, 0)))
    whole_day = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 2)))
    assert len(ts.changes(whole_day, midnight)) == 1


def test_a_moved_first_dose() -> None:
    """Every visit but the first dose moves; the first dose is attended."""
    moved = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4)))
    found = ts.changes(PLAN, moved)
    assert ts.Change("DOSE1", "attended", None, date(2026, 3, 4)) in found
    assert {c.visit for c in found if c.kind == "target"} == set(ALSTEM.codes) - {"DOSE1"}
    window = next(c for c in found if (c.visit, c.kind) == ("DOSE2", "window"))
    assert (str(window.old), str(window.new)) == ("2026-03-25..2026-04-08", "2026-03-27..2026-04-10")


def test_added_removed_and_another_mode() -> None:
    """An amendment adds, removes and changes visits: new rows in order, then removed ones."""
    visits = [v for v in ALSTEM.visits if v.code != "M18"]
    visits = [replace(v, mode="video") if v.code == "M04" else v for v in visits]
    amended = replace(ALSTEM, version="2", visits=(*visits, ts.Visit("M24", "phone", "24 months after DOSE1")))
    assert ts.changes(PLAN, ts.schedule(amended, SUBJECT)) == (
        ts.Change("M04", "mode", "phone", "video"),
        ts.Change("M24", "added", None, date(2028, 3, 2)),
        ts.Change("M18", "removed", date(2027, 9, 2), None),
    )


def test_a_window_that_goes() -> None:
    """As registered the follow-ups lose their windows."""
    bare = ts.schedule(ALSTEM.as_registered(), SUBJECT)
    assert {(c.visit, c.kind, c.new) for c in ts.changes(PLAN, bare)} == {
        (v.code, "window", None) for v in ALSTEM.expanded if v.timing.assumed
    }
