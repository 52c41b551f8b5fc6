"""A trial's folder: its protocol by every version, its clinic, its subjects and what happened to them."""

from __future__ import annotations

import errno
import re
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, TypeVar

from trialsched._text import nearest_or, shown
from trialsched.compliance import check
from trialsched.errors import (
    MAX_PROBLEMS,
    DocumentError,
    InvalidValueError,
    Problem,
    TrialError,
    TrialschedError,
    and_more,
)
from trialsched.formats import documents, records
from trialsched.offsets import PartialDate
from trialsched.plan import schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from os import PathLike

    from trialsched.clinic import Clinic
    from trialsched.compliance import Report
    from trialsched.formats.records import BadRow, RecordRow, SubjectList, SubjectRow
    from trialsched.protocol import Protocol
    from trialsched.subject import Subject, VisitRecord

SETTINGS: Final = "trial.toml"
CLINIC: Final = "clinic.toml"
SUBJECTS: Final = "subjects.csv"
VISITS: Final = "visits.csv"
JOURNAL: Final = "events.jsonl"
NAMES: Final = (SETTINGS, CLINIC, SUBJECTS, VISITS, JOURNAL)
LINE: Final = "line {}: "
_HINTED: Final = 20  # strangers of whom it is said which subject may be meant
_LOOKED_THROUGH: Final = 2000  # subjects among whom it is looked for
_SHEETS: Final = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers", ".txt", ".tsv")
_BEHIND_ALL: Final = 1 << 62  # no list has that many lines
_T = TypeVar("_T")


class Listed(NamedTuple):
    """The subjects of a list with their records, and the first 1,000 faults of rows in the order of subjects' lines.

    A subject with a bad row is left out, and a fault says so. `stopped`: it cannot be told whose a bad row is, so
    that nobody's dates are sure, and there are no subjects.
    """

    rows: tuple[SubjectRow, ...]
    faults: tuple[tuple[int, Problem], ...]
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial's folder holds.

    `protocols` are the versions in the order in which they come into force at this site, `in_force` the site's own
    dates by version, from `trial.toml`; `date_format` is how the lists write dates, None for ISO 8601.
    """

    folder: Path
    protocols: tuple[Protocol, ...]
    in_force: Mapping[str, date] = field(hash=False)
    date_format: str | None
    study_key_file: Path | None
    clinic: Clinic | None
    listed: Listed

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The good subjects with their records, in the order of `subjects.csv`."""
        return tuple(row.subject for row in self.listed.rows)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with rows (`visits.csv line 4: attended`), and who is left out for it."""
        return tuple(problem for _, problem in self.listed.faults)

    def protocol_on(self, day: date) -> Protocol:
        """Return the version in force on a day; before all of them the first."""
        return protocol_on(self.protocols, self.in_force, day)

    def report(self, subject: Subject, as_of: date) -> Report:
        """Return what `check` says of a subject, by every version and the site's dates of coming into force.

        Raises what `schedule` raises, as for an arm that a version does not have.
        """
        return check([schedule(protocol, subject) for protocol in self.protocols], as_of, in_force=self.in_force)

    def reports(self, as_of: date) -> Iterator[Report]:
        """Yield the report of each good subject, in the order of `subjects.csv`; none is held."""
        return (self.report(subject, as_of) for subject in self.subjects)


def load_trial(folder: str | PathLike[str], *, dates: str | None = None, years: range | None = None) -> Trial:
    """Read a trial's folder: `protocol*.toml`, `subjects.csv`, and `trial.toml`, `clinic.toml`, `visits.csv` if there.

    `dates` is the form of dates in the lists, where `trial.toml` names none; `years` are those that may stand in the
    lists and as dates in force. Bad rows are no error: they stand in `problems`, and the subjects that they concern are
    left out. Raises `TrialError` with everything that is wrong with the documents, each problem's place beginning with
    the file's name, and `OSError` for a folder or file that cannot be read.
    """
    path = Path(folder)
    if "\0" in str(path):
        raise InvalidValueError(f"read {str(path)!r}: no folder has such a name", where="folder")
    names = sorted(inner.name for inner in path.iterdir())
    found: list[Problem] = [_misnamed(name) for name in names if name not in NAMES and name.casefold() in NAMES]
    protocols = [(name, _read(path / name, found, documents.loads)) for name in protocol_names(names)]
    for name, protocol in protocols:
        if protocol is not None:
            found += _slips(f"{name}: ", years, {"in_force": protocol.meta.in_force})
    if not protocols:
        found.append(Problem("protocol.toml", "", "protocol*.toml, one for each version", "the folder has no protocol"))
    said = _read(path / SETTINGS, found, documents.loads_trial) if SETTINGS in names else documents.TrialSettings()
    settings = said or documents.TrialSettings()
    found += _slips(f"{SETTINGS}: in_force.", years, settings.in_force)
    clinic = _read(path / CLINIC, found, documents.loads_clinic) if CLINIC in names else None
    good = [(name, protocol) for name, protocol in protocols if protocol is not None]
    if len(good) == len(protocols) > 0:  # a version that is not there cannot be told from one that cannot be read
        found += [
            replace(problem, where=f"{SETTINGS}: {problem.where}") for problem in _strangers(good, settings.in_force)
        ]
    versions, problems = in_order(good, settings.in_force)
    found += problems
    form = _form(settings.date_format, dates, found)
    subjects = _lists(path, names, "" if said is None else form, years, found)
    if found:
        raise TrialError((*found, *(problem for _, problem in subjects.faults)))
    key = settings.study_key_file
    return Trial(path, versions, settings.in_force, form, path / key if key else None, clinic, subjects)


def protocol_names(names: Iterable[str]) -> list[str]:
    """Return those of a folder's names that are protocol documents, in the order given."""
    folded = [(name, name.casefold()) for name in names]
    return [name for name, small in folded if small.startswith("protocol") and small.endswith(".toml")]


