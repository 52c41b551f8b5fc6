"""The command that says what moves: `changes`, between two plans, or by an amendment of the protocol."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trialsched._text import json_text
from trialsched._version import __version__
from trialsched.cli.inputs import PATH, BadInput, Inputs, check_input, describe, in_folder, input_options, option
from trialsched.cli.planning import Gathered, check_output, deliver, forgotten_folder, gather, say
from trialsched.cli.printing import put
from trialsched.errors import TrialschedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trialsched.formats.results import PlanResult
    from trialsched.plan import Plan, PlannedVisit

_TWO = 2  # files
_DIGITS = 12  # of a fingerprint in a note


@click.command()
@input_options
@click.argument("files", metavar="[TRIAL | OLD.json NEW.json]", nargs=-1, type=PATH)
@option("--from", "earlier", metavar="VERSION", help="The version before [default: the one before the other].")
@option("--to", "later", metavar="VERSION", help="The version after [default: the newest].")
@click.option("--format", "form", type=click.Choice(["table", "json", "jsonl"]), default="table", show_default=True)
@option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
@click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")
def changes(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    files: tuple[str, ...],
    earlier: str | None,
    later: str | None,
    form: str,
    output: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Say what an amendment moves for each subject, or what moves between two plans of one subject.

    Of several versions of a protocol the newest is compared with the one before it; two plans are files that
    `plan --format json` wrote.
    """
    faults: list[str] = []
    check_output(output, faults)
    if typed == Inputs() and earlier is None and later is None and len(files) != 1:
        bad: list[tuple[int, str]] = []
        text = _of_files(files, form, faults, piped=_piped(output))
    elif len(files) > 1:
        raise BadInput([*faults, f"{', '.join(files)}: two plans stand alone, each has its protocol and facts"])
    else:
        text, bad = _of_versions(
            in_folder(typed, files[0]) if files else typed, (earlier, later), form, faults, piped=_piped(output)
        )
    if text:
        deliver(text, output, form, force=force)
    return say(bad)


def _piped(output: str | None) -> bool:
    return output not in (None, "-") or not sys.stdout.isatty()


def _of_files(files: tuple[str, ...], form: str, faults: list[str], *, piped: bool) -> str:
    """Return what moves between the plans of two files."""
    if len(files) != _TWO:
        hint = "" if files else forgotten_folder(Inputs())
        names = f"{len(files) or 'no'} names{hint and f'; {hint}'}"
        faults.append(f"a trial's folder, or OLD.json and NEW.json are meant; read {names}")
        raise BadInput(faults)
    old, new = files
    before, after = _read_plan(old, faults), _read_plan(new, faults)
    if before and after and before.subject != after.subject:
        faults.append(f"{old} is the plan of {before.subject}, {new} that of {after.subject}: one subject is meant")
    if faults or before is None or after is None:
        raise BadInput(faults)
    if before.protocol != after.protocol:
        first, then = (_named(plan, _DIGITS) for plan in (before, after))
        put(f"note: by another protocol: {first}, then {then}", err=True)
    text = _told(before, after, form, frozenset(), piped=piped)
    if form != "table":
        return text
    from trialsched.cli.tables import Text, _show

    stamps = dict.fromkeys(f"protocol {_named(plan)}; trialsched {__version__}" for plan in (before, after))
    return text + _show([Text(stamp, "dim") for stamp in stamps], piped=piped)


def _named(plan: PlanResult, digits: int | None = None) -> str:
    protocol = plan.protocol
    variant = f" ({protocol['variant']})" if protocol["variant"] else ""
    return f"{protocol['id']} {protocol['version']}{variant}, sha256 {protocol['sha256'][:digits]}"


def _read_plan(name: str, faults: list[str]) -> PlanResult | None:
    from trialsched.formats import results

    try:
        check_input(name)
        with Path(name).open("rb") as file:
            return results.load(file)
    except BadInput as error:
        faults += error.lines
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{name}: {error.strerror}")
    except TrialschedError as error:
        faults.append(f"{name}: {error}")
    return None


