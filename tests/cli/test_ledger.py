"""A trial's folder on the disk: in which order it is written, what a failing disk leaves, which shape lists keep."""

import errno
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.folders import SMALL, VISITS, Folder
from trialsched.cli import files, ledger, main, parts
from trialsched.cli.inputs import BadInput
from trialsched.cli.ledger import keep, open_ledger, read_lists
from trialsched.cli.locking import locked
from trialsched.formats import journal
from trialsched.formats.journal import Difference, lines
from trialsched.offsets import PartialDate
from trialsched.protocol import Mode
from trialsched.subject import Outcome, Subject, VisitRecord

DOSE2 = ("P01-007", "DOSE2", "--attended", "2026-04-14")
AFTER = VISITS + "P01-007,DOSE2,,,2026-04-14,,,\n"
FULL = OSError(errno.ENOSPC, "No space left on device")
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
NOT_YET = "note: events.jsonl has it, visits.csv has not: the next command that writes puts it in there\n"


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder with a journal of one line, beside which commands run."""
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path, capsys)
    folder.put("protocol.toml", SMALL)
    assert folder("journal", "init", "trial", "--by", "AN").code == 0
    return folder


def failing(monkeypatch: pytest.MonkeyPatch, name: str, fails: Callable[[int], bool], first: int = 0) -> None:
    """Let `os.write` or `os.fsync` fail as on a full disk where `fails` says so; `first` octets are written before."""
    real = getattr(os, name)

    def called(handle: int, *data: bytes) -> object:
        if not fails(handle):
            return real(handle, *data)
        if data and first:
            real(handle, bytes(data[0])[:first])
        raise OSError(FULL.errno, FULL.strerror)

    monkeypatch.setattr(os, name, called)


def full(*_: object) -> None:
    """Write nothing, as on a full disk."""
    raise OSError(FULL.errno, FULL.strerror)


DONE = '{"lines": 2, "lists": {}}'  # what the lock holds when nothing is left to be written


def of(path: Path) -> Callable[[int], bool]:
    """Return whether a descriptor is that of a file."""
    return lambda handle: path.exists() and os.path.samestat(os.fstat(handle), path.stat())


# The order of a write.


def test_a_record_is_on_the_disk_before_it_is_acknowledged(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note, the line, the list: each is brought to the disk, with its name, before the next one is begun."""
    brought: list[tuple[str, int, bool]] = []

    def fsync(handle: int) -> None:
        inode = os.fstat(handle).st_ino
        names = {path.stat().st_ino: path.name for path in (trial.path, *trial.path.iterdir())}
        name = "visits.csv, new" if names[inode].endswith(".part") else names[inode]
        brought.append((name, trial.text("events.jsonl").count("\n"), trial.text("visits.csv") == AFTER))

    monkeypatch.setattr(os, "fsync", fsync)
    assert trial.record(*DOSE2).code == 0
    assert brought == [
        ("events.lock", 1, False),
        ("trial", 1, False),
        ("events.jsonl", 2, False),
        ("visits.csv, new", 2, False),
        ("trial", 2, True),
    ]
    assert trial.text("events.lock") == '{"lines": 2, "lists": {}}'


def test_a_new_journal_has_its_name_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is brought to the disk once more behind the first line."""
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path, capsys)
    brought: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: brought.append(os.fstat(handle).st_ino))
    assert folder("journal", "init", "trial", "--by", "AN").code == 0
    places = {(folder.path / name).stat().st_ino: name for name in ("events.lock", "events.jsonl", ".")}
    assert [places[inode] for inode in brought] == ["events.lock", ".", "events.jsonl", "."]


def test_the_note_names_the_lists_as_they_are_before(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a line is appended, the lock's file has how many lines there were and what the list was."""
    noted: list[str] = []
    real = ledger._append

    def append(path: Path, data: bytes) -> None:
        noted.append(trial.text("events.lock"))
        real(path, data)

    monkeypatch.setattr(ledger, "_append", append)
    trial.record(*DOSE2)
    # printf of the two lines of VISITS | sha256sum
    digest = "5e551863614455b19129a18a254da18509b11278ee4741f8c1df55d1aea6dbc3"
    assert noted == [f'{{"lines": 1, "lists": {{"visits.csv": "{digest}"}}}}']


