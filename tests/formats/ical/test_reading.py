"""Bookings read back from calendars: untouched, dragged in other programs, split, merged and damaged."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.clinic import Clinic
from trialsched.formats import ical

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY, AT = date(2026, 4, 2), time(9, 30)
WARSAW = Clinic("Europe/Warsaw")
OPEN = ts.schedule(ALSTEM, SUBJECT)
BOOKED = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", DAY))
TIMED = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", DAY, AT))
EXPORT = ical.dumps(BOOKED, stamp=STAMP)
TIMED_EXPORT = ical.dumps(TIMED, stamp=STAMP, clinic=WARSAW)
DOSE2, M03 = "1c33f76a-d8ca-5a08-9061-7bcc66b063d5", "5434f5c6-e19c-513b-a405-8d82ced6db7e"


def booked(code: str, day: date, clock: time | None = None) -> ts.VisitRecord:
    """Return the record of a booking."""
    return ts.VisitRecord(code, booked=day, booked_time=clock)


def only(data: bytes | str, plan: ts.Plan = BOOKED, **given: Any) -> tuple[ts.VisitRecord, ...]:  # noqa: ANN401
    """Return the bookings of the one subject."""
    return ical.loads(data, plan, **given)[plan.subject.code]


def event_of(data: bytes, code: str) -> bytes:
    """Return the lines of one event of an export."""
    return next(
        b"BEGIN:VEVENT" + block.partition(b"END:VEVENT")[0] + b"END:VEVENT\r\n"
        for block in data.split(b"BEGIN:VEVENT")[1:]
        if f" {code}\r\n".encode() in block
    )


def file(*events: str, zones: str = "", head: str = "PRODID:-//Any//EN") -> str:
    """Return a calendar of events, each given by its lines after the BEGIN."""
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}\n{zones}{body}END:VCALENDAR\n"


def with_dose2(when: str, *more: str, **given: str) -> str:
    """Return a calendar with one event of DOSE2, at a time."""
    return file("\n".join([f"UID:{DOSE2}", when, *more]), **given)


# Untouched exports.


def is_open(plan: ts.Plan, code: str) -> bool:
    """Return whether a visit is booked and still to come (design 8)."""
    row = plan[code]
    ended = plan.subject.ended
    called_off = row.outcome == "missed" or (ended is not None and (row.latest or row.target) > ended)
    return row.booked is not None and row.attended is None and not called_off


def open_bookings(plan: ts.Plan) -> tuple[ts.VisitRecord, ...]:
    """Return what an untouched export gives."""
    return tuple(ts.VisitRecord(r.code, r.booked, r.booked_time) for r in plan if is_open(plan, r.code))


PLANS = strategies.plans() | strategies.plans(protocol=ALSTEM)


@given(PLANS)
def test_our_own_exports_read_back(plan: ts.Plan) -> None:
    """An untouched export gives every open booking of the plan, in its order, and nothing else."""
    data = ical.dumps(plan, stamp=STAMP, clinic=WARSAW)
    found = ical.loads(data, plan, clinic=WARSAW)
    assert found == ical.loads(data, plan, clinic=WARSAW, previous=data) == {plan.subject.code: open_bookings(plan)}
    assert found == ical.loads(data, plan)  # without a clinic times are told as the event tells them
    assert found.notes == ()


def unfolded(data: bytes) -> str:
    """Return the text of a calendar, each content line on one line (RFC 5545, section 3.1)."""
    return data.decode().replace("\r\n ", "")


def dragged(text: str, uid: str, day: date, clock: time | None) -> str:
    """Return an unfolded calendar in which one event was dragged to another day, all-day or for an hour."""

    def new(found: re.Match[str]) -> str:
        event = re.sub(r"\r\nDT(START|END)[^\r]*", "", found[0])
        if clock is None:
            times = f"\r\nDTSTART;VALUE=DATE:{day:%Y%m%d}\r\nDTEND;VALUE=DATE:{day + timedelta(1):%Y%m%d}"
        else:
            end = datetime.combine(day, clock) + timedelta(hours=1)
            begin = f"DTSTART;TZID=Europe/Warsaw:{day:%Y%m%d}T{clock:%H%M}00"
            times = f"\r\n{begin}\r\nDTEND;TZID=Europe/Warsaw:{end:%Y%m%dT%H%M}00"
        return event.replace("\r\nUID:", f"{times}\r\nUID:")

    return re.sub(rf"BEGIN:VEVENT(?:(?!END:VEVENT).)*?UID:{uid}.*?END:VEVENT", new, text, count=1, flags=re.DOTALL)


# Since 1996 the clocks of Warsaw change by the rules that an export gives; what it says of years before is not so.
MOVES = st.dictionaries(
    st.integers(0, 30),
    st.tuples(st.dates(date(1997, 1, 1), date(2150, 1, 1)), st.none() | st.builds(time, st.integers(6, 20))),
    max_size=4,
)


@given(PLANS, MOVES)
def test_moved_events_are_the_bookings(plan: ts.Plan, moves: dict[int, tuple[date, time | None]]) -> None:
    """Those that were dragged, and of the others those that were booked; also when our own marks and STATUS went."""
    export = ical.dumps(plan, stamp=STAMP, clinic=WARSAW)
    text = unfolded(export)
    expected = {record.visit: record for record in open_bookings(plan)}
    for index, (day, clock) in moves.items():
        row = list(plan)[index % len(plan)]
        uid = ical.uid(plan.protocol.id, plan.subject.code, row.code)
        shows = row.attended if isinstance(row.attended, date) else row.booked or row.target
        if uid not in text or day == shows:
            continue
        text = dragged(text, uid, day, clock)
        expected[row.code] = booked(row.code, day, clock)
    found = ical.loads(text, plan, clinic=WARSAW)[plan.subject.code]
    assert {record.visit: record for record in found} == expected
    bare = re.sub(r"\r\n(X-TRIALSCHED[^\r]*|STATUS:(TENTATIVE|CONFIRMED))", "", text)
    assert ical.loads(bare, plan, clinic=WARSAW, previous=export)[plan.subject.code] == found


def refolded(text: str, width: int) -> str:
    """Fold at another width, and with tabs."""
    return "\r\n".join(
        "\r\n\t".join(line[at : at + width] for at in range(0, len(line), width)) for line in text.split("\r\n")
    )


@given(PLANS, st.integers(1, 200))
def test_how_a_file_is_written_changes_nothing(plan: ts.Plan, width: int) -> None:
    """Components in reverse, LF, mangled CRLF, other folds, names and UIDs in another case: the same bookings."""
    export = ical.dumps(plan, stamp=STAMP, clinic=WARSAW)
    expected = ical.loads(export, plan, clinic=WARSAW)
    text = unfolded(export)
    head, *events = text.removesuffix("END:VCALENDAR\r\n").split("BEGIN:VEVENT")
    names = re.sub(r"^[A-Z-]+", lambda found: found[0].lower(), text, flags=re.MULTILINE)
    uids = re.sub(r"^UID:.*", lambda found: found[0].upper(), text, flags=re.MULTILINE)
    for same in (
        "BEGIN:VEVENT".join([head, *reversed(events)]) + "END:VCALENDAR\r\n",
        text,
        export.replace(b"\r\n", b"\n"),
        export.replace(b"\r\n", b"\r\r\n"),
        refolded(text, width),
        names,
        uids,
        "\ufeff" + text,
        b"\xef\xbb\xbf" + export,
    ):
        found = ical.loads(same, plan, clinic=WARSAW)
        assert found == expected
        assert found.notes == ()


def test_a_fold_inside_a_character_is_undone() -> None:
    """RFC 5545, section 3.1: folds may stand between the octets of one character."""
    folded = EXPORT.replace("±7".encode(), b"\xc2\r\n \xb17", 1).replace(
        b"DTSTART;VALUE=DATE:20260501", b"DTSTART;VALUE=DATE:20260503"
    )
    assert only(folded) == (booked("DOSE2", DAY), booked("DOSE3", date(2026, 5, 3)))


def test_an_event_that_a_person_moved_is_a_booking() -> None:
    """An event counts as moved when its start differs from its X-TRIALSCHED-DATE, whichever way."""
    assert ical.loads(ical.dumps(OPEN, stamp=STAMP), OPEN) == {"P01-007": ()}
    moved = EXPORT.replace(b"DTSTART;VALUE=DATE:20260501", b"DTSTART;VALUE=DATE:20260430").replace(
        b"DTEND;VALUE=DATE:20260502", b"DTEND;VALUE=DATE:20260501"
    )
    assert only(moved) == (booked("DOSE2", DAY), booked("DOSE3", date(2026, 4, 30)))
    assert ical.load(BytesIO(moved), [BOOKED]) == ical.loads(moved.decode(), [BOOKED])


def test_several_subjects_are_told_apart_by_their_uids() -> None:
    """UIDs are matched against those the plans would have; events of other subjects are passed over and counted."""
    plans = [ts.schedule(ALSTEM, replace(SUBJECT, code=code).booked("DOSE2", DAY)) for code in ("P1", "P2")]
    data = ical.dumps(plans[1], stamp=STAMP)
    assert ical.loads(data, plans) == {"P1": (), "P2": (booked("DOSE2", DAY),)}
    keyed = ical.dumps(plans[1], stamp=STAMP, study_key="k")
    assert ical.loads(keyed, plans, study_key="k")["P2"]
    with pytest.raises(ts.InvalidValueError, match="none of these plans"):
        ical.loads(keyed, plans)
    with pytest.raises(ts.InvalidValueError, match="none of these plans"):
        ical.loads(data, plans[0])
    site = ical.dumps(plans, stamp=STAMP)
    found = ical.loads(site, plans[0])
    assert found == {"P1": (booked("DOSE2", DAY),)}
    assert found.notes == ("events of other subjects or study keys, passed over: 17",)


def test_a_subject_by_two_versions_of_a_protocol_is_read_by_either() -> None:
    """The same visit has one UID; the records are not doubled."""
    later = ts.schedule(replace(ALSTEM, version="2"), BOOKED.subject)
    assert ical.loads(EXPORT, [BOOKED, later]) == ical.loads(EXPORT, BOOKED)


# As programs write them. Written by hand after exports of each program.

THUNDERBIRD = f"""BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
BEGIN:VTIMEZONE
TZID:/mozilla.org/20050126_1/Europe/Warsaw
X-LIC-LOCATION:Europe/Warsaw
X-TZINFO:Europe/Warsaw[2025b]
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20260305T070000Z
LAST-MODIFIED:20260305T071500Z
DTSTAMP:20260305T071500Z
UID:{DOSE2}
SUMMARY:P01-007 DOSE2
STATUS:TENTATIVE
DTSTART;TZID=/mozilla.org/20050126_1/Europe/Warsaw:20260403T093000
DTEND;TZID=/mozilla.org/20050126_1/Europe/Warsaw:20260403T103000
TRANSP:TRANSPARENT
CLASS:PRIVATE
DESCRIPTION:Projected\\, not booked\\nProtocol day: 30
X-TRIALSCHED-DATE:20260401
X-TRIALSCHED-SUBJECT:4299bb29-2dd7-5aaf-9408-cd342a7c2d26
X-MOZ-GENERATION:3
X-MOZ-LASTACK:20260305T071500Z
SEQUENCE:2
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Mozilla Alarm: P01-007 DOSE2
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20260301T120000Z
UID:{M03}
SUMMARY:P01-007 M03
STATUS:TENTATIVE
DTSTART;VALUE=DATE:20260602
DTEND;VALUE=DATE:20260603
TRANSP:TRANSPARENT
X-TRIALSCHED-DATE:20260602
END:VEVENT
BEGIN:VEVENT
UID:0c0d8c3e-dentist
SUMMARY:Dentist
DTSTART:20260403T150000
END:VEVENT
END:VCALENDAR
"""

OUTLOOK = f"""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-CALSTART:20260402T220000Z
X-WR-RELCALID:{{00000021-B1B1-C6B1-0000-000000000000}}
X-WR-CALNAME:P01-007
X-PRIMARY-CALENDAR:FALSE
BEGIN:VTIMEZONE
TZID:Central European Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PRIVATE
CREATED:20260305T071500Z
DESCRIPTION:Projected\\, not booked\\n\\nProtocol day: 30\\n
DTEND;TZID="Central European Standard Time":20260403T103000
DTSTAMP:20260305T071500Z
DTSTART;TZID="Central European Standard Time":20260403T093000
LAST-MODIFIED:20260305T071500Z
PRIORITY:5
SEQUENCE:1
SUMMARY;LANGUAGE=pl:P01-007 DOSE2
TRANSP:TRANSPARENT
UID:{DOSE2.upper()}
X-ALT-DESC;FMTTYPE=text/html:<html><body><p>Projected, not booked</p>\\n</b
\tody></html>
X-MICROSOFT-CDO-BUSYSTATUS:FREE
X-MICROSOFT-CDO-IMPORTANCE:1
X-MICROSOFT-DISALLOW-COUNTER:FALSE
X-MS-OLK-CONFTYPE:0
END:VEVENT
BEGIN:VEVENT
CLASS:PRIVATE
DTEND;TZID="Central European Standard Time":20260604T000000
DTSTAMP:20260305T071500Z
DTSTART;TZID="Central European Standard Time":20260603T000000
SUMMARY;LANGUAGE=pl:P01-007 M03
UID:{M03.upper()}
X-MICROSOFT-CDO-ALLDAYEVENT:TRUE
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
BEGIN:VEVENT
DTEND;VALUE=DATE:20260502
DTSTAMP:20260305T071500Z
DTSTART;VALUE=DATE:20260501
SUMMARY;LANGUAGE=pl:P01-007 DOSE3
UID:2ABE56D6-3195-5C98-892C-03BC17DD6275
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
END:VCALENDAR
"""

GOOGLE = f"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:P01-007
X-WR-TIMEZONE:Europe/Warsaw
BEGIN:VEVENT
DTSTART:20260403T073000Z
DTEND:20260403T083000Z
DTSTAMP:20260305T071500Z
UID:{DOSE2}
CLASS:PRIVATE
CREATED:20260305T070000Z
DESCRIPTION:Projected\\, not booked
LAST-MODIFIED:20260305T071500Z
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:P01-007 DOSE2
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260602
DTEND;VALUE=DATE:20260603
DTSTAMP:20260305T071500Z
UID:{M03}@google.com
STATUS:CONFIRMED
SUMMARY:P01-007 M03
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize("data", [THUNDERBIRD, OUTLOOK, GOOGLE])
@pytest.mark.parametrize("previous", [None, ical.dumps(OPEN, stamp=STAMP)])
def test_dragged_in_other_programs(data: str, previous: bytes | None) -> None:
    """DOSE2 was dragged to 3 April, 9:30 in Warsaw; in Outlook M03 too, all day; what was not moved is no booking."""
    expected = [booked("DOSE2", date(2026, 4, 3), AT)]
    if data == OUTLOOK:
        expected.append(booked("M03", date(2026, 6, 3)))
    for same in (data, data.replace("\n", "\r\n").encode()):
        assert only(same, OPEN, clinic=WARSAW, previous=previous) == tuple(expected)


def test_what_the_notes_say_of_other_programs() -> None:
    """Which visits lost their date, and that a CONFIRMED of Google is no booking."""
    assert ical.loads(THUNDERBIRD, OPEN).notes == ()
    assert ical.loads(OUTLOOK, OPEN).notes == (
        "P01-007 DOSE2, M03, DOSE3: lost the date that was exported, compared with the plan's own",
    )
    assert ical.loads(GOOGLE, OPEN, clinic=WARSAW).notes == (
        "P01-007 DOSE2, M03: lost the date that was exported, compared with the plan's own",
        "P01-007 M03: confirmed on the date that was computed, as some programs write of every event: no booking",
    )
    export = ical.dumps(OPEN, stamp=STAMP)
    assert ical.loads(OUTLOOK, OPEN, previous=export).notes == ()


def test_without_a_clinic_times_are_those_of_the_event_but_never_utc() -> None:
    """Google tells times in UTC, which is no time at the clinic."""
    assert only(OUTLOOK, OPEN)[0] == booked("DOSE2", date(2026, 4, 3), AT)
    with pytest.raises(ts.InvalidValueError, match="the clinic's zone") as caught:
        only(GOOGLE, OPEN)
    assert caught.value.where == "P01-007 DOSE2"


def test_a_uid_that_exchange_hides_in_a_number_is_found() -> None:
    """[MS-OXCICAL] 2.1.3.1.1.20.26: 040000008200E00074C5B7101A82E008, dates, a length, 'vCal-Uid', 1, the UID, 0."""
    number = (
        "040000008200E00074C5B7101A82E00800000000000000000000000000000000000000003100000076"
        "43616C2D55696401000000" + DOSE2.encode().hex().upper() + "00"
    )
    assert only(file(f"UID:{number}\nDTSTART;VALUE=DATE:20260403")) == (booked("DOSE2", date(2026, 4, 3)),)


# One event, written in many ways. DOSE2 is computed for 1 April; in BOOKED it is booked for 2 April.

KEPT = "X-TRIALSCHED-DATE:"


@pytest.mark.parametrize(
    ("plan", "day", "lines", "has_previous", "expected"),
    [
        # A program that keeps what it does not know keeps STATUS: it is what a person chose.
        (OPEN, 1, [KEPT + "20260401", "STATUS:TENTATIVE"], False, (False, "")),
        (OPEN, 1, [KEPT + "20260401"], False, (False, "")),
        (OPEN, 1, [KEPT + "20260401", "STATUS:CONFIRMED"], False, (True, "confirmed in the calendar")),
        (OPEN, 1, [KEPT + "20260401", "STATUS:CONFIRMED"], True, (True, "confirmed in the calendar")),
        (OPEN, 1, [KEPT + "20260401", "STATUS:CANCELLED"], False, (False, "cancelled in the calendar")),
        (BOOKED, 2, [KEPT + "20260402", "STATUS:CONFIRMED"], False, (True, "")),
        (BOOKED, 2, [KEPT + "20260402"], False, (True, "")),
        (BOOKED, 2, [KEPT + "20260402", "STATUS:TENTATIVE"], False, (False, "not confirmed any more")),
        (BOOKED, 2, [KEPT + "20260402", "STATUS:CANCELLED"], True, (False, "cancelled in the calendar")),
        (BOOKED, 3, [KEPT + "20260402", "STATUS:CANCELLED"], False, (False, "cancelled in the calendar")),
        # Our marks are lost: CONFIRMED says nothing, no STATUS neither. What was given out decides, or the plan.
        (OPEN, 1, ["STATUS:CONFIRMED"], False, (False, "some programs write of every event")),
        (OPEN, 1, ["STATUS:CONFIRMED"], True, (False, "some programs write of every event")),
        (OPEN, 1, [], False, (False, "")),
        (OPEN, 1, ["STATUS:TENTATIVE"], True, (False, "")),
        (BOOKED, 2, ["STATUS:CONFIRMED"], False, (True, "")),
        (BOOKED, 2, [], True, (True, "")),
        (BOOKED, 2, [], False, (True, "")),
        (BOOKED, 2, ["STATUS:TENTATIVE"], True, (False, "not confirmed any more")),
        (BOOKED, 2, ["STATUS:CANCELLED"], False, (False, "cancelled in the calendar")),
        # Moved is booked, whatever else it says.
        (OPEN, 3, ["STATUS:TENTATIVE"], True, (True, "")),
        (OPEN, 3, ["STATUS:TENTATIVE"], False, (True, "")),
        (BOOKED, 1, [KEPT + "20260402", "STATUS:CONFIRMED"], False, (True, "")),
    ],
)
def test_what_is_a_booking(
    plan: ts.Plan,
    day: int,
    lines: list[str],
    *,
    has_previous: bool,
    expected: tuple[bool, str],
) -> None:
    """Where it stands, its STATUS, whether our marks are there, and what was given out decide together."""
    is_booking, note = expected
    data = with_dose2(f"DTSTART;VALUE=DATE:2026040{day}", *lines)
    found = ical.loads(data, plan, previous=ical.dumps(plan, stamp=STAMP) if has_previous else None)
    assert found["P01-007"] == ((booked("DOSE2", date(2026, 4, day)),) if is_booking else ())
    lost = not has_previous and "STATUS:CANCELLED" not in lines and not any(line.startswith(KEPT) for line in lines)
    notes = list(found.notes)
    assert (notes.pop(0) if lost else "") == (
        "P01-007 DOSE2: lost the date that was exported, compared with the plan's own" if lost else ""
    )
    assert len(notes) == bool(note)
    assert all(note in text and text.startswith("P01-007 DOSE2: ") for text in notes)


def test_what_was_given_out_decides_after_the_plan_has_changed() -> None:
    """A new baseline moves all targets: by `previous` nothing was moved, by the new plan alone everything was."""
    bare = re.sub(r"\r\n(X-TRIALSCHED|STATUS)[^\r]*", "", unfolded(ical.dumps(OPEN, stamp=STAMP)))
    later = ts.schedule(ALSTEM, replace(SUBJECT, baseline=date(2026, 3, 9)))
    assert only(bare, later, previous=ical.dumps(OPEN, stamp=STAMP)) == ()
    found = ical.loads(bare, later)
    assert len(found["P01-007"]) == 17
    assert "compared with the plan's own" in found.notes[0]


def test_an_old_export_is_said_to_be_one() -> None:
    """Booked for 2 April when it was exported, for the 9th in the plan of today."""
    later = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 9)))
    found = ical.loads(EXPORT, later)
    assert found["P01-007"] == (booked("DOSE2", DAY),)
    assert found.notes == ("P01-007 DOSE2: not moved since it was given out, but the plan has another date as booked",)


def test_what_is_attended_is_not_booked_unless_it_was_moved() -> None:
    """An attended visit stands as CONFIRMED; dragging it is a booking, which the notes question."""
    plan = ts.schedule(ALSTEM, SUBJECT.attended("DOSE2", DAY))
    export = ical.dumps(plan, stamp=STAMP)
    assert only(export, plan) == ()
    found = ical.loads(dragged(unfolded(export), DOSE2, date(2026, 4, 8), None), plan)
    assert found["P01-007"] == (booked("DOSE2", date(2026, 4, 8)),)
    assert found.notes == ("P01-007 DOSE2: moved, though the plan has it as attended: read as booked",)


def test_what_we_called_off_is_no_news() -> None:
    """A missed visit comes back as CANCELLED without a note; in a program that writes CONFIRMED it is no booking."""
    plan = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", DAY).missed("DOSE2"))
    export = ical.dumps(plan, stamp=STAMP)
    assert ical.loads(export, plan) == {"P01-007": ()}
    assert ical.loads(export, plan).notes == ()
    assert only(with_dose2("DTSTART;VALUE=DATE:20260402", "STATUS:CONFIRMED"), plan, previous=export) == ()


@pytest.mark.parametrize(
    ("lines", "clinic", "expected"),
    [
        # all-day, however it is written: by Exchange from midnight to midnight, in the clinic's zone or its own
        (["DTSTART:20260403"], WARSAW, (3, None)),
        (["DTSTART;VALUE=DATE:20260403", "DURATION:P1D"], WARSAW, (3, None)),
        (["DTSTART:20260403T000000", "DTEND:20260404T000000"], None, (3, None)),
        (["DTSTART:20260402T220000Z", "DTEND:20260403T220000Z"], WARSAW, (3, None)),
        (["DTSTART:20260403T000000Z", "DTEND:20260404T000000Z"], WARSAW, (3, None)),
        (
            [
                "DTSTART;TZID=Eastern Standard Time:20260403T000000",
                "DTEND;TZID=Eastern Standard Time:20260404T000000",
            ],
            WARSAW,
            (3, None),
        ),
        # timed: local, floating, in UTC, in another zone; Warsaw is 2 hours ahead of UTC in April, New York 4 behind
        (["DTSTART;TZID=Europe/Warsaw:20260403T093000"], None, (3, AT)),
        (["DTSTART;TZID=Europe/Warsaw:20260403T093000", "DURATION:PT45M"], WARSAW, (3, AT)),
        (['DTSTART;TZID="Europe/Warsaw":20260403T093059'], WARSAW, (3, AT)),
        (["DTSTART:20260403T093000"], WARSAW, (3, AT)),
        (["DTSTART:20260403T093000"], None, (3, AT)),
        (["DTSTART:20260403T073000Z"], WARSAW, (3, AT)),
        (["DTSTART:20260402T233000Z"], WARSAW, (3, time(1, 30))),
        (["DTSTART;TZID=America/New_York:20260403T033000"], WARSAW, (3, AT)),
        (["DTSTART;TZID=America/New_York:20260403T033000"], None, (3, time(3, 30))),
        (["DTSTART;TZID=/citadel.org/20210210_1/America/New_York:20260403T033000"], WARSAW, (3, AT)),
    ],
)
def test_the_ways_to_write_a_time(lines: list[str], clinic: Clinic | None, expected: tuple[int, time | None]) -> None:
    """Dates are dates, times are told at the clinic."""
    day, clock = expected
    assert only(with_dose2(*lines), OPEN, clinic=clinic) == (booked("DOSE2", date(2026, 4, day), clock),)


def test_moved_across_a_clock_change() -> None:
    """9:30 stays 9:30 at the clinic: 08:30 UTC before 29 March 2026 in Warsaw, 07:30 after it."""
    plan = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 3, 27), AT))
    export = ical.dumps(plan, stamp=STAMP, clinic=WARSAW)
    assert only(export, plan, clinic=WARSAW) == (booked("DOSE2", date(2026, 3, 27), AT),)
    expected = (booked("DOSE2", date(2026, 3, 30), AT),)
    assert only(dragged(unfolded(export), DOSE2, date(2026, 3, 30), AT), plan, clinic=WARSAW) == expected
    assert only(with_dose2("DTSTART:20260330T073000Z"), plan, clinic=WARSAW) == expected
    unmoved = ical.loads(with_dose2("DTSTART:20260327T083000Z"), plan, clinic=WARSAW, previous=export)
    assert unmoved["P01-007"] == (booked("DOSE2", date(2026, 3, 27), AT),)


def test_times_that_the_clinic_does_not_have_or_has_twice() -> None:
    """RFC 5545, section 3.3.5: the offset before the change counts, 2:30 is 3:30; of two, the wall clock is kept."""
    gap = with_dose2("DTSTART;TZID=Europe/Warsaw:20260329T023000")
    assert only(gap, OPEN, clinic=WARSAW) == (booked("DOSE2", date(2026, 3, 29), time(3, 30)),)
    for twice in ("DTSTART:20261025T003000Z", "DTSTART:20261025T013000Z"):
        found = only(with_dose2(twice), OPEN, clinic=WARSAW)
        assert found == (booked("DOSE2", date(2026, 10, 25), time(2, 30)),)
        assert found[0].booked_time is not None
        assert found[0].booked_time.fold == 0


def test_from_all_day_to_timed_and_back() -> None:
    """Dragging between the day's head and its hours changes the date's kind, on the same day too."""
    timed = dragged(unfolded(EXPORT), DOSE2, DAY, AT)
    assert only(timed, BOOKED, clinic=WARSAW) == (booked("DOSE2", DAY, AT),)
    whole = dragged(unfolded(TIMED_EXPORT), DOSE2, DAY, None)
    assert only(whole, TIMED, clinic=WARSAW) == (booked("DOSE2", DAY),)


def test_a_visit_of_a_whole_day_keeps_its_time() -> None:
    """24 hours from midnight are a booked time when that was exported, though they look like a day."""
    clinic = Clinic("Europe/Warsaw", durations={"DOSE2": "24 hours"})
    plan = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", DAY, time(0, 0)))
    export = ical.dumps(plan, stamp=STAMP, clinic=clinic)
    for previous in (None, export):
        assert only(export, plan, clinic=clinic, previous=previous) == (booked("DOSE2", DAY, time(0, 0)),)


# Several files, several events of one visit, windows, tombstones.


def test_split_and_merged_files_are_one() -> None:
    """Files one by one, as a list, one behind the other, merged, or split as a CalDAV server has them."""
    expected = ical.loads(TIMED_EXPORT, TIMED, clinic=WARSAW)
    pieces = list(ical.split(TIMED_EXPORT).values())
    assert len(pieces) == 17
    other = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    for data in (pieces, pieces[::-1], [b"".join(pieces)], ical.merge(pieces), other + TIMED_EXPORT, [other, *pieces]):
        assert ical.loads(data, TIMED, clinic=WARSAW) == expected
    some = ical.loads(pieces[:3], TIMED, clinic=WARSAW)
    assert some == {"P01-007": ()}
    assert ical.loads([], TIMED) == {"P01-007": ()}


def test_the_same_event_twice_is_one_and_two_that_differ_are_refused() -> None:
    """Some programs duplicate what they import."""
    event = event_of(EXPORT, "DOSE2")
    twice = EXPORT.replace(event, event * 2)
    assert ical.loads(twice, BOOKED) == ical.loads(EXPORT, BOOKED)
    moved = event.replace(b"DTSTART;VALUE=DATE:20260402", b"DTSTART;VALUE=DATE:20260409")
    for second in (moved, event.replace(b"CONFIRMED", b"CANCELLED")):
        for data in (EXPORT.replace(event, event + second), [EXPORT, EXPORT.replace(event, second)]):
            with pytest.raises(ts.InvalidValueError, match="which differ") as caught:
                ical.loads(data, BOOKED)
            assert caught.value.where == "P01-007 DOSE2"


@pytest.mark.parametrize("line", ["RECURRENCE-ID:20260402", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20260403"])
def test_an_event_that_was_made_to_repeat_is_refused(line: str) -> None:
    """Which of its days is booked, only a person can say."""
    with pytest.raises(ts.InvalidValueError, match="made to repeat") as caught:
        only(with_dose2("DTSTART:20260402", line))
    assert caught.value.where == "P01-007 DOSE2"


def test_windows_and_tombstones_are_no_bookings() -> None:
    """A window that was dragged says nothing, nor does the event of a visit that has left the plan."""
    style = ical.Style(windows=True)
    export = unfolded(ical.dumps(BOOKED, stamp=STAMP, style=style))
    window = ical.uid("alstem", "P01-007", "DOSE2", "window")
    assert window in export
    assert only(dragged(export, window, date(2026, 7, 1), None)) == (booked("DOSE2", DAY),)
    shorter = ts.Protocol("alstem", "2", "DOSE1", [ts.Visit("DOSE1", "on-site")])
    plan = ts.schedule(shorter, SUBJECT)
    tombs = unfolded(ical.dumps(plan, stamp=STAMP, previous=EXPORT))
    found = ical.loads(dragged(tombs, DOSE2, date(2026, 7, 1), None), plan)
    assert found == {"P01-007": ()}
    assert found.notes == ()


# What is no calendar, or damaged.


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"BEGIN:VCALENDAR\r\n", b"\xff\xfe", "BEGIN:VEVENT\r\nEND:VEVENT\r\n", "\ud800",
     b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", b"more\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
     b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nEND:VCALENDAR\r\n"],
)  # fmt: skip
def test_what_is_no_calendar_is_refused(data: bytes | str) -> None:
    """Every unreadable file gives the library's own error, as what was given out too."""
    with pytest.raises(ts.InvalidValueError):
        ical.loads(data, OPEN)
    with pytest.raises(ts.InvalidValueError) as caught:
        ical.loads(EXPORT, OPEN, previous=data)
    assert caught.value.where == "previous"


