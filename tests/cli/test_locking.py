"""One writer at a time: the lock is held, waited for, given up on, and never kept by the dead."""

import errno
import fcntl
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from trialsched.cli import descriptors, locking
from trialsched.cli.inputs import BadInput
from trialsched.cli.locking import locked


def other(path: Path, how: int = fcntl.LOCK_SH) -> int:
    """Take the lock as another process would, by default only to share it, and return the descriptor."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, how | fcntl.LOCK_NB)
    return handle


def test_the_lock_is_held_inside_and_free_afterwards(tmp_path: Path) -> None:
    """While one has it nobody else gets it; when it is left, also by an error, the next one does."""
    path = tmp_path / "events.lock"

    def fails() -> None:
        with locked(path) as handle:
            assert os.fstat(handle).st_ino == path.stat().st_ino
            with pytest.raises(BlockingIOError):
                other(path)
            raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        fails()
    os.close(other(path))


def test_a_second_one_waits_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It looks again and again, says after a second what it waits for, and goes on when the first one is done."""
    path = tmp_path / "events.lock"
    first = other(path, fcntl.LOCK_EX)
    pauses: list[float] = []
    clock = iter([100.0, 100.9, 101.0, 102.5, 103.0])

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert capsys.readouterr().err == (
            f"{tmp_path}: waiting for another trialsched that is writing here\n" if len(pauses) == 2 else ""
        )
        if len(pauses) == 4:
            os.close(first)

    monkeypatch.setattr(locking, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=pause))
    with locked(path):
        assert pauses == [0.02] * 4


def test_one_that_does_not_end_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After thirty seconds there is an error of the system with the folder in it, and the lock is not broken."""
    path = tmp_path / "events.lock"
    first = other(path, fcntl.LOCK_EX)
    clock = iter([100.0, 129.9, 130.0])
    pauses: list[float] = []
    monkeypatch.setattr(locking, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=pauses.append))
    with pytest.raises(TimeoutError) as caught, locked(path):
        pass
    assert caught.value.filename == str(tmp_path)
    assert caught.value.strerror == "another trialsched has been writing here for 30 seconds; nothing was written"
    assert len(pauses) == 1
    with pytest.raises(BlockingIOError):
        other(path)
    os.close(first)


def test_a_dead_process_holds_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child takes the lock and is killed: the next one has it at once, though the file is still there."""
    path = tmp_path / "events.lock"
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with locked(path):
                os.write(theirs, b"x")
                signal.pause()
        finally:
            os._exit(99)
    assert os.read(ours, 1) == b"x"
    with pytest.raises(BlockingIOError):
        other(path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for end in (ours, theirs):
        os.close(end)
    monkeypatch.setattr(locking, "WAIT", 0.0)
    assert path.exists()
    with locked(path), pytest.raises(BlockingIOError):
        other(path)


def test_what_is_in_the_file_stays_and_no_program_that_is_started_has_the_lock(tmp_path: Path) -> None:
    """The note of an interrupted command is not lost by locking; a child program does not keep the lock open."""
    path = tmp_path / "events.lock"
    path.write_bytes(b"note")
    with locked(path) as handle:
        assert os.read(handle, 100) == b"note"
        assert not os.get_inheritable(handle)


def test_a_reader_makes_no_file_and_asks_for_no_right_to_write(tmp_path: Path) -> None:
    """With `make=False` a file that is there is opened for reading only, one that is not there is an error."""
    path = tmp_path / "events.lock"
    with pytest.raises(FileNotFoundError), locked(path, make=False):
        pass
    assert not path.exists()
    path.touch()
    with locked(path, make=False) as handle:
        assert fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        with pytest.raises(BlockingIOError):
            other(path, fcntl.LOCK_EX)


def test_readers_share_the_lock(tmp_path: Path) -> None:
    """On a network drive (flock(2): NFS) only who opened a file to write may lock it alone; readers need not."""
    path = tmp_path / "events.lock"
    path.touch()
    with locked(path, make=False), locked(path, make=False):
        os.close(other(path))
        with pytest.raises(BlockingIOError):
            other(path, fcntl.LOCK_EX)


def test_a_file_that_cannot_be_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no locks, as on some network drives, its error says for which file."""

    def refused(_: int, __: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.raises(OSError, match="No locks available") as caught, locked(tmp_path / "events.lock"):
        pass
    assert caught.value.filename == str(tmp_path / "events.lock")


def test_on_windows_a_byte_behind_every_file_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`msvcrt.locking` locks from where the descriptor stands, and refuses with EACCES what another one has."""
    path = tmp_path / "events.lock"
    asked: list[tuple[int, int, int]] = []

    def locking_there(handle: int, mode: int, size: int) -> None:
        asked.append((os.lseek(handle, 0, os.SEEK_CUR), mode, size))
        if len(asked) == 1:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking_there))
    monkeypatch.setattr(descriptors, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(locking, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: None))
    with locked(path):
        assert asked == [(1 << 30, 2, 1)] * 2
    assert path.read_bytes() == b""


@pytest.mark.parametrize("make", [True, False])
def test_a_lock_that_is_no_file_is_refused(tmp_path: Path, *, make: bool) -> None:
    """A link would be locked, and emptied, elsewhere; a pipe would be waited for."""
    (tmp_path / "precious").write_bytes(b"kept")
    (tmp_path / "link.lock").symlink_to("precious")
    os.mkfifo(tmp_path / "pipe.lock")
    for name in ("link.lock", "pipe.lock"):
        with pytest.raises(BadInput, match="a file is meant"), locked(tmp_path / name, make=make):
            pass
    assert (tmp_path / "precious").read_bytes() == b"kept"
