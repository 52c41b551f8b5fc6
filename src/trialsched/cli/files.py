"""Files: names that every system takes, whole or not written at all, never over somebody else's."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from trialsched.cli.descriptors import read_plain
from trialsched.cli.inputs import BadInput
from trialsched.cli.parts import replace_all, sweep
from trialsched.cli.printing import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import EllipsisType

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)


_LONGEST: Final = 200
_NOT_OURS = "{}: exists and is not known to be written by trialsched; --force replaces it"
_PROTECTED = "{}: is write-protected; --force replaces it"
_SAVED_SINCE = "{}: was saved by somebody while it was made again: make it once more"


def file_name(code: str, suffix: str) -> str:
    """Return a file name for a subject's code: what is outside A-Z a-z 0-9 . _ - becomes %XX.

    Likewise a leading dot or hyphen, a trailing dot or blank, and the first letter of names that Windows reserves.
    A name of more than 200 characters is cut and ends with a hash of the code.
    """

    def quoted(text: str) -> str:
        return "".join(f"%{octet:02X}" for octet in text.encode())

    name = re.sub(r"[^A-Za-z0-9._-]", lambda match: quoted(match[0]), code)
    if name.startswith((".", "-")):  # a hidden file; an option of many programs
        name = quoted(name[0]) + name[1:]
    if name.endswith("."):
        name = name[:-1] + quoted(".")
    if _RESERVED.fullmatch(name):
        name = quoted(name[0]) + name[1:]
    if len(name) > _LONGEST:  # no system takes a longer one: the whole code is told by its hash
        import hashlib

        digest = hashlib.sha256(code.encode()).hexdigest()[:16]
        name = f"{re.sub(r'%[0-9A-F]?$', '', name[: _LONGEST - 17])}-{digest}"
    return name + suffix


def save(
    path: Path,
    data: bytes,
    ours: Callable[[bytes], bool],
    *,
    force: bool,
    seen: bytes | EllipsisType | None = ...,
) -> None:
    """Write a file whole or not at all, replacing only what trialsched wrote unless forced.

    `seen` is what the file held when it was read, None for no file: what somebody saved since is not replaced.
    A link is followed, but in a trial's folder. Raises `BadInput` for what is not ours, write-protected, no file or
    saved since, `OSError` when the disk fails.
    """
    mode = _mode_of(path)
    if mode is not None and not stat.S_ISREG(mode):
        _write_to_device(path, data, mode)
        return
    target = place_of(path, lambda there: there == data or ours(there), force=force)
    if not target.parent.is_dir():
        raise BadInput([f"{path}: there is no folder {target.parent if path.is_symlink() else path.parent}"])

    def unchanged() -> None:
        if seen is not ... and read_plain(target) != seen:
            raise BadInput([_SAVED_SINCE.format(path)])

    try:
        replace_all({target: data}, unchanged)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # not the name of the file that was to take its place
        raise


def place_of(path: Path, ours: Callable[[bytes], bool], *, force: bool) -> Path:
    """Return the file that a name is of, which may be made or replaced; raises what `save` does."""
    target = _target(path)
    mode = _mode_of(path)
    if mode is None:
        return target
    if not stat.S_ISREG(mode):
        raise BadInput([f"{path}: is no file, a file is meant"])
    if not force:
        if not ours(read_plain(target) or b""):
            raise BadInput([_NOT_OURS.format(path)])
        if is_protected(target):
            raise BadInput([_PROTECTED.format(path)])
    return target


def read_ours(path: Path, ours: Callable[[bytes], bool], *, force: bool) -> bytes | None:
    """Return what a file holds that trialsched wrote, or None when there is none, or none to go by.

    Raises `BadInput` for somebody else's, which `force` leaves out of account.
    """
    sweep(path.parent)
    target = _target(path)
    if not target.is_file():
        return None
    data = read_plain(target)
    if data is None or ours(data):
        return data
    if force:
        return None
    raise BadInput([_NOT_OURS.format(path)])


def save_over(path: Path, data: bytes, seen: bytes | None, ours: Callable[[bytes], bool], *, force: bool) -> None:
    """Write a file that was made from what it held, `seen` (None: from nothing), unless somebody saved it since.

    Raises what `save` raises.
    """
    forced = force and seen is None  # whatever stands there is to go
    save(path, data, ours, force=force, seen=... if forced else seen)


def is_protected(path: Path) -> bool:
    """Return whether a file may not be written, though its folder may: a person locked it."""
    return not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK)


def _target(path: Path) -> Path:
    """Return the file that a name is of, behind its links, of which a trial's folder has none.

    Whether a link was followed is told by where it led: it may have been put there this moment.
    """
    _mode_of(path)  # no folder
    target = os.path.realpath(path)
    here = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - compared as it is
    if os.path.normcase(target) != os.path.normcase(here) and is_trials(path.parent):
        raise BadInput([f"{path}: is a link, and nothing in a trial's folder is written through one"])
    return Path(target)


def is_trials(folder: Path) -> bool:
    """Return whether a folder is a trial's: it has a protocol."""
    from trialsched.trial import protocol_names

    try:
        return bool(protocol_names(inner.name for inner in folder.iterdir()))
    except OSError:
        return False  # no folder, or none that can be read as a trial's


def _mode_of(path: Path) -> int | None:
    """Return the mode of what is there, None for nothing. Raises `BadInput` for a folder."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise BadInput([f"{path}: {error.strerror}"]) from None
    if stat.S_ISDIR(mode):
        raise BadInput([f"{path}: is a folder, a file is meant"])
    return mode


def _write_to_device(path: Path, data: bytes, mode: int) -> None:
    """Write to a device or pipe, which has nothing to keep whole; one that nobody reads is not waited for."""
    if is_trials(path.parent) or not (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
        raise BadInput([f"{path}: is no file, a file is meant"])
    try:
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise BadInput([f"{path}: is a pipe that nobody reads"]) from None
        raise
    with os.fdopen(handle, "wb", buffering=0) as device:
        os.set_blocking(handle, True)
        _write(device, data)


def _write(stream: IO[bytes], data: bytes) -> None:
    """Write all of it: an unbuffered stream may take less at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) or 0 :]


def emit(data: bytes) -> None:
    """Write bytes to standard output as they are, the same on every system; to a terminal nothing that steers it."""
    sys.stdout.flush()
    _write(sys.stdout.buffer, for_terminal(data) if sys.stdout.isatty() else data)
    sys.stdout.buffer.flush()
