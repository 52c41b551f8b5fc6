"""What text may hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsched import _text as text


@pytest.mark.parametrize("character", ["\n", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\ud800", "\t"])
def test_control_characters_and_line_separators_are_named(character: str) -> None:
    """The first character that breaks lines or shows nothing is named by its code point."""
    assert text.unprintable(f"a{character}b") == f"U+{ord(character):04X}"


@pytest.mark.parametrize("words", ["Wizyta przesiewowa", "ł\u200dx", "a\u00a0b", "😀", ""])
def test_ordinary_text_is_let_through(words: str) -> None:
    """Letters of any script, joiners and non-breaking blanks are no control characters."""
    assert not text.unprintable(words)


def test_nfc_composes() -> None:
    """A letter and its combining mark become one character, as Unicode's own tables say."""
    assert text.nfc("o\u0301") == "\u00f3" == unicodedata.normalize("NFC", "o\u0301")


def test_the_nearest_word_ignores_case_and_gives_nothing_for_a_stranger() -> None:
    """A misspelt code finds its neighbour; an unlike one finds none."""
    assert text.nearest("dose", ["DOSE1", "M03"]) == "DOSE1"
    assert not text.nearest("zzz", ["DOSE1", "M03"])
    assert text.nearest_or("zzz", ["DOSE1"], "one of DOSE1") == "one of DOSE1"
    assert text.nearest_or("DOSE", ["DOSE1"], "") == "'DOSE1', the nearest one"


def test_an_unknown_visit_names_the_nearest_or_lists_what_there_is() -> None:
    """The message helps: the nearest code, else the first twenty."""
    assert "did you mean 'M06'?" in str(text.unknown_visit("M6", ["M03", "M06"]))
    codes = [f"V{n}" for n in range(30)]
    message = str(text.unknown_visit("qqq", codes))
    assert "V19 ..." in message
    assert "V20" not in message


def test_what_was_read_is_shown_and_cut() -> None:
    """A text as it is, anything else as Python writes it, at most 200 characters; an endless number has words."""
    assert text.shown("a") == "a"
    assert text.shown(["a"]) == "['a']"
    assert text.shown("x" * 200) == "x" * 200
    assert text.shown("x" * 201) == "x" * 200 + "..."
    assert text.shown(10**5000) == "int too long to be printed"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_guarded(first: str) -> None:
    """An apostrophe before each of the six first characters, one more before an apostrophe that is there already."""
    assert text.guarded(f"{first}1") == f"'{first}1"
    assert text.guarded(f"'{first}1") == f"''{first}1"
    assert text.unguarded(f"'{first}1") == f"{first}1"
    assert text.unguarded(f"''{first}1") == f"'{first}1"


@pytest.mark.parametrize("words", ["", "a=1", " =1", "'tis", "'", "''", "5 kg", "\n=1", '"=1"', "(+48)"])
def test_other_cells_are_neither_guarded_nor_stripped(words: str) -> None:
    """Only the first character counts, and an apostrophe of the text itself stays."""
    assert text.guarded(words) == words
    assert text.unguarded(words) == words


@pytest.mark.parametrize("words", ["=1+1", "-5 kg", "@home", "+48"])
def test_what_people_wrote_without_guard_stays(words: str) -> None:
    """A first character that a spreadsheet would run is no guard."""
    assert text.unguarded(words) == words


@given(st.text() | st.text("'=+-@\t\r a"))
def test_a_guarded_text_comes_back(words: str) -> None:
    """Taking the guard off gives back any text, and a guarded cell never begins with what would run."""
    assert text.unguarded(text.guarded(words)) == words
    assert text.guarded(words)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
