"""What is written where, against a collection that is held in memory."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trialsched as ts
from tests.support.dav import BASE, Collection
from trialsched import strategies
from trialsched.clinic import Clinic
from trialsched.formats import ical
from trialsched.push import PushError, PushReport, push

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
PLAN = ts.schedule(ALSTEM, SUBJECT)
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = STAMP + timedelta(days=1)


def place(visit: str, subject: str = "P01-007") -> str:
    """Return where a visit's entry stands."""
    return f"{BASE}{ical.uid('alstem', subject, visit)}.ics"


def pushed(to: Any, plans: Any = PLAN, stamp: datetime = STAMP, **options: Any) -> PushReport:  # noqa: ANN401
    """Push to a collection in memory."""
    return push(to, plans, stamp=stamp, **options)


MOVE = ((b"VALUE=DATE:20260902", b"VALUE=DATE:20260907"), (b"VALUE=DATE:20260903", b"VALUE=DATE:20260908"))


def test_what_is_new_is_created_what_stands_is_left() -> None:
    """17 entries, If-None-Match on each; pushed again nothing is sent."""
    place_ = Collection()
    report = pushed(place_)
    assert [change.visit for change in report.created] == [row.code for row in PLAN]
    assert {headers["If-None-Match"] for _, headers in place_.sent} == {"*"}
    assert set(place_.held) == {place(row.code) for row in PLAN}
    place_.sent.clear()
    assert pushed(place_, stamp=LATER) == PushReport(unchanged=17)
    assert place_.sent == []


def test_an_entry_is_one_calendar_of_one_event() -> None:
    """RFC 4791, section 4.1: one UID, no METHOD; with its VTIMEZONE when it has a time."""
    held = Collection()
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30)))
    pushed(held, plan, clinic=Clinic(zone="Europe/Warsaw", language="en"))
    for path, (_, data) in held.held.items():
        assert data.count(b"BEGIN:VEVENT") == 1
        assert data.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
        assert b"METHOD" not in data
        assert (b"BEGIN:VTIMEZONE" in data) == (path == place("M06"))


def test_an_update_is_sent_over_the_state_that_was_read() -> None:
    """If-Match with the ETag; a weak one is sent as the strong one, which the server may still refuse."""
    held = Collection()
    pushed(held)
    etag, data = held.held[place("M06")]
    held.held[place("M03")] = (f"W/{held.held[place('M03')][0]}", held.held[place("M03")][1])
    held.sent.clear()
    both = SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4))
    report = pushed(held, ts.schedule(ALSTEM, both), LATER)
    assert [path for path, _ in held.sent] == [place("M03"), place("M06")]
    assert held.sent[1][1]["If-Match"] == etag
    assert "W/" not in held.sent[0][1]["If-Match"]
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M03", "changed")]
    assert [change.visit for change in report.updated] == ["M06"]
    assert data != held.held[place("M06")][1]


def test_without_an_etag_nothing_is_written_over() -> None:
    """A server that does not say in which state an entry is gets no new one."""
    held = Collection()
    pushed(held)
    held.held[place("M06")] = ("", held.held[place("M06")][1])
    held.sent.clear()
    report = pushed(held, ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4))), overwrite=True)
    assert held.sent == []
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "changed")]


def test_a_persons_change_is_a_conflict_and_written_over_on_request() -> None:
    """Moved or edited: left, told; with `overwrite` written, told too. An untouched one beside it is written."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), *MOVE)
    held.edit(place("M03"), (b"SUMMARY:P01-007 M03", b"SUMMARY:call first"))
    before = dict(held.held)
    report = pushed(held, stamp=LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M03", "edited"), ("M06", "moved")]
    assert held.held == before
    assert str(report.conflicts[1]) == (
        "P01-007 M06: was moved on the server to 2026-09-07, the plan says 2026-09-02; it is left there"
    )
    report = pushed(held, stamp=LATER, overwrite=True)
    assert {(note.visit, note.kind) for note in report.overwritten} == {("M06", "moved"), ("M03", "edited")}
    assert report.conflicts == ()
    assert pushed(held, stamp=LATER) == PushReport(unchanged=17)


def test_a_visit_that_a_person_prolonged_is_theirs() -> None:
    """The mark covers start and end: a booked visit with another end is a conflict, also when it is booked anew."""
    held, warsaw = Collection(), Clinic(zone="Europe/Warsaw", language="en")
    booked = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30)))
    pushed(held, booked, clinic=warsaw)
    held.edit(place("M06"), (b"DTEND;TZID=Europe/Warsaw:20260902T103000", b"DTEND;TZID=Europe/Warsaw:20260902T123000"))
    before = dict(held.held)
    later = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 3), time(9, 30)))
    for plan in (booked, later):
        report = pushed(held, plan, LATER, clinic=warsaw)
        assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "edited")]
        assert "lasted until 2026-09-02 12:30" in report.conflicts[0].message
        assert held.held == before
    assert pushed(held, booked, LATER, clinic=warsaw, overwrite=True).conflicts == ()
    assert b"DTEND;TZID=Europe/Warsaw:20260902T103000" in held.held[place("M06")][1]


CONFIRMED, CANCELLED = b"STATUS:CONFIRMED", b"STATUS:CANCELLED"
MISSED = ts.VisitRecord("M06", outcome="missed")


@pytest.mark.parametrize(
    ("status", "subject"),
    [
        (CONFIRMED, SUBJECT.booked("M06", date(2026, 9, 2))),
        (CONFIRMED, SUBJECT.booked("M06", date(2026, 9, 4))),
        (CONFIRMED, SUBJECT.attended("M06", date(2026, 9, 2))),
        (CANCELLED, SUBJECT.with_record(MISSED)),
    ],
)
def test_what_a_person_confirmed_or_called_off_and_then_is_so_is_no_conflict(
    status: bytes, subject: ts.Subject
) -> None:
    """Whether TRANSP was a person's is judged by the status that we wrote, not by the one that they gave."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), (b"STATUS:TENTATIVE", status))
    report = pushed(held, ts.schedule(ALSTEM, subject), LATER)
    assert report.conflicts == ()
    assert [change.visit for change in (*report.updated, *report.cancelled)] == ["M06"]
    assert status in held.held[place("M06")][1]
    assert pushed(held, ts.schedule(ALSTEM, subject), LATER) == PushReport(unchanged=17)


