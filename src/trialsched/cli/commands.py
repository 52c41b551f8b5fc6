"""The commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from trialsched._version import __version__
from trialsched.cli.inputs import (
    OUTSIDE,
    PATH,
    BadInput,
    Inputs,
    check_year,
    complete_protocol,
    describe,
    inputs,
    many_subjects,
    one_subject,
    open_protocol,
    option,
)
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trialsched.formats.documents import Format as DocumentFormat
    from trialsched.formats.results import Format, PlanResult
    from trialsched.plan import Plan
    from trialsched.protocol import Protocol

STAFF = "for site staff, not for the participant"

_output = option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
_force = click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="trialsched %(version)s")
def cli() -> None:
    """From a trial protocol and one baseline date to every visit's dates and calendar."""


def _piped() -> bool:
    return not sys.stdout.isatty()


def _deliver(text: str, output: str | None, ours: Callable[[bytes], bool], *, force: bool) -> None:
    """Write text to the file asked for, or to standard output."""
    from trialsched.cli.files import emit, save

    if output in (None, "-"):
        emit(text.encode())
    else:
        save(Path(str(output)), text.encode(), ours, force=force)


def _check_output(output: str | None, faults: list[str]) -> None:
    if output is not None and (not output or output.endswith(("/", os.sep))):
        faults.append(f"--output: read {output!r}, expected the name of a file")


def _never_ours(_: bytes) -> bool:
    return False


class _Planned(NamedTuple):
    """One good subject: the line and place in the list it comes from, and its plan."""

    line: int
    place: str
    plan: Plan


def _plans(typed: Inputs, faults: list[str]) -> tuple[Protocol, list[_Planned], list[tuple[int, str]]]:
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
        return protocol, [_Planned(0, "", schedule(protocol, subject))], []
    rows, bad = many_subjects(typed, faults)
    if faults:
        raise BadInput(faults)
    name = Path(typed.subjects).name
    plans = []
    for line, subject in rows:
        try:
            plans.append(_Planned(line, f"{name} line {line}", schedule(protocol, subject)))
        except TrialschedError as error:
            bad.append((line, f"{name} line {line}: {error}"))
    return protocol, plans, bad


@cli.command()
@inputs
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How to write it.",
)
@_output
@_force
def plan(typed: Inputs, form: str, output: str | None, force: bool) -> int:  # noqa: FBT001 - a flag
    """Show every visit's target date and window for one subject or many."""
    from trialsched.cli.files import wrote_csv, wrote_json

    faults: list[str] = []
    _check_output(output, faults)
    if form == "json" and typed.subjects is not None:
        faults.append("--format json holds one subject: use --format jsonl, one JSON document a line")
    _, plans, bad = _plans(typed, faults)
    found = [one.plan for one in plans]
    if form == "table":
        from trialsched.cli.tables import plan_table

        text = plan_table(found, piped=_piped() or output not in (None, "-"))
    else:
        from trialsched.formats import results

        text = results.dumps(found, format=cast("Format", form))
    ours = {"json": wrote_json, "jsonl": wrote_json, "csv": wrote_csv}.get(form, _never_ours)
    if found:
        _deliver(text, output, ours, force=force)
    return _say(bad)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _say(bad: list[tuple[int, str]], code: int = 0) -> int:
    """Say the faults of rows in the order of their lines; return 2, or a code that is worse."""
    for _, fault in sorted(bad, key=lambda pair: pair[0]):
        click.echo(f"error: {fault}", err=True)
    return max(code, 2 if bad else 0)


