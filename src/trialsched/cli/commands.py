"""The commands."""

from __future__ import annotations

import os
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from trialsched._version import __version__
from trialsched.cli.calendars import bookings, ics
from trialsched.cli.checking import check
from trialsched.cli.comparing import changes
from trialsched.cli.datasets import sdtm
from trialsched.cli.inputs import PATH, BadInput, Inputs, complete_protocol, describe, inputs, open_protocol, option
from trialsched.cli.journals import journal
from trialsched.cli.planning import as_of_option, check_output, count, deliver, plans_of, say
from trialsched.cli.printing import put, put_errors
from trialsched.cli.pushing import push
from trialsched.cli.recording import record
from trialsched.cli.reviewing import adherence, deviations, worklist

if TYPE_CHECKING:
    from trialsched.formats.documents import Format as DocumentFormat
    from trialsched.formats.results import Format

_output = option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
_force = click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="trialsched %(version)s")
def cli() -> None:
    """From a trial protocol and one baseline date to every visit's dates and calendar."""


def _piped() -> bool:
    return not sys.stdout.isatty()


cli.add_command(ics)
cli.add_command(bookings)
cli.add_command(push)
cli.add_command(changes)
cli.add_command(check)
cli.add_command(worklist)
cli.add_command(adherence)
cli.add_command(deviations)
cli.add_command(sdtm)
cli.add_command(record)
cli.add_command(journal)


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
@as_of_option
@_output
@_force
def plan(typed: Inputs, form: str, as_of: str | None, output: str | None, force: bool) -> int:  # noqa: FBT001 - a flag
    """Show every visit's target date and window for one subject or many."""
    faults: list[str] = []
    check_output(output, faults)
    if form == "json" and typed.many:
        faults.append("--format json holds one subject: use --format jsonl, one JSON document a line")
    _, plans, bad = plans_of(typed, faults, as_of)
    found = [one.plan for one in plans]
    if form == "table":
        from trialsched.cli.tables import plan_table

        text = plan_table(found, piped=_piped() or output not in (None, "-"))
    else:
        from trialsched.formats import results

        text = results.dumps(found, format=cast("Format", form))
    if found:
        deliver(text, output, form, force=force, bad=bad)
    return say(bad)


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
        deliver(text, None, "", force=False)
    return 0


@protocol.command("show")
@click.argument("source", metavar="ID|FILE", shell_complete=complete_protocol)
@click.option("--as-registered", is_flag=True, help="Leave out what is assumed.")
@click.option("--format", "form", type=click.Choice(["table", "toml", "json"]), default="table", show_default=True)
@_output
@_force
def protocol_show(source: str, as_registered: bool, form: str, output: str | None, force: bool) -> int:  # noqa: FBT001
    """Show a protocol; as TOML it is a start for your own."""
    faults: list[str] = []
    check_output(output, faults, document=True)
    try:
        shown = open_protocol(source, as_registered=as_registered, said_as="")
    except BadInput as error:
        raise BadInput([*faults, *error.lines]) from None
    if form == "table":
        from trialsched.cli.tables import protocol_table

        text = protocol_table(shown, piped=_piped() or output not in (None, "-"))
    else:
        from trialsched.formats.documents import dumps

        text = dumps(shown, format=cast("DocumentFormat", form))
    if faults and not _holds(output, text):  # the same command once more changes nothing
        raise BadInput(faults)
    deliver(text, output, "table" if form == "table" else "document", force=force)
    return 0


def _holds(output: str | None, text: str) -> bool:
    """Return whether a file holds a text already."""
    path = Path(output or ".")
    return path.is_file() and path.read_bytes() == text.encode()


@protocol.command("lint")
@click.argument("sources", metavar="ID|FILE|TRIAL...", nargs=-1, required=True, shell_complete=complete_protocol)
@click.option("--fail-on", type=click.Choice(["warning"]), help="Exit with 1 when there is any warning.")
def protocol_lint(sources: tuple[str, ...], fail_on: str | None) -> int:
    """Say what is wrong with protocols, and what is legal but suspicious; of a trial's folder each version."""
    from trialsched.protocol import lint

    faults: list[str] = []
    warnings = 0
    for source in chain.from_iterable(_versions_in(source, faults) for source in sources):
        try:
            checked = open_protocol(source, said_as="")
        except BadInput as error:
            faults += error.lines
            continue
        found = lint(checked)
        warnings += len(found)
        for problem in found:
            put(f"warning: {source}: {problem}")
        put(f"{source}: {describe(checked)}, {count(len(checked.expanded), 'visit')}, {count(len(found), 'warning')}")
    put_errors(faults)
    return 2 if faults else 1 if fail_on and warnings else 0


def _versions_in(source: str, faults: list[str]) -> list[str]:
    """Return a source, or the files of protocols in a trial's folder; one without any is noted."""
    from trialsched.trial import protocol_names

    if not os.path.isdir(source):  # noqa: PTH112 - `Path.is_dir` fails for a name that is too long
        return [source]
    files = [str(Path(source) / name) for name in protocol_names(sorted(path.name for path in Path(source).iterdir()))]
    if not files:
        faults.append(f"{source}: the folder has no protocol; expected protocol*.toml, one for each version")
    return files


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