def _misnamed(name: str) -> Problem:
    """Return the problem of a name that only some systems would take for the one meant."""
    return Problem(name, "", repr(name.casefold()), "the name is not in small letters")


def _read(path: Path, found: list[Problem], loads: Callable[[bytes], _T]) -> _T | None:
    """Return what a document says, or None, its problems noted."""
    if _no_file(path, found):
        return None
    try:
        with path.open("rb") as file:
            return loads(file.read(documents.MAX_BYTES + 1))
    except DocumentError as error:
        found += [replace(p, where=f"{path.name}: {p.where}".removesuffix(": ")) for p in error.problems]
    return None


def _no_file(path: Path, found: list[Problem]) -> bool:
    """Note a name that is no file; a pipe would be waited for, and one that nobody writes to for ever."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP):
            raise
        message = "is a link that leads nowhere"
    else:
        if stat.S_ISREG(mode):
            return False
        message = "is a folder" if stat.S_ISDIR(mode) else "is no file"
    found.append(Problem(path.name, "", "a file", message))
    return True


def _strangers(named: Sequence[tuple[str, Protocol]], in_force: Mapping[str, date]) -> list[Problem]:
    """Return the versions with a date in force that no protocol has."""
    known = [protocol.version for _, protocol in named]
    return [
        Problem(
            f"in_force.{version}",
            version,
            nearest_or(version, known, f"one of {', '.join(known)}"),
            "no protocol of this version",
        )
        for version in in_force
        if version not in known
    ]


def in_order(
    named: Sequence[tuple[str, Protocol]], in_force: Mapping[str, date]
) -> tuple[tuple[Protocol, ...], list[Problem]]:
    """Return the versions of one protocol in the order in which they come into force, and what is wrong with them.

    Each has the name of its file. They have one id, different versions, and different dates in force, which the
    mapping overrides; one may have no date, and is the first.
    """
    found = []
    starts: dict[date | None, int] = {}
    versions: dict[str, int] = {}
    for index, (name, protocol) in enumerate(named):
        first, one = named[0]
        if protocol.id != one.id:
            message = f"another protocol than {first}: versions of one are meant"
            found.append(Problem(f"{name}: id", protocol.id, repr(one.id), message))
            continue
        other = versions.setdefault(protocol.version, index)
        if other != index:
            message = f"the same version as {named[other][0]}"
            found.append(Problem(f"{name}: version", protocol.version, "each version once", message))
            continue
        start = _start(protocol, in_force)
        earlier = starts.setdefault(start, index)
        if earlier != index and start is None:
            message = f"no date, nor has {named[earlier][0]}"
            found.append(Problem(f"{name}: in_force", "", "a date in force for all versions but one", message))
        elif earlier != index:
            message = f"the same date as {named[earlier][0]}"
            found.append(Problem(f"{name}: in_force", str(start), "another date for each version", message))
    ordered = sorted(starts.items(), key=lambda item: (item[0] is not None, item[0] or 0))
    return tuple(named[index][1] for _, index in ordered), found


def _start(protocol: Protocol, in_force: Mapping[str, date]) -> date | None:
    return in_force.get(protocol.version, protocol.meta.in_force)


def protocol_on(protocols: Sequence[Protocol], in_force: Mapping[str, date], day: date) -> Protocol:
    """Return the version in force on a day, of those in order; before all of them the first."""
    started = [p for p in protocols[1:] if (_start(p, in_force) or day) <= day]
    return started[-1] if started else protocols[0]


def _form(says: str | None, asked: str | None, found: list[Problem]) -> str | None:
    """Return the form of dates in the lists, None for ISO 8601; '' when it is not known, which is noted."""
    forms = []
    for where, form in ((f"{SETTINGS}: date_format", says), ("dates", asked)):
        if form is not None:
            try:
                forms.append(records.check_date_form(form))
            except TrialschedError as error:
                found.append(Problem(where, shown(form), "", error.message))
                forms.append("")
    if len(set(forms)) > 1 and all(forms):
        found.append(Problem(f"{SETTINGS}: date_format", forms[0], forms[1], "another form of dates than is asked for"))
        return ""
    return None if not forms else forms[0] and forms[-1]


def _lists(path: Path, names: Collection[str], form: str | None, years: range | None, found: list[Problem]) -> Listed:
    """Return the subjects with their records, noting lists that are none."""
    unknown = form == ""  # every date of the lists would be told as bad
    dates = form or None
    read = None
    if SUBJECTS in names:
        read = _list(path / SUBJECTS, found, lambda fp: records.load_subjects(fp, dates=dates))
    elif not any(_is_sheet(name, SUBJECTS) and (path / name).is_file() for name in names):
        found.append(Problem(SUBJECTS, "", "the trial's subjects", "the file is missing"))
    for listed_in in (SUBJECTS, VISITS):
        if listed_in not in names:
            sheets = [name for name in names if _is_sheet(name, listed_in) and (path / name).is_file()]
            found += [Problem(name, "", repr(listed_in), 'not CSV: save it as "CSV UTF-8"') for name in sheets]
    subjects = read or records.SubjectList((), ())

    def joined(fp: IO[bytes]) -> Listed:
        return listed(subjects, records.iter_records(fp, dates=dates), years=years)

    result = _list(path / VISITS, found, joined) if VISITS in names else listed(subjects, None, years=years)
    return Listed((), ()) if unknown or read is None or result is None else result


def _is_sheet(name: str, csv: str) -> bool:
    """Return whether a file has the name of a list and the ending of a spreadsheet's own files."""
    stem, dot, ending = name.casefold().rpartition(".")
    return stem == csv.removesuffix(".csv") and f"{dot}{ending}" in _SHEETS


