"""How facts stand to a plan: a status for each visit, and findings about departures. People judge their severity."""

from trialsched.compliance.bookings import booking_findings
from trialsched.compliance.checking import check
from trialsched.compliance.model import (
    KINDS,
    STATUSES,
    CheckedVisit,
    Finding,
    FindingKind,
    Level,
    Report,
    Status,
    Verdict,
)

__all__ = [
    "KINDS",
    "STATUSES",
    "CheckedVisit",
    "Finding",
    "FindingKind",
    "Level",
    "Report",
    "Status",
    "Verdict",
    "booking_findings",
    "check",
]
