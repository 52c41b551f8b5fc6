"""Calendars: what the file says, byte by byte, and our own exports read back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import trialsched as ts
from tests.support.calendars import shown_first, vevents
from trialsched import strategies
from trialsched.formats import ical

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMPS = st.datetimes(min_value=datetime(1980, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


def without_times(plan: ts.Plan) -> ts.Plan:
    """Return the plan with bookings for whole days."""
    records = tuple(replace(record, booked_time=None) for record in plan.subject.records)
    return ts.schedule(plan.protocol, replace(plan.subject, records=records))


PLANS = (strategies.plans() | strategies.plans(protocol=ALSTEM)).map(without_times)


def lines(data: bytes) -> list[str]:
    """Unfold a calendar into its content lines (RFC 5545, section 3.1)."""
    return data.decode().replace("\r\n ", "").split("\r\n")


def events(plan: ts.Plan) -> dict[str, list[str]]:
    """Return the content lines of each event, by visit code, in a calendar that had all of them before."""
    found = {}
    before = ts.schedule(plan.protocol, replace(plan.subject, records=(), ended=None, end_reason=None))
    data = ical.dumps(plan, stamp=STAMP, previous=ical.dumps(before, stamp=STAMP))
    for block in "\n".join(lines(data)).split("BEGIN:VEVENT\n")[1:]:
        body = block.partition("\nEND:VEVENT")[0].splitlines()
        summary = next(line for line in body if line.startswith("SUMMARY:"))
        found[summary.split()[-1]] = body
    return found


# Written by hand from design 8, reference/calendars.md and the golden UID; the mark of the subject by Python's uuid5
# of namespace, study key and subject, the hashes by sha256sum of each text; the order of lines is icalendar's.
DOSE1 = r"""
SUMMARY:P01-007 DOSE1
DTSTART;VALUE=DATE:20260302
DTEND;VALUE=DATE:20260303
DTSTAMP:20260301T120000Z
UID:3f846907-3666-5493-9a35-d791e1d1406c
SEQUENCE:0
CLASS:PRIVATE
DESCRIPTION:Projected\, not booked\nTarget: Monday 2026-03-02\nWindow: from Monday 2026-02-23 to Monday 2026-03-09\, both included (±7 days)\nProtocol day: 0\nMode: on site\nWhy: DOSE1 is the anchor visit\, its target the baseline 2026-03-02\; window ±7 days: 2026-02-23 to 2026-03-09.
LAST-MODIFIED:20260301T120000Z
STATUS:TENTATIVE
TRANSP:TRANSPARENT
X-MICROSOFT-CDO-BUSYSTATUS:FREE
X-TRIALSCHED-DATE:20260302
X-TRIALSCHED-HASH:fb564260-5f50c28d-e3b0c442-ab857010
X-TRIALSCHED-SUBJECT:4299bb29-2dd7-5aaf-9408-cd342a7c2d26
"""  # noqa: E501 - content lines


def test_an_event_line_by_line() -> None:
    """One whole event as it was written by hand."""
    assert sorted(events(ts.schedule(ALSTEM, SUBJECT))["DOSE1"]) == sorted(DOSE1.strip().splitlines())


def test_the_head_line_by_line() -> None:
    """One VCALENDAR, VERSION and PRODID first, a name, the protocol's fingerprint and nothing else."""
    head = lines(ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=STAMP))
    assert head[: head.index("BEGIN:VEVENT")] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//trialsched//trialsched//EN",
        "CALSCALE:GREGORIAN",
        "NAME:P01-007",
        "X-WR-CALNAME:P01-007",
        f"X-TRIALSCHED-PROTOCOL:{ALSTEM.fingerprint}",
    ]
    assert head[-2:] == ["END:VCALENDAR", ""]


@given(PLANS, STAMPS)
@example(ts.schedule(ALSTEM, replace(SUBJECT, code="a\\Nb\\\\N%s%%;,")), STAMP)
def test_the_template_writes_the_lines_that_icalendar_writes(plan: ts.Plan, stamp: datetime) -> None:
    """Written by a template compiled from icalendar's own output: equal line by line."""
    assert lines(ical.dumps(plan, stamp=stamp)) == lines(ical.build(plan, stamp=stamp).to_ical())


