"""Protocols: the design of a trial as data. Frozen values that are valid or do not exist."""

from trialsched.protocol.checks import Unread, check
from trialsched.protocol.found import Found, prefixed
from trialsched.protocol.lint import lint
from trialsched.protocol.model import SCHEMA, Meta, Protocol, Variant, check_head, check_variant
from trialsched.protocol.parts import (
    CODE,
    COMPARISONS,
    MAX_VISITS,
    MODES,
    Comparison,
    CountsFrom,
    CycleOrigin,
    EligibilityRule,
    Mode,
    Numbering,
    Repeat,
    Spacing,
    Texts,
    Timing,
    Visit,
    When,
    plain_text,
    unique_texts,
)
from trialsched.protocol.program import Program, cut, program

__all__ = [
    "CODE",
    "COMPARISONS",
    "MAX_VISITS",
    "MODES",
    "SCHEMA",
    "Comparison",
    "CountsFrom",
    "CycleOrigin",
    "EligibilityRule",
    "Found",
    "Meta",
    "Mode",
    "Numbering",
    "Program",
    "Protocol",
    "Repeat",
    "Spacing",
    "Texts",
    "Timing",
    "Unread",
    "Variant",
    "Visit",
    "When",
    "check",
    "check_head",
    "check_variant",
    "cut",
    "lint",
    "plain_text",
    "prefixed",
    "program",
    "unique_texts",
]
