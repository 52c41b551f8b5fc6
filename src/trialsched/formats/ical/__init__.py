"""Calendars: one event for each visit of a plan, written again without duplicating, and read back.

RFC 5545 with the care that calendar programs need: UIDs that stay for ever and say nothing about the person,
no METHOD, dates without a zone, times with one, an exclusive end, CRLF, lines of at most 75 octets. Nothing about the
trial but the protocol's fingerprint is written, and for participants not even that.
"""

from trialsched.formats.ical.busy import loads_busy
from trialsched.formats.ical.entries import Entries, EntriesUpdate, Fault
from trialsched.formats.ical.exporting import CalendarWarning, build, dump, dumps, is_ours, update
from trialsched.formats.ical.lines import LIMITS, Limits
from trialsched.formats.ical.outcome import EventChange, Note, Update
from trialsched.formats.ical.pieces import merge, split
from trialsched.formats.ical.reading import Bookings, load, loads
from trialsched.formats.ical.style import AUDIENCES, Audience, Style
from trialsched.formats.ical.uids import UID_NAMESPACE, uid
from trialsched.formats.ical.words import languages
from trialsched.formats.ical.writing import PRODID

__all__ = [
    "AUDIENCES",
    "LIMITS",
    "PRODID",
    "UID_NAMESPACE",
    "Audience",
    "Bookings",
    "CalendarWarning",
    "Entries",
    "EntriesUpdate",
    "EventChange",
    "Fault",
    "Limits",
    "Note",
    "Style",
    "Update",
    "build",
    "dump",
    "dumps",
    "is_ours",
    "languages",
    "load",
    "loads",
    "loads_busy",
    "merge",
    "split",
    "uid",
    "update",
]
