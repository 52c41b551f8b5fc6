"""One event written over its last edition: lines that hang on changed ones, a person's edits, missed visits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

import trialsched as ts
from tests.formats.ical.test_updating import (
    ALARM,
    ALSTEM,
    BOOKED,
    CLINIC,
    EXPORT,
    FIRST,
    LATER,
    PLAN,
    SUBJECT,
    THEN,
    WARSAW,
    WITHOUT_M18,
    event_uid,
    events,
    raw,
    replace_window,
    with_lines,
)
from tests.support.calendars import vevents
from trialsched.formats import ical

# Lines whose meaning hangs on a changed one.

TIMED = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 2), time(9, 30)))
OLD_CLINIC = ts.Clinic("Europe/Warsaw", contact=ts.Contact(phone="+48 12 000 00 00"))


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (
            b"RRULE:FREQ=DAILY;UNTIL=20270904",
            "RRULE was 'FREQ=DAILY;UNTIL=20270904', is taken out: the event has changed",
        ),
        (b"RDATE;VALUE=DATE:20270903", "RDATE was '20270903', is taken out: the event has changed"),
        (b"EXDATE;VALUE=DATE:20270902", "EXDATE was '20270902', is taken out: the event has changed"),
    ],
)
def test_a_repetition_that_a_person_added_goes_with_a_new_edition(added: bytes, message: str) -> None:
    """A visit holds on one day: no program is left with a start that the rule does not have, or on other days."""
    edited = with_lines("M18", b"END:VEVENT", added + b"\r\nEND:VEVENT")
    assert ical.update(PLAN, stamp=THEN, previous=edited) == ical.Update(edited, (), ())
    for plan in (TIMED, BOOKED, ts.schedule(ALSTEM, SUBJECT.missed("M18")), ts.schedule(WITHOUT_M18, SUBJECT)):
        over = ical.update(plan, stamp=THEN, previous=edited, clinic=WARSAW)
        assert added not in over.data
        assert [(note.visit, note.kind, note.message) for note in over.notes] == [("M18", "edited", message)]
        assert ical.update(plan, stamp=LATER, previous=over.data, clinic=WARSAW) == ical.Update(over.data, (), ())
    words = ical.update(ts.schedule(WINDOWED, SUBJECT), stamp=THEN, previous=edited)
    assert ([c.kind for c in words.changes], added in words.data, words.notes) == (["text"], True, ())


WINDOWED = replace(ALSTEM, visits=[replace_window(visit) for visit in ALSTEM.visits])  # type: ignore[arg-type]


def exception(day: bytes, then: bytes) -> bytes:
    """Return the export's M18 as an exception of its repetition, on another day."""
    event = raw(EXPORT, "M18")
    moved = event.replace(b"DATE:20270902", b"DATE:" + then, 1).replace(b"DATE:20270903", b"DATE:20270920", 1)
    return moved.replace(b"SEQUENCE:", b"RECURRENCE-ID;VALUE=DATE:" + day + b"\r\nSEQUENCE:")


@pytest.mark.parametrize("first", [True, False])
def test_exceptions_of_a_repetition_go_with_it(first: bool) -> None:  # noqa: FBT001
    """They stand for days on which the event is no more, with words of before; they may stand before the event."""
    event, other = raw(EXPORT, "M18"), exception(b"20270903", b"20270910")
    master = event.replace(b"END:VEVENT", b"RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT")
    edited = EXPORT.replace(event, other + master if first else master + other)
    assert ical.update(PLAN, stamp=THEN, previous=edited) == ical.Update(edited, (), ())
    for plan in (BOOKED, ts.schedule(WITHOUT_M18, SUBJECT)):
        over = ical.update(plan, stamp=THEN, previous=edited)
        assert (over.data.count(b"RECURRENCE-ID"), over.data.count(b"RRULE")) == (0, 0)
        assert len(vevents(over.data)) == 17
        assert [note.message.partition(",")[0] for note in over.notes] == [
            "RRULE was 'FREQ=DAILY;COUNT=3'",
            "RECURRENCE-ID was '20270903'",
        ]
        assert "2027-09-10" in over.notes[1].message
        assert {note.visit for note in over.notes} == ({"M18"} if plan is BOOKED else {"M18", "P01-007 M18"})
        assert ical.update(plan, stamp=LATER, previous=over.data) == ical.Update(over.data, (), ())


