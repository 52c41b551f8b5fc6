"""The exception tree and `Problem`."""

import copy
import pickle

import pytest

import trialsched as ts
from trialsched.errors import TrialschedError

TREE = [
    (ts.InvalidValueError("m", where="w"), ValueError),
    (ts.InvalidTypeError("m", where="w"), TypeError),
    (ts.DateOutOfRangeError("m", where="w"), OverflowError),
    (ts.UnknownVisitError("m", where="w"), KeyError),
    (ts.UnknownProtocolError("m", where="w"), KeyError),
    (ts.DocumentError((ts.Problem("w", "r", "e", "m"),)), ValueError),
    (ts.ProtocolError((ts.Problem("w", "r", "e", "m"),)), ts.DocumentError),
    (ts.ClinicError((ts.Problem("w", "r", "e", "m"),)), ts.DocumentError),
]


@pytest.mark.parametrize(("error", "builtin"), TREE)
def test_every_error_has_one_root_and_the_builtin_a_caller_expects(error: Exception, builtin: type) -> None:
    """Each error is a `TrialschedError` and the builtin exception of its kind (design, 11)."""
    assert isinstance(error, ts.TrialschedError)
    assert isinstance(error, builtin)


@pytest.mark.parametrize(("error", "builtin"), TREE)
def test_errors_survive_pickle_and_copy(error: TrialschedError, builtin: type) -> None:
    """An error keeps its class, its text and every attribute when it is pickled or copied."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(twin) is type(error)
        assert isinstance(twin, builtin)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_a_key_error_of_ours_prints_its_message_and_not_its_repr() -> None:
    """`str` of an error that is also a `KeyError` has no quotes around it."""
    assert str(ts.UnknownVisitError("no visit 'X'", where="X")) == "X: no visit 'X'"


def test_a_problem_prints_where_what_was_read_and_what_would_be_right() -> None:
    """The one line of a problem has its parts in that order, absent ones left out."""
    assert str(ts.Problem("visits[0].mode", "fax", "'phone'", "not a mode")) == (
        "visits[0].mode: not a mode; read 'fax'; expected 'phone'"
    )
    assert str(ts.Problem("", "", "", "empty")) == "empty"


@pytest.mark.parametrize("kind", [ts.DocumentError, ts.ProtocolError, ts.ClinicError])
def test_the_error_of_a_document_lists_its_problems_one_a_line(kind: type[ts.DocumentError]) -> None:
    """It keeps its problems and prints each on a line."""
    problems = (ts.Problem("a", "", "", "one"), ts.Problem("b", "", "", "two"))
    error = kind(problems)
    assert error.problems == problems
    assert str(error) == "a: one\nb: two"


@pytest.mark.parametrize(("number", "told"), [(0, 0), (1000, 1000), (1001, 1001), (5000, 1001)])
def test_an_error_tells_at_most_a_thousand_problems(number: int, told: int) -> None:
    """Of more, one more problem says that there are."""
    problems = [ts.Problem(str(n), "", "", "bad") for n in range(number)]
    found = ts.DocumentError(problems).problems
    assert len(found) == told
    assert found[:1000] == tuple(problems[:1000])
    assert [str(problem) for problem in found[1000:]] == ["and more: only the first 1,000 problems are told"] * (
        number > 1000
    )
    assert str(ts.DocumentError(problems)).count("bad") == min(number, 1000)
