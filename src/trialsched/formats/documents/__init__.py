"""Protocol documents: TOML for people, JSON for machines. Strict: every problem of a document at once."""

from trialsched.formats.documents.reading import MAX_BYTES, MAX_LEVELS, Format, bundled, load, load_protocol, loads
from trialsched.formats.documents.tables import json_schema
from trialsched.formats.documents.writing import dump, dumps

__all__ = [
    "MAX_BYTES",
    "MAX_LEVELS",
    "Format",
    "bundled",
    "dump",
    "dumps",
    "json_schema",
    "load",
    "load_protocol",
    "loads",
]
