"""How the last edition of an event stands to the new one."""

from datetime import date

import pytest

import trialsched as ts
from trialsched.formats.ical.comparing import Words, alarms, categories, is_our_alarm, sequence, stamp_after
from trialsched.formats.ical.events import Event
from trialsched.formats.ical.lines import Block, Properties, properties
from trialsched.formats.ical.writing import digest

EVENT = Event("u", "o", "V1", date(2026, 4, 2), date(2026, 4, 3), "S", "D", "CONFIRMED", transparent=False)
PLACED = EVENT._replace(location="L", geo=(52.25, -0.5))


def parsed(*lines: str) -> Properties:
    """Return the lines as an event that was read."""
    return properties(Block("VEVENT", "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])))


def written(location: str = "", description: str = "D", also: tuple[str, ...] = ()) -> Properties:
    """Return an event as it stands after a person's edit of its words, with the hash of what we wrote."""
    texts = [f"LOCATION:{location}"] if location else []
    mark = f"X-TRIALSCHED-HASH:{digest('S', 'D', '', 'CONFIRMED')}"
    return parsed("SUMMARY:S", f"DESCRIPTION:{description}", *texts, "STATUS:CONFIRMED", mark, *also)


@pytest.mark.parametrize(("line", "number"), [((), 0), (("SEQUENCE:0",), 0), (("SEQUENCE: 12 ",), 12)])
def test_a_sequence_is_a_whole_number(line: tuple[str, ...], number: int) -> None:
    """RFC 5545, section 3.8.7.4: 0 where there is none."""
    assert sequence(parsed(*line)) == number


@pytest.mark.parametrize("value", ["-1", "1.0", "two", "2147483648", "\u0661"])
def test_what_is_no_sequence_is_refused(value: str) -> None:
    """Nothing unreadable becomes 0: an event would look older than it is."""
    with pytest.raises(ts.InvalidValueError, match="SEQUENCE: read"):
        sequence(parsed(f"SEQUENCE:{value}"))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("20260301T120000Z", "20260320T083000Z"),
        ("20260320T083001Z", "20260320T083001Z"),
        ("20270101T000000", "20260320T083000Z"),
        ("soon", "20260320T083000Z"),
    ],
)
def test_a_stamp_is_the_later_of_the_two(last: str, expected: str) -> None:
    """What is no time in UTC is not compared with."""
    assert stamp_after(parsed(f"DTSTAMP:{last}"), "20260320T083000Z") == expected


def test_alarms_are_ours_by_their_mark_or_by_ringing_when_ours_do() -> None:
    """Everything else inside of an event is the person's."""
    old = parsed(
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", "X-TRIALSCHED-ALARM:-PT1H", "END:VALARM",
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15H", "END:VALARM",
        "BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-PT15H", "END:VALARM",
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT2H", "END:VALARM",
        "BEGIN:VLOCATION", "X-TRIALSCHED-ALARM:1", "END:VLOCATION",
    )  # fmt: skip
    theirs, triggers = alarms(old, EVENT._replace(triggers=("-PT15H",)))
    assert [(b.name, "AUDIO" in b.raw, "-PT2H" in b.raw) for b in theirs] == [
        ("VALARM", True, False),
        ("VALARM", False, True),
        ("VLOCATION", False, False),
    ]
    assert triggers == {"-PT1H", "-PT15H"}
    assert [is_our_alarm(block) for block in old.inner] == [True, False, False, False, False]


def test_categories_of_the_subject_and_of_modes_are_ours() -> None:
    """An escaped comma belongs to its word; in a calendar of one subject all categories are the person's."""
    old = parsed("CATEGORIES:P1,on site,by phone,a\\, b", "CATEGORIES:red")
    assert categories(old, EVENT._replace(categories=("P1", "on site"))) == (
        {"P1", "on site", "by phone"},
        ["a, b", "red"],
    )
    assert categories(old, EVENT) == (set(), [])


