"""Content lines: escaped, folded, taken apart again, and refused past a limit."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.clinic import Clinic
from trialsched.formats import ical
from trialsched.formats.ical.lines import (
    END,
    Block,
    Limits,
    Line,
    cut,
    decoded,
    escape,
    fold,
    named_zones,
    properties,
    read_line,
    unescape,
    unfold,
    zone_renamed,
)

STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WARSAW = Clinic("Europe/Warsaw")
PLAN = ts.schedule(ts.load_protocol("alstem"), ts.Subject("P01-007", baseline=date(2026, 3, 2)))
EXPORT = ical.dumps(PLAN, stamp=STAMP)
# Any text that is no line break: what stands in a value.
TEXTS = st.text(st.characters(exclude_characters="\r", codec="utf-8"))
LINES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))


def calendar(*lines: str) -> str:
    """Return a calendar of lines."""
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])


# Texts.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # RFC 5545, section 3.3.11, its example
        (
            "Project XYZ Final Review\nConference Room - 3B\nCome Prepared.",
            r"Project XYZ Final Review\nConference Room - 3B\nCome Prepared.",
        ),
        ('a,b;c\\d:e"f', r'a\,b\;c\\d:e"f'),
        ("\\n", r"\\n"),
        ("", ""),
    ],
)
def test_escapes_by_hand(text: str, value: str) -> None:
    """Backslash, semicolon, comma and line break are escaped; colon and quote are not."""
    assert escape(text) == value
    assert unescape(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(r"a\Nb", "a\nb"), ("a\\", "a\\"), (r"a\:b\"", 'a:b"'), (r"\\\\n", r"\\n")]
)
def test_what_others_escape(value: str, text: str) -> None:
    """A big N is a line break too; a backslash before anything else, or at the end, stands for it."""
    assert unescape(value) == text


@given(TEXTS)
def test_unescape_undoes_escape(text: str) -> None:
    """Every text comes back, and its value is one line."""
    assert unescape(escape(text)) == text
    assert "\n" not in escape(text)


# Folds.


def test_folds_by_hand() -> None:
    """RFC 5545, section 3.1: 75 octets, then CRLF and a blank, which counts in the next 75."""
    assert fold("x" * 75) == "x" * 75
    assert fold("x" * 76) == "x" * 75 + "\r\n x"
    assert fold("x" * 150) == "x" * 75 + "\r\n " + "x" * 74 + "\r\n x"
    assert fold("x" * 74 + "\u0105") == "x" * 74 + "\r\n \u0105"  # two octets, which stay together
    assert unfold("DESC\r\n RIPTION:a\r\n\t b") == "DESCRIPTION:a b"


@given(LINES)
def test_unfold_undoes_fold(line: str) -> None:
    """Every line comes back; no part is longer than 75 octets or ends inside a character."""
    folded = fold(line)
    assert unfold(folded) == line
    assert all(len(part.encode()) <= 75 for part in folded.split(END))


# Lines.


@pytest.mark.parametrize(
    ("raw", "name", "parameters", "value"),
    [
        ("SUMMARY:a:b", "SUMMARY", {}, "a:b"),
        ("x-a:", "X-A", {}, ""),
        ("dtstart;value=DATE:20260402", "DTSTART", {"VALUE": "DATE"}, "20260402"),
        # RFC 5545, section 3.2: a value with colon, semicolon or comma is quoted
        ('A;B="c:d;e,f";G=h:i:j', "A", {"B": "c:d;e,f", "G": "h"}, "i:j"),
        ('ATTENDEE;MEMBER="mailto:a@b","mailto:c@d";RSVP=TRUE:mailto:e@f', "ATTENDEE",
         {"MEMBER": "mailto:a@b,mailto:c@d", "RSVP": "TRUE"}, "mailto:e@f"),
        ('DESCRIPTION;ALTREP="cid:part1@x":The Fall\'98; "Wild"', "DESCRIPTION", {"ALTREP": "cid:part1@x"},
         'The Fall\'98; "Wild"'),
        ("A;B=:c", "A", {"B": ""}, "c"),
        ("A;B=c\\:d", "A", {"B": "c\\"}, "d"),
        ("DT\r\n START;TZ\r\n\tID=Europe/Warsaw:2026", "DTSTART", {"TZID": "Europe/Warsaw"}, "2026"),
    ],
)  # fmt: skip
def test_lines_by_hand(raw: str, name: str, parameters: dict[str, str], value: str) -> None:
    """Name and parameter names in upper case, quotes taken off, the value as it stands."""
    assert read_line(raw) == Line(name, parameters, value, raw)


@pytest.mark.parametrize(
    "raw",
    ["", "SUMMARY", ":a", ";B=c:d", "A;B:c", 'A;B="c:d', 'A;B="c', "A B:c", "A;=c:d", "A;B=c", "A;B=c;:d", "\u0104:b"],
)
def test_what_is_no_line(raw: str) -> None:
    """Without name, value or the form of a parameter."""
    with pytest.raises(ts.InvalidValueError, match="not a line of a calendar"):
        read_line(raw)


@given(LINES)
def test_any_line_is_read_or_refused(line: str) -> None:
    """No other error comes out, and what is read is the end of the line."""
    try:
        read = read_line(line)
    except ts.InvalidValueError:
        return
    assert line.endswith(f":{read.value}")
    assert line.upper().startswith(read.name)


# Components.


@given(strategies.plans())
def test_what_is_cut_joins_to_the_same_bytes(plan: ts.Plan) -> None:
    """Nothing of an export is lost or changed."""
    export = ical.dumps(plan, stamp=STAMP, clinic=WARSAW, style=ical.Style(alarms=("1 day",), windows=True))
    assert joined(export) == export


def joined(data: bytes) -> bytes:
    """Cut a calendar and write its parts one behind the other."""
    found = cut(data)
    lines = ["BEGIN:VCALENDAR", *found.head, ""]
    return (END.join(lines) + "".join(block.raw for block in found.blocks) + "END:VCALENDAR\r\n").encode()


VALUES = LINES.filter(lambda text: not text.startswith((" ", "\t")))
ONE = st.tuples(st.sampled_from(("SUMMARY", "x-note", "A;B=c")), VALUES).map(lambda pair: f"{pair[0]}:{pair[1]}")
EVENTS = st.lists(ONE, max_size=4).map(
    lambda lines: "\r\n".join(["BEGIN:VEVENT", *map(fold, lines), "BEGIN:VALARM", "END:VALARM", "END:VEVENT"])
)


@given(st.lists(ONE.map(fold), max_size=3), st.lists(EVENTS, max_size=3))
def test_foreign_text_too(head: list[str], events: list[str]) -> None:
    """Whatever stands in the values."""
    data = calendar(*head, *events).encode()
    assert joined(data) == data
    for block, event in zip(cut(data).blocks, events, strict=True):
        assert [line.raw for line in properties(block).lines] == [
            line for line in re.split(r"\r\n(?![ \t])", event) if not line.startswith(("BEGIN", "END"))
        ]


def test_the_lines_of_an_event_and_what_is_inside_it() -> None:
    """An alarm stays whole; its lines are not the event's. A BEGIN that is folded is one."""
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nBEGIN:X\r\nA:1\r\nEND:X\r\nEND:VALARM\r\n"
    lines = ("BEGIN:VEVENT", "UID:1", alarm.rstrip(), "uid:2", "beg\r\n in:valarm", "end:VALARM", "END:VEVENT")
    (block,) = cut(calendar(*lines)).blocks
    found = properties(block)
    assert [(line.name, line.value) for line in found.lines] == [("UID", "1"), ("UID", "2")]
    assert found.inner == (Block("VALARM", alarm), Block("VALARM", "begin:valarm\r\nend:VALARM\r\n"))
    assert [line.value for line in found.all("UID")] == ["1", "2"]
    assert found.one("SUMMARY") is None
    assert found.text("SUMMARY") == ""
    with pytest.raises(ts.InvalidValueError, match="the event has two UID that differ: '1' and '2'"):
        found.one("UID")


