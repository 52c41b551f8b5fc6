"""The command line: arguments, files, today's date, exit codes. The only place that prints or reads a clock."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from trialsched.cli.commands import cli
from trialsched.cli.inputs import BadInput
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUT, OUTSIDE, INTERRUPTED = 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0; 1 a condition asked for by an option; 2 bad input; 3 a failure outside (disk); 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(args=arguments, prog_name="trialsched", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except BadInput as error:
        for line in error.lines:
            click.echo(f"error: {line}", err=True)
        return BAD_INPUT
    except TrialschedError as error:
        click.echo(f"error: {error}", err=True)
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away: nothing more can be said, not even when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTSIDE
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {name}{error.strerror or error}", err=True)
        return OUTSIDE
    return code if isinstance(code, int) else 0


__all__ = ["main"]
