"""The journal of a trial's folder: begin it, take in or undo what was done by hand, verify."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trialsched.cli.inputs import PATH, BadInput, option
from trialsched.cli.planning import count
from trialsched.cli.printing import put
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trialsched.cli.ledger import Ledger
    from trialsched.formats.journal import Change, Entry, Journal

_HASH = re.compile(r"[0-9a-f]{64}")

folder_argument = click.argument("folder", metavar="TRIAL", type=PATH)
by_option = option(
    "--by", metavar="WHO", required=True, help="Who says so: initials or a name, never taken from the system."
)


@contextmanager
def opened(name: str) -> Iterator[tuple[Ledger, int]]:
    """Give a folder's journal and lists, under its lock, and the lock's descriptor. Raises `BadInput`."""
    from trialsched.cli.ledger import LISTS, LOCK, open_ledger
    from trialsched.cli.locking import locked
    from trialsched.cli.parts import sweep
    from trialsched.trial import JOURNAL

    folder = trial_folder(name)
    if not any((folder / inner).exists() for inner in (JOURNAL, *LISTS)):
        raise BadInput([f"{name}: no folder of a trial: there is no {LISTS[0]}"])
    sweep(folder)
    with locked(folder / LOCK, like=folder / LISTS[0]) as handle:
        yield open_ledger(folder, handle), handle


def trial_folder(name: str) -> Path:
    """Return the folder of a name. Raises `BadInput`."""
    folder = Path(name)
    if not name:  # as of a variable that is not set: it would name the working folder
        raise BadInput(["TRIAL: read '', expected the folder of a trial"])
    if not folder.is_dir():
        raise BadInput(
            [f"{name}: {'is a file' if folder.exists() else 'there is none'}; the folder of a trial is meant"]
        )
    return folder


def no_words(by: str, reason: str | None) -> list[str]:
    """Say what is wrong with who and why, before anything is read or written."""
    from trialsched.formats.journal import Change

    nothing = [Change("discard", None, None, None, {})]
    found = []
    for who, why in ((by, None), ("-", reason)):
        try:
            said_now(None, nothing, who, why)
        except TrialschedError as error:
            found.append(f"--{error.where}: {error.message}")
    return found


def _check_words(by: str, reason: str | None) -> None:
    found = no_words(by, reason)
    if found:
        raise BadInput(found)


def said_now(last: Entry | None, changes: Sequence[Change], by: str, reason: str | None) -> tuple[Entry, ...]:
    """Return the entries that say changes at this moment."""
    from datetime import UTC, datetime

    from trialsched.formats import journal

    return journal.append(last, changes, at=datetime.now(UTC), by=by, reason=reason)


def tell(ledger: Ledger) -> None:
    """Print how many lines the journal has, and the hash of the last one: for a person to keep."""
    from trialsched.trial import JOURNAL

    if ledger.last is not None:
        put(standing(JOURNAL, len(ledger.entries), ledger.last.hash))


def standing(name: str, lines: int, last: str) -> str:
    """Return how many lines a journal has, and the hash of the last one."""
    return f"{name}: {count(lines, 'line')}, sha256 of the last {last}"


@click.group()
def journal() -> None:
    """Keep a trial's folder under an append-only journal: begin it, take in or undo what was done by hand, verify."""


@journal.command("init")
@folder_argument
@by_option
def journal_init(folder: str, by: str) -> int:
    """Begin the journal with the lists as they are."""
    from trialsched.formats.journal import begin

    _check_words(by, None)
    with opened(folder) as (ledger, handle):
        if ledger.begun:
            raise BadInput([f"{folder}: there is a journal already, of {count(len(ledger.entries), 'line')}"])
        ledger.check_lists()
        ledger.write(handle, said_now(None, [begin(ledger.state)], by, None))
    state = ledger.state
    put(f"{folder}: {count(len(state.subjects), 'subject')}, {count(len(state.rows), 'record')}")
    tell(ledger)
    return 0


_reason_option = option("--reason", metavar="TEXT", help="Why; `adopt` needs it when a recorded value changes or goes.")


@journal.command("adopt")
@folder_argument
@by_option
@_reason_option
def journal_adopt(folder: str, by: str, reason: str | None) -> int:
    """Take in what was changed in the lists by hand, an entry for each row."""
    from trialsched.cli.ledger import lines_of
    from trialsched.formats.journal import change

    _check_words(by, reason)
    with opened(folder) as (ledger, handle):
        _check_begun(ledger)
        if ledger.wrong:
            ledger.check_lists()
        told = ledger.by_hand()
        changed = [difference for difference in ledger.differences if difference.overwrites]
        if changed and reason is None:
            raise BadInput(["--reason is missing: a recorded value changes", *lines_of(changed)])
        changes = [change(difference, "adopt") for difference in ledger.differences]
        entries = said_now(ledger.last, changes, by, reason)
        ledger.write(handle, entries) if entries else ledger.finish(handle)
    for line in told:
        put(line)
    if not told:
        put(f"{folder}: nothing was changed by hand")
    tell(ledger)
    return 0