TIMED = (
    (b"DTSTART;VALUE=DATE:20260902", b"DTSTART:20260904T080000Z"),
    (b"DTEND;VALUE=DATE:20260903", b"DTEND:20260904T090000Z"),
)


@pytest.mark.parametrize("status", [b"STATUS:TENTATIVE", CONFIRMED])
@pytest.mark.parametrize(
    "subject", [SUBJECT.booked("M06", date(2026, 9, 4)), SUBJECT.attended("M06", date(2026, 9, 4))]
)
def test_a_time_that_a_person_gave_on_the_day_of_the_records_stays(status: bytes, subject: ts.Subject) -> None:
    """The records know the day, the person the hour: no conflict, the event is confirmed at that hour, once."""
    held, warsaw = Collection(), Clinic(zone="Europe/Warsaw", language="en")
    pushed(held, clinic=warsaw)
    held.edit(place("M06"), *TIMED, (b"STATUS:TENTATIVE", status))
    plan = ts.schedule(ALSTEM, subject)
    report = pushed(held, plan, LATER, clinic=warsaw)
    # eight in UTC is ten in Warsaw in summer; told by the clocks that the person's program used
    assert [str(change)[:33] for change in report.updated] == ["M06 2026-09-02 \u2192 2026-09-04 08:00"]
    assert (report.conflicts, report.overwritten) == ((), ())
    data = held.held[place("M06")][1]
    assert b"DTSTART:20260904T080000Z\r\nDTEND:20260904T090000Z\r\n" in data
    assert data.count(b"DTSTART") == 1
    assert CONFIRMED in data
    assert b"X-TRIALSCHED-DATE:20260904\r\n" in data
    assert pushed(held, plan, LATER, clinic=warsaw) == PushReport(unchanged=17)


def test_the_day_of_a_persons_time_is_the_clinics() -> None:
    """Ten in the evening of the third in UTC is the fourth in Warsaw: that day is attended, the third is not."""
    times = [(old, new.replace(b"0904T08", b"0903T22").replace(b"0904T09", b"0903T23")) for old, new in TIMED]
    warsaw = Clinic(zone="Europe/Warsaw", language="en")
    for day, conflicts in ((4, []), (3, ["moved"])):
        held = Collection()
        pushed(held, clinic=warsaw)
        held.edit(place("M06"), *times)
        plan = ts.schedule(ALSTEM, SUBJECT.attended("M06", date(2026, 9, day)))
        assert [conflict.kind for conflict in pushed(held, plan, LATER, clinic=warsaw).conflicts] == conflicts


def test_a_visit_that_a_person_prolonged_and_that_took_place_is_no_conflict() -> None:
    """Booked for an hour, three by the person, attended that day: it stays three hours long."""
    held, warsaw = Collection(), Clinic(zone="Europe/Warsaw", language="en")
    pushed(held, ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30))), clinic=warsaw)
    until = b"DTEND;TZID=Europe/Warsaw:20260902T123000"
    held.edit(place("M06"), (b"DTEND;TZID=Europe/Warsaw:20260902T103000", until))
    plan = ts.schedule(ALSTEM, SUBJECT.attended("M06", date(2026, 9, 2)))
    report = pushed(held, plan, LATER, clinic=warsaw)
    assert ([c.visit for c in report.updated], report.conflicts) == (["M06"], ())
    data = held.held[place("M06")][1]
    assert until in data
    assert data.count(b"BEGIN:VTIMEZONE") == 1
    assert pushed(held, plan, LATER, clinic=warsaw) == PushReport(unchanged=17)


