"""Good inputs of every format, from which others are made, and the words that their readers may stumble over."""

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files

import trialsched as ts
from trialsched.formats import deviations, documents, ical, journal, records, results

ALSTEM = ts.load_protocol("alstem")
DAY = date(2026, 3, 2)
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SMALL = b"""\
schema = "trialsched/protocol/1"
id = "small"
title = { en = "A small one", pl = "Ma\xc5\x82y" }
version = "1"
anchor = "DOSE1"
arms = ["A", "B"]
unscheduled = ["UNS*"]
in_force = 2026-01-01

[[visits]]
code = "DOSE1"
mode = "on-site"
epoch = "treatment"
window = "\xc2\xb13 days"
number = 1
nominal_day = 1

[[visits]]
code = "DOSE2"
mode = "on-site"
when = "30 days after DOSE1"
assumed_window = "-3/+5 days"
not_before = "23 days after DOSE1"
procedures = ["lumbar puncture"]

[[visits]]
code = "C{n}D1"
mode = "phone"
when = "7 days after DOSE1"
repeat = { every = "28 days", times = 3 }
counts_from = "target"

[[visits]]
code = "M03"
label = { en = 'Month 3 "end"' }
mode = "phone"
when = "P3M after DOSE1"
arms = ["A"]

[[spacing]]
from = "DOSE1"
to = "DOSE2"
at_least = "23 days"
assumed = true

[[eligibility]]
id = "I5"
fact = "diagnosis"
more_than = "6 months"
"""
CLINIC = b"""\
schema = "trialsched/clinic/1"
zone = "Europe/Warsaw"
language = "pl"

[contact]
name = "O\xc5\x9brodek"
address = \"\"\"ul. D\xc5\x82uga 5
00-238 Warszawa\"\"\"
geo = [52.2297, 21.0122]
phone = "+48 22 123 45 67"

[durations]
on-site = "90 minutes"
"C{n}D1" = "1 hour 30 minutes"
DOSE1 = "PT2H"
"""
TRIAL = b"""\
schema = "trialsched/trial/1"
date_format = "dd.mm.yyyy"
study_key_file = "key.txt"

[in_force]
1 = 2026-06-01
"2.0" = 2026-09-01
"""
SUBJECTS = (
    ts.Subject("P01-007", DAY, arm="A", language="pl")
    .attended("DOSE1", DAY + timedelta(2))
    .booked("DOSE2", DAY + timedelta(36), time(9, 30))
    .with_record(ts.VisitRecord("M03", attended=ts.PartialDate(2026, 6), note='=1+1 "x"\nand more')),
    ts.Subject("P01-008", DAY + timedelta(7), baseline_status="provisional")
    .withheld("DOSE1", DAY + timedelta(30))
    .missed("DOSE2")
    .end(DAY + timedelta(90), "withdrawn"),
    ts.Subject("=P,09;\u0141", date(2024, 2, 29)),
)
RECORDS = {subject.code: subject.records for subject in SUBJECTS}
PLANS = [ts.schedule(ALSTEM, ts.Subject(s.code, s.baseline, records=s.records)) for s in SUBJECTS]
REPORTS = [ts.check(plan, date(2026, 7, 1)) for plan in PLANS]


def _log() -> deviations.DeviationLog:
    log = deviations.merge(REPORTS)
    rows = [
        row._replace(severity="major", reason='he said "no"\n-5') if n % 2 else row for n, row in enumerate(log.rows)
    ]
    return deviations.DeviationLog(tuple(rows), log.header, log.shape)


def _journal(number: int) -> bytes:
    before = journal.state_of(SUBJECTS[:1], [("P01-007", SUBJECTS[0].records[0])])
    after = journal.state_of(SUBJECTS[:number], [(s.code, r) for s in SUBJECTS[:number] for r in s.records])
    begun = journal.append(None, [journal.begin(before)], at=STAMP, by="AK")
    changes = [journal.change(difference) for difference in journal.differences(before, after)]
    told = journal.append(begun[-1], changes, at=STAMP, by="AK", reason="\u017ale wpisane")
    return journal.dumps((*begun, *told))


