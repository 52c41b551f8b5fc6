"""One set of inputs for every command: a trial's folder, or a protocol with one subject's facts or many subjects."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trialsched.cli.printing import put
from trialsched.errors import MAX_PROBLEMS, DocumentError, InvalidValueError, TrialschedError, and_more

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, time

    from click.shell_completion import CompletionItem

    from trialsched.offsets import PartialDate
    from trialsched.protocol import Protocol
    from trialsched.subject import BaselineStatus, Subject
    from trialsched.trial import Trial

DEFAULT_PROTOCOL = "alstem"
UNNAMED = "SUBJECT"
FIRST_YEAR, LAST_YEAR = 1900, 2199
YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
BAD_INPUT, OUTSIDE, INTERRUPTED = 2, 3, 130  # exit codes

_F = TypeVar("_F", bound="Callable[..., Any]")
_MOMENT = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:T(?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9]))?")


class BadInput(Exception):  # noqa: N818 - what it is called in the contract of the exit codes
    """What was typed or read cannot be used: the first 1,000 of its faults, one a line."""

    def __init__(self, lines: list[str]) -> None:
        """Keep the lines."""
        self.lines = first_of(lines)
        super().__init__("\n".join(self.lines))


def first_of(lines: list[str]) -> list[str]:
    """Return the first 1,000 lines; of more, one more says that there are."""
    return lines if len(lines) <= MAX_PROBLEMS else [*lines[:MAX_PROBLEMS], str(and_more())]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What every planning command takes, as typed: the folder of a trial, or options."""

    trial: str | None = None
    protocol: tuple[str, ...] = ()
    as_registered: bool = False
    subject: str | None = None
    arm: str | None = None
    baseline: str | None = None
    provisional: str | None = None
    attended: tuple[str, ...] = ()
    booked: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    ended: str | None = None
    subjects: str | None = None
    records: str | None = None
    dates: str | None = None
    _opened: list[Trial | None] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def many(self) -> bool:
        """Whether there are many subjects: those of a list or of a trial's folder."""
        return self.subjects is not None or self.trial is not None

    def given(self, *names: str) -> list[str]:
        """Return which of these options were typed, as they are typed."""
        return [f"--{name}" for name in names if getattr(self, name) not in (None, ())]

    def open_trial(self, faults: list[str]) -> Trial | None:
        """Return the trial of the folder, read once; None without one, or when it cannot be read, which is noted."""
        if self.trial is not None and not self._opened:
            self._opened.append(_open_trial(self, self.trial, faults))
        return self._opened[0] if self._opened else None


_ONE_SUBJECT = ("subject", "arm", "baseline", "provisional", "attended", "booked", "missed", "withheld", "ended")


def _open_trial(typed: Inputs, folder: str, faults: list[str]) -> Trial | None:
    from trialsched.trial import load_trial

    both = typed.given(*_ONE_SUBJECT, "subjects", "records", "protocol")
    if both:
        words = f"{folder} and {', '.join(both)} exclude each other"
        faults.append(f"{words}: the folder has the protocol and every subject's facts")
    if not folder:  # as of a variable that is not set: it would name the working folder
        faults.append("TRIAL: read '', expected the folder of a trial")
        return None
    try:
        return load_trial(folder, dates=typed.dates, years=YEARS)
    except DocumentError as error:
        faults += [f"{folder}: {problem}" for problem in error.problems]
    except NotADirectoryError:
        faults.append(f"{folder}: is a file; the folder of a trial is meant")
    except FileNotFoundError as error:
        faults.append(f"{error.filename or folder}: {error.strerror}")
    return None


def exclusive(typed: Inputs) -> list[str]:
    """Return the options of one subject that stand beside a list of subjects."""
    return typed.given(*_ONE_SUBJECT)


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


PATH = click.Path(readable=False)  # what cannot be read is a failure outside, told when it is opened

_OPTIONS = (
    click.option(
        "--protocol",
        metavar="ID|FILE",
        multiple=True,
        shell_complete=complete_protocol,
        help="A bundled protocol or a .toml or .json file; repeated, its versions [default: alstem].",
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
        metavar="FILE",
        type=PATH,
        help="Many subjects instead of the above: .csv with columns subject, baseline, ... or .json.",
    ),
    option(
        "--records",
        metavar="FILE.csv",
        type=PATH,
        help="With --subjects, what was booked and happened: columns subject, visit, booked, attended, ...",
    ),
    option("--dates", metavar="FORM", help="How dates are written in the lists, as dd.mm.yyyy [default: yyyy-mm-dd]."),
)
_FOLDER = click.argument("trial", metavar="[TRIAL]", required=False, type=PATH)


def inputs(command: _F) -> _F:
    """Give a command the folder of a trial and the shared options, gathered into one `Inputs`, its first argument."""
    return _FOLDER(input_options(command))


def input_options(command: _F) -> _F:
    """Give a command the shared options, for one that has arguments of its own; `in_folder` adds the folder."""

    @wraps(command)
    def gathered(**options: Any) -> Any:  # noqa: ANN401 - click passes what it read
        names = {field.name for field in fields(Inputs) if field.init}
        own = {name: value for name, value in options.items() if name not in names}
        return command(Inputs(**{name: options[name] for name in names if name in options}), **own)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]


def in_folder(typed: Inputs, folder: str) -> Inputs:
    """Return what was typed, with the folder of a trial."""
    return replace(typed, trial=folder)