def _list(path: Path, found: list[Problem], load: Callable[[IO[bytes]], _T]) -> _T | None:
    """Return what a list says, or None when it is none, which is noted."""
    if _no_file(path, found):
        return None
    try:
        with path.open("rb") as file:
            return load(file)
    except DocumentError as error:
        found += [_of(path.name, problem) for problem in error.problems]
    except TrialschedError as error:
        found.append(Problem(f"{path.name} {error.where}".rstrip(), "", "", error.message))
    return None


def listed(
    subjects: SubjectList,
    told: Iterable[RecordRow | BadRow] | None,
    names: tuple[str, str] = (SUBJECTS, VISITS),
    *,
    years: range | None = None,
    place: str = LINE,
) -> Listed:
    """Return the subjects of a list with their records; `names` are what the two files are called.

    Without `told` the subjects keep the records that they have. A subject with a bad row is left out: without what
    that row means its dates would be wrong. `place` is how the list says where a subject stands.
    """
    name, visits = names
    faults = [(line_of(problem), _of(name, problem)) for problem in subjects.problems]
    good = []
    for row in subjects.rows:
        slips = _slips_of(row, years, place)
        faults += [(row.line, _of(name, slip)) for slip in slips]
        if not slips:
            good.append(row)
    if told is None:
        return Listed(tuple(good), _first(faults))
    by_code, wrong, without = _grouped(told, subjects.codes, name, years)
    if "" in without:
        faults += [(_BEHIND_ALL, _of(visits, row.problem)) for row in wrong]
        why = "anybody's dates may rest on it"
        message = f"nothing is planned while it cannot be told whose a row is: {why}"
        return Listed((), (*_first(faults), (_BEHIND_ALL, Problem(visits, "", "", message))), stopped=True)
    faults += _left_out(good, wrong, name, visits)
    return Listed(
        tuple(
            row._replace(subject=replace(row.subject, records=tuple(by_code.get(row.subject.code, ()))))
            for row in good
            if row.subject.code not in without
        ),
        _first(faults),
    )


