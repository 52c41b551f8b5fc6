"""One set of inputs for every command: a protocol, and one subject's facts or a list of subjects."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from trialsched.errors import InvalidValueError, ProtocolError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import time

    from click.shell_completion import CompletionItem

    from trialsched.errors import Problem
    from trialsched.formats.records import RecordList
    from trialsched.offsets import PartialDate
    from trialsched.protocol import Protocol
    from trialsched.subject import BaselineStatus, Subject, VisitRecord

DEFAULT_PROTOCOL = "alstem"
UNNAMED = "SUBJECT"
FIRST_YEAR, LAST_YEAR = 1900, 2199
BAD_INPUT, OUTSIDE, INTERRUPTED = 2, 3, 130  # exit codes

_F = TypeVar("_F", bound="Callable[..., Any]")
_List = TypeVar("_List")
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
    records: str | None


def _once(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Take an option's only value: of two, none is the one that was meant."""
    if len(values) > 1:
        message = f"is given {len(values)} times: {', '.join(map(repr, values))}"
        raise click.BadParameter(message, context, parameter)
    return values[0] if values else None


def complete_protocol(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a bundled id or a file; a shell waits for it, so the reader of documents is not loaded."""
    from importlib.resources import files

    from click.shell_completion import CompletionItem

    folder = files("trialsched") / "protocols"
    ids = sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    found = [CompletionItem(name) for name in ids if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def option(*names: str, **settings: Any) -> Callable[[_F], _F]:  # noqa: ANN401 - as click's own
    """Give a command an option that takes one value, at most once."""
    return click.option(*names, multiple=True, callback=_once, **settings)


PATH = click.Path()

_OPTIONS = (
    option(
        "--protocol",
        metavar="ID|FILE",
        shell_complete=complete_protocol,
        help="A bundled protocol or a .toml or .json file [default: alstem].",
    ),
    click.option("--as-registered", is_flag=True, help="Leave out assumed windows and spacings."),
    option("--subject", metavar="CODE", help="The subject's code."),
    option("--arm", metavar="ARM", help="The subject's arm."),
    option("--baseline", metavar="DATE", help="The planned day 0, as YYYY-MM-DD."),
    option("--provisional", metavar="CODE=DATE", help="Plan from this visit's date, before a baseline is fixed."),
    click.option("--attended", metavar="CODE=DATE", multiple=True, help="A visit happened on this day (repeatable)."),
    click.option(
        "--booked", metavar="CODE=DATE[THH:MM]", multiple=True, help="A visit is agreed for then (repeatable)."
    ),
    click.option("--missed", metavar="CODE", multiple=True, help="A visit did not happen (repeatable)."),
    click.option("--withheld", metavar="CODE=DATE", multiple=True, help="Came, treatment not given (repeatable)."),
    option("--ended", metavar="DATE", help="The last day of participation."),
    option(
        "--subjects",
        metavar="FILE.csv",
        type=PATH,
        help="Many subjects: columns subject, baseline, ... instead of the above.",
    ),
    option(
        "--records",
        metavar="FILE.csv",
        type=PATH,
        help="With --subjects, what was booked and happened: columns subject, visit, booked, attended, ...",
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


def open_protocol(name: str | None, *, as_registered: bool = False, said_as: str = "--protocol ") -> Protocol:
    """Return the protocol asked for, saying on standard error when it is the default. Raises `BadInput`."""
    from trialsched.formats.documents import load_protocol

    try:
        protocol = load_protocol(DEFAULT_PROTOCOL if name is None else name)
    except ProtocolError as error:
        raise BadInput([f"{name}: {problem}" for problem in error.problems]) from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BadInput([f"{said_as}{name}: {error.strerror}"]) from None
    except TrialschedError as error:
        raise BadInput([f"{said_as}{name or repr(name)}: {error.message}"]) from None
    if as_registered:
        protocol = protocol.as_registered()
    if name is None:
        click.echo(f"protocol: {describe(protocol)}, bundled (the default; choose another with --protocol)", err=True)
    return protocol


def describe(protocol: Protocol) -> str:
    """Return id, version and variant of a protocol in words."""
    variant = f" ({protocol.meta.variant})" if protocol.meta.variant else ""
    return f"{protocol.id} {protocol.version}{variant}"


class _Reader:
    """Reads option values, gathering every fault."""

    def __init__(self, protocol: Protocol, arm: str | None, faults: list[str]) -> None:
        self.protocol = protocol
        self.codes = [visit.code for visit in protocol.rows(arm)]
        self.faults = faults

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
            self.faults.append(f"{option}: read {text!r}, expected YYYY-MM-DD or YYYY-MM-DDTHH:MM")
            return None, None
        return self.day(option, day), time(int(match[1]), int(match[2])) if match else None


def check_year(day: date) -> None:
    """Refuse years that are probably typing errors."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidValueError(
            f"read {day.isoformat()}: a year before {FIRST_YEAR} or after {LAST_YEAR} is taken for a typing error"
        )


