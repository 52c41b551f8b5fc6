"""Commands that write calendars and read them back: `ics` and `bookings`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trialsched.cli.inputs import (
    OUTSIDE,
    PATH,
    BadInput,
    Inputs,
    check_input,
    describe,
    in_folder,
    input_options,
    inputs,
    option,
)
from trialsched.cli.making import FOR, SUFFIXES, Making, fault_of, making, place_of, tell_unknown_durations
from trialsched.cli.moved import Files, limits_of, read_bookings, read_calendar, with_bookings
from trialsched.cli.planning import (
    IS_READ,
    Planned,
    as_of_option,
    check_output,
    count,
    deliver,
    faults_of,
    is_same,
    plans_of,
    read_by_the_command,
    say,
)
from trialsched.cli.printing import put
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trialsched.formats.ical import Limits, Update
    from trialsched.plan import Plan
    from trialsched.subject import VisitRecord


@click.command()
@inputs
@option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    type=PATH,
    help="The file [default: SUBJECT.ics]; with many subjects the folder.",
)
@making
@option("--combined", metavar="FILE", type=PATH, help="With many subjects: one calendar for the site, in this file.")
@option("--previous", metavar="FILE|DIR", type=PATH, help="What was exported before [default: the file that is there].")
@as_of_option
@click.option("--fresh", is_flag=True, help="Start over: forget what was exported before; other people's events stay.")
@click.option("--feed", is_flag=True, help="Add how often a subscribed calendar is to be read again.")
@click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")
def ics(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    output: str | None,
    made: Making,
    faults: list[str],
    combined: str | None,
    previous: str | None,
    as_of: str | None,
    fresh: bool,  # noqa: FBT001 - a flag
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Write one calendar file for a subject, or one for each of many; a file that is there is updated."""
    if not typed.many and typed.subject is None:
        faults.append("--subject is missing: the code that the events and the file are named by")
    if not typed.many and combined is not None:
        faults.append("--combined needs many subjects (--subjects, or a trial's folder): it is one calendar of theirs")
    if combined is not None and output is not None:
        faults.append("--combined and -o exclude each other: the calendar is written to the file of --combined")
    if combined is not None and made.style.audience == "participant":
        faults.append("--combined and --audience participant exclude each other: it would show others' visits")
    if typed.many and combined is None and output in (None, "", "-"):
        faults.append("-o DIR is missing: the folder for the subjects' files (or --combined FILE)")
    if typed.many and combined is None:
        _check_folder(output, made.style.audience, faults)
    if not typed.many or combined is not None:
        check_output(combined or output, faults, made_over=previous)
    if previous is not None and fresh:
        faults.append("--previous and --fresh exclude each other")
    _check_previous(previous, faults, folder=typed.many and combined is None)
    protocol, plans, bad = plans_of(typed, faults, as_of)
    tell_unknown_durations(made.clinic, protocol)
    if made.style.audience == "blind" and protocol.arms:
        put("note: a blind calendar has only the visits that all arms have", err=True)
    calendars = _Calendars(
        made,
        describe(protocol),
        previous,
        folder=typed.trial,
        many=typed.many and combined is None,
        fresh=fresh,
        force=force,
    )
    if combined is not None:
        return calendars.write_combined(plans, combined, bad)
    if not typed.many:
        calendars.write_one(plans[0].plan, output)
        return 0
    return calendars.write_all(plans, Path(str(output)), bad)


def _check_folder(name: str | None, audience: str, faults: list[str]) -> None:
    """Refuse a calendar's file name for the folder of many subjects' files."""
    if name is None or not name.lower().endswith(_FILES) or Path(name).is_dir():
        return
    site = "" if audience == "participant" else f", or --combined {name} for one calendar of all of them"
    faults.append(f"-o {name}: of many subjects a folder is meant, each subject's file in it{site}")


def _check_previous(name: str | None, faults: list[str], *, folder: bool) -> None:
    if name is None:
        return
    if not Path(name).exists():
        faults.append(f"--previous {name}: No such file or directory")
    elif folder and not Path(name).is_dir():
        faults.append(f"--previous {name}: of many subjects a folder is meant, each subject's file in it")


