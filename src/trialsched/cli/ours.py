"""Which files are ours: how an output of each format is known again, so that the same command may replace it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from trialsched import _json
from trialsched.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

# How tables and Markdown begin and end. A file that only quotes one of ours begins or ends with other words.
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HEAD: Final = re.compile(
    rf".+: baseline {_DAY}.*; protocol .+\n.*"  # a plan, or what happened
    rf"|From {_DAY} to {_DAY}: [0-9]+ to do\n.*"
    r"| Subject  .+\n ─+"  # adherence, and deviations
    r"|[0-9]+ findings?\n.*"
    r"|.+\n Visit   What  .+|.+: nothing moves\n.*"  # changes between two plans
    rf"|## .+\n(?:Arm .+\. )?Baseline {_DAY}.*"  # a plan, or what happened, in Markdown
    rf"|# (?:From {_DAY} to {_DAY}|Subjects by visits|Deviation log)\n.*"
)
_LEAST: Final = 2  # lines: a stamp alone is no output
_STAMP: Final = re.compile(
    rf"(?:Stamp: |as of {_DAY}; )?protocol (?P<protocol>.+), sha256 [0-9a-f]{{64}}; trialsched [0-9]\S*"
)


def ours_as(form: str) -> Callable[[bytes], bool]:
    """Return what knows an output of a format again; of a format without a mark only the same bytes are ours."""
    return _BY_FORM.get(form, unmarked)


def unmarked(_: bytes) -> bool:
    """Return that a file is not ours: what has no mark is replaced by --force only."""
    return False


def wrote_json(data: bytes) -> bool:
    """Return whether a JSON file, or every line of it, names trialsched as its generator."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    return _has_our_name(text) or (len(lines) > 1 and all(map(_has_our_name, lines)))


def _has_our_name(text: str) -> bool:
    try:
        document = _json.loads(text)
    except InvalidValueError:
        return False
    generator = document.get("generator") if isinstance(document, dict) else None
    return isinstance(generator, dict) and generator.get("name") == "trialsched"


def wrote_csv(data: bytes) -> bool:
    """Return whether a CSV file has the header line of one of our tables, also as for Excel."""
    line = data.partition(b"\n")[0].decode("utf-8-sig", errors="replace").rstrip("\r")
    header = line.split(";" if ";" in line else ",")
    if header[-1] != "generator_version":  # a column more is a person's
        return False
    if header[:2] == ["subject", "visit"]:
        return "window_basis" in header or "kind" in header
    return header[0] in {"subject", "window_basis"} and header[-2] == "protocol_sha256"  # adherence


def wrote_text(data: bytes) -> bool:
    """Return whether a table or Markdown begins as ours do and ends with our stamp.

    Words of a person before or behind make it theirs; what is changed between them is not seen.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < _LEAST:
        return False
    stamp = _STAMP.fullmatch(lines[-1].removesuffix("."))
    if stamp is None:
        return False
    first, protocol = lines[0], stamp["protocol"]
    if first == protocol or first.startswith((f"{protocol}: ", "from ")):  # of a protocol, and between two
        return protocol in first
    return _HEAD.fullmatch("\n".join(lines[:2])) is not None


_BY_FORM: Final = {
    "json": wrote_json,
    "jsonl": wrote_json,
    "csv": wrote_csv,
    "table": wrote_text,
    "markdown": wrote_text,
}