def test_several_calendars_in_one_file() -> None:
    """Each event says which it stands in; blank lines and what programs write between or behind them do not matter."""
    event = ("BEGIN:VEVENT", "UID:1", "END:VEVENT")
    one, two = calendar("PRODID:a", *event), calendar("PRODID:b", *event, *event)
    found = cut(f"{one}\r\nX-COMMENT:cached\r\n{two}no line at all\r\n")
    assert found.heads == (("PRODID:a",), ("PRODID:b",))
    assert found.head == ("PRODID:a",)
    assert [(block.name, block.calendar) for block in found.blocks] == [("VEVENT", 0), ("VEVENT", 1), ("VEVENT", 1)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("STATUS:CONFIRMED", "STATUS:CONFIRMED"), "CONFIRMED"),
        (("status:CONFIRMED", "X-A:1", "STATUS:CONFIRMED", "STATUS:CONFIRMED"), "CONFIRMED"),
        (("STATUS:CONFIRMED", "STATUS:TENTATIVE"), None),
        (("STATUS:CONFIRMED", "STATUS:CONFIRMED", "STATUS:TENTATIVE"), None),
        (("STATUS;X-A=1:CONFIRMED", "STATUS:CONFIRMED"), None),
        (("STATUS CONFIRMED",), None),
        (("STATUS:CONFIRMED", "STATUS;CONFIRMED"), None),
    ],
)
def test_equal_repeats_are_one(lines: tuple[str, ...], expected: str | None) -> None:
    """What stands twice in the same words is said once; two that differ, or no line at all, are refused when asked."""
    found = properties(cut(calendar("BEGIN:VEVENT", *lines, "END:VEVENT")).blocks[0])
    if expected is None:
        with pytest.raises(ts.InvalidValueError, match="STATUS"):
            found.text("STATUS")
    else:
        assert found.text("STATUS") == expected