@pytest.mark.parametrize("data", [12, None, {}, ["x", 3], [["x"]], bytearray(b"x")])
def test_what_is_no_text_is_the_librarys_own_error(data: Any) -> None:  # noqa: ANN401
    """No bare error of Python comes out."""
    with pytest.raises(ts.InvalidTypeError if data != ["x", 3] else ts.InvalidValueError):
        ical.loads(data, BOOKED)


@pytest.mark.parametrize("plans", [["x"], [None], "ab"])
def test_what_is_no_plan_is_the_librarys_own_error(plans: Any) -> None:  # noqa: ANN401
    """The place in the list is named."""
    with pytest.raises(ts.InvalidTypeError) as caught:
        ical.loads(EXPORT, plans)
    assert caught.value.where == "plans[0]"


@pytest.mark.parametrize(
    "lines",
    [
        ["SUMMARY:no start"],
        ["DTSTART;VALUE=DATE:20261399"],
        ["DTSTART;VALUE=DATE:2026-04-02"],
        ["DTSTART:20260402T250000"],
        ["DTSTART;TZID=Mars/Olympus:20260402T090000"],
        ["DTSTART:20260402", "DTSTART:20260403"],
        ["DTSTART;VALUE=DATE:20260402T093000"],
        ["DTSTART;VALUE=DATE:20260401T220000Z"],
        ["DTSTART:20260402T000000", "DTEND:20260403T000000Z"],
        ["DTSTART:20260402T000000", "DURATION:P99999999W"],
        ["DTSTART:20260402T000000", "DURATION:PT1W"],
        ["DTSTART:00010101T000000Z"],
        ["DTSTART:99991231T090000"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:2026-03-02"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20261302"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20260302T250000 Europe/Warsaw"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20260302T090000 Mars/Olympus"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:00010101T000000 Europe/Warsaw"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20260302", "X-TRIALSCHED-DATE:20260303"],
        ["DTSTART:20260402", "STATUS:CONFIRMED", "STATUS:TENTATIVE"],
        ["DTSTART:20260402", "STATUS CONFIRMED"],
    ],
)
def test_a_damaged_event_of_ours_is_named(lines: list[str]) -> None:
    """Nothing unreadable becomes a booking, and no other error comes out."""
    with pytest.raises(ts.InvalidValueError) as caught:
        only(with_dose2(*lines))
    assert caught.value.where == "P01-007 DOSE2"