_HOME = ts.Clinic("Europe/Warsaw")
PLAN = PLANS[0]
_UID = ical.uid("alstem", "P01-007", "DOSE2")
_WARSAW = """\
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
# As Google, Apple's Calendar and Outlook write an event that a person moved.
_GOOGLE = f"""\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Visits
X-WR-TIMEZONE:Europe/Warsaw
BEGIN:VTIMEZONE
TZID:Europe/Warsaw
X-LIC-LOCATION:Europe/Warsaw
{_WARSAW}\
BEGIN:VEVENT
DTSTART;TZID=Europe/Warsaw:20260407T093000
DTEND;TZID=Europe/Warsaw:20260407T103000
DTSTAMP:20260310T080000Z
UID:{_UID}
CREATED:20260301T120000Z
DESCRIPTION:Target: 1 April 2026
LAST-MODIFIED:20260310T080000Z
LOCATION:ul. D\u0142uga 5\\, Warszawa
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:P01-007 DOSE2
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260408
DTEND;VALUE=DATE:20260410
DTSTAMP:20260310T080000Z
UID:7q3stranger@google.com
RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20260601;BYDAY=WE
EXDATE;VALUE=DATE:20260415
SUMMARY:Urlop
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
_APPLE = f"""\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 14.5//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#FF2968
BEGIN:VTIMEZONE
TZID:Europe/Warsaw
{_WARSAW}\
BEGIN:VEVENT
CREATED:20260301T120000Z
DTEND;TZID=Europe/Warsaw:20260407T103000
DTSTAMP:20260310T080000Z
DTSTART;TZID=Europe/Warsaw:20260407T093000
LAST-MODIFIED:20260310T080000Z
SEQUENCE:1
SUMMARY:P01-007 DOSE2
TRANSP:OPAQUE
UID:{_UID}
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="ul. D\u0142uga 5";X-TITLE=O\u015brodek:geo:52.2,21.0
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Reminder
TRIGGER:-PT15M
UID:0B6D7A3E-0000-4000-8000-000000000001
X-WR-ALARMUID:0B6D7A3E-0000-4000-8000-000000000001
END:VALARM
END:VEVENT
END:VCALENDAR
"""
_OUTLOOK = f"""\
BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:Central European Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PRIVATE
DESCRIPTION:Target: 1 April 2026\\n
DTEND;TZID="Central European Standard Time":20260407T103000
DTSTAMP:20260310T080000Z
DTSTART;TZID="Central European Standard Time":20260407T093000
PRIORITY:5
SEQUENCE:1
SUMMARY;LANGUAGE=pl:P01-007 DOSE2
TRANSP:OPAQUE
UID:{_UID.upper()}
X-ALT-DESC;FMTTYPE=text/html:<html><body>Target</body></html>
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
END:VCALENDAR
"""


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


