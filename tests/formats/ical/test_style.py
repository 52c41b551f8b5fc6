"""How calendars are written: audiences, alarms and their triggers, names; every wrong value is refused in words."""

import copy
import pickle
import re
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from typing import Any

import pendulum
import pytest

import trialsched as ts
from trialsched.formats.ical import AUDIENCES, Style
from trialsched.formats.ical.style import STAFF, trigger

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def test_the_default_is_the_calendar_for_staff() -> None:
    """Nothing is added unless asked for."""
    style = Style()
    assert style == STAFF
    assert (style.audience, style.language, style.alarms) == ("staff", None, ())
    assert (style.windows, style.feed, style.name) == (False, False, None)
    assert AUDIENCES == ("staff", "participant", "blind")


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("1d", DAY),
        ("1 day", DAY),
        ("7 days", 7 * DAY),
        ("366d", 366 * DAY),
        ("2h", 2 * HOUR),
        ("1 hour", HOUR),
        ("36 hours", 36 * HOUR),
        ("30min", 30 * MINUTE),
        ("1 minute", MINUTE),
        (" 90 minutes ", 90 * MINUTE),
        (timedelta(minutes=1), MINUTE),
        (timedelta(days=366), 366 * DAY),
        (pendulum.duration(hours=2), 2 * HOUR),
    ],
)
def test_an_alarm_is_a_time_before(given: timedelta | str, held: timedelta) -> None:
    """A text or a timedelta, alone or among others."""
    assert Style(alarms=given).alarms == Style(alarms=[given]).alarms == (held,)
    assert type(Style(alarms=given).alarms[0]) is timedelta


def test_alarms_are_kept_once_each_the_earliest_first() -> None:
    """A day and 24 hours are the same; an iterator is taken as well as a list."""
    given: list[timedelta | str] = ["30min", "1d", "24h", timedelta(hours=2)]
    style = Style(alarms=iter(given))
    assert style.alarms == (DAY, 2 * HOUR, 30 * MINUTE)
    assert style == Style(alarms=("2h", "1d", "30 minutes"))


@pytest.mark.parametrize("text", ["", "d", "0d", "-1d", "1m", "1 month", "1w", "1.5h", "1d 2h", "PT2H", "12345h", "1D"])
def test_texts_that_are_no_alarm(text: str) -> None:
    """What was read and how it is written; 'm' could be minutes or months."""
    message = re.escape(f"read {text!r}, expected a time before the event, such as '1d', '2h' or '30min'")
    with pytest.raises(ts.InvalidValueError, match=message) as caught:
        Style(alarms=text)
    assert caught.value.where == "alarms"


@pytest.mark.parametrize(
    ("before", "read"),
    [
        ("367d", "367 days, 0:00:00"),
        (timedelta(0), "0:00:00"),
        (timedelta(minutes=-1), "-1 day, 23:59:00"),
        (timedelta(seconds=90), "0:01:30"),
        (timedelta(minutes=1, microseconds=1), "0:01:00.000001"),
        (timedelta(days=366, minutes=1), "366 days, 0:01:00"),
        (timedelta.max, "999999999 days, 23:59:59.999999"),
    ],
)
def test_times_that_are_no_alarm(before: timedelta | str, read: str) -> None:
    """Whole minutes, before and not after, within about a year."""
    message = re.escape(f"read {read!r}, expected whole minutes, more than 0 and at most 366 days")
    with pytest.raises(ts.InvalidValueError, match=message) as caught:
        Style(alarms=[before])
    assert caught.value.where == "alarms"


@pytest.mark.parametrize("alarms", [5, None, [5], [None], [["1d"]], ts.Offset(0, 1), b"1d"])
def test_what_is_no_time_at_all(alarms: Any) -> None:  # noqa: ANN401
    """The library's own error, not one of Python's."""
    with pytest.raises(ts.InvalidTypeError, match="expected a time before the event, such as '1d'") as caught:
        Style(alarms=alarms)
    assert caught.value.where == "alarms"


def test_at_most_five_alarms() -> None:
    """A calendar that rings all day is no help."""
    assert len(Style(alarms=["1d", "2d", "3d", "4d", "5d", "120h"]).alarms) == 5
    with pytest.raises(ts.InvalidValueError, match="read 6 alarms, expected at most 5") as caught:
        Style(alarms=["1d", "2d", "3d", "4d", "5d", "1h"])
    assert caught.value.where == "alarms"


