"""Datasets as values."""

from datetime import date

from trialsched.formats.sdtm import Column, Dataset, Datasets

COLUMNS = (Column("STUDYID", "Study Identifier", "string", 2, 1), Column("TDORDER", "Order", "integer", None, 2))


def made(name: str, *rows: tuple[str, int | None]) -> Dataset:
    """Return a dataset of two columns."""
    return Dataset(name, name, COLUMNS, rows, "S1", date(2026, 7, 1), "MDV")


def test_rows_are_told_by_the_names_of_the_variables() -> None:
    """Each row is a dictionary, None where there is no value."""
    assert list(made("TD", ("S1", 1), ("S1", None)).records()) == [
        {"STUDYID": "S1", "TDORDER": 1},
        {"STUDYID": "S1", "TDORDER": None},
    ]


def test_only_datasets_with_rows_are_there() -> None:
    """In the order TV, SV, DV, TD; one without rows is not submitted, and a trial that repeats nothing has no TD."""
    tv, sv, dv, td = (made(name, ("S1", 1)) for name in ("TV", "SV", "DV", "TD"))
    assert [one.name for one in Datasets(tv, sv, dv, None, ())] == ["TV", "SV", "DV"]
    assert [one.name for one in Datasets(tv, sv, dv, td, ())] == ["TV", "SV", "DV", "TD"]
    assert [one.name for one in Datasets(tv, made("SV"), dv, td, ())] == ["TV", "DV", "TD"]
    assert [one.name for one in Datasets(tv, made("SV"), made("DV"), None, ())] == ["TV"]
