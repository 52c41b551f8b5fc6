"""Lists of subjects and of what happened to them, as files named by options."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from trialsched.cli.inputs import YEARS, BadInput, Inputs, check_input, exclusive
from trialsched.errors import DocumentError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trialsched.subject import Subject
    from trialsched.trial import Listed

PLACE = "subjects[{}]"
_T = TypeVar("_T")
Rows = tuple[list[tuple[int, "Subject"]], list[tuple[int, str]]]


def many_subjects(typed: Inputs, faults: list[str]) -> Rows:
    """Return the good rows of `--subjects` with their `--records`, and the faults of the bad ones, each with its line.

    A subject with a bad row in `--records` is left out: without what that row means its dates would be wrong.
    What stands against the whole file or command is noted in `faults`.
    """
    from trialsched.formats import records
    from trialsched.trial import listed

    both = exclusive(typed)
    if both:
        faults.append(f"--subjects and {', '.join(both)} exclude each other: the file has every subject's facts")
    name = Path(str(typed.subjects)).name
    if is_json(name):
        if typed.records is not None or typed.dates is not None:
            also = ", ".join(typed.given("records", "dates"))
            faults.append(f"--subjects FILE.json and {also} exclude each other: it has the records, with ISO dates")
        inside = _read("--subjects", str(typed.subjects), records.load_json, faults)
        if inside is None:
            return [], []
        return rows_of(listed(inside, None, (name, ""), years=YEARS, place=f"{PLACE}."), name, faults)
    try:
        form = None if typed.dates is None else records.check_date_form(typed.dates)
    except TrialschedError as error:
        faults.append(f"--dates: {error.message}")
        return [], []
    read = _read("--subjects", str(typed.subjects), lambda file: records.load_subjects(file, dates=form), faults)
    subjects = read or records.SubjectList((), ())
    found: Listed | None
    if typed.records is None:
        found = listed(subjects, None, (name, ""), years=YEARS)
    else:
        names = (name, Path(typed.records).name)
        found = _read(
            "--records",
            typed.records,
            lambda file: listed(subjects, records.iter_records(file, dates=form), names, years=YEARS),
            faults,
        )
    return rows_of(found, name, faults) if read is not None and found is not None else ([], [])


def is_json(name: str) -> bool:
    """Return whether a list is JSON by its name."""
    return name.lower().endswith(".json")


def place_in(name: str, line: int) -> str:
    """Return where a subject stands in the list of a name: 's.csv line 4', 's.json subjects[3]'."""
    return f"{name} {PLACE.format(line) if is_json(name) else f'line {line}'}"


def rows_of(listed: Listed, name: str, faults: list[str]) -> Rows:
    """Return the good rows and the faults of the bad ones; note in `faults` what leaves nobody."""
    bad = [(line, str(problem)) for line, problem in listed.faults]
    if listed.stopped:
        faults += [fault for _, fault in bad]
        return [], []
    if not listed.rows and not bad:
        faults.append(f"{name}: no subjects{'' if is_json(name) else ' under the header'}")
    return [(row.line, row.subject) for row in listed.rows], bad


def _read(option: str, name: str, load: Callable[[IO[bytes]], _T], faults: list[str]) -> _T | None:
    """Return what a list says, or None when it is none, which is noted."""
    path = Path(name)
    try:
        check_input(name, f"{option} ")
        with path.open("rb") as file:
            return load(file)
    except BadInput as error:
        faults += error.lines
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{option} {path}: {error.strerror}")
    except DocumentError as error:
        faults += [f"{path.name} {problem}" for problem in error.problems]
    except TrialschedError as error:
        faults.append(f"{path.name}{'' if error.where else ':'} {error}")
    return None
