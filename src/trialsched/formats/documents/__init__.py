"""Documents of protocols, clinics and trials: TOML for people, JSON for machines. Strict: every problem at once."""

from trialsched.formats.documents.clinics import dumps_clinic, load_clinic, loads_clinic
from trialsched.formats.documents.parsing import MAX_BYTES, MAX_LEVELS, Format
from trialsched.formats.documents.reading import bundled, load, load_protocol, loads
from trialsched.formats.documents.tables import json_schema
from trialsched.formats.documents.trials import TRIAL_SCHEMA, TrialSettings, loads_trial
from trialsched.formats.documents.writing import dump, dumps

__all__ = [
    "MAX_BYTES",
    "MAX_LEVELS",
    "TRIAL_SCHEMA",
    "Format",
    "TrialSettings",
    "bundled",
    "dump",
    "dumps",
    "dumps_clinic",
    "json_schema",
    "load",
    "load_clinic",
    "load_protocol",
    "loads",
    "loads_clinic",
    "loads_trial",
]