def test_our_own_time_goes_when_the_visit_took_place() -> None:
    """What nobody moved is put to the day as before: records of attendance know no hour."""
    held, warsaw = Collection(), Clinic(zone="Europe/Warsaw", language="en")
    pushed(held, ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30))), clinic=warsaw)
    plan = ts.schedule(ALSTEM, SUBJECT.attended("M06", date(2026, 9, 2)))
    assert pushed(held, plan, LATER, clinic=warsaw).conflicts == ()
    assert b"DTSTART;VALUE=DATE:20260902" in held.held[place("M06")][1]


ENDED = SUBJECT.attended("DOSE1", date(2026, 3, 2)).end(date(2026, 8, 15), "withdrawn")


@pytest.mark.parametrize("move", [MOVE, TIMED])
@pytest.mark.parametrize("subject", [SUBJECT.with_record(MISSED), ENDED])
def test_what_a_person_moved_and_then_is_called_off_is_no_conflict(
    move: tuple[tuple[bytes, bytes], ...], subject: ts.Subject
) -> None:
    """It is called off on whatever day they had moved it to, told once."""
    held, windows = Collection(), ical.Style(windows=True)
    pushed(held, style=windows)
    held.edit(place("M06"), *move)
    plan = ts.schedule(ALSTEM, subject)
    report = pushed(held, plan, LATER, style=windows)
    assert (report.conflicts, report.overwritten) == ((), ())
    assert [c.visit for c in report.cancelled][:2] == ["M06", "M06 window"]
    data = held.held[place("M06")][1]
    assert move[0][1] in data
    assert CANCELLED in data
    assert pushed(held, plan, LATER, style=windows) == PushReport(unchanged=34)


def test_a_window_that_a_person_moved_and_then_is_called_off_is_no_conflict() -> None:
    """The window of a missed visit goes with it, wherever it stands."""
    held, windows = Collection(), ical.Style(windows=True)
    pushed(held, style=windows)
    path = f"{BASE}{ical.uid('alstem', 'P01-007', 'M06', 'window')}.ics"
    # ALSTEM: the window of M06 is seven days around 2026-09-02
    held.edit(path, (b"DTSTART;VALUE=DATE:20260826", b"DTSTART;VALUE=DATE:20260828"))
    plan = ts.schedule(ALSTEM, SUBJECT.with_record(MISSED))
    report = pushed(held, plan, LATER, style=windows)
    assert ([c.visit for c in report.cancelled], report.conflicts) == (["M06", "M06 window"], ())
    assert b"DTSTART;VALUE=DATE:20260828" in held.held[path][1]
    assert pushed(held, plan, LATER, style=windows) == PushReport(unchanged=34)


@pytest.mark.parametrize(
    "line",
    [
        b"RRULE:FREQ=DAILY;COUNT=3",
        b"RRULE:FREQ=WEEKLY;UNTIL=20260930",
        b"RDATE;VALUE=DATE:20260909",
        b"EXDATE;VALUE=DATE:20260902",
    ],
)
def test_an_event_that_a_person_made_repeat_is_theirs_when_it_would_move(line: bytes) -> None:
    """Its repetition hangs on the date: a conflict, and written over on request; where nothing moves it stays."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), (b"SEQUENCE:0\r\n", b"SEQUENCE:0\r\n" + line + b"\r\n"))
    before = dict(held.held)
    assert pushed(held, stamp=LATER).conflicts == ()
    moved = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4)))
    report = pushed(held, moved, LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "edited")]
    assert held.held == before
    assert [c.visit for c in pushed(held, moved, LATER, overwrite=True).updated] == ["M06"]
    assert line.partition(b":")[0] not in held.held[place("M06")][1]
    assert pushed(held, moved, LATER) == PushReport(unchanged=17)


def test_a_lone_exception_of_a_repetition_is_left() -> None:
    """What it was an exception of is not there: nobody can say which day it stands for, and it is told."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), (b"SEQUENCE:0\r\n", b"SEQUENCE:0\r\nRECURRENCE-ID;VALUE=DATE:20260902\r\n"))
    before = dict(held.held)
    report = pushed(held, ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4))), LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "edited")]
    assert held.held == before


def test_a_first_push_makes_no_cancelled_events() -> None:
    """Nobody ever had them; an event that stands there is called off, and counts as there before."""
    held = Collection()
    # ALSTEM: M11 is due on 2027-02-02 with a window of 7 days around it: after it come M12 and M18
    ended = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 2)).end(date(2027, 1, 31), "withdrawn"))
    assert len(pushed(held, ended).created) == 14
    assert not any(CANCELLED in data for _, data in held.held.values())
    assert pushed(held, ended, LATER) == PushReport(unchanged=14)
    open_ = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 2)))
    assert [c.visit for c in pushed(held, open_, LATER).created] == ["M11", "M12", "M18"]
    assert [c.visit for c in pushed(held, ended, LATER).cancelled] == ["M11", "M12", "M18"]
    assert pushed(held, ended, LATER) == PushReport(unchanged=17)


