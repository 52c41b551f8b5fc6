"""Events that are calendars of their own: each updated alone, as one calendar would update them together."""

from datetime import UTC, date, datetime

from hypothesis import given

import trialsched as ts
from trialsched import strategies
from trialsched.formats import ical

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
PLAN = ts.schedule(ALSTEM, SUBJECT)
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
UID = ical.uid("alstem", "P01-007", "M06")
INDIA = ts.Clinic(zone="Asia/Kolkata", language="en")  # whose clocks never change


def test_a_new_plan_is_its_calendar_in_pieces() -> None:
    """Where nothing stands every event is added, in the plan's order, as `split` gives it."""
    made = ical.Entries(PLAN, stamp=STAMP).update({})
    assert made.data == ical.split(ical.dumps(PLAN, stamp=STAMP))
    assert [(change.visit, change.kind) for change in made.changes] == [(row.code, "added") for row in PLAN]
    assert [change.uid for change in made.changes] == list(made.data)
    assert (made.notes, made.faults) == ([], [])


def test_what_stands_as_it_should_is_left() -> None:
    """The same bytes, and no change."""
    pieces = ical.split(ical.dumps(PLAN, stamp=STAMP))
    assert ical.Entries(PLAN, stamp=LATER).update(pieces) == ical.EntriesUpdate(pieces)


@given(strategies.plans(), strategies.plans())
def test_alone_is_as_together(old: ts.Plan, new: ts.Plan) -> None:
    """Any two plans of a subject: the pieces of a calendar's update are the updates of its pieces."""
    subject = ts.Subject(old.subject.code, new.subject.baseline, arm=new.subject.arm, records=new.subject.records)
    new = ts.schedule(new.protocol, subject)
    first = ical.dumps(old, stamp=STAMP, study_key="k", clinic=INDIA)
    whole = ical.update(new, stamp=LATER, study_key="k", clinic=INDIA, previous=first)
    alone = ical.Entries(new, stamp=LATER, study_key="k", clinic=INDIA).update(ical.split(first))
    assert {change.uid: change for change in alone.changes} == {change.uid: change for change in whole.changes}
    pieces = ical.split(whole.data)
    assert alone.data.keys() == pieces.keys()
    for uid, data in alone.data.items():
        assert data[data.index(b"BEGIN:VEVENT") :] == pieces[uid][pieces[uid].index(b"BEGIN:VEVENT") :]


def test_a_fault_of_one_is_its_own() -> None:
    """It is told by UID, subject and visit; the data has all others."""
    pieces = ical.split(ical.dumps(PLAN, stamp=STAMP))
    pieces[UID] = pieces[UID].replace(b"SEQUENCE:0", b"SEQUENCE:2147483648")
    made = ical.Entries(PLAN, stamp=LATER).update(pieces)
    said = "SEQUENCE: read '2147483648', expected a whole number up to 2147483647"
    assert made.faults == [ical.Fault(UID, "P01-007", "M06", said)]
    assert made.data.keys() == pieces.keys() - {UID}


def test_a_visit_that_left_the_plan_is_called_off_and_a_strangers_left_out() -> None:
    """By the subject's mark; an id that is none of ours says nothing of us."""
    rows = [visit for visit in ALSTEM.visits if visit.code != "M06"]
    shorter = ts.schedule(ts.Protocol("alstem", "2", "DOSE1", rows, spacings=ALSTEM.spacings), SUBJECT)
    pieces = ical.split(ical.dumps(PLAN, stamp=STAMP))
    dentist = pieces[UID].replace(UID.encode(), b"dentist@example.org")
    made = ical.Entries(shorter, stamp=LATER).update({**pieces, "dentist@example.org": dentist})
    assert [(change.uid, change.kind) for change in made.changes] == [(UID, "cancelled")]
    assert b"STATUS:CANCELLED" in made.data[UID]
    assert made.data.keys() == pieces.keys()


def test_what_events_are_known_by() -> None:
    """Their UIDs in the plan's order, the mark of the subject, their titles as they stand in a file."""
    entries = ical.Entries(ts.schedule(ALSTEM, ts.Subject("A;1", baseline=date(2026, 3, 2))), stamp=STAMP)
    text = ical.dumps(ts.schedule(ALSTEM, ts.Subject("A;1", baseline=date(2026, 3, 2))), stamp=STAMP).decode()
    assert list(entries.order) == [ical.uid("alstem", "A;1", row.code) for row in PLAN]
    assert list(entries.order.values()) == list(range(17))
    (mark,) = entries.owners
    assert text.count(f"X-TRIALSCHED-SUBJECT:{mark}") == 17
    assert "A\\;1 M06" in entries.titles
