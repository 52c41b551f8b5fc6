"""Parts: a file is written beside the one whose place it takes, and is swept away when its writer was killed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import click

from trialsched.cli.descriptors import open_plain, take_lock
from trialsched.cli.inputs import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

_PART: Final = re.compile(r"\..{1,100}\.[0-9a-f]{16}\.part", re.DOTALL)
_NO_FLUSH: Final = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES)  # of folders that cannot be flushed
_OLD: Final = 86_400  # seconds after which nobody writes a part any more, where its lock does not tell


def replace_all(files: Mapping[Path, bytes], check: Callable[[], None] | None = None) -> None:
    """Write files whole, all or none as far as a disk allows: all are written beside before the first takes its place.

    `check` is called in between, and may raise. Raises `OSError` when the disk fails.
    """
    with ExitStack() as stack:
        parts = {path: stack.enter_context(_part(path, data)) for path, data in files.items()}
        if check is not None:
            check()
        for path, part in parts.items():
            part.replace(path)
    for folder in dict.fromkeys(path.parent for path in files):
        sync_folder(folder)


@contextmanager
def _part(target: Path, data: bytes) -> Iterator[Path]:
    """Give the name of a part that is written and on the disk; one that has taken no place is gone afterwards."""
    sweep(target.parent)
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mode = None
    part: Path | None = None
    try:
        while True:  # the name is known before there is a file: an interruption at any moment leaves none
            part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
            with _opened(part, 0o666 if mode is None else mode | 0o600) as file:
                if not _held(file):
                    continue  # a sweeper was there between the making and the lock, and takes it away
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                if mode is not None:
                    part.chmod(mode)  # also what the umask takes from new files
                if sys.platform == "win32":
                    file.close()  # an open file cannot be renamed there
                yield part
                return
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _opened(part: Path, mode: int) -> BinaryIO:
    return open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode))


def _held(file: BinaryIO) -> bool:
    """Take the lock of a new part, which says that its writer lives; return whether the part is still there."""
    try:
        taken = take_lock(file.fileno(), alone=True)
    except OSError:
        return True  # a file system without locks: there nobody sweeps
    return taken and os.fstat(file.fileno()).st_nlink > 0


def sweep(folder: Path) -> None:
    """Take away the parts of processes that are dead, once in a command; those of living ones are locked by them."""
    context = click.get_current_context(silent=True)
    if context is not None:
        swept: set[str] = context.meta.setdefault(__name__, set())
        name = os.path.realpath(folder)
        if name in swept:
            return
        swept.add(name)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _PART.fullmatch(entry.name)]
        for name in names:
            with contextlib.suppress(OSError, BadInput):  # a link, another's, or taken away by somebody else
                _sweep_one(folder / name)


def _sweep_one(path: Path) -> None:
    """Take a part away when its lock is free: a writer has it from the making to the end."""
    handle = open_plain(path, os.O_RDWR)
    try:
        found = os.fstat(handle)
        if sys.platform == "win32":
            if time.time() - found.st_mtime > _OLD:
                path.unlink()
        elif take_lock(handle, alone=True) and os.path.samestat(found, path.lstat()):
            path.unlink()
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where folders can be opened and flushed (not on Windows, not on shares).

    Raises `OSError` when the disk fails.
    """
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_FLUSH:
            error.filename = str(folder)
            raise