def test_a_person_who_moved_it_where_the_plan_has_it_now_is_no_conflict() -> None:
    """Both say the same day: the event is only confirmed."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), *MOVE)
    report = pushed(held, ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 7))), LATER)
    assert [change.visit for change in report.updated] == ["M06"]
    assert report.conflicts == ()


def test_two_entries_of_one_event_are_told_and_left() -> None:
    """Nothing of ours deletes one of them, and neither is written."""
    held = Collection()
    pushed(held)
    held.store(f"{BASE}copy.ics", held.held[place("M06")][1])
    before = dict(held.held)
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4)))
    for one in (PLAN, plan):
        report = pushed(held, one, LATER)
        assert [(c.kind, c.uid) for c in report.conflicts] == [("twice", ical.uid("alstem", "P01-007", "M06"))]
    assert held.held == before


def test_one_entry_with_an_event_twice_is_told_and_left() -> None:
    """A server that took two editions of one event in an entry: nothing of it is written over."""
    held = Collection()
    pushed(held)
    etag, data = held.held[place("M06")]
    event = data[data.index(b"BEGIN:VEVENT") : data.index(b"END:VCALENDAR")]
    other = event
    for old, new in MOVE:
        other = other.replace(old, new)
    held.held[place("M06")] = (etag, data.replace(event, event + other))
    held.sent.clear()
    report = pushed(held, stamp=LATER)
    assert [(c.uid, c.kind) for c in report.conflicts] == [(ical.uid("alstem", "P01-007", "M06"), "twice")]
    assert held.sent == []


def test_several_events_in_one_entry_are_left() -> None:
    """Written alone, one would take the others with it: a stranger's beside ours, told when ours would change."""
    held = Collection()
    whole = ical.dumps(PLAN, stamp=STAMP)
    stranger = b"BEGIN:VEVENT\r\nUID:x@y\r\nDTSTART;VALUE=DATE:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    held.store(f"{BASE}all.ics", whole.replace(b"END:VCALENDAR\r\n", stranger))
    before = dict(held.held)
    report = pushed(held, ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4))), LATER)
    assert held.held == before
    assert {c.kind for c in report.conflicts} == {"shared"}
    assert len(report.conflicts) == 17
    assert report.unchanged == 16


def test_an_entry_of_ours_that_cannot_be_read_is_left() -> None:
    """It is told with its visit, and no second one is made beside it; a stranger's is passed over."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), (b"END:VEVENT\r\n", b""))
    held.store(f"{BASE}odd.ics", b"BEGIN:VCALENDAR\r\nUID:stranger\r\nnonsense")
    before = dict(held.held)
    report = pushed(held, stamp=LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "unreadable")]
    assert report == PushReport(unchanged=16, conflicts=report.conflicts)
    assert held.held == before


def test_an_entry_of_a_visit_that_left_the_plan_is_told_when_it_cannot_be_read() -> None:
    """Nobody can call it off there: it is one conflict, as it was while the plan had the visit."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), (b"END:VEVENT\r\n", b""))
    before = held.held[place("M06")]
    shorter = replace(ALSTEM, visits=tuple(visit for visit in ALSTEM.visits if visit.code != "M06"))
    report = pushed(held, ts.schedule(shorter, SUBJECT), LATER)
    assert [(c.uid, c.kind) for c in report.conflicts] == [(ical.uid("alstem", "P01-007", "M06"), "unreadable")]
    assert held.held[place("M06")] == before


@pytest.mark.parametrize("href", ["https://other.example.org/a.ics", "https://[::/a.ics", "mailto:ania@example.org"])
def test_an_entry_at_no_address_of_the_server_is_one_conflict(href: str) -> None:
    """It is left; everything else is written, and a stranger's entry of that kind is passed over."""
    held = Collection()
    pushed(held)
    held.store(href, held.held.pop(place("M06"))[1])
    held.store("https://[::/b.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    before = held.held[href]
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4)))
    report = pushed(held, plan, LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "unreadable")]
    assert [change.visit for change in report.updated] == ["M03"]
    assert held.held[href] == before


NEW_IDS = (b"SUMMARY:P01-007 M06", b"SUMMARY:CANCELLED P01-007 M06", b"SUMMARY:Canceled: P01-007 M06")


