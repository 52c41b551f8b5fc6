"""One writer at a time: a lock on a file, which the system takes from a process that ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING, Final

from trialsched.cli.descriptors import open_own, open_plain, take_lock
from trialsched.cli.printing import put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT: Final = 30.0  # seconds until another writer is given up on
SAID_AFTER: Final = 1.0  # seconds until a person is told what is waited for
_PAUSE: Final = 0.02


@contextlib.contextmanager
def locked(path: Path, *, make: bool = True, like: Path | None = None) -> Iterator[int]:
    """Hold the lock on a file, which is made when it is not there, and give its descriptor.

    One that is made allows what `like` does: who may write that file may lock. Who makes none is a reader, and shares
    the lock with other readers. Waits for another process that holds it. Raises `TimeoutError` when that one does not
    end, `BadInput` for a link or what is no file, `OSError` when the file cannot be opened or locked.
    """
    handle = open_own(path, os.O_RDWR, like or path) if make else open_plain(path, os.O_RDONLY)
    try:
        _wait(handle, path, alone=make)
        yield handle
    finally:
        os.close(handle)  # and lets the lock go


def _wait(handle: int, path: Path, *, alone: bool) -> None:
    began = time.monotonic()
    said = False
    while not _taken(handle, path, alone=alone):
        waited = time.monotonic() - began
        if waited >= WAIT:
            message = f"another trialsched has been writing here for {WAIT:.0f} seconds; nothing was written"
            raise TimeoutError(errno.ETIMEDOUT, message, str(path.parent))
        if waited >= SAID_AFTER and not said:
            put(f"{path.parent}: waiting for another trialsched that is writing here", err=True)
            said = True
        time.sleep(_PAUSE)


def _taken(handle: int, path: Path, *, alone: bool) -> bool:
    try:
        return take_lock(handle, alone=alone)
    except OSError as error:  # it has no file in it
        error.filename = str(path)
        raise