@pytest.mark.parametrize("count", [1, 2])
def test_an_exception_without_its_event_is_taken_for_the_event(count: int) -> None:
    """A program that accepted one occurrence keeps only that: else some programs show no visit, and some two."""
    event = raw(EXPORT, "M18")
    lone = event.replace(b"SEQUENCE:0", b"RECURRENCE-ID;VALUE=DATE:20270902\r\nSEQUENCE:4")
    others = exception(b"20270903", b"20270910") * (count - 1)
    edited = EXPORT.replace(event, lone + others)
    same = ical.update(PLAN, stamp=THEN, previous=edited)
    assert same.data == EXPORT.replace(event, event.replace(b"SEQUENCE:0", b"SEQUENCE:4"))
    assert [change.kind for change in same.changes] == ["text"]
    assert [note.message.partition(",")[0] for note in same.notes] == [
        f"RECURRENCE-ID was '{day}'" for day in (20270902, 20270903)[:count]
    ]
    over = ical.update(BOOKED, stamp=THEN, previous=edited)
    assert len(vevents(over.data)) == 17
    assert (events(over.data)["M18"]["SEQUENCE"], events(over.data)["M18"]["DTSTART"]) == ("5", "VALUE=DATE:20270906")
    gone = ical.update(ts.schedule(WITHOUT_M18, SUBJECT), stamp=THEN, previous=edited)
    assert (len(vevents(gone.data)), b"RECURRENCE-ID" in gone.data) == (17, False)
    assert events(gone.data)["M18"]["STATUS"] == "CANCELLED"


def test_copies_of_the_place_go_with_the_place() -> None:
    """Apple shows its own line, and not LOCATION: the old clinic would be shown for ever."""
    place = b'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Stara 1";X-TITLE="Old":geo:50.0,19.9\r\n'
    style = b"STYLED-DESCRIPTION;DERIVED=TRUE;FMTTYPE=text/html:<p>Projected</p>\r\n"
    first = ical.dumps(PLAN, stamp=FIRST, clinic=OLD_CLINIC)
    event = raw(first, "M18")
    edited = first.replace(event, event.replace(b"END:VEVENT", place + style + b"END:VEVENT"))
    assert ical.update(PLAN, stamp=THEN, previous=edited, clinic=OLD_CLINIC) == ical.Update(edited, (), ())
    placed = ical.update(PLAN, stamp=THEN, previous=edited, clinic=CLINIC)
    assert (place in placed.data, style in placed.data, placed.notes) == (False, True, ())
    booked = ical.update(BOOKED, stamp=THEN, previous=edited, clinic=OLD_CLINIC)
    assert (place in booked.data, style in booked.data, booked.notes) == (True, False, ())
    # a place that is the person's own stays, and so does its copy
    own = with_lines("M18", b"END:VEVENT", b"LOCATION:Room 5\r\n" + place + b"END:VEVENT")
    kept = ical.update(BOOKED, stamp=THEN, previous=own)
    assert place in kept.data


def test_an_alarm_for_a_moment_goes_when_the_event_moves() -> None:
    """It would ring for a day on which nothing is; one that goes by the event's start stays."""
    moment = b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:20270901T070000Z\r\nEND:VALARM\r\n"
    edited = with_lines("M18", b"END:VEVENT", moment + ALARM + b"END:VEVENT")
    same_day = ical.update(ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 2))), stamp=THEN, previous=edited)
    assert (moment in same_day.data, same_day.notes) == (True, ())
    over = ical.update(BOOKED, stamp=THEN, previous=edited)
    assert (moment in over.data, ALARM in over.data) == (False, True)
    assert [str(note) for note in over.notes] == [
        "P01-007 M18: alarm on 2027-09-01 at 07:00 UTC is taken out: the event has moved"
    ]


# Which of our lines a person changed.


