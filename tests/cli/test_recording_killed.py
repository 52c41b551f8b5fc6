"""Killing the process: whatever the moment, nothing that was said to be written is lost, and the next command goes on.

Each child is forked from this process, runs one command in a copy of a folder, and is killed by SIGKILL: before each
line of the code that writes, with each number of octets of the line on the disk, and at moments that a seeded
generator chooses. Hundreds of kills, of which none waits for Python to start.
"""

import os
import random
import select
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folders import SMALL, Folder
from tests.support.killing import die, dying, killed
from trialsched.cli import ledger, main
from trialsched.formats import journal

WHO = ("--by", "AN", "--reason", "x")
RECORD = ("record", "trial", "P01-007", "DOSE2", "--attended", "2026-04-14", *WHO)
NEXT = ("record", "trial", "P01-008", "M03", "--booked", "2026-06-09", *WHO)
MORE = "".join(f"P01-008,UNS{day},,,2026-05-0{day},,,\n" for day in (1, 2, 3))


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder, beside which commands run; what a killed process wrote is there without a wait."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    folder = Folder(tmp_path, capsys)
    folder.put("protocol.toml", SMALL)
    return folder


def restore(trial: Folder, copy: Path) -> None:
    """Put the folder back as it was."""
    shutil.rmtree(trial.path)
    shutil.copytree(copy, trial.path)


def every_kill(trial: Folder, arguments: tuple[str, ...]) -> Iterator[int]:
    """Kill a command before each line that writes, until it ends by itself; give the number of the line."""
    copy = trial.path.with_name("copy")
    shutil.copytree(trial.path, copy)
    number = 1
    while killed(dying(arguments, number)):
        yield number
        restore(trial, copy)
        number += 1
    assert number > 20  # it was killed somewhere
    assert trial.verify().code == 0
    shutil.rmtree(copy)


def whole_entries(trial: Folder) -> tuple[journal.Entry, ...]:
    """Return the whole lines of the journal, of which none is damaged."""
    path = trial.path / "events.jsonl"
    read = journal.loads(path.read_bytes() if path.exists() else b"")
    assert read.problems == ()
    return read.entries


def test_a_record_that_is_killed_anywhere_is_whole_or_not_at_all(trial: Folder) -> None:
    """The next command goes on without a question: every line before is there, lists and journal agree."""
    main(("journal", "init", "trial", *WHO[:2]))
    before = trial.entries()
    states = set()
    for _ in every_kill(trial, RECORD):
        written = whole_entries(trial)
        assert written[:1] == before
        listed = trial.listed()
        result = trial(*NEXT)
        assert result.code == 0
        after = trial.entries()
        assert after[: len(written)] == written
        assert len(after) == len(written) + 1
        assert trial.replayed() == trial.listed()
        assert trial.verify().code == 0
        assert [name for name in trial.names() if "torn" not in name] == ["events.jsonl", "subjects.csv", "visits.csv"]
        states.add((len(written), len(listed.rows), "interrupted" in result.err))
    # Nothing yet; the line but not the list, which is told and done; both.
    assert states == {(1, 1, False), (2, 1, True), (2, 2, False)}


def test_a_first_record_that_is_killed_anywhere_begins_the_journal_or_not(trial: Folder) -> None:
    """Its two lines are written at once: none of them, or both, or the lists as they were."""
    for _ in every_kill(trial, RECORD):
        written = whole_entries(trial)
        assert len(written) in {0, 2}
        assert trial(*NEXT).code == 0
        assert trial.entries()[: len(written)] == written
        assert len(trial.entries()) == max(1, len(written)) + 1
        assert trial.replayed() == trial.listed()
        assert trial.verify().code == 0


def test_an_end_of_participation_that_is_killed_anywhere_is_whole_or_not_at_all(trial: Folder) -> None:
    """The other list is as safe."""
    main(("journal", "init", "trial", *WHO[:2]))
    for _ in every_kill(trial, ("record", "trial", "P01-007", "--ended", "2026-05-04", *WHO)):
        written = whole_entries(trial)
        assert trial(*NEXT).code == 0
        assert trial.entries()[: len(written)] == written
        assert trial.replayed() == trial.listed()
        assert trial.verify().code == 0


