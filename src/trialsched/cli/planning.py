"""What planning commands share: the plans of one subject or many, and where their output goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from trialsched.cli.inputs import (
    DEFAULT_PROTOCOL,
    BadInput,
    Inputs,
    describe,
    first_of,
    one_subject,
    open_protocol,
    option,
    read_day,
)
from trialsched.cli.lists import many_subjects, place_in, rows_of
from trialsched.cli.printing import put, put_errors
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from trialsched.compliance import Report
    from trialsched.plan import Plan
    from trialsched.protocol import Protocol
    from trialsched.trial import Trial

_COMMON = "only the visits common to all arms ({}) are planned"
_NAMED = 10  # subjects that a note names

_F = TypeVar("_F", bound="Callable[..., Any]")


class Planned(NamedTuple):
    """One good subject: the line and place in the list it comes from, and its plan."""

    line: int
    place: str
    plan: Plan


class Versioned(NamedTuple):
    """One good subject: the line and place in the list it comes from, and its plan by each version."""

    line: int
    place: str
    plans: tuple[Plan, ...]


class Gathered(NamedTuple):
    """What a command works on: the versions of the protocol in order, the subjects, the faults of bad rows."""

    protocols: tuple[Protocol, ...]
    in_force: Mapping[str, date]
    subjects: list[Versioned]
    bad: list[tuple[int, str]]
    trial: Trial | None


class Versions(NamedTuple):
    """The versions of a protocol in the order in which they come into force, and the site's own dates of that."""

    protocols: tuple[Protocol, ...]
    in_force: Mapping[str, date]


def as_of_option(command: _F) -> _F:
    """Give a command the option `--as-of DATE`, for `as_of_day`."""
    return option("--as-of", metavar="DATE", help="The day on which it is asked [default: today].")(command)


def day_of(name: str, text: str | None, faults: list[str]) -> date | None:
    """Return the day that an option gives; None when it was not given, or is none, which is noted."""
    return None if text is None else read_day(name, text, faults)


def as_of_day(text: str | None, faults: list[str]) -> date:
    """Return the day that `--as-of` gives, what is wrong with it noted; today without it."""
    from datetime import UTC, datetime

    return day_of("--as-of", text, faults) or datetime.now(UTC).astimezone().date()


def gather(typed: Inputs, faults: list[str]) -> Gathered:
    """Return the plans of every good subject, one by each version, and the faults of bad rows with their lines.

    Raises `BadInput` with `faults`, and with all that is wrong with the command or a whole file.
    """
    versions = versions_of(typed, faults)
    return _gather(typed, versions, versions.protocols, faults)


def plans_of(
    typed: Inputs, faults: list[str], as_of: str | None = None
) -> tuple[Protocol, list[Planned], list[tuple[int, str]]]:
    """Return the protocol in force on a day, the plan of every good subject, and the faults of bad rows.

    Raises `BadInput` with `faults`, and with all that is wrong with the command or a whole file.
    """
    from trialsched.trial import protocol_on

    day = as_of_day(as_of, faults)
    versions = versions_of(typed, faults)
    protocol = protocol_on(*versions, day)
    found = _gather(typed, versions, (protocol,), faults)
    if len(versions.protocols) > 1:
        start = versions.in_force.get(protocol.version, protocol.meta.in_force)
        since = f", in force from {start}" if start else ""
        others = ", ".join(version.version for version in versions.protocols)
        put(f"protocol: {describe(protocol)}{since} (as of {day}; there are {others})", err=True)
    return protocol, [Planned(one.line, one.place, one.plans[0]) for one in found.subjects], found.bad


def reports_of(gathered: Gathered, as_of: date) -> list[Report]:
    """Return what `check` says of each subject; one that cannot be checked is a bad row."""
    from trialsched.compliance import check

    reports = []
    for one in gathered.subjects:
        try:
            reports.append(check(one.plans, as_of, in_force=gathered.in_force))
        except TrialschedError as error:
            gathered.bad.append((one.line, f"{one.place}: {error}" if one.place else str(error)))
    return reports