@given(PLANS)
def test_bytes_that_every_program_accepts(plan: ts.Plan) -> None:
    """UTF-8 without BOM, CRLF only, lines of at most 75 octets that end between characters, no blank line."""
    data = ical.dumps(plan, stamp=STAMP)
    assert data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    for line in data.split(b"\r\n")[:-1]:
        assert 0 < len(line) <= 75
        line.decode()
        assert line.strip(b" ") != b""


@given(PLANS)
def test_nothing_that_makes_a_meeting_or_leaks(plan: ts.Plan) -> None:
    """No METHOD, ORGANIZER, ATTENDEE, alarm or task; CLASS:PRIVATE on every event; no id, title or label."""
    content = lines(ical.dumps(plan, stamp=STAMP))
    names = [line.partition(":")[0].partition(";")[0] for line in content]
    assert not {"METHOD", "ORGANIZER", "ATTENDEE", "VALARM", "VTODO"} & {*names}
    assert names.count("CLASS") == content.count("CLASS:PRIVATE") == len(shown_first(plan))
    text = "\n".join(content)
    if plan.protocol == ALSTEM:
        assert "alstem" not in text.replace("trialsched", "").lower()
        for words in [*ALSTEM.meta.title.values(), *(label for v in ALSTEM.expanded for label in v.label.values())]:
            assert words not in text


@given(PLANS)
def test_what_a_calendar_program_reads(plan: ts.Plan) -> None:
    """All-day events with an exclusive end, in plan order, with the UIDs, dates and words that the plan gives."""
    found = vevents(ical.dumps(plan, stamp=STAMP))
    assert len({event["UID"] for event in found}) == len(found)
    for event, row in zip(found, shown_first(plan), strict=True):
        day = row.attended if isinstance(row.attended, date) else row.booked or row.target
        assert event["UID"] == ical.uid(plan.protocol.id, plan.subject.code, row.code)
        assert event["DTSTART"].dt == day
        assert type(event["DTSTART"].dt) is date
        assert event["DTEND"].dt == day + timedelta(1)
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == STAMP
        assert str(event["SUMMARY"]).endswith(f" {row.code}")
        assert len(str(event["SUMMARY"]).encode()) <= 255
        assert str(event["X-TRIALSCHED-DATE"]) == day.isoformat().replace("-", "")
        assert f"Target: {row.weekday} {row.target}" in event["DESCRIPTION"]
        for end in (row.earliest, row.latest):
            assert end is None or end.isoformat() in event["DESCRIPTION"]
        assert ("assumed" in event["DESCRIPTION"]) == row.visit.timing.assumed


OPAQUE = ["TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"]
FREE = ["TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"]
DAY = date(2026, 4, 2)


@pytest.mark.parametrize(
    ("make", "day", "status", "busy", "prefix"),
    [
        # in this order (design 8): attended, missed or called off by the end, booked, computed
        (lambda s: s, "20260401", "TENTATIVE", FREE, ""),
        (lambda s: s.booked("DOSE2", DAY), "20260402", "CONFIRMED", OPAQUE, ""),
        (lambda s: s.booked("DOSE2", DAY).attended("DOSE2", date(2026, 4, 3)), "20260403", "CONFIRMED", OPAQUE, ""),
        (lambda s: s.withheld("DOSE2", DAY), "20260402", "CONFIRMED", OPAQUE, ""),
        (lambda s: s.missed("DOSE2"), "20260401", "CANCELLED", FREE, "CANCELLED "),
        (lambda s: s.booked("DOSE2", DAY).missed("DOSE2"), "20260402", "CANCELLED", FREE, "CANCELLED "),
        # the window ends on 8 April: open after the 7th, closed on the 8th
        (lambda s: s.end(date(2026, 4, 7)), "20260401", "CANCELLED", FREE, "CANCELLED "),
        (lambda s: s.end(date(2026, 4, 8)), "20260401", "TENTATIVE", FREE, ""),
        (lambda s: s.booked("DOSE2", DAY).end(date(2026, 4, 7)), "20260402", "CANCELLED", FREE, "CANCELLED "),
        (lambda s: s.attended("DOSE2", DAY).end(date(2026, 3, 3)), "20260402", "CONFIRMED", OPAQUE, ""),
    ],
)
def test_date_status_and_transparency(
    make: Callable[[ts.Subject], ts.Subject], day: str, status: str, busy: list[str], prefix: str
) -> None:
    """What an event says follows from the facts, in one order."""
    event = events(ts.schedule(ALSTEM, make(SUBJECT)))["DOSE2"]
    assert f"DTSTART;VALUE=DATE:{day}" in event
    assert f"STATUS:{status}" in event
    assert [line for line in event if line in OPAQUE + FREE] == busy
    assert f"SUMMARY:{prefix}P01-007 DOSE2" in event


