"""Parts: what a killed process left is swept away by the next command, what a living one writes is not."""

import contextlib
import errno
import fcntl
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from trialsched.cli import descriptors, parts
from trialsched.cli.parts import replace_all, sweep

LEFT = ".site.ics.0123456789abcdef.part"


def forked(action: Callable[[], object]) -> int:
    """Run an action in a child, and return how it ended."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_is_taken_away_by_the_next_one(tmp_path: Path) -> None:
    """Killed when all is written and nothing has its place, it leaves a part, which the next writer removes."""
    path = tmp_path / "site.ics"
    assert forked(lambda: replace_all({path: b"x" * 100_000}, die)) == -signal.SIGKILL
    (left,) = names(tmp_path)
    assert left.startswith(".site.ics.")
    assert left.endswith(".part")
    replace_all({tmp_path / "other.csv": b"y"})
    assert names(tmp_path) == ["other.csv"]


def test_what_a_living_process_writes_is_left(tmp_path: Path) -> None:
    """Whoever sweeps in the middle takes nothing from it: its file gets its place."""
    path = tmp_path / "site.ics"
    seen: list[str] = []

    def sweeping() -> None:
        assert forked(lambda: sweep(tmp_path)) == 0
        seen.extend(names(tmp_path))

    replace_all({path: b"x"}, sweeping)
    assert len(seen) == 1
    assert names(tmp_path) == ["site.ics"]


def test_a_part_that_is_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the making of a part and its lock a sweeper takes it for one of the dead: nothing is lost by that."""
    swept: list[str] = []

    def late(handle: int, *, alone: bool) -> bool:
        if not swept:
            swept.extend(names(tmp_path))
            assert forked(lambda: sweep(tmp_path)) == 0
        return descriptors.take_lock(handle, alone=alone)

    monkeypatch.setattr(parts, "take_lock", late)
    replace_all({tmp_path / "site.ics": b"x"})
    assert len(swept) == 1
    assert names(tmp_path) == ["site.ics"]
    assert (tmp_path / "site.ics").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name",
    [
        "site.ics.0123456789abcdef.part",
        ".site.ics.0123456789abcde.part",
        ".site.ics.0123456789abcdef0.part",
        ".site.ics.0123456789ABCDEF.part",
        ".site.ics.part",
        ".0123456789abcdef.part",
        ".site.ics.0123456789abcdef.part.bak",
        ".site.ics.0123456789abcdef.partial",
        f".{'x' * 101}.0123456789abcdef.part",
    ],
)
def test_a_name_that_is_not_ours_is_left(tmp_path: Path, name: str) -> None:
    """A part has a dot, the file's name, sixteen hexadecimal digits and `.part`: other programs have parts too."""
    (tmp_path / name).touch()
    (tmp_path / LEFT).touch()
    (tmp_path / f".{'x' * 100}.0123456789abcdef.part").touch()
    sweep(tmp_path)
    assert names(tmp_path) == [name]


def test_nothing_is_followed_or_waited_for(tmp_path: Path) -> None:
    """A link, a pipe or a folder of such a name is none of ours, and stays; so does what a link leads to."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "precious").write_bytes(b"kept")
    (inside / ".a.0123456789abcdef.part").symlink_to("../precious")
    os.mkfifo(inside / ".b.0123456789abcdef.part")
    (inside / ".c.0123456789abcdef.part").mkdir()
    sweep(inside)
    assert len(names(inside)) == 3
    assert (tmp_path / "precious").read_bytes() == b"kept"


def test_a_part_that_another_one_has_locked_is_left(tmp_path: Path) -> None:
    """The lock tells, not a number of a process: those come again, and another machine has its own."""
    path = tmp_path / LEFT
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    sweep(tmp_path)
    assert names(tmp_path) == [LEFT]
    os.close(handle)
    sweep(tmp_path)
    assert names(tmp_path) == []


def test_where_there_are_no_locks_nothing_is_swept_and_all_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part cannot be told from one that is being written: it stays."""

    def refused(*_: object, **__: object) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(parts, "take_lock", refused)
    (tmp_path / LEFT).touch()
    replace_all({tmp_path / "site.ics": b"x"})
    assert names(tmp_path) == [LEFT, "site.ics"]