def _of_versions(
    typed: Inputs, wanted: tuple[str | None, str | None], form: str, faults: list[str], *, piped: bool
) -> tuple[str, list[tuple[int, str]]]:
    """Return what moves for each subject from one version of the protocol to another, and the faults of bad rows."""
    if form == "json" and typed.many:
        faults.append("--format json holds one subject: use --format jsonl, one JSON document a line")
    found = gather(typed, faults)
    first, then = _places(found, wanted)
    later = found.protocols[then]
    start = found.in_force.get(later.version, later.meta.in_force)
    parts = []
    for one in found.subjects:
        old, new = one.plans[first], one.plans[then]
        settled = frozenset(row.code for plan in (old, new) for row in plan if _attended_before(row, start))
        parts.append(_told(old, new, form, settled, piped=piped))
    if form == "table" and parts:
        parts = _framed(found, first, then, start, parts, piped=piped)
    return "".join(parts), found.bad


def _places(found: Gathered, wanted: tuple[str | None, str | None]) -> tuple[int, int]:
    """Return which versions are compared: those asked for, else the newest and the one before it."""
    from trialsched._text import nearest_or

    versions = [protocol.version for protocol in found.protocols]
    if len(versions) == 1:
        only = describe(found.protocols[0])
        raise BadInput([f"the only version is {only}: an amendment has two (protocol*.toml, or --protocol twice)"])
    earlier, later = wanted
    faults = []
    for name, version in (("--from", earlier), ("--to", later)):
        if version is not None and version not in versions:
            expected = nearest_or(version, versions, f"one of {', '.join(versions)}")
            faults.append(f"{name}: no version {version!r} of {found.protocols[0].id}; expected {expected}")
    if faults:
        raise BadInput(faults)
    then = len(versions) - 1 if later is None else versions.index(later)
    first = then - 1 if earlier is None else versions.index(earlier)
    if first < 0:
        raise BadInput([f"--to: {later!r} is the first version; --from VERSION says what it is compared with"])
    if first == then:
        raise BadInput([f"--from: {earlier!r} is the version that it is compared with; expected another one"])
    return first, then


def _attended_before(row: PlannedVisit, start: date | None) -> bool:
    """Return whether a visit was attended before a version came into force, which never judges it then."""
    day = row.attended
    last = day if day is None or isinstance(day, date) else day.days.latest
    return start is not None and last is not None and last < start


def _told(old: Plan | PlanResult, new: Plan | PlanResult, form: str, settled: frozenset[str], *, piped: bool) -> str:
    """Return what moves between two plans but for the visits that are settled; '' when it was printed."""
    from trialsched.formats import results
    from trialsched.plan import changes as compare

    if form == "table":
        from trialsched.cli.tables import changes_table

        code = new.subject if isinstance(new, results.PlanResult) else new.subject.code
        moved = tuple(change for change in compare(old, new) if change.visit not in settled)
        return changes_table(code, moved, piped=piped)
    text = results.dumps_changes(old, new)
    if form == "json" and not settled:
        return text
    document = json.loads(text)
    document["changes"] = [change for change in document["changes"] if change["visit"] not in settled]
    return json_text(document, indent=2 if form == "json" else None) + "\n"


def _framed(
    found: Gathered, first: int, then: int, start: date | None, parts: Sequence[str], *, piped: bool
) -> list[str]:
    """Return the tables with what they compare above, and the stamps of both versions below."""
    from trialsched.cli.tables import Text, _show
    from trialsched.formats.results import origin_of

    old, new = found.protocols[first], found.protocols[then]
    since = f", in force from {start}" if start else ""
    head = _show([Text(f"from {describe(old)} to {describe(new)}{since}", "bold")], piped=piped)
    return [head, *parts, _show([Text(origin_of(protocol), "dim") for protocol in (old, new)], piped=piped)]
