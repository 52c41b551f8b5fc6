"""From the reports of a trial's subjects to its datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialsched._text import shown
from trialsched.compliance import Report
from trialsched.errors import DocumentError, InvalidTypeError, InvalidValueError, Problem
from trialsched.formats.sdtm.cycles import cycles_of
from trialsched.formats.sdtm.design import design_of
from trialsched.formats.sdtm.deviations import deviations_of
from trialsched.formats.sdtm.model import Dataset, Datasets
from trialsched.formats.sdtm.variables import DV, LONGEST, SV, TABLES, TD, TV
from trialsched.formats.sdtm.visits import Told, some, visits_of
from trialsched.protocol import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trialsched.protocol import Protocol

_BYTES = 4  # a character has so many in UTF-8 at most


def datasets(
    reports: Report | Iterable[Report], *, study_id: str | None = None, number_by_position: bool = False
) -> Datasets:
    """Return TV, SV, DV, and TD where the protocol repeats, of the subjects' reports, or of one, as of a day.

    STUDYID is the protocol's id unless `study_id` is given, USUBJID is STUDYID, a hyphen and the subject's code.
    VISITNUM and VISITDY are the protocol's `number` and `nominal_day`; by position VISITNUM is the place of the
    visit in the protocol, from 1. TV and TD are those of the version in force on that day.

    Raises `InvalidTypeError`, `InvalidValueError` for reports that do not belong together, and `DocumentError`, with
    every problem, for visits without a number, numbers given twice, and a study id that is no text of one line.
    """
    several = [reports] if isinstance(reports, Report) else list(reports)
    _check(several)
    problems: list[Problem] = []
    notes: list[str] = []
    protocol, as_of = several[0].plan.protocol, several[0].as_of
    study = _study(protocol.id if study_id is None else study_id, problems)
    design = design_of(several, problems, notes, by_position=number_by_position)
    if problems:
        raise DocumentError(tuple(problems))
    several.sort(key=lambda report: report.subject.code)
    told = Told([], [], [], [])
    named = [(report, f"{study}-{report.subject.code}") for report in several]
    visits = [row for report, name in named for row in visits_of(report, design, name, told)]
    deviations = [row for report, name in named for row in deviations_of(report, name, told)]
    cycles = cycles_of(protocol, notes)
    stamp = (study, as_of, origin_of(protocol))
    found = (TV.filled(design.rows(), *stamp), SV.filled(visits, *stamp), DV.filled(deviations, *stamp))
    repeats = TD.filled(cycles, *stamp) if cycles else None
    made = Datasets(*found, repeats, ())
    head = [*_versions(several[0], design.older), *_reference(protocol), *notes, *_questions(told), *_missing(made)]
    faults = [note for dataset in made for note in (*_empty(dataset), *_long(dataset))]
    return Datasets(*found, repeats, (*head, *faults))


def _check(reports: list[Report]) -> None:
    """Hold the reports to one protocol, one day, and each subject once."""
    if not reports:
        raise InvalidValueError("no report: one for each subject is meant", where="reports")
    seen: set[str] = set()
    first = reports[0]
    for index, report in enumerate(reports):
        where = f"reports[{index}]"
        if not isinstance(report, Report):
            raise InvalidTypeError(f"a Report of `check` is meant; read {shown(report)}", where=where)
        if report.as_of != first.as_of:
            raise InvalidValueError(
                f"as of {report.as_of}, the first as of {first.as_of}: one day is meant", where=where
            )
        if report.plan.protocol != first.plan.protocol:
            raise InvalidValueError("by another protocol than the first: one trial is meant", where=where)
        if report.subject.code in seen:
            raise InvalidValueError(f"the subject {report.subject.code!r} is given twice", where=where)
        seen.add(report.subject.code)


def _study(text: object, problems: list[Problem]) -> str:
    try:
        return plain_text(text, "study_id")
    except (InvalidTypeError, InvalidValueError) as error:
        problems.append(
            Problem(error.where, shown(text), "a text of one line, as the sponsor's study id", error.message)
        )
        return ""


def origin_of(protocol: Protocol) -> str:
    """Return what stamps a dataset: the protocol by id, version, variant and fingerprint."""
    names = ("MDV", protocol.id, protocol.version, protocol.meta.variant, "SDTMIG.3.4", "sha256", protocol.fingerprint)
    return ".".join(name for name in names if name)


def _versions(report: Report, older: Mapping[str, str]) -> Iterator[str]:
    if len(report.protocols) > 1:
        version = report.plan.protocol.version
        others = ", ".join(p.version for p in report.protocols if p.version != version)
        yield f"TV and TD are by version {version}, in force on {report.as_of} (other versions: {others})"
    if older:
        visits = some(f"{code} by version {version}" for code, version in older.items())
        yield f"TV has also what another version planned and was attended: {visits}"


def _reference(protocol: Protocol) -> Iterator[str]:
    if protocol.study_days_from is not None:
        code = protocol.study_days_from
        yield f"study days count from {code}: RFSTDTC of DM must be the day on which it was attended"


def _questions(told: Told) -> Iterator[str]:
    if told.lapsed:
        yield f"SV has no row for lapsed visits, of which nobody has said whether they happened: {some(told.lapsed)}"
    if told.after_end:
        missed = f"visits recorded as missed after participation had ended: {some(told.after_end)}"
        yield f"SV has no row for {missed}"
    if told.unknown:
        yield f"SV has unplanned rows for codes that the protocol does not have: {some(told.unknown)}"
    if told.undated:
        words = "DVSTDTC is empty for missed visits that have no appointment, the date is yours to state"
        yield f"DV: {words}: {some(told.undated)}"


def _missing(made: Datasets) -> Iterator[str]:
    """Say which datasets are not there: one without rows is not submitted (SDTMIG from 3.2 on, CORE-000579)."""
    for dataset, why in ((made.sv, "no visit is recorded"), (made.dv, "no deviation is found")):
        if not dataset.rows:
            yield f"{dataset.name} is left out: {why}, and an empty dataset is not submitted"


def _empty(dataset: Dataset) -> Iterator[str]:
    """Name the required variables that are empty somewhere: each must have a value in every row (CORE-000356)."""
    (required,) = (table.required for table in TABLES if table.name == dataset.name)
    for place, column in enumerate(dataset.columns):
        count = sum(row[place] is None for row in dataset.rows)
        if column.name in required and count:
            rows = f"{count} of {len(dataset.rows)} rows"
            yield f"{dataset.name}: {column.name} is required and empty in {rows}: it is yours to state"


def _long(dataset: Dataset) -> Iterator[str]:
    for place, column in enumerate(dataset.columns):
        if (column.length or 0) * _BYTES <= LONGEST:
            continue
        texts = (row[place] for row in dataset.rows)
        count = sum(len(text.encode()) > LONGEST for text in texts if isinstance(text, str))
        if count:
            yield f"{dataset.name}: {count} of {column.name} longer than the {LONGEST} bytes of a SAS transport file"