def test_on_windows_a_part_is_old_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open file cannot be renamed there, so that its lock ends before it has its place: the clock tells."""
    now = 1_800_000_000
    monkeypatch.setattr(parts, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(parts, "time", SimpleNamespace(time=lambda: float(now)))
    for name, age in (("a", 86_400), ("b", 86_401)):
        path = tmp_path / f".{name}.0123456789abcdef.part"
        path.touch()
        os.utime(path, (now - age, now - age))
    replace_all({tmp_path / "site.ics": b"x"})
    assert names(tmp_path) == [".a.0123456789abcdef.part", "site.ics"]


def test_a_command_sweeps_a_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand calendars in one folder are not a thousand times a thousand names to look at."""
    looked: list[str] = []
    real = os.scandir

    def counting(path: Any) -> Any:  # noqa: ANN401 - as `os.scandir` takes and gives it
        looked.append(str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", counting)
    (tmp_path / "other").mkdir()
    for _ in range(2):
        with click.Context(click.Command("ics")):
            for name in ("a", "b", "other/c"):
                replace_all({tmp_path / name: b"x"})
    assert looked == [str(tmp_path), str(tmp_path / "other")] * 2


def test_several_files_are_written_before_the_first_has_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the last of them leaves all as they were, and nothing beside them."""
    before = {tmp_path / name: name.encode() for name in ("sv.csv", "tv.csv")}
    for path, data in before.items():
        path.write_bytes(data)
    real = os.fsync
    calls: list[int] = []

    def failing(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space left"):
        replace_all(dict.fromkeys(before, b"new"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    replace_all(dict.fromkeys(before, b"new"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(before, b"new")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o666])
def test_a_file_keeps_its_rights_and_its_part_gives_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    """What is private is private while it is written, too."""
    path = tmp_path / "x"
    path.touch()
    path.chmod(mode)
    rights: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: rights.append(stat.S_IMODE(os.fstat(handle).st_mode)))
    before = os.umask(0)
    try:
        replace_all({path: b"new"})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert rights[0] == mode | 0o600


def test_a_program_that_is_started_keeps_no_part_alive(tmp_path: Path) -> None:
    """The descriptor of a part is not inherited, so that its lock ends with the writer."""
    inherited: list[bool] = []

    def look() -> None:
        (part,) = (one for one in tmp_path.iterdir() if one.name.endswith(".part"))
        wanted = part.stat().st_ino
        for handle in range(3, 64):
            with contextlib.suppress(OSError):  # a number that is none
                if os.fstat(handle).st_ino == wanted:
                    inherited.append(os.get_inheritable(handle))

    replace_all({tmp_path / "x": b"x"}, look)
    assert inherited == [False]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EIO])
def test_a_folder_that_cannot_be_flushed_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Shares flush no folders, and the file is in its place; a disk that fails is told, with the folder's name."""

    def flushing(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", flushing)
    if number == errno.EIO:
        with pytest.raises(OSError, match="Input/output error") as caught:
            replace_all({tmp_path / "site.ics": b"x"})
        assert caught.value.filename == str(tmp_path)
    else:
        replace_all({tmp_path / "site.ics": b"x"})
    assert names(tmp_path) == ["site.ics"]


def test_a_folder_that_may_not_be_read_takes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter box: who may write in it and not look into it cannot open it to flush it."""
    opened = os.open

    def refusing(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(path) == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refusing)
    replace_all({tmp_path / "site.ics": b"x"})
    assert (tmp_path / "site.ics").read_bytes() == b"x"