@pytest.mark.parametrize("component", ["VEVENT", "VTIMEZONE", "VTODO"])
def test_what_differs_is_named_by_its_component(component: str) -> None:
    """An error of a time zone does not speak of the event."""
    called = {"VEVENT": "the event", "VTIMEZONE": "the time zone", "VTODO": "VTODO"}[component]
    found = properties(cut(calendar(f"BEGIN:{component}", "A:1", "A:2", f"END:{component}")).blocks[0])
    with pytest.raises(ts.InvalidValueError, match=f"^{called} has two A that differ: '1' and '2'$"):
        found.one("A")


# RFC 5545, section 3.1 has names, parameters and values; each of these lines has not, and real programs write it.
BROKEN = (
    "X-APPLE-STRUCTURED-LOCATION;X-TITLE=Example St 1\\; 1000 Town;X-APPLE-RADIUS=70.5:geo:50.0,14.2",
    "second line of a text that was not folded",
    "ATTENDEE;CN=A;B;PARTSTAT=DECLINED:mailto:a@example.org",
    ";;;",
    "LOCATION",
)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("place", range(4))
def test_a_line_that_nothing_reads_is_kept(broken: str, place: int) -> None:
    """Wherever it stands: the lines beside it say what they say, and it stays as it was written."""
    lines = ["UID:1", "DTSTART:20260402", "STATUS:CONFIRMED"]
    lines.insert(place, broken)
    found = properties(cut(calendar("BEGIN:VEVENT", *lines, "END:VEVENT")).blocks[0])
    assert (found.text("UID"), found.text("DTSTART"), found.text("STATUS")) == ("1", "20260402", "CONFIRMED")
    assert [line.raw for line in found.lines] == lines


@pytest.mark.parametrize(
    ("raw", "tzid", "value"),
    [
        ("DTSTART;TZID=GMT+02:00:20260407T093000", "GMT+02:00", "20260407T093000"),
        ("RDATE;TZID=A:B:C;VALUE=PERIOD:20260407T093000/PT1H,20260408T093000Z/P1D", "A:B:C",
         "20260407T093000/PT1H,20260408T093000Z/P1D"),
        ("DTSTART;VALUE=DATE-TIME;TZID=(UTC+01:00) Warsaw:20260407T093000", "(UTC+01:00) Warsaw", "20260407T093000"),
        ("DTSTART;TZ\r\n ID=GMT+02:0\r\n 0:20260407T093000", "GMT+02:00", "20260407T093000"),
        ('DTSTART;TZID="GMT+02:00":20260407T093000', "GMT+02:00", "20260407T093000"),
        ("DTSTART;TZID=Europe/Warsaw:20260407T093000", "Europe/Warsaw", "20260407T093000"),
        ("X-URL;TZID=Europe/Warsaw:https://example.org/a:b", "Europe/Warsaw", "https://example.org/a:b"),
        ('DTSTART;TZID="A":b:20260407T093000', "A", "b:20260407T093000"),
    ],
)  # fmt: skip
def test_a_zone_with_colons(raw: str, tzid: str, value: str) -> None:
    """What stands before the last colon of a date or time is the TZID, quoted or not; no other line is cut so."""
    found = read_line(raw)
    assert (found.parameters["TZID"], found.value, found.raw) == (tzid, value, raw)


