"""Bookings read back from calendars: untouched, dragged in other programs, split, merged and damaged."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
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


MOVES = st.dictionaries(
    st.integers(0, 30),
    st.tuples(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.none() | st.builds(time, st.integers(6, 20))),
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
        called_off = re.search(rf"UID:{uid}\r\n(?:(?!END:VEVENT).)*STATUS:CANCELLED", text, re.DOTALL)
        if called_off or day == shows:
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
     b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nmore\r\n",
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
        ["DTSTART:20260402", "DTEND:20260402T100000"],
        ["DTSTART:20260402T090000", "DTEND:20260402T100000Z"],
        ["DTSTART:20260402", "DURATION:P99999999W"],
        ["DTSTART:20260402", "DURATION:1 hour"],
        ["DTSTART:00010101T000000Z"],
        ["DTSTART:99991231T090000"],
        ["DTSTART:99991231"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:2026-03-02"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20261302"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20260302T250000 Europe/Warsaw"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20260302T090000 Mars/Olympus"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:00010101T000000 Europe/Warsaw"],
        ["DTSTART:20260402", "X-TRIALSCHED-DATE:20260302", "X-TRIALSCHED-DATE:20260302"],
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
    broken = "UID:dentist\nDESCRIPTION:first line\nsecond line without a name"
    found = ical.loads(file(broken, event, "UID:x\nDTSTART:whenever\nDTSTART:never"), BOOKED)
    assert found["P01-007"] == (booked("DOSE2", DAY),)
    assert found.notes == ("events that cannot be read and are none of these plans, passed over: 1",)


def test_the_last_day_of_the_calendar_is_read_or_refused_clearly() -> None:
    """A start on 31 December 9999, the end equal to it or none: no bare error of Python."""
    last = "DTSTART;VALUE=DATE:99991231"
    assert only(with_dose2(f"{last}\nDTEND;VALUE=DATE:99991231\nX-TRIALSCHED-DATE:20260402")) == (
        booked("DOSE2", date(9999, 12, 31)),
    )
    with pytest.raises(ts.InvalidValueError, match="ends after the year 9999"):
        ical.loads(with_dose2(last), BOOKED)


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
