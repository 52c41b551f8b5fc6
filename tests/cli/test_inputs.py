"""The inputs that every command shares."""

from dataclasses import replace
from datetime import date

import pytest

import trialsched as ts
from trialsched.cli.inputs import BadInput, Inputs, check_year, describe, one_subject, open_protocol

NOTHING = Inputs(None, False, None, None, None, None, (), (), (), (), None, None)  # noqa: FBT003 - as typed
ALSTEM = ts.load_protocol("alstem")


@pytest.mark.parametrize("year", [1900, 2199])
def test_years_that_are_taken(year: int) -> None:
    """1900 to 2199, ends included."""
    check_year(date(year, 6, 1))


@pytest.mark.parametrize("year", [1899, 2200])
def test_years_that_are_typing_errors(year: int) -> None:
    """The command line refuses years before 1900 and after 2199 (design 10)."""
    with pytest.raises(ts.InvalidValueError):
        check_year(date(year, 6, 1))


def test_a_subject_without_a_name_has_a_stand_in() -> None:
    """A plan for nobody in particular is for SUBJECT."""
    subject = one_subject(replace(NOTHING, baseline="2026-03-02"), ALSTEM, [])
    assert subject == ts.Subject("SUBJECT", baseline=date(2026, 3, 2))


def test_protocols_in_words() -> None:
    """Id, version and variant."""
    assert describe(ALSTEM) == "alstem 2022-05-03"
    assert describe(ALSTEM.as_registered()) == "alstem 2022-05-03 (as-registered)"


def test_an_unknown_protocol_is_bad_input() -> None:
    """The message names the option."""
    with pytest.raises(BadInput) as caught:
        open_protocol("alsten")
    assert caught.value.lines[0].startswith("--protocol alsten: ")
