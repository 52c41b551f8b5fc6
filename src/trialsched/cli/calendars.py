"""Commands that write calendars and read them back: `ics` and `bookings`."""

from __future__ import annotations

import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from trialsched.cli.inputs import OUTSIDE, PATH, BadInput, Inputs, check_year, describe, inputs, option
from trialsched.cli.planning import Planned, check_output, count, deliver, never_ours, plans_of, say
from trialsched.errors import DocumentError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trialsched.clinic import Clinic
    from trialsched.formats.ical import Audience, Limits, Style, Update
    from trialsched.plan import Plan
    from trialsched.protocol import Protocol
    from trialsched.subject import VisitRecord

_F = TypeVar("_F", bound="Callable[..., Any]")
FOR = {
    "staff": "for site staff, not for the participant",
    "participant": "for the participant",
    "blind": "for blinded site staff, not for the participant",
}
SUFFIXES = {"staff": ".ics", "participant": ".participant.ics", "blind": ".blind.ics"}
_LONGEST_KEY = 4096


class Making(NamedTuple):
    """What calendars are made with, besides the plans: when, under which key, where, for whom."""

    stamp: datetime
    study_key: str | None
    clinic: Clinic | None
    style: Style

    def keywords(self) -> dict[str, Any]:
        """Return the arguments that every verb of `formats.ical` takes."""
        return {"stamp": self.stamp, "study_key": self.study_key, "clinic": self.clinic, "style": self.style}


_MAKING = (
    option("--stamp", metavar="TIME", help="When the facts last changed, as 2026-03-02T09:00:00Z [default: now]."),
    option("--study-key-file", metavar="FILE", type=PATH, help="A file with the secret that event ids are made from."),
    option("--clinic", metavar="FILE", type=PATH, help="The clinic: zone of booked times, language, address."),
    option(
        "--audience",
        type=click.Choice(list(SUFFIXES)),
        help="For whom: staff, the participant, or staff who must not know the arm [default: staff].",
    ),
    option("--language", metavar="TAG", help="The language of the texts, as en or pl [default: the clinic's]."),
    click.option("--alarm", "alarms", metavar="TIME", multiple=True, help="Ring so long before: 1d, 2h (repeatable)."),
    click.option("--windows", is_flag=True, help="Add each window as an event of its own."),
)


def making(command: _F) -> _F:
    """Give a command the options of `Making`, gathered into one argument `made` with the faults found in them."""

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - click passes what it read
        names = ("stamp", "study_key_file", "clinic", "audience", "language", "alarms", "windows")
        given = {name: options.pop(name) for name in names}
        faults: list[str] = []
        style = _style(given, faults, feed=bool(options.pop("feed", False)))
        moment, key = stamp_of(given["stamp"], faults), study_key_of(given["study_key_file"], faults)
        return command(
            *arguments, made=Making(moment, key, clinic_of(given["clinic"], faults), style), faults=faults, **options
        )

    for one in reversed(_MAKING):
        gathered = one(gathered)
    return gathered  # type: ignore[return-value]


def _style(given: dict[str, Any], faults: list[str], *, feed: bool) -> Style:
    from trialsched.formats.ical import Style

    audience: Audience = given["audience"] or "staff"
    style = Style(audience, windows=given["windows"], feed=feed)
    # one after the other, so that a fault hides no other
    for wanted in ({"language": given["language"]}, *({"alarms": (alarm,)} for alarm in given["alarms"]), given):
        both = {name: wanted[name] for name in ("language", "alarms") if name in wanted}
        try:
            style = Style(audience, windows=given["windows"], feed=feed, **both)
        except TrialschedError as error:
            fault = f"--{error.where.removesuffix('s')}: {error.message}"
            faults += [fault] if fault not in faults else []
    return style


def clinic_of(name: str | None, faults: list[str]) -> Clinic | None:
    """Return the clinic of a file, or None, its faults noted."""
    from trialsched.formats.documents import load_clinic

    if name is None:
        return None
    try:
        return load_clinic(name)
    except DocumentError as error:
        faults += [f"{name}: {problem}" for problem in error.problems]
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"--clinic {name}: {error.strerror}")
    except TrialschedError as error:
        faults.append(f"--clinic {name}: {error.message}")
    return None


def tell_unknown_durations(clinic: Clinic | None, protocol: Protocol) -> None:
    """Say which durations are of no visit of the protocol: a slip, or meant for another study."""
    unknown = clinic.unknown_codes(protocol) if clinic else ()
    if unknown:
        words = ", ".join(map(repr, unknown))
        click.echo(f"note: [durations] of the clinic: {words} is no visit of {protocol.id}, and is not used", err=True)


