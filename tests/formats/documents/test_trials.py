"""Reading `trial.toml`: strict, and every problem at once."""

import json
import pickle
from datetime import date
from typing import Any

import pytest

from trialsched.errors import Problem, TrialError
from trialsched.formats import documents

GOOD = """
schema         = "trialsched/trial/1"
date_format    = "dd.mm.yyyy"
study_key_file = "secret/key.txt"

[in_force]
"2.1" = 2026-05-15
3     = "2026-09-01"
"""
EXPECTED = documents.TrialSettings("dd.mm.yyyy", "secret/key.txt", {"2.1": date(2026, 5, 15), "3": date(2026, 9, 1)})


def problems(text: str | bytes, form: Any = "toml") -> list[Problem]:  # noqa: ANN401
    """Return what is wrong with a document."""
    with pytest.raises(TrialError) as caught:
        documents.loads_trial(text, format=form)
    return list(caught.value.problems)


def test_a_whole_document() -> None:
    """Every key, dates bare or in quotes as in protocols, as text and as bytes, with a byte order mark."""
    for data in (GOOD, GOOD.encode(), "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")):
        assert documents.loads_trial(data) == EXPECTED
    in_json = {"in_force": {"2.1": "2026-05-15", "3": "2026-09-01"}, "schema": "trialsched/trial/1"}
    assert documents.loads_trial(json.dumps(in_json), format="json").in_force == EXPECTED.in_force


def test_a_small_document_says_nothing() -> None:
    """The schema is enough; an empty table names no version."""
    for text in ('schema = "trialsched/trial/1"\n', 'schema = "trialsched/trial/1"\n[in_force]\n'):
        settings = documents.loads_trial(text)
        assert (settings.date_format, settings.study_key_file, dict(settings.in_force)) == (None, None, {})


def test_an_empty_document_is_none() -> None:
    """The kind of the document is missing."""
    assert (
        [problem.where for problem in problems("")]
        == [problem.where for problem in problems("{}", "json")]
        == ["schema"]
    )


def test_versions_are_read_as_protocols_read_theirs() -> None:
    """In Unicode's composed form, so that the same version is found."""
    text = 'schema = "trialsched/trial/1"\n[in_force]\n"e\u0301" = 2026-05-15\n'
    assert documents.loads_trial(text).in_force == {"\u00e9": date(2026, 5, 15)}


def test_settings_are_values() -> None:
    """Equal by content, with a hash, and as they were when pickled."""
    assert documents.loads_trial(GOOD) is not documents.loads_trial(GOOD)
    assert hash(documents.loads_trial(GOOD)) == hash(EXPECTED)
    assert pickle.loads(pickle.dumps(EXPECTED)) == EXPECTED  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("old", "new", "where", "part"),
    [
        ('schema         = "trialsched/trial/1"', "", "schema", "missing"),
        ("trialsched/trial/1", "trialsched/trial/2", "schema", "'trialsched/trial/1'"),
        ("trialsched/trial/1", "trialsched/clinic/1", "schema", "'trialsched/trial/1'"),
        ('"dd.mm.yyyy"', "3", "date_format", "a text"),
        ('"dd.mm.yyyy"', '"dd.mm.yyy"', "date_format", "'dd.mm.yyyy', the nearest one"),
        ('"dd.mm.yyyy"', '""', "date_format", "one of yyyy-mm-dd, dd.mm.yyyy"),
        ("date_format ", "date_forma", "date_forma", "'date_format', the nearest one"),
        ('"secret/key.txt"', "3", "study_key_file", "a text"),
        ('"secret/key.txt"', '""', "study_key_file", "1 to"),
        ('"secret/key.txt"', '"a\\nb"', "study_key_file", "U+000A"),
        ("[in_force]", "[in_forse]", "in_forse", "'in_force', the nearest one"),
        ("[in_force]", "[[in_force]]", "in_force", "a table"),
        ("2026-05-15", "2026-05-15T00:00:00", "in_force.2.1", "without a time"),
        ("2026-05-15", '"15.05.2026"', "in_force.2.1", "YYYY-MM-DD"),
        ("2026-05-15", '" 2026-05-15"', "in_force.2.1", "YYYY-MM-DD"),
        ("2026-05-15", "3", "in_force.2.1", "a date as YYYY-MM-DD"),
        ('"2.1"', "2.1", "in_force.2", "in quotes"),
        ('"2.1"', '""', "in_force.", "1 to"),
        ("3     =", '"2.1" =', "line", "TOML"),
    ],
)
def test_each_fault_has_its_place_and_what_would_be_right(old: str, new: str, where: str, part: str) -> None:
    """One fault, one problem, with the key path and what would be right."""
    assert GOOD.count(old) == 1
    (problem,) = problems(GOOD.replace(old, new))
    assert problem.where.startswith(where)
    assert part in str(problem)


def test_every_fault_at_once_in_the_order_of_the_document() -> None:
    """The missing key first, then what stands there."""
    text = 'date_format = 1\nsite = "x"\nstudy_key_file = ""\n[in_force]\n1 = 2\n'
    assert [problem.where for problem in problems(text)] == [
        "schema",
        "date_format",
        "site",
        "study_key_file",
        "in_force.1",
    ]


def test_a_form_of_dates_that_is_none_is_told_with_the_other_faults() -> None:
    """Nobody mends the misspelt key first to be told of the form afterwards."""
    text = 'date_format = "mm.dd"\nsite = "x"\n[in_force]\n1 = "15.05.2026"\n'
    assert [problem.where for problem in problems(text)] == ["schema", "date_format", "site", "in_force.1"]


def test_versions_that_are_one_are_not_two() -> None:
    """Texts that differ in their Unicode form alone name one version, and so stand twice."""
    text = 'schema = "trialsched/trial/1"\n[in_force]\n"\u00e9" = 2026-05-15\n"e\u0301" = 2026-06-15\n'
    (problem,) = problems(text)
    assert "stands twice" in problem.message


def test_keys_that_stand_twice_in_json() -> None:
    """Which of the two is meant is not guessed."""
    text = '{"schema": "trialsched/trial/1", "in_force": {"2": "2026-05-15", "2": "2026-06-15"}}'
    (problem,) = problems(text, "json")
    assert (problem.where, problem.message) == ("in_force.2", "the key stands twice")


def test_documents_are_bounded() -> None:
    """At most 1 MB and 32 levels deep, and UTF-8."""
    assert "too large" in problems(b"#" * (documents.MAX_BYTES + 1))[0].message
    assert "too deeply" in problems("a = " + "[" * 40 + "]" * 40)[0].message
    assert "UTF-8" in problems(b"\xff")[0].message