def test_a_damaged_event_of_someone_else_is_passed_over() -> None:
    """Whole calendars hold dentists' appointments, and what other programs think is a line."""
    event = event_of(EXPORT, "DOSE2").decode().removeprefix("BEGIN:VEVENT\r\n").removesuffix("END:VEVENT\r\n")
    broken = "UID:dentist\nUID:DENTIST"
    found = ical.loads(file(broken, event, "UID:x\nDTSTART:whenever\nDTSTART:never"), BOOKED)
    assert found["P01-007"] == (booked("DOSE2", DAY),)
    assert found.notes == ("events that cannot be read and are none of these plans, passed over: 1",)


@pytest.mark.parametrize(
    "ending",
    ["DTEND;VALUE=DATE:99991231", "", "DURATION:PT1D", "DURATION:P1Y", "DTEND:20260402T100000", "DTEND:x"],
)
def test_a_booking_needs_no_length(ending: str) -> None:
    """Of a day, and of a time that is no midnight, the start alone is asked for: also on the last day that there is."""
    lost = "X-TRIALSCHED-DATE:20260402"
    for day in (date(9999, 12, 31), date(2026, 4, 7)):
        assert only(with_dose2(f"DTSTART;VALUE=DATE:{day:%Y%m%d}", ending, lost)) == (booked("DOSE2", day),)
    timed = only(with_dose2("DTSTART:20260407T093000", ending, lost))
    assert timed == (booked("DOSE2", date(2026, 4, 7), time(9, 30)),)


