"""Calendars on a CalDAV server: each visit an entry of its own, created and updated there, never deleted.

An entry is written only where nothing stands, or over the very state that was read; what a person changed there is
reported instead. Needs the extra `caldav`.
"""

from trialsched.push.server import (
    TIMEOUT,
    PushError,
    check_calendar,
    checked_url,
    collection,
    collections,
    connect,
    create,
)
from trialsched.push.wire import BOUNDS, Bounds
from trialsched.push.writing import Conflict, PushReport, push

__all__ = [
    "BOUNDS",
    "TIMEOUT",
    "Bounds",
    "Conflict",
    "PushError",
    "PushReport",
    "check_calendar",
    "checked_url",
    "collection",
    "collections",
    "connect",
    "create",
    "push",
]