class _Calendars:
    """Writes calendar files, each over what was exported before."""

    def __init__(
        self,
        made: Making,
        origin: str,
        previous: str | None,
        *,
        folder: str | None,
        many: bool,
        fresh: bool,
        force: bool,
    ) -> None:
        self.made = made
        self.audience = made.style.audience
        self.origin = origin
        self.previous = previous
        self.folder = folder
        self.many = many
        self.fresh = fresh
        self.force = force
        self.read: list[str | Path] | None = None  # what is never written over, once it is known

    def name_of(self, plan: Plan) -> str:
        from trialsched.cli.files import file_name

        return file_name(plan.subject.code, SUFFIXES[self.audience])

    def write_one(self, plan: Plan, output: str | None) -> None:
        from trialsched.cli.files import emit

        words = f"of {plan.subject.code} by {self.origin}, {FOR[self.audience]}"
        if output == "-":
            made = self.made_over(plan, None, self.name_of(plan))
            emit(made.data)
            _tell_changes(made, err=True)
            put(f"{count(made.visits, 'visit')} {words}", err=True)
        else:
            path = Path(output) if output else Path(self.name_of(plan))
            made, state = self.save(plan, path)
            put(f"{path}: {state}{count(made.visits, 'visit')} {words}")
            _tell_changes(made)

    def write_all(self, plans: list[Planned], folder: Path, bad: list[tuple[int, str]]) -> int:
        if plans:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise BadInput([*(fault for _, fault in sorted(bad)), f"{folder}: is not a folder"]) from None
        written = unchanged = code = 0
        try:
            for planned in _progress(plans):
                line, place, plan = planned
                try:
                    made, state = self.save(plan, folder / self.name_of(plan))
                    written += 1
                    unchanged += state == _UNCHANGED
                    _tell_changes(made, subject=True)
                except BadInput as error:
                    bad += [(line, f"{place}: {words}") for words in error.lines]
                except TrialschedError as error:
                    bad.append((line, fault_of(planned, error, self.folder, self.made.clinic)))
                except OSError as error:
                    code = OUTSIDE
                    bad.append((line, f"{place}: {error.filename or folder}: {error.strerror or error}"))
        finally:  # also when it was interrupted
            same = f" ({unchanged} unchanged)" if unchanged else ""
            put(f"{folder}: {count(written, 'calendar')}{same} by {self.origin}, {FOR[self.audience]}")
            code = say(bad, code)
        return code

    def write_combined(self, plans: list[Planned], output: str, bad: list[tuple[int, str]]) -> int:
        """Write one calendar of all subjects whose own can be made; the others are told, their events stay."""
        from trialsched.cli.files import emit
        from trialsched.formats import ical

        good = []
        for planned in plans:
            try:
                ical.update([planned.plan], **self.made.keywords())
                good.append(planned.plan)
            except TrialschedError as error:
                bad.append((planned.line, fault_of(planned, error, self.folder, self.made.clinic)))
        if good:
            words = f"of {count(len(good), 'subject')} by {self.origin}, {FOR[self.audience]}"
            if output == "-":
                made = self.made_over(good, None, "")
                emit(made.data)
                _tell_changes(made, subject=True, err=True)
                put(f"{count(made.visits, 'visit')} {words}", err=True)
            else:
                path = Path(output)
                made, state = self.save(good, path)
                put(f"{path}: {state}{count(made.visits, 'visit')} {words}")
                _tell_changes(made, subject=True)
        return say(bad)

    def save(self, plans: Plan | list[Plan], path: Path) -> tuple[Update, str]:
        """Update a file; return what was made, and in a word what became of the file."""
        from trialsched.cli.files import read_ours, save_over

        self._check_unread(path)
        ours = _our_calendar(plans, self.made.study_key)
        there = read_ours(path, ours, force=self.force)
        made = self.made_over(plans, there, path.name)
        if there == made.data:
            return made, _UNCHANGED
        save_over(path, made.data, there, ours, force=self.force)
        return made, "" if there is None else "started over; " if self.fresh else "updated; "

    def _check_unread(self, path: Path) -> None:
        """Refuse to write over a file that is read: a study key may bear any name. Raises `BadInput`."""
        if self.read is None:
            self.read = [name for name in read_by_the_command(path.parent) if name != self.previous]
        if any(is_same(path, name) for name in self.read):
            raise BadInput([f"{path}: {IS_READ}"])

    def made_over(self, plans: Plan | list[Plan], there: bytes | None, name: str) -> Update:
        """Return the calendar over what `--previous` names, else over the file that is there."""
        from trialsched.formats import ical

        where, previous = name, there
        if self.previous is not None:
            where, previous = self._read_previous(name)
            if previous is not None and there is not None and there != previous:
                put(f"note: {name} is made from {where}; what it held itself is not looked at", err=True)
        options = {**self.made.keywords(), "limits": our_limits(), "fresh": self.fresh}
        try:
            made = ical.update(plans, previous=previous, **options)
        except TrialschedError as error:
            if not error.where.startswith("previous"):
                raise
            said = str(error).removeprefix("previous: ")
            if self.fresh and not self.force:
                advice = "what other people have in it cannot be kept; --fresh --force replaces all of it"
                raise BadInput([f"{where}: {said}; {advice}"]) from None
            if not self.fresh:
                raise BadInput([f"{where}: {said}; --fresh starts over"]) from None
            made = ical.update(plans, **options)
        for note in made.notes:
            put(f"note: {note}", err=True)
        return made

    def _read_previous(self, name: str) -> tuple[str, bytes | None]:
        """Return the file that `--previous` names, and what it holds; None for a new subject of a list."""
        path = Path(str(self.previous))
        path = path / name if path.is_dir() else path
        check_input(path, "--previous ")
        try:
            with path.open("rb") as file:
                return str(path), file.read(our_limits().octets + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            if self.many:
                put(f"note: {path} is not there: {name} is a first edition", err=True)
                return str(path), None
            raise BadInput([f"--previous {path}: {error.strerror}"]) from None


def our_limits() -> Limits:
    """Return what a file of ours may hold: a site's calendar is larger than what strangers send."""
    from trialsched.formats.ical import Limits

    octets = 200_000_000
    return Limits(octets=octets, line=octets, components=1_000_000)  # an attachment is one line


_EVENT_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNCHANGED = "unchanged; "
_FILES = (".ics", ".ical", ".icalendar", ".ifb", ".vcs")  # how the names of calendar files end


def _tell_changes(made: Update, *, subject: bool = False, err: bool = False) -> None:
    """Print what moved, a line for each event; changes of words alone are not told."""
    for change in made.changes:
        if change.kind != "text":
            put(f"  {f'{change.subject} ' if subject else ''}{change}", err=err)


def _our_calendar(plans: Plan | list[Plan], study_key: str | None) -> Callable[[bytes], bool]:
    from trialsched.formats import ical
    from trialsched.plan import Plan as OnePlan

    several = [plans] if isinstance(plans, OnePlan) else plans

    def ours(data: bytes) -> bool:
        if ical.is_ours(data):
            return True
        there = set(_EVENT_ID.findall(data.lower()))  # programs write UIDs in either case
        uids = (ical.uid(study_key or p.protocol.id, p.subject.code, row.code) for p in several for row in p)
        return any(uid.encode() in there for uid in uids)

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
@input_options
@click.argument("files", metavar="[TRIAL] FILE.ics...", nargs=-1, required=True, type=PATH)
@option("--study-key-file", metavar="FILE", type=PATH, help="The secret that event ids were made from.")
@option("--clinic", metavar="FILE", type=PATH, help="The clinic: the zone that times are told in.")
@option("--previous", metavar="FILE", type=PATH, help="The export that was given out, to tell what was moved.")
@click.option("--max-size", metavar="MB", type=click.IntRange(1, 2000), help="Read files up to this size (20).")
@as_of_option
@option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
@click.option("--excel", is_flag=True, help="For Excel: byte order mark, semicolons and CRLF.")
@click.option("--force", is_flag=True, help="Replace the file of --output.")
def bookings(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    files: tuple[str, ...],
    study_key_file: str | None,
    clinic: str | None,
    previous: str | None,
    max_size: int | None,
    as_of: str | None,
    output: str | None,
    excel: bool,  # noqa: FBT001 - a flag
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Read the dates that people booked by moving events, as records; say which stand against the protocol."""
    from trialsched.formats import records

    faults: list[str] = []
    if Path(files[0]).is_dir():
        typed, files = in_folder(typed, files[0]), files[1:]
    if not files:
        faults.append(f"{typed.trial}: FILE.ics is missing, after the folder")
    if not typed.many and typed.subject is None:
        faults.append("--subject or --subjects is missing, or the trial's folder: whose calendar it is")
    check_output(output, faults)
    key, place = place_of(typed, study_key_file, clinic, faults)
    limits = limits_of(max_size)
    data = [one for name in files if (one := read_calendar(name, faults, limits=limits)) is not None]
    before = read_calendar(previous, faults, "--previous ", limits) if previous is not None else None
    _, plans, bad = plans_of(typed, faults, as_of)
    if not plans:
        raise BadInput(faults_of(bad))
    try:
        found = read_bookings(Files(files, data, key, place, limits), [one.plan for one in plans], before)
    except BadInput as error:
        raise BadInput([*faults_of(bad), *error.lines]) from None
    for note in found.notes:
        put(f"note: {note}", err=True)
    for planned in plans:
        _tell_findings(planned.plan, found.get(planned.plan.subject.code, ()))
    deliver(records.dumps(found, excel=excel), output, "records", force=force)
    return say(bad)


def _tell_findings(plan: Plan, booked: tuple[VisitRecord, ...]) -> None:
    """Say on standard error which of these bookings stand against windows, spacings or the order of visits."""
    from trialsched.compliance import booking_findings
    from trialsched.plan import schedule

    subject = with_bookings(plan.subject, booked)
    new = {record.visit for record in booked}
    for finding in booking_findings(schedule(plan.protocol, subject)):
        if finding.visit in new or finding.other in new:
            put(f"{finding.kind}: {plan.subject.code} {finding.visit}: {finding.detail}", err=True)
