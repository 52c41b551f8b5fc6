"""The command line: arguments, files, today's date, exit codes. The only place that prints or reads a clock."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trialsched.cli.commands import cli
from trialsched.cli.inputs import BAD_INPUT, INTERRUPTED, OUTSIDE, BadInput
from trialsched.cli.printing import lines_of_error, put, put_errors, put_usage
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0; 1 a condition asked for by an option; 2 bad input; 3 a failure outside (disk, memory); 130 interrupted.
    """
    _open_streams()
    try:
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
    except MemoryError:
        code = OUTSIDE
        put_errors(["there is not enough memory for this"])
    except OSError as error:
        code = OUTSIDE
        if not isinstance(error, BrokenPipeError):  # when the reader went away nothing more can be said
            name = f"{error.filename}: " if error.filename else ""
            with contextlib.suppress(OSError):
                put_errors([f"{name}{error.strerror or error}"])
    _leave_streams()
    return code


def _run(arguments: list[str]) -> int:
    try:
        if os.environ.get("_TRIALSCHED_COMPLETE"):
            cli.main(prog_name="trialsched")  # click answers the shell, and exits
        with cli.make_context("trialsched", arguments) as context:  # `main` would end broken pipes with 1
            code = cli.invoke(context)
    except click.exceptions.Exit as error:  # --help and --version
        return error.exit_code
    except click.ClickException as error:
        put_usage(error)
        return BAD_INPUT
    except BadInput as error:
        put_errors(error.lines)
        return BAD_INPUT
    except TrialschedError as error:
        put_errors(lines_of_error(error))
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        put("interrupted", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Write what no encoding has as backslashes; a stream that was closed at the start goes nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _leave_streams() -> None:
    """Let what cannot be written go nowhere, so that Python has nothing to say about it when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


__all__ = ["main"]
