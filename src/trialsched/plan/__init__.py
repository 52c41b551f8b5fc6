"""Plans: every visit's target and window for one subject, and why. New facts give a new plan."""

from trialsched.plan.backwards import provisional_baseline
from trialsched.plan.compare import Change, ChangeKind, ChangeValue, PlanLike, RowLike, changes
from trialsched.plan.general import schedule_general
from trialsched.plan.model import Plan
from trialsched.plan.rows import (
    WEEKDAYS,
    AppliedLimit,
    DayZeroSource,
    Grounds,
    PlannedVisit,
    ReferenceSource,
    WindowBasis,
)
from trialsched.plan.scheduling import schedule

__all__ = [
    "WEEKDAYS",
    "AppliedLimit",
    "Change",
    "ChangeKind",
    "ChangeValue",
    "DayZeroSource",
    "Grounds",
    "Plan",
    "PlanLike",
    "PlannedVisit",
    "ReferenceSource",
    "RowLike",
    "WindowBasis",
    "changes",
    "provisional_baseline",
    "schedule",
    "schedule_general",
]