def _of(name: str, problem: Problem) -> Problem:
    return replace(problem, where=f"{name} {problem.where}".rstrip())


def _first(faults: list[tuple[int, Problem]]) -> tuple[tuple[int, Problem], ...]:
    """Return the first 1,000 faults in the order of the subjects' lines; of more, one more says that there are."""
    found = sorted(faults, key=lambda fault: fault[0])
    if len(found) > MAX_PROBLEMS:
        found[MAX_PROBLEMS:] = [(_BEHIND_ALL, and_more())]
    return tuple(found)


def line_of(problem: Problem) -> int:
    """Return the line of a list, or the place in it, that a problem speaks of."""
    number = re.search(r"[0-9]+", problem.where)
    return int(number[0]) if number else 0


def _slips_of(row: SubjectRow, years: range | None, place: str) -> list[Problem]:
    """Return the typing errors in the years of a subject's days."""
    subject, where = row.subject, place.format(row.line)
    found = _slips(where, years, {"baseline": subject.baseline, "ended": subject.ended})
    for index, record in enumerate(subject.records):  # of a list that has them inside
        inner = f"{where}records[{index}]."
        found += _slips(inner, years, _days_of(record))
    return found


def _days_of(record: VisitRecord) -> dict[str, date | PartialDate | None]:
    return {"booked": record.booked, "attended": record.attended}


def _slips(where: str, years: range | None, days: Mapping[str, date | PartialDate | None]) -> list[Problem]:
    """Return the typing errors in the years of days, each by its name."""
    if years is None:
        return []
    found = []
    for name, day in days.items():
        first = day.days.earliest if isinstance(day, PartialDate) else day
        if first is not None and first.year not in years:
            message = f"read {day}: a year before {years.start} or after {years.stop - 1} is taken for a typing error"
            found.append(Problem(f"{where}{name}", str(day), "", message))
    return found


class _Wrong(NamedTuple):
    """A fault of a row of records: its subject as far as it can be told, what is wrong."""

    subject: str
    problem: Problem


def _grouped(
    told: Iterable[RecordRow | BadRow], codes: Collection[str], name: str, years: range | None
) -> tuple[dict[str, list[VisitRecord]], list[_Wrong], set[str]]:
    """Return the records by subject, the faults of the rows, and the subjects that have any.

    `codes` are those of the subjects' list. The first 1,000 faults are kept, and one that stands for the others.
    """
    by_code: dict[str, list[VisitRecord]] = {code: [] for code in codes}
    wrong: list[_Wrong] = []
    folded = {code.casefold(): code for code in codes}
    hints: dict[str, str] = {}  # what strangers may be: looking for it takes long, and many are one slip
    without: set[str] = set()
    for row in told:
        code, where = row.subject, LINE.format(row.line)
        if isinstance(row, records.BadRow):
            found = [_Wrong(code, problem) for problem in row.problems]
        else:
            record = row.record
            found = [_Wrong(code, problem) for problem in _slips(where, years, _days_of(record))]
            if code in by_code:
                by_code[code].append(record)
        if code and code not in by_code:
            meant = folded.get(code.casefold())  # no two subjects differ by case alone
            if meant is None and code not in hints and len(hints) < _HINTED and len(codes) <= _LOOKED_THROUGH:
                hints[code] = nearest_or(code, codes, f"a subject of {name}")
            expected = repr(meant) if meant else hints.get(code, f"a subject of {name}")
            problem = Problem(f"{where}subject", "", expected, f"no subject {code!r} in {name}")
            found.append(_Wrong(meant or code, problem))
        without |= {row.subject for row in found}
        wrong += found[: MAX_PROBLEMS + 1 - len(wrong)]
    if len(wrong) > MAX_PROBLEMS:
        wrong[MAX_PROBLEMS:] = [_Wrong("", and_more())]
    return by_code, wrong, without


def _left_out(good: list[SubjectRow], wrong: list[_Wrong], subjects: str, visits: str) -> list[tuple[int, Problem]]:
    """Return the faults of bad rows of records: a subject's at its line of the list, strangers' at the end."""
    lines = {row.subject.code: row.line for row in good}
    found = [(lines.get(row.subject, _BEHIND_ALL), _of(visits, row.problem)) for row in wrong]
    for code in dict.fromkeys(row.subject for row in wrong if row.subject in lines):
        message = f"{code} is left out: its dates may rest on what its bad rows of {visits} mean"
        found.append((lines[code], Problem(f"{subjects} {LINE.format(lines[code])}".rstrip(": "), "", "", message)))
    return found