@pytest.mark.parametrize("title", NEW_IDS)
@pytest.mark.parametrize("marked", [False, True])
def test_visits_that_a_program_wrote_again_under_new_ids_are_told(title: bytes, *, marked: bool) -> None:
    """They stand beside ours, are left as they stand, and are told at each push."""
    held = Collection()
    pushed(held)
    data = held.held[place("M06")][1].replace(b"SUMMARY:P01-007 M06", title)
    data = data.replace(ical.uid("alstem", "P01-007", "M06").encode(), b"new-id")
    if not marked:
        data = re.sub(rb"X-TRIALSCHED-[A-Z]+:[^\r]*\r\n", b"", data)
    held.store(f"{BASE}new-id.ics", data)
    before = dict(held.held)
    report = pushed(held, stamp=LATER)
    assert report == PushReport(unchanged=17, copies=report.copies)
    assert [(note.subject, note.kind, note.message[:5]) for note in report.copies] == [("P01-007", "twice", "M06: ")]
    assert held.held == before


def test_what_stands_at_the_place_of_a_visit_without_its_id_is_listed_and_left() -> None:
    """Somebody else's entry under the name of ours: the list is whole, the server refuses the visit, others go on."""
    held = Collection()
    held.store(place("M06"), b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    before = held.held[place("M06")]
    report = pushed(held)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "changed")]
    assert (len(report.created), held.held[place("M06")]) == (16, before)


def test_a_participant_is_told_of_no_title() -> None:
    """The titles of a participant's calendar name no visit: one that names one is no copy of ours."""
    held = Collection()
    style = ical.Style("participant")
    pushed(held, style=style)
    stranger = b"BEGIN:VEVENT\r\nUID:x\r\nDTSTART;VALUE=DATE:20260101\r\nSUMMARY:P01-007 M06\r\nEND:VEVENT\r\n"
    held.store(f"{BASE}x.ics", b"BEGIN:VCALENDAR\r\n%bEND:VCALENDAR\r\n" % stranger)
    assert pushed(held, stamp=LATER, style=style).copies == ()


def test_a_copy_of_a_visit_that_cannot_be_read_is_passed_over() -> None:
    """It has our subject's mark and an id that is none of ours: nothing of ours hangs on it."""
    held = Collection()
    pushed(held)
    data = held.held[place("M06")][1].replace(ical.uid("alstem", "P01-007", "M06").encode(), b"new-id")
    held.store(f"{BASE}new-id.ics", data.replace(b"END:VEVENT\r\n", b""))
    assert pushed(held, stamp=LATER).conflicts == ()


def test_a_title_with_signs_of_a_calendar_is_known_again() -> None:
    """A comma in a subject's code stands escaped in a title (RFC 5545, section 3.3.11)."""
    plan = ts.schedule(ALSTEM, ts.Subject("P01;7", baseline=date(2026, 3, 2)))
    held = Collection()
    pushed(held, plan)
    data = held.held[place("M06", "P01;7")][1]
    held.store(f"{BASE}new-id.ics", data.replace(ical.uid("alstem", "P01;7", "M06").encode(), b"new-id"))
    assert [note.subject for note in pushed(held, plan, LATER).copies] == ["P01;7"]


def test_what_moved_by_its_zone_alone_is_told_with_it() -> None:
    """At the same hour of another place, or of none: the message says by which clocks."""
    held = Collection()
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30)))
    clinic = Clinic(zone="Europe/Warsaw", language="en")
    pushed(held, plan, clinic=clinic)
    zone = b";TZID=Europe/Warsaw"
    held.edit(place("M06"), (b"DTSTART" + zone, b"DTSTART"), (b"DTEND" + zone, b"DTEND"))
    (conflict,) = pushed(held, plan, LATER, clinic=clinic).conflicts
    assert conflict.kind == "moved"
    assert "to 2026-09-02 09:30 by no time zone, the plan says 2026-09-02 09:30 by the clocks of Europe/Warsaw" in (
        conflict.message
    )


ZONES = [  # one name, two meanings: one hour and two hours ahead of UTC, the whole year
    b"BEGIN:VTIMEZONE\r\nTZID:Clinic\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0%d00\r\n"
    b"TZOFFSETTO:+0%d00\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" % (hours, hours)
    for hours in (1, 2)
]
DAY = b"DTSTART;VALUE=DATE:20260902\r\nDTEND;VALUE=DATE:20260903\r\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (DAY, b"DTSTART;TZID=Mars/Olympus:20260902T093000\r\nDTEND;TZID=Mars/Olympus:20260902T103000\r\n", "Mars"),
        (DAY, b"DTSTART;VALUE=DATE:20260902\r\nDTEND:20260903T000000Z\r\n", "DTEND"),
        (DAY, DAY + b"DTSTART;VALUE=DATE:20260904\r\n", "two DTSTART"),
        (b"STATUS:TENTATIVE\r\n", b"STATUS:TENTATIVE\r\nSTATUS:CONFIRMED\r\n", "two STATUS"),
        (b"SEQUENCE:0\r\n", b"SEQUENCE:2147483648\r\n", "SEQUENCE: read '2147483648'"),
        (b"X-TRIALSCHED-DATE:20260902\r\n", b"X-TRIALSCHED-DATE:soon\r\n", "X-TRIALSCHED-DATE: read 'soon'"),
        (DAY, b"DTSTART;VALUE=DATE:soon\r\n", "DTSTART: read 'soon'"),
    ],
)
def test_what_is_wrong_with_one_entry_is_one_conflict(old: bytes, new: bytes, said: str) -> None:
    """It is left as it stands and named with its visit; everything else of the subject, and of others, is written."""
    held = Collection()
    other = ts.schedule(ALSTEM, ts.Subject("P01-008", baseline=date(2026, 4, 1)))
    pushed(held, [PLAN, other])
    held.edit(place("M06"), (old, new))
    before = held.held[place("M06")]
    moved = [ts.schedule(ALSTEM, SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4))), other]
    for overwrite in (False, True):
        report = pushed(held, moved, LATER, overwrite=overwrite)
        assert [(c.subject, c.visit, c.kind) for c in report.conflicts] == [("P01-007", "M06", "unreadable")]
        assert said in report.conflicts[0].message
        assert held.held[place("M06")] == before
        assert report.unchanged + len(report.updated) == 33
    assert b"20260603" in held.held[place("M03")][1]


