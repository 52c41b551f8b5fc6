"""Printing a line, errors, and what click says."""

import click
import pytest

from trialsched import cli
from trialsched.cli import printing
from trialsched.errors import DocumentError, InvalidValueError, Problem

REPAINT = "\x1b[2K\revents.jsonl: 2 lines\nerror: forged\u202e"
NAMED = "<U+001B>[2K<U+000D>events.jsonl: 2 lines<U+000A>error: forged<U+202E>"


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What it quotes neither repaints it nor begins another one; it goes where it is asked to."""
    printing.put(f"note: {REPAINT}")
    printing.put("x" * 5000, err=True)
    out, err = capsys.readouterr()
    assert out == f"note: {NAMED}\n"
    assert err == "x" * 4000 + "... (5,000 characters)\n"


def test_errors_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Each begins with its word, and goes to standard error."""
    printing.put_errors(["a", "b\nc"])
    assert capsys.readouterr() == ("", "error: a\nerror: b<U+000A>c\n")


def test_an_error_of_a_document_has_a_line_for_each_problem() -> None:
    """The problems are told apart, another error is one line."""
    problems = (Problem("a", "", "", "x\ny"), Problem("b", "", "", "z"))
    assert printing.lines_of_error(DocumentError(problems)) == ["a: x\ny", "b: z"]
    assert printing.lines_of_error(InvalidValueError("x", where="a")) == ["a: x"]


@pytest.mark.parametrize(
    "arguments",
    [
        [f"--{REPAINT}"],
        [REPAINT],
        ["plan", f"--{REPAINT}"],
        ["plan", "--format", REPAINT],
        ["plan", "--baseline", REPAINT, "--baseline", "x"],
        ["protocol", "show", "alstem", REPAINT],
    ],
)
def test_what_click_quotes_is_safe(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Names of options and commands, and values that click refuses, are named as in every other message."""
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "\x1b" not in err
    assert "\r" not in err
    assert "\u202e" not in err
    assert "\nerror: forged" not in err
    assert "events.jsonl: 2 lines" in err


def test_the_hint_for_a_mistyped_option_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Click's own help for a slip stays as it is."""
    assert cli.main(["plan", "--baselin", "2026-03-02"]) == 2
    assert "--baseline" in capsys.readouterr().err
    assert issubclass(click.NoSuchOption, click.ClickException)
