"""The command that writes datasets for a statistician: `sdtm`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trialsched.cli.inputs import PATH, BadInput, Inputs, describe, inputs, option
from trialsched.cli.making import stamp_of
from trialsched.cli.planning import (
    IS_READ,
    as_of_day,
    as_of_option,
    count,
    gather,
    is_same,
    read_by_the_command,
    reports_of,
    say,
)
from trialsched.cli.printing import put
from trialsched.errors import DocumentError

if TYPE_CHECKING:
    from trialsched.compliance import Report
    from trialsched.formats.sdtm import Datasets

_OPTIONS = {"study_id": "--study-id"}
_FILES = (".csv", ".json", ".ndjson", ".xpt")  # how the names of datasets' files end


@click.command()
@inputs
@as_of_option
@option("-o", "--output", metavar="DIR", type=PATH, help="The folder for the files.")
@option("--study-id", metavar="TEXT", help="The study's id, STUDYID [default: the protocol's id].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "both"]),
    default="both",
    show_default=True,
    help="As CSV, as CDISC Dataset-JSON 1.1, or both.",
)
@click.option("--number-by-position", is_flag=True, help="Number the visits by their place in the protocol.")
@option("--stamp", metavar="TIME", help="When the files were made, as 2026-07-01T09:00:00Z [default: now].")
@click.option("--force", is_flag=True, help="Replace files that trialsched did not write.")
def sdtm(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    as_of: str | None,
    output: str | None,
    study_id: str | None,
    form: str,
    number_by_position: bool,  # noqa: FBT001 - a flag
    stamp: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Write SDTM-shaped datasets: tv, sv, dv, and td where the protocol repeats."""
    from trialsched.formats.sdtm import dumps

    faults: list[str] = []
    if not output or output == "-":
        faults.append("-o DIR is missing: the folder for the files of tv, sv, dv and td")
    elif output.lower().endswith(_FILES) and not Path(output).exists():
        faults.append(f"-o {output}: a folder is meant, the files of tv, sv, dv and td in it")
    day, moment = as_of_day(as_of, faults), stamp_of(stamp, faults)
    gathered = gather(typed, faults)
    reports = reports_of(gathered, day)
    if not reports:
        return say(gathered.bad)
    made = _made(reports, study_id, gathered.bad, number_by_position=number_by_position)
    files = {}
    for dataset in made:
        name = dataset.name.lower()
        if form != "json":
            files[f"{name}.csv"] = dumps(dataset, format="csv").encode()
        if form != "csv":
            files[f"{name}.json"] = dumps(dataset, format="json", stamp=moment).encode()
    folder = Path(str(output))
    endings = ("csv", "json") if form == "both" else (form,)
    try:
        stale = _stale(folder, files, endings)
        _save(folder, files, stale, gathered.bad, force=force)
        for path in stale:
            path.unlink()
    except OSError:
        say(gathered.bad)
        raise
    removed = [f"removed {path} of an earlier run: {path.stem.upper()} has no rows now" for path in stale]
    for note in [*made.notes, *removed, *_left(folder, files)]:
        put(f"note: {note}", err=True)
    rows = ", ".join(f"{dataset.name.lower()} {len(dataset.rows)}" for dataset in made)
    origin = describe(reports[0].plan.protocol)
    put(f"{folder}: {rows} rows of {count(len(reports), 'subject')} by {origin}, as of {day}")
    return say(gathered.bad)


def _made(
    reports: list[Report], study_id: str | None, bad: list[tuple[int, str]], *, number_by_position: bool
) -> Datasets:
    """Return the datasets. Raises `BadInput` with what keeps them from being made, and the bad rows."""
    from trialsched.formats.sdtm import datasets

    try:
        return datasets(reports, study_id=study_id, number_by_position=number_by_position)
    except DocumentError as error:
        lines = [str(problem) for problem in error.problems]
        for name, typed in _OPTIONS.items():
            lines = [f"{typed}{line.removeprefix(name)}" if line.startswith(f"{name}:") else line for line in lines]
        raise BadInput([*_faults(bad), *lines]) from None


def _faults(bad: list[tuple[int, str]]) -> list[str]:
    return [fault for _, fault in sorted(bad, key=lambda pair: pair[0])]


def _save(folder: Path, files: dict[str, bytes], stale: list[Path], bad: list[tuple[int, str]], *, force: bool) -> None:
    """Write all the files or none: all are looked at first, written beside, then put in their places.

    Raises `BadInput` for a place that is not ours, write-protected, read by the command or no file, and for a `stale`
    file that is write-protected; `OSError` when the disk fails.
    """
    from trialsched.cli.files import is_protected, place_of
    from trialsched.cli.parts import replace_all

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise BadInput([*_faults(bad), f"{folder}: is not a folder"]) from None
    read = list(read_by_the_command(folder))
    wrong = [f"{path}: is write-protected; --force removes it" for path in stale if is_protected(path) and not force]
    places = {}
    for path in map(folder.joinpath, files):
        if any(is_same(path, name) for name in read):
            wrong.append(f"{path}: {IS_READ}")
            continue
        try:
            places[place_of(path, partial(_ours, path), force=force)] = files[path.name]
        except BadInput as error:
            wrong += error.lines
    if wrong:
        raise BadInput([*_faults(bad), *wrong])
    try:
        replace_all(places)
    except OSError as error:
        error.filename, error.filename2 = str(folder), None  # not the name of what was to take a file's place
        raise


def _ours(path: Path, data: bytes) -> bool:
    """Return whether we wrote a file: the columns of td.csv are anybody's, a file of ours beside it tells."""
    from trialsched.formats.sdtm import is_ours

    if not is_ours(data):
        return False
    if path.name != "td.csv":
        return True
    beside = [path.with_name(name) for name in ("tv.csv", "sv.csv", "dv.csv")]
    return any(other.is_file() and is_ours(other.read_bytes()) for other in beside)


_NAMES = ("tv", "sv", "dv", "td")


def _stale(folder: Path, files: dict[str, bytes], endings: tuple[str, ...]) -> list[Path]:
    """Return the files of an earlier run in the places of datasets that have no rows now: they would seem current.

    Only what we wrote, as what is replaced; a link is nobody's.
    """
    paths = [folder / f"{name}.{ending}" for name in _NAMES for ending in endings]
    there = [path for path in paths if path.name not in files and path.is_file() and not path.is_symlink()]
    return [path for path in there if _ours(path, path.read_bytes())]


def _left(folder: Path, files: dict[str, bytes]) -> list[str]:
    """Return what to say of other files of these names, which stay beside the new ones."""
    names = [f"{name}.{ending}" for name in _NAMES for ending in ("csv", "json")]
    return [f"{folder / name} is not of this run" for name in names if name not in files and (folder / name).is_file()]
