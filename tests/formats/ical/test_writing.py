"""How events are written: our lines are icalendar's, and the bytes are those that every program accepts."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import ical
from trialsched.formats.ical import writing
from trialsched.formats.ical.events import Event

ALSTEM = ts.load_protocol("alstem")
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CONTACT = ts.Contact("Klinika; 3", "ul. D\u0142uga 1\n00-001 Warszawa", (52.25, -0.5), "+48 22 123 45 67")
CLINIC = ts.Clinic("Europe/Warsaw", contact=CONTACT)


def at_half_past_nine(plan: ts.Plan) -> ts.Plan:
    """Return the plan with booked times that every day has."""
    records = tuple(replace(r, booked_time=r.booked_time and time(9, 30)) for r in plan.subject.records)
    return ts.schedule(plan.protocol, replace(plan.subject, records=records))


PLANS = (strategies.plans() | strategies.plans(protocol=ALSTEM)).map(at_half_past_nine)
STYLES = st.builds(
    ical.Style,
    st.sampled_from(["staff", "participant", "blind"]),
    language=st.sampled_from([None, "en", "pl"]),
    alarms=st.sampled_from([(), ("1d",), ("2d", "90min", "2h")]),
    windows=st.booleans(),
    feed=st.booleans(),
    name=st.sampled_from([None, "W\u0142asna; nazwa, \\n"]),
)


def lines(data: bytes) -> list[str]:
    """Unfold a calendar into its content lines (RFC 5545, section 3.1)."""
    return data.decode().replace("\r\n ", "").split("\r\n")


@given(PLANS, STYLES, st.booleans())
def test_every_style_is_written_in_the_lines_that_icalendar_writes(
    plan: ts.Plan,
    style: ical.Style,
    several: bool,  # noqa: FBT001
) -> None:
    """Our own lines equal icalendar's, in its order, in every style, for one subject and for several."""
    plans = plan if style.audience == "participant" or not several else [plan]
    data = ical.dumps(plans, stamp=STAMP, clinic=CLINIC, style=style)
    assert lines(data) == lines(ical.build(plans, stamp=STAMP, clinic=CLINIC, style=style).to_ical())


