"""For whom a calendar is written, and what is in it on request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from trialsched._text import nfc, shown, unprintable
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats.ical.words import language

Audience = Literal["staff", "participant", "blind"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
_ALARM = re.compile(r"([1-9][0-9]{0,3}) ?(d|days?|h|hours?|min|minutes?)")
_MOST = timedelta(days=366)
_MOST_ALARMS = 5
_LONGEST_NAME = 200
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
# An alarm of whole days rings at nine in the morning of an all-day event's earlier day: midnight wakes people.
_MORNING = timedelta(hours=9)


def alarm(value: timedelta | str) -> timedelta:
    """Return how long before an event an alarm rings: '1d', '2h', '30min' or a timedelta.

    More than 0 and at most 366 days, in whole minutes. Raises `InvalidValueError` or `InvalidTypeError`.
    """
    forms = "a time before the event, such as '1d', '2h' or '30min'"
    if isinstance(value, str):
        match = _ALARM.fullmatch(value.strip())
        if match is None:
            message = f"read {shown(value)!r}, expected {forms}"
            raise InvalidValueError(message, where="alarms")
        value = timedelta(**{_UNITS[match[2][0]]: int(match[1])})
    if not isinstance(value, timedelta):
        message = f"read {shown(value)}, expected {forms}"
        raise InvalidTypeError(message, where="alarms")
    seconds = value.total_seconds()  # and not the parts, of which other packages' durations have more
    if not 0 < seconds <= _MOST.total_seconds() or seconds % 60:
        message = f"read {shown(str(value))!r}, expected whole minutes, more than 0 and at most 366 days"
        raise InvalidValueError(message, where="alarms")
    return timedelta(seconds=seconds)


def trigger(before: timedelta, *, all_day: bool) -> str | None:
    """Return the TRIGGER of an alarm, always negative; None for hours before a day, which has no hour.

    On an all-day event a day before is 09:00 of the day before (`-PT15H`): Exchange takes a positive trigger for
    its absolute value, and a whole number of days would ring at midnight.
    """
    if all_day:
        if before % timedelta(1):
            return None
        return f"-PT{(before - _MORNING) // timedelta(hours=1)}H"
    minutes = before // timedelta(minutes=1)
    if minutes % 1440 == 0:
        return f"-P{minutes // 1440}D"
    return f"-PT{minutes // 60}H" if minutes % 60 == 0 else f"-PT{minutes}M"


@dataclass(frozen=True, slots=True)
class Style:
    """How calendars are written; the default is the calendar for site staff.

    `audience`: 'staff', 'participant' (nothing that tells the trial, the treatment or the codes) or 'blind' (as
    staff, without the visits that belong to some arms only). `language` is a tag such as 'pl'; without one it is
    the participant's own, else the clinic's, else English. `alarms` ring so long before an open visit: '1d' or a
    timedelta; on all-day events those of whole days, at 09:00. `windows` adds each window as an event. `feed` adds
    how often a subscribed calendar is to be read again. `name` is the calendar's own. Raises `InvalidValueError`
    or `InvalidTypeError`.

    >>> Style("participant", language="pl").audience
    'participant'
    """

    audience: Audience = "staff"
    language: str | None = None
    alarms: tuple[timedelta, ...] = ()
    windows: bool = False
    feed: bool = False
    name: str | None = None

    def __init__(
        self,
        audience: Audience = "staff",
        *,
        language: str | None = None,
        alarms: Iterable[timedelta | str] | timedelta | str = (),
        windows: bool = False,
        feed: bool = False,
        name: str | None = None,
    ) -> None:
        """Hold the fields to their types."""
        if audience not in AUDIENCES:
            message = f"read {shown(audience)!r}, expected {', '.join(map(repr, AUDIENCES))}"
            raise InvalidValueError(message, where="audience")
        if language is not None:
            _language(language)
        if name is not None:
            name = _name(name)
        if isinstance(alarms, (str, timedelta)) or not isinstance(alarms, Iterable):
            alarms = (alarms,)
        found = tuple(sorted({alarm(value) for value in alarms}, reverse=True))
        if len(found) > _MOST_ALARMS:
            message = f"read {len(found)} alarms, expected at most {_MOST_ALARMS}"
            raise InvalidValueError(message, where="alarms")
        for key, flag in (("windows", windows), ("feed", feed)):
            if not isinstance(flag, bool):
                message = f"read {shown(flag)!r}, expected True or False"
                raise InvalidTypeError(message, where=key)
        for key, value in (
            ("audience", audience),
            ("language", language),
            ("alarms", found),
            ("windows", windows),
            ("feed", feed),
            ("name", name),
        ):
            object.__setattr__(self, key, value)


def _language(tag: str) -> None:
    language(tag)


def _name(text: object) -> str:
    if not isinstance(text, str) or not text.strip() or unprintable(text) or len(text) > _LONGEST_NAME:
        message = f"1 to {_LONGEST_NAME} printable characters are meant; read {shown(text)!r}"
        raise InvalidValueError(message, where="name")
    return nfc(text)


STAFF = Style()
