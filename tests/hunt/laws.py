"""What holds of every input: a reader refuses it in few words, or what it read is written and read again."""

import contextlib
import io
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar

import trialsched as ts
from tests.hunt import seeds
from trialsched.cli import main
from trialsched.errors import TrialschedError
from trialsched.formats import deviations, documents, ical, journal, records, results

_SECONDS = 10.0  # of CPU, for inputs of some kilobytes
_LONGEST_MESSAGE = 400_000
_BASELINE = date(2026, 3, 2)
_LATER = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
_CLINIC = ts.Clinic("Europe/Warsaw")
_UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError)  # as icalendar says it
_OURS = frozenset(ical.uid("alstem", "P01-007", visit.code) for visit in seeds.PLAN)
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class BrokenLawError(AssertionError):
    """A law that does not hold of an input."""


def _hold(holds: object, law: str) -> None:
    if not holds:
        raise BrokenLawError(law)


def _same(read: object, again: object) -> None:
    _hold(read == again, f"what was read is read again: {again!r:.300} for {read!r:.300}")


# The readers, each with the writer of what it reads.


def _of_protocol(data: bytes, form: documents.Format) -> None:
    protocol = documents.loads(data, format=form)
    forms: tuple[documents.Format, ...] = ("toml", "json")
    for other in forms:
        again = documents.loads(documents.dumps(protocol, format=other), format=other)
        _same(protocol, again)
        _same(protocol.fingerprint, again.fingerprint)
    ts.lint(protocol)
    for arm in (None, *protocol.arms[:2]):
        with contextlib.suppress(TrialschedError):
            plan = ts.schedule(protocol, ts.Subject("P1", _BASELINE, arm=arm))
            ts.check(plan, _BASELINE + timedelta(90))


def _of_clinic(data: bytes) -> None:
    clinic = documents.loads_clinic(data)
    _same(clinic, documents.loads_clinic(documents.dumps_clinic(clinic)))
    _same(clinic, documents.loads_clinic(documents.dumps_clinic(clinic, format="json"), format="json"))
    for plan in seeds.PLANS[:1]:
        ical.dumps(plan, stamp=seeds.STAMP, clinic=clinic)


def _of_trial(data: bytes) -> None:
    settings = documents.loads_trial(data)
    if settings.date_format is not None:
        _same(settings.date_format.strip().lower(), records.check_date_form(settings.date_format))


def _of_subjects(data: bytes) -> None:
    found = records.loads_subjects(data)
    read = [row.subject for row in found.rows]
    _same(found, records.loads_subjects(data.decode()))
    for excel in (False, True):
        again = records.loads_subjects(records.dumps_subjects(read, excel=excel).encode())
        _same((read, ()), ([row.subject for row in again.rows], again.problems))
    _hold(found.codes >= {subject.code for subject in read}, "every code is among the codes")


def _of_visits(data: bytes) -> None:
    found = records.loads(data)
    one_by_one = list(records.iter_records(io.BytesIO(data)))
    _same(found.rows, tuple(row for row in one_by_one if isinstance(row, records.RecordRow)))
    by_code: dict[str, list[ts.VisitRecord]] = {}
    for row in found.rows:
        by_code.setdefault(row.subject, []).append(row.record)
    rows = [(code, record) for code, several in by_code.items() for record in several]
    for excel in (False, True):
        again = records.loads(records.dumps(by_code, excel=excel).encode())
        _same((rows, ()), ([(row.subject, row.record) for row in again.rows], again.problems))


def _of_json(data: bytes) -> None:
    found = records.loads_json(data)
    read = [row.subject for row in found.rows]
    again = records.loads_json(records.dumps_json(read))
    _same((read, ()), ([row.subject for row in again.rows], again.problems))


def _of_log(data: bytes) -> None:
    log = deviations.loads(data)
    _hold(deviations.is_ours(data), "a log that is read is known as one")
    _same(log, deviations.loads(deviations.dumps(log).encode()))
    made = deviations.merge(seeds.REPORTS, log)
    for before, after in zip(log.rows, made.rows, strict=False):
        kept = ("severity", "reason", "action", "reported_on", "more")
        _same([getattr(before, name) for name in kept], [getattr(after, name) for name in kept])
    _same(made, deviations.merge(seeds.REPORTS, made))
    _same(made, deviations.loads(deviations.dumps(made).encode()))