@given(PLANS, STYLES)
def test_the_bytes_are_those_that_every_program_accepts(plan: ts.Plan, style: ical.Style) -> None:
    """CRLF only, at most 75 octets, whole characters, no control character, names in order, calendar before events."""
    data = ical.dumps(plan, stamp=STAMP, clinic=CLINIC, style=style)
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    for line in data.split(b"\r\n")[:-1]:
        assert 0 < len(line) <= 75
        line.decode()
        assert line.strip(b" ")
    text = data.decode()
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]", text)
    content = lines(data)
    assert content[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{ical.PRODID}"]
    inside = content[1 : content.index("END:VCALENDAR")]
    firsts = [index for index, line in enumerate(inside) if line.startswith("BEGIN:")]
    head = inside[: firsts[0]] if firsts else inside  # a plan of which nobody was ever told has no event
    assert not [line for line in head if line.startswith(("END:", "DTSTART"))]
    for block in text.replace("\r\n ", "").split("BEGIN:VEVENT\r\n")[1:]:
        own = block.partition("BEGIN:VALARM")[0].partition("END:VEVENT")[0].split("\r\n")[:-1]
        names = [re.split("[:;]", line, maxsplit=1)[0] for line in own]
        assert names[:6] == ["SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE"]
        assert names[6:] == sorted(names[6:])
        assert len(set(names)) == len(names)
    assert not {"METHOD", "ORGANIZER", "ATTENDEE", "BEGIN:VTODO"} & {re.split("[:;]", line)[0] for line in content}


EVENT = Event(
    "u", "o", "V1", date(2026, 4, 2), date(2026, 4, 3), "S", "D", "CONFIRMED", False,  # noqa: FBT003 - opaque
    "blind", "Hall, 2", (52.25, -0.5), "tel:+48221234567", ("P;1", "on site"), "r", ("-PT15H",),
)  # fmt: skip


def test_an_event_with_everything_line_by_line() -> None:
    """Written by hand from RFC 5545, sections 3.6.1 and 3.8, and RFC 7986, section 5.11; the hash by sha256sum."""
    assert lines(writing.rendered(EVENT, "20260301T120000Z", 3, note="\nN").encode()) == [
        "BEGIN:VEVENT",
        "SUMMARY:S",
        "DTSTART;VALUE=DATE:20260402",
        "DTEND;VALUE=DATE:20260403",
        "DTSTAMP:20260301T120000Z",
        "UID:u",
        "SEQUENCE:3",
        "CATEGORIES:P\\;1,on site",
        "CLASS:PRIVATE",
        "CONFERENCE;FEATURE=PHONE;VALUE=URI:tel:+48221234567",
        "DESCRIPTION:D\\nN",
        "GEO:52.25;-0.5",
        "LAST-MODIFIED:20260301T120000Z",
        "LOCATION:Hall\\, 2",
        "RELATED-TO:r",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-TRIALSCHED-AUDIENCE:blind",
        "X-TRIALSCHED-DATE:20260402",
        "X-TRIALSCHED-HASH:8de0b3c4-3f39d5c3-70218d6e-102cf144",
        "X-TRIALSCHED-SUBJECT:o",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:S",
        "TRIGGER:-PT15H",
        "X-TRIALSCHED-ALARM:-PT15H",
        "END:VALARM",
        "END:VEVENT",
        "",
    ]


@pytest.mark.parametrize(
    ("geo", "expected"),
    [
        ((0.00001, 21.0), "0.00001;21.0"),
        ((52.2297, -0.5), "52.2297;-0.5"),
        ((-90.0, 180.0), "-90.0;180.0"),
        ((50.1234564, 19.1234566), "50.123456;19.123457"),
        ((-0.0000001, 1e-300), "0.0;0.0"),
        ((100.0 / 3, 10.0), "33.333333;10.0"),
    ],
)
def test_a_place_on_the_map_is_in_plain_decimals(geo: tuple[float, float], expected: str) -> None:
    """RFC 5545, section 3.3.7: a float has no exponent; section 3.8.1.6: six places are a metre."""
    event = EVENT._replace(geo=geo)
    assert f"GEO:{expected}" in lines(writing.rendered(event, "20260301T120000Z", 0).encode())
    stamp = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert f"GEO:{expected}" in lines(writing.component(event, stamp).to_ical())


def test_a_timed_event_names_its_zone() -> None:
    """RFC 5545, section 3.3.5, form 3: local time with TZID; never floating, never UTC only."""
    plan = ts.schedule(
        ALSTEM, ts.Subject("P", baseline=date(2026, 3, 2)).booked("DOSE2", date(2026, 4, 2), time(9, 30))
    )
    content = lines(ical.dumps(plan, stamp=STAMP, clinic=ts.Clinic("Europe/Warsaw", durations={"DOSE2": "4 hours"})))
    assert "DTSTART;TZID=Europe/Warsaw:20260402T093000" in content
    assert "DTEND;TZID=Europe/Warsaw:20260402T133000" in content
    start_mark = content.index("X-TRIALSCHED-DATE:20260402T093000 Europe/Warsaw")
    assert content[start_mark + 1] == "X-TRIALSCHED-END:20260402T133000 Europe/Warsaw"
    assert content.count("TZID:Europe/Warsaw") == content.count("BEGIN:VTIMEZONE") == 1
    assert content.index("BEGIN:VTIMEZONE") < content.index("BEGIN:VEVENT")
    assert [line for line in content if line.startswith(("DTSTART", "DTEND")) and "Z" in line.partition(":")[2]] == []


@pytest.mark.parametrize(("end", "mark"), [(3, ""), (4, "20260404"), (2, "20260402")])
def test_an_end_is_marked_unless_it_is_the_day_after_the_start(end: int, mark: str) -> None:
    """A visit on a day needs no mark of its end; every other length has one, exclusive as DTEND is."""
    assert writing.exported_end(EVENT._replace(end=date(2026, 4, end))) == mark


@pytest.mark.parametrize(
    ("summary", "description", "place", "status", "expected"),
    [
        ("S", "D", "", "CONFIRMED", "8de0b3c4-3f39d5c3-e3b0c442-102cf144"),
        (" S ", "D\r\n", "", "CONFIRMED", "8de0b3c4-3f39d5c3-e3b0c442-102cf144"),
        ("S", "D", "L", "CONFIRMED", "8de0b3c4-3f39d5c3-72dfcfb0-102cf144"),
    ],
)
def test_the_hash_is_of_the_words_with_blanks_as_one(
    summary: str, description: str, place: str, status: str, expected: str
) -> None:
    """The first 8 digits of the sha256 of each text, by sha256sum."""
    assert writing.digest(summary, description, place, status) == expected


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_stamps_are_utc_to_the_second(stamp: datetime) -> None:
    """A stamp reads back as the same moment."""
    text = writing.basic_utc(writing.aware(stamp))
    read = icalendar.vDDDTypes.from_ical(text)  # type: ignore[no-untyped-call]
    assert timedelta(0) <= stamp.astimezone(UTC) - read < timedelta(seconds=1)


def test_the_head_of_a_feed_line_by_line() -> None:
    """RFC 7986, sections 5.1 and 5.7: the parameter VALUE=DURATION is required."""
    head = writing.Head("N, 1", ("f",), ("as-registered",), "blind", feed=True)
    assert writing.head_lines(head) == [
        "VERSION:2.0",
        "PRODID:-//trialsched//trialsched//EN",
        "CALSCALE:GREGORIAN",
        "NAME:N\\, 1",
        "X-WR-CALNAME:N\\, 1",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
        "X-PUBLISHED-TTL:PT12H",
        "X-TRIALSCHED-AUDIENCE:blind",
        "X-TRIALSCHED-PROTOCOL:f",
        "X-TRIALSCHED-VARIANT:as-registered",
    ]
