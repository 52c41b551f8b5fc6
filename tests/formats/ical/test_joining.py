"""Calendars that become one: no event changes its moment, whatever their zones are called."""

import re
from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsched.formats.ical.joining import joined, read_calendars
from trialsched.formats.ical.lines import Cut, cut, properties
from trialsched.formats.ical.parsed import Zones, said, uid_of


def zone(name: str, offset: str) -> str:
    """Return a zone of one offset."""
    return (
        f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        f"TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )


def calendar(*parts: str) -> str:
    """Return a calendar of components."""
    return "".join(["BEGIN:VCALENDAR\r\n", *parts, "END:VCALENDAR\r\n"])


def event(uid: str, name: str, when: str = "20260407T120000", *more: str) -> str:
    """Return an event at a time in a zone."""
    quoted = f'"{name}"' if set(name) & set(":,;") else name
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART;TZID={quoted}:{when}", *more, "END:VEVENT", ""])


def moments(file: Cut) -> dict[str, object]:
    """Return when each event begins, in UTC, by its UID; None where its zone is not known."""
    zones, found = Zones(file), {}
    for block in file.blocks:
        if block.name == "VEVENT":
            lines = properties(block)
            line = lines.one("DTSTART")
            assert line is not None
            known = zones.meant(line.parameters["TZID"])
            found[uid_of(lines)] = said(lines, zones).instants[0] if known else None
    return found


# Names that are known and names that are not, of one zone or another, defined or not.
NAMES = ("Custom", "Europe/Warsaw", "EST", "Custom (2)", "a:b", "/x/Europe/Warsaw")
CALENDARS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("+0000", "+0100", "+0200", "-0500"))),
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from(("20260107T120000", "20260707T120000"))), max_size=4
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(CALENDARS, st.booleans())
def test_no_event_changes_its_moment(drawn: list[tuple[dict[str, str], list[tuple[str, str]]]], behind: bool) -> None:  # noqa: FBT001
    """What each calendar says alone is what it says among the others, in one file or in several, and written anew."""
    texts = []
    for number, (defined, named) in enumerate(drawn):
        zones = [zone(name, offset) for name, offset in defined.items()]
        events = [event(f"{number}-{index}", *one) for index, one in enumerate(named)]
        texts.append(calendar(*(events + zones if behind else zones + events)))
    alone: dict[str, object] = {}
    for text in texts:
        alone |= moments(cut(text))
    together = joined(map(cut, texts))
    written = calendar(*(block.raw for block in together.blocks))
    for file in (together, read_calendars("".join(texts)), cut(written), joined([cut(written)])):
        assert moments(file) == alone


def test_what_means_the_same_keeps_its_name() -> None:
    """Rules of Warsaw, and its offset alone, are one zone for an event in June; in January they are two."""
    warsaw = zone("Z", "+0200")
    rules = (
        "BEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20251231\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
        "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )
    for year, is_one in (("2027", True), ("2026", False)):
        events = event("a", "Z", f"{year}0607T120000"), event("b", "Z", f"{year}0607T120000")
        merged = joined([cut(calendar(warsaw, events[0])), cut(calendar(rules, events[1]))])
        assert [block.name for block in merged.blocks].count("VTIMEZONE") == 2 - is_one
        assert [block.raw for block in merged.blocks[-2:]] == [
            events[0], events[1] if is_one else events[1].replace("TZID=Z", "TZID=Z (2)"),
        ]  # fmt: skip


def test_an_event_that_repeats_is_looked_at_ahead() -> None:
    """Two definitions that part in 2030 are one for an event of 2026, and two for one that repeats since then."""
    later = zone("Z", "+0200").replace("END:VTIMEZONE", (
        "BEGIN:STANDARD\r\nDTSTART:20300101T000000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE"
    ))  # fmt: skip
    for rule, count in (("X-A:1", 1), ("RRULE:FREQ=YEARLY", 2)):
        first = calendar(zone("Z", "+0200"), event("a", "Z"))
        second = calendar(later, event("b", "Z", "20260407T120000", rule))
        merged = joined([cut(first), cut(second)])
        assert [block.name for block in merged.blocks].count("VTIMEZONE") == count


def test_a_name_that_a_calendar_does_not_define() -> None:
    """One that is known is defined when another calendar means something else by it, in the years of its events."""
    own = calendar(zone("Europe/Warsaw", "+0000"), event("a", "Europe/Warsaw"))
    known = calendar(event("b", "Europe/Warsaw", "20250107T120000"), event("c", "Europe/Warsaw", "20270707T120000"))
    for order in permutations([own, known]):
        merged = joined(map(cut, order))
        assert moments(merged) == {
            "a": datetime(2026, 4, 7, 12, tzinfo=UTC),
            "b": datetime(2025, 1, 7, 11, tzinfo=UTC),
            "c": datetime(2027, 7, 7, 10, tzinfo=UTC),
        }
        assert sorted(re.findall("TZID:(.*)\r", "".join(block.raw for block in merged.blocks))) == [
            "Europe/Warsaw", "Europe/Warsaw (2)",
        ]  # fmt: skip


def test_what_cannot_be_read_is_kept_apart() -> None:
    """A definition that says nothing readable is nobody else's, and refuses nothing."""
    broken = calendar(zone("Z", "never"), event("a", "Z"))
    other = calendar(zone("Z", "+0100"), event("b", "Z"))
    merged = joined([cut(broken), cut(other)])
    assert [block.raw for block in merged.blocks[-2:]] == [event("a", "Z"), event("b", "Z (2)")]


@pytest.mark.parametrize("line", ["SUMMARY:a;TZID=Z:20260407T120000", "X-A;P=a\\; b;TZID=Z:x", "COMMENT:TZID=Z"])
def test_only_the_zones_of_lines_are_renamed(line: str) -> None:
    """Texts, and lines that are none, stay as they stand."""
    first = calendar(zone("Z", "+0100"), event("a", "Z"))
    second = calendar(zone("Z", "+0200"), event("b", "Z", "20260407T120000", line, "EXDATE;TZID=Z:20260408T120000"))
    (last,) = joined([cut(first), cut(second)]).blocks[-1:]
    expected = event("b", "Z (2)", "20260407T120000", line, "EXDATE;TZID=Z (2):20260408T120000")
    assert last.raw == expected


def test_days_and_utc_need_no_zone() -> None:
    """A calendar that names no zone keeps the definitions of the other as they stand."""
    plain = calendar("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260407\r\nEND:VEVENT\r\n")
    other = calendar(zone("Z", "+0100"), event("b", "Z"))
    merged = joined([cut(plain), cut(other)])
    assert [block.raw for block in merged.blocks if block.name == "VTIMEZONE"] == [zone("Z", "+0100")]
    assert said(properties(merged.blocks[-2]), Zones(merged)).start == date(2026, 4, 7)