def test_the_zones_that_lines_name() -> None:
    """Folded, quoted, escaped, in any case, in alarms and lists; a text that holds the letters names none."""
    raw = (
        'DTSTART;TZ\r\n ID=One:20260402T090000\r\nDTEND;tzid="Two, too":20260402T100000\r\n'
        "RDATE;VALUE=PERIOD;TZID=GMT+02:00:20260402T090000/PT1H\r\nBEGIN:VALARM\r\nX-B; TZID=Three\\, too:1\r\n"
        "END:VALARM\r\nSUMMARY:a;TZID=Four:20260402T090000\r\nDTSTART;TZID=One:20270402T090000\r\n"
    )
    assert list(named_zones(raw)) == ["One", "Two, too", "GMT+02:00", "Three, too"]
    renamed = zone_renamed(raw, {"One": "One (2)", "GMT+02:00": "a:b", "Four": "x"})
    assert list(named_zones(renamed)) == ["One (2)", "Two, too", "a:b", "Three, too"]
    assert renamed == raw.replace("TZ\r\n ID=One:", "TZID=One (2):").replace("TZID=One:", "TZID=One (2):").replace(
        "TZID=GMT+02:00:", 'TZID="a:b":'
    )
    assert zone_renamed(raw, {"Five": "x"}) == zone_renamed(raw, {}) == raw


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "does not end with END:VCALENDAR"),
        ("BEGIN:VCALENDAR\n", "does not end with END:VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "END:VCALENDAR stands inside VEVENT"),
        ("END:VCALENDAR\n", "END:VCALENDAR stands outside of any component"),
        ("BEGIN:VCARD\nEND:VCARD\n", "it begins with 'VCARD'"),
        ("hello\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", "'hello' stands outside"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n", "it begins with 'VEVENT'"),
        ("<html>", "'<html>' stands outside"),
        (EXPORT.decode().encode("utf-16"), "it is not UTF-8 text (byte 0), it looks like UTF-16"),
        ("BEGIN:VCALENDAR\nX-A:\u0141\u00f3\nEND:VCALENDAR\n".encode("cp1250"), "it is not UTF-8 text (byte 20)"),
        ("BEGIN:VCALENDAR\nX-A:caf\u00e9\nEND:VCALENDAR\n".encode("latin-1"), "it is not UTF-8 text (byte 23)"),
        ("BEGIN:VCALENDAR\nX-A:\ud800\nEND:VCALENDAR\n", "half a character"),
        (b"\0" * 100, "stands outside"),
    ],
)  # fmt: skip
def test_what_is_no_calendar_is_told(data: bytes | str, message: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(ts.InvalidValueError, match=re.escape(message)):
        cut(data)


@pytest.mark.parametrize("data", [None, 3, ["x"], bytearray(b"x")])
def test_what_is_no_text(data: Any) -> None:  # noqa: ANN401
    """Bytes or text are meant."""
    with pytest.raises(ts.InvalidTypeError):
        cut(data)


def test_marks_and_mangled_line_breaks() -> None:
    """A byte order mark goes; LF, and CRLF that was written in text mode, become CRLF; folds inside characters go."""
    for data in ("a\nb\n", "a\r\nb\r\n", "\ufeffa\r\r\nb\r\r\n", b"\xef\xbb\xbfa\nb\n", "a\r\r\r\nb\r\r\r\r\n"):
        assert decoded(data) == "a\r\nb\r\n"
    assert decoded(b"A:\xc4\r\n \x85 \xf0\x9f\n \x98\r\n\t\x80") == "A:\u0105 \U0001f600"


# Limits.

EVENT = ("BEGIN:VEVENT", "UID:1", "END:VEVENT")


@pytest.mark.parametrize(
    ("limits", "data", "message"),
    [
        (Limits(octets=100), calendar("X-A:" + "x" * 80), "more than 100 bytes"),
        (Limits(components=2), calendar(*EVENT * 3), "more than 2 events"),
        (Limits(nesting=2), calendar("BEGIN:VEVENT", "BEGIN:VALARM", "END:VALARM", "END:VEVENT"), "more than 2 deep"),
        (Limits(lines=4), calendar("BEGIN:VEVENT", *["A:1"] * 4, "END:VEVENT"), "more than 4 lines"),
        (Limits(lines=4), calendar(*["A:1"] * 5), "more than 4 lines"),
        (Limits(line=30), calendar("X-A:" + "x" * 27), "more than 30 characters"),
        (Limits(line=30), calendar("X-A:" + "\r\n x" * 10), "more than 30 characters"),
    ],
)  # fmt: skip
def test_limits_by_hand(limits: Limits, data: str, message: str) -> None:
    """One more than a limit is refused, by the same limit raised it is read."""
    with pytest.raises(ts.InvalidValueError, match=message):
        cut(data, limits)
    with pytest.raises(ts.InvalidValueError, match=message):
        ical.loads(data, PLAN, limits=limits)
    assert cut(data)


BIG = 1_000_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * BIG),
        lambda: calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 600_000),
        lambda: "BEGIN:VCALENDAR\r\n" * BIG,
        lambda: calendar(*["BEGIN:A"] * 100_000, *["END:A"] * 100_000),
        lambda: calendar("X-A:" + "x" * 20 * BIG),
        lambda: calendar(*["A:"] * 3 * BIG),
        lambda: calendar("BEGIN:VEVENT", *["A:"] * 3 * BIG, "END:VEVENT"),
        lambda: b"\0" * 10 * BIG,
        lambda: "\r\n".join(["x"] * BIG),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_while_they_are_read(make: Callable[[], bytes | str]) -> None:
    """By the default limits, before any event is looked at."""
    with pytest.raises(ts.InvalidValueError):
        cut(make())


