"""Files: names that every system takes, whole or not written at all, never over somebody else's."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from trialsched.cli.inputs import BadInput
from trialsched.cli.printing import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)


_LONGEST = 200
_NOT_OURS = "{}: exists and is not known to be written by trialsched; --force replaces it"


def file_name(code: str, suffix: str) -> str:
    """Return a file name for a subject's code: what is outside A-Z a-z 0-9 . _ - becomes %XX.

    Likewise a leading dot, a trailing dot or blank, and the first letter of names that Windows reserves. A name of
    more than 200 characters is cut and ends with a hash of the code.
    """

    def quoted(text: str) -> str:
        return "".join(f"%{octet:02X}" for octet in text.encode())

    name = re.sub(r"[^A-Za-z0-9._-]", lambda match: quoted(match[0]), code)
    if name.startswith("."):
        name = quoted(".") + name[1:]
    if name.endswith("."):
        name = name[:-1] + quoted(".")
    if _RESERVED.fullmatch(name):
        name = quoted(name[0]) + name[1:]
    if len(name) > _LONGEST:  # no system takes a longer one: the whole code is told by its hash
        import hashlib

        digest = hashlib.sha256(code.encode()).hexdigest()[:16]
        name = f"{re.sub(r'%[0-9A-F]?$', '', name[: _LONGEST - 17])}-{digest}"
    return name + suffix


def wrote_json(data: bytes) -> bool:
    """Return whether a JSON file, or every line of it, names trialsched as its generator."""
    try:
        documents = [json.loads(data)]
    except (ValueError, RecursionError):
        try:
            documents = [json.loads(line) for line in data.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            return False
    generators = [d.get("generator") if isinstance(d, dict) else None for d in documents]
    return bool(generators) and all(isinstance(g, dict) and g.get("name") == "trialsched" for g in generators)


def wrote_csv(data: bytes) -> bool:
    """Return whether a CSV file has the header line of a plan, of a report or of its findings, also as for Excel."""
    line = data.partition(b"\n")[0].decode("utf-8-sig", errors="replace").rstrip("\r")
    header = line.split(";" if ";" in line else ",")
    ours = header[:2] == ["subject", "visit"] and ("window_basis" in header or "kind" in header)
    return ours and header[-1] == "generator_version"  # a column more is a person's


def save(
    path: Path,
    data: bytes,
    ours: Callable[[bytes], bool],
    *,
    force: bool,
    look: Callable[[], None] | None = None,
) -> None:
    """Write a file whole or not at all, replacing only what trialsched wrote unless forced.

    `look` is called when all is written and before it takes the place of the file: what it raises leaves the file as
    it is. Raises `BadInput` for what is not ours or no file, `OSError` when the disk fails.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except NotADirectoryError as error:
        raise BadInput([f"{path}: {error.strerror}"]) from None
    if mode is not None and stat.S_ISDIR(mode):
        raise BadInput([f"{path}: is a folder, a file is meant"])
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb", buffering=0) as device:
            _write(device, data)  # a device or pipe has nothing to keep whole
        return
    target = Path(os.path.realpath(path))
    if mode is not None and not force and not ours(target.read_bytes()):
        raise BadInput([_NOT_OURS.format(path)])
    if not target.parent.is_dir():
        raise BadInput([f"{path}: there is no folder {target.parent if path.is_symlink() else path.parent}"])
    try:
        _replace(target, data, mode, look)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # not the name of the file that was to take its place
        raise


def read_ours(path: Path, ours: Callable[[bytes], bool], *, force: bool) -> bytes | None:
    """Return what a file holds that trialsched wrote, or None when there is none, or none to go by.

    Raises `BadInput` for somebody else's, which `force` leaves out of account.
    """
    if not path.is_file():
        return None
    data = path.read_bytes()
    if ours(data):
        return data
    if force:
        return None
    raise BadInput([_NOT_OURS.format(path)])


def save_over(path: Path, data: bytes, seen: bytes | None, ours: Callable[[bytes], bool], *, force: bool) -> None:
    """Write a file that was made from what it held, `seen` (None: from nothing), unless somebody saved it since.

    Raises what `save` raises.
    """

    def look() -> None:
        now = path.read_bytes() if path.is_file() else None
        if now != seen:
            raise BadInput([f"{path}: was saved by somebody while it was made again: make it once more"])

    forced = force and seen is None  # whatever stands there is to go
    save(path, data, ours, force=force, look=None if forced else look)


def _replace(target: Path, data: bytes, mode: int | None, look: Callable[[], None] | None = None) -> None:
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
    allowed = 0o666 if mode is None else stat.S_IMODE(mode)
    try:  # the name is known before there is a file: an interruption at any moment leaves none
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, allowed)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(allowed)  # also what the umask takes from new files
        if look is not None:
            look()
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def open_like(path: Path, flags: int, like: Path) -> int:
    """Open a file; one that is made allows what another one does, whatever the umask, and its owner to write."""
    try:
        allowed = stat.S_IMODE(like.stat().st_mode) & 0o666 | 0o600
    except FileNotFoundError:
        return os.open(path, flags | os.O_CREAT, 0o666)
    try:
        handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, allowed)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT, allowed)
    with contextlib.suppress(OSError):  # a file system without such rights
        path.chmod(allowed)
    return handle


def _write(stream: IO[bytes], data: bytes) -> None:
    """Write all of it: an unbuffered stream may take less at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) or 0 :]


def sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where folders can be opened (not on Windows)."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def emit(data: bytes) -> None:
    """Write bytes to standard output as they are, the same on every system; to a terminal nothing that steers it."""
    sys.stdout.flush()
    _write(sys.stdout.buffer, for_terminal(data) if sys.stdout.isatty() else data)
    sys.stdout.buffer.flush()