def test_conflicts_come_in_the_plans_order_also_when_it_breaks_off() -> None:
    """What was left until then is told with what was done: an entry that nobody can read, one that is not taken."""
    held = Collection()
    pushed(held)
    held.edit(place("M06"), (b"SEQUENCE:0\r\n", b"SEQUENCE:many\r\n"))
    held.sent.clear()
    held.answer = {2: 400, 5: 500}.get
    with pytest.raises(PushError) as caught:
        pushed(held, ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4))), LATER)
    order = [row.code for row in PLAN if row.code != "M06"]
    report = caught.value.report
    assert [(c.visit, c.kind) for c in report.conflicts] == [(order[1], "refused"), ("M06", "unreadable")]
    assert [c.visit for c in report.updated] == [order[0], *order[2:4]]


def test_two_entries_may_define_one_zone_differently() -> None:
    """A TZID belongs to its own VCALENDAR (RFC 5545, section 3.2.19): each entry is read by its own definition."""
    held, clinic = Collection(), Clinic(zone="Etc/GMT-1", language="en")
    booked = SUBJECT.booked("M03", date(2026, 6, 2), time(9, 30)).booked("M06", date(2026, 9, 2), time(9, 30))
    pushed(held, ts.schedule(ALSTEM, booked), clinic=clinic)
    # half past nine an hour ahead of UTC is half past ten two hours ahead
    for visit, zone, first, last in (("M03", ZONES[0], b"0930", b"1030"), ("M06", ZONES[1], b"1030", b"1130")):
        data = held.held[place(visit)][1]
        data = re.sub(rb"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", zone, data, flags=re.DOTALL)
        data = re.sub(rb"DTSTART;TZID=Etc/GMT-1:(\d+)T0930", rb"DTSTART;TZID=Clinic:\1T" + first, data)
        data = re.sub(rb"DTEND;TZID=Etc/GMT-1:(\d+)T1030", rb"DTEND;TZID=Clinic:\1T" + last, data)
        held.store(place(visit), data)
    assert pushed(held, ts.schedule(ALSTEM, booked), LATER, clinic=clinic) == PushReport(unchanged=17)


def test_two_states_of_one_entry_are_left() -> None:
    """A list that names one address twice, with two states, does not say which one stands there."""
    held = Collection()
    pushed(held)
    twin = Collection({path: data for path, (_, data) in held.held.items()})
    twin.twice = [place("M06"), place("M03")]
    booked = SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4))
    twin.other = {place("M06"): '"other"'}
    report = pushed(twin, ts.schedule(ALSTEM, booked), LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "changed")]
    assert [c.visit for c in report.updated] == ["M03"]


def test_two_entries_at_one_address_are_both_read() -> None:
    """A list names each address once (RFC 4918, section 14.24); where it does not, no event is made a second time."""
    held = Collection()
    pushed(held)
    held.listed_at[place("M03")] = place("M06")
    before = dict(held.held)
    booked = SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4))
    report = pushed(held, ts.schedule(ALSTEM, booked), LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M03", "changed"), ("M06", "changed")]
    assert report == PushReport(unchanged=15, conflicts=report.conflicts)
    assert held.held == before


@pytest.mark.parametrize("fault", ["no ETag", "no address"])
def test_a_dry_run_foretells_what_cannot_be_written(fault: str) -> None:
    """An entry in no state or at no address of the server is a conflict of the dry run as of the push."""
    held = Collection()
    pushed(held)
    _, data = held.held.pop(place("M06"))
    held.held["mailto:x@example.org" if fault == "no address" else place("M06")] = ("", data)
    held.sent.clear()
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4)))
    dry = pushed(held, plan, LATER, dry_run=True)
    assert held.sent == []
    assert [c.visit for c in dry.conflicts] == ["M06"]
    assert dry == pushed(held, plan, LATER)