@cli.command()
@inputs
@option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    type=PATH,
    help="The file [default: SUBJECT.ics]; with --subjects the folder.",
)
@option("--stamp", metavar="TIME", help="When the facts last changed, as 2026-03-02T09:00:00Z [default: now].")
@option("--study-key-file", metavar="FILE", type=PATH, help="A file with the secret that event ids are made from.")
@_force
def ics(
    typed: Inputs,
    output: str | None,
    stamp: str | None,
    study_key_file: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Write one calendar file for a subject, or one for each of many."""
    faults: list[str] = []
    if typed.subjects is None and typed.subject is None:
        faults.append("--subject is missing: the code that the events and the file are named by")
    if typed.subjects is not None and output in (None, "", "-"):
        faults.append("-o DIR is missing: the folder for the files of --subjects")
    if typed.subjects is None:
        _check_output(output, faults)
    moment, study_key = _stamp(stamp, faults), _study_key(study_key_file, faults)
    protocol, plans, bad = _plans(typed, faults)
    calendars = _Calendars(moment, study_key, describe(protocol), force=force)
    if typed.subjects is None:
        calendars.write_one(plans[0].plan, output)
        return 0
    return calendars.write_all(plans, Path(str(output)), bad)


class _Calendars:
    """Writes calendar files with one stamp and study key."""

    def __init__(self, stamp: datetime, study_key: str | None, origin: str, *, force: bool) -> None:
        self.stamp = stamp
        self.study_key = study_key
        self.origin = origin
        self.force = force

    def write_one(self, plan: Plan, output: str | None) -> None:
        from trialsched.cli.files import emit, file_name

        words = f"{_count(len(plan), 'visit')} of {plan.subject.code} by {self.origin}, {STAFF}"
        if output == "-":
            emit(self.data(plan))
            click.echo(words, err=True)
        else:
            path = Path(output) if output else Path(file_name(plan.subject.code, ".ics"))
            self.save(plan, path)
            click.echo(f"{path}: {words}")

    def write_all(self, plans: list[_Planned], folder: Path, bad: list[tuple[int, str]]) -> int:
        from trialsched.cli.files import file_name

        if plans:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise BadInput([*(fault for _, fault in sorted(bad)), f"{folder}: is not a folder"]) from None
        written = code = 0
        try:
            for line, place, plan in _progress(plans):
                try:
                    self.save(plan, folder / file_name(plan.subject.code, ".ics"))
                    written += 1
                except BadInput as error:
                    bad += [(line, f"{place}: {words}") for words in error.lines]
                except TrialschedError as error:
                    bad.append((line, f"{place}: {error}"))
                except OSError as error:
                    code = OUTSIDE
                    bad.append((line, f"{place}: {error.filename or folder}: {error.strerror or error}"))
        finally:  # also when it was interrupted
            click.echo(f"{folder}: {_count(written, 'calendar')} by {self.origin}, {STAFF}")
            code = _say(bad, code)
        return code

    def data(self, plan: Plan) -> bytes:
        from trialsched.formats import ical

        return ical.dumps(plan, stamp=self.stamp, study_key=self.study_key)

    def save(self, plan: Plan, path: Path) -> None:
        from trialsched.cli.files import save

        save(path, self.data(plan), _our_calendar(plan, self.study_key), force=self.force)


def _our_calendar(plan: Plan, study_key: str | None) -> Callable[[bytes], bool]:
    from trialsched.formats import ical

    uids = [ical.uid(study_key or plan.protocol.id, plan.subject.code, row.code) for row in plan]
    return lambda data: ical.is_ours(data) or any(f"UID:{uid}".encode() in data for uid in uids)


def _stamp(text: str | None, faults: list[str]) -> datetime:
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


def _study_key(name: str | None, faults: list[str]) -> str | None:
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
    if not key or not key.isprintable():  # the key itself is never shown
        expected = f"one line of printable UTF-8 text without byte order mark, {_LONGEST_KEY} bytes at most"
        faults.append(f"--study-key-file {name}: expected {expected}")
        return None
    return key


_LONGEST_KEY = 4096


def _progress(plans: list[_Planned]) -> Iterator[_Planned]:
    """Go through the plans, with a progress bar when a person watches."""
    if not sys.stderr.isatty():
        yield from plans
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(plans, "Writing calendars", console=Console(stderr=True), transient=True)


@cli.command()
@click.argument("old", metavar="OLD.json", type=PATH)
@click.argument("new", metavar="NEW.json", type=PATH)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@_output
@_force
def changes(old: str, new: str, form: str, output: str | None, force: bool) -> int:  # noqa: FBT001 - a flag
    """Say what moves between two plans of one subject, written by `plan --format json`."""
    from trialsched.cli.files import wrote_json
    from trialsched.formats import results
    from trialsched.plan import changes as compare

    faults: list[str] = []
    _check_output(output, faults)
    before, after = _read_plan(old, faults), _read_plan(new, faults)
    if before and after and before.subject != after.subject:
        faults.append(f"{old} is the plan of {before.subject}, {new} that of {after.subject}: one subject is meant")
    if faults or before is None or after is None:
        raise BadInput(faults)
    if before.protocol != after.protocol:
        first, then = (_named(plan) for plan in (before, after))
        click.echo(f"note: by another protocol: {first}, then {then}", err=True)
    found = compare(before, after)
    if form == "json":
        text = results.dumps_changes(before, after)
    else:
        from trialsched.cli.tables import changes_table

        text = changes_table(after.subject, found, piped=_piped() or output not in (None, "-"))
    if text:
        _deliver(text, output, wrote_json if form == "json" else _never_ours, force=force)
    return 0


def _named(plan: PlanResult) -> str:
    protocol = plan.protocol
    variant = f" ({protocol['variant']})" if protocol["variant"] else ""
    return f"{protocol['id']} {protocol['version']}{variant}, sha256 {protocol['sha256'][:12]}"


def _read_plan(name: str, faults: list[str]) -> PlanResult | None:
    from trialsched.formats import results

    try:
        return results.loads(Path(name).read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{name}: {error.strerror}")
    except TrialschedError as error:
        faults.append(f"{name}: {error}")
    return None


@cli.group()
def protocol() -> None:
    """List, show and check protocols."""


@protocol.command("list")
def protocol_list() -> int:
    """List the bundled protocols."""
    from trialsched.cli import tables
    from trialsched.formats.documents import bundled, load_protocol

    text = tables.protocol_list(map(load_protocol, bundled()), piped=_piped())
    return _print(text)


def _print(text: str) -> int:
    if text:
        _deliver(text, None, _never_ours, force=False)
    return 0


@protocol.command("show")
@click.argument("source", metavar="ID|FILE", shell_complete=complete_protocol)
@click.option("--as-registered", is_flag=True, help="Leave out what is assumed.")
@click.option("--format", "form", type=click.Choice(["table", "toml", "json"]), default="table", show_default=True)
def protocol_show(source: str, as_registered: bool, form: str) -> int:  # noqa: FBT001 - a flag
    """Show a protocol; as TOML it is a start for your own."""
    shown = open_protocol(source, as_registered=as_registered, said_as="")
    if form == "table":
        from trialsched.cli.tables import protocol_table

        return _print(protocol_table(shown, piped=_piped()))
    from trialsched.formats.documents import dumps

    return _print(dumps(shown, format=cast("DocumentFormat", form)))


@protocol.command("lint")
@click.argument("sources", metavar="ID|FILE...", nargs=-1, required=True, shell_complete=complete_protocol)
@click.option("--fail-on", type=click.Choice(["warning"]), help="Exit with 1 when there is any warning.")
def protocol_lint(sources: tuple[str, ...], fail_on: str | None) -> int:
    """Say what is wrong with protocols, and what is legal but suspicious."""
    from trialsched.protocol import lint

    faults: list[str] = []
    warnings = 0
    for source in sources:
        try:
            checked = open_protocol(source, said_as="")
        except BadInput as error:
            faults += error.lines
            continue
        found = lint(checked)
        warnings += len(found)
        for problem in found:
            click.echo(f"warning: {source}: {problem}")
        click.echo(
            f"{source}: {describe(checked)}, {_count(len(checked.expanded), 'visit')}, {_count(len(found), 'warning')}"
        )
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    return 2 if faults else 1 if fail_on and warnings else 0


@protocol.command("schema")
def protocol_schema() -> int:
    """Print the JSON Schema of protocol documents, for editors."""
    import json

    from trialsched.formats.documents import json_schema

    return _print(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the script that completes commands and options in a shell."""
    from click.shell_completion import get_completion_class

    found: Any = get_completion_class(shell)
    return _print(found(cli, {}, "trialsched", "_TRIALSCHED_COMPLETE").source() + "\n")
