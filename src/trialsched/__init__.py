"""From a trial protocol and one baseline date to every visit's target and window.

Importing this loads nothing but the names asked for, and no third-party package. The formats live in
`trialsched.formats`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialsched._version import __version__
    from trialsched.analysis import AnalysisWindow, Nearest, analysis_windows, nearest
    from trialsched.clinic import Clinic, Contact
    from trialsched.compliance import CheckedVisit, Finding, Report, check
    from trialsched.errors import (
        ClinicError,
        DateOutOfRangeError,
        DocumentError,
        InvalidTypeError,
        InvalidValueError,
        Problem,
        ProtocolError,
        TrialError,
        TrialschedError,
        UnknownProtocolError,
        UnknownVisitError,
    )
    from trialsched.formats.documents import load_protocol
    from trialsched.offsets import (
        DateRange,
        Offset,
        PartialDate,
        Window,
        date_of_study_day,
        study_day,
    )
    from trialsched.plan import (
        Change,
        Plan,
        PlannedVisit,
        changes,
        provisional_baseline,
        schedule,
    )
    from trialsched.protocol import (
        EligibilityRule,
        Meta,
        Numbering,
        Protocol,
        Repeat,
        Spacing,
        Texts,
        Timing,
        Visit,
        When,
        lint,
    )
    from trialsched.subject import Subject, VisitRecord
    from trialsched.trial import Trial, load_trial
else:
    _HOMES = {
        "_version": ("__version__",),
        "analysis": ("AnalysisWindow", "Nearest", "analysis_windows", "nearest"),
        "clinic": ("Clinic", "Contact"),
        "compliance": ("CheckedVisit", "Finding", "Report", "check"),
        "errors": (
            "ClinicError",
            "DateOutOfRangeError",
            "DocumentError",
            "InvalidTypeError",
            "InvalidValueError",
            "Problem",
            "ProtocolError",
            "TrialError",
            "TrialschedError",
            "UnknownProtocolError",
            "UnknownVisitError",
        ),
        "formats.documents": ("load_protocol",),
        "offsets": ("DateRange", "Offset", "PartialDate", "Window", "date_of_study_day", "study_day"),
        "plan": ("Change", "Plan", "PlannedVisit", "changes", "provisional_baseline", "schedule"),
        "protocol": (
            "EligibilityRule",
            "Meta",
            "Numbering",
            "Protocol",
            "Repeat",
            "Spacing",
            "Texts",
            "Timing",
            "Visit",
            "When",
            "lint",
        ),
        "subject": ("Subject", "VisitRecord"),
        "trial": ("Trial", "load_trial"),
    }
    _HOME = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name):
        """Import a public name on its first use (PEP 562)."""
        if name not in _HOME:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value

    def __dir__():
        """Return the public names."""
        return sorted(__all__)


__all__ = [
    "AnalysisWindow",
    "Change",
    "CheckedVisit",
    "Clinic",
    "ClinicError",
    "Contact",
    "DateOutOfRangeError",
    "DateRange",
    "DocumentError",
    "EligibilityRule",
    "Finding",
    "InvalidTypeError",
    "InvalidValueError",
    "Meta",
    "Nearest",
    "Numbering",
    "Offset",
    "PartialDate",
    "Plan",
    "PlannedVisit",
    "Problem",
    "Protocol",
    "ProtocolError",
    "Repeat",
    "Report",
    "Spacing",
    "Subject",
    "Texts",
    "Timing",
    "Trial",
    "TrialError",
    "TrialschedError",
    "UnknownProtocolError",
    "UnknownVisitError",
    "Visit",
    "VisitRecord",
    "When",
    "Window",
    "__version__",
    "analysis_windows",
    "changes",
    "check",
    "date_of_study_day",
    "lint",
    "load_protocol",
    "load_trial",
    "nearest",
    "provisional_baseline",
    "schedule",
    "study_day",
]