@journal.command("discard")
@folder_argument
@by_option
@_reason_option
def journal_discard(folder: str, by: str, reason: str | None) -> int:
    """Undo what was changed in the lists by hand: a copy is kept, and they are written as the journal has them."""
    from trialsched.cli.ledger import keep
    from trialsched.formats.journal import Change

    _check_words(by, reason)
    with opened(folder) as (ledger, handle):
        _check_begun(ledger)
        edited = ledger.edited
        kept: dict[str, dict[str, str] | None] = {}
        for name in edited:
            data = ledger.lists[name].raw
            copy = None if data is None else keep(ledger.folder / name, "discarded", data)
            kept[name] = None if data is None or copy is None else {"kept": copy, "sha256": sha256(data).hexdigest()}
        if edited:
            ledger.write(handle, said_now(ledger.last, [Change("discard", None, None, None, kept)], by, reason), edited)
        else:
            ledger.finish(handle)
    for name in edited:
        one = kept[name]
        was = f"the edited one is {one['kept']}" if one else "it was gone"
        put(f"{name}: written as the journal has it; {was}")
    if not edited:
        put(f"{folder}: nothing was changed by hand")
    tell(ledger)
    return 0


def _check_begun(ledger: Ledger) -> None:
    if not ledger.begun:
        raise BadInput([f"{ledger.folder}: there is no journal: `trialsched journal init` begins one"])


@journal.command("verify")
@folder_argument
@option("--expect", metavar="HASH", help="The sha256 of the last line that was kept: finds lines that were cut off.")
def journal_verify(folder: str, expect: str | None) -> int:
    """Say whether every line is there as it was written, and whether the lists are what the lines give."""
    from trialsched.cli.descriptors import read_plain
    from trialsched.formats import journal as lines
    from trialsched.formats.journal.lines import MAX_BYTES
    from trialsched.trial import JOURNAL

    if expect is not None and not _HASH.fullmatch(expect.strip().lower()):
        raise BadInput([f"--expect: read {expect!r}, expected 64 hexadecimal digits"])
    path = trial_folder(folder)
    with _reading(path) as handle:
        data = read_plain(path / JOURNAL, MAX_BYTES)
        if data is None:
            return _verify_none(path / JOURNAL, handle)
        read = lines.loads(data)
        found = [f"{JOURNAL} {problem}" for problem in read.problems]
        if read.tail:
            found.append(f"{JOURNAL} line {len(read.hashes) + 1}: torn: no newline after its {len(read.tail)} bytes")
        found += [] if read.problems else _disagreeing(path, handle)
    if expect is not None:
        found += _compared(read, expect.strip().lower())
    for before, entry in zip(read.entries, read.entries[1:], strict=False):
        if entry.at < before.at:
            put(f"note: line {entry.seq} is dated before the line above: a clock was put back", err=True)
    for line in found:
        put(line)
    put(standing(JOURNAL, len(read.hashes), read.last))
    return 1 if found else 0


def _verify_none(path: Path, handle: int | None) -> int:
    """Say that a journal is gone, which the lock knows. Raises `BadInput` where none was begun."""
    from trialsched.cli.ledger import DamagedJournal, check_whole

    try:
        check_whole(None, 0, handle)
    except DamagedJournal as error:
        for line in error.lines:
            put(line)
        return 1
    raise BadInput([f"{path}: there is no journal: `trialsched journal init` begins one"])


@contextmanager
def _reading(folder: Path) -> Iterator[int | None]:
    """Hold the lock while nothing is written, where there is one that may be opened."""
    from trialsched.cli.ledger import LOCK
    from trialsched.cli.locking import locked

    with ExitStack() as stack:
        try:
            handle = stack.enter_context(locked(folder / LOCK, make=False))
        except (FileNotFoundError, PermissionError):
            handle = None
        yield handle


def _disagreeing(folder: Path, handle: int | None) -> list[str]:
    """Return what a reader of the whole finds: lines that do not fit together, lists that are not what they give.

    Raises `BadInput` for files that cannot be read.
    """
    from trialsched.cli.ledger import DamagedJournal, open_ledger
    from trialsched.formats.journal import unexplained
    from trialsched.trial import JOURNAL

    try:
        ledger = open_ledger(folder, handle)
    except DamagedJournal as error:
        return error.lines
    waiting = [
        f"{name}: not written yet, a command was interrupted; the next one that writes does it"
        for name in ledger.unfinished
    ]
    why = "a recorded value changes or goes, and no reason is given"
    silent = [f"{JOURNAL} line {entry.seq}: reason: {why}" for entry in unexplained(ledger.entries)]
    return [*silent, *waiting, *ledger.wrong, *ledger.by_hand()]


def _compared(read: Journal, kept: str) -> list[str]:
    """Say which line has the hash that was kept; return the fault when none has it."""
    if kept not in read.hashes:
        return ["--expect: no line has this sha256: lines were cut off or changed since it was kept"]
    since = len(read.hashes) - 1 - read.hashes.index(kept)
    later = f"; {count(since, 'line')} since" if since else ", the last"
    put(f"--expect: the sha256 of line {len(read.hashes) - since}{later}")
    return []
