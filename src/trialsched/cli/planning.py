"""What planning commands share: the plans of one subject or many, and where their output goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from trialsched.cli.inputs import BadInput, Inputs, many_subjects, one_subject, open_protocol
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trialsched.plan import Plan
    from trialsched.protocol import Protocol


class Planned(NamedTuple):
    """One good subject: the line and place in the list it comes from, and its plan."""

    line: int
    place: str
    plan: Plan


def plans_of(typed: Inputs, faults: list[str]) -> tuple[Protocol, list[Planned], list[tuple[int, str]]]:
    """Return the protocol, the plan of every good subject, and the faults of bad rows with their lines.

    Raises `BadInput` with `faults`, and with all that is wrong with the command or the whole file.
    """
    from trialsched.plan import schedule

    try:
        protocol = open_protocol(typed.protocol, as_registered=typed.as_registered)
    except BadInput as error:
        raise BadInput([*faults, *error.lines]) from None
    if typed.subjects is None:
        subject = one_subject(typed, protocol, faults)
        if faults or subject is None:
            raise BadInput(faults)
        if protocol.arms and subject.arm is None:
            arms = ", ".join(protocol.arms)
            click.echo(f"note: without --arm only the visits common to all arms ({arms}) are planned", err=True)
        return protocol, [Planned(0, "", schedule(protocol, subject))], []
    rows, bad = many_subjects(typed, faults)
    if faults:
        raise BadInput(faults)
    name = Path(typed.subjects).name
    plans = []
    for line, subject in rows:
        try:
            plans.append(Planned(line, f"{name} line {line}", schedule(protocol, subject)))
        except TrialschedError as error:
            bad.append((line, f"{name} line {line}: {error}"))
    return protocol, plans, bad


def deliver(text: str, output: str | None, ours: Callable[[bytes], bool], *, force: bool) -> None:
    """Write text to the file asked for, or to standard output."""
    from trialsched.cli.files import emit, save

    if output in (None, "-"):
        emit(text.encode())
    else:
        save(Path(str(output)), text.encode(), ours, force=force)


def check_output(output: str | None, faults: list[str]) -> None:
    """Note an --output that names no file."""
    if output is not None and (not output or output.endswith(("/", os.sep))):
        faults.append(f"--output: read {output!r}, expected the name of a file")


def never_ours(_: bytes) -> bool:
    """Return that a file is not ours: what has no mark is replaced by --force only."""
    return False


def count(number: int, word: str) -> str:
    """Return a number with its word: '1 visit', '17 visits'."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def say(bad: list[tuple[int, str]], code: int = 0) -> int:
    """Say the faults of rows in the order of their lines; return 2, or a code that is worse."""
    for _, fault in sorted(bad, key=lambda pair: pair[0]):
        click.echo(f"error: {fault}", err=True)
    return max(code, 2 if bad else 0)