# Damage of any kind.

CHANGES = st.tuples(st.integers(0, len(EXPORT)), st.integers(0, 60), st.binary(max_size=12) | st.sampled_from((
    b"\r\n", b"\r\n ", b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"END:VCALENDAR\r\n", b";TZID=", b'"', b":", b"\\",
    b"RRULE:FREQ=DAILY\r\n", b"T250000", b"99991231", b"00010101T000000Z", b"DURATION:-P1W\r\n", b"\xc4", b"STATUS:",
)))  # fmt: skip


@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_mutated_exports_give_no_other_error(changes: list[tuple[int, int, bytes]]) -> None:
    """Every verb that reads gives its answer or the library's own error."""
    data = EXPORT
    for at, count, new in changes:
        data = data[:at] + new + data[at + count :]
    days = ts.DateRange(date(2026, 1, 1), date(2026, 12, 31))
    verbs: list[Callable[[], object]] = [
        lambda: ical.loads(data, PLAN, clinic=WARSAW),
        lambda: ical.loads(EXPORT, PLAN, previous=data),
        lambda: ical.loads_busy(data, days, zone="Europe/Warsaw", transparent=True),
        lambda: ical.split(data),
        lambda: ical.merge([data, EXPORT]),
        lambda: ical.update(PLAN, stamp=STAMP, previous=data, clinic=WARSAW),
    ]
    for verb in verbs:
        with suppress(ts.InvalidValueError):
            verb()


@given(st.binary() | st.text())
def test_anything_gives_no_other_error(data: bytes | str) -> None:
    """Bytes and texts of any kind, bare and inside of an event."""
    inside = data if isinstance(data, str) else data.decode("latin-1")
    for one in (data, calendar("BEGIN:VEVENT", f"UID:1\r\n{inside}", "END:VEVENT")):
        with pytest.raises((ts.InvalidValueError, ts.InvalidTypeError)):
            ical.loads(one, PLAN)