# RFC 5545, section 3.3.6: a duration is ["+"] / "-" "P", then days, or "T" and hours, minutes. By hand: the day
# before begins 24 hours before an all-day event, its nine o'clock is 15 hours before.
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (DAY, "-PT15H"),
        (2 * DAY, "-PT39H"),
        (7 * DAY, "-PT159H"),
        (366 * DAY, "-PT8775H"),
        (2 * HOUR, None),
        (30 * MINUTE, None),
        (36 * HOUR, None),
    ],
)
def test_alarms_of_whole_days(before: timedelta, expected: str | None) -> None:
    """At nine in the morning, always before the day: Exchange takes the absolute value of a positive trigger."""
    assert trigger(before, all_day=True) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (DAY, "-P1D"),
        (7 * DAY, "-P7D"),
        (2 * HOUR, "-PT2H"),
        (36 * HOUR, "-PT36H"),
        (30 * MINUTE, "-PT30M"),
        (90 * MINUTE, "-PT90M"),
        (MINUTE, "-PT1M"),
        (DAY + MINUTE, "-PT1441M"),
    ],
)
def test_alarms_of_times(before: timedelta, expected: str) -> None:
    """Days stay days, which a change of the clocks does not shift; hours and minutes are exact."""
    assert trigger(before, all_day=False) == expected


@pytest.mark.parametrize("audience", ["", "Staff", "patient", None, 5, ["staff"]])
def test_an_audience_is_one_of_three(audience: Any) -> None:  # noqa: ANN401
    """What was read, and all that there are."""
    with pytest.raises(ts.InvalidValueError, match="expected 'staff', 'participant', 'blind'") as caught:
        Style(audience)
    assert caught.value.where == "audience"


def test_languages() -> None:
    """A tag that there are words of; a region falls back to its language."""
    assert Style(language="pl-PL").language == "pl-PL"
    with pytest.raises(ts.InvalidValueError, match="read 'xx', expected 'en' or 'pl'") as caught:
        Style(language="xx")
    assert caught.value.where == "language"
    with pytest.raises(ts.InvalidTypeError, match="a language tag is meant") as typed:
        Style(language=["pl"])  # type: ignore[arg-type]
    assert typed.value.where == "language"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x00", "\u2028", "x" * 201, 5, ["x"]])
def test_names_that_are_none(name: Any) -> None:  # noqa: ANN401
    """One line of printable characters."""
    with pytest.raises(ts.InvalidValueError, match="1 to 200 printable characters are meant; read") as caught:
        Style(name=name)
    assert caught.value.where == "name"


def test_a_name_is_kept_in_one_form() -> None:
    """NFC, up to 200 characters."""
    assert Style(name="o\u0301" + "x" * 198).name == "\u00f3" + "x" * 198
    assert Style(name="x" * 200).name == "x" * 200


@pytest.mark.parametrize("key", ["windows", "feed"])
def test_a_switch_is_on_or_off(key: str) -> None:
    """A text such as 'no' would count as true: it is refused."""
    wrong: tuple[object, ...] = ("no", 1, None, [])
    for value in wrong:
        with pytest.raises(ts.InvalidTypeError, match="expected True or False") as caught:
            Style(**{key: value})  # type: ignore[arg-type]
        assert caught.value.where == key
    assert getattr(Style(**{key: True}), key) is True  # type: ignore[arg-type]


FULL = Style("blind", language="pl", alarms=("1d", "2h"), windows=True, feed=True, name="Wizyty")


def test_styles_are_values() -> None:
    """Equal by content, hashable, frozen, pickled and copied whole, printed as they are made."""
    same = Style("blind", language="pl", alarms=["2h", DAY], windows=True, feed=True, name="Wizyty")
    assert same == FULL
    assert hash(FULL) == hash(same)
    assert {FULL: 1}[same] == 1
    for key, other in (
        ("audience", "staff"),
        ("language", None),
        ("alarms", ()),
        ("windows", False),
        ("feed", False),
        ("name", None),
    ):
        changed = replace(FULL, **{key: other})  # type: ignore[arg-type]
        assert changed != FULL
        assert getattr(changed, key) == other
    for clone in (pickle.loads(pickle.dumps(FULL)), copy.deepcopy(FULL), replace(FULL)):  # noqa: S301 - our own bytes
        assert clone == FULL
    with pytest.raises(FrozenInstanceError):
        FULL.windows = False  # type: ignore[misc]
    assert eval(repr(FULL), {"Style": Style, "datetime": __import__("datetime")}) == FULL  # noqa: S307 - our own text
    assert repr(Style()) == ("Style(audience='staff', language=None, alarms=(), windows=False, feed=False, name=None)")