def versions_of(typed: Inputs, faults: list[str]) -> Versions:
    """Return the versions of the protocol. Raises `BadInput` with `faults` when there are none that can be used."""
    if typed.trial is not None:
        trial = typed.open_trial(faults)
        if trial is None:
            raise BadInput(faults)
        if typed.as_registered:
            return Versions(tuple(protocol.as_registered() for protocol in trial.protocols), trial.in_force)
        return Versions(trial.protocols, trial.in_force)
    from trialsched.trial import in_order

    forgotten = forgotten_folder(typed)
    if forgotten:
        raise BadInput([*faults, f"--baseline is missing, or the folder of a trial; {forgotten}"])
    named, wrong = [], []
    for name in typed.protocol or (None,):
        try:
            named.append((name or DEFAULT_PROTOCOL, open_protocol(name, as_registered=typed.as_registered)))
        except BadInput as error:
            wrong += error.lines
    versions, problems = in_order(named, {})
    if wrong or problems:
        raise BadInput([*faults, *wrong, *(f"--protocol {problem}" for problem in problems), *_faults_of_lists(typed)])
    return Versions(versions, {})


def forgotten_folder(typed: Inputs) -> str:
    """Return what to say when nothing was typed in a folder that is a trial's; '' otherwise."""
    from trialsched.trial import SUBJECTS, protocol_names

    if typed != Inputs(as_registered=typed.as_registered, dates=typed.dates):
        return ""
    try:
        names = sorted(path.name for path in Path().iterdir())
    except OSError:  # one that may not be looked into, or is not there any more
        return ""
    protocols = protocol_names(names)
    if not protocols or SUBJECTS not in names:
        return ""
    context = click.get_current_context(silent=True)
    command = context.command_path if context else "trialsched COMMAND"
    named = f"this folder is a trial's, with {protocols[0]} and {SUBJECTS}"
    return f"{named}: give it as an argument, `{command} .`"


def _faults_of_lists(typed: Inputs) -> list[str]:
    """Return what is wrong with the lists that options name, when nothing can be planned."""
    if typed.subjects is None:
        return []
    faults: list[str] = []
    _, bad = many_subjects(typed, faults)
    return [*faults, *faults_of(bad)]


def _gather(typed: Inputs, versions: Versions, chosen: Sequence[Protocol], faults: list[str]) -> Gathered:
    """Return the plans by the versions chosen."""
    from trialsched.plan import schedule

    trial = typed.open_trial(faults)
    arms = next((protocol.arms for protocol in chosen if protocol.arms), ())
    if not typed.many:
        subject = one_subject(typed, versions.protocols, faults, chosen)
        if faults or subject is None:
            raise BadInput(faults)
        if arms and subject.arm is None:
            put(f"note: without --arm {_COMMON.format(', '.join(arms))}", err=True)
        plans = tuple(schedule(protocol, subject) for protocol in chosen)
        return Gathered(versions.protocols, versions.in_force, [Versioned(0, "", plans)], [], None)
    name = "subjects.csv" if trial is not None else Path(str(typed.subjects)).name
    rows, bad = many_subjects(typed, faults) if trial is None else rows_of(trial.listed, name, faults)
    if faults:
        raise BadInput([*faults, *faults_of(bad)])
    found = []
    for line, subject in rows:
        place = place_in(name, line)
        try:
            found.append(Versioned(line, place, tuple(schedule(protocol, subject) for protocol in chosen)))
        except TrialschedError as error:
            bad.append((line, f"{place}: {error}"))
    without = [one.plans[0].subject.code for one in found if arms and one.plans[0].subject.arm is None]
    if without:
        more = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
        words = f"{_COMMON.format(', '.join(arms))} of subjects without an arm"
        put(f"note: {words}: {', '.join(without[:_NAMED])}{more}", err=True)
    return Gathered(versions.protocols, versions.in_force, found, bad, trial)