def test_a_copy_of_a_visit_under_another_id_is_counted_in_a_note() -> None:
    """It carries the subject's mark and is of no visit of the plan: matched by UID it is not, but never unsaid."""
    event = event_of(EXPORT, "DOSE2")
    copy = re.sub(rb"UID:[^\r]*", b"UID:11111111-2222-4333-8444-555555555555", event)
    found = ical.loads(EXPORT.replace(event, event + copy), BOOKED)
    assert found["P01-007"] == (booked("DOSE2", DAY),)
    assert [note for note in found.notes if "no visit of the plan" in note] == [
        "events of these subjects under ids of no visit of the plan, passed over: copies, or visits that left it: 1"
    ]


def test_a_calendar_without_events_is_the_wrong_one() -> None:
    """An export of an empty calendar is a slip, not the news that nothing was booked."""
    with pytest.raises(ts.InvalidValueError, match="there is no event in it"):
        ical.loads("BEGIN:VCALENDAR\nEND:VCALENDAR\n", BOOKED)


@pytest.mark.parametrize("when", ["20261025T003000Z", "20261025T013000Z"])
def test_a_time_that_the_clocks_show_twice_is_told_while_its_moment_is_known(when: str) -> None:
    """00:30 and 01:30 UTC are both 2:30 in Warsaw that night; the record cannot tell, so a note does."""
    found = ical.loads(with_dose2(f"DTSTART:{when}\nDTEND:20261025T030000Z"), BOOKED, clinic=WARSAW)
    assert found["P01-007"] == (booked("DOSE2", date(2026, 10, 25), time(2, 30)),)
    assert any("skip or show twice" in note for note in found.notes)