@pytest.mark.parametrize(
    ("make", "left_out"),
    [
        (lambda s: s, set()),
        (lambda s: s.missed("DOSE2"), {"DOSE2"}),
        # the window of DOSE2 ends on 8 April, that of DOSE3 on 8 May, M03's on 9 June; all others are later
        (lambda s: s.end(date(2026, 4, 7)), {"DOSE2", "DOSE3", *(f"M{n:02}" for n in (*range(3, 13), 18))}),
        (lambda s: s.end(date(2026, 4, 8)), {"DOSE3", *(f"M{n:02}" for n in (*range(3, 13), 18))}),
        (lambda s: s.attended("M18", DAY).end(date(2027, 3, 9)), set()),
    ],
)
def test_nobody_is_told_of_what_was_never_given_out(
    make: Callable[[ts.Subject], ts.Subject], left_out: set[str]
) -> None:
    """A first calendar has no cancelled event, of a visit or of a window, for any reader, alone and for the site."""
    plan = ts.schedule(ALSTEM, make(SUBJECT))
    gone = {ical.uid("alstem", "P01-007", code, role) for code in left_out for role in ("visit", "window")}
    everything = {ical.uid("alstem", "P01-007", row.code, role) for row in plan for role in ("visit", "window")}
    for audience in ical.AUDIENCES:
        style = ical.Style(audience, windows=True)
        made = ical.update(plan, stamp=STAMP, style=style)
        assert {str(e["UID"]) for e in vevents(made.data)} == everything - gone
        assert not [e for e in vevents(made.data) if e["STATUS"] == "CANCELLED"]
        assert made.visits == 17 - len(left_out)
    site = vevents(ical.dumps([plan], stamp=STAMP, style=ical.Style(windows=True)))
    assert {str(e["UID"]) for e in site} == everything - gone


@pytest.mark.parametrize(("ended", "status"), [(date(2026, 6, 1), "CANCELLED"), (date(2026, 6, 2), "TENTATIVE")])
def test_a_visit_without_window_is_called_off_by_its_target(ended: date, status: str) -> None:
    """Month 3 as registered has no window: its target is 2 June."""
    event = events(ts.schedule(ALSTEM.as_registered(), SUBJECT.end(ended)))["M03"]
    assert f"STATUS:{status}" in event


def description(plan: ts.Plan, code: str) -> str:
    """Return what the description of an event says."""
    found = vevents(ical.dumps(plan, stamp=STAMP))
    return next(str(e["DESCRIPTION"]) for e in found if str(e["SUMMARY"]).endswith(f" {code}"))


def test_windows_in_words() -> None:
    """Assumed, none stated, cut by limits, without a day left, provisional and partly known: each is said."""
    assert "to Tuesday 2026-06-09, both included (±7 days; assumed, not in the protocol)" in description(
        ts.schedule(ALSTEM, SUBJECT), "M03"
    )
    assert "Window: none stated" in description(ts.schedule(ALSTEM.as_registered(), SUBJECT), "M03")
    base = ts.Subject("S", baseline=date(2026, 1, 1), arm="B")
    cut = ts.schedule(CYCLES, base.booked("M06", date(2026, 4, 30)))
    assert "(-3/+10 days, cut by limits)" in description(cut, "SAFE")
    empty = ts.schedule(CYCLES, base.booked("M06", date(2026, 4, 22)))
    assert "Window: -3/+10 days, of which limits leave no day" in description(empty, "SAFE")
    provisional = ts.schedule(ALSTEM, replace(SUBJECT, baseline_status="provisional"))
    assert "Provisional: rests on a date that is not fixed yet" in description(provisional, "M03")
    partly = ts.schedule(ALSTEM, SUBJECT.attended("DOSE2", ts.PartialDate(2026, 4)))
    assert "Attended: 2026-04, the day is not known" in description(partly, "DOSE2")
    assert "Mode: by phone" in description(partly, "M04")