def deliver(
    text: str,
    output: str | None,
    form: str,
    *,
    force: bool,
    bad: Sequence[tuple[int, str]] = (),
) -> None:
    """Write text to the file asked for, or to standard output; when that fails, the faults of rows are said first.

    What of the same `form` trialsched wrote before is replaced.
    """
    from trialsched.cli.files import emit, save
    from trialsched.cli.ours import ours_as

    try:
        if output in (None, "-"):
            emit(text.encode())
        else:
            save(Path(str(output)), text.encode(), ours_as(form), force=force)
    except (BadInput, OSError):
        say(bad)
        raise


def check_output(
    output: str | None, faults: list[str], *, document: bool = False, made_over: str | None = None
) -> None:
    """Note an --output that names no file, or what a trial's folder is read from: with --force it would be lost.

    What is written may be the `document` of a new version of the protocol, or be `made_over` what is read.
    """
    if output is None:
        return
    if not output or output.endswith(("/", os.sep)):
        faults.append(f"--output: read {output!r}, expected the name of a file")
    elif any(_is_of_a_trial(path, document=document) for path in (Path(output), Path(os.path.realpath(output)))):
        faults.append(f"--output: {output} is what the trial's folder is read from; expected another name")
    elif any(is_same(output, name) for name in read_by_the_command(Path(output).parent) if name != made_over):
        faults.append(f"--output: {output} {IS_READ}; expected another name")


IS_READ: Final = "is a study key, or what this command reads"
_LOCK = "events.lock"
# Parameters that name files to be read.
_INPUTS = (
    *("study_key_file", "clinic", "subjects", "records", "protocol"),
    *("files", "calendars", "previous", "source"),
)


def read_by_the_command(folder: Path) -> Iterator[str | Path]:
    """Yield what the options name to be read, and the study keys of the trial's folders, also of that of outputs."""
    context = click.get_current_context(silent=True)
    typed = {} if context is None else context.params
    for name in _INPUTS:
        value = typed.get(name) or ()
        yield from (value,) if isinstance(value, str) else value
    first = (typed.get("files") or ("",))[0]
    for trial in (folder, *(Path(name) for name in (typed.get("trial"), first) if name)):
        yield from _study_key_of(trial)


def _study_key_of(folder: Path) -> Iterator[Path]:
    """Yield the file of the study key that a trial's folder names."""
    from trialsched.formats import documents
    from trialsched.trial import SETTINGS

    path = folder / SETTINGS
    if not path.is_file():
        return
    try:
        key = documents.loads_trial(path.read_bytes()).study_key_file
    except TrialschedError:
        return  # told when the folder is read
    if key is not None:
        yield folder / key


def is_same(one: str | Path, other: str | Path) -> bool:
    """Return whether two names are of one file that is there."""
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return False  # one of them is not there


def _is_of_a_trial(path: Path, *, document: bool) -> bool:
    """Return whether a file is, or would be, a list or document of a trial's folder, or its journal."""
    from trialsched.trial import NAMES, protocol_names

    try:
        protocols = protocol_names(inner.name for inner in path.parent.iterdir())
    except OSError:
        return False  # no folder, or none that can be read as a trial's
    if not protocols or path.name in protocols:
        return bool(protocols)
    return path.name.casefold() in {*NAMES, _LOCK} or (not document and protocol_names([path.name]) != [])


def count(number: int, word: str) -> str:
    """Return a number with its word: '1 visit', '17 visits'."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def say(bad: Sequence[tuple[int, str]], code: int = 0) -> int:
    """Say the faults of rows in the order of their lines; return 2, or a code that is worse."""
    put_errors(faults_of(bad))
    return max(code, 2 if bad else 0)


def faults_of(bad: Sequence[tuple[int, str]]) -> list[str]:
    """Return the first 1,000 faults of rows in the order of their lines."""
    return first_of([fault for _, fault in sorted(bad, key=lambda pair: pair[0])])
