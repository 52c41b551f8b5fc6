"""Plans and reports as machines and spreadsheets read them: JSON, CSV, Markdown; and plans read back from JSON.

The field names are a contract: adding is allowed, renaming is a new schema number.
"""

from trialsched.formats.results.checks import (
    CHECK_SCHEMA,
    CheckFormat,
    check_as_json,
    dump_check,
    dumps_check,
    iter_check,
)
from trialsched.formats.results.comparing import CHANGES_SCHEMA, dumps_changes, shift_of
from trialsched.formats.results.facts import in_words, origin_of
from trialsched.formats.results.plans import PLAN_SCHEMA, Format, as_json, dump, dumps
from trialsched.formats.results.reading import PlanResult, ResultRow, load, loads
from trialsched.formats.results.reviews import ADHERENCE_SCHEMA, WORKLIST_SCHEMA, dumps_adherence, dumps_worklist

__all__ = [
    "ADHERENCE_SCHEMA",
    "CHANGES_SCHEMA",
    "CHECK_SCHEMA",
    "PLAN_SCHEMA",
    "WORKLIST_SCHEMA",
    "CheckFormat",
    "Format",
    "PlanResult",
    "ResultRow",
    "as_json",
    "check_as_json",
    "dump",
    "dump_check",
    "dumps",
    "dumps_adherence",
    "dumps_changes",
    "dumps_check",
    "dumps_worklist",
    "in_words",
    "iter_check",
    "load",
    "loads",
    "origin_of",
    "shift_of",
]
