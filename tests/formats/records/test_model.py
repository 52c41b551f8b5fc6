"""Rows as read."""

from trialsched.formats.records.model import Row


def test_a_problem_stands_at_its_line_or_its_place() -> None:
    """A row of a table has a line, an object of JSON a place; what was read is not told twice."""
    row = Row(4, {}, [])
    row.wrong("mode", "car", "one of phone, home is meant; read 'car'")
    assert [str(problem) for problem in row.problems] == ["line 4: mode: one of phone, home is meant; read 'car'"]
    assert row.is_bad("mode")
    assert not row.is_bad("note")
    row = Row(4, {}, [], "subjects[4]")
    row.wrong("arm", "7", "no text", "a text or null")
    assert [str(problem) for problem in row.problems] == ["subjects[4].arm: no text; read '7'; expected a text or null"]
    assert row.is_bad("arm")