def one_subject(typed: Inputs, protocol: Protocol, faults: list[str]) -> Subject | None:
    """Return the subject that the options describe, or None with every fault noted."""
    from trialsched.plan import provisional_baseline
    from trialsched.subject import Subject

    before = len(faults)
    if typed.records is not None:
        faults.append(
            "--records needs --subjects; for one subject there are --booked, --attended, --missed, --withheld"
        )
    arm = typed.arm
    if arm is not None and arm not in protocol.arms:
        faults.append(f"--arm: the protocol has no arm {arm!r}; its arms: {', '.join(protocol.arms) or 'none'}")
        arm = None
    read = _Reader(protocol, arm, faults)
    subject = None
    try:
        subject = Subject(typed.subject if typed.subject is not None else UNNAMED, arm=arm)
    except TrialschedError as error:
        faults.append(f"--subject: {error.message}")
    baseline = read.day("--baseline", typed.baseline) if typed.baseline is not None else None
    ended = read.day("--ended", typed.ended) if typed.ended is not None else None
    if typed.baseline is None and typed.provisional is None:
        faults.append("--baseline is missing: the planned day 0, as YYYY-MM-DD (or --provisional CODE=DATE)")
    if typed.baseline is not None and typed.provisional is not None:
        faults.append("--baseline and --provisional exclude each other: a baseline is fixed or it is not")
    pair = read.pair("--provisional", typed.provisional) if typed.provisional is not None else None
    visit_day = read.day(f"--provisional {pair[0]}", pair[1]) if pair else None
    if pair and visit_day and typed.baseline is None:
        try:
            baseline = provisional_baseline(protocol, pair[0], visit_day)
        except TrialschedError as error:
            faults.append(f"--provisional: {error.message}")
    told = _with_facts(subject or Subject(UNNAMED), typed, read)
    if len(faults) > before:
        return None
    status: BaselineStatus = "provisional" if typed.provisional else "planned"
    return replace(told, baseline=baseline, baseline_status=status, ended=ended)


def _with_facts(subject: Subject, typed: Inputs, read: _Reader) -> Subject:
    """Return the subject with what was booked and happened, each visit's in one record.

    Only a visit that was withheld, and is held or booked once more, has two.
    """
    from trialsched.subject import VisitRecord

    booked, attended, withheld = (
        _by_code(read, f"--{name}", getattr(typed, name)) for name in ("booked", "attended", "withheld")
    )
    moments = {code: read.moment(f"--booked {code}", text) for code, text in booked.items()}
    for code in withheld:
        known = read.known_day(f"--withheld {code}", withheld[code])
        subject = subject.withheld(code, known) if known else subject
    for code, (day, clock) in moments.items():
        subject = subject.booked(code, day, clock) if day else subject
    for code in typed.missed:
        if code in attended or code in withheld:
            read.faults.append(f"--missed: {code} is also said to have happened")
        elif read.code("--missed", code):
            subject = subject.missed(code)
    for code in attended:
        known = read.known_day(f"--attended {code}", attended[code])
        if known and code in withheld:
            subject = subject.with_record(VisitRecord(code, attended=known))
        elif known:
            subject = subject.attended(code, known)
    return subject


