"""DV, the departures: findings of level `deviation`, in the words of the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trialsched.formats.sdtm.visits import reference_start, study_day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from trialsched.compliance import Finding, Report
    from trialsched.formats.sdtm.model import Value
    from trialsched.formats.sdtm.visits import Told
    from trialsched.subject import VisitRecord

CATEGORY: Final = "VISIT SCHEDULE"


def deviations_of(report: Report, subject: str, told: Told) -> Iterator[tuple[Value, ...]]:
    """Yield a subject's rows of DV in the order of the findings, without STUDYID and DOMAIN.

    Notes are left out. EPOCH is that of the planned visit. DVCAT tells these rows from the sponsor's other ones, and
    is no severity: people judge that.
    """
    start = reference_start(report)
    visits = {visit.code: visit for visit in report}
    wanted = (finding for finding in report.findings if finding.level == "deviation")
    for number, finding in enumerate(wanted, start=1):
        visit = visits.get(finding.visit)
        epoch = None if visit is None else visit.planned.epoch
        day = finding.date
        if finding.kind == "missed" and visit is not None:
            day = missed_day(visit.planned.records, report.as_of)
            if day is None:
                told.undated.append(f"{finding.visit} of {report.subject.code}")
        term = f"{finding.visit}: {finding.detail}"
        coded = (finding.kind.upper(), CATEGORY, epoch.upper() if epoch else None)
        text = None if day is None else str(day)
        yield (subject, number, identifier(finding), term, *coded, text, study_day_of(day, start))


def missed_day(records: Iterable[VisitRecord], as_of: date) -> date | None:
    """Return the day on which a missed visit was not held: that of the last appointment that was missed, else None.

    The last day of the window is none: on it the visit could still have been held. Nor is an appointment after
    `as_of`, which was called off before its day.
    """
    days = (record.booked for record in records if record.outcome == "missed")
    return max((day for day in days if day is not None and day <= as_of), default=None)


def identifier(finding: Finding) -> str:
    """Return DVSPID: visit, kind, other visit and date, by which the deviation log knows its rows too."""
    parts = (finding.visit, finding.kind, finding.other, finding.date)
    return " ".join(str(part) for part in parts if part is not None)