def test_a_torn_line_is_set_aside_before_anything_is_written(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is on the disk, then the journal without the torn line, then all goes on; it is told once."""
    before = trial.text("events.jsonl")
    trial.put("events.jsonl", before + '{"action":"rec')
    brought: list[tuple[str, int]] = []

    def fsync(handle: int) -> None:
        names = {path.stat().st_ino: path.name for path in (trial.path, *trial.path.iterdir())}
        brought.append((names[os.fstat(handle).st_ino], len(trial.text("events.jsonl")) - len(before)))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        result = trial.record(*DOSE2)
    assert (result.code, result.err) == (
        0,
        "note: events.jsonl line 2: torn, it was never said to be written; it is kept in events.jsonl.torn-1\n",
    )
    assert brought[:4] == [("events.jsonl.torn-1", 14), ("trial", 14), ("events.jsonl", 0), ("events.lock", 0)]
    assert trial.text("events.jsonl.torn-1") == '{"action":"rec'
    assert (len(trial.entries()), trial.text("visits.csv"), trial.verify().code) == (2, AFTER, 0)


def test_a_line_that_lacks_its_end_alone_is_completed(trial: Folder) -> None:
    """All of it is there and fits: the record counts, and is not said twice."""
    assert trial.record(*DOSE2).code == 0
    whole = trial.text("events.jsonl")
    trial.put("events.jsonl", whole[:-1])
    again = trial.record(*DOSE2)
    assert (again.code, again.out, again.err) == (0, "P01-007 DOSE2: recorded so already, nothing is written\n", "")
    assert (trial.text("events.jsonl"), trial.text("events.lock")) == (whole, DONE)


# A disk that fails.


@pytest.mark.parametrize(("call", "first"), [("write", 0), ("write", 100), ("fsync", 0)])
def test_a_line_that_cannot_be_written_is_not_there(
    trial: Folder, monkeypatch: pytest.MonkeyPatch, call: str, first: int
) -> None:
    """A disk that is full from the first octet, in the middle, or when it is brought there: all is as it was."""
    before = {name: trial.text(name) for name in trial.names()}
    with monkeypatch.context() as patch:
        failing(patch, call, of(trial.path / "events.jsonl"), first)
        result = trial.record(*DOSE2)
    assert (result.code, result.out) == (3, "")
    assert result.err == "error: trial/events.jsonl: No space left on device\n"
    assert {name: trial.text(name) for name in trial.names()} == before
    again = trial.record(*DOSE2)
    assert (again.code, again.err) == (0, "")


@pytest.mark.parametrize(("call", "first"), [("write", 0), ("write", 10), ("fsync", 0)])
def test_a_note_that_cannot_be_written_stops_everything(
    trial: Folder, monkeypatch: pytest.MonkeyPatch, call: str, first: int
) -> None:
    """Without its note no line is appended: a crash could not be told from a hand edit."""
    before = {name: trial.text(name) for name in trial.names()}
    with monkeypatch.context() as patch:
        failing(patch, call, of(trial.path / "events.lock"), first)
        result = trial.record(*DOSE2)
    assert (result.code, result.err) == (3, "error: trial/events.lock: No space left on device\n")
    assert {name: trial.text(name) for name in trial.names()} == before
    assert trial.record(*DOSE2).code == 0


def test_a_disk_that_takes_little_at_a_time_takes_all(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note and line are written to their last octet."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:7]))
    assert trial.record(*DOSE2).code == 0
    monkeypatch.undo()
    assert journal.loads((trial.path / "events.jsonl").read_bytes()).problems == ()
    assert trial.text("visits.csv") == AFTER


def test_a_list_that_cannot_be_replaced_is_put_right_by_the_next_command(
    trial: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spreadsheet has it open, or the disk is full: the line is there and that is said; no hand edit is seen."""
    real = parts.replace_all

    def refused(targets: dict[Path, bytes], check: Callable[[], None]) -> None:
        if any(path.name == "visits.csv" for path in targets):
            raise PermissionError(errno.EACCES, "Permission denied")
        real(targets, check)

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace_all", refused)
        result = trial.record(*DOSE2)
        assert (result.code, result.out) == (3, "")
        assert result.err == f"{NOT_YET}error: trial/visits.csv: Permission denied\n"
        assert trial.text("visits.csv") == VISITS
        waiting = trial.verify()
        assert (waiting.code, waiting.out.splitlines()[0]) == (
            1,
            "visits.csv: not written yet, a command was interrupted; the next one that writes does it",
        )
        again = trial.record(*DOSE2)
        assert (again.code, again.err) == (3, f"{NOT_YET}error: trial/visits.csv: Permission denied\n")
    assert trial.text("events.lock") != DONE
    last = trial.record(*DOSE2)
    assert trial.text("events.lock") == DONE
    assert (last.code, last.out) == (0, "P01-007 DOSE2: recorded so already, nothing is written\n")
    assert last.err == "note: visits.csv: written as events.jsonl has it; the command before was interrupted\n"
    assert (trial.text("visits.csv"), len(trial.entries()), trial.verify().code) == (AFTER, 2, 0)


def test_the_list_of_subjects_is_put_right_likewise(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new subject is in the journal and not yet in the list: it can be recorded of all the same."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "replace_all", full)
        assert trial.record("P01-009", "--baseline", "2026-05-04").code == 3
    result = trial.record("P01-009", "DOSE1", "--attended", "2026-05-05")
    assert result.code == 0
    assert result.err == "note: subjects.csv: written as events.jsonl has it; the command before was interrupted\n"
    assert trial.text("visits.csv") == VISITS + "P01-009,DOSE1,,,2026-05-05,,,\n"
    assert (trial.listed(), trial.verify().code) == (trial.replayed(), 0)


@pytest.mark.parametrize("command", ["adopt", "discard"])
def test_every_command_that_writes_heals(trial: Folder, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """What a crash left undone is no hand edit to be adopted or discarded: it is done, and no line is added."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "replace_all", full)
        assert trial.record(*DOSE2).code == 3
    result = trial("journal", command, "trial", "--by", "AN", "--reason", "x")
    assert (result.code, result.out.splitlines()[0]) == (0, "trial: nothing was changed by hand")
    assert result.err == "note: visits.csv: written as events.jsonl has it; the command before was interrupted\n"
    assert (trial.text("visits.csv"), len(trial.entries()), trial.text("events.lock")) == (AFTER, 2, DONE)


@pytest.mark.parametrize("command", ["record", "discard"])
def test_a_list_that_is_saved_meanwhile_is_not_written_over(
    trial: Folder, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Somebody saves the list between its reading and its writing: what they saved stays, and nothing is written."""
    if command == "discard":
        trial.edit("visits.csv", "2026-03-04", "2026-03-03")
    real = ledger.Ledger.finish

    def saved(self: ledger.Ledger, handle: int) -> None:
        trial.put("visits.csv", VISITS.replace("2026-03-04", "2026-03-05"))
        real(self, handle)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.Ledger, "finish", saved)
        arguments = DOSE2 if command == "record" else ()
        group = () if command == "record" else ("journal",)
        result = trial(*group, command, "trial", *arguments, "--by", "AN")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: visits.csv: was saved by another program just now; nothing is written, look at it\n"
    assert trial.text("visits.csv") == VISITS.replace("2026-03-04", "2026-03-05")
    assert len(trial.entries()) == 1
    assert "P01-007 DOSE1: attended: was 2026-03-04, is 2026-03-05" in trial.record(*DOSE2).err


def test_a_hand_edit_after_a_crash_is_a_hand_edit(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is neither what it was nor what the journal gives is not written over: all that differs is told."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "replace_all", full)
        assert trial.record(*DOSE2).code == 3
    assert len(trial.entries()) == 2
    trial.edit("visits.csv", "2026-03-04", "2026-03-05")
    result = trial.record("P01-008", "DOSE1", "--missed")
    assert result.code == 2
    assert result.err.splitlines()[1:] == [
        "error: visits.csv: P01-007 DOSE1: attended: was 2026-03-04, is 2026-03-05",
        "error: visits.csv: P01-007 DOSE2: attended: was 2026-04-14, is nothing",
    ]


def test_a_folder_that_cannot_be_written_is_a_failure_outside(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock, no record: exit code 3, the file is named; `verify` reads all the same."""
    real = os.open

    def readonly(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).name == "events.lock" and flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", readonly)
    result = trial.record(*DOSE2)
    assert (result.code, result.err) == (3, "error: trial/events.lock: Permission denied\n")
    assert trial.verify().code == 0


def test_what_the_lists_cannot_hold_is_refused_before_anything_is_written(trial: Folder) -> None:
    """A code put right in another case, adopted by half when the machine stopped: two codes that are one."""
    trial.edit("subjects.csv", "P01-008", "p01-008")
    (first,) = trial.entries()
    new = Difference("p01-008", None, 0, None, Subject("p01-008", date(2026, 3, 9)))
    half = journal.append(first, [journal.change(new, "adopt")], at=NOW, by="AN")
    trial.put("events.jsonl", journal.dumps([first, *half]).decode())
    before = {name: trial.text(name) for name in trial.names()}
    discarded = trial("journal", "discard", "trial", "--by", "AN", "--reason", "x")
    assert (discarded.code, discarded.out) == (2, "")
    assert "the same code, case ignored" in discarded.err
    assert {name: trial.text(name) for name in before} == before
    assert trial("journal", "adopt", "trial", "--by", "AN", "--reason", "x").code == 0
    assert trial.verify().code == 0
    assert [subject.code for subject in trial.replayed().subjects] == ["P01-007", "p01-008"]


# Two at once.


def test_two_processes_at_once_do_not_interleave(trial: Folder) -> None:
    """Each of three records its own facts, one after the other: every line and row of all of them is there."""
    children = []
    for one in "123":
        child = os.fork()
        if child == 0:
            try:
                sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
                codes = [main(("record", "trial", "P01-007", f"UNS{one}{n}", "--attended", "2026-05-04", "--by", one))
                         for n in range(10)]  # fmt: skip
                os._exit(max(codes))
            finally:
                os._exit(99)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    expected = {f"UNS{one}{n}" for one in "123" for n in range(10)}
    assert {entry.visit for entry in trial.entries()[1:]} == expected
    assert len(trial.entries()) == 31
    assert {row.record.visit for row in trial.listed().rows} == expected | {"DOSE1"}
    assert (trial.verify().code, trial.names()) == (0, ["events.jsonl", "subjects.csv", "visits.csv"])


# The lists.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("subject,visit,attended\nP01-007,DOSE1,2026-03-04\n", AFTER),
        ("subject\tvisit\tattended\r\nP01-007\tDOSE1\t2026-03-04\r\n", AFTER.replace(",", "\t").replace("\n", "\r\n")),
        (
            "sep=;\r\nsubject;visit;attended\r\nP01-007;DOSE1;2026-03-04\r\n",
            f"sep=;\n{AFTER}".replace(",", ";").replace("\n", "\r\n"),
        ),
        ("\ufeffsep=,\nsubject,visit,attended\nP01-007,DOSE1,2026-03-04\n", f"\ufeffsep=,\n{AFTER}"),
    ],
)
def test_a_list_keeps_its_shape(trial: Folder, before: str, after: str) -> None:
    """Separator, line ends, byte order mark and the line by which Excel is told the separator stay what they are."""
    trial.put("visits.csv", before)
    assert trial.record(*DOSE2).code == 0
    assert trial.text("visits.csv") == after


@pytest.mark.parametrize("above", ["sep=;;", "sep=|", "sep=", "\ufeffsep=;;;;;;;"])
def test_a_first_line_that_names_no_separator_is_not_kept(trial: Folder, above: str) -> None:
    """A spreadsheet that saves `sep=;` as a row makes the list unreadable; undone, it is one that can be read."""
    trial.put("visits.csv", f"{above}\n{VISITS}".replace(",", ";"))
    assert trial.record(*DOSE2).code == 2
    assert trial("journal", "discard", "trial", "--by", "AN").code == 0
    assert (trial.verify().code, trial.listed()) == (0, trial.replayed())
    assert trial.record(*DOSE2).code == 0


WRITTEN = ("subjects.csv", "visits.csv", "events.jsonl", "events.lock")


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe"])
@pytest.mark.parametrize("command", ["record", "adopt", "discard", "init"])
def test_what_is_written_is_a_file_of_the_folder(trial: Folder, name: str, kind: str, command: str) -> None:
    """Through a link nothing is written, emptied or made elsewhere; a pipe is not waited for; all stays as it was."""
    path, outside = trial.path / name, trial.path.with_name("outside")
    path.rename(outside)
    if kind == "link":
        path.symlink_to("../outside")
    elif kind == "link to nothing":
        path.symlink_to("../nowhere")
    else:
        os.mkfifo(path)
    if command == "init" and name.endswith(".csv"):
        (trial.path / "events.jsonl").unlink()
        (trial.path / "events.lock").unlink()
    others = [other for other in ("subjects.csv", "visits.csv", "events.jsonl") if other != name]
    before = {other: trial.text(other) for other in others if (trial.path / other).exists()}
    was = outside.read_bytes()
    arguments = ("record", "trial", *DOSE2) if command == "record" else ("journal", command, "trial")
    result = trial(*arguments, "--by", "AN")
    assert (result.code, result.err.startswith(f"error: trial/{name}: is ")) == (2, True)
    assert outside.read_bytes() == was
    assert not trial.path.with_name("nowhere").exists()
    assert {other: trial.text(other) for other in before} == before


@pytest.mark.parametrize("name", WRITTEN)
def test_what_has_a_second_name_is_changed_under_none(trial: Folder, name: str) -> None:
    """Journal and lock are written in their place, and refused; a list is replaced, and its other name stays."""
    outside = trial.path.with_name("outside")
    os.link(trial.path / name, outside)
    was = outside.read_bytes()
    result = trial.record(*DOSE2)
    refused = name in {"events.jsonl", "events.lock"}
    assert result.code == (2 if refused else 0)
    assert result.err.startswith(f"error: trial/{name}: has a second name (a hard link)") is refused
    assert outside.read_bytes() == was
    assert trial.verify().code == 0


def test_a_link_is_not_read_by_verify_either(trial: Folder) -> None:
    """What it says is of the folder's own files."""
    for name in ("events.jsonl", "events.lock", "visits.csv"):
        path = trial.path / name
        path.rename(trial.path.with_name(name))
        path.symlink_to(Path("..", name))
        result = trial.verify()
        assert (result.code, result.err) == (2, f"error: trial/{name}: is a link, a file is meant\n")
        path.unlink()
        trial.path.with_name(name).rename(path)
    assert trial.verify().code == 0


def test_settings_may_stand_behind_a_link(trial: Folder) -> None:
    """`trial.toml` is read and never written; a pipe in its place is not waited for."""
    trial.path.with_name("shared.toml").write_text('schema = "trialsched/trial/1"\n', "utf-8")
    (trial.path / "trial.toml").symlink_to("../shared.toml")
    assert trial.record(*DOSE2).code == 0
    (trial.path / "trial.toml").unlink()
    os.mkfifo(trial.path / "trial.toml")
    result = trial.verify()
    assert (result.code, result.err) == (2, "error: trial/trial.toml: is no file, a file is meant\n")


def test_a_copy_is_not_made_through_a_link(trial: Folder) -> None:
    """A name that is taken by a link keeps nothing: the next number does."""
    precious = trial.path.with_name("precious")
    precious.write_bytes(VISITS.replace("2026-03-04", "2026-03-05").encode())
    (trial.path / "visits.csv.discarded-1").symlink_to("../precious")
    (trial.path / "visits.csv.discarded-2").symlink_to("../nowhere")
    trial.edit("visits.csv", "2026-03-04", "2026-03-05")
    assert trial("journal", "discard", "trial", "--by", "AN").code == 0
    assert (trial.path / "visits.csv.discarded-3").read_bytes() == precious.read_bytes()
    assert not trial.path.with_name("nowhere").exists()


@pytest.mark.parametrize("name", ["visits.csv", "subjects.csv"])
def test_a_write_protected_list_is_not_replaced(trial: Folder, name: str) -> None:
    """Who locked it meant it, though the folder may be written: nothing is written, exit code 3."""
    (trial.path / name).chmod(0o444)
    before = trial.text("events.jsonl")
    facts = DOSE2 if name == "visits.csv" else ("P01-009", "--baseline", "2026-03-02")
    result = trial.record(*facts)
    assert (result.code, result.err) == (3, f"error: trial/{name}: is write-protected; nothing is written\n")
    assert trial.text("events.jsonl") == before
    other = ("P01-009", "--baseline", "2026-03-02") if name == "visits.csv" else DOSE2
    assert trial.record(*other).code == 0
    assert stat.S_IMODE((trial.path / name).stat().st_mode) == 0o444


def test_a_list_saved_at_the_last_moment_is_not_written_over(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is in the journal already: that is said, and what was saved stays to be adopted or discarded."""
    real = ledger._append

    def append(path: Path, data: bytes) -> None:
        real(path, data)
        trial.put("visits.csv", VISITS.replace("2026-03-04", "2026-03-05"))

    monkeypatch.setattr(ledger, "_append", append)
    result = trial.record(*DOSE2)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(
        "error: visits.csv: was saved by another program just now; events.jsonl has the line, and "
    )
    assert trial.text("visits.csv") == VISITS.replace("2026-03-04", "2026-03-05")
    monkeypatch.undo()
    monkeypatch.chdir(trial.path.parent)
    assert trial("journal", "discard", "trial", "--by", "AN").code == 0
    assert trial.text("visits.csv") == AFTER
    assert trial.text("visits.csv.discarded-1") == VISITS.replace("2026-03-04", "2026-03-05")


def test_a_column_of_a_persons_own_is_refused_and_lost_by_nothing(trial: Folder) -> None:
    """The lists have their columns and no other; a list with one more is not written over, and a copy keeps it."""
    trial.put("visits.csv", "subject,visit,attended,room\nP01-007,DOSE1,2026-03-04,12\n")
    own = trial.text("visits.csv")
    for arguments in (("record", "trial", *DOSE2), ("journal", "adopt", "trial")):
        result = trial(*arguments, "--by", "AN", "--reason", "x")
        assert (
            result.code,
            result.err.splitlines()[0].startswith("error: visits.csv line 1: unknown column 'room'"),
        ) == (
            2,
            True,
        )
    assert trial.text("visits.csv") == own
    assert trial("journal", "discard", "trial", "--by", "AN", "--reason", "x").code == 0
    assert (trial.text("visits.csv"), trial.text("visits.csv.discarded-1")) == (VISITS, own)


def test_a_list_of_another_encoding_is_refused_with_advice(trial: Folder) -> None:
    """Windows-1250 is told by its Polish letters, and nothing is written over it."""
    data = "subject;visit;note\nP01-007;DOSE1;zażółć\n".encode("cp1250")
    (trial.path / "visits.csv").write_bytes(data)
    result = trial.record(*DOSE2)
    assert (result.code, "not UTF-8, it looks like Windows-1250 ('zażółć'): save the file as" in result.err) == (
        2,
        True,
    )
    assert (trial.path / "visits.csv").read_bytes() == data


def test_remains_of_a_killed_command_are_taken_away(trial: Folder) -> None:
    """Whatever file a part was of, the next command that writes takes it away; what has another name stays."""
    trial.put(".visits.csv.0123456789abcdef.part", "x")
    trial.put(".subjects.csv.fedcba9876543210.part", "x")
    trial.put(".subjects.csv.abc.part", "mine")
    trial.record(*DOSE2)
    assert trial.names() == [".subjects.csv.abc.part", "events.jsonl", "subjects.csv", "visits.csv"]


_TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")) | st.sampled_from("=;,\t'\"\r\n"))
_WORDS = st.sampled_from(["P01-007", "=1+1", "+48", "-x", "@a", "'=b", "Ćma;1", 'a"b', "1,5"])
_DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@st.composite
def records(draw: st.DrawFn) -> VisitRecord:
    """Return any record that a list can hold."""
    booked = draw(st.none() | _DAYS)
    clock = draw(st.none() | st.times().map(lambda t: time(t.hour, t.minute))) if booked else None
    attended = draw(st.none() | _DAYS | st.builds(PartialDate, st.integers(1900, 2199), st.none() | st.integers(1, 12)))
    outcome: Outcome | None = draw(st.sampled_from([None, "withheld"] if attended else [None, "missed"]))
    note = draw(st.none() | _TEXTS)
    mode: Mode | None = draw(st.sampled_from([None, "phone", "on-site"]))
    return VisitRecord(draw(_WORDS), booked, clock, attended, mode, outcome, note)


@given(
    rows=st.lists(st.tuples(_WORDS, records()), max_size=6),
    ends=st.none() | _DAYS,
    form=st.sampled_from([None, "dd.mm.yyyy", "mm/dd/yyyy"]),
    raw=st.sampled_from(["subject,visit\n", "\ufeffsubject;visit\r\n", "sep=\t\nsubject\tvisit\n"]),
)
@settings(max_examples=60)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, VisitRecord]],
    ends: date | None,
    form: str | None,
    raw: str,
) -> None:
    """In every shape and form of dates, whatever the codes and notes: no row is ever seen as edited by hand."""
    folder = tmp_path_factory.mktemp("trial")
    codes = dict.fromkeys(code for code, _ in rows)
    subjects = [Subject(code, date(2026, 3, 2), ended=ends, arm="=A", language="pl") for code in codes]
    (folder / "subjects.csv").write_bytes(raw.replace("visit", "baseline").encode())
    (folder / "visits.csv").write_bytes(raw.encode())
    settings = f'date_format = "{form}"\n' if form else ""
    (folder / "trial.toml").write_text(f'schema = "trialsched/trial/1"\n{settings}', "utf-8")
    state = journal.state_of(subjects, rows)
    entries = journal.append(None, [journal.begin(state)], at=NOW, by="AN")
    with locked(folder / "events.lock") as handle:
        open_ledger(folder, handle).write(handle, entries, ("subjects.csv", "visits.csv"))
        again = open_ledger(folder, handle)
    assert (again.edited, again.unfinished, again.wrong) == ((), (), [])
    found = read_lists(folder, form)
    assert journal.state_of(found["subjects.csv"].rows, found["visits.csv"].rows) == state
    for name in ("subjects.csv", "visits.csv"):
        assert (folder / name).read_bytes().startswith(raw.partition("subject")[0].encode() + b"subject")


# What is said and kept.


@pytest.mark.parametrize(
    ("difference", "lines"),
    [
        (
            Difference("S", "V", 2, VisitRecord("V", date(2026, 5, 4), time(9, 5)), VisitRecord("V", note="x")),
            [
                "S V (record 2): booked: was 2026-05-04, is nothing",
                "S V (record 2): booked_time: was 09:05, is nothing",
                "S V (record 2): note: was nothing, is x",
            ],
        ),
        (
            Difference("S", "V", 1, VisitRecord("V", note="żółć"), VisitRecord("V", note="ą\nS V: mode: \x1b[2K\tb")),
            ["S V: note: was żółć, is ą\\nS V: mode: \\x1b[2K\\tb"],
        ),
        (Difference("S", "V", 1, None, VisitRecord("V")), ["S V: a new row, without facts"]),
        (Difference("S", "V", 1, VisitRecord("V"), None), ["S V: the row is gone, without facts"]),
        (
            Difference("S", None, 0, Subject("S", date(2026, 3, 2)), None),
            ["S: baseline: was 2026-03-02, is nothing", "S: baseline_status: was planned, is nothing"],
        ),
    ],
)
def test_a_difference_is_said_cell_by_cell(difference: Difference, lines: list[str]) -> None:
    """Each cell that differs is one line, whatever is in it; a row without facts is one too: none is passed over."""
    assert ledger.in_words(difference) == lines
    assert ledger.name_of(difference) == ("visits.csv" if difference.visit else "subjects.csv")


def test_a_copy_never_replaces_another(tmp_path: Path) -> None:
    """The next free number is taken; what was kept already, by a command that was killed, is not kept twice."""
    path = tmp_path / "visits.csv"
    assert [keep(path, "torn", data) for data in (b"1", b"2", b"1", b"3")] == [
        "visits.csv.torn-1", "visits.csv.torn-2", "visits.csv.torn-1", "visits.csv.torn-3",
    ]  # fmt: skip
    assert [(tmp_path / f"visits.csv.torn-{n}").read_bytes() for n in (1, 2, 3)] == [b"1", b"2", b"3"]


def test_a_copy_is_on_the_disk_before_it_is_relied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its octets first, then its name."""
    brought: list[int | str] = []

    def fsync(handle: int) -> None:
        there = os.fstat(handle)
        brought.append("folder" if os.path.samestat(there, tmp_path.stat()) else there.st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    name = keep(tmp_path / "visits.csv", "discarded", b"edited")
    assert ((tmp_path / name).read_bytes(), brought) == (b"edited", [6, "folder"])


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_who_may_read_and_write_the_lists_may_the_journal(trial: Folder, mode: int) -> None:
    """A list that is private stays so in the journal and the copies; a group that shares the lists shares them too."""
    for name in ("events.jsonl", "events.lock"):
        (trial.path / name).unlink()
    for name in ("subjects.csv", "visits.csv"):
        (trial.path / name).chmod(mode)
    assert trial.record(*DOSE2).code == 0
    trial.edit("visits.csv", "2026-04-14", "2026-04-15")
    assert trial("journal", "discard", "trial", "--by", "AN").code == 0
    trial.put("events.jsonl", trial.text("events.jsonl") + "{")
    assert trial.record("P01-008", "DOSE1", "--missed").code == 0
    made = ("events.jsonl", "events.lock", "visits.csv.discarded-1", "events.jsonl.torn-1", "visits.csv")
    assert {name: stat.S_IMODE((trial.path / name).stat().st_mode) for name in made} == dict.fromkeys(made, mode)


def test_a_journal_without_a_line_is_not_taken_for_none(trial: Folder) -> None:
    """An empty file is what is left of a journal: nothing is begun over it."""
    trial.put("events.jsonl", "")
    with pytest.raises(BadInput, match="has no whole line; put it back from a copy"):
        open_ledger(trial.path, None)
    assert trial.record(*DOSE2).code == 2


def test_a_note_of_lines_that_are_gone_begins_no_journal(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk was full, which leaves a note, and then something emptied the journal: nothing is begun over it."""
    with monkeypatch.context() as patch:
        failing(patch, "write", of(trial.path / "events.jsonl"))
        assert trial.record(*DOSE2).code == 3
    assert trial.text("events.lock") != ""
    trial.put("events.jsonl", "")
    result = trial.record(*DOSE2)
    assert (result.code, "events.jsonl: has no whole line; put it back from a copy" in result.err) == (2, True)
    assert trial.text("events.jsonl") == ""


@pytest.mark.parametrize("command", ["record", "init", "adopt", "discard"])
def test_a_journal_that_is_gone_is_missed(trial: Folder, command: str) -> None:
    """Who takes `events.jsonl` away begins no new one: the lock knows how many lines there were."""
    assert trial.record(*DOSE2).code == 0
    (trial.path / "events.jsonl").unlink()
    arguments = (
        ("record", "trial", "P01-008", "DOSE1", "--missed") if command == "record" else ("journal", command, "trial")
    )
    result = trial(*arguments, "--by", "AN")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: events.jsonl: is gone: events.lock knows that it had 2 lines; "
        "put it back from a copy, or take events.lock away to begin a new one\n"
    )
    assert trial.names() == ["subjects.csv", "visits.csv"]
    (trial.path / "events.lock").unlink()
    assert trial.record("P01-008", "DOSE1", "--missed").code == 0
    assert [entry.action for entry in trial.entries()] == ["init", "record"]


def test_verify_says_that_a_journal_is_gone(trial: Folder) -> None:
    """It is a finding, as a missing line is, and nobody is told to begin a new one; without the lock none is known."""
    assert trial.record(*DOSE2).code == 0
    (trial.path / "events.jsonl").unlink()
    result = trial.verify()
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "events.jsonl: is gone: events.lock knows that it had 2 lines; "
        "put it back from a copy, or take events.lock away to begin a new one\n"
    )
    (trial.path / "events.lock").unlink()
    assert (trial.verify().code, trial.verify().out) == (2, "")


@pytest.mark.parametrize("kept", [1, 2])
def test_a_journal_that_lost_its_last_lines_is_missed(trial: Folder, kept: int) -> None:
    """The lists are not taken for edited by hand: `discard` would undo what was recorded, and `adopt` say it anew."""
    assert trial.record(*DOSE2).code == 0
    assert trial.record("P01-008", "DOSE1", "--missed").code == 0
    whole = trial.text("events.jsonl").splitlines(keepends=True)
    trial.put("events.jsonl", "".join(whole[:kept]))
    listed = trial.text("visits.csv")
    had = "events.lock knows that it had 3 lines; put it back from a copy, or take events.lock away to"
    said = f"events.jsonl: has {kept} line{'s' * (kept - 1)}: {had} go on without the others\n"
    verified = trial.verify()
    assert (verified.code, verified.out.startswith(said)) == (1, True)
    for arguments in (("record", "trial", *DOSE2), ("journal", "adopt", "trial"), ("journal", "discard", "trial")):
        result = trial(*arguments, "--by", "AN", "--reason", "x")
        assert (result.code, result.err) == (2, f"error: {said}")
    assert trial.text("visits.csv") == listed
    trial.put("events.jsonl", "".join(whole))
    assert trial.verify().code == 0
    trial.put("events.jsonl", "".join(whole[:kept]))
    (trial.path / "events.lock").unlink()
    assert trial("journal", "adopt", "trial", "--by", "AN").code == 0


def test_a_command_that_was_refused_leaves_no_journal_to_be_missed(trial: Folder) -> None:
    """It made a lock and wrote nothing: the next one begins the journal."""
    for name in ("events.jsonl", "events.lock"):
        (trial.path / name).unlink()
    assert trial.record("P01-007", "NOSUCH", "--missed").code == 2
    assert trial.text("events.lock") == ""
    assert trial.record(*DOSE2).code == 0


NO_NOTES = (
    '{"lines": 1, "lis',
    "[]",
    '{"lines": "x", "lists": {}}',
    "\0" * 50,
    "[" * 4000,
    '{"lines": Infinity, "lists": {}}',
    '{"lines": -Infinity, "lists": {}}',
    '{"lines": NaN, "lists": {}}',
    '{"lines": 1e400, "lists": {}}',
    '{"lines": 5.0, "lists": {}}',
    '{"lines": true, "lists": {}}',
    '{"lines": -1, "lists": {}}',
    '{"lines": 1000000000, "lists": {}}',
    f'{{"lines": {"9" * 4000}, "lists": {{}}}}',
    '{"lines": 5, "lists": []}',
    '{"lines": 5, "lists": {"visits.csv": 1}}',
    '{"lines": 5, "lists": {"/etc/passwd": null}}',
    '{"lines": 5, "lists": {}, "more": 1}',
    '{"lines": 5}',
    '"\\ud800"',
)


def test_a_torn_note_stands_before_any_line(trial: Folder) -> None:
    """The lock's file may hold anything: what cannot be read there is nobody's note, and the command goes on."""
    (trial.path / "events.jsonl").unlink()
    for text in NO_NOTES:
        trial.put("events.lock", text)
        assert trial.verify().code == (0 if (trial.path / "events.jsonl").exists() else 2)
        assert trial.record("P01-007", "UNS1", "--another", "--attended", "2026-05-04").code == 0
        assert trial.record("P01-007", "UNS1", "--another", "--attended", "2026-05-04").code == 0
    assert trial.verify().code == 0


def test_a_note_stands_alone_whatever_was_there(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer one of an earlier command leaves nothing behind it, so that a crash is healed."""
    trial.put("events.lock", "x" * 500)
    with monkeypatch.context() as patch:
        patch.setattr(files, "replace_all", full)
        assert trial.record(*DOSE2).code == 3
    assert trial.record("P01-008", "DOSE1", "--missed").code == 0
    assert trial.text("visits.csv") == AFTER + "P01-008,DOSE1,,,,,missed,\n"


def test_form_of_dates_that_is_none_is_told(trial: Folder) -> None:
    """What `trial.toml` says is checked before the lists are read by it."""
    trial.put("trial.toml", 'schema = "trialsched/trial/1"\ndate_format = "dd.mm.jjjj"\n')
    result = trial.record(*DOSE2)
    assert (result.code, result.err.startswith("error: trial.toml: date_format: read 'dd.mm.jjjj', expected ")) == (
        2,
        True,
    )
    (trial.path / "trial.toml").unlink()
    (trial.path / "trial.toml").mkdir()
    result = trial.record(*DOSE2)
    assert (result.code, result.err) == (2, "error: trial/trial.toml: is a folder, a file is meant\n")


def test_a_pipe_is_no_file_and_is_not_waited_for(trial: Folder, tmp_path: Path) -> None:
    """Of the lists, and of the journal."""
    for name in ("visits.csv", "events.jsonl"):
        (tmp_path / "trial" / name).unlink(missing_ok=True)
        os.mkfifo(tmp_path / "trial" / name)
        result = trial("record", "trial", *DOSE2, "--by", "AN")
        assert (result.code, result.err) == (2, f"error: trial/{name}: is no file, a file is meant\n")
    assert trial.verify().err == "error: trial/events.jsonl: is no file, a file is meant\n"


def test_a_folder_without_a_name_is_not_the_one_that_is_worked_in(
    trial: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of a script that is not set is bad input."""
    monkeypatch.chdir(tmp_path / "trial")
    for command in (("record", "", *DOSE2, "--by", "AN"), ("journal", "verify", "")):
        result = trial(*command)
        assert (result.code, result.err) == (2, "error: TRIAL: read '', expected the folder of a trial\n")


def test_a_journal_over_its_limit_is_refused_by_its_name(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred million bytes are read; who may record and who may verify is told which file has more."""
    assert lines.MAX_BYTES == 200_000_000
    size = (trial.path / "events.jsonl").stat().st_size
    for limit, code in ((size, 0), (size - 1, 2)):
        for module in (lines, ledger):
            monkeypatch.setattr(module, "MAX_BYTES", limit)
        assert trial.verify().code == code
    said = f"error: trial/events.jsonl: larger than {size - 1:,} bytes: no file of trialsched\n"
    for result in (trial.verify(), trial.record(*DOSE2)):
        assert (result.code, result.err) == (2, said)