def test_a_variant_is_shown() -> None:
    """What is not assumed is said by the file."""
    assert "X-TRIALSCHED-VARIANT:as-registered" in lines(
        ical.dumps(ts.schedule(ALSTEM.as_registered(), SUBJECT), stamp=STAMP)
    )


def test_hostile_subject_codes_stay_text() -> None:
    """Commas, semicolons, backslashes and colons are escaped or plain text, never another property."""
    code = "a,b;c\\n:d\\, METHOD:REQUEST"
    data = ical.dumps(ts.schedule(ALSTEM, replace(SUBJECT, code=code)), stamp=STAMP)
    for name in ("NAME", "X-WR-CALNAME"):
        assert rf"{name}:a\,b\;c\\n:d\\\, METHOD:REQUEST" in lines(data)
    assert {str(e["SUMMARY"]).rpartition(" ")[0] for e in vevents(data)} == {code}
    assert not any(line.startswith("METHOD") for line in lines(data))


def test_long_summaries_keep_the_visit_code() -> None:
    """At most 255 octets: the subject's code is cut between characters."""
    subject = replace(SUBJECT, code="\U0001f600" * 64).missed("DOSE2")
    summary = next(s for s in events(ts.schedule(ALSTEM, subject))["DOSE2"] if s.startswith("SUMMARY:"))
    assert summary.startswith("SUMMARY:CANCELLED \U0001f600")
    assert summary.endswith("\u2026 DOSE2")
    assert 250 < len(summary.removeprefix("SUMMARY:").encode()) <= 255


def test_the_stamp_is_written_in_utc_to_the_second() -> None:
    """DTSTAMP and LAST-MODIFIED are UTC, whatever zone the argument has."""
    plan = ts.schedule(ALSTEM, SUBJECT)
    warsaw = datetime(2026, 3, 1, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert ical.dumps(plan, stamp=warsaw) == ical.dumps(plan, stamp=STAMP)


@pytest.mark.parametrize("stamp", [datetime(2026, 3, 1, 12, 0), date(2026, 3, 1), "2026-03-01", None])  # noqa: DTZ001
def test_a_stamp_has_a_zone(stamp: Any) -> None:  # noqa: ANN401
    """A naive time is refused: it is a different moment on every machine."""
    with pytest.raises(ts.InvalidTypeError) as caught:
        ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=stamp)
    assert caught.value.where == "stamp"


def test_a_booking_with_a_time_of_day_is_refused() -> None:
    """Only whole days can be written; the visit is named. Once it is attended the time no longer matters."""
    booked = SUBJECT.booked("DOSE2", DAY, time(9, 30))
    with pytest.raises(ts.InvalidValueError) as caught:
        ical.dumps(ts.schedule(ALSTEM, booked), stamp=STAMP)
    assert caught.value.where == "DOSE2"
    assert ical.dumps(ts.schedule(ALSTEM, booked.attended("DOSE2", DAY)), stamp=STAMP)


def test_the_last_day_of_the_calendar_has_no_end() -> None:
    """The exclusive end of 31 December 9999 is no date."""
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site")])
    plan = ts.schedule(protocol, ts.Subject("S", baseline=date(9999, 12, 31)))
    with pytest.raises(ts.DateOutOfRangeError) as caught:
        ical.dumps(plan, stamp=STAMP)
    assert caught.value.where == "D0"


