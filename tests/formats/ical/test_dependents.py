"""Lines of others whose meaning hangs on a line of ours: what goes with which change, in silence or told."""

import pytest

from trialsched.formats.ical.dependents import Changed, goes, is_copy
from trialsched.formats.ical.lines import Block, Properties, properties

EVERYTHING = Changed(*(True for _ in Changed._fields))


def event(*lines: str) -> Properties:
    """Return an event with these lines, as it is read."""
    raw = ["BEGIN:VEVENT", "UID:u", "DTSTART;VALUE=DATE:20260401", "DESCRIPTION:Projected\\, not booked", *lines]
    return properties(Block("VEVENT", "\r\n".join([*raw, "END:VEVENT", ""])))


def only(what: str) -> Changed:
    """Return that one thing has changed."""
    return Changed()._replace(**{what: True})


def all_but(what: str) -> Changed:
    """Return that everything else has changed."""
    return EVERYTHING._replace(**{what: False})


# Copies that programs write of our lines, each with its line of ours; sources: the page of calendar facts.
COPIES = [
    ("edition", "X-MICROSOFT-CDO-APPT-SEQUENCE:0"),
    ("edition", "X-MOZ-RECEIVED-SEQUENCE:0"),
    ("edition", "X-MICROSOFT-CDO-INSTTYPE:1"),
    ("edition", "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE:20260301T120000Z"),
    ("edition", "X-MS-OLK-APPTSEQTIME:20260301T120000Z"),
    ("start", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"),
    ("start", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT:TRUE"),
    ("start", "X-FUNAMBOL-ALLDAY:1"),
    ("start", "X-MOZ-SNOOZE-TIME:20260401T060000Z"),
    ("start", "X-MOZ-SNOOZE-TIME-1775001600000000:20260401T060000Z"),
    ("start", "X-MS-OLK-ORIGINALSTART:20260401T000000Z"),
    ("place", 'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="Old Clinic":geo:50.0,19.9'),
    ("place", "X-MICROSOFT-LOCATIONDISPLAYNAME:Old Clinic"),
    ("place", 'X-MICROSOFT-LOCATIONS:[{"DisplayName":"Old Clinic"}]'),
    ("place", "X-MICROSOFT-LATITUDE:50.0"),
    ("place", "X-MICROSOFT-LONGITUDE:19.9"),
    ("description", "X-ALT-DESC;FMTTYPE=text/html:<p>other words</p>"),
    ("description", "STYLED-DESCRIPTION;DERIVED=TRUE;FMTTYPE=text/html:<p>other words</p>"),
    ("description", "STYLED-DESCRIPTION;FMTTYPE=text/html:<p>Projected\\, <b>not</b>&#32;booked</p>"),
    ("busy", "X-MICROSOFT-CDO-INTENDEDSTATUS:FREE"),
    ("access", "X-CALENDARSERVER-ACCESS:PUBLIC"),
]


@pytest.mark.parametrize(("what", "line"), COPIES)
def test_a_copy_goes_in_silence_with_what_it_copies(what: str, line: str) -> None:
    """With its own line of ours, and with no other."""
    old = event(line)
    assert goes(old, only(what)) == (frozenset({line}), ())
    assert goes(old, all_but(what)) == (frozenset(), ())
    assert is_copy(line.partition(":")[0].partition(";")[0])


# What a person chose, with what is said of it.
CHOSEN = [
    (
        "edition",
        "RRULE:FREQ=DAILY;UNTIL=20260403",
        "RRULE was 'FREQ=DAILY;UNTIL=20260403', is taken out: the event has changed",
    ),
    ("edition", "RDATE;VALUE=DATE:20260402", "RDATE was '20260402', is taken out: the event has changed"),
    ("edition", "EXDATE;VALUE=DATE:20260401", "EXDATE was '20260401', is taken out: the event has changed"),
    ("edition", "EXRULE:FREQ=DAILY;COUNT=1", "EXRULE was 'FREQ=DAILY;COUNT=1', is taken out: the event has changed"),
    (
        "place",
        "X-APPLE-TRAVEL-DURATION;VALUE=DURATION:PT45M",
        "X-APPLE-TRAVEL-DURATION was 'PT45M', is taken out: the place has changed",
    ),
    (
        "place",
        'X-APPLE-TRAVEL-START;VALUE=URI;X-TITLE="Home":geo:50.1,19.8',
        "X-APPLE-TRAVEL-START was 'geo:50.1,19.8', is taken out: the place has changed",
    ),
    (
        "description",
        "STYLED-DESCRIPTION;FMTTYPE=text/html:<p>Ring <i>twice</i></p>",
        "STYLED-DESCRIPTION was '<p>Ring <i>twice</i></p>', is taken out: the description has changed",
    ),
    (
        "place",
        "BEGIN:VLOCATION\r\nUID:1\r\nNAME:Parking\r\nEND:VLOCATION",
        "VLOCATION was 'Parking', is taken out: the place has changed",
    ),
    (
        "place",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\nX-APPLE-PROXIMITY:ARRIVE\r\nEND:VALARM",
        "alarm at the old place is taken out: the place has changed",
    ),
    (
        "place",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:PT0S\r\nPROXIMITY:ARRIVE\r\nEND:VALARM",
        "alarm at the old place is taken out: the place has changed",
    ),
    (
        "start",
        "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;VALUE=DATE-TIME:20260331T070000Z\r\nEND:VALARM",
        "alarm on 2026-03-31 at 07:00 UTC is taken out: the event has moved",
    ),
    (
        "start",
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER;VALUE=DATE-TIME:20260331T073000\r\nEND:VALARM",
        "alarm on 2026-03-31 at 07:30 is taken out: the event has moved",
    ),
]


@pytest.mark.parametrize(("what", "lines", "message"), CHOSEN)
def test_what_a_person_chose_goes_with_what_it_hangs_on_and_is_told(what: str, lines: str, message: str) -> None:
    """With that line of ours, in words that name it and its value."""
    old = event(lines)
    gone, said = goes(old, only(what))
    assert ({raw.removesuffix("\r\n") for raw in gone}, said) == ({lines}, (message,))
    assert goes(old, all_but(what)) == (frozenset(), ())


@pytest.mark.parametrize(
    "lines",
    [
        "COMMENT:bring the old ECG",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org",
        "CATEGORIES:ward 3",
        "COLOR:red",
        "CREATED:20260101T000000Z",
        "PRIORITY:1",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        "X-MOZ-LASTACK:20260331T070000Z",
        "X-MY-NOTE:my own",
        # relative: it moves with the event
        "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT30M\r\nEND:VALARM",
        "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;RELATED=END:-PT30M\r\nEND:VALARM",
        # Apple's way to say that there is no alarm
        "BEGIN:VALARM\r\nACTION:NONE\r\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\nEND:VALARM",
        "BEGIN:VRESOURCE\r\nUID:1\r\nNAME:Projector\r\nEND:VRESOURCE",
    ],
)
def test_what_hangs_on_nothing_of_ours_stays(lines: str) -> None:
    """Whatever changes."""
    assert goes(event(lines), EVERYTHING) == (frozenset(), ())


def test_a_snoozed_alarm_goes_in_silence() -> None:
    """RFC 9074, section 7.1: a program makes it when somebody says "later"; it rings for the old start."""
    alarm = (
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:20260401T061000Z\r\n"
        "RELATED-TO;RELTYPE=SNOOZE:1\r\nEND:VALARM\r\n"
    )
    assert goes(event(alarm.removesuffix("\r\n")), only("start")) == (frozenset({alarm}), ())


def test_what_goes_is_named_by_its_folded_bytes() -> None:
    """A line is taken out as it stands in the file."""
    folded = 'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="Old\r\n  Clinic":geo:50.0,19.9'
    assert goes(event(folded), only("place")).raw == {folded}