@pytest.mark.parametrize(
    ("before", "edits", "make", "notes"),
    [
        # the person's word is the plan's now: nothing is lost
        ((), (b"STATUS:TENTATIVE", b"STATUS:CONFIRMED"), lambda s: s.booked("M18", date(2027, 9, 2)), []),
        ((), (b"STATUS:TENTATIVE", b"STATUS:CANCELLED"), lambda s: s.missed("M18"), []),
        ((), (b"STATUS:TENTATIVE", b"STATUS:CANCELLED"), lambda s: s.end(date(2027, 9, 8)), []),
        (("M18",), (b"STATUS:CONFIRMED", b"STATUS:CANCELLED"), lambda s: s.missed("M18"), []),
        # TRANSPARENT was ours, whatever STATUS is now
        (
            (),
            (b"STATUS:TENTATIVE", b"STATUS:CANCELLED"),
            lambda s: s.booked("M18", date(2027, 9, 2)),
            ["STATUS was 'CANCELLED', is now 'CONFIRMED'"],
        ),
        # OPAQUE was not
        (
            (),
            (b"TRANSP:TRANSPARENT", b"TRANSP:OPAQUE"),
            lambda s: s.missed("M18"),
            ["TRANSP was 'OPAQUE', is now 'TRANSPARENT'"],
        ),
        (
            ("M18",),
            (b"TRANSP:OPAQUE", b"TRANSP:TRANSPARENT"),
            lambda s: s.booked("M18", date(2027, 9, 3)),
            ["TRANSP was 'TRANSPARENT', is now 'OPAQUE'"],
        ),
    ],
)
def test_what_a_person_changed_is_told_by_what_we_wrote(
    before: tuple[str, ...],
    edits: tuple[bytes, bytes],
    make: Callable[[ts.Subject], ts.Subject],
    notes: list[str],
) -> None:
    """Not by the STATUS that the person gave it: what they left as we wrote it is no edit of theirs."""
    subject = SUBJECT.booked("M18", date(2027, 9, 2)) if before else SUBJECT
    export = ical.dumps(ts.schedule(ALSTEM, subject), stamp=FIRST)
    event = raw(export, "M18")
    edited = export.replace(event, event.replace(*edits))
    assert edited != export
    plan = ts.schedule(ALSTEM, make(subject))
    over = ical.update(plan, stamp=THEN, previous=edited)
    assert [note.message for note in over.notes] == notes
    assert ical.update(plan, stamp=LATER, previous=over.data) == ical.Update(over.data, (), ())


def test_a_visit_that_a_person_cancelled_and_that_left_the_plan_is_called_off_by_us() -> None:
    """Our words say so, once; when it returns nothing of a person's is written over."""
    plan = ts.schedule(WITHOUT_M18, SUBJECT)
    cancelled = with_lines("M18", b"STATUS:TENTATIVE", b"STATUS:CANCELLED")
    gone = ical.update(plan, stamp=THEN, previous=cancelled)
    event = events(gone.data)["M18"]
    assert (event["SUMMARY"], event["DESCRIPTION"]) == ("CANCELLED P01-007 M18", "No longer in the plan")
    assert ical.update(PLAN, stamp=LATER, previous=gone.data).notes == ()
    taken_back = gone.data.replace(b"STATUS:CANCELLED", b"STATUS:CONFIRMED")
    again = ical.update(plan, stamp=LATER, previous=taken_back)
    assert events(again.data)["M18"]["SUMMARY"] == "CANCELLED P01-007 M18"
    assert events(again.data)["M18"]["STATUS"] == "CANCELLED"


FOR_PARTICIPANT = ical.Style("participant", alarms="1d", windows=True)


