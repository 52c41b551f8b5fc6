"""Printing: the only module of the command line that writes to the terminal, so that nothing read can steer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from trialsched._text import printable
from trialsched.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.errors import TrialschedError

_QUOTED_BY_CLICK: Final = ("message", "option_name", "param_hint", "ui_filename", "cmd_name", "argument_name")
_LONGEST_QUOTED: Final = 1000  # characters of it, which has more words around it


def put(line: str, *, err: bool = False) -> None:
    """Print one line, to standard error with `err`. What it quotes cannot make it two, or steer the terminal."""
    click.echo(printable(line), err=err)


def put_errors(lines: Iterable[str]) -> None:
    """Print errors to standard error, a line each."""
    for line in lines:
        put(f"error: {line}", err=True)


def lines_of_error(error: TrialschedError) -> list[str]:
    """Return what an error says: a line for each problem of a document."""
    return [str(problem) for problem in error.problems] if isinstance(error, DocumentError) else [str(error)]


def put_usage(error: click.ClickException) -> None:
    """Print what click says of the arguments, what it quotes of them made safe."""
    for name in _QUOTED_BY_CLICK:
        quoted = getattr(error, name, None)
        if isinstance(quoted, str):
            setattr(error, name, printable(quoted, _LONGEST_QUOTED))
    error.show()


def for_terminal(data: bytes) -> bytes:
    """Return what a terminal may be given of an output: the same lines, with nothing in them that steers it."""
    lines = data.decode(errors="surrogateescape").split("\n")
    return "\n".join(printable(line.removesuffix("\r"), None) for line in lines).encode()
