"""What a judge answers: for each file its complaints and the events that it read, as JSON on standard output.

A judge is a script of this folder, run as a module: `python -m tests.outside.judge_NAME FOLDER`. It reads every
`.ics` file of the folder by a program that nobody here wrote. Exit code 3: that program is not there.
"""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ABSENT = 3
_REFUSALS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError)


class Event(NamedTuple):
    """One event; `start` and `end` as `moment` writes them. What is missing in the file is ''."""

    uid: str
    summary: str
    start: str
    end: str


class Verdict(NamedTuple):
    """What one program says of one file: errors and warnings in its own words, and the events in order of UID."""

    complaints: list[str]
    events: list[Event]


def moment(value: date | datetime) -> str:
    """Write a day as 2026-03-02, a time with a zone as the UTC instant 2026-03-02T08:30:00Z, else without the Z."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.utcoffset() is None:
        return value.isoformat()
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def program(name: str) -> Any:  # noqa: ANN401 - a package without types here
    """Import the judging package, or leave with the exit code that says it is not there."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(ABSENT)


class _Heard(logging.Handler):
    """Keeps what a program logs as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def answer(read: Callable[[bytes], Iterable[Event]], *refusals: type[Exception]) -> None:
    """Read all files of the folder that the command names, and print the verdicts.

    A complaint is an error of the program (`refusals` are its own ones), a Python warning or a logged one.
    """
    refused: tuple[type[Exception], ...] = (*_REFUSALS, *refusals)
    heard = _Heard()
    logging.getLogger().addHandler(heard)
    verdicts = {}
    for path in sorted(Path(sys.argv[1]).glob("*.ics")):
        heard.lines.clear()
        events: list[Event] = []
        complaints = []
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                events = sorted(read(path.read_bytes()))
            except refused as error:
                complaints.append(f"{type(error).__name__}: {error}")
        complaints += [f"{w.category.__name__}: {w.message}" for w in warned]
        verdicts[path.stem] = Verdict(complaints + heard.lines, events)
    sys.stdout.write(json.dumps(verdicts))