# What real programs write.


def zoned(name: str, *parts: tuple[str, str, str, str, str]) -> str:
    """Return a VTIMEZONE: of each part its kind, start, offsets before and after, and rule."""
    lines = [f"BEGIN:VTIMEZONE\nTZID:{name}\n"]
    for kind, start, before, after, rule in parts:
        repeats = f"RRULE:FREQ=YEARLY;{rule}\n" if rule else ""
        lines.append(f"BEGIN:{kind}\nDTSTART:{start}\n{repeats}TZOFFSETFROM:{before}\nTZOFFSETTO:{after}\nEND:{kind}\n")
    return "".join([*lines, "END:VTIMEZONE\n"])


def european(name: str, begin: str = "1601") -> str:
    """Return a zone that has Warsaw's offsets, as Exchange writes it."""
    return zoned(
        name,
        ("STANDARD", f"{begin}1028T030000", "+0200", "+0100", "BYDAY=-1SU;BYMONTH=10"),
        ("DAYLIGHT", f"{begin}0325T020000", "+0100", "+0200", "BYDAY=-1SU;BYMONTH=3"),
    )


def american(name: str) -> str:
    """Return a zone that has New York's offsets."""
    return zoned(
        name,
        ("STANDARD", "20071104T020000", "-0400", "-0500", "BYDAY=1SU;BYMONTH=11"),
        ("DAYLIGHT", "20070311T020000", "-0500", "-0400", "BYDAY=2SU;BYMONTH=3"),
    )


