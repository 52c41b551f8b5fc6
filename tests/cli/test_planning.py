"""What planning commands share."""

import os

import pytest

from trialsched.cli.planning import check_output, count, never_ours, say


@pytest.mark.parametrize(("number", "words"), [(0, "0 visits"), (1, "1 visit"), (17, "17 visits")])
def test_a_number_with_its_word(number: int, words: str) -> None:
    """One has no s."""
    assert count(number, "visit") == words


@pytest.mark.parametrize("name", ["", "folder/", f"folder{os.sep}"])
def test_an_output_names_a_file(name: str) -> None:
    """Nothing, or the name of a folder, is a fault; none given is none."""
    faults: list[str] = []
    check_output(name, faults)
    assert faults == [f"--output: read {name!r}, expected the name of a file"]
    check_output(None, faults)
    check_output("plan.csv", faults)
    assert len(faults) == 1


def test_faults_of_rows_are_said_in_the_order_of_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 where there is any, or the worse one."""
    assert say([]) == 0
    assert say([], 3) == 3
    assert say([(5, "line 5"), (2, "line 2")]) == 2
    assert say([(5, "line 5")], 3) == 3
    assert capsys.readouterr().err == "error: line 2\nerror: line 5\nerror: line 5\n"


def test_what_has_no_mark_is_never_ours() -> None:
    """A table or Markdown is replaced by force only."""
    assert not never_ours(b"anything")