def stamp_of(text: str | None, faults: list[str]) -> datetime:
    """Return the time that was typed, or now."""
    from datetime import UTC, datetime

    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        faults.append(f"--stamp: read {text!r}, expected a time with its zone, as 2026-03-02T09:00:00Z")
        return datetime.now(UTC)
    try:
        check_year(moment.date())
    except TrialschedError as error:
        faults.append(f"--stamp: {error.message}")
    return moment


def study_key_of(name: str | None, faults: list[str]) -> str | None:
    """Return the study key that a file holds, which is never shown."""
    if name is None:
        return None
    try:
        with Path(name).open("rb") as file:
            data = file.read(_LONGEST_KEY + 1)
        key = data.decode().strip("\r\n") if len(data) <= _LONGEST_KEY else ""
    except UnicodeDecodeError:
        key = ""
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"--study-key-file {name}: {error.strerror}")
        return None
    if not key or not key.isprintable():
        expected = f"one line of printable UTF-8 text without byte order mark, {_LONGEST_KEY} bytes at most"
        faults.append(f"--study-key-file {name}: expected {expected}")
        return None
    return key


@click.command()
@inputs
@option(
    "-o", "--output", metavar="FILE|DIR", type=PATH, help="The file [default: SUBJECT.ics]; with --subjects the folder."
)
@making
@option("--combined", metavar="FILE", type=PATH, help="With --subjects: one calendar for the site, in this file.")
@option("--previous", metavar="FILE|DIR", type=PATH, help="What was exported before [default: the file that is there].")
@click.option("--fresh", is_flag=True, help="Start over: forget what was exported before.")
@click.option("--feed", is_flag=True, help="Add how often a subscribed calendar is to be read again.")
@click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")
def ics(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    output: str | None,
    made: Making,
    faults: list[str],
    combined: str | None,
    previous: str | None,
    fresh: bool,  # noqa: FBT001 - a flag
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Write one calendar file for a subject, or one for each of many; a file that is there is updated."""
    if typed.subjects is None and typed.subject is None:
        faults.append("--subject is missing: the code that the events and the file are named by")
    if typed.subjects is None and combined is not None:
        faults.append("--combined needs --subjects: it is one calendar of several subjects")
    if combined is not None and output is not None:
        faults.append("--combined and -o exclude each other: the calendar is written to the file of --combined")
    if combined is not None and made.style.audience == "participant":
        faults.append("--combined and --audience participant exclude each other: it would show others' visits")
    if typed.subjects is not None and combined is None and output in (None, "", "-"):
        faults.append("-o DIR is missing: the folder for the files of --subjects (or --combined FILE)")
    if typed.subjects is None or combined is not None:
        check_output(combined or output, faults)
    if previous is not None and fresh:
        faults.append("--previous and --fresh exclude each other")
    _check_previous(previous, faults, folder=typed.subjects is not None and combined is None)
    protocol, plans, bad = plans_of(typed, faults)
    tell_unknown_durations(made.clinic, protocol)
    if made.style.audience == "blind" and protocol.arms:
        click.echo("note: a blind calendar has only the visits that all arms have", err=True)
    calendars = _Calendars(
        made,
        describe(protocol),
        previous,
        many=typed.subjects is not None and combined is None,
        fresh=fresh,
        force=force,
    )
    if combined is not None:
        return calendars.write_combined(plans, combined, bad)
    if typed.subjects is None:
        calendars.write_one(plans[0].plan, output)
        return 0
    return calendars.write_all(plans, Path(str(output)), bad)


def _check_previous(name: str | None, faults: list[str], *, folder: bool) -> None:
    if name is None:
        return
    if not Path(name).exists():
        faults.append(f"--previous {name}: No such file or directory")
    elif folder and not Path(name).is_dir():
        faults.append(f"--previous {name}: with --subjects a folder is meant, each subject's file in it")


class _Calendars:
    """Writes calendar files, each over what was exported before."""

    def __init__(
        self, made: Making, origin: str, previous: str | None, *, many: bool, fresh: bool, force: bool
    ) -> None:
        self.made = made
        self.audience = made.style.audience
        self.origin = origin
        self.previous = previous
        self.many = many
        self.fresh = fresh
        self.force = force

    def name_of(self, plan: Plan) -> str:
        from trialsched.cli.files import file_name

        return file_name(plan.subject.code, SUFFIXES[self.audience])

    def visits(self, *plans: Plan) -> int:
        """Return how many visits of these plans the calendar shows."""
        from trialsched.formats.ical.events import told

        return sum(len(told(plan, self.made.style)) for plan in plans)

    def write_one(self, plan: Plan, output: str | None) -> None:
        from trialsched.cli.files import emit

        words = f"of {plan.subject.code} by {self.origin}, {FOR[self.audience]}"
        if output == "-":
            made = self.made_over(plan, None, self.name_of(plan))
            emit(made.data)
            _tell_changes(made, err=True)
            click.echo(f"{count(self.visits(plan), 'visit')} {words}", err=True)
        else:
            path = Path(output) if output else Path(self.name_of(plan))
            made, state = self.save(plan, path)
            click.echo(f"{path}: {state}{count(self.visits(plan), 'visit')} {words}")
            _tell_changes(made)

    def write_all(self, plans: list[Planned], folder: Path, bad: list[tuple[int, str]]) -> int:
        if plans:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise BadInput([*(fault for _, fault in sorted(bad)), f"{folder}: is not a folder"]) from None
        written = unchanged = code = 0
        try:
            for line, place, plan in _progress(plans):
                try:
                    made, state = self.save(plan, folder / self.name_of(plan))
                    written += 1
                    unchanged += state == _UNCHANGED
                    _tell_changes(made, subject=True)
                except BadInput as error:
                    bad += [(line, f"{place}: {words}") for words in error.lines]
                except TrialschedError as error:
                    bad.append((line, f"{place}: {error}"))
                except OSError as error:
                    code = OUTSIDE
                    bad.append((line, f"{place}: {error.filename or folder}: {error.strerror or error}"))
        finally:  # also when it was interrupted
            same = f" ({unchanged} unchanged)" if unchanged else ""
            click.echo(f"{folder}: {count(written, 'calendar')}{same} by {self.origin}, {FOR[self.audience]}")
            code = say(bad, code)
        return code

    def write_combined(self, plans: list[Planned], output: str, bad: list[tuple[int, str]]) -> int:
        """Write one calendar of all subjects whose own can be made; the others are told, their events stay."""
        from trialsched.cli.files import emit
        from trialsched.formats import ical

        good = []
        for line, place, plan in plans:
            try:
                ical.update([plan], **self.made.keywords())
                good.append(plan)
            except TrialschedError as error:
                bad.append((line, f"{place}: {error}"))
        if good:
            words = f"of {count(len(good), 'subject')} by {self.origin}, {FOR[self.audience]}"
            if output == "-":
                made = self.made_over(good, None, "")
                emit(made.data)
                _tell_changes(made, subject=True, err=True)
                click.echo(f"{count(self.visits(*good), 'visit')} {words}", err=True)
            else:
                path = Path(output)
                made, state = self.save(good, path)
                click.echo(f"{path}: {state}{count(self.visits(*good), 'visit')} {words}")
                _tell_changes(made, subject=True)
        return say(bad)

    def save(self, plans: Plan | list[Plan], path: Path) -> tuple[Update, str]:
        """Update a file; return what was made, and in a word what became of the file."""
        from trialsched.cli.files import read_ours, save

        ours = _our_calendar(plans, self.made.study_key)
        there = read_ours(path, ours, force=self.force)
        made = self.made_over(plans, None if self.fresh else there, path.name)
        if there == made.data:
            return made, _UNCHANGED
        save(path, made.data, ours, force=self.force)
        return made, "" if there is None else "started over; " if self.fresh else "updated; "

    def made_over(self, plans: Plan | list[Plan], there: bytes | None, name: str) -> Update:
        """Return the calendar over what `--previous` names, else over the file that is there."""
        from trialsched.formats import ical

        where, previous = name, there
        if self.previous is not None:
            where, previous = self._read_previous(name)
            if previous is not None and there is not None and there != previous:
                click.echo(f"note: {name} is made from {where}; what it held itself is not looked at", err=True)
        try:
            made = ical.update(plans, previous=previous, limits=our_limits(), **self.made.keywords())
        except TrialschedError as error:
            if not error.where.startswith("previous"):
                raise
            said = str(error).removeprefix("previous: ")
            raise BadInput([f"{where}: {said}; --fresh starts over"]) from None
        for note in made.notes:
            click.echo(f"note: {note}", err=True)
        return made

    def _read_previous(self, name: str) -> tuple[str, bytes | None]:
        """Return the file that `--previous` names, and what it holds; None for a new subject of a list."""
        path = Path(str(self.previous))
        path = path / name if path.is_dir() else path
        try:
            with path.open("rb") as file:
                return str(path), file.read(our_limits().octets + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            if self.many:
                click.echo(f"note: {path} is not there: {name} is a first edition", err=True)
                return str(path), None
            raise BadInput([f"--previous {path}: {error.strerror}"]) from None


def our_limits() -> Limits:
    """Return what a file of ours may hold: a site's calendar is larger than what strangers send."""
    from trialsched.formats.ical import Limits

    return Limits(octets=200_000_000, components=1_000_000)


_UNCHANGED = "unchanged; "


def _tell_changes(made: Update, *, subject: bool = False, err: bool = False) -> None:
    """Print what moved, a line for each event; changes of words alone are not told."""
    for change in made.changes:
        if change.kind != "text":
            click.echo(f"  {f'{change.subject} ' if subject else ''}{change}", err=err)


def _our_calendar(plans: Plan | list[Plan], study_key: str | None) -> Callable[[bytes], bool]:
    from trialsched.formats import ical
    from trialsched.plan import Plan as OnePlan

    several = [plans] if isinstance(plans, OnePlan) else plans

    def ours(data: bytes) -> bool:
        if ical.is_ours(data):
            return True
        text = data.lower()  # programs write UIDs in either case
        uids = (ical.uid(study_key or p.protocol.id, p.subject.code, row.code) for p in several for row in p)
        return any(uid.encode() in text for uid in uids)

    return ours


def _progress(plans: list[Planned]) -> Iterator[Planned]:
    """Go through the plans, with a progress bar when a person watches."""
    if not sys.stderr.isatty():
        yield from plans
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(plans, "Writing calendars", console=Console(stderr=True), transient=True)


@click.command()
@inputs
@click.argument("files", metavar="FILE.ics...", nargs=-1, required=True, type=PATH)
@option("--study-key-file", metavar="FILE", type=PATH, help="The secret that event ids were made from.")
@option("--clinic", metavar="FILE", type=PATH, help="The clinic: the zone that times are told in.")
@option("--previous", metavar="FILE", type=PATH, help="The export that was given out, to tell what was moved.")
@option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
@click.option("--force", is_flag=True, help="Replace the file of --output.")
def bookings(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    files: tuple[str, ...],
    study_key_file: str | None,
    clinic: str | None,
    previous: str | None,
    output: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Read the dates that people booked by moving events, as records; say which stand against the protocol."""
    from trialsched.formats import ical, records

    faults: list[str] = []
    if typed.subjects is None and typed.subject is None:
        faults.append("--subject or --subjects is missing: whose calendar it is")
    check_output(output, faults)
    key, place = study_key_of(study_key_file, faults), clinic_of(clinic, faults)
    data = [one for name in files if (one := _read(name, faults)) is not None]
    before = _read(previous, faults, "--previous ") if previous is not None else None
    _, plans, bad = plans_of(typed, faults)
    try:
        found = ical.loads(data, [one.plan for one in plans], study_key=key, previous=before, clinic=place)
    except TrialschedError as error:
        raise BadInput([*(fault for _, fault in sorted(bad)), f"{', '.join(files)}: {error}"]) from None
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    for planned in plans:
        _tell_findings(planned.plan, found.get(planned.plan.subject.code, ()))
    deliver(records.dumps(found), output, never_ours, force=force)
    return say(bad)


def _read(name: str, faults: list[str], said_as: str = "") -> bytes | None:
    from trialsched.formats.ical import LIMITS

    try:
        with Path(name).open("rb") as file:
            return file.read(LIMITS.octets + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{said_as}{name}: {error.strerror}")
        return None


def _tell_findings(plan: Plan, booked: tuple[VisitRecord, ...]) -> None:
    """Say on standard error which of these bookings stand against windows, spacings or the order of visits."""
    from trialsched.compliance import booking_findings
    from trialsched.plan import schedule

    subject = plan.subject
    for record in booked:
        told = [r for r in subject.records if r.visit == record.visit]
        if len(told) > 1:
            subject = subject.with_record(record)
        elif record.booked is not None:
            subject = subject.booked(record.visit, record.booked, record.booked_time)
    new = {record.visit for record in booked}
    for finding in booking_findings(schedule(plan.protocol, subject)):
        if finding.visit in new or finding.other in new:
            click.echo(f"{finding.kind}: {plan.subject.code} {finding.visit}: {finding.detail}", err=True)
