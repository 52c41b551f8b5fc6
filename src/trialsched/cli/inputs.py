"""One set of inputs for every command: a protocol, and one subject's facts or a list of subjects."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from trialsched.errors import InvalidValueError, ProtocolError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, time

    from trialsched.errors import Problem
    from trialsched.offsets import PartialDate
    from trialsched.protocol import Protocol
    from trialsched.subject import Subject, VisitRecord

DEFAULT_PROTOCOL = "alstem"
UNNAMED = "SUBJECT"
FIRST_YEAR, LAST_YEAR = 1900, 2199

_F = TypeVar("_F", bound="Callable[..., Any]")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class BadInput(Exception):  # noqa: N818 - what it is called in the contract of the exit codes
    """What was typed or read cannot be used: all its faults, one a line."""

    def __init__(self, lines: list[str]) -> None:
        """Keep the lines."""
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Inputs:
    """The options that every planning command takes, as typed."""

    protocol: str | None
    as_registered: bool
    subject: str | None
    arm: str | None
    baseline: str | None
    provisional: str | None
    attended: tuple[str, ...]
    booked: tuple[str, ...]
    missed: tuple[str, ...]
    withheld: tuple[str, ...]
    ended: str | None
    subjects: str | None


_OPTIONS = (
    click.option(
        "--protocol", metavar="ID|FILE", help="A bundled protocol or a .toml or .json file [default: alstem]."
    ),
    click.option("--as-registered", is_flag=True, help="Leave out assumed windows and spacings."),
    click.option("--subject", metavar="CODE", help="The subject's code."),
    click.option("--arm", metavar="ARM", help="The subject's arm."),
    click.option("--baseline", metavar="DATE", help="The planned day 0, as YYYY-MM-DD."),
    click.option("--provisional", metavar="CODE=DATE", help="Plan from this visit's date, before a baseline is fixed."),
    click.option("--attended", metavar="CODE=DATE", multiple=True, help="A visit happened on this day (repeatable)."),
    click.option(
        "--booked", metavar="CODE=DATE[THH:MM]", multiple=True, help="A visit is agreed for then (repeatable)."
    ),
    click.option("--missed", metavar="CODE", multiple=True, help="A visit did not happen (repeatable)."),
    click.option("--withheld", metavar="CODE=DATE", multiple=True, help="Came, treatment not given (repeatable)."),
    click.option("--ended", metavar="DATE", help="The last day of participation."),
    click.option(
        "--subjects", metavar="FILE.csv", help="Many subjects: columns subject, baseline, ... instead of the above."
    ),
)


def inputs(command: _F) -> _F:
    """Give a command the shared options, gathered into one `Inputs` as its first argument."""

    @wraps(command)
    def gathered(**options: Any) -> Any:  # noqa: ANN401 - click passes what it read
        names = Inputs.__dataclass_fields__
        own = {name: value for name, value in options.items() if name not in names}
        return command(Inputs(**{name: options[name] for name in names}), **own)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]


def open_protocol(name: str | None, *, as_registered: bool = False, default_said: bool = True) -> Protocol:
    """Return the protocol asked for, saying on standard error when it is the default."""
    from trialsched.formats.documents import load_protocol

    try:
        protocol = load_protocol(name or DEFAULT_PROTOCOL)
    except ProtocolError as error:
        raise BadInput([f"{name}: {problem}" for problem in error.problems]) from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BadInput([f"--protocol {name}: {error.strerror}"]) from None
    except TrialschedError as error:
        raise BadInput([f"--protocol {name}: {error.message}"]) from None
    if as_registered:
        protocol = protocol.as_registered()
    if name is None and default_said:
        click.echo(f"protocol: {describe(protocol)}, bundled (the default; choose another with --protocol)", err=True)
    return protocol


def describe(protocol: Protocol) -> str:
    """Return id, version and variant of a protocol in words."""
    variant = f" ({protocol.meta.variant})" if protocol.meta.variant else ""
    return f"{protocol.id} {protocol.version}{variant}"


class _Reader:
    """Reads option values, gathering every fault."""

    def __init__(self, protocol: Protocol, arm: str | None) -> None:
        self.protocol = protocol
        self.codes = [visit.code for visit in protocol.rows(arm)]
        self.faults: list[str] = []

    def day(self, option: str, text: str) -> date | None:
        from trialsched.offsets import parse_date

        try:
            day = parse_date(text)
            check_year(day)
        except InvalidValueError as error:
            self.faults.append(f"{option}: {error.message}")
            return None
        return day

    def known_day(self, option: str, text: str) -> date | PartialDate | None:
        from trialsched.offsets import PartialDate

        if not re.fullmatch(r"[0-9]{4}(-[0-9]{2})?", text):
            return self.day(option, text)
        try:
            partial = PartialDate.parse(text)
            check_year(partial.days.earliest)
        except InvalidValueError as error:
            self.faults.append(f"{option}: {error.message}")
            return None
        return partial

    def pair(self, option: str, text: str) -> tuple[str, str] | None:
        code, equals, value = text.partition("=")
        if not equals or not code:
            self.faults.append(f"{option}: read {text!r}, expected CODE=DATE, such as DOSE1=2026-03-04")
            return None
        return (code, value) if self.code(option, code) else None

    def code(self, option: str, code: str) -> bool:
        from trialsched._text import nearest_or

        if code in self.codes or self.protocol.is_unscheduled(code):
            return True
        expected = nearest_or(code, self.codes, f"one of {', '.join(self.codes[:20])}")
        self.faults.append(f"{option}: no visit {code!r} in the plan; expected {expected}")
        return False

    def moment(self, option: str, text: str) -> tuple[date | None, time | None]:
        from datetime import time

        day, letter, clock = text.partition("T")
        match = _TIME.fullmatch(clock) if letter else None
        if letter and match is None:
            self.faults.append(f"{option}: read {text!r}, expected CODE=YYYY-MM-DD or CODE=YYYY-MM-DDTHH:MM")
        return self.day(option, day), time(int(match[1]), int(match[2])) if match else None


def check_year(day: date) -> None:
    """Refuse years that are probably typing errors."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidValueError(
            f"read {day.isoformat()}: years before {FIRST_YEAR} and after {LAST_YEAR} are taken as slips"
        )


