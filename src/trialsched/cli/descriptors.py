"""Opening files with care: no link is followed, no pipe is waited for, and what is opened is a file."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from trialsched.cli.inputs import BadInput

if TYPE_CHECKING:
    from pathlib import Path

# Not every system has each of these: there `check_plain` alone looks.
_CAREFUL: Final = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NO_FILE: Final = (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR)  # EMLINK: a link, on FreeBSD
_MAX_BYTES: Final = 500_000_000
_FAR: Final = 1 << 30  # on Windows the locked byte cannot be read by others: one that no file of ours has


def kind_of(mode: int) -> str:
    """Return what stands there instead of a file, in words; '' for a file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISLNK(mode):
        return "is a link"
    if stat.S_ISDIR(mode):
        return "is a folder"
    return "is no file"


def check_plain(path: Path) -> bool:
    """Return whether there is a file. Raises `BadInput` for a link, a folder, a pipe or a device."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    kind = kind_of(mode)
    if kind:
        raise BadInput([f"{path}: {kind}, a file is meant"])
    return True


def open_plain(path: Path, flags: int, mode: int = 0o666) -> int:
    """Open a file that is no link; what is no file is not waited for.

    Raises `BadInput` for anything but a file, `OSError` when it cannot be opened.
    """
    if not flags & os.O_EXCL:  # with it a file is made, or there is one already
        check_plain(path)
    try:
        handle = os.open(path, flags | _CAREFUL, mode)
    except OSError as error:
        if error.errno in _NO_FILE:  # it was put there just now
            check_plain(path)
        raise
    kind = kind_of(os.fstat(handle).st_mode)
    if kind:
        os.close(handle)
        raise BadInput([f"{path}: {kind}, a file is meant"])
    return handle


def read_plain(path: Path, most: int | None = None) -> bytes | None:
    """Return what a file that is no link holds, None when there is none.

    Raises `BadInput` for what is no file, and for more than any file of ours holds, or than that many bytes.
    """
    most = _MAX_BYTES if most is None else most
    try:
        handle = open_plain(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise BadInput([f"{path}: larger than {most:,} bytes: no file of trialsched"])
    return data


def open_own(path: Path, flags: int, like: Path) -> int:
    """Open a file of a trial's folder that is written in its place, or make it.

    One that is made allows what `like` does, whatever the umask, and its owner to write. Raises `BadInput` for a link,
    and for a file with a second name: what is written would change that one too.
    """
    try:
        allowed = stat.S_IMODE(like.stat().st_mode) & 0o666 | 0o600
    except FileNotFoundError:
        allowed = None
    new = 0o666 if allowed is None else allowed
    try:
        handle = open_plain(path, flags | os.O_CREAT | os.O_EXCL, new)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        return _open_single(path, flags)
    if allowed is not None:
        with contextlib.suppress(OSError):  # a file system without such rights
            path.chmod(allowed)
    return handle


def _open_single(path: Path, flags: int) -> int:
    handle = open_plain(path, flags)
    try:
        check_single(path, os.fstat(handle))
    except BadInput:
        os.close(handle)
        raise
    return handle


def check_single(path: Path, found: os.stat_result) -> None:
    """Refuse a file with a second name. Raises `BadInput`."""
    if found.st_nlink > 1:
        raise BadInput([f"{path}: has a second name (a hard link), and would be changed there too; put a copy here"])


def take_lock(handle: int, *, alone: bool) -> bool:
    """Return whether the lock of an open file could be taken, which its process has until it ends.

    Raises `OSError` where the system has no locks.
    """
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        # on NFS only a file that is open for writing can be locked alone (flock(2)), which a reader's is not
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
