"""Files: names, and whole or not written at all."""

import hashlib
import io
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsched.cli.files import emit, file_name, read_ours, save, save_over
from trialsched.cli.inputs import BadInput


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("P01-007", "P01-007.ics"),
        ("a b", "a%20b.ics"),
        ("a/b\\c:d", "a%2Fb%5Cc%3Ad.ics"),
        ("Łódź", "%C5%81%C3%B3d%C5%BA.ics"),
        ("..", "%2E%2E.ics"),
        (".x", "%2Ex.ics"),
        ("x.", "x%2E.ics"),
        ("%41", "%2541.ics"),
        ("CON", "%43ON.ics"),
        ("con.1", "%63on.1.ics"),
        ("LPT1", "%4CPT1.ics"),
        ("CONSOLE", "CONSOLE.ics"),
        ("-x", "%2Dx.ics"),
        ("--force", "%2D-force.ics"),
        ("x-", "x-.ics"),
    ],
)
def test_file_names(code: str, name: str) -> None:
    """Outside `A-Za-z0-9._-`, a leading or trailing dot and reserved names become %XX (design 10)."""
    assert file_name(code, ".ics") == name


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_different_codes_have_different_names(one: str, other: str) -> None:
    """No two codes share a file, and no name leaves its folder."""
    if any("\ud800" <= letter <= "\udfff" for letter in one + other):
        return
    assert (file_name(one, "") == file_name(other, "")) == (one == other)
    assert Path(file_name(one, ".ics")).name == file_name(one, ".ics")


@pytest.mark.parametrize("letter", ["\u754c", "\u017c", "\U0001f600"])
def test_a_long_name_is_cut_and_told_apart_by_a_hash(letter: str) -> None:
    """64 characters are allowed in a code, and no system takes a name of 576; the hash is SHA-256's."""
    one, other = file_name(letter * 64, ".ics"), file_name(letter * 63 + "x", ".ics")
    assert one != other
    assert len(one) <= 204
    digest = hashlib.sha256((letter * 64).encode()).hexdigest()[:16]
    assert re.fullmatch(rf"(?:%[0-9A-F]{{2}})+-{digest}\.ics", one)


class Slow(io.BytesIO):
    """A stream that takes a few bytes at a time, as unbuffered ones may."""

    def write(self, data: Any) -> int:  # noqa: ANN401 - anything with bytes
        """Take three bytes."""
        return super().write(bytes(data[:3]))


class Out:
    """A standard output, as far as bytes are written to it."""

    def __init__(self, buffer: io.BytesIO, *, terminal: bool = False) -> None:
        """Keep the stream below."""
        self.buffer = buffer
        self.terminal = terminal

    def flush(self) -> None:
        """Keep nothing back."""

    def isatty(self) -> bool:
        """Return what the test says."""
        return self.terminal


def test_all_is_written_to_a_stream_that_takes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unbuffered standard output may take a part; the rest follows."""
    slow = Slow()
    monkeypatch.setattr(sys, "stdout", Out(slow))
    emit(b"0123456789")
    assert slow.getvalue() == b"0123456789"


@pytest.mark.parametrize(
    ("terminal", "written"),
    [
        (False, b"a;\x1b[2Kb\r\n\xe2\x80\xaec\n\xff"),
        (True, b"a;<U+001B>[2Kb\n<U+202E>c\n<U+DCFF>"),
    ],
)
def test_an_output_is_exact_but_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, written: bytes
) -> None:
    """A pipe gets the bytes as they are; a terminal the same lines, with nothing in them that steers it."""
    stream = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Out(stream, terminal=terminal))
    emit(b"a;\x1b[2Kb\r\n\xe2\x80\xaec\n\xff")
    assert stream.getvalue() == written


def test_the_new_file_is_made_beside_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is only replaced at a stroke within one file system."""
    seen: list[Path] = []
    real = os.open

    def noted(path: Any, flags: int, *mode: int) -> int:  # noqa: ANN401 - as `os.open` takes it
        if flags & os.O_CREAT:
            seen.append(Path(path).parent)
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", noted)
    save(tmp_path / "x.ics", b"x", lambda _: True, force=False)
    assert seen == [tmp_path]