def test_a_recovery_that_is_killed_anywhere_is_done_by_the_next_one(
    trial: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line without its list, then killed again while that is put right, as often as it takes."""
    main(("journal", "init", "trial", *WHO[:2]))
    with monkeypatch.context() as patch:
        patch.setattr(ledger.Ledger, "_replace", lambda *_: die())
        assert killed(lambda: main(RECORD))
    assert (len(whole_entries(trial)), len(trial.listed().rows)) == (2, 1)
    for _ in every_kill(trial, NEXT):
        assert trial(*NEXT).code == 0
        assert len(trial.entries()) == 3
        assert trial.replayed() == trial.listed()
        assert trial.verify().code == 0


def test_a_discard_that_is_killed_anywhere_loses_no_hand_edit(trial: Folder) -> None:
    """Until it is done, what was edited is in the list or in a copy, and it can be discarded again."""
    main(("journal", "init", "trial", *WHO[:2]))
    trial.edit("visits.csv", "2026-03-04", "2026-03-05")
    edited = trial.text("visits.csv")
    for _ in every_kill(trial, ("journal", "discard", "trial", *WHO)):
        assert edited in [trial.text(name) for name in trial.names() if name.startswith("visits.csv")]
        written = whole_entries(trial)
        result = trial(*NEXT)
        assert result.code == (2 if len(written) == 1 else 0)
        if len(written) == 1:
            assert trial.text("visits.csv") == edited
            assert trial("journal", "discard", "trial", *WHO).code == 0
            assert trial(*NEXT).code == 0
        assert [entry.action for entry in trial.entries()] == ["init", "discard", "record"]
        assert edited in [trial.text(name) for name in trial.names() if "discarded" in name]
        assert trial.replayed() == trial.listed()
        assert trial.verify().code == 0


def test_an_adoption_that_is_killed_anywhere_loses_no_hand_edit(trial: Folder) -> None:
    """The list stays as it was edited; what was not taken in yet is listed, and taken in by the next adoption."""
    main(("journal", "init", "trial", *WHO[:2]))
    trial.put("visits.csv", trial.text("visits.csv") + MORE)
    edited = trial.text("visits.csv")
    for _ in every_kill(trial, ("journal", "adopt", "trial", *WHO)):
        written = whole_entries(trial)
        assert trial.text("visits.csv") == edited
        assert trial("journal", "adopt", "trial", *WHO).code == 0
        assert trial.entries()[: len(written)] == written
        assert len(trial.entries()) == 4
        assert trial.text("visits.csv") == edited
        assert trial.verify().code == 0


def test_a_line_that_is_torn_at_any_octet_was_never_said_to_be_written(
    trial: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is set aside in a copy with a note, or completed when its newline alone is missing; verify names it before."""
    main(("journal", "init", "trial", *WHO[:2]))
    whole = trial.path.with_name("whole")
    shutil.copytree(trial.path, whole)
    assert trial(*RECORD).code == 0
    line = (trial.path / "events.jsonl").read_bytes().splitlines(keepends=True)[1]
    restore(trial, whole)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_append", lambda *_: die())
        assert killed(lambda: main(RECORD))  # all is ready, no octet is written
    ready = trial.path.with_name("ready")
    shutil.copytree(trial.path, ready)
    for size in range(1, len(line)):
        with (trial.path / "events.jsonl").open("ab") as file:
            file.write(line[:size])
        verified = trial.verify()
        assert verified.code == 1
        assert f"events.jsonl line 2: torn: no newline after its {size} bytes\n" in verified.out
        result = trial(*NEXT)
        assert result.code == 0
        complete = size == len(line) - 1
        assert len(trial.entries()) == 2 + complete
        torn = trial.path / "events.jsonl.torn-1"
        assert torn.exists() is not complete
        assert complete or torn.read_bytes() == line[:size]
        assert complete or "note: events.jsonl line 2: torn, it was never said to be written; it is kept" in result.err
        assert trial.replayed() == trial.listed()
        restore(trial, ready)


def test_an_adoption_of_several_lines_that_is_torn_keeps_the_whole_ones(trial: Folder) -> None:
    """Of lines that were appended at once some are whole: they stay, and the rest is adopted once more."""
    main(("journal", "init", "trial", *WHO[:2]))
    trial.put("visits.csv", trial.text("visits.csv") + MORE)
    copy = trial.path.with_name("copy")
    shutil.copytree(trial.path, copy)
    assert trial("journal", "adopt", "trial", *WHO).code == 0
    data = (trial.path / "events.jsonl").read_bytes()
    first = (copy / "events.jsonl").stat().st_size
    for size in range(first + 1, len(data), 37):
        restore(trial, copy)
        (trial.path / "events.jsonl").write_bytes(data[:size])
        written = whole_entries(trial)
        assert trial("journal", "adopt", "trial", *WHO).code == 0
        assert trial.entries()[: len(written)] == written
        assert len(trial.entries()) == 4
        assert trial.verify().code == 0


KILLS = 150


def test_processes_that_are_killed_at_random_lose_nothing_that_they_acknowledged(trial: Folder) -> None:
    """A child records one fact after the other and acknowledges each through a pipe until it is killed; 150 times."""
    chance = random.Random(20260414)  # noqa: S311 - the same moments each time
    acknowledged: list[int] = []
    begun = 0
    for _ in range(KILLS):
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
                for number in range(begun, begun + 100):
                    arguments = ("record", "trial", "P01-008", f"UNS{number}", "--attended", "2026-05-04", *WHO)
                    if main(arguments) != 0:
                        break
                    os.write(theirs, f"{number}\n".encode())
            finally:
                os._exit(99)
        os.close(theirs)
        read = b""
        for _ in range(chance.randrange(2)):  # wait for so many
            read += os.read(ours, 4096)
        select.select([], [], [], chance.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)  # it was at work until then
        while more := os.read(ours, 4096):
            read += more
        os.close(ours)
        acknowledged += map(int, read.split())
        codes = {entry.visit for entry in whole_entries(trial)}
        assert {f"UNS{number}" for number in acknowledged} <= codes
        begun = max([begun, *acknowledged]) + 1
    assert acknowledged
    assert trial(*NEXT).code == 0
    assert trial.replayed() == trial.listed()
    assert trial.verify().code == 0
    assert {f"UNS{number}" for number in acknowledged} <= {row.record.visit for row in trial.listed().rows}
