"""From cells to subjects and records; most of it is shown in `test_reading.py`."""

from datetime import date, time

import trialsched as ts
from trialsched.formats.records.cells import record_of, subject_of
from trialsched.formats.records.model import Row


def test_cells_make_a_subject_and_a_record() -> None:
    """An absent cell says nothing, and the form of dates is that of the file."""
    row = Row(2, {"subject": "P1", "baseline": "02.03.2026", "ended": "4.5.2026"}, [])
    assert subject_of(row, "dd.mm.yyyy") == ts.Subject("P1", baseline=date(2026, 3, 2), ended=date(2026, 5, 4))
    row = Row(2, {"visit": "M03", "booked": "30.03.2026", "booked_time": "9:15", "attended": "03.2026"}, [])
    expected = ts.VisitRecord(
        "M03", booked=date(2026, 3, 30), booked_time=time(9, 15), attended=ts.PartialDate(2026, 3)
    )
    assert record_of(row, "dd.mm.yyyy") == expected
    assert row.problems == []


def test_a_cell_that_is_bad_already_is_not_missed_as_well() -> None:
    """What another reader told of a cell is one problem, not two."""
    row = Row(0, {"end_reason": "completed"}, [], "subjects[0]")
    row.wrong("subject", "7", "no text")
    row.wrong("ended", "7", "no text")
    assert subject_of(row) is None
    assert [problem.where for problem in row.problems] == ["subjects[0].subject", "subjects[0].ended"]
    row = Row(0, {"outcome": "attended", "booked_time": "09:15"}, [], "records[0]")
    for key in ("visit", "attended", "booked"):
        row.wrong(key, "7", "no text")
    assert record_of(row) is None
    assert len(row.problems) == 3
