"""The commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from trialsched._version import __version__
from trialsched.cli.inputs import BadInput, Inputs, describe, inputs, many_subjects, one_subject, open_protocol
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trialsched.formats.documents import Format as DocumentFormat
    from trialsched.formats.results import Format, PlanResult
    from trialsched.plan import Plan
    from trialsched.protocol import Protocol

STAFF = "for site staff, not for the participant"

_output = click.option("-o", "--output", metavar="FILE", help="Write to this file ('-' is standard output).")
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


def _never_ours(_: bytes) -> bool:
    return False


def _plans(typed: Inputs) -> tuple[Protocol, list[tuple[str, Plan]], list[str]]:
    """Return the protocol, (place, plan) of every good subject, and the faults of the bad ones."""
    from trialsched.plan import schedule

    protocol = open_protocol(typed.protocol, as_registered=typed.as_registered)
    if typed.subjects is None:
        return protocol, [("", schedule(protocol, one_subject(typed, protocol)))], []
    rows, faults = many_subjects(typed)
    name = Path(typed.subjects).name
    plans = []
    for line, subject in rows:
        try:
            plans.append((f"{name} line {line}", schedule(protocol, subject)))
        except TrialschedError as error:
            faults.append(f"{name} line {line}: {error}")
    return protocol, plans, faults


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

    if form == "json" and typed.subjects is not None:
        raise BadInput(["--format json holds one subject: use --format jsonl, one JSON document a line"])
    _, plans, faults = _plans(typed)
    found = [plan for _, plan in plans]
    if form == "table":
        from trialsched.cli.tables import plan_table

        text = plan_table(found, piped=_piped() or output not in (None, "-"))
    else:
        from trialsched.formats import results

        text = results.dumps(found, format=cast("Format", form))
    ours = {"json": wrote_json, "jsonl": wrote_json, "csv": wrote_csv}.get(form, _never_ours)
    if text:
        _deliver(text, output, ours, force=force)
    return _say(faults)


def _say(faults: list[str]) -> int:
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    return 2 if faults else 0


@cli.command()
@inputs
@click.option("-o", "--output", metavar="FILE|DIR", help="The file [default: SUBJECT.ics]; with --subjects the folder.")
@click.option("--stamp", metavar="TIME", help="When the facts last changed, as 2026-03-02T09:00:00Z [default: now].")
@click.option("--study-key-file", metavar="FILE", help="A file with the secret that event ids are made from.")
@_force
def ics(
    typed: Inputs,
    output: str | None,
    stamp: str | None,
    study_key_file: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Write one calendar file for a subject, or one for each of many."""
    from trialsched.cli.files import emit, file_name, save
    from trialsched.formats import ical

    missing = []
    if typed.subjects is None and typed.subject is None:
        missing.append("--subject is missing: the code that the events and the file are named by")
    if typed.subjects is not None and output in (None, "-"):
        missing.append("-o DIR is missing: the folder for the files of --subjects")
    moment = _stamp(stamp, missing)
    study_key = _study_key(study_key_file, missing)
    if missing and typed.baseline is None and typed.provisional is None and typed.subjects is None:
        missing.append("--baseline is missing: the planned day 0, as YYYY-MM-DD (or --provisional CODE=DATE)")
    if missing:
        raise BadInput(missing)
    protocol, plans, faults = _plans(typed)
    if typed.subjects is None:
        found = plans[0][1]
        data = ical.dumps(found, stamp=moment, study_key=study_key)
        if output == "-":
            emit(data)
        else:
            path = Path(output) if output else Path(file_name(found.subject.code, ".ics"))
            save(path, data, _our_calendar(found, study_key), force=force)
            click.echo(f"{path}: {len(found)} visits of {found.subject.code} by {describe(protocol)}, {STAFF}")
        return 0
    folder = Path(str(output))
    if folder.exists() and not folder.is_dir():
        raise BadInput([f"{folder}: is not a folder"])
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for place, one in _progress(plans):
        try:
            data = ical.dumps(one, stamp=moment, study_key=study_key)
            path = folder / file_name(one.subject.code, ".ics")
            save(path, data, _our_calendar(one, study_key), force=force)
            written += 1
        except BadInput as error:
            faults += [f"{place}: {line}" for line in error.lines]
        except TrialschedError as error:
            faults.append(f"{place}: {error}")
    click.echo(f"{folder}: {written} calendars by {describe(protocol)}, {STAFF}")
    return _say(faults)


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
    return moment