def fixed(name: str, offset: str) -> str:
    """Return a zone of one offset."""
    return zoned(name, ("STANDARD", "19700101T000000", offset, offset, ""))


LOST = "X-TRIALSCHED-DATE:20260401"
AT_0930 = (booked("DOSE2", date(2026, 4, 7), AT),)
BROKEN_ZONE = "BEGIN:VTIMEZONE\nTZID:Nobody\nBEGIN:STANDARD\nDTSTART:never\nEND:STANDARD\nEND:VTIMEZONE\n"


@pytest.mark.parametrize(
    ("zones", "when"),
    [
        # 09:30 in Warsaw on 7 April 2026, in summer time, is 03:30 in New York and 07:30 UTC
        (european("Custom", "0001"), "DTSTART;TZID=Custom:20260407T093000"),
        (european("(UTC+01:00) Warsaw, Zagreb".replace(",", "\\,")),
         'DTSTART;TZID="(UTC+01:00) Warsaw, Zagreb":20260407T093000'),
        (european("(UTC+01:00) Warsaw"), "DTSTART;TZID=(UTC+01:00) Warsaw:20260407T093000"),
        (fixed("GMT+02:00", "+0200"), "DTSTART;TZID=GMT+02:00:20260407T093000"),
        (fixed("GMT+02:00", "+0200"), 'DTSTART;TZID="GMT+02:00":20260407T093000'),
        # the file's own definition beats every name that one happens to know
        (american("EST"), "DTSTART;TZID=EST:20260407T033000"),
        (american("Eastern Standard Time"), "DTSTART;TZID=Eastern Standard Time:20260407T033000"),
        (fixed("Europe/Warsaw", "+0000"), "DTSTART;TZID=Europe/Warsaw:20260407T073000"),
        (fixed("Central European Standard Time", "-0100"),
         "DTSTART;TZID=Central European Standard Time:20260407T063000"),
        # but not one that is unique in the world
        (fixed("/example.org/Europe/Warsaw", "+0000"), "DTSTART;TZID=/example.org/Europe/Warsaw:20260407T093000"),
        # without a definition, or with an empty one, the name says what is meant
        ("", "DTSTART;TZID=Europe/Warsaw:20260407T093000"),
        (zoned("Europe/Warsaw"), "DTSTART;TZID=Europe/Warsaw:20260407T093000"),
        # zones that nothing names are not looked at
        (BROKEN_ZONE, "DTSTART:20260407T073000Z"),
        (BROKEN_ZONE + european("Custom"), "DTSTART;TZID=Custom:20260407T093000"),
        # several definitions of one name that say the same of this moment
        (european("Custom") + fixed("Custom", "+0200"), "DTSTART;TZID=Custom:20260407T093000"),
        (european("Custom") + european("Custom"), "DTSTART;TZID=Custom:20260407T093000"),
    ],
)  # fmt: skip
def test_zones_of_other_programs(zones: str, when: str) -> None:
    """Each says half past nine in Warsaw, in its own way; so it does where the zones stand behind the event."""
    before = with_dose2(when, LOST, zones=zones)
    assert only(before, OPEN, clinic=WARSAW) == AT_0930
    behind = with_dose2(when, LOST).replace("END:VCALENDAR", f"{zones}END:VCALENDAR")
    assert only(behind, OPEN, clinic=WARSAW) == AT_0930


@pytest.mark.parametrize(
    ("zones", "message"),
    [
        (fixed("Custom", "two"), "the file's time zone 'Custom': STANDARD: read 'two', expected offsets"),
        (zoned("Custom"), "the file's time zone 'Custom' has neither STANDARD nor DAYLIGHT"),
        (
            european("Custom") + fixed("Custom", "+0100"),
            "defines the time zone 'Custom' more than once, and differently",
        ),
        (BROKEN_ZONE, "the time zone 'Custom' is neither known nor defined in the file"),
    ],
)
def test_a_fault_of_a_zone_is_told_as_one(zones: str, message: str) -> None:
    """It is the file's, and the visit is named that cannot be read for it."""
    with pytest.raises(ts.InvalidValueError, match=re.escape(message)) as caught:
        only(with_dose2("DTSTART;TZID=Custom:20260407T093000", zones=zones), OPEN, clinic=WARSAW)
    assert caught.value.where == "P01-007 DOSE2"


ZONES_OF_ONE_NAME = {
    # on 7 April 2026: hours before UTC, and so the local time that is 09:30 in Warsaw
    "european": (european("Zone"), "093000"),
    "american": (american("Zone"), "033000"),
    "east": (fixed("Zone", "+0530"), "130000"),
    "west": (fixed("Zone", "-0930"), "220000"),
}
DOSE3 = "2abe56d6-3195-5c98-892c-03bc17dd6275"


@pytest.mark.parametrize("one", ZONES_OF_ONE_NAME)
@pytest.mark.parametrize("other", ZONES_OF_ONE_NAME)
def test_a_zone_belongs_to_its_own_calendar(one: str, other: str) -> None:
    """Two visits at 09:30 in Warsaw, each by its own zone of one name: in one file in either order, merged, apart."""
    texts = []
    for name, uid in ((one, DOSE2), (other, DOSE3)):
        zone, clock = ZONES_OF_ONE_NAME[name]
        day = "20260406" if clock == "220000" else "20260407"
        texts.append(file(f"UID:{uid}\nDTSTART;TZID=Zone:{day}T{clock}\n{LOST}", zones=zone))
    expected = (*AT_0930, booked("DOSE3", date(2026, 4, 7), AT))
    pieces = [piece for text in texts for piece in ical.split(text).values()]
    ways: list[Any] = [texts, texts[::-1], "".join(texts), "".join(texts[::-1]), ical.merge(texts), pieces]
    ways += [ical.merge(texts[::-1]), ical.merge(pieces), list(ical.split("".join(texts)).values())]
    for data in ways:
        assert ical.loads(data, OPEN, clinic=WARSAW) == {"P01-007": expected}


@pytest.mark.parametrize(
    ("tzid", "zones"),
    [
        ("UTC", ""),
        ("GMT", ""),
        ("Etc/UTC", ""),
        ("Etc/GMT", fixed("Etc/GMT", "+0000")),
        ("tzone://Microsoft/Utc", fixed("tzone://Microsoft/Utc", "+0000")),
        ('"(UTC) Coordinated Universal Time"', fixed("(UTC) Coordinated Universal Time", "+0000")),
    ],
)
def test_utc_under_another_name(tzid: str, zones: str) -> None:
    """It says nothing of the clock on the wall, as a Z does not: 07:30 in UTC is 09:30 in Warsaw on 7 April 2026."""
    text = with_dose2(f"DTSTART;TZID={tzid}:20260407T073000", zones=zones)
    assert only(text, TIMED, clinic=WARSAW) == (booked("DOSE2", date(2026, 4, 7), AT),)
    with pytest.raises(ts.InvalidValueError, match="2026-04-07 07:30 UTC: the clinic's zone is needed"):
        only(text, TIMED)