# What the shell has opened already, as for `<(command)`, is read to its end.
_OPENED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def check_input(name: str | os.PathLike[str], said_as: str = "") -> None:
    """Refuse what a person named as a file and is none: a pipe would be waited for. Raises `BadInput`."""
    if str(name).startswith(_OPENED):
        return
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116 - `Path.stat` fails for a name that no file can have
    except (OSError, ValueError):
        return  # told when it is opened
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise BadInput([f"{said_as}{name}: is no file, a file is meant"])


def open_protocol(name: str | None, *, as_registered: bool = False, said_as: str = "--protocol ") -> Protocol:
    """Return the protocol asked for, saying on standard error when it is the default. Raises `BadInput`."""
    from trialsched.formats.documents import load_protocol

    if name is not None:
        check_input(name, said_as)
    try:
        protocol = load_protocol(DEFAULT_PROTOCOL if name is None else name)
    except DocumentError as error:
        raise BadInput([f"{name}: {problem}" for problem in error.problems]) from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BadInput([f"{said_as}{name}: {error.strerror}"]) from None
    except TrialschedError as error:
        if name and os.path.isdir(name):  # noqa: PTH112 - `Path.is_dir` fails for a name that is too long
            message = f"{said_as}{name}: is a folder; expected a document in it, as {name}/protocol.toml"
            raise BadInput([message]) from None
        raise BadInput([f"{said_as}{name or repr(name)}: {error.message}"]) from None
    if protocol.meta.in_force is not None:
        try:
            check_year(protocol.meta.in_force)
        except InvalidValueError as error:
            raise BadInput([f"{name}: in_force: {error.message}"]) from None
    if as_registered:
        protocol = protocol.as_registered()
    if name is None:
        put(f"protocol: {describe(protocol)}, bundled (the default; choose another with --protocol)", err=True)
    return protocol


def describe(protocol: Protocol) -> str:
    """Return id, version and variant of a protocol in words."""
    variant = f" ({protocol.meta.variant})" if protocol.meta.variant else ""
    return f"{protocol.id} {protocol.version}{variant}"


class _Reader:
    """Reads option values, gathering every fault."""

    def __init__(self, protocols: Sequence[Protocol], arm: str | None, faults: list[str]) -> None:
        self.protocols = protocols
        rows = (protocol.rows(arm if arm in protocol.arms else None) for protocol in protocols)
        self.codes = list(dict.fromkeys(visit.code for visits in rows for visit in visits))
        self.faults = faults

    def day(self, option: str, text: str) -> date | None:
        return read_day(option, text, self.faults)

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

        if code in self.codes or any(protocol.is_unscheduled(code) for protocol in self.protocols):
            return True
        expected = nearest_or(code, self.codes, f"one of {', '.join(self.codes[:20])}")
        self.faults.append(f"{option}: no visit {code!r} in the plan; expected {expected}")
        return False

    def moment(self, option: str, text: str) -> tuple[date | None, time | None]:
        return read_moment(option, text, self.faults)


def check_year(day: date) -> None:
    """Refuse years that are probably typing errors."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidValueError(
            f"read {day.isoformat()}: a year before {FIRST_YEAR} or after {LAST_YEAR} is taken for a typing error"
        )


def read_day(option: str, text: str, faults: list[str]) -> date | None:
    """Return the day that an option gives, or None, what is wrong with it noted."""
    from trialsched.offsets import parse_date

    try:
        day = parse_date(text)
        check_year(day)
    except InvalidValueError as error:
        faults.append(f"{option}: {error.message}")
        return None
    return day


def read_moment(option: str, text: str, faults: list[str]) -> tuple[date | None, time | None]:
    """Return the day and the time of day that an option gives, None for what it does not give; faults are noted."""
    from datetime import time

    match = _MOMENT.fullmatch(text)
    if match is None:
        faults.append(f"{option}: read {text!r}, expected YYYY-MM-DD or YYYY-MM-DDTHH:MM")
        return None, None
    clock = time.fromisoformat(match["time"]) if match["time"] else None
    return read_day(option, match["day"], faults), clock


def one_subject(
    typed: Inputs, protocols: Sequence[Protocol], faults: list[str], chosen: Sequence[Protocol] | None = None
) -> Subject | None:
    """Return the subject that the options describe, or None with every fault noted.

    The protocols are the versions of one in their order: a visit that is not in one may be in another. An arm is one
    of all that are chosen, without more words all.
    """
    from trialsched.plan import provisional_baseline
    from trialsched.subject import Subject
    from trialsched.trial import protocol_on

    before = len(faults)
    if typed.records is not None:
        faults.append(
            "--records needs --subjects; for one subject there are --booked, --attended, --missed, --withheld"
        )
    if typed.dates is not None:
        faults.append("--dates needs --subjects: it is the form of dates in lists; options take YYYY-MM-DD")
    arm = typed.arm
    for protocol in protocols if chosen is None else chosen:
        if arm is not None and arm not in protocol.arms:
            version = f" of version {protocol.version}" if len(protocols) > 1 else ""
            arms = ", ".join(protocol.arms) or "none"
            faults.append(f"--arm: the protocol{version} has no arm {arm!r}; its arms: {arms}")
            arm = None
    read = _Reader(protocols, arm, faults)
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
            baseline = provisional_baseline(protocol_on(protocols, {}, visit_day), pair[0], visit_day)
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
