"""A trial's folder with its journal on the disk: what was done by hand since, and writing that survives a crash.

The order of a write: which files it is going to replace is noted in the lock's file; the lines are appended to the
journal, and are on the disk; the lists are replaced, one after the other; the note then says how many lines there are;
only then does the command say that it is done. A list that is as the note describes it, while the journal has the
lines, was not yet replaced when the machine stopped, and is replaced by the next command that writes.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import itertools
import json
import os
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from trialsched._text import nearest_or
from trialsched.cli.descriptors import check_plain, check_single, open_own, read_plain
from trialsched.cli.files import is_protected, save
from trialsched.cli.inputs import BadInput, check_year
from trialsched.cli.ours import unmarked
from trialsched.cli.parts import sync_folder
from trialsched.cli.planning import count
from trialsched.cli.printing import put
from trialsched.errors import DocumentError, InvalidValueError, TrialschedError
from trialsched.formats import documents, journal, records
from trialsched.formats.journal.lines import MAX_BYTES
from trialsched.offsets import PartialDate
from trialsched.trial import JOURNAL, SETTINGS, SUBJECTS, VISITS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date

    from trialsched.formats.journal import Difference, Entry, Row, State

LOCK: Final = "events.lock"
LISTS: Final = (SUBJECTS, VISITS)
_LONGEST_NOTE: Final = 4096  # octets
_BOM: Final = "\ufeff"
_DELIMITERS: Final = (",", ";", "\t")
_HINT: Final = re.compile(r"sep=[,;\t][\r\n]*", re.IGNORECASE)  # as the reader of lists knows it, and no other


class _List(NamedTuple):
    """A list as it is: its bytes, None when there is none; its good rows; what is wrong with the others."""

    raw: bytes | None
    rows: tuple[Any, ...]
    faults: tuple[str, ...]
    codes: Collection[str] = ()  # of subjects, those of bad rows too


class _Note(NamedTuple):
    """What stands in the lock's file.

    How many whole lines the journal had, and while something is written the sha256 of the lists that are going to be
    replaced, None for one that is going to be made.
    """

    lines: int
    lists: dict[str, str | None]


@dataclass
class Ledger:
    """What is in a trial's folder: the entries and the state they give, and the lists as they are."""

    folder: Path
    form: str | None  # of dates in the lists, None for ISO 8601
    entries: tuple[Entry, ...]
    tail: bytes  # what was torn off while it was written
    whole: int  # octets of the journal before the tail
    state: State
    unfinished: tuple[str, ...]  # lists that a command that was interrupted did not replace
    lists: dict[str, _List]
    differences: tuple[Difference, ...] = ()
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether there is a journal."""
        return bool(self.entries)

    @property
    def last(self) -> Entry | None:
        """The last entry, None before the first."""
        return self.entries[-1] if self.entries else None

    @property
    def edited(self) -> tuple[str, ...]:
        """Which lists are not what the journal gives."""
        by_hand = {name_of(difference) for difference in self.differences}
        return tuple(name for name in LISTS if name in by_hand or self.faults[name])

    @property
    def wrong(self) -> list[str]:
        """What is wrong with rows, in the order of the files."""
        return [fault for name in LISTS for fault in self.faults[name]]

    def check_lists(self) -> None:
        """Refuse to write over what was changed by hand, or what cannot be read. Raises `BadInput`."""
        lines = self.wrong
        if self.differences:
            ways = "`trialsched journal adopt` takes it in, or `trialsched journal discard` undoes it"
            nothing = "" if lines else f"; nothing is written before {ways}"
            lines.append(f"{self.folder}: changed by hand since line {len(self.entries)} of {JOURNAL}{nothing}:")
            lines += self.by_hand()
        if self.wrong:
            hint = ", or undo it all with `trialsched journal discard`" if self.begun else ""
            lines.append(f"{self.folder}: nothing is written before these are put right{hint}")
        if lines:
            raise BadInput(lines)

    def by_hand(self) -> list[str]:
        """Say what was changed by hand, a line for each cell."""
        return lines_of(self.differences)

    def write(self, handle: int, entries: Sequence[Entry], replaced: Collection[str] = ()) -> None:
        """Append entries to the journal and replace lists by what it gives then; what was left undone comes first.

        When this returns, all of it is on the disk. Whatever can be refused is refused before the first octet.
        """
        state = journal.replay(entries, self.state if self.begun else journal.EMPTY)
        written = {name: self._rendered(name, state) for name in LISTS if name in replaced}
        for name in written:
            _check_unprotected(self.folder / name)
        if check_plain(self.folder / JOURNAL):
            check_single(self.folder / JOURNAL, (self.folder / JOURNAL).lstat())
        self.finish(handle)
        meanwhile = [name for name in written if read_plain(self.folder / name) != self.lists[name].raw]
        if meanwhile:
            end = "was saved by another program just now; nothing is written, look at it"
            raise BadInput([f"{name}: {end}" for name in meanwhile])
        noted = _Note(len(self.entries), {name: _sha256(self.lists[name].raw) for name in written})
        _note(handle, self.folder, noted)
        _append(self.folder / JOURNAL, journal.dumps(entries))
        self.state, self.entries = state, (*self.entries, *entries)
        for name, data in written.items():
            self._replace(name, data)
        _remember(handle, len(self.entries))

    def finish(self, handle: int) -> None:
        """Do what a command that was interrupted left undone, and say so."""
        if self.tail:
            self._mend()
        for name in self.unfinished:
            self._replace(name, self._rendered(name, self.state))
            put(f"note: {name}: written as {JOURNAL} has it; the command before was interrupted", err=True)
        if self.tail or self.unfinished:
            _remember(handle, len(self.entries))
        self.tail, self.unfinished = b"", ()

    def _mend(self) -> None:
        """Complete a line that only lacks its newline; take another one, never said to be written, out to a copy."""
        path = self.folder / JOURNAL
        if self.entries and self.tail == self.entries[-1].line:
            _append(path, b"\n")
            return
        kept = keep(path, "torn", self.tail)
        with os.fdopen(open_own(path, os.O_RDWR, path), "r+b") as file:
            file.truncate(self.whole)
            os.fsync(file.fileno())
        where = f"{JOURNAL} line {len(self.entries) + 1}"
        put(f"note: {where}: torn, it was never said to be written; it is kept in {kept}", err=True)

    def _rendered(self, name: str, state: State) -> bytes:
        """Return what a list holds when it says a state, in the shape that it has."""
        shape = _shape(self.lists[name].raw or self.lists[SUBJECTS].raw or b"")
        if name == SUBJECTS:
            return shape.of(records.dumps_subjects(state.subjects, dates=self.form))
        rows = itertools.groupby(state.rows, key=lambda row: row.subject)
        head = records.dumps({}, dates=self.form)
        runs = (records.dumps({code: [row.record for row in run]}, dates=self.form) for code, run in rows)
        return shape.of(head + "".join(run.removeprefix(head) for run in runs))

    def _replace(self, name: str, data: bytes) -> None:
        try:
            save(self.folder / name, data, unmarked, force=True, seen=self.lists[name].raw)
        except OSError:
            message = f"note: {JOURNAL} has it, {name} has not: the next command that writes puts it in there"
            put(message, err=True)
            raise
        except BadInput:
            ways = "`trialsched journal adopt` takes in what it says, or `trialsched journal discard` undoes it"
            saved = f"{name}: was saved by another program just now; {JOURNAL} has the line, and {ways}"
            raise BadInput([saved]) from None
        self.lists[name] = self.lists[name]._replace(raw=data)


class DamagedJournal(BadInput):
    """A journal whose lines do not fit together, or of which lines are gone."""


def open_ledger(folder: Path, handle: int | None) -> Ledger:
    """Read a folder's journal and lists; `handle` is that of its lock.

    Raises `DamagedJournal`, and `BadInput` for files that cannot be read.
    """
    data = read_plain(folder / JOURNAL, MAX_BYTES)
    read = journal.loads(data or b"")
    if read.problems:
        damage = [f"{JOURNAL} {problem}" for problem in read.problems]
        raise DamagedJournal([*damage, f"{folder}: nothing is written to a damaged journal; put it back from a copy"])
    entry = read.tail_entry
    entries = (*read.entries, entry) if entry else read.entries
    check_whole(data, len(entries), handle)
    try:
        state = journal.replay(entries)
    except InvalidValueError as error:
        raise DamagedJournal([f"{JOURNAL} {error}"]) from None
    form = form_of(folder)
    lists = read_lists(folder, form)
    unfinished = _unfinished(_noted(handle), len(entries), lists)
    ledger = Ledger(folder, form, entries, read.tail, len(data or b"") - len(read.tail), state, unfinished, lists)
    return _compared(ledger)


def check_whole(data: bytes | None, lines: int, handle: int | None) -> None:
    """Refuse to take a journal that lost lines for a whole one. Raises `DamagedJournal`."""
    noted = _noted(handle)
    known = 0 if noted is None else noted.lines
    if lines >= max(known, 1) or (noted is not None and not known) or (data is None and not known):
        return
    had = f"{LOCK} knows that it had {count(known, 'line')}; put it back from a copy, or take {LOCK} away to"
    if data is None:
        raise DamagedJournal([f"{JOURNAL}: is gone: {had} begin a new one"])
    if lines:
        raise DamagedJournal([f"{JOURNAL}: has {count(lines, 'line')}: {had} go on without the others"])
    away = f"take it away{f' with {LOCK}' if known else ''}"
    raise DamagedJournal([f"{JOURNAL}: has no whole line; put it back from a copy, or {away} to begin a new one"])


def _compared(ledger: Ledger) -> Ledger:
    """Return the ledger with what differs between the lists and its state; one that is unfinished is as the state."""
    lists = dict(ledger.lists)
    for name in ledger.unfinished:
        rows = ledger.state.subjects if name == SUBJECTS else ledger.state.rows
        lists[name] = lists[name]._replace(rows=rows, faults=(), codes={s.code for s in ledger.state.subjects})
    subjects, visits = lists[SUBJECTS], lists[VISITS]
    ledger.faults = {SUBJECTS: subjects.faults, VISITS: visits.faults}
    if subjects.raw is None and SUBJECTS not in ledger.unfinished:
        ledger.faults[SUBJECTS] = (f"{SUBJECTS}: the file is missing",)
    else:
        ledger.faults[VISITS] += tuple(_strangers(visits.rows, subjects.codes))
    found = journal.state_of(subjects.rows, visits.rows)
    if ledger.begun:
        ledger.differences = tuple(d for d in journal.differences(ledger.state, found) if not ledger.faults[name_of(d)])
    else:
        ledger.state = found
    return ledger


def _strangers(rows: Iterable[Row], codes: Collection[str]) -> Iterator[str]:
    for code in dict.fromkeys(row.subject for row in rows):
        if code not in codes:
            expected = nearest_or(code, codes, f"a subject of {SUBJECTS}")
            yield f"{VISITS}: subject: no subject {code!r} in {SUBJECTS}; expected {expected}"


def _unfinished(noted: _Note | None, lines: int, lists: dict[str, _List]) -> tuple[str, ...]:
    if noted is None or lines <= noted.lines:
        return ()
    return tuple(name for name in LISTS if name in noted.lists and noted.lists[name] == _sha256(lists[name].raw))


def lines_of(differences: Iterable[Difference]) -> list[str]:
    """Say differences with the lists that they are of, a line for each cell."""
    return [f"{name_of(difference)}: {line}" for difference in differences for line in in_words(difference)]


def name_of(difference: Difference) -> str:
    """Return the list that a difference is of."""
    return SUBJECTS if difference.visit is None else VISITS


def in_words(difference: Difference) -> list[str]:
    """Say a difference, a line for each cell."""
    place = difference.subject if difference.visit is None else f"{difference.subject} {difference.visit}"
    if difference.record > 1:
        place += f" (record {difference.record})"
    row = "a new row" if difference.was is None else "the row is gone" if difference.is_ is None else ""
    cells = [f"{column}: was {_told(was)}, is {_told(is_)}" for column, was, is_ in difference.cells]
    return [f"{place}: {cell}" for cell in cells] or [f"{place}: {row}, without facts"]


def _told(text: str) -> str:
    """Return what a cell holds on one line: a note with line breaks is not taken for another line of ours."""
    if text.isprintable():
        return text or "nothing"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def form_of(folder: Path) -> str | None:
    """Return the form of dates that `trial.toml` names, None for ISO 8601. Raises `BadInput`."""
    path = Path(os.path.realpath(folder / SETTINGS))  # which is not written, and may be a link
    try:
        data = read_plain(path)
    except BadInput as error:
        raise BadInput([f"{folder / SETTINGS}{line.removeprefix(str(path))}" for line in error.lines]) from None
    if data is None:
        return None
    try:
        form = documents.loads_trial(data).date_format
        return None if form is None else records.check_date_form(form, "date_format")
    except TrialschedError as error:
        raise BadInput([f"{SETTINGS}: {line}" for line in str(error).splitlines()]) from None


def read_lists(folder: Path, form: str | None) -> dict[str, _List]:
    """Return both lists of a folder as they are."""

    def subjects(raw: bytes) -> _List:
        found = records.loads_subjects(raw, dates=form)
        slips = (
            f"{SUBJECTS} line {line}: {slip}"
            for line, subject in found.rows
            for slip in _slips(baseline=subject.baseline, ended=subject.ended)
        )
        faults = (*(f"{SUBJECTS} {problem}" for problem in found.problems), *slips)
        return _List(raw, tuple(row.subject for row in found.rows), faults, found.codes)

    def visits(raw: bytes) -> _List:
        found = records.loads(raw, dates=form)
        slips = (
            f"{VISITS} line {line}: {slip}"
            for line, _, record in found.rows
            for slip in _slips(booked=record.booked, attended=record.attended)
        )
        faults = (*(f"{VISITS} {problem}" for problem in found.problems), *slips)
        return _List(raw, tuple(journal.Row(row.subject, row.record) for row in found.rows), faults)

    return {SUBJECTS: _list(folder / SUBJECTS, subjects), VISITS: _list(folder / VISITS, visits)}


def _list(path: Path, read: Callable[[bytes], _List]) -> _List:
    raw = read_plain(path)
    if raw is None:
        return _List(None, (), ())
    try:
        return read(raw)
    except DocumentError as error:
        return _List(raw, (), tuple(f"{path.name} {problem}" for problem in error.problems))
    except TrialschedError as error:
        return _List(raw, (), (f"{path.name} {error}",))


def _slips(**days: date | PartialDate | None) -> Iterator[str]:
    for column, day in days.items():
        if day is not None:
            try:
                check_year(day.days.earliest if isinstance(day, PartialDate) else day)
            except InvalidValueError as error:
                yield f"{column}: {error.message}"


def _check_unprotected(path: Path) -> None:
    """Refuse a list that a person locked. Raises `PermissionError`."""
    if check_plain(path) and is_protected(path):
        raise PermissionError(errno.EACCES, "is write-protected; nothing is written", str(path))


def _sha256(data: bytes | None) -> str | None:
    return None if data is None else sha256(data).hexdigest()


class _Shape(NamedTuple):
    """How a list is saved: with a byte order mark or without, Excel's line `sep=;`, its separator, its line ends."""

    mark: bool
    hint: str
    delimiter: str
    ending: str

    def of(self, text: str) -> bytes:
        """Return a table with commas and line feeds in this shape."""
        special = (self.delimiter, '"', "\r", "\n")
        lines = [_BOM if self.mark else "", self.hint]
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            told = (f'"{c.replace(chr(34), chr(34) * 2)}"' if any(s in c for s in special) else c for c in cells)
            lines += (self.delimiter.join(told), self.ending)
        return "".join(lines).encode()


