"""Opening with care: no link is followed, no pipe is waited for, and a second name is no file of ours."""

import os
import socket
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from trialsched.cli import descriptors
from trialsched.cli.descriptors import check_plain, open_own, open_plain, read_plain
from trialsched.cli.inputs import BadInput


def put(kind: str, path: Path) -> None:
    """Put what is no file at a place."""
    if kind == "link":
        path.with_name("target").write_bytes(b"kept")
        path.symlink_to("target")
    elif kind == "link to nothing":
        path.symlink_to("nowhere")
    elif kind == "link to itself":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)


KINDS = {
    "link": "is a link",
    "link to nothing": "is a link",
    "link to itself": "is a link",
    "pipe": "is no file",
    "socket": "is no file",
    "folder": "is a folder",
}
FLAGS = (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_CREAT)


@pytest.mark.parametrize(("kind", "words"), KINDS.items())
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, words: str
) -> None:
    """A link, a pipe, a socket and a folder are said to be what they are; nothing behind a link is made or changed."""
    monkeypatch.chdir(tmp_path)
    path = Path("events.lock")
    put(kind, path)
    refusing: tuple[Callable[[], object], ...] = (
        partial(check_plain, path),
        partial(read_plain, path),
        partial(open_own, path, os.O_RDWR, Path("subjects.csv")),
        *(partial(open_plain, path, flags) for flags in FLAGS),
    )
    for refused in refusing:
        with pytest.raises(BadInput) as caught:
            refused()
        assert caught.value.lines == [f"events.lock: {words}, a file is meant"]
    assert not Path("nowhere").exists()
    assert not Path("target").exists() or Path("target").read_bytes() == b"kept"


@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "folder"])
def test_what_is_put_there_between_looking_and_opening_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The system itself is asked to follow no link and to wait for nobody: a race is not won."""
    path = tmp_path / "events.lock"
    real = os.open

    def late(name: Any, flags: int, *mode: int) -> int:  # noqa: ANN401 - as `os.open` takes it
        if not os.path.lexists(name):
            put(kind, Path(name))
        return real(name, flags, *mode)

    monkeypatch.setattr(os, "open", late)
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with pytest.raises(BadInput, match="a file is meant"):
            open_plain(path, flags)
        path.rmdir() if kind == "folder" else path.unlink()
    assert not (tmp_path / "nowhere").exists()


def test_a_device_is_no_file() -> None:
    """`/dev/zero` would be read for ever."""
    with pytest.raises(BadInput, match="is no file, a file is meant"):
        read_plain(Path("/dev/zero"))


def test_a_file_is_read_whole_and_nothing_is_none(tmp_path: Path) -> None:
    """What is not there is told by None, which no file is."""
    path = tmp_path / "x"
    assert read_plain(path) is None
    assert check_plain(path) is False
    path.write_bytes(b"x" * 100_000)
    assert read_plain(path) == b"x" * 100_000
    assert check_plain(path) is True


def test_a_file_larger_than_any_of_ours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 MB; what is just within the limit is read."""
    assert descriptors._MAX_BYTES == 500_000_000
    monkeypatch.setattr(descriptors, "_MAX_BYTES", 10)
    path = tmp_path / "subjects.csv"
    path.write_bytes(b"x" * 10)
    assert read_plain(path) == b"x" * 10
    path.write_bytes(b"x" * 11)
    with pytest.raises(BadInput, match=r"subjects\.csv: larger than 10 bytes: no file of trialsched$"):
        read_plain(path)


def test_a_file_with_a_second_name_is_not_written_in_its_place(tmp_path: Path) -> None:
    """A hard link would carry the change out of the folder."""
    (tmp_path / "precious").write_bytes(b"kept")
    os.link(tmp_path / "precious", tmp_path / "events.lock")
    with pytest.raises(BadInput, match=r"events.lock: has a second name \(a hard link\)"):
        open_own(tmp_path / "events.lock", os.O_RDWR, tmp_path)
    assert (tmp_path / "precious").read_bytes() == b"kept"


def test_a_program_that_is_started_has_no_descriptor_of_ours(tmp_path: Path) -> None:
    """A lock would be kept by it."""
    handle = open_own(tmp_path / "events.lock", os.O_RDWR, tmp_path)
    assert not os.get_inheritable(handle)
    os.close(handle)


def test_where_the_system_knows_no_such_flags_it_is_looked_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has neither O_NOFOLLOW nor O_NONBLOCK."""
    monkeypatch.setattr(descriptors, "_CAREFUL", 0)
    monkeypatch.chdir(tmp_path)
    for kind in ("link", "link to nothing", "pipe"):
        put(kind, Path(kind))
        with pytest.raises(BadInput, match="a file is meant"):
            open_plain(Path(kind), os.O_RDWR | os.O_CREAT)
    assert not Path("nowhere").exists()


def test_a_file_that_is_made_beside_another_allows_what_that_one_allows(tmp_path: Path) -> None:
    """Whatever the umask says; a file that is there keeps its own, and without the other one the umask counts."""
    other, path = tmp_path / "subjects.csv", tmp_path / "events.jsonl"
    before = os.umask(0o027)
    try:
        os.close(open_own(path, os.O_WRONLY, other))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        other.touch()
        for mode, allowed in ((0o664, 0o664), (0o600, 0o600), (0o444, 0o644), (0o777, 0o666)):
            other.chmod(mode)
            path.unlink()
            os.close(open_own(path, os.O_WRONLY, other))
            assert stat.S_IMODE(path.stat().st_mode) == allowed
        path.chmod(0o640)
        os.close(open_own(path, os.O_WRONLY, other))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    finally:
        os.umask(before)
    with pytest.raises(FileExistsError):
        open_own(path, os.O_WRONLY | os.O_EXCL, other)