def test_an_interruption_as_soon_as_there_is_a_file_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may come before Python has the file in hand."""
    real = os.open

    def interrupted(*arguments: Any) -> int:  # noqa: ANN401 - as `os.open` takes them
        os.close(real(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "x.ics", b"x", lambda _: True, force=False)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_flushed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename lasts through a power cut when its folder was synced after it."""
    kinds = []
    monkeypatch.setattr(os, "fsync", lambda handle: kinds.append(stat.S_ISDIR(os.fstat(handle).st_mode)))
    save(tmp_path / "x.ics", b"x", lambda _: True, force=False)
    assert kinds == [False, True]


def test_a_failure_names_the_file_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that was to take its place."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".x.ics.abc.part"))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as caught:
        save(tmp_path / "x.ics", b"x", lambda _: True, force=False)
    assert caught.value.filename == str(tmp_path / "x.ics")


def test_a_device_is_written_to_and_not_replaced() -> None:
    """`/dev/null` stays a device."""
    save(Path(os.devnull), b"x", lambda _: False, force=False)
    assert not Path(os.devnull).is_file()


def test_a_folder_and_a_missing_folder_are_bad_input(tmp_path: Path) -> None:
    """Neither is a file that can be written."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "gone" / "x.ics", tmp_path / "file" / "x.ics"):
        with pytest.raises(BadInput):
            save(path, b"x", lambda _: True, force=True)


def test_a_failing_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while writing keeps the old file and removes the new part."""
    path = tmp_path / "x.ics"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        save(path, b"new", lambda _: True, force=False)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.ics"]


@pytest.mark.parametrize(
    ("seen", "there", "force", "kept"),
    [
        (b"old", b"old", False, False),
        (b"old", b"theirs", False, True),
        (b"old", b"theirs", True, True),
        (b"old", None, False, True),
        (None, None, False, False),
        (None, b"theirs", False, True),
        (None, b"theirs", True, False),
    ],
)
def test_what_was_saved_since_it_was_read_is_not_replaced(
    tmp_path: Path, seen: bytes | None, there: bytes | None, *, force: bool, kept: bool
) -> None:
    """Looked at when all is written, just before it would take its place; what was not read goes when forced."""
    path = tmp_path / "x.ics"
    if there is not None:
        path.write_bytes(there)
    if not kept:
        save_over(path, b"new", seen, lambda _: True, force=force)
        assert path.read_bytes() == b"new"
        return
    with pytest.raises(BadInput, match=r"x\.ics: was saved by somebody while it was made again: make it once more"):
        save_over(path, b"new", seen, lambda _: True, force=force)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == ([] if there is None else [("x.ics", there)])


def test_the_last_look_is_taken_when_the_new_file_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save while the new file was being written counts too."""
    path = tmp_path / "x.ics"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda _: path.write_bytes(b"theirs"))
    with pytest.raises(BadInput):
        save_over(path, b"new", b"old", lambda _: True, force=False)
    assert path.read_bytes() == b"theirs"


KILLED = """
import os, pathlib, signal, sys
from trialsched.cli.files import save

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

owner, name, after = {"open": ("os", "open", False), "write": ("os", "open", True),
    "written": ("os", "fsync", False), "synced": ("os", "fsync", True), "chmod": ("pathlib", "chmod", False),
    "before": ("pathlib", "replace", False), "after": ("pathlib", "replace", True)}[sys.argv[2]]
at = {"os": os, "pathlib": pathlib.Path}[owner]
real = getattr(at, name)
setattr(at, name, (lambda *a, **k: (real(*a, **k), die())) if after else die)
save(pathlib.Path(sys.argv[1]), b"new" * 100_000, lambda _: True, force=False)
"""


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("open", b"old"),
        ("write", b"old"),
        ("written", b"old"),
        ("synced", b"old"),
        ("chmod", b"old"),
        ("before", b"old"),
        ("after", b"new" * 100_000),
    ],
)
def test_a_process_killed_at_any_moment_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, point: str, expected: bytes
) -> None:
    """A crash at any moment leaves the old file or the new one, whole."""
    path = tmp_path / "x.ics"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, path, point], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == expected


# What is there.


def never(_: bytes) -> bool:
    """Say that a file is not ours."""
    return False


def always(_: bytes) -> bool:
    """Say that a file is ours."""
    return True


def trials(folder: Path) -> Path:
    """Make a trial's folder, with a link to a file outside of it, and return it."""
    trial = folder / "trial"
    trial.mkdir()
    (trial / "protocol-1.toml").touch()
    (folder / "precious").write_bytes(b"kept")
    (trial / "link.txt").symlink_to("../precious")
    (trial / "nowhere.txt").symlink_to("../nothing")
    return trial