def test_the_study_key_changes_every_uid_and_appears_nowhere() -> None:
    """The study key may be a secret."""
    plan = ts.schedule(ALSTEM, SUBJECT)
    keyed = ical.dumps(plan, stamp=STAMP, study_key="a secret key")
    assert "UID:6a7f7250-33eb-519a-b969-6e87c1b9c1e0" in lines(keyed)
    assert b"secret" not in keyed
    plain = ical.dumps(plan, stamp=STAMP)
    assert not {*lines(keyed)} & {line for line in lines(plain) if line.startswith("UID:")}
    for bad in ("", "a\nb"):
        with pytest.raises(ts.InvalidValueError):
            ical.dumps(plan, stamp=STAMP, study_key=bad)


def test_uids_stay_when_the_protocol_is_amended() -> None:
    """The study key is never the version or variant."""
    amended = replace(ALSTEM, version="9", meta=replace(ALSTEM.meta, title={"en": "New"}))  # type: ignore[arg-type]
    found = []
    for protocol in (ALSTEM, amended, ALSTEM.as_registered()):
        data = ical.dumps(ts.schedule(protocol, SUBJECT), stamp=STAMP)
        found.append([line for line in lines(data) if line.startswith("UID:")])
    assert found[0] == found[1] == found[2]


def test_dump_writes_the_bytes_of_dumps() -> None:
    """The file verb and the bytes verb are one."""
    out = BytesIO()
    plan = ts.schedule(ALSTEM, SUBJECT)
    ical.dump(plan, out, stamp=STAMP)
    assert out.getvalue() == ical.dumps(plan, stamp=STAMP)


def test_our_files_are_known_by_their_prodid() -> None:
    """What another program wrote is not ours, even when it names us somewhere."""
    data = ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=STAMP)
    assert ical.is_ours(data)
    assert not ical.is_ours(data.replace(b"PRODID:-//trialsched", b"PRODID:-//other"))
    assert not ical.is_ours(b"notes\r\nPRODID:-//trialsched//trialsched//EN\r\n")
    assert not ical.is_ours(b"")


def test_percent_signs_are_text() -> None:
    """The writer fills a template: what looks like a place to fill is not one."""
    (event, *_) = vevents(ical.dumps(ts.schedule(ALSTEM, replace(SUBJECT, code="100 %s %d %%")), stamp=STAMP))
    assert str(event["SUMMARY"]) == "100 %s %d %% SCR1"


def test_a_time_on_a_day_that_is_not_known_is_refused() -> None:
    """The event would be on the booked day, and is timed then (design 8)."""
    booked = SUBJECT.booked("DOSE2", date(2026, 4, 2), time(9, 30))
    for subject in (booked, booked.attended("DOSE2", ts.PartialDate(2026, 4)), booked.missed("DOSE2")):
        with pytest.raises(ts.InvalidValueError) as caught:
            ical.dumps(ts.schedule(ALSTEM, subject), stamp=STAMP)
        assert caught.value.where == "DOSE2"
    for subject in (booked.attended("DOSE2", date(2026, 4, 2)), booked.withheld("DOSE2", date(2026, 4, 2))):
        assert "DTSTART;VALUE=DATE:20260402" in events(ts.schedule(ALSTEM, subject))["DOSE2"]


def test_a_visit_booked_again_after_it_was_withheld_says_so() -> None:
    """The event stands on the day on which the subject came; the new appointment is in its words."""
    subject = SUBJECT.withheld("DOSE2", date(2026, 4, 1))
    assert description(ts.schedule(ALSTEM, subject), "DOSE2").startswith("Withheld on Wednesday 2026-04-01\n")
    again = ts.schedule(ALSTEM, subject.booked("DOSE2", date(2026, 4, 6)))
    words = "Withheld on Wednesday 2026-04-01; booked again for Monday 2026-04-06"
    assert description(again, "DOSE2").startswith(f"{words}\n")
    timed = ts.schedule(ALSTEM, subject.booked("DOSE2", date(2026, 4, 6), time(9, 30)))
    assert description(timed, "DOSE2").startswith(f"{words} at 09:30\n")


def test_an_assumed_window_is_assumed_also_when_limits_leave_no_day() -> None:
    """Assumed is shown everywhere (design 3)."""
    timing = ts.Timing("10 days after D0", window="±2 days", assumed=True, not_after="3 days after D0")
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), ts.Visit("V1", "phone", timing)])
    words = description(ts.schedule(protocol, SUBJECT), "V1")
    assert "Window: ±2 days; assumed, not in the protocol, of which limits leave no day" in words