@pytest.mark.parametrize(
    ("old", "same_place", "ours", "note", "replaced"),
    [
        (written(), True, False, None, []),
        # a place that a person gave stays theirs, and is no change of ours
        (written("Room 12"), True, False, None, []),
        # a note below our words
        (written(description="D\\ncall"), True, False, "\ncall", []),
        # other words: told
        (written(description="X"), True, False, None, ["DESCRIPTION"]),
        (written("Room 12", "X"), True, False, None, ["DESCRIPTION"]),
    ],
)
def test_what_a_person_changed_is_told_from_what_we_wrote(
    old: Properties,
    same_place: bool,  # noqa: FBT001 - expected
    ours: bool,  # noqa: FBT001 - expected
    note: str | None,
    replaced: list[str],
) -> None:
    """The hash in the event says whether its words are as they were written."""
    found = Words.of(old).against(EVENT)
    assert (found.same_place, found.place_is_ours, found.note) == (same_place, ours, note)
    assert [name for name, _, _ in found.replaced] == replaced


def test_a_place_is_ours_when_we_write_one_or_wrote_it() -> None:
    """The last edition's place goes with it; a person's is written over only by one of ours, and told."""
    mark = f"X-TRIALSCHED-HASH:{digest('S', 'D', 'L 52.25;-0.5', 'CONFIRMED')}"
    ours = parsed("SUMMARY:S", "DESCRIPTION:D", "GEO:52.25;-0.5", "LOCATION:L", "STATUS:CONFIRMED", mark)
    same = Words.of(ours).against(PLACED)
    assert (same.same_place, same.place_is_ours, same.replaced) == (True, True, ())
    gone = Words.of(ours).against(EVENT)
    assert (gone.same_place, gone.place_is_ours, gone.replaced) == (False, True, ())
    moved = Words.of(ours).against(PLACED._replace(geo=(52.25, 0.5)))
    assert (moved.same_place, moved.place_is_ours) == (False, True)
    over = Words.of(written("Room 12")).against(PLACED)
    assert (over.same_place, over.place_is_ours, over.replaced) == (False, True, (("LOCATION", "Room 12", "L"),))


def test_a_note_below_hides_no_other_edit() -> None:
    """A new title beside a note is told all the same."""
    old = parsed(
        "SUMMARY:T", "DESCRIPTION:D\\ncall", "STATUS:CONFIRMED",
        f"X-TRIALSCHED-HASH:{digest('S', 'D', '', 'CONFIRMED')}",
    )  # fmt: skip
    found = Words.of(old).against(EVENT)
    assert (found.note, found.replaced) == ("\ncall", (("SUMMARY", "T", "S"),))


@pytest.mark.parametrize(
    ("line", "replaced"),
    [
        ("CLASS:PUBLIC", ("CLASS", "PUBLIC", "PRIVATE")),
        ("TRANSP:TRANSPARENT", ("TRANSP", "TRANSPARENT", "OPAQUE")),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", ("X-MICROSOFT-CDO-BUSYSTATUS", "OOF", "BUSY")),
        ("CLASS:private", None),
        ("TRANSP:OPAQUE", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", None),
    ],
)
def test_settings_that_a_person_gave_are_told(line: str, replaced: tuple[str, str, str] | None) -> None:
    """The hash is of the words only: settings are told when they are not those of the event's status."""
    found = Words.of(written(also=(line,))).against(EVENT)
    assert found.replaced == ((replaced,) if replaced else ())


def test_a_place_on_the_map_that_a_person_added_is_told_when_ours_is_written() -> None:
    """Each part of a place is told by itself."""
    mark = f"X-TRIALSCHED-HASH:{digest('S', 'D', 'L', 'CONFIRMED')}"
    old = parsed("SUMMARY:S", "DESCRIPTION:D", "GEO:1;2", "LOCATION:L", "STATUS:CONFIRMED", mark)
    assert Words.of(old).against(EVENT._replace(location="L")).replaced == (("GEO", "1;2", ""),)


def test_words_count_with_blanks_as_one() -> None:
    """Programs fold and trim: that is no edit."""
    old = written(description="D ", also=("CLASS:PRIVATE",))
    assert Words.of(old).against(EVENT).replaced == ()