@pytest.mark.parametrize(
    ("tzid", "zones"),
    [
        ("Europe/London", ""),
        ("Atlantic/Reykjavik", ""),
        ("Greenwich Standard Time", fixed("Greenwich Standard Time", "+0000")),
        ("GMT+01:00", fixed("GMT+01:00", "+0100")),
        ("London", european("London").replace("+0100", "+0000").replace("+0200", "+0100")),
    ],
)
def test_a_place_where_the_clocks_show_utc_is_a_place(tzid: str, zones: str) -> None:
    """What its clocks show is told: in winter London has the hour of UTC, Iceland all the year."""
    text = with_dose2(f"DTSTART;TZID={tzid}:20261202T093000", zones=zones)
    assert only(text, TIMED) == (booked("DOSE2", date(2026, 12, 2), AT),)


def test_an_event_moved_beyond_the_years_that_the_file_lists() -> None:
    """Our own definition of Casablanca lists the years around the events; Ramadan of 2028 is not in it, but counts."""
    clinic = Clinic("Africa/Casablanca")
    text = unfolded(ical.dumps(TIMED, stamp=STAMP, clinic=clinic))
    assert "RDATE:2027" in text
    assert "RDATE:2028" not in text
    moved = text.replace("TZID=Africa/Casablanca:20260402T", "TZID=Africa/Casablanca:20280210T")
    assert only(moved, TIMED, clinic=clinic) == (booked("DOSE2", date(2028, 2, 10), AT),)
    stranger = file(
        "UID:x\nDTSTART;TZID=Africa/Casablanca:20280210T093000", zones=fixed("Africa/Casablanca", "+0100")
    ).replace("\n", "\r\n")
    for parts in ([moved, stranger], [stranger, moved]):
        assert only("".join(parts), TIMED, clinic=clinic) == (booked("DOSE2", date(2028, 2, 10), AT),)
        assert only(ical.merge(parts), TIMED, clinic=clinic) == (booked("DOSE2", date(2028, 2, 10), AT),)
        assert b"TZID:Africa/Casablanca (2)" in ical.merge(parts)


def test_a_zone_of_another_calendar_is_none() -> None:
    """A name that nobody knows means nothing where it is not defined; one that is known means what it says."""
    defined = file("UID:x\nDTSTART;TZID=Zone:20260407T093000", zones=fixed("Zone", "+0000"))
    alone = with_dose2("DTSTART;TZID=Zone:20260407T093000", LOST)
    for text in (defined + alone, alone + defined):
        with pytest.raises(ts.InvalidValueError, match="the time zone 'Zone' is neither known nor defined"):
            only(text, OPEN, clinic=WARSAW)
        known = text.replace("TZID=Zone", "TZID=Europe/Warsaw").replace("TZID:Zone", "TZID:Europe/Warsaw")
        assert only(known, OPEN, clinic=WARSAW) == AT_0930
        assert only(ical.merge([known]), OPEN, clinic=WARSAW) == AT_0930


JUNK = (
    "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Example St 1-5\\; 1000 Town;X-APPLE-RADIUS=70.5:geo:50.0,14.2",
    "and a second line of the address",
    "ATTENDEE;CN=A;B:mailto:a@example.org",
    "DESCRIPTION:a\nDESCRIPTION:b",
    "LOCATION;LANGUAGE=en:a\nLOCATION;LANGUAGE=pl:b",
    "STATUS:CONFIRMED\nSTATUS:CONFIRMED",
)


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("place", range(5))
def test_what_nothing_reads_refuses_nothing(junk: str, place: int) -> None:
    """Wherever in the event it stands, also inside of an alarm."""
    lines = [f"UID:{DOSE2}", "DTSTART;TZID=Europe/Warsaw:20260407T093000", LOST, "DTSTAMP:20260310T080000Z"]
    alarm = ["BEGIN:VALARM", *junk.split("\n"), "END:VALARM"]
    lines[place:place] = junk.split("\n")
    for order in (lines, lines[::-1]):
        assert only(file("\n".join([*order, *alarm])), OPEN, clinic=WARSAW) == AT_0930


@pytest.mark.parametrize(
    ("method", "word"),
    [("CANCEL", "called off"), ("COUNTER", "another time is proposed"), ("REPLY", "an answer to an invitation"),
     ("DECLINECOUNTER", "a proposed time is declined"), ("ADD", "one more time"), ("REFRESH", "a question"),
     ("x-other", "a message of a kind that is not known")],
)  # fmt: skip
def test_messages_make_no_booking(method: str, word: str) -> None:
    """RFC 5546, sections 3.2.3 to 3.2.8, in any case of letters and wherever METHOD stands in the head."""
    for head in (f"METHOD:{method}\nPRODID:x", f"PRODID:x\nMETHOD:{method.lower()}"):
        for status in ("STATUS:CONFIRMED", ""):
            text = with_dose2("DTSTART:20260407T073000Z", LOST, status, head=head)
            found = ical.loads(text, OPEN, clinic=WARSAW)
            assert found == {"P01-007": ()}
            (note,) = found.notes
            assert note.startswith(f"P01-007 DOSE2: {word}")
            assert note.endswith("no booking")


@pytest.mark.parametrize("method", ["PUBLISH", "request"])
def test_messages_that_hold_what_a_calendar_holds(method: str) -> None:
    """RFC 5546, sections 3.2.1 and 3.2.2: what is published, and what its organizer asks for."""
    text = with_dose2("DTSTART:20260407T073000Z", LOST, head=f"METHOD:{method}")
    found = ical.loads(text, OPEN, clinic=WARSAW)
    assert found == {"P01-007": AT_0930}
    assert found.notes == ()


def test_a_method_belongs_to_its_own_calendar() -> None:
    """A proposal beside the calendar changes nothing; a message that calls it off does not go with it."""
    held = with_dose2("DTSTART:20260407T073000Z", LOST)
    proposed = with_dose2("DTSTART:20260408T073000Z", LOST, head="METHOD:COUNTER")
    for data in (held + proposed, proposed + held, [held, proposed]):
        assert ical.loads(data, OPEN, clinic=WARSAW) == {"P01-007": AT_0930}
    with pytest.raises(ts.InvalidValueError, match="which differ"):
        ical.loads(held + proposed.replace("COUNTER", "CANCEL"), OPEN, clinic=WARSAW)


def test_a_fault_of_a_files_head_is_told_as_one() -> None:
    """Two METHOD that differ: nobody can say what the file is."""
    with pytest.raises(ts.InvalidValueError, match="the calendar itself has two METHOD that differ"):
        ical.loads(with_dose2("DTSTART:20260407", LOST, head="METHOD:REQUEST\nMETHOD:CANCEL"), OPEN)
    assert only(with_dose2("DTSTART:20260407", LOST, head="METHOD:REQUEST\nX-A\nMETHOD:REQUEST"), OPEN)


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (["STATUS:CANCELED"], "with two L"),
        (["STATUS:canceled"], "with two L"),
        (["STATUS:CANCELLED"], "cancelled in the calendar"),
        (["SUMMARY:Canceled: P01-007 DOSE2"], "its title says"),
        (["SUMMARY:CANCELLED : P01-007 DOSE2", "STATUS:CONFIRMED"], "its title says"),
        (["SUMMARY:Cancelled: P01-007 DOSE2", "SUMMARY:x"], "its title says"),
    ],
)
def test_ways_to_call_a_visit_off(lines: list[str], note: str) -> None:
    """No booking, and a note; where the plan has it called off too only the misspelling is told."""
    text = with_dose2("DTSTART:20260407", LOST, *lines)
    found = ical.loads(text, OPEN)
    assert found == {"P01-007": ()}
    assert note in found.notes[0]
    over = ts.schedule(ALSTEM, replace(SUBJECT, ended=date(2026, 3, 9)))
    told = ical.loads(text, over).notes
    assert bool(told) is ("two L" in note)