def one_subject(typed: Inputs, protocol: Protocol) -> Subject:
    """Return the subject that the options describe. Raises `BadInput` with every fault."""
    from trialsched.plan import provisional_baseline
    from trialsched.subject import Subject

    arms = protocol.arms
    if typed.arm is not None and typed.arm not in arms:
        raise BadInput([f"--arm: the protocol has no arm {typed.arm!r}; its arms: {', '.join(arms) or 'none'}"])
    read = _Reader(protocol, typed.arm)
    records = _records(typed, read)
    baseline = read.day("--baseline", typed.baseline) if typed.baseline is not None else None
    ended = read.day("--ended", typed.ended) if typed.ended is not None else None
    if typed.baseline is None and typed.provisional is None:
        read.faults.append("--baseline is missing: the planned day 0, as YYYY-MM-DD (or --provisional CODE=DATE)")
    if typed.baseline is not None and typed.provisional is not None:
        read.faults.append("--baseline and --provisional exclude each other: a baseline is fixed or it is not")
    pair = read.pair("--provisional", typed.provisional) if typed.provisional is not None else None
    visit_day = read.day("--provisional", pair[1]) if pair else None
    subject = None
    try:
        if pair and visit_day and baseline is None:
            baseline = provisional_baseline(protocol, pair[0], visit_day)
        subject = Subject(typed.subject if typed.subject is not None else UNNAMED, baseline, typed.arm, tuple(records))
        subject = replace(subject, ended=ended, baseline_status="provisional" if pair else "planned")
    except TrialschedError as error:
        option = "--subject" if error.where == "code" else "--provisional"
        read.faults.append(f"{option}: {error.message}")
    if read.faults or subject is None:
        raise BadInput(read.faults)
    return subject


def _records(typed: Inputs, read: _Reader) -> list[VisitRecord]:
    from trialsched.subject import VisitRecord

    records = []
    for text in typed.booked:
        pair = read.pair("--booked", text)
        day, clock = read.moment("--booked", pair[1]) if pair else (None, None)
        if pair and day:
            records.append(VisitRecord(pair[0], booked=day, booked_time=clock))
    for option, texts in (("--attended", typed.attended), ("--withheld", typed.withheld)):
        for text in texts:
            pair = read.pair(option, text)
            happened = read.known_day(option, pair[1]) if pair else None
            if pair and happened:
                withheld: Literal["withheld"] | None = "withheld" if option == "--withheld" else None
                records.append(VisitRecord(pair[0], attended=happened, outcome=withheld))
    records += [VisitRecord(code, outcome="missed") for code in typed.missed if read.code("--missed", code)]
    return records


_ONE_SUBJECT = ("subject", "arm", "baseline", "provisional", "attended", "booked", "missed", "withheld", "ended")


def many_subjects(typed: Inputs) -> tuple[list[tuple[int, Subject]], list[str]]:
    """Return the good rows of `--subjects` with their lines, and the faults of the bad ones.

    Raises `BadInput` when the file cannot be read as a list of subjects.
    """
    from trialsched.formats.records import loads_subjects

    both = [f"--{name}" for name in _ONE_SUBJECT if getattr(typed, name)]
    if both:
        raise BadInput([f"--subjects and {', '.join(both)} exclude each other: the file has every subject's facts"])
    path = Path(str(typed.subjects))
    try:
        read = loads_subjects(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BadInput([f"--subjects {path}: {error.strerror}"]) from None
    except TrialschedError as error:
        raise BadInput([f"{path.name} {error}"]) from None
    faults = [problem_line(path.name, problem) for problem in read.problems]
    good = []
    for line, subject in read.rows:
        try:
            for day in filter(None, (subject.baseline, subject.ended)):
                check_year(day)
        except InvalidValueError as error:
            faults.append(f"{path.name} line {line}: {error.message}")
            continue
        good.append((line, subject))
    return good, faults


def problem_line(name: str, problem: Problem) -> str:
    """Return a problem of a file as one line."""
    return f"{name} {problem}"