@pytest.mark.parametrize("name", ["link.txt", "nowhere.txt"])
@pytest.mark.parametrize("force", [True, False])
def test_an_output_in_a_trials_folder_is_written_through_no_link(tmp_path: Path, name: str, *, force: bool) -> None:
    """Who may put a link there would choose what is overwritten."""
    path = trials(tmp_path) / name
    with pytest.raises(BadInput, match="is a link, and nothing in a trial's folder is written through one"):
        save(path, b"new", always, force=force)
    with pytest.raises(BadInput, match="is a link, and nothing in a trial's folder is written through one"):
        read_ours(path, always, force=force)
    assert (tmp_path / "precious").read_bytes() == b"kept"
    assert not (tmp_path / "nothing").exists()


def test_a_link_that_is_put_there_this_moment_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the name and the writing: the file behind it stays, in the folder and elsewhere."""
    trial = trials(tmp_path)
    real = os.path.realpath
    for aim in ("../precious", "protocol-1.toml"):
        path = trial / f"new-{len(aim)}.txt"

        def slipped(name: Path, path: Path = path, aim: str = aim) -> str:
            if Path(name) == path and not path.is_symlink():
                path.symlink_to(aim)
            return real(name)

        behind = (trial / aim).read_bytes()
        monkeypatch.setattr(os.path, "realpath", slipped)
        with pytest.raises(BadInput, match="is a link, and nothing in a trial's folder is written through one"):
            save(path, b"new", always, force=True)
        assert (trial / aim).read_bytes() == behind


def test_an_output_elsewhere_may_be_a_link_that_a_person_made(tmp_path: Path) -> None:
    """The file behind it is replaced, and the link stays."""
    (tmp_path / "real.txt").write_bytes(b"old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    assert read_ours(tmp_path / "link.txt", always, force=False) == b"old"
    save(tmp_path / "link.txt", b"new", always, force=False)
    assert (tmp_path / "real.txt").read_bytes() == b"new"
    assert (tmp_path / "link.txt").is_symlink()


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    """One that is read takes all, however slowly; in a trial's folder there is none."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(BadInput, match="is a pipe that nobody reads"):
        save(path, b"x", never, force=False)
    kept = tmp_path / "kept"
    with kept.open("wb") as file, subprocess.Popen(["/bin/cat", str(path)], stdout=file):
        while True:  # until it has the pipe open
            try:
                save(path, b"x" * 500_000, never, force=False)
            except BadInput:
                continue
            break
    assert kept.read_bytes() == b"x" * 500_000
    inside = trials(tmp_path) / "pipe"
    os.mkfifo(inside)
    with pytest.raises(BadInput, match="is no file, a file is meant"):
        save(inside, b"x", never, force=True)


def test_a_disk_is_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block device would be overwritten from its first octet, whatever is on it."""
    real = tmp_path.stat()
    mode = stat.S_IFBLK | 0o660
    monkeypatch.setattr(Path, "stat", lambda *_, **__: os.stat_result((mode, *real[1:])))
    with pytest.raises(BadInput, match="is no file, a file is meant"):
        save(tmp_path / "sda", b"x", always, force=True)


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
def test_a_write_protected_file_is_replaced_by_force_only(tmp_path: Path, mode: int) -> None:
    """Who locked it meant it, though its folder may be written; forced, it is as locked as before."""
    path = tmp_path / "plan.csv"
    path.write_bytes(b"old")
    path.chmod(mode)
    with pytest.raises(BadInput, match=r"plan.csv: is write-protected; --force replaces it"):
        save(path, b"new", always, force=False)
    assert path.read_bytes() == b"old"
    save(path, b"new", always, force=True)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


def test_what_was_removed_since_it_was_read_is_not_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is gone is no longer what was seen; one that is as it was is replaced."""
    path = tmp_path / "site.ics"
    path.write_bytes(b"old")
    save(path, b"new", always, force=False, seen=b"old")
    assert path.read_bytes() == b"new"
    monkeypatch.setattr(os, "fsync", lambda _: path.unlink())
    with pytest.raises(BadInput, match="was saved by somebody while it was made again"):
        save(path, b"newer", always, force=False, seen=b"new")
    assert list(tmp_path.iterdir()) == []