@pytest.mark.parametrize("clock", [None, time(9, 30)])
def test_a_participant_is_not_told_that_a_missed_visit_was_called_off(clock: time | None) -> None:
    """Its event stays as it was, words and day and all, but takes up no time; held again it is the same event."""
    booked = SUBJECT.booked("M18", date(2027, 9, 6), clock)
    options: dict[str, Any] = {"clinic": WARSAW, "style": FOR_PARTICIPANT}
    first = ical.dumps(ts.schedule(ALSTEM, booked), stamp=FIRST, **options)
    over = ical.update(ts.schedule(ALSTEM, booked.missed("M18")), stamp=THEN, previous=first, **options)
    (was,) = (e for e in vevents(first) if str(e["UID"]) == event_uid("M18"))
    (now,) = (e for e in vevents(over.data) if str(e["UID"]) == event_uid("M18"))
    assert {name for name in now if now[name].to_ical() != was.get(name, now[name]).to_ical()} == {
        "DTSTAMP",
        "LAST-MODIFIED",
        "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
    assert set(now) - set(was) == {"X-TRIALSCHED-TRANSP"}
    assert (now["STATUS"], now["TRANSP"], now["SEQUENCE"]) == ("CONFIRMED", "TRANSPARENT", 0)
    assert (len(was.walk("VALARM")), len(now.walk("VALARM"))) == (1, 0)
    assert (over.notes, [change.kind for change in over.changes]) == ((), ["text"])
    assert b"CANCELLED" not in over.data
    assert over.data.count(b"BEGIN:VTIMEZONE") == (clock is not None)
    again = ical.update(ts.schedule(ALSTEM, booked.missed("M18")), stamp=LATER, previous=over.data, **options)
    assert again == ical.Update(over.data, (), ())
    held = ical.update(ts.schedule(ALSTEM, booked), stamp=LATER, previous=over.data, **options)
    assert held.notes == ()
    (back,) = (e for e in vevents(held.data) if str(e["UID"]) == event_uid("M18"))
    assert (back["TRANSP"], back["SEQUENCE"], "X-TRIALSCHED-TRANSP" in back) == ("OPAQUE", 0, False)
    assert len(back.walk("VALARM")) == 1


def test_what_a_participant_moved_or_wrote_stays_in_a_missed_visit() -> None:
    """Nothing is written over, so nothing is told; a computed day was transparent, and stays byte for byte."""
    style = ical.Style("participant")
    first = ical.dumps(PLAN, stamp=FIRST, style=style)
    edited = first.replace(b"DATE:20270902", b"DATE:20270901").replace(b"Visit 17 of 17", b"ring Anna")
    missed = ts.schedule(ALSTEM, SUBJECT.missed("M18"))
    assert ical.update(missed, stamp=THEN, previous=edited, style=style) == ical.Update(edited, (), ())
    busy = first.replace(b"TRANSP:TRANSPARENT", b"TRANSP:OPAQUE")
    over = ical.update(missed, stamp=THEN, previous=busy, style=style)
    assert [note.message for note in over.notes if note.visit == "M18"] == ["TRANSP was 'OPAQUE', is now 'TRANSPARENT'"]


def test_our_alarm_for_a_computed_day_rings_no_more_when_the_visit_is_missed() -> None:
    """Its event was transparent already; a person's own alarm stays."""
    style = ical.Style("participant", alarms=("1d",))
    first = ical.dumps(PLAN, stamp=FIRST, style=style)
    edited = first.replace(b"END:VEVENT", ALARM + b"END:VEVENT")
    missed = ts.schedule(ALSTEM, SUBJECT.missed("M18"))
    over = ical.update(missed, stamp=THEN, previous=edited, style=style)
    (found,) = (e for e in vevents(over.data) if str(e["UID"]) == event_uid("M18"))
    assert [alarm["TRIGGER"].to_ical() for alarm in found.walk("VALARM")] == [b"-PT30M"]
    assert over.notes == ()


def test_a_copy_of_the_access_goes_with_what_a_person_made_public() -> None:
    """Apple's server copies CLASS into X-CALENDARSERVER-ACCESS: it says nothing else than the line that we write."""
    public = with_lines("M18", b"CLASS:PRIVATE", b"CLASS:PUBLIC\r\nX-CALENDARSERVER-ACCESS:PUBLIC")
    over = ical.update(PLAN, stamp=THEN, previous=public)
    assert [note.message for note in over.notes] == ["CLASS was 'PUBLIC', is now 'PRIVATE'"]
    assert b"X-CALENDARSERVER-ACCESS" not in over.data


def test_a_participant_is_told_that_a_visit_after_the_end_is_called_off() -> None:
    """Also when it was recorded as missed since: it is not to come."""
    style = ical.Style("participant")
    first = ical.dumps(PLAN, stamp=FIRST, style=style)
    ended = ts.schedule(ALSTEM, SUBJECT.missed("M18").end(date(2027, 9, 8)))
    over = ical.update(ended, stamp=THEN, previous=first, style=style)
    assert [str(e["SUMMARY"]) for e in vevents(over.data) if e["STATUS"] == "CANCELLED"] == ["CANCELLED Visit 17 of 17"]


def test_a_line_that_stands_twice_is_written_once() -> None:
    """Equal repeats are one: none of them is left with what it said before."""
    twice = with_lines("M18", b"STATUS:TENTATIVE", b"STATUS:TENTATIVE\r\nSTATUS:TENTATIVE")
    gone = ical.update(ts.schedule(WITHOUT_M18, SUBJECT), stamp=THEN, previous=twice)
    assert raw(gone.data, "M18").count(b"STATUS:") == 2  # and X-MICROSOFT-CDO-BUSYSTATUS
    assert events(gone.data)["M18"]["STATUS"] == "CANCELLED"


# Times that a person chose, and the records agree with.

TEN = (
    b"DTSTART;VALUE=DATE:20270902\r\nDTEND;VALUE=DATE:20270903",
    b"DTSTART;TZID=Europe/Warsaw:20270906T100000\r\nDTEND;TZID=Europe/Warsaw:20270906T110000",
)


def test_an_hour_that_a_person_gave_on_the_booked_day_stays_and_reads_back() -> None:
    """The records say the day only: the hour stays, is no loss, is a new date to all others, and is a booking."""
    moved = with_lines("M18", *TEN)
    over = ical.update(BOOKED, stamp=THEN, previous=moved, clinic=WARSAW)
    assert over.notes == ()
    assert [(c.visit, c.kind) for c in over.changes] == [("M18", "status")]
    assert TEN[1] in over.data
    event = events(over.data)["M18"]
    assert (event["SEQUENCE"], event["STATUS"], event["X-TRIALSCHED-DATE"]) == ("1", "CONFIRMED", "20270906")
    assert ical.update(BOOKED, stamp=LATER, previous=over.data, clinic=WARSAW) == ical.Update(over.data, (), ())
    found = ical.loads(over.data, BOOKED, clinic=WARSAW)
    assert [(r.visit, r.booked, r.booked_time) for r in found["P01-007"]] == [("M18", date(2027, 9, 6), time(10, 0))]


def test_an_hour_on_another_day_than_the_booked_one_is_put_back() -> None:
    """The day after, and the target's own day of a visit that nobody booked, are what the records do not say."""
    moved = with_lines("M18", *TEN)
    next_day = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 7)))
    for plan in (next_day, PLAN):
        over = ical.update(plan, stamp=THEN, previous=moved, clinic=WARSAW)
        assert [note.kind for note in over.notes] == ["moved"]
        assert b"20270906T100000" not in over.data
    on_target = with_lines("M18", TEN[0], TEN[1].replace(b"0906", b"0902"))
    assert [note.kind for note in ical.update(PLAN, stamp=THEN, previous=on_target, clinic=WARSAW).notes] == ["moved"]