@pytest.mark.parametrize("title", ["P01-007 DOSE2", "Not cancelled: P01-007 DOSE2", "Cancelled P01-007 DOSE2"])
def test_titles_that_call_nothing_off(title: str) -> None:
    """Only the word with its colon at the beginning, as Outlook writes it."""
    assert only(with_dose2("DTSTART:20260407", LOST, f"SUMMARY:{title}"), OPEN) == (booked("DOSE2", date(2026, 4, 7)),)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("20260407T000000", "20260407T235900", None),
        ("20260407T000000", "20260407T235959", None),
        ("20260407T000000", "20260408T235900", None),
        ("20260406T220000Z", "20260407T215900Z", None),
        ("20260407T000000", "20260407T235859", time(0, 0)),
        ("20260407T000100", "20260407T235900", time(0, 1)),
    ],
)
def test_a_day_until_its_last_minute(start: str, end: str, expected: time | None) -> None:
    """From 00:00 to 23:59 is the day, and a note says so; a minute less is a time."""
    found = ical.loads(with_dose2(f"DTSTART:{start}", f"DTEND:{end}", LOST), OPEN, clinic=WARSAW)
    assert found == {"P01-007": (booked("DOSE2", date(2026, 4, 7), expected),)}
    assert any("from 00:00 to 23:59" in note for note in found.notes) is (expected is None)


@pytest.mark.parametrize(
    ("when", "clock", "is_told"),
    [
        # 29 March 2026 in Warsaw: 02:00 to 03:00 is skipped; 25 October: 02:00 to 03:00 comes twice
        ("TZID=Europe/Warsaw:20260329T023000", time(3, 30), True),
        ("TZID=Europe/Warsaw:20260329T020000", time(3, 0), True),
        ("TZID=Europe/Warsaw:20260329T015900", time(1, 59), False),
        ("TZID=Europe/Warsaw:20260329T030000", time(3, 0), False),
        ("TZID=Europe/Warsaw:20261025T023000", time(2, 30), True),
        ("TZID=Europe/Warsaw:20261025T030000", time(3, 0), False),
        ("TZID=Own:20260329T023000", time(3, 30), True),
        ("TZID=Own:20260329T013000", time(1, 30), False),
        # 8 March in New York skips 02:00 to 03:00: 8 March, 08:30 in Warsaw
        ("TZID=America/New_York:20260308T023000", time(8, 30), True),
        ("TZID=America/New_York:20261101T013000", time(6, 30), True),
    ],
)
@pytest.mark.parametrize("clinic", [WARSAW, None])
def test_times_that_the_event_s_own_clocks_skip_or_show_twice(
    when: str,
    clock: time,
    is_told: bool,  # noqa: FBT001 - a parameter of the test
    clinic: Clinic | None,
) -> None:
    """The note that the page promises stands beside the booking, by the file's zone and with or without a clinic."""
    found = ical.loads(with_dose2(f"DTSTART;{when}", LOST, zones=european("Own")), OPEN, clinic=clinic)
    assert any("skip or show twice" in note for note in found.notes) is is_told
    if clinic is not None:
        assert found["P01-007"][0].booked_time == clock


def test_a_calendar_that_a_program_wrote_again_under_new_ids() -> None:
    """Known by our titles alone: beside ours a note says so; without any of ours the error does."""
    stripped = "\r\n".join(line for line in unfolded(EXPORT).split("\r\n") if not line.startswith("X-TRIALSCHED"))
    numbers = iter(range(100))
    copies = re.sub(r"UID:[^\r]*", lambda _: f"UID:{next(numbers)}@example.org", stripped)
    found = ical.loads([EXPORT, copies], BOOKED)
    assert found == {"P01-007": (booked("DOSE2", DAY),)}
    codes = ", ".join(row.code for row in BOOKED)
    what = "the title of this visit under an id that is not ours, passed over: a program gave it a new id"
    assert found.notes == (f"P01-007 {codes}: {what}",)
    with pytest.raises(ts.InvalidValueError, match="'P01-007 SCR1': another study key, or a program") as caught:
        ical.loads(copies, BOOKED)
    assert caught.value.where == "UID"


def test_all_faults_of_a_file_are_told_at_once() -> None:
    """Each with its visit, in the order of the file; those of others are counted."""
    events = (f"UID:{DOSE2}\nDTSTART:x", f"UID:{DOSE3}\nSTATUS:A\nSTATUS:B\nDTSTART:20260407", "UID:a\nUID:b")
    with pytest.raises(ts.errors.DocumentError) as caught:
        only(file(*events), OPEN)
    assert [problem.where for problem in caught.value.problems] == ["P01-007 DOSE2", "P01-007 DOSE3"]
    assert "two STATUS that differ" in caught.value.problems[1].message


def test_faults_are_told_up_to_a_thousand() -> None:
    """A file of many broken events makes no endless message."""
    with pytest.raises(ts.errors.DocumentError) as caught:
        only(file(*[f"UID:{DOSE2}\nDTSTART:x"] * 1500), OPEN)
    assert len(caught.value.problems) == 1000


# Time that files take.


def in_zone(number: int, *lines: str, offset: str = "+0100") -> str:
    """Return a calendar of one event in a zone of a name that all have, defined in words of its own."""
    zone = fixed("Zone", offset).replace("BEGIN:STANDARD", f"X-A:{number}\nBEGIN:STANDARD")
    return file("\n".join([f"UID:{number}", "DTSTART;TZID=Zone:20260407T093000", *lines]), zones=zone)


MANY: dict[str, Callable[[int], str]] = {
    "events of others": lambda n: file(*[f"UID:{i}\nDTSTART:20260407T093000Z\nSUMMARY:a" for i in range(n)]),
    "events that cannot be read": lambda n: file(*[f"UID:{i}\nUID:x\n;;;\nDTSTART:x" for i in range(n)]),
    "calendars": lambda n: "".join(in_zone(i) for i in range(n // 4)),
    "calendars of other zones": lambda n: "".join(
        in_zone(i, offset=f"+{i // 60:02}{i % 60:02}") for i in range(n // 4)
    ),
    "calendars that repeat": lambda n: "".join(in_zone(i, "RRULE:FREQ=DAILY") for i in range(n // 4)),
    "zones": lambda n: "".join(
        file(*[f"UID:{i}\nDTSTART;TZID=Z{i}:20260407T093000" for i in range(n // 4)],
             zones="".join(fixed(f"Z{i}", offset) for i in range(n // 4)))
        for offset in ("+0100", "+0200")
    ),
    "a line of zones": lambda n: file("UID:1\nX-A" + ";TZID=x" * n * 4 + ":1"),
    "a line of quotes": lambda n: file('UID:1\nX-A;B="' + '";B="' * n * 4 + ":1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MANY)
def test_twice_the_file_takes_twice_the_time(kind: str) -> None:
    """A file four times as large takes at most nine times as long; were it the square, it would be sixteen times."""
    ours = with_dose2("DTSTART:20260407", LOST)
    times = []
    for size in (2000, 8000):
        text = MANY[kind](size) + ours
        begin = process_time()
        assert only(text, OPEN) == (booked("DOSE2", date(2026, 4, 7)),)
        times.append(process_time() - begin)
    assert times[1] < 9 * times[0] + 0.3