CALENDARS = (
    ical.dumps(PLAN, stamp=STAMP, clinic=_HOME),
    ical.dumps(PLAN, stamp=STAMP, clinic=_HOME, style=ical.Style(audience="participant")),
    _crlf(_GOOGLE),
    _crlf(_APPLE),
    _crlf(_OUTLOOK),
    _GOOGLE.encode(),
)
SEEDS: dict[str, tuple[bytes, ...]] = {
    "protocol.toml": (SMALL, (files("trialsched") / "protocols" / "cycles.toml").read_bytes()),
    "protocol.json": (
        documents.dumps(documents.loads(SMALL), format="json").encode(),
        documents.dumps(ts.load_protocol("cycles"), format="json").encode(),
    ),
    "clinic.toml": (CLINIC,),
    "trial.toml": (TRIAL,),
    "subjects.csv": (
        records.dumps_subjects(SUBJECTS).encode(),
        records.dumps_subjects(SUBJECTS, excel=True).encode(),
    ),
    "visits.csv": (records.dumps(RECORDS).encode(), records.dumps(RECORDS, excel=True).encode()),
    "subjects.json": (records.dumps_json(SUBJECTS).encode(),),
    "log.csv": (deviations.dumps(_log()).encode(), deviations.dumps(_log(), excel=True).encode()),
    "events.jsonl": (_journal(2), _journal(3)),
    "plan.json": tuple(results.dumps(plan).encode() for plan in PLANS[:2]),
    "calendar.ics": CALENDARS,
}
_NASTY = (
    *(b"", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc5", b"\xed\xa0\x80", b"\x1b[2J", b"\r", b"\n", b"\r\n", b"\x85"),
    *(b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\\", b'"', b"'", b'"""', b"'''", b"#", b",", b";", b"\t", b" ", b"=", b"."),
    *(b"null", b"NaN", b"Infinity", b"-1", b"0", b"1e400", b"9" * 30, b"9" * 5000, b"\xd9\xa3", b"\xef\xbc\x9d"),
    *(b"2026-02-30", b"0001-01-01", b"9999-12-31", b"2026-03", b"2026-3-2", b"02.03.2026", b"2024-02-29", b"24:00"),
    *(b"a" * 70, b"a" * 3000, b"a" * 140_000, b"[" * 40, b"{" * 2000, b"e\xcc\x81", b"\xc3\xa9", b"true", b"[]", b"{}"),
)
_OF_DOCUMENTS = (
    *(b"{n}", b"X{n}", b"when", b"repeat", b"window", b"[[visits]]\n", b"[contact]\n", b"1.0", b"0x7", b"1_000"),
    *(b"on DOSE2", b"1 day before M03", b"9999 years after DOSE1", b"\xc2\xb1" + b"9" * 12 + b" days", b"31 months"),
    *(b"-3/+5 days", b"P1Y2M", b"1 month -3 days", b"after", b"DOSE1", b"dose1", b"2 weeks", b"a.b.c", b"Etc/Unknown"),
)
_OF_LISTS = (
    *(
        b"sep=;\n",
        b'"\n',
        b",,,,,,,,,,",
        b"missed",
        b"withheld",
        b"attended",
        b"P01-007",
        b"p01-007",
        b"'=1",
        b"+1",
        b"@x",
    ),
    *(b"DOSE1", b"2026", b"09:30", b"2026-03-04T09:30", b"death", b"late", b"found", b"no longer found", b"subject"),
)
_OF_JOURNALS = (
    b'"prev":',
    b'"seq":1',
    b"init",
    b"adopt",
    b"discard",
    b"record",
    b'{"a":1,"a":2}',
    b"\\ud800",
    b"\\u0000",
)
_OF_CALENDARS = (
    *(
        b"BEGIN:VEVENT\r\n",
        b"END:VEVENT\r\n",
        b"BEGIN:VTIMEZONE\r\n",
        b"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n",
        b"\r\n ",
    ),
    *(
        b"TZID=Europe/London:",
        b"TZID=/x/Y:",
        b"VALUE=DATE:",
        b":20260329T023000",
        b":20261025T023000Z",
        b":00010101T000000",
    ),
    *(b":99991231T235959", b"RRULE:FREQ=DAILY\r\n", b"RRULE:FREQ=YEARLY;BYDAY=6SU\r\n", b"RDATE:20260408T093000\r\n"),
    *(
        b"RECURRENCE-ID:20260407T093000\r\n",
        b"STATUS:CANCELLED\r\n",
        b"METHOD:CANCEL\r\n",
        b"METHOD:REPLY\r\n",
        b"+9999",
    ),
    *(
        b"DURATION:PT1D\r\n",
        b"DURATION:-P9W\r\n",
        b"SEQUENCE:99999999999\r\n",
        b"GEO:1;2;3\r\n",
        b"EXDATE:20260407\r\n",
    ),
    *(b"TZOFFSETTO:+2400\r\n", b"TZOFFSETFROM:-0000\r\n", b"DTSTART:", b"UNTIL=20200101", b"COUNT=0", b"INTERVAL=0"),
)
WORDS: dict[str, tuple[bytes, ...]] = {
    "protocol.toml": _NASTY + _OF_DOCUMENTS,
    "protocol.json": _NASTY + _OF_DOCUMENTS + _OF_JOURNALS,
    "clinic.toml": _NASTY + _OF_DOCUMENTS,
    "trial.toml": _NASTY + _OF_DOCUMENTS,
    "subjects.csv": _NASTY + _OF_LISTS,
    "visits.csv": _NASTY + _OF_LISTS,
    "subjects.json": _NASTY + _OF_LISTS + _OF_JOURNALS,
    "log.csv": _NASTY + _OF_LISTS,
    "events.jsonl": _NASTY + _OF_LISTS + _OF_JOURNALS,
    "plan.json": _NASTY + _OF_LISTS + _OF_JOURNALS,
    "calendar.ics": _NASTY + _OF_CALENDARS,
}