@pytest.mark.parametrize("whole", [False, True])
def test_a_list_that_leaves_out_what_stands_there_is_not_believed(whole: bool) -> None:  # noqa: FBT001
    """What would be made again is asked for once more: nothing is sent, where one entry is left out or all are."""
    held = Collection()
    data = {
        f"{BASE}imported-{number}.ics": one
        for number, one in enumerate(ical.split(ical.dumps(PLAN, stamp=STAMP)).values())
    }
    held = Collection(data) if whole else held
    if not whole:
        pushed(held)
    held.hidden = set(held.held) if whole else {place("M06")}
    held.sent.clear()
    with pytest.raises(PushError, match="the list of entries is not whole, nothing is written") as caught:
        pushed(held, stamp=LATER)
    assert (held.sent, caught.value.refused) == ([], False)
    held.hidden = set()
    assert pushed(held, stamp=LATER) == PushReport(unchanged=17)


def test_events_are_known_when_the_server_has_dropped_our_marks() -> None:
    """By UID, in upper case too; one that left the plan by its title, if it gives its UID."""
    held = Collection()
    plan = ts.schedule(ALSTEM, SUBJECT)
    pushed(held, plan)
    for path, (_, data) in [*held.held.items()]:
        lines = [line for line in data.decode().replace("\r\n ", "").split("\r\n") if "TRIALSCHED" not in line]
        held.store(path, "\r\n".join(lines).replace("UID:3F", "UID:3f").encode())
    rows = [visit for visit in ALSTEM.visits if visit.code != "M18"]
    shorter = ts.Protocol("alstem", "2", "DOSE1", rows, spacings=ALSTEM.spacings)
    report = pushed(held, ts.schedule(shorter, SUBJECT), LATER, overwrite=True)
    assert [change.kind for change in report.cancelled] == ["cancelled"]
    assert report.created == ()
    assert b"STATUS:CANCELLED" in held.held[place("M18")][1]


def test_windows_that_are_not_asked_for_any_more_are_cancelled() -> None:
    """Windows are events of their own: created on request, cancelled without."""
    held = Collection()
    assert len(pushed(held, style=ical.Style(windows=True)).created) == 34
    report = pushed(held, stamp=LATER)
    assert (len(report.cancelled), report.unchanged) == (17, 17)


def test_a_calendar_for_another_reader_is_refused() -> None:
    """A collection written for staff is not made the participant's."""
    held = Collection()
    pushed(held)
    before = dict(held.held)
    with pytest.raises(ts.InvalidValueError, match="another reader"):
        pushed(held, style=ical.Style("participant"))
    assert held.held == before


def test_other_subjects_and_strangers_are_not_touched() -> None:
    """Neither read as ours nor written, whatever is pushed."""
    held = Collection(
        {f"{BASE}s.ics": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:s\nSUMMARY:x DOSE1\nEND:VEVENT\nEND:VCALENDAR"}
    )
    other = ts.schedule(ALSTEM, ts.Subject("P01-008", baseline=date(2026, 4, 1)))
    pushed(held, other)
    before = dict(held.held)
    assert len(pushed(held).created) == 17
    ended = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 2)).end(date(2026, 5, 31), "other"))
    pushed(held, ended, LATER, overwrite=True)
    assert {path: held.held[path] for path in before} == before


@pytest.mark.parametrize("status", [500, 502, 507, 302, 207, 401, 407, 408, 429])
def test_a_failure_ends_the_push_and_tells_what_was_done(status: int) -> None:
    """The report of what was written until then is in the error; the next push completes it."""
    held = Collection()
    held.answer = lambda number: status if number == 6 else None
    with pytest.raises(PushError, match=f"answers {status}") as caught:
        pushed(held)
    assert [change.visit for change in caught.value.report.created] == [row.code for row in PLAN][:5]
    held.answer = lambda _: None
    report = pushed(held)
    assert (len(report.created), report.unchanged) == (12, 5)


RULE = '<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><{}/></D:error>'


@pytest.mark.parametrize(
    ("status", "rule", "said"),
    [
        (400, "", "holds it for broken (400)"),
        (403, "", "does not allow it to this user (403)"),
        (403, "C:valid-calendar-data", "does not allow it to this user (403, valid-calendar-data)"),
        (404, "", "has no such place (404)"),
        (409, "", "says that it cannot stand there (409)"),
        (413, "C:max-resource-size", "holds it for too large (413, max-resource-size)"),
        (418, "", "does not take it (418)"),
        (499, "C:With-Capitals", "does not take it (499)"),
    ],
)
def test_an_entry_that_the_server_does_not_take_is_one_conflict(status: int, rule: str, said: str) -> None:
    """4xx is of this entry: told by its number and the standard's name of the rule; the rest is written, every time."""
    held = Collection()
    held.words = RULE.format(rule) if rule else "anything"
    refused = place("M06")
    held.answer = lambda number: status if held.sent[number - 1][0] == refused else None
    report = pushed(held)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "refused")]
    assert report.conflicts[0].message == f"the server {said}: it is left"
    assert (len(report.created), refused in held.held) == (16, False)
    again = pushed(held)
    assert (again.unchanged, again.conflicts) == (16, report.conflicts)
    held.answer = lambda _: None
    assert [c.visit for c in pushed(held).created] == ["M06"]