def _of_journal(data: bytes) -> None:
    read = journal.loads(data)
    if read.problems:
        return
    _same(data, journal.dumps(read.entries) + read.tail)
    lines = data.split(b"\n")[:-2]  # the last whole line has nothing behind it that knows it
    true = [seed.split(b"\n") for seed in seeds.SEEDS["events.jsonl"]]
    _hold(any(seed[: len(lines)] == lines for seed in true), "a line that was changed is found")
    state = journal.replay(read.entries)
    _same(journal.differences(state, state), ())


def _of_plan(data: bytes) -> None:
    plan = results.loads(data)
    _same(ts.changes(plan, plan), ())
    results.dumps_changes(plan, plan)


def _of_calendar(data: bytes) -> None:
    for read in (_busy, _pieces, _updated, _booked):
        with contextlib.suppress(TrialschedError):
            read(data)
    _booked(data)


def _busy(data: bytes) -> None:
    days = ical.loads_busy(data, ts.DateRange(date(2026, 3, 1), date(2026, 12, 31)), zone="Europe/Warsaw")
    _same(days, tuple(sorted(set(days))))


def _pieces(data: bytes) -> None:
    parts = ical.split(data)
    whole = ical.merge(parts.values())
    _same(sorted(parts), sorted(ical.split(whole)))
    _same_moments(data, whole)


def _updated(data: bytes) -> None:
    first = ical.update(seeds.PLAN, stamp=_LATER, previous=data, clinic=_CLINIC)
    again = ical.update(seeds.PLAN, stamp=_LATER + timedelta(1), previous=first.data, clinic=_CLINIC)
    _same(first.data, again.data)
    _same_moments(data, first.data, but=_OURS)


def _same_moments(before: bytes, after: bytes, but: frozenset[str] = frozenset()) -> None:
    """Hold that no event begins at another moment than before, as icalendar reads both; `but` are UIDs."""
    if not _is_clear(before):
        return
    try:
        were, are = _starts(before), _starts(after)
    except _UNREADABLE:
        return  # not read by both
    for uid in were:
        if uid.partition("@")[0] in but:  # some programs add where they are to an id of ours
            continue
        _same([uid, *map(_moment, were[uid])], [uid, *map(_moment, are.get(uid, []))])


def _moment(start: object) -> object:
    return start.timestamp() if isinstance(start, datetime) and start.tzinfo is not None else start


def _is_clear(data: bytes) -> bool:
    """Return whether there is one calendar, and every zone in it is defined as its name says: readers cannot differ."""
    return data.upper().count(b"BEGIN:VCALENDAR") == 1 and all(zone in _TRUE_ZONES for zone in _zones(data))


def _booked(data: bytes) -> None:
    """Hold the day and time of a booking to what icalendar reads, where zones and number of events leave no doubt."""
    found = ical.loads(data, seeds.PLANS[:1], clinic=_CLINIC)
    try:
        starts = _starts(data) if _is_clear(data) else {}
    except _UNREADABLE:
        return  # not read by both
    for record in found.get("P01-007", ()):
        (start, *more) = starts.get(ical.uid("alstem", "P01-007", record.visit), [None])
        if not more and isinstance(start, date) and record.booked is not None:
            _same(_local(start), (record.booked, record.booked_time))


def _starts(data: bytes) -> dict[str, list[object]]:
    """Return the starts that icalendar reads, by UID."""
    starts: dict[str, list[object]] = {}
    for event in icalendar.Calendar.from_ical(data).walk("VEVENT"):
        start = getattr(event.get("DTSTART"), "dt", None)
        uids = event.get("UID", "")
        uid = uids[0] if isinstance(uids, list) and uids else uids  # one that stands twice
        starts.setdefault(str(uid).strip().lower(), []).append(start)
    return starts


_ZONE = re.compile(rb"BEGIN:VTIMEZONE.*?END:VTIMEZONE", re.DOTALL)


def _zones(data: bytes) -> list[bytes]:
    return _ZONE.findall(data)


_TRUE_ZONES = {zone for seed in seeds.CALENDARS for zone in _zones(seed)}


def _local(start: date) -> tuple[date, object]:
    if not isinstance(start, datetime):
        return start, None
    local = start if start.tzinfo is None else start.astimezone(ZoneInfo("Europe/Warsaw"))
    return local.date(), local.time().replace(second=0)


READERS: dict[str, Callable[[bytes], None]] = {
    "protocol.toml": lambda data: _of_protocol(data, "toml"),
    "protocol.json": lambda data: _of_protocol(data, "json"),
    "clinic.toml": _of_clinic,
    "trial.toml": _of_trial,
    "subjects.csv": _of_subjects,
    "visits.csv": _of_visits,
    "subjects.json": _of_json,
    "log.csv": _of_log,
    "events.jsonl": _of_journal,
    "plan.json": _of_plan,
    "calendar.ics": _of_calendar,
}


