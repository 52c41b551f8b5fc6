"""DV, the departures: findings of level `deviation`, in the words of the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trialsched.formats.sdtm.visits import reference_start, study_day_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialsched.compliance import Finding, Report
    from trialsched.formats.sdtm.model import Value

CATEGORY: Final = "VISIT SCHEDULE"


def deviations_of(report: Report, subject: str) -> Iterator[tuple[Value, ...]]:
    """Yield a subject's rows of DV in the order of the findings, without STUDYID and DOMAIN.

    Notes are left out. EPOCH is that of the planned visit. DVCAT tells these rows from the sponsor's other ones, and
    is no severity: people judge that.
    """
    start = reference_start(report)
    epochs = {visit.code: visit.planned.epoch for visit in report}
    wanted = (finding for finding in report.findings if finding.level == "deviation")
    for number, finding in enumerate(wanted, start=1):
        epoch = epochs.get(finding.visit)
        day = None if finding.date is None else str(finding.date)
        term = f"{finding.visit}: {finding.detail}"
        coded = (finding.kind.upper(), CATEGORY, epoch.upper() if epoch else None)
        yield (subject, number, identifier(finding), term, *coded, day, study_day_of(finding.date, start))


def identifier(finding: Finding) -> str:
    """Return DVSPID: visit, kind, other visit and date, by which the deviation log knows its rows too."""
    parts = (finding.visit, finding.kind, finding.other, finding.date)
    return " ".join(str(part) for part in parts if part is not None)