def test_an_entry_that_changed_meanwhile_is_no_refusal() -> None:
    """412 says that the condition does not hold (RFC 9110, section 15.5.13): it passes by itself."""
    held = Collection()
    held.answer = lambda number: 412 if number == 2 else None
    assert [(c.visit, c.kind) for c in pushed(held).conflicts] == [("SCR2", "changed")]


@pytest.mark.parametrize("status", [403, 409])
def test_an_id_that_stands_elsewhere_is_a_conflict(status: int) -> None:
    """RFC 4791, section 5.3.2.1 (no-uid-conflict): told, the others are written."""
    held = Collection()
    held.words = RULE.format("C:no-uid-conflict")
    held.answer = lambda number: status if number == 2 else None
    report = pushed(held)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("SCR2", "taken")]
    assert len(report.created) == 16


def test_a_dry_run_sends_nothing_and_needs_no_collection() -> None:
    """What would be done is what is done; without `dry_run` a collection is needed."""
    held = Collection()
    dry = pushed(held, dry_run=True)
    assert held.sent == []
    assert pushed(None, dry_run=True) == dry == pushed(held)
    with pytest.raises(ts.InvalidTypeError, match="collection"):
        pushed(None)


@settings(max_examples=60)
@given(strategies.plans(), st.integers(-3, 3), st.booleans(), st.booleans())
def test_two_pushes_settle_any_plans(first: ts.Plan, days: int, bare: bool, windows: bool) -> None:  # noqa: FBT001
    """After any plan and another of its subject nothing is left to do, and every entry begins when the plan says."""
    held = Collection()
    clinic = Clinic(zone="Asia/Kolkata", language="en")  # whose clocks never change
    options: dict[str, Any] = {"clinic": clinic, "style": ical.Style(windows=windows), "study_key": "k"}
    subject = replace(first.subject, baseline=_baseline(first) + timedelta(days))
    second = ts.schedule(first.protocol, replace(subject, records=()) if bare else subject)
    report = pushed(held, first, **options)
    assert len(report.created) == len(held.held)
    pushed(held, second, LATER, **options)
    again = pushed(held, second, LATER, **options)
    assert again == PushReport(unchanged=len(held.held))
    for uid, one in ical.split(ical.dumps(second, stamp=LATER, **options)).items():
        start = next(line for line in one.split(b"\r\n") if line.startswith(b"DTSTART"))
        assert start in held.held[f"{BASE}{uid}.ics"][1]


def _baseline(plan: ts.Plan) -> date:
    assert plan.subject.baseline is not None
    return plan.subject.baseline


@pytest.mark.parametrize("audience", ["participant", "blind"])
def test_every_reader_can_be_pushed_to(audience: ical.Audience) -> None:
    """Created, unchanged, updated: a collection for one reader."""
    held, style = Collection(), ical.Style(audience)
    assert len(pushed(held, style=style).created) == 17
    assert pushed(held, stamp=LATER, style=style) == PushReport(unchanged=17)
    moved = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4)))
    assert [str(c) for c in pushed(held, moved, LATER, style=style).updated] == [
        "M06 2026-09-02 \u2192 2026-09-04 confirmed"
    ]


def test_a_collection_holds_visits_for_one_reader() -> None:
    """Another subject's staff events would show their codes to a participant."""
    held = Collection()
    pushed(held, style=ical.Style("participant"))
    held.sent.clear()
    other = ts.schedule(ALSTEM, replace(SUBJECT, code="P01-008"))
    with pytest.raises(ts.InvalidValueError, match="for another reader"):
        pushed(held, other)
    assert held.sent == []


def test_a_forgotten_study_key_makes_no_second_set() -> None:
    """The same visits under other ids are told before anything is written."""
    held = Collection()
    pushed(held, study_key="secret")
    held.sent.clear()
    with pytest.raises(ts.InvalidValueError, match="another study key"):
        pushed(held)
    assert held.sent == []


def test_a_move_that_lost_our_marks_is_left() -> None:
    """Without them nobody can tell whether a person moved it: it is a conflict, and `overwrite` decides."""
    held = Collection()
    pushed(held)
    etag, data = held.held[place("M06")]
    bare = re.sub(rb"X-TRIALSCHED-[A-Z]+:[^\r]*\r\n( [^\r]*\r\n)*", b"", data)
    for old, new in MOVE:
        bare = bare.replace(old, new)
    held.held[place("M06")] = (etag, bare)
    held.sent.clear()
    report = pushed(held, stamp=LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "moved")]
    assert held.sent == []
    assert [c.visit for c in pushed(held, stamp=LATER, overwrite=True).updated] == ["M06"]