def test_cut_by_limits_is_said_of_windows_that_are_cut() -> None:
    """SAFE by hand: INF3 on 2 April, so 13 to 26 April; 10 days before M06 (1 July) cuts nothing, before 3 May does."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1), arm="B")
    assert "cut by limits" not in description(ts.schedule(CYCLES, subject), "SAFE")
    cut = ts.schedule(CYCLES, subject.booked("M06", date(2026, 5, 3)))
    assert "to Thursday 2026-04-23, both included (-3/+10 days, cut by limits)" in description(cut, "SAFE")


def test_long_summaries_are_measured_as_they_are_written() -> None:
    """Escapes count: what is on the line has at most 255 octets."""
    visit = ts.Visit("V" * 64, "phone", "on D0")
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), visit])
    subject = replace(SUBJECT, code=";" * 20 + "\U0001f600" * 44)
    before = ical.dumps(ts.schedule(protocol, subject), stamp=STAMP)
    plan = ts.schedule(protocol, subject.missed("V" * 64))
    line = next(line for line in lines(ical.dumps(plan, stamp=STAMP, previous=before)) if "VVV" in line)
    assert 240 < len(line.removeprefix("SUMMARY:").encode()) <= 255
    assert line.endswith(f"\u2026 {'V' * 64}")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("role", ("k", "s", "v", "alarm")),
        ("subject", ("k", "", "v")),
        ("subject", ("k", "s\x1fv", "v")),
        ("study_key", ("\ud800", "s", "v")),
        ("visit", ("k", "s", "v\n")),
    ],
)
def test_a_uid_is_made_of_whole_texts(name: str, parts: tuple[str, ...]) -> None:
    """A text that holds the separator could give the UID of another visit; a UID is for ever."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ical.uid(*parts)
    assert caught.value.where == name


@pytest.mark.parametrize("key", ["", "a\x1fb", "a\u2028b", "\ud800", 3])
def test_a_study_key_is_one_printable_text_and_never_shown(key: Any) -> None:  # noqa: ANN401
    """The message does not tell the secret."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=STAMP, study_key=key)
    assert caught.value.message == "a study key is a text of printable characters, not empty"


def test_a_stamp_past_the_calendar_is_the_librarys_own_error() -> None:
    """In UTC it would be in the year 10000, or in year 0."""
    west, east = timezone(-timedelta(hours=1)), timezone(timedelta(hours=1))
    for stamp in (datetime(9999, 12, 31, 23, 59, tzinfo=west), datetime(1, 1, 1, tzinfo=east)):
        with pytest.raises(ts.DateOutOfRangeError) as caught:
            ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=stamp)
        assert caught.value.where == "stamp"


class Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, _: datetime | None) -> None:
        """Return None."""

    dst = utcoffset

    def tzname(self, _: datetime | None) -> str:
        """Return its name."""
        return "Nowhere"


def test_a_zone_that_knows_no_offset_is_none() -> None:
    """A stamp needs a moment, not only the name of a zone."""
    with pytest.raises(ts.InvalidTypeError):
        ical.dumps(ts.schedule(ALSTEM, SUBJECT), stamp=datetime(2026, 3, 1, tzinfo=Nowhere()))


def test_years_of_three_digits_are_written_with_four() -> None:
    """RFC 5545, section 3.3.4: a date is eight digits."""
    plan = ts.schedule(ALSTEM, replace(SUBJECT, baseline=date(987, 3, 2)))
    assert "DTSTART;VALUE=DATE:09870302" in events(plan)["DOSE1"]


def test_a_prodid_further_down_is_not_that_of_the_file() -> None:
    """Only the head of a calendar says who wrote it."""
    foreign = b"BEGIN:VCALENDAR\r\nPRODID:-//Other//EN\r\nX-NOTE:" + b"x" * 1000
    assert not ical.is_ours(foreign + f"\r\nPRODID:{ical.PRODID}\r\n".encode())