def _study_key(name: str | None, faults: list[str]) -> str | None:
    if name is None:
        return None
    try:
        key = Path(name).read_bytes().decode().strip("\r\n")
    except UnicodeDecodeError:
        key = ""
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"--study-key-file {name}: {error.strerror}")
        return None
    if not key or not key.isprintable():
        faults.append(f"--study-key-file {name}: expected one line of printable UTF-8 text")
    return key


def _progress(plans: list[tuple[str, Plan]]) -> Iterator[tuple[str, Plan]]:
    """Go through the plans, with a progress bar when a person watches."""
    if not sys.stderr.isatty():
        yield from plans
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(plans, "Writing calendars", console=Console(stderr=True), transient=True)


@cli.command()
@click.argument("old", metavar="OLD.json")
@click.argument("new", metavar="NEW.json")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@_output
@_force
def changes(old: str, new: str, form: str, output: str | None, force: bool) -> int:  # noqa: FBT001 - a flag
    """Say what moves between two plans of one subject, written by `plan --format json`."""
    from trialsched.cli.files import wrote_json
    from trialsched.formats import results
    from trialsched.plan import changes as compare

    faults: list[str] = []
    before, after = _read_plan(old, faults), _read_plan(new, faults)
    if before is None or after is None:
        raise BadInput(faults)
    if before.subject != after.subject:
        raise BadInput([f"{old} is the plan of {before.subject}, {new} that of {after.subject}: one subject is meant"])
    found = compare(before, after)
    if form == "json":
        text = results.dumps_changes(after.subject, found)
    else:
        from trialsched.cli.tables import changes_table

        text = changes_table(after.subject, found, piped=_piped() or output not in (None, "-"))
    if text:
        _deliver(text, output, wrote_json if form == "json" else _never_ours, force=force)
    return 0


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
@click.argument("source", metavar="ID|FILE", required=False)
@click.option("--as-registered", is_flag=True, help="Leave out what is assumed.")
@click.option("--format", "form", type=click.Choice(["table", "toml", "json"]), default="table", show_default=True)
def protocol_show(source: str | None, as_registered: bool, form: str) -> int:  # noqa: FBT001 - a flag
    """Show a protocol; as TOML it is a start for your own."""
    shown = open_protocol(source, as_registered=as_registered)
    if form == "table":
        from trialsched.cli.tables import protocol_table

        return _print(protocol_table(shown, piped=_piped()))
    from trialsched.formats.documents import dumps

    return _print(dumps(shown, format=cast("DocumentFormat", form)))


@protocol.command("lint")
@click.argument("sources", metavar="ID|FILE...", nargs=-1, required=True)
@click.option("--fail-on", type=click.Choice(["warning"]), help="Exit with 1 when there is any warning.")
def protocol_lint(sources: tuple[str, ...], fail_on: str | None) -> int:
    """Say what is wrong with protocols, and what is legal but suspicious."""
    from trialsched.protocol import lint

    faults: list[str] = []
    warnings = 0
    for source in sources:
        try:
            checked = open_protocol(source)
        except BadInput as error:
            faults += error.lines
            continue
        found = lint(checked)
        warnings += len(found)
        for problem in found:
            click.echo(f"warning: {source}: {problem}")
        click.echo(f"{source}: {describe(checked)}, {len(checked.expanded)} visits, {len(found)} warnings")
    return _say(faults) or (1 if fail_on and warnings else 0)


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