def _by_code(read: _Reader, option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Return the values of a repeatable CODE=VALUE option by code."""
    found: dict[str, str] = {}
    for text in texts:
        pair = read.pair(option, text)
        if pair and pair[0] in found:
            read.faults.append(f"{option}: {pair[0]} is given twice")
        elif pair:
            found[pair[0]] = pair[1]
    return found


_ONE_SUBJECT = ("subject", "arm", "baseline", "provisional", "attended", "booked", "missed", "withheld", "ended")


def many_subjects(typed: Inputs, faults: list[str]) -> tuple[list[tuple[int, Subject]], list[tuple[int, str]]]:
    """Return the good rows of `--subjects` with their `--records`, and the faults of the bad ones, each with its line.

    A subject with a bad row in `--records` is left out: without what that row means its dates would be wrong.
    What stands against the whole file or command is noted in `faults`.
    """
    from trialsched.formats.records import loads, loads_subjects

    both = [f"--{name}" for name in _ONE_SUBJECT if getattr(typed, name) not in (None, ())]
    if both:
        faults.append(f"--subjects and {', '.join(both)} exclude each other: the file has every subject's facts")
    read = _read_list("--subjects", str(typed.subjects), loads_subjects, faults)
    told = _read_list("--records", typed.records, loads, faults) if typed.records is not None else None
    if read is None:
        return [], []
    name = Path(str(typed.subjects)).name
    bad = [(_line(problem), f"{name} {problem}") for problem in read.problems]
    good = []
    for line, subject in read.rows:
        slips = _slips(line, baseline=subject.baseline, ended=subject.ended)
        bad += [(line, f"{name} {slip}") for slip in slips]
        if not slips:
            good.append((line, subject))
    if not good and not bad:
        faults.append(f"{name}: no subjects under the header")
    if told is None:
        return good, bad
    wrong = _wrong_rows(told, read.codes, name)
    records = Path(str(typed.records)).name
    if not all(row.subject for row in wrong):
        faults += [fault for _, fault in sorted(bad, key=lambda pair: pair[0])]
        faults += [f"{records} {row.fault}" for row in wrong]
        why = "anybody's dates may rest on it"
        faults.append(f"{records}: nothing is planned while it cannot be told whose a row is: {why}")
        return [], []
    bad += _left_out(good, wrong, name, records)
    return _with_records(good, told, {row.subject for row in wrong}), bad


def _read_list(option: str, name: str, loads: Callable[[bytes], _List], faults: list[str]) -> _List | None:
    """Return what a list says, or None when it is none, which is noted."""
    path = Path(name)
    try:
        return loads(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{option} {path}: {error.strerror}")
    except TrialschedError as error:
        faults.append(f"{path.name} {error}")
    return None


def _slips(line: int, **days: date | PartialDate | None) -> list[str]:
    """Return the typing errors in the years of a row's days."""
    from trialsched.offsets import PartialDate

    found = []
    for column, day in days.items():
        try:
            check_year(day.days.earliest if isinstance(day, PartialDate) else day or FIRST_DAY)
        except InvalidValueError as error:
            found.append(f"line {line}: {column}: {error.message}")
    return found


class _Wrong(NamedTuple):
    """A fault of a row of `--records`: its line, its subject as far as it can be told, what is wrong."""

    line: int
    subject: str
    fault: str


def _wrong_rows(told: RecordList, codes: frozenset[str], name: str) -> list[_Wrong]:
    """Return every fault of the rows, in the order of their lines; `codes` are those of the subjects' list."""
    found = [_Wrong(line, told.owners.get(line, ""), str(p)) for p in told.problems for line in (_line(p),)]
    for line, code, record in told.rows:
        slips = _slips(line, booked=record.booked, attended=record.attended)
        found += [_Wrong(line, code, slip) for slip in slips]
    folded = {code.casefold(): code for code in codes}
    for line, code in (*told.owners.items(), *((row.line, row.subject) for row in told.rows)):
        if code not in codes:
            meant = folded.get(code.casefold())  # no two subjects differ by case alone
            hint = f"; expected {meant!r}" if meant else ""
            found.append(_Wrong(line, meant or code, f"line {line}: subject: no subject {code!r} in {name}{hint}"))
    return sorted(found, key=lambda row: row.line)


def _left_out(
    good: list[tuple[int, Subject]], wrong: list[_Wrong], subjects: str, records: str
) -> list[tuple[int, str]]:
    """Return the faults of bad rows of `--records`: a subject's at its line of `--subjects`, strangers' at the end."""
    lines = {subject.code: line for line, subject in good}
    found = [(lines.get(row.subject, _BEHIND_ALL), f"{records} {row.fault}") for row in wrong]
    for code in dict.fromkeys(row.subject for row in wrong if row.subject in lines):
        why = f"{code} is left out: its dates may rest on what its bad rows of {records} mean"
        found.append((lines[code], f"{subjects} line {lines[code]}: {why}"))
    return found


def _with_records(good: list[tuple[int, Subject]], told: RecordList, without: set[str]) -> list[tuple[int, Subject]]:
    """Return the subjects with their records in the order of the file, but those that have bad rows."""
    records: dict[str, list[VisitRecord]] = defaultdict(list)
    for row in told.rows:
        records[row.subject].append(row.record)
    return [
        (line, replace(subject, records=tuple(records[subject.code])))
        for line, subject in good
        if subject.code not in without
    ]


FIRST_DAY = date(FIRST_YEAR, 1, 1)
_BEHIND_ALL = 1 << 62  # no list has that many lines


def _line(problem: Problem) -> int:
    return int(problem.where.split()[1].rstrip(":"))
