"""The plan as a whole."""

from datetime import date

import pytest

import trialsched as ts

ALSTEM = ts.load_protocol("alstem")
PLAN = ts.schedule(ALSTEM, ts.Subject("P01-007", baseline=date(2026, 3, 2)))


def test_a_plan_is_a_collection_of_rows_by_code() -> None:
    """Rows in protocol order, by code, counted, asked for."""
    assert [row.code for row in PLAN] == list(ALSTEM.codes)
    assert len(PLAN) == 17
    assert PLAN["M06"] is PLAN.rows[9]
    assert "M06" in PLAN
    assert "M6" not in PLAN
    assert [] not in PLAN
    assert PLAN.subject.code == "P01-007"
    assert PLAN.protocol is ALSTEM
    assert repr(PLAN) == "<Plan of 'P01-007' by alstem 2022-05-03, 17 visits>"


@pytest.mark.parametrize("code", ["M6", "m06", "DOSE4", "", 3, None])
def test_an_unknown_code_is_a_key_error_that_names_the_nearest(code: str) -> None:
    """The error is also a `KeyError`; a code is not guessed."""
    with pytest.raises(KeyError) as caught:
        PLAN[code]
    assert isinstance(caught.value, ts.UnknownVisitError)
    if code == "M6":
        assert "did you mean 'M06'" in str(caught.value)


def test_a_plan_cannot_be_edited() -> None:
    """A plan is never edited: re-anchoring is a new fact followed by the same function."""
    with pytest.raises(AttributeError):
        PLAN.day_zero = date(2026, 3, 4)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        PLAN["M06"].target = date(2026, 3, 4)  # type: ignore[misc]
    with pytest.raises(TypeError):
        PLAN["M06"] = PLAN["M03"]  # type: ignore[index]


def test_plans_differ_when_anything_differs() -> None:
    """Equality is by content, and a plan is not its rows."""
    other = ts.schedule(ALSTEM, ts.Subject("P01-008", baseline=date(2026, 3, 2)))
    assert other != PLAN
    assert other.rows == PLAN.rows
    assert PLAN.rows != PLAN
    assert len({PLAN, ts.schedule(ALSTEM, ts.Subject("P01-007", baseline=date(2026, 3, 2)))}) == 1