def read(name: str, data: bytes) -> None:
    """Hold the readers of a format to their laws: refused by an error of ours, in few words and little time."""
    start = time.process_time()
    try:
        READERS[name](data)
    except TrialschedError as error:
        _hold(len(str(error)) <= _LONGEST_MESSAGE, f"a message is short: {len(str(error))} characters")
    taken = time.process_time() - start
    _hold(taken < _SECONDS, f"an input of {len(data)} bytes takes little time: {taken:.1f} s")


# The commands, run in this process on a folder in which one file is the input.

_ONE = ("--protocol", "protocol.toml", "--baseline", "2026-03-02", "--subject", "P01-007")
_ALSTEM = ("--protocol", "alstem", *_ONE[2:])
_LISTS = ("--protocol", "alstem", "--subjects", "subjects.csv", "--records", "visits.csv")
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "protocol.toml": (
        ("plan", *_ONE),
        ("protocol", "lint", "protocol.toml"),
        ("check", ".", "--as-of", "2026-07-01"),
    ),
    "protocol.json": (
        ("plan", "--protocol", "protocol.json", *_ONE[2:], "--format", "json"),
        ("protocol", "show", "protocol.json"),
    ),
    "clinic.toml": (
        ("ics", *_ALSTEM, "--clinic", "clinic.toml", "-o", "-"),
        ("worklist", ".", "--as-of", "2026-07-01"),
    ),
    "trial.toml": (("check", ".", "--as-of", "2026-07-01"),),
    "subjects.csv": (("check", *_LISTS, "--as-of", "2026-07-01"), ("adherence", ".")),
    "visits.csv": (
        ("check", *_LISTS, "--as-of", "2026-07-01"),
        ("worklist", ".", "--as-of", "2026-07-01"),
        ("sdtm", ".", "-o", "sdtm"),
    ),
    "subjects.json": (("check", "--protocol", "alstem", "--subjects", "subjects.json", "--as-of", "2026-07-01"),),
    "log.csv": (("deviations", ".", "--as-of", "2026-07-01", "-o", "log.csv"),),
    "events.jsonl": (
        ("journal", "verify", "."),
        ("record", ".", "P01-008", "DOSE3", "--on", "2026-06-02", "--by", "AK"),
        ("journal", "adopt", ".", "--by", "AK", "--reason", "as it was"),
    ),
    "plan.json": (("changes", "plan.json", "old.json"), ("changes", "old.json", "plan.json", "--format", "json")),
    "calendar.ics": (
        ("bookings", *_ALSTEM, "--clinic", "clinic.toml", "calendar.ics"),
        ("ics", *_ALSTEM, "--clinic", "clinic.toml", "--stamp", "2026-03-20T08:00Z", "-o", "calendar.ics"),
    ),
}
_BESIDE = {
    "protocol.toml": seeds.SMALL,
    "clinic.toml": seeds.CLINIC,
    "subjects.csv": seeds.SEEDS["subjects.csv"][0],
    "visits.csv": seeds.SEEDS["visits.csv"][0],
    "old.json": seeds.SEEDS["plan.json"][0],
    "key.txt": b"a key\n",
}


def run(name: str, data: bytes) -> None:
    """Hold the commands to their laws: 0, 1 or 2, whatever they read, no traceback, nothing that steers a terminal."""
    for arguments in COMMANDS[name]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            for file, held in {**_BESIDE, name: data}.items():
                Path(file).write_bytes(held)
            start = time.process_time()
            code, out, err = _run(arguments)
            taken = time.process_time() - start
            kept = Path(name).read_bytes()
        words = " ".join(arguments)
        _hold(code in {0, 1, 2}, f"`{words}` ends with {code}: {err:.300}")
        _hold(code != 2 or err, f"`{words}` says what is wrong")
        _hold(code == 0 or kept == data, f"`{words}` ends with {code} and leaves {name} as it was")
        _hold("Traceback" not in out + err, f"`{words}` prints a traceback: {err:.300}")
        _hold(not _STEERS.search(err), f"`{words}` prints what steers a terminal: {err!r:.300}")
        _hold(len(err) <= _LONGEST_MESSAGE, f"`{words}` prints {len(err)} characters")
        _hold(taken < _SECONDS, f"`{words}` takes {taken:.1f} s for {len(data)} bytes")


def _run(arguments: tuple[str, ...]) -> tuple[int, str, str]:
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors="replace", newline="") for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        code = main(arguments)
    texts = []
    for stream in streams:
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return code, texts[0], texts[1]
