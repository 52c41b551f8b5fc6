"""Lists as people keep them: subjects in `subjects.csv`, what was booked and happened in `visits.csv`; JSON of both."""

from trialsched._dateforms import DATE_FORMS, check_date_form
from trialsched.formats.records.interchange import SUBJECTS_SCHEMA, dumps_json, load_json, loads_json
from trialsched.formats.records.model import (
    RECORD_COLUMNS,
    SUBJECT_COLUMNS,
    BadRow,
    RecordList,
    RecordRow,
    SubjectList,
    SubjectRow,
)
from trialsched.formats.records.reading import (
    iter_records,
    iter_subjects,
    load,
    load_subjects,
    loads,
    loads_subjects,
)
from trialsched.formats.records.writing import dump, dump_subjects, dumps, dumps_subjects

__all__ = [
    "DATE_FORMS",
    "RECORD_COLUMNS",
    "SUBJECTS_SCHEMA",
    "SUBJECT_COLUMNS",
    "BadRow",
    "RecordList",
    "RecordRow",
    "SubjectList",
    "SubjectRow",
    "check_date_form",
    "dump",
    "dump_subjects",
    "dumps",
    "dumps_json",
    "dumps_subjects",
    "iter_records",
    "iter_subjects",
    "load",
    "load_json",
    "load_subjects",
    "loads",
    "loads_json",
    "loads_subjects",
]