def test_our_alarms_count_from_the_hour_that_a_person_gave() -> None:
    """A day before ten o'clock, not nine o'clock of the day before a whole day, which would count from ten."""
    style = ical.Style(alarms=("1d",))
    moved = ical.dumps(PLAN, stamp=FIRST, style=style).replace(*TEN)
    over = ical.update(BOOKED, stamp=THEN, previous=moved, clinic=WARSAW, style=style)
    (event,) = [event for event in vevents(over.data) if str(event["UID"]) == event_uid("M18")]
    assert [alarm["TRIGGER"].to_ical() for alarm in event.walk("VALARM")] == [b"-P1D"]
    again = ical.update(BOOKED, stamp=LATER, previous=over.data, clinic=WARSAW, style=style)
    assert again == ical.Update(over.data, (), ())


@pytest.mark.parametrize("booked", [PLAN, TIMED])
def test_what_a_person_moved_and_is_missed_is_called_off_where_it_stands(booked: ts.Plan) -> None:
    """Nothing of theirs is lost, and it is told once; a visit that is expected again is put back, and told."""
    export = ical.dumps(booked, stamp=FIRST, clinic=WARSAW)
    event = raw(export, "M18")
    moved = export.replace(event, event.replace(TEN[0], TEN[1]).replace(b"Warsaw:20270902", b"Warsaw:20270906"))
    assert moved != export
    missed = ts.schedule(ALSTEM, booked.subject.missed("M18"))
    over = ical.update(missed, stamp=THEN, previous=moved, clinic=WARSAW)
    assert over.notes == ()
    assert [(c.visit, c.kind, str(c.new)[:10]) for c in over.changes] == [("M18", "cancelled", "2027-09-06")]
    found = events(over.data)["M18"]
    assert (found["STATUS"], found["SEQUENCE"]) == ("CANCELLED", "1")
    assert found["DTSTART"].startswith("TZID=Europe/Warsaw:20270906T")
    assert ical.update(missed, stamp=LATER, previous=over.data, clinic=WARSAW) == ical.Update(over.data, (), ())
    back = ical.update(booked, stamp=LATER, previous=over.data, clinic=WARSAW)
    assert [note.kind for note in back.notes] == ["moved"]
    assert b"20270906T" not in back.data