def _shape(raw: bytes) -> _Shape:
    """Return the shape of a list: a spreadsheet that saved it so opens it so."""
    text = raw[:4096].decode("utf-8-sig", errors="replace").lstrip("\r\n")
    lines = text.splitlines(keepends=True) or [""]
    hint = lines[0] if _HINT.fullmatch(lines[0]) and len(lines) > 1 else ""
    delimiter = max(_DELIMITERS, key=lines[0].count)
    return _Shape(raw.startswith(_BOM.encode()), hint, delimiter, "\r\n" if lines[0].endswith("\r\n") else "\n")


# The disk.


def keep(path: Path, word: str, data: bytes) -> str:
    """Write data to a new file beside a file, `NAME.WORD-1` or the next number, and return its name."""

    def opener(name: str, flags: int) -> int:
        return open_own(Path(name), flags, path)

    for number in itertools.count(1):
        copy = path.with_name(f"{path.name}.{word}-{number}")
        with contextlib.suppress(FileExistsError), open(copy, "xb", opener=opener) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            sync_folder(path.parent)
            return copy.name
        if _holds(copy, data):  # a command that was interrupted kept it
            return copy.name
    raise AssertionError  # there are numbers enough


def _holds(path: Path, data: bytes) -> bool:
    try:
        return read_plain(path) == data
    except BadInput:
        return False  # a link, or no file: it keeps nothing


def _append(path: Path, data: bytes) -> None:
    """Add bytes to the end of the journal, all of them or none, and wait until they are on the disk."""
    new = not path.exists()
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
    handle = open_own(path, flags, path.with_name(SUBJECTS))
    try:
        before = os.fstat(handle).st_size
        try:
            _write(handle, data)
            os.fsync(handle)
        except OSError as error:  # the disk is full, or broken: what was written of it is no line
            with contextlib.suppress(OSError):
                os.ftruncate(handle, before)
            error.filename = str(path)
            raise
    finally:
        os.close(handle)
    if new:
        sync_folder(path.parent)


def _note(handle: int, folder: Path, noted: _Note) -> None:
    """Note in the lock's file what is going to be written: on the disk, with the file's name, before it is."""
    try:
        _put(handle, noted)
        os.fsync(handle)
    except OSError as error:
        error.filename = str(folder / LOCK)
        raise
    sync_folder(folder)


def _remember(handle: int, lines: int) -> None:
    """Note how many lines there are, now that nothing is left to be written: a journal that is gone is missed by it."""
    with contextlib.suppress(OSError):  # all is written: without this note, too
        _put(handle, _Note(lines, {}))


def _put(handle: int, noted: _Note) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    _write(handle, json.dumps(noted._asdict()).encode())


def _write(handle: int, data: bytes) -> None:
    """Write all of it: a disk that is nearly full takes less at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _noted(handle: int | None) -> _Note | None:
    """Return the note, or None; one that was torn itself stands before any line, and what is no note is nobody's."""
    if handle is None:
        return None
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        document = json.loads(os.read(handle, _LONGEST_NOTE + 1))
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.keys() != set(_Note._fields):
        return None
    lines, lists = document["lines"], document["lists"]
    if type(lines) is not int or not 0 <= lines < 10**9 or not isinstance(lists, dict) or not _are_lists(lists):
        return None
    return _Note(lines, lists)


def _are_lists(lists: dict[str, Any]) -> bool:
    """Return whether names and sha256 are those of a note of ours."""
    return all(name in LISTS and (told is None or isinstance(told, str)) for name, told in lists.items())
